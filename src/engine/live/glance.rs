//! What somebody who watches a live run sees of it: a small copy, made a few times a second.

use crate::quota::PoolReport;
use crate::record::{AttemptCounts, JobCounts, Row};
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
    /// Whole seconds so far, oldest first, as the timeline has them.
    pub seconds: Vec<Row>,
    /// Length of each of `seconds`, in seconds.
    pub interval_s: u64,
    /// Response time so far in milliseconds: p50, p90, p99, max; zeros without samples.
    pub response_ms: [f64; 4],
    /// How late the harness itself was: p99 in milliseconds.
    pub lateness_ms: f64,
    /// What each pool met so far; series are left out.
    pub pools: Vec<PoolReport>,
    /// Attempts sent of the run and the cap on them, if there is one.
    pub cap: (u64, Option<u64>),
}

/// How a live run is steered from outside and watched.
#[derive(Debug, Default)]
pub struct Control {
    /// Set to let what flies finish and end the run.
    pub stop: AtomicBool,
    watched: AtomicBool,
    glance: Mutex<Option<Glance>>,
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

    pub(super) fn show(&self, glance: Glance) {
        *self.glance.lock().expect("nobody panics while holding a glance") = Some(glance);
    }

    /// The latest glance; `None` before the first.
    pub fn glance(&self) -> Option<Glance> {
        self.glance.lock().expect("nobody panics while holding a glance").clone()
    }
}
