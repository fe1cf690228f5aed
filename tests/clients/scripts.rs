//! boto3, the JavaScript SDK and both Encryption SDKs: every operation, and messages from one to the other.

use super::needs;
use super::support::{client, node, printed, python, scripts, start, strict, unthrottled};
use keystorm::api::Operation;
use keystorm::server::Settings;
use std::collections::BTreeSet;
use std::path::Path;

/// Runs the scripts against a server; gives the operations they called.
fn exercise(settings: Settings, ca: Option<&Path>) -> Option<BTreeSet<String>> {
    let (python, node) = match (python(), node("node", "exercise.mjs")) {
        (Ok(python), Ok(node)) => (python, node),
        (Err(why), _) | (_, Err(why)) => {
            needs::missing(&why);
            return None;
        }
    };
    let running = start(settings);
    let exchange = tempfile::tempdir().unwrap();
    let with = |program: &Path| {
        let mut command = client(program, &running.url(), ca);
        command.env("KEYSTORM_EXCHANGE", exchange.path());
        command
    };
    let exercise = scripts().join("python/exercise.py");
    let mut called = BTreeSet::new();
    let mut note = |text: String| {
        let line = text.lines().last().unwrap_or_default().to_string();
        called.extend(serde_json::from_str::<Vec<String>>(&line).unwrap());
    };
    note(printed(with(&python).arg(&exercise)));
    note(printed(with(Path::new("node")).arg(&node)));
    note(printed(with(&python).arg(&exercise).arg("read-back")));
    running.stop();
    Some(called)
}

fn all() -> BTreeSet<String> {
    Operation::ALL.iter().map(|operation| operation.name().to_string()).collect()
}

#[test]
fn every_operation_works_from_python_and_javascript() {
    if let Some(called) = exercise(unthrottled(), None) {
        assert_eq!(called, all());
    }
}

#[test]
fn every_operation_works_over_tls_with_checked_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    if let Some(called) = exercise(strict(&ca), Some(&ca)) {
        assert_eq!(called, all());
    }
}
