//! The gate of the emulator: faults, request quotas and service time of calls of many accounts and Regions.
//!
//! ```text
//! call ─▶ fault? ─▶ pools of the caller's realm ─┬─▶ granted: takes from all
//!                   pool of the custom key store ─┘   refused: takes from none
//! ```
//!
//! It is [`Admission`](super::Admission) for a server: pools come into being with their realm, and quotas and faults
//! change while it runs. Every call is a job of its own for the draws.

use super::conditions::Conditions;
use super::keys::RealmId;
use super::{Fault, ServiceTime};
use crate::api::{Attempt, Operation, Reply, Token};
use crate::quota::{Charges, PoolId, PoolReport, Pools, PoolsTake, Quotas, catalogue};
use crate::time::{Span, Time};
use crate::units::Rate;
use std::collections::BTreeMap;

/// What the gate says to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Ok, throttled, or failed by a fault.
    pub reply: Reply,
    /// The pool that refused it; `None` for a throttle fault.
    pub refused_by: Option<PoolId>,
    /// How long its answer takes; more than a year stands for never.
    pub takes: Span,
    /// Whether a fault delays it.
    pub is_slowed: bool,
}

/// A custom key store: its pools belong to it and not to who calls.
type StoreName = (RealmId, String);

/// Faults, quotas and service time of every realm.
#[derive(Debug)]
pub struct Gate {
    quotas: Quotas,
    service_time: ServiceTime,
    faults: Vec<Fault>,
    conditions: Conditions,
    /// With the Region each was made for.
    realms: BTreeMap<RealmId, (String, Pools)>,
    stores: BTreeMap<StoreName, (String, Pools)>,
    calls: u64,
    seed: u64,
    trial: u32,
    /// Where its timeline begins on that of whoever asks it: limiters and faults count from there.
    origin: Time,
}

impl Gate {
    /// A gate without anybody's pools yet.
    pub fn new(quotas: Quotas, service_time: ServiceTime, faults: Vec<Fault>, seed: u64) -> Gate {
        Gate::at(quotas, service_time, faults, (seed, 0), Time::ZERO)
    }

    /// The same whose own timeline begins at `origin`.
    fn at(
        quotas: Quotas,
        service_time: ServiceTime,
        faults: Vec<Fault>,
        (seed, trial): (u64, u32),
        origin: Time,
    ) -> Gate {
        Gate {
            conditions: Conditions::new(&service_time, &faults, 1, seed, trial),
            quotas,
            service_time,
            faults,
            realms: BTreeMap::new(),
            stores: BTreeMap::new(),
            calls: 0,
            seed,
            trial,
            origin,
        }
    }

    /// Begins anew at `now`, as another service with nothing taken yet: times of faults, and windows, count from here.
    pub fn begin(
        &mut self,
        quotas: Quotas,
        service_time: ServiceTime,
        faults: Vec<Fault>,
        draws: (u64, u32),
        now: Time,
    ) {
        *self = Gate::at(quotas, service_time, faults, draws, now);
    }

    /// A moment on the gate's own timeline.
    #[inline]
    fn own(&self, now: Time) -> Time {
        Time::ZERO + now.since(self.origin)
    }

    /// Completes what every pool has met up to `now`, and gives it by realm.
    pub fn finish(&mut self, now: Time) -> Vec<Vec<PoolReport>> {
        let now = self.own(now);
        let realms = self.realms.values_mut();
        realms
            .map(|(_, pools)| {
                pools.finish(now);
                pools.report()
            })
            .collect()
    }

    /// What one ReEncrypt takes from each pool.
    pub const fn re_encrypt_cost(&self) -> u32 {
        self.quotas.re_encrypt_cost
    }

    /// Whether the call of `operation` passes at `now`, which never goes back: `own` charges the caller's realm,
    /// `store` the custom key store of the key.
    pub fn pass(
        &mut self,
        operation: Operation,
        realm: (RealmId, &str),
        own: &Charges,
        store: Option<(RealmId, &str, PoolId)>,
        now: Time,
    ) -> Pass {
        let now = self.own(now);
        let attempt = numbered(self.calls, operation);
        self.calls += 1;
        let (realms, stores) = (&mut self.realms, &mut self.stores);
        let strike = self.conditions.strike(&attempt, now, |pool, limit, at| {
            let all = realms.values_mut().chain(stores.values_mut());
            all.for_each(|(_, pools)| pools.set_limit(pool, limit, at));
        });
        let (reply, refused_by) = match strike.reply() {
            Some(reply) => (reply, None),
            None => self.ask_quota(realm, own, store, now),
        };
        let (ready_at, is_slowed) = self.conditions.ready_at(&attempt, strike, reply, now);
        Pass { reply, refused_by, takes: ready_at.since(now), is_slowed }
    }

