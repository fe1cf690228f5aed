//! Colours that people who do not see every hue still tell apart, each in a shade for white and one for black, and the
//! dash and the mark that go with it, so that no line is told by its colour alone.
//!
//! A colour is a strategy's, always. Metrics are drawn in shades of grey, told apart by dash, mark and name. A plot names
//! an [`Ink`]; plotters gets the shade for white, which is also the key by which the SVG is turned over to the page's
//! style sheet and by which lines are dashed. So no two inks may share that shade.

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
    /// A strategy, by its place; after the last colour the first comes again, with another mark.
    Series(usize),
    /// A metric, by its place in the list of their colours.
    Metric(usize),
}

impl Ink {
    /// Jobs that arrive.
    pub const OFFERED: Ink = Ink::Metric(0);
    /// Tries on the wire.
    pub const ATTEMPTS: Ink = Ink::Metric(1);
    /// Attempts refused for a quota.
    pub const THROTTLED: Ink = Ink::Metric(2);
    /// Service errors.
    pub const FAULTS: Ink = Ink::Metric(3);
    /// Attempts without an answer.
    pub const TIMEOUTS: Ink = Ink::Metric(4);

    /// The mark of a line in this ink.
    pub fn mark(self) -> Option<Mark> {
        match self {
            Ink::Series(place) => Some(mark(place)),
            Ink::Metric(0) | Ink::Text | Ink::Muted | Ink::Grid | Ink::Quota => None,
            Ink::Metric(place) => Some(mark(place)),
        }
    }
}

/// A mark on a line: corners around its middle, in pixels.
pub type Mark = &'static [(i32, i32)];

/// Square, triangle, diamond, upright bar, triangle on its head, flat bar, hexagon: seven, so that beside eight colours
/// fifty-six strategies have each their own pair.
const MARKS: [Mark; 7] = [
    &[(-3, -3), (3, -3), (3, 3), (-3, 3)],
    &[(0, -4), (4, 3), (-4, 3)],
    &[(0, -5), (4, 0), (0, 5), (-4, 0)],
    &[(-1, -5), (1, -5), (1, 5), (-1, 5)],
    &[(0, 4), (4, -3), (-4, -3)],
    &[(-5, -1), (5, -1), (5, 1), (-5, 1)],
    &[(-2, -4), (2, -4), (4, 0), (2, 4), (-2, 4), (-4, 0)],
];

/// The mark of the strategy in this place.
pub fn mark(place: usize) -> Mark {
    MARKS[place % MARKS.len()]
}

/// Name of the style sheet's variable, shade on white, shade on black, dash (empty for none).
type Shade = (&'static str, (u8, u8, u8), &'static str, &'static str);

const TEXT: Shade = ("text", (0x1B, 0x1F, 0x24), "#E6EDF3", "");
const MUTED: Shade = ("muted", (0x59, 0x63, 0x6E), "#9BA5B0", "");
const GRID: Shade = ("grid", (0xDD, 0xE1, 0xE6), "#2E3640", "");
const QUOTA: Shade = ("quota", (0x24, 0x29, 0x2F), "#F0F6FC", "8 5");

/// Found by search: no two come closer than the test below says, in plain sight, in protanopia or in deuteranopia.
const SERIES: [Shade; 8] = [
    ("s0", (0x14, 0x57, 0xBB), "#5D8DCB", ""),
    ("s1", (0xAD, 0x48, 0x01), "#F09040", "7 3"),
    ("s2", (0x00, 0x7E, 0x68), "#3ABF90", "2 2"),
    ("s3", (0xE8, 0x20, 0x88), "#F39BD9", "9 3 2 3"),
    ("s4", (0xA0, 0x89, 0x08), "#F0DC5A", "5 2"),
    ("s5", (0x6D, 0x52, 0xF6), "#886DFF", ""),
    ("s6", (0x79, 0x2E, 0x1F), "#BC6A56", "10 4"),
    ("s7", (0x39, 0x8E, 0xB9), "#A2EDFF", "3 3"),
];

/// Offered, attempts, throttled, faults, timeouts.
const METRICS: [Shade; 5] = [
    ("m0", (0x79, 0x81, 0x8A), "#8F99A4", "2 3"),
    ("m1", (0x2F, 0x36, 0x3D), "#DDE5EC", ""),
    ("m2", (0x66, 0x6E, 0x77), "#A9B3BD", "6 3"),
    ("m3", (0x4B, 0x53, 0x5C), "#C6CFD8", "1 3"),
    ("m4", (0x70, 0x78, 0x81), "#9EA8B2", "9 3 2 3"),
];

fn shade(ink: Ink) -> Shade {
    match ink {
        Ink::Text => TEXT,
        Ink::Muted => MUTED,
        Ink::Grid => GRID,
        Ink::Quota => QUOTA,
        Ink::Series(place) => SERIES[place % SERIES.len()],
        Ink::Metric(place) => METRICS[place % METRICS.len()],
    }
}

/// The ink's shade on white.
pub fn colour(ink: Ink) -> RGBColor {
    let (_, (red, green, blue), ..) = shade(ink);
    RGBColor(red, green, blue)
}

/// The name of the ink's variable.
pub fn variable(ink: Ink) -> &'static str {
    shade(ink).0
}

