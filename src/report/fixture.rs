//! A run to draw in tests: three strategies, two minutes, a quota of 1,000 a second and an overload in the middle.

use crate::results::{
    Attempts, Caution, Cost, DEFINITIONS, DataKeys, EndedEarly, Generator, Jobs, OperationRun, PartRun,
    PoolRun, Rates, Ratios, RefusalSeen, Run, SCHEMA, SetUp, StrategyRun, StrategyWall, ThresholdRun,
    Timeline, Tool, Trend, Vantage, Verdict, Wall,
};
use std::collections::BTreeMap;

const SECONDS: u64 = 120;
const QUOTA: u64 = 1_000;

/// A saved run with every part that a report can have.
pub fn run() -> Run {
    let strategies = vec![
        strategy("naive", 3.0, 0.0, 180.0),
        strategy("full-jitter", 1.4, 0.0, 90.0),
        strategy("cached", 1.0, 0.9, 12.0),
    ];
    Run {
        thresholds: strategies.iter().flat_map(thresholds).collect(),
        strategies,
        cautions: vec![
            caution(
                "naive",
                "retry-storm",
                "2.41 attempts a call: retries doubled the load on a full quota.",
                "Add full jitter and a retry budget (retry.budget: 10%).",
            ),
            caution(
                "cached",
                "cache-exposure",
                "One data key protected 4,812 messages.",
                "Lower cache.maxMessages to bound what one leaked key exposes.",
            ),
        ],
        gate: vec![],
        ..empty()
    }
}

/// The same, as a live run of an endpoint would have saved it.
pub fn live() -> Run {
    let generator = |lateness_p99_ms| Generator {
        busy_share: 0.31,
        lateness_p99_ms,
        lateness_bound_ms: 12.0,
        is_limited: false,
    };
    let mut run = Run { target: "http://127.0.0.1:8080".into(), ..run() };
    for strategy in &mut run.strategies {
        strategy.lateness_ms = trend(strategy.attempts, 0.4);
    }
    let strategies = run.strategies.iter().map(|strategy| StrategyWall {
        name: strategy.name.clone(),
        elapsed_s: 120.4,
        generator: generator(1.2),
        refusals: vec![RefusalSeen {
            code: "ThrottlingException".into(),
            message: "You have exceeded the rate at which you may call KMS.".into(),
        }],
        ended_early: (strategy.name == "naive").then(|| EndedEarly::Cap { cap: "attempts".into() }),
    });
    run.wall = Some(Wall {
        run_id: "1f0c2d3e4b5a6978".into(),
        command: "keystorm run storm.yaml --target http://127.0.0.1:8080".into(),
        started_at: "2026-11-24T10:00:00Z".into(),
        elapsed_s: 364.2,
        vantage: Vantage {
            host: "bench-1".into(),
            os: "linux x86_64".into(),
            cores: 2,
            client: "raw".into(),
            endpoint: "http://127.0.0.1:8080".into(),
            region: "eu-central-1".into(),
            tls: false,
            fips: false,
            connections: Some(32),
        },
        set_up: SetUp { attempts: 12, keys_made: 1 },
        strategies: strategies.collect(),
        workers: Vec::new(),
    });
    run
}

/// A run in which nothing happened.
pub fn empty() -> Run {
    let scenario = serde_json::json!({
        "name": "retry-storm", "seed": 7, "target": "sim", "region": "eu-central-1",
        "workloads": [{ "name": "orders", "operation": "Decrypt", "rate": "900/s", "duration": "2m" }],
        "strategies": {
            "naive": { "retry": { "mode": "immediate", "maxAttempts": 4 } },
            "full-jitter": { "retry": {
                "mode": "exponential", "base": "50ms", "cap": "20s", "factor": 2.0, "jitter": "full", "maxAttempts": 5,
            } },
            "cached": { "retry": { "mode": "none" }, "cache": { "maxAge": "5m", "maxMessages": 1000 } },
        },
    });
    Run {
        schema: SCHEMA.into(),
        definitions: DEFINITIONS,
        tool: Tool { name: "keystorm".into(), version: "0.1.0".into() },
        name: "retry-storm".into(),
        question: "Which retry strategy survives a minute at 140% of the quota?".into(),
        command: Vec::new(),
        answer: None,
        scenario,
        scenario_hash: "9f2c51d07be3a846".into(),
        seed: 7,
        target: "sim".into(),
        region: "eu-central-1".into(),
        interrupted: false,
        assumptions: vec![
            "Service time is lognormal with a median of 12 ms until it is calibrated.".into(),
            "Refused attempts cost nothing.".into(),
        ],
        strategies: vec![StrategyRun { name: "idle".into(), ..StrategyRun::default() }],
        thresholds: vec![],
        gate: vec![],
        cautions: vec![],
        differences: vec![],
        limiter_kinds: None,
        trials_until: None,
        wall: None,
    }
}

