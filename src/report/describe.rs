//! What a strategy does, in words: read from the resolved scenario of a saved run, so that older runs are told too.

use super::format::{count, fixed, number};
use crate::results::Run;
use serde_json::{Map, Value};

/// More than anybody means: what an absent bound is resolved to.
const UNBOUNDED: f64 = 4e9;

/// What the strategy called `name` does about refusals, and how it spares KMS calls; empty if the run does not tell.
pub fn strategy(run: &Run, name: &str) -> String {
    let Some(policy) =
        run.scenario.get("strategies").and_then(|all| all.get(name)).and_then(Value::as_object)
    else {
        return String::new();
    };
    let base = parts(policy);
    let mut told = base.join("; ");
    let workloads = run.scenario.get("workloads").and_then(Value::as_object);
    for (workload, fields) in workloads.into_iter().flatten() {
        let own = fields.get("strategies").and_then(|all| all.get(name)).and_then(Value::as_object);
        let differing: Vec<String> =
            own.map(parts).unwrap_or_default().into_iter().filter(|part| !base.contains(part)).collect();
        if !differing.is_empty() {
            told += &format!("; for {workload} {}", differing.join(", "));
        }
    }
    told
}

/// A policy's parts, a clause each.
fn parts(policy: &Map<String, Value>) -> Vec<String> {
    let mut told = Vec::new();
    for (key, value) in policy {
        let Some(clause) = (match (key.as_str(), value) {
            (_, Value::Null) => None,
            (_, Value::String(none)) if none == "none" => None,
            ("cache", Value::Object(cache)) => Some((0, self::cache(cache))),
            ("retry", Value::Object(retry)) => Some((1, self::retry(retry))),
            ("limiter", Value::Object(limiter)) => Some((2, self::limiter(limiter))),
            ("timeout", span) => Some((3, format!("gives an attempt up after {}", span_of(span)))),
            (other, value) => Some((4, format!("{other} {}", plain(value)))),
        }) else {
            continue;
        };
        told.push(clause);
    }
    told.sort_by_key(|(rank, _)| *rank);
    told.into_iter().map(|(_, clause)| clause).collect()
}

fn cache(cache: &Map<String, Value>) -> String {
    let mut told = "keeps data keys".to_owned();
    if let Some(age) = cache.get("maxAge") {
        told += &format!(" {}", span_of(age));
    }
    let bounded = |key: &str| cache.get(key).and_then(Value::as_f64).filter(|most| *most < UNBOUNDED);
    let bounds = [("maxMessages", "messages each"), ("maxBytes", "bytes each"), ("capacity", "at a time")];
    for (key, noun) in bounds {
        if let Some(most) = bounded(key) {
            told += &format!(", at most {} {noun}", count(most as u64));
        }
    }
    told
}

fn retry(retry: &Map<String, Value>) -> String {
    let text = |key: &str| retry.get(key).map(span_of).unwrap_or_default();
    let attempts = match retry.get("maxAttempts") {
        Some(Value::Number(most)) => format!(", up to {most} attempts"),
        Some(Value::String(_)) => ", without end".into(),
        _ => String::new(),
    };
    let how = match retry.get("mode").and_then(Value::as_str) {
        Some("none") => return "never tries again".into(),
        Some("immediate") => "tries again at once".into(),
        Some("fixed") => format!("tries again after {}", text("delay")),
        Some("exponential") => {
            let jitter = match text("jitter").as_str() {
                "none" => "no jitter".to_owned(),
                kind => format!("{kind} jitter"),
            };
            let factor = match retry.get("factor").and_then(Value::as_f64) {
                Some(factor) if factor != 2.0 => format!(", ×{} each time", number(factor)),
                _ => String::new(),
            };
            format!("waits from {} up to {} with {jitter}{factor}", text("base"), text("cap"))
        }
        Some("budget") => {
            format!(
                "tries again as long as retries stay below {} of calls, {} at least",
                text("ratio"),
                text("minPerSecond")
            )
        }
        Some("tokens") => format!("tries again while its {} retry tokens last", text("capacity")),
        Some(mode @ ("aws-standard" | "aws-adaptive" | "aws-legacy")) => {
            let of = retry.get("preset").map(|sdk| format!(" of {}", plain(sdk))).unwrap_or_default();
            let generation = match retry.get("generation").and_then(Value::as_str) {
                Some("2.0") => " (generation 2.0)",
                _ => "",
            };
            format!("retries as the AWS SDKs' {} mode{of}{generation}", mode.trim_start_matches("aws-"))
        }
        Some("aws-sdk") => format!("leaves retries to the AWS SDK itself ({})", text("sdkMode")),
        Some(other) => format!("retries by {other}"),
        None => "retries".into(),
    };
    how + &attempts
}

