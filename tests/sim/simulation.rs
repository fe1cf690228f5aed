//! What must hold for every run: determinism, the identity of job counts, and closed forms of the whole engine.

use crate::support::{run, scenario, strategy};
use keystorm::engine::{Control, simulate};
use keystorm::record::Trial;
use keystorm::results::Selection;
use keystorm::scenario::{Options, Scenario};

/// Jobs are accounted for, exactly, in every part of every strategy.
fn assert_identity(name: &str, run: &keystorm::results::Run) {
    for strategy in &run.strategies {
        let parts =
            strategy.workloads.iter().chain(&strategy.stages).map(|part| (part.name.as_str(), part.jobs));
        for (part, jobs) in parts.chain([("all", strategy.jobs)]) {
            assert_eq!(
                jobs.offered,
                jobs.completed + jobs.failed + jobs.shed + jobs.unfinished,
                "{name}, {}, {part}: {jobs:?}",
                strategy.name
            );
        }
        let sum: u64 = strategy.stages.iter().map(|stage| stage.jobs.offered).sum();
        assert_eq!(sum, strategy.jobs.offered, "{name}, {}: stages add up", strategy.name);
    }
}

/// A load that exercises caps, deadlines, timeouts, faults, restarts, caches, limiters and closed loops at once.
const EVERYTHING: &str = "
version: 1
name: everything
quotas: { symmetric: 300/s, background: { symmetric: 50/s } }
serviceTime: { p50: 6ms, p99: 60ms }
faults:
  - { at: 5s, for: 5s, kind: error, probability: 30% }
  - { at: 12s, for: 2s, kind: freeze }
  - { at: 15s, next: 20, kind: reset }
  - { at: 16s, for: 2s, kind: slow, by: 80ms }
  - { at: 18s, for: 2s, kind: quota, pool: symmetric, to: 100/s }
fleet: { clients: 6, start: { over: 3s }, restart: { at: 14s, batch: 2, every: 1s } }
workloads:
  queued:
    executor: ramping-arrival-rate
    startRate: 50/s
    stages: [ { duration: 8s, target: 300/s }, { duration: 12s, target: 100/s } ]
    jobs: { Decrypt: 3, GenerateDataKey: 1, EncryptMessage: 2, DecryptMessage: 2 }
    contexts: { count: 5 }
    messages: { count: 50, popularity: zipf(0.8) }
    payload: { min: 10B, max: 1KiB }
    maxInFlight: 20
    deadline: 1s
    warmUp: 2s
    gracefulStop: 1s
  shedding:
    executor: constant-arrival-rate
    rate: 200/s
    duration: 15s
    startTime: 3s
    jobs: { Encrypt: 1 }
    maxInFlight: 3
    onLimit: shed
  closed:
    executor: ramping-vus
    startVus: 2
    stages: [ { duration: 10s, target: 10 }, { duration: 10s, target: 0 } ]
    thinkTime: 20ms
    jobs: { ReEncrypt: 1 }
  shared:
    executor: shared-iterations
    vus: 4
    iterations: 500
    pace: 20/s
    jobs: { Decrypt: 1 }
strategies:
  no-retry: { retry: { mode: none }, timeout: 50ms }
  jitter: { retry: { mode: exponential, jitter: decorrelated, maxAttempts: 4 }, timeout: 40ms }
  budget: { retry: { mode: budget } }
  rust: { retry: { mode: aws-standard, preset: rust }, cache: { maxAge: 4s, maxMessages: 20, capacity: 10 } }
  adaptive: { retry: { mode: aws-adaptive }, limiter: { rate: 60/s, burst: 3 } }
trials: 2
";