/// Jobs that arrive in second `t`: a base load with a storm from 40 s to 80 s, and a little noise.
fn arrivals(t: u64) -> u64 {
    let base = if (40..80).contains(&t) { 1_400 } else { 700 };
    base + (t * 7_919 % 101) - 50
}

/// A strategy that tries refused calls again `eagerness` times and serves `cached` of its jobs itself.
fn strategy(name: &str, eagerness: f64, cached: f64, scale_ms: f64) -> StrategyRun {
    let timeline = timeline(eagerness, cached, scale_ms);
    let sum = |values: &[u64]| values.iter().sum::<u64>();
    let [offered, completed, failed] =
        [&timeline.offered, &timeline.goodput, &timeline.failed].map(|v| sum(v));
    let [attempts, throttled] = [&timeline.attempts, &timeline.throttled].map(|v| sum(v));
    let served_from_cache = (completed as f64 * cached) as u64;
    let calls = offered - served_from_cache;
    let jobs =
        Jobs { offered, completed, failed, shed: 0, unfinished: 0, served_from_cache, in_window: offered };
    let ratios = Ratios {
        success: completed as f64 / offered as f64,
        throttle: throttled as f64 / attempts as f64,
        amplification: attempts as f64 / calls as f64,
        cache_hit: cached,
    };
    let per_s = |count: u64| count as f64 / SECONDS as f64;
    let peak = timeline.attempts.iter().copied().max().unwrap_or(0);
    let faults = sum(&timeline.faults);
    let response_time_ms = trend(completed, scale_ms);
    let in_window =
        Attempts { calls, attempts, throttled, faults, denied: 0, timeouts: sum(&timeline.timeouts) };
    let part = |name: &str| PartRun {
        name: name.into(),
        jobs,
        calls,
        attempts,
        throttled,
        faults,
        denied: 0,
        timeouts: 0,
        in_window: Some(in_window),
        units: None,
        ratios,
        goodput_per_s: Some(per_s(completed)),
        done_after_s: None,
        response_time_ms,
    };
    StrategyRun {
        name: name.into(),
        trials: 1,
        jobs,
        calls,
        attempts,
        throttled,
        faults,
        denied: 0,
        timeouts: sum(&timeline.timeouts),
        in_window: Some(in_window),
        units: None,
        by_operation: BTreeMap::from([("Decrypt".into(), operation(calls, attempts, throttled, scale_ms))]),
        stages: vec![part("orders/0")],
        workloads: vec![part("orders")],
        ratios,
        rates: Rates {
            offered_per_s: Some(per_s(offered)),
            goodput_per_s: Some(per_s(completed)),
            attempts_per_s: Some(per_s(attempts)),
            throughput_per_s: Some(per_s(attempts)),
            throttled_per_s: Some(per_s(throttled)),
            window_s: SECONDS as f64,
            peak_attempts_1s: peak,
        },
        pools: BTreeMap::from([(
            "symmetric".into(),
            PoolRun {
                limit_per_s: QUOTA as f64,
                peak_1s: peak,
                utilisation_peak: peak as f64 / QUOTA as f64,
                throttled,
                seconds: None,
            },
        )]),
        response_time_ms,
        service_time_ms: trend(attempts, 12.0),
        data_keys: if cached > 0.0 {
            DataKeys { generated: 412, messages_max: 4_812, bytes_max: 1_231_872, age_max_s: 59.7 }
        } else {
            DataKeys::default()
        },
        cost: Cost {
            requests_usd: attempts as f64 * 3e-6,
            per_million_completed_usd: Some(attempts as f64 * 3.0 / completed as f64),
            per_month_usd: Some(per_s(attempts) * 2_592_000.0 * 3e-6),
        },
        failures: BTreeMap::from([("throttled".into(), failed)]),
        response_curve_ms: curve(scale_ms),
        response_histogram_ms: histogram(completed, scale_ms),
        timeline,
        ..StrategyRun::default()
    }
}

