//! Two retry strategies against one quota, simulated from a program: the same scenario and seed give the same figures.
//!
//!     cargo run --example simulation

use keystorm::engine::{Control, simulate};
use keystorm::results::conclude;
use keystorm::scenario::{Options, Scenario};

const SCENARIO: &str = "
quotas: { symmetric: 100/s }
trials: 3
workloads:
  fleet: { executor: constant-arrival-rate, rate: 110/s, duration: 60s, jobs: { Decrypt: 1 } }
strategies:
  none:    { retry: { mode: none } }
  backoff: { retry: { mode: exponential } }
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scenario = Scenario::parse(SCENARIO, &Options { file: "fleet.yaml", ..Options::default() })?.scenario;
    let trials = simulate(&scenario, 2, &Control::default());
    let (run, _) = conclude(&scenario, "", scenario.to_value(), &trials, false);
    for strategy in &run.strategies {
        println!("{:<8} {} jobs failed of {}", strategy.name, strategy.jobs.failed, strategy.jobs.offered);
    }
    let [none, backoff] = run.strategies.as_slice() else {
        return Err("two strategies were asked for".into());
    };
    assert!(backoff.jobs.failed < none.jobs.failed, "a wait finds the next second's quota");
    Ok(())
}
