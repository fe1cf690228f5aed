//! The machines with answers from outside: what a stop, a cap and the SDK's own retries mean to them.

use super::*;
use crate::scenario::Options;
use crate::time::Span;

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

/// Does all that is due by `now` and takes what is to be sent.
fn until(core: &mut Core<'_>, now: Time) -> Vec<Order> {
    while core.next_at() <= now {
        core.step(core.next_at(), now);
    }
    core.outbox().expect("live").take().collect()
}

fn begun(scenario: &Scenario) -> (Core<'_>, Order) {
    let layout = Arc::new(Layout::new(&scenario.workloads));
    let mut core = Core::live(scenario, &layout, 0, 0);
    let orders = until(&mut core, at(0));
    assert_eq!(orders.len(), 1);
    (core, orders[0])
}

fn answered(order: Order, number: u32, sent: Time, now: Time) -> Word {
    Word::Answered { order, number, sent, at: now, reply: Reply::Ok }
}

#[test]
fn after_a_stop_who_waits_for_a_slot_does_not_begin() {
    let scenario = scenario();
    let (mut core, order) = begun(&scenario);
    assert!(until(&mut core, at(250)).is_empty(), "two wait for the one slot");
    core.close(at(260));
    core.hear(&answered(order, 1, at(0), at(300)), at(300));
    assert!(until(&mut core, at(300)).is_empty() && core.is_over(at(300)));
    let jobs = core.into_trial(None).recorder.job_totals();
    assert_eq!((jobs.offered, jobs.completed, jobs.unfinished), (3, 1, 2));
}

#[test]
fn without_a_stop_the_longest_waiting_begins() {
    let scenario = scenario();
    let (mut core, order) = begun(&scenario);
    until(&mut core, at(250));
    core.hear(&answered(order, 1, at(0), at(300)), at(250));
    assert_eq!(until(&mut core, at(250)).len(), 1);
}

#[test]
fn only_the_first_try_can_be_late() {
    let scenario = scenario();
    let (mut core, order) = begun(&scenario);
    let retried = Word::Retried {
        order,
        number: 2,
        met: Reply::Throttled,
        sent: order.due + Span::from_millis(7),
        at: at(20),
    };
    core.hear(&retried, at(20));
    core.hear(&answered(order, 2, at(50), at(60)), at(60));
    let recorder = core.recorder();
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
    let (mut core, order) = begun(&scenario);
    core.outbox().expect("live").cap(1);
    let retried = |number| Word::Retried { order, number, met: Reply::Throttled, sent: at(0), at: at(5) };
    core.hear(&retried(2), at(5));
    assert_eq!(core.outbox().and_then(|outbox| outbox.cap_hit()), None, "one more was left");
    core.hear(&retried(3), at(9));
    assert_eq!(core.outbox().and_then(|outbox| outbox.cap_hit()), Some("attempts"));
}

#[test]
fn of_a_pool_that_is_others_too_no_more_is_taken_than_its_share() {
    let scenario = scenario();
    let layout = Arc::new(Layout::new(&scenario.workloads));
    for (per_second, hit) in [(2.0, None), (1.0, Some("maxQuotaShare"))] {
        let mut core = Core::live(&scenario, &layout, 0, 0);
        core.outbox().expect("live").share(crate::quota::PoolId::SYMMETRIC, per_second);
        let orders = until(&mut core, at(0));
        core.hear(&answered(orders[0], 1, at(0), at(50)), at(50));
        let second = until(&mut core, at(100));
        assert_eq!(second.len(), usize::from(hit.is_none()), "{per_second} a second");
        assert_eq!(core.outbox().and_then(|outbox| outbox.cap_hit()), hit);
    }
}
