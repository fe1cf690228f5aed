//! A verdict that one may act on: met, missed or cannot tell; preferred only by more than chance; and every sentence true.

use crate::support::{self, scenario};
use keystorm::engine::{Control, simulate};
use keystorm::record::Trial;
use keystorm::report::verdict::judge;
use keystorm::results::merit::{Criterion, Merit, Reason, Versus};
use keystorm::results::{EndedEarly, Run, StrategyWall, Verdict, Wall, conclude};
use keystorm::scenario::Scenario;

const SMALL: &str = "executor: constant-arrival-rate, arrivals: uniform, rate: 10/s";

/// The verdicts on a load of `jobs` jobs a trial, without a failure unless `rest` makes one.
fn verdicts(jobs: u64, trials: u32, thresholds: &str, rest: &str) -> Vec<(Verdict, Option<String>)> {
    let seconds = jobs as f64 / 10.0;
    let text = format!(
        "version: 1\nserviceTime: {{ p50: 20ms, p99: 20ms, throttled: 5ms }}\n\
         workloads: {{ w: {{ {SMALL}, duration: {seconds}s, jobs: {{ Decrypt: 1 }} }} }}\n\
         strategies: {{ s: {{ retry: {{ mode: none }} }} }}\ntrials: {trials}\nthresholds: {{ {thresholds} }}\n{rest}"
    );
    let run = support::run(&scenario(&text), 2);
    run.thresholds.into_iter().map(|t| (t.verdict, t.remedy)).collect()
}

#[test]
fn so_many_jobs_are_the_fewest_that_can_meet_a_percentile() {
    for (jobs, threshold, verdict) in [
        (298, "p(99)<250ms", Verdict::CannotTell),
        (299, "p(99)<250ms", Verdict::Met),
        (2_994, "p(99.9)<250ms", Verdict::CannotTell),
        (2_995, "p(99.9)<250ms", Verdict::Met),
        // None of five is faster than a millisecond: a sure miss at any count.
        (5, "p(99)<1ms", Verdict::Missed),
        (10, "p(10)<250ms", Verdict::Met),
        (10, "max<250ms", Verdict::Met),
    ] {
        let found = verdicts(jobs, 1, &format!("response_time: [ \"{threshold}\" ]"), "");
        assert_eq!(found[0].0, verdict, "{jobs} jobs, {threshold}: {found:?}");
        assert_eq!(found[0].1.is_some(), verdict == Verdict::CannotTell, "{found:?}");
    }
    let (_, remedy) = verdicts(100, 1, "response_time: [ \"p(99)<250ms\" ]", "").remove(0);
    let remedy = remedy.expect("too few");
    assert!(
        remedy.contains("rests on 100 jobs, and 299 are the fewest") && remedy.contains("about 3 trials"),
        "{remedy}"
    );
    // Trials count together.
    assert_eq!(verdicts(100, 3, "response_time: [ \"p(99)<250ms\" ]", "")[0].0, Verdict::Met);
}

#[test]
fn a_share_needs_as_many_and_a_bound_of_zero_goes_by_counts() {
    let of =
        |jobs, threshold: &str, rest| verdicts(jobs, 1, &format!("failed: [ \"{threshold}\" ]"), rest)[0].0;
    assert_eq!(of(298, "rate<1%", ""), Verdict::CannotTell);
    assert_eq!(of(299, "rate<1%", ""), Verdict::Met);
    assert_eq!(of(20, "rate<=0", ""), Verdict::Met);
    assert_eq!(of(20, "rate==0", ""), Verdict::Met);
    let refused = "faults: [ { at: 0s, for: 5m, kind: throttle } ]";
    assert_eq!(of(20, "rate<1%", refused), Verdict::Missed);
    assert_eq!(of(20, "rate<=0", refused), Verdict::Missed);
}

#[test]
fn a_threshold_whose_interval_holds_the_bound_cannot_tell_and_says_how_many_trials_would() {
    let half = "faults: [ { at: 0s, for: 5m, kind: throttle, probability: 50% } ]";
    let thresholds =
        "failed: [ \"rate<50%\", \"rate<90%\", \"rate<10%\" ], goodput: [ \"value>5/s\", \"value>1/s\" ]";
    let found = verdicts(400, 4, thresholds, half);
    use Verdict::{CannotTell, Met, Missed};
    let words: Vec<Verdict> = found.iter().map(|(verdict, _)| *verdict).collect();
    assert_eq!(words, [CannotTell, Met, Missed, CannotTell, Met], "{found:?}");
    let remedy = found[0].1.as_deref().expect("a remedy");
    assert!(remedy.starts_with("The 95 % interval over 4 trials holds the bound: "), "{remedy}");
}

