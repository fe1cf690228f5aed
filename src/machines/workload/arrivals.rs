//! When open jobs arrive: a cursor over the arrival stream of one workload.
//!
//! The cursor is a pure function of (seed, trial, workload), so a second one, started later, sees the same jobs:
//! that is how a backlog behind `maxInFlight` costs no memory.
//!
//! ```text
//! rate │      ╱‾‾‾‾‾‾╲        Poisson: unit-exponential areas under the rate curve
//!      │ ____╱        ╲____   uniform: whole areas, from zero on
//!      └──┴───┴──────┴──┴──▶  one segment per stage; bursty: Poisson, the curve higher or lower in each second
//! ```

use super::{Arrivals as Spacing, Executor, Trace, TraceJob, TraceRows};
use crate::rng::{Purpose, Stream};
use crate::time::{NANOS_PER_SECOND, Span, Time};
use crate::units::Rate;
use std::sync::Arc;

/// One job's arrival.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// The job's number within its workload.
    pub index: u64,
    /// When it should start.
    pub at: Time,
    /// In which stage.
    pub stage: u16,
    /// The row of the trace that says what it is, if any.
    pub row: Option<u32>,
}

/// The arrivals of one open workload, in order.
#[derive(Clone, Debug)]
pub struct ArrivalCursor {
    stream: Stream,
    start: Time,
    end: Time,
    index: u64,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Curve(Curve),
    Burst { count: u64, every: u64, done_in_burst: u64, at: u64 },
    Counts(Counts),
    Rows(Rows),
}

impl ArrivalCursor {
    /// The arrivals of `executor` starting at `start`, or `None` for a closed executor.
    pub fn new(executor: &Executor, start: Time, seed: u64, trial: u32, lane: u64) -> Option<ArrivalCursor> {
        let stream = Stream::new(seed, trial, Purpose::Arrival, lane);
        let source = match executor {
            Executor::ConstantArrivalRate { rate, duration, arrivals } => {
                Source::Curve(Curve::new(*rate, &[(*duration, *rate)], *arrivals))
            }
            Executor::RampingArrivalRate { start_rate, stages, arrivals } => {
                let stages: Vec<(Span, Rate)> = stages.iter().map(|s| (s.duration, s.target)).collect();
                Source::Curve(Curve::new(*start_rate, &stages, *arrivals))
            }
            Executor::Burst { count, every, .. } => {
                Source::Burst { count: *count, every: every.as_nanos().max(1), done_in_burst: 0, at: 0 }
            }
            Executor::Trace(trace) => match trace.rows.as_ref() {
                TraceRows::Jobs(_) => Source::Rows(Rows::new(trace)),
                TraceRows::Counts(_) | TraceRows::Unread => Source::Counts(Counts::new(trace)),
            },
            _ => return None,
        };
        Some(ArrivalCursor { stream, start, end: start + executor.duration(), index: 0, source })
    }

    /// How many arrivals were given out.
    pub fn given(&self) -> u64 {
        self.index
    }
}

impl Iterator for ArrivalCursor {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        self.advance()
    }
}

impl ArrivalCursor {
    /// The next arrival; in the place of who asks, where that is once a job.
    #[inline(always)]
    pub fn advance(&mut self) -> Option<Arrival> {
        let (offset, stage, row) = match &mut self.source {
            Source::Curve(curve) => {
                curve.next(self.stream, self.index).map(|(at, stage)| (at, stage, None))?
            }
            Source::Burst { count, every, done_in_burst, at } => {
                if *done_in_burst == *count {
                    (*done_in_burst, *at) = (0, at.checked_add(*every)?);
                }
                *done_in_burst += 1;
                (*at, 0, None)
            }
            Source::Counts(counts) => (counts.next(self.stream, self.index)?, 0, None),
            Source::Rows(rows) => rows.next(self.stream).map(|(at, row)| (at, 0, Some(row)))?,
        };
        let at = self.start + Span::from_nanos(offset);
        if at >= self.end {
            return None;
        }
        let index = self.index;
        self.index += 1;
        Some(Arrival { index, at, stage, row })
    }
}

