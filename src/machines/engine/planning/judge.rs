//! Whether a strategy meets its thresholds at a quota: on the seconds that decide, or on the whole schedule.

use super::demand::Course;
use crate::engine::trial_runner::TrialRunner;
use crate::planner::spoken::speaks_of;
use crate::planner::stretch::{Stretch, stretches};
use crate::planner::variant;
use crate::quota::{Enforcement, PoolId};
use crate::results::{Stand, stands};
use crate::scenario::{Metric, Scenario, Threshold};
use crate::workload::{Executor, RateStage};
use std::sync::Arc;

/// Jobs of a schedule below which all of it is simulated every time.
const CHEAP: f64 = 200_000.0;
/// The share of the peak from which on seconds are judged, at first.
const LEVEL: f64 = 0.85;
/// Seconds before a stretch that let a client without a cache settle, at first.
const LEAD: usize = 2;
/// What is tried beside it: under a load that stays above the quota, jobs that wait for their retries add up for a while
/// before as many fail as come.
const LONGER_LEADS: [usize; 2] = [32, 128];
/// How many lives of a data key a schedule must have for the first two to stand for all.
const LIVES: f64 = 4.0;

/// A part of the schedule that is simulated by itself.
#[derive(Clone, Debug)]
struct Part {
    scenario: Scenario,
    /// How often each of its stretches counts; its thresholds stand in the scenario once for each.
    weights: Vec<f64>,
}

impl Part {
    fn new(scenario: Scenario, weight: f64) -> Part {
        Part { scenario, weights: vec![weight] }
    }
}

/// Judges one strategy on one quota.
#[derive(Clone, Debug)]
pub struct Judge {
    scenario: Arc<Scenario>,
    strategy: usize,
    pool: String,
    /// What is simulated: parts of the schedule, or all of it.
    parts: Arc<Vec<Part>>,
    is_whole: bool,
    /// Whether data keys are cached: then what is asked of KMS depends on what was asked before.
    caches: bool,
    /// Which of the strategy's thresholds speak of the quota.
    speaking: Vec<bool>,
    /// Those, with no limit at all, on the whole schedule.
    open: Vec<Stand>,
    /// The demand of each second.
    demand: Arc<Vec<f64>>,
    level: f64,
    /// Seconds before a stretch that are simulated and not judged.
    lead: usize,
    peak_1s: f64,
}

impl Judge {
    /// A judge of strategy number `strategy`, whose `course` is known.
    pub fn new(scenario: &Scenario, strategy: usize, pool: &str, course: &Course) -> Judge {
        let per_interval = course.series.get(pool).cloned().unwrap_or_default();
        let each = course.interval_s.max(1) as usize;
        let demand: Vec<f64> =
            per_interval.iter().flat_map(|value| std::iter::repeat_n(*value, each)).collect();
        let peak_1s = course.pools.get(pool).map_or(0.0, |demand| demand.seconds.peak_1s);
        let id = PoolId::from_name(pool);
        let speaking: Vec<bool> = own(scenario, strategy)
            .map(|threshold| id.is_none_or(|id| speaks_of(scenario, threshold, id)))
            .collect();
        let mut judge = Judge {
            scenario: Arc::new(scenario.clone()),
            strategy,
            pool: pool.to_owned(),
            parts: Arc::new(Vec::new()),
            is_whole: true,
            open: kept(&course.stands, &speaking),
            speaking,
            demand: Arc::new(demand),
            caches: scenario.workloads.iter().any(|w| w.strategies[strategy].cache.is_some()),
            level: LEVEL,
            lead: LEAD,
            peak_1s,
        };
        let judges_rates = scenario.thresholds.iter().any(|threshold| threshold.metric == Metric::Goodput);
        judge.is_whole = course.jobs <= CHEAP || variant::not_sliceable(scenario) || judges_rates;
        judge.cut();
        judge
    }