#[test]
fn a_trial_ends_early_for_a_miss_and_not_because_it_cannot_tell_yet() {
    let offered = |lasts: &str| {
        let text = format!(
            "version: 1\nworkloads: {{ w: {{ {SMALL}, duration: 60s, jobs: {{ Decrypt: 1 }} }} }}\n\
             strategies: {{ s: {{ retry: {{ mode: none }} }} }}\ntrials: 1\n\
             faults: [ {{ at: 950ms, for: {lasts}, kind: throttle }} ]\n\
             thresholds: {{ failed: [ {{ threshold: \"rate<1%\", abortOnFail: true }} ] }}"
        );
        support::run(&scenario(&text), 1).strategies[0].jobs.offered
    };
    // One of the first ten is more than 1 %, but may be chance; one of 600 is met.
    assert_eq!(offered("100ms"), 600);
    assert!(offered("30s") < 100, "{}", offered("30s"));
}

#[test]
fn intervals_stay_in_their_range() {
    let text = format!(
        "version: 1\nworkloads: {{ w: {{ {SMALL}, duration: 30s, jobs: {{ Decrypt: 1 }} }} }}\n\
         strategies: {{ s: {{ retry: {{ mode: aws-standard }} }} }}\ntrials: 2"
    );
    let run = support::run(&scenario(&text), 2);
    let intervals = &run.strategies[0].intervals;
    for (name, [low, high]) in intervals {
        assert!(*low >= 0.0 && low <= high, "{name}: {low} {high}");
    }
    let [low, high] = intervals["success"];
    assert!(high == 1.0 && (0.99..1.0).contains(&low), "nothing failed among 600, which is not never: {low}");
    let [low, high] = intervals["throttle"];
    assert!(low == 0.0 && (0.0..0.01).contains(&high) && high > 0.0, "{high}");
}

