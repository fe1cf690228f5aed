//! What somebody who watches a live run sees of it: a small copy, made a few times a second.

use crate::quota::PoolReport;
use crate::record::{AttemptCounts, JobCounts, Micros, Recorder, Row, micros};
use crate::results::{Selection, Trend};
use crate::scenario::Scenario;
use crate::time::Time;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Times so far, window only, in microseconds.
#[derive(Clone, Debug)]
pub struct LiveTimes {
    /// Intended start of a completed job to its completion.
    pub response: Micros,
    /// Attempt sent to its answer, refusals for a quota left out.
    pub service: Micros,
}

impl Default for LiveTimes {
    fn default() -> LiveTimes {
        LiveTimes { response: micros(), service: micros() }
    }
}

impl LiveTimes {
    /// Takes in those of another trial.
    pub fn merge(&mut self, other: &LiveTimes) {
        for (all, more) in [(&mut self.response, &other.response), (&mut self.service, &other.service)] {
            all.add(more).expect("a resizing histogram takes any other");
        }
    }
}

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
    /// What both are figures of; trials that are over have theirs in [`Control::times`].
    pub times: Option<Arc<LiveTimes>>,
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
        let all = Selection::default();
        let times = LiveTimes { response: all.response(recorder), service: all.service(recorder) };
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
            response: Trend::from_micros(&times.response),
            service: Trend::from_micros(&times.service),
            times: Some(Arc::new(times)),
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
    past: Mutex<Past>,
}

/// Trials that are over.
#[derive(Debug, Default)]
struct Past {
    trials: Vec<Snapshot>,
    /// Times of all of them, by strategy: a histogram for each trial would make memory grow with the run.
    times: BTreeMap<usize, LiveTimes>,
}

/// Why the locks here are never poisoned.
const UNSPOILT: &str = "nobody panics while holding a snapshot";

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
        let mut latest = self.snapshot.lock().expect(UNSPOILT);
        if let Some(old) = latest.take().filter(|old| !is_same(old)) {
            let mut past = self.past.lock().expect(UNSPOILT);
            if let Some(times) = &old.times {
                past.times.entry(old.strategy.1).or_default().merge(times);
            }
            past.trials.push(Snapshot { seconds: Vec::new(), times: None, ..old });
        }
        *latest = Some(snapshot);
    }

    /// The last snapshot of every trial that is over, in order, without its seconds.
    pub fn past(&self) -> Vec<Snapshot> {
        self.past.lock().expect(UNSPOILT).trials.clone()
    }

    /// Times so far by the number of the strategy, those of the trial under way included.
    pub fn times(&self) -> BTreeMap<usize, LiveTimes> {
        // Both at one moment, so that no trial is missed or counted twice.
        let latest = self.snapshot.lock().expect(UNSPOILT);
        let mut all = self.past.lock().expect(UNSPOILT).times.clone();
        if let Some((strategy, times)) = latest.as_ref().and_then(|s| Some((s.strategy.1, s.times.as_ref()?)))
        {
            all.entry(strategy).or_default().merge(times);
        }
        all
    }

    /// The latest snapshot; `None` before the first.
    pub fn snapshot(&self) -> Option<Snapshot> {
        self.snapshot.lock().expect(UNSPOILT).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(strategy: usize, trial: u32, completed: u64) -> Snapshot {
        let jobs = JobCounts { completed, ..JobCounts::default() };
        let seconds = vec![Row::default()];
        let mut times = LiveTimes::default();
        times.response.record_n(1_000, completed).expect("it grows");
        Snapshot {
            strategy: (format!("s{strategy}"), strategy),
            trial: (trial, 2),
            jobs,
            seconds,
            times: Some(Arc::new(times)),
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
        assert!(
            control.past().iter().all(|snapshot| snapshot.seconds.is_empty() && snapshot.times.is_none())
        );
        let times: Vec<_> =
            control.times().iter().map(|(strategy, times)| (*strategy, times.response.len())).collect();
        assert_eq!(times, [(0, 5 + 3), (1, 2)], "of both trials of the first");
        assert_eq!(control.snapshot().map(|snapshot| snapshot.jobs.completed), Some(3));
    }
}
