//! The programs for Ray and Dask, run on clusters of one machine: what is merged is what one process writes.

use super::needs;
use super::support::{printed, venv};
use std::path::Path;
use std::process::Command;

const SCENARIO: &str = "version: 1
name: launched
quotas: { symmetric: 30/s }
workloads:
  load: { executor: constant-arrival-rate, rate: 50/s, duration: 5s, jobs: { Decrypt: 1 } }
strategies: { no-retry: { retry: { mode: none } }, sdk: { retry: { mode: aws-standard } } }
trials: 4
";

/// Runs a program of the examples with the Python of the folder `list`, and compares.
fn is_that_of_one_process(list: &str, program: &str) {
    let python = match venv(list) {
        Ok(python) => python,
        Err(why) => return needs::missing(&why),
    };
    let place = tempfile::tempdir().expect("a folder");
    let at = |name: &str| place.path().join(name);
    std::fs::write(at("s.yaml"), SCENARIO).expect("written");
    let binary = Path::new(env!("CARGO_BIN_EXE_keystorm"));
    printed(Command::new(binary).args(["run", "s.yaml", "-q", "-o", "whole"]).current_dir(place.path()));
    #[allow(clippy::disallowed_methods, reason = "the program finds keystorm where a shell would")]
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", binary.parent().expect("a folder").display());
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/distributed").join(program);
    let mut command = Command::new(python);
    command.arg(program).args([at("s.yaml"), at("shared"), at("merged")]).arg("3");
    // Ray tells its makers about each use unless told not to.
    command.env("PATH", path).env("RAY_USAGE_STATS_ENABLED", "0").env("DO_NOT_TRACK", "1");
    printed(command.current_dir(place.path()));
    let bytes = |folder: &str| std::fs::read(at(folder).join("run.json")).expect("a run");
    assert!(bytes("merged") == bytes("whole"), "{list}: run.json differs");
}

#[test]
fn a_run_on_ray_is_that_of_one_process() {
    is_that_of_one_process("ray", "on_ray.py");
}

#[test]
fn a_run_on_dask_is_that_of_one_process() {
    is_that_of_one_process("dask", "on_dask.py");
}
