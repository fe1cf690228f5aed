//! How many calls the busiest second inside known minutes may have had.

/// What the factor between a period's mean second and its busiest one rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Basis {
    /// Somebody has measured it, such as `import cloudtrail` does.
    Given,
    /// Recorded second by second elsewhere: an assumption.
    Assumed(&'static str),
}

/// The busiest second against the mean one: what is likely, and what it lies between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// The least it can be.
    pub low: f64,
    /// What is taken where one figure is needed.
    pub likely: f64,
    /// The most that is taken for possible.
    pub high: f64,
    /// What the factor rests on.
    pub basis: Basis,
}

/// Below so many calls a second few callers make the load, whose bursts are wilder.
const FEW_PER_S: f64 = 20.0;

impl Burst {
    /// Of a load whose busiest period, of `period` seconds, has `mean` calls a second.
    ///
    /// Source: busiest second ÷ mean of its own minute in public traces (measured 2026-11): tweets of 2021-08, 31,034 minutes of at
    /// least 20 a second: median 1.35, 99th percentile 1.83; requests to NASA 1995, mostly below 5 a second: median 4.1, largest
    /// 13.0. Over five minutes: tweets 1.48 and 2.93, the largest of the small traces 16.8.
    pub fn assumed(mean: f64, period: i64) -> Burst {
        let (likely, high, basis) = match (mean >= FEW_PER_S, period > 60) {
            (true, false) => (1.35, 1.83, "31,034 minutes of tweets, 2021-08: median and 99th percentile"),
            (true, true) => {
                (1.48, 2.93, "283 five-minute stretches of tweets, 2021-08: median and 99th percentile")
            }
            (false, false) => {
                (4.1, 13.0, "requests to NASA, 1995: median and largest of the minutes of 58 days")
            }
            (false, true) => {
                (4.0, 16.8, "small public traces: peak second over five-minute mean, middle and largest")
            }
        };
        // Calls that come independently of each other have a peak by themselves: the largest of so many seconds.
        let chance = independent(mean, period);
        Burst {
            low: 1.0,
            likely: f64::max(likely, chance),
            high: f64::max(high, chance),
            basis: Basis::Assumed(basis),
        }
    }

    /// As somebody has measured it.
    pub const fn given(low: f64, likely: f64, high: f64) -> Burst {
        Burst { low, likely, high, basis: Basis::Given }
    }
}

/// The factor of a load without any bursts, whose calls come independently: the largest of `period` draws of a Poisson
/// distribution, by its normal approximation.
fn independent(mean: f64, period: i64) -> f64 {
    if mean <= 0.0 {
        return 1.0;
    }
    1.0 + largest_of(period) / libm::sqrt(mean)
}

/// What the largest of so many normal draws is on the average (tables of order statistics: 60 and 300).
pub(super) fn largest_of(period: i64) -> f64 {
    if period > 60 { 2.852 } else { 2.319 }
}

/// The busiest second that sums by the minute leave possible.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inferred {
    /// The busiest period: where it begins, in seconds since 1970.
    pub at: i64,
    /// Its calls.
    pub sum: f64,
    /// Its mean second: what reading the metric as a rate gives.
    pub mean: f64,
    /// The least the busiest second can have had: no maximum is below its mean.
    pub low: f64,
    /// What is taken where one figure is needed.
    pub likely: f64,
    /// The most that is taken for possible.
    pub high: f64,
    /// The factors behind the three.
    pub burst: Burst,
}

impl Inferred {
    /// From the busiest period and its factors.
    pub fn of(at: i64, sum: f64, period: i64, burst: Burst) -> Inferred {
        let mean = sum / period as f64;
        let times = |factor: f64| f64::min((mean * factor).ceil(), sum);
        Inferred {
            at,
            sum,
            mean,
            low: times(burst.low),
            likely: times(burst.likely),
            high: times(burst.high),
            burst,
        }
    }
}
