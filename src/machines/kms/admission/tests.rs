//! Tables of (attempt, now) → answer.

use super::*;
use crate::api::{KeySpec, Operation, Token};
use crate::kms::{Capacity, Distribution, FaultKind, Latency, Strikes};
use crate::quota::Enforcement;
use crate::units::{Rate, Ratio};
use std::collections::BTreeMap;

const MS: fn(u64) -> Span = Span::from_millis;

fn at(millis: u64) -> Time {
    Time::ZERO + MS(millis)
}

fn quotas(symmetric: u64) -> Quotas {
    Quotas {
        overrides: BTreeMap::from([("symmetric".to_string(), Rate::per_second(symmetric))]),
        enforcement: Enforcement::Window { phase: Some(Span::ZERO) },
        background: BTreeMap::new(),
        re_encrypt_cost: 1,
    }
}

/// A service whose answers take 6 ms, refusals 3 ms.
fn service(symmetric: u64, faults: &[Fault]) -> Admission {
    let constant = Latency { p50: MS(6), p99: MS(6) };
    let time = ServiceTime {
        default: constant.into(),
        throttled: MS(3),
        operations: BTreeMap::new(),
        measured: None,
        capacity: None,
    };
    let keys = KeyUse { spec: KeySpec::SymmetricDefault, pair_spec: KeySpec::Rsa2048, store: None };
    Admission::new(&quotas(symmetric), "us-east-1", &time, faults, &[keys, keys], 42, 0)
}

fn attempt(job: u64, number: u32) -> Attempt {
    Attempt {
        token: Token(0),
        workload: 0,
        stage: 0,
        client: 0,
        job,
        number,
        operation: Operation::Decrypt,
        key: 0,
        context: 0,
        bytes: 0,
        intended: Time::ZERO,
    }
}

fn fault(at: u64, lasts: Option<u64>, kind: FaultKind) -> Fault {
    let strikes = Strikes::Probability(Ratio::ONE);
    Fault { at: MS(at), lasts: lasts.map(MS), strikes, ..Fault::new(kind) }
}

fn answer(reply: Reply, ready: u64) -> Answer {
    Answer { reply, ready_at: at(ready), refused_by: None, slowed: false }
}

#[test]
fn within_quota_it_takes_a_service_time_and_beyond_it_is_refused_quickly() {
    let mut kms = service(2, &[]);
    assert_eq!(kms.handle(&attempt(0, 1), at(0)), answer(Reply::Ok, 6));
    assert_eq!(kms.handle(&attempt(1, 1), at(10)), answer(Reply::Ok, 16));
    let refused = Answer { refused_by: Some(PoolId::SYMMETRIC), ..answer(Reply::Throttled, 23) };
    assert_eq!(kms.handle(&attempt(2, 1), at(20)), refused);
    assert_eq!(kms.handle(&attempt(2, 2), at(1000)), answer(Reply::Ok, 1006));
    kms.finish(at(2000));
    let report = &kms.report()[0];
    assert_eq!((report.peak_1s, report.throttled, report.series.as_slice()), (3, 1, [3, 1].as_slice()));
}

#[test]
fn faults_answer_from_their_beginning_up_to_their_end() {
    let slow = Answer { slowed: true, ..answer(Reply::Ok, 150 + 6 + 20) };
    let frozen = Answer { slowed: true, ..answer(Reply::Ok, 200 + 6) };
    for (kind, struck) in [
        (FaultKind::Error, answer(Reply::Failed(ErrorCode::Internal), 156)),
        (FaultKind::Reset, answer(Reply::Failed(ErrorCode::ConnectionReset), 153)),
        (FaultKind::Throttle, answer(Reply::Throttled, 153)),
        (FaultKind::Slow { by: MS(20) }, slow),
        (FaultKind::Freeze, frozen),
    ] {
        let mut kms = service(100, &[fault(100, Some(100), kind.clone())]);
        assert_eq!(kms.handle(&attempt(0, 1), at(99)), answer(Reply::Ok, 105), "{kind:?}");
        assert_eq!(kms.handle(&attempt(1, 1), at(150)), struck, "{kind:?}");
        assert_eq!(kms.handle(&attempt(2, 1), at(200)), answer(Reply::Ok, 206), "{kind:?}");
    }
}

