//! What AWS SDKs did before their standard mode, or do without it.
//!
//! | preset | attempts | throttled, before retry n | otherwise | retry quota | read in, on 2026-11-30 |
//! |---|--:|---|---|---|---|
//! | botocore | 5 | U × 1 s × 2ⁿ⁻¹ | the same | none | `_retry.json`, `retryhandler.py` of botocore 1.43.11 |
//! | java1 | 4 | half + U × half of 500 ms × 2ⁿ⁻¹, ≤ 20 s | U × 100 ms × 2ⁿ⁻¹, ≤ 20 s | throttling free, else 5 | `PredefinedBackoffStrategies`, `AmazonHttpClient` of aws-sdk-java |
//! | java2 | 4 | as java1 | as java1 | throttling 0, else 5 | `DefaultRetryStrategy.Legacy` of aws-sdk-java-v2 |
//! | js2 | 4 | U × 100 ms × 2ⁿ⁻¹ | the same | none | `util.calculateRetryDelay` of aws-sdk-js |
//! | go1 | 4 | (1 + U) × 500 ms × 2ⁿ⁻¹ | (1 + U) × 30 ms × 2ⁿ⁻¹ | none | `client.DefaultRetryer` of aws-sdk-go |
//! | dotnet | 5 | 100 ms × 4ⁿ, ≤ 30 s, no jitter | the same | 5 | `DefaultRetryPolicy` of aws-sdk-net |
//!
//! U is uniform from 0 to 1. Retry quotas hold 500 tokens; a success gives back what its call took last, or one.

use super::aws::Kind;
use super::backoff::{Backoff, uniform};
use super::policy::{Jitter, LegacySdk};
use crate::rng::Draw;
use crate::time::Span;

/// The longest delay of go1; beyond it, it draws between the half of it and it.
const GO_LONGEST: Span = Span::from_secs(300);
/// Where growth ends in SDKs that have no cap: longer than any run.
const NO_CAP: Span = Span::from_secs(365 * 86_400);

impl LegacySdk {
    /// Attempts of a call, the first included, unless it is told another number.
    pub const fn max_attempts(self) -> u32 {
        match self {
            LegacySdk::Botocore | LegacySdk::DotNet => 5,
            LegacySdk::Java1 | LegacySdk::Java2 | LegacySdk::Js2 | LegacySdk::Go1 => 4,
        }
    }

    /// What a retry takes from the retry quota; `None` if it does not look at it.
    pub(super) const fn cost(self, kind: Kind) -> Option<u32> {
        match (self, kind) {
            (LegacySdk::DotNet, _) | (LegacySdk::Java1 | LegacySdk::Java2, Kind::Transient) => Some(5),
            (LegacySdk::Java2, Kind::Throttling) => Some(0),
            _ => None,
        }
    }

    /// The wait after the `n`-th attempt failed.
    pub(super) fn backoff(self, kind: Kind, n: u32, draw: Draw) -> Span {
        let millis = Span::from_millis;
        let (base, cap, factor, jitter) = match (self, kind) {
            (LegacySdk::Botocore, _) => (millis(1000), NO_CAP, 2.0, Jitter::Full),
            (LegacySdk::Java1 | LegacySdk::Java2, Kind::Throttling) => {
                (millis(500), millis(20_000), 2.0, Jitter::Equal)
            }
            (LegacySdk::Java1 | LegacySdk::Java2, Kind::Transient) => {
                (millis(100), millis(20_000), 2.0, Jitter::Full)
            }
            (LegacySdk::Js2, _) => (millis(100), NO_CAP, 2.0, Jitter::Full),
            (LegacySdk::DotNet, _) => (millis(400), millis(30_000), 4.0, Jitter::None),
            (LegacySdk::Go1, Kind::Throttling) => return go(millis(500), n, draw),
            (LegacySdk::Go1, Kind::Transient) => return go(millis(30), n, draw),
        };
        let mut previous = Span::ZERO;
        Backoff { base, cap, factor, jitter }.delay(n, &mut previous, draw)
    }
}

