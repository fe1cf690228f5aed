//! Microseconds counted in the buckets of an HDR histogram, as fast as can be: what a recorder takes down a few times an attempt.
//!
//! It is the counting half of a [`Micros`] with three significant digits, which answers questions and is saved.
//!
//! ```text
//!  value   0 … 2,047 │ 2,048 … 4,095 │ 4,096 … 8,191 │ …
//!  step            1 │             2 │             4 │      1,024 buckets in each doubling, the first two together
//! ```

use super::{Micros, micros};

/// Buckets of one doubling, as a power of two: three significant digits need as many as hold 2,000 values, halved.
const BITS: u32 = 10;

/// How often each time came, to three significant digits; grows as needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    counts: Vec<u64>,
}

/// The bucket of a value.
#[inline]
const fn bucket(value: u64) -> usize {
    let doublings = (value >> BITS | 1).ilog2();
    (((doublings as u64) << BITS) + (value >> doublings)) as usize
}

/// The lowest value of a bucket.
const fn lowest(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let doublings = (bucket >> BITS).saturating_sub(1);
    (bucket - (doublings << BITS)) << doublings
}

impl Tally {
    /// A time came, in microseconds.
    #[inline]
    pub fn record(&mut self, micros: u64) {
        self.record_n(micros, 1);
    }

    /// A time came so many times.
    #[inline]
    pub(super) fn record_n(&mut self, micros: u64, count: u64) {
        let bucket = bucket(micros);
        match self.counts.get_mut(bucket) {
            Some(known) => *known += count,
            None => self.grow(bucket, count),
        }
    }

    #[cold]
    fn grow(&mut self, bucket: usize, count: u64) {
        self.counts.resize(bucket + 1, 0);
        self.counts[bucket] += count;
    }

    /// Adds another tally, exactly.
    pub fn merge(&mut self, other: &Tally) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// What came since it was like `before`, of which it has everything.
    pub(super) fn less(&self, before: &Tally) -> Tally {
        let mut counts = self.counts.clone();
        counts.iter_mut().zip(&before.counts).for_each(|(now, before)| *now -= before);
        Tally { counts }
    }

    /// How many times came.
    pub(super) fn total(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The same as a histogram, which answers questions.
    pub fn to_histogram(&self) -> Micros {
        let mut histogram = micros();
        for (bucket, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            histogram.record_n(lowest(bucket), *count).expect("a resizing histogram takes any time");
        }
        histogram
    }

    /// The counting half of a histogram of three significant digits.
    pub(super) fn of(histogram: &Micros) -> Tally {
        let mut tally = Tally::default();
        for step in histogram.iter_recorded() {
            tally.record_n(step.value_iterated_to(), step.count_at_value());
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Stream};

    #[test]
    fn a_bucket_begins_with_its_lowest_value_and_the_next_one_behind_its_last() {
        let mut next = 0;
        for number in 0..50_000 {
            assert_eq!((lowest(number), bucket(lowest(number))), (next, number));
            let width = 1 << (number as u64 >> BITS).saturating_sub(1);
            assert_eq!(bucket(next + width - 1), number, "the last of its values");
            next += width;
        }
        assert_eq!(lowest(bucket(u64::MAX)) >> 53, 0x7ff);
    }

    #[test]
    fn it_is_the_histogram_that_would_have_been_recorded() {
        let stream = Stream::new(5, 0, Purpose::ServiceTime, 0);
        let (mut tally, mut recorded, mut parts) = (Tally::default(), micros(), [const { Vec::new() }; 2]);
        for n in 0..100_000u64 {
            let value = stream.draw(n).0 >> (24 + stream.draw_attempt(n, 1).below(40));
            tally.record(value);
            recorded.record(value).expect("it grows");
            parts[(n % 2) as usize].push(value);
        }
        assert_eq!(tally.to_histogram(), recorded);
        assert_eq!(
            (tally.to_histogram().max(), tally.to_histogram().min()),
            (recorded.max(), recorded.min())
        );
        assert_eq!(Tally::of(&recorded), tally);
        let [mut one, other] = parts.map(|part| {
            let mut tally = Tally::default();
            part.into_iter().for_each(|value| tally.record(value));
            tally
        });
        one.merge(&other);
        assert_eq!(one, tally, "merging is recording in one");
        assert!(Tally::default().to_histogram().is_empty());
    }
}
