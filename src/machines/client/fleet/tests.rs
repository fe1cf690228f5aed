use super::super::policy::{AwsRetry, AwsSdk, Generation, LimiterConfig, Retry};
use super::super::waiting::Waiters;
use super::*;
use crate::api::{Attempt, ErrorCode, Operation};
use crate::time::Span;
use crate::units::Rate;

fn policy(mode: RetryMode, max_attempts: Option<u32>) -> Policy {
    Policy { retry: Retry { mode, max_attempts }, limiter: None, timeout: None, cache: None, salt: 0 }
}

fn job(index: u64) -> Job {
    Job {
        workload: 0,
        stage: 0,
        client: 0,
        unit: 0,
        index,
        kind: JobKind::Call(Operation::Decrypt),
        intended: Time::ZERO,
        deadline: Time::NEVER,
        key: 0,
        context: 0,
        message: u32::MAX,
        bytes: 1,
        known_size: true,
    }
}

fn fleet(policy: &Policy) -> Fleet {
    Fleet::new(&[policy], 2, 42, 0)
}

fn tell(fleet: &mut Fleet, input: Input, now: Time) -> Vec<Action> {
    let mut actions = Vec::new();
    fleet.handle(input, now, &mut actions);
    actions
}

fn sent(actions: &[Action]) -> Option<Attempt> {
    actions.iter().find_map(|action| if let Action::Send(attempt) = action { Some(*attempt) } else { None })
}

fn ended(actions: &[Action]) -> Option<Outcome> {
    actions.iter().find_map(|action| if let Action::Done(done) = action { Some(done.outcome) } else { None })
}

fn woken(actions: &[Action]) -> Option<(Token, Time)> {
    actions
        .iter()
        .find_map(|action| if let Action::WakeAt(token, at) = action { Some((*token, *at)) } else { None })
}

const FAILED: fn(Failure) -> Option<Outcome> = |failure| Some(Outcome::Failed(failure));
const FIXED: RetryMode = RetryMode::Fixed { delay: Span::from_secs(1) };

fn ms(millis: u64) -> Time {
    Time::ZERO + Span::from_millis(millis)
}

#[test]
fn a_call_retries_until_its_attempts_are_spent_and_fails_with_what_its_last_attempt_met() {
    let mut fleet = fleet(&policy(FIXED, Some(2)));
    let first = sent(&tell(&mut fleet, Input::Job(job(1)), ms(0))).expect("an attempt");
    assert_eq!((first.number, first.operation, first.job), (1, Operation::Decrypt, 1));
    let (token, at) =
        woken(&tell(&mut fleet, Input::Reply(first.token, Reply::Throttled), ms(5))).expect("a wait");
    assert_eq!(at, ms(1005));
    let second = sent(&tell(&mut fleet, Input::Wake(token), at)).expect("a retry");
    assert_eq!(second.number, 2);
    assert!(
        tell(&mut fleet, Input::Reply(first.token, Reply::Ok), at).is_empty(),
        "the first reply is stale"
    );
    let failed = Reply::Failed(ErrorCode::Internal);
    let actions = tell(&mut fleet, Input::Reply(second.token, failed), at);
    assert_eq!(ended(&actions), FAILED(Failure::Fault(ErrorCode::Internal)));
    assert_eq!(fleet.in_flight(), 0);
    assert!(tell(&mut fleet, Input::Reply(second.token, Reply::Ok), at).is_empty());
}

#[test]
fn an_error_that_a_retry_does_not_cure_ends_the_call_at_once() {
    let mut fleet = fleet(&policy(RetryMode::Immediate, None));
    let first = sent(&tell(&mut fleet, Input::Job(job(1)), ms(0))).expect("an attempt");
    let actions = tell(&mut fleet, Input::Reply(first.token, Reply::Failed(ErrorCode::AccessDenied)), ms(1));
    assert_eq!(ended(&actions), FAILED(Failure::Fault(ErrorCode::AccessDenied)));
}

#[test]
fn a_deadline_ends_retries_that_would_start_too_late_and_successes_that_come_too_late() {
    let mut fleet = fleet(&policy(FIXED, None));
    for (deadline, reply, expected) in [
        (1004, Reply::Throttled, FAILED(Failure::Deadline)),
        (1005, Reply::Throttled, FAILED(Failure::Deadline)),
        (1006, Reply::Throttled, None),
        (5, Reply::Ok, Some(Outcome::Completed)),
        (4, Reply::Ok, FAILED(Failure::Deadline)),
    ] {
        let started = tell(&mut fleet, Input::Job(Job { deadline: ms(deadline), ..job(1) }), ms(0));
        let token = sent(&started).expect("an attempt").token;
        assert_eq!(ended(&tell(&mut fleet, Input::Reply(token, reply), ms(5))), expected, "{deadline} ms");
    }
    let late = tell(&mut fleet, Input::Job(Job { deadline: ms(5), ..job(1) }), ms(6));
    assert_eq!((sent(&late), ended(&late)), (None, FAILED(Failure::Deadline)), "it makes no call");
}