#[test]
fn a_fault_of_the_next_few_attempts_is_used_up() {
    let mut next = fault(100, None, FaultKind::Error);
    next.strikes = Strikes::Next(2);
    next.operation = Some(Operation::Decrypt);
    let mut kms = service(100, &[next]);
    let other = Attempt { operation: Operation::Encrypt, ..attempt(9, 1) };
    let replies = [attempt(0, 1), other, attempt(1, 1), attempt(2, 1)].map(|a| kms.handle(&a, at(150)).reply);
    let error = Reply::Failed(ErrorCode::Internal);
    assert_eq!(replies, [error, Reply::Ok, error, Reply::Ok]);
}

#[test]
fn faults_before_the_quota_take_none() {
    let mut kms = service(1, &[fault(0, Some(100), FaultKind::Error)]);
    for job in 0..5 {
        kms.handle(&attempt(job, 1), at(50));
    }
    assert_eq!(kms.handle(&attempt(5, 1), at(100)).reply, Reply::Ok, "the quota of one is still there");
}

#[test]
fn a_quota_fault_changes_the_limit_and_gives_it_back() {
    let lower = |from, lasts, to| {
        let kind = FaultKind::Quota { pool: "symmetric".into(), to: Rate::per_second(to) };
        fault(from, Some(lasts), kind)
    };
    let mut kms = service(100, &[lower(1000, 3000, 10), lower(2000, 1000, 5)]);
    let granted = |kms: &mut Admission, second: u64| {
        (0..200).filter(|i| kms.handle(&attempt(*i, 1), at(second * 1000 + i)).reply == Reply::Ok).count()
    };
    let seen: Vec<usize> = (0..5).map(|second| granted(&mut kms, second)).collect();
    assert_eq!(seen, [100, 10, 5, 10, 100]);
    assert_eq!(kms.report()[0].limit, Rate::per_second(100));
}

#[test]
fn a_probability_strikes_its_share_and_the_same_attempts_whatever_came_before() {
    let mut some = fault(0, Some(10_000_000), FaultKind::Error);
    some.strikes = Strikes::Probability(Ratio::from_f64(0.05).unwrap());
    let run = |skip: u64| -> Vec<u64> {
        let mut kms = service(1_000_000, std::slice::from_ref(&some));
        (skip..20_000).filter(|job| kms.handle(&attempt(*job, 1), at(*job)).reply != Reply::Ok).collect()
    };
    let struck = run(0);
    assert!((struck.len() as f64 - 1000.0).abs() < 4.0 * 31.0, "{}", struck.len());
    let later: Vec<u64> = struck.iter().copied().filter(|job| *job >= 7_000).collect();
    assert_eq!(run(7_000), later);
}

#[test]
fn workloads_have_draws_of_their_own() {
    let latency = Latency { p50: MS(6), p99: MS(30) };
    let time = ServiceTime {
        default: latency.into(),
        throttled: MS(3),
        operations: BTreeMap::new(),
        measured: None,
        capacity: None,
    };
    let keys = KeyUse { spec: KeySpec::SymmetricDefault, pair_spec: KeySpec::Rsa2048, store: None };
    let mut kms = Admission::new(&quotas(1000), "us-east-1", &time, &[], &[keys, keys], 42, 0);
    let first = kms.handle(&attempt(0, 1), at(0)).ready_at;
    assert_eq!(kms.handle(&attempt(0, 1), at(0)).ready_at, first, "the draw belongs to the attempt");
    let other = Attempt { workload: 1, ..attempt(0, 1) };
    assert_ne!(kms.handle(&other, at(0)).ready_at, first);
    assert_ne!(kms.handle(&attempt(0, 2), at(0)).ready_at, first, "a retry draws anew");
}

#[test]
fn a_freeze_without_an_end_is_never_answered() {
    let mut freeze = fault(0, None, FaultKind::Freeze);
    freeze.strikes = Strikes::Next(1);
    let mut kms = service(100, &[freeze]);
    assert!(kms.handle(&attempt(0, 1), at(1)).ready_at.is_never());
    assert_eq!(kms.handle(&attempt(1, 1), at(1)).reply, Reply::Ok);
}

#[test]
fn finite_capacity_makes_attempts_wait_and_a_full_queue_answers_with_an_error() {
    let time = ServiceTime {
        default: Distribution::Fixed(MS(10)),
        throttled: MS(3),
        operations: BTreeMap::new(),
        measured: None,
        capacity: Some(Capacity { servers: 1, queue: Some(1) }),
    };
    let keys = KeyUse { spec: KeySpec::SymmetricDefault, pair_spec: KeySpec::Rsa2048, store: None };
    let mut kms = Admission::new(&quotas(4), "us-east-1", &time, &[], &[keys], 42, 0);
    let mut ask = |job, millis| {
        let answer = kms.handle(&attempt(job, 1), at(millis));
        (answer.reply, answer.ready_at, answer.slowed)
    };
    assert_eq!(ask(0, 0), (Reply::Ok, at(10), false));
    assert_eq!(ask(1, 1), (Reply::Ok, at(20), false), "it waits for the server");
    assert_eq!(ask(2, 2), (Reply::Failed(ErrorCode::Internal), at(5), false), "no place is left");
    assert_eq!(ask(3, 10), (Reply::Ok, at(30), false), "one has begun, so there is a place");
    assert_eq!(
        ask(4, 11),
        (Reply::Throttled, at(14), false),
        "the quota refuses before the queue is looked at"
    );
}

