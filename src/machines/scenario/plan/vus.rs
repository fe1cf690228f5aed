//! What virtual users ask for when nothing holds them up: each begins at once, and again a cycle after it began.

use crate::kms::ServiceTime;
use crate::time::Span;
use crate::workload::{Executor, FleetConfig, FleetPlan, FleetStart, Pacing, VuStage, Workload};

/// Seconds from the beginning of a VU's job to that of its next, when every job is one call of the median service time.
fn cycle(pacing: &Pacing, service: &ServiceTime) -> f64 {
    match pacing {
        Pacing::Pace(rate) => 1.0 / rate.as_per_second(),
        Pacing::ThinkTime(pause) => (*pause + service.default.median()).as_secs_f64().max(1e-6),
    }
}

/// Jobs of a VU that is active for so many seconds.
fn begun(active: f64, cycle: f64) -> f64 {
    // A hair less, so that ten cycles of a tenth are ten and not eleven.
    (active / cycle - 1e-9).ceil().max(0.0)
}

/// About how many jobs a closed workload offers, at most all of its iterations; `None` for an open one.
pub(super) fn offered(workload: &Workload, fleet: &FleetConfig, service: &ServiceTime) -> Option<f64> {
    let begins = workload.start_time.as_secs_f64();
    Some(match &workload.executor {
        Executor::ConstantVus { vus, duration, pacing } => {
            let steady = [VuStage { duration: *duration, target: *vus }];
            ramped(*vus, &steady, (fleet, begins), cycle(pacing, service))
        }
        // How many are done in time depends on how fast the service is: caps must allow for all.
        Executor::SharedIterations { iterations, .. } => *iterations as f64,
        Executor::PerVuIterations { vus, iterations, .. } => f64::from(*vus) * *iterations as f64,
        Executor::RampingVus { start_vus, stages, pacing } => {
            ramped(*start_vus, stages, (fleet, begins), cycle(pacing, service))
        }
        _ => return None,
    })
}

/// Jobs of all VUs of a workload that begins so many seconds after the start, each active while the ramps stand above its
/// number and its client has started.
fn ramped(start: u32, stages: &[VuStage], (fleet, begins): (&FleetConfig, f64), cycle: f64) -> f64 {
    let most = stages.iter().map(|stage| stage.target).fold(start, u32::max);
    let starts = FleetPlan::new(fleet);
    let jobs_of = |vu: u32| {
        let ready = starts.start_of(vu % fleet.clients.max(1)).as_secs_f64() - begins;
        let active = active(vu, start, stages).into_iter();
        active.map(|(from, to)| begun((to - from.max(ready)).max(0.0), cycle)).sum::<f64>()
    };
    (0..most).map(jobs_of).sum()
}

/// From when to when a VU is active, in seconds.
fn active(vu: u32, start: u32, stages: &[VuStage]) -> Vec<(f64, f64)> {
    let (mut level, mut now, want) = (f64::from(start), 0.0, f64::from(vu));
    let mut since = (level > want).then_some(now);
    let mut periods = Vec::new();
    for stage in stages {
        let (to, lasts) = (f64::from(stage.target), stage.duration.as_secs_f64());
        let crossed = now + lasts * ((want - level) / (to - level)).clamp(0.0, 1.0);
        match (since, to > want) {
            (None, true) => since = Some(crossed),
            (Some(began), false) => {
                periods.push((began, crossed));
                since = None;
            }
            _ => {}
        }
        (level, now) = (to, now + lasts);
    }
    periods.extend(since.map(|began| (began, now)));
    periods
}

/// Jobs a second at the worst second of a closed workload; `None` for an open one.
///
/// All VUs of clients that start together begin in one second: with long pauses that is the worst one.
pub(super) fn peak(executor: &Executor, fleet: &FleetConfig, service: &ServiceTime) -> Option<f64> {
    let second = |lasts: &Span| lasts.as_secs_f64().min(1.0);
    let of = |vus: u32, lasts: &Span, pacing| {
        let share = starts_together(fleet);
        let cycle = cycle(pacing, service);
        let (first, later) = (begun(second(lasts), cycle), second(lasts) / cycle);
        f64::from(vus) * (share * first + (1.0 - share) * later)
    };
    Some(match executor {
        Executor::ConstantVus { vus, duration, pacing } => of(*vus, duration, pacing),
        Executor::SharedIterations { vus, iterations, max_duration, pacing } => {
            (*iterations as f64).min(of(*vus, max_duration, pacing))
        }
        Executor::PerVuIterations { vus, iterations, max_duration, pacing } => {
            (f64::from(*vus) * *iterations as f64).min(of(*vus, max_duration, pacing))
        }
        Executor::RampingVus { start_vus, stages, pacing } => {
            let cycle = cycle(pacing, service);
            let (first, later) = (begun(1.0, cycle), 1.0 / cycle);
            let mut worst = of(*start_vus, &Span::from_secs(1), pacing);
            let mut from = f64::from(*start_vus);
            for stage in stages {
                let to = f64::from(stage.target);
                let begin = (to - from).max(0.0) / stage.duration.as_secs_f64().max(1.0);
                worst = worst.max(from.max(to) * later + begin * (first - later).max(0.0));
                from = to;
            }
            worst
        }
        _ => return None,
    })
}

/// The largest share of a fleet that starts within one second.
fn starts_together(fleet: &FleetConfig) -> f64 {
    match fleet.start {
        FleetStart::Together => 1.0,
        FleetStart::Over(span) => 1.0 / span.as_secs_f64().max(1.0),
        FleetStart::Rolling { batch, every } => {
            let batches = (1.0 / every.as_secs_f64().max(1e-9)).ceil();
            (f64::from(batch) * batches / f64::from(fleet.clients.max(1))).min(1.0)
        }
    }
}
