//! What a scenario's attempts take from the pools: the same in virtual time and on the real clock.

use crate::quota::{ChargeTable, KeyUse};
use crate::scenario::Scenario;

/// The keys that each workload's attempts use.
pub(super) fn key_uses(scenario: &Scenario) -> Vec<KeyUse> {
    let of = |keys: &crate::workload::Keys| KeyUse {
        spec: keys.spec,
        pair_spec: keys.pair_spec,
        store: keys.store,
    };
    scenario.workloads.iter().map(|workload| of(&workload.keys)).collect()
}

/// What attempts take from the pools.
pub fn charges(scenario: &Scenario) -> ChargeTable {
    ChargeTable::new(&key_uses(scenario), scenario.quotas.re_encrypt_cost)
}
