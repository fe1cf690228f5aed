//! Figures as OpenTelemetry's protocol has them (OTLP 1.x, `ExportMetricsServiceRequest` in its JSON encoding): counts as
//! cumulative sums, times as exponential histograms.

use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// The most buckets of one histogram: as many as OpenTelemetry's own libraries keep.
const MOST_BUCKETS: i64 = 160;
/// The finest scale: neighbouring bounds differ by a millionth.
const FINEST: i32 = 20;
/// Cumulative: each value counts from the beginning of the run.
const CUMULATIVE: u32 = 2;

/// What a value is of: name and word, such as `strategy` and `naive`.
pub type Labels<'l> = [(&'l str, &'l str)];

/// A request that is being put together.
#[derive(Clone, Debug)]
pub struct Metrics {
    resource: Value,
    began_ns: String,
    now_ns: String,
    metrics: Vec<Value>,
}

impl Metrics {
    /// Figures of what `resource` names, counted from `began_ms` until `now_ms`, both since 1970.
    pub fn new(resource: &Labels<'_>, began_ms: i64, now_ms: i64) -> Metrics {
        let nanos = |millis: i64| (i128::from(millis) * 1_000_000).to_string();
        Metrics {
            resource: attributes(resource),
            began_ns: nanos(began_ms),
            now_ns: nanos(now_ms),
            metrics: Vec::new(),
        }
    }

    /// Counts that only grow.
    pub fn sums<'l>(
        &mut self,
        name: &str,
        unit: &str,
        says: &str,
        points: impl Iterator<Item = (Vec<(&'l str, &'l str)>, u64)>,
    ) {
        let points: Vec<Value> = points
            .map(|(labels, count)| self.point(&labels, json!({ "asInt": count.to_string() })))
            .collect();
        let sum = json!({ "dataPoints": points, "aggregationTemporality": CUMULATIVE, "isMonotonic": true });
        self.put(name, unit, says, "sum", sum);
    }

    /// Values as they are now.
    pub fn gauges<'l>(
        &mut self,
        name: &str,
        unit: &str,
        says: &str,
        points: impl Iterator<Item = (Vec<(&'l str, &'l str)>, f64)>,
    ) {
        let points: Vec<Value> =
            points.map(|(labels, value)| self.point(&labels, json!({ "asDouble": value }))).collect();
        self.put(name, unit, says, "gauge", json!({ "dataPoints": points }));
    }

    /// Times, recorded in microseconds, told in seconds.
    pub fn times<'h>(
        &mut self,
        name: &str,
        says: &str,
        points: impl Iterator<Item = (&'h str, &'h Histogram<u64>)>,
    ) {
        let points: Vec<Value> = points
            .map(|(strategy, micros)| self.point(&[("strategy", strategy)], exponential(micros)))
            .collect();
        let histogram = json!({ "dataPoints": points, "aggregationTemporality": CUMULATIVE });
        self.put(name, "s", says, "exponentialHistogram", histogram);
    }

    fn point(&self, labels: &Labels<'_>, mut value: Value) -> Value {
        value["attributes"] = attributes(labels);
        value["startTimeUnixNano"] = self.began_ns.clone().into();
        value["timeUnixNano"] = self.now_ns.clone().into();
        value
    }

    fn put(&mut self, name: &str, unit: &str, says: &str, kind: &str, data: Value) {
        let is_empty = data["dataPoints"].as_array().is_none_or(Vec::is_empty);
        if !is_empty {
            self.metrics.push(json!({ "name": name, "unit": unit, "description": says, (kind): data }));
        }
    }

    /// The request as OTLP's JSON.
    pub fn into_json(self) -> Value {
        json!({ "resourceMetrics": [{
            "resource": { "attributes": self.resource },
            "scopeMetrics": [{
                "scope": { "name": "keystorm", "version": env!("CARGO_PKG_VERSION") },
                "metrics": self.metrics,
            }],
        }] })
    }
}

fn attributes(labels: &Labels<'_>) -> Value {
    labels.iter().map(|(key, text)| json!({ "key": key, "value": { "stringValue": text } })).collect()
}

/// A histogram of microseconds as a point of seconds; what took no time stands apart, since no logarithm has a place for it.
fn exponential(micros: &Histogram<u64>) -> Value {
    let seconds = |micros: u64| micros as f64 / 1e6;
    let recorded: Vec<(f64, u64)> = micros
        .iter_recorded()
        .map(|value| (seconds(value.value_iterated_to()), value.count_since_last_iteration()))
        .collect();
    let positive = || recorded.iter().filter(|(value, _)| *value > 0.0);
    let scale = scale(positive().map(|(value, _)| *value));
    let offset = positive().map(|(value, _)| index(*value, scale)).min().unwrap_or(0);
    let mut counts: Vec<u64> = Vec::new();
    for (value, count) in positive() {
        let place = (index(*value, scale) - offset) as usize;
        counts.resize(counts.len().max(place + 1), 0);
        counts[place] += count;
    }
    let zeros: u64 = recorded.iter().filter(|(value, _)| *value <= 0.0).map(|(_, count)| count).sum();
    let mut point = json!({
        "count": micros.len().to_string(),
        "sum": micros.mean() * micros.len() as f64 / 1e6,
        "scale": scale,
        "zeroCount": zeros.to_string(),
        "positive": { "offset": offset, "bucketCounts": counts.iter().map(u64::to_string).collect::<Vec<_>>() },
    });
    if !micros.is_empty() {
        point["min"] = seconds(micros.min()).into();
        point["max"] = seconds(micros.max()).into();
    }
    point
}

