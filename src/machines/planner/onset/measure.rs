//! What one trial under a steady load shows, as far as an onset needs it; what a history file keeps.

use crate::record::{Recorder, Trial};
use crate::results::{Selection, Trend, holds};
use crate::scenario::{Scenario, Threshold};
use serde::{Deserialize, Serialize};

/// One trial under one load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Jobs that arrived, a second of the window.
    pub offered_per_s: f64,
    /// Jobs completed in time, a second of the window.
    pub goodput_per_s: f64,
    /// Tries on the wire, a second of the window.
    pub attempts_per_s: f64,
    /// All attempts that were simulated, warm-up and drain included: what the trial cost.
    pub attempts: u64,
    /// Attempts of the window that a quota refused.
    pub throttled: u64,
    /// What 99 % of the completed jobs took at most; none without a completed job.
    pub p99_ms: Option<f64>,
    /// Whether each threshold that speaks of the strategy held, in order; none without samples.
    pub held: Vec<Option<bool>>,
}

/// The thresholds that speak of strategy number `strategy`, with their places.
pub fn thresholds(scenario: &Scenario, strategy: usize) -> Vec<&Threshold> {
    let name = &scenario.strategies[strategy].name;
    let speaks = |t: &&Threshold| t.tags.get("strategy").is_none_or(|only| only == name);
    scenario.thresholds.iter().filter(speaks).collect()
}

impl Measure {
    /// What `trial` of strategy number `strategy` shows.
    pub fn of(scenario: &Scenario, strategy: usize, trial: &Trial) -> Measure {
        Measure::of_recorder(scenario, strategy, &trial.recorder)
    }

    /// What one trial's recording shows.
    pub fn of_recorder(scenario: &Scenario, strategy: usize, recorder: &Recorder) -> Measure {
        let all = Selection::default();
        let happened = all.happened(recorder);
        let per_second = |count: u64| happened.per_second(count, 1).unwrap_or(0.0);
        let response = Trend::from_micros(&all.response(recorder));
        let held = thresholds(scenario, strategy).into_iter().map(|t| holds(t, recorder, scenario));
        Measure {
            offered_per_s: per_second(happened.jobs.offered),
            goodput_per_s: per_second(happened.jobs.completed),
            attempts_per_s: per_second(happened.attempts.attempts),
            attempts: recorder.attempt_totals().attempts,
            throttled: all.attempts(recorder).1.throttled,
            p99_ms: (response.count > 0).then_some(response.p99),
            held: held.collect(),
        }
    }
}
