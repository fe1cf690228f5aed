//! Takes down one trial of one strategy; recordings of other trials merge into it.

use super::cells::{AttemptCell, JobCell};
use super::measured::Totals;
use super::units::Units;
use super::{
    AttemptCounts, JobCounts, Layout, Measured, Micros, Occupancy, Row, Timeline, UnitCounts, micros,
};
use crate::api::{Attempt, ErrorCode, Failure, Job, Outcome, Reply};
use crate::time::{Span, Time};
use std::borrow::Cow;
use std::sync::Arc;

/// What happened in one trial, or in several merged.
#[derive(Clone, Debug)]
pub struct Recorder {
    pub(super) layout: Arc<Layout>,
    pub(super) jobs: Vec<JobCell>,
    pub(super) attempts: Vec<AttemptCell>,
    pub(super) timeline: Timeline,
    pub(super) measured: Measured,
    /// The next moment at which a second, a stage or a window begins or ends.
    pub(super) turn: Time,
    pub(super) lateness: Micros,
    pub(super) occupancy: Occupancy,
    pub(super) units: Units,
    pub(super) in_flight: u64,
    pub(super) trials: u32,
    pub(super) last: Time,
    pub(super) is_finished: bool,
    /// Whether any work ends by itself.
    pub(super) has_end: bool,
}

impl Recorder {
    /// An empty recording; `phase` is where the quota's one-second windows begin.
    pub fn new(layout: &Arc<Layout>, phase: Time) -> Recorder {
        let (timeline, measured) = (Timeline::new(phase), Measured::new(layout));
        Recorder {
            jobs: (0..layout.job_cells()).map(|_| JobCell::default()).collect(),
            attempts: (0..layout.attempt_cells()).map(|_| AttemptCell::default()).collect(),
            layout: Arc::clone(layout),
            turn: timeline.ends().min(measured.edge()),
            timeline,
            measured,
            lateness: micros(),
            occupancy: Occupancy::default(),
            units: Units::new(layout),
            in_flight: 0,
            trials: 1,
            last: Time::ZERO,
            is_finished: false,
            has_end: layout.parts().iter().any(|part| part.work.is_some()),
        }
    }

    #[inline]
    fn job_cell(&mut self, job: &Job) -> (&mut JobCell, usize) {
        let (cell, window) = self.layout.place_of(job);
        (&mut self.jobs[cell], window)
    }

    #[inline]
    fn row(&mut self, now: Time) -> &mut Row {
        self.last = now;
        if now >= self.turn {
            self.turn(now);
        }
        self.timeline.current()
    }

    /// A second, a stage or a window begins or ends before what happens at `now`.
    #[cold]
    fn turn(&mut self, now: Time) {
        self.timeline.at(now, self.in_flight);
        if now >= self.measured.edge() {
            let totals = Totals { layout: &self.layout, jobs: &self.jobs, attempts: &self.attempts };
            self.measured.pass(now, totals);
        }
        self.turn = self.timeline.ends().min(self.measured.edge());
    }

    /// A job arrived (open) or began (closed).
    #[inline(always)]
    pub fn offered(&mut self, job: &Job, now: Time) {
        self.row(now).offered += 1;
        let (cell, window) = self.job_cell(job);
        cell.counts[window].offered += 1;
        if window == 1 {
            self.occupancy.came(job.intended, now);
            self.units.had(job.workload, job.unit);
        }
    }

    /// A job was turned away because `maxInFlight` was reached.
    pub fn shed(&mut self, job: &Job, now: Time) {
        self.row(now).shed += 1;
        let (cell, window) = self.job_cell(job);
        cell.counts[window].shed += 1;
        if window == 1 {
            self.occupancy.was_cut(job.intended, now);
            self.units.failed(job.workload, job.unit);
        }
    }

    /// A job started after waiting `queued` for a slot.
    #[inline(always)]
    pub fn started(&mut self, job: &Job, queued: Option<Span>) {
        self.in_flight += 1;
        if let Some(wait) = queued {
            let (cell, window) = self.job_cell(job);
            if window == 1 {
                cell.queue_wait.record(wait.as_micros());
            }
        }
    }

