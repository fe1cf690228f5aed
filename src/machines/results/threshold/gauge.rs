//! One trial, cut into batches: what tells how sure a figure is that no other trial stands beside.
//!
//! ```text
//!  reading   reading   reading         end
//!  ───┼─────────┼─────────┼─────────────┼     sums so far, for each threshold, every second; every two seconds once
//!     └ batch ──┴ batch ──┴─── batch ───┘     there are forty of them, and so on
//! ```
//!
//! Every figure that rests on an interval is a ratio of two sums, so that a batch is the difference of two readings, and the
//! figure's error follows from how the batches' own ratios spread about it (batch means, for a ratio of sums). Batches
//! that follow one another are seldom independent: the error is widened as much as their lag-one correlation asks for.

use super::question::{Question, offenders, question};
use super::{Times, applies};
use crate::record::{Reading, Recorder, Trial};
use crate::results::Selection;
use crate::scenario::{Metric, Scenario, Target, Threshold};
use crate::time::{Span, Time};

/// The most readings that are kept.
const MAX_READINGS: usize = 40;
/// The fewest batches that tell how sure a figure is: with fewer their own spread is not known (Schmeiser 1982).
pub(super) const FEWEST: usize = 10;
/// No lag-one correlation above this is believed, nor corrected for.
const MOST_CORRELATED: f64 = 0.9;

/// Takes readings of a trial that is the only one of its strategy.
#[derive(Debug)]
pub struct Gauge<'s> {
    scenario: &'s Scenario,
    strategy: usize,
    every: Span,
    next: Time,
    readings: Vec<Reading>,
}

impl<'s> Gauge<'s> {
    /// For a trial of strategy number `strategy`; it never reads where there are several trials, or no threshold that rests on
    /// an interval.
    pub fn new(scenario: &'s Scenario, strategy: usize) -> Gauge<'s> {
        let name = &scenario.strategies[strategy].name;
        let rests =
            |threshold: &Threshold| applies(threshold, name) && question(threshold) != Question::Count;
        let is_asked = scenario.trials == 1 && scenario.thresholds.iter().any(rests);
        let every = Span::from_secs(1);
        let next = if is_asked { Time::ZERO + every } else { Time::NEVER };
        Gauge { scenario, strategy, every, next, readings: Vec::new() }
    }

    /// When to read next; [`Time::NEVER`] if nobody asks.
    #[inline]
    pub const fn next(&self) -> Time {
        self.next
    }

    /// Reads what was recorded before `now`.
    pub fn read(&mut self, recorder: &Recorder, now: Time) {
        let name = &self.scenario.strategies[self.strategy].name;
        let each = self.scenario.thresholds.iter().map(|threshold| {
            let is_asked = applies(threshold, name);
            if is_asked { sums(threshold, recorder, self.scenario) } else { (0.0, 0.0) }
        });
        self.readings.push(Reading { at: now, sums: each.collect() });
        if self.readings.len() == MAX_READINGS {
            let mut number = 0;
            self.readings.retain(|_| {
                number += 1;
                number % 2 == 0
            });
            self.every = self.every.times(2);
        }
        let past = now.as_nanos() / self.every.as_nanos() + 1;
        self.next = Time::ZERO + self.every.times(past);
    }

    /// What was read.
    pub fn into_readings(self) -> Vec<Reading> {
        self.readings
    }
}

/// The two sums whose ratio a threshold's figure is: of a share those that do not hold and all that were looked at.
fn sums(threshold: &Threshold, recorder: &Recorder, scenario: &Scenario) -> (f64, f64) {
    match question(threshold) {
        Question::Count => return (0.0, 0.0),
        Question::Share(_) => {
            let found = offenders(threshold, recorder);
            return (found.count as f64, found.of as f64);
        }
        Question::Mean => {}
    }
    let selection = Selection::from_tags(&threshold.tags);
    if let Some(times) = Times::of(threshold, recorder) {
        let count = times.measured.len() as f64;
        return (times.measured.mean() / 1e3 * count, count);
    }
    match threshold.metric {
        Metric::Goodput => {
            let happened = selection.happened(recorder);
            (happened.jobs.completed as f64, happened.seconds)
        }
        Metric::Cost => (selection.cost_usd(recorder, scenario) * 1e6, selection.paid_for(recorder) as f64),
        _ => {
            let attempts = selection.attempts(recorder).1;
            (attempts.attempts as f64, attempts.calls as f64)
        }
    }
}

/// One trial in parts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Batches {
    /// Each batch's share of the two sums; those to which nothing happened are left out.
    parts: Vec<(f64, f64)>,
    /// How long the whole trial was looked at.
    lasted: Span,
    is_live: bool,
}

