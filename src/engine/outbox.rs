//! What leaves the machines of a live run: attempts in order, counted against the caps and the pools they draw from.

use crate::api::{Attempt, KeySpec, Operation, Order};
use crate::quota::{Charges, Counter, Enforcement, PoolId, PoolReport, Pools, Quotas, catalogue, route};
use crate::scenario::{Scenario, Target};
use crate::time::{NANOS_PER_SECOND, Span, Time};
use crate::units::Rate;
use std::collections::BTreeMap;

/// Attempts to be sent, and what was sent so far.
pub struct Outbox {
    orders: Vec<Order>,
    /// By workload.
    timeouts: Vec<Option<Span>>,
    /// By workload and operation.
    charges: Vec<Charges>,
    phase: Span,
    region: String,
    quotas: Quotas,
    pools: BTreeMap<PoolId, Met>,
    /// What may be taken of pools that are others' too.
    shares: BTreeMap<PoolId, PerSecond>,
    caps: Left,
}

/// What one pool met, as far as we sent it.
struct Met {
    counter: Counter,
    throttled: u64,
}

/// What the caps still allow.
struct Left {
    attempts: u64,
    rate: PerSecond,
    hit: Option<&'static str>,
}

/// What may go in one second, and has gone.
struct PerSecond {
    most: u64,
    second: u64,
    taken: u64,
}

impl Outbox {
    /// Nothing sent yet of this trial of strategy number `strategy`.
    pub(in crate::engine) fn new(scenario: &Scenario, strategy: usize, trial: u32) -> Outbox {
        let cost = scenario.quotas.re_encrypt_cost;
        let charges = scenario.workloads.iter().flat_map(|workload| {
            let keys = &workload.keys;
            let (spec, pair, store): (KeySpec, KeySpec, _) = (keys.spec, keys.pair_spec, keys.store);
            Operation::ALL.iter().map(move |operation| route(*operation, spec, pair, store, cost))
        });
        let phase = match (&scenario.target, scenario.quotas.enforcement) {
            // The emulator draws the same.
            (Target::Emulator, _) => {
                Pools::new(&scenario.quotas, &scenario.region, scenario.seed, trial).phase()
            }
            (_, Enforcement::Window { phase }) => phase.unwrap_or(Span::ZERO),
            _ => Span::ZERO,
        };
        Outbox {
            orders: Vec::new(),
            timeouts: scenario.workloads.iter().map(|w| w.strategies[strategy].timeout).collect(),
            charges: charges.collect(),
            phase,
            region: scenario.region.clone(),
            quotas: scenario.quotas.clone(),
            pools: BTreeMap::new(),
            shares: BTreeMap::new(),
            caps: Left {
                attempts: u64::MAX,
                rate: PerSecond::new(scenario.live.caps.rate.map_or(f64::INFINITY, Rate::as_per_second)),
                hit: None,
            },
        }
    }

    /// Where one-second windows begin, if that is known; otherwise with the run.
    pub(in crate::engine) const fn phase(&self) -> Span {
        self.phase
    }

    /// Most attempts that this trial may still send.
    pub fn cap(&mut self, attempts: u64) {
        self.caps.attempts = attempts;
    }

    /// Most that may be taken of a pool in one second.
    pub fn share(&mut self, pool: PoolId, per_second: f64) {
        self.shares.insert(pool, PerSecond::new(per_second));
    }

