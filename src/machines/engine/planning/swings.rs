//! What a need would be if one thing were otherwise: one trial each, on the same draws.

use super::judge::Judge;
use super::{Asked, Need, ROUGH, search};
use crate::client::MAX_CACHE_MESSAGES;
use crate::engine::sim::side_by_side;
use crate::engine::trial_runner::TrialRunner;
use crate::kms::Distribution;
use crate::planner::capacity::{StrategyNeed, Swing};
use crate::planner::need::NeedSearch;
use crate::planner::variant::scaled;
use crate::scenario::Scenario;
use crate::time::Span;

/// One thing that may be otherwise, less and more.
struct Otherwise {
    what: &'static str,
    sides: [Side; 2],
}

/// One of the two: in words, what it makes of a scenario and of the growth, and of the load, which is a guess of the need.
struct Side {
    name: String,
    scenario: Scenario,
    growth: f64,
    load: f64,
}

/// The swings of the strategy that `judge` judges, the widest first.
pub fn swings(asked: &Asked, judge: &Judge, found: &StrategyNeed, runner: TrialRunner<'_>) -> Vec<Swing> {
    let known = found.need_per_s.map_or(1.0, |need| need.value);
    let all = otherwise(asked, asked.scenario, found);
    let needs = side_by_side(all.len() * 2, asked.threads, |task| {
        need(asked, judge, known, &all[task / 2].sides[task % 2], runner)
    });
    let mut swings: Vec<Swing> = all
        .into_iter()
        .zip(needs.chunks(2))
        .map(|(each, needs)| {
            let [less, more] = each.sides;
            Swing { what: each.what.into(), less: (less.name, needs[0]), more: (more.name, needs[1]) }
        })
        .collect();
    swings.sort_by(|a, b| b.width().total_cmp(&a.width()));
    swings
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 1e4).round() / 1e2)
}

fn otherwise(asked: &Asked, base: &Scenario, found: &StrategyNeed) -> Vec<Otherwise> {
    let growth = asked.growth;
    let with = |name: &str, scenario: Scenario| Side { name: name.to_owned(), scenario, growth, load: 1.0 };
    let scaled = |name: &str, load: f64| Side { load, ..with(name, scaled(base, load)) };
    let mut all = Vec::new();
    if growth != 1.0 {
        let (half, more) = (1.0 + (growth - 1.0) / 2.0, 1.0 + (growth - 1.0) * 1.5);
        let side = |other: f64| Side {
            growth: other,
            load: other / growth,
            ..with(&percent(other - 1.0), base.clone())
        };
        all.push(Otherwise { what: "growth", sides: [side(half), side(more)] });
    }
    all.push(Otherwise {
        what: "burst factor",
        sides: [scaled("a fifth less", 0.8), scaled("a fifth more", 1.2)],
    });
    all.push(Otherwise {
        what: "service time",
        sides: [with("half", slower(base, 0.5)), with("twice", slower(base, 2.0))],
    });
    if found.caches {
        all.push(Otherwise {
            what: "hit ratio (life of a data key)",
            sides: [with("half the life", lasting(base, 0.5)), with("twice the life", lasting(base, 2.0))],
        });
        all.push(Otherwise {
            what: "number of messages",
            sides: [with("a tenth", many(base, 0.1)), with("ten times", many(base, 10.0))],
        });
    }
    all
}

/// What the first trial needs.
fn need(asked: &Asked, judge: &Judge, known: f64, side: &Side, runner: TrialRunner<'_>) -> Option<f64> {
    let other = judge.of(&scaled(&side.scenario, side.growth * asked.season * asked.failover));
    let start = (known * side.load).ceil() as u64;
    match search(&other, NeedSearch::new(start, 2.0 * ROUGH).within(2.0 * ROUGH), 0, None, runner) {
        Need::Between(_, met) => Some(met as f64),
        Need::None => None,
    }
}

/// Every service time so many times as long.
fn slower(base: &Scenario, factor: f64) -> Scenario {
    let mut changed = base.clone();
    let service = &mut changed.service_time;
    stretch(&mut service.default, factor);
    service.operations.values_mut().for_each(|each| stretch(each, factor));
    service.throttled = times(service.throttled, factor);
    changed
}

fn times(span: Span, factor: f64) -> Span {
    Span::from_secs_f64(span.as_secs_f64() * factor)
}

fn stretch(distribution: &mut Distribution, factor: f64) {
    match distribution {
        Distribution::Lognormal(latency) => {
            (latency.p50, latency.p99) = (times(latency.p50, factor), times(latency.p99, factor));
        }
        Distribution::Fixed(span) | Distribution::Exponential { mean: span } => *span = times(*span, factor),
        Distribution::Quantiles(points) => {
            points.iter_mut().for_each(|(_, span)| *span = times(*span, factor))
        }
        Distribution::Mixture(parts) => parts.iter_mut().for_each(|part| stretch(&mut part.of, factor)),
    }
}

/// Data keys that live so many times as long, and serve as many times the messages.
fn lasting(base: &Scenario, factor: f64) -> Scenario {
    let mut changed = base.clone();
    // No more than a scenario may say: nobody would have it otherwise.
    let whole = |count: u64| ((count as f64 * factor).round() as u64).clamp(1, MAX_CACHE_MESSAGES);
    for cache in changed.workloads.iter_mut().flat_map(|w| &mut w.strategies).filter_map(|p| p.cache.as_mut())
    {
        cache.max_age = times(cache.max_age, factor);
        cache.max_messages = whole(cache.max_messages);
    }
    changed
}

/// So many times the number of different messages and contexts.
fn many(base: &Scenario, factor: f64) -> Scenario {
    let mut changed = base.clone();
    let whole = |count: &mut u32| *count = ((f64::from(*count) * factor).round() as u32).max(1);
    for workload in &mut changed.workloads {
        whole(&mut workload.messages.count);
        whole(&mut workload.contexts.count);
    }
    changed
}
