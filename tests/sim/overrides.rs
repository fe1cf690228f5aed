//! What a workload lays over a strategy is what its jobs meet.

use crate::support::{run, scenario, strategy};

#[test]
fn a_workload_takes_the_strategys_cache_away() {
    let text = "workloads:
  cached: { executor: constant-arrival-rate, rate: 50/s, duration: 20s, jobs: { DecryptMessage: 1 }, messages: { count: 10 } }
  direct:
    executor: constant-arrival-rate
    rate: 50/s
    duration: 20s
    jobs: { DecryptMessage: 1 }
    messages: { count: 10 }
    strategies: { keeps: { cache: none } }
strategies: { keeps: { cache: { maxAge: 1m } } }
trials: 1
";
    let run = run(&scenario(text), 1);
    let [cached, direct] = strategy(&run, "keeps").workloads.as_slice() else { panic!("two workloads") };
    assert!(cached.jobs.completed > 800 && direct.jobs.completed > 800);
    assert_eq!(direct.jobs.served_from_cache, 0);
    assert!(cached.jobs.served_from_cache > cached.jobs.completed - 20, "{:?}", cached.jobs);
}
