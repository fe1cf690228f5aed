//! What is known of how AWS enforces a quota: one recorded episode, replayed through each kind of limiter.
//!
//! It is of Systems Manager, three operations with a quota each; no recording of KMS's own throttling is published. The seconds'
//! mistakes of a kind are how many calls, second by second, it admits more or fewer than were admitted, with the one rate
//! and the one set of parameters that suits it best for all three.

use keystorm_machines::planner::backtest::{Limit, Second, fit, mistakes};
use keystorm_machines::quota::Enforcement;
use keystorm_machines::time::Span;
use keystorm_machines::units::Rate;
use std::collections::BTreeMap;

/// Admitted and refused calls of each second of an operation's part of the episode.
type Seconds = BTreeMap<u64, (u64, u64)>;

fn episode() -> BTreeMap<String, Seconds> {
    let text = crate::facts::text("cloudtrail/invictus-ssm-throttling-per-second.csv");
    let mut operations: BTreeMap<String, Seconds> = BTreeMap::new();
    for row in csv::Reader::from_reader(text.as_bytes()).records() {
        let row = row.expect("a row");
        // 2023-07-10T12:08:12Z: all of one day.
        let part = |at: usize| row[1][at..at + 2].parse::<u64>().expect("digits");
        let second = part(11) * 3_600 + part(14) * 60 + part(17);
        let counts = (row[2].parse().expect("a count"), row[3].parse().expect("a count"));
        operations.entry(row[0].to_owned()).or_default().insert(second, counts);
    }
    operations
}

/// The mistakes of a kind over all operations; the calls of a second come evenly.
fn off(episode: &BTreeMap<String, Seconds>, enforcement: Enforcement, rate: Rate, phase: Span) -> u64 {
    let limit = Limit { enforcement, rate, phase };
    episode.values().map(|seconds| mistakes(&listed(seconds), &limit, 1)).sum()
}

fn listed(seconds: &Seconds) -> Vec<Second> {
    let of = |(at, (admitted, refused)): (&u64, &(u64, u64))| Second {
        at: *at as i64,
        admitted: *admitted,
        refused: *refused,
    };
    seconds.iter().map(of).collect()
}

/// The fewest mistakes of these kinds, at any of the rates.
fn fewest(kinds: &[(Enforcement, Span)], rates: &[&str]) -> u64 {
    let episode = episode();
    let rates = rates.iter().map(|rate| Rate::parse(rate).expect("a rate"));
    let each = rates
        .flat_map(|rate| kinds.iter().map(move |(kind, phase)| (*kind, *phase, rate)).collect::<Vec<_>>());
    each.map(|(kind, phase, rate)| off(&episode, kind, rate, phase)).min().expect("some")
}

#[test]
fn a_bucket_that_books_late_makes_the_fewest_mistakes_and_a_window_the_most() {
    let episode = episode();
    let counts =
        episode.values().flat_map(BTreeMap::values).fold((0, 0), |sum, n| (sum.0 + n.0, sum.1 + n.1));
    assert_eq!(counts, (165, 102), "267 calls");
    let rates = ["2/s", "2.5/s", "3/s", "4/s", "5/s"];
    let ms = Span::from_millis;
    let (steps, none) = ([250u64, 500, 750, 1_000, 1_250, 1_500, 1_750, 2_000], Span::ZERO);
    let bursts = [2_000u64, 2_667, 3_333, 4_000, 5_000, 6_000, 8_000];
    let window: Vec<_> =
        [0, 250, 500, 750].map(|phase| (Enforcement::Window { phase: Some(ms(phase)) }, ms(phase))).into();
    let bucket: Vec<_> = bursts.map(|burst| (Enforcement::Bucket { burst: ms(burst) }, none)).into();
    let lagging: Vec<_> = steps.map(|lag| (Enforcement::Lagging { lag: ms(lag) }, none)).into();
    let late: Vec<_> = bursts
        .iter()
        .flat_map(|burst| {
            steps.map(|lag| (Enforcement::LateBucket { burst: ms(*burst), lag: ms(lag) }, none))
        })
        .collect();
    // A window of a second holds a whole number of calls.
    let whole = ["2/s", "3/s", "4/s", "5/s"];
    let of_window = fewest(&window, &whole);
    let [of_bucket, of_lagging, of_late] = [&bucket, &lagging, &late].map(|kinds| fewest(kinds, &rates));
    let found = [of_window, of_bucket, of_lagging, of_late];
    println!("window, bucket, lagging, bucket with a lag: {found:?}");
    for (name, mistakes, said) in [
        ("window", found[0], 83..=87),
        ("bucket", found[1], 43..=48),
        ("lagging", found[2], 44..=54),
        ("bucket with a lag", found[3], 25..=38),
    ] {
        assert!(said.contains(&mistakes), "{name}: {mistakes}");
    }
}

#[test]
fn what_is_fitted_to_each_operation_tells_the_episode_as_well_as_the_kind_found_by_hand() {
    let episode = episode();
    let fitted = episode.values().map(|seconds| {
        let fit = fit(&listed(seconds), None).expect("it has throttles");
        assert!(fit.others["window"] >= fit.mistakes && fit.others.len() == 5, "{fit:?}");
        fit.mistakes
    });
    // Each with a rate of its own: at most what one rate and one kind for all leave.
    let sum: u64 = fitted.sum();
    assert!((1..=38).contains(&sum), "{sum} of 267 calls are told wrongly");
}
