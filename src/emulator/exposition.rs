//! Figures in Prometheus's text format 0.0.4, gathered anew each time somebody asks.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt;

/// What the format is called in HTTP.
pub use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

/// Labels of a figure that has none.
pub const NO_LABELS: [(&str, &str); 0] = [];

/// All that `collector` gathers.
pub fn text(collector: impl Collector) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(collector));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry).expect("a String takes every text");
    text
}

/// A metric that is told: its name and what it is.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Without the `_total` of counters, which the format adds.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
}

impl Metric {
    /// Counts that only grow, each under its labels.
    ///
    /// # Errors
    /// The text cannot be written.
    pub fn counters<L: EncodeLabelSet>(
        self,
        page: &mut DescriptorEncoder<'_>,
        counts: impl IntoIterator<Item = (L, u64)>,
    ) -> fmt::Result {
        let mut family = page.encode_descriptor(self.name, self.help, None, MetricType::Counter)?;
        for (labels, count) in counts {
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, u64, f64>(&count, None)?;
        }
        Ok(())
    }

    /// Values as they are now, each under its labels.
    ///
    /// # Errors
    /// The text cannot be written.
    pub fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
        self,
        page: &mut DescriptorEncoder<'_>,
        values: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        self.values(page, MetricType::Gauge, values)
    }

    /// Figures of no type: what a counter would be if its name ended in `_total`.
    ///
    /// # Errors
    /// The text cannot be written.
    pub fn untyped<L: EncodeLabelSet, V: EncodeGaugeValue>(
        self,
        page: &mut DescriptorEncoder<'_>,
        values: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        self.values(page, MetricType::Unknown, values)
    }

    fn values<L: EncodeLabelSet, V: EncodeGaugeValue>(
        self,
        page: &mut DescriptorEncoder<'_>,
        kind: MetricType,
        values: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let mut family = page.encode_descriptor(self.name, self.help, None, kind)?;
        for (labels, value) in values {
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// How many samples lie in each bucket, named by its upper bound, with the sum of all.
    ///
    /// # Errors
    /// The text cannot be written.
    pub fn histograms<L: EncodeLabelSet>(
        self,
        page: &mut DescriptorEncoder<'_>,
        histograms: impl IntoIterator<Item = (L, Vec<(f64, u64)>, f64)>,
    ) -> fmt::Result {
        let mut family = page.encode_descriptor(self.name, self.help, None, MetricType::Histogram)?;
        for (labels, buckets, sum) in histograms {
            let count = buckets.iter().map(|(_, count)| count).sum();
            let mut one = family.encode_family(&labels)?;
            one.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Two;

    impl Collector for Two {
        fn encode(&self, mut page: DescriptorEncoder<'_>) -> fmt::Result {
            let calls = Metric { name: "calls", help: "Calls." };
            calls.counters(&mut page, [([("key", "a\"b\\c\n")], 12)])?;
            Metric { name: "open", help: "Open." }.gauges(&mut page, [(NO_LABELS, 0.5)])?;
            Metric { name: "all", help: "All." }.untyped(&mut page, [(NO_LABELS, 7u64)])?;
            let took = Metric { name: "took_seconds", help: "Took." };
            took.histograms(&mut page, [(NO_LABELS, vec![(0.1, 2), (f64::INFINITY, 1)], 3.5)])
        }
    }

    #[test]
    fn labels_are_escaped_counters_are_totals_and_buckets_are_added_up() {
        let expected = "# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total{key=\"a\\\"b\\\\c\\n\"} 12\n\
            # HELP open Open.\n# TYPE open gauge\nopen 0.5\n# HELP all All.\n# TYPE all untyped\nall 7\n\
            # HELP took_seconds Took.\n# TYPE took_seconds histogram\n\
            took_seconds_bucket{le=\"0.1\"} 2\ntook_seconds_bucket{le=\"+Inf\"} 3\n\
            took_seconds_sum 3.5\ntook_seconds_count 3\n";
        assert_eq!(text(Two), expected);
    }
}