/// How lines in this ink are dashed, as SVG has it; empty for not at all.
pub fn dash(ink: Ink) -> &'static str {
    shade(ink).3
}

/// Every shade on white as plotters writes it, with the name of its variable.
pub fn keys() -> impl Iterator<Item = (String, &'static str)> {
    every().map(|(name, rgb, ..)| (hex(rgb), name))
}

/// How the stroke of each dashed ink reads in an SVG, with its dash.
pub fn dashes() -> impl Iterator<Item = (String, &'static str)> {
    let dashed = every().filter(|(.., dash)| !dash.is_empty());
    dashed.map(|(_, rgb, _, dash)| (format!("stroke=\"{}\"", hex(rgb)), dash))
}

/// The style sheet's variables for a white page.
pub fn css_variables() -> String {
    every().map(|(name, rgb, ..)| format!("--{name}:{};", hex(rgb))).collect()
}

/// The style sheet's variables for a black page.
pub fn dark_variables() -> String {
    every().map(|(name, _, dark, _)| format!("--{name}:{dark};")).collect()
}

fn every() -> impl Iterator<Item = Shade> {
    [TEXT, MUTED, GRID, QUOTA].into_iter().chain(SERIES).chain(METRICS)
}

fn hex((red, green, blue): (u8, u8, u8)) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Light as an eye meets it: red, green and blue without the screen's gamma.
    fn linear(hex: &str) -> [f64; 3] {
        [1, 3, 5].map(|at| {
            let c = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// Relative luminance after WCAG 2.
    fn luminance(hex: &str) -> f64 {
        let [red, green, blue] = linear(hex);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn times(matrix: [[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum())
    }

    /// Plain sight, and what is left of it without red and without green cones: Machado, Oliveira and Fernandes 2009,
    /// severity 1.
    const EYES: [(&str, [[f64; 3]; 3]); 3] = [
        ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
        ),
    ];

    /// Oklab, in which equal distances look equally far apart; lightness runs from 0 to 100.
    fn oklab(light: [f64; 3]) -> [f64; 3] {
        let cones = times(
            [
                [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
                [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
                [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
            ],
            light.map(|c| c.clamp(0.0, 1.0)),
        );
        let matrix = [
            [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
            [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
            [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
        ];
        times(matrix, cones.map(f64::cbrt)).map(|c| c * 100.0)
    }

    fn seen(hex: &str, eye: [[f64; 3]; 3]) -> [f64; 3] {
        oklab(times(eye, linear(hex)))
    }

    fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn no_two_strategies_look_alike_without_red_or_green_cones() {
        let light: Vec<String> = SERIES.iter().map(|(_, rgb, ..)| hex(*rgb)).collect();
        let dark: Vec<String> = SERIES.iter().map(|(_, _, dark, _)| (*dark).to_owned()).collect();
        for shades in [light, dark] {
            for (eye, matrix) in EYES {
                for (place, a) in shades.iter().enumerate() {
                    for b in &shades[..place] {
                        let apart = distance(seen(a, matrix), seen(b, matrix));
                        assert!(apart >= 9.9, "{a} and {b} are {apart:.1} apart in {eye}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_colour_is_a_strategys_and_metrics_are_grey() {
        let chroma = |hex: &str| {
            let [_, a, b] = oklab(linear(hex));
            a.hypot(b)
        };
        for (name, rgb, dark, _) in SERIES {
            assert!(chroma(&hex(rgb)) >= 7.0 && chroma(dark) >= 7.0, "{name}");
        }
        for (name, rgb, dark, _) in METRICS {
            assert!(chroma(&hex(rgb)) <= 3.0 && chroma(dark) <= 3.0, "{name}");
        }
    }

    #[test]
    fn neighbours_differ_in_dash_and_mark_too() {
        let looks: Vec<(&str, Mark)> = (0..SERIES.len()).map(|p| (dash(Ink::Series(p)), mark(p))).collect();
        assert!(looks.windows(2).all(|pair| pair[0].0 != pair[1].0 && pair[0].1 != pair[1].1), "{looks:?}");
        let all: BTreeSet<(&str, Mark)> = (0..56).map(|p| (variable(Ink::Series(p)), mark(p))).collect();
        assert_eq!(all.len(), 56);
    }

    #[test]
    fn every_line_stands_out_from_its_page_by_at_least_three_to_one() {
        for (name, rgb, dark, _) in every().filter(|(name, ..)| *name != "grid") {
            assert!((luminance("#F6F8FA") + 0.05) / (luminance(&hex(rgb)) + 0.05) >= 3.0, "{name} on white");
            assert!((luminance(dark) + 0.05) / (luminance("#161C23") + 0.05) >= 3.0, "{name} on black");
        }
    }

    #[test]
    fn no_two_inks_share_a_shade() {
        let shades: BTreeSet<String> = keys().map(|(hex, _)| hex).collect();
        assert_eq!(shades.len(), every().count());
    }
}
