//! A sweep, `sweep.json`: what every strategy did at every point of a grid, where something tips over, and which cache
//! settings nothing else beats.

use super::merit::{self, Sureness};
use super::select::Selection;
use super::stats::{at_rank, interval, round, within};
use super::{DEFINITIONS, Run, StrategyRun, Tool, Verdict};
use crate::record::Recorder;
use crate::scenario::{Axis, Scenario, sweep::amount};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the saved sweep's names.
pub const SWEEP_SCHEMA: &str = "keystorm.sweep/1";

/// A scenario run over a grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sweep {
    /// [`SWEEP_SCHEMA`].
    pub schema: String,
    /// [`DEFINITIONS`] of the keystorm that made it.
    pub definitions: u32,
    /// Which keystorm made it.
    pub tool: Tool,
    /// The scenario's name.
    pub name: String,
    /// The question: the comment a scenario file opens with; empty if it has none.
    pub question: String,
    /// The resolved scenario at the first point, every default filled in.
    pub scenario: serde_json::Value,
    /// First 64 bits of SHA-256 of its JSON, in hex.
    pub scenario_hash: String,
    /// Key of every random draw: the same in every cell.
    pub seed: u64,
    /// `sim`.
    pub target: String,
    /// The Region whose default quotas applied.
    pub region: String,
    /// What was taken for granted, one sentence each.
    pub assumptions: Vec<String>,
    /// What was varied.
    pub axes: Vec<AxisRun>,
    /// The strategies' names, in the scenario's order.
    pub strategies: Vec<String>,
    /// The strategy that others are set against: the first without a cache; null if there is none.
    pub against: Option<String>,
    /// Every strategy at every point, the last axis fastest.
    pub cells: Vec<SweepCell>,
    /// Where costs and thresholds tip over along the first axis.
    pub break_even: Vec<BreakEven>,
    /// Of the cells that are alike but for their cache: those that no other beats in cost, p99 and revocation lag at once.
    pub fronts: Vec<Front>,
}

/// A field that was varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AxisRun {
    /// The field, as `--set` names it.
    pub path: String,
    /// What was laid over it.
    pub values: Vec<String>,
    /// Whether it is a setting of a cache.
    pub is_cache: bool,
}

/// One strategy at one point, over all trials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SweepCell {
    /// The strategy's name.
    pub strategy: String,
    /// A value for each axis.
    pub point: Vec<String>,
    /// How many trials ran.
    pub trials: u32,
    /// Jobs offered, all trials together.
    pub offered: u64,
    /// completed ÷ offered, of the window.
    pub success: f64,
    /// throttled ÷ attempts, of the window.
    pub throttle: f64,
    /// Jobs completed in the window a second.
    #[serde(rename = "goodput_per_s")]
    pub goodput_per_s: Option<f64>,
    /// Tries on the wire in the window a second.
    #[serde(rename = "attempts_per_s")]
    pub attempts_per_s: Option<f64>,
    /// attempts ÷ calls; 0 without calls.
    #[serde(rename = "attempts_per_call")]
    pub attempts_per_call: f64,
    /// Response time of completed jobs; null if none completed.
    #[serde(rename = "p50_ms")]
    pub p50_ms: Option<f64>,
    /// The same.
    #[serde(rename = "p99_ms")]
    pub p99_ms: Option<f64>,
    /// p99 of all offered jobs, one that was not completed being slower than any; null if more than 1 % were not.
    #[serde(rename = "p99_of_all_ms")]
    pub p99_of_all_ms: Option<f64>,
    /// Served from a cache ÷ completed envelope jobs; 0 without.
    pub cache_hit: f64,
    /// USD for each million completed jobs; null if none completed.
    #[serde(rename = "cost_per_million_usd")]
    pub cost_per_million_usd: Option<f64>,
    /// The oldest data key in use: seconds for which a key that was disabled still worked.
    #[serde(rename = "revocation_lag_s")]
    pub revocation_lag_s: f64,
    /// Most messages under one data key.
    pub messages_per_key: u64,
    /// Whether it has a cache there.
    pub caches: bool,
    /// All its thresholds together: met, missed or cannot tell; null without any.
    pub thresholds: Option<Verdict>,
    /// Its cost beside that of the strategy it is set against, at the same point; null for that one itself, and without one.
    pub cost: Option<Beside>,
    /// 95 % intervals over trials of the figures that have one.
    pub intervals: BTreeMap<String, [f64; 2]>,
}

