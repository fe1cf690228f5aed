//! A run on the real clock from a program: calls over HTTP to the emulated KMS, which is started for it on a free port of
//! this machine.
//!
//!     cargo run --example live_run
//!
//! A target `http://127.0.0.1:8080` is somebody else's server; AWS takes the permits that `keystorm run` asks for.

use keystorm::engine::live::Control;
use keystorm::guard::Agent;
use keystorm::results::End;
use keystorm::runner::{LiveRun, Permits, Role, Unwatched, prepare};
use keystorm::scenario::{Options, Scenario};
use std::sync::Arc;

const SCENARIO: &str = "
target: emulator
client: raw
quotas: { symmetric: 50/s }
workloads:
  burst: { executor: constant-arrival-rate, rate: 80/s, duration: 2s, jobs: { GenerateDataKey: 1 } }
strategies:
  none: { retry: { mode: none } }
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scenario = Scenario::parse(SCENARIO, &Options { file: "burst.yaml", ..Options::default() })?.scenario;
    let (permits, agent) = (Permits::default(), Agent::new()?);
    let prepared = prepare(LiveRun {
        scenario: &scenario,
        question: "",
        permits: &permits,
        threads: 1,
        agent: &agent,
        host: "here".into(),
        command: "cargo run --example live_run".into(),
        role: Role::Alone,
    })?;
    // Setting `stop` of the control ends the run; `Control::snapshot` tells how it goes.
    let measured = prepared.run(&Arc::new(Control::default()), &Unwatched)?;
    assert_eq!(measured.end, End::Done);
    for strategy in &measured.run.strategies {
        println!("{}: {} of {} jobs failed", strategy.name, strategy.jobs.failed, strategy.jobs.offered);
        assert!(strategy.jobs.failed > 0, "80 a second are more than 50");
    }
    Ok(())
}
