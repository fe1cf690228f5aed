//! Real data in, a report out: a recorded log is imported and replayed, as a user would do it.

use crate::facts;
use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn keystorm() -> Command {
    Command::cargo_bin("keystorm").expect("the binary is built with its tests")
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_real_cloudtrail_log_is_imported_and_replayed_call_by_call() {
    let expected = json(&facts::path("cloudtrail/invictus-expected.json"));
    let folder = TempDir::new().unwrap();
    let (scenario, out) = (folder.path().join("scenario.yaml"), folder.path().join("out"));
    let log = facts::path("cloudtrail/invictus-2023-07-10");
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
