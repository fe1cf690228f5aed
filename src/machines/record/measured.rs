//! What happened inside the measured windows, by when it happened: what rates are made of.
//!
//! ```text
//!           warm-up │ stage 0 │   stage 1   │ drain        work that ends by itself:
//!   ────────────────┼─────────┼─────────────┼─────▶        the window ends with its last completion
//!                  edge      edge          edge
//! ```
//!
//! Nothing is counted twice: a recorder's own totals only grow, so what happened between two edges is their difference.

use super::cells::{AttemptCell, JobCell};
use super::layout::{Layout, Part};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// Jobs of one workload, stage and kind that something happened to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEvents {
    /// Offered.
    pub offered: u64,
    /// Completed within their deadline.
    pub completed: u64,
}

/// What happened to attempts of one workload, stage and operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptEvents {
    /// Sent.
    pub attempts: u64,
    /// Answered, whatever the answer.
    pub replies: u64,
    /// Answered Ok.
    pub ok: u64,
    /// Answered that a quota is exhausted.
    pub throttled: u64,
}

impl AddAssign for JobEvents {
    fn add_assign(&mut self, other: JobEvents) {
        self.offered += other.offered;
        self.completed += other.completed;
    }
}

impl AddAssign for AttemptEvents {
    fn add_assign(&mut self, other: AttemptEvents) {
        self.attempts += other.attempts;
        self.replies += other.replies;
        self.ok += other.ok;
        self.throttled += other.throttled;
    }
}

/// When a workload was measured in one trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From here.
    pub from: Time,
    /// To here.
    pub to: Time,
    /// When the last job of work that ends by itself completed; `None` for other work, and if none completed.
    pub done: Option<Time>,
}

/// The events of one trial, or of several merged.
#[derive(Clone, Debug)]
pub struct Measured {
    pub(super) jobs: Vec<JobEvents>,
    pub(super) attempts: Vec<AttemptEvents>,
    pub(super) places: Vec<WorkloadProgress>,
    /// The next moment at which a stage begins or ends.
    pub(super) edge: Time,
    /// Nothing is measured from here on.
    pub(super) cut: Time,
    /// By trial and workload.
    pub(super) windows: Vec<Vec<Window>>,
}

/// Where one workload stands.
#[derive(Clone, Debug, Default)]
pub(super) struct WorkloadProgress {
    /// The stage under way, if it is measured.
    stage: Option<usize>,
    /// Totals of each kind, and of each operation, when that stage began.
    jobs: Vec<JobEvents>,
    attempts: Vec<AttemptEvents>,
    done: Option<Time>,
}

/// The totals of a recorder so far.
#[derive(Clone, Copy)]
pub(super) struct Totals<'r> {
    pub(super) layout: &'r Layout,
    pub(super) jobs: &'r [JobCell],
    pub(super) attempts: &'r [AttemptCell],
}

impl Totals<'_> {
    /// Everything that happened to jobs of the part's kind number `kind`.
    fn of_kind(&self, part: &Part, kind: usize) -> JobEvents {
        let mut sum = JobEvents::default();
        for stage in 0..part.stages {
            for counts in &self.jobs[part.job_cell(stage, kind)].counts {
                sum += JobEvents { offered: counts.offered, completed: counts.completed };
            }
        }
        sum
    }

    /// Everything that happened to attempts of the part's operation number `operation`.
    fn of_operation(&self, part: &Part, operation: usize) -> AttemptEvents {
        let mut sum = AttemptEvents::default();
        for stage in 0..part.stages {
            for counts in &self.attempts[part.attempt_cell(stage, operation)].counts {
                sum += AttemptEvents {
                    attempts: counts.attempts,
                    replies: counts.ok + counts.throttled + counts.faults + counts.denied - counts.broken,
                    ok: counts.ok,
                    throttled: counts.throttled,
                };
            }
        }
        sum
    }
}

impl Measured {
    pub(super) fn new(layout: &Layout) -> Measured {
        let mut measured = Measured {
            jobs: vec![JobEvents::default(); layout.job_cells()],
            attempts: vec![AttemptEvents::default(); layout.attempt_cells()],
            places: vec![WorkloadProgress::default(); layout.parts().len()],
            edge: Time::NEVER,
            cut: Time::NEVER,
            windows: Vec::new(),
        };
        measured.edge = measured.next_edge(layout, None);
        measured
    }

    /// When [`Measured::pass`] is to be told of the first thing that happens.
    pub(super) fn edge(&self) -> Time {
        self.edge
    }

