//! Runs of unequal seeds, which met different jobs: how often `compare` claims what is not there and finds what is.

use super::times::times;
use keystorm::engine::{Control, simulate};
use keystorm::results::compare::{Comparison, Figure, How, Outcome, compare};
use keystorm::results::{Run, conclude};
use keystorm::scenario::{Options, Scenario};

/// Ten trials of so long find 3 % of p99: 300,000 jobs a run.
const TRIALS: u32 = 10;
const SECONDS: u32 = 30;

/// 1,000 jobs a second against a quota, with service times of this p99.
fn run(seed: u64, quota: u32, p99_us: u32) -> Run {
    let text = format!(
        "seed: {seed}
quotas: {{ symmetric: {quota}/s }}
serviceTime: {{ p50: 6ms, p99: {p99_us}us }}
workloads:
  w: {{ executor: constant-arrival-rate, rate: 1000/s, duration: {SECONDS}s, jobs: {{ Decrypt: 1 }} }}
strategies:
  no-retry: {{ retry: {{ mode: none }} }}
trials: {TRIALS}
"
    );
    let parsed = Scenario::parse(&text, &Options::default());
    let scenario = parsed.unwrap_or_else(|problems| panic!("{problems}")).scenario;
    let trials = simulate(&scenario, 2, &Control::default());
    conclude(&scenario, "", scenario.to_value(), &trials, false).0
}

fn compared(a: &Run, b: &Run) -> Comparison {
    let comparison = compare(("a", a), ("b", b)).expect("the same definitions");
    assert_eq!(comparison.how, How::Trials);
    comparison
}

fn claims(comparison: &Comparison) -> usize {
    let is_claim = |outcome| matches!(outcome, Outcome::Better | Outcome::Worse);
    comparison.differences.iter().filter(|difference| is_claim(difference.verdict)).count()
}

fn is_worse(comparison: &Comparison, figure: Figure) -> bool {
    let of = |difference: &&keystorm::results::compare::Difference| difference.figure == figure;
    comparison.differences.iter().find(of).expect("it is compared").verdict == Outcome::Worse
}

/// Ten pairs, and a hundred with `KEYSTORM_TIMES=10`.
#[test]
fn three_percent_are_found_between_unequal_seeds_and_nothing_where_nothing_is() {
    let pairs = times(10);
    // A quota below the load, which goodput follows, and one above it, where p99 is the service's own.
    let (mut silent, mut goodput, mut p99) = (0, 0, 0);
    for pair in 0..pairs {
        let (one, other) = (run(2 * pair, 900, 30_000), run(2 * pair + 1, 900, 30_000));
        silent += u64::from(claims(&compared(&one, &other)) == 0);
        goodput += u64::from(is_worse(&compared(&one, &run(2 * pair + 1, 873, 30_000)), Figure::Goodput));
        let fast = run(2 * pair, 2_000, 30_000);
        p99 += u64::from(is_worse(&compared(&fast, &run(2 * pair + 1, 2_000, 30_900)), Figure::P99));
    }
    println!(
        "unequal seeds, {TRIALS} trials of {SECONDS} s at 1,000/s, of {pairs} pairs: {silent} without a claim; 3 % of goodput \
         found in {goodput}, of p99 in {p99}"
    );
    assert!(pairs - silent <= (7 * pairs).div_ceil(100), "{silent} of {pairs}");
    assert!(goodput * 100 >= pairs * 80 && p99 * 100 >= pairs * 80, "{goodput} and {p99} of {pairs}");
}
