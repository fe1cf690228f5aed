//! What happens as the load grows: goodput and attempts of each strategy, and the p99 response time of all.

use super::axis::Axis;
use super::palette::Ink;
use super::plot::{FULL, Line, Plot};
use super::{Chart, id};
use crate::planner::onset::{Onset, Point, StrategyOnset};
use crate::report::format::number;

/// Room for labels such as `500 ms` and the axis' title.
const Y_LABELS: u32 = 72;
const ACROSS: &str = "offered load, jobs per second";

/// Every chart: one of each strategy with more than one load, and one of their p99.
pub fn all(onset: &Onset) -> Vec<Chart> {
    let each = onset.strategies.iter().enumerate().filter_map(|(place, s)| strategy(place, s));
    each.chain(p99(onset)).collect()
}

/// The name of a strategy under its kind of limiter.
fn name(s: &StrategyOnset) -> String {
    format!("{} ({})", s.name, s.enforcement)
}

/// Goodput and attempts over the load, to twice what was offered: attempts of retries would leave no room for the rest.
fn strategy(place: usize, s: &StrategyOnset) -> Option<Chart> {
    let most = s.points.iter().map(|point| point.load_per_s).fold(0.0, f64::max);
    if s.points.len() < 2 || most <= 0.0 {
        return None;
    }
    let top = s.points.iter().map(|p| p.attempts_per_s.max(p.goodput_per_s)).fold(0.0, f64::max);
    let top = top.clamp(most / 10.0, 2.0 * most);
    let line = |name: &str, ink, figure: fn(&Point) -> f64| Line {
        name: name.into(),
        ink,
        width: 2,
        points: s.points.iter().map(|p| (p.load_per_s, figure(p).min(top))).collect(),
    };
    let lines = vec![
        Line {
            name: "offered".into(),
            ink: Ink::OFFERED,
            width: 1,
            points: vec![(0.0, 0.0), (most.min(top), most.min(top))],
        },
        line("attempts", Ink::ATTEMPTS, |p| p.attempts_per_s),
        line("goodput", Ink::Series(place), |p| p.goodput_per_s),
    ];
    let (first, last) = (s.points.first()?, s.points.last()?);
    let says = |p: &Point| {
        format!(
            "at {}/s offered, goodput {}/s and {} attempts/s",
            number(p.load_per_s),
            number(p.goodput_per_s),
            number(p.attempts_per_s)
        )
    };
    Some(Chart {
        id: id("onset", &format!("{}-{}", s.name, s.enforcement)),
        title: format!("{}: goodput and attempts as the load grows", name(s)),
        description: format!("{}; {}.", says(first), says(last)),
        plot: Plot {
            width: FULL,
            height: 340,
            x: Axis::linear(ACROSS, most, number),
            y: Axis::linear("per second", top, number),
            y_labels: Y_LABELS,
            grid: (false, true),
            bars: Vec::new(),
            lines,
            words: Vec::new(),
            legend: vec![
                (Ink::OFFERED, "offered (jobs)".into()),
                (Ink::ATTEMPTS, "attempts".into()),
                (Ink::Series(place), "goodput (jobs)".into()),
            ],
            names_at_ends: false,
        },
    })
}

/// A strategy with its place and what is drawn of it.
type Drawn<'o> = (usize, &'o StrategyOnset, Vec<(f64, f64)>);

/// The p99 response time of every strategy over the load.
fn p99(onset: &Onset) -> Option<Chart> {
    let drawn: Vec<Drawn> = onset
        .strategies
        .iter()
        .enumerate()
        .map(|(place, s)| {
            let point = |p: &Point| Some((p.load_per_s, p.p99_ms.filter(|ms| *ms > 0.0)?.log10()));
            (place, s, s.points.iter().filter_map(point).collect())
        })
        .filter(|(_, _, points): &(_, _, Vec<_>)| points.len() > 1)
        .collect();
    let points = || drawn.iter().flat_map(|(_, _, points)| points);
    let most = points().map(|(x, _)| *x).reduce(f64::max)?;
    let (low, high) =
        (points().map(|(_, y)| *y).reduce(f64::min)?, points().map(|(_, y)| *y).reduce(f64::max)?);
    let ends = |(_, s, points): &Drawn| {
        let last = points.last().map_or(0.0, |(_, y)| 10_f64.powf(*y));
        format!("{}: {} ms at its highest load.", name(s), number(last))
    };
    let description = drawn.iter().map(ends).collect::<Vec<_>>().join(" ");
    let line =
        |(place, s, points): Drawn| Line { name: s.name.clone(), ink: Ink::Series(place), width: 2, points };
    Some(Chart {
        id: "onset-p99".into(),
        title: "p99 response time of completed jobs as the load grows".into(),
        description,
        plot: Plot {
            width: FULL,
            height: 360,
            x: Axis::linear(ACROSS, most, number),
            y: Axis::log_milliseconds("p99 (log scale)", 10_f64.powf(low - 0.02), 10_f64.powf(high + 0.05)),
            y_labels: Y_LABELS,
            grid: (true, true),
            bars: Vec::new(),
            lines: drawn.into_iter().map(line).collect(),
            words: Vec::new(),
            legend: Vec::new(),
            names_at_ends: true,
        },
    })
}
