//! The search on services whose edges are known.

use super::*;
use crate::scenario::Options;

/// A service that serves `quota` a second, fails a share above it and falls apart above `falls` (0: never).
struct Service {
    quota: f64,
    falls: f64,
}

impl Service {
    fn measure(&self, load: f64, length: Span) -> Measure {
        let over = load > self.quota;
        let goodput =
            if self.falls > 0.0 && load > self.falls { self.quota / 2.0 } else { load.min(self.quota) };
        Measure {
            offered_per_s: load,
            goodput_per_s: goodput,
            attempts_per_s: load,
            attempts: (load * length.as_secs_f64()) as u64,
            throttled: u64::from(over),
            p99_ms: Some(10.0),
            held: vec![Some(load < 1.1 * self.quota), Some(load < 1.05 * self.quota)],
        }
    }
}

fn terms_of(guess: f64) -> Terms {
    let level = |secs, trials, gap| Level { length: Span::from_secs(secs), trials, gap };
    Terms {
        guess_per_s: guess,
        within: 0.01,
        levels: vec![level(4, 1, 4), level(16, 3, 2), level(64, 5, 1)],
        reach: 64.0,
        thresholds: 2,
        budget: None,
    }
}

/// Lets a search run; gives it and the probes it asked for.
fn searched(mut search: Search, service: &Service, most: usize) -> (Search, Vec<Probe>) {
    let mut probes = Vec::new();
    while let Some(probe) = search.next() {
        assert!(probes.len() < 2_000, "the search does not end: {probe:?}");
        if probes.len() == most {
            break;
        }
        for trial in probe.trials.clone() {
            let length = search.terms().levels[probe.level].length;
            search.take(probe.level, probe.place, trial, service.measure(probe.load_per_s, length));
        }
        probes.push(probe);
    }
    (search, probes)
}

/// The attempts of three bisections to the same width over a quarter to four times the guess, full trials only, each load
/// of each goal anew; a load is decided by as many trials as are sure to be needed, as in the search.
fn bisections(terms: &Terms, service: &Service) -> u64 {
    let (mut attempts, full) = (0, terms.levels.last().expect("a level"));
    let mut over = |load: f64, goal: usize, best: f64| {
        let measure = service.measure(load, full.length);
        attempts += measure.attempts * u64::from(full.trials.div_ceil(2));
        match goal {
            0 => measure.throttled > 0,
            1 => measure.held.contains(&Some(false)),
            _ => measure.goodput_per_s < 0.9 * best,
        }
    };
    for goal in 0..3 {
        let (mut low, mut high) = (terms.guess_per_s / 4.0, terms.guess_per_s * 4.0);
        if over(low, goal, service.quota) || !over(high, goal, service.quota) {
            continue;
        }
        while high / low - 1.0 > terms.within {
            let middle = (low * high).sqrt();
            if over(middle, goal, service.quota) { high = middle } else { low = middle }
        }
    }
    attempts
}

#[test]
fn every_edge_is_found_to_the_width_asked_for_wherever_it_lies() {
    for quota in [17.0, 650.0, 1_000.0, 1_003.0, 9_000.0, 60_000.0] {
        for falls in [0.0, 1.02, 1.5, 3.0] {
            let service = Service { quota, falls: falls * quota };
            let (search, _) = searched(Search::new(terms_of(1_000.0)), &service, usize::MAX);
            assert_eq!(search.stop(), Stop::Found);
            let expected = [
                (Goal::Throttle, quota),
                (Goal::Threshold(0), 1.1 * quota),
                (Goal::Threshold(1), 1.05 * quota),
            ];
            for (goal, edge) in expected {
                match search.edge(goal) {
                    Edge::Between(low, high) => {
                        assert!(
                            low <= edge && edge <= high && high / low < 1.0101,
                            "{quota} {goal:?}: {low} {high}"
                        );
                    }
                    Edge::Above(load) => assert!(edge >= load && load > 60_000.0, "{quota} {goal:?} {load}"),
                    other => panic!("{quota} {goal:?}: {other:?}"),
                }
            }
            match search.edge(Goal::Collapse) {
                Edge::Between(low, high) => {
                    assert!(falls > 0.0 && low <= falls * quota && falls * quota <= high)
                }
                Edge::Above(load) => {
                    assert!(falls == 0.0 && load >= 3.9 * quota || load > 60_000.0, "{load}")
                }
                other => panic!("{quota} {falls}: {other:?}"),
            }
        }
    }
}

