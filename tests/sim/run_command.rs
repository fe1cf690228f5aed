//! `keystorm run` as people meet it: what it prints, what it writes, and how it ends.

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const SMALL: &str = "# Does it hold?
version: 1
name: small
quotas: { symmetric: 100/s }
workloads:
  load: { executor: constant-arrival-rate, rate: 150/s, duration: 10s, jobs: { Decrypt: 1 } }
strategies:
  no-retry: { retry: { mode: none } }
  sdk: { retry: { mode: aws-standard } }
trials: 2
thresholds: { failed: [ \"rate<10%\" ], \"throttled{strategy:sdk}\": [ \"rate<99%\" ] }
";

fn keystorm(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("keystorm").expect("the binary is built");
    command.args(args).env_remove("NO_COLOR");
    command
}

fn output(args: &[&str]) -> Output {
    keystorm(args).output().expect("it starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ends by itself")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// A folder with `scenario.yaml` in it.
fn folder(scenario: &str) -> (TempDir, String, String) {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("scenario.yaml");
    std::fs::write(&path, scenario).expect("written");
    let out = folder.path().join("out").display().to_string();
    (folder, path.display().to_string(), out)
}

fn saved(out: &str) -> Value {
    let json = std::fs::read_to_string(Path::new(out).join("run.json")).expect("run.json is there");
    serde_json::from_str(&json).expect("JSON")
}

#[test]
fn a_gated_miss_ends_in_99_and_an_ungated_one_in_0() {
    let (_folder, path, out) = folder(SMALL);
    assert_eq!(code(&output(&["run", &path, "-q", "-o", &out, "--force"])), 99);
    assert_eq!(saved(&out)["thresholds"][0]["verdict"], "missed");
    let gate = "gate=[sdk]";
    let passes = [
        "run",
        &path,
        "-q",
        "-o",
        &out,
        "--force",
        "--set",
        gate,
        "--set",
        "thresholds={shed: [\"rate<1%\"]}",
    ];
    assert_eq!(code(&output(&passes)), 0);
}

#[test]
fn a_median_that_failures_have_eaten_ends_in_99() {
    // 60 % of jobs are refused after 5 ms, the rest take a second: the median job never comes back.
    let (_folder, path, out) = folder(
        "version: 1
name: eaten
serviceTime: { p50: 1s, p99: 1s, throttled: 5ms }
faults: [ { at: 0s, for: 5m, kind: throttle, probability: 60% } ]
workloads: { load: { executor: constant-arrival-rate, rate: 50/s, duration: 20s, jobs: { Decrypt: 1 } } }
strategies: { no-retry: { retry: { mode: none } } }
trials: 2
thresholds: { response_time: [ \"med<100ms\" ] }
",
    );
    let ended = output(&["run", &path, "-o", &out]);
    assert_eq!(code(&ended), 99);
    assert!(text(&ended.stdout).contains("∞ ("), "{}", text(&ended.stdout));
    let threshold = &saved(&out)["thresholds"][0];
    assert!(threshold["value"].is_null() && threshold["verdict"] == "missed", "{threshold}");
    assert_eq!(saved(&out)["definitions"], 2);
}

#[test]
fn an_invalid_scenario_ends_in_104_with_every_problem() {
    let (_folder, path, out) = folder(&SMALL.replace("rate: 150/s", "rate: -1/s").replace("seed", "sed"));
    let refused = output(&["run", &path, "--set", "trails=3", "-o", &out, "--force"]);
    let said = text(&refused.stderr);
    assert_eq!(code(&refused), 104, "{said}");
    let invalid = output(&["run", &path, "-o", &out, "--force"]);
    assert!(text(&invalid.stderr).contains("scenario.yaml:6:"), "{}", text(&invalid.stderr));
    assert!(!Path::new(&out).exists(), "nothing is written");
}

#[test]
fn a_wrong_command_line_ends_in_2_and_names_the_remedy() {
    let (_folder, path, _) = folder(SMALL);
    let unknown = output(&["run", &path, "--strategy", "sdkk"]);
    assert_eq!(code(&unknown), 2);
    assert!(text(&unknown.stderr).contains("did you mean `sdk`?"), "{}", text(&unknown.stderr));
    assert_eq!(code(&output(&["run"])), 2);
    assert_eq!(code(&output(&["run", &path, "--op", "Decrypt"])), 2);
    assert_eq!(code(&output(&["run", &path, "--set", "seed"])), 2);
    assert!(text(&output(&["help", "exit-codes"]).stdout).contains("105"));
}

#[test]
fn seed_trials_strategy_and_threads_are_options_and_only_the_seed_changes_the_draws() {
    let (_folder, path, out) = folder(SMALL);
    let run = |more: &[&str]| {
        let mut args = vec!["run", &path, "-q", "-o", &out, "--force", "--json"];
        args.extend(more);
        text(&output(&args).stdout)
    };
    let plain = run(&[]);
    assert_eq!(plain, run(&["--threads", "1"]), "threads do not matter");
    assert_eq!(plain, std::fs::read_to_string(Path::new(&out).join("run.json")).expect("run.json"));
    assert_ne!(plain, run(&["--seed", "7"]));
    let one: Value =
        serde_json::from_str(&run(&["--trials", "1", "--strategy", "sdk"])).expect("one document");
    assert_eq!(one["strategies"].as_array().map(Vec::len), Some(1));
    assert_eq!(one["strategies"][0]["trials"], 1);
    let by_name =
        keystorm(&["run", &path, "-q", "-o", &out, "--force", "--json"]).env("KEYSTORM_SEED", "7").output();
    assert_eq!(text(&by_name.expect("it starts").stdout), run(&["--seed", "7"]), "KEYSTORM_SEED is --seed");
}

#[test]
fn a_load_is_described_without_a_file() {
    let folder = TempDir::new().expect("a temporary folder");
    let out = folder.path().join("out").display().to_string();
    let run = |args: &[&str]| {
        let mut all = vec!["run", "-q", "-o", &out, "--force"];
        all.extend(args);
        let ended = output(&all);
        assert_eq!(code(&ended), 0, "{args:?}: {}", text(&ended.stderr));
        saved(&out)
    };
    let offered = |run: &Value| run["strategies"][0]["jobs"]["offered"].as_u64().expect("a count");
    let open = run(&["--op", "Decrypt", "-r", "500/s", "-d", "5s", "--quota", "300/s", "--trials", "1"]);
    assert!((2_300..2_700).contains(&offered(&open)), "{}", offered(&open));
    assert_eq!(open["strategies"][0]["pools"]["symmetric"]["limit_per_s"], 300.0);
    let ramp = run(&["--op", "Decrypt=3", "--op", "Encrypt=1", "--stage", "10s:100/s", "--trials", "1"]);
    assert!((400..600).contains(&offered(&ramp)), "{}", offered(&ramp));
    let shared = run(&["--op", "Sign", "--key-spec", "RSA_2048", "-c", "5", "-n", "100", "--trials", "1"]);
    assert_eq!(offered(&shared), 100);
    assert!(!shared["strategies"][0]["pools"]["rsa"].is_null());
}

#[test]
fn the_summary_fits_a_hundred_columns_and_has_no_escapes_off_a_terminal() {
    let (_folder, path, out) = folder(SMALL);
    let summary = text(&output(&["run", &path, "-o", &out, "--force"]).stdout);
    assert!(summary.lines().all(|line| line.chars().count() <= 100), "{summary}");
    assert!(!summary.contains('\u{1b}') && summary.contains("sdk") && summary.contains("Does it hold?"));
}

#[test]
fn a_report_is_redrawn_byte_for_byte() {
    let (_folder, path, out) = folder(SMALL);
    output(&["run", &path, "-q", "-o", &out, "--force"]);
    let files = ["report.html", "report.md", "timeline.csv", "strategies.csv", "charts/strategies.svg"];
    let read = |name: &str| std::fs::read(Path::new(&out).join(name)).expect("it was written");
    let before: Vec<Vec<u8>> = files.iter().map(|name| read(name)).collect();
    files.iter().for_each(|name| std::fs::remove_file(Path::new(&out).join(name)).expect("removed"));
    assert_eq!(code(&output(&["report", &out, "-q"])), 0);
    files.iter().zip(before).for_each(|(name, bytes)| assert!(read(name) == bytes, "{name} differs"));
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_in_105_with_results_of_what_was_done() {
    // Days of load: it does not end by itself. The first line of progress says that it runs.
    let (_folder, path, out) = folder(&SMALL.replace("duration: 10s", "duration: 20d"));
    let mut running = keystorm(&["run", &path, "-o", &out, "--force"])
        .env("KEYSTORM_PROGRESS_EVERY", "10ms")
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut progress = BufReader::new(running.stderr.take().expect("piped"));
    let mut line = String::new();
    progress.read_line(&mut line).expect("a line of progress");
    assert!(line.contains("2 strategies"), "{line}");
    crate::signal::signal(&running, "-INT");
    std::io::copy(&mut progress, &mut std::io::sink()).expect("read to its end");
    assert_eq!(running.wait().expect("it ends").code(), Some(105));
    let run = saved(&out);
    assert_eq!(run["interrupted"], true);
    for strategy in run["strategies"].as_array().expect("strategies") {
        let count = |name: &str| strategy["jobs"][name].as_u64().expect("a count");
        assert!(count("offered") > 0);
        let ended = count("completed") + count("failed") + count("shed") + count("unfinished");
        assert_eq!(count("offered"), ended);
    }
}

#[test]
fn the_verdict_is_last_and_the_saved_run_holds_it_with_what_it_rests_on() {
    let (folder, path, out) = folder(SMALL);
    let shown = text(&output(&["run", &path, "-q", "-o", &out, "--trials", "3"]).stdout);
    let tail: Vec<&str> = shown.lines().filter(|line| !line.starts_with(' ')).rev().take(3).collect();
    assert!(tail[0].starts_with("NEXT   ") && tail[1].starts_with("SURE   "), "{shown}");
    assert!(tail[2].starts_with("ANSWER "), "{shown}");
    let run = saved(&out);
    assert_eq!(run["command"], serde_json::json!(["scenario.yaml", "--trials", "3"]));
    for line in ["answer", "sure", "next"] {
        assert!(run["answer"][line]["text"].as_str().is_some_and(|text| !text.is_empty()), "{line}");
    }
    assert_eq!(run["limiterKinds"]["kinds"].as_array().map(Vec::len), Some(4));
    assert!(run["differences"].as_array().is_some_and(|all| !all.is_empty()));
    // Whoever typed a path is told that path; what is saved is the same wherever it lies.
    assert!(shown.replace("\n       ", " ").contains(&path), "{shown}");
    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("made");
    std::fs::copy(&path, elsewhere.join("scenario.yaml")).expect("copied");
    let there = elsewhere.join("scenario.yaml").display().to_string();
    let again =
        text(&output(&["run", &there, "-q", "-o", &out, "--force", "--trials", "3", "--json"]).stdout);
    assert_eq!(serde_json::from_str::<Value>(&again).expect("JSON"), run);
    let details = text(&output(&["run", &path, "-q", "-o", &out, "--force", "-v"]).stdout);
    assert!(details.contains("Thresholds") && !shown.contains("Thresholds"), "{details}");
}

#[test]
fn in_the_c_locale_the_summary_is_ascii() {
    let (_folder, path, out) = folder(SMALL);
    let shown = |locale: &str| {
        let line = ["run", &path, "-q", "-v", "-o", &out, "--force"];
        let done = keystorm(&line).env("LC_ALL", locale).output().expect("it starts");
        String::from_utf8(done.stdout).expect("UTF-8")
    };
    assert!(shown("C").is_ascii(), "{}", shown("C"));
    assert!(!shown("C.UTF-8").is_ascii());
}
