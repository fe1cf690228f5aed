//! `keystorm explain`, as a user meets it.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const SCENARIO: &str = "name: storm
quotas: { symmetric: 100/s, enforcement: { window: { phase: 0s } } }
serviceTime: { fixed: 5ms, throttled: 2ms }
workloads:
  service:
    executor: ramping-arrival-rate
    startRate: 50/s
    arrivals: uniform
    stages: [ { duration: 15s, target: 50/s }, { duration: 0s, target: 300/s }, { duration: 8s, target: 300/s }, { duration: 0s, target: 50/s }, { duration: 20s, target: 50/s } ]
    jobs: { Encrypt: 1, Decrypt: 9 }
  closed: { executor: constant-vus, vus: 2, duration: 5s, thinkTime: 1s, jobs: { Sign: 1 }, keys: { spec: ECC_NIST_P256 } }
strategies:
  no-retry: { retry: { mode: none } }
  early: { retry: { mode: immediate, maxAttempts: 2 } }
  patient: { retry: { mode: fixed, delay: 100ms, maxAttempts: 4 } }
trials: 2
";

fn keystorm(folder: &Path, line: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keystorm")).args(line).current_dir(folder).output().expect("it starts")
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn saved() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("s.yaml"), SCENARIO).expect("written");
    out(&keystorm(folder.path(), &["run", "s.yaml", "-q", "-o", "run"]));
    folder
}

#[test]
fn phases_are_told_with_what_began_them() {
    let folder = saved();
    let text = out(&keystorm(folder.path(), &["explain", "run", "--strategy", "no-retry"]));
    for part in [
        "throttled",
        "`service` steps from 50/s to 300/s at 15 s",
        "`service` steps from 300/s to 50/s at 23 s",
        "healthy, 0 to 15 s: from the start. ",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains("patient") && text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let json: Value =
        serde_json::from_str(&out(&keystorm(folder.path(), &["explain", "run", "--json"]))).expect("JSON");
    let phases = json["strategies"][0]["phases"].as_array().expect("phases");
    let kinds: Vec<&str> = phases.iter().map(|phase| phase["kind"].as_str().expect("a kind")).collect();
    assert_eq!(kinds, ["healthy", "throttled", "healthy"]);
    assert_eq!((phases[1]["from_s"].as_f64(), phases[1]["to_s"].as_f64()), (Some(15.0), Some(23.0)));
}

#[test]
fn a_jobs_story_is_told_attempt_by_attempt_and_agrees_with_the_run() {
    let folder = saved();
    // 750 jobs in 15 s, then one each 3.3 ms: job 1,100 comes when the second's hundred are long gone.
    let text = out(&keystorm(folder.path(), &["explain", "run", "--job", "1000"]));
    assert!(text.starts_with("job 1000 of service, trial 1\n"), "{text}");
    let (first, second) = text.split_once("\npatient\n").expect("strategies in the file's order");
    let (first, early) = first.split_once("\nearly\n").expect("strategies in the file's order");
    assert!(early.contains("attempt 2: "), "{text}");
    assert!(first.contains(", throttled after 2 ms: pool symmetric had no room"), "{text}");
    assert!(first.contains("failed: its last attempt was throttled; 2 ms after"), "{text}");
    assert!(second.contains("attempt 2 (waited 100 ms): "), "{text}");
    let again = out(&keystorm(folder.path(), &["explain", "run", "--job", "1000"]));
    assert_eq!(text, again);
    let other = out(&keystorm(
        folder.path(),
        &["explain", "run", "--job", "1000", "--trial", "2", "--strategy", "patient"],
    ));
    assert!(other.starts_with("job 1000 of service, trial 2\n") && !other.contains("no-retry"), "{other}");
    let calm = out(&keystorm(folder.path(), &["explain", "run", "--job", "1"]));
    assert!(calm.contains(", Ok after 5 ms") && calm.contains("completed 5 ms after"), "{calm}");
    let closed = out(&keystorm(folder.path(), &["explain", "run", "--job", "2:3", "--workload", "closed"]));
    assert!(closed.contains("Sign, Ok after 5 ms"), "{closed}");
    let json = out(&keystorm(folder.path(), &["explain", "run", "--job", "1000", "--json"]));
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert!(json["strategies"][2]["events"].as_array().expect("events").len() >= 4, "{json}");
}

#[test]
fn the_stories_of_all_jobs_add_up_to_the_run() {
    let folder = TempDir::new().expect("a folder");
    let small = SCENARIO
        .replace("trials: 2", "trials: 1")
        .replace("duration: 20s", "duration: 1s")
        .replace("15s", "1s")
        .replace("duration: 8s", "duration: 1s");
    let small = small.lines().filter(|line| !line.contains("closed:")).collect::<Vec<_>>().join("\n");
    fs::write(folder.path().join("s.yaml"), &small).expect("written");
    out(&keystorm(folder.path(), &["run", "s.yaml", "-q", "-o", "run", "--strategy", "patient"]));
    let run: Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("run/run.json")).expect("there"))
            .expect("JSON");
    let scenario = keystorm::scenario::Scenario::parse(&small, &keystorm::scenario::Options::default())
        .expect("valid")
        .scenario;
    let offered = run["strategies"][0]["jobs"]["offered"].as_u64().expect("a number");
    let (mut attempts, mut completed) = (0, 0);
    for index in 0..offered {
        let story = keystorm::engine::story(&scenario, 2, 0, 0, index).expect("it came");
        attempts += story.attempts().count() as u64;
        completed += u64::from(matches!(story.end(), Some((_, keystorm::api::Outcome::Completed))));
    }
    assert_eq!(Some(attempts), run["strategies"][0]["attempts"].as_u64());
    assert_eq!(Some(completed), run["strategies"][0]["jobs"]["completed"].as_u64());
    assert!(keystorm::engine::story(&scenario, 2, 0, 0, offered).is_none());
}

#[test]
fn what_the_run_has_not_is_refused() {
    let folder = saved();
    for (line, part) in [
        (&["--job", "9999999"][..], "no such job of `service` came in trial 1"),
        (&["--job", "0"], "the job's number from 1"),
        (&["--job", "5", "--workload", "closed"], "VU:NUMBER"),
        (&["--job", "5", "--workload", "nobody"], "the run has service, closed"),
        (&["--job", "5", "--trial", "3"], "trials 1 to 2"),
        (&["--trial", "1"], "--trial goes with --job"),
        (&["--strategy", "nobody"], "the run has no-retry, early, patient"),
    ] {
        let refused = keystorm(folder.path(), &[&["explain", "run"], line].concat());
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(2) && said.contains(part), "{line:?}: {said}");
    }
}
