//! What happened over time: each strategy against the quota, and each pool's utilisation.

use super::axis::Axis;
use super::palette::Ink;
use super::plot::{Line, Plot};
use super::sample::{bucket, sampled};
use super::{Chart, id};
use crate::report::figures::{self, only_pool, seconds_counted};
use crate::report::format::{number, percent};
use crate::results::{Run, StrategyRun};

const Y_LABELS: u32 = 72;

/// From so many intervals on lines are drawn thin: they go up and down within a few pixels.
const DENSE: usize = 300;

/// A timeline of each strategy that has one, all on the same axes.
pub fn strategies(run: &Run) -> Vec<Chart> {
    let shown: Vec<&StrategyRun> =
        run.strategies.iter().filter(|s| figures::intervals(&s.timeline) > 0).collect();
    let drawn: Vec<Vec<Line>> = shown.iter().map(|s| lines(s)).collect();
    let highest = drawn.iter().flatten().flat_map(|line| &line.points).map(|(_, y)| *y).fold(0.0, f64::max);
    let limits = shown.iter().filter_map(|s| limit(s, highest)).map(|(_, limit)| limit);
    let y = Axis::linear("per second", limits.fold(highest, f64::max) * 1.02, number);
    let x = Axis::time(shown.iter().map(|s| seconds(s)).fold(0.0, f64::max));
    let charts = shown.iter().zip(drawn).map(|(s, lines)| chart(s, lines, highest, &x, &y));
    charts.collect()
}

fn chart(s: &StrategyRun, mut lines: Vec<Line>, highest: f64, x: &Axis, y: &Axis) -> Chart {
    let mut legend: Vec<(Ink, String)> = lines.iter().map(|line| (line.ink, line.name.clone())).collect();
    if let Some((pool, limit)) = limit(s, highest) {
        legend.push((Ink::Quota, format!("quota of {pool}: {}/s", number(limit))));
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
            height: 300,
            x: x.clone(),
            y: y.clone(),
            y_labels: Y_LABELS,
            grid: (false, true),
            bars: Vec::new(),
            lines,
            words: Vec::new(),
            legend,
            names_at_ends: false,
        },
    }
}

/// The series worth drawing, those that matter most on top, the lower ones wider so that equal lines all show; faults and timeouts only if there were any.
fn lines(s: &StrategyRun) -> Vec<Line> {
    let t = &s.timeline;
    let [wide, middle, thin] = if figures::intervals(t) > DENSE { [2, 1, 1] } else { [5, 3, 2] };
    let all = [
        ("offered", Ink::OFFERED, wide, &t.offered, true),
        ("attempts", Ink::ATTEMPTS, middle, &t.attempts, true),
        ("faults", Ink::FAULTS, thin, &t.faults, false),
        ("timeouts", Ink::TIMEOUTS, thin, &t.timeouts, false),
        ("throttled", Ink::THROTTLED, thin, &t.throttled, true),
        ("goodput", Ink::GOODPUT, thin, &t.goodput, true),
    ];
    let worth = all.into_iter().filter(|(.., values, always)| *always || values.iter().any(|v| *v > 0));
    let line = |(name, ink, width, values, _): (&str, _, _, &Vec<u64>, _)| Line {
        name: name.into(),
        ink,
        width,
        points: points(s, values, 1.0),
    };
    worth.map(line).collect()
}

/// A series as rates of one trial, divided by `unit`.
fn points(s: &StrategyRun, values: &[u64], unit: f64) -> Vec<(f64, f64)> {
    let rates: Vec<f64> = values.iter().map(|v| *v as f64 / seconds_counted(s) / unit).collect();
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

/// Utilisation of each pool that has a limit and a timeline.
pub fn pools(run: &Run) -> Vec<Chart> {
    figures::pools(run).into_iter().filter_map(|pool| pool_chart(run, pool)).collect()
}

fn pool_chart(run: &Run, pool: &str) -> Option<Chart> {
    let mut lines = Vec::new();
    let mut end = 0.0;
    for (place, s) in run.strategies.iter().enumerate() {
        let (Some(values), Some(figures)) = (s.timeline.pools.get(pool), s.pools.get(pool)) else { continue };
        if figures.limit_per_s > 0.0 && !values.is_empty() {
            let points = points(s, values, figures.limit_per_s);
            // Lines that coincide all show: those below are wider.
            let below = (run.strategies.len() - 1 - place).min(2) as u32;
            let width =
                if figures::intervals(&s.timeline) > DENSE { 1 + below.min(1) } else { 2 + 2 * below };
            lines.push(Line { name: s.name.clone(), ink: Ink::Series(place), width, points });
            end = seconds(s).max(end);
        }
    }
    let highest = lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y).reduce(f64::max)?;
    let mut legend: Vec<(Ink, String)> = lines.iter().map(|line| (line.ink, line.name.clone())).collect();
    legend.push((Ink::Quota, "quota".into()));
    lines.push(Line {
        name: "quota".into(),
        ink: Ink::Quota,
        width: 2,
        points: vec![(0.0, 1.0), (end.max(1.0), 1.0)],
    });
    let peaks = run.strategies.iter().filter_map(|s| Some((s, s.pools.get(pool)?)));
    let peaks = peaks.map(|(s, p)| format!("{} peaked at {}.", s.name, percent(p.utilisation_peak)));
    Some(Chart {
        id: id("pool", pool),
        title: format!("Utilisation of the pool {pool}"),
        description: peaks.collect::<Vec<_>>().join(" "),
        plot: Plot {
            height: 300,
            x: Axis::time(end),
            y: Axis::linear("attempts ÷ quota", highest.max(1.0) * 1.02, |v| {
                percent(v).replace(".0 %", " %")
            }),
            y_labels: Y_LABELS,
            grid: (false, true),
            bars: Vec::new(),
            lines,
            words: Vec::new(),
            legend,
            names_at_ends: false,
        },
    })
}
