//! What a stop, a cap and the SDK's own retries mean to the machines of a live run.

use super::*;
use crate::engine::live::drive::Driven;
use crate::record::Layout;
use crate::scenario::Options;
use std::sync::Arc;

/// Ten jobs a second, one at a time.
fn scenario() -> Scenario {
    let text = "target: http://127.0.0.1:1
client: raw
workloads:
  w: { executor: constant-arrival-rate, rate: 10/s, arrivals: uniform, duration: 10s, maxInFlight: 1, jobs: { Encrypt: 1 }, keys: { ids: [k] } }
strategies: { no-retry: { retry: { mode: none } } }";
    Scenario::parse(text, &Options::default()).expect("valid").scenario
}

const fn at(ms: u64) -> Time {
    Time::from_nanos(ms * 1_000_000)
}

fn driven<'s>(scenario: &'s Scenario, layout: &Arc<Layout>) -> Driven<'s> {
    let dispatcher = Dispatcher::new(scenario, 0, 0);
    Driven { core: Core::live(scenario, layout, (0, 0), dispatcher.phase(), None), dispatcher }
}

impl Driven<'_> {
    /// Does all that is due by `now` and takes what is to be sent.
    fn until(&mut self, now: Time) -> Vec<Order> {
        self.catch_up(now);
        self.dispatcher.take().collect()
    }

    fn hear(&mut self, event: SenderEvent, now: Time) {
        self.dispatcher.hear(&mut self.core, event, now);
    }
}

fn begun(scenario: &Scenario) -> (Driven<'_>, Order) {
    let layout = Arc::new(Layout::new(&scenario.workloads));
    let mut driven = driven(scenario, &layout);
    let orders = driven.until(at(0));
    assert_eq!(orders.len(), 1);
    (driven, orders[0])
}

fn answered(order: Order, number: u32, sent: Time, now: Time) -> SenderEvent {
    SenderEvent::Answered { order, number, sent, at: now, reply: Reply::Ok }
}

#[test]
fn after_a_stop_who_waits_for_a_slot_does_not_begin() {
    let scenario = scenario();
    let (mut driven, order) = begun(&scenario);
    assert!(driven.until(at(250)).is_empty(), "two wait for the one slot");
    driven.core.close(at(260));
    driven.hear(answered(order, 1, at(0), at(300)), at(300));
    assert!(driven.until(at(300)).is_empty() && driven.core.is_over(at(300)));
    let jobs = driven.core.into_trial(Vec::new(), None).recorder.job_totals();
    assert_eq!((jobs.offered, jobs.completed, jobs.unfinished), (3, 1, 2));
}

#[test]
fn without_a_stop_the_longest_waiting_begins() {
    let scenario = scenario();
    let (mut driven, order) = begun(&scenario);
    driven.until(at(250));
    driven.hear(answered(order, 1, at(0), at(300)), at(250));
    assert_eq!(driven.until(at(250)).len(), 1);
}

#[test]
fn only_the_first_try_can_be_late() {
    let scenario = scenario();
    let (mut driven, order) = begun(&scenario);
    let retried = SenderEvent::Retried {
        order,
        number: 2,
        met: Reply::Throttled,
        sent: order.due + Span::from_millis(7),
        at: at(20),
    };
    driven.hear(retried, at(20));
    driven.hear(answered(order, 2, at(50), at(60)), at(60));
    let recorder = driven.core.recorder();
    let attempts = recorder.attempt_totals();
    assert_eq!((attempts.calls, attempts.attempts, attempts.throttled, attempts.ok), (1, 2, 1, 1));
    assert_eq!(
        (recorder.lateness().len(), recorder.lateness().max() / 100),
        (1, 70),
        "seven milliseconds, once"
    );
}

#[test]
fn retries_that_the_sdk_makes_by_itself_come_under_the_caps() {
    let scenario = scenario();
    let (mut driven, order) = begun(&scenario);
    driven.dispatcher.cap(1);
    let retried =
        |number| SenderEvent::Retried { order, number, met: Reply::Throttled, sent: at(0), at: at(5) };
    driven.hear(retried(2), at(5));
    assert_eq!(driven.dispatcher.cap_hit(), None, "one more was left");
    driven.hear(retried(3), at(9));
    assert_eq!(driven.dispatcher.cap_hit(), Some("attempts"));
}

#[test]
fn of_a_pool_that_is_others_too_no_more_is_taken_than_its_share() {
    let scenario = scenario();
    let layout = Arc::new(Layout::new(&scenario.workloads));
    for (per_second, hit) in [(2.0, None), (1.0, Some("maxQuotaShare"))] {
        let mut driven = driven(&scenario, &layout);
        driven.dispatcher.share(crate::quota::PoolId::SYMMETRIC, per_second);
        let orders = driven.until(at(0));
        driven.hear(answered(orders[0], 1, at(0), at(50)), at(50));
        let second = driven.until(at(100));
        assert_eq!(second.len(), usize::from(hit.is_none()), "{per_second} a second");
        assert_eq!(driven.dispatcher.cap_hit(), hit);
    }
}

#[test]
fn what_gets_no_answer_in_time_is_given_up_once_and_tried_again() {
    let text = "target: http://127.0.0.1:1
client: raw
workloads:
  w: { executor: constant-arrival-rate, rate: 1/s, arrivals: uniform, duration: 1s, jobs: { Encrypt: 1 }, keys: { ids: [k] } }
strategies: { timed: { timeout: 300ms, retry: { mode: fixed, delay: 50ms, maxAttempts: 2 } } }";
    let scenario = Scenario::parse(text, &Options::default()).expect("valid").scenario;
    let (mut driven, order) = begun(&scenario);
    assert!(order.is_timed);
    assert!(driven.until(at(299)).is_empty() && driven.core.take_given_up().count() == 0);
    assert!(driven.until(at(300)).is_empty());
    let given_up: Vec<Attempt> = driven.core.take_given_up().collect();
    assert_eq!(given_up, [order.attempt]);
    assert_eq!(driven.core.take_given_up().count(), 0);
    let again = driven.until(at(350));
    assert_eq!(again.iter().map(|order| order.attempt.number).collect::<Vec<_>>(), [2]);
    driven.hear(answered(order, 1, at(0), at(360)), at(360));
    assert_eq!(driven.core.recorder().attempt_totals().ok, 0, "nobody waits for the first answer");
}
