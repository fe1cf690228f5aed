//! Rates of the last second, from glances: what totals have grown by.

use crate::engine::live::Snapshot;
use crate::quota::PoolId;
use crate::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};

/// Over how long rates are taken.
const OVER: Span = Span::from_secs(1);

/// What was seen of one trial lately.
#[derive(Debug, Default)]
pub(super) struct Pace {
    trial: Option<(usize, u32)>,
    marks: VecDeque<Mark>,
}

/// Totals at one moment.
#[derive(Clone, Debug, Default)]
struct Mark {
    now: Time,
    totals: [u64; 3],
    pools: BTreeMap<PoolId, u64>,
}

/// Per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rates {
    pub(super) goodput: f64,
    pub(super) attempts: f64,
    pub(super) throttled: f64,
}

impl Pace {
    /// Takes in a snapshot; one of another trial begins anew.
    pub(super) fn see(&mut self, snapshot: &Snapshot) {
        let trial = Some((snapshot.strategy.1, snapshot.trial.0));
        if self.trial != trial {
            self.trial = trial;
            self.marks = VecDeque::from([Mark::default()]);
        }
        if self.marks.back().is_some_and(|last| snapshot.now <= last.now) {
            return;
        }
        self.marks.push_back(Mark {
            now: snapshot.now,
            totals: [snapshot.jobs.completed, snapshot.attempts.attempts, snapshot.attempts.throttled],
            pools: snapshot.pools.iter().map(|pool| (pool.pool, pool.attempts)).collect(),
        });
        while self.marks.get(1).is_some_and(|next| snapshot.now.since(next.now) >= OVER) {
            self.marks.pop_front();
        }
    }

    /// The marks to compare, and the seconds between them.
    fn ends(&self) -> Option<(&Mark, &Mark, f64)> {
        let (first, last) = (self.marks.front()?, self.marks.back()?);
        let secs = last.now.since(first.now).as_secs_f64();
        (secs > 0.0).then_some((first, last, secs))
    }

    pub(super) fn rates(&self) -> Rates {
        let Some((first, last, secs)) = self.ends() else { return Rates::default() };
        let per_second = |index: usize| last.totals[index].saturating_sub(first.totals[index]) as f64 / secs;
        Rates { goodput: per_second(0), attempts: per_second(1), throttled: per_second(2) }
    }

    /// What a pool is asked a second.
    pub(super) fn of_pool(&self, pool: PoolId) -> f64 {
        let Some((first, last, secs)) = self.ends() else { return 0.0 };
        let total = |mark: &Mark| mark.pools.get(&pool).copied().unwrap_or(0);
        total(last).saturating_sub(total(first)) as f64 / secs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{AttemptCounts, JobCounts};

    fn snapshot(strategy: usize, ms: u64, total: u64) -> Snapshot {
        Snapshot {
            strategy: (String::new(), strategy),
            now: Time::from_nanos(ms * 1_000_000),
            jobs: JobCounts { completed: total, ..JobCounts::default() },
            attempts: AttemptCounts { attempts: 2 * total, ..AttemptCounts::default() },
            ..Snapshot::default()
        }
    }

    #[test]
    fn rates_are_what_the_last_second_added() {
        let mut pace = Pace::default();
        assert_eq!(pace.rates(), Rates::default());
        for step in 1..=40 {
            // 100 a second for five seconds, then 300 a second.
            let (ms, slow) = (step * 250, step.min(20) * 25);
            pace.see(&snapshot(0, ms, slow + step.saturating_sub(20) * 75));
        }
        assert_eq!(pace.rates(), Rates { goodput: 300.0, attempts: 600.0, throttled: 0.0 });
        pace.see(&snapshot(1, 500, 20));
        assert_eq!(pace.rates().goodput, 40.0, "another trial begins at nothing");
    }

    #[test]
    fn the_same_glance_twice_changes_nothing() {
        let mut pace = Pace::default();
        pace.see(&snapshot(0, 500, 50));
        let before = pace.rates();
        pace.see(&snapshot(0, 500, 50));
        assert_eq!((pace.rates(), pace.marks.len()), (before, 2));
    }
}
