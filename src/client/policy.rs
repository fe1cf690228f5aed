//! What a strategy says: how a client retries, restrains itself and caches.

use super::waiting::Waiters;
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

/// Which of its own retry modes the real AWS SDK runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SdkMode {
    /// Its default.
    Standard,
    /// Standard with a client rate limiter.
    Adaptive,
}

/// How the delay of an exponential backoff is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Not at all.
    None,
    /// Uniform from zero to the delay.
    Full,
    /// Half the delay, plus uniform from zero to the other half.
    Equal,
    /// Uniform from the base to three times the previous delay.
    Decorrelated,
}

/// Which SDK's retry behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AwsRetry {
    /// Which constants.
    pub generation: Generation,
    /// Who owns the retry quota a retry took.
    pub accounting: Accounting,
    /// Whose adaptive rate it is; [`AwsSdk::Unnamed`] in standard mode, where it makes no difference.
    pub sdk: AwsSdk,
}

/// An SDK, as far as its adaptive mode is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsSdk {
    /// None in particular: as the specification has it.
    Unnamed,
    /// Rust.
    Rust,
    /// Python: boto3 and the AWS CLI.
    Botocore,
    /// JavaScript, version 3.
    Js,
    /// Go, version 2.
    Go,
    /// Java, version 2.
    Java,
    /// .NET.
    DotNet,
    /// C++.
    Cpp,
    /// Kotlin.
    Kotlin,
}

impl AwsSdk {
    /// Those with a name.
    pub const ALL: [AwsSdk; 8] = [
        AwsSdk::Rust,
        AwsSdk::Botocore,
        AwsSdk::Js,
        AwsSdk::Go,
        AwsSdk::Java,
        AwsSdk::DotNet,
        AwsSdk::Cpp,
        AwsSdk::Kotlin,
    ];

    /// As a scenario writes it; nothing for the one without a name.
    pub const fn name(self) -> &'static str {
        match self {
            AwsSdk::Unnamed => "",
            AwsSdk::Rust => "rust",
            AwsSdk::Botocore => "botocore",
            AwsSdk::Js => "js",
            AwsSdk::Go => "go",
            AwsSdk::Java => "java",
            AwsSdk::DotNet => "dotnet",
            AwsSdk::Cpp => "cpp",
            AwsSdk::Kotlin => "kotlin",
        }
    }

    /// In which order callers pass who wait for the adaptive rate.
    ///
    /// Source: botocore 1.44.5, `retries/bucket.py` (a condition that a change of the rate notifies); @smithy/core 3.41.1,
    /// `DefaultRateLimiter`, aws-smithy-runtime 1.16.2, `client_rate_limiter`, aws-sdk-go-v2, `retry/adaptive.go`, and
    /// aws-sdk-net, `TokenBucket` (each sleeps and looks again; .NET gives up after 15 looks, which is left out);
    /// aws-sdk-java-v2, `RateLimiterTokenBucket` (a queue), aws-sdk-cpp, `RetryTokenBucket`, and smithy-kotlin,
    /// `AdaptiveRateLimiter` (the one who waits holds the lock); read 2026-11-30.
    pub const fn waiters(self) -> Waiters {
        match self {
            AwsSdk::Botocore => Waiters::Woken,
            AwsSdk::Java | AwsSdk::Cpp | AwsSdk::Kotlin => Waiters::InTurn,
            AwsSdk::Unnamed | AwsSdk::Rust | AwsSdk::Js | AwsSdk::Go | AwsSdk::DotNet => {
                Waiters::ByThemselves
            }
        }
    }

    /// Whether its rate is measured from when the client was made; in the others from the beginning of 1970, so that the
    /// first window shows nothing.
    pub const fn begins_now(self) -> bool {
        !matches!(self, AwsSdk::Rust | AwsSdk::Java | AwsSdk::Cpp)
    }
}

/// An AWS SDK with retries of its own from before the standard mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacySdk {
    /// Python: boto3 and the AWS CLI, default until 2026.
    Botocore,
    /// Java, version 1.
    Java1,
    /// Java, version 2, still its default.
    Java2,
    /// JavaScript, version 2.
    Js2,
    /// Go, version 1.
    Go1,
    /// .NET, default until version 4.
    DotNet,
}

impl LegacySdk {
    /// Every one of them, the default first.
    pub const ALL: [LegacySdk; 6] = [
        LegacySdk::Botocore,
        LegacySdk::Java1,
        LegacySdk::Java2,
        LegacySdk::Js2,
        LegacySdk::Go1,
        LegacySdk::DotNet,
    ];

    /// As a scenario writes it.
    pub const fn name(self) -> &'static str {
        match self {
            LegacySdk::Botocore => "botocore",
            LegacySdk::Java1 => "java1",
            LegacySdk::Java2 => "java2",
            LegacySdk::Js2 => "js2",
            LegacySdk::Go1 => "go1",
            LegacySdk::DotNet => "dotnet",
        }
    }
}

/// Generation of the AWS retry specification, or an SDK's own reading of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// Before 2026; still the default of the published Rust crates.
    V2_0,
    /// The behaviour announced in May 2026, default of most SDKs since 2026-11-10.
    V2_1,
    /// Before 2026 as the Java SDK, version 2, has it; its own date of change is not announced.
    Java,
    /// Before 2026 as the Kotlin SDK has it; its own date of change is not announced.
    Kotlin,
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

/// Which entry leaves a full cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eviction {
    /// The one least recently used (JavaScript, Java, C).
    Lru,
    /// The one that came first (Python).
    Fifo,
}
