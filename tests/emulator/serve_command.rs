//! `keystorm serve` as it is typed: options, environment, files, health, and what it says about what cannot be.

use crate::socket::{Peer, Process, admin, keystorm};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

/// What a command that must fail says, and its exit code.
fn refused(arguments: &[&str]) -> (i32, String) {
    let output = keystorm().arg("serve").args(arguments).output().unwrap();
    assert!(output.stdout.is_empty(), "{arguments:?}");
    (output.status.code().expect("it exits"), String::from_utf8(output.stderr).unwrap())
}

fn is_well(arguments: &[&str]) -> bool {
    keystorm().args(["serve", "--check"]).args(arguments).output().unwrap().status.success()
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn said(server: &Process, operation: &str, input: Value) -> Value {
    Peer::connect(server.1).call(operation, &input).json()
}

fn limits(server: &Process) -> Value {
    admin(server.1, "GET", "quotas", "", "").json()["limits"].clone()
}

#[test]
fn what_cannot_be_is_told_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let config = write(folder.path(), "serve.yaml", "quotas: { symetric: 5/s }\n");
    let seed = write(folder.path(), "seed.yaml", "keys: [ { spec: RSA_2049 } ]\n");
    let cases: [(&[&str], &str); 28] = [
        (&["--tls-name", "no name"], "--tls-name <NAME>': not the name of a host"),
        (&["--tls-name", "*.10.1.2.3"], "an address has no `*`"),
        (&["--quota", "symetric=5/s"], "symmetric"),
        (&["--quota", "symmetric"], "NAME=VALUE"),
        (&["--quota", "symmetric=fast"], "fast"),
        (&["--enforcement", "windows"], "window"),
        (&["--fault", "kind=trottle"], "throttle"),
        (&["--limit", "key=5"], "did you mean `keys`?"),
        (&["--fault", "kind=error,next=1,status=418"], "many errors have the status 418"),
        (&["--fault", "kind=trickle,next=1"], "`by` is missing"),
        (&["--fault", "kind=quota,for=1s,pool=rsa,to=5/s,key=a"], "`key` does not go with kind `quota`"),
        (&["--fault-template", "nowhere.json"], "--fault-template nowhere.json"),
        (&["--assume", "hot-key"], "hot-key=VALUE, such as hot-key=500/s"),
        (&["--assume", "hot-key=0/s"], "no key could ever change"),
        (&["--assume", "hot-keys=1/s"], "did you mean `hot-key`?"),
        (&["--assume", "predefined-aliases=1"], "this is not a boolean"),
        (&["--max-realms", "some"], "--max-realms"),
        (&["--consistency", "grants=3s"], "did you mean `grant`?"),
        (&["--consistency", "grant=31d"], "this is too long"),
        (&["--limit", "keys"], "keys=VALUE"),
        (&["--seed", "x"], "this is not a whole number"),
        (&["--account", "12345"], "twelve digits"),
        (&["--region", "eu/west"], "no Region"),
        (&["--auth", "verify"], "--access-key"),
        (&["--access-key", "nothing"], "ID:SECRET"),
        (&["--root-key", "x"], "--data-dir"),
        (&["--config", &config], "symmetric"),
        (&["--config", "nowhere.yaml"], "nowhere.yaml"),
    ];
    for (arguments, word) in cases {
        let (code, told) = refused(arguments);
        assert_eq!(code, 2, "{arguments:?}: {told}");
        assert!(told.contains(word), "{arguments:?}: {told}");
        // An option's problem names the option, and no line of a text that nobody has written.
        let names_option = told.contains(arguments[0]) || arguments[0] == "--config";
        assert!(names_option && !told.contains("options:"), "{arguments:?}: {told}");
    }
    let (code, told) = refused(&["--listen", "127.0.0.1:0", "--seed-keys", &seed]);
    assert!(code == 1 && told.contains("did you mean `RSA_2048`?"), "{told}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, told) = refused(&["--listen", &taken.local_addr().unwrap().to_string()]);
    assert!(code == 1 && told.contains("--listen, port 0 picks a free one"), "{told}");
}

#[test]
fn the_keys_of_a_provider_are_read_beside_the_principals_file_and_names_are_those_given() {
    let folder = tempfile::tempdir().unwrap();
    let file = "principals: [ { arn: 'arn:aws:iam::123456789012:user/ann', accessKeys: [ { id: A, secret: b } ],
        policies: [ { Statement: { Effect: Deny, Action: '*', Resource: '*',
                                   Condition: { StringEquals: { 'aws:SourceVpc': x } } } } ] } ]
