//! What the simulator is measured on: 10,000/s Poisson Decrypt against a 5,000/s bucket under aws-standard 2.1, with full
//! recording.

use keystorm::engine::{Control, simulate};
use keystorm::scenario::{Options, Scenario};

/// So many seconds of it.
pub fn scenario(secs: u64) -> Scenario {
    let text = format!(
        "version: 1
name: bench
quotas: {{ symmetric: 5000/s, enforcement: bucket }}
workloads:
  load:
    executor: constant-arrival-rate
    rate: 10000/s
    duration: {secs}s
    jobs: {{ Decrypt: 1 }}
strategies:
  sdk-standard: {{ retry: {{ mode: aws-standard, generation: \"2.1\" }} }}
trials: 1
"
    );
    Scenario::parse(&text, &Options::default()).expect("a valid scenario").scenario
}

/// Simulates it on one core, and gives how many attempts there were.
pub fn attempts_in(scenario: &Scenario) -> u64 {
    let trials = simulate(scenario, 1, &Control::default());
    trials[0][0].recorder.attempt_totals().attempts
}
