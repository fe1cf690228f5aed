//! What goes wrong and when: which faults are active, and which of them strikes an attempt.
//!
//! Changes are sorted by time, so that an attempt between two changes costs one comparison.

use super::{Aim, Fault, FaultKind, Strikes};
use crate::api::{Attempt, ErrorCode, Reply, reply_of};
use crate::quota::PoolId;
use crate::rng::{Purpose, Stream};
use crate::time::{Span, Time};
use crate::units::Rate;

/// What the active faults do to one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Strike {
    /// No answer before this; [`Time::ZERO`] if nothing is frozen.
    pub frozen_until: Time,
    /// What answers instead of the quota.
    pub instead: Option<Instead>,
    /// Added to the service time.
    pub slow: Span,
    /// How long after its first piece the answer's last comes.
    pub trickle: Span,
    /// Whether the answer breaks off.
    pub is_cut: bool,
    /// The fault that answers, by its place in the list.
    pub rule: Option<u16>,
}

/// An answer that a fault gives before any quota is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instead {
    Reset,
    Error,
    ErrorAs(Reply),
    Throttle,
}

impl Strike {
    /// Nothing goes wrong.
    pub(super) const NONE: Strike = Strike {
        frozen_until: Time::ZERO,
        instead: None,
        slow: Span::ZERO,
        trickle: Span::ZERO,
        is_cut: false,
        rule: None,
    };

    /// What is answered instead of looking at the quota.
    #[inline]
    pub(super) const fn reply(self) -> Option<Reply> {
        match self.instead {
            Some(Instead::Reset) => Some(Reply::Failed(ErrorCode::ConnectionReset)),
            Some(Instead::Error) => Some(Reply::Failed(ErrorCode::Internal)),
            Some(Instead::ErrorAs(reply)) => Some(reply),
            Some(Instead::Throttle) => Some(Reply::Throttled),
            None => None,
        }
    }
}

/// The faults of a scenario in one trial of one strategy.
#[derive(Clone, Debug)]
pub(super) struct Faults {
    rules: Vec<Rule>,
    /// When rules begin and end, in order of time.
    changes: Vec<(Time, u16)>,
    /// How many changes have happened.
    passed: usize,
    /// The next change; [`Time::NEVER`] if none is left.
    next: Time,
    /// Active rules that strike attempts, by precedence and then in file order.
    active: Vec<u16>,
}

/// One fault, ready to strike.
#[derive(Clone, Debug)]
struct Rule {
    fault: Fault,
    begins: Time,
    ends: Time,
    /// Strikes left, for [`Strikes::Next`].
    left: u64,
    /// Attempts that pass before the first strike.
    passes: u64,
    /// What an error that was chosen is to a client.
    reply: Reply,
    /// The draws of each workload.
    streams: Vec<Stream>,
    /// The pool of a quota fault.
    pool: Option<PoolId>,
}

impl Faults {
    /// The faults as the scenario lists them; each has draws of its own for each workload.
    pub(super) fn new(faults: &[Fault], workloads: usize, seed: u64, trial: u32) -> Faults {
        let lane = |fault: usize, workload: usize| (fault as u64) << 16 | workload as u64;
        // A seed of its own makes a fault's draws what they are wherever it stands in the list.
        let stream = |number: usize, fault: &Fault, workload: usize| match fault.seed {
            Some(own) => Stream::new(own, trial, Purpose::Fault, lane(0, workload)),
            None => Stream::new(seed, trial, Purpose::Fault, lane(number, workload)),
        };
        let rules: Vec<Rule> = faults
            .iter()
            .enumerate()
            .map(|(number, fault)| Rule {
                begins: Time::ZERO + fault.at,
                ends: fault.lasts.map_or(Time::NEVER, |lasts| Time::ZERO + fault.at + lasts),
                left: match fault.strikes {
                    Strikes::Next(n) => n,
                    Strikes::Probability(_) => u64::MAX,
                },
                passes: fault.after,
                reply: match &fault.kind {
                    FaultKind::ErrorAs { code, status } => reply_of(*status, code),
                    _ => Reply::Failed(ErrorCode::Internal),
                },
                streams: (0..workloads).map(|workload| stream(number, fault, workload)).collect(),
                pool: match &fault.kind {
                    FaultKind::Quota { pool, .. } => PoolId::from_name(pool),
                    _ => None,
                },
                fault: fault.clone(),
            })
            .collect();
        let numbered = || rules.iter().zip(0u16..);
        let mut changes: Vec<(Time, u16)> = numbered()
            .flat_map(|(rule, number)| [(rule.begins, number), (rule.ends, number)])
            .filter(|(at, _)| !at.is_never())
            .collect();
        changes.sort_unstable();
        let next = changes.first().map_or(Time::NEVER, |change| change.0);
        Faults { rules, changes, passed: 0, next, active: Vec::new() }
    }

    /// Whether an attempt at `now` can be struck, or a change is due.
    #[inline]
    pub(super) fn is_quiet(&self, now: Time) -> bool {
        now < self.next && self.active.is_empty()
    }

