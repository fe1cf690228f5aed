//! Intervals cover what they are of, and are no wider than they have to be; differences that are there are found.
//!
//! Each question has an answer in closed form. Of runs that differ in nothing but their seed, how many have an interval that
//! holds the answer, and how wide are they beside what theory says of a figure whose error is known?

use crate::support::{self, scenario};
use keystorm::results::Run;
use keystorm::results::merit::{Criterion, Merit, Reason, Versus};
use std::collections::BTreeMap;

/// Jobs a second and the window's seconds.
const RATE: f64 = 100.0;
const WINDOW: f64 = 8.0;

fn question(seed: u64, trials: u32, times: &str, retry: &str, rest: &str) -> Run {
    support::run(
        &scenario(&format!(
            "version: 1\nseed: {seed}\nserviceTime: {times}\n\
             workloads: {{ w: {{ executor: constant-arrival-rate, rate: {RATE}/s, warmUp: 3s, duration: 11s, jobs: {{ Decrypt: 1 }} }} }}\n\
             strategies: {{ s: {{ retry: {retry} }} }}\ntrials: {trials}\n{rest}"
        )),
        2,
    )
}

/// A figure's answer, and the standard error that theory gives it over a whole run.
struct Known {
    figure: &'static str,
    answer: f64,
    error: f64,
}

/// Quantiles of Student's t, two-sided 95 %.
const T: [(u32, f64); 2] = [(5, 2.776), (10, 2.262)];
/// The same of a normal distribution: what an interval would be if every error were known beforehand.
const Z: f64 = 1.960;

/// Of how many runs each figure's interval holds its answer, and the mean width of all beside `2 × error`.
fn covered(
    runs: u64,
    trials: u32,
    known: &[Known],
    run: impl Fn(u64) -> Run,
) -> BTreeMap<&'static str, (f64, f64)> {
    let mut found: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for seed in 0..runs {
        let run = run(1_000 + seed);
        let intervals = &run.strategies[0].intervals;
        assert_eq!(run.strategies[0].trials, trials);
        for Known { figure, answer, error } in known {
            let [low, high] = intervals[*figure];
            assert!(low >= 0.0 && low <= high, "{figure}: {low} {high}");
            let entry = found.entry(figure).or_default();
            entry.0 += f64::from(u8::from(low <= *answer && *answer <= high)) / runs as f64;
            entry.1 += (high - low) / (2.0 * error) / runs as f64;
        }
    }
    found
}

fn holds(runs: u64, trials: u32, known: &[Known], run: impl Fn(u64) -> Run) {
    let t = T.iter().find(|(each, _)| *each == trials).expect("a listed number").1;
    // A hundred runs say less than a thousand: 92 % less two standard errors.
    let least = if runs >= 1_000 { 0.92 } else { 0.87 };
    for (figure, (share, width)) in covered(runs, trials, known, run) {
        println!(
            "{figure}, {trials} trials: {:.1} % of {runs} runs, width {:.2} × theory's",
            share * 100.0,
            width / t
        );
        assert!(share >= least, "{figure}: {share} of {runs}");
        assert!(width <= 1.25 * t, "{figure}: {} times as wide as theory's", width / t);
        // Of ten trials even beside what it would be with the error known.
        assert!(trials < 10 || width <= 1.25 * Z, "{figure}: {} times z", width / Z);
    }
}

/// Half a lognormal's spread on the scale of logarithms, from its p99 ÷ p50.
fn sigma(ratio: f64) -> f64 {
    ratio.ln() / 2.326_347_874
}

/// The standard error of a quantile over `jobs`: √(p (1 − p) ÷ n) ÷ density.
fn quantile_error(p: f64, density: f64, jobs: f64) -> f64 {
    (p * (1.0 - p) / jobs).sqrt() / density
}

