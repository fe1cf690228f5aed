//! Thresholds: what must hold, evaluated for each strategy over the window.

mod gauge;
mod question;
mod sure;
mod width;

use super::select::{Selection, failed_share};
use super::stats::share;
use super::times::{Figure, Times};
use super::{ThresholdRun, Verdict};
use crate::record::{Recorder, Trial};
use crate::scenario::{Metric, Scenario, Threshold};
use crate::time::Time;

pub use gauge::Gauge;
pub use width::{Widest, widest};

/// The figure a threshold looks at; `None` without samples.
fn figure(threshold: &Threshold, recorder: &Recorder, scenario: &Scenario) -> Option<Figure> {
    let selection = Selection::from_tags(&threshold.tags);
    if let Some(times) = Times::of(threshold, recorder) {
        return times.figure(threshold.aggregate);
    }
    let (jobs, attempts) = (selection.jobs(recorder).1, selection.attempts(recorder).1);
    let ratio = |part: u64, whole: u64| (whole > 0).then(|| share(part, whole));
    let value = match threshold.metric {
        Metric::ResponseTime | Metric::ServiceTime | Metric::QueueWait => None,
        Metric::Failed => failed_share(&jobs),
        Metric::Shed => ratio(jobs.shed, jobs.offered),
        Metric::UnitsFailed => {
            let units = selection.units(recorder);
            ratio(units.failed, units.active)
        }
        Metric::Throttled => ratio(attempts.throttled, attempts.attempts),
        Metric::Amplification => ratio(attempts.attempts, attempts.calls),
        Metric::Goodput => {
            let happened = selection.happened(recorder);
            let rate = happened.per_second(happened.jobs.completed, recorder.trials());
            rate.filter(|_| jobs.offered > 0)
        }
        Metric::Cost => selection.usd_per_million(recorder, scenario),
    };
    value.map(Figure::plain)
}

/// What tells how sure a figure is.
enum Evidence<'t> {
    /// Several trials, by their spread.
    Trials(&'t [&'t Recorder]),
    /// One trial, by the spread of its parts.
    Batches(gauge::Batches),
    /// A trial under way, by its counts alone.
    Counts,
}

/// Whether a threshold speaks of the strategy called `name`.
fn applies(threshold: &Threshold, name: &str) -> bool {
    threshold.tags.get("strategy").is_none_or(|only| only == name)
}

/// Every threshold that speaks of strategy number `strategy`, evaluated on its `trials`, whose sum is `recorder`.
pub fn evaluate(
    scenario: &Scenario,
    strategy: usize,
    recorder: Option<&Recorder>,
    trials: &[Trial],
) -> Vec<ThresholdRun> {
    let name = &scenario.strategies[strategy].name;
    let recorders: Vec<&Recorder> = trials.iter().map(|trial| &trial.recorder).collect();
    let own = scenario.thresholds.iter().enumerate().filter(|(_, threshold)| applies(threshold, name));
    let judged = own.map(|(number, threshold)| {
        let figure = recorder.and_then(|recorder| figure(threshold, recorder, scenario));
        let (verdict, remedy) = match recorder.zip(figure) {
            None => (Verdict::NoData, None),
            Some((recorder, figure)) => {
                let evidence = match trials {
                    [only] => Evidence::Batches(gauge::batches(number, threshold, only, scenario)),
                    _ => Evidence::Trials(&recorders),
                };
                sure::judge(threshold, figure, recorder, &evidence, scenario)
            }
        };
        ThresholdRun {
            strategy: name.clone(),
            name: threshold.name.clone(),
            expression: threshold.expression.clone(),
            value: figure.map(|figure| figure.value).filter(|value| value.is_finite()),
            failed_share: figure.filter(|figure| figure.value.is_infinite()).map(|figure| figure.beyond),
            verdict,
            remedy,
        }
    });
    judged.collect()
}

/// Whether `threshold` holds on what one trial recorded, chance not considered; `None` without samples.
pub fn holds(threshold: &Threshold, recorder: &Recorder, scenario: &Scenario) -> Option<bool> {
    let figure = figure(threshold, recorder, scenario)?;
    Some(threshold.comparison.holds(figure.value, threshold.bound))
}

/// What one recording says of a threshold, such that parts of a run can be added up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stand {
    /// So many of what was looked at do not hold, and this share of them may not.
    Share {
        /// Those that do not hold.
        count: f64,
        /// All that was looked at.
        of: f64,
        /// The share that may not hold.
        allowed: f64,
        /// Whether the share itself may be reached.
        inclusive: bool,
    },
    /// Whether it holds, where that is no share: a mean, a greatest, a value.
    Whole(bool),
}

impl Stand {
    /// Whether the threshold holds. Nothing looked at breaks nothing.
    pub fn holds(self) -> bool {
        match self {
            Stand::Share { count, of, allowed, inclusive } => {
                let most = allowed * of;
                count <= 0.0 || if inclusive { count <= most + 1e-9 } else { count < most - 1e-9 }
            }
            Stand::Whole(holds) => holds,
        }
    }
}

/// Every threshold that speaks of strategy number `strategy`, on one recording, in the scenario's order.
pub fn stands(scenario: &Scenario, strategy: usize, recorder: &Recorder) -> Vec<Stand> {
    let name = &scenario.strategies[strategy].name;
    let speaking = scenario.thresholds.iter().filter(|threshold| applies(threshold, name));
    speaking.map(|threshold| sure::stand(threshold, recorder, scenario)).collect()
}

/// Looks at a trial while it runs, for the thresholds that end it when missed.
#[derive(Debug)]
pub struct Watch<'s> {
    scenario: &'s Scenario,
    thresholds: Vec<&'s Threshold>,
}

impl<'s> Watch<'s> {
    /// The aborting thresholds that speak of strategy number `strategy`.
    pub fn new(scenario: &'s Scenario, strategy: usize) -> Watch<'s> {
        let name = &scenario.strategies[strategy].name;
        let aborting = |t: &&Threshold| t.abort_on_fail && applies(t, name);
        Watch { scenario, thresholds: scenario.thresholds.iter().filter(aborting).collect() }
    }

    /// When to look first; [`Time::NEVER`] if nothing can end the trial.
    pub fn first_look(&self) -> Time {
        self.thresholds.iter().map(|t| Time::ZERO + t.delay_abort_eval).min().unwrap_or(Time::NEVER)
    }

    /// Whether a threshold is missed on what was recorded so far: no samples yet, or too few to tell, are no miss.
    pub fn is_missed(&self, recorder: &Recorder) -> bool {
        let due = |t: &&&Threshold| Time::ZERO + t.delay_abort_eval <= recorder.last();
        self.thresholds.iter().filter(due).any(|threshold| {
            figure(threshold, recorder, self.scenario).is_some_and(|figure| {
                sure::judge(threshold, figure, recorder, &Evidence::Counts, self.scenario).0
                    == Verdict::Missed
            })
        })
    }
}
