//! What a strategy says: how a client retries, restrains itself and caches; and how a file says it.

pub use super::sdk::{Accounting, AwsRetry, AwsSdk, Generation, LegacySdk, SdkMode};
use crate::api::{nearest, words};
use crate::language::{
    Fields, Form, Item, MILLION, POSITIVE_RATE, Part, Problem, RATE, RATIO, Reader, Record, SPAN, Shape,
    TIME, Walk, beside, choice, count, key, number, or_none, record, size_or_number, table_of, unsaid, whole,
    words,
};
use crate::time::Span;
use crate::units::{Rate, Ratio};

/// The most attempts of a call, where they are limited at all.
const MAX_ATTEMPTS: u64 = 10_000;
/// The most retry tokens of anything.
const MOST_TOKENS: f64 = 1e9;
/// The largest `maxBytes` of a cache: what the AWS Encryption SDK takes.
const MAX_CACHE_BYTES: u64 = i64::MAX as u64;
/// The largest `maxMessages` of a cache: what the AWS Encryption SDK takes.
pub const MAX_CACHE_MESSAGES: u64 = 1 << 32;

record! {
    /// What a client does about refusal, and what it caches.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Policy as "strategy" {
        /// Whether and when it tries again.
        pub retry: Retry =
            key("retry", "What follows a refusal or an error ({mode: aws-standard}).", record()).or(Retry::STANDARD),
        /// Its own restraint on attempts, first ones and retries alike.
        pub limiter: Option<LimiterConfig> =
            key("limiter", "The client's own restraint ({}).", or_none(record())).or(None),
        /// How long it waits for the reply of one attempt; no limit if `None`.
        pub timeout: Option<Span> = key("timeout", "Of each attempt ({}).", or_none(TIME)).or(None),
        /// Its data-key cache, which serves only envelope jobs.
        pub cache: Option<Cache> = key(
            "cache",
            "A data-key cache for EncryptMessage and DecryptMessage jobs ({}); needs such a job. In a workload's override \
             `cache: none` takes the strategy's cache away there.",
            or_none(record()),
        )
        .or(None),
        /// Keys the draws of its backoff apart from those of an equal policy; 0 in every scenario. What chance alone makes of
        /// two strategies is seen by one strategy run twice, under different salts.
        pub salt: u32 = unsaid(0),
    }
    later {
        "breaker": "A circuit breaker.",
        "concurrency": "A limit of calls in flight.",
        "hedge": "A second attempt before the first has answered.",
        "layers": "Retries around retries.",
    }
}

impl Policy {
    /// What a strategy does that says nothing.
    pub const PLAIN: Policy =
        Policy { retry: Retry::STANDARD, limiter: None, timeout: None, cache: None, salt: 0 };
}

/// Whether and when a refused or failed attempt is tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// The rule of a retry.
    pub mode: RetryMode,
    /// How many attempts a call may make, the first included; `None` is unlimited.
    pub max_attempts: Option<u32>,
}

