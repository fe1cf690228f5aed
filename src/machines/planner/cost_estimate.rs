//! What a run costs and how many calls it makes, all strategies and trials together.

use crate::api::{KeySpec, Operation};
use crate::quota::price;
use crate::scenario::{Plan, Scenario};
use crate::workload::Workload;

/// Calls and cost of a whole run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostEstimate {
    /// Calls of the measured trials: first attempts, without any cache.
    pub calls: f64,
    /// Whether `calls` is an estimate: closed workloads go as fast as the service lets them.
    pub is_estimate: bool,
    /// Calls of set-up, those that make keys included.
    pub setup: u64,
    /// Keys that are made, the first one included, which is only made to see that it can be given up.
    pub keys_made: u64,
    /// Cost of the requests, in USD.
    pub requests_usd: f64,
    /// Cost of the CloudTrail events they cause, in USD, for each copy after the first, which is free.
    pub trail_usd: f64,
    /// The most that one attempt can cost, its CloudTrail event included, in millionths of a USD.
    pub most_micros: f64,
}

/// Millionths of a USD for one management event in each copy of a trail after the first.
///
/// Source: AWS CloudTrail pricing page, read 2026-11-24: 2.00 USD for 100,000 events; the first copy is free. Every
/// KMS call of a run is a management event.
pub const TRAIL_MICROS: f64 = 20.0;

impl CostEstimate {
    /// What `scenario` costs, whose plan is `plan`; a plan is one trial of one strategy.
    pub fn of(scenario: &Scenario, plan: &Plan) -> CostEstimate {
        let trials = f64::from(scenario.trials) * scenario.strategies.len() as f64;
        let mut cost_estimate = CostEstimate {
            calls: plan.calls.values().sum::<f64>() * trials,
            is_estimate: plan.is_estimate,
            setup: 0,
            keys_made: 0,
            requests_usd: plan.cost_usd * trials,
            trail_usd: 0.0,
            most_micros: TRAIL_MICROS,
        };
        for workload in &scenario.workloads {
            cost_estimate.add(workload);
        }
        if cost_estimate.keys_made > 0 {
            cost_estimate.keys_made += 1;
            for operation in [Operation::CreateKey, Operation::ScheduleKeyDeletion] {
                cost_estimate.set_up(1, operation, KeySpec::SymmetricDefault, KeySpec::SymmetricDefault);
            }
        }
        cost_estimate.trail_usd = (cost_estimate.calls + cost_estimate.setup as f64) * TRAIL_MICROS / 1e6;
        cost_estimate
    }

    /// Adds the set-up of a workload.
    fn add(&mut self, workload: &Workload) {
        let keys = &workload.keys;
        let kinds = workload.kinds();
        let price = |operation| price::micros_per_request(operation, keys.spec, keys.pair_spec);
        for kind in &kinds {
            self.most_micros = self.most_micros.max(price(kind.operation()) + TRAIL_MICROS);
        }
        let named = keys.ids.len() as u64;
        let made = if named > 0 || !workload.needs_keys() { 0 } else { u64::from(keys.count) };
        let count = named.max(made);
        self.keys_made += made;
        // Each key that is made is also scheduled for deletion.
        let mut setup = |calls, operation| self.set_up(calls, operation, keys.spec, keys.pair_spec);
        setup(made, Operation::CreateKey);
        setup(made, Operation::ScheduleKeyDeletion);
        for (maker, often) in workload.set_up_calls() {
            setup(count * u64::from(often), maker);
        }
    }

    /// Adds calls of set-up.
    fn set_up(&mut self, calls: u64, operation: Operation, spec: KeySpec, pair_spec: KeySpec) {
        self.setup += calls;
        self.requests_usd += calls as f64 * price::micros_per_request(operation, spec, pair_spec) / 1e6;
    }

    /// Requests and CloudTrail events together, in USD.
    pub fn total_usd(&self) -> f64 {
        self.requests_usd + self.trail_usd
    }
}
