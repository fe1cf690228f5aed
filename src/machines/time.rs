//! Points and spans on a run's own timeline: integer nanoseconds since the run began.
//!
//! No clock lives here. The simulator moves [`Time`] forward by itself, the live engine reads it from `clock`.
//!
//! ```text
//! ZERO ──────┬────────────┬──────────────▶ NEVER
//!          Time   + Span =  Time
//! ```

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// Nanoseconds in a second.
pub const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A point on a run's timeline, in nanoseconds since the run began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(u64);

/// A length of time in nanoseconds; never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u64);

impl Time {
    /// The moment the run begins.
    pub const ZERO: Time = Time(0);
    /// Later than every moment of any run: "not scheduled".
    pub const NEVER: Time = Time(u64::MAX);

    /// The moment `nanos` nanoseconds after the run began.
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }
    /// The moment `secs` seconds after the run began; saturates.
    pub const fn from_secs(secs: u64) -> Time {
        Time(secs.saturating_mul(NANOS_PER_SECOND))
    }
    /// Nanoseconds since the run began.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
    /// Seconds since the run began, for people and charts.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }
    /// How long ago `earlier` was; zero if it lies ahead.
    pub const fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
    /// Whether this is [`Time::NEVER`].
    pub const fn is_never(self) -> bool {
        self.0 == u64::MAX
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// The longest span.
    pub const MAX: Span = Span(u64::MAX);

    /// A span of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Span {
        Span(nanos)
    }
    /// A span of `micros` microseconds; saturates.
    pub const fn from_micros(micros: u64) -> Span {
        Span(micros.saturating_mul(1_000))
    }
    /// A span of `millis` milliseconds; saturates.
    pub const fn from_millis(millis: u64) -> Span {
        Span(millis.saturating_mul(1_000_000))
    }
    /// A span of `secs` seconds; saturates.
    pub const fn from_secs(secs: u64) -> Span {
        Span(secs.saturating_mul(NANOS_PER_SECOND))
    }
    /// The nearest span to `secs` seconds; negative and NaN give zero, too large saturates.
    pub fn from_secs_f64(secs: f64) -> Span {
        Span((secs * NANOS_PER_SECOND as f64).round() as u64)
    }
    /// The span in nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
    /// The span in whole microseconds, rounded down.
    pub const fn as_micros(self) -> u64 {
        self.0 / 1_000
    }
    /// The span in milliseconds, for people.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
    /// The span in seconds, for people and charts.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND as f64
    }
    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
    /// A part of it: so many make the whole, of at least one.
    pub const fn divided(self, n: u64) -> Span {
        Span(self.0 / if n == 0 { 1 } else { n })
    }
    /// This span `n` times; saturates.
    pub const fn times(self, n: u64) -> Span {
        Span(self.0.saturating_mul(n))
    }

    /// Reads `250ms`, `30s`, `1m30s`, `1.5h`; units ns, us, ms, s, m, h, d, each at most once and falling.
    ///
    /// # Errors
    /// A sentence that says what is wrong, for the one who wrote the text.
    pub fn parse(text: &str) -> Result<Span, String> {
        const UNITS: [(&str, u64); 7] = [
            ("d", 86_400_000_000_000),
            ("h", 3_600_000_000_000),
            ("m", 60_000_000_000),
            ("s", 1_000_000_000),
            ("ms", 1_000_000),
            ("us", 1_000),
            ("ns", 1),
        ];
        let wrong = || format!("`{text}` is not a duration; write it like 250ms, 30s or 1m30s");
        let mut rest = text.trim();
        let (mut total, mut last_unit) = (0u64, u64::MAX);
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
            let (number, tail) = rest.split_at(digits);
            let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            let &(_, nanos) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
            let (count, scale) = decimal(number).ok_or_else(wrong)?;
            let part = u128::from(count) * u128::from(nanos) / u128::from(scale);
            let part = u64::try_from(part).ok().filter(|_| nanos < last_unit).ok_or_else(wrong)?;
            total = total.checked_add(part).filter(|t| *t < u64::MAX / 4).ok_or_else(wrong)?;
            (last_unit, rest) = (nanos, tail);
        }
        Ok(Span(total))
    }
}

/// Reads an unsigned decimal of at most 15 digits as (value × scale, scale), scale a power of ten.
pub(crate) fn decimal(text: &str) -> Option<(u64, u64)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = [whole, fraction].concat();
    let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
    if digits.is_empty() || digits.len() > 15 || !all_digits || text.ends_with('.') || text.starts_with('.') {
        return None;
    }
    Some((digits.parse().ok()?, 10u64.pow(fraction.len() as u32)))
}

impl fmt::Display for Span {
    /// Writes the span as [`Span::parse`] reads it, exactly.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, nanos) in [
            ("h", 3_600_000_000_000),
            ("m", 60_000_000_000),
            ("s", 1_000_000_000),
            ("ms", 1_000_000),
            ("us", 1_000),
            ("ns", 1),
        ] {
            if rest >= nanos {
                write!(f, "{}{unit}", rest / nanos)?;
                rest %= nanos;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_never() { f.write_str("never") } else { write!(f, "@{}", Span(self.0)) }
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Span, D::Error> {
        Span::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them_and_print_the_same() {
        for (text, nanos) in [
            ("250ms", 250_000_000),
            ("30s", 30_000_000_000),
            ("1m30s", 90_000_000_000),
            ("0s", 0),
            ("1h1ns", 3_600_000_000_001),
        ] {
            assert_eq!(Span::parse(text), Ok(Span(nanos)), "{text}");
            assert_eq!(Span(nanos).to_string(), text);
        }
        assert_eq!(Span::parse("1.5s"), Ok(Span(1_500_000_000)));
        for bad in ["", "5", "s", "1s1m", "1s1s", "-1s", "1x", "1..5s", "99999999999h", "1 s"] {
            assert!(Span::parse(bad).is_err(), "{bad}");
        }
    }
}
