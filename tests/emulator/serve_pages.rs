//! What a web page that somebody looks at can do to a server on the same machine: nothing.

use crate::socket::{Peer, Reply, Server, ample, call};
use keystorm::server::Settings;
use serde_json::json;

/// Sends a head of these lines and a body.
fn send(server: &Server, first: &str, lines: &[&str], body: &str) -> Reply {
    let mut peer: Peer = server.connect();
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let text = format!("{first} HTTP/1.1\r\n{lines}Content-Length: {}\r\n\r\n{body}", body.len());
    peer.send(text.as_bytes()).unwrap();
    peer.reply().expect("an answer")
}

const JSON: &str = "Content-Type: application/json";

#[test]
fn a_page_of_another_origin_changes_nothing() {
    let server = Server::start(ample());
    let key = server.key();
    let reset = "POST /_keystorm/reset";
    for (lines, status) in [
        (&["Host: localhost", "Origin: http://evil.example", "Content-Type: text/plain"][..], 415),
        (&["Host: localhost", "Origin: http://evil.example", JSON], 403),
        (&["Host: localhost", "Origin: null", JSON], 403),
        (&["Host: localhost", "Sec-Fetch-Site: cross-site", JSON], 403),
        (&["Host: localhost", "Sec-Fetch-Site: same-site", JSON], 403),
        (&["Host: localhost"], 415),
        (&["Host: localhost", "Content-Type: application/x-www-form-urlencoded"], 415),
        (&["Host: evil.example", JSON], 403),
        (&["Host: localhost.evil.example", JSON], 403),
    ] {
        let reply = send(&server, reset, lines, "");
        assert_eq!(reply.status, status, "{lines:?}: {}", reply.text());
        assert_eq!(server.call("DescribeKey", json!({ "KeyId": key })).0, 200, "{lines:?} empties nothing");
    }
    for (first, body) in [
        ("PUT /_keystorm/quotas", r#"{"symmetric":"1/s"}"#),
        ("PUT /_keystorm/faults", "[]"),
        ("DELETE /_keystorm/faults", ""),
        ("POST /_keystorm/clock", r#"{"advance":"1s"}"#),
        ("PUT /_keystorm/principals", r#"{"principals":[]}"#),
    ] {
        assert_eq!(send(&server, first, &["Host: localhost"], body).status, 415, "{first}");
        let foreign = ["Host: localhost", JSON, "Origin: http://evil.example"];
        assert_eq!(send(&server, first, &foreign, body).status, 403, "{first}");
        assert_eq!(send(&server, first, &["Host: localhost", JSON], body).status, 200, "{first}");
    }
    let own = [
        "Host: localhost:8080",
        "Origin: http://localhost:8080",
        "Content-Type: application/json; charset=utf-8",
    ];
    assert_eq!(send(&server, reset, &own, "").status, 200);
    assert_eq!(server.call("DescribeKey", json!({ "KeyId": key })).0, 400, "it is empty");
}

#[test]
fn a_name_that_is_not_the_servers_reads_nothing_and_uses_no_key() {
    let server = Server::start(Settings { host_names: vec!["kms.example".into()], ..ample() });
    let key = server.key();
    for host in ["evil.example", "127.0.0.1.evil.example:80", "kms"] {
        let line = format!("Host: {host}");
        for first in [
            "GET /_keystorm/state",
            "GET /_keystorm/metrics",
            "GET /_keystorm/health",
            "GET /?Action=GetCallerIdentity",
        ] {
            let reply = send(&server, first, &[&line], "");
            assert_eq!(reply.status, 403, "{first} {host}");
            assert!(reply.text().contains("--host-name"), "{}", reply.text());
        }
        let call = String::from_utf8(call("DescribeKey", &json!({ "KeyId": key }))).unwrap();
        let mut peer = server.connect();
        peer.send(call.replace("Host: localhost", &line).as_bytes()).unwrap();
        let reply = peer.reply().unwrap();
        assert_eq!((reply.status, &reply.json()["__type"]), (403, &json!("AccessDeniedException")), "{host}");
    }
    for host in ["kms.example:8080", "127.0.0.1", "[::1]:80", "localhost:1", "10.0.0.1"] {
        let reply = send(&server, "GET /_keystorm/state", &[&format!("Host: {host}")], "");
        assert_eq!(reply.status, 200, "{host}");
    }
    let two = send(&server, "GET /_keystorm/state", &["Host: localhost", "Host: evil.example"], "");
    assert!(matches!(two.status, 400 | 403), "{}", two.status);
    let absolute = send(&server, "GET http://evil.example/_keystorm/state", &["Host: localhost"], "");
    assert_eq!(absolute.status, 403);
}

#[test]
fn a_page_asks_sts_for_nothing() {
    let server = Server::start(ample());
    let form = "Content-Type: application/x-www-form-urlencoded";
    let body = "Action=AssumeRole&RoleArn=arn:aws:iam::123456789012:role/a&RoleSessionName=s1";
    assert_eq!(send(&server, "POST /", &["Host: localhost", form], body).status, 200);
    let foreign = ["Host: localhost", form, "Origin: http://evil.example"];
    assert_eq!(send(&server, "POST /", &foreign, body).status, 403);
    let fetched = ["Host: localhost", "Sec-Fetch-Site: cross-site"];
    assert_eq!(send(&server, &format!("GET /?{body}"), &fetched, "").status, 403);
}

#[test]
fn a_call_for_another_service_is_told_what_to_set() {
    let server = Server::start(ample());
    let scope = |service: &str| {
        format!(
            "Authorization: AWS4-HMAC-SHA256 Credential=AKIA/20261124/eu-west-1/{service}/aws4_request, \
             SignedHeaders=host, Signature=0"
        )
    };
    let target = |name: &str| format!("X-Amz-Target: {name}");
    let form = "Content-Type: application/x-www-form-urlencoded".to_string();
    for (first, line, body) in [
        ("POST /", target("DynamoDB_20120810.ListTables"), "{}"),
        ("POST /", target("secretsmanager.GetSecretValue"), "{}"),
        ("GET /bucket?list-type=2", scope("s3"), ""),
        ("POST /2015-03-31/functions", scope("lambda"), "{}"),
        ("POST /", form.clone(), "Action=ListQueues&Version=2012-11-05"),
        ("POST /", form, "Action=CreateRole&Version=2010-05-08"),
    ] {
        let reply = send(&server, first, &["Host: localhost", &line], body);
        assert_eq!(reply.status, 400, "{first} {line}");
        assert!(reply.text().contains("AWS_ENDPOINT_URL_KMS"), "{first} {line}: {}", reply.text());
    }
    let brew = send(&server, "POST /", &["Host: localhost", &target("TrentService.Brew")], "{}");
    assert_eq!(brew.json(), json!({ "__type": "UnknownOperationException" }), "KMS's own word for its own");
}
