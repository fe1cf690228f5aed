//! Quantities as people write them: [`Rate`] `500/s`, [`Ratio`] `5%`, [`Bytes`] `4KiB`, [`Money`] `1.20 USD`.
//!
//! Each type parses and prints the same text, so a checked scenario can be written out and read again.
//! Durations are [`crate::time::Span`].

use crate::time::{Span, decimal};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

const fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Writes `value / scale` without trailing zeros; `scale` is a power of ten.
fn write_decimal(f: &mut fmt::Formatter<'_>, value: u64, scale: u64) -> fmt::Result {
    write!(f, "{}", value / scale)?;
    let width = scale.ilog10() as usize;
    let fraction = format!("{:0width$}", value % scale);
    let fraction = fraction.trim_end_matches('0');
    if scale > 1 && !fraction.is_empty() { write!(f, ".{fraction}") } else { Ok(()) }
}

/// How often something happens: an exact fraction, `count` in `seconds`.
///
/// Reduced, so `30/min` and `0.5/s` are the same rate: 1 in 2 s.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    count: u64,
    seconds: u64,
}

impl Rate {
    /// The rate zero: never.
    pub const ZERO: Rate = Rate { count: 0, seconds: 1 };

    /// `count` a second.
    pub const fn per_second(count: u64) -> Rate {
        Rate { count, seconds: 1 }
    }
    /// `count` in every `seconds` seconds. `seconds` must not be zero.
    pub const fn new(count: u64, seconds: u64) -> Rate {
        let divisor = gcd(count, seconds);
        Rate { count: count / divisor, seconds: seconds / divisor }
    }
    /// The numerator: how many in [`Rate::seconds`].
    pub const fn count(self) -> u64 {
        self.count
    }
    /// The denominator in whole seconds.
    pub const fn seconds(self) -> u64 {
        self.seconds
    }
    /// The denominator as a span.
    pub const fn period(self) -> Span {
        Span::from_secs(self.seconds)
    }
    /// The rate as a number a second, for people, charts and arrival times.
    pub fn as_per_second(self) -> f64 {
        self.count as f64 / self.seconds as f64
    }
    /// Whether nothing ever happens.
    pub const fn is_zero(self) -> bool {
        self.count == 0
    }

    /// Reads `500/s`, `30000/min`, `0.5/s`, `10/h`; at most 10^9 a second and 6 decimals.
    ///
    /// # Errors
    /// A sentence that says what is wrong, for the one who wrote the text.
    pub fn parse(text: &str) -> Result<Rate, String> {
        let wrong = || format!("`{text}` is not a rate; write it like 500/s, 30000/min or 0.5/s");
        let (number, unit) = text.trim().split_once('/').ok_or_else(wrong)?;
        let (value, scale) =
            decimal(number.trim()).filter(|(_, scale)| *scale <= 1_000_000).ok_or_else(wrong)?;
        let seconds = match unit.trim() {
            "s" | "sec" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            _ => return Err(wrong()),
        };
        let rate = Rate::new(value, seconds * scale);
        if rate.as_per_second() > 1e9 {
            return Err(format!("`{text}` is above the largest rate, 1000000000/s"));
        }
        Ok(rate)
    }
}

