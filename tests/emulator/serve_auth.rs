//! `--auth verify` over a socket: what is signed rightly passes, everything else is refused with AWS's code; sessions of
//! STS are as good as access keys until they end.

use crate::serve_admin::{OK, http2_of};
use crate::signing::{Signing, code, element, random};
use crate::socket::{Server, ample};
use keystorm::kms::access::Directory;
use keystorm::server::{Auth, Settings};
use serde_json::{Value, json};

const PRINCIPALS: &str = r#"
principals:
  - arn: arn:aws:iam::123456789012:user/ann
    accessKeys: [ { id: AKIAANN, secret: hush } ]
    policies: [ { Version: "2012-10-17", Statement: [ { Effect: Allow, Action: ["kms:*", "sts:*"], Resource: "*" } ] } ]
  - arn: arn:aws:iam::123456789012:role/app
    policies: [ { Version: "2012-10-17", Statement: [ { Effect: Allow, Action: "kms:GenerateRandom", Resource: "*" } ] } ]
    trust: { Version: "2012-10-17", Statement: [ { Effect: Allow, Principal: { AWS: "arn:aws:iam::123456789012:user/ann" }, Action: "sts:AssumeRole" } ] }
  - arn: arn:aws:iam::123456789012:role/ci
    trust: { Version: "2012-10-17", Statement: [ { Effect: Allow, Principal: { Federated: "ci.example" }, Action: "sts:AssumeRoleWithWebIdentity" } ] }
"#;

fn verifying() -> Server {
    let directory = Directory::parse(PRINCIPALS).unwrap();
    Server::start(
        Settings { auth: Auth::Verify, ..ample() }.emulating(|emulator| emulator.directory = directory),
    )
}

#[test]
fn whatever_is_wrong_with_a_signature_has_the_code_of_aws() {
    let server = verifying();
    let good = || Signing::of("AKIAANN", "hush", "GenerateRandom", &random());
    assert_eq!(code(&good().send(&server)), "ok");
    let wrong: [(&str, Signing<'_>, &str); 6] = [
        ("secret", Signing { secret: "hush!", ..good() }, "InvalidSignatureException"),
        ("key", Signing { key: "AKIABOB", ..good() }, "UnrecognizedClientException"),
        ("past", Signing { ahead: -379, ..good() }, "InvalidSignatureException"),
        ("future", Signing { ahead: 379, ..good() }, "InvalidSignatureException"),
        ("service", Signing { service: "sts", ..good() }, "InvalidSignatureException"),
        ("token", Signing { token: Some("bm9uZQ=="), ..good() }, "UnrecognizedClientException"),
    ];
    for (what, call, expected) in wrong {
        assert_eq!(code(&call.send(&server)), expected, "{what}");
    }
    let to_sts = |ahead, service| {
        let call = Signing::form("AKIAANN", "hush", "Action=GetCallerIdentity");
        Signing { ahead, service, ..call }.send(&server).status
    };
    assert_eq!([to_sts(-800, "sts"), to_sts(800, "sts"), to_sts(960, "sts")], [200, 200, 403]);
    assert_eq!(to_sts(0, "kms"), 403, "what is scoped to KMS is not for STS");
    for ahead in [-290, 290] {
        assert_eq!(code(&Signing { ahead, ..good() }.send(&server)), "ok", "{ahead} seconds are near enough");
    }
    let changed = |change: &dyn Fn(&mut String, &mut String)| code(&good().send_changed(&server, change));
    let invalid = "InvalidSignatureException";
    assert_eq!(changed(&|_, body| *body = body.replace('8', "9")), invalid, "body");
    assert_eq!(changed(&|head, _| *head = head.replace("GenerateRandom", "ListKeys")), invalid, "operation");
    assert_eq!(changed(&|head, _| *head = head.replace("host: localhost", "host: 127.0.0.1")), invalid);
    assert_eq!(
        changed(&|head, _| head.push_str("X-Amz-More: 1\r\n")),
        invalid,
        "a header that is not signed"
    );
    assert_eq!(changed(&|head, _| *head = head.replace("host;", "")), invalid, "a host that is not signed");
    let cut = |head: &mut String, _: &mut String| {
        *head = head.split_inclusive("\r\n").filter(|line| !line.starts_with("Authorization")).collect();
    };
    assert_eq!(changed(&cut), "MissingAuthenticationTokenException");
    assert_eq!(
        changed(&|head, _| *head = head.replace("AWS4-HMAC-SHA256 C", "Bearer C")),
        "IncompleteSignatureException"
    );
    assert_eq!(
        changed(&|head, _| *head = head.replace("Signature=", "Sig=")),
        "IncompleteSignatureException"
    );
    let undated = |head: &mut String, _: &mut String| *head = head.replace("x-amz-date: ", "x-nothing: ");
    assert_eq!(changed(&undated), "IncompleteSignatureException");
}

#[test]
fn a_session_signs_until_it_ends_and_has_its_roles_permissions() {
    let server = verifying();
    let ask = |role: &str, more: &str| {
        let body = format!(
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role/{role}&RoleSessionName=s1{more}"
        );
        Signing::form("AKIAANN", "hush", &body).send(&server)
    };
    let lent = ask("app", "&DurationSeconds=900");
    assert_eq!(lent.status, 200, "{}", lent.text());
    let [key, secret, token] =
        ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| element(&lent, name));
    let call = |operation: &str, body: &Value| {
        code(&Signing { token: Some(&token), ..Signing::of(&key, &secret, operation, body) }.send(&server))
    };
    assert_eq!(call("GenerateRandom", &random()), "ok");
    assert_eq!(call("CreateKey", &json!({})), "AccessDeniedException");
    assert_eq!(
        code(&Signing::of(&key, &secret, "GenerateRandom", &random()).send(&server)),
        "UnrecognizedClientException"
    );
    let others =
        Signing { token: Some(&token), ..Signing::of("AKIAANN", "hush", "GenerateRandom", &random()) };
    assert_eq!(code(&others.send(&server)), "UnrecognizedClientException", "another's token");
    let who = Signing { token: Some(&token), ..Signing::form(&key, &secret, "Action=GetCallerIdentity") };
    assert_eq!(element(&who.send(&server), "Arn"), "arn:aws:sts::123456789012:assumed-role/app/s1");
    server.told("POST", "clock", json!({ "advance": "899s" }));
    assert_eq!(call("GenerateRandom", &random()), "ok");
    server.told("POST", "clock", json!({ "advance": "1s" }));
    assert_eq!(call("GenerateRandom", &random()), "ExpiredTokenException");

    for (role, more, status, expected) in [
        ("ci", "", 403, "AccessDenied"),
        ("nobody", "", 403, "AccessDenied"),
        ("app", "&DurationSeconds=899", 400, "ValidationError"),
        ("app", "&Policy=%7B%7D", 400, "ValidationError"),
    ] {
        let refused = ask(role, more);
        assert_eq!((refused.status, element(&refused, "Code").as_str()), (status, expected), "{role}{more}");
    }
    let unsigned = Signing::form("AKIAANN", "wrong", "Action=GetCallerIdentity").send(&server);
    assert_eq!((unsigned.status, element(&unsigned, "Code").as_str()), (403, "SignatureDoesNotMatch"));
}

