//! Plans: simulates what [`crate::planner`] wants to know of the quota that each strategy needs.
//!
//! ```text
//!  the whole schedule, no limit ──▶ demand, and where its peaks are
//!  the peaks, every trial       ──▶ the need of each trial ──▶ an interval
//!  the peaks, other limiters    ──▶ its spread
//!  the whole schedule, two seeds ─▶ whether the peaks told the truth
//! ```

mod demand;
mod judge;
mod swings;

use super::sim::side_by_side;
use super::trial_runner::TrialRunner;
use crate::planner::capacity::{Demand, Formula, Outcome, StrategyNeed, Swing, Verified, recommended};
use crate::planner::need::{Interval, Need, NeedSearch, interval};
use crate::planner::spoken::with_assumed;
use crate::planner::variant::with_only_quota;
use crate::quota::Enforcement;
use crate::results::{Selection, Trend, tidy};
use crate::scenario::Scenario;
use crate::time::Span;
use demand::{Course, courses};
use judge::Judge;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a plan is made of.
#[derive(Clone, Debug)]
pub struct Asked<'s> {
    /// The scenario as it is today.
    pub scenario: &'s Scenario,
    /// The load at the date, as a multiple of today's.
    pub growth: f64,
    /// How much more its busiest time to come is than what the scenario has.
    pub season: f64,
    /// The load of this Region if another fails, as a multiple of its own.
    pub failover: f64,
    /// Which share of the quota the peak second may use.
    pub utilisation: f64,
    /// Which other kinds of limiter the need is told under.
    pub kinds: Vec<(String, Enforcement)>,
    /// Whether costs are told after the free tier.
    pub free_tier: bool,
    /// Threads.
    pub threads: usize,
}

/// What was found for one quota.
#[derive(Clone, Debug)]
pub struct PoolFound {
    /// Its name.
    pub pool: String,
    /// What the account has.
    pub have_per_s: f64,
    /// By strategy.
    pub strategies: Vec<StrategyNeed>,
    /// The place of the recommended one.
    pub recommended: Option<usize>,
    /// What it would need if something were otherwise.
    pub sensitivity: Vec<Swing>,
    /// Whether its whole schedule agrees.
    pub verified: Option<Verified>,
    /// What becomes of it at what there is, and at what is asked for.
    pub outcomes: Vec<Outcome>,
}

/// The first step of a search that knows a need nearby, relative.
const NEAR: f64 = 0.005;
/// The first step of one that knows a demand only.
const FAR: f64 = 0.03;
/// How near the need of a strategy is found that caches, relative.
const CACHED: f64 = 0.02;
/// Trials under another kind of limiter.
const KIND_TRIALS: u32 = 1;
/// Where fixed windows begin.
const PHASES_MS: [u64; 3] = [0, 333, 667];
/// How far a need may move, relative, when clients have longer to settle.
const SETTLED: f64 = 0.005;
/// How near a need is found where it only shows a spread.
const ROUGH: f64 = 0.01;

/// Finds what each strategy needs of every quota that the load draws on. After [`stop`](super::Control::stop) what is not yet known stays
/// unknown, and whoever asked must say so. `total` is told how much virtual time it will take, as far as can be foreseen.
pub fn plan(asked: &Asked, runner: TrialRunner<'_>, total: &AtomicU64) -> Vec<PoolFound> {
    let (spoken, _) = with_assumed(asked.scenario);
    let asked = &Asked { scenario: &spoken, ..asked.clone() };
    let horizon = horizon(asked.scenario);
    total.store(horizon * 20, Ordering::Relaxed);
    let factor = asked.growth * asked.season * asked.failover;
    let then = crate::planner::variant::scaled(asked.scenario, factor);
    let now = courses(asked.scenario, asked.threads, runner);
    let later = if factor == 1.0 { now.clone() } else { courses(&then, asked.threads, runner) };
    let mut pools: Vec<String> = Vec::new();
    for pool in later.iter().flat_map(|course| course.pools.keys()) {
        if !pools.contains(pool) {
            pools.push(pool.clone());
        }
    }
    total.store(runner.done(), Ordering::Relaxed);
    pools.iter().map(|pool| of_pool(asked, &then, pool, (&now, &later), runner, total)).collect()
}

/// How long the schedule is, in nanoseconds.
fn horizon(scenario: &Scenario) -> u64 {
    scenario.workloads.iter().map(|w| w.end().as_nanos()).max().unwrap_or(0)
}

