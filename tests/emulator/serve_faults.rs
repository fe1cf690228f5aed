//! Faults over a socket: whom they are for, when they begin, what they answer, how an answer comes; LocalStack's chaos
//! API; experiments of AWS FIS.

use crate::signing::{Signing, element};
use crate::socket::{Peer, Process, Reply, Server, admin, ample, call, keystorm};
use keystorm::clock::Stopwatch;
use keystorm::kms::access::Directory;
use keystorm::time::Span;
use keystorm::units::Rate;
use serde_json::{Value, json};
use std::io::Read as _;

fn code(answer: &(u16, Value)) -> (u16, String) {
    (answer.0, answer.1["__type"].as_str().unwrap_or("ok").to_string())
}

fn ok() -> (u16, String) {
    (200, "ok".into())
}

fn random(server: &Server) -> (u16, String) {
    code(&server.call("GenerateRandom", json!({ "NumberOfBytes": 8 })))
}

#[test]
fn a_fault_lets_so_many_pass_and_answers_the_error_it_was_told() {
    let server = Server::start(ample());
    let fault =
        json!([{ "kind": "error", "errorCode": "DependencyTimeoutException", "next": 1, "after": 2 }]);
    let shown = server.told("PUT", "faults", fault);
    assert_eq!(
        (&shown["faults"][0]["after"], &shown["faults"][0]["kind"]["error"]["status"]),
        (&json!(2), &json!(500))
    );
    let seen: Vec<(u16, String)> = (0..4).map(|_| random(&server)).collect();
    assert_eq!(seen, [ok(), ok(), (500, "DependencyTimeoutException".into()), ok()]);
    for (given, expected) in [
        (json!({ "status": 503 }), (503, "ServiceUnavailable")),
        (json!({ "status": 500 }), (500, "KMSInternalException")),
        (json!({ "errorCode": "ExpiredTokenException" }), (400, "ExpiredTokenException")),
        (json!({ "errorCode": "RequestLimitExceeded", "status": 429 }), (429, "RequestLimitExceeded")),
    ] {
        let mut fault = given.clone();
        fault["kind"] = json!("error");
        fault["next"] = json!(1);
        server.told("PUT", "faults", json!([fault]));
        assert_eq!(random(&server), (expected.0, expected.1.to_string()), "{given}");
    }
    let untold = server.admin("PUT", "faults", r#"[{ "kind": "error", "status": 418, "next": 1 }]"#);
    assert!(
        untold.status == 400 && untold.text().contains("many errors have the status 418"),
        "{}",
        untold.text()
    );
    let metric = |outcome: &str| {
        server.metric(&format!("keystorm_calls_total{{operation=\"GenerateRandom\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!((metric("denied"), metric("refused"), metric("fault")), (1.0, 1.0, 3.0));
}

#[test]
fn faults_are_for_some_callers_keys_and_regions_only() {
    let directory = Directory::parse(
        "principals:\n  - arn: arn:aws:iam::123456789012:user/team/app\n    accessKeys: [ { id: AKIAAPP, secret: x } ]\n    \
         policies: [ { Version: \"2012-10-17\", Statement: [ { Effect: Allow, Action: 'kms:*', Resource: '*' } ] } ]\n",
    );
    let server = Server::start(ample().emulating(|emulator| emulator.directory = directory.unwrap()));
    let by = |key: &str, region: &str| {
        let body = json!({ "NumberOfBytes": 8 });
        let sent = Signing::of(key, "x", "GenerateRandom", &body)
            .send_changed(&server, |head, _| *head = head.replace("eu-west-1", region));
        sent.status
    };
    let put = |more: Value| {
        let mut fault = json!({ "kind": "error", "next": 1000 });
        fault.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        server.told("PUT", "faults", json!([fault]))
    };
    for principal in ["arn:aws:iam::123456789012:user/team/app", "arn:aws:iam::*:user/team/*"] {
        put(json!({ "principal": principal }));
        assert_eq!((by("AKIAAPP", "eu-west-1"), by("AKIAOTHER", "eu-west-1")), (500, 200), "{principal}");
    }
    put(json!({ "principal": "444455556666" }));
    assert_eq!((by("444455556666", "eu-west-1"), by("AKIAAPP", "eu-west-1")), (500, 200), "an account");
    put(json!({ "region": "eu-west-2" }));
    assert_eq!((by("AKIAAPP", "eu-west-2"), by("AKIAAPP", "eu-west-1")), (500, 200));

    server.told("DELETE", "faults", json!({}));
    let (one, other) = (server.key(), server.key());
    server.call("CreateAlias", json!({ "AliasName": "alias/a", "TargetKeyId": one }));
    let arn = format!("arn:aws:kms:us-east-1:123456789012:key/{one}");
    for named in [one.as_str(), &arn, "alias/a", "arn:aws:kms:us-east-1:123456789012:alias/a"] {
        put(json!({ "key": named, "operation": "Encrypt" }));
        let encrypt = |key: &str| server.call("Encrypt", json!({ "KeyId": key, "Plaintext": "eA==" })).0;
        let seen = [encrypt(&one), encrypt(&arn), encrypt("alias/a"), encrypt(&other)];
        assert_eq!(seen, [500, 500, 500, 200], "{named}");
    }
}

#[test]
fn an_answer_trickles_or_breaks_off() {
    let server = Server::start(ample());
    let key = server.key();
    // What arrives of an answer that breaks off: how long it says it is, and its body.
    let half = |operation: &str, input: Value| {
        server.told("PUT", "faults", json!([{ "kind": "truncate", "next": 1 }]));
        let mut peer = server.connect();
        peer.send(&call(operation, &input)).unwrap();
        let mut bytes = Vec::new();
        let _ = peer.0.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").expect("a whole head");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length =
            head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        (length.expect("a length"), body.len())
    };
    let (length, arrived): (usize, usize) = half("DisableKey", json!({ "KeyId": key }));
    assert_eq!(arrived, length / 2);
    let state = server.call("DescribeKey", json!({ "KeyId": key })).1;
    assert_eq!(state["KeyMetadata"]["KeyState"], "Disabled", "what was asked has been done");
    let (length, arrived) = half("GenerateRandom", json!({ "NumberOfBytes": 1000 }));
    assert!(length > 1_000 && arrived == length / 2, "{arrived} of {length}");
    assert_eq!(random(&server), ok());

    server.told("PUT", "faults", json!([{ "kind": "trickle", "by": "150ms", "next": 1 }]));
    let watch = Stopwatch::start();
    let whole = server.connect().call("GenerateRandom", &json!({ "NumberOfBytes": 1000 }));
    assert!(watch.elapsed() >= Span::from_millis(150), "{}", watch.elapsed());
    assert!(whole.status == 200 && whole.json()["Plaintext"].is_string(), "nothing of it is lost");
}

fn chaos(server: &Server, method: &str, path: &str, body: &str) -> Reply {
    let mut peer = server.connect();
    let length = body.len();
    let head = format!(
        "{method} /_localstack/chaos/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    peer.send(format!("{head}{body}").as_bytes()).unwrap();
    peer.reply().unwrap()
}

#[test]
fn scripts_for_localstacks_chaos_api_do_the_same_here() {
    let server = Server::start(ample());
    server.told("PUT", "faults", json!([{ "kind": "throttle", "next": 1, "operation": "ListKeys" }]));
    assert_eq!(chaos(&server, "GET", "faults", "").json(), json!([]));
    let rule = json!([{ "service": "kms", "region": "us-east-1" }]);
    assert_eq!(chaos(&server, "POST", "faults", &rule.to_string()).json(), rule);
    assert_eq!(random(&server), (503, "ServiceUnavailable".into()));
    let own = json!([{ "operation": "GenerateRandom", "probability": 1.0,
        "error": { "statusCode": 500, "code": "DatacentreNotFound" } }]);
    assert_eq!(chaos(&server, "POST", "faults", &own.to_string()).json(), own, "instead of the first");
    assert_eq!(random(&server), (500, "DatacentreNotFound".into()));
    assert_eq!(
        chaos(&server, "PATCH", "faults", r#"[{"region":"eu-west-3"}]"#).json().as_array().unwrap().len(),
        2
    );
    assert_eq!(
        chaos(&server, "DELETE", "faults", &own.to_string()).json(),
        json!([{ "region": "eu-west-3" }])
    );
    assert_eq!(random(&server), ok());
    let listed = server.told("GET", "faults", json!(null));
    assert_eq!(listed["faults"].as_array().unwrap().len(), 2, "ours is still there: {listed}");
    assert_eq!(chaos(&server, "DELETE", "faults", "[]").json(), json!([]));
    assert_eq!(chaos(&server, "POST", "effects", r#"{"latency":120}"#).json(), json!({ "latency": 120 }));
    assert_eq!(chaos(&server, "GET", "effects", "").json(), json!({ "latency": 120 }));
    let watch = Stopwatch::start();
    assert_eq!(random(&server), ok());
    assert!(watch.elapsed() >= Span::from_millis(120));
    chaos(&server, "POST", "effects", r#"{"latency":0}"#);
    for (path, body, word) in [
        ("faults", r#"[{"service":"s3"}]"#, "the service s3 is not here"),
        ("faults", r#"[{"operation":"Encript"}]"#, "no operation `Encript`"),
        ("faults", r#"[{"probability":2}]"#, "from 0 to 1"),
        ("faults", r#"[{"error":{"status":500}}]"#, "`status` is not known"),
        ("faults", r#"{}"#, "list of rules"),
        ("effects", r#"{"jitter":5}"#, "the only effect is `latency`"),
    ] {
        let reply = chaos(&server, "POST", path, body);
        assert!(reply.status == 400 && reply.text().contains(word), "{body}: {}", reply.text());
    }
    assert_eq!(chaos(&server, "POST", "nothing", "{}").status, 404);
    // A web page changes nothing here either.
    for (headers, status) in [
        ("Content-Type: text/plain\r\n", 415),
        ("Content-Type: application/json\r\nOrigin: http://evil.example\r\n", 403),
        ("Content-Type: application/json\r\n", 200),
    ] {
        let head = "POST /_localstack/chaos/faults HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n";
        let mut peer = server.connect();
        peer.send(format!("{head}{headers}\r\n[]").as_bytes()).unwrap();
        assert_eq!(peer.reply().unwrap().status, status, "{headers}");
    }
    server.told("POST", "reset", json!({}));
    assert_eq!(chaos(&server, "GET", "faults", "").json(), json!([]));
}

#[test]
fn throttled_calls_can_be_told_when_to_come_back() {
    let details = |tells_retry: bool| {
        let mut settings = ample();
        settings.emulator.tells_retry = tells_retry;
        settings.emulator.quotas.overrides.insert("symmetric".into(), Rate::per_second(1));
        let server = Server::start(settings);
        server.told("POST", "clock", json!({ "freeze": true }));
        random(&server);
        server.call("GenerateRandom", json!({ "NumberOfBytes": 8 })).1
    };
    let plain = details(false);
    assert_eq!(plain["__type"], "ThrottlingException");
    assert_eq!(plain.as_object().unwrap().len(), 2, "as KMS answers: {plain}");
    let told = details(true);
    assert_eq!((&told["retryAfterSeconds"], &told["serviceCode"]), (&json!(1), &json!("kms")));
    assert!(told["quotaCode"].as_str().unwrap().starts_with("L-"), "{told}");
}

#[test]
fn an_experiment_of_fis_strikes_its_role_for_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fis.json");
    let template = json!({
        "description": "KMS is throttled",
        "targets": { "app": { "resourceType": "aws:iam:role", "selectionMode": "ALL",
            "resourceArns": ["arn:aws:iam::123456789012:role/app"] } },
        "actions": { "throttle": { "actionId": "aws:fis:inject-api-throttle-error", "targets": { "Roles": "app" },
            "parameters": { "service": "kms", "operations": "GenerateRandom", "percentage": "100", "duration": "PT5M" } } },
        "stopConditions": [{ "source": "none" }], "roleArn": "arn:aws:iam::123456789012:role/fis",
    });
    std::fs::write(&path, template.to_string()).unwrap();
    let text = |path: &std::path::Path| path.display().to_string();
    let server = Process::start(&["--fault-template", &text(&path)]);
    let sent = |signing: Signing<'_>| {
        let (head, body) = signing.text();
        let mut peer = Peer::connect(server.1);
        peer.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
        peer.reply().unwrap()
    };
    let lent = |role: &str| {
        let arn = format!("arn:aws:iam::123456789012:role/{role}");
        let body = format!("Action=AssumeRole&Version=2011-06-15&RoleArn={arn}&RoleSessionName=s1");
        let reply = sent(Signing::form("AKIAANN", "x", &body));
        ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| element(&reply, name))
    };
    let (app, other) = (lent("app"), lent("other"));
    let ask = |[key, secret, token]: &[String; 3]| {
        let signing = Signing::of(key, secret, "GenerateRandom", &json!({ "NumberOfBytes": 8 }));
        let reply = sent(Signing { token: Some(token), ..signing });
        reply.json()["__type"].as_str().unwrap_or("ok").to_string()
    };
    assert_eq!((ask(&app), ask(&other)), ("ThrottlingException".into(), "ok".into()));
    admin(server.1, "POST", "clock", r#"{"advance":"5m"}"#, "");
    assert_eq!(ask(&app), "ok", "it is over");
    std::fs::write(&path, template.to_string().replace("\"kms\"", "\"ec2\"")).unwrap();
    let refused = keystorm().args(["serve", "--fault-template", &text(&path)]).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(2) && said.contains("ec2 is not here"), "{said}");
}
