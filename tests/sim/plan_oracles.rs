//! `plan` where the answer is known: constant and Poisson arrivals, window and bucket, none and immediate retries.

use super::support::scenario;
use keystorm::engine::planning::{Asked, plan};
use keystorm::engine::{Control, TrialRunner, simulate_one};
use keystorm::planner::capacity::StrategyNeed;
use keystorm::planner::need::Interval;
use keystorm::planner::variant::with_only_quota;
use keystorm::results::holds;
use keystorm::scenario::Scenario;
use keystorm::time::Time;
use keystorm::workload::ArrivalCursor;
use std::sync::atomic::AtomicU64;

const RATE: f64 = 200.0;
const SECONDS: f64 = 20.0;

/// 200 jobs a second for 20 s, of which at most one in a hundred may fail.
fn question(arrivals: &str, enforcement: &str, retry: &str, seed: u64) -> Scenario {
    scenario(&format!(
        "seed: {seed}
quotas: {{ symmetric: 150/s, enforcement: {enforcement} }}
workloads:
  w: {{ executor: constant-arrival-rate, arrivals: {arrivals}, rate: 200/s, duration: 20s, jobs: {{ Decrypt: 1 }} }}
strategies: {{ s: {{ retry: {retry} }} }}
trials: 10
thresholds: {{ failed: [ \"rate<1%\" ] }}"
    ))
}

const NONE: &str = "{ mode: none }";
const IMMEDIATE: &str = "{ mode: immediate, maxAttempts: 4 }";
const WINDOW: &str = "{ window: { phase: 0s } }";
const BUCKET: &str = "{ bucket: { burst: 1s } }";

fn found(scenario: &Scenario) -> StrategyNeed {
    let asked = Asked {
        scenario,
        growth: 1.0,
        season: 1.0,
        failover: 1.0,
        utilisation: 1.0,
        kinds: Vec::new(),
        free_tier: false,
        threads: 2,
    };
    let mut pools = plan(&asked, TrialRunner::here(&Control::default()), &AtomicU64::new(0));
    assert_eq!(pools.len(), 1, "it draws on one quota");
    pools[0].strategies.remove(0)
}

fn need(scenario: &Scenario) -> Interval {
    found(scenario).need_per_s.expect("some quota suffices")
}

#[test]
fn with_constant_arrivals_the_need_is_the_closed_form_within_a_hundredth() {
    for retry in [NONE, IMMEDIATE] {
        // A window grants q of 200; whoever retries takes from others: 1 - q/200 < 1 %.
        let of_window = 0.99 * RATE;
        // A bucket grants q a second and its burst once: 1 - q (20 + 1) / (200 x 20) < 1 %.
        let of_bucket = 0.99 * RATE * SECONDS / (SECONDS + 1.0);
        for (enforcement, exact) in [(WINDOW, of_window), (BUCKET, of_bucket)] {
            let need = need(&question("uniform", enforcement, retry, 42));
            for side in [need.low, need.value, need.high] {
                assert!((side / exact - 1.0).abs() < 0.01, "{enforcement} {retry}: {need:?}, exact {exact}");
            }
            assert!(need.low < exact + 1.0 && need.high >= exact, "{enforcement} {retry}: {need:?} {exact}");
        }
    }
}

/// What a trial of Poisson arrivals needs, from its arrivals alone: the smallest q at which the windows' excess over it is
/// less than a hundredth of all.
fn exact(scenario: &Scenario, trial: u32) -> f64 {
    let workload = &scenario.workloads[0];
    let arrivals = ArrivalCursor::new(&workload.executor, Time::ZERO, scenario.seed, trial, 0).expect("open");
    let mut windows = [0u64; 21];
    arrivals.for_each(|arrival| windows[arrival.at.as_secs_f64() as usize] += 1);
    let all: u64 = windows.iter().sum();
    let excess = |q: u64| windows.iter().map(|n| n.saturating_sub(q)).sum::<u64>() as f64;
    (1..).find(|q| excess(*q) < 0.01 * all as f64).expect("some quota") as f64
}

#[test]
fn the_need_of_random_arrivals_is_what_their_windows_say() {
    let scenario = question("poisson", WINDOW, NONE, 42);
    let mut exact: Vec<f64> = (0..10).map(|trial| exact(&scenario, trial)).collect();
    exact.sort_by(f64::total_cmp);
    let need = need(&scenario);
    assert!((need.value - exact[5]).abs() <= 1.0, "{need:?}, exact {exact:?}");
    assert!(need.high >= exact[9] && need.low <= exact[0].max(need.value), "{need:?}, exact {exact:?}");
}

/// How many of 100 fresh seeds meet the threshold at a quota.
fn meet(scenario: &Scenario, quota: f64) -> usize {
    let fresh = |seed: u64| {
        let limited = Scenario { seed, ..with_only_quota(scenario, "symmetric", quota as u64) };
        let done = simulate_one(&limited, 0, 0, &Control::default());
        holds(&limited.thresholds[0], &done.recorder, &limited) == Some(true)
    };
    (0..100).filter(|n| fresh(1_000_000 + scenario.seed * 1_000 + n)).count()
}

#[test]
fn at_high_nine_of_ten_fresh_seeds_meet_and_at_low_half_of_them_miss() {
    for (seed, enforcement, retry) in
        [(42, "window", NONE), (43, BUCKET, NONE), (44, "window", IMMEDIATE), (45, BUCKET, IMMEDIATE)]
    {
        let scenario = question("poisson", enforcement, retry, seed);
        let need = need(&scenario);
        let (high, low) = (meet(&scenario, need.high), meet(&scenario, need.low));
        assert!(high >= 90, "{seed} {enforcement} {retry}: {high} of 100 at {need:?}");
        assert!(low <= 50, "{seed} {enforcement} {retry}: {low} of 100 at {need:?}");
    }
}

#[test]
fn the_interval_is_no_wider_than_the_arrivals_make_it() {
    let scenario = question("poisson", WINDOW, NONE, 42);
    let mut fresh: Vec<f64> =
        (0..400).map(|n| exact(&Scenario { seed: 7_000_000 + n, ..scenario.clone() }, 0)).collect();
    fresh.sort_by(f64::total_cmp);
    let need = need(&scenario);
    // From a tenth of all trials' needs to all but one in two hundred.
    assert!(
        need.low >= fresh[40] - 1.0 && need.high <= fresh[399] + 3.0,
        "{need:?}, {} {}",
        fresh[40],
        fresh[399]
    );
}

#[test]
fn the_peaks_tell_what_the_whole_schedule_needs() {
    // A plateau too long to be simulated in every trial, and a peak above it.
    let peak = "[ { duration: 100s, target: 500/s }, { duration: 0s, target: 4000/s }, { duration: 50s, target: 4000/s }, \
                  { duration: 0s, target: 500/s }, { duration: 100s, target: 500/s } ]";
    let plateau = "[ { duration: 400s, target: 1000/s } ]";
    // Overload that lasts: jobs that wait for their retries add up for a minute before as many fail as come.
    let overload = "[ { duration: 900s, target: 500/s } ]";
    let (standard, slow) =
        ("{ mode: aws-standard }", "{ mode: exponential, base: 1s, cap: 20s, maxAttempts: 4 }");
    for (name, start, stages, retry, failed) in [
        ("plateau", 1_000, plateau, standard, "0.5%"),
        ("peak", 500, peak, standard, "0.5%"),
        ("overload", 500, overload, slow, "2%"),
    ] {
        let scenario = scenario(&format!(
            "quotas: {{ symmetric: 900/s }}
workloads:
  w: {{ executor: ramping-arrival-rate, startRate: {start}/s, stages: {stages}, jobs: {{ Decrypt: 1 }} }}
strategies: {{ s: {{ retry: {retry} }} }}
trials: 2
thresholds: {{ failed: [ \"rate<{failed}\" ] }}"
        ));
        let asked = Asked {
            scenario: &scenario,
            growth: 1.0,
            season: 1.0,
            failover: 1.0,
            utilisation: 1.0,
            kinds: Vec::new(),
            free_tier: false,
            threads: 2,
        };
        let pool = plan(&asked, TrialRunner::here(&Control::default()), &AtomicU64::new(0)).remove(0);
        let verified = pool.verified.expect("parts were searched, the whole was not");
        assert!(verified.differ_by < 0.01, "{name}: {verified:?} {:?}", pool.strategies[0].need_per_s);
        assert_eq!(verified.seeds.len(), 2);
    }
}