    /// An attempt was sent. Gives its cell, and 1 if it counts in the window: what [`Recorder::replied`] wants to know.
    #[inline]
    pub fn sent(&mut self, attempt: &Attempt, now: Time) -> (usize, usize) {
        self.row(now).attempts += 1;
        let (cell, window) = self.layout.place_of_attempt(attempt);
        let counts = &mut self.attempts[cell].counts[window];
        counts.attempts += 1;
        counts.calls += u64::from(attempt.number == 1);
        (cell, window)
    }

    /// The same of an attempt that was sent before.
    pub fn attempt_cell(&self, attempt: &Attempt) -> (usize, usize) {
        self.layout.place_of_attempt(attempt)
    }

    /// An attempt was answered after `service`.
    #[inline]
    pub fn replied(&mut self, (cell, window): (usize, usize), reply: Reply, service: Span, now: Time) {
        self.row(now);
        let (row, cell) = (self.timeline.current(), &mut self.attempts[cell]);
        let counts = &mut cell.counts[window];
        let times = match reply {
            Reply::Ok => {
                counts.ok += 1;
                &mut cell.ok
            }
            Reply::Throttled => {
                row.throttled += 1;
                counts.throttled += 1;
                &mut cell.refused
            }
            Reply::Failed(ErrorCode::AccessDenied) => {
                row.denied += 1;
                counts.denied += 1;
                &mut cell.failed
            }
            Reply::Failed(code) => {
                let is_broken = code == ErrorCode::ConnectionReset;
                row.faults += 1;
                row.broken += u64::from(is_broken);
                counts.faults += 1;
                counts.broken += u64::from(is_broken);
                if is_broken {
                    // No answer, so that nothing took so long.
                    return;
                }
                &mut cell.failed
            }
        };
        if window == 1 {
            times.record(service.as_micros());
        }
    }

    /// An attempt got no answer in time.
    pub fn timed_out(&mut self, attempt: &Attempt, now: Time) {
        self.row(now).timeouts += 1;
        let (cell, window) = self.layout.place_of_attempt(attempt);
        self.attempts[cell].counts[window].timeouts += 1;
    }

    /// A started job ended.
    #[inline]
    pub fn ended(&mut self, job: &Job, outcome: Outcome, from_cache: bool, now: Time) {
        self.in_flight -= 1;
        let micros = now.since(job.intended).as_micros();
        let row = self.row(now);
        match outcome {
            Outcome::Completed => self.timeline.completed(micros),
            Outcome::Failed(_) => row.failed += 1,
        }
        let (cell, window) = self.job_cell(job);
        let counts = &mut cell.counts[window];
        let times = match outcome {
            Outcome::Completed => {
                counts.completed += 1;
                counts.from_cache += u64::from(from_cache);
                &mut cell.completed
            }
            Outcome::Failed(failure) => {
                counts.failed += 1;
                counts.failures[failure_index(failure)] += 1;
                &mut cell.failed
            }
        };
        if window == 1 {
            times.record(micros);
            self.occupancy.left(now);
            if outcome != Outcome::Completed {
                self.units.failed(job.workload, job.unit);
            }
        }
        if self.has_end
            && outcome == Outcome::Completed
            && self.layout.parts()[job.workload as usize].work.is_some()
        {
            let totals = Totals { layout: &self.layout, jobs: &self.jobs, attempts: &self.attempts };
            self.measured.completed(job.workload as usize, now, totals);
        }
    }

    /// The harness did something this much later than it was due.
    pub fn late(&mut self, by: Span) {
        self.lateness.record(by.as_micros()).expect("a resizing histogram takes any span");
    }

    /// A job was still waiting or running when draining ended.
    pub fn unfinished(&mut self, job: &Job) {
        let (cell, window) = self.job_cell(job);
        cell.counts[window].unfinished += 1;
        if window == 1 {
            self.occupancy.was_cut(job.intended, self.last);
            self.units.failed(job.workload, job.unit);
        }
    }

