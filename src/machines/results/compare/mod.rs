//! Two runs, one after the other: what is better, what is worse, and what cannot be told.
//!
//! ```text
//!  both simulated, one seed ──▶ trial by trial: both met the same jobs
//!  several trials each      ──▶ trials against trials (Welch)
//!  live, or one trial       ──▶ interval by interval, each worth as much as its neighbours leave it (effective sample size)
//! ```
//!
//! The intervals of a table hold together: all of them cover what they are about in 95 of 100 tables (Bonferroni). A
//! difference counts if its interval leaves out zero and it is worth a word.

mod changes;
mod divisive;
pub mod history;
mod rule;

pub use rule::Rule;

use super::series::{self, Estimate};
use super::stats::{mean_and_error, round, student_within};
use super::{Run, StrategyRun};
use serde::{Deserialize, Serialize};

/// Version of the document's names.
pub const COMPARE_SCHEMA: &str = "keystorm.compare/1";

/// How sure all differences of a table are together.
const CONFIDENCE: f64 = 0.95;
/// The least difference of shares that is worth a word: a tenth of a point.
const WORTH_SHARE: f64 = 0.001;
/// The least difference of everything else, as a share of the smaller figure.
const WORTH_FACTOR: f64 = 0.01;

/// One run beside another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// [`COMPARE_SCHEMA`].
    pub schema: String,
    /// The run that the other is set against.
    pub a: Side,
    /// The other run.
    pub b: Side,
    /// How differences were told from chance.
    pub how: How,
    /// One for each strategy and figure that both have, b − a.
    pub differences: Vec<Difference>,
    /// Strategies of `a` that `b` has not.
    pub only_a: Vec<String>,
    /// Strategies of `b` that `a` has not.
    pub only_b: Vec<String>,
    /// Fields of the resolved scenario that differ, with both values.
    pub changed: Vec<Change>,
}

/// What a run is known by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    /// What the reader calls it: its folder.
    pub label: String,
    /// The scenario's name.
    pub name: String,
    /// First 64 bits of SHA-256 of the resolved scenario's JSON, in hex.
    pub scenario_hash: String,
    /// Key of every random draw.
    pub seed: u64,
    /// Where attempts went.
    pub target: String,
}

/// How differences are told from chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Trial by trial: both met the same jobs.
    Paired,
    /// Trials against trials.
    Trials,
    /// Interval by interval, by effective sample sizes.
    Intervals,
}

/// A figure of both runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The strategy.
    pub strategy: String,
    /// Which figure.
    pub figure: Figure,
    /// In the first run.
    pub a: f64,
    /// In the second.
    pub b: f64,
    /// b − a, as it is compared: the mean over trials where there are several.
    pub difference: f64,
    /// Where it lies, 95 % sure for all differences of the table together; null where that cannot be told.
    pub low: Option<f64>,
    /// The same.
    pub high: Option<f64>,
    /// What it means.
    pub verdict: Outcome,
}

/// What a difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The second run is better.
    Better,
    /// The second run is worse.
    Worse,
    /// They do not differ by what is worth a word.
    Same,
    /// Chance may have made the difference, or hidden one.
    CannotTell,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Change {
    /// As `--set` names it.
    pub path: String,
    /// In the first run; `–` where it is not.
    pub a: String,
    /// In the second.
    pub b: String,
}

/// What runs are compared by.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Figure {
    /// Share of jobs completed.
    Success,
    /// Jobs completed a second.
    Goodput,
    /// Median response time of completed jobs.
    P50,
    /// p99 of them.
    P99,
    /// Share of attempts refused for a quota.
    Throttled,
    /// Attempts for each completed job.
    Attempts,
    /// Time to finish work that ends by itself.
    DoneAfter,
    /// USD for a million completed jobs.
    Cost,
}

impl Figure {
    /// All of them, in the table's order.
    pub const ALL: [Figure; 8] = [
        Figure::Success,
        Figure::Goodput,
        Figure::P50,
        Figure::P99,
        Figure::Throttled,
        Figure::Attempts,
        Figure::DoneAfter,
        Figure::Cost,
    ];