    fn ask_quota(
        &mut self,
        realm: (RealmId, &str),
        own: &Charges,
        store: Option<(RealmId, &str, PoolId)>,
        now: Time,
    ) -> (Reply, Option<PoolId>) {
        let (quotas, seed, trial) = (&self.quotas, self.seed, self.trial);
        let region = realm.1;
        let (_, pools) = self
            .realms
            .entry(realm.0)
            .or_insert_with(|| (region.to_string(), Pools::new(quotas, region, seed, trial)));
        let Some((owner, id, pool)) = store else { return said(pools.take(own, now)) };
        let charge = Charges::one(pool, 1);
        let (_, shared) = self
            .stores
            .entry((owner, id.to_string()))
            .or_insert_with(|| (region.to_string(), Pools::new(quotas, region, seed, trial)));
        let (first, second) = (pools.meet(own, now), shared.meet(&charge, now));
        if (first, second) == (PoolsTake::Granted, PoolsTake::Granted) {
            pools.commit(own, now);
            shared.commit(&charge, now);
            return (Reply::Ok, None);
        }
        let (reply, refused_by) = if first == PoolsTake::Granted { said(second) } else { said(first) };
        if let Some(pool) = refused_by {
            if first == PoolsTake::Granted { shared.refuse(pool) } else { pools.refuse(pool) }
        }
        (reply, refused_by)
    }

    /// The quotas as they now are.
    pub const fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Changes a pool's limit for every realm from `now` on; `None` restores the Region's default.
    pub fn set_limit(&mut self, pool: PoolId, limit: Option<Rate>, now: Time) {
        let now = self.own(now);
        match limit {
            Some(limit) => self.quotas.overrides.insert(pool.name().into(), limit),
            None => self.quotas.overrides.remove(pool.name()),
        };
        for (region, pools) in self.realms.values_mut().chain(self.stores.values_mut()) {
            let limit = limit.unwrap_or_else(|| catalogue::limit(region, pool));
            pools.set_own_limit(pool, limit, now);
        }
    }

    /// Replaces all quotas; every pool begins anew.
    pub fn set_quotas(&mut self, quotas: Quotas) {
        self.quotas = quotas;
        self.realms.clear();
        self.stores.clear();
    }

    /// The faults as they were given.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Replaces the faults; their `at` is on the same timeline as `now`. What is left of a `next: n` begins anew.
    pub fn set_faults(&mut self, mut faults: Vec<Fault>, now: Time) {
        let now = self.own(now);
        let before = self.origin.since(Time::ZERO);
        for fault in &mut faults {
            fault.at = Span::from_nanos(fault.at.as_nanos().saturating_sub(before.as_nanos()));
        }
        let changed = self.faults.iter().filter_map(|fault| match &fault.kind {
            super::FaultKind::Quota { pool, .. } => PoolId::from_name(pool),
            _ => None,
        });
        for pool in changed {
            let all = self.realms.values_mut().chain(self.stores.values_mut());
            all.for_each(|(_, pools)| pools.set_limit(pool, None, now));
        }
        self.conditions = Conditions::new(&self.service_time, &faults, 1, self.seed, self.trial);
        self.faults = faults;
    }

    /// What the pools of each realm have met.
    pub fn reports(&self) -> impl Iterator<Item = (RealmId, Vec<PoolReport>)> {
        self.realms.iter().map(|(realm, (_, pools))| (*realm, pools.report()))
    }

    /// What the pool of each custom key store has met.
    pub fn store_reports(&self) -> impl Iterator<Item = (&StoreName, Vec<PoolReport>)> {
        self.stores.iter().map(|(store, (_, pools))| (store, pools.report()))
    }

    /// The limit of a pool in a Region, as calls meet it outside faults.
    pub fn limit(&self, region: &str, pool: PoolId) -> Rate {
        self.quotas.overrides.get(pool.name()).copied().unwrap_or_else(|| catalogue::limit(region, pool))
    }

    /// Forgets what was taken and every fault; quotas stay.
    pub fn reset(&mut self, now: Time) {
        self.set_faults(Vec::new(), now);
        self.realms.clear();
        self.stores.clear();
    }
}

/// A call as the draws know it.
fn numbered(call: u64, operation: Operation) -> Attempt {
    Attempt {
        token: Token(call),
        workload: 0,
        stage: 0,
        client: 0,
        job: call,
        number: 1,
        operation,
        key: 0,
        context: 0,
        bytes: 0,
        intended: Time::ZERO,
    }
}

fn said(take: PoolsTake) -> (Reply, Option<PoolId>) {
    match take {
        PoolsTake::Granted => (Reply::Ok, None),
        PoolsTake::Refused { pool, .. } | PoolsTake::Impossible { pool } => (Reply::Throttled, Some(pool)),
    }
}
