//! Counters of calls and connections: an addition each, without a lock. `scrape` shows them.

use super::UNSPOILT;
use crate::api::{ErrorCode, Operation, Reply, reply_of};
use crate::kms::Trail;
use crate::kms::wire::ApiError;
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
/// All others together.
pub(super) const OTHERS: &str = "other";

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

    /// Calls by operation and end; those that nothing had are left out.
    pub(crate) fn calls(&self) -> impl Iterator<Item = (Operation, End, u64)> {
        let of = |operation: Operation| {
            met(&self.calls[operation.index()]).map(move |(end, count)| (operation, end, count))
        };
        Operation::ALL.iter().copied().flat_map(of)
    }

    /// Calls by the ARN of the key that they found, and end.
    pub(crate) fn keys(&self) -> Vec<(String, End, u64)> {
        let keys = self.keys.read().expect(UNSPOILT);
        let of = |(arn, ends): (&String, &[AtomicU64; ENDS])| {
            met(ends).map(|(end, count)| (arn.clone(), end, count)).collect::<Vec<_>>()
        };
        keys.iter().flat_map(of).collect()
    }

    /// Refusals by pool, of those that refused any.
    pub(crate) fn throttled(&self) -> impl Iterator<Item = (PoolId, u64)> {
        let counted = catalogue::all().map(|pool| (pool, read(&self.throttled[pool.index()])));
        counted.filter(|(_, count)| *count > 0)
    }

    /// Calls in each bucket, by its upper bound in seconds, and how long all of them took together.
    pub(crate) fn durations(&self) -> (Vec<(f64, u64)>, f64) {
        let bounds = BOUNDS.iter().map(|micros| *micros as f64 / 1e6).chain([f64::INFINITY]);
        (bounds.zip(self.durations.iter().map(read)).collect(), read(&self.duration_micros) as f64 / 1e6)
    }

    /// Connections that are open.
    pub(crate) fn open_connections(&self) -> i64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Connections by what became of them.
    pub(crate) fn connections(&self) -> [(&'static str, u64); 2] {
        [("accepted", read(&self.accepted)), ("rejected", read(&self.rejected))]
    }
}

/// The ends that any call had.
fn met(ends: &[AtomicU64; ENDS]) -> impl Iterator<Item = (End, u64)> {
    let counted = End::ALL.iter().zip(ends).map(|(end, count)| (*end, read(count)));
    counted.filter(|(_, count)| *count > 0)
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
