//! A log held against what CloudWatch counted at the same time: whether it lacks calls.

use super::log::Second;
use super::triage::pool;
use crate::intake::cloudwatch::{Kind, Series};
use crate::quota::PoolId;
use std::collections::BTreeMap;

/// Differences up to this share are those of clocks: a call is counted when it ends, and logged with the second it ended in.
const ALIKE: f64 = 0.01;

/// Counts of both, period by period.
#[derive(Debug)]
pub struct Reconciled {
    pool: PoolId,
    period: i64,
    counted: BTreeMap<i64, f64>,
    logged: BTreeMap<i64, u64>,
    ends: Option<(i64, i64)>,
}

impl Reconciled {
    /// With the calls that an answer of CloudWatch has; `None` if it has none, but only what succeeded or was throttled.
    pub fn with(series: &[Series]) -> Option<Reconciled> {
        let calls = series.iter().find(|each| each.kind == Kind::Calls)?;
        let pool = match calls.label.to_ascii_lowercase() {
            label if label.contains("rsa") => PoolId::RSA,
            // CallCount by itself is that of symmetric keys, which nearly all calls use.
            _ => PoolId::SYMMETRIC,
        };
        Some(Reconciled {
            pool,
            period: calls.period,
            counted: calls.sums.clone(),
            logged: BTreeMap::new(),
            ends: None,
        })
    }

    /// Adds the calls of a second; seconds come in order.
    pub fn add(&mut self, second: &Second) {
        let at = second.at.as_second();
        let period = at.div_euclid(self.period) * self.period;
        self.ends = Some((self.ends.map_or(at, |(first, _)| first), at));
        if self.counted.contains_key(&period) {
            let calls = second.calls.iter().filter(|call| pool(call) == self.pool).count() as u64;
            *self.logged.entry(period).or_default() += calls;
        }
    }

    /// What comes out, as a sentence.
    pub fn line(&self) -> String {
        let name = self.pool.name();
        let Some((first, last)) = self.ends else {
            return format!("CallCount ({name}): the log has no calls");
        };
        // The first and the last period of the log may be cut.
        let is_whole = |at: &i64| *at >= first && at + self.period <= last + 1;
        let both: Vec<i64> = self.counted.keys().copied().filter(is_whole).collect();
        let counted: f64 = both.iter().filter_map(|at| self.counted.get(at)).sum();
        let logged: u64 = both.iter().filter_map(|at| self.logged.get(at)).sum();
        let told = format!(
            "CallCount ({name}) has {counted:.0} calls in the {} periods of {} s that both cover whole, the log {logged}",
            both.len(),
            self.period
        );
        let share = (counted - logged as f64) / counted.max(1.0);
        match () {
            () if both.is_empty() || counted <= 0.0 => {
                format!(
                    "CallCount ({name}): no period of it lies whole within the log, so that nothing can be compared"
                )
            }
            () if share > ALIKE => format!(
                "{told}: {:.1} % are missing from the log (throttled calls that CloudTrail left out, a trail that leaves KMS \
                 events out, files or accounts that are not here)",
                share * 100.0
            ),
            () if share < -ALIKE => format!(
                "{told}: {:.1} % more in the log (another pool or account than was asked for)",
                -share * 100.0
            ),
            () => format!("{told}: they agree"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Collector, Filter};
    use super::*;
    use crate::intake::cloudwatch;

    #[test]
    fn a_log_that_lacks_calls_is_told_from_one_that_agrees() {
        let mut text = String::new();
        for second in 0..240 {
            let at = jiff::Timestamp::from_second(1_767_225_630 + second).unwrap();
            text += &format!(
                r#"{{"eventSource":"kms.amazonaws.com","eventName":"Decrypt","eventType":"AwsApiCall","awsRegion":"eu-west-1","eventID":"{second:08x}","eventTime":"{at}"}}"#
            );
        }
        let line = |sums: [u32; 5]| {
            let rows: Vec<String> =
                (0..).zip(sums).map(|(minute, sum)| format!("2026-01-01 00:0{minute}:00,{sum}")).collect();
            let csv = format!("timestamp,CallCount\n{}\n", rows.join("\n"));
            let mut both = Reconciled::with(&cloudwatch::read(csv.as_bytes(), None).unwrap()).unwrap();
            let mut collector = Collector::new(Filter::default());
            collector.read("log", 0, text.as_bytes()).unwrap();
            let mut add = |second: &Second| {
                both.add(second);
                Ok(())
            };
            collector.settle(1).unwrap().log(None, None, &mut add).unwrap();
            both.line()
        };
        // Three whole minutes of 60; the first and the last are cut in halves.
        assert!(
            line([60, 60, 60, 60, 60]).ends_with(
                "180 calls in the 3 periods of 60 s that both cover whole, the log 180: they agree"
            )
        );
        assert!(line([60, 120, 60, 60, 60]).contains("25.0 % are missing from the log"));
        assert!(line([60, 60, 30, 60, 60]).contains("20.0 % more in the log"));
    }
}
