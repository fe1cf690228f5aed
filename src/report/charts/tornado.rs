//! What would move a need, and how far: a bar for each thing, the widest on top.

use super::axis::Axis;
use super::palette::Ink;
use super::plot::{Bar, FULL, Line, Plot};
use super::{Chart, id};
use crate::planner::capacity::Swing;
use crate::report::format::{clip, number};

/// Half the height of a bar, where a row is 1.
const HALF: f64 = 0.3;

/// The chart of a quota's need; none if nothing moves it.
pub fn chart(pool: &str, need: f64, swings: &[Swing]) -> Option<Chart> {
    let shown: Vec<(&Swing, f64, f64)> =
        swings.iter().filter_map(|swing| Some((swing, swing.less.1?, swing.more.1?))).collect();
    let most = shown.iter().map(|(_, less, more)| less.max(*more)).fold(need, f64::max);
    if shown.is_empty() || most <= 0.0 {
        return None;
    }
    let names: Vec<String> = shown.iter().map(|(swing, ..)| clip(&swing.what, 30)).collect();
    let (mut bars, mut words) = (Vec::new(), Vec::new());
    for (row, (swing, less, more)) in shown.iter().enumerate() {
        let middle = -(row as f64);
        let bar = |to: f64, ink| Bar {
            ink,
            strength: 1.0,
            from: (need.min(to), middle + HALF),
            to: (need.max(to), middle - HALF),
        };
        bars.push(bar(*less, Ink::ATTEMPTS));
        bars.push(bar(*more, Ink::OFFERED));
        let said = format!("{} {} … {} {}", swing.less.0, number(*less), swing.more.0, number(*more));
        words.push(((less.max(*more).max(need) + most * 0.01, middle), Ink::Text, clip(&said, 48)));
    }
    let y = Axis::names(&names);
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as u32;
    let line =
        Line { name: "need".into(), ink: Ink::Quota, width: 2, points: vec![(need, y.low), (need, y.high)] };
    let says = |(swing, less, more): &(&Swing, f64, f64)| {
        format!(
            "{}: {}/s with {}, {}/s with {}.",
            swing.what,
            number(*less),
            swing.less.0,
            number(*more),
            swing.more.0
        )
    };
    Some(Chart {
        id: id("sensitivity", pool),
        title: format!("What would move the need of {pool}"),
        description: shown.iter().map(says).collect::<Vec<_>>().join(" "),
        plot: Plot {
            width: FULL,
            height: 110 + 40 * shown.len() as u32,
            x: Axis::linear("quota needed, attempts per second", most * 1.6, number),
            y,
            y_labels: 24 + longest * 7,
            grid: (true, false),
            bars,
            lines: vec![line],
            words,
            legend: vec![
                (Ink::ATTEMPTS, "less of it".into()),
                (Ink::OFFERED, "more of it".into()),
                (Ink::Quota, format!("need: {}/s", number(need))),
            ],
            names_at_ends: false,
        },
    })
}
