//! What a server is sent that nobody should send it: it answers, refuses or closes, and goes on serving.

use crate::socket::{self, Peer, Process, Server, ample, call, metric, until};
use keystorm::time::Span;
use serde_json::json;
use std::io::{BufRead, BufReader, Read};

impl Process {
    /// Freezes every answer from now on, and makes one call that waits for it; its connection.
    fn freeze(&self) -> Peer {
        let faults = socket::admin(self.1, "PUT", "faults", r#"{"kind":"freeze","for":"1h"}"#, "");
        assert_eq!(faults.status, 200, "{}", faults.text());
        let mut peer = Peer::connect(self.1);
        peer.send(&call("GenerateRandom", &json!({ "NumberOfBytes": 8 }))).unwrap();
        // The call has been received once its quota is taken.
        until("the call is received", || metric(self.1, QUOTA) >= 1.0);
        peer
    }
}

/// What counts a GenerateRandom that has been received, even if it is not answered yet.
const QUOTA: &str =
    "keystorm_quota_units_total{account=\"123456789012\",region=\"us-east-1\",pool=\"symmetric\"}";

/// How many files this process may have open.
fn open_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(1_024)
}

#[test]
fn ten_thousand_idle_connections_keep_nobody_from_being_answered() {
    let server = Process::start(&["--no-quotas"]);
    let count = open_files().saturating_sub(500).min(10_000);
    let mut idle: Vec<Peer> = (0..count).map(|_| Peer::connect(server.1)).collect();
    let connections = || metric(server.1, "keystorm_connections");
    until("all are connected", || connections() >= count as f64);
    for _ in 0..50 {
        let mut peer = Peer::connect(server.1);
        assert_eq!(peer.call("GenerateRandom", &json!({ "NumberOfBytes": 8 })).status, 200);
    }
    for at in [0, count / 2, count - 1] {
        assert_eq!(idle[at].call("ListKeys", &json!({})).status, 200, "connection {at}");
    }
    drop(idle);
    until("they are gone", || connections() <= 10.0);
}

