//! UNSTABLE: open load without a deadline whose backlog keeps growing. It is lost only when the load ends.

use super::stats::round;
use crate::record::Recorder;
use crate::scenario::Scenario;
use crate::workload::Workload;

/// The least share of the offered rate by which a backlog grows that keeps growing.
const LEAST_SHARE: f64 = 0.01;

/// So many seconds of load at least the backlog has grown by, or it is noise.
const LEAST_SECONDS: f64 = 0.5;

/// So many jobs at least it has grown by.
const LEAST_JOBS: f64 = 10.0;

/// Jobs a second by which the backlog of a trial grew when the last of the load came; `None` unless there is open work
/// without a deadline, and the backlog rose through each quarter of the schedule's second half.
pub fn growth(scenario: &Scenario, sum: &Recorder) -> Option<f64> {
    let waits = |(workload, part): (&Workload, &crate::record::Part)| {
        part.is_open && part.work.is_none() && workload.deadline.is_none()
    };
    if !scenario.workloads.iter().zip(sum.layout().parts()).any(waits) {
        return None;
    }
    let (timeline, trials) = (sum.timeline(), f64::from(sum.trials().max(1)));
    let rows = timeline.rows();
    let end = rows.iter().rposition(|row| row.offered > 0)?;
    let (late, seconds) = (rows.get(end / 2..end)?, timeline.interval_s() as f64);
    let quarter = late.len() / 4;
    if quarter == 0 {
        return None;
    }
    let mean = |rows: &[crate::record::Row], pick: fn(&crate::record::Row) -> u64| {
        rows.iter().map(pick).sum::<u64>() as f64 / rows.len() as f64 / trials
    };
    let means: Vec<f64> =
        late.chunks_exact(quarter).take(4).map(|rows| mean(rows, |row| row.in_flight)).collect();
    let grown = means[3] - means[0];
    let growth = grown / (3.0 * quarter as f64 * seconds);
    let offered = mean(late, |row| row.offered) / seconds;
    let rises = means.windows(2).all(|pair| pair[0] < pair[1]);
    let is_growth = growth >= LEAST_SHARE * offered && grown >= (LEAST_SECONDS * offered).max(LEAST_JOBS);
    (rises && is_growth && grown > closed_jobs(scenario, sum)).then(|| round(growth))
}

/// The most jobs that closed work can have in flight: its virtual users are no backlog.
fn closed_jobs(scenario: &Scenario, sum: &Recorder) -> f64 {
    let parts = scenario.workloads.iter().zip(sum.layout().parts());
    let closed = parts.filter(|(_, part)| !part.is_open);
    closed.map(|(workload, _)| f64::from(workload.executor.most_vus())).sum()
}
