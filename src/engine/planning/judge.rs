//! Whether a strategy meets its thresholds at a quota: on the seconds that decide, or on the whole schedule.

use super::demand::Course;
use crate::engine::{Control, simulate_one};
use crate::planner::stretch::stretches;
use crate::planner::variant;
use crate::quota::Enforcement;
use crate::results::{Stand, stands};
use crate::scenario::{Metric, Scenario};
use std::sync::Arc;

/// Jobs of a schedule below which all of it is simulated every time.
const CHEAP: f64 = 200_000.0;
/// The share of the peak from which on seconds are judged, at first.
const LEVEL: f64 = 0.85;
/// Seconds before a stretch that let a client without a cache settle.
const LEAD: usize = 2;
/// The most seconds that fill a cache before a stretch is judged.
const MOST_LEAD: usize = 60;

/// Judges one strategy on one quota.
#[derive(Clone, Debug)]
pub struct Judge {
    scenario: Arc<Scenario>,
    strategy: usize,
    pool: String,
    /// What is simulated: parts of the schedule with their weights, or all of it.
    parts: Arc<Vec<(Scenario, f64)>>,
    is_whole: bool,
    /// The thresholds with no limit at all, on the whole schedule.
    open: Vec<Stand>,
    /// The demand of each second.
    demand: Arc<Vec<f64>>,
    level: f64,
    peak_1s: f64,
}

impl Judge {
    /// A judge of strategy number `strategy`, whose `course` is known.
    pub fn new(scenario: &Scenario, strategy: usize, pool: &str, course: &Course) -> Judge {
        let per_interval = course.series.get(pool).cloned().unwrap_or_default();
        let each = course.interval_s.max(1) as usize;
        let demand: Vec<f64> =
            per_interval.iter().flat_map(|value| std::iter::repeat_n(*value, each)).collect();
        let peak_1s = course.pools.get(pool).map_or(0.0, |demand| demand.peak_1s);
        let mut judge = Judge {
            scenario: Arc::new(scenario.clone()),
            strategy,
            pool: pool.to_owned(),
            parts: Arc::new(Vec::new()),
            is_whole: true,
            open: course.stands.clone(),
            demand: Arc::new(demand),
            level: LEVEL,
            peak_1s,
        };
        let judges_rates = scenario.thresholds.iter().any(|threshold| threshold.metric == Metric::Goodput);
        judge.is_whole = course.jobs <= CHEAP || variant::not_sliceable(scenario) || judges_rates;
        judge.cut();
        judge
    }

    /// The busiest second.
    pub const fn peak_1s(&self) -> f64 {
        self.peak_1s
    }

    /// Whether every trial is the whole schedule.
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The same judge on the whole schedule, with draws of another seed.
    pub fn whole(&self, seed: u64) -> Judge {
        let scenario = Scenario { seed, ..(*self.scenario).clone() };
        let parts = Arc::new(vec![(scenario.clone(), 1.0)]);
        Judge { scenario: Arc::new(scenario), parts, is_whole: true, ..self.clone() }
    }

    /// The same judge on another scenario, whose demand has the same shape.
    pub fn of(&self, scenario: &Scenario) -> Judge {
        let mut other = Judge { scenario: Arc::new(scenario.clone()), ..self.clone() };
        other.cut();
        other
    }

    /// Cuts out what is simulated.
    fn cut(&mut self) {
        if !self.is_whole {
            let caches = self.scenario.workloads.iter().filter_map(|w| w.strategies[self.strategy].cache);
            let age = caches.map(|cache| cache.max_age.as_secs_f64().ceil() as usize).max();
            let lead = age.map_or(LEAD, |age| (age + LEAD).min(MOST_LEAD));
            let found = stretches(&self.demand, self.level, lead);
            let seconds: f64 = found.iter().map(|s| s.to.since(s.from).as_secs_f64()).sum();
            // Where the parts are most of it, the whole is nearer to the truth.
            self.is_whole = found.is_empty() || seconds > 0.7 * self.demand.len() as f64;
            let cut = |s: &crate::planner::stretch::Stretch| {
                (variant::sliced(&self.scenario, s.from, s.to, s.unmeasured), s.weight)
            };
            self.parts = Arc::new(found.iter().map(cut).collect());
        }
        if self.is_whole {
            self.parts = Arc::new(vec![((*self.scenario).clone(), 1.0)]);
        }
    }

    /// Lets more seconds be judged if a need comes near those that are not; whether it did.
    pub fn widen(&mut self, need: f64) -> bool {
        let most = self.demand.iter().copied().fold(0.0, f64::max).max(1.0);
        let near = 0.95 * need / most;
        if self.is_whole || near >= self.level {
            return false;
        }
        self.level = near;
        self.cut();
        true
    }

    /// Why no quota can help: thresholds that are missed without any limit.
    pub fn never(&self) -> Option<String> {
        let name = &self.scenario.strategies[self.strategy].name;
        let speaking = self
            .scenario
            .thresholds
            .iter()
            .filter(|threshold| threshold.tags.get("strategy").is_none_or(|only| only == name));
        let missed: Vec<String> = speaking
            .zip(&self.open)
            .filter(|(_, stand)| !stand.holds())
            .map(|(threshold, _)| format!("{}: {}", threshold.name, threshold.expression))
            .collect();
        (!missed.is_empty())
            .then(|| format!("No quota helps: without any limit it misses {}.", missed.join(" and ")))
    }

    /// Whether the thresholds hold at `quota` in trial `trial`.
    pub fn meets(&self, quota: u64, trial: u32, kind: Option<Enforcement>, control: &Control) -> bool {
        let mut sum: Vec<Stand> = Vec::new();
        for (part, weight) in self.parts.iter() {
            let mut limited = variant::with_only_quota(part, &self.pool, quota);
            if let Some(kind) = kind {
                limited = variant::enforced(&limited, kind);
            }
            let done = simulate_one(&limited, self.strategy, trial, control);
            let found = stands(&limited, self.strategy, &done.recorder);
            sum = match sum.is_empty() {
                true => found.into_iter().map(|stand| weighted(stand, *weight)).collect(),
                false => {
                    sum.iter().zip(found).map(|(one, other)| added(*one, weighted(other, *weight))).collect()
                }
            };
        }
        if self.is_whole {
            return sum.iter().all(|stand| stand.holds());
        }
        sum.iter().zip(&self.open).all(|(judged, open)| with_rest(*judged, *open).holds())
    }
}

fn weighted(stand: Stand, weight: f64) -> Stand {
    match stand {
        Stand::Share { count, of, allowed, inclusive } => {
            Stand::Share { count: count * weight, of: of * weight, allowed, inclusive }
        }
        whole => whole,
    }
}

fn added(one: Stand, other: Stand) -> Stand {
    match (one, other) {
        (Stand::Share { count, of, allowed, inclusive }, Stand::Share { count: more, of: all, .. }) => {
            Stand::Share { count: count + more, of: of + all, allowed, inclusive }
        }
        (Stand::Whole(a), Stand::Whole(b)) => Stand::Whole(a && b),
        (one, _) => one,
    }
}

/// What was judged, and the rest of the schedule as it is without a limit.
fn with_rest(judged: Stand, open: Stand) -> Stand {
    match (judged, open) {
        (Stand::Share { count, of, allowed, inclusive }, Stand::Share { count: missing, of: all, .. }) => {
            let rest = (all - of).max(0.0);
            let share = if all > 0.0 { missing / all } else { 0.0 };
            Stand::Share { count: count + rest * share, of: of + rest, allowed, inclusive }
        }
        (judged, _) => judged,
    }
}