/// Arrivals under a piecewise linear rate.
#[derive(Clone, Debug)]
struct Curve {
    segments: Arc<[Segment]>,
    spacing: Spacing,
    segment: usize,
    /// Nanoseconds into the segment (Poisson).
    offset: f64,
    /// What multiplies the rate in a segment's second (bursty).
    burst: (usize, u64, f64),
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    begin: u64,
    length: f64,
    /// Arrivals a nanosecond at the segment's beginning.
    rate: f64,
    /// Change of the rate a nanosecond.
    slope: f64,
    /// Arrivals expected before the segment.
    before: f64,
}

impl Segment {
    /// Arrivals expected in the first `offset` nanoseconds.
    fn area(&self, offset: f64) -> f64 {
        (self.rate + 0.5 * self.slope * offset) * offset
    }

    /// How far beyond `offset` another `area` arrivals are expected; infinite if the segment never gets there.
    #[inline]
    fn advance(&self, offset: f64, area: f64) -> f64 {
        if self.slope == 0.0 {
            return area / self.rate;
        }
        let rate = self.rate + self.slope * offset;
        let inside = rate * rate + 2.0 * self.slope * area;
        if inside < 0.0 { f64::INFINITY } else { 2.0 * area / (rate + inside.sqrt()) }
    }
}

impl Curve {
    fn new(start_rate: Rate, stages: &[(Span, Rate)], spacing: Spacing) -> Curve {
        let per_nano = |rate: Rate| rate.as_per_second() / NANOS_PER_SECOND as f64;
        let (mut begin, mut before, mut rate) = (0u64, 0.0, per_nano(start_rate));
        let mut segments = Vec::with_capacity(stages.len());
        for (duration, target) in stages {
            let length = duration.as_nanos() as f64;
            let slope = if length > 0.0 { (per_nano(*target) - rate) / length } else { 0.0 };
            let segment = Segment { begin, length, rate, slope, before };
            before += segment.area(length);
            begin += duration.as_nanos();
            rate = per_nano(*target);
            segments.push(segment);
        }
        Curve { segments: segments.into(), spacing, segment: 0, offset: 0.0, burst: (0, u64::MAX, 1.0) }
    }

    #[inline(always)]
    fn next(&mut self, stream: Stream, index: u64) -> Option<(u64, u16)> {
        match self.spacing {
            Spacing::Poisson => self.next_poisson(stream.draw(index).exponential()),
            Spacing::Uniform => self.next_uniform(index as f64),
            Spacing::Bursty(dispersion) => {
                self.next_bursty(stream, stream.draw(index).exponential(), dispersion)
            }
        }
    }

    /// Goes through the curve second by second, each as high as its draw makes it.
    fn next_bursty(&mut self, stream: Stream, mut area: f64, dispersion: f64) -> Option<(u64, u16)> {
        const SECOND: f64 = NANOS_PER_SECOND as f64;
        loop {
            let segment = *self.segments.get(self.segment)?;
            let second = (segment.begin + self.offset as u64) / NANOS_PER_SECOND;
            let ends = ((second + 1) * NANOS_PER_SECOND - segment.begin) as f64;
            let ends = ends.min(segment.length);
            let part = (segment.area(ends) - segment.area(self.offset)).max(0.0);
            if (self.burst.0, self.burst.1) != (self.segment, second) {
                let per_s = part / (ends - self.offset).max(1.0) * SECOND;
                self.burst = (self.segment, second, burst(stream, second, per_s, dispersion));
            }
            let factor = self.burst.2;
            if area < part * factor {
                self.offset = (self.offset + segment.advance(self.offset, area / factor)).min(ends);
                // What rounding puts at the end belongs to the second all the same.
                let at = segment.begin + (self.offset as u64).min((ends as u64).saturating_sub(1));
                return Some((at, self.segment as u16));
            }
            area -= part * factor;
            match ends < segment.length {
                true => self.offset = ends,
                false => (self.segment, self.offset) = (self.segment + 1, 0.0),
            }
        }
    }

