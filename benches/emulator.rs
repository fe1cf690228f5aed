//! The emulated KMS beside a bare hyper server that answers a constant 400 bytes of JSON: same client, 32 connections,
//! one core for either server and one for the client, in turns, in one run.
//!
//!     cargo bench --bench emulator
//!
//! Quotas, metrics and cryptography are on. Also: how long the binary takes to its first answer, its memory, and how late
//! an answer comes behind its service time.

mod support;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use keystorm::clock::Stopwatch;
use keystorm::kms::Latency;
use keystorm::server::{Running, Settings};
use keystorm::time::Span;
use keystorm::units::Rate;
use std::cell::{Cell, RefCell};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::rc::Rc;
use support::on_core;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// As the binary has it; the bare server and the client have it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: usize = 32;
const SLICE: Span = Span::from_millis(700);
const TURNS: usize = 7;

fn main() {
    // First, while all cores are free for it.
    process();
    lateness();
    on_core(1);
    let bare = bare_server();
    let mut settings = Settings { threads: 1, ..Settings::default() };
    settings.quotas.overrides.insert("symmetric".into(), Rate::per_second(10_000_000));
    let running = Running::start(settings).expect("a free port");
    on_core(0);
    let address = running.address();
    let (_, made) = ask(address, "CreateKey", "{}");
    let id = field(&made, "KeyId");
    let (_, sealed) = ask(address, "Encrypt", &encrypt(&id));
    let decrypt = format!(r#"{{"CiphertextBlob":"{}"}}"#, field(&sealed, "CiphertextBlob"));
    let data_key = format!(r#"{{"KeyId":"{id}","KeySpec":"AES_256"}}"#);
    println!("{CONNECTIONS} connections, {TURNS} turns of {SLICE}; ratios are medians of the turns");
    println!(
        "{:<18} {:>10} {:>10} {:>7} {:>10} {:>10} {:>7}",
        "operation", "bare/s", "ours/s", "ratio", "bare p99", "ours p99", "ratio"
    );
    for (operation, body) in [("Encrypt", encrypt(&id)), ("Decrypt", decrypt), ("GenerateDataKey", data_key)]
    {
        compare(bare, address, operation, &body);
    }
    running.stop();
}

fn encrypt(id: &str) -> String {
    // 256 bytes in Base64.
    format!(r#"{{"KeyId":"{id}","Plaintext":"{}"}}"#, "QUJD".repeat(85) + "QQ==")
}

/// One operation against both servers, in turns.
fn compare(bare: SocketAddr, ours: SocketAddr, operation: &str, body: &str) {
    let request = request(operation, body);
    load(bare, &request);
    load(ours, &request);
    let turns: Vec<[Load; 2]> = (0..TURNS).map(|_| [load(bare, &request), load(ours, &request)]).collect();
    let median = |of: &dyn Fn(&[Load; 2]) -> f64| {
        let mut all: Vec<f64> = turns.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    println!(
        "{operation:<18} {:>10.0} {:>10.0} {:>7.3} {:>7.0} µs {:>7.0} µs {:>7.2}",
        median(&|turn| turn[0].rate),
        median(&|turn| turn[1].rate),
        median(&|turn| turn[1].rate / turn[0].rate),
        median(&|turn| turn[0].p99),
        median(&|turn| turn[1].p99),
        median(&|turn| turn[1].p99 / turn[0].p99),
    );
}

/// What a load met.
struct Load {
    rate: f64,
    /// Microseconds.
    p99: f64,
}

/// Asks over and over on every connection, from one thread.
fn load(address: SocketAddr, request: &str) -> Load {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let watch = Stopwatch::start();
    let times = Rc::new(RefCell::new(Vec::with_capacity(200_000)));
    let local = tokio::task::LocalSet::new();
    for _ in 0..CONNECTIONS {
        let (times, request) = (Rc::clone(&times), request.as_bytes().to_vec());
        local.spawn_local(async move {
            let mut stream = tokio::net::TcpStream::connect(address).await.expect("a server");
            stream.set_nodelay(true).expect("a socket");
            let mut room = vec![0; 16 * 1024];
            while watch.elapsed() < SLICE {
                let begun = Stopwatch::start();
                stream.write_all(&request).await.expect("a server that reads");
                answer(&mut stream, &mut room).await;
                times.borrow_mut().push(begun.elapsed().as_nanos());
            }
        });
    }
    runtime.block_on(local);
    let seconds = watch.elapsed().as_secs_f64();
    let mut times = times.take();
    times.sort_unstable();
    Load { rate: times.len() as f64 / seconds, p99: times[times.len() * 99 / 100] as f64 / 1e3 }
}

/// Reads one answer, which must be a good one.
async fn answer(stream: &mut tokio::net::TcpStream, room: &mut [u8]) {
    let filled = Cell::new(0);
    loop {
        let n = stream.read(&mut room[filled.get()..]).await.expect("a server that answers");
        assert!(n > 0, "the server has closed the connection");
        filled.set(filled.get() + n);
        let read = &room[..filled.get()];
        if let Some(head) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            assert!(read.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(read));
            if read.len() >= head + 4 + length(&read[..head]) {
                return;
            }
        }
    }
}

/// The length that a head tells.
fn length(head: &[u8]) -> usize {
    let text = std::str::from_utf8(head).expect("a head is text").to_ascii_lowercase();
    let value = text.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next());
    value.and_then(|value| value.parse().ok()).expect("answers tell their length")
}

/// A request as an SDK sends it.
fn request(operation: &str, body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: \
         TrentService.{operation}\r\nX-Amz-Date: 20261124T013000Z\r\nUser-Agent: aws-sdk-rust/1.3.7 os/linux \
         lang/rust/1.95.0\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIATEST/20261124/eu-west-1/kms/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={}\r\nContent-Length: {}\r\n\r\n{body}",
        "0".repeat(64),
        body.len()
    )
}

/// A server that reads each request and answers the same 400 bytes.
fn bare_server() -> SocketAddr {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("a bound socket");
    std::thread::spawn(move || {
        runtime.block_on(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a listening socket");
                stream.set_nodelay(true).expect("a socket");
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service_fn(constant)),
                );
            }
        })
    });
    address
}

