//! Admission to the emulator: faults, request quotas and service time of calls of many accounts and Regions.
//!
//! ```text
//! call ─▶ fault? ─▶ pools of the caller's realm ─┬─▶ granted: takes from all
//!                   pool of the custom key store ─┘   refused: takes from none
//! ```
//!
//! What becomes of a call is judged by [`Conditions`], as in the simulator. Here pools come into being with their realm,
//! and quotas and faults change while it runs. Every call is a job of its own for the draws.

use super::assumed::HotKeys;
use super::conditions::{Conditions, Ledger, Said};
use super::keys::{KeyRef, RealmId};
use super::{Aim, Fault, ServiceTime};
use crate::api::{Attempt, Operation, Reply, Token};
use crate::quota::{Charges, PoolId, PoolReport, Pools, PoolsTake, Quotas, catalogue};
use crate::time::{Span, Time};
use crate::units::Rate;
use std::collections::BTreeMap;

/// What admission says to one call.
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
    /// When the pool that refused it would let it pass, if that is ever.
    pub ready_in: Option<Span>,
    /// The fault that answers it, by its place in [`RealmAdmission::faults`].
    pub fault: Option<u16>,
    /// How its answer is sent.
    pub delivery: Delivery,
}

/// How an answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// As fast as it can be.
    Whole,
    /// In pieces, the last so long after the first.
    Trickle(Span),
    /// Broken off in the middle.
    Cut,
}

/// A custom key store: its pools belong to it and not to who calls.
type StoreName = (RealmId, String);

/// Faults, quotas and service time of every realm.
#[derive(Debug)]
pub struct RealmAdmission {
    service_time: ServiceTime,
    faults: Vec<Fault>,
    conditions: Conditions,
    accounts: Accounts,
    calls: u64,
    /// Where its timeline begins on that of whoever asks it: limiters and faults count from there.
    origin: Time,
}

/// The quota of every realm and every custom key store.
#[derive(Debug)]
struct Accounts {
    quotas: Quotas,
    /// With the Region each was made for.
    realms: BTreeMap<RealmId, (String, Pools)>,
    stores: BTreeMap<StoreName, (String, Pools)>,
    /// If state changes of one key are counted.
    hot_keys: Option<HotKeys>,
    seed: u64,
    trial: u32,
}

/// Whose quota a call takes, and how much of it.
pub struct Charged<'a> {
    /// The key that the call names.
    pub key: Option<&'a KeyRef>,
    /// The caller's realm and its Region.
    pub realm: (RealmId, &'a str),
    /// What it takes from the pools of the realm.
    pub own: &'a Charges,
    /// The custom key store of the key, and its pool.
    pub store: Option<(RealmId, &'a str, PoolId)>,
}

/// The quota as one call meets it.
struct Meeting<'a> {
    accounts: &'a mut Accounts,
    charged: &'a Charged<'a>,
}

impl Ledger for Meeting<'_> {
    fn set_limit(&mut self, pool: PoolId, limit: Option<Rate>, at: Time) {
        self.accounts.all().for_each(|(_, pools)| pools.set_limit(pool, limit, at));
    }

    fn take(&mut self, attempt: &Attempt, now: Time) -> Said {
        let is_hot = self.accounts.too_hot(attempt.operation, self.charged.key, now);
        is_hot.unwrap_or_else(|| self.accounts.take(self.charged, now))
    }
}

impl RealmAdmission {
    /// Admission without anybody's pools yet.
    pub fn new(quotas: Quotas, service_time: ServiceTime, faults: Vec<Fault>, seed: u64) -> RealmAdmission {
        RealmAdmission::at(quotas, service_time, faults, (seed, 0), Time::ZERO)
    }

    /// The same that throttles state changes of one key beyond this rate.
    pub fn with_hot_keys(self, rate: Option<Rate>) -> RealmAdmission {
        RealmAdmission { accounts: Accounts { hot_keys: rate.map(HotKeys::new), ..self.accounts }, ..self }
    }

