//! Real data in, a report out: a recorded log is imported and replayed, as a user would do it.
//!
//! The recordings are not part of the repository; without them the test says so and passes.

use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The folder of recordings, beside the repository or beside a worktree's parent.
fn recordings() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["../shared/traces", "../../shared/traces"].map(|place| root.join(place));
    let found = places.into_iter().find(|place| place.is_dir());
    if found.is_none() {
        eprintln!("skipped: neither ../shared/traces nor ../../shared/traces is here");
    }
    found
}

fn keystorm() -> Command {
    Command::cargo_bin("keystorm").expect("the binary is built with its tests")
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_real_cloudtrail_log_is_imported_and_replayed_call_by_call() {
    let Some(recordings) = recordings() else { return };
    let expected = json(&recordings.join("cloudtrail/invictus-expected.json"));
    let folder = TempDir::new().unwrap();
    let (scenario, out) = (folder.path().join("scenario.yaml"), folder.path().join("out"));
    let log = recordings.join("cloudtrail/invictus-2023-07-10");
    keystorm().args(["import", "cloudtrail"]).arg(log).arg("-o").arg(folder.path()).assert().success();
    keystorm().arg("run").arg(&scenario).arg("-o").arg(&out).arg("-q").assert().success();

    let report = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(report.contains("</html>"), "the report ends");
    let run = json(&out.join("run.json"));
    let strategies = run["strategies"].as_array().unwrap();
    assert!(!strategies.is_empty());
    for strategy in strategies {
        let (name, trials) = (&strategy["name"], strategy["trials"].as_u64().unwrap());
        assert_eq!(strategy["jobs"]["offered"], 240 * trials, "{name}");
        let operations = expected["by_operation"].as_object().unwrap();
        assert_eq!(strategy["byOperation"].as_object().unwrap().len(), operations.len(), "{name}");
        for (operation, calls) in operations {
            let calls = calls.as_u64().unwrap() * trials;
            assert_eq!(strategy["byOperation"][operation]["calls"], calls, "{name}: {operation}");
        }
    }
}
