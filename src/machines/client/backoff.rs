//! How long a retry waits: exponential growth, a cap, and four jitters.
//!
//! The four jitters are those of Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

use super::policy::Jitter;
use crate::rng::Draw;
use crate::time::Span;

/// An exponential backoff.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The delay of the first retry, before jitter.
    pub base: Span,
    /// The longest delay, before jitter.
    pub cap: Span,
    /// What the delay is multiplied by after each attempt.
    pub factor: f64,
    /// How the delay is spread.
    pub jitter: Jitter,
}

impl Backoff {
    /// The delay after the `n`-th attempt failed (1 is the first), which lasts about `base` for `n` = 1.
    ///
    /// `previous` is the call's last delay, kept for decorrelated jitter; zero before the first retry.
    pub fn delay(&self, n: u32, previous: &mut Span, draw: Draw) -> Span {
        let delay = match self.jitter {
            Jitter::None => self.ceiling(n),
            Jitter::Full => uniform(Span::ZERO, self.ceiling(n), draw),
            Jitter::Equal => {
                let whole = self.ceiling(n);
                uniform(Span::from_nanos(whole.as_nanos() / 2), whole, draw)
            }
            Jitter::Decorrelated => {
                let last = if previous.is_zero() { self.base } else { *previous };
                uniform(self.base, last.times(3), draw).min(self.cap)
            }
        };
        *previous = delay;
        delay
    }

    /// min(cap, base × factor^(n−1)).
    fn ceiling(&self, n: u32) -> Span {
        let growth = libm::pow(self.factor, f64::from(n.max(1) - 1));
        Span::from_secs_f64(self.base.as_secs_f64() * growth).min(self.cap)
    }
}

/// Uniform from `low` to `high`; `low` if there is no room.
pub(super) fn uniform(low: Span, high: Span, draw: Draw) -> Span {
    let room = (high - low).as_nanos() as f64;
    low + Span::from_nanos((room * draw.unit()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOWEST: Draw = Draw(0);
    const HIGHEST: Draw = Draw(u64::MAX);

    fn backoff(jitter: Jitter) -> Backoff {
        Backoff { base: Span::from_millis(50), cap: Span::from_secs(1), factor: 2.0, jitter }
    }

    #[test]
    fn each_jitter_spreads_the_delay_over_its_own_range() {
        for (jitter, n, low, high) in [
            (Jitter::None, 1, 50, 50),
            (Jitter::None, 3, 200, 200),
            (Jitter::None, 40, 1000, 1000),
            (Jitter::Full, 1, 0, 50),
            (Jitter::Full, 4, 0, 400),
            (Jitter::Equal, 1, 25, 50),
            (Jitter::Equal, 9, 500, 1000),
            (Jitter::Decorrelated, 1, 50, 150),
        ] {
            let near = |draw: Draw| backoff(jitter).delay(n, &mut Span::ZERO.clone(), draw).as_millis_f64();
            assert!((near(LOWEST) - f64::from(low)).abs() < 1e-5, "{jitter:?} {n} low {}", near(LOWEST));
            assert!((near(HIGHEST) - f64::from(high)).abs() < 1e-5, "{jitter:?} {n} high {}", near(HIGHEST));
        }
    }

    #[test]
    fn decorrelated_jitter_triples_its_previous_delay_up_to_the_cap() {
        let mut previous = Span::ZERO;
        let seen: Vec<f64> = (1..=4)
            .map(|n| backoff(Jitter::Decorrelated).delay(n, &mut previous, HIGHEST).as_millis_f64().round())
            .collect();
        assert_eq!(seen, [150.0, 450.0, 1000.0, 1000.0]);
    }
}
