//! What a server keeps of others is bounded; what it writes is its owner's; partitions are told apart.

use crate::signing::{Signing, code};
use crate::socket::{Peer, Process, Server, ample};
use keystorm::kms::access::Directory;
use keystorm::server::{Auth, Settings};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;

fn random() -> Value {
    json!({ "NumberOfBytes": 8 })
}

#[test]
fn accounts_are_bounded_and_one_more_is_refused_in_words() {
    let server = Server::start(ample().emulating(|emulator| emulator.realms = 2));
    let by = |account: &str| Signing::of(account, "x", "GenerateRandom", &random()).send(&server);
    assert_eq!(code(&by("111122223333")), "ok");
    assert_eq!(code(&by("444455556666")), "ok");
    let refused = by("777788889999");
    let text = refused.json()["message"].as_str().unwrap().to_string();
    assert!(refused.status == 400 && text.contains("--max-realms") && text.contains("2 accounts"), "{text}");
    assert_eq!(code(&by("111122223333")), "ok", "those that are there go on");
    let state = server.told("GET", "state", json!(null));
    assert_eq!(state["realms"].as_array().unwrap().len(), 2);
    // Another Region of an account counts as one more.
    let key = Signing::of("111122223333", "x", "CreateKey", &json!({ "MultiRegion": true })).send(&server);
    let id = key.json()["KeyMetadata"]["KeyId"].clone();
    let call = json!({ "KeyId": id, "ReplicaRegion": "eu-west-2" });
    let replica = Signing::of("111122223333", "x", "ReplicateKey", &call).send(&server);
    assert_eq!(code(&replica), "LimitExceededException");
    server.told("POST", "reset", json!({}));
    assert_eq!(code(&by("777788889999")), "ok", "after a reset there is room");
}

#[test]
fn labels_of_metrics_are_bounded() {
    let server = Server::start(ample());
    for account in 0..130 {
        let account = format!("{:012}", 100_000_000_000u64 + account);
        assert_eq!(code(&Signing::of(&account, "x", "GenerateRandom", &random()).send(&server)), "ok");
    }
    let text = server.admin("GET", "metrics", "").text();
    let lines: Vec<&str> =
        text.lines().filter(|line| line.starts_with("keystorm_quota_units_total{")).collect();
    assert_eq!(lines.len(), 101, "a hundred by themselves and the others together");
    let others = r#"keystorm_quota_units_total{account="other",region="other",pool="symmetric"}"#;
    assert_eq!(server.metric(others), 30.0);
    assert_eq!(server.metric(r#"keystorm_keys{account="other",region="other"}"#), 0.0);
}

#[test]
fn refusals_of_access_are_a_figure_of_their_own() {
    let yaml = "principals:\n  - arn: arn:aws:iam::123456789012:user/ann\n    accessKeys: [ { id: AKIAANN, secret: hush } ]\n";
    let server = Server::start(
        Settings { auth: Auth::Verify, ..ample() }
            .emulating(|emulator| emulator.directory = Directory::parse(yaml).unwrap()),
    );
    let good = || Signing::of("AKIAANN", "hush", "GenerateRandom", &random());
    assert_eq!(code(&good().send(&server)), "AccessDeniedException", "no policy allows it");
    assert_eq!(code(&Signing { secret: "wrong", ..good() }.send(&server)), "InvalidSignatureException");
    assert_eq!(code(&Signing { token: Some("x"), ..good() }.send(&server)), "UnrecognizedClientException");
    let metric = |outcome: &str| {
        server.metric(&format!("keystorm_calls_total{{operation=\"GenerateRandom\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!([metric("denied"), metric("refused"), metric("fault"), metric("ok")], [3.0, 0.0, 0.0, 0.0]);
}

#[test]
fn credentials_of_one_partition_are_unknown_in_another() {
    let user = |partition: &str, key: &str| {
        format!(
            "  - arn: arn:{partition}:iam::123456789012:user/same-name\n    accessKeys: [ {{ id: {key}, secret: hush }} ]\n    \
             policies: [ {{ Version: \"2012-10-17\", Statement: [ {{ Effect: Allow, Action: '*', Resource: '*' }} ] }} ]\n"
        )
    };
    let yaml = format!("principals:\n{}{}", user("aws", "AKIAANN"), user("aws-cn", "AKIALI"));
    let verify = Settings { auth: Auth::Verify, ..ample() }
        .emulating(|emulator| emulator.directory = Directory::parse(&yaml).unwrap());
    let server = Server::start(verify);
    let ask = |key: &str, region: &str| {
        let signing = Signing { region, ..Signing::of(key, "hush", "GenerateRandom", &random()) };
        code(&signing.send(&server))
    };
    assert_eq!(ask("AKIAANN", "eu-west-1"), "ok");
    assert_eq!(ask("AKIALI", "cn-north-1"), "ok");
    assert_eq!(ask("AKIAANN", "cn-north-1"), "UnrecognizedClientException");
    assert_eq!(ask("AKIALI", "eu-west-1"), "UnrecognizedClientException");
    // Without checks a caller is the root of an account of the Region's partition.
    let server = Server::start(ample());
    let whoami =
        Signing { region: "cn-north-1", ..Signing::form("111122223333", "x", "Action=GetCallerIdentity") };
    assert!(whoami.send(&server).text().contains("arn:aws-cn:iam::111122223333:root"));
}

#[test]
fn logs_are_their_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let server = Process::start(&["--log", &path("log"), "--cloudtrail", &path("trail.ndjson")]);
    Peer::connect(server.1).call("GenerateRandom", &random());
    let mode = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("log"), mode("trail.ndjson")), (0o600, 0o600));
    drop(server);
    let server = Process::start(&["--cloudtrail", &path("trail")]);
    assert_eq!(mode("trail"), 0o700);
    drop(server);
}
