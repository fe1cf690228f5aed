//! Numbers as people read them: thousands marked, units named, no digit that means nothing.
//!
//! A figure that is not a number prints as [`NONE`]; nothing here can print `NaN` or `inf`.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// What stands where there is no figure.
pub const NONE: &str = "–";

/// A strategy's name inside a sentence, set off from it.
pub fn named(strategy: &str) -> String {
    format!("`{strategy}`")
}

/// A whole number with thousands marked: `12,345`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with `decimals` decimals and its thousands marked: `1,234.5`.
pub fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NONE.into();
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |parts| parts);
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), count);
    let zero = text.bytes().all(|b| matches!(b, b'0' | b'.'));
    let sign = if value < 0.0 && !zero { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// A number with about three significant digits: `0.25`, `12.3`, `1,234`.
pub fn number(value: f64) -> String {
    let size = value.abs();
    let decimals = if size >= 100.0 || value == value.trunc() { 0 } else { 1 + usize::from(size < 10.0) };
    fixed(value, decimals)
}

/// A share as a percentage. Neither nearly all nor nearly nothing is rounded to all or nothing: `>99.99 %`.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    if !value.is_finite() {
        return NONE.into();
    }
    if value == 0.0 || value == 100.0 {
        return format!("{value:.0} %");
    }
    if value > 0.0 && value < 0.005 {
        return "<0.01 %".into();
    }
    if (99.995..100.0).contains(&value) {
        return ">99.99 %".into();
    }
    let decimals = match value {
        v if v > 99.0 && v < 100.0 => 2,
        v if v.abs() < 1.0 => 2,
        v if v.abs() < 100.0 => 1,
        _ => 0,
    };
    format!("{} %", fixed(value, decimals))
}

/// A span given in milliseconds: `4.21 ms`, `182 ms`, `1.83 s`.
pub fn milliseconds(value: f64) -> String {
    match value {
        v if !v.is_finite() => NONE.into(),
        v if v < 1_000.0 => format!("{} ms", number(v)),
        v => format!("{} s", number(v / 1_000.0)),
    }
}

/// Seconds where a second is what they are measured in: `50 s`.
pub fn whole_seconds(value: f64) -> String {
    format!("{} s", fixed(value.ceil(), 0))
}

/// [`milliseconds`], or [`NONE`] if it was measured on nothing.
pub fn measured(value: f64, samples: u64) -> String {
    if samples == 0 { NONE.into() } else { milliseconds(value) }
}

/// An amount of US dollars.
pub fn usd(value: f64) -> String {
    format!("{} USD", fixed(value, if value.abs() >= 1_000.0 { 0 } else { 2 }))
}

/// A rate a second; [`NONE`] where the window is too short for one.
pub fn rate(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.into(), number)
}

/// An amount of US dollars that there may not be.
pub fn maybe_usd(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.into(), usd)
}

/// What failures have eaten, and how large a share they are: `∞ (22 % failed)`.
pub fn eaten(failed: f64) -> String {
    let value = failed * 100.0;
    let decimals = if value >= 10.0 || value == value.trunc() { 0 } else { 1 + usize::from(value < 1.0) };
    format!("∞ ({} % failed)", fixed(value, decimals))
}

/// How many attempts a call took; [`NONE`] if there were no calls.
pub fn factor(value: f64) -> String {
    if value == 0.0 { NONE.into() } else { format!("{}×", fixed(value, 2)) }
}

/// A rate that is there: `1,000/s`.
pub fn per_second(value: f64) -> String {
    format!("{}/s", number(value))
}

/// Words in a row: `a`, `a and b`, `a, b and c`.
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A sentence in pieces: what is set off by backticks, as strategy names are, and what is not. A backtick without its
/// fellow is a character like any other.
pub fn pieces(sentence: &str) -> Vec<(bool, &str)> {
    let mut found = Vec::new();
    let mut rest = sentence;
    while let Some((before, behind)) = rest.split_once('`') {
        let Some((name, after)) = behind.split_once('`') else { break };
        found.extend((!before.is_empty()).then_some((false, before)));
        found.push((true, name));
        rest = after;
    }
    found.extend((!rest.is_empty()).then_some((false, rest)));
    found
}

/// A number of bytes, rounded for people: `4 KiB`, `1.5 GiB`.
pub fn bytes(value: u64) -> String {
    for (unit, factor) in [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if value >= factor {
            return format!("{} {unit}", number(value as f64 / factor as f64));
        }
    }
    format!("{value} B")
}

/// A threshold's value in the unit of its metric, which the threshold's name begins with.
pub fn threshold_value(name: &str, value: f64) -> String {
    match name.split('{').next().unwrap_or_default().trim() {
        "response_time" | "service_time" | "queue_wait" | "lateness" => milliseconds(value),
        "failed" | "throttled" | "shed" | "units_failed" => percent(value),
        "goodput" => format!("{}/s", number(value)),
        "amplification" => format!("{}×", fixed(value, 2)),
        "cost" => usd(value),
        _ => number(value),
    }
}

/// `1 job`, `2 jobs`, `2 strategies`.
pub fn counted(value: u64, noun: &str) -> String {
    let stem = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    let many = || stem.map_or_else(|| format!("{noun}s"), |stem| format!("{stem}ies"));
    format!("{} {}", count(value), if value == 1 { noun.to_owned() } else { many() })
}

