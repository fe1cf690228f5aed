//! What SDKs did before their standard mode: how long they wait in all, and botocore's rule in other words.

use super::{job, retrying};
use crate::support::{run, scenario, strategy};
use keystorm_machines::api::Reply;
use keystorm_machines::client::{Action, Fleet, Input, LegacySdk, RetryMode};
use keystorm_machines::time::Time;

/// Mean seconds from the first attempt to the end, and attempts, of a call that is always throttled.
fn measure(sdk: LegacySdk, calls: u64) -> (f64, f64) {
    let policy = retrying(RetryMode::AwsLegacy(sdk), Some(sdk.max_attempts()));
    let mut fleet = Fleet::new(&[&policy], 1, 42, 0);
    let (mut actions, mut waited, mut attempts) = (Vec::new(), 0.0, 0u64);
    for index in 0..calls {
        let mut now = Time::ZERO;
        fleet.handle(Input::Job(job(index, now)), now, &mut actions);
        while let Some(action) = actions.pop() {
            match action {
                Action::Send(attempt) => {
                    attempts += 1;
                    fleet.handle(Input::Reply(attempt.token, Reply::Throttled), now, &mut actions);
                }
                Action::WakeAt(token, at) => {
                    now = at;
                    fleet.handle(Input::Wake(token), now, &mut actions);
                }
                Action::Done(_) => waited += now.since(Time::ZERO).as_secs_f64(),
                Action::TimedOut(_) => unreachable!("nothing times out"),
            }
        }
    }
    (waited / calls as f64, attempts as f64 / calls as f64)
}

#[test]
fn a_call_that_is_always_throttled_waits_what_each_sdk_published() {
    // The means of U, (1 + U) / 2 and 1 + U are 1/2, 3/4 and 3/2; .NET waits without jitter, 25 calls long.
    for (sdk, calls, attempts, expected) in [
        (LegacySdk::Botocore, 40_000, 5.0, 0.5 * (1.0 + 2.0 + 4.0 + 8.0)),
        (LegacySdk::Java1, 40_000, 4.0, 0.75 * 0.5 * (1.0 + 2.0 + 4.0)),
        (LegacySdk::Java2, 40_000, 4.0, 0.75 * 0.5 * (1.0 + 2.0 + 4.0)),
        (LegacySdk::Js2, 40_000, 4.0, 0.5 * 0.1 * (1.0 + 2.0 + 4.0)),
        (LegacySdk::Go1, 40_000, 4.0, 1.5 * 0.5 * (1.0 + 2.0 + 4.0)),
        (LegacySdk::DotNet, 25, 5.0, 0.4 + 1.6 + 6.4 + 25.6),
    ] {
        let (waited, made) = measure(sdk, calls);
        println!("{sdk:?}: {waited:.4} s in {made} attempts, published {expected:.4}");
        assert!((waited / expected - 1.0).abs() < 0.01, "{sdk:?}: {waited} s, not {expected}");
        assert!((made - attempts).abs() < 1e-9, "{sdk:?}: {made} attempts");
    }
    let (_, made) = measure(LegacySdk::DotNet, 100);
    assert!(
        (made - 2.0).abs() < 1e-9,
        "the quota of .NET pays for 100 retries, {made} attempts of 100 calls"
    );
}

#[test]
fn an_exponential_backoff_of_one_second_with_full_jitter_is_botocores_legacy_mode() {
    let scenario = scenario(
        "quotas: { symmetric: 300/s }
workloads:
  w: { executor: constant-arrival-rate, rate: 500/s, duration: 60s, jobs: { Decrypt: 1 } }
strategies:
  legacy: { retry: { mode: aws-legacy } }
  words: { retry: { mode: exponential, base: 1s, jitter: full, maxAttempts: 5 } }
trials: 3
",
    );
    let run = run(&scenario, 2);
    let (legacy, words) = (strategy(&run, "legacy"), strategy(&run, "words"));
    for (what, one, other) in [
        ("attempts", legacy.attempts as f64, words.attempts as f64),
        ("completed", legacy.jobs.completed as f64, words.jobs.completed as f64),
        ("throttled", legacy.throttled as f64, words.throttled as f64),
    ] {
        assert!(one > 1000.0, "{what}: {one}");
        assert!((one / other - 1.0).abs() < 0.01, "{what}: {one} and {other}");
    }
}
