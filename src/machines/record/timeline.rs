//! Counts per second, coarser above [`Timeline::MAX_ROWS`] points, in bounded memory however long the run.

use super::tail::Tail;
use crate::time::{NANOS_PER_SECOND, Time};
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// One interval's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u64; 12]", into = "[u64; 12]")]
pub struct Row {
    /// Jobs that arrived.
    pub offered: u64,
    /// Attempts sent.
    pub attempts: u64,
    /// Refusals received.
    pub throttled: u64,
    /// Service errors received.
    pub faults: u64,
    /// Attempts refused because who calls may not.
    pub denied: u64,
    /// Of the faults, those without an answer: the connection could not be made or broke.
    pub broken: u64,
    /// Attempts given up for want of an answer.
    pub timeouts: u64,
    /// Jobs completed within their deadline.
    pub goodput: u64,
    /// Jobs failed.
    pub failed: u64,
    /// Jobs shed.
    pub shed: u64,
    /// Jobs in flight at the end of the interval.
    pub in_flight: u64,
    /// What 99 % of the jobs that completed in the interval took at most, in microseconds, to a thirtieth; 0 if none did.
    /// Of several intervals or trials, the greatest.
    pub p99_micros: u64,
}

impl Row {
    /// Adds what happened in the next stretch of the same interval.
    fn extend(&mut self, later: Row) {
        let in_flight = later.in_flight;
        *self += later;
        self.in_flight = in_flight;
    }
}

impl From<[u64; 12]> for Row {
    fn from(columns: [u64; 12]) -> Row {
        let [
            offered,
            attempts,
            throttled,
            faults,
            denied,
            broken,
            timeouts,
            goodput,
            failed,
            shed,
            in_flight,
            p99_micros,
        ] = columns;
        Row {
            offered,
            attempts,
            throttled,
            faults,
            denied,
            broken,
            timeouts,
            goodput,
            failed,
            shed,
            in_flight,
            p99_micros,
        }
    }
}

impl From<Row> for [u64; 12] {
    fn from(row: Row) -> [u64; 12] {
        let Row {
            offered,
            attempts,
            throttled,
            faults,
            denied,
            broken,
            timeouts,
            goodput,
            failed,
            shed,
            in_flight,
            p99_micros,
        } = row;
        [
            offered, attempts, throttled, faults, denied, broken, timeouts, goodput, failed, shed, in_flight,
            p99_micros,
        ]
    }
}

impl AddAssign for Row {
    fn add_assign(&mut self, other: Row) {
        self.offered += other.offered;
        self.attempts += other.attempts;
        self.throttled += other.throttled;
        self.faults += other.faults;
        self.denied += other.denied;
        self.broken += other.broken;
        self.timeouts += other.timeouts;
        self.goodput += other.goodput;
        self.failed += other.failed;
        self.shed += other.shed;
        self.in_flight += other.in_flight;
        self.p99_micros = self.p99_micros.max(other.p99_micros);
    }
}

/// Rows in order of time. Seconds begin at the quota window's edges, so that peaks and limits line up.
#[derive(Clone, Debug)]
pub struct Timeline {
    pub(super) interval_s: u64,
    pub(super) rows: Vec<Row>,
    /// The second that is being filled, and when it ends.
    pub(super) current: Row,
    pub(super) second: u64,
    pub(super) ends: Time,
    /// Added to a time before cutting it into seconds.
    pub(super) shift: u64,
    pub(super) peak_attempts: u64,
    /// What jobs took that completed in the current second.
    pub(super) tail: Tail,
}

impl Timeline {
    /// The most points kept; beyond, pairs are added up and the interval doubles.
    pub const MAX_ROWS: usize = 3_600;

    /// An empty timeline whose seconds begin at `phase` and every second before and after.
    pub fn new(phase: Time) -> Timeline {
        let shift = (NANOS_PER_SECOND - phase.as_nanos() % NANOS_PER_SECOND) % NANOS_PER_SECOND;
        let ends = Time::from_nanos(NANOS_PER_SECOND - shift);
        Timeline {
            interval_s: 1,
            rows: Vec::new(),
            current: Row::default(),
            second: 0,
            ends,
            shift,
            peak_attempts: 0,
            tail: Tail::default(),
        }
    }

    /// The row that is being filled; call after [`Timeline::at`] once the current second is over.
    #[inline]
    pub(super) fn current(&mut self) -> &mut Row {
        &mut self.current
    }

    /// When the current second is over.
    #[inline]
    pub(super) fn ends(&self) -> Time {
        self.ends
    }

    /// A job completed in the current second, so many microseconds after its intended start.
    #[inline]
    pub fn completed(&mut self, micros: u64) {
        self.current.goodput += 1;
        self.tail.record(micros);
    }

