//! What service times make impossible.

use crate::client::{Policy, RetryMode};
use crate::kms::{Distribution, ServiceTime};
use crate::language::{Fields, Reader};
use crate::scenario::Target;
use crate::workload::{Executor, Pacing, Workload};

/// Reports a capacity where attempts do not go through the simulator.
pub(in crate::scenario) fn no_capacity(r: &mut Reader, fields: &Fields, times: Option<&ServiceTime>) {
    let Some(item) = fields.get("serviceTime").filter(|_| times.is_some_and(|each| each.capacity.is_some()))
    else {
        return;
    };
    let own = item.node.get("servers").map(|node| item.child("servers", node));
    r.wrong(
        &own.unwrap_or(item),
        "only the simulator has endpoints of finite capacity",
        "target sim, or leaving it out",
    );
}

/// Reports times that do not go with the target, and loads under which simulated time would stand still.
pub(in crate::scenario) fn times(
    r: &mut Reader,
    fields: &Fields,
    target: &Target,
    times: &ServiceTime,
    workloads: &[Workload],
) {
    if *target != Target::Sim {
        return no_capacity(r, fields, Some(times));
    }
    let answers = std::iter::once(&times.default).chain(times.operations.values());
    let is_instant = times.throttled.is_zero() || answers.into_iter().any(Distribution::may_be_zero);
    let Some(all) = fields.get("workloads").filter(|_| is_instant) else { return };
    for workload in workloads {
        let Some(node) = all.node.get(&workload.name) else { continue };
        let here = all.child(&workload.name, node);
        let pause = match &workload.executor {
            Executor::ConstantVus { pacing, .. } | Executor::RampingVus { pacing, .. } => Some(pacing),
            _ => None,
        };
        if matches!(pause, Some(Pacing::ThinkTime(span)) if span.is_zero()) {
            let message = "answers or refusals take no time and VUs do not pause, so time would stand still";
            r.wrong(&here, message, "a thinkTime or pace, or a serviceTime and throttled above 0s");
        }
        let is_endless = |policy: &Policy| {
            let at_once = match policy.retry.mode {
                RetryMode::Immediate => true,
                RetryMode::Fixed { delay } => delay.is_zero(),
                _ => false,
            };
            at_once && policy.retry.max_attempts.is_none()
        };
        if workload.strategies.iter().any(is_endless) {
            let message = "answers or refusals take no time and retries follow at once without end";
            r.wrong(&here, message, "a delay, maxAttempts, or a serviceTime and throttled above 0s");
        }
    }
}
