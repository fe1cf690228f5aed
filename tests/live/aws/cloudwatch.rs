//! `keystorm import cloudwatch --from-aws` and its `--triage`, against the stand-in.

use super::house::{House, REGION, end, says};
use std::process::Command;

fn import(house: &House, more: &[&str]) -> Command {
    let mut command = house.command();
    let ca = house.ca().display().to_string();
    command.args(["import", "cloudwatch", "--from-aws", "--region", REGION, "--ca", &ca]).args(more);
    command
}

const YES: [&str; 3] = ["--yes-real-aws", "-o", "in"];

#[test]
fn the_minutes_of_the_account_become_a_trace_a_scenario_and_an_interval() {
    let house = House::new();
    house.standin.says.lock().unwrap().minutes = vec![600.0, 6_000.0, 1_200.0];
    let (code, stdout, stderr) = end(&mut import(&house, &[&YES[..], &["--json"]].concat()));
    assert_eq!(code, 0, "{stderr}");
    let said: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&said["calls"], &said["periods"]), (&7_800.0.into(), &3.into()));
    assert_eq!(said["busiest_period"]["mean_per_s"], 100.0);
    assert!(said["busiest_second"]["high"].as_f64() > said["busiest_second"]["low"].as_f64());
    let trace = std::fs::read_to_string(house.folder.path().join("in/trace.csv")).unwrap();
    let sum: u64 =
        trace.lines().skip(1).map(|row| row.split_once(',').unwrap().1.parse::<u64>().unwrap()).sum();
    assert_eq!(sum, 7_800);
    // One question, of the minutes asked for, with the one statistic that means anything.
    assert_eq!(house.standin.asked.load(std::sync::atomic::Ordering::Relaxed), 1);
    let checked = house.command().args(["check", "in/scenario.yaml"]).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn who_must_not_or_cannot_is_told_what_it_takes() {
    let house = House::new();
    says(&mut import(&house, &["-o", "in"]), 2, "--yes-real-aws");
    says(
        house.command().args(["import", "cloudwatch", "x.json", "-o", "in", "--last", "2h"]),
        2,
        "--from-aws",
    );
    says(&mut import(&house, &[&YES[..], &["--last", "16d"]].concat()), 2, "15 days");
    says(&mut import(&house, &[&YES[..], &["--pool", "symetric"]].concat()), 2, "did you mean `symmetric`");
    let refuse = |code| house.standin.says.lock().unwrap().refuses = code;
    refuse(Some("AccessDeniedException"));
    says(&mut import(&house, &YES), 1, "CloudWatch GetMetricData: AccessDeniedException");
    refuse(Some("ThrottlingException"));
    let before = house.standin.asked.load(std::sync::atomic::Ordering::Relaxed);
    says(&mut import(&house, &YES), 1, "CloudWatch GetMetricData: ThrottlingException");
    let tries = house.standin.asked.load(std::sync::atomic::Ordering::Relaxed) - before;
    assert_eq!(tries, 3, "a throttle is asked again twice");
    refuse(None);
    house.standin.says.lock().unwrap().minutes.clear();
    says(&mut import(&house, &YES), 1, "ask for a time in which there were some");
    let mut nobody = import(&house, &YES);
    nobody.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    says(&mut nobody, 1, "no AWS credentials were found");
    assert!(!house.folder.path().join("in").exists());
}

#[test]
fn triage_names_the_pool_that_grew_and_since_when_in_five_lines() {
    let house = House::new();
    let minutes = (0..100).map(|minute| if minute >= 90 { 6_000.0 } else { 600.0 });
    house.standin.says.lock().unwrap().minutes = minutes.collect();
    let (code, stdout, stderr) = end(&mut import(&house, &["--yes-real-aws", "--triage", "15m"]));
    assert_eq!(code, 0, "{stderr}");
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{stdout}");
    assert!(lines[0].contains("cannot tell from CloudWatch, which counts no callers"), "{stdout}");
    assert!(
        lines[1].starts_with("POOL   symmetric grew from 10.0/s to 70.0/s over the last 15 minutes"),
        "{stdout}"
    );
    assert!(lines[2].starts_with("SINCE  20"), "{stdout}");
    assert!(!house.folder.path().join("in").exists());
    house.standin.says.lock().unwrap().minutes.clear();
    says(&mut import(&house, &["--yes-real-aws", "--triage", "15m"]), 0, "");
}
