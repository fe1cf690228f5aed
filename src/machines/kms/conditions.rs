//! The one pipeline of an attempt: faults, quota, service time.
//!
//! ```text
//! attempt ─▶ freeze? ─▶ reset · error · throttle fault? ─▶ quota ─▶ service time (+ slow) ─▶ Verdict
//!            holds the   answers at once, takes no quota    refusal takes the
//!            answer back                                    constant `throttled`
//! ```
//!
//! - A frozen attempt is judged when it is sent (it takes quota then); its answer comes when the freeze ends, after
//!   its service time. An attempt in flight when a freeze begins is answered as if there were none.
//! - A reset and a throttle fault take the constant `throttled` time, an error takes a service time. None of the three
//!   takes quota or is counted in a pool: they answer before the quota is looked at.
//! - Throttled answers and resets are not slowed by `slow`.
//! - With a capacity, what takes a service time waits for a server first, in order of arrival; it has taken its quota.
//!   A full queue answers KMSInternalException after the constant `throttled` time.
//! - Every draw belongs to (workload, job, attempt number): two strategies meet the same service times and faults for
//!   the same attempt. The exception is `next: n`, which strikes whoever comes first.
//!
//! Whose quota it is and where it is kept is the matter of a [`Ledger`]: the simulator's one account, or the accounts of
//! a server.

use super::faults::{Faults, Strike};
use super::lognormal::Normal;
use super::servers::Servers;
use super::spans::Spans;
use super::{Aim, Fault, ServiceTime};
use crate::api::{Attempt, ErrorCode, Operation, Reply};
use crate::quota::{PoolId, PoolsTake};
use crate::rng::{Purpose, Stream};
use crate::time::{Span, Time};
use crate::units::Rate;
use std::cell::LazyCell;

/// Whoever keeps the quota that attempts take.
pub trait Ledger {
    /// Changes a pool's limit from `at` on; `None`: to its own.
    fn set_limit(&mut self, pool: PoolId, limit: Option<Rate>, at: Time);

    /// Takes what an attempt charges, or refuses it.
    fn take(&mut self, attempt: &Attempt, now: Time) -> Said;
}

/// What the quota says to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Ok or throttled; or what a fault has answered instead.
    pub reply: Reply,
    /// The pool that refuses it; `None` for a throttle fault.
    pub refused_by: Option<PoolId>,
    /// When that pool would let it pass, if that is ever.
    pub ready_at: Option<Time>,
}

impl Said {
    /// There is quota.
    pub const GRANTED: Said = Said { reply: Reply::Ok, refused_by: None, ready_at: None };
}

impl From<PoolsTake> for Said {
    #[inline]
    fn from(take: PoolsTake) -> Said {
        let throttled = |pool, ready_at| Said { reply: Reply::Throttled, refused_by: Some(pool), ready_at };
        match take {
            PoolsTake::Granted => Said::GRANTED,
            PoolsTake::Refused { pool, ready_at } => throttled(pool, Some(ready_at)),
            PoolsTake::Impossible { pool } => throttled(pool, None),
        }
    }
}

/// What becomes of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is answered, and who refuses.
    pub said: Said,
    /// When the answer, or its first piece, is sent; [`Time::NEVER`] under a freeze without an end.
    pub ready_at: Time,
    /// Whether a fault delays it.
    pub is_slowed: bool,
    /// The fault that answers, by its place in the list.
    pub fault: Option<u16>,
    /// How long after its first piece the answer's last comes.
    pub trickle: Span,
    /// Whether the answer breaks off.
    pub is_cut: bool,
}

impl Verdict {
    #[inline]
    const fn under(strike: Strike, said: Said, ready_at: Time, is_slowed: bool) -> Verdict {
        let Strike { rule, trickle, is_cut, .. } = strike;
        Verdict { said, ready_at, is_slowed, fault: rule, trickle, is_cut }
    }
}

/// Faults, service times and capacity, drawn for each attempt by its own key.
#[derive(Clone, Debug)]
pub struct Conditions {
    faults: Faults,
    /// By workload.
    draws: Vec<Stream>,
    /// The distributions in use, and which of them each operation has.
    times: Vec<Spans>,
    time_of: Vec<u16>,
    throttled: Span,
    servers: Option<Box<Servers>>,
}