    #[inline(always)]
    fn next_poisson(&mut self, mut area: f64) -> Option<(u64, u16)> {
        loop {
            let segment = self.segments.get(self.segment)?;
            let offset = self.offset + segment.advance(self.offset, area);
            if offset < segment.length {
                self.offset = offset;
                // Signed, which is one instruction: a segment is no longer than 2^63 ns.
                return Some((segment.begin + offset as i64 as u64, self.segment as u16));
            }
            area -= segment.area(segment.length) - segment.area(self.offset);
            area = area.max(0.0);
            (self.segment, self.offset) = (self.segment + 1, 0.0);
        }
    }

    fn next_uniform(&mut self, due: f64) -> Option<(u64, u16)> {
        loop {
            let segment = self.segments.get(self.segment)?;
            // A millionth of an arrival absorbs the rounding of areas, so that 500/s for 30 s is 15,000 jobs.
            if due - segment.before < segment.area(segment.length) - 1e-6 {
                let offset = segment.advance(0.0, (due - segment.before).max(0.0));
                let offset = if offset.is_nan() { 0.0 } else { offset.round() };
                return Some((segment.begin + offset as u64, self.segment as u16));
            }
            self.segment += 1;
        }
    }
}

/// A gamma draw of mean 1, keyed by the second, whose variance makes the counts of a second with `per_s` expected arrivals as
/// dispersed as asked for.
///
/// Source: G. Marsaglia, W. W. Tsang, A simple method for generating gamma variables, ACM TOMS 26 (2000).
fn burst(stream: Stream, second: u64, per_s: f64, dispersion: f64) -> f64 {
    let shape = per_s / (dispersion - 1.0);
    if shape <= 0.0 || !shape.is_finite() {
        return 1.0;
    }
    // Attempt 0 of an index is the gap of an arrival.
    let mut draws = (1..).map(|n| stream.draw_attempt(second, n));
    let mut next = || draws.next().expect("numbers do not end");
    let (raised, shrink) = match shape < 1.0 {
        true => (shape + 1.0, libm::pow(1.0 - next().unit(), 1.0 / shape)),
        false => (shape, 1.0),
    };
    let d = raised - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let (angle, radius) = (next().unit(), next().exponential());
        let normal = (2.0 * radius).sqrt() * libm::cos(2.0 * std::f64::consts::PI * angle);
        let v = (1.0 + c * normal).powi(3);
        if v > 0.0 && -next().exponential() < 0.5 * normal * normal + d - d * v + d * libm::log(v) {
            return d * v * shrink / shape;
        }
    }
}

/// Arrivals from counts per second: exactly the recorded number (times `scale`) in each second.
#[derive(Clone, Debug)]
struct Counts {
    rows: Arc<TraceRows>,
    spacing: Spacing,
    scale: f64,
    first: u64,
    second: u64,
    left: u64,
    total: u64,
    /// Position within the second, 0..1.
    offset: f64,
}

impl Counts {
    fn new(trace: &Trace) -> Counts {
        let first = trace.offset.as_nanos() / NANOS_PER_SECOND;
        let rows = Arc::clone(&trace.rows);
        Counts {
            rows,
            spacing: trace.arrivals,
            scale: trace.scale,
            first,
            second: first,
            left: 0,
            total: 0,
            offset: 0.0,
        }
    }

    fn next(&mut self, stream: Stream, index: u64) -> Option<u64> {
        while self.left == 0 {
            let TraceRows::Counts(counts) = self.rows.as_ref() else { return None };
            let count = *counts.get(self.second as usize)?;
            self.total = scaled(u64::from(count), self.scale, stream, self.second);
            (self.left, self.offset) = (self.total, 0.0);
            self.second += 1;
        }
        match self.spacing {
            // The next of `left` uniform points in what remains of the second.
            Spacing::Poisson => {
                let gap = -libm::expm1(-stream.draw(index).exponential() / self.left as f64);
                self.offset += (1.0 - self.offset) * gap;
            }
            // A trace's counts are its bursts: the language refuses others beside them.
            Spacing::Uniform | Spacing::Bursty(_) => {
                self.offset = (self.total - self.left) as f64 / self.total as f64
            }
        }
        self.left -= 1;
        let within = ((self.offset * NANOS_PER_SECOND as f64) as u64).min(NANOS_PER_SECOND - 1);
        Some((self.second - 1 - self.first) * NANOS_PER_SECOND + within)
    }
}

