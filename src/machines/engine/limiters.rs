//! The same scenario under every other kind of limiter: AWS does not publish how it enforces a quota, so an answer that
//! depends on it is not one.

use super::sim::{Control, simulate};
use crate::format::count;
use crate::results::{LimiterKinds, Run, agreement, conclude, other_kinds};
use crate::scenario::Scenario;
use std::sync::atomic::Ordering;

/// Jobs and attempts that are simulated for it at most, over all kinds: seconds at the speed of `cargo bench --bench
/// simulator`.
const MAX_SIMULATED: u64 = 12_000_000;
/// More trials of each kind tell no more that is worth their time.
const MOST_TRIALS: u64 = 3;

/// How `scenario`, whose simulated run is `run`, fares under every other kind of limiter, on `threads` threads. It is left
/// out, with the reason, where it would take too long, and once [`Control::stop`] is set.
pub fn under_other_limiters(
    scenario: &Scenario,
    run: &Run,
    threads: usize,
    control: &Control,
) -> LimiterKinds {
    let kinds = other_kinds(scenario.quotas.enforcement);
    let work: u64 = run.strategies.iter().map(|s| s.jobs.offered + s.attempts).sum();
    let done = u64::from(run.strategies.iter().map(|s| s.trials).max().unwrap_or(0).max(1));
    let each = work / done * kinds.len() as u64;
    let trials = (MAX_SIMULATED / each.max(1)).min(MOST_TRIALS).min(done) as u32;
    if run.interrupted {
        return LimiterKinds::left_out("the run was interrupted");
    }
    if trials == 0 {
        return LimiterKinds::left_out(format!(
            "a trial under each takes {} jobs and attempts, more than {}",
            count(each),
            count(MAX_SIMULATED)
        ));
    }
    let mut under = LimiterKinds { trials, ..LimiterKinds::default() };
    for kind in kinds {
        let mut there = scenario.clone();
        (there.quotas.enforcement, there.trials, there.until) = (kind, trials, None);
        let done = simulate(&there, threads, control);
        if control.stop.load(Ordering::Relaxed) {
            return LimiterKinds::left_out("that was interrupted");
        }
        let other = conclude(&there, "", serde_json::Value::Null, &done, false).0;
        under.kinds.push(agreement(run, &other, kind));
    }
    under
}
