//! What happened to one strategy over time: what arrived, what was tried and what was refused, in grey; what got done in
//! the strategy's own colour.

use super::axis::Axis;
use super::overlay::whole;
use super::palette::Ink;
use super::plot::{Line, Plot, SMALL};
use super::sample::{bucket, sampled};
use super::{Chart, id};
use crate::report::figures::{self, only_pool, seconds_counted};
use crate::report::format::number;
use crate::results::{Run, StrategyRun};

const Y_LABELS: u32 = 62;

/// A timeline of each strategy that has one, each on an axis of its own: one that is busy must not flatten the others.
pub fn strategies(run: &Run) -> Vec<Chart> {
    let shown = run.strategies.iter().enumerate().filter(|(_, s)| figures::intervals(&s.timeline) > 0);
    shown.map(|(place, s)| chart(place, s)).collect()
}

fn chart(place: usize, s: &StrategyRun) -> Chart {
    let mut lines = lines(place, s);
    let highest = lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y).fold(0.0, f64::max);
    let x = Axis::time(seconds(s));
    let mut words = Vec::new();
    let limit = limit(s, highest);
    let y = Axis::linear("", limit.map_or(highest, |(_, limit)| highest.max(limit)) * 1.02, |v| {
        format!("{}/s", number(v))
    });
    if let Some((pool, limit)) = limit {
        let above = limit + (y.high - y.low) * 0.05;
        words.push((
            (x.high * 0.01, above.min(y.high)),
            Ink::Text,
            format!("quota of {pool}: {}/s", number(limit)),
        ));
        lines.push(Line {
            name: pool.into(),
            ink: Ink::Quota,
            width: 2,
            points: vec![(0.0, limit), (x.high, limit)],
        });
    }
    Chart {
        id: id("timeline", &s.name),
        title: format!("{} over time", s.name),
        description: description(s),
        plot: Plot {
            width: SMALL,
            height: 230,
            x,
            y,
            y_labels: Y_LABELS,
            grid: (false, true),
            bars: Vec::new(),
            lines,
            words,
            legend: Vec::new(),
            names_at_ends: true,
        },
    }
}

/// The series worth drawing, goodput on top; refusals, faults and timeouts only if there were any.
fn lines(place: usize, s: &StrategyRun) -> Vec<Line> {
    let t = &s.timeline;
    let all = [
        ("offered", Ink::OFFERED, 1, &t.offered, true),
        ("attempts", Ink::ATTEMPTS, 1, &t.attempts, true),
        ("faults", Ink::FAULTS, 1, &t.faults, false),
        ("timeouts", Ink::TIMEOUTS, 1, &t.timeouts, false),
        ("throttled", Ink::THROTTLED, 1, &t.throttled, false),
        ("goodput", Ink::Series(place), 2, &t.goodput, true),
    ];
    let worth = all.into_iter().filter(|(.., values, always)| *always || values.iter().any(|v| *v > 0));
    let line = |(name, ink, width, values, _): (&str, _, _, &Vec<u64>, _)| Line {
        name: name.into(),
        ink,
        width,
        points: points(s, values),
    };
    worth.map(line).collect()
}

/// A series as rates of one trial.
fn points(s: &StrategyRun, values: &[u64]) -> Vec<(f64, f64)> {
    let rates: Vec<f64> = values.iter().map(|v| *v as f64 / seconds_counted(s)).collect();
    let rates = whole(rates);
    sampled(&rates, s.timeline.interval_s.max(1) as f64)
}

/// The limit of the pool that all its attempts went to; none if there are several, and if it lies so far above everything that it would flatten the lines.
fn limit(s: &StrategyRun, highest: f64) -> Option<(&str, f64)> {
    let (name, pool) = only_pool(s)?;
    (pool.limit_per_s > 0.0 && pool.limit_per_s <= 4.0 * highest).then_some((name, pool.limit_per_s))
}

fn seconds(s: &StrategyRun) -> f64 {
    (figures::intervals(&s.timeline) as u64 * s.timeline.interval_s.max(1)) as f64
}

fn description(s: &StrategyRun) -> String {
    let highest =
        |values: &[u64]| number(values.iter().copied().max().unwrap_or(0) as f64 / seconds_counted(s));
    let t = &s.timeline;
    format!(
        "Highest rates over {} s: offered {}/s, attempts {}/s, throttled {}/s, goodput {}/s.{}",
        number(seconds(s)),
        highest(&t.offered),
        highest(&t.attempts),
        highest(&t.throttled),
        highest(&t.goodput),
        sampling(s),
    )
}

/// Says so if points stand for more than one interval.
fn sampling(s: &StrategyRun) -> String {
    match bucket(figures::intervals(&s.timeline)) as u64 * s.timeline.interval_s.max(1) {
        n if n <= s.timeline.interval_s.max(1) => String::new(),
        n => format!(" Each {n} s are drawn by their lowest and highest value."),
    }
}
