//! Times of which some are longer than any bound, because what was timed failed; their figures, and how sure those are.

use super::select::Selection;
use super::stats::{at_rank, error_of_share, round, share, t95};
use crate::record::{Micros, Recorder, micros};
use crate::scenario::{Aggregate, Metric, Tag, Threshold, TimesOf};

/// The figure that a threshold judges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figure {
    /// In the metric's base unit; infinite if failures have eaten it.
    pub value: f64,
    /// The share of what was looked at that is slower than any bound.
    pub beyond: f64,
}

impl Figure {
    pub(super) fn plain(value: f64) -> Figure {
        Figure { value: round(value), beyond: 0.0 }
    }
}

/// Times of which some are longer than any bound, because what was timed failed.
#[derive(Clone, Debug)]
pub(super) struct Times {
    pub measured: Micros,
    pub beyond: u64,
}

impl Times {
    /// The response times that a threshold judges. Unless its tag says otherwise every job counts of which it is known
    /// what became of it, and one that failed, was shed or is unfinished took longer than any bound.
    fn response(selection: &Selection, outcome: Option<TimesOf>, recorder: &Recorder) -> Times {
        let of = |measured, beyond| Times { measured, beyond };
        match outcome {
            Some(TimesOf::Completed) => of(selection.response(recorder), 0),
            Some(TimesOf::Failed) => of(selection.response_failed(recorder), 0),
            Some(TimesOf::All) => of(selection.response_ended(recorder), 0),
            None => {
                let jobs = selection.jobs(recorder).1;
                of(selection.response(recorder), jobs.ended() - jobs.completed)
            }
        }
    }

    /// The service times that a threshold judges. Unless its tag says otherwise refusals for a quota are left out, and an
    /// attempt that nobody answered took longer than any bound.
    fn service(selection: &Selection, outcome: Option<TimesOf>, recorder: &Recorder) -> Times {
        let unanswered = selection.attempts(recorder).1.unanswered();
        let both = |mut one: Micros, other: Micros| {
            one.add(&other).expect("a resizing histogram takes any other");
            one
        };
        match outcome {
            Some(TimesOf::Completed) => Times { measured: selection.service_ok(recorder), beyond: 0 },
            Some(TimesOf::Failed) => Times {
                measured: both(selection.service_failed(recorder), selection.refused(recorder)),
                beyond: unanswered,
            },
            Some(TimesOf::All) => Times {
                measured: both(selection.service(recorder), selection.refused(recorder)),
                beyond: unanswered,
            },
            None => Times { measured: selection.service(recorder), beyond: unanswered },
        }
    }

    /// What a threshold on times judges; `None` if it judges something else.
    pub(super) fn of(threshold: &Threshold, recorder: &Recorder) -> Option<Times> {
        let selection = Selection::from_tags(&threshold.tags);
        let outcome = threshold.tags.get(Tag::Outcome.name()).and_then(|word| TimesOf::from_name(word));
        match threshold.metric {
            Metric::ResponseTime => Some(Times::response(&selection, outcome, recorder)),
            Metric::ServiceTime => Some(Times::service(&selection, outcome, recorder)),
            Metric::QueueWait => Some(Times { measured: selection.queue_wait(recorder), beyond: 0 }),
            _ => None,
        }
    }

    /// How many they are.
    pub(super) fn len(&self) -> u64 {
        self.measured.len() + self.beyond
    }

    /// A figure of them, in milliseconds; `None` without any.
    pub(super) fn figure(&self, aggregate: Aggregate) -> Option<Figure> {
        if self.len() == 0 {
            return None;
        }
        let unless_any = |value: f64| if self.beyond > 0 { f64::INFINITY } else { value };
        let micros = match aggregate {
            Aggregate::Avg | Aggregate::Rate | Aggregate::Value => unless_any(self.measured.mean()),
            Aggregate::Min => self.quantile(0.0),
            Aggregate::Med => self.quantile(0.5),
            Aggregate::Max => unless_any(self.measured.max() as f64),
            Aggregate::Percentile(p) => self.quantile(p / 100.0),
        };
        Some(Figure { value: round(micros / 1e3), beyond: share(self.beyond, self.len()) })
    }

    /// What the share `of` of them are at most, in microseconds; infinite if failures have eaten it.
    fn quantile(&self, of: f64) -> f64 {
        let all = self.len();
        let rank = ((of * all as f64).ceil() as u64).clamp(1, all);
        if rank > self.measured.len() { f64::INFINITY } else { at_rank(&self.measured, rank) as f64 }
    }

    /// How many of them are at most `micros`.
    fn at_most(&self, micros: f64) -> u64 {
        if micros.is_finite() { self.measured.count_between(0, micros as u64) } else { self.measured.len() }
    }

    /// The 95 % interval over `trials` of the quantile of all their times, in milliseconds; `None` below two trials, or without
    /// any time.
    ///
    /// It is taken of the share of times that are at most the quantile found, each trial's for itself, and led back to times
    /// by the quantiles found (Woodruff 1952). A mean over the trials' own percentiles would lie between the modes of times
    /// that have two, and lean to one side of a tail.
    pub(super) fn interval(trials: &[Times], of: f64) -> Option<[f64; 2]> {
        let mut all = Times { measured: micros(), beyond: 0 };
        for trial in trials {
            all.measured.add(&trial.measured).expect("a resizing histogram takes any other");
            all.beyond += trial.beyond;
        }
        if all.len() == 0 || trials.len() < 2 {
            return None;
        }
        let found = all.quantile(of);
        let shares: Vec<(u64, u64)> =
            trials.iter().map(|trial| (trial.at_most(found), trial.len())).collect();
        let half = t95(trials.len() - 1) * error_of_share(&shares)?;
        let ms = |share: f64| round(all.quantile(share.clamp(0.0, 1.0)) / 1e3);
        Some([ms(of - half), ms(of + half)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