#[test]
fn connections_over_the_limit_are_closed_and_counted() {
    let server = Server::start(keystorm::server::Settings { max_connections: 3, ..ample() });
    let mut open: Vec<Peer> = (0..3).map(|_| server.connect()).collect();
    for peer in &mut open {
        assert_eq!(peer.call("ListKeys", &json!({})).status, 200);
    }
    for _ in 0..5 {
        assert!(server.connect().is_closed());
    }
    let mut peer = open.pop().unwrap();
    peer.send(b"GET /_keystorm/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let text = peer.reply().unwrap().text();
    assert!(text.contains("keystorm_connections 3\n"), "{text}");
    assert!(text.contains("keystorm_connections_total{outcome=\"rejected\"} 5\n"), "{text}");
    drop(peer);
    // A place is free again as soon as the server has seen that the connection ended.
    until("a place is free", || !server.connect().is_closed_after(&call("ListKeys", &json!({}))));
}

impl Peer {
    /// Whether a call is not answered.
    fn is_closed_after(&mut self, bytes: &[u8]) -> bool {
        self.send(bytes).is_err() || !matches!(socket::Reply::read(&mut self.0), Ok(Some(_)))
    }
}

/// A server that closes soon what is silent, and yet not so soon that a busy machine makes a client look silent.
fn impatient(http2: bool) -> Server {
    Server::start(keystorm::server::Settings { idle_timeout: Span::from_secs(2), http2, ..ample() })
}

#[test]
fn who_is_silent_or_slow_is_closed() {
    for server in [impatient(false), impatient(true)] {
        let mut silent = server.connect();
        let mut slow_head = server.connect();
        slow_head.send(b"POST / HTTP/1.1\r\nHost: loc").unwrap();
        let mut after_a_call = server.connect();
        assert_eq!(after_a_call.call("ListKeys", &json!({})).status, 200);
        for (what, peer) in
            [("silent", &mut silent), ("slow head", &mut slow_head), ("between calls", &mut after_a_call)]
        {
            // A 408 before the end is as good as the end.
            let mut rest = Vec::new();
            let _ = peer.0.read_to_end(&mut rest);
            let rest = String::from_utf8_lossy(&rest);
            assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 408"), "{what}: {rest}");
        }
        until("all are closed", || server.metric("keystorm_connections") <= 1.0);
    }
}

#[test]
fn who_waits_for_an_answer_is_not_silent() {
    let server = Process::start(&["--no-quotas", "--idle-timeout", "1s"]);
    let mut waiting = server.freeze();
    // Each is closed after a second: the call waits for longer than that.
    for _ in 0..3 {
        assert!(Peer::connect(server.1).is_closed());
    }
    assert_eq!(socket::admin(server.1, "DELETE", "faults", "", "").status, 200);
    assert_eq!(waiting.reply().expect("it is still there").status, 200);
}

#[test]
fn a_head_that_drips_is_closed_however_often_it_drips() {
    let server = impatient(false);
    let mut peer = server.connect();
    peer.0.get_ref().set_read_timeout(Some(std::time::Duration::from_millis(20))).unwrap();
    let watch = keystorm::clock::Stopwatch::start();
    // Each drip waits for the end of the connection on the socket; only its patience runs out.
    while watch.elapsed() < Span::from_secs(20) {
        let is_gone = peer.send(b"x").is_err();
        let mut byte = [0];
        match peer.0.read(&mut byte) {
            _ if is_gone => return,
            Ok(_) => return,
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
    panic!("a head that drips holds its connection for ever");
}

#[test]
fn a_body_that_stalls_is_told_and_closed() {
    let server = impatient(false);
    for framing in ["Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"] {
        let mut peer = server.connect();
        let head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: TrentService.ListKeys\r\n";
        peer.send(format!("{head}{framing}").as_bytes()).unwrap();
        let reply = peer.reply().expect("an answer");
        assert_eq!(reply.status, 408);
        assert!(reply.json()["__type"].is_string());
        assert!(peer.is_closed());
    }
}

#[test]
fn a_body_of_100_megabytes_is_refused_unread() {
    const SIZE: usize = 100 << 20;
    let server = Server::start(ample());
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: TrentService.Encrypt\r\n";
    let mut peer = server.connect();
    peer.send(format!("{head}Content-Length: {SIZE}\r\n\r\n").as_bytes()).unwrap();
    let reply = peer.reply().expect("an answer before any of the body");
    assert_eq!(reply.status, 413);
    assert!(reply.json()["__type"].is_string());
    let piece = vec![b'x'; 1 << 16];
    let sent = (0..SIZE / piece.len()).take_while(|_| peer.send(&piece).is_ok()).count();
    assert!(sent < SIZE / piece.len(), "the server took all of it");

    let mut peer = server.connect();
    peer.send(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).unwrap();
    let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
    chunk.extend_from_slice(&piece);
    chunk.extend_from_slice(b"\r\n");
    let sent = (0..SIZE / piece.len()).take_while(|_| peer.send(&chunk).is_ok()).count();
    assert!(sent < SIZE / piece.len(), "the server took all of it in chunks");
    assert_eq!(server.call("ListKeys", json!({})).0, 200);
}

#[test]
fn heads_too_large_are_refused() {
    let server = Server::start(ample());
    let long = format!("POST / HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("POST / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X-Many: 1\r\n".repeat(1_000));
    let path = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(1 << 20));
    for (what, bytes) in [("long", long), ("many", many), ("path", path)] {
        let mut peer = server.connect();
        // It may be closed before all of it is sent, and then the answer may be lost.
        let _ = peer.send(bytes.as_bytes());
        if let Ok(Some(reply)) = socket::Reply::read(&mut peer.0) {
            assert!([400, 414, 431].contains(&reply.status), "{what}: {}", reply.status);
        }
        assert!(peer.is_closed(), "{what}");
    }
    assert_eq!(server.call("ListKeys", json!({})).0, 200);
}

#[test]
fn bytes_that_are_no_http_are_refused_and_closed() {
    let server = Server::start(ample());
    let garbage: [&[u8]; 8] = [
        b"\0\0\0\0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello to a server without TLS \r\n\r\n",
        b"GET\r\n\r\n",
        b"POST / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\n: no name\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    for bytes in garbage {
        let mut peer = server.connect();
        peer.send(bytes).unwrap();
        let reply = socket::Reply::read(&mut peer.0).ok().flatten();
        assert!(reply.is_none_or(|reply| reply.status == 400), "{:?}", String::from_utf8_lossy(bytes));
        assert!(peer.is_closed(), "{:?}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(server.call("ListKeys", json!({})).0, 200);
}

#[test]
fn http_1_0_chunks_and_pipelines_are_served() {
    let server = Server::start(ample());
    let body = r#"{"NumberOfBytes":8}"#;
    let mut old = server.connect();
    let target = "X-Amz-Target: TrentService.GenerateRandom\r\n";
    let length = body.len();
    old.send(format!("POST / HTTP/1.0\r\n{target}Content-Length: {length}\r\n\r\n{body}").as_bytes())
        .unwrap();
    assert_eq!(old.reply().unwrap().status, 200);
    assert!(old.is_closed());

    let mut chunked = server.connect();
    let head = format!("POST / HTTP/1.1\r\nHost: localhost\r\n{target}Transfer-Encoding: chunked\r\n\r\n");
    chunked.send(head.as_bytes()).unwrap();
    for byte in body.bytes() {
        chunked.send(&[b'1', b'\r', b'\n', byte, b'\r', b'\n']).unwrap();
    }
    chunked.send(b"0\r\n\r\n").unwrap();
    assert_eq!(chunked.reply().unwrap().status, 200);

    let mut pipelined = server.connect();
    let all: Vec<u8> =
        (1..=100).flat_map(|n| call("GenerateRandom", &json!({ "NumberOfBytes": n }))).collect();
    pipelined.send(&all).unwrap();
    for n in 1..=100_usize {
        let answer = pipelined.reply().expect("one answer each").json();
        let text = answer["Plaintext"].as_str().unwrap();
        assert_eq!(text.len(), n.div_ceil(3) * 4, "answers come in the order of the calls");
    }
}

impl Peer {
    /// The head of the next answer as it came, without what is its own: id and second; and its body.
    fn raw(&mut self) -> (Vec<String>, Vec<u8>) {
        let (mut lines, mut length) = (Vec::new(), 0);
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim_end().parse().unwrap();
            }
            let (name, value) = line.split_once(": ").unwrap_or((&line, ""));
            lines.push(match name {
                "date" => format!("date: {} bytes", value.len()),
                "x-amzn-requestid" => format!("id: {} bytes", value.len()),
                _ => line,
            });
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (lines, body)
    }
}

#[test]
fn an_answer_is_the_same_to_the_byte_whether_the_call_was_plain_or_all_of_http_was_needed_to_read_it() {
    let server = Server::start(ample());
    for (operation, input, status) in [
        ("ListKeys", json!({}), "200 OK"),
        ("DescribeKey", json!({ "KeyId": "alias/none" }), "400 Bad Request"),
        ("Nonsense", json!({}), "400 Bad Request"),
        ("ScheduleKeyDeletion", json!({ "KeyId": "x", "PendingWindowInDays": -1 }), "400 Bad Request"),
    ] {
        let plain = call(operation, &input);
        let text = String::from_utf8(plain.clone()).unwrap();
        // Of another path, in HTTP/1.1's older words for the address, and with a header that is there twice.
        let others = [
            ("POST / ", "POST /? "),
            ("Host:", "User-Agent: a\r\nUser-Agent: b\r\nHost:"),
            ("/ HTTP", "//x HTTP"),
        ];
        let mut peer = server.connect();
        peer.send(&plain).unwrap();
        let wanted = peer.raw();
        assert_eq!(wanted.0[0], format!("HTTP/1.1 {status}\r\n"), "{operation}");
        for (from, to) in others {
            peer.send(text.replacen(from, to, 1).as_bytes()).unwrap();
            assert_eq!(peer.raw(), wanted, "{operation} {to:?}");
        }
        // Once hyper has a connection, it keeps it.
        peer.send(&plain).unwrap();
        assert_eq!(peer.raw(), wanted, "{operation}");
    }
}

#[test]
fn plain_calls_come_in_pieces_and_several_at_once() {
    let server = Server::start(ample());
    let (one, mut peer) = (call("ListKeys", &json!({ "Limit": 7 })), server.connect());
    for at in [5, 40, one.len() - 14, one.len() - 13, one.len() - 1] {
        let (first, rest) = one.split_at(at);
        peer.send(first).unwrap();
        // What was sent is there before the rest, as one call in between shows.
        assert_eq!(server.connect().call("ListKeys", &json!({})).status, 200);
        peer.send(rest).unwrap();
        assert_eq!(peer.reply().unwrap().status, 200, "cut at {at}");
    }
    // One that nobody serves here between two that are plain, all in one piece.
    let health = b"GET /_keystorm/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    peer.send(&[&one[..], &one, health, &one].concat()).unwrap();
    for number in 0..4 {
        assert_eq!(peer.reply().unwrap().status, 200, "{number}");
    }
}

#[test]
fn what_nobody_serves_is_told_in_json() {
    let server = Server::start(ample());
    let heads = [
        "GET / HTTP/1.1",
        "GET /nothing HTTP/1.1",
        "DELETE / HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "BREW /pot HTTP/1.1",
        "POST / HTTP/1.1\r\nX-Amz-Target: TrentService.Brew",
        "POST / HTTP/1.1\r\nX-Amz-Target: Nobody.Encrypt",
        "POST / HTTP/1.1\r\nX-Amz-Target: ",
        "POST / HTTP/1.1\r\nX-Amz-Target: \u{e9}",
        "GET /_keystorm/nothing HTTP/1.1",
        "BREW /_keystorm/state HTTP/1.1",
    ];
    for head in heads {
        let mut peer = server.connect();
        peer.send(format!("{head}\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
        let reply = peer.reply().expect(head);
        assert!((400..500).contains(&reply.status), "{head}: {}", reply.status);
        assert!(reply.json().is_object(), "{head}");
        assert!(reply.headers.contains_key("x-amzn-requestid"), "{head}");
    }
    for body in ["", "[]", "null", "{", "{\"KeyId\":", "\u{0}", "{\"KeyId\":7}", "{\"NumberOfBytes\":1e400}"]
    {
        let mut peer = server.connect();
        let target = "X-Amz-Target: TrentService.Encrypt\r\nHost: localhost\r\n";
        let length = body.len();
        peer.send(format!("POST / HTTP/1.1\r\n{target}Content-Length: {length}\r\n\r\n{body}").as_bytes())
            .unwrap();
        let reply = peer.reply().expect(body);
        assert_eq!(reply.status, 400, "{body}");
        assert!(reply.json()["__type"].is_string(), "{body}");
    }
}

#[test]
fn told_to_stop_it_answers_what_is_open_refuses_what_is_new_and_exits_0() {
    let mut server = Process::start(&["--no-quotas"]);
    let mut waiting = Peer::connect(server.1);
    let body = r#"{"NumberOfBytes":8}"#;
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: TrentService.GenerateRandom\r\n";
    let length = body.len();
    waiting
        .send(format!("{head}Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n").as_bytes())
        .unwrap();
    // The call is open once its body is asked for.
    assert_eq!(waiting.reply().expect("leave to send the body").status, 100);
    server.signal("-TERM");
    // The connections in its queue are lost when it stops listening; after that, none is accepted.
    until("nothing new is taken", || std::net::TcpStream::connect(server.1).is_err());
    assert!(server.0.try_wait().unwrap().is_none(), "it waits for the call");
    waiting.send(body.as_bytes()).unwrap();
    let reply = waiting.reply().expect("the call is answered");
    assert_eq!(reply.status, 200);
    assert!(waiting.is_closed());
    assert_eq!(server.0.wait().unwrap().code(), Some(0));
}

#[test]
fn told_twice_it_exits_at_once_with_130() {
    let mut server = Process::start(&["--no-quotas"]);
    let mut waiting = server.freeze();
    server.signal("-TERM");
    let mut said = String::new();
    BufReader::new(server.0.stderr.as_mut().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("stopping"), "{said}");
    server.signal("-INT");
    assert_eq!(server.0.wait().unwrap().code(), Some(130));
    assert!(waiting.is_closed());
}
