//! One client process: what its calls share, and what a restart loses.

use super::adaptive::Adaptive;
use super::aws::RetryQuota;
use super::budget::Budget;
use super::cache::DataKeyCache;
use super::calls::LimiterRole;
use super::limiter::{Gcra, Limiter, QueuedLimiter};
use super::policy::{Policy, RetryMode};
use super::tokens::Tokens;
use super::waiting::Waiters;
use crate::time::{Span, Time};

/// The state of one client under one policy. What a policy does not use is not there.
#[derive(Debug)]
pub(super) struct Client {
    /// The AWS retry quota.
    pub quota: RetryQuota,
    /// The data-key cache.
    pub cache: Option<Box<DataKeyCache>>,
    /// How often it was restarted: the generation of its limiters' timers.
    pub restarts: u32,
    budget: Option<Box<Budget>>,
    tokens: Option<Box<Tokens>>,
    rate: Option<Box<QueuedLimiter>>,
    limiter: Option<Box<QueuedLimiter>>,
}

impl Client {
    /// A client as it starts; `clock` is how far into a second the clock on the wall was when the run began.
    pub fn new(policy: &Policy, restarts: u32, now: Time, clock: Span) -> Client {
        let budget = match policy.retry.mode {
            RetryMode::Budget { ratio, min_per_second, ttl } => {
                Some(Box::new(Budget::new(ratio, min_per_second, ttl)))
            }
            _ => None,
        };
        let tokens = match policy.retry.mode {
            RetryMode::Tokens { capacity, cost, refund } => {
                Some(Box::new(Tokens::new(capacity, cost, refund)))
            }
            _ => None,
        };
        let rate = match policy.retry.mode {
            RetryMode::AwsAdaptive(aws) => {
                let limiter = Limiter::Adaptive(Adaptive::new(aws.begins_now().then_some(now), clock));
                Some(Box::new(QueuedLimiter::new(limiter, aws.waiters())))
            }
            _ => None,
        };
        let steady = |limiter| Limiter::Gcra(Gcra::new(limiter, now));
        let limiter =
            policy.limiter.map(|limiter| Box::new(QueuedLimiter::new(steady(limiter), Waiters::InTurn)));
        Client {
            quota: RetryQuota::full(),
            cache: policy.cache.map(|limits| Box::new(DataKeyCache::new(limits))),
            restarts,
            budget,
            tokens,
            rate,
            limiter,
        }
    }

    /// A call begins.
    #[inline]
    pub fn deposit(&mut self, now: Time) {
        if let Some(budget) = &mut self.budget {
            budget.deposit(now);
        }
    }

    /// Whether the retry budget allows a retry, which is then spent.
    pub fn withdraw(&mut self, now: Time) -> bool {
        self.budget.as_mut().is_some_and(|budget| budget.withdraw(now))
    }

    /// Whether retry tokens pay for a retry, and are then spent.
    pub fn pay(&mut self) -> bool {
        self.tokens.as_mut().is_some_and(|tokens| tokens.pay())
    }

    /// A success brings retry tokens.
    pub fn refund(&mut self) {
        if let Some(tokens) = &mut self.tokens {
            tokens.refund();
        }
    }

    /// An attempt was answered, or timed out; whether that may change an adaptive rate.
    #[inline]
    pub fn note(&mut self, throttled: bool, now: Time) -> bool {
        let Some(adaptive) = self.adaptive() else { return false };
        adaptive.note(throttled, now);
        true
    }

    /// The SDK's client rate limiter, if there is one.
    #[inline]
    pub fn adaptive(&mut self) -> Option<&mut Adaptive> {
        match self.rate.as_deref_mut().map(|queued| &mut queued.limiter) {
            Some(Limiter::Adaptive(adaptive)) => Some(adaptive),
            _ => None,
        }
    }

    /// One of its limiters, if there is one.
    #[inline]
    pub fn limiter_mut(&mut self, role: LimiterRole) -> Option<&mut QueuedLimiter> {
        match role {
            LimiterRole::Rate => self.rate.as_deref_mut(),
            LimiterRole::Limiter => self.limiter.as_deref_mut(),
        }
    }
}