#[test]
fn a_fault_that_lets_some_pass_begins_with_the_next_one() {
    let mut late = Fault { after: 2, ..fault(0, Some(1_000), FaultKind::Error) };
    late.operation = Some(Operation::Decrypt);
    let mut kms = service(100, &[late]);
    let other = Attempt { operation: Operation::Encrypt, ..attempt(9, 1) };
    let asked = [attempt(0, 1), other, attempt(1, 1), attempt(2, 1), attempt(3, 1)];
    let replies = asked.map(|attempt| kms.handle(&attempt, at(5)).reply);
    let error = Reply::Failed(ErrorCode::Internal);
    assert_eq!(replies, [Reply::Ok, Reply::Ok, Reply::Ok, error, error]);
}

#[test]
fn a_probability_rises_in_a_straight_line() {
    let rising = Fault { at: MS(1_000), ramp: Some(MS(10_000)), ..fault(0, Some(100_000), FaultKind::Error) };
    let mut kms = service(1_000_000, &[rising]);
    let mut share = |from: u64| {
        let struck =
            (0..10_000).filter(|n| kms.handle(&attempt(from * 10 + n, 1), at(from)).reply != Reply::Ok);
        struck.count() as f64 / 1e4
    };
    assert_eq!(share(1_000), 0.0, "at its beginning");
    for (moment, expected) in [(3_500, 0.25), (6_000, 0.5), (11_000, 1.0), (50_000, 1.0)] {
        let found = share(moment);
        assert!((found - expected).abs() < 0.03, "{found} at {moment} ms, not {expected}");
    }
}

#[test]
fn a_seed_of_its_own_makes_a_faults_draws_the_same_wherever_it_stands() {
    let half = |seed| {
        let strikes = Strikes::Probability(Ratio::from_f64(0.5).unwrap());
        Fault { strikes, seed, ..fault(0, Some(1_000_000), FaultKind::Error) }
    };
    let never = Fault { operation: Some(Operation::Sign), ..half(None) };
    let struck = |faults: &[Fault]| -> Vec<u64> {
        let mut kms = service(1_000_000, faults);
        (0..500).filter(|job| kms.handle(&attempt(*job, 1), at(*job)).reply != Reply::Ok).collect()
    };
    assert_eq!(struck(&[half(Some(7))]), struck(&[never.clone(), half(Some(7))]));
    assert_ne!(struck(&[half(None)]), struck(&[never, half(None)]), "its place is part of the key otherwise");
    assert_ne!(struck(&[half(Some(7))]), struck(&[half(Some(8))]));
}

#[test]
fn chosen_errors_are_what_their_code_says_and_answers_come_late_or_not_at_all() {
    let said = |code: &str, status| FaultKind::ErrorAs { code: code.into(), status };
    let denied = Reply::Failed(ErrorCode::AccessDenied);
    let trickled = Answer { slowed: true, ..answer(Reply::Ok, 50 + 6 + 20) };
    for (kind, expected) in [
        (said("ThrottlingException", 400), answer(Reply::Throttled, 53)),
        (said("ExpiredTokenException", 400), answer(denied, 56)),
        (said("ServiceUnavailable", 503), answer(Reply::Failed(ErrorCode::Internal), 56)),
        (said("DisabledException", 400), answer(Reply::Failed(ErrorCode::Rejected), 56)),
        (FaultKind::Trickle { by: MS(20) }, trickled),
        (FaultKind::Truncate, answer(Reply::Failed(ErrorCode::ConnectionReset), 56)),
    ] {
        let mut kms = service(1, &[fault(0, Some(100), kind.clone())]);
        assert_eq!(kms.handle(&attempt(0, 1), at(50)), expected, "{kind:?}");
        let again = kms.handle(&attempt(1, 1), at(100)).reply;
        let has_taken = matches!(kind, FaultKind::Trickle { .. } | FaultKind::Truncate);
        assert_eq!(again == Reply::Throttled, has_taken, "{kind:?}: what was served has taken its quota");
    }
}
