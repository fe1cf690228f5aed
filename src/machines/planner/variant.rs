//! A scenario as it would be: under a steady load, under more load, in one stretch of its time, with another quota.

use crate::quota::{Enforcement, catalogue};
use crate::scenario::{Scenario, plan};
use crate::time::{Span, Time};
use crate::units::Rate;
use crate::workload::{Arrivals, Executor, FleetStart, RateStage, Workload};

/// What a quota is set to that never refuses: attempts a second.
pub const UNLIMITED: u64 = 1_000_000_000;

/// A rate of `per_s` a second, to a thousandth.
pub fn rate_of(per_s: f64) -> Rate {
    Rate::new((per_s * 1e3).round().max(0.0) as u64, 1_000)
}

/// Why a steady load cannot be made of a scenario; `None` if it can.
pub fn not_steady(scenario: &Scenario) -> Option<String> {
    let closed: Vec<&str> =
        scenario.workloads.iter().filter(|w| !w.executor.is_open()).map(|w| w.name.as_str()).collect();
    (!closed.is_empty()).then(|| {
        format!(
            "workload `{}` is closed: it offers what the service lets it, so that no load can be set. Give it an open \
             executor, such as constant-arrival-rate with the rate that `keystorm check` prints",
            closed.join("`, `")
        )
    })
}

/// Jobs a second of each workload at its own worst second, by place; 0 where its trace is not loaded.
pub fn peaks(scenario: &Scenario) -> Vec<f64> {
    let of =
        |workload: &Workload| plan::peak(workload, &scenario.fleet, &scenario.service_time).unwrap_or(0.0);
    scenario.workloads.iter().map(of).collect()
}

/// The scenario under a steady load of `per_s` jobs a second for `length` after its warm-up: its workloads in the
/// proportion of their peaks, all from the start. Faults, restarts and a slow start belong to one course of events: none.
pub fn steady(scenario: &Scenario, per_s: f64, length: Span) -> Scenario {
    let (peaks, mut steady) = (peaks(scenario), scenario.clone());
    let all: f64 = peaks.iter().sum();
    let warm_up = scenario.workloads.iter().map(|w| w.warm_up).max().unwrap_or_default();
    for (workload, peak) in steady.workloads.iter_mut().zip(&peaks) {
        let arrivals = spacing(&workload.executor);
        let share = if all > 0.0 { peak / all } else { 0.0 };
        let rate = rate_of(per_s * share);
        workload.executor = Executor::ConstantArrivalRate { rate, duration: warm_up + length, arrivals };
        (workload.start_time, workload.warm_up) = (Span::ZERO, warm_up);
    }
    steady.faults.clear();
    (steady.fleet.start, steady.fleet.restart) = (FleetStart::Together, None);
    steady
}

/// How an executor spaces its arrivals; a burst made steady comes at random.
fn spacing(executor: &Executor) -> Arrivals {
    match executor {
        Executor::ConstantArrivalRate { arrivals, .. } | Executor::RampingArrivalRate { arrivals, .. } => {
            *arrivals
        }
        Executor::Trace(trace) => trace.arrivals,
        _ => Arrivals::Poisson,
    }
}

/// The scenario with `factor` times the load: rates, jobs of a burst, counts of a trace, VUs and their iterations.
pub fn scaled(scenario: &Scenario, factor: f64) -> Scenario {
    let mut scaled = scenario.clone();
    if factor == 1.0 {
        return scaled;
    }
    let more = |rate: &mut Rate| *rate = rate_of(rate.as_per_second() * factor);
    let whole = |count: u64| ((count as f64 * factor).round() as u64).max(1);
    let vus_of = |vus: &mut u32| *vus = u32::try_from(whole(u64::from(*vus))).unwrap_or(u32::MAX);
    for workload in &mut scaled.workloads {
        match &mut workload.executor {
            Executor::ConstantArrivalRate { rate, .. } => more(rate),
            Executor::RampingArrivalRate { start_rate, stages, .. } => {
                more(start_rate);
                stages.iter_mut().for_each(|stage| more(&mut stage.target));
            }
            Executor::Burst { count, .. } => *count = whole(*count),
            Executor::Trace(trace) => trace.scale *= factor,
            Executor::ConstantVus { vus, .. } | Executor::PerVuIterations { vus, .. } => vus_of(vus),
            Executor::RampingVus { start_vus, stages, .. } => {
                vus_of(start_vus);
                stages.iter_mut().for_each(|stage| vus_of(&mut stage.target));
            }
            Executor::SharedIterations { vus, iterations, .. } => {
                vus_of(vus);
                *iterations = whole(*iterations);
            }
        }
    }
    scaled
}

/// The scenario with the quota of `pool` at `per_s`, and every other pool's without a limit.
pub fn with_only_quota(scenario: &Scenario, pool: &str, per_s: u64) -> Scenario {
    let mut changed = unlimited(scenario);
    changed.quotas.overrides.insert(pool.to_owned(), Rate::per_second(per_s));
    changed
}

/// The scenario without a limit on any pool.
pub fn unlimited(scenario: &Scenario) -> Scenario {
    let mut changed = scenario.clone();
    for pool in catalogue::pool_names() {
        changed.quotas.overrides.insert(pool.to_owned(), Rate::per_second(UNLIMITED));
    }
    changed
}

/// The scenario with its limits enforced in another way.
pub fn enforced(scenario: &Scenario, enforcement: Enforcement) -> Scenario {
    let mut changed = scenario.clone();
    changed.quotas.enforcement = enforcement;
    changed
}