    /// A quota to begin with: what one second in a thousand asks for more than, or the busiest second.
    pub fn start(&self) -> u64 {
        let mut sorted = self.demand.to_vec();
        sorted.sort_by(f64::total_cmp);
        let rank = (0.999 * sorted.len() as f64).ceil() as usize;
        let near = sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0).min(self.peak_1s);
        (near * 0.97).ceil().max(1.0) as u64
    }

    /// Whether data keys are cached.
    pub const fn caches(&self) -> bool {
        self.caches
    }

    /// Whether every trial is the whole schedule.
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The same judge on the whole schedule, with draws of another seed.
    pub fn whole(&self, seed: u64) -> Judge {
        let scenario = Scenario { seed, ..(*self.scenario).clone() };
        let parts = Arc::new(vec![Part::new(scenario.clone(), 1.0)]);
        Judge { scenario: Arc::new(scenario), parts, is_whole: true, ..self.clone() }
    }

    /// The same judge with draws of another seed.
    pub fn seeded(&self, seed: u64) -> Judge {
        self.of(&Scenario { seed, ..(*self.scenario).clone() })
    }

    /// How much virtual time a judgement takes, in nanoseconds.
    pub fn length(&self) -> u64 {
        let end = |part: &Part| part.scenario.workloads.iter().map(|w| w.end().as_nanos()).max().unwrap_or(0);
        self.parts.iter().map(end).sum()
    }

    /// The same judge on another scenario, whose demand has the same shape.
    pub fn of(&self, scenario: &Scenario) -> Judge {
        let mut other = Judge { scenario: Arc::new(scenario.clone()), ..self.clone() };
        other.cut();
        other
    }

    /// Cuts out what is simulated.
    fn cut(&mut self) {
        self.parts = Arc::new(match (self.is_whole, self.caches) {
            (true, _) => Vec::new(),
            (false, true) => self.lives().into_iter().collect(),
            (false, false) => {
                let found = stretches(&self.demand, self.level, self.lead);
                let seconds: f64 = found.iter().map(|s| s.to.since(s.from).as_secs_f64()).sum();
                // Where the parts are most of it, the whole is nearer to the truth.
                let is_most = seconds > 0.7 * self.demand.len() as f64;
                let cut = |s: &Stretch| {
                    Part::new(variant::sliced(&self.scenario, s.from, s.to, s.unmeasured), s.weight)
                };
                if is_most { Vec::new() } else { found.iter().map(cut).collect() }
            }
        });
        if self.parts.is_empty() {
            self.is_whole = true;
            self.parts = Arc::new(vec![Part::new((*self.scenario).clone(), 1.0)]);
        }
    }

    /// A cold cache's first life, and its second, which stands for all others; of a load that stays the same.
    fn lives(&self) -> Option<Part> {
        let caches = self.scenario.workloads.iter().filter_map(|w| w.strategies[self.strategy].cache);
        let life = caches.map(|cache| cache.max_age).max()?;
        let length = self.scenario.workloads.iter().map(|w| w.executor.duration()).max()?;
        let rest = length.as_secs_f64() / life.as_secs_f64() - 1.0;
        if rest < LIVES - 1.0 {
            return None;
        }
        let mut scenario = (*self.scenario).clone();
        for workload in &mut scenario.workloads {
            let Executor::ConstantArrivalRate { rate, duration, arrivals } = workload.executor else {
                return None;
            };
            if duration != length || !workload.start_time.is_zero() || !workload.warm_up.is_zero() {
                return None;
            }
            let stage = RateStage { duration: life, target: rate };
            workload.executor =
                Executor::RampingArrivalRate { start_rate: rate, stages: vec![stage, stage], arrivals };
        }
        let of_stage = |stage: &str| {
            let stage = stage.to_owned();
            move |threshold: &Threshold| {
                let mut threshold = threshold.clone();
                threshold.tags.insert("stage".into(), stage.clone());
                threshold
            }
        };
        let all = &self.scenario.thresholds;
        scenario.thresholds = all.iter().map(of_stage("0")).chain(all.iter().map(of_stage("1"))).collect();
        Some(Part { scenario, weights: vec![1.0, rest] })
    }

    /// Lets more seconds be judged if a need comes near those that are not; whether it did.
    pub fn widen(&mut self, need: f64) -> bool {
        let most = self.demand.iter().copied().fold(0.0, f64::max).max(1.0);
        let near = 0.95 * need / most;
        if self.is_whole || self.caches || near >= self.level {
            return false;
        }
        self.level = near;
        self.cut();
        true
    }

    /// The same judge with more time to settle before each stretch; `None` after the longest lead, and where no stretch is judged by
    /// itself: all of the schedule is, or whole lives of data keys are.
    pub fn with_longer_lead(&self) -> Option<Judge> {
        let lead = LONGER_LEADS.into_iter().find(|lead| *lead > self.lead)?;
        if self.is_whole || self.caches {
            return None;
        }
        let mut longer = Judge { lead, ..self.clone() };
        longer.cut();
        Some(longer)
    }

    /// Why no quota can help: thresholds that are missed without any limit.
    pub fn never(&self) -> Option<String> {
        let all = own(&self.scenario, self.strategy).zip(&self.speaking);
        let missed: Vec<String> = all
            .filter(|(_, speaks)| **speaks)
            .map(|(threshold, _)| threshold)
            .zip(&self.open)
            .filter(|(_, stand)| !stand.holds())
            .map(|(threshold, _)| format!("{}: {}", threshold.name, threshold.expression))
            .collect();
        (!missed.is_empty())
            .then(|| format!("No quota helps: without any limit it misses {}.", missed.join(" and ")))
    }

    /// Whether the thresholds hold at `quota` in trial `trial`.
    pub fn meets(&self, quota: u64, trial: u32, kind: Option<Enforcement>, runner: TrialRunner<'_>) -> bool {
        let mut sum: Vec<Stand> = Vec::new();
        for part in self.parts.iter() {
            let mut limited = variant::with_only_quota(&part.scenario, &self.pool, quota);
            if let Some(kind) = kind {
                limited = variant::enforced(&limited, kind);
            }
            let done = runner.trial(&limited, self.strategy, trial);
            let found = stands(&limited, self.strategy, &done.recorder);
            let each = found.len() / part.weights.len().max(1);
            for (stretch, weight) in found.chunks(each.max(1)).zip(&part.weights) {
                let stretch = kept(stretch, &self.speaking);
                sum = match sum.is_empty() {
                    true => stretch.iter().map(|stand| weighted(*stand, *weight)).collect(),
                    false => sum.iter().zip(stretch).map(|(a, b)| added(*a, weighted(b, *weight))).collect(),
                };
            }
            // What is too much already, no other part makes less.
            if !self.is_whole && sum.iter().zip(&self.open).any(|(judged, open)| is_too_much(*judged, *open))
            {
                return false;
            }
        }
        if self.is_whole {
            return sum.iter().all(|stand| stand.holds());
        }
        sum.iter().zip(&self.open).all(|(judged, open)| with_rest(*judged, *open).holds())
    }
}

/// The thresholds that speak of a strategy, in order.
fn own(scenario: &Scenario, strategy: usize) -> impl Iterator<Item = &Threshold> {
    let name = &scenario.strategies[strategy].name;
    scenario.thresholds.iter().filter(move |t| t.tags.get("strategy").is_none_or(|only| only == name))
}

/// Those that speak of the quota.
fn kept(stands: &[Stand], speaking: &[bool]) -> Vec<Stand> {
    stands.iter().zip(speaking).filter(|(_, speaks)| **speaks).map(|(stand, _)| *stand).collect()
}

/// Whether more do not hold than may of all that the schedule has.
fn is_too_much(judged: Stand, open: Stand) -> bool {
    match (judged, open) {
        (Stand::Share { count, allowed, of, .. }, Stand::Share { of: all, .. }) => {
            count > allowed * all.max(of) + 1.0
        }
        (Stand::Whole(holds), _) => !holds,
        _ => false,
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