/// What happens second by second: the quota admits up to its limit, the rest is refused and tried again.
fn timeline(eagerness: f64, cached: f64, scale_ms: f64) -> Timeline {
    let mut timeline = Timeline { interval_s: 1, ..Timeline::default() };
    let mut waiting = 0.0;
    for t in 0..SECONDS {
        let offered = arrivals(t);
        let calls = offered as f64 * (1.0 - cached) + waiting;
        let refused = (calls - QUOTA as f64).max(0.0);
        let attempts = (calls + refused * (eagerness - 1.0)).round() as u64;
        waiting = (refused * 0.5).min(800.0);
        let failed = ((refused * 0.5) as u64).min(offered);
        timeline.offered.push(offered);
        timeline.attempts.push(attempts);
        timeline.throttled.push(attempts.saturating_sub(QUOTA));
        timeline.faults.push(u64::from(t % 40 == 11));
        timeline.timeouts.push(0);
        timeline.goodput.push(offered - failed);
        timeline.failed.push(failed);
        timeline.shed.push(0);
        timeline.in_flight.push(20 + waiting as u64);
        timeline.response_p99_ms.push((t > 0).then(|| (quantile(0.99, scale_ms) + waiting).round()));
    }
    timeline.pools.insert("symmetric".into(), timeline.attempts.clone());
    timeline
}

/// The response time below which a share of jobs stays.
fn quantile(share: f64, scale_ms: f64) -> f64 {
    12.0 + scale_ms * (1.0 / (1.0 - share.min(0.999_99))).ln()
}

fn trend(count: u64, scale_ms: f64) -> Trend {
    let at = |share| quantile(share, scale_ms);
    Trend {
        count,
        mean: 12.0 + scale_ms,
        min: 12.0,
        p50: at(0.5),
        p90: at(0.9),
        p95: at(0.95),
        p99: at(0.99),
        p99_9: at(0.999),
        max: at(1.0),
    }
}

fn curve(scale_ms: f64) -> Vec<[f64; 2]> {
    let step = |i: u32| 1.0 - 0.5_f64.powf(f64::from(i) / 5.0);
    (0..80).map(step).chain([1.0]).map(|share| [share * 100.0, quantile(share, scale_ms)]).collect()
}

fn histogram(jobs: u64, scale_ms: f64) -> Vec<[f64; 3]> {
    let edge = |i: u32| 10.0 * 10_f64.powf(f64::from(i) / 20.0);
    let below = |ms: f64| 1.0 - (-(ms - 12.0).max(0.0) / scale_ms).exp();
    (0..50)
        .map(|i| [edge(i), edge(i + 1), (jobs as f64 * (below(edge(i + 1)) - below(edge(i)))).round()])
        .collect()
}

fn operation(calls: u64, attempts: u64, throttled: u64, scale_ms: f64) -> OperationRun {
    OperationRun {
        calls,
        attempts,
        throttled,
        faults: 3,
        denied: 0,
        timeouts: 0,
        response_time_ms: trend(calls, scale_ms),
        service_time_ms: trend(attempts, 12.0),
    }
}

fn thresholds(s: &StrategyRun) -> Vec<ThresholdRun> {
    let each = |name: &str, expression: &str, value: Option<f64>, holds: bool| ThresholdRun {
        failed_share: None,
        remedy: None,
        strategy: s.name.clone(),
        name: name.into(),
        expression: expression.into(),
        value,
        verdict: match value {
            None => Verdict::NoData,
            Some(_) if holds => Verdict::Met,
            Some(_) => Verdict::Missed,
        },
    };
    let p99 = s.response_time_ms.p99;
    let mut all = vec![
        each("response_time{operation:Decrypt}", "p(99)<250ms", Some(p99), p99 < 250.0),
        each("failed", "rate<1%", Some(1.0 - s.ratios.success), s.ratios.success > 0.99),
    ];
    if s.name == "naive" {
        all.push(each("response_time{operation:Sign}", "p(99)<1s", None, false));
    }
    all
}

fn caution(strategy: &str, kind: &str, symptom: &str, remedy: &str) -> Caution {
    Caution { strategy: strategy.into(), kind: kind.into(), symptom: symptom.into(), remedy: remedy.into() }
}