    /// The word that names it, in tables and in `--fail-on`.
    pub const fn word(self) -> &'static str {
        match self {
            Figure::Success => "success",
            Figure::Goodput => "goodput",
            Figure::P50 => "p50",
            Figure::P99 => "p99",
            Figure::Throttled => "throttled",
            Figure::Attempts => "attempts",
            Figure::DoneAfter => "done-after",
            Figure::Cost => "cost",
        }
    }

    /// Its name among `trialValues`.
    const fn saved(self) -> &'static str {
        match self {
            Figure::Success => "success",
            Figure::Goodput => "goodput_per_s",
            Figure::P50 => "responseTime_p50_ms",
            Figure::P99 => "responseTime_p99_ms",
            Figure::Throttled => "throttle",
            Figure::Attempts => "attemptsPerCompleted",
            Figure::DoneAfter => "doneAfter_s",
            Figure::Cost => "perMillionCompleted_usd",
        }
    }

    /// Whether more of it is better.
    pub const fn is_better_high(self) -> bool {
        matches!(self, Figure::Success | Figure::Goodput)
    }

    /// Whether it is a share, whose differences are told in points.
    pub const fn is_share(self) -> bool {
        matches!(self, Figure::Success | Figure::Throttled)
    }

    /// The figure over all trials; `None` where there is none.
    fn value(self, run: &StrategyRun) -> Option<f64> {
        let has_times = run.response_time_ms.count > 0;
        match self {
            Figure::Success => Some(run.ratios.success),
            Figure::Goodput => run.rates.goodput_per_s,
            Figure::P50 => has_times.then_some(run.response_time_ms.p50),
            Figure::P99 => has_times.then_some(run.response_time_ms.p99),
            Figure::Throttled => Some(run.ratios.throttle),
            Figure::Attempts => {
                let completed = (run.ratios.success * run.jobs.in_window as f64).round();
                (completed > 0.0).then(|| run.in_window.map(|counts| counts.attempts as f64 / completed))?
            }
            Figure::DoneAfter => run.done_after_s,
            Figure::Cost => run.cost.per_million_completed_usd,
        }
    }

    /// What is worth a word between figures as large as `a` and `b`.
    fn worth(self, a: f64, b: f64) -> f64 {
        if self.is_share() { WORTH_SHARE } else { WORTH_FACTOR * a.abs().min(b.abs()) }
    }
}

impl Difference {
    /// The difference as a share of `a`, or in points for shares; `None` beside nothing.
    pub fn relative(&self, difference: f64) -> Option<f64> {
        match self.figure.is_share() {
            true => Some(difference),
            false => (self.a != 0.0).then(|| difference / self.a.abs()),
        }
    }

    /// By which share of `a` (in points for shares) the second run is worse; negative if it is better.
    pub fn worsening(&self) -> Option<f64> {
        let turned = if self.figure.is_better_high() { -self.difference } else { self.difference };
        self.relative(turned)
    }
}

/// Compares `b` with `a`; the labels are what the reader calls them.
///
/// # Errors
/// A sentence if the figures of the two do not mean the same.
pub fn compare(a: (&str, &Run), b: (&str, &Run)) -> Result<Comparison, String> {
    let (first, second) = (a.1, b.1);
    if first.definitions != second.definitions {
        return Err(format!(
            "{} has definitions {} and {} has {}: their figures do not mean the same; run one of them again",
            a.0, first.definitions, b.0, second.definitions
        ));
    }
    let (pairs, only_a, only_b) = pairs(first, second);
    let how = how(first, second);
    let mut estimates = Vec::new();
    for (one, other) in &pairs {
        for figure in Figure::ALL {
            let (Some(value), Some(beside)) = (figure.value(one), figure.value(other)) else { continue };
            // What neither run has is no difference to be sure of.
            if value == 0.0 && beside == 0.0 {
                continue;
            }
            estimates.push((other.name.clone(), figure, value, beside, estimate(figure, one, other, how)));
        }
    }
    let many = estimates.len().max(1);
    let differences = estimates
        .into_iter()
        .map(|(strategy, figure, a, b, estimate)| judged(strategy, figure, (a, b), estimate, many));
    let differences: Vec<Difference> = differences.collect();
    let mut changed = Vec::new();
    changes::between("", &first.scenario, &second.scenario, &mut changed);
    Ok(Comparison {
        schema: COMPARE_SCHEMA.into(),
        a: side(a),
        b: side(b),
        how,
        differences,
        only_a,
        only_b,
        changed,
    })
}

fn side((label, run): (&str, &Run)) -> Side {
    Side {
        label: label.into(),
        name: run.name.clone(),
        scenario_hash: run.scenario_hash.clone(),
        seed: run.seed,
        target: run.target.clone(),
    }
}

type Pairs<'r> = (Vec<(&'r StrategyRun, &'r StrategyRun)>, Vec<String>, Vec<String>);