    /// A started job did not end in time: unfinished.
    pub fn given_up(&mut self, job: &Job) {
        self.in_flight -= 1;
        self.unfinished(job);
    }

    /// The trial ends at `now`, before its time: what happens later is no longer measured.
    pub fn cut(&mut self, now: Time) {
        self.measured.cut(now);
        self.turn = self.timeline.ends().min(self.measured.edge());
    }

    /// Closes timeline and windows; call once, at the end of a trial.
    pub fn finish(&mut self) {
        self.finish_share();
        self.units.finish(&self.layout);
    }

    /// The same at the end of a share of a trial: which units had jobs is known until the shares are added up.
    pub fn finish_share(&mut self) {
        self.timeline.finish(self.in_flight);
        let totals = Totals { layout: &self.layout, jobs: &self.jobs, attempts: &self.attempts };
        self.measured.finish(self.last, totals);
        self.is_finished = true;
    }

    /// Adds another trial of the same scenario and strategy.
    pub fn merge(&mut self, other: &Recorder) {
        self.jobs.iter_mut().zip(&other.jobs).for_each(|(mine, theirs)| mine.merge(theirs));
        self.attempts.iter_mut().zip(&other.attempts).for_each(|(mine, theirs)| mine.merge(theirs));
        self.timeline.merge(&other.timeline);
        self.measured.merge(&other.measured);
        self.lateness.add(&other.lateness).expect("a resizing histogram takes any other");
        self.occupancy.merge(&other.occupancy);
        self.units.merge(&other.units, &self.layout);
        self.trials += other.trials;
        self.last = self.last.max(other.last);
    }

    /// The layout of the cells.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
    /// Jobs by [`Layout::job_cell`].
    pub fn job_cells(&self) -> &[JobCell] {
        &self.jobs
    }
    /// Attempts by [`Layout::attempt_cell`].
    pub fn attempt_cells(&self) -> &[AttemptCell] {
        &self.attempts
    }
    /// Counts by time.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }
    /// What happened inside the measured windows; of a trial under way, up to the last thing that happened.
    pub fn measured(&self) -> Cow<'_, Measured> {
        if self.is_finished {
            return Cow::Borrowed(&self.measured);
        }
        let mut so_far = self.measured.clone();
        so_far.cut(self.last);
        so_far.finish(self.last, Totals { layout: &self.layout, jobs: &self.jobs, attempts: &self.attempts });
        Cow::Owned(so_far)
    }
    /// The harness's own delay.
    pub fn lateness(&self) -> &Micros {
        &self.lateness
    }
    /// Jobs in the system over time.
    pub fn occupancy(&self) -> &Occupancy {
        &self.occupancy
    }
    /// The units of workload number `workload`, or of all: of a trial under way, as far as is known.
    pub fn units(&self, workload: Option<usize>) -> UnitCounts {
        workload.map_or_else(|| self.units.of_all(&self.layout), |number| self.units.of(number))
    }
    /// How many trials are in it.
    pub fn trials(&self) -> u32 {
        self.trials
    }
    /// The last moment anything happened.
    pub fn last(&self) -> Time {
        self.last
    }
    /// Jobs started and not ended.
    pub fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// All jobs.
    pub fn job_totals(&self) -> JobCounts {
        self.jobs.iter().fold(JobCounts::default(), |mut sum, cell| {
            sum += cell.total();
            sum
        })
    }

    /// All attempts.
    pub fn attempt_totals(&self) -> AttemptCounts {
        self.attempts.iter().fold(AttemptCounts::default(), |mut sum, cell| {
            sum += cell.total();
            sum
        })
    }
}

fn failure_index(failure: Failure) -> usize {
    match failure {
        Failure::Throttled => 0,
        Failure::Fault(_) => 1,
        Failure::Timeout => 2,
        Failure::Deadline => 3,
        Failure::Restart => 4,
    }
}
