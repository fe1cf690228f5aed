//! A verdict that one may act on: met, missed or cannot tell; preferred only by more than chance; and every sentence true.

use crate::support::{self, scenario};
use keystorm::engine::{Control, simulate};
use keystorm::record::Trial;
use keystorm::report::verdict::{Judgement, judge};
use keystorm::results::merit::{Criterion, Merit, Reason, Versus};
use keystorm::results::{EndedEarly, Run, StrategyRun, StrategyWall, Verdict, Wall, conclude};
use keystorm::scenario::{Options, Scenario, Set};
use std::path::Path;

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

fn headline(run: &Run) -> String {
    let Judgement { headline, because, .. } = judge(run);
    format!("{headline} {}", because.join(" "))
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
        let told = headline(&run);
        assert!(
            told.starts_with("Both strategies met every threshold") && told.contains("It is a tie"),
            "{told}"
        );
        assert!(!told.contains("preferred"), "{told}");
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
    let told = headline(&run);
    assert!(told.contains("; `patient` is preferred"), "{told}");
    assert!(told.contains("`patient` is better than `gives-up`: "), "{told}");
    // One trial is no statistics, an interrupted run neither.
    let one = support::run(&rivals(&strategies, 1, 1), 2);
    assert_eq!((Merit::new(&one).versus(1, 0), Merit::new(&one).best(&[0, 1])), (Versus::Unsure, None));
    assert!(headline(&one).contains("None of these is preferred"), "{}", headline(&one));
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
        headline(&run).contains("`capped` is UNSTABLE if the load lasts: its backlog grows by"),
        "{}",
        headline(&run)
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
    assert!(judge(&run).headline.starts_with("The run was interrupted"), "{}", judge(&run).headline);
}

fn shipped(trials: &str) -> Vec<(String, Run)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("scenarios/")
        .map(|file| file.expect("a file").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    let load = |name: String| {
        let text = std::fs::read_to_string(folder.join(&name)).expect("it is there");
        let mut sets = vec![Set::new("trials", trials)];
        // A fifth of the work shows as much.
        sets.extend(name.starts_with("02").then(|| Set::new("workloads.tasks.iterations", "40")));
        let options = Options { file: &name, sets: &sets, ..Options::default() };
        let checked = Scenario::parse(&text, &options).unwrap_or_else(|problems| panic!("{problems}"));
        (name, support::run(&checked.scenario, 2))
    };
    names.into_iter().map(load).collect()
}

/// The strategies that a sentence sets before `words`.
fn said_of<'r>(run: &'r Run, sentence: &str, words: [&str; 2]) -> Vec<&'r StrategyRun> {
    let parts = sentence.trim_end_matches('.').split([';', '·']);
    let part = parts.filter_map(|part| words.iter().find_map(|word| part.split_once(word)));
    let names: Vec<&str> = part.flat_map(|(before, _)| before.split('`').skip(1).step_by(2)).collect();
    run.strategies.iter().filter(|strategy| names.contains(&strategy.name.as_str())).collect()
}

/// Whether nobody's figure is better than any of `top` by more than is worth a word.
fn is_top(run: &Run, top: &[&StrategyRun], criterion: Criterion) -> bool {
    let value = |strategy: &StrategyRun| criterion.value(strategy);
    let beats = |other: f64, own: f64| match criterion {
        Criterion::Completed => other - own > 0.001,
        _ => own - other > 0.010_1 * other,
    };
    top.iter().all(|strategy| {
        let own = value(strategy).expect("what is top has a figure");
        run.strategies.iter().filter_map(value).all(|other| !beats(other, own))
    })
}

#[test]
fn every_superlative_of_every_shipped_scenario_holds_in_its_table() {
    let mut seen = 0;
    for (name, run) in shipped("1") {
        let told = judge(&run);
        for criterion in Criterion::of(&run) {
            let words = match criterion {
                Criterion::Completed => [" completes most", " complete most"],
                Criterion::DoneAfter | Criterion::Response => [" is fastest", " are fastest"],
                Criterion::Attempts => [" makes the fewest attempts", " make the fewest attempts"],
                Criterion::Cost => [" costs least", " cost least"],
            };
            let top = said_of(&run, &told.headline, words);
            seen += top.len();
            assert!(is_top(&run, &top, criterion), "{name}: {}", told.headline);
        }
        let met = |strategy: &StrategyRun| {
            run.thresholds.iter().filter(|t| t.strategy == strategy.name).all(|t| t.verdict == Verdict::Met)
        };
        for only in said_of(&run, &told.headline, [" met every threshold", " met all thresholds"]) {
            assert!(met(only), "{name}: {}", told.headline);
            let others = run.strategies.iter().filter(|s| s.name != only.name);
            assert!(
                !told.headline.starts_with("Only") || !others.into_iter().any(met),
                "{name}: {}",
                told.headline
            );
        }
        for sentence in [&told.headline].into_iter().chain(&told.because) {
            let names = run.strategies.iter().map(|s| s.name.as_str());
            let bare = |name: &str| sentence.split([' ', ',']).any(|word| word == name);
            assert!(!names.into_iter().any(bare), "{name}: a strategy's name is set off: {sentence}");
        }
        let over = |strategy: &StrategyRun| strategy.pools.values().any(|pool| pool.utilisation_peak > 1.0);
        let gated = run.strategies.iter().filter(|s| run.gate.is_empty() || run.gate.contains(&s.name));
        let is_green = told.tone == keystorm::report::paint::Tone::Good;
        assert!(!is_green || !gated.into_iter().any(over), "{name}: green over a quota: {}", told.headline);
        assert!(!told.headline.contains("highest goodput"), "{name}");
    }
    assert!(seen > 10, "{seen} superlatives");
}

#[test]
fn the_signers_pool_over_its_quota_is_in_the_headline() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/13-signer-ecc.yaml");
    let text = std::fs::read_to_string(path).expect("it is there");
    let options = Options { file: "13-signer-ecc.yaml", ..Options::default() };
    let run = support::run(&Scenario::parse(&text, &options).expect("it is sound").scenario, 2);
    let told = judge(&run);
    assert!(
        told.headline.contains("but pool ecc stands at 3") && told.headline.contains("of its 300/s"),
        "{told:?}"
    );
    assert_ne!(told.tone, keystorm::report::paint::Tone::Good);
    assert!(told.because.iter().any(|s| s.contains("of relayers were not completed")), "{told:?}");
}
