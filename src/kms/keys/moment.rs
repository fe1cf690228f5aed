//! Dates as the API shows them: milliseconds since 1970, on the emulator's admin clock.

use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::ops::{Add, Sub};

/// One day.
pub const DAY: Span = Span::from_secs(86_400);

/// A date: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(i64);

impl Moment {
    /// The moment `millis` milliseconds after 1970.
    pub const fn from_millis(millis: i64) -> Moment {
        Moment(millis)
    }

    /// The moment `secs` seconds after 1970; `None` unless it lies between the years 1970 and 9999.
    pub fn from_secs(secs: f64) -> Option<Moment> {
        (0.0..253_402_300_800.0).contains(&secs).then(|| Moment((secs * 1e3).round() as i64))
    }

    /// The date of `time` on a timeline that began at `start`.
    pub const fn at(start: Moment, time: Time) -> Moment {
        Moment(start.0.saturating_add((time.as_nanos() / 1_000_000) as i64))
    }

    /// Milliseconds since 1970.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Seconds since 1970, as the wire carries dates.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// How long after `earlier` this is; zero if it is not.
    pub const fn since(self, earlier: Moment) -> Span {
        let millis = self.0.saturating_sub(earlier.0);
        Span::from_millis(if millis > 0 { millis as u64 } else { 0 })
    }
}

/// A span in whole milliseconds, rounded down.
const fn millis(span: Span) -> i64 {
    (span.as_nanos() / 1_000_000) as i64
}

impl Add<Span> for Moment {
    type Output = Moment;

    fn add(self, span: Span) -> Moment {
        Moment(self.0.saturating_add(millis(span)))
    }
}

impl Sub<Span> for Moment {
    type Output = Moment;

    fn sub(self, span: Span) -> Moment {
        Moment(self.0.saturating_sub(millis(span)))
    }
}
