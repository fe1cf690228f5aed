//! A saved run as evidence: what it asked of each quota, as far as a run alone can tell.
//!
//! A run has no growth and no search: the ask is its busiest second at four fifths of the quota. Where attempts were
//! refused, retries are among them, so that the figures are bounds and not demand.

use super::capacity::{Capacity, Demand, Formula, Outcome, PoolNeed, SCHEMA, StrategyNeed, Terms};
use crate::quota::{PoolId, catalogue};
use crate::results::{PoolRun, Run, Seconds, StrategyRun, Tool, Verdict, tidy};
use std::collections::BTreeMap;

/// Which share of the quota the busiest second may use.
const UTILISATION: f64 = 0.8;

/// What `run` says of the quotas it drew on; `version` is that of this keystorm.
///
/// # Errors
/// A sentence if no strategy of it made an attempt, or an older keystorm kept too little of a long one.
pub fn capacity(run: &Run, version: &str) -> Result<Capacity, String> {
    let strategy = chosen(run).ok_or("no strategy of this run made an attempt")?;
    let pools: Vec<PoolNeed> = strategy
        .pools
        .iter()
        .map(|(name, pool)| pool_need(strategy, name, pool))
        .collect::<Result<_, _>>()?;
    let threshold = |t: &crate::results::ThresholdRun| format!("{}: {}", t.name, t.expression);
    let own = run.thresholds.iter().filter(|t| t.strategy == strategy.name);
    Ok(Capacity {
        schema: SCHEMA.into(),
        tool: Tool { name: "keystorm".into(), version: version.into() },
        name: run.name.clone(),
        question: run.question.clone(),
        answer: format!(
            "The busiest seconds of a run with `{}`, at {} % of the quota.",
            strategy.name,
            UTILISATION * 100.0
        ),
        scenario: run.scenario.clone(),
        scenario_hash: run.scenario_hash.clone(),
        seed: run.seed,
        region: run.region.clone(),
        date: run.wall.as_ref().map_or_else(|| "simulated".into(), |wall| wall.started_at.clone()),
        terms: Terms {
            growth: 1.0,
            by: None,
            months: None,
            season: None,
            utilisation: UTILISATION,
            failover: Vec::new(),
        },
        thresholds: own.map(threshold).collect(),
        thresholds_assumed: false,
        trials: strategy.trials,
        enforcement: "as the run had it".into(),
        pools,
        callers: None,
        keys: 0,
        keys_usd: 0.0,
        assumptions: run.assumptions.clone(),
        interrupted: run.interrupted,
    })
}

/// The gated strategy that met every threshold, else one that did, else the first that made attempts.
fn chosen(run: &Run) -> Option<&StrategyRun> {
    let meets = |s: &&StrategyRun| {
        run.thresholds.iter().filter(|t| t.strategy == s.name).all(|t| t.verdict == Verdict::Met)
    };
    let tried = || run.strategies.iter().filter(|s| s.attempts > 0);
    let gated = tried().filter(meets).find(|s| run.gate.contains(&s.name));
    gated.or_else(|| tried().find(meets)).or_else(|| tried().next())
}

/// What was asked of the quota second by second.
fn seconds(strategy: &StrategyRun, name: &str, pool: &PoolRun) -> Result<Seconds, String> {
    if let Some(seconds) = pool.seconds {
        return Ok(seconds);
    }
    let timeline = &strategy.timeline;
    if timeline.interval_s > 1 {
        return Err(format!(
            "cannot tell the busiest minute of `{}`: its timeline has intervals of {} s, and an older keystorm kept nothing \
             beside it; run it again",
            strategy.name, timeline.interval_s
        ));
    }
    let counts = timeline.pools.get(name).map_or(&[][..], Vec::as_slice);
    let mean: Vec<f64> = counts.iter().map(|sum| *sum as f64 / f64::from(strategy.trials.max(1))).collect();
    Ok(Seconds::of_series(&mean, 1, pool.peak_1s))
}

fn pool_need(strategy: &StrategyRun, name: &str, pool: &PoolRun) -> Result<PoolNeed, String> {
    let entry = PoolId::from_name(name).map(catalogue::entry);
    let mut demand = Demand { seconds: seconds(strategy, name, pool)?, ..Demand::default() };
    let all: u64 = strategy.by_operation.values().map(|operation| operation.attempts).sum();
    let share = |attempts: u64| if all > 0 { attempts as f64 / all as f64 } else { 0.0 };
    let row = |attempts: u64| {
        [tidy(demand.seconds.mean_per_s * share(attempts)), tidy(demand.seconds.peak_1s * share(attempts))]
    };
    let operations: BTreeMap<String, [f64; 2]> = strategy
        .by_operation
        .iter()
        .filter(|(_, operation)| operation.attempts > 0)
        .map(|(name, operation)| (name.clone(), row(operation.attempts)))
        .collect();
    demand.by_operation = operations;
    let made: u64 = strategy.workloads.iter().map(|workload| workload.attempts).sum();
    let who = strategy.workloads.iter().filter(|workload| workload.attempts > 0);
    demand.who = who.map(|w| (w.name.clone(), tidy(w.attempts as f64 / made.max(1) as f64))).collect();
    let peak = pool.peak_1s as f64;
    let formula = Formula::new(peak, peak, (1.0, 1.0), 1.0, UTILISATION);
    let ask = Some(formula.ask).filter(|ask| *ask > pool.limit_per_s);
    Ok(PoolNeed {
        pool: name.to_owned(),
        quota: entry.and_then(|entry| entry.quota).map(Into::into),
        code: entry.and_then(|entry| entry.code).map(Into::into),
        adjustable: entry.map_or("unknown", |entry| entry.adjustable.name()).into(),
        have_per_s: pool.limit_per_s,
        have_from: "the run".into(),
        assumed: Vec::new(),
        strategies: vec![need(strategy, demand, formula, ask)],
        recommended: Some(strategy.name.clone()),
        ask_per_s: ask,
        months_left: None,
        failover: Vec::new(),
        sensitivity: Vec::new(),
        verified: None,
        outcomes: vec![outcome(strategy, pool)],
    })
}

fn need(strategy: &StrategyRun, demand: Demand, formula: Formula, ask: Option<f64>) -> StrategyNeed {
    let caches = strategy.jobs.served_from_cache > 0;
    let peak = demand.seconds.peak_1s;
    StrategyNeed {
        name: strategy.name.clone(),
        caches,
        peak_1s: peak,
        need_per_s: Some(super::need::Interval { low: peak, value: peak, high: peak }),
        why_none: None,
        ask_per_s: ask,
        formula: Some(formula),
        demand,
        kinds: BTreeMap::new(),
        phases: None,
        cost_now_usd: strategy.cost.per_month_usd,
        cost_then_usd: strategy.cost.per_month_usd,
        exposure: caches.then_some(strategy.data_keys),
        break_even: None,
    }
}

fn outcome(strategy: &StrategyRun, pool: &PoolRun) -> Outcome {
    let t = &strategy.response_time_ms;
    let time = |ms: f64| (t.count > 0).then_some(ms);
    let completed = strategy.jobs.completed;
    Outcome {
        quota_per_s: pool.limit_per_s,
        success: strategy.ratios.success,
        p50_ms: time(t.p50),
        p99_ms: time(t.p99),
        max_ms: time(t.max),
        attempts_per_success: (completed > 0).then(|| tidy(strategy.attempts as f64 / completed as f64)),
        throttled: strategy.ratios.throttle,
    }
}
