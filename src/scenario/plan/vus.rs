//! What virtual users ask for when nothing holds them up: each begins at once, and again a cycle after it began.

use crate::kms::ServiceTime;
use crate::time::Span;
use crate::workload::{Executor, Fleet, FleetStart, Pacing, VuStage};

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

/// About how many jobs a closed workload offers; `None` for an open one.
pub(super) fn offered(executor: &Executor, service: &ServiceTime) -> Option<f64> {
    let of =
        |vus: u32, lasts: &Span, pacing| f64::from(vus) * begun(lasts.as_secs_f64(), cycle(pacing, service));
    Some(match executor {
        Executor::ConstantVus { vus, duration, pacing } => of(*vus, duration, pacing),
        Executor::SharedIterations { vus, iterations, max_duration, pacing } => {
            (*iterations as f64).min(of(*vus, max_duration, pacing))
        }
        Executor::PerVuIterations { vus, iterations, max_duration, pacing } => {
            (f64::from(*vus) * *iterations as f64).min(of(*vus, max_duration, pacing))
        }
        Executor::RampingVus { start_vus, stages, pacing } => {
            let most = stages.iter().map(|stage| stage.target).fold(*start_vus, u32::max);
            let cycle = cycle(pacing, service);
            (0..most).map(|vu| ramped(vu, *start_vus, stages, cycle)).sum()
        }
        _ => return None,
    })
}

/// Jobs of one VU, which is active while the ramps stand above its number.
fn ramped(vu: u32, start: u32, stages: &[VuStage], cycle: f64) -> f64 {
    let (mut from, want) = (f64::from(start), f64::from(vu));
    let (mut active, mut jobs) = (0.0, 0.0);
    for stage in stages {
        let (to, lasts) = (f64::from(stage.target), stage.duration.as_secs_f64());
        let crossed = if from == to { 0.0 } else { lasts * ((want - from) / (to - from)).clamp(0.0, 1.0) };
        match (from > want, to > want) {
            (true, true) => active += lasts,
            (false, true) => active += lasts - crossed,
            (true, false) => {
                jobs += begun(active + crossed, cycle);
                active = 0.0;
            }
            (false, false) => {}
        }
        from = to;
    }
    jobs + begun(active, cycle)
}

/// Jobs a second at the worst second of a closed workload; `None` for an open one.
///
/// All VUs of clients that start together begin in one second: with long pauses that is the worst one.
pub(super) fn peak(executor: &Executor, fleet: &Fleet, service: &ServiceTime) -> Option<f64> {
    let second = |lasts: &Span| lasts.as_secs_f64().min(1.0);
    let of = |vus: u32, lasts: &Span, pacing| {
        let share = starts_together(fleet);
        let cycle = cycle(pacing, service);
        let (first, later) = (begun(second(lasts), cycle), second(lasts) / cycle);
        f64::from(vus) * (share * first + (1.0 - share) * later.min(first))
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
fn starts_together(fleet: &Fleet) -> f64 {
    match fleet.start {
        FleetStart::Together => 1.0,
        FleetStart::Over(span) => 1.0 / span.as_secs_f64().max(1.0),
        FleetStart::Rolling { batch, every } => {
            let batches = (1.0 / every.as_secs_f64().max(1e-9)).ceil();
            (f64::from(batch) * batches / f64::from(fleet.clients.max(1))).min(1.0)
        }
    }
}
