//! How much memory simulating a scenario takes: told before it runs, so that what cannot fit is refused.
//!
//! Two things grow: jobs in flight, each with its call and its place in the queue, and the recordings of trials, which are kept
//! until the end. In flight are jobs that are being answered and, where a quota is asked for more than it has or faults strike,
//! jobs between their attempts. It is an estimate: the most that retries can hold back, unless the load ends sooner.

use crate::client::Policy;
use crate::kms::{FaultKind, Strikes};
use crate::record::Layout;
use crate::scenario::{Scenario, plan};
use crate::time::Span;
use crate::workload::{Executor, Workload};

/// What a job in flight takes: its call, its place in the queue, and as much again while both grow.
const PER_JOB: f64 = 400.0;
/// What a VU takes that is between jobs: its schedule and its place in the queue.
const PER_VU: f64 = 200.0;
/// What a cell of a recording takes: its histograms.
const PER_CELL: f64 = 64.0 * 1024.0;
/// What a recording takes besides: its timeline and the pools' series.
const PER_TRIAL: f64 = 600.0 * 1024.0;

/// The memory that a scenario takes in the simulator.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Room {
    /// Jobs in flight at once, at most, in a trial of the strategy that holds back most.
    pub in_flight: f64,
    /// Bytes of a trial under way, besides its recording.
    pub running: f64,
    /// Bytes of the recordings that are kept.
    pub kept: f64,
}

impl Room {
    /// The room that `scenario` takes.
    pub fn of(scenario: &Scenario) -> Room {
        let plan = plan::Plan::of(scenario);
        let over = plan.pools.iter().filter_map(|pool| Some(1.0 - pool.limit_per_s? / pool.peak_per_s));
        let refused = over.filter(|share| share.is_finite()).fold(0.0, f64::max);
        let of = |strategy: usize| -> f64 {
            let each = scenario.workloads.iter();
            each.map(|workload| in_flight(scenario, workload, strategy, refused)).sum()
        };
        let in_flight = (0..scenario.strategies.len()).map(of).fold(0.0, f64::max);
        let vus: f64 = scenario.workloads.iter().map(vus).sum();
        let layout = Layout::new(&scenario.workloads);
        let cells = (layout.job_cells() + layout.attempt_cells()) as f64;
        let recordings = f64::from(scenario.trials) * scenario.strategies.len() as f64;
        Room {
            in_flight,
            running: in_flight * PER_JOB + vus * PER_VU,
            kept: recordings * (cells * PER_CELL + PER_TRIAL),
        }
    }

    /// Bytes while `threads` trials run side by side.
    pub fn bytes(&self, scenario: &Scenario, threads: usize) -> f64 {
        let trials = f64::from(scenario.trials) * scenario.strategies.len() as f64;
        self.running * trials.min(threads.max(1) as f64) + self.kept
    }
}

fn vus(workload: &Workload) -> f64 {
    match &workload.executor {
        Executor::ConstantVus { vus, .. }
        | Executor::SharedIterations { vus, .. }
        | Executor::PerVuIterations { vus, .. } => f64::from(*vus),
        Executor::RampingVus { start_vus, stages, .. } => {
            f64::from(stages.iter().map(|stage| stage.target).fold(*start_vus, u32::max))
        }
        _ => 0.0,
    }
}

/// Jobs of a workload in flight at once, at most, if the share `refused` of its attempts is.
fn in_flight(scenario: &Scenario, workload: &Workload, strategy: usize, refused: f64) -> f64 {
    let service = &scenario.service_time;
    if !workload.executor.is_open() {
        return vus(workload);
    }
    let peak = plan::peak(workload, &scenario.fleet, service);
    let (Some(peak), Some(offered)) = (peak, plan::offered(workload, &scenario.fleet, service)) else {
        return 0.0;
    };
    let policy = &workload.strategies[strategy];
    let lasts = plan::lasts(&workload.executor).map_or(f64::INFINITY, Span::as_secs_f64);
    let rest = workload.deadline.unwrap_or(workload.graceful_stop).as_secs_f64();
    // Nobody outlives his deadline, and nobody the end of the load by more than the graceful stop.
    let most = workload.deadline.map_or(lasts + rest, Span::as_secs_f64);
    let struck = if scenario.faults.iter().any(|fault| is_retried(&fault.kind)) { 1.0 } else { 0.0f64 };
    let clients = f64::from(scenario.fleet.clients);
    let throttles = policy.limiter.is_some_and(|limiter| limiter.rate.as_per_second() * clients < peak);
    let (share, wait) =
        if throttles { (1.0, most) } else { (struck.max(refused), policy.retry.longest_waits()) };
    let own = service.default.median().as_secs_f64() + stuck(scenario, policy);
    let jobs = peak * own.min(most) + peak * share * wait.min(most);
    let cap = workload.max_in_flight.map_or(f64::INFINITY, f64::from);
    jobs.min(offered).min(cap)
}

/// Whether what a fault strikes is tried again.
const fn is_retried(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::Throttle | FaultKind::Error | FaultKind::Reset | FaultKind::Quota { .. })
}

/// The longest that faults hold an answer back, in seconds.
fn stuck(scenario: &Scenario, policy: &Policy) -> f64 {
    let longest = scenario.faults.iter().map(|fault| match fault.kind {
        FaultKind::Freeze => fault.lasts.map_or(0.0, Span::as_secs_f64),
        FaultKind::Slow { by } if !matches!(fault.strikes, Strikes::Next(_)) => by.as_secs_f64(),
        _ => 0.0,
    });
    let patience = policy.timeout.map_or(f64::INFINITY, Span::as_secs_f64);
    longest.fold(0.0, f64::max).min(patience)
}