/// At most `width` columns of a terminal, the last of them `…` if any were cut.
pub fn clip(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    // Cut where the next character would not fit beside the mark; what takes no column stays with what it is put upon.
    let ends = text.char_indices().map(|(at, _)| at);
    let end = ends.take_while(|at| columns(&text[..*at]) < width).last().unwrap_or(0);
    let mark = if width > 0 { "…" } else { "" };
    format!("{}{mark}", &text[..end])
}

/// How many columns of a terminal a text takes: wide characters of East Asia take two, those that are put upon others none.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// Whether a character takes two columns.
pub fn is_wide(c: char) -> bool {
    c.width() == Some(2)
}

/// `text` with spaces behind it, as wide as `width` columns.
pub fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// A name as part of a file's name: lower and upper case letters, digits, `-`, `_` and `.`; a name that had to
/// change gets a hash, so that two names never share a file.
pub fn slug(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let slug: String = name.chars().take(60).map(kept).collect();
    if slug == name && !slug.starts_with('.') && !slug.is_empty() {
        return slug;
    }
    let hash = name.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    format!("{}-{hash:08x}", slug.trim_matches(['-', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_wide_as_a_terminal_draws_it() {
        for (text, wide) in
            [("naive", 5), ("é–naïve", 7), ("e\u{301}te", 3), ("再試行", 6), ("キャッシュ", 10)]
        {
            assert_eq!(columns(text), wide, "{text}");
            assert_eq!(columns(&padded(text, 12)), 12, "{text}");
            for width in 0..12 {
                assert!(columns(&clip(text, width)) <= width, "{text} in {width}");
            }
        }
        assert_eq!(
            (clip("再試行", 5), clip("再試行", 4), clip("abcdef", 4)),
            ("再試…".into(), "再…".into(), "abc…".into())
        );
        assert_eq!(clip("e\u{301}te\u{301}s", 3), "e\u{301}t…");
    }

    #[test]
    fn numbers_read_well_at_every_size() {
        assert_eq!(
            [count(0), count(999), count(1_000), count(1_234_567)],
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [number(0.25), number(12.34), number(1234.4), number(5.0)],
            ["0.25", "12.3", "1,234", "5"]
        );
        assert_eq!(
            [milliseconds(4.214), milliseconds(182.2), milliseconds(1834.0)],
            ["4.21 ms", "182 ms", "1.83 s"]
        );
        assert_eq!([usd(1234.5), usd(0.0), usd(123_456.7)], ["1,234 USD", "0.00 USD", "123,457 USD"]);
        assert_eq!([bytes(12), bytes(4096), bytes(3 << 29)], ["12 B", "4 KiB", "1.50 GiB"]);
        assert_eq!([fixed(-0.001, 2), fixed(-1234.5, 1)], ["0.00", "-1,234.5"]);
    }

    #[test]
    fn nearly_all_is_not_all_and_nearly_nothing_is_not_nothing() {
        let shown = [0.0, 0.00001, 0.005, 0.5, 0.9995, 0.999_99, 1.0, 1.344].map(percent);
        assert_eq!(shown, ["0 %", "<0.01 %", "0.50 %", "50.0 %", "99.95 %", ">99.99 %", "100 %", "134 %"]);
    }

    #[test]
    fn what_is_no_number_prints_as_a_dash() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!([number(value), percent(value), milliseconds(value), fixed(value, 3)], [NONE; 4]);
        }
        assert_eq!(measured(3.0, 0), NONE);
    }

    #[test]
    fn thresholds_show_the_unit_of_their_metric() {
        assert_eq!(threshold_value("response_time{operation:Decrypt}", 250.0), "250 ms");
        assert_eq!(threshold_value("failed", 0.01), "1.0 %");
        assert_eq!(threshold_value("units_failed{workload:pods}", 0.1075), "10.8 %");
        assert_eq!(threshold_value("goodput", 512.0), "512/s");
        assert_eq!(threshold_value("cost", 5.0), "5.00 USD");
    }

    #[test]
    fn what_failures_have_eaten_is_infinite_and_says_how_many_they_are() {
        let shown = [0.22, 0.2239, 1.0, 0.0312, 0.0004].map(eaten);
        let expected = ["22", "22", "100", "3.1", "0.04"].map(|share| format!("∞ ({share} % failed)"));
        assert_eq!(shown, expected);
        assert_eq!([rate(None), maybe_usd(None), rate(Some(12.34))], [NONE, NONE, "12.3"]);
    }

    #[test]
    fn what_is_set_off_is_told_from_the_rest() {
        let of = |text| pieces(text);
        assert_eq!(of("`a` beats `b c`."), [(true, "a"), (false, " beats "), (true, "b c"), (false, ".")]);
        assert_eq!(of("5` wide"), [(false, "5` wide")]);
        assert!(of("").is_empty());
        let words =
            |n: usize| listed(&["a", "b", "c"][..n].iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        assert_eq!([words(0), words(1), words(2), words(3)], ["", "a", "a and b", "a, b and c"]);
    }

    #[test]
    fn two_names_never_share_a_file() {
        assert_eq!(slug("full-jitter"), "full-jitter");
        assert_ne!(slug("a/b"), slug("a b"));
        assert!(!slug("../../x").contains('/') && !slug("..").starts_with('.') && !slug("").is_empty());
        assert_eq!(clip("abcdef", 4), "abc…");
    }
}
