//! What came to a recording since somebody last looked: sent every second by whoever runs a share of a trial, and added up
//! by whoever looks at all of it.
//!
//! ```text
//!  worker:  Recorder ──▶ Pieces::take ── Piece 1, 2, 3 … ──▶ Mirror::add ──▶ a recording, as far as it was heard   :looks
//! ```
//!
//! Counts and histograms are differences; what is small or no sum is told as it stands. Pieces are for looking at a trial
//! while it runs, and for what is left of a share whose own recording is lost.

use super::cells::{AttemptCell, AttemptCounts, JobCell, JobCounts};
use super::marks::Marks;
use super::packed;
use super::saved::{SavedDataKeys, SavedPool};
use super::timeline::Row;
use super::{
    AttemptEvents, JobEvents, Layout, Micros, Occupancy, Recorder, Tally, Timeline, Trial, Window, micros,
};
use crate::client::DataKeyUse;
use crate::quota::PoolReport;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The highest count that is believed of a piece: whatever others send, sums do not overflow.
const MOST_COUNT: u64 = 1 << 40;
/// The most units that one piece tells of: it must fit a message.
const MOST_MARKS: usize = 200_000;
/// The most pieces of one trial: ten a second of the longest.
const MOST_PIECES: u32 = 36_000;

/// What came to a recording since the piece before.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// Its number, from 1. Number 1 tells everything since the beginning.
    pub number: u32,
    /// Cells to which something came, by their places: what came.
    jobs: Vec<(usize, JobCell)>,
    attempts: Vec<(usize, AttemptCell)>,
    #[serde(with = "packed")]
    lateness: Micros,
    /// Seconds of the timeline from this one on, as they stand, the one under way included.
    first_row: usize,
    rows: Vec<Row>,
    /// The events in the windows, the windows, jobs in the system and pools as they stand.
    job_events: Vec<JobEvents>,
    attempt_events: Vec<AttemptEvents>,
    windows: Vec<Window>,
    occupancy: Occupancy,
    /// Units of which something became known, by workload.
    marks: Vec<Marks>,
    in_flight: u64,
    pub(super) last: Time,
    pools: Vec<SavedPool>,
    data_keys: SavedDataKeys,
}

/// Cuts a recording under way into pieces.
#[derive(Debug)]
pub struct Pieces {
    number: u32,
    jobs: Vec<JobCell>,
    attempts: Vec<AttemptCell>,
    lateness: Micros,
    /// What was known of units, by workload.
    units: Vec<Vec<u8>>,
    first_row: usize,
}

impl Pieces {
    /// Of a recording to which nothing has happened yet, with the cells of `layout`.
    pub fn new(layout: &Layout) -> Pieces {
        Pieces {
            number: 0,
            jobs: vec![JobCell::default(); layout.job_cells()],
            attempts: vec![AttemptCell::default(); layout.attempt_cells()],
            lateness: micros(),
            units: vec![Vec::new(); layout.parts().len()],
            first_row: 0,
        }
    }

    /// What came since the last piece; `pools` and `data_keys` are what pools have met and data keys carried so far.
    pub fn take(&mut self, recorder: &Recorder, pools: &[PoolReport], data_keys: DataKeyUse) -> Piece {
        self.number += 1;
        let jobs = recorder.jobs.iter().zip(&mut self.jobs).enumerate();
        let attempts = recorder.attempts.iter().zip(&mut self.attempts).enumerate();
        let jobs = jobs.filter_map(|(place, (now, before))| Some((place, now.since(before)?))).collect();
        let attempts =
            attempts.filter_map(|(place, (now, before))| Some((place, now.since(before)?))).collect();
        let mut lateness = recorder.lateness.clone();
        lateness.subtract(&self.lateness).expect("what was recorded stays recorded");
        self.lateness = recorder.lateness.clone();
        let measured = recorder.measured();
        let (first_row, rows) =
            (self.first_row, recorder.timeline.so_far(self.first_row, recorder.in_flight));
        // The second under way is told again when it is over.
        self.first_row = (first_row + rows.len()).saturating_sub(1);
        Piece {
            number: self.number,
            jobs,
            attempts,
            lateness,
            first_row,
            rows,
            job_events: measured.jobs.clone(),
            attempt_events: measured.attempts.clone(),
            windows: measured.windows.last().cloned().unwrap_or_default(),
            occupancy: recorder.occupancy,
            marks: recorder.units.marks_since(&mut self.units, MOST_MARKS),
            in_flight: recorder.in_flight,
            last: recorder.last,
            pools: pools.iter().map(SavedPool::of).collect(),
            data_keys: SavedDataKeys::of(data_keys),
        }
    }
}

