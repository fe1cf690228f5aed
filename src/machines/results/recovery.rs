//! Recovery time: from the end of the trigger until the service is used as it was before.
//!
//! ```text
//!              before        trigger     after
//!   ───────────────────────┼─────────┼──────────────┬─────────▶
//!   range of five-second means       └── recovery ──┘ all back, for five seconds
//! ```
//!
//! The trigger is the last fault, or else an outage that a live run met, or else the steepest stage of a ramping load.
//! Three figures must be back: the share of attempts that were refused or failed, the jobs in flight, and the p99 response
//! time. Each is judged by its five-second mean against the range in which 95 % of such means before the trigger lie.

use super::stats::t95;
use crate::record::{self, Row, Trial};
use crate::scenario::{Scenario, Target};
use crate::workload::{Executor, Workload};

/// Seconds over which figures are averaged, so that chance does not decide.
const SPAN_S: u64 = 5;
/// Seconds for which all must be back.
const HELD_S: u64 = 5;
/// Rows of before from which on there is a range.
const BEFORE: usize = 5;
/// By how many times the range's half width a figure must leave it for something to have been disturbed: with so many
/// means one leaves it by chance.
const DISTURBED: f64 = 2.0;
/// What is no difference: a refusal in a thousand, one job, what the second's p99 is rounded to.
const SLACK: [f64; 3] = [0.001, 1.0, 0.05];
/// Seconds without a connection error that an outage may have in it: clients that back off try seldom.
const GAP_S: u64 = 5;
/// The share of the goodput before to which it must fall in an outage: single broken connections are none.
const GONE: f64 = 0.5;

/// What became of a strategy when something was triggered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Recovery {
    /// Nothing was disturbed.
    Undisturbed,
    /// All was back so many seconds after the trigger's end.
    After(f64),
    /// It was not, though it was watched for long enough.
    Never,
}

/// What became of a strategy in its trials: the median of them, which chance in one does not move, but
/// [`Recovery::Never`] if any trial never recovered. `None` where nothing can be said: without a trigger or a before, or
/// if it was not watched for long enough.
pub fn judge(scenario: &Scenario, trials: &[Trial]) -> Option<Recovery> {
    let each = trials.iter().filter_map(|trial| {
        let timeline = trial.recorder.timeline();
        of_trial(timeline, trigger(scenario, timeline)?)
    });
    median(each.collect())
}

fn median(mut trials: Vec<Recovery>) -> Option<Recovery> {
    let order = |recovery: &Recovery| match recovery {
        Recovery::Undisturbed => -1.0,
        Recovery::After(seconds) => *seconds,
        Recovery::Never => f64::INFINITY,
    };
    trials.sort_by(|a, b| order(a).total_cmp(&order(b)));
    let middle = trials.len() / 2;
    match (trials.last()?, trials.get(middle)?, trials.get(middle.saturating_sub(1))?) {
        (Recovery::Never, ..) => Some(Recovery::Never),
        (_, Recovery::After(upper), Recovery::After(lower)) if trials.len().is_multiple_of(2) => {
            Some(Recovery::After((lower + upper) / 2.0))
        }
        (_, upper, _) => Some(*upper),
    }
}

/// What became of one trial.
fn of_trial(timeline: &record::Timeline, (begin, end): (f64, f64)) -> Option<Recovery> {
    let (rows, interval) = (timeline.rows(), timeline.interval_s().max(1));
    let span = (SPAN_S / interval).max(1) as usize;
    let held = (HELD_S / interval).max(1) as usize;
    let starts = |index: &usize| timeline.begins_s(*index);
    // The first row may be cut short by the phase, the last by the end.
    let before: Vec<usize> = (1..rows.len()).filter(|index| starts(&(index + 1)) <= begin).collect();
    let first = *before.iter().find(|index| rows[**index].offered > 0)?;
    let range = Range::of(&rows[first..=*before.last()?], span)?;
    let last = rows.iter().rposition(|row| row.offered > 0)?;
    let means: Vec<[f64; 3]> = (0..=last.checked_sub(span)?).map(|at| means(&rows[at..at + span])).collect();
    let touched =
        (0..means.len()).filter(|at| starts(&(at + span)) > begin && starts(at) < end + interval as f64);
    if !touched.into_iter().any(|at| range.is_left(&means[at])) {
        return Some(Recovery::Undisturbed);
    }
    let after = (0..means.len()).find(|at| starts(at) >= end)?;
    let is_back = |at: &usize| {
        means.get(*at..*at + held).is_some_and(|held| held.iter().all(|means| range.holds(means)))
    };
    match (after..means.len()).find(is_back) {
        Some(at) => Some(Recovery::After(starts(&at) - end)),
        None => (after + span + held < last).then_some(Recovery::Never),
    }
}

/// The share of attempts refused or failed, the jobs in flight, and the p99 response time, over some rows.
fn means(rows: &[Row]) -> [f64; 3] {
    let sum = |of: fn(&Row) -> u64| rows.iter().map(of).sum::<u64>() as f64;
    let refused = sum(|row| row.throttled + row.faults + row.denied + row.timeouts);
    let attempts = sum(|row| row.attempts).max(refused);
    let in_flight = sum(|row| row.in_flight) / rows.len().max(1) as f64;
    let tails: Vec<u64> = rows.iter().map(|row| row.p99_micros).filter(|p99| *p99 > 0).collect();
    let p99 = match tails.len() {
        // Nobody completes: slower than anything, unless nobody is there.
        0 if in_flight > 0.0 || refused > 0.0 => f64::INFINITY,
        0 => 0.0,
        n => tails.iter().sum::<u64>() as f64 / n as f64,
    };
    [if attempts > 0.0 { refused / attempts } else { 0.0 }, in_flight, p99]
}

