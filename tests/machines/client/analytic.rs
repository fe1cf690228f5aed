//! The data-key cache against closed forms of its miss rate.

use super::{job, retrying, rows};
use keystorm_machines::api::{JobKind, Reply};
use keystorm_machines::client::{Action, Cache, Eviction, Fleet, Input, Policy, RetryMode};
use keystorm_machines::rng::{Purpose, Stream};
use keystorm_machines::time::{Span, Time};
use std::collections::BTreeMap;

/// Messages simulated for one row, the first tenth to fill the cache.
const MESSAGES: u64 = 250_000;

/// Rows that our caches cannot be asked: callers of one host wait for each other's call to KMS, which takes its time.
const NO_SINGLE_FLIGHT: [&str; 5] = ["p49", "p51", "p53", "p55", "p57"];

/// Cumulative Zipf weights of `count` contexts.
fn zipf(count: usize, exponent: f64) -> Vec<f64> {
    let weights = (1..=count).map(|rank| libm::pow(rank as f64, -exponent));
    weights
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect()
}

/// A limit of the table, where `inf` is none.
fn limit(text: &str) -> u64 {
    if text == "inf" { u64::MAX } else { text.parse().expect("a whole number") }
}

/// GenerateDataKey calls a second of one host.
fn calls_per_second(row: &BTreeMap<String, String>) -> f64 {
    let number = |name: &str| row[name].parse::<f64>().expect("a number");
    let max_age =
        if row["max_age_s"] == "inf" { Span::MAX } else { Span::from_secs_f64(number("max_age_s")) };
    let cache = Cache {
        max_age,
        max_messages: limit(&row["max_messages"]),
        max_bytes: limit(&row["max_bytes"]),
        capacity: u32::try_from(limit(&row["capacity"])).unwrap_or(u32::MAX),
        eviction: if row["policy"] == "FIFO" { Eviction::Fifo } else { Eviction::Lru },
    };
    let policy = Policy { cache: Some(cache), ..retrying(RetryMode::None, None) };
    let mut fleet = Fleet::new(&[&policy], 1, 42, 0);
    let weights = zipf(number("contexts") as usize, number("zipf_a"));
    let total = weights[weights.len() - 1];
    let stream = |purpose| Stream::new(7, 0, purpose, 0);
    let (arrivals, contexts, sizes) =
        (stream(Purpose::Arrival), stream(Purpose::Context), stream(Purpose::Payload));
    let poisson = row["arrivals"] == "poisson";
    let (mut actions, mut now, mut calls, mut begun) = (Vec::new(), Time::ZERO, 0u64, Time::ZERO);
    for index in 0..MESSAGES {
        let gap = if poisson { arrivals.draw(index).exponential() } else { 1.0 };
        now += Span::from_secs_f64(gap / number("lambda_per_host"));
        let context = weights.partition_point(|sum| *sum <= contexts.draw(index).unit() * total);
        let bytes = match row["mean_bytes"].parse::<f64>() {
            Ok(mean) if poisson => (mean * sizes.draw(index).exponential()).round(),
            Ok(fixed) => fixed,
            Err(_) => 1.0,
        };
        let (kind, context, bytes) = (JobKind::EncryptMessage, context as u32, bytes as u32);
        fleet.handle(
            Input::Job(keystorm_machines::api::Job { kind, context, bytes, ..job(index, now) }),
            now,
            &mut actions,
        );
        if let Some(Action::Send(attempt)) = actions.pop() {
            calls += u64::from(index >= MESSAGES / 10);
            fleet.handle(Input::Reply(attempt.token, Reply::Ok), now, &mut actions);
            actions.clear();
        }
        if index + 1 == MESSAGES / 10 {
            begun = now;
        }
    }
    calls as f64 / now.since(begun).as_secs_f64()
}

#[test]
fn miss_rates_are_those_of_the_closed_forms() {
    let (mut met, mut beyond, mut wrong) = (0, Vec::new(), Vec::new());
    for row in rows("cache-analytic.csv") {
        let number = |name: &str| row[name].parse::<f64>().expect("a number");
        let model = row["model"].as_str();
        if row["single_flight"] == "1" || number("kms_latency_s") > 0.0 {
            beyond.push(row["id"].clone());
            continue;
        }
        let (ours, theirs) = (calls_per_second(&row) * number("hosts"), number("expected_calls_per_s"));
        let off = ours / theirs - 1.0;
        println!(
            "{} {model}: {:.2} % of at most {} %",
            row["id"],
            off * 100.0,
            number("tolerance_rel") * 100.0
        );
        if off.abs() > number("tolerance_rel") {
            wrong.push(format!("{} {model}: {ours:.5}/s, not {theirs}/s ({:.2} %)", row["id"], off * 100.0));
        }
        met += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((met, beyond), (24, NO_SINGLE_FLIGHT.map(Into::into).to_vec()));
}