/// How much virtual time a pool takes at most, about: a search tries three quotas, the first one ten; the whole schedule is
/// searched by two seeds, four quotas each, and goes by twice more for its outcomes.
fn foreseen(asked: &Asked, judges: &[Judge]) -> u64 {
    let trials = u64::from(asked.scenario.trials.max(1));
    let spreads = asked.kinds.len() as u64 * u64::from(KIND_TRIALS) + PHASES_MS.len() as u64;
    let lengths = || judges.iter().map(Judge::length);
    let swings = lengths().max().unwrap_or(0) * 30;
    lengths().sum::<u64>() * (10 + 3 * (trials - 1 + spreads)) + swings + horizon(asked.scenario) * 10
}

/// The limit of a quota as the scenario has it.
fn have(scenario: &Scenario, pool: &str) -> f64 {
    use crate::quota::{PoolId, catalogue};
    let own = scenario.quotas.overrides.get(pool).copied();
    let default = || PoolId::from_name(pool).map(|id| catalogue::limit(&scenario.region, id));
    own.or_else(default).map_or(0.0, |rate| rate.as_per_second())
}

/// What a strategy needs by all its trials, or why nobody can say.
fn needed(
    first: &Result<Need, String>,
    others: impl Iterator<Item = Need>,
) -> (Option<Interval>, Option<String>) {
    let first = match first {
        Ok(need) => *need,
        Err(why) => return (None, Some(why.clone())),
    };
    let needs: Vec<Need> = [first].into_iter().chain(others).collect();
    let found = interval(&needs);
    let why = "In some trials no quota that was tried meets the thresholds.";
    (found, found.is_none().then(|| why.into()))
}

fn of_pool(
    asked: &Asked,
    then: &Scenario,
    pool: &str,
    (now, later): (&[Course], &[Course]),
    runner: TrialRunner<'_>,
    total: &AtomicU64,
) -> PoolFound {
    let judges: Vec<Judge> =
        (0..then.strategies.len()).map(|place| Judge::new(then, place, pool, &later[place])).collect();
    total.fetch_add(foreseen(asked, &judges), Ordering::Relaxed);
    let first = side_by_side(judges.len(), asked.threads, |place| {
        let mut judge = judges[place].clone();
        let need = first_need(&mut judge, runner);
        (judge, need)
    });
    let trials = asked.scenario.trials.max(1);
    let rest = (trials - 1) as usize;
    let others = side_by_side(first.len() * rest, asked.threads, |task| {
        let (judge, need) = &first[task / rest.max(1)];
        let trial = 1 + (task % rest.max(1)) as u32;
        near(judge, need.as_ref().ok(), trial, None, runner)
    });
    let mut strategies: Vec<StrategyNeed> = Vec::new();
    for (place, (_, need)) in first.iter().enumerate() {
        let mut found = blank(asked, place, pool, now, later);
        let rest = others[place * rest..(place + 1) * rest].iter().copied();
        (found.need_per_s, found.why_none) = needed(need, rest);
        found.formula = found.need_per_s.map(|need| {
            let peak = found.demand.seconds.peak_1s;
            Formula::new(need.high, peak, (asked.growth, asked.season), asked.failover, asked.utilisation)
        });
        strategies.push(found);
    }
    spread(asked, &first, &mut strategies, runner);
    let have_per_s = have(asked.scenario, pool);
    let best = recommended(&strategies, have_per_s);
    let verified = best.and_then(|place| verify(asked, &first[place].0, &mut strategies[place], runner));
    let more = |formula: Formula| Some(formula.ask).filter(|ask| *ask > have_per_s);
    strategies.iter_mut().for_each(|strategy| strategy.ask_per_s = strategy.formula.and_then(more));
    let best = recommended(&strategies, have_per_s);
    let swinging = best.filter(|place| strategies[*place].need_per_s.is_some());
    let sensitivity =
        swinging.map(|place| swings::swings(asked, &first[place].0, &strategies[place], runner));
    let outcomes = best.map(|place| {
        let quotas = [Some(have_per_s), strategies[place].ask_per_s].into_iter().flatten();
        let quotas: Vec<u64> = quotas.map(|quota| quota as u64).collect();
        let at = |number: usize| outcome(then, place, pool, quotas[number], runner);
        side_by_side(quotas.len(), asked.threads, at)
    });
    PoolFound {
        pool: pool.to_owned(),
        have_per_s,
        strategies,
        recommended: best,
        sensitivity: sensitivity.unwrap_or_default(),
        verified,
        outcomes: outcomes.unwrap_or_default(),
    }
}

