//! Reads one strategy: retry, limiter, timeout, cache.

use crate::api::nearest;
use crate::client::{
    Accounting, AwsRetry, Cache, Eviction, Generation, Jitter, LegacySdk, LimiterConfig, Policy, Retry,
    RetryMode, SdkMode,
};
use crate::scenario::keys::{self, MAX_CACHE_BYTES, MAX_CACHE_MESSAGES, MILLION};
use crate::scenario::problem::Problem;
use crate::scenario::read::{Fields, Item, Reader};
use crate::time::Span;
use crate::units::{Rate, Ratio};

/// What a strategy that says nothing does: the SDKs' standard mode with three attempts.
const STANDARD: Retry = Retry { mode: RetryMode::AwsStandard(AwsRetry::NEWEST), max_attempts: Some(3) };

/// The most retry tokens of anything.
const MOST_TOKENS: f64 = 1e9;

/// The policy that stands in where one cannot be read, and what an empty strategy means.
pub(super) const PLAIN: Policy =
    Policy { retry: STANDARD, limiter: None, timeout: None, cache: None, salt: 0 };

/// Reads a strategy.
pub(super) fn policy(r: &mut Reader, item: &Item) -> Option<Policy> {
    let fields = r.fields(item, &keys::STRATEGY)?;
    Some(Policy {
        retry: r.or(&fields, "retry", STANDARD, retry),
        limiter: r.or(&fields, "limiter", None, |r, item| or_none(r, item, limiter)),
        timeout: r.or(&fields, "timeout", None, Reader::time_or_none),
        cache: r.or(&fields, "cache", None, |r, item| or_none(r, item, cache)),
        salt: 0,
    })
}

/// The word `none`, or what `read` reads.
fn or_none<T>(r: &mut Reader, item: &Item, read: fn(&mut Reader, &Item) -> Option<T>) -> Option<Option<T>> {
    if item.is_word("none") { Some(None) } else { read(r, item).map(Some) }
}

fn retry(r: &mut Reader, item: &Item) -> Option<Retry> {
    // `retry: standard`, which the SDKs' own configuration would take.
    if let Some(mode) = item.text().and_then(|text| nearest(text, keys::MODES)) {
        let mut problem = Problem::new(item.node.shown, &item.path, "this is not a mapping");
        problem.suggestion = Some(format!("{{ mode: {mode} }}"));
        r.problems.push(problem.read(item.describe()));
        return None;
    }
    let fields = r.fields(item, &keys::RETRY)?;
    let mode = r.need(&fields, "mode", "", |r, item| r.word(item, &keys::MODES));
    if mode.is_empty() {
        return None;
    }
    r.only_with(&fields, "mode", mode);
    let legacy = (mode == "aws-legacy").then(|| legacy(r, &fields));
    let max_attempts = max_attempts(r, &fields, mode, legacy.map_or(3, LegacySdk::max_attempts));
    let mode = match mode {
        "none" => RetryMode::None,
        "immediate" => RetryMode::Immediate,
        "fixed" => RetryMode::Fixed { delay: r.or(&fields, "delay", Span::from_millis(100), Reader::span) },
        "exponential" => exponential(r, &fields),
        "budget" => RetryMode::Budget {
            ratio: r.or(&fields, "ratio", Ratio::from_f64(0.2).unwrap_or(Ratio::ZERO), Reader::ratio),
            min_per_second: r.or(&fields, "minPerSecond", Rate::per_second(10), Reader::rate),
            ttl: r.or(&fields, "ttl", Span::from_secs(10), Reader::time),
        },
        "tokens" => RetryMode::Tokens {
            capacity: r.or(&fields, "capacity", 10.0, |r, item| r.number(item, 0.0, MOST_TOKENS)),
            cost: r.or(&fields, "cost", 1.0, |r, item| r.number(item, 0.000_001, MOST_TOKENS)),
            refund: r.or(&fields, "refund", 0.1, |r, item| r.number(item, 0.0, MOST_TOKENS)),
        },
        "aws-adaptive" => RetryMode::AwsAdaptive(aws(r, &fields)),
        "aws-sdk" => RetryMode::AwsSdk(r.or(&fields, "sdkMode", SdkMode::Standard, Reader::spelled)),
        // In standard mode an SDK is its generation and its accounting.
        _ => {
            legacy.map_or_else(|| RetryMode::AwsStandard(aws(r, &fields).without_sdk()), RetryMode::AwsLegacy)
        }
    };
    Some(Retry { mode, max_attempts })
}

