//! A client's own restraint: a limiter with whoever waits for it.
//!
//! The steady limiter is governor's GCRA on the run's own timeline; before it calls wait in turn. Before an SDK's adaptive
//! rate they wait as that SDK's callers do.

use super::adaptive::Adaptive;
use super::policy::LimiterConfig;
use super::waiting::{Queue, Waiters};
use crate::time::{NANOS_PER_SECOND, Span, Time};
use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::ops::Add;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A moment as governor wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(u64);

impl Add<Nanos> for Moment {
    type Output = Moment;
    fn add(self, span: Nanos) -> Moment {
        Moment(self.0.saturating_add(span.as_u64()))
    }
}

impl Reference for Moment {
    fn duration_since(&self, earlier: Moment) -> Nanos {
        Nanos::new(self.0.saturating_sub(earlier.0))
    }
    fn saturating_sub(&self, span: Nanos) -> Moment {
        Moment(self.0.checked_sub(span.as_u64()).unwrap_or(self.0))
    }
}

/// Shows the moment it was last told.
#[derive(Clone, Debug, Default)]
struct SetClock(Arc<AtomicU64>);

impl Clock for SetClock {
    type Instant = Moment;
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::Relaxed))
    }
}

/// At most `burst` attempts at once and `rate` in the long run.
#[derive(Debug)]
pub(super) struct Gcra {
    clock: SetClock,
    gcra: RateLimiter<NotKeyed, InMemoryState, SetClock, NoOpMiddleware<Moment>>,
}

impl Gcra {
    /// A limiter that has let nothing pass yet. A rate of zero lets `burst` pass and then nothing.
    pub fn new(limiter: LimiterConfig, now: Time) -> Gcra {
        let burst = NonZeroU32::new(limiter.burst).unwrap_or(NonZeroU32::MIN);
        let longest = u64::MAX / 4 / u64::from(burst.get());
        let per_attempt = u128::from(limiter.rate.seconds()) * u128::from(NANOS_PER_SECOND);
        let per_attempt = per_attempt.checked_div(u128::from(limiter.rate.count())).unwrap_or(u128::MAX);
        let nanos = u64::try_from(per_attempt).unwrap_or(u64::MAX).clamp(1, longest);
        let quota = Quota::with_period(Duration::from_nanos(nanos)).expect("the period is at least 1 ns");
        let clock = SetClock(Arc::new(AtomicU64::new(now.as_nanos())));
        let gcra = RateLimiter::direct_with_clock(quota.allow_burst(burst), clock.clone());
        Gcra { clock, gcra }
    }

    fn take(&mut self, now: Time) -> Result<(), Time> {
        self.clock.0.store(now.as_nanos(), Ordering::Relaxed);
        self.gcra.check().map_err(|refusal| Time::from_nanos(refusal.earliest_possible().0))
    }
}

/// The rule by which a limiter lets pass.
#[derive(Debug)]
pub(super) enum Limiter {
    /// The client's own limiter.
    Gcra(Gcra),
    /// The SDK's adaptive rate.
    Adaptive(Adaptive),
}

impl Limiter {
    /// Lets one attempt pass now, or says when it might.
    pub fn take(&mut self, now: Time) -> Result<(), Time> {
        match self {
            Limiter::Gcra(steady) => steady.take(now),
            Limiter::Adaptive(adaptive) => adaptive.take(1.0, now).map_err(|wait: Span| now + wait),
        }
    }
}

/// A limiter and the calls that wait for it, by their slot.
#[derive(Debug)]
pub(super) struct QueuedLimiter {
    /// The rule.
    pub limiter: Limiter,
    /// Who waits.
    pub waiting: Queue,
}

impl QueuedLimiter {
    /// A limiter that nobody waits for.
    pub const fn new(limiter: Limiter, waiters: Waiters) -> QueuedLimiter {
        QueuedLimiter { limiter, waiting: Queue::new(waiters) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Rate;

    #[test]
    fn a_refusal_is_exact_and_no_window_sees_more_than_burst_and_rate() {
        let mut limiter =
            Gcra::new(LimiterConfig { rate: Rate::per_second(100), burst: 5 }, Time::from_secs(3));
        let (mut now, mut passed) = (Time::from_secs(3), Vec::new());
        while passed.len() < 500 {
            match limiter.take(now) {
                Ok(()) => passed.push(now),
                Err(when) => {
                    assert!(limiter.take(Time::from_nanos(when.as_nanos() - 1)).is_err());
                    now = when;
                }
            }
        }
        for (first, pair) in passed.iter().zip(passed.iter().skip(105)) {
            assert!(pair.since(*first) >= Span::from_secs(1), "{first:?} {pair:?}");
        }
        assert_eq!(now, Time::from_secs(3) + Span::from_millis(10 * 495));
    }

    #[test]
    fn a_rate_of_zero_lets_the_burst_pass_and_then_nothing() {
        let mut limiter = Gcra::new(LimiterConfig { rate: Rate::ZERO, burst: 2 }, Time::ZERO);
        assert_eq!([limiter.take(Time::ZERO), limiter.take(Time::ZERO)], [Ok(()), Ok(())]);
        assert!(limiter.take(Time::from_secs(86_400 * 365)).is_err());
    }
}
