//! Lognormal draws in a few nanoseconds: a table of the quantile function, read by one draw.
//!
//! ```text
//! u ∈ [0, 1) ─▶ cell u·4096 ─▶ straight line between its two ends
//!               first and last cell: the exact quantile, so the tails are whole
//! ```

use super::Latency;
use crate::time::Span;
use std::ops::Deref;

const CELLS: usize = 4096;
/// The 99th percentile of the standard normal distribution.
const Z99: f64 = 2.326_347_874_040_840_8;

/// A lognormal distribution of spans.
#[derive(Clone, Debug)]
pub(super) struct Lognormal {
    median: f64,
    sigma: f64,
    /// Quantiles at k / CELLS, in nanoseconds; the two ends are never read. Empty if every span is the median.
    table: Vec<f64>,
}

/// Quantiles of the standard normal at k / CELLS, made once for every distribution of a service.
pub(super) struct Normal(Vec<f64>);

impl Normal {
    /// The table, by Newton steps from each quantile to the next.
    pub(super) fn new() -> Normal {
        let mut z = vec![0.0; CELLS + 1];
        for k in CELLS / 2 + 1..CELLS {
            z[k] = upper_quantile((CELLS - k) as f64 / CELLS as f64, z[k - 1]);
            z[CELLS - k] = -z[k];
        }
        Normal(z)
    }
}

/// The z above which the standard normal lies with probability `tail` (at most a half); `start` is a guess below it.
///
/// Newton on the logarithm of the upper tail, which is concave: it closes in from any start without overshooting twice.
fn upper_quantile(tail: f64, start: f64) -> f64 {
    let (goal, root) = (libm::log(tail), libm::sqrt(2.0 * std::f64::consts::PI));
    let mut z = start;
    for _ in 0..20 {
        let upper = 0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2);
        let density = libm::exp(-0.5 * z * z) / root;
        let step = (libm::log(upper) - goal) * upper / density;
        z += step;
        if step.abs() < 1e-13 {
            break;
        }
    }
    z
}

/// A number from 0 on, below 2^63, rounded half up as [`f64::round`] does, which is a call where the processor has no instruction
/// for it.
#[inline]
fn rounded(number: f64) -> u64 {
    let whole = number as i64;
    whole as u64 + u64::from(number - whole as f64 >= 0.5)
}

impl Lognormal {
    /// The distribution with these percentiles: sigma = ln(p99 / p50) / z99, zero if p99 is not above p50.
    ///
    /// `normal` is asked for only if the spans differ at all: it takes longer to make than a server to start.
    pub(super) fn new(latency: Latency, normal: &impl Deref<Target = Normal>) -> Lognormal {
        let median = latency.p50.as_nanos() as f64;
        let spread = latency.p99.as_nanos() as f64 / median.max(1.0);
        let sigma = if spread > 1.0 { libm::log(spread) / Z99 } else { 0.0 };
        if sigma == 0.0 {
            return Lognormal { median, sigma, table: Vec::new() };
        }
        let table = normal.0.iter().map(|z| median * libm::exp(sigma * z)).collect();
        Lognormal { median, sigma, table }
    }

    /// The span that belongs to a draw from [0, 1).
    #[inline]
    pub(super) fn at(&self, unit: f64) -> Span {
        if self.table.is_empty() {
            return Span::from_nanos(self.median as u64);
        }
        let scaled = unit * CELLS as f64;
        let cell = scaled as i64 as usize;
        if cell == 0 || cell == CELLS - 1 {
            return self.tail(unit);
        }
        let (low, high) = (self.table[cell], self.table[cell + 1]);
        Span::from_nanos(rounded(low + (high - low) * (scaled - cell as f64)))
    }

    /// The exact quantile in the first and last cell.
    #[cold]
    fn tail(&self, unit: f64) -> Span {
        let edge = 3.4;
        let z = if unit < 0.5 {
            -upper_quantile(unit.max(1e-17), edge)
        } else {
            upper_quantile((1.0 - unit).max(1e-17), edge)
        };
        Span::from_nanos((self.median * libm::exp(self.sigma * z)).round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Draw, Purpose, Stream};

    #[test]
    fn rounding_is_that_of_the_standard_library() {
        let stream = Stream::new(3, 0, Purpose::ServiceTime, 0);
        let drawn = (0..100_000).map(|n| stream.draw(n).unit() * 1e12);
        for number in drawn.chain([0.0, 0.5, 1.5, 2.5, 0.499_999_999_999_999_94, 4_503_599_627_370_495.5]) {
            assert_eq!(rounded(number), number.round() as u64, "{number}");
        }
    }

    #[test]
    fn normal_quantiles_agree_with_published_ones() {
        for (tail, z) in [(0.01, Z99), (0.025, 1.959_963_984_540_054), (1e-6, 4.753_424_308_822_899)] {
            assert!((upper_quantile(tail, 0.0) - z).abs() < 1e-9, "{tail}");
        }
        let normal = Normal::new();
        assert!((normal.0[3072] - 0.674_489_750_196_082).abs() < 1e-12);
        assert!(normal.0[1..CELLS].windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_million_draws_have_the_percentiles_and_the_mean_asked_for() {
        let latency = Latency { p50: Span::from_millis(6), p99: Span::from_millis(30) };
        let lognormal = Lognormal::new(latency, &&Normal::new());
        let stream = Stream::new(42, 0, Purpose::ServiceTime, 0);
        let n = 1_000_000;
        let mut spans: Vec<u64> =
            (0..n).map(|job| lognormal.at(stream.draw_attempt(job, 1).unit()).as_nanos()).collect();
        spans.sort_unstable();
        let near = |got: f64, want: f64| assert!((got / want - 1.0).abs() < 0.01, "{got} is not {want}");
        near(spans[n as usize / 2] as f64, 6e6);
        near(spans[n as usize / 100 * 99] as f64, 30e6);
        let sigma = (5.0f64).ln() / Z99;
        near(spans.iter().sum::<u64>() as f64 / n as f64, 6e6 * (sigma * sigma / 2.0).exp());
    }

    #[test]
    fn equal_percentiles_give_a_constant() {
        let latency = Latency { p50: Span::from_millis(6), p99: Span::from_millis(6) };
        let lognormal = Lognormal::new(latency, &&Normal::new());
        for bits in [0, 1 << 40, u64::MAX / 2, u64::MAX] {
            assert_eq!(lognormal.at(Draw(bits).unit()), Span::from_millis(6));
        }
    }
}
