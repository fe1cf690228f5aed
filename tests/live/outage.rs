//! The server goes away in the middle of a run and comes back: errors are counted, recovery is told, nothing hangs.

use super::support::{adds_up, among_others, figure};
use assert_cmd::cargo::CommandCargoExt;
use keystorm::emulator::seed::Format;
use keystorm::server::{Running, Settings};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const KEY: &str = "0a1b2c3d-0000-4000-8000-00000000feed";

/// A server on this address whose one key is there from the start.
fn server(seeds: &Path, listen: SocketAddr) -> Running {
    let settings = Settings { listen, ..Settings::default() }
        .emulating(|emulator| emulator.seeds = vec![(seeds.to_path_buf(), Format::Keystorm)]);
    Running::start(settings).expect("the address is free")
}

#[test]
fn a_server_that_goes_and_comes_back_is_an_outage_with_an_end() {
    let _quiet = among_others();
    let folder = TempDir::new().unwrap();
    let (seeds, scenario, out) =
        (folder.path().join("keys.yaml"), folder.path().join("scenario.yaml"), folder.path().join("out"));
    std::fs::write(&seeds, format!("keys: [ {{ id: {KEY} }} ]\n")).unwrap();
    let running = server(&seeds, SocketAddr::from(([127, 0, 0, 1], 0)));
    let address = running.address();
    let text = format!(
        "version: 1
target: http://{address}
client: raw
workloads:
  load:
    executor: constant-arrival-rate
    rate: 100/s
    arrivals: uniform
    duration: 24s
    gracefulStop: 2s
    jobs: {{ Encrypt: 1 }}
    keys: {{ ids: [ {KEY} ] }}
strategies: {{ fixed: {{ retry: {{ mode: fixed, delay: 100ms, maxAttempts: 3 }} }} }}"
    );
    std::fs::write(&scenario, text).unwrap();
    let mut child = Command::cargo_bin("keystorm")
        .unwrap()
        .args(["run", "--progress-every", "500ms", "--no-tui"])
        .arg(&scenario)
        .arg("-o")
        .arg(&out)
        .env("AWS_ACCESS_KEY_ID", "AKIATEST")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // Its own lines tell the time: each half second one.
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut told = |count: usize| lines.by_ref().take(count).for_each(|line| drop(line.unwrap()));
    // Long enough for a before, and as long again for what comes after.
    told(14);
    running.stop();
    told(4);
    let back = server(&seeds, address);
    lines.for_each(|line| drop(line.unwrap()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    back.stop();
    let run: Value = serde_json::from_slice(&std::fs::read(out.join("run.json")).unwrap()).unwrap();
    adds_up(&run);
    let (offered, completed) = (figure(&run, 0, "jobs.offered"), figure(&run, 0, "jobs.completed"));
    assert_eq!(offered, 2_400.0);
    assert!(completed > 2_000.0 && completed < 2_350.0, "about two seconds are lost: {completed}");
    assert!(figure(&run, 0, "faults") > 100.0, "{run:#}");
    assert_eq!(figure(&run, 0, "jobs.unfinished"), 0.0, "nothing hangs");
    // How soon response times are as they were is the machine's business; that it is told is ours.
    let recovery = run["strategies"][0]["recoveryTime_s"].as_f64();
    let is_told =
        |kind: &str| run["cautions"].as_array().unwrap().iter().any(|caution| caution["kind"] == kind);
    assert!(is_told("unreachable"), "{:#}", run["cautions"]);
    match recovery {
        Some(seconds) => assert!((0.0..=10.0).contains(&seconds), "{seconds}"),
        None => assert!(is_told("not-recovered"), "{:#}", run["cautions"]),
    }
    let refusals = run["wall"]["strategies"][0]["refusals"].to_string();
    assert!(refusals.contains("ConnectionError"), "{refusals}");
}
