//! What `check` foresees of closed load is what happens: jobs, and the busiest second.

use crate::support::{run, scenario};
use keystorm::scenario::Plan;

/// A closed workload that nothing holds up: its service time is fixed and its quota never met.
fn closed(load: &str, fleet: &str) -> String {
    format!(
        "version: 1\nname: closed\nquotas: {{ symmetric: 1000000/s }}\nserviceTime: {{ fixed: 10ms }}\n{fleet}\n\
         workloads:\n  w: {{ {load}, jobs: {{ Decrypt: 1 }} }}\n\
         strategies: {{ plain: {{ retry: {{ mode: none }} }} }}\ntrials: 1\n"
    )
}

#[test]
fn jobs_and_the_busiest_second_of_closed_load_are_foreseen() {
    for (load, fleet) in [
        ("executor: constant-vus, vus: 2000, duration: 1s, thinkTime: 1m", ""),
        ("executor: constant-vus, vus: 50, duration: 20s, thinkTime: 300ms", ""),
        ("executor: constant-vus, vus: 50, duration: 20s, pace: 2/s", ""),
        (
            "executor: constant-vus, vus: 600, duration: 60s, thinkTime: 20s",
            "fleet: { clients: 600, start: { over: 30s } }",
        ),
        (
            "executor: constant-vus, vus: 600, duration: 60s, thinkTime: 18s",
            "fleet: { clients: 600, start: { rolling: { batch: 100, every: 5s } } }",
        ),
        (
            "executor: ramping-vus, startVus: 0, stages: [{ duration: 20s, target: 200 }, { duration: 20s, target: 200 }, { duration: 20s, target: 0 }], thinkTime: 5s",
            "",
        ),
        (
            "executor: ramping-vus, startVus: 500, stages: [{ duration: 30s, target: 500 }], thinkTime: 10s",
            "",
        ),
        ("executor: shared-iterations, vus: 1000, iterations: 400", ""),
        ("executor: per-vu-iterations, vus: 300, iterations: 1", ""),
        ("executor: per-vu-iterations, vus: 20, iterations: 40, thinkTime: 500ms", ""),
    ] {
        let scenario = scenario(&closed(load, fleet));
        let plan = Plan::of(&scenario);
        let run = run(&scenario, 1);
        let met = &run.strategies[0];
        let offered = met.jobs.offered as f64;
        assert!(
            (plan.jobs / offered - 1.0).abs() < 0.05,
            "{load}: {} foreseen, {offered} offered",
            plan.jobs
        );
        let busiest = met.pools["symmetric"].peak_1s as f64;
        let foreseen = plan.pools[0].peak_per_s;
        assert!(
            foreseen >= 0.95 * busiest && foreseen <= 1.35 * busiest,
            "{load} {fleet}: {foreseen} foreseen, {busiest} in the busiest second"
        );
    }
}
