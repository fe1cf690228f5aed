//! One job's story, attempt by attempt.

use crate::api::{Failure, Job, Operation, Outcome, Reply};
use crate::quota::PoolId;
use crate::time::{Span, Time};

/// What one job met under one strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// The job.
    pub job: Job,
    /// What happened to it, in order of time.
    pub events: Vec<JobEvent>,
}

/// Something that happened to a job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum JobEvent {
    /// It was turned away, since `maxInFlight` was reached.
    Shed(Time),
    /// It got to its client, after waiting for a slot if there are slots.
    Started(Time),
    /// An attempt was sent.
    Sent(Attempt),
    /// It ended.
    Ended {
        /// When.
        at: Time,
        /// How the job ended.
        outcome: Outcome,
        /// Whether a cache served it.
        from_cache: bool,
    },
    /// It was not over when draining ended.
    Unfinished(Time),
}

/// One attempt, with the answer that was on its way from then on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// What was asked.
    pub operation: Operation,
    /// When it was sent.
    pub sent: Time,
    /// What the answer says.
    pub reply: Reply,
    /// When it is there; [`Time::NEVER`] if it never comes.
    pub ready_at: Time,
    /// The pool that refused it.
    pub refused_by: Option<PoolId>,
    /// Whether a fault delayed it.
    pub slowed: bool,
}

impl Story {
    /// The attempts, in order.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.events.iter().filter_map(|event| match event {
            JobEvent::Sent(attempt) => Some(attempt),
            _ => None,
        })
    }

    /// How it ended and when; `None` if it did not.
    pub fn end(&self) -> Option<(Time, Outcome)> {
        self.events.iter().find_map(|event| match event {
            JobEvent::Ended { at, outcome, .. } => Some((*at, *outcome)),
            _ => None,
        })
    }

    /// How long it was with KMS, attempt by attempt, as far as answers came before the next attempt or the end.
    pub fn in_service(&self) -> Span {
        let attempts: Vec<&Attempt> = self.attempts().collect();
        let end = self.end().map_or(Time::NEVER, |(at, _)| at);
        let next = attempts.iter().skip(1).map(|attempt| attempt.sent).chain([end]);
        let spans =
            attempts.iter().zip(next).map(|(attempt, next)| attempt.ready_at.min(next).since(attempt.sent));
        spans.fold(Span::ZERO, |sum, span| sum + span)
    }
}

/// Why a job failed, in words.
pub const fn failure(failure: Failure) -> &'static str {
    match failure {
        Failure::Throttled => "failed: its last attempt was throttled",
        Failure::Fault(_) => "failed: its last attempt met a service error",
        Failure::Timeout => "failed: its last attempt had no answer in time",
        Failure::Deadline => "failed: its deadline had passed, or the next attempt would have been too late",
        Failure::Restart => "failed: its client restarted",
    }
}
