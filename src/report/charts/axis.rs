//! Axes: where a value stands, and which values are marked.

use super::super::format::{milliseconds, number};

/// An axis in its own places: a plot is drawn linearly between `low` and `high`.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it measures, with its unit.
    pub title: String,
    /// Place of the near end.
    pub low: f64,
    /// Place of the far end, above `low`.
    pub high: f64,
    /// Marked places with their labels, rising.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From 0 to a round number above `most`; places are values.
    pub fn linear(title: &str, most: f64, label: impl Fn(f64) -> String) -> Axis {
        let most = if most.is_finite() && most > 0.0 { most } else { 1.0 };
        let step = round_step(most / 5.0);
        let count = (most / step - 1e-9).ceil().max(1.0) as u32;
        let ticks = (0..=count).map(|i| f64::from(i) * step).map(|v| (v, label(v))).collect();
        Axis { title: title.into(), low: 0.0, high: f64::from(count) * step, ticks }
    }

    /// A little more than from `low` to `high`, marked at round numbers; places are values.
    pub fn between(title: &str, low: f64, high: f64, label: impl Fn(f64) -> String) -> Axis {
        let (low, high) = if low.is_finite() && high.is_finite() { (low, high) } else { (0.0, 1.0) };
        let span = if high > low { high - low } else { low.abs().max(1.0) };
        let (low, high) = (low - span * 0.04, high + span * 0.04);
        let step = round_step((high - low) / 6.0);
        let first = (low / step).ceil() as i64;
        let marks = (first..).map(|i| i as f64 * step).take_while(|value| *value <= high);
        Axis { title: title.into(), low, high, ticks: marks.map(|value| (value, label(value))).collect() }
    }

    /// Seconds since the run's start, marked in seconds, minutes or hours; ends where the run ends.
    pub fn time(seconds: f64) -> Axis {
        const STEPS: [u32; 16] =
            [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 43_200];
        let seconds = seconds.max(1.0);
        let fitting = STEPS.into_iter().find(|step| seconds / f64::from(*step) <= 9.0);
        let step = fitting.map_or_else(|| (seconds / 9.0 / 86_400.0).ceil() * 86_400.0, f64::from);
        let (unit, name) = match seconds {
            s if s <= 300.0 => (1.0, "s"),
            s if s <= 10_800.0 => (60.0, "min"),
            _ => (3_600.0, "h"),
        };
        let marks = (0..).map(|i| f64::from(i) * step).take_while(|t| *t <= seconds + 1e-9);
        let ticks = marks.map(|t| (t, number(t / unit))).collect();
        Axis { title: format!("time since the start ({name})"), low: 0.0, high: seconds, ticks }
    }

    /// Milliseconds on a logarithmic scale; places are decimal logarithms.
    pub fn log_milliseconds(title: &str, least: f64, most: f64) -> Axis {
        let low = least.max(1e-3).log10();
        let high = most.max(1e-3).log10().max(low + 0.7);
        let decades = high - low;
        let marks: &[f64] = match decades {
            d if d <= 2.5 => &[1.0, 2.0, 5.0],
            d if d <= 3.5 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let powers = (low.floor() as i32)..=(high.ceil() as i32);
        let ticks = powers
            .flat_map(|p| marks.iter().map(move |m| m * 10_f64.powi(p)))
            .map(|v| (v.log10(), milliseconds(v)));
        let inside = |place: &f64| (low - 1e-9..=high + 1e-9).contains(place);
        Axis { title: title.into(), low, high, ticks: ticks.filter(|(place, _)| inside(place)).collect() }
    }

    /// Counts or rates on a logarithmic scale that has a nought, which is left out where nothing comes below ten; places are
    /// given by [`grown`].
    pub fn log_counts(title: &str, least: f64, most: f64, label: impl Fn(f64) -> String) -> Axis {
        let most = if most.is_finite() && most > 1.0 { most } else { 1.0 };
        let base = if least >= 10.0 && least < most { 10_f64.powf(least.log10().floor()) } else { 0.0 };
        let decades = (most / base.max(1.0)).log10();
        let marks: &[f64] = if decades <= 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let powers = base.max(1.0).log10().round() as i32..=most.log10().ceil() as i32;
        let all = powers.flat_map(|p| marks.iter().map(move |m| m * 10_f64.powi(p)));
        let nought = (base == 0.0).then_some(0.0).into_iter();
        let values = nought.chain(all.filter(|v| *v <= most * 1.001));
        Axis {
            title: title.into(),
            low: grown(base),
            high: grown(base) + (grown(most) - grown(base)) * 1.03,
            ticks: values.map(|v| (grown(v), label(v))).collect(),
        }
    }

    /// Percentiles, each further nine as long as the one before; places are given by [`tail`].
    pub fn percentiles(most: f64) -> Axis {
        let marks = [50.0, 90.0, 95.0, 99.0, 99.9, 99.99, 99.999];
        let high = tail(most).max(1.0);
        // Where the axis is crowded the least of them goes.
        let fits = |p: &&f64| **p != 95.0 || high < 3.5;
        let ticks = marks.iter().filter(fits).map(|p| (tail(*p), format!("{p} %")));
        let ticks = ticks.filter(|(place, _)| *place <= high + 1e-9);
        Axis {
            title: "share of completed jobs that took at most this long".into(),
            low: 0.0,
            high,
            ticks: ticks.collect(),
        }
    }

    /// Names in rows, the first on top; place of row `i` is `-i`.
    pub fn names(names: &[String]) -> Axis {
        let ticks = names.iter().enumerate().map(|(i, name)| (-(i as f64), name.clone())).rev().collect();
        Axis { title: String::new(), low: 0.5 - names.len().max(1) as f64, high: 0.5, ticks }
    }

    /// The label of a marked place.
    pub fn label(&self, place: f64) -> String {
        let span = (self.high - self.low).abs();
        let near = self.ticks.iter().find(|(at, _)| (at - place).abs() <= span * 1e-9);
        near.map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

/// Where a percentile (0 to 100) stands on [`Axis::percentiles`]: how many nines it has.
pub fn tail(percentile: f64) -> f64 {
    -(1.0 - (percentile / 100.0).clamp(0.0, 0.999_999)).log10()
}

/// Where a count stands on [`Axis::log_counts`].
pub fn grown(count: f64) -> f64 {
    (1.0 + count.max(0.0)).log10()
}

/// The nearest of 1, 2 and 5 times a power of ten that is not below `value`.
fn round_step(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * power)
        .into_iter()
        .find(|step| *step >= value - value * 1e-9)
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn marks_are_round_numbers() {
        assert_eq!(labels(&Axis::linear("", 1_437.0, number)), ["0", "500", "1,000", "1,500"]);
        assert_eq!(labels(&Axis::linear("", 0.0, number)).len(), 6);
        assert_eq!(labels(&Axis::time(120.0)), ["0", "20", "40", "60", "80", "100", "120"]);
        assert_eq!(labels(&Axis::time(3_600.0)), ["0", "10", "20", "30", "40", "50", "60"]);
        assert_eq!(labels(&Axis::percentiles(99.95)), ["50 %", "90 %", "95 %", "99 %", "99.9 %"]);
        assert_eq!(labels(&Axis::log_counts("", 0.0, 1_500.0, number)), ["0", "1", "10", "100", "1,000"]);
        assert_eq!(labels(&Axis::log_counts("", 3.0, 30.0, number)), ["0", "1", "2", "5", "10", "20"]);
        assert_eq!(labels(&Axis::log_counts("", 130.0, 930.0, number)), ["100", "200", "500"]);
        assert_eq!(labels(&Axis::log_milliseconds("", 10.0, 100.0)), ["10 ms", "20 ms", "50 ms", "100 ms"]);
    }

    #[test]
    fn every_axis_has_length_and_marks_even_without_data() {
        for axis in [
            Axis::linear("", f64::NAN, number),
            Axis::time(0.0),
            Axis::log_milliseconds("", 0.0, 0.0),
            Axis::log_counts("", f64::NAN, f64::NAN, number),
            Axis::percentiles(0.0),
        ] {
            assert!(axis.high > axis.low && axis.ticks.len() > 1, "{axis:?}");
        }
    }
}
