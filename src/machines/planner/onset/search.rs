//! One search, several goals: which load is tried next follows from what is known, and from nothing else.
//!
//! ```text
//!  loads    ├──┼──┼──┼──┼──┼──┼──┼──┼──┤   each a width above the one before, so that goals meet on the same loads
//!  trials   short ········ longer ········ full length
//!           far apart ──── nearer ──────── next to each other
//! ```
//!
//! After MLRsearch (RFC 9971's idea): short trials find where to look, full ones decide, and a trial serves every goal. A
//! load is over an edge when more than half of its trials are. What is next is computed from all results at hand, so a
//! search goes on from a history as if it had never stopped.

use super::Measure;
use crate::time::Span;
use std::collections::BTreeMap;
use std::ops::Range;

/// What is looked for: the lowest load at which it is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Goal {
    /// A quota refuses an attempt.
    Throttle,
    /// The threshold with this place among those that speak of the strategy does not hold.
    Threshold(usize),
    /// Goodput is less than at a lower load by more than [`FALL`].
    Collapse,
}

/// The share of the best goodput of a lower load by which goodput must have fallen: less may be chance.
pub const FALL: f64 = 0.1;
/// How many times the load of the first throttle the other goals are looked for.
pub const BEYOND: f64 = 4.0;
/// Places between the first two loads that are tried.
const FIRST_STEP: i32 = 8;

/// One kind of trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// How long the load is held, warm-up not counted.
    pub length: Span,
    /// How many trials a load gets at most.
    pub trials: u32,
    /// How many places the two sides of an edge may be apart.
    pub gap: i32,
}

/// What a search is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// The load at place 0: where throttling would begin if every call were one attempt.
    pub guess_per_s: f64,
    /// How far apart two neighbouring loads are, relative.
    pub within: f64,
    /// Shortest trials first; the last decide.
    pub levels: Vec<Level>,
    /// How many times less, and more, than the guess is looked at.
    pub reach: f64,
    /// How many thresholds there are.
    pub thresholds: usize,
    /// Attempts after which nothing more is tried.
    pub budget: Option<u64>,
}

/// Trials that are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Which of the levels.
    pub level: usize,
    /// The load's place.
    pub place: i32,
    /// The load, jobs a second.
    pub load_per_s: f64,
    /// Which trials.
    pub trials: Range<u32>,
}

/// Where an edge lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edge {
    /// Not at the first load, but at the second; jobs a second.
    Between(f64, f64),
    /// Not even at this load, the highest that was tried.
    Above(f64),
    /// Already at this load, the lowest that was tried.
    Below(f64),
    /// The search ended before it was found.
    Unknown,
}

/// The same in places; [`At::Ask`] wants more trials at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Ask(i32),
    Between(i32, i32),
    Above(i32),
    Below(i32),
}

/// Why nothing more is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Every edge is as near as asked for, or beyond what is looked at.
    Found,
    /// The budget is spent.
    Spent,
    /// It could go on.
    NotYet,
}

/// The search of one strategy under one kind of limiter.
#[derive(Clone, Debug)]
pub struct Search {
    terms: Terms,
    /// By level and place, in order of trial.
    known: BTreeMap<(usize, i32), Vec<Measure>>,
}

impl Search {
    /// A search that knows nothing.
    pub fn new(terms: Terms) -> Search {
        Search { terms, known: BTreeMap::new() }
    }

    /// What it was told.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Jobs a second at a place.
    pub fn load(&self, place: i32) -> f64 {
        let load = self.terms.guess_per_s * libm::pow(1.0 + self.terms.within, f64::from(place));
        (load * 1e3).round() / 1e3
    }

    /// Takes in trial `trial` at a place; one that is known, or that leaves a gap, is left out. Whether it was taken.
    pub fn take(&mut self, level: usize, place: i32, trial: u32, measure: Measure) -> bool {
        let trials = self.known.entry((level, place)).or_default();
        let fits = trials.len() == trial as usize;
        if fits {
            trials.push(measure);
        }
        fits
    }

