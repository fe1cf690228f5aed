//! One client at twice the quota, against the real SDK in virtual time.
//!
//! Measured with aws-sdk-kms 1.129.0: 2,000/s Poisson for 60 s against a bucket of 1,000/s with burst 1,000, replies
//! after 4 ms + Exp(3 ms): 1.352 attempts a call. Models of it: 1.353 with the shared slot, 1.151 with per-call permits.

use super::{job, retrying};
use keystorm_machines::api::Reply;
use keystorm_machines::client::{Accounting, Action, AwsRetry, Fleet, Generation, Input, RetryMode};
use keystorm_machines::rng::{Purpose, Stream};
use keystorm_machines::time::{Span, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A plain token bucket of 1,000/s that holds 1,000.
struct Bucket {
    tokens: f64,
    counted: Time,
}

impl Bucket {
    fn grants(&mut self, now: Time) -> bool {
        let gained = now.since(self.counted).as_secs_f64() * 1000.0;
        (self.tokens, self.counted) = ((self.tokens + gained).min(1000.0), now);
        let granted = self.tokens >= 1.0;
        self.tokens -= f64::from(u8::from(granted));
        granted
    }
}

/// What happens, ordered by time and then by the order in which it was foreseen.
#[derive(Default)]
struct Agenda {
    order: BinaryHeap<Reverse<(Time, usize)>>,
    inputs: Vec<Input>,
}

impl Agenda {
    fn add(&mut self, at: Time, input: Input) {
        self.order.push(Reverse((at, self.inputs.len())));
        self.inputs.push(input);
    }

    fn next(&mut self) -> Option<(Time, Input)> {
        self.order.pop().map(|Reverse((at, number))| (at, self.inputs[number]))
    }
}

/// Attempts per call in a minute's overload.
fn amplification(accounting: Accounting) -> f64 {
    let aws = AwsRetry { generation: Generation::V2_0, accounting, sdk: None };
    let policy = retrying(RetryMode::AwsStandard(aws), Some(3));
    let mut fleet = Fleet::new(&[&policy], 1, 20_261_123, 0);
    let arrivals = Stream::new(20_261_123, 0, Purpose::Arrival, 0);
    let service = Stream::new(20_261_123, 0, Purpose::ServiceTime, 0);
    let (mut bucket, mut agenda) = (Bucket { tokens: 1000.0, counted: Time::ZERO }, Agenda::default());
    let (mut calls, mut attempts, mut at) = (0u64, 0u64, Time::ZERO);
    while at < Time::from_secs(60) {
        agenda.add(at, Input::Job(job(calls, at)));
        at += Span::from_secs_f64(arrivals.draw(calls).exponential() / 2000.0);
        calls += 1;
    }
    let mut actions = Vec::new();
    while let Some((now, input)) = agenda.next() {
        fleet.handle(input, now, &mut actions);
        for action in actions.drain(..) {
            match action {
                Action::Send(attempt) => {
                    attempts += 1;
                    let reply = if bucket.grants(now) { Reply::Ok } else { Reply::Throttled };
                    let draw = service.draw_attempt(attempt.job, u64::from(attempt.number));
                    let time = Span::from_secs_f64(0.004 + 0.003 * draw.exponential());
                    agenda.add(now + time, Input::Reply(attempt.token, reply));
                }
                Action::WakeAt(token, when) => agenda.add(when, Input::Wake(token)),
                Action::TimedOut(_) | Action::Done(_) => {}
            }
        }
    }
    assert_eq!(fleet.in_flight(), 0);
    attempts as f64 / calls as f64
}

#[test]
fn twice_the_quota_is_amplified_as_the_real_sdk_amplifies_it() {
    for (accounting, expected) in [(Accounting::SharedSlot, 1.353), (Accounting::PerCall, 1.151)] {
        let measured = amplification(accounting);
        println!("{accounting:?}: {measured:.3} attempts a call, published {expected}");
        assert!((measured / expected - 1.0).abs() < 0.02, "{accounting:?}: {measured}, not {expected}");
    }
}