/// The finest scale at which these values need no more than [`MOST_BUCKETS`].
fn scale(values: impl Iterator<Item = f64>) -> i32 {
    let (low, high) =
        values.fold((f64::INFINITY, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
    if high <= 0.0 {
        return 0;
    }
    let fits = |scale: &i32| index(high, *scale) - index(low, *scale) < MOST_BUCKETS;
    (-10..=FINEST).rev().find(fits).unwrap_or(-10)
}

/// The bucket of a value above nought: base^i < value ≤ base^(i+1), the base being 2^(2^-scale).
fn index(value: f64, scale: i32) -> i64 {
    let factor = libm::exp2(f64::from(scale));
    let bound = |place: i64| libm::exp2(place as f64 / factor);
    // A logarithm near a bound may be rounded to its other side.
    let near = (libm::log2(value) * factor).ceil() as i64 - 1;
    match () {
        () if bound(near) >= value => near - 1,
        () if bound(near + 1) < value => near + 1,
        () => near,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(values: impl IntoIterator<Item = u64>) -> Histogram<u64> {
        let mut histogram = Histogram::new(3).expect("three digits");
        values.into_iter().for_each(|value| histogram.record(value).expect("it grows"));
        histogram
    }

    #[test]
    fn a_value_lies_in_its_bucket_at_every_scale() {
        for scale in -10..=FINEST {
            let base = libm::exp2(libm::exp2(-f64::from(scale)));
            for value in [1e-6, 0.001, 0.25, 0.5, 1.0, 2.0, 3.7, 1024.0] {
                let place = index(value, scale) as f64;
                let (low, high) = (libm::pow(base, place), libm::pow(base, place + 1.0));
                let slack = 1.0 + 1e-9;
                assert!(low < value * slack && value <= high * slack, "{value} at {scale}: {low} to {high}");
            }
        }
        // Upper bounds belong to their bucket, lower ones to the bucket below.
        assert_eq!([index(1.0, 0), index(2.0, 0), index(2.1, 0), index(1.0, 3)], [-1, 0, 1, -1]);
    }

    #[test]
    fn every_sample_is_in_a_bucket_and_buckets_are_few() {
        let histogram = micros((0..5_000).map(|i| i * i / 10));
        let point = exponential(&histogram);
        let counts: Vec<u64> = point["positive"]["bucketCounts"]
            .as_array()
            .expect("buckets")
            .iter()
            .map(|count| count.as_str().and_then(|text| text.parse().ok()).expect("a count"))
            .collect();
        let zeros: u64 = point["zeroCount"].as_str().expect("text").parse().expect("a count");
        assert_eq!((counts.iter().sum::<u64>() + zeros, zeros), (5_000, 4));
        assert!(counts.len() <= 160 && counts.len() > 60, "{}", counts.len());
        assert_eq!(point["count"], "5000");
        assert_eq!(exponential(&micros([7; 9]))["positive"]["bucketCounts"], json!(["9"]));
        let empty = exponential(&micros([]));
        assert!(empty["count"] == "0" && empty["min"].is_null(), "{empty}");
    }

    #[test]
    fn a_request_names_what_it_is_of_and_leaves_out_what_is_not_there() {
        let mut metrics = Metrics::new(&[("service.name", "keystorm")], 1_000, 2_000);
        metrics.sums(
            "keystorm.jobs",
            "{job}",
            "Jobs.",
            [(vec![("strategy", "a"), ("outcome", "ok")], 7)].into_iter(),
        );
        metrics.gauges("keystorm.none", "1", "None.", std::iter::empty());
        metrics.times("keystorm.response_time", "Times.", [("a", &micros([1_000]))].into_iter());
        let request = metrics.into_json();
        let all = &request["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
        assert_eq!(all.as_array().map(Vec::len), Some(2));
        let point = &all[0]["sum"]["dataPoints"][0];
        assert_eq!((&point["asInt"], &point["timeUnixNano"]), (&json!("7"), &json!("2000000000")));
        assert_eq!(point["attributes"][1]["value"]["stringValue"], "ok");
        assert_eq!(all[1]["exponentialHistogram"]["dataPoints"][0]["sum"], 0.001);
    }
}
