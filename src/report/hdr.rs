//! Histograms as HdrHistogram's own tools read them: interval logs and percentile texts.
//!
//! A run is one interval that begins at zero: nothing here knows the time of day. Recorded values are microseconds,
//! which interval logs keep; texts, and an interval's maximum, are in milliseconds.

use crate::time::Span;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::IntervalLogWriterBuilder;
use std::time::{Duration, UNIX_EPOCH};

/// Microseconds in the unit that people read.
const PER_MILLISECOND: f64 = 1_000.0;

/// Ticks between each halving of the distance to 100 %, as HdrHistogram's tools have them.
const TICKS_PER_HALF: u32 = 5;

/// A `.hlog`: an interval log, version 1.3, of one interval as long as the run.
pub fn interval_log(histogram: &Histogram<u64>, length: Span) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let written = IntervalLogWriterBuilder::new()
        .add_comment("[Histogram log format version 1.3]")
        .add_comment("[Values are microseconds; Interval_Max is milliseconds]")
        .with_start_time(UNIX_EPOCH)
        .with_max_value_divisor(PER_MILLISECOND)
        .begin_log_with(&mut bytes, &mut serializer)
        .map(|mut log| {
            log.write_histogram(histogram, Duration::ZERO, Duration::from_nanos(length.as_nanos()), None)
        });
    let written = written.is_ok_and(|interval| interval.is_ok());
    assert!(written, "memory takes a histogram of any size");
    bytes
}

/// A `.hgrm`: the percentile distribution in milliseconds, as HdrHistogram prints and plots it.
pub fn percentile_text(histogram: &Histogram<u64>) -> String {
    let mut out =
        format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    let mut below = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALF) {
        below += step.count_since_last_iteration();
        let quantile = step.quantile_iterated_to();
        let value = step.value_iterated_to() as f64 / PER_MILLISECOND;
        out += &format!("{value:>12.3} {quantile:>14.12} {below:>10}");
        out += &if quantile < 1.0 { format!(" {:>14.2}\n", 1.0 / (1.0 - quantile)) } else { "\n".into() };
    }
    let (mean, deviation, max) = match histogram.len() {
        0 => (0.0, 0.0, 0.0),
        _ => (histogram.mean(), histogram.stdev(), histogram.max() as f64),
    };
    let [mean, deviation, max] = [mean, deviation, max].map(|value| value / PER_MILLISECOND);
    let (buckets, sub_buckets) = buckets(histogram);
    out += &format!("#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]\n");
    out += &format!("#[Max     = {max:>12.3}, Total count    = {:>12}]\n", histogram.len());
    out += &format!("#[Buckets = {buckets:>12}, SubBuckets     = {sub_buckets:>12}]\n");
    out
}

/// How many buckets and sub-buckets a histogram has, from its precision and the number of its counters: buckets
/// after the first add half their sub-buckets each.
fn buckets(histogram: &Histogram<u64>) -> (usize, usize) {
    let sub_buckets = (2 * 10_usize.pow(u32::from(histogram.sigfig()))).next_power_of_two();
    (histogram.distinct_values() / (sub_buckets / 2) - 1, sub_buckets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    fn histogram() -> Histogram<u64> {
        let mut histogram = Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("bounds");
        for value in 1..=10_000_u64 {
            histogram.record(value * 37 % 250_000 + 1).expect("in range");
        }
        histogram
    }

    #[test]
    fn an_interval_log_reads_back_with_the_same_percentiles() {
        let bytes = interval_log(&histogram(), Span::from_secs(120));
        assert!(bytes.starts_with(b"#[Histogram log format version 1.3]\n"));
        let entries: Vec<LogEntry<'_>> =
            IntervalLogIterator::new(&bytes).map(|e| e.expect("an entry")).collect();
        let [LogEntry::StartTime(start), LogEntry::Interval(interval)] = entries.as_slice() else {
            panic!("{entries:?}");
        };
        assert_eq!((*start, interval.duration().as_secs()), (Duration::ZERO, 120));
        let packed =
            base64::engine::general_purpose::STANDARD.decode(interval.encoded_histogram()).expect("base64");
        let read: Histogram<u64> =
            Deserializer::new().deserialize(&mut packed.as_slice()).expect("a histogram");
        for quantile in [0.0, 0.5, 0.9, 0.99, 0.999, 1.0] {
            assert_eq!(read.value_at_quantile(quantile), histogram().value_at_quantile(quantile));
        }
        assert_eq!(read.len(), 10_000);
    }

    #[test]
    fn the_percentile_text_rises_to_the_maximum_and_counts_everything() {
        let text = percentile_text(&histogram());
        let rows: Vec<Vec<f64>> = text
            .lines()
            .skip(2)
            .take_while(|line| !line.starts_with('#'))
            .map(|line| line.split_whitespace().map(|n| n.parse().expect("a number")).collect())
            .collect();
        assert!(rows.windows(2).all(|pair| pair[0][0] <= pair[1][0] && pair[0][2] <= pair[1][2]), "{text}");
        let last = rows.last().expect("a row");
        assert_eq!((last[1], last[2], last.len()), (1.0, 10_000.0, 3));
        assert!(
            text.contains("Total count    =        10000]")
                && text.contains("SubBuckets     =         2048]")
        );
    }

    #[test]
    fn an_empty_histogram_is_written_without_a_number_that_is_none() {
        let empty = Histogram::<u64>::new(3).expect("precision");
        assert!(!percentile_text(&empty).contains("NaN"));
        assert!(!interval_log(&empty, Span::ZERO).is_empty());
    }
}
