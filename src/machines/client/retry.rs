//! Whether a failed attempt is tried again, and after how long.

use super::aws::{Kind, MAX_BACKOFF};
use super::backoff::Backoff;
use super::calls::Call;
use super::policy::{Accounting, AwsRetry, Generation, Retry, RetryMode};
use super::process::Client;
use crate::api::Failure;
use crate::rng::Stream;
use crate::time::{Span, Time};

/// What a failure is to a retrier; nothing if a retry does not cure it.
pub(super) const fn kind(failure: Failure) -> Option<Kind> {
    match failure {
        Failure::Throttled => Some(Kind::Throttling),
        Failure::Timeout => Some(Kind::Transient),
        Failure::Fault(code) if code.is_retryable() => Some(Kind::Transient),
        Failure::Fault(_) | Failure::Deadline | Failure::Restart => None,
    }
}

impl Retry {
    /// How long the call waits before its next attempt; nothing if there is none.
    ///
    /// The order is that of the Rust SDK: attempts left? backoff, then quota. But where the backoff depends on nothing that the
    /// quota changes, it is drawn only once the quota has paid: draws are counted, so that one left out changes no other.
    pub(super) fn delay(
        &self,
        client: &mut Client,
        call: &mut Call,
        kind: Kind,
        jitter: Stream,
        now: Time,
    ) -> Option<Span> {
        let n = call.number;
        if self.max_attempts.is_some_and(|most| n >= most) {
            return None;
        }
        let index = call.job.index;
        let draw = || jitter.draw_attempt(index, u64::from(n));
        match self.mode {
            RetryMode::None | RetryMode::AwsSdk(_) => None,
            RetryMode::Immediate => Some(Span::ZERO),
            RetryMode::Fixed { delay } => Some(delay),
            RetryMode::Exponential { base, cap, factor, jitter } => {
                let draw = draw();
                Some(Backoff { base, cap, factor, jitter }.delay(n, &mut call.previous, draw))
            }
            RetryMode::Budget { .. } => client.withdraw(now).then_some(Span::ZERO),
            RetryMode::Tokens { .. } => client.pay().then_some(Span::ZERO),
            RetryMode::AwsStandard(aws) => {
                aws.acquire(client, call, kind).then(|| aws.generation.backoff(kind, n, draw()))
            }
            RetryMode::AwsLegacy(sdk) => {
                let paid = |cost| client.quota.take(cost, Accounting::PerCall, &mut call.held);
                sdk.cost(kind).is_none_or(paid).then(|| sdk.backoff(kind, n, draw()))
            }
            RetryMode::AwsAdaptive(aws) => {
                let held_back = aws.hold_back(client, kind, now);
                let wait = held_back.unwrap_or_else(|| aws.generation.backoff(kind, n, draw()));
                aws.acquire(client, call, kind).then_some(wait)
            }
        }
    }
}

impl Retry {
    /// The longest that a call can be held back between all its attempts, in seconds; infinite without an end.
    pub fn longest_waits(&self) -> f64 {
        let retries = self.max_attempts.map_or(f64::INFINITY, |most| f64::from(most) - 1.0);
        let grown = |base: f64, cap: f64, factor: f64| {
            let steps = retries.min(10_000.0) as u32;
            let all = (0..steps).map(|n| (base * libm::pow(factor, f64::from(n))).min(cap));
            if retries.is_infinite() { f64::INFINITY } else { all.sum() }
        };
        match self.mode {
            RetryMode::None | RetryMode::AwsSdk(_) => 0.0,
            // As often as there is no delay, as long as answers take.
            RetryMode::Immediate | RetryMode::Budget { .. } | RetryMode::Tokens { .. } => retries * 0.01,
            RetryMode::Fixed { delay } => retries * delay.as_secs_f64(),
            RetryMode::Exponential { base, cap, factor, .. } => {
                grown(base.as_secs_f64(), cap.as_secs_f64(), factor)
            }
            RetryMode::AwsStandard(_) | RetryMode::AwsLegacy(_) => grown(1.0, MAX_BACKOFF.as_secs_f64(), 2.0),
            // Its callers wait for the rate as long as it takes.
            RetryMode::AwsAdaptive(_) => f64::INFINITY,
        }
    }
}

impl AwsRetry {
    fn acquire(self, client: &mut Client, call: &mut Call, kind: Kind) -> bool {
        client.quota.take(self.generation.cost(kind), self.accounting, &mut call.held)
    }

    /// In generation 2.0 a retry asks the limiter for 10 tokens after a throttle (the SDK's name for that cost says
    /// timeout) or 5 otherwise; if they are missing, the wait for them, of at most 20 s, replaces the backoff and
    /// they are not taken. Elsewhere a retry waits for it like a first attempt.
    fn hold_back(self, client: &mut Client, kind: Kind, now: Time) -> Option<Span> {
        let cost = match (self.generation, kind) {
            (Generation::V2_0, Kind::Throttling) => 10.0,
            (Generation::V2_0, Kind::Transient) => 5.0,
            (Generation::V2_1 | Generation::Java | Generation::Kotlin, _) => return None,
        };
        client.adaptive()?.take(cost, now).err().map(|wait| wait.min(MAX_BACKOFF))
    }
}
