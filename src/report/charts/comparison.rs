//! Strategies side by side: how much they got done, what it took, and how much of that was refused; each in its
//! strategy's colour, told apart by strength and by name.

use super::Chart;
use super::axis::Axis;
use super::palette::Ink;
use super::plot::{Bar, Line, Plot};
use crate::report::figures::{only_pool, throttled_per_s};
use crate::report::format::{clip, number, rate};
use crate::results::{PoolRun, Run, StrategyRun};

/// Height of one bar, where a strategy's row is 1.
const BAR: f64 = 0.28;
/// What is drawn of each strategy, top to bottom, and how strong its colour is.
const BARS: [(&str, f64); 3] = [("goodput", 1.0), ("attempts", 0.55), ("throttled", 0.3)];

/// The chart; none if nothing was offered.
pub fn chart(run: &Run) -> Option<Chart> {
    let placed: Vec<(usize, &StrategyRun)> =
        run.strategies.iter().enumerate().filter(|(_, s)| s.jobs.offered > 0).collect();
    let shown: Vec<&StrategyRun> = placed.iter().map(|(_, s)| *s).collect();
    let quota = only_pool_of(&shown).filter(|(_, pool)| pool.limit_per_s > 0.0);
    let highest = shown.iter().flat_map(|s| rates(s)).fold(0.0, f64::max);
    // A quota that dwarfs every bar is left to the table: it would squeeze them into nothing.
    let quota = quota.filter(|(_, pool)| pool.limit_per_s <= 4.0 * highest);
    let most = quota.map_or(highest, |(_, pool)| highest.max(pool.limit_per_s));
    if shown.is_empty() || highest <= 0.0 {
        return None;
    }
    let names: Vec<String> = shown.iter().map(|s| clip(&s.name, 20)).collect();
    let (mut lines, mut legend) = (Vec::new(), Vec::new());
    // Room for the figure right of the longest bar.
    let x = Axis::linear("per second, in the window", most * 1.25, number);
    let (bars, words) = bars(&placed, &x, quota.map(|(_, pool)| pool.limit_per_s));
    let y = Axis::names(&names);
    if let Some((pool, figures)) = quota {
        let limit = figures.limit_per_s;
        legend.push((Ink::Quota, format!("quota of {pool}: {}/s", number(limit))));
        lines.push(Line {
            name: pool.into(),
            ink: Ink::Quota,
            width: 2,
            points: vec![(limit, y.low), (limit, y.high)],
        });
    }
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as u32;
    Some(Chart {
        id: "strategies".into(),
        title: "Goodput, attempts and throttled attempts by strategy".into(),
        description: description(&shown),
        plot: Plot {
            width: 720,
            height: 90 + 58 * shown.len() as u32,
            x,
            y,
            y_labels: 24 + longest * 7,
            grid: (true, false),
            bars,
            lines,
            words,
            legend,
            names_at_ends: false,
        },
    })
}

/// The pool that all attempts of all strategies went to: a quota is drawn only over its own pool's attempts.
fn only_pool_of<'r>(shown: &[&'r StrategyRun]) -> Option<(&'r str, &'r PoolRun)> {
    let first = only_pool(shown.first()?)?;
    shown.iter().all(|s| only_pool(s).is_some_and(|(name, _)| name == first.0)).then_some(first)
}

/// The rates of [`BARS`]; nothing where there are none.
fn rates(s: &StrategyRun) -> [f64; 3] {
    [s.rates.goodput_per_s, s.rates.attempts_per_s, throttled_per_s(s)].map(|rate| rate.unwrap_or(0.0))
}

/// A word in a plot: its place, its ink, its text.
type PlotLabel = ((f64, f64), Ink, String);

/// The bars of all strategies, and their figures.
fn bars(shown: &[(usize, &StrategyRun)], x: &Axis, quota: Option<f64>) -> (Vec<Bar>, Vec<PlotLabel>) {
    let (mut bars, mut words) = (Vec::new(), Vec::new());
    for (row, (strategy, s)) in shown.iter().enumerate() {
        for (place, (rate, (name, strength))) in rates(s).into_iter().zip(BARS).enumerate() {
            let top = -(row as f64) + 1.5 * BAR - place as f64 * BAR;
            let ink = Ink::Series(*strategy);
            bars.push(Bar { ink, strength, from: (0.0, top - 0.02), to: (rate, top - BAR + 0.02) });
            let figure = format!("{name} {}/s", number(rate));
            words.push(((beside(rate, &figure, x, quota), top - BAR / 2.0), Ink::Text, figure));
        }
    }
    (bars, words)
}

/// Where the figure of a bar begins: right of its end, and right of the quota's line if that would cross it.
fn beside(rate: f64, figure: &str, x: &Axis, quota: Option<f64>) -> f64 {
    let gap = x.high * 0.006;
    let width = x.high * 0.011 * figure.chars().count() as f64;
    match quota {
        Some(limit) if (rate..rate + gap + width).contains(&limit) => limit + gap,
        _ => rate + gap,
    }
}

fn description(shown: &[&StrategyRun]) -> String {
    let sentence = |s: &&StrategyRun| {
        format!(
            "{}: goodput {}/s, {} attempts/s, {} of them throttled.",
            s.name,
            rate(s.rates.goodput_per_s),
            rate(s.rates.attempts_per_s),
            rate(throttled_per_s(s)),
        )
    };
    shown.iter().map(sentence).collect::<Vec<_>>().join(" ")
}
