//! Who passes an SDK's adaptive rate when, against recordings of real clients.

use super::rows;
use crate::support::{self, scenario};

/// Twenty VUs with 300 ms of think time share one client, against 30 a second and answers of 10 ms.
const RECORDED: &str = "version: 1
quotas: { symmetric: 30/s }
serviceTime: { fixed: 10ms, throttled: 3ms }
workloads: { w: { executor: constant-vus, vus: 20, duration: 60s, thinkTime: 300ms, jobs: { Decrypt: 1 } } }
strategies:
  botocore: { retry: { mode: aws-adaptive, preset: botocore } }
  js: { retry: { mode: aws-adaptive, preset: js } }
  java: { retry: { mode: aws-adaptive, preset: java } }
trials: 10";

/// How far off a percentile may be.
const TOLERANCE: f64 = 0.15;

#[test]
fn the_waits_of_boto3_and_javascript_are_those_recorded_and_javas_are_shorter_at_the_tail() {
    let run = support::run(&scenario(RECORDED), 2);
    for row in rows("adaptive-waiting.csv") {
        let client = row["client"].as_str();
        let of = |column: String| row[&column].parse::<f64>().expect("seconds");
        let found = support::strategy(&run, client).response_time_ms;
        for (name, ms) in [("p50", found.p50), ("p90", found.p90), ("p99", found.p99)] {
            let recorded = f64::midpoint(of(format!("{name}_s")), of(format!("{name}_most_s")));
            let off = ms / 1e3 / recorded - 1.0;
            println!("{client} {name}: {:.3} s, {:+.1} % off {recorded:.3} s", ms / 1e3, off * 100.0);
            assert!(off.abs() <= TOLERANCE, "{client} {name}: {ms} ms, {recorded} s");
        }
    }
    // In turn nobody is overtaken: half wait longer, and nobody as long.
    let [java, js] = ["java", "js"].map(|name| support::strategy(&run, name).response_time_ms);
    assert!(java.p50 > 2.0 * js.p50 && java.p99 < 0.85 * js.p99, "{java:?} {js:?}");
}
