//! A token bucket: refills steadily, holds a burst; at most `limit × t + burst` in any span t.
//!
//! The level is an exact integer. One token is `q·10⁹ / g` units and a nanosecond brings `p / g` of them, for a rate
//! of p in q seconds and g their greatest common divisor: no rounding, so refills add up whatever their steps.

use super::take::Take;
use crate::time::{NANOS_PER_SECOND, Span, Time};
use crate::units::Rate;

/// A token bucket; starts full.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Units a nanosecond.
    refill: u64,
    /// Units a token.
    token: u64,
    /// Units the full bucket holds.
    capacity: u128,
    level: u128,
    /// When `level` was right, in nanoseconds.
    at: u64,
    burst: Span,
}

impl Bucket {
    /// A bucket that holds `burst` worth of `rate`, at least one token (none if the rate is zero).
    pub fn new(rate: Rate, burst: Span) -> Bucket {
        // Reduced by hand: `Rate` has already divided by gcd(p, q), the nanoseconds may share more.
        let per_nano = Rate::new(rate.count(), rate.seconds().saturating_mul(NANOS_PER_SECOND));
        let (refill, token) = (per_nano.count(), per_nano.seconds());
        let held = u128::from(refill) * u128::from(burst.as_nanos());
        let capacity = if refill == 0 { 0 } else { held.max(u128::from(token)) };
        Bucket { refill, token, capacity, level: capacity, at: 0, burst }
    }

    /// Adds what has dripped in since the last time.
    #[inline]
    fn fill(&mut self, now: Time) {
        let elapsed = now.as_nanos().saturating_sub(self.at);
        if elapsed > 0 {
            self.at = now.as_nanos();
            let full = self.level + u128::from(elapsed) * u128::from(self.refill);
            self.level = full.min(self.capacity);
        }
    }

    /// What a take would say.
    #[inline]
    pub fn check(&mut self, cost: u32, now: Time) -> Take {
        self.fill(now);
        let need = u128::from(cost) * u128::from(self.token);
        if need <= self.level {
            Take::Granted
        } else if need > self.capacity {
            Take::Impossible
        } else {
            Take::Refused { ready_at: Time::from_nanos(self.at) + self.wait(need - self.level) }
        }
    }

    /// Takes `cost`, or says when it could.
    #[inline(always)]
    pub fn take(&mut self, cost: u32, now: Time) -> Take {
        let answer = self.check(cost, now);
        if answer == Take::Granted {
            self.commit(cost);
        }
        answer
    }

    /// How long `missing` units take, rounded up.
    fn wait(&self, missing: u128) -> Span {
        let nanos = match u64::try_from(missing) {
            Ok(missing) => missing.div_ceil(self.refill),
            Err(_) => u64::try_from(missing.div_ceil(u128::from(self.refill))).unwrap_or(u64::MAX),
        };
        Span::from_nanos(nanos)
    }

    /// Takes what a check at the same moment has granted.
    #[inline]
    pub(super) fn commit(&mut self, cost: u32) {
        self.level -= u128::from(cost) * u128::from(self.token);
    }

    /// Changes the rate; the tokens in the bucket stay, as far as it still holds them.
    pub fn set_limit(&mut self, rate: Rate, now: Time) {
        self.fill(now);
        let mut next = Bucket::new(rate, self.burst);
        let (old, new) = (u128::from(self.token), u128::from(next.token));
        let kept = (self.level / old).saturating_mul(new).saturating_add(self.level % old * new / old);
        next.level = kept.min(next.capacity);
        next.at = self.at;
        *self = next;
    }
}
