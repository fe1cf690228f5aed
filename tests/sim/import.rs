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
        "peak      second: 2 calls at 2026-01-01T00:00:05Z; its minute has 0.0 a second",
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
    assert!(stderr.contains("broken.json: not a whole CloudTrail log"), "{stderr}");
    write(&log, "broken.json", "PK\u{3}\u{4}");
    let assert = import(log.path(), out.path(), &[]).assert().code(1);
    let stderr = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("broken.json: not a CloudTrail log: this is a zip archive"), "{stderr}");
}

#[test]
fn stdin_patterns_and_tables_are_read_and_every_import_has_a_page_and_a_fitted_scenario() {
    let (log, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(&log, "a/2026/one.json", &event("1", "eu-west-1"));
    write(&log, "a/2027/two.json", &event("2", "eu-west-1"));
    write(
        &log,
        "a/2027/three.csv",
        "eventTime,eventSource,eventName,awsRegion,eventID\n2026-01-01T00:00:06Z,kms.amazonaws.com,Encrypt,eu-west-1,3\n",
    );
    let said = |assert: assert_cmd::assert::Assert| {
        String::from_utf8(assert.success().get_output().stdout.clone()).unwrap()
    };
    let pattern = log.path().join("a/*/t*");
    let stdout = said(import(&pattern, &out.path().join("a"), &[]).assert());
    assert!(stdout.contains("calls     2 to KMS") && stdout.contains("files     2 with"), "{stdout}");
    let none = import(&log.path().join("b/*"), &out.path().join("x"), &[]).assert().failure();
    assert!(String::from_utf8_lossy(&none.get_output().stderr).contains("b"));
    let mut piped = import(Path::new("-"), &out.path().join("b"), &["--json"]);
    let stdout = said(piped.write_stdin(event("9", "eu-west-1")).assert());
    assert!(stdout.contains("\"kms_events\": 1"), "{stdout}");
    let made = out.path().join("a");
    let page = fs::read_to_string(made.join("found.md")).unwrap();
    assert!(page.contains("**The busiest second has 1 calls"), "{page}");
    for scenario in ["scenario.yaml", "fitted.yaml"] {
        let mut check = Command::cargo_bin("keystorm").unwrap();
        check.arg("check").arg(made.join(scenario)).assert().success();
    }
    assert!(!made.join(".import").exists(), "nothing is left that was put aside");
}

#[test]
fn filters_and_their_mistakes_are_told() {
    let (log, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(
        &log,
        "one.json",
        &format!("{}\n{}", event("1", "eu-west-1"), event("2", "eu-west-1").replace("00:05Z", "09:05Z")),
    );
    let out = out.path().join("made");
    let assert = import(log.path(), &out, &["--from", "yesterday"]).assert().code(2);
    assert!(String::from_utf8_lossy(&assert.get_output().stderr).contains("--from `yesterday` is no time"));
    let assert = import(log.path(), &out, &["--caller", "nobody"]).assert().code(1);
    let stderr = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(stderr.contains("2 KMS events are there, but not of those"), "{stderr}");
    let counts = out.join("counts.csv");
    let more = ["--to", "2026-01-01T00:05:00Z", "--key", "one", "--counts", counts.to_str().unwrap()];
    import(log.path(), &out, &more).assert().success();
    assert_eq!(
        fs::read_to_string(&counts).unwrap(),
        "time,operation,caller,calls\n2026-01-01T00:00:05Z,Decrypt,unknown,1\n"
    );
}

#[test]
fn what_another_import_has_put_aside_is_not_mixed_in() {
    let (log, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(&log, "one.json", &event("1", "eu-west-1"));
    write(
        &out,
        ".import/0-0-1.json",
        r#"{"question":"another","files":[],"counts":{},"names":[],"runs":[]}"#,
    );
    let assert = import(log.path(), out.path(), &[]).assert().code(2);
    let stderr = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(stderr.contains("--force throws it away"), "{stderr}");
    import(log.path(), out.path(), &["--force"]).assert().success();
}

#[test]
fn an_interrupted_import_goes_on_with_the_files_that_are_left() {
    use keystorm::intake::cloudtrail::{Collector, Filter};
    let (log, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(&log, "one.json", &event("1", "eu-west-1"));
    write(&log, "two.json", &event("2", "eu-west-1"));
    // What an import has done before it was ended: one file of two.
    let one = log.path().join("one.json");
    let mut collector = Collector::in_folder(Filter::default(), &out.path().join(".import"), 0);
    let size = fs::metadata(&one).unwrap().len();
    collector.read(&one.display().to_string(), size, fs::File::open(&one).unwrap()).unwrap();
    collector.put_aside().unwrap();
    drop(collector);
    let assert = import(log.path(), out.path(), &["--threads", "2"]).assert().success();
    let stdout = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    for part in
        ["calls     2 to KMS", "files     2 with 2 records", "resumed   1 files that were read before"]
    {
        assert!(stdout.contains(part), "{part} is not in:\n{stdout}");
    }
}

#[test]
fn callcount_of_the_same_time_tells_whether_the_log_lacks_calls() {
    let (log, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let at = |id: &str, time: &str| event(id, "eu-west-1").replace("00:00:05", time);
    let lines = [at("1", "00:00:00"), at("2", "00:01:00"), at("3", "00:02:00")];
    write(&log, "one.json", &lines.join("\n"));
    write(&out, "usage.csv", "timestamp,CallCount\n2026-01-01 00:00:00,1\n2026-01-01 00:01:00,4\n");
    let usage = out.path().join("usage.csv");
    let assert =
        import(log.path(), &out.path().join("a"), &["--usage", usage.to_str().unwrap()]).assert().success();
    let stdout = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    let part = "compared  CallCount (symmetric) has 5 calls in the 2 periods of 60 s that both cover whole, the log 2: 60.0 %";
    assert!(stdout.contains(part), "{stdout}");
    assert!(
        fs::read_to_string(out.path().join("a/found.md")).unwrap().contains("the log 2: 60.0 % are missing")
    );
}

#[test]
fn a_trail_without_kms_events_is_told_from_one_that_is_only_small() {
    let (log, out) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let other = r#"{"eventSource":"s3.amazonaws.com","eventName":"GetObject"}"#;
    write(&log, "one.json", &vec![other; 1_000].join("\n"));
    let assert = import(log.path(), out.path(), &[]).assert().code(1);
    let stderr = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(stderr.contains("very likely leaves KMS events out"), "{stderr}");
}

#[test]
fn cloudwatch_s_minutes_become_arrivals_a_scenario_and_a_page_with_the_peak_as_an_interval() {
    let out = TempDir::new().unwrap();
    let answer = crate::facts::path("cloudwatch/derived-get-metric-data.json");
    let import = |name: &str, more: &[&str]| {
        let mut command = Command::cargo_bin("keystorm").unwrap();
        command.args(["import", "cloudwatch"]).arg(&answer).arg("-o").arg(out.path().join(name)).args(more);
        command
    };
    let assert = import("a", &["--quota", "10000/s"]).assert().success();
    let stdout = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    for part in [
        "the busiest second had 9838 calls, or anything from 7287 to 13336",
        "the busiest minute has 437220 calls",
        "7287/s on the average; the busiest second may be 35 % above that, at most 83 %",
        "against 10000/s: 73 % by the minute, 98 % in the busiest second (73 % to 133 %)",
    ] {
        assert!(stdout.contains(part), "{part} is not in:\n{stdout}");
    }
    let mut check = Command::cargo_bin("keystorm").unwrap();
    check.arg("check").arg(out.path().join("a/scenario.yaml")).assert().success();
    assert!(fs::read_to_string(out.path().join("a/found.md")).unwrap().contains("9838"));
    import("a", &[]).assert().code(2);
    let assert = import("b", &["--burst-factor", "1.2..1.3", "--json"]).assert().success();
    let said: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(said["busiest_second"]["high"], 9474.0);
    let assert = import("c", &["--burst-factor", "0.9"]).assert().code(2);
    assert!(String::from_utf8_lossy(&assert.get_output().stderr).contains("--burst-factor `0.9`"));
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

/// Counts of seconds in bursts, drawn here by themselves: Poisson counts under a rate that a gamma draw of shape 2 multiplies,
/// so that their variance ÷ mean is 1 + mean ÷ 2.
fn bursty(mean: f64, seconds: usize) -> Vec<u64> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut unit = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as f64 + 0.5) / (1u64 << 31) as f64
    };
    let mut count = || {
        let rate = mean * (-unit().ln() - unit().ln()) / 2.0;
        let (mut n, mut product) = (0, unit());
        while product > (-rate).exp() {
            (n, product) = (n + 1, product * unit());
        }
        n
    };
    (0..seconds).map(|_| count()).collect()
}

/// The busiest second of a scenario without any quota in its way, the mean of five trials.
fn busiest_second(folder: &Path, scenario: &Path) -> f64 {
    let out = folder.join("run");
    let run = |args: &[&str]| {
        Command::cargo_bin("keystorm").unwrap().current_dir(folder).args(args).assert().success();
    };
    let scenario = scenario.display().to_string();
    let mut peaks = Vec::new();
    for seed in 1..=5 {
        let (seed, out) = (seed.to_string(), out.display().to_string());
        run(&[
            "run",
            &scenario,
            "--trials",
            "1",
            "--seed",
            &seed,
            "--strategy",
            "no-retry",
            "-q",
            "--force",
            "-o",
            &out,
        ]);
        let run: serde_json::Value =
            serde_json::from_slice(&fs::read(Path::new(&out).join("run.json")).unwrap()).unwrap();
        peaks.push(run["strategies"][0]["pools"]["symmetric"]["peak_1s"].as_f64().unwrap());
    }
    peaks.iter().sum::<f64>() / 5.0
}

#[test]
fn the_fitted_scenario_is_as_bursty_as_the_log_and_its_busiest_second_is_near() {
    let folder = TempDir::new().unwrap();
    let counts = bursty(10.0, 1_200);
    let mut text = String::new();
    for (second, calls) in counts.iter().enumerate() {
        let at = jiff::Timestamp::from_second(1_767_225_600 + second as i64).unwrap().to_string();
        for n in 0..*calls {
            text += &event(&format!("{second}-{n}"), "eu-west-1").replace("2026-01-01T00:00:05Z", &at);
            text.push('\n');
        }
    }
    write(&folder, "log.ndjson", &text);
    let out = folder.path().join("in");
    import(&folder.path().join("log.ndjson"), &out, &["-q"]).assert().success();
    let fitted = out.join("fitted.yaml");
    let scenario = fs::read_to_string(&fitted).unwrap();
    let spread = scenario.split("arrivals: bursty(").nth(1).and_then(|rest| rest.split(')').next());
    let spread: f64 = spread.unwrap_or_else(|| panic!("{scenario}")).parse().unwrap();
    assert!((4.5..7.5).contains(&spread), "variance ÷ mean is 6 by construction: {spread}");
    let peak = *counts.iter().max().unwrap() as f64;
    let bursts = busiest_second(folder.path(), &fitted);
    assert!((0.75..1.33).contains(&(bursts / peak)), "{bursts} against the log's {peak}");
    // Without bursts it would be far lower.
    let calm = folder.path().join("calm.yaml");
    fs::write(&calm, scenario.replace(&format!("bursty({spread:.2})"), "poisson")).unwrap();
    let calm = busiest_second(folder.path(), &calm);
    assert!(calm < 0.7 * peak, "{calm} against {peak}");
}
