//! What an onset came to: the document that is saved, and the lines of a history.

use super::{Edge, Goal, Measure, Probe, Search, Stop, thresholds};
use crate::results::Tool;
use crate::scenario::Scenario;
use serde::{Deserialize, Serialize};

/// Version of the document's names.
pub const SCHEMA: &str = "keystorm.onset/1";

/// Where a scenario's strategies break.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Onset {
    /// [`SCHEMA`].
    pub schema: String,
    /// Which keystorm made it.
    pub tool: Tool,
    /// The scenario's name.
    pub name: String,
    /// First 64 bits of SHA-256 of the resolved scenario's JSON, in hex.
    pub scenario_hash: String,
    /// Key of every random draw.
    pub seed: u64,
    /// The Region whose default quotas applied.
    pub region: String,
    /// How long each load was held in the trials that decided.
    #[serde(rename = "length_s")]
    pub length_s: f64,
    /// How many trials decided at most.
    pub trials: u32,
    /// How far apart the two sides of an edge are at most, relative.
    pub within: f64,
    /// By strategy and kind of limiter, in order.
    pub strategies: Vec<StrategyOnset>,
    /// What of the scenario has no part in a steady load; a sentence each.
    pub left_out: Vec<String>,
    /// Whether the search was interrupted.
    pub interrupted: bool,
    /// Where the loads were sent; null where they were simulated.
    #[serde(default)]
    pub sent_to: Option<String>,
}

/// Where one strategy breaks under one kind of limiter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StrategyOnset {
    /// The strategy's name.
    pub name: String,
    /// How the quota is enforced, as a scenario writes it.
    pub enforcement: String,
    /// From which load a quota refuses attempts; null if from none that was tried.
    pub first_throttle_per_s: Option<Bracket>,
    /// From which load the first threshold is broken.
    pub thresholds_broken_per_s: Option<Bracket>,
    /// From which load goodput is a tenth below what a lower load got.
    pub collapse_per_s: Option<Bracket>,
    /// Each threshold.
    pub thresholds: Vec<ThresholdOnset>,
    /// The highest load that was tried.
    pub tried_up_to_per_s: f64,
    /// Attempts simulated in all, those read from a history included.
    pub attempts_simulated: u64,
    /// Why nothing more was tried; a sentence.
    pub stopped_because: String,
    /// What was seen, rising by load.
    pub points: Vec<Point>,
}

/// The two sides of an edge, jobs a second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bracket {
    /// The highest load at which it is not so; null if there is none that was tried.
    pub low: Option<f64>,
    /// The lowest at which it is.
    pub high: f64,
}

/// From which load one threshold is broken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdOnset {
    /// `response_time{operation:Decrypt}`.
    pub name: String,
    /// `p(99)<250ms`.
    pub expression: String,
    /// From which load; null if from none that was tried.
    pub from_per_s: Option<Bracket>,
}

/// What was seen at one load, by its longest trials: medians over them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The load, jobs a second.
    pub load_per_s: f64,
    /// How many trials.
    pub trials: u32,
    /// Jobs completed in time a second.
    pub goodput_per_s: f64,
    /// Attempts a second.
    pub attempts_per_s: f64,
    /// The p99 response time of completed jobs; null without any.
    pub p99_ms: Option<f64>,
}

/// A line of a history: one trial, and of what it is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// First 64 bits of SHA-256 of the scenario, with its quotas as they were enforced.
    pub scenario: String,
    /// The strategy's name.
    pub strategy: String,
    /// How long the load was held, in nanoseconds.
    pub length_ns: u64,
    /// The load, jobs a second.
    pub load_per_s: f64,
    /// Which trial.
    pub trial: u32,
    /// What it showed.
    pub measure: Measure,
}

impl History {
    /// The line for trial `trial` of `probe`.
    pub fn of(
        scenario: &str,
        strategy: &str,
        search: &Search,
        probe: &Probe,
        trial: u32,
        measure: &Measure,
    ) -> History {
        History {
            scenario: scenario.into(),
            strategy: strategy.into(),
            length_ns: search.terms().levels[probe.level].length.as_nanos(),
            load_per_s: probe.load_per_s,
            trial,
            measure: measure.clone(),
        }
    }

    /// Gives a search what the line says; whether the search had a place for it.
    pub fn tell(&self, search: &mut Search) -> bool {
        let levels = &search.terms().levels;
        let level = levels.iter().position(|level| level.length.as_nanos() == self.length_ns);
        let Some((level, place)) = level.zip(search.place_of(self.load_per_s)) else { return false };
        let fits = self.trial < levels[level].trials && self.measure.held.len() == search.terms().thresholds;
        fits && search.take(level, place, self.trial, self.measure.clone())
    }
}

fn bracket(edge: Edge) -> Option<Bracket> {
    match edge {
        Edge::Between(low, high) => Some(Bracket { low: Some(low), high }),
        Edge::Below(high) => Some(Bracket { low: None, high }),
        Edge::Above(_) | Edge::Unknown => None,
    }
}

/// What the search of strategy number `strategy` came to.
pub fn of_search(
    scenario: &Scenario,
    strategy: usize,
    enforcement: &str,
    search: &Search,
    is_interrupted: bool,
) -> StrategyOnset {
    let thresholds: Vec<ThresholdOnset> = thresholds(scenario, strategy)
        .iter()
        .enumerate()
        .map(|(number, threshold)| ThresholdOnset {
            name: threshold.name.clone(),
            expression: threshold.expression.clone(),
            from_per_s: bracket(search.edge(Goal::Threshold(number))),
        })
        .collect();
    let broken = thresholds.iter().filter_map(|threshold| threshold.from_per_s);
    let seen = search.seen();
    StrategyOnset {
        name: scenario.strategies[strategy].name.clone(),
        enforcement: enforcement.into(),
        first_throttle_per_s: bracket(search.edge(Goal::Throttle)),
        thresholds_broken_per_s: broken.min_by(|a, b| a.high.total_cmp(&b.high)),
        collapse_per_s: bracket(search.edge(Goal::Collapse)),
        thresholds,
        tried_up_to_per_s: seen.last().map_or(0.0, |(load, _)| *load),
        attempts_simulated: search.attempts(),
        stopped_because: reason(search, is_interrupted),
        points: seen.iter().map(|(load, measures)| point(*load, measures)).collect(),
    }
}

fn reason(search: &Search, is_interrupted: bool) -> String {
    match search.stop() {
        Stop::NotYet if is_interrupted => "It was interrupted; its history goes on where it was.".into(),
        Stop::NotYet => "It was not finished.".into(),
        Stop::Spent => format!("The budget of {} attempts was spent.", search.terms().budget.unwrap_or(0)),
        Stop::Found => format!(
            "Every edge lies within {} %, or beyond the loads that were tried.",
            search.terms().within * 100.0
        ),
    }
}

fn point(load_per_s: f64, measures: &[Measure]) -> Point {
    let of = |figure: fn(&Measure) -> Option<f64>| median(measures.iter().filter_map(figure).collect());
    Point {
        load_per_s,
        trials: measures.len() as u32,
        goodput_per_s: of(|m| Some(m.goodput_per_s)).unwrap_or(0.0),
        attempts_per_s: of(|m| Some(m.attempts_per_s)).unwrap_or(0.0),
        p99_ms: of(|m| m.p99_ms),
    }
}

/// The middle of values, the lower of two.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}
