//! A sliding window: at most the limit in any trailing period.
//!
//! ```text
//!        (now − period ───────────── now]
//!  ── × ───── × ── × ───────── × ── ▲      the oldest that must leave says when a refused take is ready
//! ```

use super::take::Take;
use crate::time::Time;
use crate::units::Rate;
use std::collections::VecDeque;

/// A sliding window over a queue of admission times; memory is eight bytes an admission of the last period.
#[derive(Clone, Debug)]
pub struct Sliding {
    limit: u64,
    period: u64,
    /// When each unit of cost was admitted, in nanoseconds, oldest first.
    admitted: VecDeque<u64>,
}

impl Sliding {
    /// At most p in any q seconds, for a rate of p in q seconds (q is 1 but for odd rates).
    pub fn new(rate: Rate) -> Sliding {
        Sliding { limit: rate.count(), period: rate.period().as_nanos(), admitted: VecDeque::new() }
    }

    /// Forgets what has left the period.
    #[inline]
    fn advance(&mut self, now: u64) {
        while self.admitted.front().is_some_and(|at| at.saturating_add(self.period) <= now) {
            self.admitted.pop_front();
        }
    }

    /// What a take would say.
    #[inline]
    pub fn check(&mut self, cost: u32, now: Time) -> Take {
        self.advance(now.as_nanos());
        let (used, cost) = (self.admitted.len() as u64, u64::from(cost));
        if used + cost <= self.limit {
            return Take::Granted;
        }
        if cost > self.limit {
            return Take::Impossible;
        }
        let last_to_leave = self.admitted[(used + cost - self.limit - 1) as usize];
        Take::Refused { ready_at: Time::from_nanos(last_to_leave.saturating_add(self.period)) }
    }

    /// Takes what a check at the same moment has granted.
    #[inline]
    pub(super) fn commit(&mut self, cost: u32, now: Time) {
        self.admitted.extend(std::iter::repeat_n(now.as_nanos(), cost as usize));
    }

    /// Changes the limit; admissions of the last period still count.
    pub fn set_limit(&mut self, rate: Rate, now: Time) {
        self.advance(now.as_nanos());
        self.limit = rate.count();
        self.period = rate.period().as_nanos();
    }
}