providers: [ { arn: 'arn:aws:iam::123456789012:oidc-provider/ci.example', audiences: [ a ], jwksFile: keys.json } ]";
    let file = write(folder.path(), "principals.yaml", file);
    let (code, told) = refused(&["--principals", &file]);
    assert!(code == 2 && told.contains("providers[0].jwksFile: keys.json"), "{told}");
    let keys = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
        "y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}]}"#;
    write(folder.path(), "keys.json", keys);
    let mut server =
        Process::start(&["--principals", &file, "--auth", "verify", "--host-name", "kms.example"]);
    let told = admin(server.1, "GET", "principals", "", "").json();
    assert_eq!(told["providers"][0], "arn:aws:iam::123456789012:oidc-provider/ci.example");
    for (host, status) in [("kms.example", 200), ("other.example", 403)] {
        let mut peer = Peer::connect(server.1);
        peer.send(format!("GET /_keystorm/health HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(peer.reply().unwrap().status, status, "{host}");
    }
    server.signal("-TERM");
    let mut said = String::new();
    std::io::Read::read_to_string(server.0.stderr.as_mut().unwrap(), &mut said).unwrap();
    assert!(said.contains("asks for the condition key aws:sourcevpc, which no call sets here"), "{said}");
}

#[test]
fn options_come_from_the_command_line_the_environment_and_a_file_in_that_order() {
    let folder = tempfile::tempdir().unwrap();
    let config = "quotas: { symmetric: 5/s, rsa: 6/s }\nfaults: [ { kind: throttle, next: 2 } ]\n";
    let config = write(folder.path(), "serve.yaml", config);
    let mut command = keystorm();
    command.args(["serve", "--quota", "symmetric=7/s", "--config", &config]);
    command.env("KEYSTORM_LISTEN", "127.0.0.1:0").env("KEYSTORM_ACCOUNT", "210987654321");
    command.env("KEYSTORM_LIMIT", "keys=2,aliasesPerKey=1").env("KEYSTORM_REGION", "eu-west-1");
    let server = Process::of(&mut command);
    let limits = limits(&server);
    assert_eq!((&limits["symmetric"], &limits["rsa"]), (&json!("7/s"), &json!("6/s")));
    assert_eq!(limits["ecc"], json!("1000/s"), "the published default");
    for _ in 0..2 {
        assert_eq!(said(&server, "CreateKey", json!({}))["__type"], "ThrottlingException");
    }
    let arn = said(&server, "CreateKey", json!({}))["KeyMetadata"]["Arn"].as_str().unwrap().to_string();
    assert!(arn.starts_with("arn:aws:kms:eu-west-1:210987654321:key/"), "{arn}");
    said(&server, "CreateKey", json!({}));
    assert_eq!(said(&server, "CreateKey", json!({}))["__type"], "LimitExceededException");
    let server = Process::start(&["--no-quotas", "--quota", "rsa=3/s"]);
    let limits = self::limits(&server);
    assert_eq!((&limits["rsa"], &limits["symmetric"]), (&json!("3/s"), &json!("1000000000/s")));
}

#[test]
fn an_option_that_says_what_is_the_default_still_goes_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = write(folder.path(), "serve.yaml", "quotas: { enforcement: sliding }\n");
    let enforcement = |more: &[&str]| {
        let server = Process::start(&[&["--config", &config], more].concat());
        admin(server.1, "GET", "quotas", "", "").json()["enforcement"].clone()
    };
    let plain = Process::start(&[]);
    let default = admin(plain.1, "GET", "quotas", "", "").json()["enforcement"].clone();
    assert_ne!(enforcement(&[]), default);
    assert_eq!(enforcement(&["--enforcement", "window"]), default);
    assert_eq!(enforcement(&["--enforcement", "bucket:2s"]), "bucket, burst 2s");
    assert_eq!(enforcement(&["--enforcement", "bucket:2s:500ms"]), "bucket, burst 2s, lag 500ms");
}

#[test]
fn a_server_serves_on_whoever_has_stopped_to_listen_to_it() {
    // Its stdout is closed before it says where it is; the admin address is told on stderr.
    let mut command = keystorm();
    command.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("admin paths on ").unwrap_or_else(|| panic!("{line}"));
    // By now its stderr is closed too.
    assert!(is_well(&[url.strip_suffix("_keystorm/").unwrap()]));
    crate::signal::signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn health_is_asked_over_http_tls_and_beside_other_admin_paths() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem").display().to_string();
    let plain = Process::start(&["--admin-listen", "127.0.0.1:0", "--admin-token", "hush"]);
    let address = plain.1.to_string();
    assert!(is_well(&[&format!("http://{address}")]) && is_well(&[&format!("http://{address}/")]));
    assert!(is_well(&[&address]));
    let listen = format!("0.0.0.0:{}", plain.1.port());
    assert!(is_well(&["--listen", &listen]), "the one that would listen there");
    let tls = Process::start(&["--tls-ca", &ca]);
    let url = format!("https://{}", tls.1);
    assert!(is_well(&[&url, "--tls-ca", &ca]));
    assert!(is_well(&[&tls.1.to_string(), "--tls-ca", &ca]), "as --tls-ca says");
    let (code, told) = refused(&["--check", &url]);
    assert!(code == 2 && told.contains("--tls-ca"), "{told}");
    let other = folder.path().join("other.pem").display().to_string();
    let _another = Process::start(&["--tls-ca", &other]);
    let (code, told) = refused(&["--check", &url, "--tls-ca", &other]);
    assert!(code == 1 && told.contains("is not well"), "another CA's: {told}");
    drop(plain);
    let (code, told) = refused(&["--check", &format!("http://{address}")]);
    assert!(code == 1 && told.contains("is not well"), "{told}");
    assert_eq!(refused(&["--check", "ftp://a"]).0, 2);
}

