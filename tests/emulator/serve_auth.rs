//! `--auth verify` over a socket: what is signed rightly passes, everything else is refused with AWS's code; sessions of
//! STS are as good as access keys until they end.

use crate::socket::{Reply, Server, ample};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keystorm::clock::epoch_millis;
use keystorm::kms::access::Directory;
use keystorm::server::{Auth, Settings};
use serde_json::{Value, json};
use std::fmt::Write as _;

const PRINCIPALS: &str = r#"
principals:
  - arn: arn:aws:iam::123456789012:user/ann
    accessKeys: [ { id: AKIAANN, secret: hush } ]
    policies: [ { Version: "2012-10-17", Statement: [ { Effect: Allow, Action: ["kms:*", "sts:*"], Resource: "*" } ] } ]
  - arn: arn:aws:iam::123456789012:role/app
    policies: [ { Version: "2012-10-17", Statement: [ { Effect: Allow, Action: "kms:GenerateRandom", Resource: "*" } ] } ]
    trust: { Version: "2012-10-17", Statement: [ { Effect: Allow, Principal: { AWS: "arn:aws:iam::123456789012:user/ann" }, Action: "sts:AssumeRole" } ] }
  - arn: arn:aws:iam::123456789012:role/ci
    policies: [ { Version: "2012-10-17", Statement: [ { Effect: Allow, Action: "kms:*", Resource: "*" } ] } ]
    trust:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Principal: { Federated: "arn:aws:iam::123456789012:oidc-provider/ci.example/jobs" }
          Action: sts:AssumeRoleWithWebIdentity
          Condition: { StringEquals: { "ci.example/jobs:sub": "main" } }
"#;

fn verifying() -> Server {
    let directory = Directory::parse(PRINCIPALS).unwrap();
    Server::start(Settings { auth: Auth::Verify, directory, ..ample() })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// One call and what may be wrong with it.
struct Signing<'a> {
    key: &'a str,
    secret: &'a str,
    token: Option<&'a str>,
    service: &'a str,
    /// Seconds from the present to the date in it.
    ahead: i64,
    headers: Vec<(&'a str, String)>,
    body: String,
}

impl Signing<'_> {
    fn of<'a>(key: &'a str, secret: &'a str, operation: &str, body: &Value) -> Signing<'a> {
        let headers = vec![
            ("content-type", "application/x-amz-json-1.1".into()),
            ("host", "localhost".into()),
            ("x-amz-target", format!("TrentService.{operation}")),
        ];
        Signing { key, secret, token: None, service: "kms", ahead: 0, headers, body: body.to_string() }
    }

    fn form<'a>(key: &'a str, secret: &'a str, body: &str) -> Signing<'a> {
        let kind = "application/x-www-form-urlencoded".to_string();
        let headers = vec![("content-type", kind), ("host", "localhost".into())];
        Signing { key, secret, token: None, service: "sts", ahead: 0, headers, body: body.into() }
    }

    /// The request's head without its end, and the body.
    fn text(&self) -> (String, String) {
        let now = jiff::Timestamp::from_millisecond(epoch_millis() + 1_000 * self.ahead).unwrap();
        let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut headers = self.headers.clone();
        headers.push(("x-amz-date", stamp.clone()));
        headers.extend(self.token.map(|token| ("x-amz-security-token", token.to_string())));
        headers.sort();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let hash = |bytes: &[u8]| hex(digest::digest(&digest::SHA256, bytes).as_ref());
        let canonical = format!("POST\n/\n\n{lines}\n{names}\n{}", hash(self.body.as_bytes()));
        let scope = format!("{}/eu-west-1/{}/aws4_request", &stamp[..8], self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hash(canonical.as_bytes()));
        let mac = |key: &[u8], text: &str| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
        };
        let first = format!("AWS4{}", self.secret).into_bytes();
        let key = scope.split('/').fold(first, |key, part| mac(&key, part));
        let signature = hex(&mac(&key, &to_sign));
        let sent: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!(
            "POST / HTTP/1.1\r\n{sent}Authorization: AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, \
             Signature={signature}\r\n",
            self.key
        );
        (head, self.body.clone())
    }

    fn send(&self, to: &Server) -> Reply {
        self.send_changed(to, |_, _| {})
    }

    /// Sends it changed after it was signed.
    fn send_changed(&self, to: &Server, change: impl Fn(&mut String, &mut String)) -> Reply {
        let (mut head, mut body) = self.text();
        change(&mut head, &mut body);
        let mut peer = to.connect();
        peer.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
        peer.reply().expect("an answer")
    }
}

