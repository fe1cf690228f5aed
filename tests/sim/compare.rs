//! `keystorm compare`, as a user meets it.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const SCENARIO: &str = "name: small
quotas: { symmetric: 100/s }
workloads: { w: { executor: constant-arrival-rate, rate: 150/s, duration: 6s, jobs: { Decrypt: 1 } } }
strategies: { no-retry: { retry: { mode: none } }, sdk: { retry: { mode: aws-standard } } }
trials: 4
";

fn keystorm(folder: &Path, line: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    command.args(line).current_dir(folder).env_remove("GITHUB_STEP_SUMMARY").output().expect("it starts")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with run `a`, and `b` of a quota that is a tenth lower.
fn runs() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("s.yaml"), SCENARIO).expect("written");
    for (name, quota) in [("a", "100/s"), ("b", "90/s")] {
        let ran = keystorm(folder.path(), &["run", "s.yaml", "-q", "-o", name, "--quota", quota]);
        assert!(ran.status.success(), "{}", said(&ran));
    }
    folder
}

#[test]
fn a_regression_ends_in_121_and_names_what_got_worse() {
    let folder = runs();
    let line = ["compare", "a", "b", "--fail-on", "goodput worse than 5%"];
    let worse = keystorm(folder.path(), &line);
    assert_eq!(worse.status.code(), Some(121), "{}", said(&worse));
    let text = out(&worse);
    assert!(text.starts_with("b beside a: worse: "), "{text}");
    for part in [
        "Both met the same jobs (seed 42)",
        "quotas.symmetric: 100/s → 90/s",
        "✗ goodput worse than 5%: goodput of `no-retry`",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let turned = keystorm(folder.path(), &["compare", "b", "a", "--fail-on", "goodput worse than 5%"]);
    assert_eq!(turned.status.code(), Some(0));
    assert!(out(&turned).starts_with("a beside b: better: "), "{}", out(&turned));
    let lenient = keystorm(folder.path(), &["compare", "a", "b", "--fail-on", "goodput worse than 50%"]);
    assert_eq!(lenient.status.code(), Some(0));
    let same = keystorm(folder.path(), &["compare", "a", "a"]);
    assert!(out(&same).contains("nothing differs by what is worth a word"), "{}", out(&same));
}

#[test]
fn rules_and_names_that_cannot_be_are_refused() {
    let folder = runs();
    for (line, part) in [
        (&["compare", "a", "b", "--fail-on", "p98 worse than 5%"][..], "figures are success, goodput"),
        (&["compare", "a", "b", "--fail-on", "done-after worse than 5%"], "no such figure in common"),
        (&["compare", "a"], "compared with nothing"),
        (&["compare", "a", "--baseline", "main"], "reports/baselines has none"),
        (&["compare", "a", "--save-baseline", "../x"], "a name has letters"),
        (&["compare", "a", "b", "--step-summary"], "GITHUB_STEP_SUMMARY is not set"),
    ] {
        let refused = keystorm(folder.path(), line);
        assert_eq!(refused.status.code(), Some(2), "{line:?}");
        assert!(said(&refused).contains(part), "{line:?}: {}", said(&refused));
    }
    let older = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/saved-run/older.json");
    fs::create_dir(folder.path().join("older")).expect("made");
    fs::copy(older, folder.path().join("older/run.json")).expect("a copy");
    let mixed = keystorm(folder.path(), &["compare", "older", "b"]);
    assert_eq!(mixed.status.code(), Some(1));
    assert!(said(&mixed).contains("older has definitions 1 and b has 2"), "{}", said(&mixed));
}

#[test]
fn a_comparison_is_printed_for_programs_pull_requests_and_ci_servers() {
    let folder = runs();
    let json: Value =
        serde_json::from_str(&out(&keystorm(folder.path(), &["compare", "a", "b", "--json"]))).expect("JSON");
    assert_eq!((json["schema"].as_str(), json["how"].as_str()), (Some("keystorm.compare/1"), Some("paired")));
    let goodput = json["differences"].as_array().expect("rows").iter().find(|row| row["figure"] == "goodput");
    assert_eq!(goodput.expect("a row")["verdict"], "worse");
    let many: Value =
        serde_json::from_str(&out(&keystorm(folder.path(), &["compare", "a", "b", "a", "--format", "json"])))
            .expect("JSON");
    assert_eq!(many.as_array().map(Vec::len), Some(2));

    let rule = ["--fail-on", "goodput worse than 5%"];
    let line = [&["compare", "a", "b", "--format", "junit"], &rule[..]].concat();
    let junit = out(&keystorm(folder.path(), &line));
    assert!(
        junit.starts_with("<?xml") && junit.contains("failures=\"2\"") && junit.contains("<failure message="),
        "{junit}"
    );
    assert_eq!(junit.matches("<testcase").count(), junit.matches("</testcase>").count());

    let html = out(&keystorm(folder.path(), &["compare", "a", "b", "--format", "html"]));
    for part in [
        "<!DOCTYPE html>",
        "b beside a: worse: ",
        "A no-retry",
        "B no-retry",
        "id=\"over-time-goodput\"",
        "id=\"response-percentiles\"",
        "default-src 'none'",
    ] {
        assert!(html.contains(part), "{part}");
    }
    for part in ["src=", "href=\"http", "<link", "https:", "fetch", "XMLHttp"] {
        assert!(!html.contains(part), "{part}: the page needs nobody");
    }

    let summary = folder.path().join("summary.md");
    fs::write(&summary, "before\n").expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystorm"));
    let line = ["compare", "a", "b", "--step-summary", "--format", "markdown"];
    let printed = command
        .args(line)
        .current_dir(folder.path())
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .expect("starts");
    let text = fs::read_to_string(&summary).expect("there");
    assert!(text.starts_with("before\n### b beside a: worse: "), "{text}");
    assert!(text.contains(&out(&printed)) && text.contains("| strategy | figure | A | B |"), "{text}");
}

/// A folder with live runs, one a day, whose p99 grows by a tenth from the twelfth on.
fn days(folder: &Path) -> std::path::PathBuf {
    let directory = folder.join("days");
    let saved = fs::read_to_string(folder.join("a/run.json")).expect("saved");
    for day in 0..22 {
        let mut run: Value = serde_json::from_str(&saved).expect("JSON");
        run["wall"] = serde_json::json!({
            "startedAt": format!("2026-11-{:02}T00:00:00Z", day + 1), "elapsed_s": 6.0, "strategies": [],
            "vantage": { "host": "h", "os": "linux", "cores": 2, "client": "raw", "endpoint": "in process",
                         "region": "us-east-1", "tls": false, "fips": false },
            "setUp": { "attempts": 0, "keysMade": 0 },
        });
        let p99 = &mut run["strategies"][0]["responseTime_ms"]["p99"];
        *p99 = Value::from(p99.as_f64().expect("a figure") * if day < 12 { 1.0 } else { 1.1 });
        fs::create_dir_all(directory.join(format!("day-{day:02}"))).expect("made");
        fs::write(directory.join(format!("day-{day:02}/run.json")), run.to_string()).expect("written");
    }
    fs::create_dir(directory.join("simulated")).expect("made");
    fs::copy(folder.join("a/run.json"), directory.join("simulated/run.json")).expect("a copy");
    directory
}

#[test]
fn a_folder_of_live_runs_tells_from_which_run_on_a_figure_is_another() {
    let folder = runs();
    days(folder.path());
    let told = keystorm(folder.path(), &["compare", "days"]);
    assert!(told.status.success(), "{}", said(&told));
    let text = out(&told);
    for part in [
        "small: 22 live runs",
        "ANSWER  p99 of `no-retry` is worse by 10.0 % from `day-12` on.",
        "Left out: `simulated`, since it is simulated, and the same each time.",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let json: Value =
        serde_json::from_str(&out(&keystorm(folder.path(), &["compare", "days", "--json"]))).expect("JSON");
    let changed =
        json["metrics"].as_array().expect("metrics").iter().filter(|m| m["stretches"][1].is_object());
    assert_eq!(changed.map(|m| m["stretches"][1]["first"].clone()).collect::<Vec<_>>(), [12]);
    let html = out(&keystorm(folder.path(), &["compare", "days", "--format", "html"]));
    assert!(html.contains("<svg") && !html.contains("<script"), "{html}");
    let markdown = out(&keystorm(folder.path(), &["compare", "days", "--format", "markdown"]));
    assert!(markdown.contains("| p99 of no-retry |") && !markdown.contains("]("), "{markdown}");
    for option in [&["--fail-on", "p99 worse than 5%"][..], &["--step-summary"], &["--format", "junit"]] {
        let refused = keystorm(folder.path(), &[&["compare", "days"], option].concat());
        assert_eq!(refused.status.code(), Some(2), "{option:?}");
        assert!(said(&refused).contains("a folder of runs"), "{}", said(&refused));
    }
    let none = keystorm(folder.path(), &["compare", "."]);
    assert!(none.status.code() == Some(1) && said(&none).contains("no live run"), "{}", said(&none));
}

#[test]
fn a_baseline_has_a_name() {
    let folder = runs();
    let kept = keystorm(folder.path(), &["compare", "a", "--save-baseline", "main"]);
    assert!(
        kept.status.success() && said(&kept).contains("baseline main: reports/baselines/main/run.json"),
        "{}",
        said(&kept)
    );
    let beside = keystorm(
        folder.path(),
        &["compare", "b", "--baseline", "main", "--fail-on", "goodput worse than 5%"],
    );
    assert_eq!(beside.status.code(), Some(121), "{}", said(&beside));
    assert!(out(&beside).starts_with("b beside main: worse: "), "{}", out(&beside));
}
