//! What the intervals of a run say about the error of its figures: neighbouring intervals are alike, so that many of them
//! are worth as much as a few that know nothing of each other (the effective sample size).

use super::StrategyRun;
use super::stats::mean_and_error;

/// A figure with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub mean: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom of that error.
    pub freedom: f64,
}

impl Estimate {
    /// The difference of two that know nothing of each other (Welch 1947).
    pub fn minus(self, other: Estimate) -> Estimate {
        let (own, others) = (self.error * self.error, other.error * other.error);
        let below = own * own / self.freedom + others * others / other.freedom;
        let freedom =
            if below > 0.0 { (own + others) * (own + others) / below } else { self.freedom + other.freedom };
        Estimate { mean: self.mean - other.mean, error: (own + others).sqrt(), freedom: freedom.max(1.0) }
    }
}

/// What is counted in one interval.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub goodput: f64,
    pub failed: f64,
    pub shed: f64,
    pub attempts: f64,
    pub throttled: f64,
    in_flight: f64,
}

/// Intervals below which nothing is said.
const FEWEST: usize = 10;

/// The intervals in which jobs arrived, but for the first and the last, which may be cut short.
fn rows(run: &StrategyRun) -> Option<(f64, Vec<Counts>)> {
    let timeline = &run.timeline;
    let first = timeline.offered.iter().position(|count| *count > 0)? + 1;
    let last = timeline.offered.iter().rposition(|count| *count > 0)?;
    let at = |series: &[u64], index: usize| series.get(index).copied().unwrap_or(0) as f64;
    let row = |index: usize| Counts {
        goodput: at(&timeline.goodput, index),
        failed: at(&timeline.failed, index),
        shed: at(&timeline.shed, index),
        attempts: at(&timeline.attempts, index),
        throttled: at(&timeline.throttled, index),
        in_flight: at(&timeline.in_flight, index),
    };
    let rows: Vec<Counts> = (first..last).map(row).collect();
    let per_second = 1.0 / (timeline.interval_s.max(1) as f64 * f64::from(run.trials.max(1)));
    (rows.len() >= FEWEST).then_some((per_second, rows))
}

/// How many independent values `values` are worth: their number over the sum of their autocorrelations, which ends where
/// two neighbours no longer add up to anything (Geyer 1992).
pub fn effective(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let at = |lag: usize| -> f64 {
        let pairs = values.iter().zip(&values[lag..]);
        pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / n
    };
    let variance = at(0);
    if variance <= 0.0 {
        return n;
    }
    let mut sum = 1.0;
    for lag in (1..values.len() / 2).step_by(2) {
        let pair = (at(lag) + at(lag + 1)) / variance;
        if pair <= 0.0 {
            break;
        }
        sum += 2.0 * pair;
    }
    (n / sum).clamp(1.0, n)
}

/// The mean of values in order, with the error that their effective number leaves.
fn of(values: &[f64]) -> Option<Estimate> {
    let (mean, error) = mean_and_error(values)?;
    let effective = effective(values);
    let freedom = effective - 1.0;
    (freedom >= 1.0).then(|| Estimate {
        mean,
        error: error * (values.len() as f64 / effective).sqrt(),
        freedom,
    })
}

/// So many a second and trial.
pub fn rate(run: &StrategyRun, count: fn(&Counts) -> f64) -> Option<Estimate> {
    let (per_second, rows) = rows(run)?;
    let values: Vec<f64> = rows.iter().map(|row| count(row) * per_second).collect();
    of(&values)
}

/// A part of a whole: the error is that of what the part has more or less than its share, interval by interval.
pub fn ratio(run: &StrategyRun, of_row: fn(&Counts) -> (f64, f64)) -> Option<Estimate> {
    let (_, rows) = rows(run)?;
    let pairs: Vec<(f64, f64)> = rows.iter().map(of_row).collect();
    let (part, whole) = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    if whole <= 0.0 {
        return None;
    }
    let share = part / whole;
    let rest: Vec<f64> = pairs.iter().map(|(part, whole)| part - share * whole).collect();
    let estimate = of(&rest)?;
    let mean_whole = whole / pairs.len() as f64;
    Some(Estimate { mean: share, error: estimate.error / mean_whole, ..estimate })
}

