//! Axes: fields of a scenario, each with the values that a sweep tries. A sweep runs every combination of them.
//!
//! ```text
//!  10s,60s,5m      these values          1..1e5:log    1, 2, 5, 10, 20 … 100000      1..9:lin:5   1, 3, 5, 7, 9
//! ```

use crate::language::clip;

/// A field that a sweep varies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Which field, as `--set` names it: `strategies.cached.cache.maxAge`.
    pub path: String,
    /// What is laid over it, as YAML, in order; at least one, no two alike.
    pub values: Vec<String>,
}

/// The most values of an axis.
const MOST_VALUES: usize = 1_000;
/// Values of an evenly spaced range that does not say how many.
const EVENLY: usize = 6;
/// Significant digits of a value between the ends of a range.
const DIGITS: i32 = 3;

/// What a sweep cannot vary, because its cells would then not meet the same jobs, or not be cells of one run.
const FIXED: [&str; 7] = ["seed", "trials", "target", "name", "version", "sweep", "gate"];

impl Axis {
    /// Reads `PATH=VALUES`, as `--over` takes it.
    ///
    /// # Errors
    /// A sentence that says what is wrong and how to write it.
    pub fn parse(text: &str) -> Result<Axis, String> {
        let example = "write it like strategies.cached.cache.maxAge=10s,60s,5m or fleet.clients=10..1000:log";
        let (path, values) = text.split_once('=').ok_or(example)?;
        Axis::new(path.trim(), values)
    }

    /// An axis over `path`; `values` is a list or a range.
    ///
    /// # Errors
    /// As [`Axis::parse`].
    pub fn new(path: &str, values: &str) -> Result<Axis, String> {
        let values = match values.split_once("..") {
            Some((from, rest)) if !values.contains(['{', '[', '"', '\'', ',']) => {
                range(from.trim(), rest.trim())?
            }
            _ => pieces(values)?,
        };
        Axis::of(path, values)
    }

    /// An axis over `path` with these values.
    ///
    /// # Errors
    /// As [`Axis::parse`].
    pub fn of(path: &str, values: Vec<String>) -> Result<Axis, String> {
        if path.is_empty() || path.split('.').any(str::is_empty) {
            return Err(format!("`{}` is no path; write it like fleet.clients", clip(path)));
        }
        let first = path.split('.').next().unwrap_or_default();
        if FIXED.contains(&first) {
            return Err(format!(
                "`{first}` cannot be varied: every cell of a sweep meets the same jobs, in as many trials, on the same target"
            ));
        }
        if values.is_empty() || values.iter().any(String::is_empty) {
            return Err(format!("`{}` has a value that is empty", clip(path)));
        }
        if values.len() > MOST_VALUES {
            return Err(format!("`{}` has {} values; at most {MOST_VALUES}", clip(path), values.len()));
        }
        let twice = values.iter().enumerate().find(|(at, value)| values[..*at].contains(value));
        if let Some((_, value)) = twice {
            return Err(format!("`{}` has the value `{}` twice", clip(path), clip(value)));
        }
        Ok(Axis { path: path.to_owned(), values })
    }
}

/// The amount and the unit of `500/s`, `10s` or `1e5`; `None` for what begins with no number.
pub fn amount(text: &str) -> Option<(f64, &str)> {
    let is_part = |(at, c): (usize, char)| {
        let exponent =
            matches!(c, 'e' | 'E') && text[at + 1..].starts_with(|c: char| c.is_ascii_digit() || c == '-');
        let sign = c == '-' && (at == 0 || text[..at].ends_with(['e', 'E']));
        c.is_ascii_digit() || c == '.' || exponent || sign
    };
    let end = text.char_indices().find(|each| !is_part(*each)).map_or(text.len(), |(at, _)| at);
    let (number, unit) = text.split_at(end);
    Some((number.parse::<f64>().ok().filter(|number| number.is_finite())?, unit))
}

/// Values between commas; those within brackets or quotes part nothing.
fn pieces(text: &str) -> Result<Vec<String>, String> {
    let (mut all, mut piece, mut depth, mut quote) = (Vec::new(), String::new(), 0usize, None);
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '{' | '[' | '(') => depth += 1,
            (None, '}' | ']' | ')') => {
                depth = depth.checked_sub(1).ok_or("a bracket closes that was not opened")?
            }
            (None, ',') if depth == 0 => {
                all.push(std::mem::take(&mut piece).trim().to_owned());
                continue;
            }
            _ => {}
        }
        piece.push(c);
    }
    if depth > 0 || quote.is_some() {
        return Err("a bracket or a quote is not closed".into());
    }
    all.push(piece.trim().to_owned());
    Ok(all)
}