/// `count * scale`, the fraction by a draw keyed by the row.
fn scaled(count: u64, scale: f64, stream: Stream, row: u64) -> u64 {
    let exact = count as f64 * scale;
    let whole = exact.floor();
    let extra = stream.draw_attempt(row, u64::MAX).unit() < exact - whole;
    whole as u64 + u64::from(extra)
}

/// Arrivals from a row per job.
#[derive(Clone, Debug)]
struct Rows {
    rows: Arc<TraceRows>,
    scale: f64,
    offset: u64,
    row: usize,
    left: u64,
}

impl Rows {
    fn new(trace: &Trace) -> Rows {
        let rows = Arc::clone(&trace.rows);
        let row = jobs(&rows).partition_point(|job| job.at < trace.offset);
        Rows { rows, scale: trace.scale, offset: trace.offset.as_nanos(), row, left: 0 }
    }

    fn next(&mut self, stream: Stream) -> Option<(u64, u32)> {
        while self.left == 0 {
            jobs(&self.rows).get(self.row)?;
            self.left = scaled(1, self.scale, stream, self.row as u64);
            self.row += 1;
        }
        self.left -= 1;
        let at = jobs(&self.rows)[self.row - 1].at.as_nanos() - self.offset;
        Some((at, (self.row - 1) as u32))
    }
}

