//! Thresholds: what must hold, evaluated for each strategy over the window.

use super::select::{Selection, failed_share};
use super::stats::{round, share};
use super::{ThresholdRun, Verdict};
use crate::record::{Micros, Recorder};
use crate::scenario::{Aggregate, Metric, Scenario, Threshold};
use crate::time::Time;

/// The figure a threshold looks at, in its base unit; `None` without samples.
pub fn value(threshold: &Threshold, recorder: &Recorder, scenario: &Scenario) -> Option<f64> {
    let selection = Selection::from_tags(&threshold.tags);
    let (jobs, attempts) = (selection.jobs(recorder).1, selection.attempts(recorder).1);
    let ratio = |part: f64, whole: u64| (whole > 0).then_some(part);
    match threshold.metric {
        Metric::ResponseTime => trend(threshold.aggregate, &selection.response(recorder)),
        Metric::ServiceTime => trend(threshold.aggregate, &selection.service(recorder)),
        Metric::QueueWait => trend(threshold.aggregate, &selection.queue_wait(recorder)),
        Metric::Failed => ratio(failed_share(&jobs), jobs.offered),
        Metric::Shed => ratio(share(jobs.shed, jobs.offered), jobs.offered),
        Metric::Throttled => ratio(share(attempts.throttled, attempts.attempts), attempts.attempts),
        Metric::Amplification => ratio(share(attempts.attempts, attempts.calls), attempts.calls),
        Metric::Goodput => ratio(1.0, jobs.offered).and_then(|_| selection.goodput(recorder)).map(round),
        Metric::Cost => ratio(1.0, attempts.attempts).map(|_| round(selection.cost_usd(recorder, scenario))),
    }
}

/// A figure of a distribution, in milliseconds.
fn trend(aggregate: Aggregate, histogram: &Micros) -> Option<f64> {
    if histogram.is_empty() {
        return None;
    }
    let micros = match aggregate {
        Aggregate::Avg | Aggregate::Rate | Aggregate::Value => histogram.mean(),
        Aggregate::Min => histogram.min() as f64,
        Aggregate::Med => histogram.value_at_percentile(50.0) as f64,
        Aggregate::Max => histogram.max() as f64,
        Aggregate::Percentile(p) => histogram.value_at_percentile(p) as f64,
    };
    Some(round(micros / 1e3))
}

/// Whether a threshold speaks of the strategy called `name`.
fn applies(threshold: &Threshold, name: &str) -> bool {
    threshold.tags.get("strategy").is_none_or(|only| only == name)
}

/// Every threshold that speaks of strategy number `strategy`, evaluated on all its trials.
pub fn evaluate(scenario: &Scenario, strategy: usize, recorder: Option<&Recorder>) -> Vec<ThresholdRun> {
    let name = &scenario.strategies[strategy].name;
    let judged = scenario.thresholds.iter().filter(|threshold| applies(threshold, name)).map(|threshold| {
        let value = recorder.and_then(|recorder| value(threshold, recorder, scenario));
        let verdict = match value {
            None => Verdict::NoData,
            Some(value) if threshold.comparison.holds(value, threshold.bound) => Verdict::Met,
            Some(_) => Verdict::Missed,
        };
        let (expression, metric) = (threshold.expression.clone(), threshold.name.clone());
        ThresholdRun { strategy: name.clone(), name: metric, expression, value, verdict }
    });
    judged.collect()
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

    /// Whether a threshold is missed on what was recorded so far; no samples yet are no miss.
    pub fn is_missed(&self, recorder: &Recorder) -> bool {
        let due = |t: &&&Threshold| Time::ZERO + t.delay_abort_eval <= recorder.last();
        self.thresholds.iter().filter(due).any(|threshold| {
            value(threshold, recorder, self.scenario)
                .is_some_and(|v| !threshold.comparison.holds(v, threshold.bound))
        })
    }
}
