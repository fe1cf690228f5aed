//! One worker, in the process, on a clock that stands still until somebody waits: the live engine records exactly what
//! the simulator does.

use super::support::{lived, lived_in_order, read};
use keystorm::engine::simulate;
use keystorm::record::Trial;
use keystorm::results::conclude;
use keystorm::scenario::Scenario;
use serde_json::Value;

const CLOSED: &str = "executor: constant-vus, vus: 1, thinkTime: 3ms, duration: 20s";
const PACED: &str = "executor: constant-vus, vus: 1, pace: 40/s, duration: 20s";
const OPEN: &str =
    "executor: constant-arrival-rate, rate: 40/s, arrivals: uniform, duration: 20s, maxInFlight: 1";

fn scenario(target: &str, load: &str) -> Scenario {
    read(&format!(
        "version: 1
target: {target}
trials: 1
quotas: {{ symmetric: 30/s, enforcement: {{ window: {{ phase: 250ms }} }} }}
serviceTime: {{ p50: 12ms, p99: 12ms, throttled: 4ms, operations: {{ Encrypt: {{ p50: 9ms, p99: 9ms }} }} }}
faults: [ {{ at: 5s, for: 2s, kind: slow, by: 30ms }}, {{ at: 9s, for: 1s, kind: freeze }}, {{ at: 13s, for: 1s, kind: error }} ]
workloads: {{ load: {{ {load}, jobs: {{ Decrypt: 3, Encrypt: 1 }}, deadline: 500ms }} }}
strategies:
  no-retry: {{ retry: {{ mode: none }} }}
  fixed: {{ retry: {{ mode: fixed, delay: 50ms, maxAttempts: 4 }}, timeout: 300ms }}
  doubling: {{ retry: {{ mode: exponential, base: 20ms, cap: 160ms, jitter: none, maxAttempts: 6 }} }}"
    ))
}

/// Everything a saved run says of its strategies; the simulator has no lateness to count.
fn figures(scenario: &Scenario, trials: &[Vec<Trial>]) -> Value {
    let (run, _) = conclude(scenario, "", scenario.to_value(), trials, false);
    let mut strategies = serde_json::to_value(&run.strategies).unwrap();
    for strategy in strategies.as_array_mut().unwrap() {
        let lateness = strategy.as_object_mut().unwrap().remove("lateness_ms").unwrap();
        assert_eq!(lateness["max"], 0.0, "on a paused clock nothing is late");
    }
    strategies
}

#[test]
fn one_worker_on_a_paused_clock_records_exactly_what_the_simulator_does() {
    for load in [CLOSED, PACED, OPEN] {
        let (virtual_time, real_time) = (scenario("sim", load), scenario("emulator", load));
        let simulated = simulate(&virtual_time, 1, &keystorm::engine::Control::default());
        let lived = lived(&real_time);
        let (simulated, lived) = (figures(&virtual_time, &simulated), figures(&real_time, &lived));
        for (sim, live) in simulated.as_array().unwrap().iter().zip(lived.as_array().unwrap()) {
            assert!(sim["throttled"].as_u64().unwrap() > 0 && sim["faults"].as_u64().unwrap() > 0, "{load}");
            for (name, value) in sim.as_object().unwrap() {
                assert_eq!(value, &live[name], "{load}: {}: {name}", sim["name"]);
            }
        }
    }
}

#[test]
fn strategies_take_turns_in_coming_first_and_the_seed_says_who_begins() {
    let order = |seed: u64| {
        let text = format!(
            "version: 1\nseed: {seed}\ntarget: emulator\ntrials: 4\n\
             workloads: {{ load: {{ executor: constant-vus, vus: 1, thinkTime: 100ms, duration: 1s, jobs: {{ Decrypt: 1 }} }} }}\n\
             strategies: {{ a: {{ retry: {{ mode: none }} }}, b: {{ retry: {{ mode: none }} }}, c: {{ retry: {{ mode: none }} }} }}"
        );
        let (trials, order) = lived_in_order(&read(&text));
        assert!(trials.iter().all(|each| each.len() == 4));
        order
    };
    let strategies = |seed: u64| order(seed).into_iter().map(|(_, strategy)| strategy).collect::<Vec<_>>();
    assert_eq!(strategies(42), [0, 1, 2, 1, 2, 0, 2, 0, 1, 0, 1, 2]);
    assert_eq!(strategies(43)[..6], [1, 2, 0, 2, 0, 1]);
    let trials: Vec<u32> = order(42).into_iter().map(|(trial, _)| trial).collect();
    assert_eq!(trials, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
}
