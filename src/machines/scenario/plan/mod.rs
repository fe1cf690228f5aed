//! What a scenario will ask for, worked out before it runs: jobs, calls, peaks against limits, cost on real AWS.
//!
//! Calls are first attempts without any cache: what the application asks of KMS, not what a strategy makes of it.

mod vus;

use super::Scenario;
use crate::api::Operation;
use crate::kms::ServiceTime;
use crate::quota::{PoolId, catalogue, price, route};
use crate::time::Span;
use crate::units::Rate;
use crate::workload::{Executor, FleetConfig, Pacing, TraceRows, Workload};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a scenario will ask for in one trial of one strategy.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Jobs, where they can be foreseen.
    pub jobs: f64,
    /// Whether `jobs` is an estimate: closed workloads go as fast as the service lets them.
    pub is_estimate: bool,
    /// Workloads whose jobs cannot be foreseen: traces that are not loaded.
    pub unforeseen: Vec<String>,
    /// First attempts per operation, without any cache.
    pub calls: BTreeMap<Operation, f64>,
    /// Calls a second at the worst moment, all workloads at their peaks at once; background is not ours.
    pub peak_per_s: f64,
    /// What is asked of each pool at the worst moment, in the order of their names.
    pub pools: Vec<PoolPlan>,
    /// What the calls would cost on AWS, in USD.
    pub cost_usd: f64,
    /// Where the prices come from.
    pub cost_source: &'static str,
}

/// What is asked of a pool, all workloads at their peaks at once.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolPlan {
    /// The pool's name.
    pub pool: String,
    /// Calls a second, background included.
    pub peak_per_s: f64,
    /// The pool's limit, if known.
    pub limit_per_s: Option<f64>,
    /// Which workloads ask for it, each with its own peak.
    pub workloads: Vec<(String, f64)>,
}

/// How long jobs arrive; `None` if a trace decides or work ends when it is done.
pub fn lasts(executor: &Executor) -> Option<Span> {
    match executor {
        Executor::ConstantArrivalRate { duration, .. }
        | Executor::Burst { duration, .. }
        | Executor::ConstantVus { duration, .. } => Some(*duration),
        Executor::RampingArrivalRate { stages, .. } => {
            Some(stages.iter().fold(Span::ZERO, |sum, stage| sum + stage.duration))
        }
        Executor::RampingVus { stages, .. } => {
            Some(stages.iter().fold(Span::ZERO, |sum, stage| sum + stage.duration))
        }
        Executor::Trace(trace) => trace.duration,
        Executor::SharedIterations { .. } | Executor::PerVuIterations { .. } => None,
    }
}

/// About how many jobs a workload offers; `None` if its trace is not loaded.
pub fn offered(workload: &Workload, fleet: &FleetConfig, service: &ServiceTime) -> Option<f64> {
    Some(match &workload.executor {
        Executor::ConstantArrivalRate { rate, duration, .. } => rate.as_per_second() * duration.as_secs_f64(),
        Executor::RampingArrivalRate { start_rate, stages, .. } => {
            let stages = stages.iter().map(|stage| (stage.duration, stage.target.as_per_second()));
            area(start_rate.as_per_second(), stages)
        }
        Executor::Burst { count, every, duration } => {
            let bursts = duration.as_nanos().div_ceil(every.as_nanos().max(1));
            *count as f64 * bursts as f64
        }
        Executor::Trace(trace) => rows(&trace.rows)? * trace.scale,
        _ => vus::offered(workload, fleet, service)?,
    })
}

/// Jobs a second at a workload's worst second; `None` if its trace is not loaded.
pub fn peak(workload: &Workload, fleet: &FleetConfig, service: &ServiceTime) -> Option<f64> {
    Some(match &workload.executor {
        Executor::ConstantArrivalRate { rate, .. } => rate.as_per_second(),
        Executor::RampingArrivalRate { start_rate, stages, .. } => {
            stages.iter().map(|stage| stage.target.as_per_second()).fold(start_rate.as_per_second(), f64::max)
        }
        Executor::Burst { count, every, duration } => {
            let within = Span::from_secs(1).min(*duration).as_nanos();
            *count as f64 * within.div_ceil(every.as_nanos().max(1)) as f64
        }
        Executor::Trace(trace) => match &*trace.rows {
            TraceRows::Unread => return None,
            TraceRows::Counts(counts) => f64::from(counts.iter().copied().max().unwrap_or(0)) * trace.scale,
            TraceRows::Jobs(jobs) => {
                let mut by_second: BTreeMap<u64, f64> = BTreeMap::new();
                for job in jobs {
                    *by_second.entry(job.at.as_nanos() / 1_000_000_000).or_default() += trace.scale;
                }
                by_second.into_values().fold(0.0, f64::max)
            }
        },
        closed => vus::peak(closed, fleet, service)?,
    })
}

