//! How many days are left until a quota is used up, at the growth that was seen.

use crate::results::t95;
use std::collections::BTreeMap;

/// Minutes of a day.
const DAY: i64 = 24 * 60;
/// Days that a trend needs: fewer have no spread worth the name.
const FEWEST: usize = 5;
/// Days beyond which nobody can tell.
const MAX_DAYS: f64 = 3_650.0;

/// What the busiest minutes of some days say of the days to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Growth {
    /// So many days until the limit is reached: at the growth seen, and at the ends of its 95 % interval.
    Left {
        /// Calls a minute that each day adds to its busiest minute.
        per_day: f64,
        /// Days at that growth.
        days: f64,
        /// Days at the largest growth that is as likely as not to be chance once in forty.
        soonest: f64,
    },
    /// The limit is reached already.
    Reached,
    /// No more growth than chance.
    None,
    /// Too few days with calls.
    TooFewDays(usize),
}

/// The growth of the busiest minute of each day towards `limit`, in calls a minute. `minutes` are calls by the minute since 1970;
/// the day that is not over at `now` counts as well, since its busiest minute can only rise.
pub fn growth(minutes: &BTreeMap<i64, f64>, limit: f64) -> Growth {
    let mut days = BTreeMap::<i64, f64>::new();
    for (minute, calls) in minutes {
        let most = days.entry(minute.div_euclid(DAY)).or_default();
        *most = most.max(*calls);
    }
    let points: Vec<(f64, f64)> = days.iter().map(|(day, calls)| (*day as f64, *calls)).collect();
    if points.iter().any(|(_, calls)| *calls >= limit) {
        return Growth::Reached;
    }
    if points.len() < FEWEST {
        return Growth::TooFewDays(points.len());
    }
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (day, level) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|(x, _)| (x - day) * (x - day)).sum();
    let slope = points.iter().map(|(x, y)| (x - day) * (y - level)).sum::<f64>() / spread;
    let residue: f64 = points.iter().map(|(x, y)| y - level - slope * (x - day)).map(|r| r * r).sum();
    let error = (residue / (n - 2.0) / spread).sqrt() * t95(points.len() - 2);
    if slope - error <= 0.0 {
        return Growth::None;
    }
    let last = points.last().map_or(day, |point| point.0);
    let today = level + slope * (last - day);
    let days = |per_day: f64| ((limit - today) / per_day).clamp(0.0, MAX_DAYS);
    Growth::Left { per_day: slope, days: days(slope), soonest: days(slope + error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The busiest minute of each of some days.
    fn peaks(of: &[f64]) -> BTreeMap<i64, f64> {
        (0..).zip(of).flat_map(|(day, calls)| [(day * DAY, 1.0), (day * DAY + 600, *calls)]).collect()
    }

    #[test]
    fn a_straight_line_reaches_the_limit_on_its_day() {
        let line: Vec<f64> = (0..14).map(|day| 100.0 + 10.0 * f64::from(day)).collect();
        let Growth::Left { per_day, days, soonest } = growth(&peaks(&line), 1_000.0) else { panic!() };
        assert!((per_day - 10.0).abs() < 1e-9 && (days - 77.0).abs() < 1e-6 && (soonest - 77.0).abs() < 1e-3);
    }

    #[test]
    fn what_may_be_chance_is_no_growth_and_what_is_reached_is_said() {
        assert_eq!(growth(&peaks(&[100.0, 130.0, 90.0, 120.0, 95.0, 125.0, 110.0]), 1_000.0), Growth::None);
        assert_eq!(growth(&peaks(&[100.0, 90.0, 80.0, 70.0, 60.0]), 1_000.0), Growth::None);
        assert_eq!(growth(&peaks(&[100.0, 110.0]), 1_000.0), Growth::TooFewDays(2));
        assert_eq!(growth(&peaks(&[100.0, 1_000.0]), 1_000.0), Growth::Reached);
        assert_eq!(growth(&BTreeMap::new(), 1_000.0), Growth::TooFewDays(0));
    }
}
