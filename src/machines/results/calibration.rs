//! What a run against a real service says about its service times, as the scenario language writes it.

use super::Trend;
use super::select::Selection;
use crate::api::Operation;
use crate::record::{Micros, Recorder};
use crate::time::Span;
use std::fmt::Write as _;

/// Service times as they were measured.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// By operation, in the order of the API, those with answers only.
    pub operations: Vec<(Operation, Measured)>,
    /// All of them together.
    pub all: Measured,
    /// Answers that were refused for a quota; `None` if there were none.
    pub throttled: Option<Measured>,
}

/// How long answers took.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The figures people look at.
    pub trend: Trend,
    /// Percentiles and the milliseconds that so many took at most, rising: what the scenario language calls `quantiles`.
    pub quantiles: Vec<(f64, f64)>,
}

/// Percentiles that are written where enough answers lie beyond each.
const PERCENTILES: [f64; 12] = [1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.99];
/// So many answers at least lie beyond a percentile, on its nearer side.
const BEYOND: f64 = 2.0;

impl Measured {
    /// The distribution of a histogram of microseconds; `None` if it is empty.
    fn of(times: &Micros) -> Option<Measured> {
        if times.is_empty() {
            return None;
        }
        let trend = Trend::from_micros(times);
        let is_told = |percent: &f64| percent.min(100.0 - percent) / 100.0 * times.len() as f64 >= BEYOND;
        let at = |percent: f64| (percent, times.value_at_percentile(percent) as f64 / 1e3);
        let between = PERCENTILES.into_iter().filter(is_told).map(at);
        let mut quantiles: Vec<(f64, f64)> = vec![(0.0, trend.min)];
        quantiles.extend(between);
        quantiles.push((100.0, trend.max));
        Some(Measured { trend, quantiles })
    }

    /// `{ p0: 2ms, p50: 6ms, p100: 80ms }`.
    fn to_yaml(&self) -> String {
        let each = self.quantiles.iter().map(|(percent, millis)| format!("p{percent}: {}", ms(*millis)));
        format!("{{ {} }}", each.collect::<Vec<_>>().join(", "))
    }

    /// As the comment behind a line of the block shows it.
    fn about(&self) -> String {
        format!("{} answers, mean {}", self.trend.count, ms(self.trend.mean))
    }
}

/// Milliseconds as the scenario language reads them, a microsecond at least.
fn ms(millis: f64) -> String {
    format!("{}ms", millis.max(0.001))
}

impl Calibration {
    /// What was recorded of these operations; `None` if none of them was answered.
    pub fn of(recorder: &Recorder, operations: &[Operation]) -> Option<Calibration> {
        let mut all = crate::record::micros();
        let mut measured = Vec::new();
        for operation in operations {
            let times = Selection::operation(operation.name()).service(recorder);
            if let Some(figures) = Measured::of(&times) {
                all.add(&times).expect("a resizing histogram takes any other");
                measured.push((*operation, figures));
            }
        }
        measured.sort_by_key(|(operation, _)| *operation);
        let throttled = Measured::of(&Selection::default().refused(recorder));
        Measured::of(&all).map(|all| Calibration { operations: measured, all, throttled })
    }

    /// The block `serviceTime` for a scenario; `provenance` says when and where, `assumed` what stands in for refusals
    /// that nobody has met.
    pub fn to_yaml(&self, provenance: &str, assumed: Span) -> String {
        let mut text = String::from("serviceTime:\n");
        let mut line = |text_of: String| {
            let _ = writeln!(text, "{text_of}");
        };
        line(format!("  measured: {}", serde_json::Value::from(provenance)));
        line(format!("  quantiles: {}   # all together: {}", self.all.to_yaml(), self.all.about()));
        match &self.throttled {
            Some(refused) => {
                line(format!("  throttled: {}   # median of {}", ms(refused.trend.p50), refused.about()));
            }
            None => {
                line(format!("  throttled: {}   # assumed: none was throttled", ms(assumed.as_millis_f64())))
            }
        }
        line("  operations:".into());
        for (operation, times) in &self.operations {
            line(format!("    {operation}: {{ quantiles: {} }}   # {}", times.to_yaml(), times.about()));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kms::Distribution;
    use crate::record::micros;

    #[test]
    fn the_block_is_a_part_of_a_scenario() {
        let mut times = micros();
        (1..=1_000u64).for_each(|v| times.record(v * 10).expect("resizes"));
        let figures = Measured::of(&times).expect("a thousand answers");
        let calibration = Calibration {
            operations: vec![(Operation::Decrypt, figures.clone())],
            all: figures.clone(),
            throttled: None,
        };
        let block = calibration.to_yaml("today, \"here\": 5 answers", Span::from_millis(3));
        let text = format!(
            "{block}workloads: {{ load: {{ executor: constant-arrival-rate, rate: 1/s, duration: 1s, jobs: {{ Decrypt: 1 }} }} }}\nstrategies: {{ no-retry: {{ retry: {{ mode: none }} }} }}"
        );
        let scenario = crate::scenario::Scenario::parse(&text, &Default::default()).expect("valid").scenario;
        let read = scenario.service_time;
        assert_eq!(read.measured.as_deref(), Some("today, \"here\": 5 answers"));
        let own = read.operations[&Operation::Decrypt].clone();
        for distribution in [read.default, own] {
            let Distribution::Quantiles(points) = distribution else { panic!("calibrate writes quantiles") };
            let written: Vec<(f64, f64)> =
                points.iter().map(|(percent, span)| (*percent, span.as_millis_f64())).collect();
            assert_eq!(written, figures.quantiles);
        }
        // Of a thousand answers one lies beyond p99.9, which is too few.
        let percents: Vec<f64> = figures.quantiles.iter().map(|(percent, _)| *percent).collect();
        assert_eq!(percents, [0.0, 1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 100.0]);
        assert_eq!(read.throttled, Span::from_millis(3));
    }
}
