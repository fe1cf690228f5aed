//! What the seconds of a load say: its busiest second, its busiest minute, and how far they lie apart.

use super::stats::tidy;
use crate::quota::PoolReport;
use serde::{Deserialize, Serialize};

const MINUTE_S: f64 = 60.0;

/// A load second by second, in a few figures. Minutes follow one another from its start on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Seconds {
    /// Attempts a second, mean over the schedule.
    pub mean_per_s: f64,
    /// The busiest second.
    pub peak_1s: f64,
    /// When it begins, seconds since the start.
    pub peak_at_s: f64,
    /// The second that one in a thousand exceeds.
    pub p99_9_1s: f64,
    /// The busiest minute, a second; of a shorter schedule all of it.
    pub peak_1m_per_s: f64,
    /// When it begins.
    pub peak_minute_at_s: f64,
    /// `peak_1s ÷` the mean of the minute it lies in.
    pub burst_factor: f64,
    /// How long demand is above nine tenths of the busiest minute's, in seconds.
    pub peak_lasts_s: f64,
    /// How long the schedule is, in seconds.
    pub window_s: f64,
    /// How many seconds are counted together: 1, and more only where a schedule lasts longer than four weeks, or the emulator has
    /// been asked for more than an hour. But for `peak_1s`, what is said of a second is then of so many.
    #[serde(default)]
    pub resolution_s: f64,
}

/// How long a schedule may have been for an older keystorm to count its seconds one by one.
const ONCE_S: f64 = 3_600.0;

impl Seconds {
    /// What a series says, whose intervals are `interval_s` long and hold counts; the peak of one second is told beside it,
    /// since intervals may be longer.
    pub fn of_series(counts: &[f64], interval_s: u64, peak_1s: u64) -> Seconds {
        let each = interval_s.max(1) as f64;
        let per_s: Vec<f64> = counts.iter().map(|count| count / each).collect();
        if per_s.is_empty() {
            return Seconds { resolution_s: each, ..Seconds::default() };
        }
        let window_s = per_s.len() as f64 * each;
        let at = greatest(&per_s);
        let minute = ((MINUTE_S / each).round() as usize).clamp(1, per_s.len());
        let means: Vec<f64> = minutes(&per_s, minute);
        let busiest = greatest(&means);
        let top = means.get(busiest).copied().unwrap_or(0.0);
        let own = means.get((at / minute).min(means.len() - 1)).copied().unwrap_or(0.0);
        let mut sorted = per_s.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = ((0.999 * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len());
        let lasts = means.iter().filter(|mean| **mean >= 0.9 * top).count() * minute;
        Seconds {
            mean_per_s: tidy(per_s.iter().sum::<f64>() / per_s.len() as f64),
            peak_1s: peak_1s as f64,
            peak_at_s: at as f64 * each,
            p99_9_1s: tidy(sorted[rank - 1]),
            peak_1m_per_s: tidy(top),
            peak_minute_at_s: (busiest * minute) as f64 * each,
            burst_factor: if own > 0.0 { tidy(peak_1s as f64 / own) } else { 0.0 },
            peak_lasts_s: (lasts as f64 * each).min(window_s),
            window_s,
            resolution_s: each,
        }
    }

    /// What one pool met in so many trials, second by second; those without a report asked nothing of it.
    pub fn of_trials(reports: &[&PoolReport], trials: usize) -> Seconds {
        let interval_s = reports.iter().map(|report| report.interval_s).max().unwrap_or(1).max(1);
        let length =
            |report: &&PoolReport| (report.series.len() as u64 * report.interval_s).div_ceil(interval_s);
        let mut mean = vec![0.0; reports.iter().map(length).max().unwrap_or(0) as usize];
        for report in reports {
            for (place, count) in report.series.iter().enumerate() {
                mean[(place as u64 * report.interval_s / interval_s) as usize] +=
                    f64::from(*count) / trials.max(1) as f64;
            }
        }
        let peak_1s = reports.iter().map(|report| report.peak_1s).max().unwrap_or(0);
        Seconds::of_series(&mean, interval_s, peak_1s)
    }

    /// Fills in what older documents do not tell; whether it can be told: of a longer schedule seconds were counted together.
    pub fn settle(&mut self) -> bool {
        if self.resolution_s <= 0.0 && self.window_s <= ONCE_S {
            self.resolution_s = 1.0;
        }
        self.resolution_s > 0.0
    }

    /// How long that is which stands for a minute: 60 s, or all of a shorter schedule, or as many whole intervals as come
    /// nearest where those are longer than a second.
    pub fn minute_s(&self) -> f64 {
        let each = self.resolution_s.max(1.0);
        ((MINUTE_S / each).round().max(1.0) * each).min(self.window_s)
    }
}

/// The place of the greatest value, the first of equals.
fn greatest(values: &[f64]) -> usize {
    (0..values.len()).fold(0, |top, at| if values[at] > values[top] { at } else { top })
}

/// Means of whole minutes one after another; a rest shorter than half of one joins nothing, unless it is all there is.
fn minutes(per_s: &[f64], minute: usize) -> Vec<f64> {
    let whole = per_s.chunks(minute).filter(|chunk| chunk.len() * 2 > minute);
    whole.map(|chunk| chunk.iter().sum::<f64>() / chunk.len() as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_tells_its_busiest_second_beside_its_minute() {
        let mut series = vec![100.0; 180];
        series[70] = 400.0;
        let load = Seconds::of_series(&series, 1, 400);
        assert_eq!((load.peak_1s, load.peak_at_s, load.peak_minute_at_s), (400.0, 70.0, 60.0));
        assert!(
            (load.peak_1m_per_s - 105.0).abs() < 1e-9 && (load.burst_factor - 400.0 / 105.0).abs() < 1e-3
        );
        assert_eq!((load.p99_9_1s, load.peak_lasts_s, load.window_s), (400.0, 180.0, 180.0));
        assert_eq!((load.minute_s(), load.resolution_s), (60.0, 1.0));
        assert_eq!(Seconds::of_series(&[], 1, 0), Seconds { resolution_s: 1.0, ..Seconds::default() });
    }

    #[test]
    fn what_stands_for_a_minute_is_as_long_as_it_says() {
        let short = Seconds::of_series(&[1.0; 20], 1, 1);
        assert_eq!((short.minute_s(), short.peak_1m_per_s), (20.0, 1.0));
        let mut long = vec![8.0; 1_000];
        long[16..24].fill(80.0);
        let long = Seconds::of_series(&long, 8, 11);
        assert_eq!((long.minute_s(), long.resolution_s, long.peak_at_s), (64.0, 8.0, 128.0));
        assert_eq!((long.peak_minute_at_s, long.peak_1m_per_s), (128.0, 10.0));
    }
}
