//! How narrow the intervals are that verdicts rest on: what `trials: { until: 1% }` asks for.

use super::question::{Question, question};
use super::{Times, applies, figure};
use crate::record::{Recorder, Trial};
use crate::results::stats::interval;
use crate::scenario::{Aggregate, Comparison, Metric, Scenario, Tag, Threshold, TimesOf};
use crate::time::Span;
use std::collections::BTreeMap;

/// The figure whose interval is widest beside its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Widest {
    /// Whose it is.
    pub strategy: String,
    /// Which it is, such as `response_time p(99)`.
    pub figure: String,
    /// Half the width of its 95 % interval over trials, as a share of the interval's middle; infinite if it has no bound.
    pub half_width: f64,
}

/// The widest interval of any figure that decides: those of the thresholds that rest on an interval, for each strategy;
/// where there are none, goodput and p99. `trials` are by strategy.
pub fn widest(scenario: &Scenario, trials: &[Vec<Trial>]) -> Option<Widest> {
    let rests = |threshold: &&Threshold| question(threshold) != Question::Count;
    let without = [plain(Metric::Goodput, Aggregate::Value), plain(Metric::ResponseTime, P99)];
    let each = scenario.strategies.iter().zip(trials).flat_map(|(strategy, trials)| {
        let recorders: Vec<&Recorder> = trials.iter().map(|trial| &trial.recorder).collect();
        let own =
            scenario.thresholds.iter().filter(|threshold| applies(threshold, &strategy.name)).filter(rests);
        let mut own: Vec<&Threshold> = own.collect();
        if own.is_empty() {
            own = without.iter().collect();
        }
        let width = move |threshold: &Threshold| Widest {
            strategy: strategy.name.clone(),
            figure: named(threshold),
            half_width: half_width(threshold, &recorders, scenario),
        };
        own.into_iter().map(width).collect::<Vec<Widest>>()
    });
    // The first of equals.
    each.reduce(|widest, next| if next.half_width > widest.half_width { next } else { widest })
}

const P99: Aggregate = Aggregate::Percentile(99.0);

/// A threshold that asks for nothing, for its figure.
fn plain(metric: Metric, aggregate: Aggregate) -> Threshold {
    Threshold {
        metric,
        tags: BTreeMap::from([(Tag::Outcome.name().into(), TimesOf::Completed.name().into())]),
        name: metric.name().into(),
        expression: String::new(),
        aggregate,
        comparison: Comparison::GreaterOrEqual,
        bound: 0.0,
        abort_on_fail: false,
        delay_abort_eval: Span::ZERO,
    }
}

/// The figure's name, without what it is compared with.
fn named(threshold: &Threshold) -> String {
    let aggregate = match threshold.aggregate {
        Aggregate::Percentile(p) => format!(" p({p})"),
        Aggregate::Med => " med".into(),
        Aggregate::Avg => " avg".into(),
        _ => String::new(),
    };
    format!("{}{aggregate}", threshold.name)
}

/// Half the width of the figure's interval beside its middle. What has no figure in any trial, or is infinite in all,
/// will not change with more of them.
fn half_width(threshold: &Threshold, trials: &[&Recorder], scenario: &Scenario) -> f64 {
    if trials.len() < 2 {
        return f64::INFINITY;
    }
    let quantile = match threshold.aggregate {
        Aggregate::Percentile(p) => Some(p / 100.0),
        Aggregate::Med => Some(0.5),
        _ => None,
    };
    let times = trials.iter().map(|trial| Times::of(threshold, trial)).collect::<Option<Vec<Times>>>();
    let range = match (times, quantile) {
        (Some(times), Some(quantile)) => Times::interval(&times, quantile),
        _ => {
            let values = trials.iter().filter_map(|trial| figure(threshold, trial, scenario));
            let values: Vec<f64> = values.map(|figure| figure.value).collect();
            match values.iter().filter(|value| value.is_infinite()).count() {
                0 => interval(&values),
                all if all == values.len() => None,
                _ => Some([0.0, f64::INFINITY]),
            }
        }
    };
    match range {
        Some([low, high]) if high.is_infinite() && low.is_finite() => f64::INFINITY,
        Some([low, high]) if high > low => (high - low) / (high + low).abs(),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_named_as_its_threshold_without_the_bound() {
        assert_eq!(named(&plain(Metric::ResponseTime, P99)), "response_time p(99)");
        assert_eq!(named(&plain(Metric::Goodput, Aggregate::Value)), "goodput");
    }
}
