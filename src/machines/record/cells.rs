//! The smallest parts of a recording, each with `merge`.

use super::{Tally, packed};
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// Counts of jobs; `offered = completed + failed + shed + unfinished`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobCounts {
    /// Jobs that arrived.
    pub offered: u64,
    /// Done within their deadline.
    pub completed: u64,
    /// Ended otherwise.
    pub failed: u64,
    /// Not started because a cap was reached.
    pub shed: u64,
    /// Still waiting or running when draining ended.
    pub unfinished: u64,
    /// Of the completed, those served by a data-key cache without a call.
    pub from_cache: u64,
    /// Why jobs failed, in the order of [`FAILURES`].
    pub failures: [u64; 5],
}

impl JobCounts {
    /// Jobs of which it is known what became of them; all that were offered once the trial is over.
    pub const fn ended(&self) -> u64 {
        self.completed + self.failed + self.shed + self.unfinished
    }
}

/// Names of the entries of [`JobCounts::failures`].
pub const FAILURES: [&str; 5] = ["throttled", "fault", "timeout", "deadline", "restart"];

impl AddAssign for JobCounts {
    fn add_assign(&mut self, other: JobCounts) {
        self.offered += other.offered;
        self.completed += other.completed;
        self.failed += other.failed;
        self.shed += other.shed;
        self.unfinished += other.unfinished;
        self.from_cache += other.from_cache;
        self.failures.iter_mut().zip(other.failures).for_each(|(mine, theirs)| *mine += theirs);
    }
}

/// Jobs of one workload, stage and kind.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct JobCell {
    /// Outside the window, inside the window.
    pub counts: [JobCounts; 2],
    /// Intended start to completion, window only.
    #[serde(with = "packed::tally")]
    pub completed: Tally,
    /// Intended start to failure, window only.
    #[serde(with = "packed::tally")]
    pub failed: Tally,
    /// Wait for a slot under `maxInFlight`, window only.
    #[serde(with = "packed::tally")]
    pub queue_wait: Tally,
}

impl JobCell {
    /// All jobs, window or not.
    pub fn total(&self) -> JobCounts {
        let mut total = self.counts[0];
        total += self.counts[1];
        total
    }

    /// Adds another recording of the same cell.
    pub fn merge(&mut self, other: &JobCell) {
        self.counts[0] += other.counts[0];
        self.counts[1] += other.counts[1];
        self.completed.merge(&other.completed);
        self.failed.merge(&other.failed);
        self.queue_wait.merge(&other.queue_wait);
    }
}

/// Counts of attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptCounts {
    /// First attempts: calls begun.
    pub calls: u64,
    /// Tries on the wire.
    pub attempts: u64,
    /// Answered Ok.
    pub ok: u64,
    /// Refused because a quota was exhausted.
    pub throttled: u64,
    /// Met a service error.
    pub faults: u64,
    /// Refused because who calls may not, or is not known, or too late: no fault of the service.
    pub denied: u64,
    /// Of the faults, those without an answer: the connection could not be made or broke.
    pub broken: u64,
    /// No answer in time.
    pub timeouts: u64,
}

impl AttemptCounts {
    /// Attempts that nobody answered.
    pub const fn unanswered(&self) -> u64 {
        self.broken + self.timeouts
    }
}

impl AddAssign for AttemptCounts {
    fn add_assign(&mut self, other: AttemptCounts) {
        self.calls += other.calls;
        self.attempts += other.attempts;
        self.ok += other.ok;
        self.throttled += other.throttled;
        self.faults += other.faults;
        self.denied += other.denied;
        self.broken += other.broken;
        self.timeouts += other.timeouts;
    }
}

/// Attempts of one workload, stage and operation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AttemptCell {
    /// Outside the window, inside the window (by the job's intended start).
    pub counts: [AttemptCounts; 2],
    /// Attempt sent to an answer of Ok, window only.
    #[serde(with = "packed::tally")]
    pub ok: Tally,
    /// Attempt sent to a refusal for a quota, window only.
    #[serde(with = "packed::tally")]
    pub refused: Tally,
    /// Attempt sent to the answer that the service failed, window only.
    #[serde(with = "packed::tally")]
    pub failed: Tally,
}

impl AttemptCell {
    /// All attempts, window or not.
    pub fn total(&self) -> AttemptCounts {
        let mut total = self.counts[0];
        total += self.counts[1];
        total
    }

    /// Adds another recording of the same cell.
    pub fn merge(&mut self, other: &AttemptCell) {
        self.counts[0] += other.counts[0];
        self.counts[1] += other.counts[1];
        self.ok.merge(&other.ok);
        self.refused.merge(&other.refused);
        self.failed.merge(&other.failed);
    }
}