impl PartialOrd for Rate {
    fn partial_cmp(&self, other: &Rate) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rate {
    fn cmp(&self, other: &Rate) -> std::cmp::Ordering {
        let left = u128::from(self.count) * u128::from(other.seconds);
        left.cmp(&(u128::from(other.count) * u128::from(self.seconds)))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, seconds) in [("s", 1u64), ("min", 60), ("h", 3_600)] {
            let scaled = u128::from(self.count) * u128::from(seconds) * 1_000_000;
            if scaled.is_multiple_of(u128::from(self.seconds)) {
                let value = (scaled / u128::from(self.seconds)) as u64;
                write_decimal(f, value, 1_000_000)?;
                return write!(f, "/{unit}");
            }
        }
        write!(f, "{:.6}/s", self.as_per_second())
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A share of a whole, 0 to 1.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Ratio(f64);

impl Ratio {
    /// Nothing of it.
    pub const ZERO: Ratio = Ratio(0.0);
    /// All of it.
    pub const ONE: Ratio = Ratio(1.0);

    /// A ratio from a number in [0, 1]; `None` outside.
    pub fn from_f64(value: f64) -> Option<Ratio> {
        (0.0..=1.0).contains(&value).then_some(Ratio(value))
    }
    /// The ratio as a number in [0, 1].
    pub const fn as_f64(self) -> f64 {
        self.0
    }
    /// Reads `5%` or `0.05`.
    ///
    /// # Errors
    /// A sentence that says what is wrong, for the one who wrote the text.
    pub fn parse(text: &str) -> Result<Ratio, String> {
        let wrong = || format!("`{text}` is not a ratio; write it like 5% or 0.05, from 0 to 1");
        let trimmed = text.trim();
        let (number, percent) = trimmed.strip_suffix('%').map_or((trimmed, 1), |n| (n.trim_end(), 100));
        let (value, scale) = decimal(number).ok_or_else(wrong)?;
        Ratio::from_f64(value as f64 / (scale * percent) as f64).ok_or_else(wrong)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", (self.0 * 1e12).round() / 1e10)
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A number of bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

impl Bytes {
    /// Reads `256B`, `4KiB`, `1MB`, up to TiB.
    ///
    /// # Errors
    /// A sentence that says what is wrong, for the one who wrote the text.
    pub fn parse(text: &str) -> Result<Bytes, String> {
        let wrong = || format!("`{text}` is not a size; write it like 256B or 4KiB");
        let trimmed = text.trim();
        let digits = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let (number, unit) = trimmed.split_at(digits);
        let factor: u64 = match unit.trim_start() {
            "B" => 1,
            "KB" | "kB" => 1_000,
            "KiB" => 1 << 10,
            "MB" => 1_000_000,
            "MiB" => 1 << 20,
            "GB" => 1_000_000_000,
            "GiB" => 1 << 30,
            "TiB" => 1 << 40,
            _ => return Err(wrong()),
        };
        let (value, scale) = decimal(number).ok_or_else(wrong)?;
        let product = u128::from(value) * u128::from(factor);
        if !product.is_multiple_of(u128::from(scale)) {
            return Err(format!("`{text}` is not a whole number of bytes"));
        }
        u64::try_from(product / u128::from(scale)).map(Bytes).map_err(|_| wrong())
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, factor) in [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
            if self.0 >= factor && self.0.is_multiple_of(factor) {
                return write!(f, "{}{unit}", self.0 / factor);
            }
        }
        write!(f, "{}B", self.0)
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An amount of US dollars, in millionths.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(u64);

impl Money {
    /// `micros` millionths of a dollar.
    pub const fn from_micros(micros: u64) -> Money {
        Money(micros)
    }
    /// The amount in dollars, for people and thresholds.
    pub fn as_usd(self) -> f64 {
        self.0 as f64 / 1e6
    }
    /// Reads `1 USD` or `1.20 USD`.
    ///
    /// # Errors
    /// A sentence that says what is wrong, for the one who wrote the text.
    pub fn parse(text: &str) -> Result<Money, String> {
        let wrong = || format!("`{text}` is not an amount; write it like 1.20 USD");
        let number = text.trim().strip_suffix("USD").ok_or_else(wrong)?;
        let (value, scale) = decimal(number.trim()).ok_or_else(wrong)?;
        let micros = u128::from(value) * 1_000_000 / u128::from(scale);
        u64::try_from(micros).map(Money).map_err(|_| wrong())
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} USD", self.as_usd())
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Serializes a unit as its text, and reads it back.
macro_rules! as_text {
    ($($unit:ty),*) => {$(
        impl Serialize for $unit {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $unit {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<$unit, D::Error> {
                <$unit>::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
            }
        }
    )*};
}
as_text!(Rate, Ratio, Bytes, Money);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_reduce_print_and_read_back() {
        for (text, count, seconds, printed) in [
            ("500/s", 500, 1, "500/s"),
            ("30000/min", 500, 1, "500/s"),
            ("0.5/s", 1, 2, "0.5/s"),
            ("20/min", 1, 3, "20/min"),
            ("0.25/s", 1, 4, "0.25/s"),
            ("7/h", 7, 3600, "7/h"),
            ("0/s", 0, 1, "0/s"),
        ] {
            let rate = Rate::parse(text).expect("a rate");
            assert_eq!((rate.count(), rate.seconds()), (count, seconds), "{text}");
            assert_eq!(rate.to_string(), printed);
            assert_eq!(Rate::parse(printed), Ok(rate));
        }
        for bad in ["500", "-1/s", "5/fortnight", "/s", "1e9/s", "2000000000/s", "0.0000001/s", ".5/s"] {
            assert!(Rate::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ratios_sizes_and_money_read_back() {
        assert_eq!(Ratio::parse("5%").map(Ratio::as_f64), Ok(0.05));
        assert_eq!(Ratio::parse("0.05").map(|r| r.to_string()), Ok("5%".into()));
        assert_eq!(Ratio::parse("0.1%").map(|r| r.to_string()), Ok("0.1%".into()));
        assert!(
            Ratio::parse("101%").is_err() && Ratio::parse("-5%").is_err() && Ratio::parse("NaN").is_err()
        );
        assert_eq!(Bytes::parse("4KiB").map(|b| (b.0, b.to_string())), Ok((4096, "4KiB".into())));
        assert_eq!(Bytes::parse("1.5KiB").map(|b| b.0), Ok(1536));
        assert!(Bytes::parse("4").is_err() && Bytes::parse("0.3B").is_err());
        assert_eq!(Money::parse("1.20 USD").map(|m| m.to_string()), Ok("1.20 USD".into()));
        assert!(Money::parse("1.20").is_err());
    }
}