/// `1..1e5:log`, `1..100:log:7`, `0..100:lin:5`.
fn range(from: &str, rest: &str) -> Result<Vec<String>, String> {
    let shown = format!("{from}..{rest}");
    let mut parts = rest.split(':');
    let to = parts.next().unwrap_or_default();
    let (scale, many) = (parts.next(), parts.next());
    let how = "write FROM..TO:log (1, 2, 5 and their tens), FROM..TO:log:N or FROM..TO:lin:N";
    if parts.next().is_some() {
        return Err(format!("`{}` is no range; {how}", clip(&shown)));
    }
    let many = match many.map(str::parse::<usize>) {
        None => None,
        Some(Ok(many)) if (2..=MOST_VALUES).contains(&many) => Some(many),
        Some(_) => return Err(format!("`{}`: from 2 to {MOST_VALUES} values make a range", clip(&shown))),
    };
    let wrong = || format!("`{}` is no range; {how}", clip(&shown));
    let ((low, unit), (high, end)) = (amount(from).ok_or_else(wrong)?, amount(to).ok_or_else(wrong)?);
    let unit = match (unit, end) {
        (unit, end) if unit == end => unit,
        ("", end) => end,
        _ => return Err(format!("`{}`: write both ends in the same unit", clip(&shown))),
    };
    if low >= high {
        return Err(format!("`{}`: the first end is the smaller one", clip(&shown)));
    }
    let whole = low.fract() == 0.0 && high.fract() == 0.0 && unit.is_empty();
    let points = match scale {
        Some("log") if low <= 0.0 => {
            return Err(format!("`{}`: a logarithmic range begins above zero", clip(&shown)));
        }
        Some("log") => many.map_or_else(|| rounded_steps(low, high), |many| geometric(low, high, many)),
        Some("lin") => evenly(low, high, many.unwrap_or(EVENLY)),
        _ => return Err(wrong()),
    };
    let mut values: Vec<String> = Vec::new();
    for point in points {
        let value = if whole { point.round() } else { point };
        let text = format!("{value}{unit}");
        if values.last() != Some(&text) {
            values.push(text);
        }
    }
    Ok(values)
}

/// 1, 2 and 5 times the powers of ten within a range, and its ends.
fn rounded_steps(low: f64, high: f64) -> Vec<f64> {
    let first = libm::floor(libm::log10(low)) as i32;
    let last = libm::ceil(libm::log10(high)) as i32;
    let steps = (first..=last).flat_map(|power| [1.0, 2.0, 5.0].map(|step| step * power_of_ten(power)));
    let inside = steps.filter(|step| *step > low * (1.0 + 1e-9) && *step < high * (1.0 - 1e-9));
    [low].into_iter().chain(inside).chain([high]).collect()
}

fn geometric(low: f64, high: f64, many: usize) -> Vec<f64> {
    let (from, to) = (libm::log10(low), libm::log10(high));
    let at = |step: usize| libm::pow(10.0, from + (to - from) * step as f64 / (many - 1) as f64);
    ends_kept(low, high, (0..many).map(at).map(significant).collect())
}

fn evenly(low: f64, high: f64, many: usize) -> Vec<f64> {
    let at = |step: usize| low + (high - low) * step as f64 / (many - 1) as f64;
    ends_kept(low, high, (0..many).map(at).map(significant).collect())
}

fn ends_kept(low: f64, high: f64, mut points: Vec<f64>) -> Vec<f64> {
    if let [first, .., last] = points.as_mut_slice() {
        (*first, *last) = (low, high);
    }
    points
}

/// A value to [`DIGITS`] digits.
fn significant(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let power = DIGITS - 1 - libm::floor(libm::log10(value.abs())) as i32;
    match power {
        0.. => (value * power_of_ten(power)).round() / power_of_ten(power),
        _ => (value / power_of_ten(-power)).round() * power_of_ten(-power),
    }
}

fn power_of_ten(power: i32) -> f64 {
    // As text is read, so that 10^-3 is the number that `0.001` is.
    format!("1e{power}").parse().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        Axis::parse(&format!("a.b={text}")).unwrap_or_else(|why| panic!("{text}: {why}")).values
    }

    #[test]
    fn lists_and_ranges_become_values() {
        assert_eq!(values("0s,10s,60s,5m"), ["0s", "10s", "60s", "5m"]);
        assert_eq!(
            values("{mode: none}, {mode: fixed, delay: 1s}"),
            ["{mode: none}", "{mode: fixed, delay: 1s}"]
        );
        assert_eq!(values("zipf(1.0),uniform"), ["zipf(1.0)", "uniform"]);
        assert_eq!(values("10..1000:log"), ["10", "20", "50", "100", "200", "500", "1000"]);
        let decades = values("1..1e5:log");
        assert_eq!((decades.len(), decades[0].as_str(), decades[15].as_str()), (16, "1", "100000"));
        assert_eq!(values("10/s..1000/s:log:3"), ["10/s", "100/s", "1000/s"]);
        assert_eq!(values("1..2s:lin:3"), ["1s", "1.5s", "2s"]);
        assert_eq!(values("0..100:lin"), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(values("0.001..0.01:log"), ["0.001", "0.002", "0.005", "0.01"]);
        assert_eq!(values("1..3:log:5"), ["1", "2", "3"], "whole numbers stay whole, each once");
        assert_eq!(values("7"), ["7"]);
    }

    #[test]
    fn what_is_no_axis_is_told_with_the_way_out() {
        for (text, part) in [
            ("a.b", "write it like"),
            ("=1,2", "no path"),
            ("a..b=1,2", "no path"),
            ("seed=1,2", "`seed` cannot be varied"),
            ("trials=1,2", "same jobs"),
            ("a=1,,2", "empty"),
            ("a=1,2,1", "`1` twice"),
            ("a=1..9", "FROM..TO:log"),
            ("a=1..9:lgo", "FROM..TO:log"),
            ("a=9..1:log", "smaller"),
            ("a=0..9:log", "above zero"),
            ("a=1s..9m:log", "same unit"),
            ("a=1..9:lin:1", "from 2 to 1000"),
            ("a=x..9:lin", "no range"),
            ("a={b: 1", "not closed"),
        ] {
            let said = Axis::parse(text).expect_err(text);
            assert!(said.contains(part), "{text}: {said}");
        }
    }

    #[test]
    fn amounts_are_read_with_their_units() {
        assert_eq!(amount("500/s"), Some((500.0, "/s")));
        assert_eq!(amount("1e5"), Some((100_000.0, "")));
        assert_eq!(amount("1.5e-2x"), Some((0.015, "x")));
        assert_eq!(amount("5m"), Some((5.0, "m")));
        assert_eq!(amount("zipf(1)"), None);
    }
}