/// How one figure stands beside another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Beside {
    /// Lower by 1 % at least, surely.
    Cheaper,
    /// Higher by 1 % at least, surely.
    Dearer,
    /// The same to 1 %.
    Same,
    /// Chance may have made the difference.
    CannotTell,
}

/// Where something tips over between two neighbouring values of the first axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BreakEven {
    /// The strategy.
    pub strategy: String,
    /// What tips over.
    pub what: Tips,
    /// The values of the other axes; `""` in the place of the first.
    pub point: Vec<String>,
    /// The last value before and the first value after.
    pub between: [String; 2],
    /// Whether it holds before (cheaper, thresholds met) rather than after.
    pub holds_before: bool,
    /// Of costs on a numeric axis: where the two lines cross, in the axis's unit; null where they do not between the two.
    pub at: Option<f64>,
}

/// What tips over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tips {
    /// Whether it is cheaper than the strategy it is set against.
    Cost,
    /// Whether it meets every threshold.
    Thresholds,
}

/// Cells that are alike but for their cache, of which no other is as good in everything and better in something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Front {
    /// The values of the axes that are no cache's; `""` in the place of those that are.
    pub point: Vec<String>,
    /// Numbers of cells, cheapest first.
    pub cells: Vec<usize>,
    /// Numbers of cells that were left out because more than 1 % of their jobs were not completed, so that they have no p99.
    pub left_out: Vec<usize>,
}

/// Makes a sweep of its points, one after the other.
#[derive(Clone, Debug)]
pub struct Sweeping {
    sweep: Option<Sweep>,
    axes: Vec<AxisRun>,
    /// The place of the strategy that others are set against.
    against: Option<usize>,
}

impl Sweeping {
    /// A sweep over `axes`, so far without a point.
    pub fn new(axes: &[Axis]) -> Sweeping {
        let axis = |axis: &Axis| AxisRun {
            path: axis.path.clone(),
            values: axis.values.clone(),
            is_cache: axis.path.split('.').any(|step| step == "cache"),
        };
        Sweeping { sweep: None, axes: axes.iter().map(axis).collect(), against: None }
    }

    /// Adds the point at `values`: its run, as `conclude` gives it, with each strategy's recording.
    pub fn add(
        &mut self,
        scenario: &Scenario,
        values: &[String],
        run: &Run,
        recordings: &[Option<Recorder>],
    ) {
        let caches = |number: usize| scenario.workloads.iter().any(|w| w.strategies[number].cache.is_some());
        let first = self.sweep.is_none();
        if first {
            self.against = (0..scenario.strategies.len()).find(|number| !caches(*number));
        }
        let against = self.against;
        let axes = &self.axes;
        let name = against.map(|number| scenario.strategies[number].name.clone());
        let sweep = self.sweep.get_or_insert_with(|| begun(run, axes, name));
        for (number, strategy) in run.strategies.iter().enumerate() {
            let recording = recordings.get(number).and_then(Option::as_ref);
            let mut cell = cell(strategy, values, caches(number), recording);
            cell.thresholds = judged(run, &strategy.name);
            cell.cost = against
                .filter(|against| *against != number)
                .map(|against| beside(strategy, &run.strategies[against]));
            sweep.cells.push(cell);
        }
    }

    /// The sweep; `None` if there was no point.
    pub fn finish(self) -> Option<Sweep> {
        let mut sweep = self.sweep?;
        sweep.break_even = break_even(&sweep);
        sweep.fronts = fronts(&sweep);
        Some(sweep)
    }
}

fn begun(run: &Run, axes: &[AxisRun], against: Option<String>) -> Sweep {
    Sweep {
        schema: SWEEP_SCHEMA.into(),
        definitions: DEFINITIONS,
        tool: run.tool.clone(),
        name: run.name.clone(),
        question: run.question.clone(),
        scenario: run.scenario.clone(),
        scenario_hash: run.scenario_hash.clone(),
        seed: run.seed,
        target: run.target.clone(),
        region: run.region.clone(),
        assumptions: run.assumptions.clone(),
        axes: axes.to_vec(),
        strategies: run.strategies.iter().map(|strategy| strategy.name.clone()).collect(),
        against,
        cells: Vec::new(),
        break_even: Vec::new(),
        fronts: Vec::new(),
    }
}

/// The figures whose intervals a cell keeps.
const WITH_INTERVAL: [&str; 5] =
    ["success", "goodput_per_s", "responseTime_p99_ms", "attemptsPerCompleted", "perMillionCompleted_usd"];