/// Uniform from `base` × 2ⁿ⁻¹ to its double; whatever exceeds five minutes is drawn again between 150 s and 300 s.
fn go(base: Span, n: u32, draw: Draw) -> Span {
    let low = base.times(1 << (n.max(1) - 1).min(20));
    let half = Span::from_nanos(GO_LONGEST.as_nanos() / 2);
    let whole = uniform(low, low.times(2), draw);
    if whole <= GO_LONGEST {
        return whole;
    }
    // What lies above the limit is as uniform as a second draw would be.
    let above = low.max(GO_LONGEST);
    let share = (whole - above).as_secs_f64() / (low.times(2) - above).as_secs_f64();
    half + Span::from_secs_f64(half.as_secs_f64() * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOWEST: Draw = Draw(0);
    const HALF: Draw = Draw(1 << 63);
    const HIGHEST: Draw = Draw(u64::MAX);

    #[test]
    fn each_sdk_waits_as_it_published() {
        let (throttled, other) = (Kind::Throttling, Kind::Transient);
        for (sdk, kind, n, low, high) in [
            (LegacySdk::Botocore, throttled, 1, 0.0, 1.0),
            (LegacySdk::Botocore, other, 4, 0.0, 8.0),
            (LegacySdk::Botocore, throttled, 9, 0.0, 256.0),
            (LegacySdk::Java1, throttled, 1, 0.25, 0.5),
            (LegacySdk::Java1, throttled, 9, 10.0, 20.0),
            (LegacySdk::Java1, other, 3, 0.0, 0.4),
            (LegacySdk::Java2, throttled, 2, 0.5, 1.0),
            (LegacySdk::Java2, other, 1, 0.0, 0.1),
            (LegacySdk::Js2, throttled, 3, 0.0, 0.4),
            (LegacySdk::Go1, throttled, 1, 0.5, 1.0),
            (LegacySdk::Go1, throttled, 3, 2.0, 4.0),
            (LegacySdk::Go1, other, 2, 0.06, 0.12),
            (LegacySdk::Go1, throttled, 11, 150.0, 300.0),
            (LegacySdk::Go1, throttled, 9_999, 150.0, 300.0),
            (LegacySdk::DotNet, throttled, 1, 0.4, 0.4),
            (LegacySdk::DotNet, throttled, 3, 6.4, 6.4),
            (LegacySdk::DotNet, other, 5, 30.0, 30.0),
        ] {
            for (draw, expected) in [(LOWEST, low), (HALF, f64::midpoint(low, high)), (HIGHEST, high)] {
                let got = sdk.backoff(kind, n, draw).as_secs_f64();
                assert!((got - expected).abs() < 1e-6, "{sdk:?} {kind:?} {n}: {got}, not {expected}");
            }
        }
    }

    #[test]
    fn the_go_sdk_draws_again_above_five_minutes() {
        // 500 ms × 2⁹ = 256 s: up to 300 s as drawn, what is above begins at 150 s.
        let wait = |share: f64| {
            LegacySdk::Go1.backoff(Kind::Throttling, 10, Draw((share * 2f64.powi(64)) as u64)).as_secs_f64()
        };
        assert!((wait(0.0) - 256.0).abs() < 1e-6);
        assert!((wait(44.0 / 256.0) - 300.0).abs() < 1e-3);
        assert!((wait(44.01 / 256.0) - 150.0).abs() < 0.05);
        assert!((wait(0.999_999_9) - 300.0).abs() < 1e-3);
    }

    #[test]
    fn what_a_retry_costs_and_how_many_there_are() {
        for (sdk, attempts, throttled, other) in [
            (LegacySdk::Botocore, 5, None, None),
            (LegacySdk::Java1, 4, None, Some(5)),
            (LegacySdk::Java2, 4, Some(0), Some(5)),
            (LegacySdk::Js2, 4, None, None),
            (LegacySdk::Go1, 4, None, None),
            (LegacySdk::DotNet, 5, Some(5), Some(5)),
        ] {
            assert_eq!(sdk.max_attempts(), attempts, "{sdk:?}");
            assert_eq!(
                (sdk.cost(Kind::Throttling), sdk.cost(Kind::Transient)),
                (throttled, other),
                "{sdk:?}"
            );
        }
    }
}
