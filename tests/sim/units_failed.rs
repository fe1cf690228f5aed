//! `units_failed`: the share of VUs or clients with at least one job that was not completed.

use crate::support::{self, scenario};
use keystorm::report::{csv, text};
use keystorm::results::{Run, Units, Verdict};
use keystorm::scenario::{Options, Scenario};

fn run(load: &str, rest: &str) -> Run {
    support::run(
        &scenario(&format!(
            "version: 1\nserviceTime: {{ p50: 5ms, p99: 5ms, throttled: 5ms }}\nworkloads: {{ {load} }}\n\
             strategies: {{ plain: {{ retry: {{ mode: none }} }} }}\ntrials: 2\n{rest}"
        )),
        2,
    )
}

fn units(run: &Run) -> (u64, u64) {
    let Units { active, failed } = run.strategies[0].units.expect("saved since there are units");
    (active, failed)
}

/// The first 43 reads fail, each another pod's.
const PODS: &str =
    "pods: { executor: per-vu-iterations, vus: 400, iterations: 30, thinkTime: 10ms, jobs: { Decrypt: 1 } }";
const FIRST_43: &str = "faults: [ { at: 0s, next: 43, kind: error } ]";

#[test]
fn of_a_success_of_99_64_percent_43_of_400_pods_may_be_down() {
    let thresholds = "thresholds: { failed: [ \"rate<1%\" ], units_failed: [ \"rate<1%\", \"rate<20%\" ] }";
    let run = run(PODS, &format!("{FIRST_43}\n{thresholds}"));
    let only = &run.strategies[0];
    assert!((only.ratios.success - 0.9964).abs() < 5e-5, "{}", only.ratios.success);
    assert_eq!(units(&run), (800, 86), "two trials");
    assert_eq!(only.trial_values["unitsFailed"], [0.1075, 0.1075]);
    let verdicts: Vec<_> =
        run.thresholds.iter().map(|t| (t.expression.as_str(), t.value, t.verdict)).collect();
    assert_eq!(
        verdicts[1..],
        [("rate<1%", Some(0.1075), Verdict::Missed), ("rate<20%", Some(0.1075), Verdict::Met)]
    );
    assert_eq!(verdicts[0].2, Verdict::Met, "by jobs all is well");
    let page = text::render(&run, false);
    assert!(page.contains("units failed") && page.contains("10.8 %"), "{page}");
    let table = String::from_utf8(csv::strategies(&run)).expect("text");
    assert!(table.lines().next().is_some_and(|head| head.contains("units_active,units_failed")), "{table}");
}

#[test]
fn a_vu_counts_once_however_many_of_its_jobs_fail_and_whoever_takes_shared_iterations() {
    let one = "w: { executor: per-vu-iterations, vus: 1, iterations: 30, jobs: { Decrypt: 1 } }";
    assert_eq!(units(&run(one, "faults: [ { at: 0s, next: 7, kind: error } ]")), (2, 2));
    let shared = "w: { executor: shared-iterations, vus: 10, iterations: 300, jobs: { Decrypt: 1 } }";
    assert_eq!(units(&run(shared, "faults: [ { at: 0s, next: 4, kind: error } ]")), (20, 8));
    assert_eq!(units(&run(shared, "")), (20, 0));
}

#[test]
fn clients_are_the_units_of_open_load_and_one_that_serves_two_workloads_is_one() {
    let open = |name: &str| {
        format!(
            "{name}: {{ executor: constant-arrival-rate, arrivals: uniform, rate: 100/s, duration: 20s, jobs: {{ Decrypt: 1 }} }}"
        )
    };
    let fleet = "fleet: { clients: 20 }";
    let both = format!("{}, {}", open("a"), open("b"));
    assert_eq!(units(&run(&both, fleet)), (40, 0), "twenty in each of two trials");
    let all = format!("{fleet}\nfaults: [ {{ at: 0s, for: 1m, kind: throttle }} ]");
    let refused = run(&both, &all);
    assert_eq!(units(&refused), (40, 40));
    let of = |name: &str| refused.strategies[0].workloads.iter().find(|part| part.name == name);
    assert_eq!(of("a").and_then(|part| part.units), Some(Units { active: 40, failed: 40 }));
    // VUs are their workload's own.
    let mixed = format!("{}, {PODS}", open("a"));
    assert_eq!(units(&run(&mixed, fleet)), (2 * 420, 0));
}

#[test]
fn what_was_shed_or_is_unfinished_was_not_completed() {
    let burst = "w: { executor: burst, count: 50, every: 1s, duration: 1s, maxInFlight: 1, onLimit: shed, jobs: { Decrypt: 1 } }";
    assert_eq!(units(&run(burst, "")), (2, 2), "the one client had all but one shed");
    let frozen =
        "w: { executor: constant-vus, vus: 6, duration: 5s, gracefulStop: 0s, jobs: { Decrypt: 1 } }";
    assert_eq!(units(&run(frozen, "faults: [ { at: 4s, for: 5m, kind: freeze } ]")), (12, 12));
}

#[test]
fn only_whole_units_can_be_asked_for() {
    let text = |name: &str| {
        format!(
            "version: 1\nworkloads: {{ {PODS} }}\nstrategies: {{ a: {{ retry: {{ mode: none }} }} }}\n\
             thresholds: {{ \"{name}\": [ \"rate<1%\" ] }}"
        )
    };
    for good in ["units_failed", "units_failed{workload:pods}", "units_failed{strategy:a}"] {
        scenario(&text(good));
    }
    for (name, tag) in [("units_failed{operation:Decrypt}", "operation"), ("units_failed{stage:0}", "stage")]
    {
        let refused = Scenario::parse(&text(name), &Options::default()).expect_err(name).to_string();
        assert!(
            refused.contains(&format!("the tag `{tag}` selects jobs, and a VU or a client has them all")),
            "{refused}"
        );
    }
    let slip = Scenario::parse(&text("unit_failed"), &Options::default()).expect_err("a slip").to_string();
    assert!(slip.contains("units_failed"), "{slip}");
}

#[test]
fn an_aborting_threshold_on_units_ends_the_trial() {
    let forever =
        "w: { executor: constant-vus, vus: 400, duration: 60s, thinkTime: 1s, jobs: { Decrypt: 1 } }";
    let abort = "thresholds: { units_failed: [ { threshold: \"rate<1%\", abortOnFail: true } ] }";
    let run = run(forever, &format!("{FIRST_43}\n{abort}"));
    assert!(run.strategies[0].jobs.offered < 10_000, "{}", run.strategies[0].jobs.offered);
}
