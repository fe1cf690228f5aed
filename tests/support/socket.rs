//! A server of the test's own on loopback, and a client that says exactly the bytes it is told.
#![allow(dead_code, reason = "each test binary uses what it needs")]

use keystorm::clock::Stopwatch;
use keystorm::server::{Running, Settings};
use keystorm::time::Span;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The longest a test waits for a socket: only a server that hangs takes it.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Asks again until it is so; a server that never comes to it fails the test.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let watch = Stopwatch::start();
    while !is_so() {
        assert!(watch.elapsed() < Span::from_secs(DEADLINE.as_secs()), "not within {DEADLINE:?}: {what}");
        std::thread::yield_now();
    }
}

/// One answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Reply {
    /// Reads one; `None` if the connection ends before it begins.
    pub fn read(from: &mut impl BufRead) -> io::Result<Option<Reply>> {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let wrong = |line: &str| io::Error::other(format!("no status line: {line:?}"));
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| wrong(&line))?;
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            from.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_string());
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        from.read_exact(&mut body)?;
        Ok(Some(Reply { status, headers, body }))
    }

    /// Its body, which must be JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// Its body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("answers are UTF-8")
    }
}

/// A connection.
pub struct Peer(pub BufReader<TcpStream>);

impl Peer {
    pub fn connect(to: SocketAddr) -> Peer {
        let stream = TcpStream::connect(to).expect("the server accepts");
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Peer(BufReader::new(stream))
    }

    /// Sends bytes; an error means that the server has closed.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    /// The next answer.
    pub fn reply(&mut self) -> Option<Reply> {
        Reply::read(&mut self.0).expect("an answer, or the end")
    }

    /// Whether the server has closed, or broken, the connection without sending anything more.
    pub fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        match self.0.read(&mut byte) {
            Ok(n) => n == 0,
            Err(e) => matches!(e.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe),
        }
    }

    /// Makes a call that is answered.
    pub fn call(&mut self, operation: &str, input: &Value) -> Reply {
        self.send(&call(operation, input)).expect("the connection is open");
        self.reply().expect("an answer")
    }
}

/// The bytes of a KMS call.
pub fn call(operation: &str, input: &Value) -> Vec<u8> {
    let body = input.to_string();
    format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: \
         TrentService.{operation}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Settings that no quota gets in the way of.
pub fn ample() -> Settings {
    let mut settings = Settings::default();
    let rate = keystorm::units::Rate::per_second(1_000_000);
    settings.emulator.quotas.overrides =
        keystorm::quota::catalogue::all().map(|pool| (pool.name().to_string(), rate)).collect();
    settings
}

/// A server, and where it is.
pub struct Server {
    pub running: Running,
}

impl Server {
    pub fn start(settings: Settings) -> Server {
        Server { running: Running::start(settings).expect("a server on loopback") }
    }

    pub fn connect(&self) -> Peer {
        Peer::connect(self.running.address())
    }

    /// Makes a call on a connection of its own.
    pub fn call(&self, operation: &str, input: Value) -> (u16, Value) {
        let reply = self.connect().call(operation, &input);
        (reply.status, reply.json())
    }

    /// Asks an admin path.
    pub fn admin(&self, method: &str, path: &str, body: &str) -> Reply {
        admin(self.running.address(), method, path, body, "")
    }

    /// Asks an admin path for what must be JSON with status 200.
    pub fn told(&self, method: &str, path: &str, body: Value) -> Value {
        let reply = self.admin(method, path, &body.to_string());
        assert_eq!(reply.status, 200, "{method} {path} {body}: {}", reply.text());
        reply.json()
    }

    /// A new symmetric key.
    pub fn key(&self) -> String {
        let (status, answer) = self.call("CreateKey", json!({}));
        assert_eq!(status, 200, "{answer}");
        answer["KeyMetadata"]["KeyId"].as_str().unwrap().into()
    }

    /// One line of the metrics.
    pub fn metric(&self, name: &str) -> f64 {
        metric(self.running.address(), name)
    }
}

/// Asks an admin path; `headers` end with CRLF each.
pub fn admin(to: SocketAddr, method: &str, path: &str, body: &str, headers: &str) -> Reply {
    let mut peer = Peer::connect(to);
    let length = body.len();
    let bytes = format!(
        "{method} /_keystorm/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    peer.send(bytes.as_bytes()).unwrap();
    peer.reply().expect("an answer")
}

/// One line of a server's metrics; zero if it is not there.
pub fn metric(of: SocketAddr, name: &str) -> f64 {
    let text = admin(of, "GET", "metrics", "", "").text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
    line.unwrap_or(0.0)
}

/// The command without options from whoever runs the tests.
pub fn keystorm() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    #[allow(clippy::disallowed_methods, reason = "what a test runs must not depend on where it runs")]
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KEYSTORM_")) {
        command.env_remove(name);
    }
    command
}

/// The server as a process of its own, killed at the end, and where it is.
pub struct Process(pub Child, pub SocketAddr);

impl Process {
    pub fn start(arguments: &[&str]) -> Process {
        Process::of(keystorm().args(["serve", "--listen", "127.0.0.1:0"]).args(arguments))
    }

    /// A server that is started by `command`; its first line of output must be its URL.
    pub fn of(command: &mut Command) -> Process {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| {
            let mut why = String::new();
            child.stderr.as_mut().unwrap().read_to_string(&mut why).unwrap();
            panic!("no URL but {line:?}: {why}")
        });
        let address = url.split_once("://").expect("a URL has a scheme").1.parse().unwrap();
        Process(child, address)
    }

    pub fn signal(&self, name: &str) {
        crate::signal::signal(&self.0, name);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
