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
//! - An answer that trickles is there when its last piece is; one that is truncated is a broken connection to the
//!   client, and has taken its quota and its service time.
//! - With a capacity, what takes a service time waits for a server first, in order of arrival; it has taken its quota.
//!   A full queue answers KMSInternalException after the constant `throttled` time.
//! - Every draw belongs to (workload, job, attempt number): two strategies meet the same service times and faults for
//!   the same attempt. The exception is `next: n`, which strikes whoever comes first.

use super::conditions::Conditions;
use super::faults::Strike;
use super::servers::Servers;
use super::{Fault, ServiceTime};
use crate::api::{Attempt, ErrorCode, Reply};
use crate::quota::{ChargeTable, KeyUse, PoolId, PoolReport, Pools, PoolsTake, Quotas};
use crate::time::{Span, Time};

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

impl Answer {
    /// The same as it arrives: in pieces, or broken off, which is to a client as if the connection had been reset.
    #[inline]
    fn sent(self, strike: Strike) -> Answer {
        if strike.trickle.is_zero() && !strike.is_cut {
            return self;
        }
        let is_late = !strike.trickle.is_zero() && self.reply == Reply::Ok;
        Answer {
            reply: if strike.is_cut { Reply::Failed(ErrorCode::ConnectionReset) } else { self.reply },
            ready_at: self.ready_at + strike.trickle,
            slowed: self.slowed || is_late,
            ..self
        }
    }
}

/// The emulated service as the simulator needs it: one account, one Region, one trial of one strategy.
#[derive(Clone, Debug)]
pub struct Admission {
    pools: Pools,
    conditions: Conditions,
    servers: Option<Box<Servers>>,
    charges: ChargeTable,
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
        Admission {
            pools: Pools::new(quotas, region, seed, trial),
            conditions: Conditions::new(service_time, faults, key_uses.len(), seed, trial),
            servers: service_time.capacity.map(|each| Box::new(Servers::new(each.servers, each.queue))),
            charges: ChargeTable::new(key_uses, quotas.re_encrypt_cost),
        }
    }

    /// What KMS answers to `attempt`, sent at `now`; `now` never goes back.
    ///
    /// # Panics
    /// When the attempt's workload is not one of those the service was made for.
    #[inline]
    pub fn handle(&mut self, attempt: &Attempt, now: Time) -> Answer {
        if self.servers.is_some() || !self.conditions.is_quiet(now) {
            return self.handle_struck(attempt, now);
        }
        let (reply, refused_by) = self.ask_quota(attempt, now);
        let takes = match refused_by {
            None => self.conditions.service_time(attempt),
            Some(_) => self.conditions.throttled(),
        };
        Answer { reply, ready_at: now + takes, refused_by, slowed: false }
    }

    /// The same where faults may strike, or servers are few.
    fn handle_struck(&mut self, attempt: &Attempt, now: Time) -> Answer {
        let pools = &mut self.pools;
        let set_limit = |pool, limit, at| pools.set_limit(pool, limit, at);
        // A scenario has one caller and keys without names: no fault of it is for some of them.
        let strike = self.conditions.strike(attempt, now, set_limit, |_| true);
        let (reply, refused_by) = match strike.reply() {
            Some(reply) => (reply, None),
            None => self.ask_quota(attempt, now),
        };
        if self.servers.is_some() && matches!(reply, Reply::Ok | Reply::Failed(ErrorCode::Internal)) {
            return self.serve(attempt, strike, reply, now);
        }
        let (ready_at, slowed) = self.conditions.ready_at(attempt, strike, reply, now);
        Answer { reply, ready_at, refused_by, slowed }.sent(strike)
    }

    /// Answers what needs a server: when one is free, or with an error at once if nobody else may wait.
    #[cold]
    fn serve(&mut self, attempt: &Attempt, strike: Strike, reply: Reply, now: Time) -> Answer {
        match self.servers.as_mut().map(|servers| servers.begin(now)) {
            Some(None) => Answer {
                reply: Reply::Failed(ErrorCode::Internal),
                ready_at: now + self.conditions.throttled(),
                refused_by: None,
                slowed: false,
            },
            begins => {
                let begins = begins.flatten().unwrap_or(now);
                let (ready_at, slowed) = self.conditions.ready_at(attempt, strike, reply, begins);
                if let Some(servers) = &mut self.servers {
                    servers.until(ready_at);
                }
                Answer { reply, ready_at, refused_by: None, slowed }.sent(strike)
            }
        }
    }

    /// Takes the attempt's charges.
    #[inline(always)]
    fn ask_quota(&mut self, attempt: &Attempt, now: Time) -> (Reply, Option<PoolId>) {
        match self.pools.take(self.charges.of(attempt), now) {
            PoolsTake::Granted => (Reply::Ok, None),
            PoolsTake::Refused { pool, .. } | PoolsTake::Impossible { pool } => {
                (Reply::Throttled, Some(pool))
            }
        }
    }

    /// Ends the run: background and faults happen up to `end`, and every pool's series is completed.
    pub fn finish(&mut self, end: Time) {
        let pools = &mut self.pools;
        self.conditions.advance(end, |pool, limit, at| pools.set_limit(pool, limit, at));
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