fn normal_density(z: f64) -> f64 {
    (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

const P99: f64 = 2.326_347_874;

/// 5 % of attempts fail, and nobody tries again: goodput, success, and the percentiles of a lognormal.
fn plain(runs: u64, trials: u32) {
    let (jobs, spread) = (RATE * WINDOW * f64::from(trials), sigma(5.0));
    let completed = 0.95 * jobs;
    let density = |z: f64, at: f64| normal_density(z) / (at * spread);
    let known = [
        Known {
            figure: "goodput_per_s",
            answer: 95.0,
            error: completed.sqrt() / (WINDOW * f64::from(trials)),
        },
        Known { figure: "success", answer: 0.95, error: (0.95 * 0.05 / jobs).sqrt() },
        Known {
            figure: "responseTime_p50_ms",
            answer: 20.0,
            error: quantile_error(0.5, density(0.0, 20.0), completed),
        },
        Known {
            figure: "responseTime_p99_ms",
            answer: 100.0,
            error: quantile_error(0.99, density(P99, 100.0), completed),
        },
    ];
    let faults = "faults: [ { at: 0s, for: 1m, kind: error, probability: 5% } ]";
    holds(runs, trials, &known, |seed| {
        question(seed, trials, "{ p50: 20ms, p99: 100ms }", "{ mode: none }", faults)
    });
}

/// 20 % of attempts fail and are tried twice more: 1 + f + f² attempts a call, 1 − f³ completed.
fn retried(runs: u64, trials: u32) {
    let (jobs, f) = (RATE * WINDOW * f64::from(trials), 0.2f64);
    let mean = 1.0 + f + f * f;
    let square = (1.0 - f) + 4.0 * f * (1.0 - f) + 9.0 * f * f;
    let success = 1.0 - f * f * f;
    let known = [
        Known { figure: "amplification", answer: mean, error: ((square - mean * mean) / jobs).sqrt() },
        Known { figure: "success", answer: success, error: (success * (1.0 - success) / jobs).sqrt() },
    ];
    let faults = "faults: [ { at: 0s, for: 1m, kind: error, probability: 20% } ]";
    let retry = "{ mode: immediate, maxAttempts: 3 }";
    holds(runs, trials, &known, |seed| question(seed, trials, "{ fixed: 5ms }", retry, faults));
}

/// 97 % of answers take 10 ms or so, 3 % a second or so: p50 lies in one mode, p99 in the other.
fn bimodal(runs: u64, trials: u32) {
    let (jobs, spread) = (RATE * WINDOW * f64::from(trials), sigma(2.0));
    // p99 of all is where two thirds of the slow ones are, p50 where 50 ÷ 97 of the fast ones are.
    let (slow, fast) = (0.430_727_3, 0.038_773_7);
    let at = |middle: f64, z: f64| middle * (z * spread).exp();
    let density = |share: f64, middle: f64, z: f64| share * normal_density(z) / (at(middle, z) * spread);
    let known = [
        Known {
            figure: "responseTime_p50_ms",
            answer: at(10.0, fast),
            error: quantile_error(0.5, density(0.97, 10.0, fast), jobs),
        },
        Known {
            figure: "responseTime_p99_ms",
            answer: at(1_000.0, slow),
            error: quantile_error(0.99, density(0.03, 1_000.0, slow), jobs),
        },
    ];
    let times = "{ mixture: [ { share: 97%, p50: 10ms, p99: 20ms }, { share: 3%, p50: 1s, p99: 2s } ] }";
    holds(runs, trials, &known, |seed| question(seed, trials, times, "{ mode: none }", ""));
}

#[test]
fn intervals_cover_their_answers_and_are_no_wider_than_they_have_to_be() {
    let runs = crate::times::times(100);
    plain(runs, 5);
    retried(runs, 5);
    bimodal(runs, 5);
}

#[test]
#[ignore = "some minutes: .ci/full coverage"]
fn intervals_cover_in_a_thousand_runs_of_five_and_of_ten_trials() {
    for trials in [5, 10] {
        plain(1_000, trials);
        retried(1_000, trials);
        bimodal(1_000, trials);
    }
}

/// In how many of `runs` runs of five trials the second strategy is found better than the first, by `criterion`.
fn found(runs: u64, criterion: Criterion, text: impl Fn(u64) -> String) -> u64 {
    let better = |seed: u64| {
        let run = support::run(&scenario(&text(seed)), 2);
        assert_eq!(run.strategies[0].trials, 5);
        Merit::new(&run).versus(1, 0) == Versus::Better(Reason::Figure(criterion))
    };
    (0..runs).filter(|seed| better(1_000 + seed)).count() as u64
}

#[test]
fn a_true_difference_of_three_percent_is_found_in_eight_of_ten_runs_of_five_trials() {
    let runs = crate::times::times(100);
    let load = "executor: constant-arrival-rate, rate: 50/s, duration: 10s, jobs: { Decrypt: 1 }";
    let of = |seed: u64, rest: &str| {
        format!("version: 1\nseed: {seed}\ntrials: 5\nworkloads: {{ w: {{ {load} }} }}\n{rest}")
    };
    // A fifth of attempts fail: of two tries 96 % succeed, of three 99.2 %.
    let completed = found(runs, Criterion::Completed, |seed| {
        let faults = "faults: [ { at: 0s, for: 1m, kind: error, probability: 20% } ]";
        let retry = |most: u32| format!("{{ retry: {{ mode: immediate, maxAttempts: {most} }} }}");
        of(seed, &format!("{faults}\nstrategies: {{ a: {}, b: {} }}", retry(2), retry(3)))
    });
    // 3 % of attempts fail and are tried again after 209 or 200 ms: at p99 309 or 300 ms and the times of two answers.
    let response = found(runs, Criterion::Response, |seed| {
        let faults = "faults: [ { at: 0s, for: 1m, kind: error, probability: 3% } ]";
        let times = "serviceTime: { p50: 50ms, p99: 80ms }";
        let retry = |ms: u32| format!("{{ retry: {{ mode: fixed, delay: {ms}ms, maxAttempts: 4 }} }}");
        of(seed, &format!("{faults}\n{times}\nstrategies: {{ a: {}, b: {} }}", retry(209), retry(200)))
    });
    println!("completed {completed}, response {response} of {runs}");
    for (what, found) in [("completed", completed), ("response", response)] {
        assert!(found * 100 >= 80 * runs, "{what}: {found} of {runs}");
    }
}
