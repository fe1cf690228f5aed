//! Thresholds: what must hold, evaluated for each strategy over the window.

mod sure;

use super::select::{Selection, failed_share};
use super::stats::{at_rank, round, share};
use super::{ThresholdRun, Verdict};
use crate::record::{Micros, Recorder, Trial};
use crate::scenario::{Aggregate, Metric, Scenario, Threshold};
use crate::time::Time;

/// The figure that a threshold judges.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Figure {
    /// In the metric's base unit; infinite if failures have eaten it.
    value: f64,
    /// The share of what was looked at that is slower than any bound.
    beyond: f64,
}

impl Figure {
    fn plain(value: f64) -> Figure {
        Figure { value: round(value), beyond: 0.0 }
    }
}

/// Times of which some are longer than any bound, because what was timed failed.
#[derive(Clone, Debug)]
struct Times {
    measured: Micros,
    beyond: u64,
}

impl Times {
    /// The response times that a threshold judges. Unless its tag says otherwise every job counts of which it is known
    /// what became of it, and one that failed, was shed or is unfinished took longer than any bound.
    fn response(selection: &Selection, outcome: Option<&str>, recorder: &Recorder) -> Times {
        let of = |measured, beyond| Times { measured, beyond };
        match outcome {
            Some("completed") => of(selection.response(recorder), 0),
            Some("failed") => of(selection.response_failed(recorder), 0),
            Some(_) => of(selection.response_ended(recorder), 0),
            None => {
                let jobs = selection.jobs(recorder).1;
                of(selection.response(recorder), jobs.ended() - jobs.completed)
            }
        }
    }

    /// The service times that a threshold judges. Unless its tag says otherwise refusals for a quota are left out, and an
    /// attempt that nobody answered took longer than any bound.
    fn service(selection: &Selection, outcome: Option<&str>, recorder: &Recorder) -> Times {
        let unanswered = selection.attempts(recorder).1.unanswered();
        let both = |mut one: Micros, other: Micros| {
            one.add(&other).expect("a resizing histogram takes any other");
            one
        };
        match outcome {
            Some("completed") => Times { measured: selection.service_ok(recorder), beyond: 0 },
            Some("failed") => Times {
                measured: both(selection.service_failed(recorder), selection.refused(recorder)),
                beyond: unanswered,
            },
            Some(_) => Times {
                measured: both(selection.service(recorder), selection.refused(recorder)),
                beyond: unanswered,
            },
            None => Times { measured: selection.service(recorder), beyond: unanswered },
        }
    }

    /// What a threshold on times judges; `None` if it judges something else.
    fn of(threshold: &Threshold, recorder: &Recorder) -> Option<Times> {
        let selection = Selection::from_tags(&threshold.tags);
        let outcome = threshold.tags.get("outcome").map(String::as_str);
        match threshold.metric {
            Metric::ResponseTime => Some(Times::response(&selection, outcome, recorder)),
            Metric::ServiceTime => Some(Times::service(&selection, outcome, recorder)),
            Metric::QueueWait => Some(Times { measured: selection.queue_wait(recorder), beyond: 0 }),
            _ => None,
        }
    }

    /// A figure of them, in milliseconds; `None` without any.
    fn figure(&self, aggregate: Aggregate) -> Option<Figure> {
        let all = self.measured.len() + self.beyond;
        if all == 0 {
            return None;
        }
        let percentile = |p: f64| {
            let rank = ((p / 100.0 * all as f64).ceil() as u64).clamp(1, all);
            if rank > self.measured.len() { f64::INFINITY } else { at_rank(&self.measured, rank) as f64 }
        };
        let unless_any = |value: f64| if self.beyond > 0 { f64::INFINITY } else { value };
        let micros = match aggregate {
            Aggregate::Avg | Aggregate::Rate | Aggregate::Value => unless_any(self.measured.mean()),
            Aggregate::Min => percentile(0.0),
            Aggregate::Med => percentile(50.0),
            Aggregate::Max => unless_any(self.measured.max() as f64),
            Aggregate::Percentile(p) => percentile(p),
        };
        Some(Figure { value: round(micros / 1e3), beyond: share(self.beyond, all) })
    }
}

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
    let trials: Vec<&Recorder> = trials.iter().map(|trial| &trial.recorder).collect();
    let judged = scenario.thresholds.iter().filter(|threshold| applies(threshold, name)).map(|threshold| {
        let figure = recorder.and_then(|recorder| figure(threshold, recorder, scenario));
        let (verdict, remedy) = match recorder.zip(figure) {
            None => (Verdict::NoData, None),
            Some((recorder, figure)) => sure::judge(threshold, figure, recorder, &trials, scenario),
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
                sure::judge(threshold, figure, recorder, &[], self.scenario).0 == Verdict::Missed
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::micros;
    use crate::rng::{Purpose, Stream};

    /// The percentile as it is defined: of all sorted values, those that failed last.
    fn sorted(values: &mut [u64], beyond: u64, p: f64) -> f64 {
        values.sort_unstable();
        let all = values.len() as u64 + beyond;
        let rank = ((p / 100.0 * all as f64).ceil() as usize).max(1);
        values.get(rank - 1).map_or(f64::INFINITY, |micros| *micros as f64 / 1e3)
    }

    #[test]
    fn percentiles_are_those_of_sorted_values_with_failures_last() {
        for case in 0..60u64 {
            let stream = Stream::new(7, 0, Purpose::Arrival, case);
            let mut values: Vec<u64> =
                (0..case * 7 % 211).map(|n| 1 + stream.draw(n).below(3_000_000)).collect();
            let beyond = case * 13 % 97;
            let mut times = Times { measured: micros(), beyond };
            values.iter().for_each(|value| times.measured.record(*value).expect("resizes"));
            for p in [1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 100.0] {
                let Some(figure) = times.figure(Aggregate::Percentile(p)) else {
                    assert_eq!(values.len() as u64 + beyond, 0);
                    continue;
                };
                let expected = sorted(&mut values, beyond, p);
                let is_near = figure.value == expected || (figure.value / expected - 1.0).abs() < 0.001;
                assert!(is_near, "case {case}, p({p}): {} {expected}", figure.value);
            }
        }
    }

    #[test]
    fn one_failure_makes_mean_and_maximum_infinite_and_leaves_the_minimum() {
        let mut times = Times { measured: micros(), beyond: 1 };
        (1..=9u64).for_each(|ms| times.measured.record(ms * 1_000).expect("resizes"));
        let of = |aggregate| times.figure(aggregate).expect("ten values").value;
        assert!(of(Aggregate::Avg).is_infinite() && of(Aggregate::Max).is_infinite());
        assert!(
            (of(Aggregate::Min) - 1.0).abs() < 0.01 && (of(Aggregate::Percentile(90.0)) - 9.0).abs() < 0.01
        );
        assert!(of(Aggregate::Percentile(91.0)).is_infinite());
        let nobody = Times { measured: micros(), beyond: 3 };
        let figure = nobody.figure(Aggregate::Med).expect("three values");
        assert!(figure.value.is_infinite() && figure.beyond == 1.0);
    }
}
