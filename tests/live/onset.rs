//! `keystorm onset --live`: the load at which a service nearby breaks, found by sending it; never on AWS, never far away.

use super::support::among_others;
use assert_cmd::cargo::CommandCargoExt;
use keystorm::emulator::seed::Format;
use keystorm::server::{Running, Settings};
use keystorm::units::Rate;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const KEY: &str = "0a1b2c3d-0000-4000-8000-00000000feed";

/// Up to 200 jobs a second against 50; `keys` says which.
fn scenario(folder: &Path, keys: &str) -> String {
    let path = folder.join("scenario.yaml");
    let text = format!(
        "version: 1
client: raw
quotas: {{ symmetric: 50/s }}
workloads:
  load:
    executor: constant-arrival-rate
    rate: 50/s
    arrivals: uniform
    duration: 10s
    gracefulStop: 2s
    jobs: {{ Encrypt: 1 }}
    {keys}
strategies: {{ no-retry: {{ retry: {{ mode: none }} }} }}
trials: 1
thresholds: {{ failed: [ \"rate<20%\" ] }}
"
    );
    std::fs::write(&path, text).expect("written");
    path.display().to_string()
}

fn onset(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("keystorm").expect("the binary is built");
    command.current_dir(folder).arg("onset").args(args).output().expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

const SHORT: [&str; 8] = ["--live", "--length", "2s", "--within", "20%", "--reach", "4", "-o"];

/// The first throttle and the broken threshold that were found lie where the quota says.
fn near_fifty(folder: &Path) -> Value {
    let json = std::fs::read(folder.join("found/onset.json")).expect("saved");
    let onset: Value = serde_json::from_slice(&json).expect("JSON");
    let found = &onset["strategies"][0];
    let high = |edge: &Value| edge["high"].as_f64().unwrap_or_else(|| panic!("{onset:#}"));
    let throttle = high(&found["first_throttle_per_s"]);
    // Two seconds hold a whole window, in which fifty pass.
    assert!((45.0..75.0).contains(&throttle), "{throttle}");
    // A fifth fails from 62.5 a second on where two windows are met, from 93.75 where a part of a third is.
    let broken = high(&found["thresholds"][0]["from_per_s"]);
    assert!((55.0..120.0).contains(&broken) && broken >= throttle, "{broken}");
    onset
}

#[test]
fn the_load_that_breaks_the_emulator_is_found_by_sending_it() {
    let _quiet = among_others();
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), "keys: { count: 1 }");
    let done = onset(folder.path(), &[&[path.as_str()], &SHORT[..], &["found"]].concat());
    assert!(done.status.success(), "{}", text(&done.stderr));
    let onset = near_fifty(folder.path());
    assert_eq!(onset["sentTo"], "the emulator in this process");
    let said = text(&done.stderr);
    assert!(said.contains("no-retry: ") && said.contains("jobs/s for 2s, then it drains"), "{said}");
    assert!(said.contains("attempts sent"), "{said}");
    assert!(text(&done.stdout).contains("on the real clock"), "{}", text(&done.stdout));
}

#[test]
fn a_service_on_this_machine_is_let_drain_and_its_own_limiter_is_found() {
    let _quiet = among_others();
    let folder = TempDir::new().expect("a temporary folder");
    let seeds = folder.path().join("keys.yaml");
    std::fs::write(&seeds, format!("keys: [ {{ id: {KEY} }} ]\n")).expect("written");
    let mut settings =
        Settings::default().emulating(|emulator| emulator.seeds = vec![(seeds, Format::Keystorm)]);
    settings.emulator.quotas.overrides.insert("symmetric".into(), Rate::per_second(50));
    let running = Running::start(settings).expect("a free port");
    let path = scenario(folder.path(), &format!("keys: {{ ids: [ {KEY} ] }}"));
    let url = running.url();
    let target = ["--target", &url];
    let done = onset(folder.path(), &[&[path.as_str()][..], &target[..], &SHORT[..], &["found"]].concat());
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(near_fifty(folder.path())["sentTo"], Value::from(url.as_str()));
    // Its limiter is its own.
    let kinds =
        [&[path.as_str()][..], &target[..], &["--enforcement", "sliding"], &SHORT[..], &["x"]].concat();
    let done = onset(folder.path(), &kinds);
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stderr).contains("a limiter of its own"), "{}", text(&done.stderr));
    running.stop();
}

#[test]
fn aws_and_whatever_is_far_away_are_refused_before_anything_is_sent() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = scenario(folder.path(), "keys: { count: 1 }");
    for target in ["aws", "https://kms.eu-west-1.amazonaws.com", "http://203.0.113.7:8080"] {
        let done =
            onset(folder.path(), &[&[path.as_str(), "--target", target], &SHORT[..], &["found"]].concat());
        let said = text(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{target}: {said}");
        assert!(
            said.contains("--live looks for the load that breaks a service, so it is refused on AWS"),
            "{said}"
        );
        assert!(!folder.path().join("found").exists());
    }
    let done = onset(folder.path(), &[&path, "--target", "emulator", "-o", "found"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stderr).contains("--live"), "{}", text(&done.stderr));
}