fn code(reply: &Reply) -> String {
    assert!(reply.status == 200 || reply.status == 400, "{}", reply.status);
    reply.json()["__type"].as_str().unwrap_or("ok").rsplit('#').next().unwrap().to_string()
}

/// What stands in an element of an XML answer.
fn element(reply: &Reply, name: &str) -> String {
    let text = reply.text();
    let inner = text.split(&format!("<{name}>")).nth(1).and_then(|rest| rest.split('<').next());
    inner.unwrap_or_else(|| panic!("no {name} in {text}")).to_string()
}

fn random() -> Value {
    json!({ "NumberOfBytes": 8 })
}

#[test]
fn whatever_is_wrong_with_a_signature_has_the_code_of_aws() {
    let server = verifying();
    let good = || Signing::of("AKIAANN", "hush", "GenerateRandom", &random());
    assert_eq!(code(&good().send(&server)), "ok");
    let wrong: [(&str, Signing<'_>, &str); 6] = [
        ("secret", Signing { secret: "hush!", ..good() }, "InvalidSignatureException"),
        ("key", Signing { key: "AKIABOB", ..good() }, "UnrecognizedClientException"),
        ("past", Signing { ahead: -16 * 60, ..good() }, "InvalidSignatureException"),
        ("future", Signing { ahead: 16 * 60, ..good() }, "InvalidSignatureException"),
        ("service", Signing { service: "s3", ..good() }, "InvalidSignatureException"),
        ("token", Signing { token: Some("bm9uZQ=="), ..good() }, "UnrecognizedClientException"),
    ];
    for (what, call, expected) in wrong {
        assert_eq!(code(&call.send(&server)), expected, "{what}");
    }
    for ahead in [-14 * 60, 14 * 60] {
        assert_eq!(code(&Signing { ahead, ..good() }.send(&server)), "ok", "{ahead} seconds are near enough");
    }
    let changed = |change: &dyn Fn(&mut String, &mut String)| code(&good().send_changed(&server, change));
    let invalid = "InvalidSignatureException";
    assert_eq!(changed(&|_, body| *body = body.replace('8', "9")), invalid, "body");
    assert_eq!(changed(&|head, _| *head = head.replace("GenerateRandom", "ListKeys")), invalid, "operation");
    assert_eq!(changed(&|head, _| *head = head.replace("host: localhost", "host: elsewhere")), invalid);
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
fn a_web_identity_needs_no_signature_and_a_role_that_trusts_its_provider() {
    let server = verifying();
    let ask = |role: &str, claims: Value| {
        let token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let body = format!(
            "Action=AssumeRoleWithWebIdentity&RoleArn=arn:aws:iam::123456789012:role/{role}&RoleSessionName=s1\
             &WebIdentityToken={token}"
        );
        let mut peer = server.connect();
        let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n";
        peer.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
        peer.reply().expect("an answer")
    };
    let claims = |iss: &str, sub: &str| json!({ "iss": iss, "sub": sub, "aud": "sts.amazonaws.com" });
    let lent = ask("ci", claims("https://ci.example/jobs", "main"));
    assert_eq!(lent.status, 200, "{}", lent.text());
    assert_eq!(element(&lent, "SubjectFromWebIdentityToken"), "main");
    let [key, secret, token] =
        ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| element(&lent, name));
    let made = Signing { token: Some(&token), ..Signing::of(&key, &secret, "CreateKey", &json!({})) };
    assert_eq!(code(&made.send(&server)), "ok");
    for (role, iss, sub) in [
        ("ci", "https://ci.example/jobs", "fork"),
        ("ci", "https://other.example/jobs", "main"),
        ("app", "https://ci.example/jobs", "main"),
        ("nobody", "https://ci.example/jobs", "main"),
    ] {
        let refused = ask(role, claims(iss, sub));
        assert_eq!(
            (refused.status, element(&refused, "Code").as_str()),
            (403, "AccessDenied"),
            "{role} {iss} {sub}"
        );
    }
}