#[test]
fn over_http2_the_authority_is_the_host_that_is_signed() {
    let directory = Directory::parse(PRINCIPALS).unwrap();
    let server = Server::start(
        Settings { auth: Auth::Verify, http2: true, ..ample() }
            .emulating(|emulator| emulator.directory = directory),
    );
    let send = |authority: &str, secret: &str| {
        let (head, body) = Signing::of("AKIAANN", secret, "GenerateRandom", &random()).text();
        let mut pairs = vec![(":authority", authority)];
        let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let lines: Vec<(String, &str)> =
            lines.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        let others = lines.iter().filter(|(name, _)| name != "host");
        pairs.extend(others.map(|(name, value)| (name.as_str(), *value)));
        http2_of(server.connect().0.get_mut(), &pairs, body.as_bytes())
    };
    assert_eq!(send("localhost", "hush"), OK);
    assert_ne!(send("localhost", "wrong"), OK);
    assert_ne!(send("127.0.0.1", "hush"), OK, "another host than was signed");
    assert_ne!(send("evil.example", "hush"), OK);
}

#[test]
fn a_region_that_there_is_not_is_refused_where_signatures_are_checked() {
    let server = verifying();
    let good = || Signing::of("AKIAANN", "hush", "GenerateRandom", &random());
    let moved = good().send_changed(&server, |head, _| *head = head.replace("eu-west-1", "eu-west-9"));
    assert_eq!(code(&moved), "InvalidSignatureException");
    assert!(moved.text().contains("valid Region, not 'eu-west-9'"), "{}", moved.text());
}

#[test]
fn every_answer_of_kms_says_that_nobody_may_keep_it() {
    let server = Server::start(ample());
    for operation in ["GenerateRandom", "DescribeKey"] {
        let reply = server.connect().call(operation, &random());
        for (name, value) in [
            ("cache-control", "no-cache, no-store, must-revalidate, private"),
            ("expires", "0"),
            ("pragma", "no-cache"),
        ] {
            assert_eq!(reply.headers.get(name).map(String::as_str), Some(value), "{operation} {name}");
        }
    }
}
