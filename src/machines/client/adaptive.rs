//! The client rate limiter of the AWS SDKs' adaptive mode: a token bucket whose rate follows CUBIC.
//!
//! ```text
//! rate │      ╭──  2 × measured at most
//!      │   ╭──╯
//!  w_max├╮─┼────── regained K = (w_max × 0.3 / 0.4)^⅓ s after the throttle
//!      │╰──╯
//!      └─┬──────▶ time since the throttle
//! ```
//!
//! Read in aws-smithy-runtime 1.16.2 and botocore 1.44.5, checked 2026-11-30. The SDKs define it in floating point, so it is
//! one here too, with `libm` for portable bytes. Some measure from when the client was made. Others count seconds since
//! 1970 from zero, so that their first measuring window reaches back to 1970 and the rate measured in it is nothing: here
//! the first response likewise measures 0/s, and a throttle in the same half second leaves 0.5/s.

use crate::time::{Span, Time};

const BETA: f64 = 0.7;
const SCALE: f64 = 0.4;
const SMOOTHING: f64 = 0.8;
const MIN_FILL: f64 = 0.5;
const MIN_CAPACITY: f64 = 1.0;
/// Measuring windows in a second.
const WINDOWS: f64 = 2.0;

/// One client's send rate.
#[derive(Clone, Debug, Default)]
pub(super) struct Adaptive {
    enabled: bool,
    clock: Span,
    fill_rate: f64,
    capacity: f64,
    tokens: f64,
    /// When the tokens were last counted.
    counted: Option<Time>,
    measured: f64,
    responses: f64,
    /// Start of the measuring window, in seconds.
    window: Option<f64>,
    w_max: f64,
    last_throttle: Option<Time>,
}

impl Adaptive {
    /// A rate without limit so far, of a client that was made at `made`; `None` if it counts from 1970. `clock` is how far into
    /// a second the clock on the wall was when the run began: windows begin with its halves.
    pub fn new(made: Option<Time>, clock: Span) -> Adaptive {
        let window = made.map(|made| libm::floor((made + clock).as_secs_f64()));
        let (fill_rate, capacity) = (MIN_FILL, MIN_CAPACITY);
        Adaptive {
            clock,
            window,
            last_throttle: made,
            counted: made,
            fill_rate,
            capacity,
            ..Adaptive::default()
        }
    }

    /// Takes `cost` tokens; if there are too few, takes none and says how long they will need.
    /// Before the first throttle everything passes and costs nothing.
    pub fn take(&mut self, cost: f64, now: Time) -> Result<(), Span> {
        if !self.enabled {
            return Ok(());
        }
        self.refill(now);
        if cost <= self.tokens {
            self.tokens -= cost;
            return Ok(());
        }
        let nanos = libm::ceil((cost - self.tokens) / self.fill_rate * 1e9);
        Err(Span::from_nanos((nanos as u64).max(1)))
    }

    /// An attempt was answered, or timed out.
    pub fn note(&mut self, throttled: bool, now: Time) {
        self.measure(now);
        let wanted = if throttled {
            let reached = if self.enabled { self.measured.min(self.fill_rate) } else { self.measured };
            self.w_max = reached;
            self.last_throttle = Some(now);
            self.enabled = true;
            BETA * reached
        } else {
            self.cubic(now)
        };
        let rate = wanted.min(2.0 * self.measured);
        self.refill(now);
        self.fill_rate = rate.max(MIN_FILL);
        self.capacity = rate.max(MIN_CAPACITY);
        self.tokens = self.tokens.min(self.capacity);
    }

    /// The rate wanted so long after the last throttle; unbounded if there was none.
    fn cubic(&self, now: Time) -> f64 {
        let Some(last) = self.last_throttle else { return f64::INFINITY };
        let k = libm::cbrt(self.w_max * (1.0 - BETA) / SCALE);
        let t = now.since(last).as_secs_f64() - k;
        SCALE * t * t * t + self.w_max
    }

    fn measure(&mut self, now: Time) {
        let window = libm::floor((now + self.clock).as_secs_f64() * WINDOWS) / WINDOWS;
        self.responses += 1.0;
        let Some(started) = self.window else {
            (self.window, self.responses) = (Some(window), 0.0);
            return;
        };
        if window > started {
            let rate = self.responses / (window - started);
            self.measured = SMOOTHING * rate + (1.0 - SMOOTHING) * self.measured;
            (self.window, self.responses) = (Some(window), 0.0);
        }
    }

    fn refill(&mut self, now: Time) {
        if let Some(last) = self.counted {
            self.tokens = (self.tokens + now.since(last).as_secs_f64() * self.fill_rate).min(self.capacity);
        }
        self.counted = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers every millisecond from `from_ms` until just before `until_ms`; the first time `stop` holds.
    fn run(
        limiter: &mut Adaptive,
        from_ms: u64,
        until_ms: u64,
        stop: impl Fn(&Adaptive) -> bool,
    ) -> Option<u64> {
        (from_ms..until_ms).find(|ms| {
            limiter.note(false, Time::ZERO + Span::from_millis(*ms));
            stop(limiter)
        })
    }

    #[test]
    fn after_one_throttle_the_old_rate_is_regained_after_k_seconds() {
        let mut limiter = Adaptive::default();
        run(&mut limiter, 0, 10_000, |_| false);
        limiter.note(true, Time::from_secs(10));
        let w_max = limiter.w_max;
        assert!((w_max - 1000.0).abs() < 5.0, "{w_max}");
        assert!((limiter.fill_rate - 0.7 * w_max).abs() < 1e-9);
        let k = libm::cbrt(0.75 * w_max);
        let regained = run(&mut limiter, 10_001, 30_000, |l| l.fill_rate >= w_max).expect("it is regained");
        let took = regained as f64 / 1e3 - 10.0;
        assert!((took - k).abs() <= 0.02, "{took} s, not {k} s");
    }

    #[test]
    fn the_rate_never_exceeds_twice_what_was_measured() {
        let mut limiter = Adaptive::default();
        run(&mut limiter, 0, 2_000, |_| false);
        limiter.note(true, Time::from_secs(2));
        run(&mut limiter, 2_001, 60_000, |_| false);
        assert!((limiter.fill_rate - 2.0 * limiter.measured).abs() < 1e-9);
    }

    #[test]
    fn a_throttle_in_the_first_window_leaves_half_a_request_a_second() {
        let mut limiter = Adaptive::default();
        run(&mut limiter, 0, 100, |_| false);
        limiter.note(true, Time::from_nanos(100_000_000));
        assert_eq!(limiter.fill_rate, 0.5);
        let wait = limiter.take(1.0, Time::from_nanos(100_000_000)).expect_err("no token is left");
        assert_eq!(limiter.clone().take(1.0, Time::from_nanos(100_000_000) + wait), Ok(()));
    }
}
