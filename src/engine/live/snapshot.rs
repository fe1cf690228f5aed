//! What somebody who watches a live run sees of it: a small copy, made a few times a second.

use crate::quota::PoolReport;
use crate::record::{AttemptCounts, JobCounts, Recorder, Row};
use crate::results::{Selection, Trend};
use crate::scenario::Scenario;
use crate::time::Time;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// A live run at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
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
    /// The last intervals of the timeline, oldest first, at most [`Snapshot::MAX_INTERVALS`] of them.
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

impl Snapshot {
    /// The most intervals that are shown: two for each column of a wide terminal. Copies that grew with the run would make
    /// its memory grow.
    pub const MAX_INTERVALS: usize = 600;

    /// Of the trial of this number and strategy at `now`, as it is recorded, with what pools met; `sent` attempts of the run
    /// have left.
    pub fn of(
        scenario: &Scenario,
        (trial, strategy): (u32, usize),
        now: Time,
        (recorder, pools): (&Recorder, Vec<PoolReport>),
        busy_share: Option<f64>,
        sent: u64,
    ) -> Snapshot {
        let stage = |workload: &crate::workload::Workload| {
            (now >= workload.start() && now < workload.end())
                .then(|| format!("{}/{}", workload.name, workload.stage_at(now)))
        };
        let rows = recorder.timeline().rows();
        let skipped = rows.len().saturating_sub(Snapshot::MAX_INTERVALS);
        Snapshot {
            strategy: (scenario.strategies[strategy].name.clone(), strategy),
            strategies: scenario.strategies.len(),
            trial: (trial, scenario.trials),
            now,
            ends: scenario.workloads.iter().map(|w| w.end()).max().unwrap_or(Time::ZERO),
            stages: scenario.workloads.iter().filter_map(stage).collect(),
            jobs: recorder.job_totals(),
            in_flight: recorder.in_flight(),
            seconds: rows[skipped..].to_vec(),
            skipped,
            interval_s: recorder.timeline().interval_s(),
            response: Trend::from_micros(&Selection::default().response(recorder)),
            service: Trend::from_micros(&Selection::default().service(recorder)),
            busy_share,
            lateness_ms: recorder.lateness().value_at_percentile(99.0) as f64 / 1e3,
            pools,
            cap: (sent, scenario.live.caps.attempts),
            attempts: recorder.attempt_totals(),
        }
    }
}

/// How a live run is steered from outside and watched.
#[derive(Debug, Default)]
pub struct Control {
    /// Set to let what flies finish and end the run.
    pub stop: AtomicBool,
    watched: AtomicBool,
    snapshot: Mutex<Option<Snapshot>>,
    past: Mutex<Vec<Snapshot>>,
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

    /// Shows a newer snapshot; that of a trial which is over is kept.
    pub fn show(&self, snapshot: Snapshot) {
        let is_same =
            |old: &Snapshot| (old.strategy.1, old.trial.0) == (snapshot.strategy.1, snapshot.trial.0);
        let mut latest = self.snapshot.lock().expect("nobody panics while holding a snapshot");
        if let Some(old) = latest.take().filter(|old| !is_same(old)) {
            let kept = Snapshot { seconds: Vec::new(), ..old };
            self.past.lock().expect("nobody panics while holding a snapshot").push(kept);
        }
        *latest = Some(snapshot);
    }

    /// The last snapshot of every trial that is over, in order, without its seconds.
    pub fn past(&self) -> Vec<Snapshot> {
        self.past.lock().expect("nobody panics while holding a snapshot").clone()
    }

    /// The latest snapshot; `None` before the first.
    pub fn snapshot(&self) -> Option<Snapshot> {
        self.snapshot.lock().expect("nobody panics while holding a snapshot").clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(strategy: usize, trial: u32, completed: u64) -> Snapshot {
        let jobs = JobCounts { completed, ..JobCounts::default() };
        let seconds = vec![Row::default()];
        Snapshot {
            strategy: (format!("s{strategy}"), strategy),
            trial: (trial, 2),
            jobs,
            seconds,
            ..Snapshot::default()
        }
    }

    #[test]
    fn a_trial_that_is_over_is_remembered_as_it_was_last_seen() {
        let control = Control::default();
        assert!(control.snapshot().is_none() && !control.is_watched());
        for snapshot in [snapshot(0, 0, 1), snapshot(0, 0, 5), snapshot(1, 0, 2), snapshot(0, 1, 3)] {
            control.show(snapshot);
        }
        let past: Vec<_> =
            control.past().iter().map(|g| (g.strategy.1, g.trial.0, g.jobs.completed)).collect();
        assert_eq!(past, [(0, 0, 5), (1, 0, 2)]);
        assert!(control.past().iter().all(|snapshot| snapshot.seconds.is_empty()));
        assert_eq!(control.snapshot().map(|snapshot| snapshot.jobs.completed), Some(3));
    }
}