#[test]
fn a_timeout_is_retried_as_a_transient_error_and_the_late_reply_ignored() {
    let slow = Policy { timeout: Some(Span::from_millis(50)), ..policy(RetryMode::Immediate, Some(2)) };
    let mut fleet = fleet(&slow);
    let actions = tell(&mut fleet, Input::Job(job(1)), ms(0));
    let (first, wake) = (sent(&actions).expect("an attempt"), woken(&actions).expect("a timeout"));
    assert_eq!(wake, (first.token, ms(50)));
    let actions = tell(&mut fleet, Input::Wake(wake.0), wake.1);
    assert_eq!(actions[0], Action::TimedOut(first));
    let second = sent(&actions).expect("a retry");
    assert!(tell(&mut fleet, Input::Reply(first.token, Reply::Ok), ms(60)).is_empty());
    let done = tell(&mut fleet, Input::Reply(second.token, Reply::Ok), ms(99));
    assert_eq!(ended(&done), Some(Outcome::Completed));
    assert!(tell(&mut fleet, Input::Wake(second.token), ms(100)).is_empty(), "the call has ended");
}

#[test]
fn a_limiter_serves_first_come_first_served_with_one_timer() {
    let limiter = Some(LimiterConfig { rate: Rate::per_second(10), burst: 1 });
    let mut fleet = fleet(&Policy { limiter, ..policy(RetryMode::None, None) });
    let mut timers: Vec<_> =
        (0..5).filter_map(|index| woken(&tell(&mut fleet, Input::Job(job(index)), ms(0)))).collect();
    assert_eq!((timers.len(), fleet.in_flight()), (1, 5));
    let mut order = Vec::new();
    while let Some((token, at)) = timers.pop() {
        let actions = tell(&mut fleet, Input::Wake(token), at);
        order.extend(sent(&actions).map(|attempt| (attempt.job, at)));
        timers.extend(woken(&actions));
    }
    assert_eq!(order, [(1, ms(100)), (2, ms(200)), (3, ms(300)), (4, ms(400))]);
}

#[test]
fn a_deadline_ends_the_wait_before_a_limiter() {
    let limiter = Some(LimiterConfig { rate: Rate::per_second(10), burst: 1 });
    let mut fleet = fleet(&Policy { limiter, ..policy(RetryMode::None, None) });
    let short = |index| Input::Job(Job { deadline: ms(150), ..job(index) });
    tell(&mut fleet, short(0), ms(0));
    let (token, at) = woken(&tell(&mut fleet, short(1), ms(0))).expect("its turn is in time");
    tell(&mut fleet, short(2), ms(0));
    tell(&mut fleet, Input::Job(job(3)), ms(0));
    let actions = tell(&mut fleet, Input::Wake(token), at);
    assert_eq!(sent(&actions).map(|attempt| attempt.job), Some(1));
    assert_eq!(ended(&actions), FAILED(Failure::Deadline), "the next turn, at 200 ms, is too late");
    assert_eq!(
        woken(&actions).map(|(_, at)| at),
        Some(ms(200)),
        "the last in the queue has all the time it needs"
    );
}

#[test]
fn a_restart_ends_the_jobs_of_its_client_and_silences_its_timers() {
    let limiter = Some(LimiterConfig { rate: Rate::per_second(10), burst: 1 });
    let mut fleet = fleet(&Policy { limiter, ..policy(RetryMode::None, None) });
    let first = sent(&tell(&mut fleet, Input::Job(job(0)), ms(0))).expect("an attempt");
    let (token, at) = woken(&tell(&mut fleet, Input::Job(job(1)), ms(0))).expect("a timer");
    tell(&mut fleet, Input::Job(Job { client: 1, ..job(2) }), ms(0));
    let actions = tell(&mut fleet, Input::Restart(0), ms(1));
    assert_eq!(actions.len(), 2);
    assert_eq!(ended(&actions), FAILED(Failure::Restart));
    assert_eq!(fleet.unfinished().map(|job| job.index).collect::<Vec<_>>(), [2]);
    assert!(sent(&tell(&mut fleet, Input::Job(job(3)), ms(2))).is_some(), "its limiter is new");
    assert!(tell(&mut fleet, Input::Wake(token), at).is_empty());
    assert!(tell(&mut fleet, Input::Reply(first.token, Reply::Ok), at).is_empty());
}

