//! What well-known clients do in a row: a clock that is wrong, sigstore, Terraform's polling, an import by the CLI, and
//! moto behind our quotas.

use super::cli::aws;
use super::needs;
use super::socket::{Peer, Process, keystorm, metric, until};
use super::support::{Moto, client, moto, node, printed, python, scripts, start, strict, unthrottled};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keystorm::server::Settings;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;

/// A tool, unless it is missing.
fn tool<T>(found: Result<T, String>) -> Option<T> {
    found.map_err(|why| needs::missing(&why)).ok()
}

#[test]
fn javascript_under_a_clock_ten_minutes_wrong_recovers_in_two_attempts() {
    let Some(script) = tool(node("node", "clock.mjs")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let running = start(Settings { tls: None, ..strict(&folder.path().join("ca.pem")) });
    for minutes in [0, -10, 10] {
        let shift = (minutes * 60_000).to_string();
        let mut command = client(Path::new("node"), &running.url(), None);
        let attempts = printed(command.arg(&script).env("KEYSTORM_SHIFT_MS", shift));
        assert_eq!(attempts.trim(), if minutes == 0 { "1" } else { "2" }, "{minutes} minutes");
    }
}

#[test]
fn sigstore_makes_its_key_and_signs_with_its_first_algorithm() {
    let Some(script) = tool(node("node", "sigstore.mjs")) else { return };
    let running = start(unthrottled());
    assert_eq!(printed(client(Path::new("node"), &running.url(), None).arg(&script)).trim(), "signed");
}

#[test]
fn terraform_reads_what_it_has_set() {
    let Some(python) = tool(python()) else { return };
    let running = start(unthrottled());
    let script = scripts().join("python/terraform.py");
    assert_eq!(printed(client(&python, &running.url(), None).arg(script)).trim(), "applied");
}

#[test]
fn the_cli_imports_material_from_end_to_end() {
    let Some(aws) = aws() else { return };
    let running = start(unthrottled());
    let folder = tempfile::tempdir().unwrap();
    let kms = |arguments: &[&str]| {
        let mut command = client(&aws, &running.url(), None);
        command.args(["--endpoint-url", &running.url(), "--output", "json", "kms"]);
        command.args(arguments).current_dir(folder.path());
        let text = printed(&mut command);
        serde_json::from_str::<Value>(&text).unwrap_or(Value::Null)
    };
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let key =
        kms(&["create-key", "--origin", "EXTERNAL"])["KeyMetadata"]["KeyId"].as_str().unwrap().to_string();
    let given = kms(&[
        "get-parameters-for-import",
        "--key-id",
        &key,
        "--wrapping-algorithm",
        "RSAES_OAEP_SHA_256",
        "--wrapping-key-spec",
        "RSA_2048",
    ]);
    let bytes = |name: &str| STANDARD.decode(given[name].as_str().unwrap()).unwrap();
    let public = PublicEncryptingKey::from_der(&bytes("PublicKey")).unwrap();
    let public = OaepPublicEncryptingKey::new(public).unwrap();
    let mut room = vec![0; public.ciphertext_size()];
    let wrapped = public.encrypt(&OAEP_SHA256_MGF1SHA256, &[7; 32], &mut room, None).unwrap();
    write("material", wrapped);
    write("token", &bytes("ImportToken"));
    let import = |more: &[&str]| {
        let mut arguments = vec!["import-key-material", "--key-id", &key];
        arguments.extend(["--encrypted-key-material", "fileb://material", "--import-token", "fileb://token"]);
        arguments.extend(more);
        kms(&arguments)
    };
    let valid_to = keystorm::clock::epoch_millis() / 1_000 + 86_400;
    let text = jiff::Timestamp::from_second(valid_to).unwrap().to_string();
    let first = import(&["--expiration-model", "KEY_MATERIAL_EXPIRES", "--valid-to", &text]);
    let shown = |key: &str| kms(&["describe-key", "--key-id", key])["KeyMetadata"].clone();
    let there = shown(&key);
    assert_eq!(there["KeyState"], "Enabled");
    let seen: jiff::Timestamp = there["ValidTo"].as_str().unwrap().parse().unwrap();
    assert_eq!(seen.as_second(), valid_to, "the instant that was given");
    assert_eq!(there["CurrentKeyMaterialId"], first["KeyMaterialId"]);
    write("plain", b"imported");
    let sealed = kms(&["encrypt", "--key-id", &key, "--plaintext", "fileb://plain"]);
    let blob = sealed["CiphertextBlob"].as_str().unwrap();
    kms(&["delete-imported-key-material", "--key-id", &key]);
    let gone = shown(&key);
    assert_eq!((&gone["KeyState"], gone.get("ExpirationModel")), (&json!("PendingImport"), None));
    let again = import(&["--expiration-model", "KEY_MATERIAL_DOES_NOT_EXPIRE"]);
    assert_eq!(again["KeyMaterialId"], first["KeyMaterialId"]);
    let opened = kms(&["decrypt", "--ciphertext-blob", blob]);
    assert_eq!(STANDARD.decode(opened["Plaintext"].as_str().unwrap()).unwrap(), b"imported");
}

#[test]
fn moto_stands_behind_our_quotas_and_faults() {
    let Some(python) = tool(moto()) else { return };
    let server = Moto::start(&python, &[]);
    let front = Process::of(keystorm().args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--upstream",
        &server.url,
        "--upstream-credentials",
        "test",
        "--no-quotas",
        "--quota",
        "symmetric=3/s",
    ]));
    let call = |operation: &str, input: Value| Peer::connect(front.1).call(operation, &input);
    until("moto answers", || call("ListKeys", json!({})).status == 200);
    let made = call("CreateKey", json!({ "Description": "behind" }));
    assert_eq!(made.status, 200, "{}", made.text());
    let key = made.json()["KeyMetadata"]["KeyId"].clone();
    stopped(front.1);
    let sealed = call("Encrypt", json!({ "KeyId": key, "Plaintext": "eA==" })).json();
    let opened = call("Decrypt", json!({ "CiphertextBlob": sealed["CiphertextBlob"] })).json();
    assert_eq!(opened["Plaintext"], "eA==");
    let more: Vec<u16> = (0..3)
        .map(|_| call("GenerateDataKey", json!({ "KeyId": key, "KeySpec": "AES_256" })).status)
        .collect();
    assert_eq!(more, [200, 400, 400], "three a second, and the clock stands");
    let throttled = r#"keystorm_throttled_total{pool="symmetric"}"#;
    assert_eq!(metric(front.1, throttled), 2.0);
    let missing = call("DescribeKey", json!({ "KeyId": "00000000-0000-0000-0000-000000000000" }));
    assert_eq!(missing.json()["__type"], "NotFoundException", "what moto says comes through");
}

