//! Admission: what KMS answers to an attempt and when, by faults, quota and service time.
//!
//! ```text
//! attempt ─▶ freeze? ─▶ reset · error · throttle fault? ─▶ quota ─▶ service time (+ slow) ─▶ Answer
//!            holds the   answers at once, takes no quota    refusal takes the
//!            answer back                                    constant `throttled`
//! ```
//!
//! - A frozen attempt is judged when it is sent (it takes quota then); its answer comes when the freeze ends, after
//!   its service time. An attempt in flight when a freeze begins is answered as if there were none.
//! - A reset and a throttle fault take the constant `throttled` time, an error takes a service time. None of the three
//!   takes quota or is counted in a pool: they answer before the quota is looked at.
//! - Throttled answers and resets are not slowed by `slow`.
//! - Every draw belongs to (workload, job, attempt number): two strategies meet the same service times and faults for
//!   the same attempt. The exception is `next: n`, which strikes whoever comes first.

use super::faults::{Faults, Instead, Strike};
use super::lognormal::{Lognormal, Normal};
use super::{Fault, ServiceTime};
use crate::api::{Attempt, ErrorCode, KeySpec, Operation, Reply};
use crate::quota::{Charges, KeyStore, PoolId, PoolReport, Pools, PoolsTake, Quotas, route};
use crate::rng::{Purpose, Stream};
use crate::time::{Span, Time};

/// The keys a workload's attempts use: what decides their pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The keys' type.
    pub spec: KeySpec,
    /// `KeyPairSpec` of GenerateDataKeyPair.
    pub pair_spec: KeySpec,
    /// The custom key store they live in; all workloads with the same kind share one store.
    pub store: Option<KeyStore>,
}

/// What comes back for one attempt, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it says.
    pub reply: Reply,
    /// When the client has it; [`Time::NEVER`] if it never comes (a freeze without an end).
    pub ready_at: Time,
    /// The pool that refused it; `None` for a throttle fault.
    pub refused_by: Option<PoolId>,
    /// Whether a fault delayed it (slow or freeze).
    pub slowed: bool,
}

/// The emulated service as the simulator needs it: one account, one Region, one trial of one strategy.
#[derive(Clone, Debug)]
pub struct Admission {
    pools: Pools,
    faults: Faults,
    /// By workload × operation.
    charges: Vec<Charges>,
    /// By workload.
    draws: Vec<Stream>,
    /// The distributions in use, and which of them each operation has.
    times: Vec<Lognormal>,
    time_of: Vec<u16>,
    throttled: Span,
}

impl Admission {
    /// The service of a scenario: `key_uses` by workload, in the scenario's order.
    pub fn new(
        quotas: &Quotas,
        region: &str,
        service_time: &ServiceTime,
        faults: &[Fault],
        key_uses: &[KeyUse],
        seed: u64,
        trial: u32,
    ) -> Admission {
        let normal = Normal::new();
        let mut times = vec![Lognormal::new(service_time.default, &normal)];
        let mut time_of = vec![0; Operation::ALL.len()];
        for (operation, latency) in &service_time.operations {
            time_of[operation.index()] = times.len() as u16;
            times.push(Lognormal::new(*latency, &normal));
        }
        let of = |keys: &KeyUse, operation: Operation| {
            route(operation, keys.spec, keys.pair_spec, keys.store, quotas.re_encrypt_cost)
        };
        Admission {
            pools: Pools::new(quotas, region, seed, trial),
            faults: Faults::new(faults, key_uses.len(), seed, trial),
            charges: key_uses
                .iter()
                .flat_map(|keys| Operation::ALL.iter().map(move |operation| of(keys, *operation)))
                .collect(),
            draws: (0..key_uses.len() as u64)
                .map(|workload| Stream::new(seed, trial, Purpose::ServiceTime, workload))
                .collect(),
            times,
            time_of,
            throttled: service_time.throttled,
        }
    }

    /// What KMS answers to `attempt`, sent at `now`; `now` never goes back.
    ///
    /// # Panics
    /// When the attempt's workload is not one of those the service was made for.
    pub fn handle(&mut self, attempt: &Attempt, now: Time) -> Answer {
        if self.faults.is_quiet(now) {
            return self.judge(attempt, now, Strike::NONE);
        }
        self.faults.advance(now, &mut self.pools);
        let strike = self.faults.strike(attempt);
        self.judge(attempt, now, strike)
    }

    /// The answer under what strikes the attempt.
    #[inline]
    fn judge(&mut self, attempt: &Attempt, now: Time, strike: Strike) -> Answer {
        let (reply, refused_by) = match strike.instead {
            Some(Instead::Reset) => (Reply::Failed(ErrorCode::ConnectionReset), None),
            Some(Instead::Error) => (Reply::Failed(ErrorCode::Internal), None),
            Some(Instead::Throttle) => (Reply::Throttled, None),
            None => self.ask_quota(attempt, now),
        };
        let takes = match reply {
            Reply::Throttled | Reply::Failed(ErrorCode::ConnectionReset) => self.throttled,
            _ => self.service_time(attempt) + strike.slow,
        };
        let begins = now.max(strike.frozen_until);
        let is_slow = !strike.slow.is_zero() && reply == Reply::Ok;
        Answer { reply, ready_at: begins + takes, refused_by, slowed: begins > now || is_slow }
    }

    /// Takes the attempt's charges.
    #[inline]
    fn ask_quota(&mut self, attempt: &Attempt, now: Time) -> (Reply, Option<PoolId>) {
        let row = usize::from(attempt.workload) * Operation::ALL.len();
        let charges = self.charges[row + attempt.operation.index()];
        match self.pools.take(&charges, now) {
            PoolsTake::Granted => (Reply::Ok, None),
            PoolsTake::Refused { pool, .. } | PoolsTake::Impossible { pool } => {
                (Reply::Throttled, Some(pool))
            }
        }
    }

    /// The attempt's own draw of the service time.
    #[inline]
    fn service_time(&self, attempt: &Attempt) -> Span {
        let times = &self.times[usize::from(self.time_of[attempt.operation.index()])];
        let draws = self.draws[usize::from(attempt.workload)];
        times.span(draws.draw_attempt(attempt.job, u64::from(attempt.number)))
    }

    /// Ends the run: background and faults happen up to `end`, and every pool's series is completed.
    pub fn finish(&mut self, end: Time) {
        self.faults.advance(end, &mut self.pools);
        self.pools.finish(end);
    }

    /// Where one-second windows begin: timelines and peaks use the same edges.
    pub const fn phase(&self) -> Span {
        self.pools.phase()
    }

    /// A pool's limit outside faults.
    pub fn limit(&self, pool: PoolId) -> crate::units::Rate {
        self.pools.limit(pool)
    }

    /// What each pool that met anything met; complete after [`Admission::finish`].
    pub fn report(&self) -> Vec<PoolReport> {
        self.pools.report()
    }
}

#[cfg(test)]
mod tests;