impl JobCell {
    /// What came since it was like `before`, which is then like it; `None` if nothing did.
    fn since(&self, before: &mut JobCell) -> Option<JobCell> {
        if self.counts == before.counts {
            return None;
        }
        let less = |index: usize| self.counts[index].less(&before.counts[index]);
        let came = JobCell {
            counts: [less(0), less(1)],
            completed: self.completed.less(&before.completed),
            failed: self.failed.less(&before.failed),
            queue_wait: self.queue_wait.less(&before.queue_wait),
        };
        *before = self.clone();
        Some(came)
    }
}

impl AttemptCell {
    /// What came since it was like `before`, which is then like it; `None` if nothing did.
    fn since(&self, before: &mut AttemptCell) -> Option<AttemptCell> {
        if self.counts == before.counts {
            return None;
        }
        let less = |index: usize| self.counts[index].less(&before.counts[index]);
        let came = AttemptCell {
            counts: [less(0), less(1)],
            ok: self.ok.less(&before.ok),
            refused: self.refused.less(&before.refused),
            failed: self.failed.less(&before.failed),
        };
        *before = self.clone();
        Some(came)
    }
}

impl JobCounts {
    fn less(&self, before: &JobCounts) -> JobCounts {
        let mut failures = self.failures;
        failures.iter_mut().zip(before.failures).for_each(|(now, before)| *now -= before);
        JobCounts {
            offered: self.offered - before.offered,
            completed: self.completed - before.completed,
            failed: self.failed - before.failed,
            shed: self.shed - before.shed,
            unfinished: self.unfinished - before.unfinished,
            from_cache: self.from_cache - before.from_cache,
            failures,
        }
    }

    fn all(&self) -> impl Iterator<Item = u64> + use<> {
        let JobCounts { offered, completed, failed, shed, unfinished, from_cache, failures } = *self;
        [offered, completed, failed, shed, unfinished, from_cache].into_iter().chain(failures)
    }
}

impl AttemptCounts {
    fn less(&self, before: &AttemptCounts) -> AttemptCounts {
        AttemptCounts {
            calls: self.calls - before.calls,
            attempts: self.attempts - before.attempts,
            ok: self.ok - before.ok,
            throttled: self.throttled - before.throttled,
            faults: self.faults - before.faults,
            denied: self.denied - before.denied,
            broken: self.broken - before.broken,
            timeouts: self.timeouts - before.timeouts,
        }
    }

    fn all(&self) -> [u64; 8] {
        let AttemptCounts { calls, attempts, ok, throttled, faults, denied, broken, timeouts } = *self;
        [calls, attempts, ok, throttled, faults, denied, broken, timeouts]
    }
}

impl Timeline {
    /// The seconds from number `first` on, the one under way included.
    fn so_far(&self, first: usize, in_flight: u64) -> Vec<Row> {
        let mut rows = self.rows.clone();
        if self.interval_s == 1 && self.second as usize == rows.len() {
            rows.push(Row { in_flight, ..self.current });
        }
        rows.split_off(first.min(rows.len()))
    }
}

/// A share's recording, as far as its pieces tell it.
#[derive(Clone, Debug)]
pub struct Mirror {
    layout: Arc<Layout>,
    recorder: Recorder,
    phase: Time,
    pools: Vec<PoolReport>,
    data_keys: DataKeyUse,
    number: u32,
}

impl Mirror {
    /// Of a share of which nothing was heard yet; `phase` is where the quota's one-second windows begin.
    pub fn new(layout: &Arc<Layout>, phase: Time) -> Mirror {
        let mut recorder = Recorder::new(layout, phase);
        recorder.is_finished = true;
        let window = |part: &super::Part| Window { from: part.window.0, to: part.window.0, done: None };
        recorder.measured.windows = vec![layout.parts().iter().map(window).collect()];
        Mirror {
            layout: Arc::clone(layout),
            recorder,
            phase,
            pools: Vec::new(),
            data_keys: DataKeyUse::default(),
            number: 0,
        }
    }

