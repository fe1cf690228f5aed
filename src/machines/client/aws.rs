//! The AWS SDKs' standard retries: constants of both generations and the retry quota with both accountings.
//!
//! Read in aws-smithy-runtime 1.16.2 (generation 2.0) and botocore 1.44.5 (generation 2.1); checked 2026-11-23.
//! Java: `DefaultRetryStrategy.Standard` of aws-sdk-java-v2; Kotlin: `StandardRetryTokenBucket` and
//! `ExponentialBackoffWithJitter` of smithy-kotlin; read 2026-11-30.

use super::backoff::{Backoff, uniform};
use super::policy::{Accounting, Generation, Jitter};
use crate::rng::Draw;
use crate::time::Span;

/// Tokens of the retry quota, at the start and at most (both generations).
pub(super) const QUOTA: u32 = 500;
/// The longest backoff, before jitter (both generations).
pub(super) const MAX_BACKOFF: Span = Span::from_secs(20);

/// What kind of failure a retry answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A throttling error.
    Throttling,
    /// A retryable service error, a broken connection or a timeout.
    Transient,
}

impl Generation {
    /// What a retry takes from the quota: 5 for throttling; 10 (2.0, Rust) or 14 (2.1) for a transient error; 5 for
    /// both in Java, 10 for both in Kotlin.
    pub(super) const fn cost(self, kind: Kind) -> u32 {
        match (self, kind) {
            (Generation::Kotlin, _) | (Generation::V2_0, Kind::Transient) => 10,
            (_, Kind::Throttling) | (Generation::Java, Kind::Transient) => 5,
            (Generation::V2_1, Kind::Transient) => 14,
        }
    }

    /// The base delay: 1 s, but for a transient error 50 ms in 2.1 and 100 ms in Java; always 10 ms in Kotlin.
    pub(super) const fn base(self, kind: Kind) -> Span {
        match (self, kind) {
            (Generation::Kotlin, _) => Span::from_millis(10),
            (Generation::V2_1, Kind::Transient) => Span::from_millis(50),
            (Generation::Java, Kind::Transient) => Span::from_millis(100),
            _ => Span::from_secs(1),
        }
    }

    /// The wait after the `n`-th attempt failed: U × min(base × 2^(n−1), 20 s); Kotlin grows by 1.5.
    pub(super) fn backoff(self, kind: Kind, n: u32, draw: Draw) -> Span {
        let base = self.base(kind);
        if matches!(self, Generation::Kotlin) {
            let mut previous = Span::ZERO;
            let kotlin = Backoff { base, cap: MAX_BACKOFF, factor: 1.5, jitter: Jitter::Full };
            return kotlin.delay(n, &mut previous, draw);
        }
        let doubled = base.times(1 << (n.max(1) - 1).min(32));
        uniform(Span::ZERO, doubled.min(MAX_BACKOFF), draw)
    }

    /// Whether a retry passes the adaptive rate, as a first attempt does; in the 2.0 of Rust it does not.
    pub(super) const fn asks_again(self) -> bool {
        !matches!(self, Generation::V2_0)
    }
}

/// One client's retry quota.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryQuota {
    tokens: u32,
    /// What lies in the client's one slot under [`Accounting::SharedSlot`].
    slot: u32,
}

impl RetryQuota {
    /// A full quota.
    pub const fn full() -> RetryQuota {
        RetryQuota { tokens: QUOTA, slot: 0 }
    }

    /// Takes what a retry costs, or refuses. `held` is what the call's last retry took.
    pub fn take(&mut self, cost: u32, accounting: Accounting, held: &mut u32) -> bool {
        if self.tokens < cost {
            return false;
        }
        self.tokens -= cost;
        match accounting {
            Accounting::PerCall => *held = cost,
            // Whatever another call had left in the slot is destroyed.
            Accounting::SharedSlot => self.slot = cost,
        }
        true
    }

    /// A call succeeded: what its last retry took comes back, or one token if it never retried.
    ///
    /// With the shared slot, any success empties the slot, whoever filled it; only an empty slot gives one token.
    #[inline]
    pub fn reward(&mut self, accounting: Accounting, held: u32) {
        let back = match accounting {
            Accounting::PerCall => held,
            Accounting::SharedSlot => std::mem::take(&mut self.slot),
        };
        self.tokens = (self.tokens + back.max(1)).min(QUOTA);
    }

    /// Tokens left.
    #[cfg(test)]
    pub const fn tokens(&self) -> u32 {
        self.tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_and_base_delays_are_those_of_the_generation() {
        for (generation, kind, cost, base) in [
            (Generation::V2_0, Kind::Throttling, 5, 1000),
            (Generation::V2_0, Kind::Transient, 10, 1000),
            (Generation::V2_1, Kind::Throttling, 5, 1000),
            (Generation::V2_1, Kind::Transient, 14, 50),
            (Generation::Java, Kind::Throttling, 5, 1000),
            (Generation::Java, Kind::Transient, 5, 100),
            (Generation::Kotlin, Kind::Throttling, 10, 10),
            (Generation::Kotlin, Kind::Transient, 10, 10),
        ] {
            assert_eq!(generation.cost(kind), cost);
            assert_eq!(generation.base(kind), Span::from_millis(base));
        }
    }

    #[test]
    fn a_backoff_doubles_and_is_capped_at_twenty_seconds_before_jitter() {
        let half = Draw(1 << 63);
        for (n, secs) in [(1, 0.5), (2, 1.0), (5, 8.0), (6, 10.0), (60, 10.0)] {
            let delay = Generation::V2_0.backoff(Kind::Throttling, n, half);
            assert_eq!(delay, Span::from_secs_f64(secs), "{n}");
        }
        for (n, millis) in [(1, 5.0), (2, 7.5), (3, 11.25), (60, 10_000.0)] {
            let delay = Generation::Kotlin.backoff(Kind::Throttling, n, half);
            assert_eq!(delay, Span::from_secs_f64(millis / 1000.0), "{n}");
        }
    }

    #[test]
    fn per_call_a_success_gives_back_only_its_own_last_retry() {
        let mut quota = RetryQuota::full();
        let (mut a, mut b) = (0, 0);
        assert!(quota.take(5, Accounting::PerCall, &mut a));
        assert!(quota.take(14, Accounting::PerCall, &mut a));
        assert!(quota.take(5, Accounting::PerCall, &mut b));
        quota.reward(Accounting::PerCall, a);
        assert_eq!(quota.tokens(), 490);
        quota.reward(Accounting::PerCall, 0);
        assert_eq!(quota.tokens(), 491);
    }

    #[test]
    fn in_the_shared_slot_a_stranger_is_given_what_another_call_took() {
        let mut quota = RetryQuota::full();
        let (mut a, mut b) = (0, 0);
        assert!(quota.take(5, Accounting::SharedSlot, &mut a));
        assert!(quota.take(5, Accounting::SharedSlot, &mut b));
        quota.reward(Accounting::SharedSlot, 0);
        assert_eq!(quota.tokens(), 495, "the older permit is destroyed, the newer given to a stranger");
        quota.reward(Accounting::SharedSlot, b);
        assert_eq!(quota.tokens(), 496, "the call that retried gets one");
    }

    #[test]
    fn an_empty_quota_refuses() {
        let mut quota = RetryQuota::full();
        let taken = (0..200).filter(|_| quota.take(5, Accounting::PerCall, &mut 0)).count();
        assert_eq!(taken, 100);
    }
}
