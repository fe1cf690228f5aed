//! Colours that people who do not see every hue still tell apart, each in a shade for white and one for black.
//!
//! A plot names an [`Ink`]; plotters gets the shade for white, which is also the key by which the SVG is turned over
//! to the page's style sheet. So no two inks may share that shade.

use plotters::style::RGBColor;

/// What a line or a bar is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Words that matter.
    Text,
    /// Axes, ticks, and what is only there for comparison.
    Muted,
    /// Lines to read values by.
    Grid,
    /// A quota: dashed wherever it is drawn.
    Quota,
    /// One of several, by its place; after the last the first comes again.
    Series(usize),
}

impl Ink {
    /// Jobs that arrive.
    pub const OFFERED: Ink = Ink::Muted;
    /// Tries on the wire.
    pub const ATTEMPTS: Ink = Ink::Series(0);
    /// Attempts refused for a quota.
    pub const THROTTLED: Ink = Ink::Series(1);
    /// Jobs done in time.
    pub const GOODPUT: Ink = Ink::Series(2);
    /// Service errors.
    pub const FAULTS: Ink = Ink::Series(3);
    /// Attempts without an answer.
    pub const TIMEOUTS: Ink = Ink::Series(4);
}

/// Name of the style sheet's variable, shade on white, shade on black.
type Shade = (&'static str, (u8, u8, u8), &'static str);

const TEXT: Shade = ("text", (0x1F, 0x23, 0x28), "#E6EDF3");
const MUTED: Shade = ("muted", (0x59, 0x63, 0x6E), "#9BA5B0");
const GRID: Shade = ("grid", (0xDD, 0xE1, 0xE6), "#333B45");
const QUOTA: Shade = ("quota", (0x24, 0x29, 0x2F), "#F0F6FC");

/// Dark and light alternate between neighbours, so that print without colour still tells them apart.
const SERIES: [Shade; 8] = [
    ("s0", (0x00, 0x6A, 0xB0), "#58B4F5"),
    ("s1", (0xD5, 0x5E, 0x00), "#FF9248"),
    ("s2", (0x00, 0x7F, 0x5F), "#35C99F"),
    ("s3", (0xB0, 0x4A, 0x8E), "#EB97CF"),
    ("s4", (0xA8, 0x76, 0x00), "#EDC14A"),
    ("s5", (0x5A, 0x4F, 0xCF), "#AAA0FF"),
    ("s6", (0x7A, 0x3B, 0x2E), "#DDA08F"),
    ("s7", (0x2B, 0x8C, 0xA8), "#7CD3E8"),
];

fn shade(ink: Ink) -> Shade {
    match ink {
        Ink::Text => TEXT,
        Ink::Muted => MUTED,
        Ink::Grid => GRID,
        Ink::Quota => QUOTA,
        Ink::Series(place) => SERIES[place % SERIES.len()],
    }
}

/// The ink's shade on white.
pub fn colour(ink: Ink) -> RGBColor {
    let (_, (red, green, blue), _) = shade(ink);
    RGBColor(red, green, blue)
}

/// Every shade on white as plotters writes it, with the name of its variable.
pub fn keys() -> impl Iterator<Item = (String, &'static str)> {
    every().map(|(name, rgb, _)| (hex(rgb), name))
}

/// How a quota's stroke reads in an SVG, so that it can be dashed.
pub fn quota_stroke() -> String {
    format!("stroke=\"{}\"", hex(QUOTA.1))
}

/// The style sheet's variables for a white page.
pub fn css_variables() -> String {
    every().map(|(name, rgb, _)| format!("--{name}:{};", hex(rgb))).collect()
}

/// The style sheet's variables for a black page.
pub fn dark_variables() -> String {
    every().map(|(name, _, dark)| format!("--{name}:{dark};")).collect()
}

fn every() -> impl Iterator<Item = Shade> {
    [TEXT, MUTED, GRID, QUOTA].into_iter().chain(SERIES)
}

fn hex((red, green, blue): (u8, u8, u8)) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Relative luminance after WCAG 2.
    fn luminance(hex: &str) -> f64 {
        let part = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")) / 255.0;
        let linear = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(part(1)) + 0.7152 * linear(part(3)) + 0.0722 * linear(part(5))
    }

    #[test]
    fn every_line_stands_out_from_its_page_by_at_least_three_to_one() {
        for (name, rgb, dark) in every().filter(|(name, ..)| *name != "grid") {
            assert!(1.05 / (luminance(&hex(rgb)) + 0.05) >= 3.0, "{name} on white");
            assert!((luminance(dark) + 0.05) / (luminance("#0F1419") + 0.05) >= 3.0, "{name} on black");
        }
    }

    #[test]
    fn no_two_inks_share_a_shade() {
        let shades: BTreeSet<String> = keys().map(|(hex, _)| hex).collect();
        assert_eq!(shades.len(), every().count());
    }
}
