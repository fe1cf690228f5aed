//! Many live runs of one scenario, in the order in which they began: from which run on a figure is another.

use super::divisive::{self, Level};
use super::{Figure, Outcome, changes};
use crate::results::stats::round;
use crate::results::{DEFINITIONS, Run};
use serde::{Deserialize, Serialize};

/// Version of the document's names.
pub const HISTORY_SCHEMA: &str = "keystorm.history/1";
/// What shuffling is keyed by: the same runs give the same answer.
const SEED: u64 = 42;
/// The most runs that are looked at, the latest ones.
pub const MOST_RUNS: usize = 200;

/// Many live runs of one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// [`HISTORY_SCHEMA`].
    pub schema: String,
    /// The scenario's name.
    pub name: String,
    /// The runs, in the order in which they began.
    pub runs: Vec<Began>,
    /// One for each strategy and figure.
    pub metrics: Vec<Metric>,
    /// How many runs have to lie beyond a change at the end until it can be found; null if there are too few runs for any.
    pub fewest_beyond: Option<usize>,
    /// Runs that are not among them, each with the reason.
    pub left_out: Vec<LeftOut>,
}

/// A run of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Began {
    /// What the reader calls it: its folder.
    pub label: String,
    /// When it began: ISO 8601 in UTC.
    pub started_at: String,
}

/// A run that is not part of a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// What the reader calls it.
    pub label: String,
    /// Why, as the end of a sentence.
    pub why: String,
}

/// A figure of a strategy over all runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Metric {
    /// The strategy.
    pub strategy: String,
    /// Which figure.
    pub figure: Figure,
    /// In each run; null in one that has none.
    pub values: Vec<Option<f64>>,
    /// Stretches within which it does not change, in order.
    pub stretches: Vec<Stretch>,
}

/// Runs in a row in which a figure does not change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stretch {
    /// The first run, counted from 0.
    pub first: usize,
    /// The mean from there until the next stretch.
    pub mean: f64,
    /// Beside the stretch before: better or worse; null for the first.
    pub verdict: Option<Outcome>,
}

impl Metric {
    /// By how much the mean of a stretch differs from that of the one before: a share of it, or points of a share.
    pub fn change(&self, stretch: usize) -> Option<f64> {
        let (before, after) =
            (self.stretches.get(stretch.checked_sub(1)?)?.mean, self.stretches.get(stretch)?.mean);
        match self.figure.is_share() {
            true => Some(after - before),
            false => (before != 0.0).then(|| (after - before) / before.abs()),
        }
    }
}

/// The history of the scenario of which the latest live run is, from runs under their labels.
///
/// # Errors
/// A sentence if none of them is live.
pub fn history(runs: Vec<(String, Run)>, mut left_out: Vec<LeftOut>) -> Result<History, String> {
    let mut live = Vec::new();
    for (label, run) in runs {
        match unfit(&run) {
            Some(why) => left_out.push(LeftOut { label, why }),
            None => live.push((
                run.wall.as_ref().map(|wall| wall.started_at.clone()).unwrap_or_default(),
                label,
                run,
            )),
        }
    }
    live.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    let Some((.., latest)) = live.last() else {
        return Err("it has no live run that went to its end; a simulated one is the same each time".into());
    };
    let (name, scenario) = (latest.name.clone(), latest.scenario.clone());
    let mut kept = Vec::new();
    for (started_at, label, run) in live {
        let mut differs = Vec::new();
        changes::between("", &run.scenario, &scenario, &mut differs);
        match differs.into_iter().find(|change| change.path != "seed") {
            Some(change) => {
                let why =
                    format!("its scenario is another ({} is {}, not {})", change.path, change.a, change.b);
                left_out.push(LeftOut { label, why });
            }
            None => kept.push((Began { label, started_at }, run)),
        }
    }
    let older = kept.len().saturating_sub(MOST_RUNS);
    for (began, _) in kept.drain(..older) {
        left_out.push(LeftOut { label: began.label, why: format!("{MOST_RUNS} later ones are enough") });
    }
    Ok(told(name, kept, left_out))
}

/// Why a run is part of no history.
fn unfit(run: &Run) -> Option<String> {
    match () {
        () if run.wall.is_none() => Some("it is simulated, and the same each time".into()),
        () if run.interrupted => Some("it was interrupted".into()),
        () if run.definitions != DEFINITIONS => {
            Some(format!("its figures are those of definitions {}, not {DEFINITIONS}", run.definitions))
        }
        () => None,
    }
}

fn told(name: String, kept: Vec<(Began, Run)>, left_out: Vec<LeftOut>) -> History {
    let (began, runs): (Vec<Began>, Vec<Run>) = kept.into_iter().unzip();
    let strategies = runs.last().map(|run| run.strategies.iter().map(|s| s.name.clone()).collect::<Vec<_>>());
    let mut metrics = Vec::new();
    for strategy in strategies.unwrap_or_default() {
        for figure in Figure::ALL {
            let of = |run: &Run| figure.value(run.strategies.iter().find(|s| s.name == strategy)?);
            let values: Vec<Option<f64>> = runs.iter().map(of).collect();
            // What never was anything else than nothing is no metric.
            if values.iter().flatten().any(|value| *value != 0.0) {
                metrics.push(Metric { strategy: strategy.clone(), figure, values, stretches: Vec::new() });
            }
        }
    }
    let level = Level::of(metrics.len().max(1), SEED);
    metrics.iter_mut().for_each(|metric| metric.stretches = stretches(metric, level));
    History {
        schema: HISTORY_SCHEMA.into(),
        name,
        fewest_beyond: level.fewest(began.len()),
        runs: began,
        metrics,
        left_out,
    }
}

