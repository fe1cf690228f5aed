//! STS over a socket: who is lent which session, what the session may do, and who is lent none.

use crate::signing::{Signing, code, element, random};
use crate::socket::{Reply, Server, ample};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keystorm::clock::epoch_millis;
use keystorm::kms::access::{AccessKey, Directory};
use keystorm::server::{Auth, Settings};
use serde_json::{Value, json};

const OWN: &str = "123456789012";

/// A statement; whom it names if it is for a trust policy.
fn allow(who: Option<Value>, actions: Value, conditions: Value) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Action": actions, "Condition": conditions });
    match who {
        Some(who) => statement["Principal"] = who,
        None => statement["Resource"] = json!("*"),
    }
    statement
}

fn policy(statements: Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn role(path: &str, trust: Value, actions: Value) -> Value {
    json!({ "arn": format!("arn:aws:iam::{OWN}:role/{path}"), "trust": policy(trust),
            "policies": [policy(json!([allow(None, actions, json!({}))]))] })
}

fn ann() -> Value {
    json!({ "arn": format!("arn:aws:iam::{OWN}:user/ann"), "accessKeys": [{ "id": "AKIAANN", "secret": "hush" }],
            "policies": [policy(json!([allow(None, json!(["kms:*", "sts:*"]), json!({}))]))] })
}

fn by_ann() -> Value {
    json!({ "AWS": format!("arn:aws:iam::{OWN}:user/ann") })
}

fn server(auth: Auth, file: &Value) -> Server {
    let mut directory = Directory::parse(&file.to_string()).unwrap();
    let key = AccessKey { id: "AKIAROOT".into(), secret: b"root".as_slice().into() };
    directory.add_root_key(OWN, "eu-west-1", key).unwrap();
    Server::start(Settings { auth, ..ample() }.emulating(|emulator| emulator.directory = directory))
}

fn verifying(principals: Value) -> Server {
    server(Auth::Verify, &json!({ "principals": principals }))
}

/// What is lent, and calls with it.
struct Lent(String, String, String);

impl Lent {
    fn read(reply: &Reply) -> Lent {
        assert_eq!(reply.status, 200, "{}", reply.text());
        let [key, secret, token] =
            ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| element(reply, name));
        Lent(key, secret, token)
    }

    fn call(&self, server: &Server, operation: &str, body: &Value) -> Reply {
        let signing = Signing::of(&self.0, &self.1, operation, body);
        Signing { token: Some(&self.2), ..signing }.send(server)
    }

    fn code(&self, server: &Server, operation: &str, body: &Value) -> String {
        code(&self.call(server, operation, body))
    }

    fn sts(&self, server: &Server, body: &str) -> Reply {
        Signing { token: Some(&self.2), ..Signing::form(&self.0, &self.1, body) }.send(server)
    }
}

fn assume(path: &str, more: &str) -> String {
    let arn = if path.starts_with("arn:") { path.into() } else { format!("arn:aws:iam::{OWN}:role/{path}") };
    let session = if more.contains("RoleSessionName") { "" } else { "&RoleSessionName=s1" };
    format!("Action=AssumeRole&Version=2011-06-15&RoleArn={arn}{session}{more}")
}

/// Status and code of what is refused, `(200, "ok")` for the rest.
fn verdict(reply: &Reply) -> (u16, String) {
    (reply.status, if reply.status == 200 { "ok".into() } else { element(reply, "Code") })
}

fn by(server: &Server, who: (&str, &str), body: &str) -> Reply {
    Signing::form(who.0, who.1, body).send(server)
}

const ANN: (&str, &str) = ("AKIAANN", "hush");
const ROOT: (&str, &str) = ("AKIAROOT", "root");

/// A provider of identities, whose key is made here.
struct Provider(EcdsaKeyPair);