/// What becomes of the whole schedule at a quota, in its first trial.
fn outcome(then: &Scenario, place: usize, pool: &str, quota: u64, runner: TrialRunner<'_>) -> Outcome {
    let limited = with_only_quota(then, pool, quota);
    let done = runner.trial(&limited, place, 0);
    let all = Selection::default();
    let (jobs, attempts) = (all.jobs(&done.recorder).1, all.attempts(&done.recorder).1);
    let response = Trend::from_micros(&all.response(&done.recorder));
    let time = |ms: f64| (response.count > 0).then_some(ms);
    let share = |part: u64, whole: u64| if whole > 0 { round6(part as f64 / whole as f64) } else { 0.0 };
    Outcome {
        quota_per_s: quota as f64,
        success: share(jobs.completed, jobs.offered),
        p50_ms: time(response.p50),
        p99_ms: time(response.p99),
        max_ms: time(response.max),
        attempts_per_success: (jobs.completed > 0)
            .then(|| tidy(attempts.attempts as f64 / jobs.completed as f64)),
        throttled: share(attempts.throttled, attempts.attempts),
    }
}

fn round6(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// What is known of a strategy before its need is.
fn blank(asked: &Asked, place: usize, pool: &str, now: &[Course], later: &[Course]) -> StrategyNeed {
    let course = &now[place];
    let demand: Demand = course.pools.get(pool).cloned().unwrap_or_default();
    let caches = asked.scenario.workloads.iter().any(|w| w.strategies[place].cache.is_some());
    StrategyNeed {
        name: asked.scenario.strategies[place].name.clone(),
        caches,
        peak_1s: demand.seconds.peak_1s,
        need_per_s: None,
        why_none: None,
        ask_per_s: None,
        formula: None,
        demand,
        kinds: BTreeMap::new(),
        phases: None,
        cost_now_usd: cost(asked, course),
        cost_then_usd: cost(asked, &later[place]),
        exposure: caches.then_some(course.data_keys),
        break_even: crate::planner::money::break_even(asked.scenario, place),
    }
}

/// What a month costs.
fn cost(asked: &Asked, course: &Course) -> Option<f64> {
    let off = if asked.free_tier { course.free_tier_usd } else { 0.0 };
    course.per_month_usd.map(|usd| tidy((usd - off).max(0.0)))
}

/// The need of the first trial. If seconds outside the judged ones turn out to be near it, they are judged too.
fn first_need(judge: &mut Judge, runner: TrialRunner<'_>) -> Result<Need, String> {
    if let Some(why) = judge.never() {
        return Err(why);
    }
    let mut start = judge.start();
    for _ in 0..3 {
        let need = search(judge, begun(judge, start, FAR), 0, None, runner);
        match need {
            Need::Between(_, met) if judge.widen(met as f64) => start = met,
            Need::None => return Err("No quota that was tried meets the thresholds.".into()),
            need => return Ok(settled(judge, need, runner)),
        }
    }
    let need = search(judge, begun(judge, start, NEAR), 0, None, runner);
    Ok(settled(judge, need, runner))
}

/// The need once it no longer depends on how long clients had to settle before each stretch.
fn settled(judge: &mut Judge, mut need: Need, runner: TrialRunner<'_>) -> Need {
    while let (Need::Between(_, met), Some(longer)) = (need, judge.with_longer_lead()) {
        let found = search(&longer, begun(&longer, met, NEAR), 0, None, runner);
        if matches!(found, Need::Between(_, other) if (other as f64 / met as f64 - 1.0).abs() <= SETTLED) {
            break;
        }
        (*judge, need) = (longer, found);
    }
    need
}

/// The need of another trial, or under another limiter, near one that is known.
fn near(
    judge: &Judge,
    known: Option<&Need>,
    trial: u32,
    kind: Option<Enforcement>,
    runner: TrialRunner<'_>,
) -> Need {
    let Some(Need::Between(_, met)) = known else { return Need::None };
    let begun = begun(judge, *met, NEAR);
    let begun = if kind.is_some() { begun.within(ROUGH) } else { begun };
    search(judge, begun, trial, kind, runner)
}

/// A search that begins at `start`. The need of a cache is small and spreads widely: it is not sought as closely.
fn begun(judge: &Judge, start: u64, step: f64) -> NeedSearch {
    if judge.caches() {
        NeedSearch::new(start, step.max(CACHED)).within(CACHED)
    } else {
        NeedSearch::new(start, step)
    }
}

/// Lets a search run to its end, or until stopped.
fn search(
    judge: &Judge,
    mut search: NeedSearch,
    trial: u32,
    kind: Option<Enforcement>,
    runner: TrialRunner<'_>,
) -> Need {
    while let Some(quota) = search.next() {
        let meets = judge.meets(quota, trial, kind, runner);
        if runner.is_stopped() {
            return Need::None;
        }
        search.take(quota, meets);
    }
    search.need()
}

/// The needs under other kinds of limiter, and wherever fixed windows begin.
fn spread(
    asked: &Asked,
    first: &[(Judge, Result<Need, String>)],
    strategies: &mut [StrategyNeed],
    runner: TrialRunner<'_>,
) {
    let phases = PHASES_MS.map(|ms| Enforcement::Window { phase: Some(Span::from_millis(ms)) });
    let kinds = asked.kinds.iter().flat_map(|(_, kind)| (0..KIND_TRIALS).map(move |trial| (*kind, trial)));
    let tasks: Vec<(Enforcement, u32)> = kinds.chain(phases.map(|phase| (phase, 0))).collect();
    let found = side_by_side(first.len() * tasks.len(), asked.threads, |task| {
        let ((judge, need), (kind, trial)) = (&first[task / tasks.len()], tasks[task % tasks.len()]);
        match near(judge, need.as_ref().ok(), trial, Some(kind), runner) {
            Need::Between(_, met) => Some(met as f64),
            Need::None => None,
        }
    });
    for (strategy, found) in strategies.iter_mut().zip(found.chunks(tasks.len().max(1))) {
        if strategy.need_per_s.is_none() {
            continue;
        }
        let (of_kinds, of_phases) = found.split_at(asked.kinds.len() * KIND_TRIALS as usize);
        for ((name, _), needs) in asked.kinds.iter().zip(of_kinds.chunks(KIND_TRIALS as usize)) {
            // A kind under which some trial has no quota that helps has none.
            let most = needs.iter().copied().collect::<Option<Vec<f64>>>();
            let most = most.and_then(|needs| needs.into_iter().reduce(f64::max));
            strategy.kinds.insert(name.clone(), most);
        }
        let phases = of_phases.iter().copied().collect::<Option<Vec<f64>>>();
        strategy.phases = phases.map(|all| {
            [all.iter().copied().fold(f64::INFINITY, f64::min), all.iter().copied().fold(0.0, f64::max)]
        });
    }
}

/// The need of the whole schedule by two seeds, beside what the peaks say of the same. Where it is above all else, it counts.
fn verify(
    asked: &Asked,
    judge: &Judge,
    strategy: &mut StrategyNeed,
    runner: TrialRunner<'_>,
) -> Option<Verified> {
    let known = strategy.need_per_s?;
    if judge.is_whole() {
        return None;
    }
    let seeds = [asked.scenario.seed, asked.scenario.seed.wrapping_add(1)];
    let met = |need: Need| match need {
        Need::Between(_, met) => Some(met as f64),
        Need::None => None,
    };
    let needs = side_by_side(2, asked.threads, |number| {
        let begun = NeedSearch::new(known.value as u64, NEAR).within(NEAR);
        let peaks = met(search(&judge.seeded(seeds[number]), begun, 0, None, runner))?;
        let begun = NeedSearch::new(peaks as u64, NEAR).within(NEAR);
        Some((peaks, met(search(&judge.whole(seeds[number]), begun, 0, None, runner))?))
    });
    let needs: Vec<(f64, f64)> = needs.into_iter().collect::<Option<_>>()?;
    let differ_by = needs.iter().map(|(peaks, whole)| (whole / peaks - 1.0).abs()).fold(0.0, f64::max);
    let most = needs.iter().map(|(_, whole)| *whole).fold(known.high, f64::max);
    if most > known.high {
        strategy.need_per_s = Some(Interval { high: most, ..known });
        let again =
            |f: Formula| Formula::new(most, f.peak_1s, (f.growth, f.season), f.failover, f.utilisation);
        strategy.formula = strategy.formula.map(again);
    }
    Some(Verified {
        seeds: seeds.to_vec(),
        peaks_per_s: needs.iter().map(|(peaks, _)| *peaks).collect(),
        needs_per_s: needs.iter().map(|(_, whole)| *whole).collect(),
        differ_by: (differ_by * 1e4).round() / 1e4,
    })
}