fn rows(rows: &TraceRows) -> Option<f64> {
    match rows {
        TraceRows::Unread => None,
        TraceRows::Counts(counts) => Some(counts.iter().map(|count| f64::from(*count)).sum()),
        TraceRows::Jobs(jobs) => Some(jobs.len() as f64),
    }
}

/// The area under linear ramps.
fn area(start: f64, stages: impl Iterator<Item = (Span, f64)>) -> f64 {
    let (mut from, mut sum) = (start, 0.0);
    for (duration, to) in stages {
        sum += (from + to) / 2.0 * duration.as_secs_f64();
        from = to;
    }
    sum
}

impl Plan {
    /// Works out what one trial of one strategy will ask for.
    pub fn of(scenario: &Scenario) -> Plan {
        let mut plan = Plan {
            jobs: 0.0,
            is_estimate: false,
            unforeseen: Vec::new(),
            calls: BTreeMap::new(),
            peak_per_s: 0.0,
            pools: Vec::new(),
            cost_usd: 0.0,
            cost_source: price::SOURCE,
        };
        let mut pools: BTreeMap<String, PoolPlan> = BTreeMap::new();
        for workload in &scenario.workloads {
            plan.add(scenario, workload, &mut pools);
        }
        for (name, rate) in &scenario.quotas.background {
            pool(&mut pools, name).peak_per_s += rate.as_per_second();
        }
        for pool in pools.values_mut() {
            let own = scenario.quotas.overrides.get(&pool.pool).copied();
            let default = || PoolId::from_name(&pool.pool).map(|id| catalogue::limit(&scenario.region, id));
            let limit = own.or_else(default);
            pool.limit_per_s = limit.map(Rate::as_per_second);
        }
        plan.pools = pools.into_values().collect();
        plan
    }

    fn add(&mut self, scenario: &Scenario, workload: &Workload, pools: &mut BTreeMap<String, PoolPlan>) {
        let (fleet, service) = (&scenario.fleet, &scenario.service_time);
        let (Some(jobs), Some(peak)) =
            (offered(workload, fleet, service), peak(workload, &scenario.fleet, service))
        else {
            self.unforeseen.push(workload.name.clone());
            return;
        };
        self.jobs += jobs;
        self.peak_per_s += peak;
        self.is_estimate |= matches!(
            &workload.executor,
            Executor::ConstantVus { pacing: Pacing::ThinkTime(_), .. }
                | Executor::RampingVus { pacing: Pacing::ThinkTime(_), .. }
        );
        let total: f64 = workload.jobs.iter().map(|(_, weight)| f64::from(*weight)).sum();
        for (kind, weight) in workload.jobs.iter().filter(|(_, weight)| *weight > 0) {
            let (share, operation) = (f64::from(*weight) / total, kind.operation());
            *self.calls.entry(operation).or_default() += jobs * share;
            let keys = &workload.keys;
            self.cost_usd +=
                jobs * share * price::micros_per_request(operation, keys.spec, keys.pair_spec) / 1e6;
            let charges =
                route(operation, keys.spec, keys.pair_spec, keys.store, scenario.quotas.re_encrypt_cost);
            for (id, cost) in charges.iter() {
                let pool = pool(pools, id.name());
                let asked = peak * share * f64::from(cost);
                pool.peak_per_s += asked;
                match pool.workloads.last_mut().filter(|(name, _)| *name == workload.name) {
                    Some((_, sum)) => *sum += asked,
                    None => pool.workloads.push((workload.name.clone(), asked)),
                }
            }
        }
    }
}

fn pool<'p>(pools: &'p mut BTreeMap<String, PoolPlan>, name: &str) -> &'p mut PoolPlan {
    pools.entry(name.to_owned()).or_insert_with(|| PoolPlan {
        pool: name.to_owned(),
        peak_per_s: 0.0,
        limit_per_s: None,
        workloads: Vec::new(),
    })
}