    /// The row of the second `now` lies in; `now` never goes back.
    #[inline]
    pub fn at(&mut self, now: Time, in_flight: u64) -> &mut Row {
        if now >= self.ends {
            self.roll(now, in_flight);
        }
        &mut self.current
    }

    #[cold]
    fn roll(&mut self, now: Time, in_flight: u64) {
        self.close(in_flight);
        let second = (now.as_nanos() + self.shift) / NANOS_PER_SECOND;
        for skipped in self.second + 1..second {
            self.second = skipped;
            self.current = Row::default();
            self.close(in_flight);
        }
        self.second = second;
        self.current = Row::default();
        self.ends = Time::from_nanos((second + 1) * NANOS_PER_SECOND - self.shift);
    }

    /// Files the current second.
    fn close(&mut self, in_flight: u64) {
        self.current.in_flight = in_flight;
        self.current.p99_micros = self.tail.take_p99(self.current.goodput).max(self.current.p99_micros);
        self.peak_attempts = self.peak_attempts.max(self.current.attempts);
        let index = (self.second / self.interval_s) as usize;
        if index >= Timeline::MAX_ROWS {
            self.fold();
            return self.close(in_flight);
        }
        match self.rows.get_mut(index) {
            Some(row) => row.extend(self.current),
            None => self.rows.push(self.current),
        }
    }

    /// Doubles the interval.
    fn fold(&mut self) {
        self.rows = self
            .rows
            .chunks(2)
            .map(|pair| {
                let mut row = pair[0];
                pair[1..].iter().for_each(|later| row.extend(*later));
                row
            })
            .collect();
        self.interval_s *= 2;
    }

    /// Files what is left; call once, at the end of a trial.
    pub fn finish(&mut self, in_flight: u64) {
        self.close(in_flight);
        self.current = Row::default();
    }

    /// Adds another trial's timeline, interval by interval.
    pub fn merge(&mut self, other: &Timeline) {
        let mut other = other.clone();
        while self.interval_s < other.interval_s {
            self.fold();
        }
        while other.interval_s < self.interval_s {
            other.fold();
        }
        if self.rows.len() < other.rows.len() {
            self.rows.resize(other.rows.len(), Row::default());
        }
        self.rows.iter_mut().zip(&other.rows).for_each(|(mine, theirs)| *mine += *theirs);
        self.peak_attempts = self.peak_attempts.max(other.peak_attempts);
    }

    /// Length of an interval in seconds.
    pub fn interval_s(&self) -> u64 {
        self.interval_s
    }

    /// When the row number `index` begins, in seconds; the first begins with the run.
    pub fn begins_s(&self, index: usize) -> f64 {
        let begins = (index as u64 * self.interval_s * NANOS_PER_SECOND).saturating_sub(self.shift);
        Time::from_nanos(begins).as_secs_f64()
    }

    /// The rows in intervals of `interval_s`, which is this timeline's own or that times a power of two.
    pub fn folded(&self, interval_s: u64) -> Vec<Row> {
        let mut folded = self.clone();
        while folded.interval_s < interval_s {
            folded.fold();
        }
        folded.rows
    }

    /// The rows filed so far.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Most attempts in one second of any trial.
    pub fn peak_attempts(&self) -> u64 {
        self.peak_attempts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_begin_at_the_phase_and_gaps_are_zero() {
        let mut timeline = Timeline::new(Time::from_nanos(250_000_000));
        for ms in [0, 249, 250, 1_249, 1_250, 4_000] {
            timeline.at(Time::from_nanos(ms * 1_000_000), 1).attempts += 1;
        }
        timeline.finish(0);
        let attempts: Vec<u64> = timeline.rows().iter().map(|row| row.attempts).collect();
        assert_eq!(attempts, [2, 2, 1, 0, 1]);
        assert_eq!(timeline.peak_attempts(), 2);
    }

    #[test]
    fn a_long_run_is_folded_and_nothing_is_lost() {
        let mut timeline = Timeline::new(Time::ZERO);
        for second in 0..10_000 {
            timeline.at(Time::from_secs(second), 0).offered += 1;
        }
        timeline.finish(0);
        assert_eq!(timeline.interval_s(), 4);
        assert_eq!(timeline.rows().len(), 2_500);
        assert!(timeline.rows().iter().all(|row| row.offered == 4));
    }

    #[test]
    fn merging_adds_and_aligns_intervals() {
        let fill = |seconds| {
            let mut timeline = Timeline::new(Time::ZERO);
            (0..seconds).for_each(|s| timeline.at(Time::from_secs(s), 0).offered += 1);
            timeline.finish(0);
            timeline
        };
        let (mut short, long) = (fill(10), fill(5_000));
        short.merge(&long);
        assert_eq!((short.interval_s(), short.rows()[0].offered, short.rows().len()), (2, 4, 2_500));
    }
}
