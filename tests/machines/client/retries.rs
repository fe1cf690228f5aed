//! Retries against independent failures: the geometric series.

use super::{job, retrying};
use keystorm_machines::api::{ErrorCode, Outcome, Reply};
use keystorm_machines::client::{Action, Fleet, Input, RetryMode};
use keystorm_machines::rng::{Purpose, Stream};
use keystorm_machines::time::Time;

/// Mean attempts a call and the share of failed calls, when each attempt fails with probability `rate`.
fn measure(rate: f64, most: u32, calls: u64) -> (f64, f64) {
    measure_with(RetryMode::Immediate, rate, most, calls)
}

fn measure_with(mode: RetryMode, rate: f64, most: u32, calls: u64) -> (f64, f64) {
    let policy = retrying(mode, Some(most));
    let mut fleet = Fleet::new(&[&policy], 1, 42, 0);
    let faults = Stream::new(42, 0, Purpose::Fault, 0);
    let (mut actions, mut attempts, mut failed) = (Vec::new(), 0u64, 0u64);
    for index in 0..calls {
        fleet.handle(Input::Job(job(index, Time::ZERO)), Time::ZERO, &mut actions);
        while let Some(action) = actions.pop() {
            match action {
                Action::Send(attempt) => {
                    attempts += 1;
                    let fails = faults.draw_attempt(index, u64::from(attempt.number)).unit() < rate;
                    let reply = if fails { Reply::Failed(ErrorCode::Internal) } else { Reply::Ok };
                    fleet.handle(Input::Reply(attempt.token, reply), Time::ZERO, &mut actions);
                }
                Action::Done(done) => failed += u64::from(done.outcome != Outcome::Completed),
                Action::WakeAt(..) | Action::TimedOut(_) => unreachable!("immediate retries never wait"),
            }
        }
    }
    assert_eq!(fleet.in_flight(), 0);
    (attempts as f64 / calls as f64, failed as f64 / calls as f64)
}

#[test]
fn attempts_per_call_and_failures_are_those_of_the_geometric_series() {
    let calls = 100_000u64;
    for most in [1u32, 2, 3, 5, 10] {
        for rate in [0.0, 0.01, 0.1, 0.5, 0.9] {
            let (attempts, failed) = measure(rate, most, calls);
            let survives = |n: u32| libm::pow(rate, f64::from(n));
            let expected = (0..most).map(survives).sum::<f64>();
            let square: f64 = (0..most).map(|n| f64::from(2 * n + 1) * survives(n)).sum();
            let error = ((square - expected * expected).max(0.0) / calls as f64).sqrt();
            assert!(
                (attempts - expected).abs() <= 4.0 * error + 1e-12,
                "{rate} {most}: {attempts}, not {expected}"
            );
            let lost = survives(most);
            let error = (lost * (1.0 - lost) / calls as f64).sqrt();
            // Below a handful of expected failures the normal bound says nothing: allow a few more.
            let slack = 4.0 * error + 3.0 / calls as f64;
            assert!((failed - lost).abs() <= slack, "{rate} {most}: {failed} failed, not {lost}");
        }
    }
    assert_eq!(measure(1.0, 7, 100), (7.0, 1.0));
}

#[test]
fn a_token_bucket_bounds_retries_by_successes_and_leaves_rare_failures_alone() {
    let calls = 200_000u64;
    let tokens = RetryMode::Tokens { capacity: 5.0, cost: 1.0, refund: 0.1 };
    // Empty: each attempt that succeeds pays for a tenth of a retry, so r = x / (1 - x) retries a call, x = (1 - f) / 10.
    for rate in [0.4, 0.5, 0.75, 0.9] {
        let paid = (1.0 - rate) * 0.1;
        let expected = 1.0 / (1.0 - paid);
        let (attempts, _) = measure_with(tokens, rate, 4, calls);
        println!("{rate}: {attempts:.4} attempts a call, {expected:.4} expected");
        assert!((attempts / expected - 1.0).abs() < 0.005, "{rate}: {attempts}, not {expected}");
    }
    // Rare failures: as with so many attempts and no bucket at all.
    let (attempts, failed) = measure_with(tokens, 0.01, 4, calls);
    let (free, lost) = measure(0.01, 4, calls);
    assert!((attempts - free).abs() < 1e-3 && (failed - lost).abs() < 1e-3, "{attempts} {failed}");
    let (attempts, failed) = measure_with(tokens, 1.0, 4, 1_000);
    assert!((attempts - 1.005).abs() < 1e-9 && failed == 1.0, "five retries in all: {attempts}");
}
