//! What the service is like whatever the quota: its faults and how long it takes.

use super::faults::{Faults, Strike};
use super::lognormal::Normal;
use super::spans::Spans;
use super::{Aim, Fault, ServiceTime};
use crate::api::{Attempt, ErrorCode, Operation, Reply};
use crate::quota::PoolId;
use crate::rng::{Purpose, Stream};
use crate::time::{Span, Time};
use crate::units::Rate;
use std::cell::LazyCell;

/// Faults and service times, drawn for each attempt by its own key.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    faults: Faults,
    /// By workload.
    draws: Vec<Stream>,
    /// The distributions in use, and which of them each operation has.
    times: Vec<Spans>,
    time_of: Vec<u16>,
    throttled: Span,
}

impl Conditions {
    /// The conditions of a scenario with so many workloads.
    pub(super) fn new(
        time: &ServiceTime,
        faults: &[Fault],
        workloads: usize,
        seed: u64,
        trial: u32,
    ) -> Conditions {
        let normal = LazyCell::new(Normal::new);
        let mut times = vec![Spans::new(&time.default, &normal)];
        let mut time_of = vec![0; Operation::ALL.len()];
        for (operation, own) in &time.operations {
            time_of[operation.index()] = times.len() as u16;
            times.push(Spans::new(own, &normal));
        }
        Conditions {
            faults: Faults::new(faults, workloads, seed, trial),
            draws: (0..workloads as u64)
                .map(|workload| Stream::new(seed, trial, Purpose::ServiceTime, workload))
                .collect(),
            times,
            time_of,
            throttled: time.throttled,
        }
    }

    /// Lets faults begin and end up to `now`; `set_limit` changes a pool's limit (`None`: to its own).
    pub(super) fn advance(&mut self, now: Time, set_limit: impl FnMut(PoolId, Option<Rate>, Time)) {
        self.faults.advance(now, set_limit);
    }

    /// What strikes an attempt at `now`, after [`Conditions::advance`] to it.
    #[inline]
    pub(super) fn strike(
        &mut self,
        attempt: &Attempt,
        now: Time,
        set_limit: impl FnMut(PoolId, Option<Rate>, Time),
        is_meant: impl Fn(&Aim) -> bool,
    ) -> Strike {
        if self.faults.is_quiet(now) {
            return Strike::NONE;
        }
        self.faults.advance(now, set_limit);
        self.faults.strike(attempt, now, is_meant)
    }

    /// Whether no fault strikes or begins by `now`.
    #[inline]
    pub(super) fn is_quiet(&self, now: Time) -> bool {
        self.faults.is_quiet(now)
    }

    /// How long a refusal takes.
    pub(super) const fn throttled(&self) -> Span {
        self.throttled
    }

    /// When an attempt under `strike` that is begun at `now` is answered with `reply`, and whether a fault delayed it.
    #[inline]
    pub(super) fn ready_at(
        &self,
        attempt: &Attempt,
        strike: Strike,
        reply: Reply,
        now: Time,
    ) -> (Time, bool) {
        let takes = match reply {
            Reply::Throttled | Reply::Failed(ErrorCode::ConnectionReset) => self.throttled,
            _ => self.service_time(attempt) + strike.slow,
        };
        let begins = now.max(strike.frozen_until);
        let is_slow = !strike.slow.is_zero() && reply == Reply::Ok;
        (begins + takes, begins > now || is_slow)
    }

    /// The attempt's own draw of the service time.
    #[inline(always)]
    pub(super) fn service_time(&self, attempt: &Attempt) -> Span {
        let times = &self.times[usize::from(self.time_of[attempt.operation.index()])];
        let draws = self.draws[usize::from(attempt.workload)];
        times.span(draws.draw_attempt(attempt.job, u64::from(attempt.number)))
    }
}
