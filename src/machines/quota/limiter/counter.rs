//! How many attempts met a pool in each second: the peak of one second, and a series that never grows too long.
//!
//! ```text
//! t=0   phase      phase+1s    phase+2s
//!  ├──────┼───────────┼───────────┼──▶
//!  slot 0    slot 1      slot 2          (phase 0: slot 0 is [0, 1s))
//! ```

use crate::time::{NANOS_PER_SECOND, Span, Time};

/// The longest series before neighbouring intervals are summed and the interval doubles: an hour of seconds, fourteen kilobytes,
/// for whoever counts as long as it is let.
const HOUR: u64 = 3_600;
/// The same where the end is known: four weeks of seconds, ten megabytes. A plan reads its seconds and minutes from them.
const WEEKS: u64 = 4 * 7 * 86_400;

/// Counts per second on the edges of the window limiter.
#[derive(Clone, Debug)]
pub struct Counter {
    /// Nanoseconds by which slot 0 had begun before the run did.
    offset: u64,
    /// The end of the current second, exclusive.
    end: u64,
    /// The current second's number.
    second: u64,
    count: u64,
    peak: u64,
    total: u64,
    /// Doublings of the interval so far.
    folds: u32,
    /// Intervals that the series may have.
    longest: u64,
    series: Vec<u32>,
}

impl Counter {
    /// A counter whose seconds begin at `phase` (modulo one second) and every second after it.
    pub fn new(phase: Span) -> Counter {
        let phase = phase.as_nanos() % NANOS_PER_SECOND;
        let offset = (NANOS_PER_SECOND - phase) % NANOS_PER_SECOND;
        Counter {
            offset,
            end: NANOS_PER_SECOND - offset,
            second: 0,
            count: 0,
            peak: 0,
            total: 0,
            folds: 0,
            longest: HOUR,
            series: Vec::new(),
        }
    }

    /// The same, whose series has a second each for four weeks instead of an hour. Nothing is counted yet.
    pub fn for_weeks(self) -> Counter {
        Counter { longest: WEEKS, ..self }
    }

    /// Counts `n` at `now`; a moment before the current second counts in it.
    #[inline]
    pub fn add(&mut self, n: u32, now: Time) {
        if now.as_nanos() >= self.end {
            self.roll(now.as_nanos());
        }
        self.count += u64::from(n);
    }

    /// Books the current second and moves on to that of `now`.
    #[cold]
    fn roll(&mut self, now: u64) {
        self.book();
        self.second = (now.saturating_add(self.offset)) / NANOS_PER_SECOND;
        self.end = ((self.second + 1) * NANOS_PER_SECOND).saturating_sub(self.offset);
    }

    /// Adds the current second's count to the series.
    fn book(&mut self) {
        if self.count > 0 {
            let slot = self.slot(self.second);
            self.series[slot] =
                self.series[slot].saturating_add(u32::try_from(self.count).unwrap_or(u32::MAX));
            self.peak = self.peak.max(self.count);
            self.total += self.count;
            self.count = 0;
        }
    }

    /// The place of a second in the series, which is folded or lengthened to have it.
    fn slot(&mut self, second: u64) -> usize {
        while second >> self.folds >= self.longest {
            let pairs = self.series.chunks(2);
            self.series =
                pairs.map(|pair| pair.iter().fold(0, |sum: u32, n| sum.saturating_add(*n))).collect();
            self.folds += 1;
        }
        let slot = (second >> self.folds) as usize;
        if self.series.len() <= slot {
            self.series.resize(slot + 1, 0);
        }
        slot
    }

    /// Books everything and extends the series to the second before `end`, so that all series of a run match.
    pub fn finish(&mut self, end: Time) {
        let last = end.as_nanos().saturating_sub(1);
        if last >= self.end {
            self.roll(last);
        }
        self.book();
        self.slot((last.saturating_add(self.offset)) / NANOS_PER_SECOND);
    }

    /// The largest count of one second.
    pub fn peak(&self) -> u64 {
        self.peak.max(self.count)
    }

    /// Everything counted.
    pub fn total(&self) -> u64 {
        self.total + self.count
    }

    /// The length of a series interval in seconds: a power of two.
    pub const fn interval_s(&self) -> u64 {
        1 << self.folds
    }

    /// Counts per interval, from the one that holds the run's start; complete after [`Counter::finish`].
    pub fn series(&self) -> &[u32] {
        &self.series
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::ZERO + Span::from_millis(millis)
    }

    #[test]
    fn seconds_begin_at_the_phase() {
        let mut counter = Counter::new(Span::from_millis(300));
        for millis in [0, 299, 300, 1299, 1300, 5299] {
            counter.add(1, at(millis));
        }
        counter.finish(at(5300));
        assert_eq!(counter.series(), [2, 2, 1, 0, 0, 1]);
        assert_eq!((counter.peak(), counter.total(), counter.interval_s()), (2, 6, 1));
    }

    #[test]
    fn without_a_phase_the_first_second_is_whole() {
        let mut counter = Counter::new(Span::ZERO);
        [0, 999, 1000].into_iter().for_each(|millis| counter.add(1, at(millis)));
        counter.finish(at(3000));
        assert_eq!(counter.series(), [2, 1, 0]);
    }

    #[test]
    fn a_long_series_is_folded_by_pairs_and_loses_nothing() {
        for (mut counter, longest) in
            [(Counter::new(Span::ZERO), HOUR), (Counter::new(Span::ZERO).for_weeks(), WEEKS)]
        {
            let length = 4 * longest - 4;
            for second in [0, 1, 2, 4, length - 1] {
                counter.add(3, Time::from_secs(second));
            }
            counter.add(4, Time::from_secs(length - 1));
            counter.finish(Time::from_secs(length));
            assert_eq!(counter.interval_s(), 4);
            assert_eq!(counter.series().len() as u64, longest - 1);
            assert_eq!(counter.series()[..3], [9, 3, 0]);
            assert_eq!(counter.series().iter().map(|n| u64::from(*n)).sum::<u64>(), counter.total());
            assert_eq!(counter.peak(), 7, "the peak is of one second, however long the interval");
        }
    }
}