fn limiter(limiter: &Map<String, Value>) -> String {
    match (limiter.get("rate"), limiter.get("burst")) {
        (Some(rate), Some(burst)) if limiter.len() == 2 => {
            format!("sends at most {} a client, {} at once", plain(rate), plain(burst))
        }
        _ => format!("limits itself: {}", plain(&Value::Object(limiter.clone()))),
    }
}

/// A span as people read it: `5 min`, `50 ms`; anything else as it is.
fn span_of(value: &Value) -> String {
    let text = plain(value);
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (figure, unit) = text.split_at(split);
    match (figure, unit) {
        (figure, "ms" | "s" | "h" | "us" | "d") if !figure.is_empty() => format!("{figure} {unit}"),
        (figure, "m") if !figure.is_empty() => format!("{figure} min"),
        _ => text,
    }
}

/// A value in the fewest words.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(whole) if whole == whole.trunc() => fixed(whole, 0),
            _ => number.to_string(),
        },
        Value::Object(map) => {
            let fields = map.iter().map(|(key, value)| format!("{key} {}", plain(value)));
            fields.collect::<Vec<_>>().join(", ")
        }
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use serde_json::json;

    fn told(policy: Value) -> String {
        let mut run = fixture::empty();
        run.scenario = json!({ "strategies": { "s": policy } });
        strategy(&run, "s")
    }

    #[test]
    fn every_way_to_retry_and_to_cache_is_told() {
        let standard = json!({ "mode": "aws-standard", "maxAttempts": 3, "generation": "2.1", "accounting": "per-call" });
        let cases = [
            (json!({ "retry": { "mode": "none", "maxAttempts": 1 } }), "never tries again"),
            (
                json!({ "retry": { "mode": "immediate", "maxAttempts": 10 }, "cache": "none", "limiter": "none" }),
                "tries again at once, up to 10 attempts",
            ),
            (
                json!({ "retry": { "mode": "fixed", "delay": "200ms", "maxAttempts": "unlimited" } }),
                "tries again after 200 ms, without end",
            ),
            (
                json!({ "retry": { "mode": "exponential", "base": "50ms", "cap": "20s", "factor": 2.0, "jitter": "full", "maxAttempts": 5 } }),
                "waits from 50 ms up to 20 s with full jitter, up to 5 attempts",
            ),
            (
                json!({ "retry": { "mode": "budget", "ratio": "10%", "minPerSecond": "1/s", "ttl": "10s", "maxAttempts": 5 } }),
                "tries again as long as retries stay below 10% of calls, 1/s at least, up to 5 attempts",
            ),
            (
                json!({ "retry": { "mode": "aws-standard", "preset": "java", "maxAttempts": 3 }, "timeout": "2s" }),
                "retries as the AWS SDKs' standard mode of java, up to 3 attempts; gives an attempt up after 2 s",
            ),
            (
                json!({ "retry": standard, "cache": { "maxAge": "5m", "maxMessages": 1000, "maxBytes": 9223372036854775807_u64, "capacity": 100, "eviction": "lru" } }),
                "keeps data keys 5 min, at most 1,000 messages each, at most 100 at a time; retries as the AWS SDKs' standard mode, up to 3 attempts",
            ),
            (
                json!({ "retry": { "mode": "none" }, "limiter": { "rate": "36/s", "burst": 2 } }),
                "never tries again; sends at most 36/s a client, 2 at once",
            ),
            (
                json!({ "retry": { "mode": "none" }, "breaker": { "opens": "50%" } }),
                "never tries again; breaker opens 50%",
            ),
        ];
        for (policy, words) in cases {
            assert_eq!(told(policy.clone()), words, "{policy}");
        }
    }

    #[test]
    fn what_a_workload_does_otherwise_is_told_with_its_name() {
        let mut run = fixture::empty();
        let retry = json!({ "mode": "none" });
        run.scenario = json!({
            "strategies": { "s": { "retry": retry } },
            "workloads": { "batch": { "strategies": { "s": { "retry": retry, "limiter": { "rate": "5/s", "burst": 1 } } } } },
        });
        assert_eq!(strategy(&run, "s"), "never tries again; for batch sends at most 5/s a client, 1 at once");
        assert_eq!(strategy(&run, "nobody"), "");
    }
}
