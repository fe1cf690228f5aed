//! A figure over many runs, and the means of the stretches within which it does not change.

use super::axis::Axis;
use super::palette::Ink;
use super::plot::{FULL, Line, Plot};
use super::{Chart, id};
use crate::report::compare::{shown, word};
use crate::report::format::number;
use crate::results::compare::history::{History, Metric};

/// The chart of a metric.
pub fn chart(history: &History, metric: &Metric) -> Chart {
    let last = metric.values.len().saturating_sub(1);
    let known = || metric.values.iter().enumerate().filter_map(|(at, value)| Some((at as f64, (*value)?)));
    let (low, high) =
        known().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, v)| (low.min(v), high.max(v)));
    let place = history.metrics.iter().map(|other| &other.strategy).collect::<Vec<_>>();
    let place = strategies(&place).iter().position(|name| **name == metric.strategy).unwrap_or(0);
    let mut lines = vec![Line {
        name: format!("{} of {}", metric.figure.word(), metric.strategy),
        ink: Ink::Series(place),
        width: 2,
        points: known().collect(),
    }];
    for (at, stretch) in metric.stretches.iter().enumerate() {
        let end = metric.stretches.get(at + 1).map_or(last as f64, |next| next.first as f64 - 0.5);
        let from = if at == 0 { 0.0 } else { stretch.first as f64 - 0.5 };
        let points = vec![(from, stretch.mean), (end, stretch.mean)];
        lines.push(Line { name: "mean".into(), ink: Ink::Quota, width: 2, points });
    }
    let title = format!("{} of {} over {} runs", metric.figure.word(), metric.strategy, history.runs.len());
    let of = |(at, stretch): (usize, &crate::results::compare::history::Stretch)| {
        let verdict = stretch.verdict.map_or_else(String::new, |verdict| format!(", {}", word(verdict)));
        let label = &history.runs[stretch.first].label;
        format!(
            "{}from {label} {}{verdict}",
            if at == 0 { "" } else { "; " },
            shown(metric.figure, stretch.mean)
        )
    };
    Chart {
        id: id(&format!("history-{}", metric.figure.word()), &metric.strategy),
        description: metric.stretches.iter().enumerate().map(of).collect(),
        title,
        plot: Plot {
            width: FULL,
            height: 240,
            x: Axis::between("run, in the order in which they began", 0.0, last as f64, |at| {
                number(at + 1.0)
            }),
            y: Axis::between("", low, high, |value| shown(metric.figure, value)),
            y_labels: 74,
            grid: (false, true),
            bars: Vec::new(),
            lines,
            words: Vec::new(),
            legend: vec![
                (Ink::Series(place), metric.strategy.clone()),
                (Ink::Quota, "mean of a stretch without a change".into()),
            ],
            names_at_ends: false,
        },
    }
}

/// Each name once, in order.
fn strategies<'n>(names: &[&'n String]) -> Vec<&'n String> {
    let mut once = names.to_vec();
    once.dedup();
    once
}
