//! Distributions in milliseconds, curves for charts, and intervals over trials.

use super::Trend;
use crate::record::Micros;
use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::beta::beta_reg;

/// Microseconds as milliseconds.
fn ms(micros: u64) -> f64 {
    micros as f64 / 1e3
}

impl Trend {
    /// The distribution of a histogram of microseconds; all zero when it is empty.
    pub fn from_micros(histogram: &Micros) -> Trend {
        if histogram.is_empty() {
            return Trend::default();
        }
        let at = |percentile| ms(histogram.value_at_percentile(percentile));
        Trend {
            count: histogram.len(),
            mean: round(histogram.mean() / 1e3),
            min: ms(histogram.min()),
            p50: at(50.0),
            p90: at(90.0),
            p95: at(95.0),
            p99: at(99.0),
            p99_9: at(99.9),
            max: ms(histogram.max()),
        }
    }
}

/// The value of the `rank`-th smallest of a histogram, counted from 1.
pub fn at_rank(histogram: &Micros, rank: u64) -> u64 {
    // Half a rank lower, so that no rounding of the quotient reaches the next.
    histogram.value_at_quantile((rank as f64 - 0.5) / histogram.len().max(1) as f64)
}

/// Six significant decimals are plenty for a derived figure and keep saved runs short.
pub fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// Three decimals are plenty for a rate that is read beside others.
pub fn tidy(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// `part ÷ whole`, 0 when there is no whole.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { round(part as f64 / whole as f64) }
}

/// The percentile curve for a chart with a logarithmic tail: [percentile, milliseconds], rising.
pub fn curve(histogram: &Micros) -> Vec<[f64; 2]> {
    if histogram.is_empty() {
        return Vec::new();
    }
    let mut points: Vec<[f64; 2]> = Vec::new();
    // Twelve points for each halving of the rest, until the rest is less than one sample.
    let (mut rest, step) = (1.0f64, libm::exp2(-1.0 / 12.0));
    while rest * histogram.len() as f64 >= 0.5 {
        let percentile = round(100.0 * (1.0 - rest));
        points.push([percentile, ms(histogram.value_at_percentile(percentile))]);
        rest *= step;
    }
    points.push([100.0, ms(histogram.max())]);
    points.dedup_by(|next, kept| next[0] == kept[0]);
    points
}

/// Logarithmic bins for a chart: [lower edge, upper edge in milliseconds, count], a tenth of a decade each.
pub fn bins(histogram: &Micros) -> Vec<[f64; 3]> {
    let mut bins: Vec<[f64; 3]> = Vec::new();
    let edge = |k: i32| round(libm::pow(10.0, f64::from(k) / 10.0) / 1e3);
    for value in histogram.iter_recorded() {
        // Values below 10 microseconds share the first bin.
        let k = (libm::log10(value.value_iterated_to().max(10) as f64) * 10.0).floor() as i32;
        let (low, high, count) = (edge(k), edge(k + 1), value.count_since_last_iteration() as f64);
        match bins.last_mut() {
            Some(last) if last[0] == low => last[2] += count,
            _ => bins.push([low, high, count]),
        }
    }
    bins
}

/// Student's t with `freedom` degrees of freedom, at least one.
fn student(freedom: usize) -> StudentsT {
    StudentsT::new(0.0, 1.0, freedom.max(1) as f64).expect("there is at least one degree of freedom")
}

/// The probability that Student's t with `freedom` degrees of freedom, at least one, lies within `t` of zero.
pub fn student_within(t: f64, freedom: usize) -> f64 {
    if t.is_infinite() { 1.0 } else { 1.0 - 2.0 * student(freedom).sf(t.abs()) }
}

/// The two-sided 95 % quantile of Student's t for `freedom` degrees of freedom, at least one.
pub fn t95(freedom: usize) -> f64 {
    student(freedom).inverse_cdf(f64::midpoint(1.0, CONFIDENCE))
}

/// How sure a statement has to be.
pub const CONFIDENCE: f64 = 0.95;

