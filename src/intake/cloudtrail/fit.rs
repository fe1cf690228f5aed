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
/// Above it they come in bursts.
const BURSTY: f64 = 1.5;
/// More the language does not take.
const BURSTIEST: f64 = 10_000.0;

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
    let aliases = aliases(log);
    let rest = log.callers.get(aliases.len()..).unwrap_or_default();
    for (name, share) in &aliases {
        text.push_str(&workloads(log, name, share, dispersion(share, log.seconds())));
    }
    if !rest.is_empty() {
        // Independent of each other: their variances add up, and so does what they are measured against.
        let variance = |share: &Share| dispersion(share, log.seconds()) * share.calls as f64;
        let calls: u64 = rest.iter().map(|share| share.calls).sum();
        let spread = rest.iter().map(variance).sum::<f64>() / calls.max(1) as f64;
        text.push_str(&workloads(log, "others", &together(rest), spread));
    }
    Some(text + &strategies(log))
}

/// How unevenly calls come, and what the fit makes of it.
fn burstiness(log: &Log) -> String {
    let (Some(spread), Some(peak)) = (log.dispersion, log.peak_second) else { return String::new() };
    format!(
        "# Burstiness (variance ÷ mean of the seconds of a minute; 1 at random, 0 evenly): {spread:.2}. The log's busiest second\n\
         # has {} calls. Each caller's seconds are as bursty here as its own were; that several burst at once is left to chance.\n",
        peak.calls
    )
}

/// Variance ÷ mean of a caller's seconds around the steps of its curve.
fn dispersion(share: &Share, seconds: u64) -> f64 {
    let steps = steps(&share.curve, 1.0, seconds);
    let lasting: u64 = steps.iter().map(|(length, _)| length).sum();
    let around: f64 = steps.iter().map(|(length, rate)| *length as f64 * rate * rate).sum();
    let free = lasting.saturating_sub(steps.len() as u64);
    if share.calls == 0 || lasting == 0 || free == 0 {
        return 1.0;
    }
    let mean = share.calls as f64 / lasting as f64;
    ((share.squares - around).max(0.0) / free as f64 / mean).min(BURSTIEST)
}

/// How a load so dispersed is spaced.
fn spacing(dispersion: f64) -> String {
    match dispersion {
        spread if spread < EVEN => "uniform".into(),
        spread if spread > BURSTY => format!("bursty({spread:.2})"),
        _ => "poisson".into(),
    }
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
fn workloads(log: &Log, name: &str, share: &Share, dispersion: f64) -> String {
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
            // A part of a caller's calls, taken at random, is less dispersed than the whole.
            arrivals = spacing(1.0 + (dispersion - 1.0) * part),
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

/// The lengths of a curve's steps and their rates, `part` of them.
fn steps(curve: &Curve, part: f64, seconds: u64) -> Vec<(u64, f64)> {
    let width = curve.calls.len().div_ceil(STEPS).max(1);
    let step = curve.step * width as u64;
    let ends = (1..).map(|n| (n * step).min(seconds));
    let mut begun = 0;
    let steps = curve.calls.chunks(width).zip(ends).filter_map(|(calls, end)| {
        let length = end.saturating_sub(std::mem::replace(&mut begun, end));
        (length > 0).then(|| (length, calls.iter().sum::<u64>() as f64 * part / length as f64))
    });
    steps.collect()
}

/// The executor: one rate if it hardly changes, otherwise a step for each stretch of time.
fn load(curve: &Curve, part: f64, seconds: u64) -> String {
    let steps = steps(curve, part, seconds);
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