choice! {
    /// The rule of a retry.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum RetryMode as RetryKind {
        /// Never.
        None = "none",
        /// At once.
        Immediate = "immediate",
        /// Always after the same delay.
        Fixed = "fixed" {
            /// How long every retry waits.
            delay: Span = key("delay", "Before each retry ({}).", SPAN).or(Span::from_millis(100)),
        },
        /// After a delay that grows with every attempt.
        Exponential = "exponential" {
            /// The delay of the first retry, before jitter.
            base: Span = key("base", "Before the first retry ({}).", TIME).or(Span::from_millis(50)),
            /// The longest delay, before jitter.
            cap: Span = key("cap", "The longest delay ({}).", TIME).or(Span::from_secs(20)),
            /// What the delay is multiplied by after each attempt.
            factor: f64 = key("factor", "Growth from retry to retry ({}).", number(1.0, 100.0)).or(2.0),
            /// How the delay is spread.
            jitter: Jitter = key("jitter", "How delays are spread ({}).", words()).or(Jitter::Full),
        },
        /// At once, within a budget of `ratio` of calls plus `min_per_second`, over `ttl`.
        Budget = "budget" {
            /// Retries allowed for every call begun.
            ratio: Ratio = key("ratio", "Retries per call ({}).", RATIO)
                .or(Ratio::from_f64(0.2).unwrap_or(Ratio::ZERO)),
            /// Retries allowed however few calls there are.
            min_per_second: Rate =
                key("minPerSecond", "Retries always allowed ({}).", RATE).or(Rate::per_second(10)),
            /// How long a call's deposit and a retry's withdrawal count.
            ttl: Span = key("ttl", "How long a call counts ({}).", TIME).or(Span::from_secs(10)),
        },
        /// At once, as long as a bucket pays for it that successes fill.
        Tokens = "tokens" {
            /// What the bucket holds, at the start and at most.
            capacity: f64 =
                key("capacity", "Tokens of a client, at the start and at most ({}).", number(0.0, MOST_TOKENS)).or(10.0),
            /// What a retry takes.
            cost: f64 = key("cost", "Tokens a retry takes; without them there is none ({}).", number(0.000_001, MOST_TOKENS))
                .or(1.0),
            /// What a success brings.
            refund: f64 = key("refund", "Tokens a success brings ({}).", number(0.0, MOST_TOKENS)).or(0.1),
        },
        /// What the AWS SDKs call `standard`.
        AwsStandard = "aws-standard" (AwsRetry = beside().then(AwsRetry::without_sdk)),
        /// What the AWS SDKs call `adaptive`: standard plus a client rate limiter.
        AwsAdaptive = "aws-adaptive" (AwsRetry = beside()),
        /// Whatever the real AWS SDK does; live runs only. To the client machine every call has one attempt, and the SDK's
        /// own retries are reported beside it.
        AwsSdk = "aws-sdk" (SdkMode = key("sdkMode", "The SDK's own retry mode ({}).", words()).or(SdkMode::Standard)),
        /// What an AWS SDK did before its standard mode, or does without it.
        AwsLegacy = "aws-legacy" (LegacySdk = key("preset", "", words()).or(LegacySdk::Botocore)),
    }
}

impl Retry {
    /// What a strategy does that says nothing: the SDKs' standard mode with three attempts.
    pub const STANDARD: Retry =
        Retry { mode: RetryMode::AwsStandard(AwsRetry::NEWEST), max_attempts: Some(3) };
}

impl RetryMode {
    /// How many attempts a call makes where nothing is said of them.
    const fn usual_attempts(self) -> u32 {
        match self {
            RetryMode::None => 1,
            RetryMode::AwsLegacy(sdk) => sdk.max_attempts(),
            _ => 3,
        }
    }
}

impl Part for Retry {
    /// How many attempts there may be, and are where nothing is said, depends on the mode.
    fn walk(walk: &mut Walk<'_, '_>, now: Option<&Retry>) -> Option<Retry> {
        let mode = walk.word_of(
            "mode",
            "The rule; aws-legacy is what an SDK did before its standard mode; aws-sdk is the real SDK, in live runs.",
            now.map(|now| &now.mode),
        )?;
        let most = walk.part(
            key(
                "maxAttempts",
                "Attempts of a call, the first included (3; none: 1; aws-legacy: 5 for botocore and dotnet, else 4); \
                 unlimited except for none and aws-*.",
                Attempts { mode },
            )
            .optional(),
            now.map(|now| Some(now.max_attempts)).as_ref(),
        );
        let mode = walk.choice(mode, now.map(|now| &now.mode))?;
        walk.look(|r, fields| grows(r, fields, &mode));
        Some(Retry { mode, max_attempts: most?.unwrap_or_else(|| Some(mode.usual_attempts())) })
    }
}

impl Record for Retry {
    table_of!(Retry as "retry");

