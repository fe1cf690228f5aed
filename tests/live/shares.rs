//! Shares of a live run, each the jobs of every N-th client: on a clock that stands still they add up to what one process records.

use super::support::{lived, lived_shares, lived_shares_losing, read};
use keystorm::engine::live::objections_to_shares;
use keystorm::record::{SavedTrial, Trial};
use keystorm::results::conclude;
use keystorm::scenario::Scenario;
use keystorm::time::Time;
use serde_json::Value;

const UNIFORM: &str =
    "executor: constant-arrival-rate, rate: 200/s, arrivals: uniform, duration: 8s, warmUp: 1s";
const POISSON: &str = "executor: ramping-arrival-rate, startRate: 20/s, stages: [ { duration: 4s, target: 300/s }, { duration: 3s, target: 300/s } ]";
const VUS: &str = "executor: constant-vus, vus: 23, pace: 5/s, duration: 8s";

/// Clients that have everything that is a client's own: a cache, a retry quota, a limiter; a service that is slow and fails for
/// a while, and starts them one after another.
fn scenario(load: &str) -> Scenario {
    read(&format!(
        "version: 1
target: emulator
serviceTime: {{ p50: 12ms, p99: 12ms, throttled: 4ms }}
faults: [ {{ at: 2s, for: 1s, kind: slow, by: 30ms }}, {{ at: 4s, for: 1s, kind: error }} ]
fleet: {{ clients: 10, start: {{ over: 2s }} }}
workloads:
  load: {{ {load}, jobs: {{ EncryptMessage: 3, Decrypt: 1 }}, deadline: 500ms, contexts: {{ count: 3 }} }}
strategies:
  plain: {{ retry: {{ mode: aws-standard }} }}
  cached: {{ retry: {{ mode: fixed, delay: 50ms, maxAttempts: 4 }}, cache: {{ maxAge: 1s }} }}
  limited: {{ retry: {{ mode: none }}, limiter: {{ rate: 15/s, burst: 3 }} }}"
    ))
}

/// What is saved of a trial, but for what shares cannot tell: when jobs were there is asked of the area below them, and the 99th
/// percentile of a second is the greatest of the shares', and jobs in flight at its end are right to one for each share.
fn told(trial: &Trial) -> Value {
    let mut saved = serde_json::to_value(SavedTrial::of(trial)).expect("plain numbers");
    let recorder = saved["recorder"].as_object_mut().expect("a recording");
    recorder.remove("occupancy");
    for row in recorder["timeline"]["rows"].as_array_mut().expect("rows") {
        (row[10], row[11]) = (Value::Null, Value::Null);
    }
    saved
}

fn add_up(load: &str) {
    let scenario = scenario(load);
    let whole = lived(&scenario);
    let jobs: u64 = whole.iter().flatten().map(|trial| trial.recorder.job_totals().offered).sum();
    assert!(jobs > 1_000, "{jobs}");
    assert!(whole.iter().flatten().any(|trial| trial.recorder.attempt_totals().faults > 0));
    for many in [2, 3, 10] {
        let shares: Vec<Vec<Vec<Trial>>> =
            (0..many).map(|index| lived_shares(&scenario, index, many).0).collect();
        let mut joined: Vec<Vec<Trial>> = Vec::new();
        for (strategy, one) in whole.iter().enumerate() {
            let trial =
                Trial::of_shares(shares.iter().map(|share| share[strategy][0].clone())).expect("some");
            let counts = trial.recorder.job_totals();
            assert_eq!(counts.offered, counts.ended(), "{load}: {many}");
            assert_eq!(told(&trial), told(&one[0]), "{load}: {many} shares: strategy {strategy}");
            for (found, wanted) in
                trial.recorder.timeline().rows().iter().zip(one[0].recorder.timeline().rows())
            {
                assert!(
                    found.in_flight.abs_diff(wanted.in_flight) <= u64::from(many),
                    "{load}: {found:?} {wanted:?}"
                );
            }
            let (found, wanted) = (trial.recorder.occupancy(), one[0].recorder.occupancy());
            assert!((found.measured_s() - wanted.measured_s()).abs() < 1e-6, "{load}: {many}");
            joined.push(vec![trial]);
        }
        let figures = |trials: &[Vec<Trial>]| {
            let (run, _) = conclude(&scenario, "", scenario.to_value(), trials, false);
            let mut strategies = serde_json::to_value(&run.strategies).expect("JSON");
            // By the timeline's percentiles.
            for strategy in strategies.as_array_mut().expect("strategies") {
                strategy
                    .as_object_mut()
                    .expect("a strategy")
                    .retain(|name, _| name != "timeline" && name != "recoveries");
            }
            strategies
        };
        assert_eq!(figures(&joined), figures(&whole), "{load}: {many}");
    }
}

#[test]
fn shares_add_up_to_one_process_when_jobs_arrive_evenly() {
    add_up(UNIFORM);
}

#[test]
fn shares_add_up_to_one_process_when_jobs_arrive_at_random() {
    add_up(POISSON);
}

