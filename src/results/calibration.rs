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
    pub operations: Vec<(Operation, Trend)>,
    /// All of them together.
    pub all: Trend,
    /// Answers that were refused for a quota; `None` if there were none.
    pub throttled: Option<Trend>,
}

/// As the comment behind a line of the block shows it.
fn about(times: &Trend) -> String {
    format!("{} answers, p90 {}, max {}", times.count, ms(times.p90), ms(times.max))
}

/// Milliseconds as the scenario language reads them, a microsecond at least.
fn ms(millis: f64) -> String {
    format!("{}ms", millis.max(0.001))
}

/// The distribution of a histogram of microseconds; `None` if it is empty.
fn trend(times: &Micros) -> Option<Trend> {
    (!times.is_empty()).then(|| Trend::from_micros(times))
}

impl Calibration {
    /// What was recorded of these operations; `None` if none of them was answered.
    pub fn of(recorder: &Recorder, operations: &[Operation]) -> Option<Calibration> {
        let mut all = crate::record::micros();
        let mut measured = Vec::new();
        for operation in operations {
            let times = Selection::operation(operation.name()).service(recorder);
            if let Some(figures) = trend(&times) {
                all.add(&times).expect("a resizing histogram takes any other");
                measured.push((*operation, figures));
            }
        }
        measured.sort_by_key(|(operation, _)| *operation);
        let throttled = trend(&Selection::default().refused(recorder));
        trend(&all).map(|all| Calibration { operations: measured, all, throttled })
    }

    /// The block `serviceTime` for a scenario; `provenance` says when and where, `assumed` what stands in for refusals
    /// that nobody has met.
    pub fn to_yaml(&self, provenance: &str, assumed: Span) -> String {
        let mut text = String::from("serviceTime:\n");
        let mut line = |text_of: String| {
            let _ = writeln!(text, "{text_of}");
        };
        line(format!("  measured: {}", serde_json::Value::from(provenance)));
        line(format!("  p50: {}   # all together: {}", ms(self.all.p50), about(&self.all)));
        line(format!("  p99: {}", ms(self.all.p99)));
        match &self.throttled {
            Some(refused) => line(format!("  throttled: {}   # {}", ms(refused.p50), about(refused))),
            None => {
                line(format!("  throttled: {}   # assumed: none was throttled", ms(assumed.as_millis_f64())))
            }
        }
        line("  operations:".into());
        for (operation, times) in &self.operations {
            line(format!(
                "    {operation}: {{ p50: {}, p99: {} }}   # {}",
                ms(times.p50),
                ms(times.p99),
                about(times)
            ));
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
        let figures = Trend::from_micros(&times);
        let calibration =
            Calibration { operations: vec![(Operation::Decrypt, figures)], all: figures, throttled: None };
        let block = calibration.to_yaml("today, \"here\": 5 answers", Span::from_millis(3));
        let text = format!(
            "{block}workloads: {{ load: {{ executor: constant-arrival-rate, rate: 1/s, duration: 1s, jobs: {{ Decrypt: 1 }} }} }}\nstrategies: {{ no-retry: {{ retry: {{ mode: none }} }} }}"
        );
        let scenario = crate::scenario::Scenario::parse(&text, &Default::default()).expect("valid").scenario;
        let read = scenario.service_time;
        assert_eq!(read.measured.as_deref(), Some("today, \"here\": 5 answers"));
        let (Distribution::Lognormal(all), Distribution::Lognormal(own)) =
            (read.default, read.operations[&Operation::Decrypt].clone())
        else {
            panic!("calibrate writes two percentiles");
        };
        assert_eq!(own.p99.as_millis_f64(), figures.p99);
        assert_eq!(all.p50.as_millis_f64(), figures.p50);
        assert_eq!(read.throttled, Span::from_millis(3));
    }
}
