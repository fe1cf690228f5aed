//! The smallest quota that meets the thresholds: found for each trial, and what the trials say together.
//!
//! ```text
//!  need of a trial    ── missed ──┤ within ├── met ──▶ quota
//!  of all trials      at `low` about half of fresh trials meet, at `high` nine of ten do
//! ```

use crate::results::{mean_and_error, t95};
use std::collections::BTreeMap;

/// How near a need is found, relative; one attempt a second where that is more.
pub const WITHIN: f64 = 0.002;
/// How often the quota is doubled at most before none is said to help.
const DOUBLINGS: u32 = 20;

/// The search of one trial: it says which quota it wants tried.
#[derive(Clone, Debug)]
pub struct NeedSearch {
    start: u64,
    step: f64,
    within: f64,
    known: BTreeMap<u64, bool>,
}

/// What a trial needs, in attempts a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The highest quota that was tried and missed, the lowest that met.
    Between(u64, u64),
    /// No quota that was tried met.
    None,
}

impl NeedSearch {
    /// A search that begins at `start` and leaves it by `step`, relative, doubling.
    pub fn new(start: u64, step: f64) -> NeedSearch {
        NeedSearch { start: start.max(1), step, within: WITHIN, known: BTreeMap::new() }
    }

    /// The same, ending at another width.
    #[must_use]
    pub fn within(self, within: f64) -> NeedSearch {
        NeedSearch { within, ..self }
    }

    /// Takes in whether the thresholds were met at a quota.
    pub fn take(&mut self, quota: u64, meets: bool) {
        self.known.insert(quota, meets);
    }

    /// The highest quota that missed below every one that met, and the lowest that met above it. No quota serves nobody.
    fn sides(&self) -> (u64, Option<u64>) {
        let met = self.known.iter().find(|(_, meets)| **meets).map(|(quota, _)| *quota);
        let below = |quota: &u64| met.is_none_or(|met| *quota < met);
        let missed = self.known.iter().rev().find(|(quota, meets)| !**meets && below(quota));
        (missed.map_or(0, |(quota, _)| *quota), met)
    }

    /// The quota to be tried next; `None` when the search is over.
    pub fn next(&self) -> Option<u64> {
        let (missed, met) = self.sides();
        let Some(met) = met else {
            let tries = self.known.len() as u32;
            if tries == 0 {
                return Some(self.start);
            }
            let grown = self.start as f64 * (1.0 + self.step * libm::exp2(f64::from(tries - 1)));
            let far = self.start as f64 * f64::from(2u32.pow(DOUBLINGS));
            return (grown <= far).then(|| (grown.ceil() as u64).max(missed + 1));
        };
        if met - missed <= 1 || (met - missed) as f64 <= self.within * met as f64 {
            return None;
        }
        if missed == 0 {
            // Nothing missed yet: down by steps that double.
            let steps = self.known.len() as i32;
            let lower = met as f64 * (1.0 - (self.step * libm::exp2(f64::from(steps - 1))).min(0.75));
            // Rounded so that the first step is no wider than it says: often it is all that is needed.
            return Some((lower.ceil() as u64).clamp(1, met - 1));
        }
        Some(missed + (met - missed) / 2)
    }

    /// What it came to.
    pub fn need(&self) -> Need {
        match self.sides() {
            (missed, Some(met)) => Need::Between(missed, met),
            (_, None) => Need::None,
        }
    }
}

/// What several trials need together.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    /// At this quota about half of fresh trials miss, or more.
    pub low: f64,
    /// The median trial's need.
    pub value: f64,
    /// At this quota nine of ten fresh trials meet, with 95 % confidence where there are enough trials to tell.
    pub high: f64,
}

/// One-sided 95 % and 90 % points of the normal distribution.
const Z95: f64 = 1.644_853_627;
const Z90: f64 = 1.281_551_566;

/// The one-sided factor that covers nine tenths of a normal population with 95 % confidence, for two trials and more: as
/// tabled for few (Hahn and Meeker, Statistical Intervals, table A.12d), else Natrella's approximation.
fn tolerance(trials: usize) -> f64 {
    const TABLED: [f64; 5] = [20.581, 6.155, 4.162, 3.407, 3.006];
    if let Some(factor) = trials.checked_sub(2).and_then(|place| TABLED.get(place)) {
        return *factor;
    }
    let n = trials.max(2) as f64;
    let (a, b) = (1.0 - Z95 * Z95 / (2.0 * (n - 1.0)), Z90 * Z90 - Z95 * Z95 / n);
    (Z90 + (Z90 * Z90 - a * b).max(0.0).sqrt()) / a
}

