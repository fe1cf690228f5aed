//! Which thresholds speak of a quota: those on jobs that draw on it. Where none does, one is assumed.

use crate::quota::{PoolId, route};
use crate::scenario::{Aggregate, Comparison, Metric, Scenario, Threshold};
use crate::time::Span;
use crate::workload::Workload;
use std::collections::BTreeMap;

/// The share of failed jobs that is assumed to be too much where nobody says.
const FAILED: f64 = 0.001;

/// Whether any job of `workload` with this name, or operation, draws on `pool`; of any name for `None`.
fn draws(scenario: &Scenario, workload: &Workload, name: Option<&str>, pool: PoolId) -> bool {
    let keys = &workload.keys;
    workload
        .kinds()
        .iter()
        .filter(|kind| name.is_none_or(|name| kind.name() == name || kind.operation().name() == name))
        .any(|kind| {
            let cost = scenario.quotas.re_encrypt_cost;
            let charges = route(kind.operation(), keys.spec, keys.pair_spec, keys.store, cost);
            charges.iter().any(|(id, _)| id == pool)
        })
}

/// Whether `threshold` speaks of jobs that draw on `pool`.
pub fn speaks_of(scenario: &Scenario, threshold: &Threshold, pool: PoolId) -> bool {
    let tag = |name: &str| threshold.tags.get(name).map(String::as_str);
    let (workload, operation) = (tag("workload"), tag("operation"));
    let meant = scenario.workloads.iter().filter(|w| workload.is_none_or(|name| w.name == name));
    meant.into_iter().any(|w| draws(scenario, w, operation, pool))
}

/// The scenario with a threshold on the failed jobs of every workload that draws on a quota of which no threshold speaks;
/// and how many thresholds there were before.
pub fn with_assumed(scenario: &Scenario) -> (Scenario, usize) {
    let mut spoken = scenario.clone();
    let before = scenario.thresholds.len();
    for pool in crate::quota::catalogue::all() {
        if scenario.thresholds.iter().any(|threshold| speaks_of(scenario, threshold, pool)) {
            continue;
        }
        for workload in scenario.workloads.iter().filter(|w| draws(scenario, w, None, pool)) {
            let assumed = failed(&workload.name);
            if !spoken.thresholds.contains(&assumed) {
                spoken.thresholds.push(assumed);
            }
        }
    }
    (spoken, before)
}

fn failed(workload: &str) -> Threshold {
    Threshold {
        metric: Metric::Failed,
        tags: BTreeMap::from([("workload".to_owned(), workload.to_owned())]),
        name: format!("failed{{workload:{workload}}}"),
        expression: "rate<0.1%".into(),
        aggregate: Aggregate::Rate,
        comparison: Comparison::Less,
        bound: FAILED,
        abort_on_fail: false,
        delay_abort_eval: Span::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Options;

    #[test]
    fn a_quota_of_which_no_threshold_speaks_gets_one() {
        let text = "workloads:
  relayers: { executor: constant-arrival-rate, rate: 4/s, duration: 10s, keys: { spec: ECC_NIST_P256 }, jobs: { Sign: 1 } }
  secrets: { executor: constant-arrival-rate, rate: 9/s, duration: 10s, jobs: { Decrypt: 1 } }
strategies: { a: {} }
thresholds: { 'failed{workload:secrets}': [ 'rate<1%' ] }";
        let scenario = Scenario::parse(text, &Options::default()).expect("valid").scenario;
        let (spoken, before) = with_assumed(&scenario);
        let names: Vec<&str> = spoken.thresholds.iter().map(|t| t.name.as_str()).collect();
        assert_eq!((before, names), (1, vec!["failed{workload:secrets}", "failed{workload:relayers}"]));
        assert!(speaks_of(&scenario, &spoken.thresholds[0], PoolId::SYMMETRIC));
        assert!(!speaks_of(&scenario, &spoken.thresholds[0], PoolId::ECC));
        assert!(speaks_of(&scenario, &spoken.thresholds[1], PoolId::ECC));
        let all = Scenario::parse(&text.replace("failed{workload:secrets}", "failed"), &Options::default());
        let all = all.expect("valid").scenario;
        assert_eq!(with_assumed(&all).0, all, "a threshold on all jobs speaks of every quota");
    }
}