    /// Adds a piece; gives whether one before it is missing: it is then left out, and everything must be told again.
    ///
    /// # Errors
    /// A sentence, for a piece that is of no recording with this layout.
    pub fn add(&mut self, piece: &Piece) -> Result<bool, String> {
        self.is_of_layout(piece)?;
        if piece.number == 1 {
            *self = Mirror::new(&self.layout, self.phase);
        } else if piece.number != self.number + 1 {
            return Ok(true);
        }
        self.number = piece.number;
        let recorder = &mut self.recorder;
        if piece.first_row > recorder.timeline.rows.len() {
            return Err("a piece whose seconds do not follow those before".into());
        }
        piece.jobs.iter().for_each(|(place, came)| recorder.jobs[*place].merge(came));
        piece.attempts.iter().for_each(|(place, came)| recorder.attempts[*place].merge(came));
        recorder.lateness.add(&piece.lateness).map_err(|error| format!("its lateness: {error}"))?;
        let timeline = &mut recorder.timeline;
        timeline.rows.truncate(piece.first_row);
        timeline.rows.extend(&piece.rows);
        timeline.peak_attempts = timeline.rows.iter().map(|row| row.attempts).max().unwrap_or(0);
        recorder.measured.jobs.clone_from(&piece.job_events);
        recorder.measured.attempts.clone_from(&piece.attempt_events);
        recorder.measured.windows = vec![piece.windows.clone()];
        recorder.occupancy = piece.occupancy;
        recorder.units.note(&piece.marks);
        recorder.in_flight = piece.in_flight;
        recorder.last = piece.last;
        self.pools = piece.pools.iter().cloned().map(SavedPool::into_report).collect::<Result<_, _>>()?;
        self.data_keys = piece.data_keys.into_use();
        Ok(false)
    }

    /// Whether a piece fits the layout, and holds nothing that overflows.
    fn is_of_layout(&self, piece: &Piece) -> Result<(), String> {
        let (jobs, attempts) = (self.layout.job_cells(), self.layout.attempt_cells());
        let parts = self.layout.parts().len();
        let fits = piece.jobs.iter().all(|(place, _)| *place < jobs)
            && piece.attempts.iter().all(|(place, _)| *place < attempts)
            && (piece.job_events.len(), piece.attempt_events.len()) == (jobs, attempts)
            && (piece.windows.len(), piece.marks.len()) == (parts, parts)
            && piece.jobs.len() <= jobs
            && piece.attempts.len() <= attempts
            && piece.first_row.saturating_add(piece.rows.len()) <= Timeline::MAX_ROWS;
        if !fits {
            return Err("a piece of another scenario".into());
        }
        let of_jobs = piece.jobs.iter().flat_map(|(_, cell)| {
            let times = [&cell.completed, &cell.failed, &cell.queue_wait].map(Tally::total);
            cell.counts.iter().flat_map(JobCounts::all).chain(times)
        });
        let of_attempts = piece.attempts.iter().flat_map(|(_, cell)| {
            let times = [&cell.ok, &cell.refused, &cell.failed].map(Tally::total);
            cell.counts.iter().flat_map(AttemptCounts::all).chain(times)
        });
        let of_rows = piece.rows.iter().flat_map(|row| <[u64; 12]>::from(*row));
        let of_events = piece.job_events.iter().flat_map(|events| [events.offered, events.completed]);
        let of_tries = piece
            .attempt_events
            .iter()
            .flat_map(|events| [events.attempts, events.replies, events.ok, events.throttled]);
        let all = of_jobs.chain(of_attempts).chain(of_rows).chain(of_events).chain(of_tries);
        let others = [piece.in_flight, piece.lateness.len()];
        if piece.number > MOST_PIECES || all.chain(others).any(|count| count > MOST_COUNT) {
            return Err("a piece with counts that no load comes to".into());
        }
        Ok(())
    }

    /// What was heard so far.
    pub const fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// What the pools met, as far as it was heard.
    pub fn pools(&self) -> &[PoolReport] {
        &self.pools
    }

    /// The number of the last piece.
    pub const fn heard(&self) -> u32 {
        self.number
    }

    /// The share as far as it was heard; jobs that are under way are not accounted for.
    pub fn so_far(&self) -> Trial {
        Trial {
            recorder: self.recorder.clone(),
            pools: self.pools.clone(),
            data_keys: self.data_keys,
            aborted_at: None,
            readings: Vec::new(),
        }
    }

    /// What is left of a share whose own recording is lost: jobs of which nobody knows what became of them are unfinished.
    pub fn into_trial(mut self) -> Trial {
        for cell in &mut self.recorder.jobs {
            for counts in &mut cell.counts {
                counts.unfinished += counts.offered.saturating_sub(counts.ended());
            }
        }
        let recorded = |cell: &JobCell| {
            [&cell.completed, &cell.failed].map(|times| times.to_histogram()).iter().map(sum_s).sum::<f64>()
        };
        let recorded_s = self.recorder.jobs.iter().map(recorded).sum();
        self.recorder.occupancy.forget(recorded_s);
        self.recorder.in_flight = 0;
        self.so_far()
    }
}

/// All that a histogram of microseconds adds up to, in seconds.
fn sum_s(histogram: &Micros) -> f64 {
    histogram.mean() * histogram.len() as f64 / 1e6
}

#[cfg(test)]
mod tests;
