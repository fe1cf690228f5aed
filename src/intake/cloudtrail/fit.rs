//! A log as a scenario without its rows: who calls how often and when, what, on which keys, in numbers that can be changed.

use super::log::{Curve, Log, Popular, Share};
use super::replay::{head, jobs, strategies, suffix};
use crate::units::Rate;
use std::fmt::Write as _;

/// Callers that get a fleet of their own; the others are one together.
const FLEETS: usize = 8;
/// Steps of a rate curve.
const STEPS: usize = 24;
/// Below this spread of a second's calls they come evenly rather than at random.
const EVEN: f64 = 0.5;
/// Above it they come in bursts, which the fitted scenario does not have.
const BURSTY: f64 = 2.0;

/// What a caller is called in the fitted scenario, which names nobody: `fleet-1`, `service-2`.
pub(super) fn aliases(log: &Log) -> Vec<(String, &Share)> {
    let (mut fleets, mut services) = (0, 0);
    let named = log.callers.iter().take(FLEETS).map(|share| {
        let (kind, number) =
            if share.is_service { ("service", &mut services) } else { ("fleet", &mut fleets) };
        *number += 1;
        (format!("{kind}-{number}"), share)
    });
    named.collect()
}

/// The scenario fitted to a log of one Region; `None` if it has no calls or is of several.
pub fn fitted(log: &Log) -> Option<String> {
    let region = log.region.as_deref().filter(|_| log.calls_counted() > 0)?;
    let mut text = format!(
        "# What if the load that this account had were larger, or served otherwise?\n\
         #\n\
         # Fitted by `keystorm import cloudtrail` to {calls} calls of {region} in {seconds} s: the rate of each caller over time,\n\
         # what it calls, and how often each key and context is used. scenario.yaml replays the calls themselves.\n",
        calls = log.calls_counted(),
        seconds = log.seconds(),
    );
    text.push_str(&burstiness(log));
    text.push_str(&head(region, "fitted"));
    let arrivals = if log.dispersion.is_some_and(|spread| spread < EVEN) { "uniform" } else { "poisson" };
    let aliases = aliases(log);
    let rest = log.callers.get(aliases.len()..).unwrap_or_default();
    for (name, share) in &aliases {
        text.push_str(&workloads(log, name, share, arrivals));
    }
    if !rest.is_empty() {
        text.push_str(&workloads(log, "others", &together(rest), arrivals));
    }
    Some(text + &strategies(log))
}

/// How unevenly calls come, and what the fit makes of it.
fn burstiness(log: &Log) -> String {
    let (Some(spread), Some(peak)) = (log.dispersion, log.peak_second) else { return String::new() };
    let mut text = format!(
        "# Burstiness (variance ÷ mean of the seconds of a minute; 1 at random, 0 evenly): {spread:.2}. The log's busiest second\n\
         # has {} calls.\n",
        peak.calls
    );
    if spread > BURSTY {
        text.push_str(
            "# It comes in bursts, which this scenario does not have: its busiest second is lower. For peaks, replay the trace.\n",
        );
    }
    text
}

/// Several callers as one.
fn together(shares: &[Share]) -> Share {
    let mut all = Share { is_service: shares.iter().all(|share| share.is_service), ..Share::default() };
    for share in shares {
        all.calls += share.calls;
        for (spec, mix) in &share.mix {
            for (operation, calls) in mix {
                *all.mix.entry(*spec).or_default().entry(*operation).or_default() += calls;
            }
        }
        let mut curve = Curve::default();
        std::mem::swap(&mut curve, &mut all.curve);
        all.curve = curve.plus(&share.curve);
    }
    all
}

/// A caller's workloads, one for each kind of key.
fn workloads(log: &Log, name: &str, share: &Share, arrivals: &str) -> String {
    let mut text = String::new();
    for (spec, mix) in &share.mix {
        let calls: u64 = mix.values().sum();
        let part = calls as f64 / share.calls.max(1) as f64;
        let _ = write!(
            text,
            "\x20 {name}{suffix}:\n\
             {load}\
             \x20   arrivals: {arrivals}\n\
             \x20   jobs: {{ {jobs} }}\n\
             \x20   payload: 256B                 # assumed: a log does not hold sizes\n\
             \x20   keys: {{ {keys}, spec: {spec} }}\n\
             \x20   contexts: {{ {contexts} }}\n",
            suffix = suffix(*spec),
            load = load(&share.curve, part, log.seconds()),
            jobs = jobs(mix),
            keys = pick(&log.key_use, log.keys),
            contexts = pick(&log.context_use, log.contexts),
        );
        if share.is_service {
            text.push_str(
                "    # An AWS service calls on the account's behalf: your retries, limiters and caches do not act on it.\n\
                 \x20   strategies: { all: { retry: { mode: none }, limiter: none, cache: none } }\n",
            );
        }
    }
    text
}

