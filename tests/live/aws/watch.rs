//! Who watches over a run: others who need the room end it, and so does a CloudWatch that has gone silent.

use super::house::{ACCOUNT, House, REGION, end, scenario};
use super::standin::{Says, Standin};
use crate::socket::{DEADLINE, until};
use aws_sdk_kms::config::retry::RetryConfig;
use keystorm::aws::{Access, Looked, Metric, QuotaGuard};
use keystorm::guard::nearby;
use keystorm::planner::{Denied, Found, PermitRequest, PoolFound, decide};
use keystorm::quota::PoolId;
use keystorm::scenario::{Options, Plan, Scenario, Transport};
use keystorm::time::Span;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::mpsc;

/// A watchman over a run of 40 calls a second, who asks CloudWatch at `url` every ten milliseconds, and where he tells that
/// he has ended it.
fn quota_guard(url: &str) -> (QuotaGuard, mpsc::Receiver<()>) {
    watchman_for(url, None)
}

/// The same, over a run that stops on an alarm.
fn watchman_for(url: &str, alarm: Option<&str>) -> (QuotaGuard, mpsc::Receiver<()>) {
    let text = scenario("{ ids: [a] }", std::path::Path::new("unused"));
    let mut scenario = Scenario::parse(&text, &Options::default()).expect("valid").scenario;
    scenario.live.caps.stop_on = alarm.map(str::to_owned);
    let plan = Plan::of(&scenario);
    let pool = PoolFound { quota_per_s: 10_000.0, is_applied: true, used_per_s: Some(38.0) };
    let found = Found {
        account: ACCOUNT.into(),
        arn: format!("arn:aws:iam::{ACCOUNT}:user/ann"),
        keys: Vec::new(),
        pools: BTreeMap::from([(PoolId::SYMMETRIC, pool)]),
    };
    let denied = Denied::default();
    let request = PermitRequest { scenario: &scenario, plan: &plan, checks_use: true, denied: &denied };
    let permit = decide(&request, found).expect("a small run");
    let metric =
        Metric { namespace: "AWS/Usage".into(), name: "CallCount".into(), dimensions: BTreeMap::new() };
    let looked = Looked { permit, metrics: BTreeMap::from([(PoolId::SYMMETRIC, metric)]) };
    let access =
        Access::unchecked(REGION, &nearby("http://127.0.0.1:1").expect("loopback"), &Transport::default())
            .expect("no CA file");
    let sdk = access.sdk().clone().into_builder().endpoint_url(url).retry_config(RetryConfig::disabled());
    let access = access.with_sdk(sdk.build());
    let (tell, told) = mpsc::channel();
    let ended = move || tell.send(()).expect("the test waits");
    let every = Span::from_millis(10);
    (QuotaGuard::start(access, scenario, looked, every, Vec::new, ended).expect("a thread"), told)
}

/// He looks five times more and lets the run go on.
fn goes_on(standin: &Standin, told: &mpsc::Receiver<()>, why: &str) {
    let before = standin.asked.load(Ordering::Relaxed);
    until("he has looked five times", || {
        assert!(told.try_recv().is_err(), "{why}");
        standin.asked.load(Ordering::Relaxed) >= before + 5
    });
}

#[test]
fn others_who_need_the_room_end_a_run_and_nobody_else_does() {
    let standin = Standin::start(Says {
        quota: 10_000.0,
        minutes: vec![600.0],
        denies: false,
        refuses: None,
        alarm: None,
    });
    let (quota_guard, told) = quota_guard(&standin.url);
    goes_on(&standin, &told, "600 calls a minute leave room");
    standin.says.lock().unwrap().minutes = vec![600.0, 594_000.0];
    told.recv_timeout(DEADLINE).expect("he ends it");
    let why = quota_guard.finish().expect("and says why");
    assert!(why.contains("pool symmetric: the plan peaks at 40.0/s"), "{why}");
}

#[test]
fn the_alarm_that_a_run_stops_on_ends_it_and_nothing_else_of_it_does() {
    let standin = Standin::start(Says {
        quota: 10_000.0,
        minutes: vec![600.0],
        denies: false,
        refuses: None,
        alarm: Some("OK"),
    });
    let (quota_guard, told) = watchman_for(&standin.url, Some("sick"));
    goes_on(&standin, &told, "the alarm is OK");
    standin.says.lock().unwrap().alarm = Some("INSUFFICIENT_DATA");
    goes_on(&standin, &told, "nobody knows that anything is wrong");
    standin.says.lock().unwrap().alarm = Some("ALARM");
    told.recv_timeout(DEADLINE).expect("he ends it");
    let why = quota_guard.finish().expect("and says why");
    assert_eq!(why, "the alarm sick (caps.stopOn) is in ALARM: nothing is sent while it is");
}

#[test]
fn a_run_that_ends_by_itself_was_not_ended_by_anybody() {
    let standin = Standin::start(Says {
        quota: 10_000.0,
        minutes: vec![600.0],
        denies: false,
        refuses: None,
        alarm: None,
    });
    let (quota_guard, told) = quota_guard(&standin.url);
    assert_eq!(quota_guard.finish(), None);
    assert!(told.recv().is_err(), "he is gone without a word");
}

#[test]
fn a_run_that_nobody_can_watch_is_ended() {
    // A port that nobody listens on: it was free a moment ago.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (quota_guard, told) = quota_guard(&format!("http://{closed}"));
    told.recv_timeout(DEADLINE).expect("he ends it");
    let why = quota_guard.finish().expect("and says why");
    assert!(why.contains("the account's use cannot be seen any longer: CloudWatch GetMetricData"), "{why}");
}

/// By the command, which looks once a minute:
///
///     cargo test --test live aws -- --ignored
#[test]
#[ignore = "takes a minute"]
fn the_command_looks_at_the_accounts_use_again_after_a_minute() {
    let house = House::new();
    let asked = std::sync::Arc::clone(&house.standin.asked);
    let says = std::sync::Arc::clone(&house.standin.says);
    // What was looked at before the run left room.
    let others = std::thread::spawn(move || {
        until("the account's use is looked at", || asked.load(Ordering::Relaxed) > 0);
        says.lock().unwrap().minutes = vec![594_000.0];
    });
    let long =
        ["--set", "workloads.w.duration=80s", "--set", "caps={attempts: 20000, rate: 150/s, duration: 120s}"];
    let (code, stdout, stderr) = end(&mut house.run(&long));
    others.join().unwrap();
    assert_eq!(code, 120, "{stdout}\n{stderr}");
    assert!(stderr.contains("the run was ended for others' sake: pool symmetric"), "{stderr}");
    let run = house.saved();
    assert_eq!(run["interrupted"], false);
    let attempts = run["strategies"][0]["attempts"].as_u64().unwrap();
    assert!((2_000..3_000).contains(&attempts), "a minute of 40 a second: {attempts}");
}