/// Up to where 95 % of the means before lie, of each figure.
struct Range {
    mean: [f64; 3],
    half: [f64; 3],
    slack: [f64; 3],
}

impl Range {
    /// The range of means over `span` rows like these; `None` of too few.
    fn of(rows: &[Row], span: usize) -> Option<Range> {
        let n = rows.len() as f64;
        if rows.len() < BEFORE {
            return None;
        }
        let each: Vec<[f64; 3]> = rows.iter().map(|row| means(std::slice::from_ref(row))).collect();
        let finite = |figure: usize| each.iter().map(move |values| values[figure]).filter(|v| v.is_finite());
        let mean = [0, 1, 2].map(|figure| finite(figure).sum::<f64>() / finite(figure).count().max(1) as f64);
        let deviation = [0, 1, 2].map(|figure| {
            let squares = finite(figure).map(|value| (value - mean[figure]).powi(2)).sum::<f64>();
            (squares / (n - 1.0)).sqrt()
        });
        let wide = t95(rows.len() - 1) * (1.0 / span as f64 + 1.0 / n).sqrt();
        let slack = [SLACK[0], SLACK[1], SLACK[2] * mean[2]];
        Some(Range { mean, half: deviation.map(|deviation| deviation * wide), slack })
    }

    /// Whether no figure lies above its range by more than `times` its half width.
    fn is_within(&self, means: &[f64; 3], times: f64) -> bool {
        (0..3)
            .all(|figure| means[figure] <= self.mean[figure] + times * self.half[figure] + self.slack[figure])
    }

    fn holds(&self, means: &[f64; 3]) -> bool {
        self.is_within(means, 1.0)
    }

    fn is_left(&self, means: &[f64; 3]) -> bool {
        !self.is_within(means, DISTURBED)
    }
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
    use crate::time::Time;

    /// A timeline of 60 s, 100 jobs a second, of which in each second `refused` attempts are refused, `waiting` jobs are
    /// in flight at its end and all took `took` milliseconds.
    fn watched(second: impl Fn(u64) -> (u64, u64, u64)) -> record::Timeline {
        let mut timeline = record::Timeline::new(Time::ZERO);
        for s in 0..60 {
            let (refused, waiting, took) = second(s);
            // Noise of a job or two, so that there is a range.
            let row = timeline.at(Time::from_secs(s), second(s.saturating_sub(1)).1);
            (row.offered, row.attempts) = (100, 100 + s % 3);
            row.throttled = refused;
            (0..100).for_each(|_| timeline.completed((took + s % 2) * 1_000));
            if s == 59 {
                timeline.finish(waiting);
            }
        }
        timeline
    }

    #[test]
    fn recovery_waits_for_throttles_backlog_and_p99_alike() {
        let trigger = (20.0, 30.0);
        let calm = |_| (0, 3, 20);
        let until =
            |end: u64, bad: (u64, u64, u64)| move |s: u64| if (20..end).contains(&s) { bad } else { calm(s) };
        let of = |second: &dyn Fn(u64) -> (u64, u64, u64)| of_trial(&watched(second), trigger);
        assert_eq!(of(&calm), Some(Recovery::Undisturbed));
        assert_eq!(of(&until(30, (50, 3, 20))), Some(Recovery::After(0.0)));
        assert_eq!(of(&until(41, (50, 3, 20))), Some(Recovery::After(11.0)), "throttles");
        assert_eq!(of(&until(41, (0, 90, 20))), Some(Recovery::After(11.0)), "backlog");
        assert_eq!(of(&until(41, (0, 3, 400))), Some(Recovery::After(11.0)), "p99");
        assert_eq!(of(&until(60, (50, 3, 20))), Some(Recovery::Never));
        // A second of trouble begins the five seconds anew.
        let again = |s: u64| if (20..30).contains(&s) || s == 33 { (50, 3, 20) } else { calm(s) };
        assert_eq!(of(&again), Some(Recovery::After(4.0)));
    }

    #[test]
    fn trials_are_told_by_their_median_unless_one_never_recovers() {
        use Recovery::{After, Never, Undisturbed};
        let of = |trials: &[Recovery]| median(trials.to_vec());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[After(3.0), Undisturbed, Undisturbed]), Some(Undisturbed));
        assert_eq!(of(&[After(7.0), After(1.0), Undisturbed]), Some(After(1.0)));
        assert_eq!(of(&[After(1.0), After(4.0)]), Some(After(2.5)));
        assert_eq!(of(&[Undisturbed, After(4.0)]), Some(After(4.0)));
        assert_eq!(of(&[After(1.0), Never, After(1.0)]), Some(Never));
    }

    #[test]
    fn a_fault_at_the_beginning_has_no_before_and_is_told_of_nobody() {
        let storm = watched(|s| if s < 30 { (90, 500, 900) } else { (80, 500, 900) });
        assert_eq!(of_trial(&storm, (0.0, 10.0)), None);
        assert_eq!(of_trial(&storm, (3.0, 10.0)), None, "three seconds are no range");
    }

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
