//! What each caller uses of each quota.

use super::log::{Log, Second};
use super::triage::pool;
use crate::quota::PoolId;
use std::collections::BTreeMap;

/// Counts what callers use, second by second.
#[derive(Debug, Default)]
pub struct Uses {
    /// Calls, those of the busiest second.
    of: BTreeMap<(PoolId, u32), (u64, u64)>,
    names: Vec<String>,
}

/// A caller's use of a pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// The pool.
    pub pool: PoolId,
    /// The caller.
    pub name: String,
    /// Whether it is an AWS service on the account's behalf.
    pub is_service: bool,
    /// Its calls.
    pub calls: u64,
    /// Calls of its busiest second.
    pub peak_1s: u64,
}

impl Uses {
    /// Adds the calls of a second.
    pub fn add(&mut self, second: &Second) {
        let mut now = BTreeMap::<(PoolId, u32), u64>::new();
        for call in second.calls {
            *now.entry((pool(call), call.caller)).or_default() += 1;
        }
        for (who, calls) in now {
            let (all, peak) = self.of.entry(who).or_default();
            *all += calls;
            *peak = (*peak).max(calls);
        }
        // Names only come to those that are known.
        if let Some(more) = second.callers.get(self.names.len()..) {
            self.names.extend_from_slice(more);
        }
    }

    /// By pool, the callers with the most calls first.
    pub fn list(self, log: &Log) -> Vec<Use> {
        let names = self.names;
        let mut all: Vec<Use> = self
            .of
            .into_iter()
            .map(|((pool, caller), (calls, peak_1s))| {
                let name = names.get(caller as usize).cloned().unwrap_or_default();
                Use { pool, is_service: log.services.contains_key(&name), name, calls, peak_1s }
            })
            .collect();
        all.sort_by(|a, b| a.pool.cmp(&b.pool).then(b.calls.cmp(&a.calls)).then_with(|| a.name.cmp(&b.name)));
        all
    }
}
