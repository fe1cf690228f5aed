//! What Prometheus's own parser reads of our metrics.

use super::needs;
use super::socket::{Server, ample, keystorm, until};
use super::support::{scripts, venv};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

/// The families that a page holds.
fn families(python: &Path, page: &str) -> Vec<Value> {
    let mut reader = Command::new(python)
        .arg(scripts().join("prometheus/read.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    reader.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = reader.wait_with_output().unwrap();
    assert!(output.status.success(), "not read:\n{page}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The samples of a family of this kind, each as its name, labels and value.
fn samples<'f>(families: &'f [Value], name: &str, kind: &str) -> &'f Vec<Value> {
    let is_it = |family: &&Value| family["name"] == name && family["kind"] == kind;
    let family = families.iter().find(is_it).unwrap_or_else(|| panic!("no {kind} {name}: {families:?}"));
    assert!(family["help"].as_str().unwrap().ends_with('.'), "{family}");
    family["samples"].as_array().unwrap()
}

#[test]
fn prometheus_reads_the_counts_of_a_server() {
    let python = match venv("prometheus") {
        Ok(python) => python,
        Err(why) => return needs::missing(&why),
    };
    let server = Server::start(ample());
    let key = server.key();
    for (id, times) in [(key.as_str(), 7), ("nobody", 3)] {
        (0..times).for_each(|_| drop(server.call("DescribeKey", json!({ "KeyId": id }))));
    }
    let families = families(&python, &server.admin("GET", "metrics", "").text());
    let calls = samples(&families, "keystorm_calls", "counter");
    for (outcome, count) in [("ok", 7.0), ("refused", 3.0)] {
        let labels = json!({ "operation": "DescribeKey", "outcome": outcome });
        assert!(calls.contains(&json!(["keystorm_calls_total", labels, count])), "{calls:?}");
    }
    let took = samples(&families, "keystorm_call_duration_seconds", "histogram");
    assert_eq!(took.last().unwrap()[2], 11.0, "its count, of every call: {took:?}");
    samples(&families, "keystorm_connections", "gauge");
    samples(&families, "keystorm_connections", "counter");
}

#[test]
fn prometheus_reads_the_figures_of_a_live_run() {
    let python = match venv("prometheus") {
        Ok(python) => python,
        Err(why) => return needs::missing(&why),
    };
    let line = ["run", "--op", "GenerateRandom", "-r", "100/s", "-d", "3s", "--target", "emulator"];
    let folder = tempfile::tempdir().unwrap();
    let mut run = keystorm()
        .args(line)
        .args(["--client", "raw", "--no-tui", "--metrics", "127.0.0.1:0", "-o"])
        .arg(folder.path().join("run"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map(Result::unwrap);
    let told = lines.find(|line| line.starts_with("metrics: ")).expect("where they are");
    let address = told.trim_start_matches("metrics: http://").trim_end_matches("/metrics").to_owned();
    let mut page = String::new();
    until("jobs are counted", || {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        page.clear();
        stream.read_to_string(&mut page).unwrap();
        page.contains("quantile=\"0.99\"")
    });
    let families = families(&python, page.split_once("\r\n\r\n").unwrap().1);
    let quantiles = samples(&families, "keystorm_response_time_ms", "gauge");
    let of = |share: &str| {
        let found = quantiles.iter().find(|sample| sample[1]["quantile"] == share);
        found.and_then(|sample| sample[2].as_f64()).unwrap_or_else(|| panic!("no {share}: {quantiles:?}"))
    };
    assert!(of("0.5") > 0.0 && of("0.5") <= of("0.99") && of("0.99") <= of("1"), "{quantiles:?}");
    let jobs = samples(&families, "keystorm_jobs", "counter");
    let completed = |sample: &&Value| sample[1]["outcome"] == "completed";
    let completed: f64 = jobs.iter().filter(completed).map(|sample| sample[2].as_f64().unwrap()).sum();
    let counted = samples(&families, "keystorm_response_time_ms_count", "unknown");
    assert!(completed >= counted[0][2].as_f64().unwrap() && counted[0][2] != 0.0, "{jobs:?} {counted:?}");
    lines.for_each(drop);
    assert!(run.wait().unwrap().code().is_some());
}
