//! How many jobs were in the system over time, so that Little's law can be asked of a recording.
//!
//! ```text
//!  intended ──before──▶ offered ═══════ present ═══════▶ ended, shed, or given up
//!                          └── area under `present` ──┘
//! ```
//!
//! Little's law (L = λ·W) over a span in which every job comes and goes is an identity: the area under the number of
//! jobs present is the sum of the times they were there. The area is measured on the clock that drives the engine; the
//! times are what the jobs' own records say. If the two differ, jobs were lost, counted twice, or timed wrongly.

use super::JobCounts;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// Jobs of the window from when they were offered until they left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupancy {
    present: u64,
    since: Time,
    /// Job-nanoseconds.
    area: u128,
    /// Between their intended start and being offered, all jobs together, in nanoseconds.
    before: u128,
    /// From the intended start until the recording stopped looking, of jobs that never ended.
    cut: u128,
}

impl Occupancy {
    #[inline]
    fn advance(&mut self, now: Time) {
        self.area += u128::from(now.since(self.since).as_nanos()) * u128::from(self.present);
        self.since = self.since.max(now);
    }

    /// A job that should have started at `intended` is there from `now` on.
    #[inline]
    pub fn came(&mut self, intended: Time, now: Time) {
        self.advance(now);
        self.present += 1;
        // In virtual time no job is late.
        if intended < now {
            self.before += u128::from(now.since(intended).as_nanos());
        }
    }

    /// A job has ended: how long it took stands in its own record.
    #[inline]
    pub fn left(&mut self, now: Time) {
        self.advance(now);
        self.present = self.present.saturating_sub(1);
    }

    /// A job that should have started at `intended` is looked at no longer, and has no record of its time.
    pub fn was_cut(&mut self, intended: Time, now: Time) {
        self.left(now);
        self.cut += u128::from(now.since(intended).as_nanos());
    }

    /// The recording of these jobs was lost, but for `recorded_s`, the sum of the times of those that ended: of the others
    /// nobody knows when they left, so that nothing can be asked of them.
    pub fn forget(&mut self, recorded_s: f64) {
        self.present = 0;
        self.cut = (self.area + self.before).saturating_sub((recorded_s * 1e9) as u128);
    }

    /// Adds another recording's.
    pub fn merge(&mut self, other: &Occupancy) {
        self.area += other.area;
        self.before += other.before;
        self.cut += other.cut;
    }

    /// Job-seconds in the system as the clock measured them, from the intended starts on.
    pub fn measured_s(&self) -> f64 {
        (self.area + self.before) as f64 / 1e9
    }

    /// Job-seconds as the jobs' records have them: `recorded` is the sum of the times of those that ended.
    pub fn recorded_s(&self, recorded: f64) -> f64 {
        recorded + self.cut as f64 / 1e9
    }

    /// By how much the two may differ without anything being wrong: three significant digits of a histogram, and a
    /// microsecond cut off each job.
    pub fn noise_s(&self, jobs: &JobCounts) -> f64 {
        0.002 * self.measured_s() + Span::from_micros(2).as_secs_f64() * jobs.offered as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Time {
        Time::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn the_area_is_the_sum_of_the_stays() {
        let mut occupancy = Occupancy::default();
        occupancy.came(at(0), at(0));
        occupancy.came(at(90), at(100));
        occupancy.left(at(150));
        occupancy.was_cut(at(0), at(400));
        assert!((occupancy.measured_s() - (0.060 + 0.400)).abs() < 1e-9, "{occupancy:?}");
        assert!((occupancy.recorded_s(0.060) - occupancy.measured_s()).abs() < 1e-9);
    }

    #[test]
    fn merging_is_adding() {
        let mut one = Occupancy::default();
        one.came(at(0), at(10));
        one.left(at(20));
        let mut two = one;
        two.merge(&one);
        assert!((two.measured_s() - 2.0 * one.measured_s()).abs() < 1e-12);
    }

    #[test]
    fn a_job_that_is_lost_shows() {
        let mut occupancy = Occupancy::default();
        occupancy.came(at(0), at(0));
        occupancy.came(at(0), at(0));
        occupancy.left(at(100));
        occupancy.left(at(5_000));
        let jobs = JobCounts { offered: 2, ..JobCounts::default() };
        assert!(occupancy.measured_s() - occupancy.recorded_s(0.2) > occupancy.noise_s(&jobs));
    }
}