#[test]
fn workloads_with_equal_policies_share_a_client_and_others_do_not() {
    let limited = |rate| Policy {
        limiter: Some(LimiterConfig { rate: Rate::per_second(rate), burst: 1 }),
        ..policy(RetryMode::None, None)
    };
    let (slow, same, fast) = (limited(1), limited(1), limited(2));
    let mut fleet = Fleet::new(&[&slow, &same, &fast], 1, 42, 0);
    let mut is_sent =
        |workload| sent(&tell(&mut fleet, Input::Job(Job { workload, ..job(0) }), ms(0))).is_some();
    assert_eq!([is_sent(0), is_sent(1), is_sent(2)], [true, false, true]);
}

#[test]
fn with_the_quota_empty_wasted_retries_are_at_most_a_fifth_of_first_try_successes() {
    for accounting in [Accounting::PerCall, Accounting::SharedSlot] {
        let aws = AwsRetry { generation: Generation::V2_0, accounting, sdk: None };
        let mut fleet = fleet(&policy(RetryMode::AwsStandard(aws), Some(3)));
        let mut run = |throttled: bool, index: u64| {
            let mut now = Time::from_secs(index);
            let mut actions = tell(&mut fleet, Input::Job(job(index)), now);
            let mut retries = 0;
            loop {
                let token = sent(&actions).expect("an attempt").token;
                let reply = if throttled { Reply::Throttled } else { Reply::Ok };
                actions = tell(&mut fleet, Input::Reply(token, reply), now);
                let Some((wake, at)) = woken(&actions) else { return retries };
                (now, retries) = (at, retries + 1);
                actions = tell(&mut fleet, Input::Wake(wake), now);
            }
        };
        let drained: u32 = (0..80).map(|index| run(true, index)).sum();
        assert_eq!(drained, 100, "500 tokens at 5 each");
        let (mut wasted, mut successes) = (0, 0);
        for index in 100..10_000 {
            let fails = index % 4 == 0;
            wasted += run(fails, index);
            successes += u32::from(!fails);
        }
        // The slot still holds the last wasted permit, which a stranger's success releases: five for one.
        let bound = if accounting == Accounting::PerCall { successes / 5 } else { successes };
        assert!(wasted <= bound && wasted > bound / 3, "{accounting:?}: {wasted} of {successes}");
    }
}

/// The calls in the order in which they pass an adaptive rate of 0.5/s, and how often timers woke somebody.
fn passed(sdk: AwsSdk) -> (Vec<u64>, u32) {
    let aws = AwsRetry { generation: Generation::V2_1, accounting: Accounting::PerCall, sdk: Some(sdk) };
    let mut fleet = fleet(&policy(RetryMode::AwsAdaptive(aws), Some(1)));
    let first = sent(&tell(&mut fleet, Input::Job(job(0)), ms(0))).expect("nothing is limited yet");
    tell(&mut fleet, Input::Reply(first.token, Reply::Throttled), ms(1));
    let asked = |actions: &[Action]| {
        let timer = |action: &Action| match action {
            Action::WakeAt(token, at) => Some((*token, *at)),
            _ => None,
        };
        actions.iter().filter_map(timer).collect::<Vec<_>>()
    };
    let mut timers: Vec<_> =
        (1..=200).flat_map(|index| asked(&tell(&mut fleet, Input::Job(job(index)), ms(1)))).collect();
    assert_eq!(timers.len(), 1);
    let (mut order, mut wakes) = (Vec::new(), 0);
    while let Some((token, at)) = timers.pop() {
        wakes += 1;
        let mut actions = tell(&mut fleet, Input::Wake(token), at);
        while !actions.is_empty() {
            timers.extend(asked(&actions));
            let sent = actions.iter().filter_map(|action| match action {
                Action::Send(attempt) => Some(*attempt),
                _ => None,
            });
            let sent: Vec<Attempt> = sent.collect();
            order.extend(sent.iter().map(|attempt| attempt.job));
            actions = sent
                .iter()
                .flat_map(|attempt| tell(&mut fleet, Input::Reply(attempt.token, Reply::Ok), at))
                .collect();
        }
        timers.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
    }
    (order, wakes)
}

#[test]
fn adaptive_waiters_wake_once_each_and_pass_as_their_sdk_lets_them() {
    for sdk in AwsSdk::ALL {
        let (order, wakes) = passed(*sdk);
        // Who looks at the same moment looks in the order in which he came: none of these overtakes another.
        assert_eq!(order.len(), 200, "{sdk:?}");
        assert!(wakes <= 800, "{sdk:?}: {wakes} wakes for 200 waiters");
        if sdk.waiters() == Waiters::InTurn {
            assert_eq!(order, (1..=200).collect::<Vec<u64>>(), "{sdk:?}");
        }
    }
}

#[test]
fn a_fleet_may_move_to_the_thread_of_its_trial() {
    const fn movable<T: Send>() {}
    movable::<Fleet>();
}