/// A load whose excess three strategies take differently, with a threshold that they all meet.
fn rivals(strategies: &str, trials: u32, seed: u64) -> Scenario {
    scenario(&format!(
        "version: 1\nseed: {seed}\nquotas: {{ symmetric: 60/s }}\nfleet: {{ clients: 4 }}
workloads: {{ w: {{ executor: constant-arrival-rate, rate: 70/s, duration: 20s, deadline: 1s, jobs: {{ Decrypt: 1 }} }} }}
strategies: {{ {strategies} }}
trials: {trials}
thresholds: {{ failed: [ \"rate<90%\" ] }}"
    ))
}

const JITTER: &str = "retry: { mode: exponential, base: 50ms, cap: 20s, jitter: full, maxAttempts: 5 }";

/// All that is said of a run: the three lines and what stands beside them.
fn told(run: &Run) -> String {
    let judged = judge(run);
    let lines: Vec<&str> = judged.lines().iter().map(|(_, text)| *text).collect();
    format!("{} {}", lines.join(" "), judged.because.join(" "))
}

#[test]
fn two_identical_strategies_are_a_tie_ever() {
    for seed in 0..20 {
        let run = support::run(&rivals(&format!("a: {{ {JITTER} }}, b: {{ {JITTER} }}"), 5, seed), 2);
        let merit = Merit::new(&run);
        assert_eq!(
            (merit.versus(0, 1), merit.versus(1, 0), merit.best(&[0, 1])),
            (Versus::Tie, Versus::Tie, None)
        );
        let told = told(&run);
        assert!(told.starts_with("`a`, `b` meet every threshold: a tie; `a`: "), "{told}");
        assert!(!told.contains("preferred") && told.contains("It is a tie"), "{told}");
        assert!(run.differences.iter().all(|d| !d.is_stated && d.mean == 0.0), "{:?}", run.differences);
    }
}

#[test]
fn a_difference_that_is_there_is_found_and_told_with_its_figures() {
    let strategies = format!("gives-up: {{ retry: {{ mode: none }} }}, patient: {{ {JITTER} }}");
    let run = support::run(&rivals(&strategies, 5, 1), 2);
    let merit = Merit::new(&run);
    assert_eq!(merit.versus(1, 0), Versus::Better(Reason::Figure(Criterion::Completed)));
    assert_eq!(merit.versus(0, 1), Versus::Worse(Reason::Figure(Criterion::Completed)));
    assert_eq!(merit.best(&[0, 1]), Some(1));
    let stated: Vec<&str> =
        run.differences.iter().filter(|d| d.is_stated).map(|d| d.figure.as_str()).collect();
    assert!(stated.contains(&"worstSuccess"), "{:?}", run.differences);
    let difference = &run.differences[0];
    assert_eq!((difference.first.as_str(), difference.second.as_str()), ("gives-up", "patient"));
    let [low, high] = difference.interval.expect("five trials");
    assert!(low <= difference.mean && difference.mean <= high && high < 0.0, "{difference:?}");
    let all = told(&run);
    assert!(
        all.starts_with("Of 2 strategies that meet every threshold `patient` is preferred; `patient`: "),
        "{all}"
    );
    let told = |run: &Run| told(run);
    assert!(all.contains("`patient` is better than `gives-up`: "), "{all}");
    // One trial is no statistics, an interrupted run neither.
    let one = support::run(&rivals(&strategies, 1, 1), 2);
    assert_eq!((Merit::new(&one).versus(1, 0), Merit::new(&one).best(&[0, 1])), (Versus::Unsure, None));
    assert!(told(&one).contains("none is preferred") && one.differences.is_empty(), "{}", told(&one));
    let cut = Run { interrupted: true, ..run.clone() };
    assert_eq!(Merit::new(&cut).best(&[0, 1]), None);
    // Live strategies take turns: three trials are the fewest, and none may have been cut short.
    let live = |trials: u32, why: Option<EndedEarly>| {
        let run = support::run(&rivals(&strategies, trials, 1), 2);
        let walls = vec![StrategyWall { ended_early: why, ..StrategyWall::default() }];
        Run { wall: Some(Wall { strategies: walls, ..Wall::default() }), ..run }
    };
    assert_eq!(Merit::new(&live(2, None)).best(&[0, 1]), None);
    assert_eq!(Merit::new(&live(3, None)).best(&[0, 1]), Some(1));
    assert_eq!(Merit::new(&live(3, Some(EndedEarly::Throttled))).best(&[0, 1]), None);
}

#[test]
fn the_same_strategy_with_other_backoff_draws_is_seldom_preferred() {
    let seeds = crate::times::times(100);
    let (mut preferred, mut differ) = (0, 0);
    for seed in 0..seeds {
        let mut scenario = rivals(&format!("a: {{ {JITTER} }}, b: {{ {JITTER} }}"), 5, seed);
        for workload in &mut scenario.workloads {
            workload.strategies[1].salt = 1;
        }
        let run = support::run(&scenario, 2);
        let merit = Merit::new(&run);
        preferred += u64::from(merit.best(&[0, 1]).is_some());
        differ += u64::from(merit.versus(0, 1) != Versus::Tie);
    }
    assert!(differ * 2 > seeds, "chance makes differences: {differ} of {seeds}");
    assert!(preferred * 100 <= 7 * seeds, "{preferred} of {seeds}");
}

#[test]
fn open_load_whose_backlog_keeps_growing_is_unstable_and_never_preferred() {
    let text = |deadline: &str, rate: u32| {
        format!(
            "version: 1\nquotas: {{ symmetric: 1000/s }}\nfleet: {{ clients: 10 }}
workloads: {{ w: {{ executor: constant-arrival-rate, rate: {rate}/s, duration: 40s, {deadline}jobs: {{ Decrypt: 1 }} }} }}
strategies:
  capped: {{ retry: {{ mode: aws-standard }}, limiter: {{ rate: 20/s, burst: 1 }} }}
  free: {{ retry: {{ mode: none }} }}
trials: 3
thresholds: {{ failed: [ \"rate<99%\" ] }}"
        )
    };
    let run = support::run(&scenario(&text("", 250)), 2);
    let growth = run.strategies[0].backlog_growth_per_s.expect("250/s come, 200/s go");
    assert!((45.0..55.0).contains(&growth), "{growth}");
    assert_eq!(run.strategies[1].backlog_growth_per_s, None);
    assert!(
        told(&run).contains("`capped` is UNSTABLE if the load lasts: its backlog grows by"),
        "{}",
        told(&run)
    );
    assert!(!matches!(Merit::new(&run).versus(0, 1), Versus::Better(_)));
    // A deadline bounds a backlog, and below capacity there is none.
    for (deadline, rate) in [("deadline: 2s, ", 250), ("", 150)] {
        let run = support::run(&scenario(&text(deadline, rate)), 2);
        assert_eq!(run.strategies[0].backlog_growth_per_s, None, "{deadline}{rate}");
    }
}

#[test]
fn an_interrupted_run_says_so_first_and_has_no_monthly_cost() {
    let scenario = rivals(&format!("a: {{ {JITTER} }}"), 3, 1);
    let mut trials: Vec<Vec<Trial>> = simulate(&scenario, 2, &Control::default());
    trials[0].pop();
    let (run, _) = conclude(&scenario, "", scenario.to_value(), &trials, true);
    assert_eq!(run.strategies[0].trials, 2, "only what ran");
    assert_eq!(run.strategies[0].cost.per_month_usd, None);
    assert!(told(&run).starts_with("The run was interrupted: this covers only what ran. "), "{}", told(&run));
    assert!(run.differences.is_empty());
}
