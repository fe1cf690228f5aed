//! What Prometheus is shown of an emulator: its counters, and what there is of each account and Region.

use super::exposition::{self, Metric, NO_LABELS};
use super::metrics::{Metrics, OTHERS};
use super::runtime::Runtime;
use crate::kms::Kms;
use crate::kms::keys::RealmId;
use crate::quota::PoolId;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Accounts in a Region that are told by themselves: the first that called.
const REALMS: usize = 100;

/// All of it, in Prometheus's text format; counters that are zero are left out where there are many.
pub(crate) fn scrape(runtime: &Arc<Runtime>) -> String {
    let realms = Realms::of(&runtime.locked().kms);
    exposition::text(Scrape { runtime: Arc::clone(runtime), realms })
}

/// One look at an emulator.
struct Scrape {
    runtime: Arc<Runtime>,
    realms: Realms,
}

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrape").field("realms", &self.realms).finish_non_exhaustive()
    }
}

impl Collector for Scrape {
    fn encode(&self, mut page: DescriptorEncoder<'_>) -> fmt::Result {
        calls(&self.runtime.metrics, &mut page)?;
        connections(&self.runtime.metrics, &mut page)?;
        self.realms.encode(&mut page)
    }
}

fn calls(metrics: &Metrics, page: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let answered = metrics
        .calls()
        .map(|(operation, end, count)| ([("operation", operation.name()), ("outcome", end.name())], count));
    Metric { name: "keystorm_calls", help: "Calls answered, by operation and outcome." }
        .counters(page, answered)?;
    let keys = metrics.keys();
    let found =
        keys.iter().map(|(key, end, count)| ([("key", key.as_str()), ("outcome", end.name())], *count));
    Metric { name: "keystorm_key_calls", help: "Calls that found their key, by key and outcome." }
        .counters(page, found)?;
    let refused = metrics.throttled().map(|(pool, count)| ([("pool", pool.name())], count));
    Metric { name: "keystorm_throttled", help: "Calls refused, by the quota that refused them." }
        .counters(page, refused)?;
    let (buckets, sum) = metrics.durations();
    Metric { name: "keystorm_call_duration_seconds", help: "From the whole call read to its answer." }
        .histograms(page, [(NO_LABELS, buckets, sum)])
}

fn connections(metrics: &Metrics, page: &mut DescriptorEncoder<'_>) -> fmt::Result {
    Metric { name: "keystorm_connections", help: "Connections that are open." }
        .gauges(page, [(NO_LABELS, metrics.open_connections())])?;
    let ended = metrics.connections().map(|(outcome, count)| ([("outcome", outcome)], count));
    Metric { name: "keystorm_connections", help: "Connections accepted, and closed for being too many." }
        .counters(page, ended)
}

/// What there is of each account and Region, by both.
#[derive(Debug, Default)]
struct Realms {
    keys: BTreeMap<(String, String), u64>,
    units: BTreeMap<(String, String, PoolId), u64>,
}

impl Realms {
    /// Takes it from the machine, whose lock is held for numbers only.
    fn of(kms: &Kms) -> Realms {
        let mut realms = Realms::default();
        let inventory = kms.inventory();
        let place = |id: RealmId| match (id.index() < REALMS, inventory.realm(id)) {
            (true, realm) => (realm.account.to_string(), realm.region.to_string()),
            (false, _) => (OTHERS.to_string(), OTHERS.to_string()),
        };
        for (id, _) in inventory.realms() {
            *realms.keys.entry(place(id)).or_default() += inventory.key_count(id) as u64;
        }
        for (id, pool, asked) in kms.admission().totals() {
            let (account, region) = place(id);
            *realms.units.entry((account, region, pool)).or_default() += asked;
        }
        realms
    }

    fn encode(&self, page: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let keys = self.keys.iter().map(|((account, region), count)| {
            ([("account", account.as_str()), ("region", region.as_str())], *count)
        });
        Metric { name: "keystorm_keys", help: "Keys, by account and Region." }.gauges(page, keys)?;
        let asked = self.units.iter().map(|((account, region, pool), count)| {
            ([("account", account.as_str()), ("region", region.as_str()), ("pool", pool.name())], *count)
        });
        Metric { name: "keystorm_quota_units", help: "Quota asked for, granted or not, by pool." }
            .counters(page, asked)
    }
}
