//! How long an answer takes, drawn: any distribution of a scenario, by one draw.

use super::lognormal::{Lognormal, Normal};
use super::{Distribution, Part};
use crate::rng::Draw;
use crate::time::Span;
use std::ops::Deref;

/// A distribution of spans, ready to be drawn from. A draw below is a number in [0, 1).
#[derive(Clone, Debug)]
pub(super) enum Spans {
    Lognormal(Lognormal),
    Fixed(Span),
    /// By its mean, in nanoseconds.
    Exponential(f64),
    /// Straight lines between (share, nanoseconds), in order.
    Quantiles(Vec<(f64, f64)>),
    /// Where each part begins, how wide it is, and what it is.
    Mixture(Vec<(f64, f64, Spans)>),
}

impl Spans {
    /// `normal` is asked for only if a lognormal needs it.
    pub(super) fn new(distribution: &Distribution, normal: &impl Deref<Target = Normal>) -> Spans {
        match distribution {
            Distribution::Lognormal(latency) => Spans::Lognormal(Lognormal::new(*latency, normal)),
            Distribution::Fixed(span) => Spans::Fixed(*span),
            Distribution::Exponential { mean } => Spans::Exponential(mean.as_nanos() as f64),
            Distribution::Quantiles(points) => {
                let scaled = points.iter().map(|(percent, span)| (percent / 100.0, span.as_nanos() as f64));
                Spans::Quantiles(scaled.collect())
            }
            Distribution::Mixture(parts) => {
                let mut from = 0.0;
                let part = |Part { share, of }: &Part| {
                    let begins = from;
                    from += share.as_f64();
                    (begins, share.as_f64(), Spans::new(of, normal))
                };
                Spans::Mixture(parts.iter().map(part).collect())
            }
        }
    }

    /// The span that belongs to a draw.
    #[inline]
    pub(super) fn span(&self, draw: Draw) -> Span {
        match self {
            Spans::Lognormal(lognormal) => lognormal.at(draw.unit()),
            other => other.at(draw.unit()),
        }
    }

    fn at(&self, unit: f64) -> Span {
        match self {
            Spans::Lognormal(lognormal) => lognormal.at(unit),
            Spans::Fixed(span) => *span,
            Spans::Exponential(mean) => Span::from_nanos((-libm::log(1.0 - unit) * mean).round() as u64),
            Spans::Quantiles(points) => Span::from_nanos(between(points, unit).round() as u64),
            Spans::Mixture(parts) => {
                let (begins, share, part) =
                    match parts.iter().rfind(|(begins, share, _)| *begins <= unit && *share > 0.0) {
                        Some(part) => part,
                        None => return Span::ZERO,
                    };
                // A part's own draw stays below one, whatever the sum of the shares is rounded to.
                part.at(((unit - begins) / share).min(1.0 - f64::EPSILON))
            }
        }
    }
}

/// The value at a share: on the line between its neighbours, the outermost ones beyond them.
fn between(points: &[(f64, f64)], share: f64) -> f64 {
    let above = points.partition_point(|(at, _)| *at <= share);
    match (above.checked_sub(1).map(|below| points[below]), points.get(above)) {
        (Some((from, low)), Some((to, high))) => low + (high - low) * (share - from) / (to - from),
        (Some((_, last)), None) => last,
        (None, Some((_, first))) => *first,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::Latency;
    use crate::rng::{Purpose, Stream};
    use crate::units::Ratio;

    const MS: fn(u64) -> Span = Span::from_millis;

    /// A million spans in order, in milliseconds.
    fn drawn(distribution: &Distribution) -> Vec<f64> {
        let spans = Spans::new(distribution, &&Normal::new());
        let stream = Stream::new(42, 0, Purpose::ServiceTime, 0);
        let mut all: Vec<f64> =
            (0..1_000_000).map(|job| spans.span(stream.draw_attempt(job, 1)).as_millis_f64()).collect();
        all.sort_unstable_by(f64::total_cmp);
        all
    }

    fn near(got: f64, want: f64) {
        assert!((got / want - 1.0).abs() < 0.01, "{got} is not {want}");
    }

    fn mean(all: &[f64]) -> f64 {
        all.iter().sum::<f64>() / all.len() as f64
    }

    #[test]
    fn a_fixed_time_is_always_the_same() {
        let all = drawn(&Distribution::Fixed(MS(7)));
        assert_eq!((all[0], all[999_999]), (7.0, 7.0));
        assert_eq!(drawn(&Distribution::Fixed(Span::ZERO))[999_999], 0.0);
    }

    #[test]
    fn an_exponential_has_its_mean_its_median_and_its_tail() {
        let all = drawn(&Distribution::Exponential { mean: MS(100) });
        near(mean(&all), 100.0);
        near(all[500_000], 100.0 * 2f64.ln());
        near(all[990_000], 100.0 * 100f64.ln());
        near(all[999_000], 100.0 * 1000f64.ln());
    }

    #[test]
    fn quantiles_are_met_and_joined_by_straight_lines() {
        let all = drawn(&Distribution::Quantiles(vec![
            (0.0, MS(2)),
            (50.0, MS(6)),
            (99.0, MS(30)),
            (100.0, MS(80)),
        ]));
        near(all[0], 2.0);
        near(all[250_000], 4.0);
        near(all[500_000], 6.0);
        near(all[745_000], 18.0);
        near(all[990_000], 30.0);
        near(all[995_000], 55.0);
        near(mean(&all), 0.5 * 4.0 + 0.49 * 18.0 + 0.01 * 55.0);
        let all = drawn(&Distribution::Quantiles(vec![(50.0, MS(6)), (90.0, MS(10))]));
        assert_eq!((all[0], all[999_999]), (6.0, 10.0), "nothing lies beyond the outermost");
    }

    #[test]
    fn a_mixture_has_its_parts_in_their_shares() {
        let part = |percent: f64, of| Part { share: Ratio::from_f64(percent / 100.0).unwrap(), of };
        let all = drawn(&Distribution::Mixture(vec![
            part(60.0, Distribution::Fixed(MS(10))),
            part(30.0, Distribution::Exponential { mean: MS(100) }),
            part(10.0, Distribution::Lognormal(Latency { p50: MS(1000), p99: MS(1000) })),
        ]));
        let share = |of: f64| all.iter().filter(|each| **each == of).count() as f64 / 1e6;
        near(share(10.0), 0.6);
        near(share(1000.0), 0.1);
        near(mean(&all), 0.6 * 10.0 + 0.3 * 100.0 + 0.1 * 1000.0);
    }

    #[test]
    fn lognormal_draws_are_what_they_were() {
        let latency = Latency { p50: MS(6), p99: MS(30) };
        let (spans, plain) =
            (Spans::new(&latency.into(), &&Normal::new()), Lognormal::new(latency, &&Normal::new()));
        for bits in [0, 1 << 50, 1 << 60, u64::MAX / 2, u64::MAX - (1 << 50), u64::MAX] {
            assert_eq!(spans.span(Draw(bits)), plain.at(Draw(bits).unit()));
        }
    }
}