    /// The same whose own timeline begins at `origin`.
    fn at(
        quotas: Quotas,
        service_time: ServiceTime,
        faults: Vec<Fault>,
        (seed, trial): (u64, u32),
        origin: Time,
    ) -> RealmAdmission {
        // Only the simulator has endpoints that are not KMS.
        let service_time = ServiceTime { capacity: None, ..service_time };
        RealmAdmission {
            conditions: Conditions::new(&service_time, &faults, 1, seed, trial),
            service_time,
            faults,
            accounts: Accounts {
                quotas,
                realms: BTreeMap::new(),
                stores: BTreeMap::new(),
                hot_keys: None,
                seed,
                trial,
            },
            calls: 0,
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
        let hot_keys = self.accounts.hot_keys.take().map(|mut hot_keys| {
            hot_keys.clear();
            hot_keys
        });
        *self = RealmAdmission::at(quotas, service_time, faults, draws, now);
        self.accounts.hot_keys = hot_keys;
    }

    /// A moment on admission's own timeline.
    #[inline]
    fn own(&self, now: Time) -> Time {
        Time::ZERO + now.since(self.origin)
    }

    /// Completes what every pool has met up to `now`, and gives it by realm.
    pub fn finish(&mut self, now: Time) -> Vec<Vec<PoolReport>> {
        let now = self.own(now);
        let realms = self.accounts.realms.values_mut();
        realms
            .map(|(_, pools)| {
                pools.finish(now);
                pools.report()
            })
            .collect()
    }

    /// What one ReEncrypt takes from each pool.
    pub const fn re_encrypt_cost(&self) -> u32 {
        self.accounts.quotas.re_encrypt_cost
    }

    /// Whether the call of `operation` passes at `now`, which never goes back; `is_meant` says whether it is one of those
    /// that a fault is for.
    pub fn pass(
        &mut self,
        operation: Operation,
        charged: &Charged<'_>,
        now: Time,
        is_meant: impl Fn(&Aim) -> bool,
    ) -> Pass {
        let now = self.own(now);
        let attempt = numbered(self.calls, operation);
        self.calls += 1;
        let mut meeting = Meeting { accounts: &mut self.accounts, charged };
        let verdict = self.conditions.judge(&attempt, now, &mut meeting, is_meant);
        let Said { reply, refused_by, ready_at } = verdict.said;
        Pass {
            reply,
            refused_by,
            takes: verdict.ready_at.since(now),
            is_slowed: verdict.is_slowed,
            ready_in: ready_at.map(|at| at.since(now)),
            fault: verdict.fault,
            delivery: match verdict.trickle {
                _ if verdict.is_cut => Delivery::Cut,
                Span::ZERO => Delivery::Whole,
                by => Delivery::Trickle(by),
            },
        }
    }

    /// The quotas as they now are.
    pub const fn quotas(&self) -> &Quotas {
        &self.accounts.quotas
    }

    /// Changes a pool's limit for every realm from `now` on; `None` restores the Region's default.
    pub fn set_limit(&mut self, pool: PoolId, limit: Option<Rate>, now: Time) {
        let now = self.own(now);
        match limit {
            Some(limit) => self.accounts.quotas.overrides.insert(pool.name().into(), limit),
            None => self.accounts.quotas.overrides.remove(pool.name()),
        };
        for (region, pools) in self.accounts.all() {
            let limit = limit.unwrap_or_else(|| catalogue::limit(region, pool));
            pools.set_own_limit(pool, limit, now);
        }
    }

    /// Replaces all quotas; every pool begins anew.
    pub fn set_quotas(&mut self, quotas: Quotas) {
        self.accounts.quotas = quotas;
        self.accounts.realms.clear();
        self.accounts.stores.clear();
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
            let all = self.accounts.all();
            all.for_each(|(_, pools)| pools.set_limit(pool, None, now));
        }
        self.conditions =
            Conditions::new(&self.service_time, &faults, 1, self.accounts.seed, self.accounts.trial);
        self.faults = faults;
    }

    /// What the pools of each realm have met.
    pub fn reports(&self) -> impl Iterator<Item = (RealmId, Vec<PoolReport>)> {
        self.accounts.realms.iter().map(|(realm, (_, pools))| (*realm, pools.report()))
    }

    /// How much was asked of each pool of each realm.
    pub fn totals(&self) -> impl Iterator<Item = (RealmId, PoolId, u64)> {
        self.accounts
            .realms
            .iter()
            .flat_map(|(realm, (_, pools))| pools.totals().map(move |(pool, asked)| (*realm, pool, asked)))
    }

    /// What the pools of one realm have met; none if it has none yet.
    pub fn report_of(&self, realm: RealmId) -> Vec<PoolReport> {
        self.accounts.realms.get(&realm).map_or_else(Vec::new, |(_, pools)| pools.report())
    }

    /// What the pool of each custom key store has met.
    pub fn store_reports(&self) -> impl Iterator<Item = (&StoreName, Vec<PoolReport>)> {
        self.accounts.stores.iter().map(|(store, (_, pools))| (store, pools.report()))
    }

    /// The limit of a pool in a Region, as calls meet it outside faults.
    pub fn limit(&self, region: &str, pool: PoolId) -> Rate {
        self.accounts
            .quotas
            .overrides
            .get(pool.name())
            .copied()
            .unwrap_or_else(|| catalogue::limit(region, pool))
    }

    /// Forgets what was taken and every fault; quotas stay.
    pub fn reset(&mut self, now: Time) {
        self.set_faults(Vec::new(), now);
        self.accounts.hot_keys.iter_mut().for_each(HotKeys::clear);
        self.accounts.realms.clear();
        self.accounts.stores.clear();
    }
}

impl Accounts {
    /// The pools of all, with the Region each was made for.
    fn all(&mut self) -> impl Iterator<Item = &mut (String, Pools)> {
        self.realms.values_mut().chain(self.stores.values_mut())
    }

    /// The refusal of a state change of a key that has too many of them; no quota is taken.
    fn too_hot(&mut self, operation: Operation, key: Option<&KeyRef>, now: Time) -> Option<Said> {
        let hot_keys = self.hot_keys.as_mut().filter(|_| HotKeys::counts(operation))?;
        let ready_in = hot_keys.change(key?, now)?;
        Some(Said { reply: Reply::Throttled, refused_by: None, ready_at: Some(now + ready_in) })
    }

    /// Takes from the realm and from the custom key store, or from neither.
    fn take(&mut self, charged: &Charged<'_>, now: Time) -> Said {
        let (quotas, seed, trial) = (&self.quotas, self.seed, self.trial);
        let (realm, region) = charged.realm;
        let made = || (region.to_string(), Pools::new(quotas, region, seed, trial));
        let (_, pools) = self.realms.entry(realm).or_insert_with(made);
        let Some((owner, id, pool)) = charged.store else { return pools.take(charged.own, now).into() };
        let charge = Charges::one(pool, 1);
        let (_, shared) = self.stores.entry((owner, id.to_string())).or_insert_with(made);
        let (first, second) = (pools.meet(charged.own, now), shared.meet(&charge, now));
        if (first, second) == (PoolsTake::Granted, PoolsTake::Granted) {
            pools.commit(charged.own, now);
            shared.commit(&charge, now);
            return Said::GRANTED;
        }
        let answer = Said::from(if first == PoolsTake::Granted { second } else { first });
        if let Some(pool) = answer.refused_by {
            if first == PoolsTake::Granted { shared.refuse(pool) } else { pools.refuse(pool) }
        }
        answer
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