async fn constant(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    static BODY: [u8; 400] = [b'x'; 400];
    request.into_body().collect().await?;
    let mut response = Response::new(Full::new(Bytes::from_static(&BODY)));
    response
        .headers_mut()
        .insert("content-type", hyper::header::HeaderValue::from_static("application/x-amz-json-1.1"));
    Ok(response)
}

/// One call on a connection of its own.
fn ask(address: SocketAddr, operation: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("a server");
    let request = request(operation, body).replacen("\r\n", "\r\nConnection: close\r\n", 1);
    stream.write_all(request.as_bytes()).expect("a server that reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("a server that answers");
    let (head, body) = text.split_once("\r\n\r\n").expect("a whole answer");
    (head.into(), body.into())
}

/// One call on a connection that stays.
fn ask_again(stream: &mut BufReader<TcpStream>, request: &str) {
    stream.get_mut().write_all(request.as_bytes()).expect("a server that reads");
    let (mut line, mut length) = (String::new(), 0);
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).expect("a server that answers");
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.trim().parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("a whole answer");
}

/// How long after its service time an answer is there: a timer of whole milliseconds would add 0.7 ms to these.
fn lateness() {
    let takes = Span::from_micros(2_300);
    let mut settings = Settings::default();
    settings.quotas.overrides.insert("symmetric".into(), Rate::per_second(10_000_000));
    settings.service_time.default = Latency { p50: takes, p99: takes }.into();
    let running = Running::start(settings).expect("a free port");
    let mut stream = BufReader::new(TcpStream::connect(running.address()).expect("a server"));
    let request = request("GenerateRandom", r#"{"NumberOfBytes":8}"#);
    let mut once = || {
        let watch = Stopwatch::start();
        ask_again(&mut stream, &request);
        (watch.elapsed() - takes).as_millis_f64()
    };
    let mut all: Vec<f64> = (0..401).map(|_| once()).collect();
    all.sort_by(f64::total_cmp);
    running.stop();
    println!("answers due after {takes} are there {:.2} ms later, p99 {:.2} ms", all[200], all[396]);
}

fn field(json: &str, name: &str) -> String {
    let rest = json.split(&format!("\"{name}\":\"")).nth(1).expect("the member is there");
    rest.split('"').next().expect("a text ends").into()
}

/// The binary: start to first answer, memory idle and with many keys.
fn process() {
    const KEYS: usize = 100_000;
    let mut starts = Vec::new();
    for _ in 0..9 {
        let watch = Stopwatch::start();
        let (mut child, address) = spawn();
        let (head, _) = ask(address, "GenerateRandom", r#"{"NumberOfBytes":8}"#);
        assert!(head.starts_with("HTTP/1.1 200"));
        starts.push(watch.elapsed().as_millis_f64());
        child.kill().and_then(|()| child.wait()).expect("a child");
    }
    starts.sort_by(f64::total_cmp);
    let (mut child, address) = spawn();
    let idle = resident(child.id());
    let mut stream = BufReader::new(TcpStream::connect(address).expect("a server"));
    let request = request("CreateKey", "{}");
    for _ in 0..KEYS {
        ask_again(&mut stream, &request);
    }
    let full = resident(child.id());
    child.kill().and_then(|()| child.wait()).expect("a child");
    println!(
        "start to first answer {:.1} ms (median of 9); resident {idle:.1} MB idle, {full:.0} MB with {KEYS} keys",
        starts[4]
    );
}

fn spawn() -> (std::process::Child, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_keystorm"))
        .args(["serve", "--listen", "127.0.0.1:0", "--no-quotas"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("its first line");
    let address = line.trim().rsplit('/').next().and_then(|text| text.parse().ok()).expect("its address");
    (child, address)
}

/// Megabytes of memory that a process has.
fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("a process has memory");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).expect("a number") / 1024.0
}
