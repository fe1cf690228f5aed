//! What caching saves, and from where on it pays.

use crate::api::JobKind;
use crate::quota::price;
use crate::scenario::Scenario;
use crate::workload::Workload;
use serde::{Deserialize, Serialize};

/// From where on a strategy's cache pays.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BreakEven {
    /// Data keys that the fleet keeps when every client has met everything.
    pub data_keys: f64,
    /// Messages a second below which most find their data key expired: data keys ÷ their life.
    pub messages_per_s: f64,
    /// What one message saves that a cache serves, in US dollars.
    pub usd_per_hit: f64,
}

/// The break-even of the strategy at `place`; `None` if it caches nothing. Several workloads add up; the longest life counts.
pub fn break_even(scenario: &Scenario, place: usize) -> Option<BreakEven> {
    let mut sum: Option<BreakEven> = None;
    for workload in &scenario.workloads {
        let Some(cache) = workload.strategies[place].cache else { continue };
        let entries = entries(workload).min(f64::from(cache.capacity));
        let Some(kind) = envelope(workload).filter(|_| entries > 0.0) else { continue };
        let data_keys = f64::from(scenario.fleet.clients) * entries;
        let life = cache.max_age.as_secs_f64();
        let keys = &workload.keys;
        let usd = price::micros_per_request(kind.operation(), keys.spec, keys.pair_spec) / 1e6;
        let before = sum.unwrap_or(BreakEven { data_keys: 0.0, messages_per_s: 0.0, usd_per_hit: usd });
        sum = Some(BreakEven {
            data_keys: before.data_keys + data_keys,
            messages_per_s: before.messages_per_s + if life > 0.0 { data_keys / life } else { 0.0 },
            usd_per_hit: before.usd_per_hit.max(usd),
        });
    }
    sum
}

/// The envelope job of a workload that weighs most.
fn envelope(workload: &Workload) -> Option<JobKind> {
    let cached = |kind: &JobKind| matches!(kind, JobKind::EncryptMessage | JobKind::DecryptMessage);
    let some = workload.jobs.iter().filter(|(kind, weight)| cached(kind) && *weight > 0);
    some.max_by_key(|(_, weight)| *weight).map(|(kind, _)| *kind)
}

/// Different data keys that one client meets: one for each context, or for each message that it reads.
fn entries(workload: &Workload) -> f64 {
    let of = |kind: JobKind, count: u32| {
        let does = workload.jobs.iter().any(|(each, weight)| *each == kind && *weight > 0);
        if does { f64::from(count) } else { 0.0 }
    };
    of(JobKind::EncryptMessage, workload.contexts.count)
        + of(JobKind::DecryptMessage, workload.messages.count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Options;

    #[test]
    fn a_cache_pays_from_as_many_messages_as_its_keys_expire() {
        let text = "fleet: { clients: 10 }
workloads:
  w: { executor: constant-arrival-rate, rate: 100/s, duration: 10s, jobs: { DecryptMessage: 1 }, messages: { count: 600 } }
strategies: { plain: {}, cached: { cache: { maxAge: 5m, capacity: 1000 } } }";
        let scenario = Scenario::parse(text, &Options::default()).expect("valid").scenario;
        assert_eq!(break_even(&scenario, 0), None);
        // Ten clients with 600 keys each that live 300 s: 20 expire each second.
        let pays = break_even(&scenario, 1).expect("it caches");
        assert_eq!((pays.data_keys, pays.messages_per_s), (6_000.0, 20.0));
        assert!((pays.usd_per_hit - 0.000_003).abs() < 1e-12);
    }
}
