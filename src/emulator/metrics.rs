//! Counters, in Prometheus's text format.

use super::{Exposition, UNSPOILT};
use crate::api::{ErrorCode, Operation, Reply, reply_of};
use crate::kms::keys::RealmId;
use crate::kms::wire::ApiError;
use crate::kms::{Kms, Trail};
use crate::quota::{PoolId, catalogue};
use crate::time::Span;
use std::collections::BTreeMap;
use std::sync::RwLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Ok,
    Throttled,
    /// Refused by the API for what was asked: HTTP 4xx.
    Refused,
    /// Refused because who calls may not, is not known, or is too late.
    Denied,
    /// A service error: HTTP 5xx, or the connection was broken.
    Fault,
}

impl End {
    const ALL: [End; ENDS] = [End::Ok, End::Throttled, End::Refused, End::Denied, End::Fault];

    /// How a call ended that is answered with an error.
    pub(crate) fn of(error: &ApiError) -> End {
        match reply_of(error.status, error.code()) {
            Reply::Failed(ErrorCode::AccessDenied) => End::Denied,
            _ if error.is_service_fault() => End::Fault,
            _ => End::Refused,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            End::Ok => "ok",
            End::Throttled => "throttled",
            End::Refused => "refused",
            End::Denied => "denied",
            End::Fault => "fault",
        }
    }
}

/// How many ends there are.
const ENDS: usize = 5;

/// Upper bounds of the duration histogram, in microseconds.
const BOUNDS: [u64; 12] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 1_000_000, 10_000_000];

/// Keys that are counted by themselves: the first that are used. More would make the text longer than anybody reads it.
const KEYS: usize = 1_000;
/// Accounts in a Region that are told by themselves: the first that called.
const REALMS: usize = 100;
/// All others together.
const OTHERS: &str = "other";