#[test]
fn every_job_is_accounted_for_whatever_happens() {
    let run = run(&scenario(EVERYTHING), 2);
    assert_identity("everything", &run);
    for strategy in &run.strategies {
        let calls: u64 = strategy.workloads.iter().map(|part| part.calls).sum();
        assert_eq!(calls, strategy.calls);
        assert!(strategy.jobs.shed > 0 && strategy.jobs.failed > 0 && strategy.jobs.completed > 0);
    }
    assert!(strategy(&run, "no-retry").timeouts > 0, "a timeout of 50 ms strikes");
    assert!(strategy(&run, "rust").jobs.served_from_cache > 0, "the cache serves");
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_one_thread_or_many_and_another_seed_differs() {
    let scenario = scenario(EVERYTHING);
    let bytes =
        |scenario: &Scenario, threads| serde_json::to_vec(&run(scenario, threads)).expect("finite figures");
    let one = bytes(&scenario, 1);
    assert!(one == bytes(&scenario, 2), "two threads differ from one");
    assert!(one == bytes(&scenario, 7), "seven threads differ from one");
    let other = Scenario { seed: 43, ..scenario };
    assert!(one != bytes(&other, 2), "another seed gives other draws");
}

#[test]
fn strategies_face_the_same_jobs() {
    let run = run(&scenario(EVERYTHING), 2);
    let offered = |name: &str| -> Vec<u64> {
        let open = strategy(&run, name).workloads.iter().filter(|part| part.name != "closed");
        open.map(|part| part.jobs.offered).collect()
    };
    for strategy in &run.strategies {
        assert_eq!(offered(&strategy.name), offered("no-retry"), "{}", strategy.name);
    }
}

#[test]
fn a_stopped_run_keeps_what_there_is_of_every_strategy() {
    let scenario = scenario(EVERYTHING);
    let control = Control::default();
    control.stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let trials: Vec<Vec<Trial>> = simulate(&scenario, 2, &control);
    assert!(trials.iter().all(|trials| trials.len() == 1), "the first trial of each");
    assert!(trials.iter().all(|trials| trials[0].recorder.job_totals().offered > 0));
}

#[test]
fn immediate_unlimited_retries_drain_a_backlog_at_quota_minus_load() {
    let run = run(
        &scenario(
            "
version: 1
name: drain
quotas: { symmetric: 100/s }
serviceTime: { p50: 1ms, p99: 2ms, throttled: 3ms }
workloads:
  load:
    executor: ramping-arrival-rate
    startRate: 50/s
    stages:
      - { duration: 10s, target: 50/s }
      - { duration: 0s, target: 300/s }
      - { duration: 10s, target: 300/s }
      - { duration: 0s, target: 50/s }
      - { duration: 80s, target: 50/s }
    jobs: { Decrypt: 1 }
strategies:
  never-give-up: { retry: { mode: immediate, maxAttempts: unlimited } }
trials: 2
",
        ),
        2,
    );
    // The backlog of 10 s x (300 - 100) drains at 100 - 50 a second.
    let timeline = &run.strategies[0].timeline;
    let drained = (30..timeline.in_flight.len()).find(|s| timeline.in_flight[*s] < 20).expect("it drains");
    assert!((55..=67).contains(&drained), "20 s + 40 s, got {drained}");
}

#[test]
fn an_aborting_threshold_ends_the_trial_early() {
    let text = EVERYTHING.to_owned()
        + "thresholds: { throttled: [ { threshold: \"rate<0.1%\", abortOnFail: true, delayAbortEval: 2s } ] }\n";
    let run = run(&scenario(&text), 2);
    assert!(run.strategies[0].timeline.offered.len() < 19, "cut before its 20 s were over");
    assert_identity("aborted", &run);
}

#[test]
fn a_vu_that_a_cache_would_never_let_rest_is_refused() {
    let text = "
version: 1
workloads:
  w: { executor: constant-vus, vus: 1, duration: 1m, jobs: { DecryptMessage: 1 }, messages: { count: 1 } }
strategies:
  cached: { retry: { mode: none }, cache: { maxAge: 1m } }
";
    let refused = Scenario::parse(text, &Options::default()).expect_err("it would never end");
    assert!(refused.to_string().contains("thinkTime or pace"), "{refused}");
    let rests = text.replace("vus: 1,", "vus: 1, thinkTime: 1ms,");
    assert!(Scenario::parse(&rests, &Options::default()).is_ok());
}

#[test]
fn littles_law_holds_in_every_simulated_run_whatever_happens() {
    let tight = |scenario: &Scenario, name: &str| {
        for trials in simulate(scenario, 2, &Control::default()) {
            for trial in trials {
                let recorder = &trial.recorder;
                let response = Selection::default().response_ended(recorder);
                let (measured, recorded) = (
                    recorder.occupancy().measured_s(),
                    recorder.occupancy().recorded_s(response.mean() * response.len() as f64 / 1e6),
                );
                let noise = recorder.occupancy().noise_s(&Selection::default().jobs(recorder).1);
                assert!(measured > 0.0, "{name}: jobs were there");
                assert!((measured - recorded).abs() <= noise, "{name}: {measured} {recorded} ± {noise}");
                assert!(noise < 0.01 * measured + 0.1, "{name}: noise may not hide everything");
            }
        }
        let cautions = run(scenario, 2).cautions;
        let live = ["littles-law", "generator-limited", "refused-for-access", "unreachable"];
        assert!(
            cautions.iter().all(|caution| !live.contains(&caution.kind.as_str())),
            "{name}: {cautions:?}"
        );
    };
    for seed in 1..=12 {
        tight(&Scenario { seed, trials: 1, ..scenario(EVERYTHING) }, &format!("everything, seed {seed}"));
    }
    let aborted = EVERYTHING.to_owned()
        + "thresholds: { throttled: [ { threshold: \"rate<0.1%\", abortOnFail: true, delayAbortEval: 2s } ] }\n";
    tight(&scenario(&aborted), "aborted");
}
