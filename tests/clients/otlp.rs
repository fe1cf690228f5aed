//! What OpenTelemetry's own messages read of a live run is what is saved of it.

use super::needs;
use super::support::{scripts, venv};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// The value below which a share of the samples of an exponential histogram lies, as the middle of its bucket, in
/// milliseconds; and the factor between the bounds of that bucket.
fn quantile(point: &Value, share: f64) -> (f64, f64) {
    let number = |name: &str| point[name].as_f64().unwrap();
    let (scale, offset) = (number("scale"), number("offset"));
    let wanted = share * number("count");
    let mut below = number("zeros");
    for (place, count) in point["buckets"].as_array().unwrap().iter().enumerate() {
        below += count.as_f64().unwrap();
        if below >= wanted {
            let width = 2f64.powf(2f64.powf(-scale));
            return (1e3 * width.powf(offset + place as f64 + 0.5), width);
        }
    }
    panic!("{point} ends before {share}");
}

#[test]
fn opentelemetry_reads_what_is_saved() {
    let python = match venv("otlp") {
        Ok(python) => python,
        Err(why) => return needs::missing(&why),
    };
    let mut receiver = Command::new(python)
        .arg(scripts().join("otlp/receive.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(receiver.stdout.take().unwrap()).lines().map(Result::unwrap);
    let port = lines.next().expect("its port");
    // While the run lasts: a pipe that nobody empties holds the receiver up.
    let reader = std::thread::spawn(move || {
        lines.map(|line| serde_json::from_str(&line).unwrap()).collect::<Vec<Value>>()
    });

    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let url = format!("http://127.0.0.1:{port}");
    let line =
        ["run", "--op", "Decrypt", "-r", "120/s", "-d", "4s", "--quota", "100/s", "--target", "emulator"];
    let ran = Command::new(env!("CARGO_BIN_EXE_keystorm"))
        .args(line)
        .args(["--client", "raw", "-q", "--otlp", &url, "-o"])
        .arg(&out)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(out.join("run.json").is_file() && !said.contains("takes no metrics"), "{said}");
    drop(receiver.stdin.take());
    assert!(receiver.wait().unwrap().success());

    let told = reader.join().unwrap();
    assert!(told.iter().all(|each| each["error"].is_null()), "{told:?}");
    // Every ten seconds while it lasts, and once at its end.
    assert!(told.len() >= 2, "{} requests", told.len());
    let run: Value = serde_json::from_slice(&std::fs::read(out.join("run.json")).unwrap()).unwrap();
    for strategy in run["strategies"].as_array().unwrap() {
        agrees(told.last().unwrap(), strategy);
    }
    let last = told.last().unwrap();
    assert_eq!(last["resource"]["service.name"], "keystorm");
    assert_eq!(last["resource"]["service.instance.id"], run["wall"]["runId"]);
    grows(&told);
    spreads(&told);
}

/// Histograms are told while the run lasts too, cumulative and each with all that the one before had.
fn spreads(told: &[Value]) {
    for metric in ["keystorm.response_time", "keystorm.service_time"] {
        let counts = |each: &Value| -> Vec<(String, u64)> {
            let histogram = &each["metrics"][metric];
            assert_eq!(histogram["kind"], "exponential_histogram", "{each}");
            assert_eq!(histogram["temporality"], 2, "{each}");
            let points = histogram["points"].as_array().unwrap().iter();
            let count = |point: &Value| {
                let buckets = point["buckets"].as_array().unwrap().iter();
                let inside: u64 = buckets.map(|count| count.as_u64().unwrap()).sum();
                assert_eq!(point["count"].as_u64(), Some(inside + point["zeros"].as_u64().unwrap()));
                assert_eq!(point["began"], told[0]["metrics"]["keystorm.jobs"]["points"][0]["began"]);
                (point["labels"]["strategy"].as_str().unwrap().to_owned(), point["count"].as_u64().unwrap())
            };
            points.map(count).collect()
        };
        let all: Vec<Vec<(String, u64)>> = told.iter().map(counts).collect();
        assert!(all[0].iter().any(|(_, count)| *count > 0), "nothing of {metric} before the end");
        for pair in all.windows(2) {
            for (strategy, count) in &pair[0] {
                let later = pair[1].iter().find(|(name, _)| name == strategy);
                assert!(
                    later.is_some_and(|(_, later)| later >= count),
                    "{strategy}: {count}, then {later:?}"
                );
            }
        }
    }
}

/// The last request tells what is saved of `strategy`.
fn agrees(last: &Value, strategy: &Value) {
    let name = strategy["name"].as_str().unwrap();
    let point = |metric: &str, key: &str, word: &str| -> Value {
        let points =
            last["metrics"][metric]["points"].as_array().unwrap_or_else(|| panic!("no {metric}: {last}"));
        let is_it = |point: &&Value| {
            point["labels"]["strategy"] == name && (key.is_empty() || point["labels"][key] == word)
        };
        points.iter().find(is_it).unwrap_or_else(|| panic!("no {word} of {name} in {metric}")).clone()
    };
    for (metric, key, words) in [
        (
            "keystorm.jobs",
            "outcome",
            [("completed", &strategy["jobs"]["completed"]), ("failed", &strategy["jobs"]["failed"])],
        ),
        (
            "keystorm.attempts",
            "result",
            [("throttled", &strategy["throttled"]), ("timeout", &strategy["timeouts"])],
        ),
    ] {
        for (word, saved) in words {
            assert_eq!(&point(metric, key, word)["count"], saved, "{word} of {name}");
        }
    }
    for (metric, saved) in [
        ("keystorm.response_time", &strategy["responseTime_ms"]),
        ("keystorm.service_time", &strategy["serviceTime_ms"]),
    ] {
        assert_eq!(last["metrics"][metric]["kind"], "exponential_histogram");
        assert_eq!(
            (&last["metrics"][metric]["unit"], &last["metrics"][metric]["temporality"]),
            (&"s".into(), &2.into())
        );
        let told = point(metric, "", "");
        let buckets = told["buckets"].as_array().unwrap();
        let inside: u64 = buckets.iter().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(
            (&told["count"], told["count"].as_u64()),
            (&saved["count"], Some(inside + told["zeros"].as_u64().unwrap()))
        );
        assert!(buckets.len() <= 160, "{} buckets", buckets.len());
        for (share, figure) in [(0.5, "p50"), (0.99, "p99")] {
            let (value, width) = quantile(&told, share);
            let saved = saved[figure].as_f64().unwrap();
            // A bucket's width, and the three digits of what was recorded.
            let most = width * 1.002;
            assert!(
                value / saved < most && saved / value < most,
                "{figure} of {name}: {value} ms, saved {saved} ms"
            );
        }
    }
}

/// Counts of every strategy only grow, from one beginning.
fn grows(told: &[Value]) {
    let completed = |each: &Value| -> Vec<(String, u64)> {
        let points = each["metrics"]["keystorm.jobs"]["points"].as_array().unwrap();
        let own = points.iter().filter(|point| point["labels"]["outcome"] == "completed");
        own.map(|point| (point["labels"]["strategy"].to_string(), point["count"].as_u64().unwrap())).collect()
    };
    let when =
        |each: &Value, what: &str| each["metrics"]["keystorm.jobs"]["points"][0][what].as_u64().unwrap();
    for pair in told.windows(2) {
        assert_eq!(when(&pair[0], "began"), when(&pair[1], "began"));
        assert!(when(&pair[0], "at") < when(&pair[1], "at"));
        let after = completed(&pair[1]);
        for (name, before) in completed(&pair[0]) {
            let now = after.iter().find(|(other, _)| *other == name).map(|(_, count)| *count);
            assert!(now.is_some_and(|count| count >= before), "{name}: {before}, then {now:?}");
        }
    }
}