    /// The cap that was reached, if one was.
    pub const fn cap_hit(&self) -> Option<&'static str> {
        self.caps.hit
    }

    /// Whether nothing may leave any more.
    #[cfg(feature = "live")]
    pub(in crate::engine) const fn is_shut(&self) -> bool {
        self.caps.attempts == 0 || self.caps.hit.is_some()
    }

    /// Puts an attempt out that was due at `due`; `false` if a cap keeps it back.
    pub(in crate::engine) fn put(&mut self, attempt: &Attempt, due: Time, now: Time) -> bool {
        if !self.allow(attempt, now) {
            return false;
        }
        let timeout = self.timeouts[usize::from(attempt.workload)];
        self.orders.push(Order { attempt: *attempt, due, timeout });
        self.count(attempt, now);
        true
    }

    /// An attempt has left that nobody here could keep back, a retry of the SDK's own: it counts against the caps like
    /// any other, and one that goes over them ends the run.
    pub(in crate::engine) fn went(&mut self, attempt: &Attempt, now: Time) {
        self.allow(attempt, now);
        self.count(attempt, now);
    }

    /// Whether one more attempt may go at `now`; if not, which cap keeps it back is noted.
    fn allow(&mut self, attempt: &Attempt, now: Time) -> bool {
        let charges = self.charges_of(attempt);
        let shares = &mut self.shares;
        let mut has_room = |(pool, cost): (PoolId, u32)| {
            shares.get_mut(&pool).is_none_or(|share| share.has_room(u64::from(cost), now))
        };
        let caps = &mut self.caps;
        if caps.attempts == 0 {
            caps.hit = Some("attempts");
        } else if !caps.rate.has_room(1, now) {
            caps.hit = Some("rate");
        } else if !charges.iter().all(&mut has_room) {
            caps.hit = Some("maxQuotaShare");
        }
        caps.hit.is_none()
    }

    /// Counts an attempt that goes against the caps and the pools it draws from.
    fn count(&mut self, attempt: &Attempt, now: Time) {
        let phase = self.phase;
        self.caps.attempts = self.caps.attempts.saturating_sub(1);
        self.caps.rate.taken += 1;
        for (pool, cost) in self.charges_of(attempt).iter() {
            if let Some(share) = self.shares.get_mut(&pool) {
                share.taken += u64::from(cost);
            }
            let met =
                self.pools.entry(pool).or_insert_with(|| Met { counter: Counter::new(phase), throttled: 0 });
            met.counter.add(cost, now);
        }
    }

    /// An attempt was throttled: which of its pools refused it is not known, so it counts for the first.
    pub(in crate::engine) fn throttled(&mut self, attempt: &Attempt) {
        let first = self.charges_of(attempt).iter().next();
        if let Some(met) = first.and_then(|(pool, _)| self.pools.get_mut(&pool)) {
            met.throttled += 1;
        }
    }

    fn charges_of(&self, attempt: &Attempt) -> Charges {
        self.charges[usize::from(attempt.workload) * Operation::ALL.len() + attempt.operation.index()]
    }

    /// Takes what is to be sent.
    pub fn take(&mut self) -> std::vec::Drain<'_, Order> {
        self.orders.drain(..)
    }

    /// What each pool met, in the order of the catalogue.
    pub(in crate::engine) fn finish(&mut self, end: Time) -> Vec<PoolReport> {
        self.pools.values_mut().for_each(|met| met.counter.finish(end));
        let with_series = |(pool, met): (&PoolId, &Met)| PoolReport {
            series: met.counter.series().to_vec(),
            ..self.report(*pool, met)
        };
        self.pools.iter().map(with_series).collect()
    }

    /// The same up to now, without series.
    pub(in crate::engine) fn so_far(&self) -> Vec<PoolReport> {
        self.pools.iter().map(|(pool, met)| self.report(*pool, met)).collect()
    }

    fn report(&self, pool: PoolId, met: &Met) -> PoolReport {
        let limit = self.quotas.overrides.get(pool.name()).copied();
        PoolReport {
            pool,
            limit: limit.unwrap_or_else(|| catalogue::limit(&self.region, pool)),
            attempts: met.counter.total(),
            peak_1s: met.counter.peak(),
            throttled: met.throttled,
            background: 0,
            background_throttled: 0,
            interval_s: met.counter.interval_s(),
            series: Vec::new(),
        }
    }
}

impl PerSecond {
    /// As much as a rate allows, at least one.
    fn new(per_second: f64) -> PerSecond {
        PerSecond { most: (per_second as u64).max(1), second: 0, taken: 0 }
    }

    /// Whether `more` may go in the second of `now`.
    const fn has_room(&mut self, more: u64, now: Time) -> bool {
        let second = now.as_nanos() / NANOS_PER_SECOND;
        if second != self.second {
            (self.second, self.taken) = (second, 0);
        }
        self.taken + more <= self.most
    }
}
