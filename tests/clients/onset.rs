//! The same edges by another program's search: PyPI's MLRsearch drives our binary.

use super::needs;
use super::support::{printed, scripts, venv};
use crate::install::home;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const SCENARIO: &str = "version: 1
name: edges
quotas: { symmetric: 100/s, enforcement: { bucket: { burst: 1s } } }
serviceTime: { fixed: 5ms }
workloads:
  load: { executor: constant-arrival-rate, arrivals: uniform, rate: 100/s, duration: 16s, jobs: { Decrypt: 1 } }
strategies:
  no-retry: { retry: { mode: none } }
  backoff: { retry: { mode: exponential, base: 50ms, cap: 20s, jitter: full, maxAttempts: 5 } }
trials: 1
thresholds: { failed: [ \"rate<=5%\" ], response_time: [ \"p(99)<200ms\" ] }
";

#[test]
fn mlrsearch_finds_the_same_edges_within_its_width() {
    let python = match venv("mlrsearch") {
        Ok(python) => python,
        Err(why) => return needs::missing(&why),
    };
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("edges.yaml");
    std::fs::write(&scenario, SCENARIO).unwrap();
    let binary = env!("CARGO_BIN_EXE_keystorm");
    let mut theirs = Command::new(python);
    theirs.arg(scripts().join("mlrsearch/edges.py")).arg(binary).arg(&scenario);
    theirs.args(["16", "0.01", "20", "400"]);
    let theirs: Value = serde_json::from_str(&printed(&mut theirs)).unwrap();
    let ours = onset(Path::new(binary), &scenario, &folder.path().join("onset"));
    let edge = |strategy: usize, path: &str| ours["strategies"][strategy].pointer(path).unwrap().clone();
    for (name, ours) in [
        ("first_throttle", edge(0, "/first_throttle_per_s")),
        ("failures", edge(0, "/thresholds/0/from_per_s")),
        ("p99", edge(1, "/thresholds/1/from_per_s")),
    ] {
        let [low, high] = [0, 1].map(|side| theirs[name][side].as_f64().unwrap());
        let [not_at, from] = ["low", "high"].map(|side| ours[side].as_f64().unwrap());
        // Each says that the edge lies between its two sides, at most 1 % apart: they must have a load in common.
        assert!(not_at <= high * 1.0001 && low <= from * 1.0001, "{name}: {ours} {theirs}");
        assert!(high / low < 1.0102 && from / not_at < 1.0102, "{name}: {ours} {theirs}");
    }
    assert!(home().join("mlrsearch").exists());
}

fn onset(binary: &Path, scenario: &Path, out: &Path) -> Value {
    let mut command = Command::new(binary);
    command
        .arg("onset")
        .arg(scenario)
        .args(["--length", "16s", "--within", "1%", "--json", "-q", "-o"])
        .arg(out);
    serde_json::from_str(&printed(&mut command)).unwrap()
}
