//! `keystorm import cloudtrail`, as a user runs it.

use assert_cmd::Command;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const EVENT: &str = r#"{"eventSource":"kms.amazonaws.com","eventName":"Decrypt","eventType":"AwsApiCall","awsRegion":"<region>","eventID":"<id>","eventTime":"2026-01-01T00:00:05Z","resources":[{"ARN":"arn:aws:kms:eu-west-1:111122223333:key/one"}]}"#;

fn event(id: &str, region: &str) -> String {
    EVENT.replace("<id>", id).replace("<region>", region)
}

fn write(folder: &TempDir, path: &str, text: &str) {
    let path = folder.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn import(log: &Path, out: &Path, more: &[&str]) -> Command {
    let mut command = Command::cargo_bin("keystorm").unwrap();
    command.args(["import", "cloudtrail"]).arg(log).arg("-o").arg(out).args(more);
    command
}

#[test]
fn nested_folders_become_a_trace_and_a_scenario_without_names() {
    let (log, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(
        &log,
        "a/b/one.json",
        &format!("{{\"Records\":[{},{}]}}", event("1", "eu-west-1"), event("2", "us-east-1")),
    );
    write(&log, "a/two.ndjson", &format!("{}\n{}\n", event("1", "eu-west-1"), event("3", "eu-west-1")));
    write(&log, "a/readme.txt", "not a log");
    let out = out.path().join("made");
    let assert = import(log.path(), &out, &[]).assert().success();
    let stdout = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    for part in [
        "2 to KMS in eu-west-1",
        "eu-west-1 2, us-east-1 1",
        "1 events told of more than once",
        "ignored   1",
    ] {
        assert!(stdout.contains(part), "{part} is missing:\n{stdout}");
    }
    let trace = fs::read_to_string(out.join("trace.csv")).unwrap();
    assert_eq!(trace, "time_s,job,key,context\n0.250000000,Decrypt,0,\n0.750000000,Decrypt,0,\n");
    let scenario = fs::read_to_string(out.join("scenario.yaml")).unwrap();
    assert!(scenario.contains("executor: trace") && !scenario.contains("111122223333"), "{scenario}");
}

#[test]
fn keystorms_own_calls_are_left_out_unless_they_are_asked_for() {
    let (log, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let by = |id: &str, agent: &str| {
        event(id, "eu-west-1").replacen('{', &format!("{{\"userAgent\":\"{agent}\","), 1)
    };
    let records = [
        by("1", "aws-cli/2.31 app/other"),
        by("2", "keystorm/0.1.0 run/1f0c2d3e4b5a6978"),
        by(
            "3",
            "aws-sdk-rust/1.4 ua/2.1 api/kms/1.129 app/keystorm-run-1f0c2d3e4b5a6978 keystorm/0.1.0 run/1f0c2d3e4b5a6978",
        ),
    ];
    write(&log, "one.json", &format!("{{\"Records\":[{}]}}", records.join(",")));
    let assert = import(log.path(), &out.path().join("a"), &[]).assert().success();
    let stdout = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(stdout.contains("1 to KMS in eu-west-1"), "{stdout}");
    assert!(
        stdout.contains("left out  2 calls that keystorm itself made; --keep-own keeps them"),
        "{stdout}"
    );
    let assert = import(log.path(), &out.path().join("b"), &["--keep-own"]).assert().success();
    let stdout = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(stdout.contains("3 to KMS in eu-west-1") && !stdout.contains("left out"), "{stdout}");
    // A log that has nothing else.
    write(&log, "one.json", &records[1]);
    let assert = import(log.path(), &out.path().join("c"), &[]).assert().failure();
    let stderr = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(
        stderr.contains("1 of them are keystorm's own calls, which are left out (--keep-own keeps them)"),
        "{stderr}"
    );
}

#[test]
fn json_gives_the_summary_as_one_document() {
    let (log, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(&log, "one.json", &event("1", "eu-west-1"));
    let assert = import(log.path(), out.path(), &["--json"]).assert().success();
    let summary: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(summary["by_operation"]["Decrypt"], 1);
    assert_eq!(summary["burst_factor"], 60.0);
}

#[test]
fn files_made_before_are_not_overwritten_unawares() {
    let (log, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(&log, "one.json", &event("1", "eu-west-1"));
    import(log.path(), out.path(), &[]).assert().success();
    import(log.path(), out.path(), &[]).assert().code(2);
    import(log.path(), out.path(), &["--force"]).assert().success();
}

#[test]
fn a_file_that_is_no_log_is_named() {
    let (log, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(&log, "broken.json", "{\"Records\": [");
    let assert = import(log.path(), out.path(), &[]).assert().code(1);
    let stderr = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("broken.json: not a CloudTrail log"), "{stderr}");
}

#[test]
fn a_log_without_calls_says_where_to_look() {
    let (log, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(&log, "one.json", "{\"Records\":[{\"eventSource\":\"s3.amazonaws.com\"}]}");
    let assert = import(log.path(), out.path(), &[]).assert().code(1);
    let stderr = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("no KMS calls among 1 records"), "{stderr}");
    write(&log, "two.json", &event("1", "eu-west-1"));
    let assert = import(log.path(), out.path(), &["--region", "mars"]).assert().code(1);
    let stderr = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("in mars") && stderr.contains("eu-west-1 1"), "{stderr}");
}
