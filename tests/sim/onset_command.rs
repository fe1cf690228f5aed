//! `keystorm onset` as people meet it.

use super::support::scenario;
use assert_cmd::cargo::CommandCargoExt;
use keystorm::engine::{Control, simulate_one};
use keystorm::planner::onset::{Measure, Search, SearchOptions, Terms, terms};
use keystorm::planner::variant;
use keystorm::scenario::Scenario;
use keystorm::time::Span;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const SCENARIO: &str = "version: 1
name: edges
quotas: { symmetric: 100/s }
serviceTime: { fixed: 5ms }
workloads:
  load: { executor: constant-arrival-rate, arrivals: uniform, rate: 70/s, duration: 16s, jobs: { Decrypt: 1 }, deadline: 2s }
strategies:
  no-retry: { retry: { mode: none } }
  sdk-adaptive: { retry: { mode: aws-adaptive } }
trials: 3
thresholds: { failed: [ \"rate<5%\" ], response_time: [ \"p(99)<200ms\" ] }
";

fn output(args: &[&str]) -> Output {
    Command::cargo_bin("keystorm").expect("the binary is built").args(args).output().expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// A folder with the scenario; its path, and that of what is written.
fn folder(scenario: &str) -> (TempDir, String, String) {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("edges.yaml");
    std::fs::write(&path, scenario).expect("written");
    let out = folder.path().join("out").display().to_string();
    (folder, path.display().to_string(), out)
}

fn saved(out: &str) -> (String, Value) {
    let json = std::fs::read_to_string(Path::new(out).join("onset.json")).expect("onset.json is there");
    let value = serde_json::from_str(&json).expect("JSON");
    (json, value)
}

/// Both sides of an edge.
fn sides(edge: &Value) -> (f64, f64) {
    (edge["low"].as_f64().expect("a low side"), edge["high"].as_f64().expect("a high side"))
}

#[test]
fn each_strategy_has_a_line_and_each_edge_its_two_sides() {
    let (_folder, path, out) = folder(SCENARIO);
    let done = output(&["onset", &path, "--length", "16s", "-o", &out, "-q"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let shown = text(&done.stdout);
    let line =
        |name: &str| shown.lines().find(|line| line.starts_with(name)).expect("a line a strategy").to_owned();
    // A window of 100 serves 100: the next load above refuses, one above 105.3 refuses one in twenty.
    assert!(line("no-retry").contains("first throttle 101/s · failures > 5 % from 10"), "{shown}");
    assert!(
        line("no-retry").ends_with("collapse –"),
        "over the quota nobody gets less than the quota: {shown}"
    );
    assert!(line("sdk-adaptive").contains("p99 > 200 ms from 1"), "{shown}");
    let (_, onset) = saved(&out);
    let first = &onset["strategies"][0];
    let (low, high) = sides(&first["first_throttle_per_s"]);
    assert!(low <= 100.0 && 100.0 < high && high / low < 1.0101, "{first}");
    let (low, high) = sides(&first["thresholds"][0]["from_per_s"]);
    assert!(low < 105.9 && high > 104.7, "{first}");
    assert_eq!(first["collapse_per_s"], Value::Null);
    for name in ["onset.md", "onset.html", "charts/onset-p99.svg"] {
        assert!(Path::new(&out).join(name).is_file(), "{name}");
    }
    assert!(std::fs::read_to_string(Path::new(&out).join("onset.html")).expect("a page").contains("<svg"));
}

#[test]
fn a_search_goes_on_from_its_history_and_simulates_nothing_twice() {
    let (folder, path, out) = folder(SCENARIO);
    let history = folder.path().join("history.ndjson");
    let book = history.display().to_string();
    let args = ["onset", &path, "--length", "8s", "--history", &book, "-q", "--force", "-o", &out];
    assert!(output(&args).status.success());
    let (whole, _) = saved(&out);
    let lines = std::fs::read_to_string(&history).expect("a history");
    assert!(lines.lines().count() > 20);
    // Stopped in the middle of a line: what is whole is kept, the rest is simulated again.
    let cut = &lines[..lines.len() / 2];
    std::fs::write(&history, cut).expect("written");
    assert!(output(&args).status.success());
    assert_eq!(saved(&out).0, whole);
    let again = std::fs::read_to_string(&history).expect("a history");
    assert!(again.starts_with(cut) && again.lines().count() <= lines.lines().count() + 1);
    // Nothing is left to be simulated: the history does not grow.
    assert!(output(&args).status.success());
    assert_eq!(std::fs::read_to_string(&history).expect("a history"), again);
    std::fs::write(&history, "a,b\n1,2\n").expect("written");
    let refused = output(&args);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("this is no history of an onset"), "{}", text(&refused.stderr));
}

#[test]
fn every_kind_of_limiter_asked_for_has_its_line() {
    let (_folder, path, out) = folder(SCENARIO);
    let done = output(&[
        "onset",
        &path,
        "--strategy",
        "no-retry",
        "--enforcement",
        "window",
        "--enforcement",
        "bucket:1s",
        "--length",
        "8s",
        "-o",
        &out,
        "-q",
    ]);
    let shown = text(&done.stdout);
    // A bucket that holds a second's worth lets an eighth more pass in eight seconds.
    assert!(shown.contains("no-retry (window)") && shown.contains("no-retry (bucket 1s)"), "{shown}");
    let (_, onset) = saved(&out);
    let (low, high) = sides(&onset["strategies"][1]["first_throttle_per_s"]);
    assert!(low <= 112.6 && high >= 112.4, "100 x (1 + 1/8): {low} {high}");
}

#[test]
fn what_a_budget_leaves_open_is_not_told_as_none() {
    let (_folder, path, out) = folder(SCENARIO);
    let done = output(&[
        "onset",
        &path,
        "--strategy",
        "no-retry",
        "--length",
        "8s",
        "--budget",
        "50",
        "-o",
        &out,
        "-q",
    ]);
    let shown = text(&done.stdout);
    assert!(
        shown.contains("first throttle cannot tell yet") && shown.contains("The budget of 50 attempts"),
        "{shown}"
    );
}

#[test]
fn what_has_no_load_to_set_is_refused_with_the_way_out() {
    let closed = "workloads: { w: { executor: constant-vus, vus: 5, duration: 10s, jobs: { Decrypt: 1 } } }
strategies: { a: {} }";
    let (_folder, path, out) = folder(closed);
    let done = output(&["onset", &path, "-o", &out]);
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stderr).contains("is closed") && text(&done.stderr).contains("constant-arrival-rate"));
}

/// Attempts that three bisections simulate: full trials only, each load of each goal anew, over a quarter to four times the
/// guess; as many trials of a load as are sure to decide, as in the search.
fn bisections(scenario: &Scenario, strategy: usize, terms: &Terms) -> u64 {
    let full = terms.levels.last().expect("a level");
    let decide = full.trials.div_ceil(2);
    let mut attempts = 0;
    let mut at = |load: f64| -> Vec<Measure> {
        let steady = variant::steady(scenario, load, full.length);
        let trials = (0..decide).map(|trial| {
            Measure::of(&steady, strategy, &simulate_one(&steady, strategy, trial, &Control::default()))
        });
        let trials: Vec<Measure> = trials.collect();
        attempts += trials.iter().map(|trial| trial.attempts).sum::<u64>();
        trials
    };
    let capacity = at(terms.guess_per_s)[0].goodput_per_s;
    let over = |measures: &[Measure], goal: usize| {
        let shows = |m: &Measure| match goal {
            0 => m.throttled > 0,
            1 => m.held.contains(&Some(false)),
            _ => m.goodput_per_s < 0.9 * capacity,
        };
        measures.iter().all(shows)
    };
    for goal in 0..3 {
        let (mut low, mut high) = (terms.guess_per_s / 4.0, terms.guess_per_s * 4.0);
        if over(&at(low), goal) || !over(&at(high), goal) {
            continue;
        }
        while high / low - 1.0 > terms.within {
            let middle = (low * high).sqrt();
            if over(&at(middle), goal) { high = middle } else { low = middle }
        }
    }
    attempts
}

#[test]
fn a_search_simulates_at_most_six_tenths_of_what_three_bisections_do() {
    let scenario = scenario(&SCENARIO.replace(", response_time: [ \"p(99)<200ms\" ]", ""));
    let options = SearchOptions { within: 0.01, length: Span::from_secs(32), reach: 64.0, budget: None };
    for strategy in 0..2 {
        let terms = terms(&scenario, strategy, &options);
        let mut search = Search::new(terms.clone());
        while let Some(probe) = search.next() {
            let steady = variant::steady(&scenario, probe.load_per_s, terms.levels[probe.level].length);
            for trial in probe.trials.clone() {
                let done = simulate_one(&steady, strategy, trial, &Control::default());
                search.take(probe.level, probe.place, trial, Measure::of(&steady, strategy, &done));
            }
        }
        let (ours, theirs) = (search.attempts() as f64, bisections(&scenario, strategy, &terms) as f64);
        assert!(ours <= 0.6 * theirs, "strategy {strategy}: {ours} of {theirs}, {:.2}", ours / theirs);
    }
}