impl Provider {
    fn new() -> Provider {
        Provider(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn entry(&self) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        json!({ "arn": format!("arn:aws:iam::{OWN}:oidc-provider/ci.example/jobs"), "audiences": ["sts.amazonaws.com"],
                "jwks": { "keys": [{ "kty": "EC", "crv": "P-256", "x": x, "y": y }] } })
    }

    fn token(&self, changes: &Value) -> String {
        let now = epoch_millis() / 1_000;
        let mut claims = json!({ "iss": "https://ci.example/jobs", "sub": "main", "aud": "sts.amazonaws.com",
                                 "nbf": now - 60, "exp": now + 600 });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let [header, claims] =
            [json!({ "alg": "ES256" }), claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let text = format!("{header}.{claims}");
        let signature = self.0.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

fn web(server: &Server, arn: &str, token: &str) -> Reply {
    let body =
        format!("Action=AssumeRoleWithWebIdentity&RoleArn={arn}&RoleSessionName=s1&WebIdentityToken={token}");
    let mut peer = server.connect();
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    peer.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
    peer.reply().expect("an answer")
}

fn ci_role() -> Value {
    let provider = json!({ "Federated": format!("arn:aws:iam::{OWN}:oidc-provider/ci.example/jobs") });
    let only_main = json!({ "StringEquals": { "ci.example/jobs:sub": "main", "ci.example/jobs:aud": "sts.amazonaws.com" } });
    let actions = json!(["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]);
    role("team/ci", json!([allow(Some(provider), actions, only_main)]), json!("kms:*"))
}

#[test]
fn a_web_identity_is_checked_against_the_keys_of_a_provider_that_the_role_trusts() {
    let (provider, other) = (Provider::new(), Provider::new());
    let open = json!({ "principals": [
        ann(), ci_role(),
        role("anyone", json!([allow(Some(json!("*")), json!("sts:*"), json!({}))]), json!("kms:*")),
    ], "providers": [provider.entry()] });
    let server = server(Auth::Verify, &open);
    let ci = format!("arn:aws:iam::{OWN}:role/team/ci");
    let good = provider.token(&json!({}));
    let lent = web(&server, &ci, &good);
    assert_eq!(element(&lent, "SubjectFromWebIdentityToken"), "main");
    assert_eq!(element(&lent, "Arn"), format!("arn:aws:sts::{OWN}:assumed-role/ci/s1"));
    assert_eq!(Lent::read(&lent).code(&server, "CreateKey", &json!({})), "ok");
    let now = epoch_millis() / 1_000;
    let unsigned = |claims: Value| {
        let [header, claims] =
            [json!({ "alg": "none" }), claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        format!("{header}.{claims}.")
    };
    let admin =
        json!({ "iss": "https://ci.example/jobs", "sub": "main", "aud": "sts.amazonaws.com", "exp": 1 });
    let (invalid, expired) = ((400, "InvalidIdentityToken"), (400, "ExpiredTokenException"));
    let unlisted = "arn:aws:iam::999999999999:role/admin";
    let unknown = format!("arn:aws:iam::{OWN}:role/unknown");
    let anyone = format!("arn:aws:iam::{OWN}:role/anyone");
    for (what, arn, token, expected) in [
        ("unsigned and expired", ci.as_str(), unsigned(admin.clone()), invalid),
        ("unsigned, another account", unlisted, unsigned(admin.clone()), invalid),
        ("unsigned, a role that is not there", &unknown, unsigned(admin), invalid),
        ("another's signature", &ci, other.token(&json!({})), invalid),
        ("expired", &ci, provider.token(&json!({ "exp": now - 1 })), expired),
        ("not yet", &ci, provider.token(&json!({ "nbf": now + 600 })), invalid),
        ("another audience", &ci, provider.token(&json!({ "aud": "other" })), invalid),
        ("another issuer", &ci, provider.token(&json!({ "iss": "https://other.example" })), invalid),
        ("another subject", &ci, provider.token(&json!({ "sub": "fork" })), (403, "AccessDenied")),
        ("a provider of another account", unlisted, good.clone(), invalid),
        ("a role that is not there", &unknown, good.clone(), (403, "AccessDenied")),
        ("a trust that names no provider", &anyone, good.clone(), (403, "AccessDenied")),
        ("no token", &ci, "x.y".into(), invalid),
    ] {
        let refused = web(&server, arn, &token);
        assert_eq!(verdict(&refused), (expected.0, expected.1.to_string()), "{what}: {}", refused.text());
    }
    let tagged = json!({ "https://aws.amazon.com/tags": { "principal_tags": { "team": ["red"] } } });
    assert_eq!(web(&server, &ci, &provider.token(&tagged)).status, 200, "the trust allows sts:TagSession");
}

#[test]
fn a_server_with_nothing_but_a_root_key_lends_no_session_to_anybody() {
    let server = verifying(json!([]));
    let token = Provider::new().token(&json!({}));
    for account in [OWN, "999999999999"] {
        let refused = web(&server, &format!("arn:aws:iam::{account}:role/admin"), &token);
        assert_eq!(verdict(&refused), (400, "InvalidIdentityToken".into()));
    }
    assert_eq!(verdict(&by(&server, ROOT, &assume("admin", ""))), (403, "AccessDenied".into()));
    assert_eq!(code(&Signing::of(ROOT.0, ROOT.1, "CreateKey", &json!({})).send(&server)), "ok");
    let listed = server.told("GET", "principals", json!(null));
    assert_eq!(listed["principals"], json!([format!("arn:aws:iam::{OWN}:root")]));
}

#[test]
fn root_users_assume_no_roles() {
    let anyone = json!([allow(Some(json!({ "AWS": OWN })), json!("sts:AssumeRole"), json!({}))]);
    let principals = json!([ann(), role("app", anyone, json!("kms:*"))]);
    let server_of = |auth| server(auth, &json!({ "principals": principals }));
    let refused = by(&server_of(Auth::Verify), ROOT, &assume("app", ""));
    assert_eq!(verdict(&refused), (403, "AccessDenied".into()));
    assert_eq!(element(&refused, "Message"), "Roles may not be assumed by root accounts.");
    assert_eq!(by(&server_of(Auth::Verify), ANN, &assume("app", "")).status, 200);
    assert_eq!(by(&server_of(Auth::Off), ROOT, &assume("app", "")).status, 200, "nothing is checked");
}

#[test]
fn a_session_of_a_role_with_a_path_is_that_role_and_no_other() {
    let trust = || json!([allow(Some(by_ann()), json!("sts:AssumeRole"), json!({}))]);
    for auth in [Auth::Verify, Auth::Off] {
        let listed = role("team/x", trust(), json!(["kms:GenerateRandom", "kms:DescribeKey"]));
        let server = server(auth, &json!({ "principals": [ann(), listed] }));
        let lent = by(&server, ANN, &assume("team/x", ""));
        assert_eq!(element(&lent, "Arn"), format!("arn:aws:sts::{OWN}:assumed-role/x/s1"));
        let id = element(&lent, "AssumedRoleId");
        assert!(id.starts_with("AROA") && id.ends_with(":s1"), "{id}");
        let lent = Lent::read(&lent);
        assert_eq!(element(&lent.sts(&server, "Action=GetCallerIdentity"), "UserId"), id);
        assert_eq!(lent.code(&server, "GenerateRandom", &random()), "ok", "{auth:?}");
        assert_eq!(
            lent.code(&server, "CreateKey", &json!({})),
            "AccessDeniedException",
            "{auth:?}: no administrator"
        );
        let path = format!("arn:aws:iam::{OWN}:role/team/x");
        let root =
            json!({ "Effect": "Allow", "Principal": { "AWS": OWN }, "Action": "kms:*", "Resource": "*" });
        let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "kms:DescribeKey", "Resource": "*",
                           "Condition": { "ArnEquals": { "aws:PrincipalArn": path } } });
        let named = json!({ "Effect": "Deny", "Principal": { "AWS": path }, "Action": "kms:DescribeKey", "Resource": "*" });
        for (statements, expected) in [
            (vec![root.clone()], "ok"),
            (vec![root.clone(), deny], "AccessDeniedException"),
            (vec![root.clone(), named], "AccessDeniedException"),
        ] {
            let body = json!({ "Policy": policy(json!(statements)).to_string() });
            let made = Signing::of(ANN.0, ANN.1, "CreateKey", &body).send(&server);
            assert_eq!(code(&made), "ok", "{}", made.text());
            let key = json!({ "KeyId": made.json()["KeyMetadata"]["KeyId"] });
            assert_eq!(lent.code(&server, "DescribeKey", &key), expected, "{auth:?} {statements:?}");
        }
    }
}

#[test]
fn a_role_of_an_account_that_is_not_listed_leaves_it_to_the_callers_own_policies() {
    let poor = json!({ "arn": format!("arn:aws:iam::{OWN}:user/poor"),
                       "accessKeys": [{ "id": "AKIAPOOR", "secret": "hush" }] });
    let file = json!({ "principals": [ann(), poor] });
    let body = assume("arn:aws:iam::999999999999:role/admin", "");
    let off = server(Auth::Off, &file);
    assert_eq!(by(&off, ANN, &body).status, 200);
    assert_eq!(verdict(&by(&off, ("AKIAPOOR", "hush"), &body)), (403, "AccessDenied".into()));
    assert_eq!(by(&off, ("nobody", "x"), &body).status, 200, "an unknown access key is a root user's");
    let verify = server(Auth::Verify, &file);
    for who in [ANN, ("AKIAPOOR", "hush")] {
        assert_eq!(verdict(&by(&verify, who, &body)), (403, "AccessDenied".into()));
    }
}

#[test]
fn session_tags_are_tags_of_the_principal_where_the_trust_allows_them() {
    let trust = |actions: Value| json!([allow(Some(by_ann()), actions, json!({}))]);
    let red = json!({ "StringEquals": { "aws:PrincipalTag/team": "red" } });
    let only_red = policy(json!([allow(None, json!("kms:GenerateRandom"), red)]));
    let mut tagged =
        role("tagged", trust(json!(["sts:AssumeRole", "sts:TagSession"])), json!("kms:ListKeys"));
    tagged["policies"] = json!([only_red]);
    tagged["tags"] = json!({ "Team": "blue" });
    let server =
        verifying(json!([ann(), tagged, role("plain", trust(json!("sts:AssumeRole")), json!("kms:*"))]));
    let tag = |value: &str| format!("&Tags.member.1.Key=team&Tags.member.1.Value={value}");
    for (tags, expected) in [
        (tag("red"), "ok"),
        (tag("green"), "AccessDeniedException"),
        (String::new(), "AccessDeniedException"),
    ] {
        let lent = Lent::read(&by(&server, ANN, &assume("tagged", &tags)));
        assert_eq!(lent.code(&server, "GenerateRandom", &random()), expected, "{tags}");
    }
    let refused = by(&server, ANN, &assume("plain", &tag("red")));
    assert_eq!(verdict(&refused), (403, "AccessDenied".into()));
    assert!(element(&refused, "Message").contains("sts:TagSession"));
    let onward =
        by(&server, ANN, &assume("tagged", &format!("{}&TransitiveTagKeys.member.1=team", tag("red"))));
    assert_eq!(verdict(&onward), (400, "ValidationError".into()), "refused, not passed over");
}

#[test]
fn sessions_last_as_long_as_their_role_says_and_an_hour_when_chained() {
    let trust = |who: Value| json!([allow(Some(who), json!("sts:AssumeRole"), json!({}))]);
    let mut long = role("long", trust(by_ann()), json!(["kms:*", "sts:*"]));
    long["maxSessionDuration"] = json!(43_200);
    let mut next =
        role("next", trust(json!({ "AWS": format!("arn:aws:iam::{OWN}:role/long") })), json!("kms:*"));
    next["maxSessionDuration"] = json!(43_200);
    let server = verifying(json!([ann(), long, next, role("usual", trust(by_ann()), json!("kms:*"))]));
    let lasting =
        |role: &str, seconds: u32| by(&server, ANN, &assume(role, &format!("&DurationSeconds={seconds}")));
    for (role, seconds, expected) in [
        ("usual", 3_600, "ok"),
        ("usual", 3_601, "exceeds the MaxSessionDuration set for this role"),
        ("long", 43_200, "ok"),
        ("long", 43_201, "less than or equal to 43200"),
        ("long", 899, "greater than or equal to 900"),
    ] {
        let said = lasting(role, seconds);
        match expected {
            "ok" => assert_eq!(said.status, 200, "{role} {seconds}"),
            why => assert!(element(&said, "Message").contains(why), "{role} {seconds}: {}", said.text()),
        }
    }
    let lent = Lent::read(&lasting("long", 43_200));
    assert_eq!(lent.sts(&server, &assume("next", "&DurationSeconds=3600")).status, 200);
    let chained = lent.sts(&server, &assume("next", "&DurationSeconds=3601"));
    assert!(element(&chained, "Message").contains("1 hour session limit for roles assumed by role chaining"));
    let plus = by(&server, ANN, &assume("usual", "&RoleSessionName=a%2Bb%3Dc@d"));
    assert_eq!(element(&plus, "Arn"), format!("arn:aws:sts::{OWN}:assumed-role/usual/a+b=c@d"));
    let space = by(&server, ANN, &assume("usual", "&RoleSessionName=a+b"));
    assert_eq!(verdict(&space), (400, "ValidationError".into()));
}

#[test]
fn a_trust_policy_can_ask_for_whatever_a_key_policy_can() {
    let trust = |name: &str, operator: &str, key: &str, value: &str| {
        role(
            name,
            json!([allow(Some(by_ann()), json!("sts:AssumeRole"), json!({ operator: { key: value } }))]),
            json!("kms:*"),
        )
    };
    let server = verifying(json!([
        ann(),
        trust("external", "StringEquals", "sts:ExternalId", "e-7"),
        trust("named", "StringEquals", "sts:RoleSessionName", "night"),
        trust("near", "IpAddress", "aws:SourceIp", "127.0.0.0/8"),
        trust("far", "IpAddress", "aws:SourceIp", "10.0.0.0/8"),
        trust("now", "DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"),
        trust("over", "DateLessThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"),
        trust("user", "StringEquals", "aws:username", "ann"),
        trust("secure", "Bool", "aws:SecureTransport", "true"),
    ]));
    for (role, more, status) in [
        ("external", "&ExternalId=e-7", 200),
        ("external", "&ExternalId=e-8", 403),
        ("external", "", 403),
        ("named", "&RoleSessionName=night", 200),
        ("named", "", 403),
        ("near", "", 200),
        ("far", "", 403),
        ("now", "", 200),
        ("over", "", 403),
        ("user", "", 200),
        ("secure", "", 200),
    ] {
        let said = by(&server, ANN, &assume(role, more));
        assert_eq!(said.status, status, "{role} {more}: {}", said.text());
    }
}

#[test]
fn principals_are_added_while_the_server_runs() {
    let server = verifying(json!([ann()]));
    let bob = |actions: &str| {
        json!({ "arn": format!("arn:aws:iam::{OWN}:user/bob"), "accessKeys": [{ "id": "AKIABOB", "secret": "hush" }],
                "policies": [policy(json!([allow(None, json!(actions), json!({}))]))] })
    };
    let call =
        |operation: &str, body: Value| code(&Signing::of("AKIABOB", "hush", operation, &body).send(&server));
    assert_eq!(call("GenerateRandom", random()), "UnrecognizedClientException");
    let by_bob = json!({ "Policy": policy(json!([{ "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": { "AWS": [format!("arn:aws:iam::{OWN}:user/bob"), OWN] } }])).to_string() });
    let make = || code(&Signing::of(ANN.0, ANN.1, "CreateKey", &by_bob).send(&server));
    assert_eq!(make(), "MalformedPolicyDocumentException", "nobody is called bob yet");
    let told = server.told("PUT", "principals", json!({ "principals": [bob("kms:GenerateRandom")] }));
    assert_eq!(told["principals"].as_array().unwrap().len(), 3, "{told}");
    assert_eq!(make(), "ok");
    assert_eq!(call("GenerateRandom", random()), "ok");
    assert_eq!(call("ListKeys", json!({})), "AccessDeniedException");
    server.told("PUT", "principals", json!({ "principals": [bob("kms:ListKeys")] }));
    assert_eq!(call("GenerateRandom", random()), "AccessDeniedException", "its policies are those put last");
    assert_eq!(call("ListKeys", json!({})), "ok");
    let taken = json!({ "principals": [{ "arn": format!("arn:aws:iam::{OWN}:user/eve"),
                                         "accessKeys": [{ "id": "AKIAANN", "secret": "mine" }] }] });
    let refused = server.admin("PUT", "principals", &taken.to_string());
    assert!(refused.status == 400 && refused.text().contains("AKIAANN is there twice"), "{}", refused.text());
    assert!(!server.admin("GET", "principals", "").text().contains("hush"), "no secret is shown");
    let asks = json!({ "principals": [{ "arn": format!("arn:aws:iam::{OWN}:user/eve"), "policies":
        [policy(json!([allow(None, json!("kms:*"), json!({ "StringEquals": { "aws:SourceVpc": "x" } }))]))] }] });
    assert!(
        server.told("PUT", "principals", asks)["warnings"][0].as_str().unwrap().contains("aws:sourcevpc")
    );
}