/// Why no stretch can be cut out of a scenario's time; `None` if one can.
pub fn not_sliceable(scenario: &Scenario) -> bool {
    !scenario.workloads.iter().all(|w| w.executor.is_open())
        || !scenario.faults.is_empty()
        || scenario.fleet.restart.is_some()
        || scenario.fleet.start != FleetStart::Together
        || scenario.thresholds.iter().any(|threshold| threshold.tags.contains_key("stage"))
}

/// The stretch from `from` to `to` of a scenario's time, moved to its beginning; the first `unmeasured` of it is warm-up.
/// Workloads that have no part in it are silent.
pub fn sliced(scenario: &Scenario, from: Time, to: Time, unmeasured: Span) -> Scenario {
    let mut slice = scenario.clone();
    for workload in &mut slice.workloads {
        let (begins, ends) = (workload.start(), workload.end());
        let (first, last) = (begins.max(from), ends.min(to));
        let own_warm_up = (begins + workload.warm_up).since(from.min(begins + workload.warm_up));
        if first >= last {
            workload.executor = silent(to.since(from));
            (workload.start_time, workload.warm_up) = (Span::ZERO, Span::ZERO);
            continue;
        }
        workload.start_time = first.since(from);
        let judged_from = unmeasured.max(own_warm_up);
        workload.warm_up = judged_from - workload.start_time;
        cut(&mut workload.executor, first.since(begins), last.since(begins), &mut workload.start_time);
    }
    slice
}

/// No arrivals for so long.
fn silent(length: Span) -> Executor {
    Executor::ConstantArrivalRate { rate: Rate::ZERO, duration: length, arrivals: Arrivals::Uniform }
}

/// Keeps what an executor brings between two points of its own time.
fn cut(executor: &mut Executor, from: Span, to: Span, start: &mut Span) {
    let length = to - from;
    match executor {
        Executor::ConstantArrivalRate { duration, .. } => *duration = length,
        Executor::RampingArrivalRate { start_rate, stages, .. } => {
            let kept = ramps(*start_rate, stages, from, to);
            (*start_rate, *stages) = kept;
        }
        Executor::Burst { every, duration, .. } => {
            let every = every.as_nanos().max(1);
            let next = from.as_nanos().div_ceil(every) * every;
            *start = *start + (Span::from_nanos(next) - from);
            *duration = to - Span::from_nanos(next);
        }
        Executor::Trace(trace) => {
            // Whole seconds: a trace of counts knows no less.
            trace.offset = trace.offset + from;
            trace.duration = Some(length);
        }
        _ => {}
    }
}

/// The part of linear ramps between two points, as ramps.
fn ramps(start: Rate, stages: &[RateStage], from: Span, to: Span) -> (Rate, Vec<RateStage>) {
    let (mut begins, mut rate) = (Span::ZERO, start.as_per_second());
    let (mut first, mut kept) = (None, Vec::new());
    for stage in stages {
        let (ends, target) = (begins + stage.duration, stage.target.as_per_second());
        let at = |moment: Span| {
            let length = stage.duration.as_secs_f64();
            let share = if length > 0.0 { (moment - begins).as_secs_f64() / length } else { 1.0 };
            rate + (target - rate) * share
        };
        let (low, high) = (begins.max(from), ends.min(to));
        if low < high {
            first.get_or_insert(at(low));
            kept.push(RateStage { duration: high - low, target: rate_of(at(high)) });
        } else if stage.duration.is_zero() && first.is_some() && begins < to {
            // A jump.
            kept.push(*stage);
        }
        (begins, rate) = (ends, target);
    }
    (rate_of(first.unwrap_or(rate)), kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Options, Plan};

    fn scenario(text: &str) -> Scenario {
        Scenario::parse(text, &Options::default()).expect("valid").scenario
    }

    const MIXED: &str = "workloads:
  ramp: { executor: ramping-arrival-rate, startRate: 0/s, stages: [ { duration: 10s, target: 100/s }, { duration: 20s, target: 50/s } ], jobs: { Decrypt: 1 } }
  burst: { executor: burst, count: 5, every: 4s, duration: 30s, jobs: { Encrypt: 1 } }
strategies: { no-retry: { retry: { mode: none } } }";

    #[test]
    fn a_steady_load_keeps_the_proportion_of_the_peaks() {
        let steady = steady(&scenario(MIXED), 210.0, Span::from_secs(5));
        let plan = Plan::of(&steady);
        assert!((plan.peak_per_s - 210.0).abs() < 0.01 && (plan.jobs - 1_050.0).abs() < 0.1, "{plan:?}");
        assert_eq!(peaks(&steady).iter().map(|p| p.round()).collect::<Vec<_>>(), [200.0, 10.0]);
    }

    #[test]
    fn slices_side_by_side_hold_what_the_whole_holds() {
        let whole = scenario(MIXED);
        let jobs = |scenario: &Scenario| Plan::of(scenario).jobs;
        let edges = [0u64, 7, 10, 13, 28, 30].map(Time::from_secs);
        let sum: f64 = edges.windows(2).map(|two| jobs(&sliced(&whole, two[0], two[1], Span::ZERO))).sum();
        assert!((sum - jobs(&whole)).abs() < 0.05, "{sum} {}", jobs(&whole));
        let late = sliced(&whole, Time::from_secs(5), Time::from_secs(15), Span::ZERO);
        let Executor::RampingArrivalRate { start_rate, stages, .. } = &late.workloads[0].executor else {
            panic!("a ramp stays one")
        };
        assert_eq!((start_rate.as_per_second(), stages.len()), (50.0, 2));
        assert!((stages[1].target.as_per_second() - 87.5).abs() < 1e-9);
    }

    #[test]
    fn twice_the_load_is_twice_the_jobs() {
        let whole = scenario(MIXED);
        let twice = Plan::of(&scaled(&whole, 2.0)).jobs;
        assert!((twice - 2.0 * Plan::of(&whole).jobs).abs() < 1e-6);
    }
}