/// Mean and standard error of `values`; `None` below two.
pub fn mean_and_error(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len();
    if n < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
    Some((mean, (variance / n as f64).sqrt()))
}

/// The 95 % interval of the mean of `values`; `None` below two.
pub fn interval(values: &[f64]) -> Option<[f64; 2]> {
    let (mean, error) = mean_and_error(values)?;
    let half = t95(values.len() - 1) * error;
    Some([round(mean - half), round(mean + half)])
}

/// The fewest of which none may be an offender for it to be 95 % sure that offenders are at most the share `allowed`: the
/// smallest n with 1 − (1 − allowed)^n ≥ 0.95.
pub fn fewest(allowed: f64) -> u64 {
    let one = libm::log1p(-allowed.clamp(0.0, 1.0));
    ((libm::log1p(-CONFIDENCE) / one).ceil() as u64).max(1)
}

/// The share that offenders may yet make up, 95 % sure, if none was seen among `of`.
pub fn unseen(of: u64) -> f64 {
    -libm::expm1(libm::log1p(-CONFIDENCE) / of.max(1) as f64)
}

/// The probability of `least` or more among `of` if each is one with probability `share`, whatever the others are: a tail of
/// the binomial distribution, which is the regularised incomplete beta function.
pub fn at_least(least: u64, of: u64, share: f64) -> f64 {
    match (least, share) {
        (0, _) => 1.0,
        (least, _) if least > of => 0.0,
        (_, share) if share <= 0.0 => 0.0,
        (_, share) if share >= 1.0 => 1.0,
        _ => beta_reg(least as f64, (of - least) as f64 + 1.0, share),
    }
}

/// The standard error of a share, from each trial's (part, whole): that of a ratio of sums (Cochran 1977, 6.4). `None` below
/// two trials, or if there is no whole.
pub fn error_of_share(trials: &[(u64, u64)]) -> Option<f64> {
    let k = trials.len() as f64;
    let (part, whole) = trials.iter().fold((0, 0), |sum, each| (sum.0 + each.0, sum.1 + each.1));
    if trials.len() < 2 || whole == 0 {
        return None;
    }
    let ratio = part as f64 / whole as f64;
    let off = |(part, whole): &(u64, u64)| (*part as f64 - ratio * *whole as f64).powi(2);
    let squares: f64 = trials.iter().map(off).sum();
    Some((squares * k / (k - 1.0)).sqrt() / whole as f64)
}

