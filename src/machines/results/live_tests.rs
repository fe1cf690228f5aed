//! What a live run's recordings and facts come to, without anything live.

use super::*;
use crate::api::{Attempt, ErrorCode, Failure, Job, JobKind, Operation, Outcome, Reply, Token};
use crate::record::{Layout, Recorder, Trial};
use crate::scenario::{Options, Scenario};
use crate::time::{Span, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

fn scenario(target: &str) -> Scenario {
    let text = format!(
        "
version: 1
target: {target}
workloads:
  w: {{ executor: constant-arrival-rate, rate: 10/s, duration: 40s, jobs: {{ Decrypt: 1 }}, keys: {{ ids: [ alias/a ] }} }}
strategies: {{ only: {{ retry: {{ mode: none }} }} }}
"
    );
    match Scenario::parse(&text, &Options::default()) {
        Ok(checked) => checked.scenario,
        Err(problems) => panic!("{problems}"),
    }
}

fn job(index: u64, intended: Time) -> Job {
    Job {
        workload: 0,
        stage: 0,
        client: 0,
        unit: 0,
        index,
        kind: JobKind::Call(Operation::Decrypt),
        intended,
        deadline: Time::NEVER,
        key: 0,
        context: 0,
        message: u32::MAX,
        bytes: 256,
        known_size: true,
    }
}

fn first(job: &Job) -> Attempt {
    Attempt {
        token: Token(job.index),
        workload: 0,
        stage: 0,
        client: 0,
        job: job.index,
        number: 1,
        operation: Operation::Decrypt,
        key: 0,
        context: 0,
        bytes: 256,
        intended: job.intended,
    }
}

const URL: &str = "http://127.0.0.1:8080";

/// Ten jobs in each of forty seconds, each answered after 20 ms by what `reply` says of its second.
fn recorded(scenario: &Scenario, reply: impl Fn(u64) -> Reply) -> Recorder {
    let layout = Arc::new(Layout::new(&scenario.workloads));
    let mut recorder = Recorder::new(&layout, Time::ZERO);
    for tenth in 0..400u64 {
        let at = Time::from_nanos(tenth * 100_000_000);
        let job = job(tenth, at);
        let attempt = first(&job);
        recorder.offered(&job, at);
        recorder.started(&job, None);
        recorder.sent(&attempt, at);
        let done = at + Span::from_millis(20);
        let answer = reply(tenth / 10);
        recorder.replied(recorder.attempt_cell(&attempt), answer, Span::from_millis(20), done);
        let outcome = match answer {
            Reply::Ok => Outcome::Completed,
            Reply::Throttled => Outcome::Failed(Failure::Throttled),
            Reply::Failed(code) => Outcome::Failed(Failure::Fault(code)),
        };
        recorder.ended(&job, outcome, false, done);
        recorder.late(Span::from_micros(300));
    }
    recorder.finish();
    recorder
}

fn concluded(scenario: &Scenario, recorder: Recorder, told: TrialWall) -> Run {
    let trial = Trial {
        recorder,
        pools: Vec::new(),
        data_keys: Default::default(),
        aborted_at: None,
        readings: Vec::new(),
    };
    let facts = LiveFacts { trials: vec![vec![told]], ..LiveFacts::default() };
    conclude_live(scenario, "", scenario.to_value(), &[vec![trial]], facts).0
}

fn kinds(run: &Run) -> Vec<&str> {
    run.cautions.iter().map(|caution| caution.kind.as_str()).collect()
}

#[test]
fn a_good_live_run_has_a_wall_and_nothing_to_be_told_of_the_harness() {
    let scenario = scenario(URL);
    let told = TrialWall {
        elapsed: Span::from_secs(41),
        busy_share: 0.2,
        refusals: BTreeMap::from([("ThrottlingException".into(), "x".repeat(5_000))]),
        ended_early: None,
    };
    let run = concluded(&scenario, recorded(&scenario, |_| Reply::Ok), told);
    assert_eq!(kinds(&run), ["few-samples"]);
    let wall = run.wall.expect("a live run");
    let strategy = &wall.strategies[0];
    assert_eq!((strategy.name.as_str(), strategy.elapsed_s), ("only", 41.0));
    assert!(!strategy.generator.is_limited && strategy.generator.lateness_p99_ms < 0.5, "{strategy:?}");
    assert_eq!(strategy.refusals[0].message.len(), 300, "a message is cut, not a book");
    assert!(!run.interrupted);
}

#[test]
fn a_generator_that_was_the_limit_is_the_first_caution() {
    let scenario = scenario(URL);
    let busy = TrialWall { busy_share: 0.9, ..TrialWall::default() };
    let run = concluded(&scenario, recorded(&scenario, |_| Reply::Throttled), busy);
    assert_eq!(kinds(&run)[0], "generator-limited");
    let mut late = recorded(&scenario, |_| Reply::Ok);
    (0..10).for_each(|_| late.late(Span::from_millis(7)));
    let run = concluded(&scenario, late, TrialWall::default());
    assert_eq!(kinds(&run)[0], "generator-limited");
    assert!(run.cautions[0].symptom.contains("bound 5 ms"), "{:?}", run.cautions[0]);
    // By how much response times may be off: what 99 % of attempts were late at most.
    assert!(
        run.cautions[0].symptom.contains("of a response time may be keystorm's own"),
        "{:?}",
        run.cautions[0]
    );
    assert!(run.wall.expect("a live run").strategies[0].generator.is_limited);
}

#[test]
fn a_job_that_is_lost_breaks_littles_law() {
    let scenario = scenario(URL);
    let mut recorder = recorded(&scenario, |_| Reply::Ok);
    let lost = job(1_000, Time::from_secs(40));
    recorder.offered(&lost, Time::from_secs(40));
    let last = job(1_001, Time::from_secs(60));
    recorder.offered(&last, Time::from_secs(60));
    assert!(kinds(&concluded(&scenario, recorder, TrialWall::default())).contains(&"littles-law"));
}

#[test]
fn refusals_for_access_are_told_with_their_count() {
    let scenario = scenario(URL);
    let denied = recorded(&scenario, |second| match second {
        0 => Reply::Failed(ErrorCode::AccessDenied),
        _ => Reply::Ok,
    });
    let run = concluded(&scenario, denied, TrialWall::default());
    let told = run.cautions.iter().find(|caution| caution.kind == "refused-for-access").expect("it is told");
    assert_eq!(told.symptom, "10 of 400 attempts were refused for access.");
    let (denied, faults) = (run.strategies[0].denied, run.strategies[0].faults);
    assert_eq!((denied, faults), (10, 0), "no fault of the service");
    assert_eq!(run.strategies[0].by_operation.values().map(|operation| operation.denied).sum::<u64>(), 10);
}

#[test]
fn a_server_that_was_gone_and_back_has_a_recovery_time() {
    let gone = |second| match second {
        10..15 => Reply::Failed(ErrorCode::ConnectionReset),
        15..17 => Reply::Failed(ErrorCode::Internal),
        _ => Reply::Ok,
    };
    let live = scenario(URL);
    let run = concluded(&live, recorded(&live, gone), TrialWall::default());
    // From the last connection error in second 14 until the five seconds from 17 on are whole again.
    assert_eq!(run.strategies[0].recovery_time_s, Some(2.0));
    let told = run.cautions.iter().find(|caution| caution.kind == "unreachable").expect("it is told");
    assert!(told.symptom.contains("between 10 s and 15 s; 50 attempts"), "{}", told.symptom);
    assert!(!kinds(&run).contains(&"not-recovered"));
    let never = |second| if second < 10 { Reply::Ok } else { Reply::Failed(ErrorCode::Internal) };
    let dead = recorded(&live, |second| if second == 10 { gone(second) } else { never(second) });
    let run = concluded(&live, dead, TrialWall::default());
    assert_eq!(run.strategies[0].recovery_time_s, None);
    assert!(kinds(&run).contains(&"not-recovered"));
}

#[test]
fn assumptions_are_those_of_the_target() {
    let text = |target: &str| assumptions::assumptions(&scenario(target)).join("\n");
    let (sim, emulator, url) = (text("sim"), text("emulator"), text(URL));
    assert!(sim.contains("assumed, not calibrated") && sim.contains("one-second windows"));
    assert!(emulator.contains("those the emulator was told") && emulator.contains("one-second windows"));
    for part in ["measured on the target", "only draw the line", "own attempts only"] {
        assert!(url.contains(part) && !sim.contains(part) && !emulator.contains(part), "{part}");
    }
    assert!(!url.contains("lognormal") && !url.contains("one-second windows"));
}