    /// The first moment after `now` at which a stage begins or ends; with `None`, from the beginning on.
    fn next_edge(&self, layout: &Layout, now: Option<Time>) -> Time {
        let edges = layout.parts().iter().flat_map(|part| &part.measured).flat_map(|(from, to)| [*from, *to]);
        let ahead = edges.chain([self.cut]).filter(|edge| now.is_none_or(|now| *edge > now));
        ahead.min().unwrap_or(Time::NEVER)
    }

    /// Something is about to happen at `now`, which lies at or after the edge.
    pub(super) fn pass(&mut self, now: Time, totals: Totals<'_>) {
        for (number, part) in totals.layout.parts().iter().enumerate() {
            let is_over = |stage: usize| now >= part.measured[stage].1.min(self.cut);
            if self.places[number].stage.is_some_and(is_over) {
                if part.work.is_none() {
                    self.settle(number, totals);
                }
                self.places[number].stage = None;
            }
            if self.places[number].stage.is_none() && now < self.cut {
                let at = part.measured.iter().position(|(from, to)| *from <= now && now < *to);
                self.places[number].begin(at, part, totals);
            }
        }
        self.edge = self.next_edge(totals.layout, Some(now));
    }

    /// A job of work that ends by itself completed at `now`, and is in the totals.
    pub(super) fn completed(&mut self, number: usize, now: Time, totals: Totals<'_>) {
        if self.places[number].stage.is_some() {
            self.places[number].done = Some(now);
            self.settle(number, totals);
        }
    }

    /// Takes down what happened since the stage began in which workload `number` is.
    fn settle(&mut self, number: usize, totals: Totals<'_>) {
        let (place, part) = (&self.places[number], &totals.layout.parts()[number]);
        let Some(stage) = place.stage else { return };
        for (kind, base) in place.jobs.iter().enumerate() {
            let now = totals.of_kind(part, kind);
            self.jobs[part.job_cell(stage, kind)] =
                JobEvents { offered: now.offered - base.offered, completed: now.completed - base.completed };
        }
        for (operation, base) in place.attempts.iter().enumerate() {
            let now = totals.of_operation(part, operation);
            self.attempts[part.attempt_cell(stage, operation)] = AttemptEvents {
                attempts: now.attempts - base.attempts,
                replies: now.replies - base.replies,
                ok: now.ok - base.ok,
                throttled: now.throttled - base.throttled,
            };
        }
    }

    /// The trial was ended at `at`, before its time: nothing later is measured.
    pub(super) fn cut(&mut self, at: Time) {
        self.cut = self.cut.min(at);
        self.edge = self.edge.min(self.cut);
    }

    /// Closes every window; `last` is when something last happened.
    pub(super) fn finish(&mut self, last: Time, totals: Totals<'_>) {
        let mut windows = Vec::with_capacity(self.places.len());
        for (number, part) in totals.layout.parts().iter().enumerate() {
            // Work that ends by itself was settled at its last completion.
            if self.places[number].done.is_none() {
                self.settle(number, totals);
            }
            let place = std::mem::take(&mut self.places[number]);
            let (from, to) = part.window;
            let to = match part.work.is_some() {
                true => place.done.unwrap_or(last),
                false => to,
            };
            windows.push(Window { from, to: to.min(self.cut).max(from), done: place.done });
        }
        self.windows.push(windows);
        self.edge = Time::NEVER;
    }

    /// Adds another finished trial's.
    pub(super) fn merge(&mut self, other: &Measured) {
        self.jobs.iter_mut().zip(&other.jobs).for_each(|(mine, theirs)| *mine += *theirs);
        self.attempts.iter_mut().zip(&other.attempts).for_each(|(mine, theirs)| *mine += *theirs);
        self.windows.extend(other.windows.iter().cloned());
    }

    /// Events of jobs by [`Layout::job_cell`]; the stage is the one in which they happened.
    pub fn jobs(&self) -> &[JobEvents] {
        &self.jobs
    }

    /// Events of attempts by [`Layout::attempt_cell`]; the stage is the one in which they happened.
    pub fn attempts(&self) -> &[AttemptEvents] {
        &self.attempts
    }

    /// When each workload was measured, by trial.
    pub fn windows(&self) -> &[Vec<Window>] {
        &self.windows
    }
}

impl WorkloadProgress {
    fn begin(&mut self, stage: Option<usize>, part: &Part, totals: Totals<'_>) {
        self.stage = stage;
        self.jobs = (0..part.kinds.len()).map(|kind| totals.of_kind(part, kind)).collect();
        self.attempts = (0..part.operations.len()).map(|op| totals.of_operation(part, op)).collect();
    }
}
