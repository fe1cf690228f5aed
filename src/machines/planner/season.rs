//! Season and trend of a load, from hourly sums of more than a year: what the weeks to come add to what is seen now.
//!
//! ```text
//! hours ─▶ the busiest hour of each week ─┬─ the last weeks against the same a year before ─▶ trend
//!                                         └─ the busiest to come, at today's level ÷ the last four ─▶ season
//! ```

use crate::results::tidy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Seconds of a week.
const WEEK: i64 = 7 * 86_400;
/// Weeks after which a year comes again.
const YEAR: usize = 52;
/// The last weeks, which are what is seen now.
const NOW: usize = 4;
/// Pairs of weeks a year apart from which a trend is told.
const PAIRS: usize = 4;
/// Weeks without which nothing is told.
const FEWEST: usize = 8;

/// What a history of hours says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Season {
    /// Whole weeks of the history.
    pub weeks: u32,
    /// The busiest hour of the last four weeks, calls a second on average.
    pub now_per_s: f64,
    /// The busiest hour to come by the year before, at today's level.
    pub to_come_per_s: f64,
    /// When it was, seconds since 1970: the hour's beginning.
    pub at: i64,
    /// How much more that is, at least 1.
    pub factor: f64,
    /// The load as a multiple of the one a year before; null where less than a year can be compared.
    pub trend_per_year: Option<f64>,
    /// Whether the history lacks weeks that are to come: what they hold cannot be told.
    pub is_short: bool,
}

/// The busiest hour of a week.
#[derive(Clone, Copy)]
struct Peak {
    at: i64,
    calls: f64,
}

/// What hourly sums, by the second since 1970 at which each hour begins, say of the `months` to come; of a year without.
///
/// # Errors
/// They span too little time, or hold no calls.
pub fn season(hours: &BTreeMap<i64, f64>, months: Option<f64>) -> Result<Season, String> {
    let peaks = weekly(hours);
    if peaks.len() < FEWEST {
        return Err(format!(
            "its hours make {} whole weeks, and a season needs {FEWEST} or more; CloudWatch keeps hours for 455 days",
            peaks.len()
        ));
    }
    let trend = trend(&peaks);
    let now = greatest(peaks.iter().take(NOW).map(|peak| (peak.calls, peak.at)));
    if now.0 <= 0.0 {
        return Err("its last four weeks hold no calls, so nothing can be compared with them".into());
    }
    // Of the weeks to come, the one of a year ago that stands in for each: the first is 52 weeks old, less one for each.
    let ahead = months.map_or(YEAR, |months| ((months * 365.25 / 12.0 / 7.0).ceil() as usize).clamp(1, YEAR));
    let stands_in = |age: usize| age < YEAR && age + ahead >= YEAR;
    let level = |age: usize| trend.map_or(1.0, |trend| libm::pow(trend, age as f64 / YEAR as f64));
    let to_come = peaks.iter().enumerate().filter(|(age, _)| stands_in(*age));
    let to_come = greatest(to_come.map(|(age, peak)| (peak.calls * level(age), peak.at)));
    let factor = (to_come.0 / now.0).max(1.0);
    let at = if factor > 1.0 { to_come.1 } else { now.1 };
    Ok(Season {
        weeks: u32::try_from(peaks.len()).unwrap_or(u32::MAX),
        now_per_s: tidy(now.0 / 3_600.0),
        to_come_per_s: tidy(to_come.0 / 3_600.0),
        at,
        factor: tidy(factor),
        trend_per_year: trend.map(tidy),
        is_short: peaks.len() < YEAR,
    })
}

impl Season {
    /// The growth that the trend makes in so many months.
    pub fn trend_until(&self, months: f64) -> Option<f64> {
        self.trend_per_year.map(|trend| libm::pow(trend, months / 12.0))
    }
}

