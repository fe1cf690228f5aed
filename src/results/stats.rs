//! Distributions in milliseconds, curves for charts, and intervals over trials.

use super::Trend;
use crate::record::Micros;

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

/// Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom.
const T95: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/// The two-sided 95 % quantile of Student's t for `freedom` degrees of freedom, at least one.
pub fn t95(freedom: usize) -> f64 {
    T95.get(freedom.max(1) - 1).copied().unwrap_or(1.96)
}

/// The 95 % interval of the mean of `values`; `None` below two.
pub fn interval(values: &[f64]) -> Option<[f64; 2]> {
    let n = values.len();
    if n < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
    let half = t95(n - 1) * (variance / n as f64).sqrt();
    Some([round(mean - half), round(mean + half)])
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