fn jobs(rows: &TraceRows) -> &[TraceJob] {
    match rows {
        TraceRows::Jobs(jobs) => jobs,
        TraceRows::Counts(_) | TraceRows::Unread => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::super::RateStage;
    use super::*;

    fn cursor(executor: &Executor) -> ArrivalCursor {
        ArrivalCursor::new(executor, Time::ZERO, 42, 0, 0).expect("an open executor")
    }

    #[test]
    fn uniform_arrivals_are_exactly_the_rate_times_the_duration() {
        for (rate, secs) in [(5, 60), (500, 30), (7, 13), (333, 17)] {
            let executor = Executor::ConstantArrivalRate {
                rate: Rate::per_second(rate),
                duration: Span::from_secs(secs),
                arrivals: Spacing::Uniform,
            };
            assert_eq!(cursor(&executor).count() as u64, rate * secs);
        }
    }

    #[test]
    fn poisson_arrivals_have_the_mean_and_the_variance_of_their_rate() {
        let executor = Executor::ConstantArrivalRate {
            rate: Rate::per_second(100),
            duration: Span::from_secs(2_000),
            arrivals: Spacing::Poisson,
        };
        let mut per_second = vec![0f64; 2_000];
        cursor(&executor).for_each(|a| per_second[a.at.as_secs_f64() as usize] += 1.0);
        let mean = per_second.iter().sum::<f64>() / 2_000.0;
        let variance = per_second.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / 1_999.0;
        assert!((mean - 100.0).abs() < 4.0 * (100.0f64 / 2_000.0).sqrt(), "{mean}");
        assert!((variance / 100.0 - 1.0).abs() < 4.0 * (2.0f64 / 2_000.0).sqrt(), "{variance}");
    }

    #[test]
    fn bursty_arrivals_have_the_mean_and_the_dispersion_asked_for() {
        for (rate, dispersion) in [(100u64, 5.0), (20, 40.0), (3, 1.5)] {
            let executor = Executor::ConstantArrivalRate {
                rate: Rate::per_second(rate),
                duration: Span::from_secs(20_000),
                arrivals: Spacing::Bursty(dispersion),
            };
            let arrivals: Vec<Arrival> = cursor(&executor).collect();
            assert!(arrivals.windows(2).all(|pair| pair[0].at <= pair[1].at));
            let mut per_second = vec![0f64; 20_000];
            arrivals.iter().for_each(|a| per_second[a.at.as_secs_f64() as usize] += 1.0);
            let mean = per_second.iter().sum::<f64>() / 20_000.0;
            let variance = per_second.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / 19_999.0;
            let error = (rate as f64 * dispersion / 20_000.0).sqrt();
            assert!((mean - rate as f64).abs() < 4.0 * error, "{rate}, {dispersion}: {mean}");
            // The variance of a variance: the kurtosis of a negative binomial, 3 + 6 (D - 1) / λ and more.
            let spread = ((2.0 + 6.0 * dispersion / rate as f64) / 20_000.0).sqrt();
            let got = variance / mean / dispersion;
            assert!((got - 1.0).abs() < 5.0 * spread, "{rate}, {dispersion}: {got}");
        }
    }

    #[test]
    fn bursts_follow_the_curve_and_are_the_same_for_whoever_looks() {
        let stage =
            |secs, target| RateStage { duration: Span::from_secs(secs), target: Rate::per_second(target) };
        let executor = Executor::RampingArrivalRate {
            start_rate: Rate::ZERO,
            stages: vec![stage(500, 100), stage(0, 0), stage(100, 0), stage(0, 50), stage(500, 50)],
            arrivals: Spacing::Bursty(3.0),
        };
        let arrivals: Vec<Arrival> = cursor(&executor).collect();
        let of = |stage: u16| arrivals.iter().filter(|a| a.stage == stage).count() as f64;
        for (stage, expected) in [(0, 25_000.0), (2, 0.0), (4, 25_000.0)] {
            let error = 4.0 * (3.0f64 * expected).sqrt();
            assert!((of(stage) - expected).abs() <= error, "{stage}: {}", of(stage));
        }
        assert!(cursor(&executor).eq(arrivals));
    }

    #[test]
    fn a_ramp_gives_the_area_under_it_and_stages_by_time() {
        let stage =
            |secs, target| RateStage { duration: Span::from_secs(secs), target: Rate::per_second(target) };
        let executor = Executor::RampingArrivalRate {
            start_rate: Rate::ZERO,
            stages: vec![stage(10, 100), stage(0, 400), stage(10, 400), stage(10, 0)],
            arrivals: Spacing::Uniform,
        };
        let arrivals: Vec<Arrival> = cursor(&executor).collect();
        assert_eq!(arrivals.len(), 500 + 4_000 + 2_000);
        assert!(arrivals.windows(2).all(|w| w[0].at <= w[1].at && w[0].index + 1 == w[1].index));
        assert_eq!(arrivals.iter().filter(|a| a.stage == 2).count(), 4_000);
        let poisson = match executor {
            Executor::RampingArrivalRate { start_rate, stages, .. } => {
                Executor::RampingArrivalRate { start_rate, stages, arrivals: Spacing::Poisson }
            }
            other => other,
        };
        let count = cursor(&poisson).count() as f64;
        assert!((count - 6_500.0).abs() < 4.0 * 6_500f64.sqrt(), "{count}");
    }

    #[test]
    fn a_trace_of_counts_keeps_each_second_and_scales() {
        let trace = |arrivals, scale| {
            Executor::Trace(Trace {
                file: "t.csv".into(),
                columns: Default::default(),
                scale,
                offset: Span::from_secs(1),
                duration: None,
                arrivals,
                rows: Arc::new(TraceRows::Counts(vec![9, 3, 0, 5])),
            })
        };
        for spacing in [Spacing::Poisson, Spacing::Uniform] {
            let mut seconds = [0; 3];
            cursor(&trace(spacing, 2.0)).for_each(|a| seconds[a.at.as_secs_f64() as usize] += 1);
            assert_eq!(seconds, [6, 0, 10]);
        }
        let half = cursor(&trace(Spacing::Uniform, 0.5)).count();
        assert!((3..=5).contains(&half), "1.5 + 2.5 rounded by draws: {half}");
    }
}
