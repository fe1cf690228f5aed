//! Admission: the service as the simulator needs it, one account in one Region.
//!
//! What becomes of an attempt is judged by [`Conditions`], as for a server. Here an answer that trickles is there when its
//! last piece is; one that is truncated is a broken connection to the client, and has taken its quota and its service
//! time.

use super::conditions::{Conditions, Ledger, Said};
use super::{Fault, ServiceTime};
use crate::api::{Attempt, ErrorCode, Reply};
use crate::quota::{ChargeTable, KeyUse, PoolId, PoolReport, Pools, Quotas};
use crate::time::{Span, Time};
use crate::units::Rate;

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
    conditions: Conditions,
    account: Account,
}

/// The quota of the one account.
#[derive(Clone, Debug)]
struct Account {
    pools: Pools,
    charges: ChargeTable,
}

impl Ledger for Account {
    fn set_limit(&mut self, pool: PoolId, limit: Option<Rate>, at: Time) {
        self.pools.set_limit(pool, limit, at);
    }

    #[inline(always)]
    fn take(&mut self, attempt: &Attempt, now: Time) -> Said {
        self.pools.take(self.charges.of(attempt), now).into()
    }
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
            conditions: Conditions::new(service_time, faults, key_uses.len(), seed, trial),
            account: Account {
                pools: Pools::new(quotas, region, seed, trial).for_weeks(),
                charges: ChargeTable::new(key_uses, quotas.re_encrypt_cost),
            },
        }
    }

    /// What KMS answers to `attempt`, sent at `now`; `now` never goes back.
    ///
    /// # Panics
    /// When the attempt's workload is not one of those the service was made for.
    #[inline]
    pub fn handle(&mut self, attempt: &Attempt, now: Time) -> Answer {
        match self.conditions.judge_plain(attempt, now, &mut self.account) {
            Some((Said { reply, refused_by, .. }, ready_at)) => {
                Answer { reply, ready_at, refused_by, slowed: false }
            }
            None => self.handle_struck(attempt, now),
        }
    }

    /// The same where faults may strike, or servers are few.
    fn handle_struck(&mut self, attempt: &Attempt, now: Time) -> Answer {
        // A scenario has one caller and keys without names: no fault of it is for some of them.
        let verdict = self.conditions.judge(attempt, now, &mut self.account, |_| true);
        let Said { reply, refused_by, .. } = verdict.said;
        let is_late = !verdict.trickle.is_zero() && reply == Reply::Ok;
        Answer {
            // To a client a broken answer is as if the connection had been reset.
            reply: if verdict.is_cut { Reply::Failed(ErrorCode::ConnectionReset) } else { reply },
            ready_at: verdict.ready_at + verdict.trickle,
            refused_by,
            slowed: verdict.is_slowed || is_late,
        }
    }

    /// Ends the run: background and faults happen up to `end`, and every pool's series is completed.
    pub fn finish(&mut self, end: Time) {
        self.conditions.advance(end, &mut self.account);
        self.account.pools.finish(end);
    }

    /// Where one-second windows begin: timelines and peaks use the same edges.
    pub const fn phase(&self) -> Span {
        self.account.pools.phase()
    }

    /// A pool's limit outside faults.
    pub fn limit(&self, pool: PoolId) -> Rate {
        self.account.pools.limit(pool)
    }

    /// What each pool that met anything met; complete after [`Admission::finish`].
    pub fn report(&self) -> Vec<PoolReport> {
        self.account.pools.report()
    }
}

#[cfg(test)]
mod tests;
