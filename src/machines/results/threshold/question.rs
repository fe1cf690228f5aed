//! What a threshold asks: of a share, a mean or a count; and how many offend it.

use crate::record::Recorder;
use crate::results::Selection;
use crate::results::times::Times;
use crate::scenario::{Aggregate, Comparison, Metric, Threshold};

/// How many of what was looked at do not hold, and of how many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offenders {
    pub count: u64,
    pub of: u64,
}

/// What the figure speaks of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Question {
    /// At most this share of what was looked at may not hold.
    Share(f64),
    /// A mean or a rate, which trials spread about.
    Mean,
    /// What was counted, and nothing beyond it: a greatest, a least, a bound of none.
    Count,
}

/// What `threshold` asks.
pub(super) fn question(threshold: &Threshold) -> Question {
    let is_less = match threshold.comparison {
        Comparison::Less | Comparison::LessOrEqual => true,
        Comparison::Greater | Comparison::GreaterOrEqual => false,
        Comparison::Equal | Comparison::NotEqual => return Question::Count,
    };
    let kept = match (threshold.metric, threshold.aggregate) {
        (Metric::Failed | Metric::Shed | Metric::Throttled | Metric::UnitsFailed, _) => 1.0 - threshold.bound,
        (_, Aggregate::Percentile(p)) => p / 100.0,
        (_, Aggregate::Med) => 0.5,
        (_, Aggregate::Min | Aggregate::Max) => return Question::Count,
        _ => return Question::Mean,
    };
    let allowed = if is_less { 1.0 - kept } else { kept };
    // Where none may offend, or all may, what was counted is the answer.
    if allowed > 1e-9 && allowed < 1.0 { Question::Share(allowed) } else { Question::Count }
}

/// How many of what `recorder` holds offend `threshold`.
pub(super) fn offenders(threshold: &Threshold, recorder: &Recorder) -> Offenders {
    if let Some(times) = Times::of(threshold, recorder) {
        return times.offenders(threshold);
    }
    let selection = Selection::from_tags(&threshold.tags);
    let (jobs, attempts) = (selection.jobs(recorder).1, selection.attempts(recorder).1);
    let (part, of) = match threshold.metric {
        Metric::Failed => (jobs.ended() - jobs.completed, jobs.ended()),
        Metric::Shed => (jobs.shed, jobs.offered),
        Metric::UnitsFailed => {
            let units = selection.units(recorder);
            (units.failed, units.active)
        }
        _ => (attempts.throttled, attempts.attempts),
    };
    match threshold.comparison {
        Comparison::Greater | Comparison::GreaterOrEqual => Offenders { count: of - part, of },
        _ => Offenders { count: part, of },
    }
}

impl Times {
    /// Those that do not compare with the bound as they should.
    fn offenders(&self, threshold: &Threshold) -> Offenders {
        let fails = |ms: f64| !threshold.comparison.holds(ms, threshold.bound);
        let beyond = if fails(f64::INFINITY) { self.beyond } else { 0 };
        let measured =
            self.measured.iter_recorded().filter(|value| fails(value.value_iterated_to() as f64 / 1e3));
        let measured: u64 = measured.map(|value| value.count_since_last_iteration()).sum();
        Offenders { count: measured + beyond, of: self.len() }
    }
}
