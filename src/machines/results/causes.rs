//! What a scenario says will happen when: loads that begin, change and end, faults, restarts.

use crate::kms::FaultKind;
use crate::scenario::Scenario;
use crate::time::{Span, Time};
use crate::workload::{Executor, FleetPlan, Workload};
use serde::{Deserialize, Serialize};

/// Something that a scenario makes happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// When it begins, in seconds.
    #[serde(rename = "from_s")]
    pub from_s: f64,
    /// When it is over; the same moment for what takes no time.
    #[serde(rename = "to_s")]
    pub to_s: f64,
    /// What it is: `` `service` steps from 330/s to 1650/s ``.
    pub what: String,
}

impl Cause {
    fn at(at: Time, what: String) -> Cause {
        Cause::during(at, at, what)
    }

    fn during(from: Time, to: Time, what: String) -> Cause {
        Cause { from_s: from.as_secs_f64(), to_s: to.as_secs_f64(), what }
    }
}

/// Everything that `scenario` makes happen, in order of time.
pub fn causes(scenario: &Scenario) -> Vec<Cause> {
    let mut all: Vec<Cause> = scenario.workloads.iter().flat_map(of_workload).collect();
    for fault in &scenario.faults {
        let begin = Time::ZERO + fault.at;
        let what = of_fault(&fault.kind);
        let only = fault.operation.map(|operation| format!(" on {}", operation.name())).unwrap_or_default();
        all.push(Cause::at(begin, format!("the fault {what}{only} begins")));
        if let Some(lasts) = fault.lasts {
            all.push(Cause::at(begin + lasts, format!("the fault {what}{only} ends")));
        }
    }
    let restarts = FleetPlan::new(&scenario.fleet).restarts();
    if let (Some((first, ..)), Some((last, ..))) = (restarts.first(), restarts.last()) {
        all.push(Cause::during(
            *first,
            *last,
            "clients restart, with empty caches and full retry quotas".into(),
        ));
    }
    all.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
    all
}

fn of_fault(kind: &FaultKind) -> String {
    match kind {
        FaultKind::Throttle => "`throttle`".into(),
        FaultKind::Error => "`error`".into(),
        FaultKind::ErrorAs { code, status } => format!("`error`, {code} with status {status},"),
        FaultKind::Slow { by } => format!("`slow` by {by}"),
        FaultKind::Freeze => "`freeze`".into(),
        FaultKind::Reset => "`reset`".into(),
        FaultKind::Trickle { by } => format!("`trickle` over {by}"),
        FaultKind::Truncate => "`truncate`".into(),
        FaultKind::Quota { pool, to } => format!("`quota`, {pool} at {to},"),
    }
}

fn of_workload(workload: &Workload) -> Vec<Cause> {
    let name = &workload.name;
    let mut all = Vec::new();
    if !workload.start_time.is_zero() {
        all.push(Cause::at(workload.start(), format!("`{name}` begins")));
    }
    let steps: Vec<(Span, String, String)> = match &workload.executor {
        Executor::RampingArrivalRate { start_rate, stages, .. } => {
            let mut level = *start_rate;
            stages
                .iter()
                .map(|stage| {
                    (
                        stage.duration,
                        std::mem::replace(&mut level, stage.target).to_string(),
                        stage.target.to_string(),
                    )
                })
                .collect()
        }
        Executor::RampingVus { start_vus, stages, .. } => {
            let mut level = *start_vus;
            let vus = |many: u32| format!("{many} VUs");
            stages
                .iter()
                .map(|stage| {
                    (stage.duration, vus(std::mem::replace(&mut level, stage.target)), vus(stage.target))
                })
                .collect()
        }
        _ => Vec::new(),
    };
    let mut at = workload.start();
    for (duration, from, to) in steps {
        let end = at + duration;
        if from != to {
            let how = if duration.is_zero() { "steps" } else { "ramps" };
            all.push(Cause::during(at, end, format!("`{name}` {how} from {from} to {to}")));
        }
        at = end;
    }
    if workload.executor.work().is_none() {
        all.push(Cause::at(workload.end(), format!("the load of `{name}` ends")));
    }
    all
}
