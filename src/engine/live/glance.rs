//! What somebody who watches a live run sees of it: a small copy, made a few times a second.

use crate::quota::PoolReport;
use crate::record::{AttemptCounts, JobCounts, Row};
use crate::results::Trend;
use crate::time::Time;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// A live run at one moment.
#[derive(Clone, Debug, Default)]
pub struct Glance {
    /// The strategy under way, and its number from 0.
    pub strategy: (String, usize),
    /// How many strategies there are.
    pub strategies: usize,
    /// The trial under way, from 0, and how many there are.
    pub trial: (u32, u32),
    /// Now, on the trial's timeline.
    pub now: Time,
    /// When jobs stop arriving.
    pub ends: Time,
    /// Stages under way: `<workload>/<number>`.
    pub stages: Vec<String>,
    /// Jobs so far.
    pub jobs: JobCounts,
    /// Attempts so far.
    pub attempts: AttemptCounts,
    /// Jobs begun and not ended.
    pub in_flight: u64,
    /// The last intervals of the timeline, oldest first, at most [`Glance::MOST`] of them.
    pub seconds: Vec<Row>,
    /// How many intervals came before them.
    pub skipped: usize,
    /// Length of each interval, in seconds.
    pub interval_s: u64,
    /// Response time so far, window only.
    pub response: Trend,
    /// Service time so far, window only.
    pub service: Trend,
    /// How late the harness itself was: p99 in milliseconds.
    pub lateness_ms: f64,
    /// The share of its time that the driving thread was computing; `None` where the system does not tell.
    pub busy_share: Option<f64>,
    /// What each pool met so far; series are left out.
    pub pools: Vec<PoolReport>,
    /// Attempts sent of the run and the cap on them, if there is one.
    pub cap: (u64, Option<u64>),
}

impl Glance {
    /// The most intervals that are shown: two for each column of a wide terminal. Copies that grew with the run would make
    /// its memory grow.
    pub const MOST: usize = 600;
}

/// How a live run is steered from outside and watched.
#[derive(Debug, Default)]
pub struct Control {
    /// Set to let what flies finish and end the run.
    pub stop: AtomicBool,
    watched: AtomicBool,
    glance: Mutex<Option<Glance>>,
    past: Mutex<Vec<Glance>>,
}

impl Control {
    /// From now on glances are made.
    pub fn watch(&self) {
        self.watched.store(true, Ordering::Relaxed);
    }

    /// Whether anybody wants glances.
    pub fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }

    /// Shows a newer glance; that of a trial which is over is kept.
    pub fn show(&self, glance: Glance) {
        let is_same = |old: &Glance| (old.strategy.1, old.trial.0) == (glance.strategy.1, glance.trial.0);
        let mut latest = self.glance.lock().expect("nobody panics while holding a glance");
        if let Some(old) = latest.take().filter(|old| !is_same(old)) {
            let kept = Glance { seconds: Vec::new(), ..old };
            self.past.lock().expect("nobody panics while holding a glance").push(kept);
        }
        *latest = Some(glance);
    }

    /// The last glance of every trial that is over, in order, without its seconds.
    pub fn past(&self) -> Vec<Glance> {
        self.past.lock().expect("nobody panics while holding a glance").clone()
    }

    /// The latest glance; `None` before the first.
    pub fn glance(&self) -> Option<Glance> {
        self.glance.lock().expect("nobody panics while holding a glance").clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glance(strategy: usize, trial: u32, completed: u64) -> Glance {
        let jobs = JobCounts { completed, ..JobCounts::default() };
        let seconds = vec![Row::default()];
        Glance {
            strategy: (format!("s{strategy}"), strategy),
            trial: (trial, 2),
            jobs,
            seconds,
            ..Glance::default()
        }
    }

    #[test]
    fn a_trial_that_is_over_is_remembered_as_it_was_last_seen() {
        let control = Control::default();
        assert!(control.glance().is_none() && !control.is_watched());
        for glance in [glance(0, 0, 1), glance(0, 0, 5), glance(1, 0, 2), glance(0, 1, 3)] {
            control.show(glance);
        }
        let past: Vec<_> =
            control.past().iter().map(|g| (g.strategy.1, g.trial.0, g.jobs.completed)).collect();
        assert_eq!(past, [(0, 0, 5), (1, 0, 2)]);
        assert!(control.past().iter().all(|glance| glance.seconds.is_empty()));
        assert_eq!(control.glance().map(|glance| glance.jobs.completed), Some(3));
    }
}
