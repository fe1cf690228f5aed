//! Recovery time: from the end of the trigger until goodput is back at 95 % of before.
//!
//! The trigger is the last fault, or else an outage that a live run met, or else the steepest stage of a ramping load.
//! "Before" is the mean goodput from the run's beginning to the trigger; when less is offered afterwards than before,
//! that lower load is the measure.

use super::Timeline;
use crate::record::{self, Row};
use crate::scenario::{Scenario, Target};
use crate::workload::{Executor, Workload};

/// How much of before counts as recovered.
const RECOVERED: f64 = 0.95;
/// Seconds over which goodput is averaged, so that chance does not decide.
const SPAN_S: usize = 5;
/// Seconds without a connection error that an outage may have in it: clients that back off try seldom.
const GAP_S: u64 = 5;
/// The share of the goodput before to which it must fall in an outage: single broken connections are none.
const GONE: f64 = 0.5;

/// Seconds until recovery; `None` without a trigger, a before, or a recovery.
pub fn time(scenario: &Scenario, rows: &record::Timeline, timeline: &Timeline) -> Option<f64> {
    let (begin, end) = trigger(scenario, rows)?;
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
pub fn trigger(scenario: &Scenario, timeline: &record::Timeline) -> Option<(f64, f64)> {
    let fault = scenario
        .faults
        .iter()
        .filter_map(|fault| Some((fault.at, fault.at + fault.lasts?)))
        .max_by_key(|f| f.1);
    if let Some((begin, end)) = fault {
        return Some((begin.as_secs_f64(), end.as_secs_f64()));
    }
    let met = || outage(timeline.rows(), timeline.interval_s());
    let outage = if scenario.target == Target::Sim { None } else { met() };
    outage.or_else(|| scenario.workloads.iter().find_map(spike))
}

/// When the service was last gone, in seconds: a stretch of intervals with connection errors, in which goodput fell to
/// less than half of before. It ends with the last interval that has such an error.
pub fn outage(rows: &[Row], interval_s: u64) -> Option<(f64, f64)> {
    let gap = (GAP_S / interval_s.max(1)).max(1) as usize;
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for index in (0..rows.len()).filter(|index| rows[*index].broken > 0) {
        match stretches.last_mut() {
            Some((_, last)) if index - *last <= gap => *last = index,
            _ => stretches.push((index, index)),
        }
    }
    let is_outage = |(first, last): &(usize, usize)| {
        let before: u64 = rows[..*first].iter().map(|row| row.goodput).sum();
        let mean = before as f64 / (*first).max(1) as f64;
        rows[*first..=*last].iter().any(|row| (row.goodput as f64) < GONE * mean)
    };
    let (first, last) = stretches.into_iter().rev().find(is_outage)?;
    Some(((first as u64 * interval_s) as f64, ((last as u64 + 1) * interval_s) as f64))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds of goodput 100, but for those in which the connection fails.
    fn seconds(of: usize, failing: &[(usize, u64, u64)]) -> Vec<Row> {
        let mut rows = vec![Row { offered: 100, goodput: 100, ..Row::default() }; of];
        for (second, broken, goodput) in failing {
            rows[*second] = Row { offered: 100, broken: *broken, goodput: *goodput, ..Row::default() };
        }
        rows
    }

    #[test]
    fn an_outage_is_a_stretch_of_connection_errors_in_which_goodput_falls() {
        assert_eq!(outage(&seconds(20, &[]), 1), None);
        assert_eq!(outage(&seconds(20, &[(5, 1, 99)]), 1), None, "one broken connection is none");
        let gone = seconds(30, &[(10, 40, 60), (11, 100, 0), (14, 30, 0), (15, 10, 90)]);
        assert_eq!(outage(&gone, 1), Some((10.0, 16.0)), "clients that back off leave gaps");
        let twice = seconds(30, &[(3, 100, 0), (20, 100, 0), (21, 100, 0)]);
        assert_eq!(outage(&twice, 1), Some((20.0, 22.0)), "the last one counts");
        assert_eq!(
            outage(&seconds(5, &[(0, 100, 0)]), 1),
            None,
            "without a before nothing is known to be gone"
        );
    }

    #[test]
    fn coarser_intervals_keep_their_length() {
        let gone = seconds(30, &[(10, 100, 0), (11, 100, 0)]);
        assert_eq!(outage(&gone, 4), Some((40.0, 48.0)));
    }
}
