//! The admin paths over a socket, and what a server writes down of the calls it has answered.

use crate::socket::{Peer, Reply, Server, admin, ample, call, until};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keystorm::clock::Stopwatch;
use keystorm::kms::Latency;
use keystorm::server::{Running, Settings, Tls};
use keystorm::time::Span;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConnection, StreamOwned};
use serde_json::{Value, json};
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

fn random() -> Value {
    json!({ "NumberOfBytes": 8 })
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["__type"].as_str().unwrap_or("ok").rsplit('#').next().unwrap())
}

#[test]
fn every_path_answers_and_every_wrong_body_is_told() {
    let server = Server::start(ample());
    assert_eq!(server.told("GET", "health", json!(null)), json!({ "status": "ok" }));
    for path in ["quotas", "faults", "clock", "state"] {
        assert!(server.told("GET", path, json!(null)).is_object(), "{path}");
    }
    for path in ["health", "quotas", "faults", "clock", "principals", "state", "metrics", "reset"] {
        assert_eq!(server.admin("BREW", path, "").status, 405, "{path}");
    }
    assert_eq!(server.admin("GET", "nothing", "").status, 404);
    let wrong = [
        ("quotas", "", "JSON"),
        ("quotas", "[]", "JSON object"),
        ("quotas", r#"{"symetric":"5/s"}"#, "symmetric"),
        ("quotas", r#"{"symetric":null}"#, "symetric"),
        ("quotas", r#"{"symmetric":"fast"}"#, "fast"),
        ("faults", "{", "JSON"),
        ("faults", "7", "list of faults"),
        ("faults", r#"{"kind":"trottle"}"#, "throttle"),
        ("faults", r#"{"kind":"throttle","next":-1}"#, "next"),
        ("faults", r#"{"kind":"throttle","next":1,"operation":"Encript"}"#, "Encrypt"),
        ("principals", "[]", "JSON object"),
        ("principals", r#"{"principals":[{"arn":"ann"}]}"#, "principals[0].arn"),
        ("principals", r#"{"principal":[]}"#, "did you mean `principals`?"),
        ("clock", "[]", "JSON object"),
        ("clock", r#"{"advence":"1s"}"#, "advence"),
        ("clock", r#"{"advance":7}"#, "duration"),
        ("clock", r#"{"advance":"soon"}"#, "advance"),
        ("clock", r#"{"freeze":"yes"}"#, "true or false"),
        ("clock", r#"{"set":"tomorrow"}"#, "date"),
        ("clock", r#"{"set":"2001-01-01T00:00:00Z"}"#, "never goes back"),
    ];
    for (path, body, word) in wrong {
        let reply = server.admin("PUT", path, body);
        assert_eq!(reply.status, 400, "{path} {body}: {}", reply.text());
        let why = reply.json()["error"].as_str().expect("a sentence").to_string();
        assert!(why.contains(word), "{path} {body}: {why}");
    }
    assert_eq!(server.told("GET", "faults", json!(null))["faults"], json!([]), "nothing wrong is kept");
}

#[test]
fn faults_strike_as_they_say() {
    let server = Server::start(ample());
    let key = server.key();
    let put = |fault: Value| server.told("PUT", "faults", fault);
    put(json!({ "kind": "throttle", "next": 2, "operation": "DescribeKey" }));
    let describe = || server.call("DescribeKey", json!({ "KeyId": key }));
    assert_eq!(code(&server.call("GenerateRandom", random())), (200, "ok"));
    assert_eq!(code(&describe()), (400, "ThrottlingException"));
    assert_eq!(code(&describe()), (400, "ThrottlingException"));
    assert_eq!(code(&describe()), (200, "ok"));

    put(json!([{ "kind": "error", "probability": 1, "for": "1h" }]));
    assert_eq!(code(&describe()), (500, "KMSInternalException"));
    put(json!([{ "kind": "error", "probability": 0, "for": "1h" }]));
    assert_eq!(code(&describe()), (200, "ok"));

    put(json!({ "kind": "reset", "next": 1 }));
    let mut broken = server.connect();
    broken.send(&call("GenerateRandom", &random())).unwrap();
    assert!(broken.is_closed(), "no answer, and the end");
    assert_eq!(code(&describe()), (200, "ok"));

    put(json!({ "kind": "slow", "by": "100ms", "next": 1 }));
    let watch = Stopwatch::start();
    assert_eq!(code(&describe()), (200, "ok"));
    assert!(watch.elapsed() >= Span::from_millis(100));
}

/// How late one comes is measured by the bench `emulator`; at most how late it is asked for, by the tests of `clock`.
#[test]
fn no_answer_comes_before_its_service_time_is_over() {
    let takes = Span::from_micros(2_300);
    let mut settings = ample();
    settings.emulator.service_time.default = Latency { p50: takes, p99: takes }.into();
    let server = Server::start(settings);
    let mut peer = server.connect();
    for _ in 0..41 {
        let watch = Stopwatch::start();
        assert_eq!(peer.call("GenerateRandom", &random()).status, 200);
        assert!(watch.elapsed() >= takes, "{} is too soon", watch.elapsed());
    }
}

#[test]
fn what_is_frozen_is_answered_when_the_fault_is_taken_away() {
    let server = Server::start(ample());
    server.key();
    let asked =
        "keystorm_quota_units_total{account=\"123456789012\",region=\"us-east-1\",pool=\"symmetric\"}";
    for round in 1..=20 {
        server.told("PUT", "faults", json!({ "kind": "freeze", "for": "1h" }));
        let mut frozen: Vec<Peer> = (0..4).map(|_| server.connect()).collect();
        for peer in &mut frozen {
            peer.send(&call("GenerateRandom", &random())).unwrap();
        }
        // Received, and perhaps not yet waiting: that must not matter.
        until("all four are received", || server.metric(asked) >= f64::from(4 * round));
        server.told("DELETE", "faults", json!(null));
        for peer in &mut frozen {
            assert_eq!(peer.reply().expect("an answer").status, 200, "round {round}");
        }
    }
}

#[test]
fn quotas_change_at_run_time_and_null_restores_them() {
    let server = Server::start(Settings::default());
    let pool = "CreateKey";
    let told = server.told("GET", "quotas", json!(null));
    let name =
        told["limits"].as_object().unwrap().keys().find(|name| name.to_lowercase().contains("createkey"));
    let name = name.unwrap_or_else(|| panic!("{pool} has no pool: {told}")).clone();
    let before = told["limits"][&name].clone();
    let mut change = serde_json::Map::new();
    change.insert(name.clone(), json!("77/s"));
    let told = server.told("PUT", "quotas", Value::Object(change.clone()));
    assert_eq!(told["limits"][&name], json!("77/s"));
    change.insert(name.clone(), Value::Null);
    assert_eq!(server.told("PUT", "quotas", Value::Object(change))["limits"][&name], before);
    // On a clock that stands still, one window admits exactly its limit.
    server.told("POST", "clock", json!({ "freeze": true }));
    server.told("PUT", "quotas", json!({ "symmetric": "5/s" }));
    let mut peer = server.connect();
    let ok = (0..20).filter(|_| peer.call("GenerateRandom", &random()).status == 200).count();
    assert_eq!(ok, 5);
    server.told("PUT", "quotas", json!({ "symmetric": null }));
    assert_eq!(peer.call("GenerateRandom", &random()).status, 200, "raised, and at once");
    let metrics = server.admin("GET", "metrics", "").text();
    assert!(metrics.contains("keystorm_throttled_total{pool=\"symmetric\"} 15\n"), "{metrics}");
}

#[test]
fn a_key_is_gone_seven_days_later_without_waiting() {
    let server = Server::start(ample());
    let clock = server.told("POST", "clock", json!({ "freeze": true }));
    assert_eq!(clock["frozen"], json!(true));
    let key = server.key();
    let schedule = json!({ "KeyId": key, "PendingWindowInDays": 7 });
    assert_eq!(server.call("ScheduleKeyDeletion", schedule).0, 200);
    let describe = || server.call("DescribeKey", json!({ "KeyId": key }));
    server.told("POST", "clock", json!({ "advance": "6d" }));
    assert_eq!(describe().1["KeyMetadata"]["KeyState"], json!("PendingDeletion"));
    server.told("POST", "clock", json!({ "advance": "1d" }));
    assert_eq!(code(&describe()), (400, "NotFoundException"));
    let told = server.told("POST", "clock", json!({ "set": "2040-01-01T00:00:00Z" }));
    assert!(told["now"].as_str().unwrap().starts_with("2040-01-01T00:00:00"), "{told}");
    assert_eq!(server.admin("POST", "clock", r#"{"set":"2039-01-01T00:00:00Z"}"#).status, 400);
}

#[test]
fn reset_empties_the_server() {
    let server = Server::start(ample());
    let key = server.key();
    let keys = |state: &Value| {
        state["realms"]
            .as_array()
            .unwrap()
            .iter()
            .map(|realm| realm["keys"].as_array().unwrap().len())
            .sum::<usize>()
    };
    assert_eq!(keys(&server.told("GET", "state", json!(null))), 1);
    server.told("POST", "reset", json!(null));
    assert_eq!(keys(&server.told("GET", "state", json!(null))), 0);
    assert_eq!(code(&server.call("DescribeKey", json!({ "KeyId": key }))), (400, "NotFoundException"));
    server.key();
}

#[test]
fn the_admin_paths_want_their_token_and_can_have_their_own_address() {
    let own = "127.0.0.1:0".parse().unwrap();
    let settings = Settings { admin_token: Some("hush".into()), admin_listen: Some(own), ..ample() };
    let running = Running::start(settings).unwrap();
    let there = running.admin_address().unwrap();
    assert_eq!(admin(there, "GET", "health", "", "").status, 200, "health needs no token");
    for headers in
        ["", "Authorization: Bearer hus\r\n", "Authorization: Bearer hushh\r\n", "Authorization: hush\r\n"]
    {
        for path in ["state", "metrics", "quotas"] {
            let reply = admin(there, "GET", path, "", headers);
            assert_eq!(reply.status, 403, "{headers}");
            assert!(!reply.text().contains("hush"));
        }
    }
    assert_eq!(admin(there, "GET", "state", "", "Authorization: Bearer hush\r\n").status, 200);
    let elsewhere = admin(running.address(), "GET", "state", "", "Authorization: Bearer hush\r\n");
    assert_eq!(elsewhere.status, 400, "the API's address has no admin paths");
    assert_eq!(admin(running.address(), "GET", "health", "", "").status, 200, "but says whether it is well");
    let mut peer = Peer::connect(there);
    assert_eq!(peer.call("ListKeys", &json!({})).status, 404, "and theirs has no API");
}

#[test]
fn metrics_parse_and_agree_with_the_calls() {
    let server = Server::start(ample());
    let key = server.key();
    for _ in 0..7 {
        assert_eq!(server.call("DescribeKey", json!({ "KeyId": key })).0, 200);
    }
    for _ in 0..3 {
        assert_eq!(server.call("DescribeKey", json!({ "KeyId": "nobody" })).0, 400);
    }
    let text = server.admin("GET", "metrics", "").text();
    for line in text.lines().filter(|line| !line.starts_with("# ")) {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let bare = name.split('{').next().unwrap();
        assert!(bare.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{line}");
        assert!(name == bare || name.ends_with('}') && name.matches('"').count() % 2 == 0, "{line}");
    }
    let own = format!(
        "keystorm_key_calls_total{{key=\"arn:aws:kms:us-east-1:123456789012:key/{key}\",outcome=\"ok\"}} 7"
    );
    for line in [
        own.as_str(),
        "keystorm_calls_total{operation=\"DescribeKey\",outcome=\"ok\"} 7",
        "keystorm_calls_total{operation=\"DescribeKey\",outcome=\"refused\"} 3",
        "keystorm_calls_total{operation=\"CreateKey\",outcome=\"ok\"} 1",
        "keystorm_call_duration_seconds_count 11",
        "keystorm_call_duration_seconds_bucket{le=\"+Inf\"} 11",
        "keystorm_keys{account=\"123456789012\",region=\"us-east-1\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

/// A call signed for nobody in particular: the access key id is written down, nothing else of it.
fn signed(operation: &str, input: &Value, token: &str) -> Vec<u8> {
    let text = String::from_utf8(call(operation, input)).unwrap();
    let header = "Authorization: AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20261124/us-east-1/kms/aws4_request, \
                  SignedHeaders=host, Signature=5ec2e75167a7e\r\nX-Amz-Security-Token: ";
    text.replacen("Host:", &format!("{header}{token}\r\nHost:"), 1).into_bytes()
}

#[test]
fn logs_are_json_in_order_hold_no_secret_and_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let (log, trail) = (folder.path().join("access.ndjson"), folder.path().join("trail"));
    let server = Server::start(ample().emulating(|emulator| {
        emulator.log = Some(log.clone());
        emulator.cloudtrail = Some(trail.clone());
    }));
    let key = server.key();
    let (plaintext, token) = ("nobody must read this plaintext", "VGhlVG9rZW5PZlRoZVNlc3Npb24=");
    let mut peer = server.connect();
    let mut secrets =
        vec![plaintext.to_string(), STANDARD.encode(plaintext), token.into(), "5ec2e75167a7e".into()];
    for _ in 0..10 {
        let input = json!({ "KeyId": key, "Plaintext": STANDARD.encode(plaintext) });
        peer.send(&signed("Encrypt", &input, token)).unwrap();
        let blob = peer.reply().unwrap().json()["CiphertextBlob"].clone();
        peer.send(&signed("Decrypt", &json!({ "CiphertextBlob": blob }), token)).unwrap();
        assert_eq!(peer.reply().unwrap().json()["Plaintext"], json!(STANDARD.encode(plaintext)));
        let made = peer.call("GenerateDataKey", &json!({ "KeyId": key, "KeySpec": "AES_256" })).json();
        secrets.push(made["Plaintext"].as_str().expect("a data key").into());
    }
    assert_eq!(server.call("Decrypt", json!({ "CiphertextBlob": "AAAA" })).0, 400);
    drop(peer);
    server.running.stop();

    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 1 + 30 + 1);
    let times: Vec<u64> = lines.iter().map(|line| line["at_ns"].as_u64().unwrap()).collect();
    assert!(times.is_sorted());
    let mut written = vec![("the access log".to_string(), text)];
    for path in files(&trail) {
        let mut text = String::new();
        flate2::read::GzDecoder::new(std::fs::File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
        let records: Value = serde_json::from_str(&text).expect("a delivery file is JSON");
        assert_eq!(records["Records"].as_array().unwrap().len(), 32);
        written.push((path.display().to_string(), text));
    }
    assert_eq!(written.len(), 2, "one log and one delivery file");
    for (name, text) in &written {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{name} holds {secret}");
        }
    }
    let imported = assert_cmd::Command::new(env!("CARGO_BIN_EXE_keystorm"))
        .args(["import", "cloudtrail", "--out", "imported"])
        .arg(&trail)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
}

#[test]
fn a_call_that_is_turned_away_is_logged_and_no_region_breaks_the_trail() {
    let folder = tempfile::tempdir().unwrap();
    let (log, trail) = (folder.path().join("access.ndjson"), folder.path().join("trail"));
    let settings = || {
        ample().emulating(|emulator| {
            emulator.log = Some(log.clone());
            emulator.cloudtrail = Some(trail.clone());
        })
    };
    let server = Server::start(settings());
    let scoped = |region: &str| {
        let text = String::from_utf8(signed("GenerateRandom", &random(), "token")).unwrap();
        text.replacen("us-east-1", region, 1).into_bytes()
    };
    for region in ["", "%Q", "..", "a b", "a\"} 1", &"x".repeat(65)] {
        let mut peer = server.connect();
        peer.send(&scoped(region)).unwrap();
        let answer = peer.reply().unwrap();
        assert_eq!(code(&(answer.status, answer.json())), (400, "InvalidSignatureException"), "{region}");
    }
    let mut peer = server.connect();
    peer.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: TrentService.Brew\r\n\r\n").unwrap();
    assert_eq!(peer.reply().unwrap().status, 400);
    peer.send(&scoped("local_1")).unwrap();
    assert_eq!(peer.reply().unwrap().status, 200, "one that AWS has not is served all the same");
    drop(peer);
    server.running.stop();
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let codes: Vec<&str> = lines.iter().map(|line| line["errorCode"].as_str().unwrap_or("ok")).collect();
    assert_eq!(codes[..6], ["InvalidSignatureException"; 6]);
    assert_eq!(codes[6..], ["UnknownOperationException", "ok"]);
    assert!(lines.iter().all(|line| line["requestId"].is_string() && line["at_ns"].is_u64()));
    assert_eq!(files(&trail).len(), 1);

    // Another run within the minute leaves what is there.
    let server = Server::start(settings());
    server.key();
    server.running.stop();
    assert_eq!(files(&trail).len(), 2);
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// An HTTP/2 GenerateRandom, not signed.
fn http2(stream: &mut (impl Read + Write)) -> Option<u8> {
    let fields = [(":authority", "localhost"), ("x-amz-target", "TrentService.GenerateRandom")];
    http2_of(stream, &fields, br#"{"NumberOfBytes":8}"#)
}

/// An HTTP/2 call with prior knowledge: preface, empty SETTINGS, HEADERS and DATA on stream 1 (RFC 9113, names and
/// values as literals without indexing, RFC 7541 §6.2.2). The status byte of the answer's first HEADERS.
pub fn http2_of(stream: &mut (impl Read + Write), pairs: &[(&str, &str)], body: &[u8]) -> Option<u8> {
    let mut fields = vec![0x83, 0x86, 0x84];
    for (name, value) in pairs {
        fields.push(0);
        for text in [name, value] {
            let mut length = text.len();
            if length >= 127 {
                fields.push(127);
                length -= 127;
                while length >= 128 {
                    fields.push((length % 128 + 128) as u8);
                    length /= 128;
                }
            }
            fields.push(length as u8);
            fields.extend_from_slice(text.as_bytes());
        }
    }
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    for (kind, flags, id, payload) in [(4, 0, 0, &[][..]), (1, 4, 1, fields.as_slice()), (0, 1, 1, body)] {
        let [high, low] = u16::try_from(payload.len()).unwrap().to_be_bytes();
        bytes.extend_from_slice(&[0, high, low, kind, flags, 0, 0, 0, id]);
        bytes.extend_from_slice(payload);
    }
    stream.write_all(&bytes).ok()?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).ok()?;
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        // What is no frame is HTTP/1.1's refusal.
        if head[0] != 0 {
            return None;
        }
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).ok()?;
        if head[3] == 1 {
            return payload.first().copied();
        }
    }
}

/// HPACK's index of `:status 200`.
pub const OK: Option<u8> = Some(0x88);

#[test]
fn http2_is_spoken_only_when_asked_for() {
    let plain = Server::start(Settings { http2: true, ..ample() });
    assert_eq!(http2(plain.connect().0.get_mut()), OK);
    assert_eq!(plain.call("GenerateRandom", random()).0, 200, "HTTP/1.1 too");
    let without = Server::start(ample());
    assert_eq!(http2(without.connect().0.get_mut()), None);
}

/// A connection over TLS to whom the server must prove that it is `name`.
fn over_tls(
    server: &Server,
    ca: &Path,
    name: &str,
) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from(name.to_string()).unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(client, server.connect().0.into_inner());
    stream.flush()?;
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

#[test]
fn tls_negotiates_http2_only_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    for http2_asked in [true, false] {
        let tls = Some(Tls { ca: Some(ca.clone()), ..Tls::default() });
        let server = Server::start(Settings { tls, http2: http2_asked, ..ample() });
        assert!(server.running.url().starts_with("https://"));
        let mut stream = over_tls(&server, &ca, "localhost").unwrap();
        if http2_asked {
            assert_eq!(stream.conn.alpn_protocol(), Some(b"h2".as_slice()));
            assert_eq!(http2(&mut stream), OK);
        } else {
            assert_eq!(stream.conn.alpn_protocol(), Some(b"http/1.1".as_slice()));
            stream.write_all(&call("GenerateRandom", &random())).unwrap();
            assert_eq!(Reply::read(&mut BufReader::new(stream)).unwrap().unwrap().status, 200);
        }
    }
}

#[test]
fn the_certificate_is_good_for_the_names_it_was_asked_for_and_for_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let names = ["kms", "*.kms.test", "10.1.2.3", "localhost"].map(String::from).to_vec();
    let server = Server::start(Settings { tls: Some(Tls { ca: Some(ca.clone()), names }), ..ample() });
    for good in ["kms", "eu-west-1.kms.test", "10.1.2.3", "localhost", "127.0.0.1", "::1"] {
        assert!(over_tls(&server, &ca, good).is_ok(), "{good}");
    }
    for bad in ["kms.test", "a.b.kms.test", "10.1.2.4", "example.com"] {
        let error = over_tls(&server, &ca, bad).unwrap_err();
        assert!(error.to_string().contains("certificate not valid for name"), "{bad}: {error}");
    }
}
