//! What leaves the machines of a live run: attempts in order, counted against the caps and the pools they draw from.

use crate::api::{Attempt, KeySpec, Operation};
use crate::backend::Order;
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
    per_second: u64,
    second: u64,
    in_second: u64,
    hit: Option<&'static str>,
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
            caps: Left {
                attempts: u64::MAX,
                per_second: scenario.live.caps.rate.map_or(u64::MAX, whole_per_second),
                second: 0,
                in_second: 0,
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

    /// The cap that was reached, if one was.
    pub const fn cap_hit(&self) -> Option<&'static str> {
        self.caps.hit
    }

    /// Whether nothing may leave any more.
    pub(in crate::engine) const fn is_shut(&self) -> bool {
        self.caps.attempts == 0 || self.caps.hit.is_some()
    }

    /// Puts an attempt out that was due at `due`; `false` if a cap keeps it back.
    pub(in crate::engine) fn put(&mut self, attempt: &Attempt, due: Time, now: Time) -> bool {
        if !self.caps.allow(now) {
            return false;
        }
        self.caps.spend();
        let timeout = self.timeouts[usize::from(attempt.workload)];
        self.orders.push(Order { attempt: *attempt, due, timeout });
        self.count(attempt, now);
        true
    }

    /// An attempt has left that nobody here could keep back, a retry of the SDK's own: it counts against the caps like
    /// any other, and one that goes over them ends the run.
    pub(in crate::engine) fn went(&mut self, attempt: &Attempt, now: Time) {
        self.caps.allow(now);
        self.caps.spend();
        self.count(attempt, now);
    }

    /// Counts an attempt against the pools it draws from.
    fn count(&mut self, attempt: &Attempt, now: Time) {
        let phase = self.phase;
        for (pool, cost) in self.charges_of(attempt).iter() {
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

impl Left {
    /// Whether one more attempt may go at `now`.
    fn allow(&mut self, now: Time) -> bool {
        let second = now.as_nanos() / NANOS_PER_SECOND;
        if second != self.second {
            (self.second, self.in_second) = (second, 0);
        }
        if self.attempts == 0 {
            self.hit = Some("attempts");
        } else if self.in_second >= self.per_second {
            self.hit = Some("rate");
        }
        self.hit.is_none()
    }

    /// One attempt has gone.
    fn spend(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
        self.in_second += 1;
    }
}

/// Attempts that a rate allows in one second, at least one.
fn whole_per_second(rate: Rate) -> u64 {
    (rate.as_per_second() as u64).max(1)
}
