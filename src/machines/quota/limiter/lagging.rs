//! A delayed counter: refuses on what it saw `lag` ago, so it lets bursts pass and then refuses for too long.
//!
//! ```text
//!  (now − lag − period ─────── now − lag] ─── lag ─── now
//!       counted, refuses at the limit       not seen yet
//! ```
//!
//! Under a constant load a above the limit q (period 1 s, lag L seconds) it admits for L + q/a seconds, then refuses
//! for L + 1 − q/a: a cycle of 2L + 1 seconds that admits a·L + q. Mean goodput (a·L + q) / (2L + 1); at a = 2q
//! that is q for every lag, above it more than the limit, and with L = 0 it is the sliding window.

use super::take::Take;
use crate::time::{Span, Time};
use crate::units::Rate;
use std::collections::VecDeque;

/// A delayed counter over a queue of admission times; memory is eight bytes an admission of the last lag + period.
#[derive(Clone, Debug)]
pub struct Lagging {
    limit: u64,
    period: u64,
    lag: u64,
    /// When each unit of cost was admitted, in nanoseconds, oldest first.
    admitted: VecDeque<u64>,
    /// How many of them, from the front, are old enough to be seen.
    seen: usize,
    /// Refuses until then; nothing is admitted meanwhile, so the moment holds.
    closed_until: u64,
}

impl Lagging {
    /// Refuses while p or more of q seconds were admitted `lag` ago, for a rate of p in q seconds.
    pub fn new(rate: Rate, lag: Span) -> Lagging {
        Lagging {
            limit: rate.count(),
            period: rate.period().as_nanos(),
            lag: lag.as_nanos(),
            admitted: VecDeque::new(),
            seen: 0,
            closed_until: 0,
        }
    }

    /// Sees what has become old enough and forgets what is too old.
    #[inline]
    fn advance(&mut self, now: u64) {
        while self.admitted.get(self.seen).is_some_and(|at| at.saturating_add(self.lag) <= now) {
            self.seen += 1;
        }
        let span = self.lag.saturating_add(self.period);
        while self.admitted.front().is_some_and(|at| at.saturating_add(span) <= now) {
            self.admitted.pop_front();
            self.seen -= 1;
        }
    }

    /// When the count falls below the limit: the first admission that leaves before the one `limit` later is seen.
    ///
    /// Once the i-th has left, the limit is still reached if those up to i + limit have been seen by then, which
    /// is so if they came within one period of the i-th.
    fn reopens_at(&self) -> u64 {
        let limit = self.limit as usize;
        let mut i = self.seen - limit;
        while self
            .admitted
            .get(i + limit)
            .is_some_and(|at| *at <= self.admitted[i].saturating_add(self.period))
        {
            i += 1;
        }
        self.admitted[i].saturating_add(self.lag).saturating_add(self.period)
    }

    /// What a take would say; any cost passes while the gate is open.
    #[inline]
    pub fn check(&mut self, _cost: u32, now: Time) -> Take {
        if self.limit == 0 {
            return Take::Impossible;
        }
        if now.as_nanos() >= self.closed_until {
            self.advance(now.as_nanos());
            if (self.seen as u64) < self.limit {
                return Take::Granted;
            }
            self.closed_until = self.reopens_at();
        }
        Take::Refused { ready_at: Time::from_nanos(self.closed_until) }
    }

    /// Takes what a check at the same moment has granted.
    #[inline]
    pub(super) fn commit(&mut self, cost: u32, now: Time) {
        self.admitted.extend(std::iter::repeat_n(now.as_nanos(), cost as usize));
    }

    /// Changes the limit; admissions of the last lag and period still count.
    pub fn set_limit(&mut self, rate: Rate, now: Time) {
        self.advance(now.as_nanos());
        self.limit = rate.count();
        self.period = rate.period().as_nanos();
        self.closed_until = 0;
    }
}