/// What `needs`, a trial each, say of fresh trials. `None` if some trial has no quota that helps, or there is none.
///
/// Above: the one-sided tolerance bound for nine tenths of a normal population, at least the greatest need seen. Below: the one-sided bound of the median. Of one trial: its own two sides.
pub fn interval(needs: &[Need]) -> Option<Interval> {
    let sides: Vec<(f64, f64)> = needs
        .iter()
        .map(|need| match need {
            Need::Between(missed, met) => Some((*missed as f64, *met as f64)),
            Need::None => None,
        })
        .collect::<Option<_>>()?;
    let mut met: Vec<f64> = sides.iter().map(|(_, met)| *met).collect();
    met.sort_by(f64::total_cmp);
    let (least, most) = (*met.first()?, *met.last()?);
    let median = met[met.len() / 2];
    let missed = sides.iter().map(|(missed, _)| *missed).fold(f64::INFINITY, f64::min);
    let Some((mean, error)) = mean_and_error(&met) else {
        return Some(Interval { low: missed, value: median, high: most });
    };
    let n = met.len() as f64;
    let spread = error * n.sqrt();
    let k = tolerance(met.len());
    let low = if spread > 0.0 { mean.min(median) - t95(met.len() - 1) * error } else { missed };
    Some(Interval {
        low: low.min(least).floor().max(0.0),
        value: median,
        high: (mean + k * spread).max(most).ceil(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(mut search: NeedSearch, need: u64) -> (Need, usize) {
        let mut tries = 0;
        while let Some(quota) = search.next() {
            search.take(quota, quota >= need);
            tries += 1;
            assert!(tries < 60, "it does not end");
        }
        (search.need(), tries)
    }

    #[test]
    fn a_need_is_found_wherever_the_search_begins() {
        for need in [1u64, 2, 3, 40, 999, 1_000, 54_321] {
            for start in [1, 30, 1_000, 60_000] {
                let (Need::Between(missed, met), _) = found(NeedSearch::new(start, 0.05), need) else {
                    panic!("{need} from {start}: none")
                };
                assert!(missed < need && need <= met, "{need} from {start}: {missed} {met}");
                assert!(met - missed <= 1 || (met - missed) as f64 <= 0.002 * met as f64);
            }
        }
        let (_, tries) = found(NeedSearch::new(1_003, 0.005), 1_000);
        assert!(tries <= 5, "near the start it takes few tries: {tries}");
        for (start, width) in [(1_003, 0.01), (991, 0.01), (5_626, 0.005)] {
            let (_, tries) = found(NeedSearch::new(start, width).within(width), 1_000 * start / 1_003);
            assert!(tries <= 2, "a first step as wide as the answer settles it, from {start}: {tries}");
        }
    }

    #[test]
    fn where_no_quota_helps_the_search_ends() {
        assert_eq!(found(NeedSearch::new(100, 0.05), u64::MAX).0, Need::None);
        assert_eq!(interval(&[Need::Between(1, 2), Need::None]), None);
    }

    #[test]
    fn at_high_nine_of_ten_meet_and_at_low_half_miss() {
        use crate::rng::{Purpose, Stream};
        // Needs of a normal population, mean 1,000 and spread 20, by sums of twelve draws.
        let draw = |case: u64, n: u64| {
            let stream = Stream::new(case, 0, Purpose::Arrival, 1);
            let sum: f64 = (0..12).map(|k| stream.draw(n * 12 + k).unit()).sum();
            (1_000.0 + 20.0 * (sum - 6.0)).round() as u64
        };
        let (mut high_holds, mut low_holds, mut width) = (0, 0, 0.0);
        for case in 0..400 {
            let needs: Vec<Need> =
                (0..10).map(|n| draw(case, n)).map(|need| Need::Between(need - 1, need)).collect();
            let interval = interval(&needs).expect("ten needs");
            let meet = |quota: f64| (10..110).filter(|n| draw(case, *n) as f64 <= quota).count();
            high_holds += u32::from(meet(interval.high) >= 90);
            low_holds += u32::from(meet(interval.low) <= 50);
            width += interval.high - interval.low;
        }
        assert!(high_holds >= 360 && low_holds >= 380, "{high_holds} {low_holds} of 400");
        // From below the median to above the ninetieth percentile, as sure as ten trials make it: under five spreads.
        assert!(width / 400.0 < 4.0 * 20.0, "{}", width / 400.0);
    }

    #[test]
    fn tolerance_factors_are_the_published_ones() {
        for (trials, factor) in [(2, 20.581), (5, 3.407), (10, 2.355), (20, 1.926), (50, 1.646)] {
            assert!((tolerance(trials) / factor - 1.0).abs() < 0.02, "{trials}: {}", tolerance(trials));
        }
    }

    #[test]
    fn equal_trials_have_the_width_of_the_search() {
        let needs = [Need::Between(998, 1_000); 10];
        assert_eq!(interval(&needs), Some(Interval { low: 998.0, value: 1_000.0, high: 1_000.0 }));
        assert_eq!(interval(&needs[..1]).map(|i| (i.low, i.high)), Some((998.0, 1_000.0)));
    }
}