impl Conditions {
    /// The conditions of a scenario with so many workloads.
    pub fn new(time: &ServiceTime, faults: &[Fault], workloads: usize, seed: u64, trial: u32) -> Conditions {
        let normal = LazyCell::new(Normal::new);
        let mut times = vec![Spans::new(&time.default, &normal)];
        let mut time_of = vec![0; Operation::ALL.len()];
        for (operation, own) in &time.operations {
            time_of[operation.index()] = times.len() as u16;
            times.push(Spans::new(own, &normal));
        }
        Conditions {
            faults: Faults::new(faults, workloads, seed, trial),
            draws: (0..workloads as u64)
                .map(|workload| Stream::new(seed, trial, Purpose::ServiceTime, workload))
                .collect(),
            times,
            time_of,
            throttled: time.throttled,
            servers: time.capacity.map(|each| Box::new(Servers::new(each.servers, each.queue))),
        }
    }

    /// Lets faults begin and end up to `now`.
    pub fn advance(&mut self, now: Time, ledger: &mut impl Ledger) {
        self.faults.advance(now, |pool, limit, at| ledger.set_limit(pool, limit, at));
    }

    /// What becomes of an attempt at `now`, which never goes back. `ledger` is asked for its quota unless a fault answers
    /// first; `is_meant` says whether the attempt is one of those that a fault is for.
    #[inline]
    pub fn judge(
        &mut self,
        attempt: &Attempt,
        now: Time,
        ledger: &mut impl Ledger,
        is_meant: impl Fn(&Aim) -> bool,
    ) -> Verdict {
        let strike = self.strike(attempt, now, ledger, is_meant);
        let said = match strike.reply() {
            Some(reply) => Said { reply, ..Said::GRANTED },
            None => ledger.take(attempt, now),
        };
        if self.servers.is_some() && matches!(said.reply, Reply::Ok | Reply::Failed(ErrorCode::Internal)) {
            return self.serve(attempt, strike, said, now);
        }
        let (ready_at, is_slowed) = self.ready_at(attempt, strike, said.reply, now);
        Verdict::under(strike, said, ready_at, is_slowed)
    }

    /// When an attempt at `now` is answered and what the quota says, where no fault strikes and servers are many: as
    /// [`Conditions::judge`] has it, for most attempts of a simulation.
    #[inline(always)]
    pub fn judge_plain(
        &self,
        attempt: &Attempt,
        now: Time,
        ledger: &mut impl Ledger,
    ) -> Option<(Said, Time)> {
        if self.servers.is_some() || !self.faults.is_quiet(now) {
            return None;
        }
        let said = ledger.take(attempt, now);
        let takes = if said.refused_by.is_none() { self.service_time(attempt) } else { self.throttled };
        Some((said, now + takes))
    }

    /// What strikes an attempt.
    #[inline]
    fn strike(
        &mut self,
        attempt: &Attempt,
        now: Time,
        ledger: &mut impl Ledger,
        is_meant: impl Fn(&Aim) -> bool,
    ) -> Strike {
        if self.faults.is_quiet(now) {
            return Strike::NONE;
        }
        self.advance(now, ledger);
        self.faults.strike(attempt, now, is_meant)
    }

    /// Answers what needs a server: when one is free, or with an error at once if nobody else may wait.
    #[cold]
    fn serve(&mut self, attempt: &Attempt, strike: Strike, said: Said, now: Time) -> Verdict {
        match self.servers.as_mut().map(|servers| servers.begin(now)) {
            Some(None) => {
                let full = Said { reply: Reply::Failed(ErrorCode::Internal), ..Said::GRANTED };
                Verdict::under(Strike::NONE, full, now + self.throttled, false)
            }
            begins => {
                let begins = begins.flatten().unwrap_or(now);
                let (ready_at, is_slowed) = self.ready_at(attempt, strike, said.reply, begins);
                if let Some(servers) = &mut self.servers {
                    servers.until(ready_at);
                }
                Verdict::under(strike, said, ready_at, is_slowed)
            }
        }
    }

    /// When an attempt under `strike` that is begun at `now` is answered with `reply`, and whether a fault delayed it.
    #[inline]
    fn ready_at(&self, attempt: &Attempt, strike: Strike, reply: Reply, now: Time) -> (Time, bool) {
        let takes = match reply {
            Reply::Throttled | Reply::Failed(ErrorCode::ConnectionReset) => self.throttled,
            _ => self.service_time(attempt) + strike.slow,
        };
        let begins = now.max(strike.frozen_until);
        let is_slow = !strike.slow.is_zero() && reply == Reply::Ok;
        (begins + takes, begins > now || is_slow)
    }

    /// The attempt's own draw of the service time.
    #[inline(always)]
    fn service_time(&self, attempt: &Attempt) -> Span {
        let times = &self.times[usize::from(self.time_of[attempt.operation.index()])];
        let draws = self.draws[usize::from(attempt.workload)];
        times.span(draws.draw_attempt(attempt.job, u64::from(attempt.number)))
    }
}