/// The executor: one rate if it hardly changes, otherwise a step for each stretch of time.
fn load(curve: &Curve, part: f64, seconds: u64) -> String {
    let width = curve.calls.len().div_ceil(STEPS).max(1);
    let step = curve.step * width as u64;
    let ends = (1..).map(|n| (n * step).min(seconds));
    let mut begun = 0;
    let steps: Vec<(u64, f64)> = curve
        .calls
        .chunks(width)
        .zip(ends)
        .filter_map(|(calls, end)| {
            let length = end.saturating_sub(std::mem::replace(&mut begun, end));
            (length > 0).then(|| (length, calls.iter().sum::<u64>() as f64 * part / length as f64))
        })
        .collect();
    let all: f64 = steps.iter().map(|(length, rate)| *length as f64 * rate).sum();
    let lasting: u64 = steps.iter().map(|(length, _)| length).sum();
    let mean = all / lasting.max(1) as f64;
    if steps.iter().all(|(_, rate)| (rate - mean).abs() <= mean * 0.05) || steps.len() == 1 {
        return format!(
            "\x20   executor: constant-arrival-rate\n\x20   rate: {}\n\x20   duration: {}s\n",
            rate(mean),
            lasting.max(1)
        );
    }
    let mut text = format!(
        "\x20   executor: ramping-arrival-rate\n\x20   startRate: {}\n\x20   stages:\n",
        rate(steps.first().map_or(0.0, |(_, rate)| *rate))
    );
    let mut merged: Vec<(u64, Rate)> = Vec::new();
    for (length, of) in &steps {
        match merged.last_mut().filter(|(_, last)| *last == rate(*of)) {
            Some((before, _)) => *before += length,
            None => merged.push((*length, rate(*of))),
        }
    }
    for (at, (length, of)) in merged.iter().enumerate() {
        if at > 0 {
            let _ = writeln!(text, "      - {{ duration: 0s, target: {of} }}");
        }
        let _ = writeln!(text, "      - {{ duration: {length}s, target: {of} }}");
    }
    text
}

/// To four figures behind the point, which is more than a log can tell.
fn rate(per_s: f64) -> Rate {
    Rate::new((per_s * 1e4).round() as u64, 10_000)
}

/// How many, and by which law of popularity.
fn pick(popular: &Popular, count: u64) -> String {
    match zipf(&popular.uses) {
        Some(exponent) => format!("count: {}, popularity: zipf({exponent:.2})", count.max(1)),
        None => format!("count: {}", count.max(1)),
    }
}

/// The exponent of Zipf's law under which the uses found, most first, are likeliest; `None` if all are used alike or nobody can
/// tell.
pub(super) fn zipf(uses: &[u64]) -> Option<f64> {
    let all: u64 = uses.iter().sum();
    if uses.len() < 2 || all < 10 {
        return None;
    }
    let logs: Vec<f64> = (1..=uses.len()).map(|rank| libm::log(rank as f64)).collect();
    let weighted: f64 = uses.iter().zip(&logs).map(|(uses, log)| *uses as f64 * log).sum();
    let likelihood = |exponent: f64| {
        let sum: f64 = logs.iter().map(|log| libm::exp(-exponent * log)).sum();
        -exponent * weighted - all as f64 * libm::log(sum)
    };
    // It has one summit: halve the interval that it is in, by the slope.
    let (mut low, mut high) = (0.0, 5.0);
    for _ in 0..20 {
        let middle: f64 = (low + high) / 2.0;
        if likelihood(middle + 1e-4) > likelihood(middle - 1e-4) { low = middle } else { high = middle }
    }
    let exponent: f64 = (low + high) / 2.0;
    (exponent >= 0.05).then_some(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_law_of_popularity_is_found_again() {
        for exponent in [0.3, 1.0, 1.7] {
            let uses: Vec<u64> =
                (1..=100).map(|rank| (1e6 * libm::pow(f64::from(rank), -exponent)).round() as u64).collect();
            let found = zipf(&uses).unwrap();
            assert!((found - exponent).abs() < 0.01, "{exponent} is taken for {found}");
        }
        assert_eq!((zipf(&[5; 20]), zipf(&[1]), zipf(&[3, 2])), (None, None, None));
    }

    #[test]
    fn steps_keep_the_number_of_calls() {
        let curve = Curve { step: 2, calls: vec![10, 0, 30, 4] };
        let text = load(&curve, 1.0, 7);
        let stages: Vec<&str> = text.lines().filter(|line| line.contains("duration")).collect();
        assert_eq!(stages.len(), 7, "{text}");
        assert!(text.contains("startRate: 5/s") && text.contains("{ duration: 2s, target: 15/s }"), "{text}");
        assert!(text.contains("{ duration: 1s, target: 4/s }"), "{text}");
        assert!(load(&Curve { step: 1, calls: vec![7; 50] }, 0.5, 50).contains("rate: 3.5/s"));
    }
}