    /// `retry: standard`, which the SDKs' own configuration would take.
    fn misread(r: &mut Reader, item: &Item) -> bool {
        let meant = item.text().and_then(|text| nearest(text, RetryKind::WORDS.iter().copied()));
        if let Some(mode) = meant {
            let mut problem = Problem::new(item.node.shown, &item.path, "this is not a mapping");
            problem.suggestion = Some(format!("{{ mode: {mode} }}"));
            r.problems.push(problem.read(item.describe()));
        }
        meant.is_some()
    }
}

/// A number of attempts, or `unlimited` in a mode that can try without end.
struct Attempts {
    mode: &'static str,
}

impl Form for Attempts {
    type Value = Option<u32>;
    fn shape(&self) -> Shape {
        Shape::Either(&[Shape::Whole(1, MAX_ATTEMPTS), Shape::Words(&["unlimited"])])
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Option<u32>> {
        let is_none = self.mode == RetryKind::None.name();
        let most = if is_none { 1 } else { MAX_ATTEMPTS };
        if !item.is_word("unlimited") {
            return r.count(item, most).map(Some);
        }
        if is_none || self.mode.starts_with("aws-") {
            r.wrong(item, format!("mode `{}` cannot try without end", self.mode), format!("1 to {most}"));
            return None;
        }
        Some(None)
    }
    fn write(&self, value: &Option<u32>) -> serde_yaml::Value {
        value.map_or_else(|| "unlimited".into(), Into::into)
    }
}

/// Reports a longest delay below the first.
fn grows(r: &mut Reader, fields: &Fields, mode: &RetryMode) {
    let RetryMode::Exponential { base, cap, .. } = mode else { return };
    // What could not be read was told already, and its default stands in.
    let (base_item, cap_item) = (fields.get("base"), fields.get("cap"));
    let is_read = [&base_item, &cap_item].into_iter().flatten().all(|item| !r.is_told(item));
    if let Some(item) = cap_item.or(base_item).filter(|_| cap < base && is_read) {
        r.wrong(&item, format!("cap {cap} is below base {base}"), "a cap of at least the base");
    }
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

record! {
    /// A client's own restraint.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct LimiterConfig as "limiter" {
        /// How many attempts it lets pass in the long run.
        pub rate: Rate = key("rate", "Attempts of one client.", POSITIVE_RATE).needed(),
        /// How many attempts may go at once; at least one.
        pub burst: u32 = key("burst", "Attempts that may go at once ({}).", count(MILLION)).or(1),
    }
}

record! {
    /// A data-key cache.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Cache as "cache" {
        /// How old an entry may be and still serve; use does not extend it.
        pub max_age: Span =
            key("maxAge", "How long a data key is used; 0s: not beyond the call that fetched it.", SPAN).needed(),
        /// How many messages one data key may encrypt.
        pub max_messages: u64 =
            key("maxMessages", "Messages under one data key ({}).", whole(1, MAX_CACHE_MESSAGES)).or(MAX_CACHE_MESSAGES),
        /// How many bytes one data key may encrypt; a single larger message gets a key of its own.
        pub max_bytes: u64 = key(
            "maxBytes",
            "Bytes under one data key ({}). 0 keeps data keys of empty messages only, as the guide of the \
             AWS Encryption SDK says; its Python keeps none then, and its JavaScript takes 0 for no limit.",
            size_or_number(MAX_CACHE_BYTES),
        )
        .or(MAX_CACHE_BYTES),
        /// Entries, encrypt and decrypt together.
        pub capacity: u32 = key("capacity", "Entries ({}).", count(10 * MILLION)).or(100),
        /// Which entry leaves when it is full.
        pub eviction: Eviction = key("eviction", "Which entry leaves a full cache ({}).", words()).or(Eviction::Lru),
    }
    later {
        "expiry": "When entries leave.",
        "oversize": "What a message above maxBytes does.",
        "inFlight": "Whether callers wait for one another.",
        "scope": "Who shares a cache.",
        "kind": "hierarchical or bucket-key.",
        "wrappingKeys": "Keys of a hierarchical cache.",
        "preset": "A published cache.",
    }
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
