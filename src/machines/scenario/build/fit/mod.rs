//! What only several parts of a scenario together make impossible.

mod caches;
mod target;
mod times;

pub(in crate::scenario) use caches::caches;
pub(in crate::scenario) use target::target;
pub(in crate::scenario) use times::{no_capacity, times};

use crate::kms::ServiceTime;
use crate::language::{Fields, LONGEST, Reader, clip};
use crate::scenario::plan;
use crate::workload::{FleetConfig, Workload};

/// The most jobs that may be expected of one trial.
const MAX_OFFERED: f64 = 1e10;

/// What only becomes too much when durations, rates and defaults come together.
pub(in crate::scenario) fn in_time(
    r: &mut Reader,
    fields: &Fields,
    workloads: &[Workload],
    times: &ServiceTime,
) {
    let Some(item) = fields.get("workloads") else { return };
    let mut offered = 0.0;
    for workload in workloads {
        let Some(node) = item.node.get(&workload.name) else { continue };
        let here = item.child(&workload.name, node);
        let lasts = plan::lasts(&workload.executor);
        if lasts.is_some_and(|lasts| workload.start_time + lasts > LONGEST) {
            r.wrong(&here, "the workload ends later than 30d after the start", "at most 30d");
        }
        if lasts.is_some_and(|lasts| workload.warm_up >= lasts) {
            let own = node.get("warmUp").map(|node| here.child("warmUp", node));
            let place = own.or_else(|| fields.get("warmUp")).unwrap_or_else(|| here.clone());
            let message = format!("nothing of `{}` is left after the warm-up", clip(&workload.name));
            r.wrong(&place, message, "less than the workload lasts");
        }
        // At most: clients that start late offer less.
        offered += plan::offered(workload, &FleetConfig::ONE, times).unwrap_or(0.0);
        if offered > MAX_OFFERED {
            r.wrong(&here, format!("about {offered:.0} jobs are expected in a trial"), "at most 10000000000");
            return;
        }
    }
}
