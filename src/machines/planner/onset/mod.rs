//! Where it breaks: the load at which throttling begins, thresholds are broken, goodput falls.
//!
//! The search is a machine: it says which trials it wants and takes in what they show; others simulate them.

mod answer;
mod measure;
mod search;

pub use answer::{Bracket, History, Onset, Point, SCHEMA, StrategyOnset, ThresholdOnset, of_search};
pub use measure::{Measure, thresholds};
pub use search::{BEYOND, Edge, FALL, Goal, Level, Probe, Search, Stop, Terms};

use crate::planner::variant::rate_of;
use crate::scenario::{Plan, Scenario};
use crate::time::Span;

/// How an onset is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchOptions {
    /// How far apart the two sides of an edge may be, relative.
    pub within: f64,
    /// How long each load is held in the trials that decide.
    pub length: Span,
    /// How many times the guess, and which part of it, is looked at.
    pub reach: f64,
    /// Attempts after which a search ends.
    pub budget: Option<u64>,
}

/// Jobs a second at which the first pool of `scenario` would be full if every job were one call and every call one attempt;
/// of its peak if nothing is known of any pool.
pub fn guess(scenario: &Scenario) -> f64 {
    let plan = Plan::of(scenario);
    let full = plan.pools.iter().filter_map(|pool| {
        let background = scenario.quotas.background.get(&pool.pool).map_or(0.0, |rate| rate.as_per_second());
        let own = pool.peak_per_s - background;
        let room = (pool.limit_per_s? - background).max(0.0);
        (own > 0.0).then(|| room / own * plan.peak_per_s)
    });
    let guess = full.reduce(f64::min).unwrap_or(plan.peak_per_s);
    rate_of(guess.max(1.0)).as_per_second()
}

/// What the search of strategy number `strategy` is told. Trials of a sixteenth and a quarter of the length come first, as
/// far as they last a second.
pub fn terms(scenario: &Scenario, strategy: usize, options: &SearchOptions) -> Terms {
    let all = scenario.trials.max(1);
    let levels = [(16, 1, 4), (4, 3, 2), (1, all, 1)].map(|(part, trials, gap)| Level {
        length: Span::from_nanos(options.length.as_nanos() / part),
        trials: all.min(trials),
        gap,
    });
    let fits = |level: &Level| level.length >= Span::from_secs(1) || level.gap == 1;
    Terms {
        guess_per_s: guess(scenario),
        within: options.within,
        levels: levels.into_iter().filter(fits).collect(),
        reach: options.reach,
        thresholds: thresholds(scenario, strategy).len(),
        budget: options.budget,
    }
}

#[cfg(test)]
mod tests;
