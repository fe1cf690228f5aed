//! Our faults, quotas and trail before another KMS, which has the keys.

use crate::signing::Signing;
use crate::socket::{Server, ample};
use keystorm::guard::nearby;
use keystorm::kms::access::Directory;
use keystorm::kms::crypto::Secret;
use keystorm::server::{Auth, Settings, Upstream, UpstreamCredentials};
use keystorm::time::Span;
use serde_json::{Value, json};

fn credentials(id: &str, secret: &str) -> UpstreamCredentials {
    UpstreamCredentials { id: id.into(), secret: Secret::from(secret.as_bytes()), token: None }
}

fn before(url: &str, id: &str, secret: &str, settings: Settings) -> Server {
    let reached = nearby(url).unwrap();
    let upstream = Upstream::new(&reached, None, credentials(id, secret), Span::from_secs(20)).unwrap();
    Server::start(Settings { upstream: Some(upstream), ..settings })
}

/// A KMS that checks who signs.
fn behind() -> Server {
    let yaml = "principals:\n  - arn: arn:aws:iam::123456789012:user/front\n    accessKeys: [ { id: AKIAFRONT, secret: hush } ]\n    \
                policies: [ { Version: \"2012-10-17\", Statement: [ { Effect: Allow, Action: 'kms:*', Resource: '*' } ] } ]\n";
    Server::start(
        Settings { auth: Auth::Verify, ..ample() }
            .emulating(|emulator| emulator.directory = Directory::parse(yaml).unwrap()),
    )
}

#[test]
fn calls_are_signed_anew_and_answered_by_who_has_the_keys() {
    let back = behind();
    let front = before(&back.running.url(), "AKIAFRONT", "hush", ample());
    let key = front.key();
    let arn = format!("arn:aws:kms:us-east-1:123456789012:key/{key}");
    let sealed = front.call("Encrypt", json!({ "KeyId": key, "Plaintext": "eA==" })).1;
    assert_eq!(sealed["KeyId"], arn);
    let opened = front.call("Decrypt", json!({ "CiphertextBlob": sealed["CiphertextBlob"] })).1;
    assert_eq!(opened["Plaintext"], "eA==");
    let missing = front.call("DescribeKey", json!({ "KeyId": "alias/none" }));
    assert_eq!(
        (missing.0, &missing.1["__type"]),
        (400, &json!("NotFoundException")),
        "refusals come through"
    );
    // The Region of the call is that of what is signed.
    let there =
        Signing { region: "eu-west-2", ..Signing::of("any", "any", "CreateKey", &json!({})) }.send(&front);
    assert!(there.json()["KeyMetadata"]["Arn"].as_str().unwrap().starts_with("arn:aws:kms:eu-west-2:"));
    let keys = |server: &Server| server.told("GET", "state", json!(null))["realms"].clone();
    let count = |realms: &Value| -> usize {
        realms.as_array().unwrap().iter().map(|realm| realm["keys"].as_array().unwrap().len()).sum()
    };
    assert_eq!((count(&keys(&front)), count(&keys(&back))), (0, 2), "keys stay where they are");
    let metric = |name: &str| front.metric(name);
    assert_eq!(metric(r#"keystorm_calls_total{operation="Decrypt",outcome="ok"}"#), 1.0);
    assert_eq!(metric(r#"keystorm_calls_total{operation="DescribeKey",outcome="refused"}"#), 1.0);
    assert_eq!(metric(&format!("keystorm_key_calls_total{{key=\"{arn}\",outcome=\"ok\"}}")), 2.0);
    let wrong = before(&back.running.url(), "AKIAFRONT", "wrong", ample());
    assert_eq!(wrong.call("CreateKey", json!({})).1["__type"], "InvalidSignatureException");
}

#[test]
fn our_quotas_and_faults_stand_before_it() {
    let back = behind();
    let mut settings = ample();
    settings.emulator.quotas.overrides.insert("rsa".into(), keystorm::units::Rate::per_second(1));
    let front = before(&back.running.url(), "AKIAFRONT", "hush", settings);
    let rsa = json!({ "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY" });
    let key = front.call("CreateKey", rsa).1["KeyMetadata"]["KeyId"].clone();
    front.told("POST", "clock", json!({ "freeze": true }));
    let sign = || {
        let call = json!({ "KeyId": key, "Message": "eA==", "SigningAlgorithm": "RSASSA_PSS_SHA_256" });
        front.call("Sign", call).1["__type"].as_str().unwrap_or("ok").to_string()
    };
    assert_eq!((sign(), sign()), ("ok".into(), "ThrottlingException".into()), "the algorithm tells the pool");
    let random = || front.call("GenerateRandom", json!({ "NumberOfBytes": 8 })).0;
    let asked = || back.metric(r#"keystorm_calls_total{operation="GenerateRandom",outcome="ok"}"#);
    front.told("PUT", "faults", json!([{ "kind": "error", "next": 1, "operation": "GenerateRandom" }]));
    assert_eq!((random(), asked()), (500, 0.0), "nothing of it has gone on");
    assert_eq!((random(), asked()), (200, 1.0));
    front.told(
        "PUT",
        "faults",
        json!([{ "kind": "error", "next": 1, "key": key, "operation": "DescribeKey" }]),
    );
    assert_eq!(
        front.call("DescribeKey", json!({ "KeyId": key })).0,
        500,
        "a key that is elsewhere, as it is named"
    );
}

#[test]
fn an_upstream_that_is_gone_is_said_so_and_one_far_away_is_none() {
    let back = behind();
    let url = back.running.url();
    let front = before(&url, "AKIAFRONT", "hush", ample());
    assert_eq!(front.call("ListKeys", json!({})).0, 200);
    drop(back);
    let (status, said) = front.call("ListKeys", json!({}));
    assert_eq!((status, &said["__type"]), (503, &json!("ServiceUnavailable")));
    assert!(said["message"].as_str().unwrap().contains("does not answer"), "{said}");
    let reached = nearby("http://127.0.0.1:1/path").unwrap();
    let said =
        Upstream::new(&reached, None, credentials("a", "b"), Span::from_secs(1)).unwrap_err().to_string();
    assert!(said.contains("it has a path"), "{said}");
    let reached = nearby("https://127.0.0.1:1").unwrap();
    let said =
        Upstream::new(&reached, None, credentials("a", "b"), Span::from_secs(1)).unwrap_err().to_string();
    assert!(said.contains("--upstream-ca"), "{said}");
    assert!(!format!("{:?}", credentials("a", "hush")).contains("hush"));
}
