//! Fixed windows: at most the limit in each; unused quota is lost at the edge.
//!
//! ```text
//! ──┬───────────┬───────────┬──▶   edges at phase + k·period
//!   │ ≤ p       │ ≤ p       │      so up to 2p across an edge
//! ```

use super::take::Take;
use crate::time::{NANOS_PER_SECOND, Span, Time};
use crate::units::Rate;

/// A fixed-window counter. A rate of p in q seconds allows p in each window of q seconds (q is 1 but for odd rates).
#[derive(Clone, Debug)]
pub struct Window {
    limit: u64,
    /// Length of a window in nanoseconds.
    period: u64,
    /// Where windows begin, below one second.
    phase: u64,
    /// The end of the current window, exclusive.
    end: u64,
    used: u64,
}

impl Window {
    /// Windows of `rate` that begin at `phase` (modulo one second) and every period after it.
    pub fn new(rate: Rate, phase: Span) -> Window {
        let phase = phase.as_nanos() % NANOS_PER_SECOND;
        let mut window = Window { limit: rate.count(), period: period(rate), phase, end: 0, used: 0 };
        window.end = window.edge_after(0);
        window
    }

    /// The first edge after `now`.
    fn edge_after(&self, now: u64) -> u64 {
        let since_edge = if now >= self.phase {
            (now - self.phase) % self.period
        } else {
            self.period - (self.phase - now) // the phase lies within the first period
        };
        now.saturating_add(self.period - since_edge)
    }

    /// Moves on to the window of `now`.
    #[inline]
    fn roll(&mut self, now: Time) {
        let now = now.as_nanos();
        if now < self.end {
            return;
        }
        self.used = 0;
        let next = self.end.saturating_add(self.period);
        self.end = if now < next { next } else { self.edge_after(now) };
    }

    /// What a take would say.
    #[inline]
    pub fn check(&mut self, cost: u32, now: Time) -> Take {
        self.roll(now);
        let cost = u64::from(cost);
        if self.used + cost <= self.limit {
            Take::Granted
        } else if cost > self.limit {
            Take::Impossible
        } else {
            Take::Refused { ready_at: Time::from_nanos(self.end) }
        }
    }

    /// Takes what a check at the same moment has granted.
    #[inline]
    pub(super) fn commit(&mut self, cost: u32) {
        self.used += u64::from(cost);
    }

    /// Changes the limit; what the current window has used still counts.
    pub fn set_limit(&mut self, rate: Rate, now: Time) {
        self.roll(now);
        self.limit = rate.count();
        if self.period != period(rate) {
            self.period = period(rate);
            self.end = self.edge_after(now.as_nanos());
        }
    }
}

/// The rate's denominator in nanoseconds.
fn period(rate: Rate) -> u64 {
    rate.period().as_nanos()
}