    /// Lets the changes up to `now` happen, each at its own time; `set_limit` changes the limit of a pool from then on
    /// (`None`: to its own).
    pub(super) fn advance(&mut self, now: Time, mut set_limit: impl FnMut(PoolId, Option<Rate>, Time)) {
        while self.next <= now {
            let at = self.next;
            while self.changes.get(self.passed).is_some_and(|change| change.0 == at) {
                let rule = usize::from(self.changes[self.passed].1);
                self.passed += 1;
                if let Some(pool) = self.rules[rule].pool {
                    set_limit(pool, self.limit_of(pool, at), at);
                }
            }
            self.next = self.changes.get(self.passed).map_or(Time::NEVER, |change| change.0);
            self.activate(at);
        }
    }

    /// The limit that quota faults set at a moment: the last in file order wins.
    fn limit_of(&self, pool: PoolId, at: Time) -> Option<Rate> {
        let mine = self.rules.iter().rev().filter(|rule| rule.pool == Some(pool) && rule.is_active(at));
        mine.filter_map(|rule| match rule.fault.kind {
            FaultKind::Quota { to, .. } => Some(to),
            _ => None,
        })
        .next()
    }

    /// Lists what can strike at a moment.
    fn activate(&mut self, at: Time) {
        let strikes = |rule: &Rule| rule.is_active(at) && rule.left > 0 && rule.precedence() < NO_STRIKE;
        self.active = (0u16..).zip(&self.rules).filter(|(_, rule)| strikes(rule)).map(|(n, _)| n).collect();
        self.active.sort_by_key(|number| self.rules[usize::from(*number)].precedence());
    }

    /// What strikes an attempt; counts down the faults that do. Call after [`Faults::advance`].
    ///
    /// At most one answer is given instead (reset before error before throttle); a rule that comes after it is not
    /// drawn and not counted down, except that freezes are looked at first, and slowness and how an answer is sent last.
    /// `is_meant` says whether the attempt is one of those that a fault is for.
    pub(super) fn strike(&mut self, attempt: &Attempt, now: Time, is_meant: impl Fn(&Aim) -> bool) -> Strike {
        let mut strike = Strike::NONE;
        let mut used_up = false;
        for number in &self.active {
            let rule = &mut self.rules[usize::from(*number)];
            let instead = rule.instead();
            if strike.instead.is_some() && !matches!(rule.fault.kind, FaultKind::Freeze)
                || !rule.hits(attempt, now, &is_meant)
            {
                continue;
            }
            match rule.fault.kind {
                FaultKind::Freeze => strike.frozen_until = strike.frozen_until.max(rule.ends),
                FaultKind::Slow { by } => strike.slow = strike.slow + by,
                FaultKind::Trickle { by } => strike.trickle = strike.trickle + by,
                FaultKind::Truncate => strike.is_cut = true,
                _ => (strike.instead, strike.rule) = (instead, Some(*number)),
            }
            used_up |= rule.left == 0;
        }
        if used_up {
            self.active.retain(|number| self.rules[usize::from(*number)].left > 0);
        }
        strike
    }
}

/// The precedence of rules that strike no attempt.
const NO_STRIKE: u8 = 5;

impl Rule {
    /// Whether it is on at a moment: its beginning included, its end not.
    fn is_active(&self, at: Time) -> bool {
        self.begins <= at && at < self.ends
    }

    /// Which rule looks at an attempt first.
    const fn precedence(&self) -> u8 {
        match self.fault.kind {
            FaultKind::Freeze => 0,
            FaultKind::Reset => 1,
            FaultKind::Error | FaultKind::ErrorAs { .. } => 2,
            FaultKind::Throttle => 3,
            FaultKind::Slow { .. } | FaultKind::Trickle { .. } | FaultKind::Truncate => 4,
            FaultKind::Quota { .. } => NO_STRIKE,
        }
    }

    /// The answer it gives, if it gives one.
    const fn instead(&self) -> Option<Instead> {
        match self.fault.kind {
            FaultKind::Reset => Some(Instead::Reset),
            FaultKind::Error => Some(Instead::Error),
            FaultKind::ErrorAs { .. } => Some(Instead::ErrorAs(self.reply)),
            FaultKind::Throttle => Some(Instead::Throttle),
            _ => None,
        }
    }

    /// Whether it strikes this attempt; by the attempt's own draw, or one off the count.
    fn hits(&mut self, attempt: &Attempt, now: Time, is_meant: impl Fn(&Aim) -> bool) -> bool {
        if self.left == 0
            || self.fault.operation.is_some_and(|operation| operation != attempt.operation)
            || self.fault.aim.as_deref().is_some_and(|aim| !is_meant(aim))
        {
            return false;
        }
        if self.passes > 0 {
            self.passes -= 1;
            return false;
        }
        match self.fault.strikes {
            Strikes::Next(_) => {
                self.left -= 1;
                true
            }
            Strikes::Probability(share) => {
                let stream = self.streams[usize::from(attempt.workload)];
                let draw = stream.draw_attempt(attempt.job, u64::from(attempt.number)).unit();
                draw < share.as_f64() * self.risen(now)
            }
        }
    }

    /// How much of its probability is there.
    fn risen(&self, now: Time) -> f64 {
        self.fault
            .ramp
            .map_or(1.0, |ramp| (now.since(self.begins).as_nanos() as f64 / ramp.as_nanos() as f64).min(1.0))
    }
}
