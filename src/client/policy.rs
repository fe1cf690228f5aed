//! What a strategy says: how a client retries, restrains itself and caches.

pub use super::sdk::{Accounting, AwsRetry, AwsSdk, Generation, LegacySdk, SdkMode};
use crate::api::words;
use crate::time::Span;
use crate::units::{Rate, Ratio};

/// What a client does about refusal, and what it caches.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Whether and when it tries again.
    pub retry: Retry,
    /// Its own restraint on attempts, first ones and retries alike.
    pub limiter: Option<LimiterConfig>,
    /// How long it waits for the reply of one attempt; no limit if `None`.
    pub timeout: Option<Span>,
    /// Its data-key cache, which serves only envelope jobs.
    pub cache: Option<Cache>,
    /// Keys the draws of its backoff apart from those of an equal policy; 0 in every scenario. What chance alone makes of two
    /// strategies is seen by one strategy run twice, under different salts.
    pub salt: u32,
}

/// Whether and when a refused or failed attempt is tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// The rule of a retry.
    pub mode: RetryMode,
    /// How many attempts a call may make, the first included; `None` is unlimited.
    pub max_attempts: Option<u32>,
}

/// The rule of a retry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RetryMode {
    /// Never.
    None,
    /// At once.
    Immediate,
    /// Always after the same delay.
    Fixed {
        /// How long every retry waits.
        delay: Span,
    },
    /// After a delay that grows with every attempt.
    Exponential {
        /// The delay of the first retry, before jitter.
        base: Span,
        /// The longest delay, before jitter.
        cap: Span,
        /// What the delay is multiplied by after each attempt.
        factor: f64,
        /// How the delay is spread.
        jitter: Jitter,
    },
    /// At once, within a budget of `ratio` of calls plus `min_per_second`, over `ttl`.
    Budget {
        /// Retries allowed for every call begun.
        ratio: Ratio,
        /// Retries allowed however few calls there are.
        min_per_second: Rate,
        /// How long a call's deposit and a retry's withdrawal count.
        ttl: Span,
    },
    /// At once, as long as a bucket pays for it that successes fill.
    Tokens {
        /// What the bucket holds, at the start and at most.
        capacity: f64,
        /// What a retry takes.
        cost: f64,
        /// What a success brings.
        refund: f64,
    },
    /// What the AWS SDKs call `standard`.
    AwsStandard(AwsRetry),
    /// What the AWS SDKs call `adaptive`: standard plus a client rate limiter.
    AwsAdaptive(AwsRetry),
    /// What an AWS SDK did before its standard mode, or does without it.
    AwsLegacy(LegacySdk),
    /// Whatever the real AWS SDK does; live runs only. To the client machine every call has one attempt, and the SDK's
    /// own retries are reported beside it.
    AwsSdk(SdkMode),
}

words! {
    /// How the delay of an exponential backoff is spread.
    Jitter {
        /// Not at all.
        None = "none",
        /// Uniform from zero to the delay.
        Full = "full",
        /// Half the delay, plus uniform from zero to the other half.
        Equal = "equal",
        /// Uniform from the base to three times the previous delay.
        Decorrelated = "decorrelated",
    }
}

/// A client's own restraint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimiterConfig {
    /// How many attempts it lets pass in the long run.
    pub rate: Rate,
    /// How many attempts may go at once; at least one.
    pub burst: u32,
}

/// A data-key cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cache {
    /// How old an entry may be and still serve; use does not extend it.
    pub max_age: Span,
    /// How many messages one data key may encrypt.
    pub max_messages: u64,
    /// How many bytes one data key may encrypt; a single larger message gets a key of its own.
    pub max_bytes: u64,
    /// Entries, encrypt and decrypt together.
    pub capacity: u32,
    /// Which entry leaves when it is full.
    pub eviction: Eviction,
}

words! {
    /// Which entry leaves a full cache.
    Eviction {
        /// The one least recently used (JavaScript, Java, C).
        Lru = "lru",
        /// The one that came first (Python).
        Fifo = "fifo",
    }
}