/// The stretches between the changes that are worth a word.
fn stretches(metric: &Metric, level: Level) -> Vec<Stretch> {
    let known: Vec<(usize, f64)> =
        metric.values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?))).collect();
    let values: Vec<f64> = known.iter().map(|(_, value)| *value).collect();
    let mean = |from: usize, to: usize| values[from..to].iter().sum::<f64>() / (to - from) as f64;
    let mut places = divisive::changes(&values, level);
    // The least change goes first: what it parted becomes one stretch, whose mean counts beside its neighbours.
    loop {
        let edges: Vec<usize> = [&[0][..], &places, &[values.len()]].concat();
        let worth = |at: usize| {
            let (before, after) = (mean(edges[at], edges[at + 1]), mean(edges[at + 1], edges[at + 2]));
            (after - before).abs() / metric.figure.worth(before, after).max(f64::MIN_POSITIVE)
        };
        let least = (0..places.len()).map(|at| (worth(at), at)).min_by(|a, b| a.0.total_cmp(&b.0));
        match least {
            Some((share, at)) if share < 1.0 => drop(places.remove(at)),
            _ => break,
        }
    }
    let edges: Vec<usize> = [&[0][..], &places, &[values.len()]].concat();
    let means: Vec<f64> =
        edges.windows(2).filter(|edge| edge[0] < edge[1]).map(|edge| mean(edge[0], edge[1])).collect();
    let verdict = |at: usize| {
        let rises = means[at] > *means.get(at.checked_sub(1)?)?;
        Some(if rises == metric.figure.is_better_high() { Outcome::Better } else { Outcome::Worse })
    };
    let stretch =
        |at: usize| Stretch { first: known[edges[at]].0, mean: round(means[at]), verdict: verdict(at) };
    (0..means.len()).map(stretch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{StrategyRun, Trend, Wall};

    fn run(at: usize, p99: f64) -> (String, Run) {
        let wall = Wall { started_at: format!("2026-11-{:02}T00:00:00Z", at + 1), ..Wall::default() };
        let times = Trend { count: 9, p50: 5.0, p99, ..Trend::default() };
        let strategy = StrategyRun { name: "sdk".into(), response_time_ms: times, ..StrategyRun::default() };
        let run = Run {
            name: "storm".into(),
            definitions: DEFINITIONS,
            scenario: serde_json::json!({ "seed": at, "rate": "100/s" }),
            wall: Some(wall),
            strategies: vec![strategy],
            ..Run::default()
        };
        (format!("run-{at}"), run)
    }

    fn p99(history: &History) -> &Metric {
        history.metrics.iter().find(|metric| metric.figure == Figure::P99).expect("it is there")
    }

    #[test]
    fn runs_stand_in_the_order_in_which_they_began_and_a_change_has_its_run() {
        let wobble = |at: usize| (at * 7 % 5) as f64 / 10.0;
        let mut runs: Vec<_> =
            (0..24).map(|at| run(at, if at < 15 { 30.0 } else { 33.0 } + wobble(at))).collect();
        runs.reverse();
        let history = history(runs, Vec::new()).expect("live runs");
        assert_eq!((history.runs[0].label.as_str(), history.runs[23].label.as_str()), ("run-0", "run-23"));
        let metric = p99(&history);
        let [before, after] = metric.stretches[..] else { panic!("{:?}", metric.stretches) };
        assert_eq!((before.first, before.verdict, after.first), (0, None, 15));
        assert_eq!(after.verdict, Some(Outcome::Worse));
        assert!((metric.change(1).expect("a change") - 0.1).abs() < 0.01, "{:?}", metric.change(1));
        let p50 = history.metrics.iter().find(|metric| metric.figure == Figure::P50).expect("it is there");
        assert_eq!(p50.stretches.len(), 1);
        assert!(history.left_out.is_empty() && history.fewest_beyond == Some(3), "{history:?}");
    }

    #[test]
    fn a_change_that_is_worth_no_word_is_none() {
        let runs = (0..24).map(|at| run(at, if at < 12 { 30.0 } else { 30.1 })).collect();
        assert_eq!(p99(&history(runs, Vec::new()).expect("live runs")).stretches.len(), 1);
    }

    #[test]
    fn what_cannot_be_set_beside_the_latest_run_is_left_out_with_the_reason() {
        let mut runs: Vec<_> = (0..6).map(|at| run(at, 30.0)).collect();
        runs[0].1.wall = None;
        runs[1].1.interrupted = true;
        runs[2].1.definitions = 1;
        runs[3].1.scenario["rate"] = "200/s".into();
        let history = super::history(runs, Vec::new()).expect("two are left");
        let why = |label: &str| &history.left_out.iter().find(|out| out.label == label).expect(label).why;
        assert!(why("run-0").contains("simulated") && why("run-1").contains("interrupted"));
        assert!(why("run-2").contains("definitions 1") && why("run-3").contains("rate is 200/s, not 100/s"));
        assert_eq!((history.runs.len(), history.fewest_beyond), (2, None));
        assert!(super::history(Vec::new(), Vec::new()).is_err());
    }

    #[test]
    fn a_run_without_the_figure_is_passed_over() {
        let mut runs: Vec<_> = (0..20).map(|at| run(at, if at < 10 { 20.0 } else { 40.0 })).collect();
        runs[4].1.strategies[0].response_time_ms.count = 0;
        let history = history(runs, Vec::new()).expect("live runs");
        assert_eq!(p99(&history).values[4], None);
        assert_eq!(p99(&history).stretches[1].first, 10);
    }
}
