//! Recovery time: from the end of the trigger until goodput is back at 95 % of before.
//!
//! The trigger is the last fault, or else the steepest stage of a ramping load. "Before" is the mean goodput from
//! the run's beginning to the trigger; when less is offered afterwards than before, that lower load is the measure.

use super::Timeline;
use crate::scenario::Scenario;
use crate::workload::{Executor, Workload};

/// How much of before counts as recovered.
const RECOVERED: f64 = 0.95;
/// Seconds over which goodput is averaged, so that chance does not decide.
const SPAN_S: usize = 5;

/// Seconds until recovery; `None` without a trigger, a before, or a recovery.
pub fn time(scenario: &Scenario, timeline: &Timeline) -> Option<f64> {
    let (begin, end) = trigger(scenario)?;
    let per = timeline.interval_s.max(1) as f64;
    let (begin, end) = ((begin / per) as usize, (end / per).ceil() as usize);
    let mean = |series: &[u64], from: usize, to: usize| {
        let part = series.get(from..to.min(series.len())).filter(|part| !part.is_empty())?;
        Some(part.iter().sum::<u64>() as f64 / part.len() as f64)
    };
    let before = mean(&timeline.goodput, 0, begin)?;
    let last_arrival = timeline.offered.iter().rposition(|count| *count > 0)?;
    (end..=last_arrival.saturating_sub(SPAN_S)).find_map(|second| {
        let offered = mean(&timeline.offered, second, second + SPAN_S)?;
        let goodput = mean(&timeline.goodput, second, second + SPAN_S)?;
        (goodput >= RECOVERED * before.min(offered)).then_some((second - end) as f64 * per)
    })
}

/// When the trigger begins and ends, in seconds.
pub fn trigger(scenario: &Scenario) -> Option<(f64, f64)> {
    let fault = scenario
        .faults
        .iter()
        .filter_map(|fault| Some((fault.at, fault.at + fault.lasts?)))
        .max_by_key(|f| f.1);
    match fault {
        Some((begin, end)) => Some((begin.as_secs_f64(), end.as_secs_f64())),
        None => scenario.workloads.iter().find_map(spike),
    }
}

/// The span of a ramping load above its later target: from the ramp up to the ramp down's end.
fn spike(workload: &Workload) -> Option<(f64, f64)> {
    let Executor::RampingArrivalRate { start_rate, stages, .. } = &workload.executor else { return None };
    let peak = stages.iter().map(|stage| stage.target).max()?;
    let last = stages.last()?.target;
    let (mut at, mut level) = (workload.start_time, *start_rate);
    let (mut begin, mut end) = (None, None);
    for stage in stages {
        if stage.target == peak && level < peak && begin.is_none() {
            begin = Some(at);
        }
        at = at + stage.duration;
        if level == peak && stage.target < peak {
            end = Some(at);
        }
        level = stage.target;
    }
    (last < peak).then_some((begin?.as_secs_f64(), end?.as_secs_f64()))
}
