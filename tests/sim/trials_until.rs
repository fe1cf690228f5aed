//! `trials: { until: 1%, max: 200 }`: as many trials as make the intervals narrow, whatever they show.

use crate::support::{self, scenario};
use keystorm::report::text;
use keystorm::results::{Run, Stopped};
use keystorm::scenario::{Options, Scenario, Set};

fn question(trials: &str, strategies: &str, rest: &str) -> String {
    format!(
        "version: 1\nquotas: {{ symmetric: 40/s }}\n\
         workloads: {{ w: {{ executor: constant-arrival-rate, rate: 45/s, duration: 10s, jobs: {{ Decrypt: 1 }} }} }}\n\
         strategies: {{ {strategies} }}\ntrials: {trials}\n{rest}"
    )
}

const A: &str = "a: { retry: { mode: none } }";
const B: &str = "b: { retry: { mode: exponential, base: 50ms, cap: 1s, jitter: full, maxAttempts: 3 } }";

fn run(trials: &str, strategies: &str, rest: &str) -> Run {
    support::run(&scenario(&question(trials, strategies, rest)), 2)
}

fn trials(run: &Run) -> u32 {
    assert!(run.strategies.iter().all(|s| s.trials == run.strategies[0].trials), "all strategies together");
    run.strategies[0].trials
}

#[test]
fn ten_trials_are_added_at_a_time_until_goodput_and_p99_are_narrow() {
    let narrow = run("{ until: 5%, max: 200 }", A, "");
    let told = narrow.trials_until.clone().expect("it says why");
    let many = trials(&narrow);
    assert!((20..200).contains(&many) && many.is_multiple_of(10), "{many} trials, {told:?}");
    assert_eq!(told.stopped, Stopped::Narrow);
    assert!(told.half_width.is_some_and(|half| half <= 0.05), "{told:?}");
    // One step sooner it was not narrow yet.
    let sooner = run(&format!("{{ until: 5%, max: {} }}", many - 10), A, "");
    let told = sooner.trials_until.clone().expect("it says why");
    assert_eq!((trials(&sooner), told.stopped), (many - 10, Stopped::Max));
    assert!(told.half_width.is_some_and(|half| half > 0.05), "{told:?}");
    // The trials are those that a number would have given.
    let fixed = run(&many.to_string(), A, "");
    assert_eq!(fixed.strategies, narrow.strategies);
    assert_eq!(fixed.trials_until, None);
}

#[test]
fn the_report_says_how_many_trials_there_are_and_why() {
    let told = |trials: &str| {
        let page = text::render(&run(trials, A, ""), false);
        page.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let narrow = told("{ until: 20% }");
    assert!(
        narrow.contains("10 trials, until every 95 % interval was within ±20 %; the widest, "),
        "{narrow}"
    );
    let most = told("{ until: 0.01%, max: 12 }");
    assert!(
        most.contains("12 trials, the most allowed: ") && most.contains(", not within ±0.01 %."),
        "{most}"
    );
}

#[test]
fn the_figures_of_thresholds_decide_where_there_are_any_and_differences_never() {
    let failed = "thresholds: { failed: [ \"rate<50%\" ] }";
    let by_threshold = run("{ until: 5%, max: 60 }", A, failed);
    assert_eq!(by_threshold.trials_until.clone().expect("why").figure, "failed");
    // What goes by counts rests on no interval.
    let by_count = run("{ until: 30%, max: 60 }", A, "thresholds: { failed: [ \"rate==0\" ] }");
    assert!(
        ["goodput", "response_time p(99)"].contains(&by_count.trials_until.expect("why").figure.as_str())
    );
    // Two that are the same stop where each does alone, though no number of trials would make them differ.
    let alone = run("{ until: 5%, max: 200 }", A, "");
    let twice = run("{ until: 5%, max: 200 }", &format!("{A}, c: {{ retry: {{ mode: none }} }}"), "");
    assert_eq!(trials(&twice), trials(&alone));
    assert_eq!(twice.trials_until.map(|why| why.stopped), Some(Stopped::Narrow));
}

#[test]
fn as_many_on_one_thread_as_on_seven() {
    let asked = scenario(&question("{ until: 6%, max: 100 }", &format!("{A}, {B}"), ""));
    let one = support::run(&asked, 1);
    for threads in [2, 7] {
        let more = support::run(&asked, threads);
        assert_eq!(serde_json::to_string(&more).expect("JSON"), serde_json::to_string(&one).expect("JSON"));
    }
}

fn problems(text: &str, sets: &[Set]) -> String {
    Scenario::parse(text, &Options { sets, ..Options::default() }).expect_err(text).to_string()
}

#[test]
fn it_reads_back_as_it_was_written_and_says_what_is_wrong() {
    let asked = scenario(&question("{ until: 0.5% }", A, ""));
    assert_eq!((asked.trials, asked.until.map(|ratio| ratio.to_string()).as_deref()), (200, Some("0.5%")));
    assert_eq!(scenario(&asked.to_yaml()), asked);
    for (trials, part) in [
        ("{ max: 20 }", "until"),
        ("{ until: 0% }", "above 0% and below 100%"),
        ("{ until: 100% }", "above 0% and below 100%"),
        ("{ until: 1%, max: 1 }", "too small"),
        ("{ until: 1%, max: 10001 }", "too large"),
        ("{ until: 1%, most: 10 }", "most"),
        ("none", "whole number"),
    ] {
        let told = problems(&question(trials, A, ""), &[]);
        assert!(told.contains(part) && told.contains("trials"), "{trials}: {told}");
    }
    // A number laid over it is a number.
    let sets = [Set::new("trials", "3")];
    let text = question("{ until: 1% }", A, "");
    let checked = Scenario::parse(&text, &Options { sets: &sets, ..Options::default() }).expect("valid");
    assert_eq!((checked.scenario.trials, checked.scenario.until), (3, None));
}

#[cfg(feature = "live")]
#[test]
fn a_live_run_refuses_it_with_a_sentence() {
    let told = problems(&question("{ until: 1% }", A, "target: emulator"), &[]);
    assert!(told.contains("a live run does not add trials until intervals are narrow"), "{told}");
    assert!(told.contains("a number of trials, or target sim"), "{told}");
}