#[test]
fn shares_add_up_to_one_process_when_vus_work() {
    add_up(VUS);
}

/// Whether the others serve exactly the clients of those that are lost, from the moment that was told.
fn is_dealt(load: &str) {
    let scenario = scenario(load);
    let offered = |trial: &Trial| trial.recorder.job_totals().offered;
    let own = |index| lived_shares(&scenario, index, 3).0;
    let (first, lost, third) = (own(0), own(1), own(2));
    // Told a second before, and from the beginning: the trial before has lost it.
    for (after, from) in [(2, 4), (0, 0)] {
        let losing = [(after, 1, Time::from_secs(from))];
        let [one, itself, other] =
            [0, 1, 2].map(|index| lived_shares_losing(&scenario, (index, 3), &losing).0);
        for strategy in 0..scenario.strategies.len() {
            let [one, itself, other] = [&one, &itself, &other].map(|share| &share[strategy][0]);
            let [first, lost, third] = [&first, &lost, &third].map(|share| &share[strategy][0]);
            let more = offered(one) + offered(other) - offered(first) - offered(third);
            // What it would not serve itself any more, if it lived.
            let theirs = offered(lost) - offered(itself);
            assert!(theirs > 30 && (from == 0) == (offered(itself) == 0), "{load}: {theirs}");
            assert_eq!(more, theirs, "{load}: strategy {strategy}, from {from} s");
            assert!(offered(one) > offered(first) && offered(other) > offered(third), "both have some");
            // A client of the lost share is one client, whoever has served it.
            let joined = Trial::of_shares([one, itself, other].map(Trial::clone)).expect("three");
            assert_eq!(joined.recorder.units(None).active, 10, "{load}: strategy {strategy}, from {from} s");
            for trial in [one, other] {
                let jobs = trial.recorder.job_totals();
                assert_eq!(jobs.offered, jobs.ended(), "every job is accounted for");
            }
        }
    }
    // With the third lost too, all is the first's.
    let losing = [(0, 1, Time::ZERO), (0, 2, Time::ZERO)];
    let all = lived_shares_losing(&scenario, (0, 3), &losing).0;
    let whole = lived(&scenario);
    for (all, whole) in all.iter().zip(&whole) {
        assert_eq!(offered(&all[0]), offered(&whole[0]), "{load}");
    }
}

#[test]
fn clients_of_a_lost_share_are_served_by_the_others_from_the_moment_told() {
    is_dealt(UNIFORM);
    is_dealt(POISSON);
}

#[test]
fn pieces_of_a_share_are_its_recording_and_every_trial_is_told_of() {
    let scenario = scenario(UNIFORM);
    let (trials, heard) = lived_shares(&scenario, 1, 3);
    assert_eq!(heard.len(), 3, "a trial of each strategy");
    // Strategies come in the order of the seed; shares are told of by number.
    let mut totals: Vec<_> = trials.iter().map(|each| each[0].recorder.job_totals().offered).collect();
    let mut mirrored: Vec<_> = heard.iter().map(|(offered, _)| *offered).collect();
    totals.sort_unstable();
    mirrored.sort_unstable();
    // The last second was told of when the trial was over, by its log.
    for (mirrored, total) in mirrored.iter().zip(&totals) {
        assert!(mirrored <= total && *mirrored as f64 > 0.8 * *total as f64, "{mirrored} of {total}");
    }
    assert!(heard.iter().all(|(_, pieces)| (7..=12).contains(pieces)), "{heard:?}");
}

#[test]
fn what_cannot_be_shared_is_refused_in_words_every_reason_at_once() {
    let asked = |text: &str, many| objections_to_shares(&read(text), many).join("\n");
    let strategies = "strategies: { s: {} }";
    let plain = "executor: constant-arrival-rate, rate: 9/s, jobs: { Decrypt: 1 }";
    let at = |load: &str| {
        format!(
            "target: http://127.0.0.1:1\nfleet: {{ clients: 5 }}\nworkloads: {{ w: {{ {load} }} }}\n{strategies}"
        )
    };
    assert_eq!(asked(&at(&format!("{plain}, duration: 9s")), 5), "");
    assert!(asked(&at(&format!("{plain}, duration: 9s")), 6).contains("6 workers need a client each"));
    let both = asked(&at(&format!("{plain}, duration: 2h, maxInFlight: 3")), 2);
    assert!(both.contains("maxInFlight is kept over") && both.contains("3600 seconds at most"), "{both}");
    let ends = "executor: shared-iterations, vus: 3, iterations: 9, jobs: { Decrypt: 1 }";
    assert!(asked(&at(ends), 2).contains("ends with its last job"));
    let own = at(&format!("{plain}, duration: 9s")).replace("http://127.0.0.1:1", "emulator");
    assert!(asked(&own, 2).contains("an emulator of its own"));
    let caps = format!("{}\ncaps: {{ rate: 3/s }}", at(&format!("{plain}, duration: 9s")));
    assert!(asked(&caps, 4).contains("caps.rate of 3/s"), "{}", asked(&caps, 4));
}