fn cell(run: &StrategyRun, values: &[String], caches: bool, recording: Option<&Recorder>) -> SweepCell {
    let completed = |value: f64| (run.response_time_ms.count > 0).then_some(value);
    let kept = |name: &str| {
        let saved = run.intervals.get(name).copied();
        let made = || Some(within(interval(run.trial_values.get(name)?)?, [0.0, f64::INFINITY], 0));
        Some((name.to_owned(), saved.or_else(made)?))
    };
    SweepCell {
        strategy: run.name.clone(),
        point: values.to_vec(),
        trials: run.trials,
        offered: run.jobs.offered,
        success: run.ratios.success,
        throttle: run.ratios.throttle,
        goodput_per_s: run.rates.goodput_per_s,
        attempts_per_s: run.rates.attempts_per_s,
        attempts_per_call: run.ratios.amplification,
        p50_ms: completed(run.response_time_ms.p50),
        p99_ms: completed(run.response_time_ms.p99),
        p99_of_all_ms: recording.and_then(p99_of_all),
        cache_hit: run.ratios.cache_hit,
        cost_per_million_usd: run.cost.per_million_completed_usd,
        revocation_lag_s: run.data_keys.age_max_s,
        messages_per_key: run.data_keys.messages_max,
        caches,
        thresholds: None,
        cost: None,
        intervals: WITH_INTERVAL.into_iter().filter_map(kept).collect(),
    }
}

/// p99 in milliseconds of all jobs of the window, those that were not completed being slower than any.
fn p99_of_all(recording: &Recorder) -> Option<f64> {
    let all = Selection::default();
    let (jobs, times) = (all.jobs(recording).1, all.response(recording));
    let rank = (jobs.offered * 99).div_ceil(100).max(1);
    (rank <= times.len()).then(|| round(at_rank(&times, rank) as f64 / 1e3))
}

/// All thresholds of a strategy together.
fn judged(run: &Run, strategy: &str) -> Option<Verdict> {
    let mut own = run.thresholds.iter().filter(|threshold| threshold.strategy == strategy).map(|t| t.verdict);
    let order = |verdict: &Verdict| match verdict {
        Verdict::Met => 0,
        Verdict::CannotTell => 1,
        Verdict::NoData => 2,
        Verdict::Missed => 3,
    };
    let first = own.next()?;
    Some(own.fold(first, |worst, next| if order(&next) > order(&worst) { next } else { worst }))
}

/// The cost for each completed job beside another strategy's, trial by trial.
fn beside(own: &StrategyRun, other: &StrategyRun) -> Beside {
    let name = "perMillionCompleted_usd";
    let values = |run: &StrategyRun| run.trial_values.get(name).cloned().unwrap_or_default();
    match merit::paired(&values(own), &values(other)) {
        Some(Sureness::Lower) => Beside::Cheaper,
        Some(Sureness::Higher) => Beside::Dearer,
        Some(Sureness::Same) => Beside::Same,
        Some(Sureness::Unsure) | None => Beside::CannotTell,
    }
}

/// The number of the cell of strategy number `strategy` at the point whose places on the axes are `places`.
fn number(sweep: &Sweep, strategy: usize, places: &[usize]) -> usize {
    let point = sweep.axes.iter().zip(places).fold(0, |sum, (axis, place)| sum * axis.values.len() + place);
    point * sweep.strategies.len() + strategy
}

/// Where costs and thresholds tip over along the first axis, for each strategy and each value of the other axes.
fn break_even(sweep: &Sweep) -> Vec<BreakEven> {
    let Some((first, rest)) = sweep.axes.split_first() else { return Vec::new() };
    let others: usize = rest.iter().map(|axis| axis.values.len()).product();
    let mut found = Vec::new();
    for strategy in 0..sweep.strategies.len() {
        for other in 0..others {
            let line: Vec<&SweepCell> = (0..first.values.len())
                .map(|place| &sweep.cells[(place * others + other) * sweep.strategies.len() + strategy])
                .collect();
            for (place, pair) in line.windows(2).enumerate() {
                let [before, after] = [pair[0], pair[1]];
                let mut point = before.point.clone();
                point[0] = String::new();
                let mut tip = |what, holds_before, at| {
                    found.push(BreakEven {
                        strategy: before.strategy.clone(),
                        what,
                        point: point.clone(),
                        between: [first.values[place].clone(), first.values[place + 1].clone()],
                        holds_before,
                        at,
                    });
                };
                let is_cheaper = |cell: &SweepCell| cell.cost.map(|cost| cost == Beside::Cheaper);
                if let (Some(held), Some(holds)) = (is_cheaper(before), is_cheaper(after))
                    && held != holds
                {
                    tip(Tips::Cost, held, crossing(sweep, strategy, (place, other), others));
                }
                let is_met = |cell: &SweepCell| cell.thresholds.map(|verdict| verdict == Verdict::Met);
                if let (Some(held), Some(holds)) = (is_met(before), is_met(after))
                    && held != holds
                {
                    tip(Tips::Thresholds, held, None);
                }
            }
        }
    }
    found
}

