//! A token bucket that books its takings late: what it grants leaves the level only `lag` later, so it may go into debt.
//!
//! ```text
//!  grants ── lag ──▶ booked: level − cost, below zero too
//!  level + rate × time, at most rate × burst; grants while the level holds the cost
//! ```
//!
//! Under a constant load a above the limit q (burst B, lag L, m the smaller of the two, in seconds) it grants all for
//! L + q·m / (a − q) seconds, then refuses all for a·L / q seconds. A cycle grants a·L + a·q·m / (a − q): q a second if
//! L ≤ B, less by q·(L − B) in each cycle otherwise, because the full bucket overflows. With L = 0 it is the token bucket.

use super::take::Take;
use crate::time::{NANOS_PER_SECOND, Span, Time};
use crate::units::Rate;
use std::collections::VecDeque;

/// A token bucket with late bookings; starts full. Units are those of [`Bucket`](super::Bucket).
///
/// Memory is sixteen bytes a grant of the last `lag`.
#[derive(Clone, Debug)]
pub struct LateBucket {
    /// Units a nanosecond.
    refill: u64,
    /// Units a token.
    token: u64,
    /// Units the full bucket holds.
    capacity: i128,
    level: i128,
    /// When `level` was right, in nanoseconds.
    at: u64,
    burst: Span,
    lag: u64,
    /// When what was granted will be booked, and how many tokens it is, oldest first.
    pending: VecDeque<(u64, u32)>,
    /// A cost that is refused until then; nothing was granted since.
    refused: (u32, u64),
}

impl LateBucket {
    /// A bucket that holds `burst` worth of `rate`, at least one token (none if the rate is zero), and books after `lag`.
    pub fn new(rate: Rate, burst: Span, lag: Span) -> LateBucket {
        let per_nano = Rate::new(rate.count(), rate.seconds().saturating_mul(NANOS_PER_SECOND));
        let (refill, token) = (per_nano.count(), per_nano.seconds());
        let held = i128::from(refill) * i128::from(burst.as_nanos());
        let capacity = if refill == 0 { 0 } else { held.max(i128::from(token)) };
        LateBucket {
            refill,
            token,
            capacity,
            level: capacity,
            at: 0,
            burst,
            lag: lag.as_nanos(),
            pending: VecDeque::new(),
            refused: (0, 0),
        }
    }

    const fn units(&self, cost: u32) -> i128 {
        cost as i128 * self.token as i128
    }

    /// The level after so many nanoseconds without a booking.
    fn filled(&self, level: i128, nanos: u64) -> i128 {
        (level + i128::from(nanos) * i128::from(self.refill)).min(self.capacity)
    }

    /// Books what is due and adds what has dripped in.
    #[inline]
    fn advance(&mut self, now: u64) {
        while let Some((booked, cost)) = self.pending.front().copied().filter(|(booked, _)| *booked <= now) {
            self.fill(booked);
            self.level -= self.units(cost);
            self.pending.pop_front();
        }
        self.fill(now);
    }

    #[inline]
    fn fill(&mut self, now: u64) {
        let elapsed = now.saturating_sub(self.at);
        if elapsed > 0 {
            self.level = self.filled(self.level, elapsed);
            self.at = now;
        }
    }

    /// What a take would say.
    #[inline]
    pub fn check(&mut self, cost: u32, now: Time) -> Take {
        let (refused, until) = self.refused;
        if refused == cost && now.as_nanos() < until {
            return Take::Refused { ready_at: Time::from_nanos(until) };
        }
        self.advance(now.as_nanos());
        let need = self.units(cost);
        if need <= self.level {
            Take::Granted
        } else if need > self.capacity {
            Take::Impossible
        } else {
            let until = self.ready(need);
            self.refused = (cost, until);
            Take::Refused { ready_at: Time::from_nanos(until) }
        }
    }

    /// When the level first holds `need`, which it does not now, with everything booked that is due by then.
    fn ready(&self, need: i128) -> u64 {
        let (mut level, mut at) = (self.level, self.at);
        for (booked, cost) in &self.pending {
            // A booking at the very moment comes first, so the last nanosecond before it counts.
            if *booked > at && self.filled(level, booked - at - 1) >= need {
                break;
            }
            level = self.filled(level, booked - at) - self.units(*cost);
            at = *booked;
        }
        let missing = u128::try_from(need - level).unwrap_or(0);
        let nanos = u64::try_from(missing.div_ceil(u128::from(self.refill))).unwrap_or(u64::MAX);
        at.saturating_add(nanos)
    }

    /// Takes what a check at the same moment has granted.
    #[inline]
    pub(super) fn commit(&mut self, cost: u32, now: Time) {
        let booked = now.as_nanos().max(self.at).saturating_add(self.lag);
        self.pending.push_back((booked, cost));
        self.refused = (0, 0);
    }

    /// Changes the rate; tokens and debts stay, as far as the bucket still holds them.
    pub fn set_limit(&mut self, rate: Rate, now: Time) {
        self.advance(now.as_nanos());
        let mut next = LateBucket::new(rate, self.burst, Span::from_nanos(self.lag));
        let (old, new) = (i128::from(self.token), i128::from(next.token));
        let kept = (self.level / old).saturating_mul(new).saturating_add(self.level % old * new / old);
        next.level = kept.min(next.capacity);
        next.at = self.at;
        next.pending = std::mem::take(&mut self.pending);
        *self = next;
    }
}