#[test]
fn a_folder_is_for_one_process_and_the_seeds_are_planted_in_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let seed = "keys:\n  - { alias: app, tags: { team: a } }\n  - { id: signer, spec: HMAC_256 }\n";
    let seed = write(folder.path(), "seed.yaml", seed);
    let data = folder.path().join("data").display().to_string();
    let arguments = ["--data-dir", &data, "--seed-keys", &seed];
    let server = Process::start(&arguments);
    let app = said(&server, "DescribeKey", json!({ "KeyId": "alias/app" }))["KeyMetadata"]["KeyId"].clone();
    let (code, told) = refused(&["--listen", "127.0.0.1:0", "--data-dir", &data]);
    assert!(code == 1 && told.contains("another"), "{told}");
    drop(server);
    let server = Process::start(&arguments);
    assert_eq!(said(&server, "ListKeys", json!({}))["Keys"].as_array().unwrap().len(), 2);
    assert_eq!(said(&server, "DescribeKey", json!({ "KeyId": "alias/app" }))["KeyMetadata"]["KeyId"], app);
}

#[test]
fn users_of_local_kms_keep_their_environment_and_seed_file() {
    let folder = tempfile::tempdir().unwrap();
    let id = "bc436485-5092-42b8-92a3-0aa8b93536dc";
    let seed = format!(
        "Keys:\n  Symmetric:\n    Aes:\n      - Metadata: {{ KeyId: {id} }}\n        BackingKeys: [ \
         5cdaead27fe7da2de47945d73cd6d79e36494e73802f3cd3869f1d2cb0b5d7a9 ]\nAliases:\n  - {{ AliasName: alias/testing, \
         TargetKeyId: {id} }}\n"
    );
    let seed = write(folder.path(), "seed.yaml", &seed);
    let mut command = keystorm();
    command.args(["serve", "--compat", "local-kms"]);
    command.env("PORT", "0").env("KMS_ACCOUNT_ID", "444455556666").env("KMS_REGION", "eu-central-1");
    command.env("KMS_SEED_PATH", seed).env("KMS_DATA_PATH", folder.path());
    let server = Process::of(&mut command);
    let made = said(&server, "Encrypt", json!({ "KeyId": "alias/testing", "Plaintext": "aGk=" }));
    assert_eq!(made["KeyId"], json!(format!("arn:aws:kms:eu-central-1:444455556666:key/{id}")), "{made}");
    assert!(folder.path().join("keystorm/keystorm.redb").exists());
}