/// The busiest hour of each whole week, the last week first.
fn weekly(hours: &BTreeMap<i64, f64>) -> Vec<Peak> {
    let (Some(first), Some(last)) = (hours.keys().next(), hours.keys().next_back()) else {
        return Vec::new();
    };
    let end = last + 3_600;
    let weeks = usize::try_from((end - first) / WEEK).unwrap_or(0);
    let mut peaks = vec![Peak { at: end, calls: 0.0 }; weeks];
    for (at, calls) in hours {
        let age = usize::try_from((end - 1 - at) / WEEK).unwrap_or(usize::MAX);
        if let Some(peak) = peaks.get_mut(age).filter(|peak| *calls > peak.calls) {
            *peak = Peak { at: *at, calls: *calls };
        }
    }
    peaks
}

/// The middle ratio of weeks to those a year before.
fn trend(peaks: &[Peak]) -> Option<f64> {
    let pairs = peaks.iter().zip(peaks.get(YEAR..)?);
    let mut ratios: Vec<f64> =
        pairs.filter(|(_, then)| then.calls > 0.0).map(|(now, then)| now.calls / then.calls).collect();
    if ratios.len() < PAIRS {
        return None;
    }
    ratios.sort_by(f64::total_cmp);
    let middle = ratios.len() / 2;
    let is_even = ratios.len().is_multiple_of(2);
    let median = if is_even { f64::midpoint(ratios[middle - 1], ratios[middle]) } else { ratios[middle] };
    (median > 0.0).then_some(median)
}

fn greatest(values: impl Iterator<Item = (f64, i64)>) -> (f64, i64) {
    values.fold((0.0, 0), |top, next| if next.0 > top.0 { next } else { top })
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: i64 = 1_790_000_000 / 3_600 * 3_600;

    /// `days` of hours that grow `trend`-fold a year; `peak` times as high in the week that began so many weeks before the end.
    fn hours(days: i64, trend: f64, (peak, weeks): (f64, i64)) -> BTreeMap<i64, f64> {
        (1..=days * 24)
            .map(|ago| {
                let at = END - ago * 3_600;
                let level = libm::pow(trend, -(ago as f64) / 24.0 / 364.0);
                let daily = 1.0 + 0.5 * libm::sin(at as f64 / 86_400.0 * 2.0 * std::f64::consts::PI);
                let is_high = (ago - 1) / 168 == weeks;
                (at, 36_000.0 * level * daily * if is_high { peak } else { 1.0 })
            })
            .collect()
    }

    #[test]
    fn a_season_to_come_and_a_trend_are_found_again() {
        let found = season(&hours(455, 1.3, (3.0, 40)), None).unwrap();
        assert_eq!((found.weeks, found.is_short), (65, false));
        assert!((found.trend_per_year.unwrap() - 1.3).abs() < 0.01, "{found:?}");
        // Three times as high, at today's level; the busiest hour of now is a little younger than a week.
        assert!((found.factor - 3.0).abs() < 0.05, "{found:?}");
        assert!((END - found.at - 40 * WEEK) / 3_600 < 168, "{found:?}");
        assert!((found.now_per_s - 15.0).abs() < 0.2, "{found:?}");
        assert!((found.trend_until(6.0).unwrap() - libm::sqrt(1.3)).abs() < 0.01);
    }

    #[test]
    fn a_season_beyond_the_date_does_not_count() {
        // 40 weeks ago: it comes again in 12 weeks.
        let hours = hours(455, 1.0, (3.0, 40));
        assert!((season(&hours, Some(4.0)).unwrap().factor - 3.0).abs() < 0.05);
        assert_eq!(season(&hours, Some(1.0)).unwrap().factor, 1.0);
    }

    #[test]
    fn a_peak_that_is_now_is_no_season_and_no_trend_is_told_from_half_a_year() {
        let now = season(&hours(455, 1.0, (3.0, 1)), None).unwrap();
        assert_eq!((now.factor, now.trend_per_year), (1.0, Some(1.0)), "{now:?}");
        let short = season(&hours(182, 1.5, (2.0, 20)), None).unwrap();
        assert!(short.is_short && short.trend_per_year.is_none(), "{short:?}");
        assert!(season(&hours(40, 1.0, (1.0, 1)), None).unwrap_err().contains("5 whole weeks"));
        assert!(season(&BTreeMap::new(), None).is_err());
    }
}
