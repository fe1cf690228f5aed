use super::*;
use crate::engine::{Control, simulate};
use crate::results::conclude;
use crate::scenario::{Options, Scenario};

/// A small run.
fn run(seed: u64, quota: u32, p99_us: u32) -> Run {
    let text = format!(
        "seed: {seed}
quotas: {{ symmetric: {quota}/s }}
serviceTime: {{ p50: 6ms, p99: {p99_us}us }}
workloads:
  w: {{ executor: constant-arrival-rate, rate: 120/s, duration: 8s, jobs: {{ Decrypt: 1 }} }}
strategies:
  no-retry: {{ retry: {{ mode: none }} }}
  patient: {{ retry: {{ mode: exponential, jitter: full, maxAttempts: 3 }} }}
trials: 5
"
    );
    let scenario =
        Scenario::parse(&text, &Options::default()).unwrap_or_else(|problems| panic!("{problems}")).scenario;
    let trials = simulate(&scenario, 2, &Control::default());
    conclude(&scenario, "", scenario.to_value(), &trials, false).0
}

fn compared(a: &Run, b: &Run) -> Comparison {
    compare(("a", a), ("b", b)).expect("the same definitions")
}

fn verdict(comparison: &Comparison, strategy: &str, figure: Figure) -> Outcome {
    let is_it = |d: &&Difference| d.strategy == strategy && d.figure == figure;
    comparison
        .differences
        .iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("{strategy} has no {figure:?}"))
        .verdict
}

fn claims(comparison: &Comparison) -> usize {
    let is_claim = |d: &&Difference| matches!(d.verdict, Outcome::Better | Outcome::Worse);
    comparison.differences.iter().filter(is_claim).count()
}

#[test]
fn nothing_is_claimed_between_runs_that_differ_by_their_seed_alone() {
    let runs: Vec<Run> = (0..101).map(|seed| run(seed, 100, 30_000)).collect();
    let silent = runs.windows(2).filter(|pair| claims(&compared(&pair[0], &pair[1])) == 0).count();
    println!("A/A: {silent} of 100 pairs without a claim");
    assert!(silent >= 93, "{silent} of 100");
}

#[test]
fn three_percent_of_goodput_or_p99_are_found() {
    let found = |count: &dyn Fn(u64) -> bool| (0..100).filter(|seed| count(*seed)).count();
    // A quota that is 3 % lower where there is more load than quota: 3 % of goodput, with the same jobs.
    let goodput = found(&|seed| {
        let comparison = compared(&run(seed, 100, 30_000), &run(seed, 97, 30_000));
        assert_eq!(comparison.how, How::Paired);
        verdict(&comparison, "no-retry", Figure::Goodput) == Outcome::Worse
    });
    // A service that is 3 % slower in its tail, with the same jobs.
    let p99 = found(&|seed| {
        let comparison = compared(&run(seed, 400, 30_000), &run(seed, 400, 30_900));
        assert_eq!(comparison.how, How::Paired);
        verdict(&comparison, "no-retry", Figure::P99) == Outcome::Worse
    });
    println!("A/B of 100: 3 % of goodput found in {goodput}, of p99 in {p99}");
    assert!(goodput >= 80 && p99 >= 80, "goodput {goodput}, p99 {p99} of 100");
}

#[test]
fn a_run_is_no_other_than_itself() {
    let one = run(3, 100, 30_000);
    let comparison = compared(&one, &one);
    assert!(comparison.differences.iter().all(|d| d.verdict == Outcome::Same && d.difference == 0.0));
    assert!(comparison.changed.is_empty());
}

#[test]
fn figures_of_other_definitions_are_not_mixed() {
    let one = run(3, 100, 30_000);
    let older = Run { definitions: 1, ..one.clone() };
    let said = compare(("new", &one), ("old", &older)).expect_err("they mean other things");
    assert!(said.contains("new has definitions 2 and old has 1"), "{said}");
}

/// A run of one trial, as a live one is, of 40 seconds.
fn single(seed: u64, quota: u32) -> Run {
    let text = format!(
        "seed: {seed}
quotas: {{ symmetric: {quota}/s }}
workloads:
  w: {{ executor: constant-arrival-rate, rate: 130/s, duration: 40s, jobs: {{ Decrypt: 1 }} }}
strategies:
  patient: {{ retry: {{ mode: exponential, jitter: full, maxAttempts: 3 }} }}
trials: 1
"
    );
    let scenario =
        Scenario::parse(&text, &Options::default()).unwrap_or_else(|problems| panic!("{problems}")).scenario;
    let trials = simulate(&scenario, 2, &Control::default());
    conclude(&scenario, "", scenario.to_value(), &trials, false).0
}

#[test]
fn runs_of_one_trial_are_compared_by_their_intervals_as_honestly() {
    let runs: Vec<Run> = (0..101).map(|seed| single(seed, 110)).collect();
    let same: Vec<Comparison> = runs.windows(2).map(|pair| compared(&pair[0], &pair[1])).collect();
    assert!(same.iter().all(|comparison| comparison.how == How::Intervals));
    let silent = same.iter().filter(|comparison| claims(comparison) == 0).count();
    let less = |seed: &u64| {
        let comparison = compared(&runs[*seed as usize], &single(seed + 1_000, 104));
        verdict(&comparison, "patient", Figure::Goodput) == Outcome::Worse
    };
    let found = (0..40).filter(less).count();
    println!("intervals: {silent} of 100 pairs without a claim; 5 % of goodput found in {found} of 40");
    assert!(silent >= 93 && found >= 32, "{silent} of 100, {found} of 40");
}

#[test]
fn what_was_changed_is_named_by_its_path() {
    let comparison = compared(&run(3, 100, 30_000), &run(3, 90, 30_000));
    let change = &comparison.changed[0];
    assert_eq!(
        (change.path.as_str(), change.a.as_str(), change.b.as_str()),
        ("quotas.symmetric", "100/s", "90/s")
    );
    assert_eq!(comparison.changed.len(), 1);
}

#[test]
fn rules_are_read_and_break_when_it_is_surely_worse_by_more() {
    for (text, part) in [
        ("p99", "worse than"),
        ("p98 worse than 5%", "figures are success"),
        ("p99 worse than 5", "worse than SHARE"),
        ("p99 worse than -5%", "worse than SHARE"),
        ("p99{workload:x} worse than 5%", "strategy:cached"),
    ] {
        let said = Rule::parse(text).expect_err(text);
        assert!(said.contains(part), "{text}: {said}");
    }
    let comparison = compared(&run(3, 100, 30_000), &run(3, 90, 30_000));
    let broken = |text: &str| Rule::parse(text).expect(text).broken(&comparison).count();
    assert_eq!(broken("goodput worse than 5%"), 2, "of both strategies");
    assert_eq!(broken("goodput{strategy:patient} worse than 5%"), 1);
    assert_eq!(broken("goodput worse than 20%"), 0);
    assert_eq!(broken("p50 worse than 1%"), 0);
    let better = compared(&run(3, 90, 30_000), &run(3, 100, 30_000));
    assert_eq!(Rule::parse("goodput worse than 5%").expect("a rule").broken(&better).count(), 0);
}

#[test]
fn quantiles_are_students() {
    for (chance, freedom, expected) in
        [(0.05, 4.0, 2.776), (0.01, 9.0, 3.250), (0.001, 4.0, 8.610), (0.05, 1.0, 12.706)]
    {
        assert!(
            (quantile(chance, freedom) - expected).abs() < 2e-3,
            "{chance} {freedom}: {}",
            quantile(chance, freedom)
        );
    }
}