/// Strategies of the same name; the only ones, if each run has one.
fn pairs<'r>(a: &'r Run, b: &'r Run) -> Pairs<'r> {
    if let ([one], [other]) = (a.strategies.as_slice(), b.strategies.as_slice()) {
        return (vec![(one, other)], Vec::new(), Vec::new());
    }
    let find = |run: &'r Run, name: &str| run.strategies.iter().find(|strategy| strategy.name == name);
    let both = a.strategies.iter().filter_map(|one| Some((one, find(b, &one.name)?))).collect();
    let only = |own: &Run, other: &'r Run| {
        let alone = own.strategies.iter().filter(|strategy| find(other, &strategy.name).is_none());
        alone.map(|strategy| strategy.name.clone()).collect()
    };
    (both, only(a, b), only(b, a))
}

/// How chance is told from the rest.
fn how(a: &Run, b: &Run) -> How {
    let fewest = |run: &Run| run.strategies.iter().map(|strategy| strategy.trials).min().unwrap_or(0);
    let simulated = [a, b].iter().all(|run| run.wall.is_none() && !run.interrupted);
    let (one, other) = (fewest(a), fewest(b));
    match () {
        () if !simulated || one < 2 || other < 2 => How::Intervals,
        () if a.seed == b.seed && one == other => How::Paired,
        () => How::Trials,
    }
}

/// The difference b − a with its error.
fn estimate(figure: Figure, a: &StrategyRun, b: &StrategyRun, how: How) -> Option<Estimate> {
    let values = |run: &StrategyRun| run.trial_values.get(figure.saved()).cloned();
    match how {
        How::Paired => {
            let (one, other) = (values(a)?, values(b)?);
            if one.len() != other.len() {
                return None;
            }
            let each: Vec<f64> = one.iter().zip(&other).map(|(a, b)| b - a).collect();
            let (mean, error) = mean_and_error(&each)?;
            Some(Estimate { mean, error, freedom: (each.len() - 1) as f64 })
        }
        How::Trials => {
            let of = |values: Vec<f64>| {
                let (mean, error) = mean_and_error(&values)?;
                Some(Estimate { mean, error, freedom: (values.len() - 1) as f64 })
            };
            Some(of(values(b)?)?.minus(of(values(a)?)?))
        }
        How::Intervals => {
            let of = |run: &StrategyRun| match figure {
                Figure::Success => {
                    series::ratio(run, |row| (row.goodput, row.goodput + row.failed + row.shed))
                }
                Figure::Goodput => series::rate(run, |row| row.goodput),
                Figure::P50 => series::quantile(run, 50.0),
                Figure::P99 => series::quantile(run, 99.0),
                Figure::Throttled => series::ratio(run, |row| (row.throttled, row.attempts)),
                Figure::Attempts => series::ratio(run, |row| (row.attempts, row.goodput)),
                // One figure a run: nothing in it says what chance did.
                Figure::DoneAfter | Figure::Cost => None,
            };
            Some(of(b)?.minus(of(a)?))
        }
    }
}

/// The quantile of Student's t that leaves `chance` outside, on both sides together.
fn quantile(chance: f64, freedom: f64) -> f64 {
    let freedom = freedom.floor().max(1.0) as usize;
    let (mut low, mut high) = (0.0, 1.0);
    while 1.0 - student_within(high, freedom) > chance && high < 1e9 {
        high *= 2.0;
    }
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if 1.0 - student_within(middle, freedom) > chance { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

fn judged(
    strategy: String,
    figure: Figure,
    (a, b): (f64, f64),
    estimate: Option<Estimate>,
    many: usize,
) -> Difference {
    let plain = Difference {
        strategy,
        figure,
        a,
        b,
        difference: round(b - a),
        low: None,
        high: None,
        verdict: Outcome::CannotTell,
    };
    let Some(estimate) = estimate else { return plain };
    let half = quantile((1.0 - CONFIDENCE) / many as f64, estimate.freedom) * estimate.error;
    let (low, high) = (estimate.mean - half, estimate.mean + half);
    let worth = figure.worth(a, b);
    let is_sure = (low > 0.0 || high < 0.0) && estimate.mean.abs() >= worth;
    let verdict = match () {
        () if is_sure && (estimate.mean > 0.0) == figure.is_better_high() => Outcome::Better,
        () if is_sure => Outcome::Worse,
        () if low.abs().max(high.abs()) <= worth => Outcome::Same,
        () => Outcome::CannotTell,
    };
    Difference {
        difference: round(estimate.mean),
        low: Some(round(low)),
        high: Some(round(high)),
        verdict,
        ..plain
    }
}

#[cfg(test)]
mod tests;
