//! One pool's limit: five kinds behind one question, "may this attempt pass now, and if not, when?"
//!
//! All are integer machines without a clock. `now` never goes back; a moment before the last one seen counts as that
//! one or, where that is cheaper, as itself.

mod bucket;
mod counter;
mod lagging;
mod late;
mod sliding;
mod take;
mod window;

pub use bucket::Bucket;
pub use counter::Counter;
pub use lagging::Lagging;
pub use late::LateBucket;
pub use sliding::Sliding;
pub use take::Take;
pub use window::Window;

use super::enforcement::Enforcement;
use crate::time::{Span, Time};
use crate::units::Rate;

/// A limiter of any kind.
#[derive(Clone, Debug)]
pub enum Limiter {
    /// Fixed windows.
    Window(Window),
    /// Token bucket.
    Bucket(Bucket),
    /// Token bucket with late bookings.
    LateBucket(LateBucket),
    /// Trailing second.
    Sliding(Sliding),
    /// Delayed counter.
    Lagging(Lagging),
}

impl Limiter {
    /// A limiter that enforces `rate`; `phase` is where fixed windows begin.
    pub fn new(enforcement: Enforcement, rate: Rate, phase: Span) -> Limiter {
        match enforcement {
            Enforcement::Window { .. } => Limiter::Window(Window::new(rate, phase)),
            Enforcement::Bucket { burst } => Limiter::Bucket(Bucket::new(rate, burst)),
            Enforcement::LateBucket { burst, lag } => Limiter::LateBucket(LateBucket::new(rate, burst, lag)),
            Enforcement::Sliding => Limiter::Sliding(Sliding::new(rate)),
            Enforcement::Lagging { lag } => Limiter::Lagging(Lagging::new(rate, lag)),
        }
    }

    /// Takes `cost` at `now`, or says when it could.
    #[inline(always)]
    pub fn take(&mut self, cost: u32, now: Time) -> Take {
        match self {
            Limiter::Bucket(machine) => machine.take(cost, now),
            other => other.take_if_granted(cost, now),
        }
    }

    fn take_if_granted(&mut self, cost: u32, now: Time) -> Take {
        let answer = self.check(cost, now);
        if answer == Take::Granted {
            self.commit(cost, now);
        }
        answer
    }

    /// What [`Limiter::take`] would say; takes nothing.
    #[inline]
    pub fn check(&mut self, cost: u32, now: Time) -> Take {
        match self {
            Limiter::Window(machine) => machine.check(cost, now),
            Limiter::Bucket(machine) => machine.check(cost, now),
            Limiter::LateBucket(machine) => machine.check(cost, now),
            Limiter::Sliding(machine) => machine.check(cost, now),
            Limiter::Lagging(machine) => machine.check(cost, now),
        }
    }

    /// Takes what a [`Limiter::check`] at the same `now` has granted.
    #[inline]
    pub(super) fn commit(&mut self, cost: u32, now: Time) {
        match self {
            Limiter::Window(machine) => machine.commit(cost),
            Limiter::Bucket(machine) => machine.commit(cost),
            Limiter::LateBucket(machine) => machine.commit(cost, now),
            Limiter::Sliding(machine) => machine.commit(cost, now),
            Limiter::Lagging(machine) => machine.commit(cost, now),
        }
    }

    /// When a `cost` could be taken; [`Time::NEVER`] if it never can.
    pub fn ready_at(&mut self, cost: u32, now: Time) -> Time {
        match self.check(cost, now) {
            Take::Granted => now,
            Take::Refused { ready_at } => ready_at,
            Take::Impossible => Time::NEVER,
        }
    }

    /// Enforces `rate` from `now` on; what was admitted before still counts.
    pub fn set_limit(&mut self, rate: Rate, now: Time) {
        match self {
            Limiter::Window(machine) => machine.set_limit(rate, now),
            Limiter::Bucket(machine) => machine.set_limit(rate, now),
            Limiter::LateBucket(machine) => machine.set_limit(rate, now),
            Limiter::Sliding(machine) => machine.set_limit(rate, now),
            Limiter::Lagging(machine) => machine.set_limit(rate, now),
        }
    }
}