/// Every counter of a server.
pub(crate) struct Metrics {
    /// By operation, then by end.
    calls: Vec<[AtomicU64; ENDS]>,
    /// Refusals, by pool.
    throttled: Vec<AtomicU64>,
    /// By ARN of the key, then by end.
    keys: RwLock<BTreeMap<String, [AtomicU64; ENDS]>>,
    /// Calls within each bound, and all.
    durations: [AtomicU64; BOUNDS.len() + 1],
    duration_micros: AtomicU64,
    connections: AtomicI64,
    accepted: AtomicU64,
    rejected: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            calls: Operation::ALL.iter().map(|_| Default::default()).collect(),
            throttled: catalogue::all().map(|_| AtomicU64::new(0)).collect(),
            keys: RwLock::default(),
            durations: Default::default(),
            duration_micros: AtomicU64::new(0),
            connections: AtomicI64::new(0),
            accepted: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
        }
    }
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Metrics {
    /// Counts a call.
    pub(crate) fn record(&self, operation: Operation, end: End, refused_by: Option<PoolId>, took: Span) {
        let add = |counter: &AtomicU64, n| {
            counter.fetch_add(n, Ordering::Relaxed);
        };
        add(&self.calls[operation.index()][end as usize], 1);
        if let Some(pool) = refused_by {
            add(&self.throttled[pool.index()], 1);
        }
        let micros = took.as_micros();
        let bucket = BOUNDS.iter().position(|bound| micros <= *bound).unwrap_or(BOUNDS.len());
        add(&self.durations[bucket], 1);
        add(&self.duration_micros, micros);
    }

    /// Counts a call for each key that it found; ReEncrypt may have named one twice.
    pub(crate) fn record_keys(&self, trail: &Trail, end: End) {
        for keys in trail.keys.chunk_by(|a, b| a.0 == b.0) {
            self.record_key(&keys[0].0, end);
        }
    }

    fn record_key(&self, arn: &str, end: End) {
        {
            let keys = self.keys.read().expect(UNSPOILT);
            let is_full = keys.len() >= KEYS;
            if let Some(ends) = keys.get(arn).or_else(|| is_full.then(|| keys.get(OTHERS)).flatten()) {
                ends[end as usize].fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
        let mut keys = self.keys.write().expect(UNSPOILT);
        let name = if keys.len() < KEYS { arn } else { OTHERS };
        keys.entry(name.into()).or_default()[end as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a connection that begins (+1) or ends (-1).
    pub(crate) fn connection(&self, change: i64) {
        self.connections.fetch_add(change, Ordering::Relaxed);
        if change > 0 {
            self.accepted.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a connection over the limit.
    pub(crate) fn reject(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }

    /// All of it, in Prometheus's text format; counters that are zero are left out where there are many.
    pub(crate) fn text(&self, kept: &Kept) -> String {
        let mut page = Exposition::default();
        self.calls(&mut page);
        self.durations(&mut page);
        self.connections(&mut page);
        kept.write(&mut page);
        page.into_text()
    }

    fn calls(&self, page: &mut Exposition) {
        page.head("keystorm_calls_total", "counter", "Calls answered, by operation and outcome.");
        for operation in Operation::ALL {
            for (end, count) in met(&self.calls[operation.index()]) {
                let labels = [("operation", operation.name()), ("outcome", end)];
                page.value("keystorm_calls_total", &labels, count);
            }
        }
        page.head("keystorm_key_calls_total", "counter", "Calls that found their key, by key and outcome.");
        for (key, ends) in self.keys.read().expect(UNSPOILT).iter() {
            for (end, count) in met(ends) {
                page.value("keystorm_key_calls_total", &[("key", key), ("outcome", end)], count);
            }
        }
        page.head("keystorm_throttled_total", "counter", "Calls refused, by the quota that refused them.");
        for pool in catalogue::all() {
            let count = read(&self.throttled[pool.index()]);
            if count > 0 {
                page.value("keystorm_throttled_total", &[("pool", pool.name())], count);
            }
        }
    }

    fn durations(&self, page: &mut Exposition) {
        const NAME: &str = "keystorm_call_duration_seconds";
        const BUCKET: &str = "keystorm_call_duration_seconds_bucket";
        page.head(NAME, "histogram", "From the whole call read to its answer.");
        let mut sum = 0;
        for (bound, counter) in BOUNDS.iter().zip(&self.durations) {
            sum += read(counter);
            page.value(BUCKET, &[("le", &(*bound as f64 / 1e6).to_string())], sum);
        }
        sum += read(&self.durations[BOUNDS.len()]);
        page.value(BUCKET, &[("le", "+Inf")], sum);
        page.value(&format!("{NAME}_sum"), &[], read(&self.duration_micros) as f64 / 1e6);
        page.value(&format!("{NAME}_count"), &[], sum);
    }

    fn connections(&self, page: &mut Exposition) {
        page.head("keystorm_connections", "gauge", "Connections that are open.");
        page.value("keystorm_connections", &[], self.connections.load(Ordering::Relaxed));
        let help = "Connections accepted, and closed for being too many.";
        page.head("keystorm_connections_total", "counter", help);
        page.value("keystorm_connections_total", &[("outcome", "accepted")], read(&self.accepted));
        page.value("keystorm_connections_total", &[("outcome", "rejected")], read(&self.rejected));
    }
}

/// The ends that any call had, by name.
fn met(ends: &[AtomicU64; ENDS]) -> impl Iterator<Item = (&'static str, u64)> {
    let counted = End::ALL.iter().zip(ends).map(|(end, count)| (end.name(), read(count)));
    counted.filter(|(_, count)| *count > 0)
}

/// What there is of each account and Region, by both.
#[derive(Default)]
pub(crate) struct Kept {
    keys: BTreeMap<(String, String), usize>,
    units: BTreeMap<(String, String, PoolId), u64>,
}

impl Kept {
    /// Takes it from the machine, whose lock is held for numbers only.
    pub(crate) fn of(kms: &Kms) -> Kept {
        let mut kept = Kept::default();
        let inventory = kms.inventory();
        let place = |id: RealmId| match (id.index() < REALMS, inventory.realm(id)) {
            (true, realm) => (realm.account.to_string(), realm.region.to_string()),
            (false, _) => (OTHERS.to_string(), OTHERS.to_string()),
        };
        for (id, _) in inventory.realms() {
            *kept.keys.entry(place(id)).or_default() += inventory.key_count(id);
        }
        for (id, pool, asked) in kms.admission().totals() {
            let (account, region) = place(id);
            *kept.units.entry((account, region, pool)).or_default() += asked;
        }
        kept
    }

    fn write(&self, page: &mut Exposition) {
        page.head("keystorm_keys", "gauge", "Keys, by account and Region.");
        for ((account, region), count) in &self.keys {
            page.value("keystorm_keys", &[("account", account), ("region", region)], count);
        }
        page.head("keystorm_quota_units_total", "counter", "Quota asked for, granted or not, by pool.");
        for ((account, region, pool), asked) in &self.units {
            let labels = [("account", account.as_str()), ("region", region), ("pool", pool.name())];
            page.value("keystorm_quota_units_total", &labels, asked);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_keys_are_counted_by_themselves_and_the_rest_together() {
        let metrics = Metrics::default();
        for n in 0..KEYS + 5 {
            metrics.record_key(&format!("arn:{n}"), End::Ok);
        }
        metrics.record_key("arn:7", End::Refused);
        let keys = metrics.keys.read().unwrap();
        assert_eq!(keys.len(), KEYS + 1);
        assert_eq!(keys["arn:7"].each_ref().map(read), [1, 0, 1, 0, 0]);
        assert_eq!(read(&keys[OTHERS][0]), 5);
    }
}
