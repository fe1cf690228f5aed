use super::*;
use crate::engine::{Control, simulate};
use crate::results::causes::causes;
use crate::results::conclude;
use crate::scenario::{Options, Scenario, Set};

/// The phases of every strategy of a scenario, by name.
fn found(text: &str, sets: &[(&str, &str)]) -> Vec<(String, Vec<Phase>)> {
    let sets: Vec<Set> = sets.iter().map(|(path, value)| Set::new(path, value)).collect();
    let options = Options { sets: &sets, ..Options::default() };
    let scenario = Scenario::parse(text, &options).unwrap_or_else(|problems| panic!("{problems}")).scenario;
    let trials = simulate(&scenario, 2, &Control::default());
    let run = conclude(&scenario, "", scenario.to_value(), &trials, false).0;
    let causes = causes(&scenario);
    run.strategies.iter().map(|strategy| (strategy.name.clone(), phases(strategy, &causes))).collect()
}

fn is_near(phase: &Phase, at: f64) -> bool {
    (phase.from_s - at).abs() <= 2.0
}

#[test]
fn the_storm_of_scenario_14_is_found_where_it_was_made() {
    let text = include_str!("../../../../scenarios/14-retry-storm-recovery.yaml");
    for (name, phases) in found(text, &[]) {
        let kinds: Vec<Kind> = phases.iter().map(|phase| phase.kind).collect();
        assert_eq!(kinds[0], Kind::Healthy, "{name}: {phases:#?}");
        let storm = &phases[1];
        assert!(
            is_near(storm, 30.0) && matches!(storm.kind, Kind::Throttled | Kind::Collapse),
            "{name}: {phases:#?}"
        );
        let cause = storm.cause.as_ref().map(|cause| cause.what.as_str());
        assert_eq!(cause, Some("`service` steps from 330/s to 1650/s"), "{name}");
        let after = &phases[2];
        assert!(is_near(after, 40.0), "{name}: {phases:#?}");
        let cause = after.cause.as_ref().map(|cause| cause.what.as_str());
        assert_eq!(cause, Some("`service` steps from 1650/s to 330/s"), "{name}");
    }
}

#[test]
fn a_backlog_drains_for_as_long_as_quota_less_load_needs() {
    let text = include_str!("../../../../scenarios/14-retry-storm-recovery.yaml");
    let all = found(text, &[]);
    let (_, phases) = all.iter().find(|(name, _)| name == "never-give-up").expect("the strategy");
    let kinds: Vec<Kind> = phases.iter().map(|phase| phase.kind).collect();
    assert_eq!(kinds, [Kind::Healthy, Kind::Throttled, Kind::Drain, Kind::Healthy], "{phases:#?}");
    // (3 - 1) x 10 s / (1 - 0.6) = 50 s, as the scenario's comment has it.
    assert!(is_near(&phases[3], 90.0), "{phases:#?}");
    let (_, phases) = all.iter().find(|(name, _)| name == "no-retry").expect("the strategy");
    let kinds: Vec<Kind> = phases.iter().map(|phase| phase.kind).collect();
    assert_eq!(kinds, [Kind::Healthy, Kind::Throttled, Kind::Healthy], "{phases:#?}");
}

const STEADY: &str = "quotas: { symmetric: 100/s }
fleet: { clients: 5 }
workloads: { w: { executor: constant-arrival-rate, rate: 60/s, duration: 60s, gracefulStop: 0s, jobs: { Decrypt: 1 } } }
strategies:
  no-retry: { retry: { mode: none } }
  naive: { retry: { mode: immediate, maxAttempts: 4 } }
  sdk: { retry: { mode: aws-standard } }
  budget: { retry: { mode: budget, ratio: 10%, minPerSecond: 1/s, ttl: 10s, maxAttempts: 5 } }
trials: 2
";

#[test]
fn steady_load_has_one_phase() {
    // At 85 % of the quota every twentieth second is too full by chance: how many attempts are refused depends on the
    // retries, and not on when.
    let cases = [
        ("60/s", Some(Kind::Healthy)),
        ("85/s", None),
        ("140/s", Some(Kind::Throttled)),
        ("300/s", Some(Kind::Throttled)),
    ];
    for (rate, kind) in cases {
        for seed in ["1", "2", "3"] {
            let sets = [("workloads.w.rate", rate), ("seed", seed)];
            for (name, phases) in found(STEADY, &sets) {
                assert_eq!(phases.len(), 1, "{rate}, seed {seed}, {name}: {phases:#?}");
                assert!(
                    kind.is_none_or(|kind| phases[0].kind == kind),
                    "{rate}, seed {seed}, {name}: {phases:#?}"
                );
            }
        }
    }
}

#[test]
fn a_fault_that_lets_nothing_through_is_a_collapse_and_is_named() {
    let sets = [("faults", "[{at: 20s, for: 15s, kind: error, probability: 100%}]")];
    for (name, phases) in found(STEADY, &sets) {
        let kinds: Vec<Kind> = phases.iter().map(|phase| phase.kind).collect();
        assert_eq!(kinds, [Kind::Healthy, Kind::Collapse, Kind::Healthy], "{name}: {phases:#?}");
        assert!(is_near(&phases[1], 20.0) && is_near(&phases[2], 35.0), "{name}: {phases:#?}");
        let causes: Vec<&str> =
            phases[1..].iter().filter_map(|p| p.cause.as_ref()).map(|c| c.what.as_str()).collect();
        assert_eq!(causes, ["the fault `error` begins", "the fault `error` ends"], "{name}");
    }
}

#[test]
fn short_stretches_go_to_their_longer_neighbour() {
    let mut all = stretches(&[Kind::Healthy; 9]);
    assert_eq!(all.len(), 1);
    let mut kinds = vec![Kind::Healthy; 9];
    kinds.extend([Kind::Throttled; 2]);
    kinds.extend([Kind::Healthy; 4]);
    kinds.extend([Kind::Throttled; 5]);
    all = stretches(&kinds);
    absorb(&mut all, 3);
    let lengths: Vec<(usize, usize, Kind)> = all.iter().map(|s| (s.from, s.to, s.kind)).collect();
    assert_eq!(lengths, [(0, 15, Kind::Healthy), (15, 20, Kind::Throttled)]);
}