    /// The place of a load among those that are tried; `None` if it lies between two.
    pub fn place_of(&self, load_per_s: f64) -> Option<i32> {
        let ratio = libm::log(load_per_s / self.terms.guess_per_s) / libm::log1p(self.terms.within);
        let place = ratio.round() as i32;
        ((self.load(place) - load_per_s).abs() < 2e-3).then_some(place)
    }

    /// The goals, in the order in which they are looked for.
    pub fn goals(&self) -> Vec<Goal> {
        let thresholds = (0..self.terms.thresholds).map(Goal::Threshold);
        [Goal::Throttle].into_iter().chain(thresholds).chain([Goal::Collapse]).collect()
    }

    /// The trials that are wanted next; `None` when the search is over.
    pub fn next(&self) -> Option<Probe> {
        if self.terms.budget.is_some_and(|most| self.attempts() >= most) {
            return None;
        }
        for level in 0..self.terms.levels.len() {
            for goal in self.goals() {
                if let At::Ask(place) = self.at(goal, level) {
                    return Some(self.probe(level, place));
                }
            }
        }
        None
    }

    /// As many trials at a place as are sure to be needed.
    fn probe(&self, level: usize, place: i32) -> Probe {
        let most = self.terms.levels[level].trials;
        let done = self.known.get(&(level, place)).map_or(0, Vec::len) as u32;
        // A half of them decides.
        let enough = most.div_ceil(2).max(1);
        let to = if done < enough { enough } else { done + 1 };
        Probe { level, place, load_per_s: self.load(place), trials: done..to.min(most.max(1)) }
    }

    /// Why it is over.
    pub fn stop(&self) -> Stop {
        if self.next().is_some() {
            return Stop::NotYet;
        }
        let last = self.terms.levels.len() - 1;
        let open = self.goals().into_iter().any(|goal| matches!(self.at(goal, last), At::Ask(_)));
        if open { Stop::Spent } else { Stop::Found }
    }

    /// Attempts simulated so far.
    pub fn attempts(&self) -> u64 {
        self.known.values().flatten().map(|measure| measure.attempts).sum()
    }

    /// Where the edge of a goal lies, by the full trials.
    pub fn edge(&self, goal: Goal) -> Edge {
        match self.at(goal, self.terms.levels.len() - 1) {
            At::Between(low, high) => Edge::Between(self.load(low), self.load(high)),
            At::Above(place) => Edge::Above(self.load(place)),
            At::Below(place) => Edge::Below(self.load(place)),
            At::Ask(_) => Edge::Unknown,
        }
    }

    /// What was seen, by load: of each load its longest trials, rising.
    pub fn seen(&self) -> Vec<(f64, &[Measure])> {
        let mut longest: BTreeMap<i32, &[Measure]> = BTreeMap::new();
        for ((_, place), measures) in &self.known {
            // Levels come in order, so the longest comes last.
            longest.insert(*place, measures);
        }
        longest.into_iter().map(|(place, measures)| (self.load(place), measures)).collect()
    }

    /// The lowest and the highest place that a goal is looked for at, at a level.
    fn bounds(&self, goal: Goal, level: usize) -> (i32, i32) {
        let places = |factor: f64| (libm::log(factor) / libm::log1p(self.terms.within)).ceil() as i32;
        let reach = places(self.terms.reach);
        if goal == Goal::Throttle {
            return (-reach, reach);
        }
        let high = match self.at(Goal::Throttle, level) {
            At::Between(_, high) | At::Below(high) => (high + places(BEYOND)).min(reach),
            At::Above(_) | At::Ask(_) => reach,
        };
        (-reach, high)
    }

    /// Where the edge of a goal lies among the trials of one level, or where to look.
    fn at(&self, goal: Goal, level: usize) -> At {
        let (lowest, highest) = self.bounds(goal, level);
        let gap = self.terms.levels[level].gap;
        let (low, high) = self.nearest(goal, level);
        let before = (level > 0).then(|| self.at(goal, level - 1));
        let start = self.start(goal, level, before, highest);
        match (low, high) {
            (_, Some(high)) if high <= lowest => At::Below(lowest),
            (Some(low), _) if low >= highest => At::Above(low),
            (Some(low), Some(high)) if high - low <= gap => At::Between(low, high),
            (Some(low), Some(high)) => At::Ask(within(low, high, before)),
            (None, Some(high)) => At::Ask(below(high, start, gap, before).max(lowest)),
            (Some(low), None) => {
                At::Ask(above(low, start, if level == 0 { FIRST_STEP } else { gap }).min(highest))
            }
            (None, None) => At::Ask(start.clamp(lowest, highest)),
        }
    }

