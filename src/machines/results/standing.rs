//! Questions that every sentence about a run asks of it: who met what, and which pool bites.

use super::{PoolRun, Run, StrategyRun, ThresholdRun, Verdict};
use crate::format::{NONE, eaten, threshold_value};

/// How a strategy stands against its thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There are none for it.
    NoThresholds,
    /// Every one was met.
    Met,
    /// None was missed, but of so many it cannot be told.
    Unsure(usize),
    /// So many were missed, those without data included.
    Missed(usize),
}

impl Standing {
    /// The standing in a word or two.
    pub fn words(self) -> String {
        match self {
            Standing::NoThresholds => NONE.into(),
            Standing::Met => "met".into(),
            Standing::Unsure(n) => format!("unsure {n}"),
            Standing::Missed(n) => format!("missed {n}"),
        }
    }
}

/// The thresholds of one strategy.
pub fn thresholds_of<'a>(run: &'a Run, strategy: &'a str) -> impl Iterator<Item = &'a ThresholdRun> {
    run.thresholds.iter().filter(move |threshold| threshold.strategy == strategy)
}

/// How `strategy` stands against its thresholds.
pub fn standing(run: &Run, strategy: &str) -> Standing {
    let of =
        |verdicts: &[Verdict]| thresholds_of(run, strategy).filter(|t| verdicts.contains(&t.verdict)).count();
    match (of(&[Verdict::Missed, Verdict::NoData]), of(&[Verdict::CannotTell]), of(&[Verdict::Met])) {
        (0, 0, 0) => Standing::NoThresholds,
        (0, 0, _) => Standing::Met,
        (0, unsure, _) => Standing::Unsure(unsure),
        (missed, _, _) => Standing::Missed(missed),
    }
}

/// The numbers of the strategies that decide the exit code; all of them if none is named.
pub fn gated(run: &Run) -> Vec<usize> {
    let named = |number: &usize| run.gate.is_empty() || run.gate.contains(&run.strategies[*number].name);
    (0..run.strategies.len()).filter(named).collect()
}

/// The pool with the highest peak utilisation; the first of equals.
pub fn busiest_pool(strategy: &StrategyRun) -> Option<(&str, &PoolRun)> {
    let more = |a: &PoolRun, b: &PoolRun| a.utilisation_peak.total_cmp(&b.utilisation_peak);
    strategy.pools.iter().rev().max_by(|a, b| more(a.1, b.1)).map(|(name, pool)| (name.as_str(), pool))
}

/// The strategy and pool with the highest peak utilisation of the run; the first of equals.
pub fn busiest_pool_of(run: &Run) -> Option<(&StrategyRun, &str, &PoolRun)> {
    let each = run.strategies.iter().filter_map(|s| busiest_pool(s).map(|(name, pool)| (s, name, pool)));
    each.rev().max_by(|a, b| a.2.utilisation_peak.total_cmp(&b.2.utilisation_peak))
}

/// Whether a pool was asked for more than its quota in some second.
pub fn is_over(pool: &PoolRun) -> bool {
    pool.limit_per_s > 0.0 && pool.utilisation_peak > 1.0
}

/// What a threshold found, in its metric's unit.
pub fn found(threshold: &ThresholdRun) -> String {
    match (threshold.value, threshold.failed_share) {
        (Some(value), _) => threshold_value(&threshold.name, value),
        (None, Some(failed)) => eaten(failed),
        (None, None) => NONE.into(),
    }
}