/// The batches of a trial that is the only one, for threshold number `number`.
pub(super) fn batches(number: usize, threshold: &Threshold, trial: &Trial, scenario: &Scenario) -> Batches {
    let (recorder, last) = (&trial.recorder, trial.recorder.last());
    let parts = recorder.layout().parts();
    // What ends after the schedule belongs to the last batch: it is of jobs of the window, and there are few.
    let schedule = parts.iter().map(|part| if part.work.is_some() { last } else { part.window.1 }).max();
    let end = schedule.unwrap_or(last).min(last);
    let every = match trial.readings.as_slice() {
        [.., one, two] => two.at.since(one.at),
        _ => Span::from_secs(1),
    };
    let is_whole = |reading: &&Reading| reading.at + every.divided(2) <= end;
    let read = trial.readings.iter().filter(is_whole).map(|reading| reading.sums[number]);
    let (mut batches, mut before) = (Vec::new(), (0.0, 0.0));
    for now in read.chain([sums(threshold, recorder, scenario)]) {
        let part = (now.0 - before.0, now.1 - before.1);
        if part.1 > 0.0 {
            batches.push(part);
        }
        before = now;
    }
    let first = parts.iter().map(|part| part.window.0).min().unwrap_or(Time::ZERO);
    Batches { parts: batches, lasted: end.since(first), is_live: scenario.target != Target::Sim }
}

impl Batches {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether it is a live trial, of which more would take their whole time.
    pub(super) fn is_live(&self) -> bool {
        self.is_live
    }

    /// How long each is, about.
    pub(super) fn each(&self) -> Span {
        self.lasted.divided(self.parts.len().max(1) as u64)
    }

    /// The ratio of the sums and its standard error; `None` below two batches.
    pub(super) fn ratio_and_error(&self) -> Option<(f64, f64)> {
        let k = self.parts.len() as f64;
        let (part, whole) = self.parts.iter().fold((0.0, 0.0), |sum, each| (sum.0 + each.0, sum.1 + each.1));
        if self.parts.len() < 2 {
            return None;
        }
        let ratio = part / whole;
        let off: Vec<f64> = self.parts.iter().map(|(part, whole)| part - ratio * whole).collect();
        let squares: f64 = off.iter().map(|off| off * off).sum();
        if squares <= 0.0 {
            return Some((ratio, 0.0));
        }
        let follow: f64 = off.windows(2).map(|pair| pair[0] * pair[1]).sum();
        let correlated = (follow / squares).clamp(0.0, MOST_CORRELATED);
        let widened = ((1.0 + correlated) / (1.0 - correlated)).sqrt();
        Some((ratio, (squares * k / (k - 1.0)).sqrt() / whole * widened))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Stream};

    fn of(parts: Vec<(f64, f64)>) -> Batches {
        Batches { parts, lasted: Span::from_secs(20), is_live: true }
    }

    #[test]
    fn the_error_of_equal_batches_is_that_of_their_mean() {
        let values = [4.0, 8.0, 3.0, 9.0, 5.0, 7.0];
        let (ratio, error) = of(values.iter().map(|v| (*v, 1.0)).collect()).ratio_and_error().expect("six");
        let mean = 6.0;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 5.0;
        assert!(
            (ratio - mean).abs() < 1e-12 && (error - (variance / 6.0).sqrt()).abs() < 1e-12,
            "{ratio} {error}"
        );
    }

    #[test]
    fn batches_that_follow_one_another_widen_the_error_as_theory_has_it() {
        // A first-order autoregression whose mean has 1 / (1 - 0.6) times the error of independent draws.
        let (rho, k) = (0.6, 4_000u64);
        let stream = Stream::new(1, 0, Purpose::Backoff, 0);
        let (mut value, mut parts) = (0.0, Vec::new());
        for step in 0..k {
            value = rho * value + (stream.draw(step).unit() - 0.5);
            parts.push((value + 10.0, 1.0));
        }
        let (_, error) = of(parts).ratio_and_error().expect("many");
        let theory = (1.0f64 / 12.0).sqrt() / (1.0 - rho) / (k as f64).sqrt();
        assert!((error / theory - 1.0).abs() < 0.1, "{error} {theory}");
    }
}