    /// Where a goal is looked at first: where shorter trials saw its edge; before there are any, where another goal's is.
    fn start(&self, goal: Goal, level: usize, before: Option<At>, highest: i32) -> i32 {
        match (before, goal) {
            (Some(At::Between(_, high) | At::Below(high) | At::Ask(high)), _) => high,
            (Some(At::Above(_)), _) => highest,
            // Seldom there at all: the highest load tells.
            (None, Goal::Collapse) => highest,
            (None, Goal::Throttle) => 0,
            (None, Goal::Threshold(_)) => match self.at(Goal::Throttle, level) {
                At::Between(_, high) | At::Below(high) => high,
                At::Above(_) | At::Ask(_) => highest,
            },
        }
    }

    /// The highest place below the edge and the lowest above it, as far as the trials of a level have decided.
    fn nearest(&self, goal: Goal, level: usize) -> (Option<i32>, Option<i32>) {
        let places = self.known.range((level, i32::MIN)..=(level, i32::MAX)).map(|((_, place), _)| *place);
        let decided: Vec<(i32, bool)> =
            places.filter_map(|place| Some((place, self.is_over(goal, level, place)?))).collect();
        let high = decided.iter().find(|(_, over)| *over).map(|(place, _)| *place);
        let is_below = |place: i32| high.is_none_or(|high| place < high);
        let low =
            decided.iter().rev().find(|(place, over)| !over && is_below(*place)).map(|(place, _)| *place);
        (low, high)
    }

    /// Whether most trials at a place are over the edge; `None` while that is open.
    fn is_over(&self, goal: Goal, level: usize, place: i32) -> Option<bool> {
        let measures = self.known.get(&(level, place))?;
        let most = self.terms.levels[level].trials.max(1) as usize;
        let over = measures
            .iter()
            .enumerate()
            .filter(|(trial, m)| self.shows(goal, level, place, *trial, m))
            .count();
        if over * 2 > most {
            Some(true)
        } else if (measures.len() - over) * 2 >= most {
            Some(false)
        } else {
            None
        }
    }

    /// Whether one trial is over the edge.
    fn shows(&self, goal: Goal, level: usize, place: i32, trial: usize, measure: &Measure) -> bool {
        match goal {
            Goal::Throttle => measure.throttled > 0,
            Goal::Threshold(number) => measure.held.get(number).copied().flatten() == Some(false),
            Goal::Collapse => {
                let lower = self.known.range((level, i32::MIN)..(level, place));
                let best = lower.filter_map(|(_, trials)| trials.get(trial)).map(|m| m.goodput_per_s);
                best.reduce(f64::max).is_some_and(|best| measure.goodput_per_s < (1.0 - FALL) * best)
            }
        }
    }
}

/// Between two places: first where shorter trials saw the edge, then the middle.
fn within(low: i32, high: i32, before: Option<At>) -> i32 {
    if let Some(At::Between(was_low, was_high)) = before {
        if low < was_high && was_high < high {
            return was_high;
        }
        if low < was_low && was_low < high {
            return was_low;
        }
    }
    low + (high - low) / 2
}

/// Below a place that is over the edge: where shorter trials were not, where the search began, and then by steps that double.
fn below(high: i32, start: i32, gap: i32, before: Option<At>) -> i32 {
    let least = if before.is_some() { gap } else { FIRST_STEP.max(gap) };
    match before {
        Some(At::Between(low, _)) if low < high => low,
        _ if start < high => start,
        _ => high - (2 * (start - high)).max(least),
    }
}

/// Above a place that is not: where the search began, and then by steps that double, from `least` on.
fn above(low: i32, start: i32, least: i32) -> i32 {
    if start > low { start } else { low + (2 * (low - start)).max(least.max(1)) }
}
