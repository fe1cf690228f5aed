//! The engines agree: one scenario in virtual time and run live, in this process and through each client.
//!
//! Both drive the same machines with the same draws, so that what differs is the service: in virtual time it takes
//! exactly as long as was drawn, on the real clock a socket, a scheduler and real cryptography longer.

use super::support::{RAW, adds_up, alone, done, lived, read};
use keystorm::engine::simulate;
use keystorm::record::Trial;
use keystorm::results::conclude;
use keystorm::scenario::Scenario;
use serde_json::Value;

/// Five questions: below the quota, over it, retries into it, a cache before it, a closed model with a limiter.
const SCENARIOS: [(&str, &str); 5] = [
    (
        "below the quota",
        "quotas: { symmetric: 1000/s, enforcement: { window: { phase: 0s } } }
workloads:
  load: { executor: constant-arrival-rate, rate: 150/s, duration: 10s, jobs: { Decrypt: 60, GenerateDataKey: 30, Encrypt: 10 } }
strategies: { no-retry: { retry: { mode: none } } }",
    ),
    (
        "over the quota",
        "quotas: { symmetric: 150/s, enforcement: { window: { phase: 0s } } }
workloads:
  load: { executor: constant-arrival-rate, rate: 200/s, arrivals: uniform, duration: 10s, jobs: { Decrypt: 1 }, deadline: 2s }
strategies: { no-retry: { retry: { mode: none } } }",
    ),
    (
        "retries into the quota",
        "quotas: { symmetric: 60/s, enforcement: { window: { phase: 0s } } }
fleet: { clients: 10 }
workloads:
  load:
    executor: ramping-arrival-rate
    startRate: 50/s
    stages: [ { duration: 5s, target: 130/s }, { duration: 5s, target: 40/s } ]
    jobs: { Encrypt: 1 }
    deadline: 5s
strategies: { full-jitter: { retry: { mode: exponential, base: 100ms, cap: 5s, jitter: full, maxAttempts: 4 } } }",
    ),
    (
        "a cache before it",
        "quotas: { symmetric: 30/s, enforcement: { window: { phase: 0s } } }
fleet: { clients: 4 }
workloads:
  load:
    executor: constant-arrival-rate
    rate: 180/s
    duration: 10s
    jobs: { EncryptMessage: 1 }
    contexts: { count: 5 }
strategies: { cached: { retry: { mode: aws-standard }, cache: { maxAge: 1s, capacity: 10 } } }",
    ),
    (
        "workers with a limiter",
        "quotas: { symmetric: 120/s, enforcement: { window: { phase: 0s } } }
workloads:
  load: { executor: constant-vus, vus: 8, thinkTime: 20ms, duration: 10s, jobs: { GenerateDataKey: 1 } }
strategies: { limited: { retry: { mode: aws-standard }, limiter: { rate: 100/s, burst: 5 } } }",
    ),
];

/// A question as a whole scenario.
fn scenario(target: &str, trials: u32, question: &str) -> String {
    format!(
        "version: 1\ntarget: {target}\ntrials: {trials}\nserviceTime: {{ p50: 25ms, p99: 60ms, throttled: 20ms }}\n{question}"
    )
}

/// The medians over trials of throttled share, goodput and p99 response time.
fn medians(run: &Value) -> [f64; 3] {
    ["throttle", "goodput_per_s", "responseTime_p99_ms"].map(|name| {
        let values = run["strategies"][0]["trialValues"][name].as_array().expect("values of each trial");
        let mut values: Vec<f64> = values.iter().map(|value| value.as_f64().expect("a number")).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    })
}

/// Within one point of throttled share, 3 % of goodput, and 10 % or 20 ms of p99 response time.
fn agree(name: &str, client: &str, simulated: &Value, live: &Value) {
    adds_up(live);
    let ([throttle, goodput, p99], [throttle_live, goodput_live, p99_live]) =
        (medians(simulated), medians(live));
    let line = format!(
        "| {name} | {client} | {:.1} % | {:.1} % | {goodput:.1} | {goodput_live:.1} | {p99:.0} | {p99_live:.0} |",
        throttle * 100.0,
        throttle_live * 100.0
    );
    println!("{line}");
    assert!((throttle - throttle_live).abs() <= 0.01, "throttled share: {line}");
    assert!((goodput_live / goodput - 1.0).abs() <= 0.03, "goodput: {line}");
    assert!((p99_live - p99).abs() <= (p99 * 0.1).max(20.0), "p99 response time: {line}");
}

/// What is saved of a run.
fn saved(scenario: &Scenario, trials: &[Vec<Trial>]) -> Value {
    serde_json::to_value(conclude(scenario, "", scenario.to_value(), trials, false).0).expect("JSON")
}

#[test]
fn the_engines_agree_on_a_paused_clock() {
    for (name, question) in SCENARIOS {
        let (sim, live) = (read(&scenario("sim", 3, question)), read(&scenario("emulator", 3, question)));
        let simulated = saved(&sim, &simulate(&sim, 1, &keystorm::engine::Control::default()));
        agree(name, "in-process", &simulated, &saved(&live, &lived(&live)));
    }
}

/// Through sockets, all clients side by side: none of them keeps a core busy.
fn agree_on_the_real_clock(name: &str, question: &str, trials: u32) {
    let _quiet = alone();
    let scenario = scenario("sim", trials, question);
    let simulated = done(&scenario, &[]);
    #[cfg(feature = "aws")]
    let clients = [RAW, super::support::SDK];
    #[cfg(not(feature = "aws"))]
    let clients = [RAW];
    let lives = std::thread::scope(|scope| {
        let sent = |client: &'static [&str]| {
            let scenario = &scenario;
            scope.spawn(move || done(scenario, &[&["--target", "emulator"], client].concat()))
        };
        clients.map(sent).map(|run| run.join().expect("no panic"))
    });
    for (client, live) in clients.iter().zip(&lives) {
        agree(name, client[1], &simulated, live);
    }
}

#[test]
fn the_engines_agree_on_the_real_clock() {
    let (name, question) = SCENARIOS[1];
    agree_on_the_real_clock(name, question, 1);
}

/// The table of docs/AGREEMENT.md:
///
///     cargo test --locked --test live agree -- --ignored --nocapture
#[test]
#[ignore = "takes six minutes: .ci/full agreement"]
fn the_engines_agree_in_every_question_on_the_real_clock() {
    println!("| scenario | client | throttled, sim | live | goodput/s, sim | live | p99 ms, sim | live |");
    println!("|---|---|--:|--:|--:|--:|--:|--:|");
    for (name, question) in SCENARIOS {
        agree_on_the_real_clock(name, question, 3);
    }
}