/// A percentile of response times: its error follows from how many independent jobs it was measured on. Jobs are as alike
/// as the intervals' jobs in flight are.
pub fn quantile(run: &StrategyRun, percentile: f64) -> Option<Estimate> {
    let (_, rows) = rows(run)?;
    let in_flight: Vec<f64> = rows.iter().map(|row| row.in_flight).collect();
    let intervals = effective(&in_flight);
    let jobs = run.response_time_ms.count as f64 * intervals / rows.len() as f64;
    let share = percentile / 100.0;
    let apart = 100.0 * (share * (1.0 - share) / jobs.max(1.0)).sqrt();
    let curve = &run.response_curve_ms;
    let (low, high) = (on(curve, percentile - apart)?, on(curve, percentile + apart)?);
    let freedom = intervals - 1.0;
    let mean = on(curve, percentile)?;
    (freedom >= 1.0).then(|| Estimate { mean, error: (high - low) / 2.0, freedom })
}

/// The curve at a percentile, between its points on a straight line; `None` beyond its ends.
fn on(curve: &[[f64; 2]], percentile: f64) -> Option<f64> {
    let after = curve.iter().position(|[at, _]| *at >= percentile)?;
    let [high, above] = curve[after];
    if high == percentile {
        return Some(above);
    }
    let [low, below] = *curve.get(after.checked_sub(1)?)?;
    Some(below + (above - below) * (percentile - low) / (high - low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Stream};

    /// Normal enough: the sum of twelve uniform draws, less six.
    fn noise(stream: &Stream, n: u64) -> f64 {
        (0..12).map(|k| stream.draw(n * 12 + k).below(1 << 30) as f64 / f64::from(1 << 30)).sum::<f64>() - 6.0
    }

    #[test]
    fn neighbours_that_are_alike_count_for_less() {
        let stream = Stream::new(3, 0, Purpose::Arrival, 0);
        let white: Vec<f64> = (0..4_000).map(|n| noise(&stream, n)).collect();
        let alone = effective(&white) / 4_000.0;
        assert!((0.8..=1.0).contains(&alone), "{alone}");
        // x(n) = 0.8 x(n-1) + e: (1 - 0.8) / (1 + 0.8) of them count.
        let mut last = 0.0;
        let alike: Vec<f64> = white
            .iter()
            .map(|e| {
                last = 0.8 * last + e;
                last
            })
            .collect();
        let share = effective(&alike) / 4_000.0;
        assert!((0.08..0.15).contains(&share), "{share}");
        assert_eq!(effective(&[2.0; 20]), 20.0);
    }

    #[test]
    fn welchs_difference_has_the_published_freedom() {
        // Two samples of 10 and 20 with variances 9 and 4: errors 0.9487 and 0.4472.
        let one = Estimate { mean: 5.0, error: (9.0f64 / 10.0).sqrt(), freedom: 9.0 };
        let other = Estimate { mean: 3.0, error: (4.0f64 / 20.0).sqrt(), freedom: 19.0 };
        let apart = one.minus(other);
        assert_eq!(apart.mean, 2.0);
        assert!((apart.error - 1.1f64.sqrt()).abs() < 1e-12);
        assert!((apart.freedom - 1.21 / (0.81 / 9.0 + 0.04 / 19.0)).abs() < 1e-9, "{}", apart.freedom);
    }

    #[test]
    fn a_curve_is_read_between_its_points_and_not_beyond() {
        let curve = [[0.0, 1.0], [50.0, 3.0], [100.0, 13.0]];
        assert_eq!(
            [on(&curve, 0.0), on(&curve, 25.0), on(&curve, 75.0), on(&curve, 100.0)],
            [1.0, 2.0, 8.0, 13.0].map(Some)
        );
        assert_eq!([on(&curve, 100.1), on(&curve, -0.1)], [None, None]);
    }
}