#[test]
fn three_goals_cost_at_most_six_tenths_of_three_bisections() {
    for (quota, falls) in [(1_000.0, 0.0), (970.0, 0.0), (700.0, 1.4), (1_000.0, 1.2), (450.0, 2.5)] {
        let service = Service { quota, falls: falls * quota };
        let terms = terms_of(1_000.0);
        let (search, _) = searched(Search::new(terms.clone()), &service, usize::MAX);
        let (ours, theirs) = (search.attempts() as f64, bisections(&terms, &service) as f64);
        assert!(ours <= 0.6 * theirs, "{quota} {falls}: {ours} of {theirs}: {:.2}", ours / theirs);
    }
}

#[test]
fn a_search_goes_on_from_its_history_as_if_it_had_never_stopped() {
    let service = Service { quota: 930.0, falls: 1_500.0 };
    let (whole, probes) = searched(Search::new(terms_of(1_000.0)), &service, usize::MAX);
    for stopped_after in [0, 1, 7, probes.len() - 1] {
        let (part, first) = searched(Search::new(terms_of(1_000.0)), &service, stopped_after);
        let mut next = Search::new(terms_of(1_000.0));
        for probe in &first {
            for trial in probe.trials.clone() {
                let length = part.terms().levels[probe.level].length;
                let measure = service.measure(probe.load_per_s, length);
                let line = History::of("hash", "name", &part, probe, trial, &measure);
                let read: History = serde_json::from_str(&serde_json::to_string(&line).expect("JSON"))
                    .expect("it reads back");
                assert!(read.tell(&mut next) && !read.clone().tell(&mut next), "once, and only once");
            }
        }
        let (resumed, rest) = searched(next, &service, usize::MAX);
        assert_eq!(first.into_iter().chain(rest).collect::<Vec<_>>(), probes);
        assert_eq!(resumed.attempts(), whole.attempts());
    }
    let foreign = History {
        scenario: "hash".into(),
        strategy: "name".into(),
        length_ns: 5,
        load_per_s: 1_000.0,
        trial: 0,
        measure: service.measure(1_000.0, Span::from_secs(1)),
    };
    assert!(!foreign.tell(&mut Search::new(terms_of(1_000.0))), "of another length");
}

#[test]
fn a_budget_ends_it_and_says_so() {
    let service = Service { quota: 930.0, falls: 0.0 };
    let terms = Terms { budget: Some(50_000), ..terms_of(1_000.0) };
    let (search, _) = searched(Search::new(terms), &service, usize::MAX);
    assert_eq!((search.stop(), search.edge(Goal::Throttle)), (Stop::Spent, Edge::Unknown));
    assert!(search.attempts() >= 50_000);
}

#[test]
fn the_guess_is_the_load_that_fills_the_first_pool() {
    let text = "quotas: { symmetric: 1000/s, rsa: 60/s, background: { symmetric: 200/s } }
workloads:
  a: { executor: constant-arrival-rate, rate: 90/s, duration: 10s, jobs: { Decrypt: 1 } }
  b: { executor: constant-arrival-rate, rate: 10/s, duration: 10s, keys: { spec: RSA_2048 }, jobs: { Sign: 1 } }
strategies: { a: {} }";
    let scenario = crate::scenario::Scenario::parse(text, &Options::default()).expect("valid").scenario;
    // Symmetric: 800 of 90 a hundred; RSA: 60 of 10 a hundred, which is full first.
    assert!((guess(&scenario) - 600.0).abs() < 0.01, "{}", guess(&scenario));
}
