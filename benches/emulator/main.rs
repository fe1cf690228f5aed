//! The emulated KMS beside a bare hyper server that answers a constant 400 bytes of JSON: same client, 32 connections,
//! one core for either server and one for the client, in turns, in one run.
//!
//!     cargo bench --bench emulator
//!
//! Quotas, metrics and cryptography are on. Also: how long the binary takes to its first answer, its memory, and how late
//! an answer comes behind its service time. What a call costs in instructions tells the bench `emulator_counts`.

mod servers;
#[path = "../support/mod.rs"]
mod support;

use keystorm::clock::Stopwatch;
use keystorm::kms::Latency;
use keystorm::server::{Running, Settings};
use keystorm::time::Span;
use keystorm::units::Rate;
use servers::{CONNECTIONS, Load, Until, ask, bare_server, calls, load, our_server, request};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use support::on_core;

/// As the binary has it; the bare server and the client have it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SLICE: Span = Span::from_millis(700);
const TURNS: usize = 7;

fn main() {
    // First, while all cores are free for it.
    process();
    lateness();
    on_core(1);
    let bare = bare_server();
    let running = our_server();
    on_core(0);
    let address = running.address();
    println!("{CONNECTIONS} connections, {TURNS} turns of {SLICE}; ratios are medians of the turns");
    println!(
        "{:<18} {:>10} {:>10} {:>7} {:>10} {:>10} {:>7}",
        "operation", "bare/s", "ours/s", "ratio", "bare p99", "ours p99", "ratio"
    );
    for (operation, body) in calls(address) {
        compare(bare, address, operation, &body);
    }
    running.stop();
}

/// One operation against both servers, in turns.
fn compare(bare: SocketAddr, ours: SocketAddr, operation: &str, body: &str) {
    let request = request(operation, body);
    let slice = |address| load(address, &request, Until::Elapsed(SLICE));
    slice(bare);
    slice(ours);
    let turns: Vec<[Load; 2]> = (0..TURNS).map(|_| [slice(bare), slice(ours)]).collect();
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
    settings.emulator.quotas.overrides.insert("symmetric".into(), Rate::per_second(10_000_000));
    settings.emulator.service_time.default = Latency { p50: takes, p99: takes }.into();
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
