//! `keystorm plan --backtest` as people meet it: two logs of an account whose limiter is known.

use assert_cmd::cargo::CommandCargoExt;
use keystorm::planner::backtest::{Limit, Second, replay};
use keystorm::quota::Enforcement;
use keystorm::time::Span;
use keystorm::units::Rate;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn output(args: &[&str]) -> Output {
    Command::cargo_bin("keystorm").expect("the binary is built").args(args).output().expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Five minutes of calls in waves, as `limit` answers them; all are admitted without one.
fn seconds(limit: Option<&Limit>, turn: i64) -> Vec<Second> {
    let mut seconds: Vec<Second> = (0..300)
        .map(|at| {
            let wave = libm::sin((at + turn) as f64 / 9.0) + libm::sin((at + 2 * turn) as f64 / 4.0);
            let calls = (16.0 + 9.0 * wave).max(1.0) as u64;
            Second { at: 1_767_225_600 + turn * 1_000 + at, admitted: calls, refused: 0 }
        })
        .collect();
    if let Some(limit) = limit {
        let mut admitted = Vec::new();
        replay(&seconds, limit, 1, |_, of| admitted.push(of));
        for (second, admitted) in seconds.iter_mut().zip(admitted) {
            (second.refused, second.admitted) = (second.admitted - admitted, admitted);
        }
    }
    seconds
}

/// The seconds as a CloudTrail log, refused calls as CloudTrail has them.
fn write(path: &Path, seconds: &[Second], account: &str) {
    let mut lines = String::new();
    for second in seconds {
        let at = jiff::Timestamp::from_second(second.at).expect("a time");
        for n in 0..second.admitted + second.refused {
            let rest = match n < second.admitted {
                true => r#""requestParameters":{"keyId":"k"}"#,
                false => {
                    r#""requestParameters":null,"errorCode":"ThrottlingException","errorMessage":"Rate exceeded""#
                }
            };
            writeln!(
                lines,
                r#"{{"eventVersion":"1.08","eventSource":"kms.amazonaws.com","eventName":"Decrypt","eventType":"AwsApiCall","eventTime":"{at}","awsRegion":"eu-west-1","eventID":"{}-{n}","userIdentity":{{"type":"AssumedRole","accountId":"{account}"}},{rest}}}"#,
                second.at
            )
            .expect("a line");
        }
    }
    std::fs::write(path, lines).expect("written");
}

/// The two logs of `limits`, and what the command says of them.
fn tested(limits: [Option<&Limit>; 2]) -> (TempDir, [String; 2]) {
    let folder = TempDir::new().expect("a temporary folder");
    let paths = ["week1.ndjson", "week2.ndjson"].map(|name| folder.path().join(name));
    for (place, path) in paths.iter().enumerate() {
        write(path, &seconds(limits[place], 40 * place as i64), "111122223333");
    }
    (folder, paths.map(|path| path.display().to_string()))
}

fn bucket() -> Limit {
    let burst = Span::from_secs(2);
    Limit { enforcement: Enforcement::Bucket { burst }, rate: Rate::per_second(20), phase: Span::ZERO }
}

#[test]
fn a_limiter_fitted_to_one_log_tells_the_throttled_seconds_of_another() {
    let (_folder, [first, second]) = tested([Some(&bucket()), Some(&bucket())]);
    let done = output(&["plan", "--backtest", &first, &second, "--json", "-q"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let told: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    let pool = &told["pools"][0];
    assert_eq!((&told["account"], &pool["pool"]), (&"111122223333".into(), &"symmetric".into()));
    // What was recorded is counted here by itself.
    let truth = seconds(Some(&bucket()), 40).iter().filter(|second| second.refused > 0).count();
    assert!(truth > 20, "{truth}");
    assert_eq!(pool["second"]["throttled"], truth);
    let of = |from: &Value, name: &str| from[name].as_f64().expect("a figure");
    let (score, coin) = (&pool["score"], &pool["coin"]);
    assert_eq!(of(score, "hits") + of(score, "misses"), truth as f64);
    assert!(of(score, "hits") >= 0.9 * truth as f64, "{score}");
    assert!(of(score, "false_alarms") <= 0.1 * truth as f64, "{score}");
    let rate = truth as f64 / 300.0;
    assert!((of(coin, "hits") - truth as f64 * rate).abs() < 1e-9, "{coin}");
    assert!((of(coin, "false_alarms") - (300.0 - truth as f64) * rate).abs() < 1e-9, "{coin}");
    assert!((19.0..21.0).contains(&of(&pool["fit"], "rate_per_s")), "{pool}");

    let shown = text(&output(&["plan", "--backtest", &first, &second, "-q"]).stdout);
    let joined = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let hits = of(score, "hits") as u64;
    assert!(
        joined.contains(&format!("ANSWER symmetric: {hits} of {truth} throttled seconds are told")),
        "{shown}"
    );
    assert!(joined.contains("better than a coin") && joined.contains("a coin"), "{shown}");
    // What it says to plan under is what the language takes.
    let setting = pool["fit"]["enforcement"].as_str().expect("a setting");
    let set = format!("quotas.enforcement={setting}");
    let checked = output(&["check", "scenarios/quickstart.yaml", "--set", &set]);
    assert!(checked.status.success(), "{set}: {}", text(&checked.stderr));
}

#[test]
fn a_log_without_throttles_cannot_tell() {
    let joined = |limits: [Option<&Limit>; 2]| {
        let (_folder, [first, second]) = tested(limits);
        let done = output(&["plan", "--backtest", &first, &second, "-q"]);
        assert!(done.status.success(), "{}", text(&done.stderr));
        text(&done.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let no_first = joined([None, Some(&bucket())]);
    assert!(
        no_first
            .contains("ANSWER Cannot tell how symmetric is enforced: the first log has no throttled call"),
        "{no_first}"
    );
    let no_second = joined([Some(&bucket()), None]);
    let alarms = "no second of the second log is throttled, and";
    assert!(
        no_second.contains("Cannot tell whether the fit holds") && no_second.contains(alarms),
        "{no_second}"
    );
    assert!(!no_second.contains("better than a coin"), "{no_second}");
}

#[test]
fn a_fit_that_does_not_hold_is_no_evidence() {
    // The second log's limiter refuses by another rule: at random times, as far as the first can tell.
    let (folder, [first, second]) = tested([Some(&bucket()), None]);
    let mut other = seconds(None, 40);
    for (place, second) in other.iter_mut().enumerate() {
        if place % 7 == 3 && second.admitted < 15 {
            (second.refused, second.admitted) = (1, second.admitted - 1);
        }
    }
    write(&folder.path().join("week2.ndjson"), &other, "111122223333");
    let done = output(&["plan", "--backtest", &first, &second, "-q"]);
    let shown = text(&done.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("no better than a coin"), "{shown}");
}

#[test]
fn what_two_logs_cannot_answer_is_refused_with_the_way_out() {
    let (folder, [first, second]) = tested([Some(&bucket()), Some(&bucket())]);
    let said = |args: &[&str], code: i32| {
        let done = output(args);
        assert_eq!(done.status.code(), Some(code), "{args:?}: {}", text(&done.stderr));
        text(&done.stderr)
    };
    assert!(said(&["plan", "--backtest", &first, &second, "--growth", "40%"], 2).contains("--backtest"));
    assert!(said(&["plan", "--backtest", &first], 2).contains("2 values"));
    assert!(said(&["plan", "scenarios/quickstart.yaml", "--account", "1"], 2).contains("--backtest"));
    assert!(said(&["plan"], 2).contains("SCENARIO"));
    write(&folder.path().join("week2.ndjson"), &seconds(None, 40), "444455556666");
    assert!(said(&["plan", "--backtest", &first, &second], 1).contains("444455556666"));
}
