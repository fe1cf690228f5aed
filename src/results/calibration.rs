//! What a run against a real service says about its service times, as the scenario language writes it.

use super::select::Selection;
use crate::api::Operation;
use crate::record::{Micros, Recorder};
use crate::time::Span;
use std::fmt::Write as _;

/// Service times as they were measured.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// By operation, in the order of the API, those with answers only.
    pub operations: Vec<(Operation, Quantiles)>,
    /// All of them together.
    pub all: Quantiles,
    /// Answers that were refused for a quota; `None` if there were none.
    pub throttled: Option<Quantiles>,
}

/// Quantiles of one kind of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiles {
    /// On how many answers.
    pub count: u64,
    /// Half of them took at most this.
    pub p50: Span,
    /// 90 % of them took at most this.
    pub p90: Span,
    /// 99 % of them took at most this.
    pub p99: Span,
    /// The longest.
    pub max: Span,
}

impl Quantiles {
    /// Those of a histogram of microseconds; `None` if it is empty.
    fn of(times: &Micros) -> Option<Quantiles> {
        let at = |percentile| Span::from_micros(times.value_at_percentile(percentile).max(1));
        (!times.is_empty()).then(|| Quantiles {
            count: times.len(),
            p50: at(50.0),
            p90: at(90.0),
            p99: at(99.0),
            max: at(100.0),
        })
    }

    /// As the comment behind a line of the block shows it.
    fn about(&self) -> String {
        format!("{} answers, p90 {}, max {}", self.count, ms(self.p90), ms(self.max))
    }
}

/// A span in milliseconds, to the microsecond, as the scenario language reads it.
fn ms(span: Span) -> String {
    format!("{}ms", span.as_micros() as f64 / 1e3)
}

impl Calibration {
    /// What was recorded of these operations; `None` if none of them was answered.
    pub fn of(recorder: &Recorder, operations: &[Operation]) -> Option<Calibration> {
        let mut all = crate::record::micros();
        let mut measured = Vec::new();
        for operation in operations {
            let times = Selection::operation(operation.name()).answered(recorder);
            if let Some(quantiles) = Quantiles::of(&times) {
                all.add(&times).expect("a resizing histogram takes any other");
                measured.push((*operation, quantiles));
            }
        }
        measured.sort_by_key(|(operation, _)| *operation);
        let throttled = Quantiles::of(&Selection::default().refused(recorder));
        Quantiles::of(&all).map(|all| Calibration { operations: measured, all, throttled })
    }

    /// The block `serviceTime` for a scenario; `provenance` says when and where, `assumed` what stands in for refusals
    /// that nobody has met.
    pub fn to_yaml(&self, provenance: &str, assumed: Span) -> String {
        let mut text = String::from("serviceTime:\n");
        let mut line = |text_of: String| {
            let _ = writeln!(text, "{text_of}");
        };
        line(format!("  measured: {}", serde_json::Value::from(provenance)));
        line(format!("  p50: {}   # all together: {}", ms(self.all.p50), self.all.about()));
        line(format!("  p99: {}", ms(self.all.p99)));
        match &self.throttled {
            Some(refused) => line(format!("  throttled: {}   # {}", ms(refused.p50), refused.about())),
            None => line(format!("  throttled: {}   # assumed: none was throttled", ms(assumed))),
        }
        line("  operations:".into());
        for (operation, times) in &self.operations {
            line(format!(
                "    {operation}: {{ p50: {}, p99: {} }}   # {}",
                ms(times.p50),
                ms(times.p99),
                times.about()
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::micros;

    #[test]
    fn the_block_is_a_part_of_a_scenario() {
        let mut times = micros();
        (1..=1_000u64).for_each(|v| times.record(v * 10).expect("resizes"));
        let quantiles = Quantiles::of(&times).expect("a thousand answers");
        let calibration = Calibration {
            operations: vec![(Operation::Decrypt, quantiles)],
            all: quantiles,
            throttled: None,
        };
        let block = calibration.to_yaml("today, \"here\": 5 answers", Span::from_millis(3));
        let text = format!(
            "{block}workloads: {{ load: {{ executor: constant-arrival-rate, rate: 1/s, duration: 1s, jobs: {{ Decrypt: 1 }} }} }}\nstrategies: {{ none: {{ retry: {{ mode: none }} }} }}"
        );
        let scenario = crate::scenario::Scenario::parse(&text, &Default::default()).expect("valid").scenario;
        let read = scenario.service_time;
        assert_eq!(read.measured.as_deref(), Some("today, \"here\": 5 answers"));
        assert_eq!(read.operations[&Operation::Decrypt].p99, quantiles.p99);
        assert_eq!((read.default.p50, read.throttled), (quantiles.p50, Span::from_millis(3)));
    }
}