/// `default` is what a mode that retries makes if nothing is said.
fn max_attempts(r: &mut Reader, fields: &Fields, mode: &str, default: u32) -> Option<u32> {
    let default = if mode == "none" { 1 } else { default };
    let Some(item) = fields.get("maxAttempts") else { return Some(default) };
    let is_aws = mode.starts_with("aws-");
    if item.is_word("unlimited") && mode != "none" && !is_aws {
        return None;
    }
    let most = if mode == "none" { 1 } else { keys::MAX_ATTEMPTS };
    if item.is_word("unlimited") {
        r.wrong(&item, format!("mode `{mode}` cannot try without end"), format!("1 to {most}"));
        return Some(default);
    }
    r.count(&item, most).or(Some(default))
}

fn exponential(r: &mut Reader, fields: &Fields) -> RetryMode {
    let mark = r.mark();
    let base = r.or(fields, "base", Span::from_millis(50), Reader::time);
    let cap = r.or(fields, "cap", Span::from_secs(20), Reader::time);
    if r.is_clean(mark) && cap < base {
        let key = if fields.get("cap").is_some() { "cap" } else { "base" };
        if let Some(item) = fields.get(key) {
            r.wrong(&item, format!("cap {cap} is below base {base}"), "a cap of at least the base");
        }
    }
    RetryMode::Exponential {
        base,
        cap,
        factor: r.or(fields, "factor", 2.0, |r, item| r.number(item, 1.0, 100.0)),
        jitter: r.or(fields, "jitter", Jitter::Full, Reader::spelled),
    }
}

fn aws(r: &mut Reader, fields: &Fields) -> AwsRetry {
    if let Some(preset) = fields.get("preset") {
        for key in ["generation", "accounting"] {
            if let Some(item) = fields.get(key) {
                r.wrong(&item, format!("`preset` already says the {key}"), "either of the two");
            }
        }
        return r.spelled(&preset).map_or(AwsRetry::NEWEST, AwsRetry::of);
    }
    let generations = [Generation::V2_1, Generation::V2_0];
    AwsRetry {
        generation: r.or(fields, "generation", Generation::V2_1, |r, item| {
            r.by_name(item, &generations, Generation::name)
        }),
        accounting: r.or(fields, "accounting", Accounting::PerCall, Reader::spelled),
        sdk: None,
    }
}

fn legacy(r: &mut Reader, fields: &Fields) -> LegacySdk {
    r.or(fields, "preset", LegacySdk::Botocore, Reader::spelled)
}

fn limiter(r: &mut Reader, item: &Item) -> Option<LimiterConfig> {
    let fields = r.fields(item, &keys::LIMITER)?;
    Some(LimiterConfig {
        rate: r.need(&fields, "rate", Rate::per_second(1), Reader::positive_rate),
        burst: r.or(&fields, "burst", 1, |r, item| r.count(item, MILLION)),
    })
}

fn cache(r: &mut Reader, item: &Item) -> Option<Cache> {
    let fields = r.fields(item, &keys::CACHE)?;
    Some(Cache {
        max_age: r.need(&fields, "maxAge", Span::from_secs(1), Reader::span),
        max_messages: r
            .or(&fields, "maxMessages", MAX_CACHE_MESSAGES, |r, item| r.whole(item, 1, MAX_CACHE_MESSAGES)),
        max_bytes: r
            .or(&fields, "maxBytes", MAX_CACHE_BYTES, |r, item| r.size_or_number(item, MAX_CACHE_BYTES)),
        capacity: r.or(&fields, "capacity", 100, |r, item| r.count(item, 10 * MILLION)),
        eviction: r.or(&fields, "eviction", Eviction::Lru, Reader::spelled),
    })
}