/// Where a strategy's cost and that of the one it is set against cross between place `place` and the next, on a straight
/// line between the two; `None` if they do not, or the axis has no numbers.
fn crossing(sweep: &Sweep, strategy: usize, (place, other): (usize, usize), others: usize) -> Option<f64> {
    let against = sweep.strategies.iter().position(|name| Some(name) == sweep.against.as_ref())?;
    let values = &sweep.axes[0].values;
    let ((low, unit), (high, same)) = (amount(&values[place])?, amount(&values[place + 1])?);
    let lead = |place: usize| {
        let at = |strategy: usize| {
            sweep.cells[(place * others + other) * sweep.strategies.len() + strategy].cost_per_million_usd
        };
        Some(at(strategy)? - at(against)?)
    };
    let (from, to) = (lead(place)?, lead(place + 1)?);
    (unit == same && from * to < 0.0).then(|| round(low + (high - low) * from / (from - to)))
}

/// The Pareto front of (cost, p99, revocation lag) for each choice of what is no cache's.
fn fronts(sweep: &Sweep) -> Vec<Front> {
    if !sweep.cells.iter().any(|cell| cell.caches) {
        return Vec::new();
    }
    let mut groups: Vec<(Vec<String>, Vec<usize>)> = Vec::new();
    for (number, cell) in sweep.cells.iter().enumerate() {
        let place =
            |(axis, value): (&AxisRun, &String)| if axis.is_cache { String::new() } else { value.clone() };
        let point: Vec<String> = sweep.axes.iter().zip(&cell.point).map(place).collect();
        match groups.iter_mut().find(|(known, _)| *known == point) {
            Some((_, numbers)) => numbers.push(number),
            None => groups.push((point, vec![number])),
        }
    }
    groups.into_iter().map(|(point, numbers)| front(sweep, point, &numbers)).collect()
}

/// What a cell is judged by; smaller is better in all three.
fn merits(cell: &SweepCell) -> Option<[f64; 3]> {
    Some([cell.cost_per_million_usd?, cell.p99_of_all_ms?, cell.revocation_lag_s])
}

fn front(sweep: &Sweep, point: Vec<String>, numbers: &[usize]) -> Front {
    let of = |number: usize| merits(&sweep.cells[number]);
    let beats = |one: [f64; 3], other: [f64; 3]| {
        one.iter().zip(other).all(|(one, other)| *one <= other) && one != other
    };
    let mut cells: Vec<usize> = Vec::new();
    for number in numbers.iter().copied() {
        let Some(own) = of(number) else { continue };
        let is_beaten = numbers.iter().filter_map(|each| of(*each)).any(|other| beats(other, own));
        // A strategy that an axis does not touch stands at every point of it; once is enough.
        let is_there = cells.iter().any(|each| {
            of(*each) == Some(own) && sweep.cells[*each].strategy == sweep.cells[number].strategy
        });
        if !is_beaten && !is_there {
            cells.push(number);
        }
    }
    let cost = |number: &usize| of(*number).unwrap_or_default();
    cells.sort_by(|a, b| {
        let pairs = cost(a).into_iter().zip(cost(b));
        pairs.map(|(a, b)| a.total_cmp(&b)).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    let left_out = numbers.iter().copied().filter(|number| of(*number).is_none()).collect();
    Front { point, cells, left_out }
}

impl Sweep {
    /// The cell of strategy number `strategy` at the point whose places on the axes are `places`.
    pub fn cell(&self, strategy: usize, places: &[usize]) -> &SweepCell {
        &self.cells[number(self, strategy, places)]
    }

    /// Whether the figures of strategy number `strategy` differ anywhere on the grid.
    pub fn is_touched(&self, strategy: usize) -> bool {
        let plain = |cell: &SweepCell| SweepCell { point: Vec::new(), ..cell.clone() };
        let mut own = self.cells.iter().skip(strategy).step_by(self.strategies.len().max(1)).map(plain);
        let first = own.next();
        own.any(|cell| Some(cell) != first)
    }
}

#[cfg(test)]
mod tests;