#[test]
fn seeds_of_local_kms_have_the_states_that_their_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let aes = "5cdaead27fe7da2de47945d73cd6d79e36494e73802f3cd3869f1d2cb0b5d7a9";
    let seed = format!(
        "Keys:
  Symmetric:
    Aes:
      - {{ Metadata: {{ KeyId: turning }}, NextKeyRotation: \"2019-09-12T15:19:21+00:00\", BackingKeys: [ {aes} ] }}
      - {{ Metadata: {{ KeyId: imported, Origin: EXTERNAL }}, BackingKeys: [ {aes} ] }}
      - {{ Metadata: {{ KeyId: waiting, Origin: EXTERNAL }} }}
      - {{ Metadata: {{ KeyId: off, KeyState: Disabled, CreationDate: \"2020-05-01T00:00:00Z\" }}, BackingKeys: [ {aes} ] }}
      - {{ Metadata: {{ KeyId: going, DeletionDate: 4102444800 }}, BackingKeys: [ {aes} ] }}
    Hmac:
      - {{ Metadata: {{ KeyId: mac }}, BackingKeys: [ {aes} ] }}
Aliases: [ {{ AliasName: bare, TargetKeyId: 'arn:aws:kms:eu-west-2:111122223333:key/imported' }} ]
"
    );
    let seed = write(folder.path(), "seed.yaml", &seed);
    let mut command = keystorm();
    command.args(["serve", "--compat", "local-kms", "--seed-keys", &seed]).env("PORT", "0");
    let server = Process::of(&mut command);
    let metadata = |id: &str| said(&server, "DescribeKey", json!({ "KeyId": id }))["KeyMetadata"].clone();
    for (id, state, origin) in [
        ("alias/bare", "Enabled", "EXTERNAL"),
        ("waiting", "PendingImport", "EXTERNAL"),
        ("off", "Disabled", "AWS_KMS"),
        ("going", "PendingDeletion", "AWS_KMS"),
        ("mac", "Enabled", "AWS_KMS"),
    ] {
        let found = metadata(id);
        assert_eq!((&found["KeyState"], &found["Origin"]), (&json!(state), &json!(origin)), "{found}");
    }
    assert_eq!(metadata("imported")["ExpirationModel"], "KEY_MATERIAL_DOES_NOT_EXPIRE");
    assert_eq!(metadata("off")["CreationDate"], 1_588_291_200.0);
    assert_eq!(metadata("going")["DeletionDate"], 4_102_444_800.0);
    assert_eq!(metadata("mac")["KeySpec"], "HMAC_256");
    // The rotation that was due in 2019 has happened once, and the next is a year away.
    let turned = said(&server, "ListKeyRotations", json!({ "KeyId": "turning" }));
    assert_eq!(turned["Rotations"].as_array().map(Vec::len), Some(1), "{turned}");
    let status = said(&server, "GetKeyRotationStatus", json!({ "KeyId": "turning" }));
    let (next, at) = (&status["NextRotationDate"], &turned["Rotations"][0]["RotationDate"]);
    assert_eq!(next.as_f64().unwrap() - at.as_f64().unwrap(), 365.0 * 86_400.0, "{status}");
}

#[test]
fn another_interface_is_warned_of_and_a_signal_right_after_the_url_ends_it_in_order() {
    for _ in 0..5 {
        let mut server = Process::of(keystorm().args(["serve", "--listen", "0.0.0.0:0"]));
        server.signal("-TERM");
        let status = server.0.wait().unwrap();
        let mut told = String::new();
        std::io::Read::read_to_string(server.0.stderr.as_mut().unwrap(), &mut told).unwrap();
        assert_eq!(status.code(), Some(0), "{told}");
        assert!(told.contains("warning: 0.0.0.0:0 can be reached from other machines"), "{told}");
    }
}

/// Everything that a server says on stderr until a signal has ended it.
fn told_until_the_end(mut server: Process) -> String {
    server.signal("-TERM");
    assert_eq!(server.0.wait().unwrap().code(), Some(0));
    let mut told = String::new();
    std::io::Read::read_to_string(server.0.stderr.as_mut().unwrap(), &mut told).unwrap();
    told
}

#[test]
fn it_says_as_much_as_it_is_asked_for_in_the_form_that_is_asked_for_and_never_a_secret() {
    let debug = ["--log-level", "debug", "--log-format", "json", "--admin-token", "hush-token"];
    let keys = ["--access-key", "AKIAANNEXAMPLE000000:hush-secret", "--auth", "verify"];
    let server = Process::start(&[&debug[..], &keys].concat());
    let bearer = "Authorization: Bearer hush-token\r\n";
    assert_eq!(admin(server.1, "PUT", "faults", "[]", bearer).status, 200);
    assert_eq!(admin(server.1, "PUT", "clock", "{\"forward\": 1}", bearer).status, 400);
    let told = told_until_the_end(server);
    assert!(!told.contains("hush"), "{told}");
    let lines: Vec<Value> =
        told.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let calls = lines.iter().filter(|line| line["message"] == "an admin path is called");
    let calls: Vec<(&Value, &Value, &Value)> =
        calls.map(|line| (&line["level"], &line["path"], &line["status"])).collect();
    let expected = [
        (json!("DEBUG"), json!("/_keystorm/faults"), json!(200)),
        (json!("DEBUG"), json!("/_keystorm/clock"), json!(400)),
    ];
    assert_eq!(calls, expected.each_ref().map(|(level, path, status)| (level, path, status)), "{told}");
    assert!(
        lines
            .iter()
            .any(|line| line["level"] == "INFO" && line["message"].as_str().unwrap().starts_with("stopping"))
    );

    let everywhere = ["serve", "--listen", "0.0.0.0:0", "--log-level"];
    for (level, says) in [("off", ""), ("error", ""), ("warn", "warning: 0.0.0.0:0 can be reached")] {
        let told = told_until_the_end(Process::of(keystorm().args(everywhere).arg(level)));
        assert!(told.starts_with(says) && told.is_empty() == says.is_empty(), "{level}: {told}");
        assert!(!told.contains("stopping"), "{level}: {told}");
    }
}
