//! What a strategy says: how a client retries, restrains itself and caches.

use crate::time::Span;
use crate::units::{Rate, Ratio};

/// What a client does about refusal, and what it caches.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub retry: Retry,
    pub limiter: Option<Limiter>,
    /// Per attempt.
    pub timeout: Option<Span>,
    pub cache: Option<Cache>,
}

/// Whether and when a refused or failed attempt is tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    pub mode: RetryMode,
    /// The first included; `None` is unlimited.
    pub max_attempts: Option<u32>,
}

/// The rule of a retry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RetryMode {
    None,
    Immediate,
    Fixed {
        delay: Span,
    },
    Exponential {
        base: Span,
        cap: Span,
        factor: f64,
        jitter: Jitter,
    },
    /// Immediate, within a budget of `ratio` of calls plus `min_per_second`, over `ttl`.
    Budget {
        ratio: Ratio,
        min_per_second: Rate,
        ttl: Span,
    },
    AwsStandard(AwsRetry),
    AwsAdaptive(AwsRetry),
}

/// How the delay of an exponential backoff is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    None,
    Full,
    Equal,
    Decorrelated,
}

/// Which SDK's retry behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AwsRetry {
    pub generation: Generation,
    pub accounting: Accounting,
}

/// Generation of the AWS retry specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    V2_0,
    V2_1,
}

/// Who owns the retry quota a retry took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accounting {
    /// Each call gives back what it took.
    PerCall,
    /// One slot per client, overwritten by whoever retries (the published Rust crates).
    SharedSlot,
}

/// A client's own restraint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limiter {
    pub rate: Rate,
    /// How many attempts may go at once; at least one.
    pub burst: u32,
}

/// A data-key cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cache {
    pub max_age: Span,
    pub max_messages: u64,
    pub max_bytes: u64,
    /// Entries, encrypt and decrypt together.
    pub capacity: u32,
    pub eviction: Eviction,
}

/// Which entry leaves a full cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eviction {
    Lru,
    Fifo,
}