/// Stops a server's clock, so that its windows stand.
fn stopped(server: SocketAddr) {
    let reply = super::socket::admin(server, "POST", "clock", r#"{"freeze":true}"#, "");
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[test]
fn an_upstream_that_is_aws_or_far_away_is_refused_before_anything_is_sent() {
    let aws_host = "https://kms.eu-west-1.amazonaws.com";
    let cases: [(&[&str], &str); 8] = [
        (&["--upstream", aws_host], "is AWS (a host in amazonaws.com)"),
        (&["--upstream", "http://192.0.2.1:8080"], "neither this machine nor a private network"),
        (&["--upstream", "127.0.0.1:8080"], "no endpoint"),
        (&["--upstream", "http://127.0.0.1:1/kms"], "it has a path"),
        (&["--upstream", "https://127.0.0.1:1"], "--upstream-ca must say"),
        (&["--upstream", "http://127.0.0.1:1", "--upstream-credentials", "chain"], "the chain is AWS's own"),
        (
            &["--upstream", "http://127.0.0.1:1", "--upstream-credentials", "env:NOBODY"],
            "NOBODY_ACCESS_KEY_ID",
        ),
        (&["--upstream", "http://127.0.0.1:1", "--data-dir", "data"], "cannot be used with"),
    ];
    for (arguments, word) in cases {
        let output = keystorm().arg("serve").args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(word), "{arguments:?}: {said}");
    }
}