/// A 95 % interval of a figure that lies between `low` and `high`. What shows neither spread nor a case to the contrary
/// among `of` is not thereby certain: at an end of the range the interval reaches as far as what was not seen may be.
pub fn within(interval: [f64; 2], [low, high]: [f64; 2], of: u64) -> [f64; 2] {
    let [from, to] = [interval[0].clamp(low, high), interval[1].clamp(low, high)];
    match of {
        1.. if to <= low => [low, round(low + unseen(of))],
        1.. if from >= high => [round(high - unseen(of)), high],
        _ => [from, to],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::micros;

    #[test]
    fn an_interval_is_students_t_over_trials() {
        assert_eq!(interval(&[1.0]), None);
        let [low, high] = interval(&[10.0, 12.0, 11.0, 13.0, 14.0]).expect("five trials");
        assert!((low - 10.036765).abs() < 1e-3 && (high - 13.963235).abs() < 1e-3, "{low} {high}");
    }

    #[test]
    fn quantiles_of_students_t_are_the_published_ones() {
        for (freedom, quantile) in [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (9, 2.262),
            (30, 2.042),
            (60, 2.000),
            (120, 1.980),
            (1_000, 1.962),
        ] {
            assert!((t95(freedom) - quantile).abs() < 6e-4, "{freedom}: {}", t95(freedom));
        }
        assert!((student_within(1.0, 1) - 0.5).abs() < 1e-12 && student_within(f64::INFINITY, 3) == 1.0);
    }

    #[test]
    fn the_error_of_a_share_is_that_of_the_trials_shares_where_trials_are_alike() {
        let shares = [0.10, 0.12, 0.11, 0.13, 0.14];
        let trials = shares.map(|share| ((share * 1_000.0) as u64, 1_000));
        let (_, error) = mean_and_error(&shares).expect("five trials");
        assert!((error_of_share(&trials).expect("five trials") - error).abs() < 1e-9);
        assert_eq!(error_of_share(&[(1, 10)]), None);
        assert_eq!(error_of_share(&[(0, 0), (0, 0)]), None);
    }

    #[test]
    fn so_many_are_needed_to_be_sure_of_a_share() {
        let needed = [0.5, 0.1, 0.05, 0.01, 0.001, 1.0].map(fewest);
        assert_eq!(needed, [5, 29, 59, 299, 2_995, 1]);
        for allowed in [0.5, 0.1, 0.01, 0.001] {
            let n = fewest(allowed);
            assert!(unseen(n) <= allowed && unseen(n - 1) > allowed, "{allowed}");
            assert!((at_least(1, n, allowed) - (1.0 - (1.0 - allowed).powi(n as i32))).abs() < 1e-9);
        }
        assert!(
            (at_least(3, 4, 0.5) - 5.0 / 16.0).abs() < 1e-12
                && (at_least(4, 4, 0.5) - 1.0 / 16.0).abs() < 1e-12
        );
        assert!(at_least(5, 4, 0.5) == 0.0 && at_least(0, 4, 0.5) == 1.0 && at_least(1, 1, 1.0) == 1.0);
        // Where a sum of its terms underflows: ten standard deviations above and below.
        assert!(at_least(110_000, 1_000_000, 0.1) < 1e-200 && at_least(90_000, 1_000_000, 0.1) > 1.0 - 1e-12);
    }

    #[test]
    fn an_interval_stays_in_its_range_and_is_never_a_point_at_its_end() {
        assert_eq!(within([-2.3, 4.0], [0.0, f64::INFINITY], 0), [0.0, 4.0]);
        assert_eq!(within([0.98, 1.02], [0.0, 1.0], 500), [0.98, 1.0]);
        let [low, high] = within([1.0, 1.0], [0.0, 1.0], 299);
        assert!((0.99..0.9901).contains(&low) && high == 1.0, "{low}");
        let [low, high] = within([0.0, 0.0], [0.0, 1.0], 299);
        assert!(low == 0.0 && (0.0099..0.01).contains(&high), "{high}");
    }

    #[test]
    fn a_mean_lies_between_least_and_greatest_however_values_are_rounded() {
        for seed in 0..500u64 {
            let mut histogram = micros();
            let value = |n: u64| (seed * 7_919 + n * n * 104_729) % 10u64.pow(1 + (seed % 8) as u32);
            (0..=seed % 5).for_each(|n| histogram.record(value(n)).expect("resizes"));
            let t = Trend::from_micros(&histogram);
            assert!(t.min <= t.mean && t.mean <= t.max, "{seed}: {t:?}");
            assert!(t.min <= t.p50 && t.p50 <= t.p99 && t.p99_9 <= t.max, "{seed}: {t:?}");
        }
    }

    #[test]
    fn a_trend_is_in_milliseconds_and_an_empty_one_is_zero() {
        let mut histogram = micros();
        (1..=1_000u64).for_each(|v| histogram.record(v * 1_000).expect("resizes"));
        let trend = Trend::from_micros(&histogram);
        assert_eq!(trend.count, 1_000);
        assert!((trend.p99 - 990.0).abs() <= 1.0 && (trend.p50 - 500.0).abs() <= 1.0, "{trend:?}");
        assert_eq!(Trend::from_micros(&micros()), Trend::default());
        let curve = curve(&histogram);
        assert!(curve.windows(2).all(|w| w[0][0] < w[1][0] && w[0][1] <= w[1][1]), "rising");
        assert_eq!(bins(&histogram).iter().map(|bin| bin[2]).sum::<f64>(), 1_000.0);
    }
}
