//! What an executor's keys mean together: how long it brings jobs, in which stages.

use super::{Executor, TraceRows, Workload};
use crate::time::{Span, Time};

impl Executor {
    /// The most VUs that work at the same time; 0 for open load, which has none.
    pub fn most_vus(&self) -> u32 {
        match self {
            Executor::ConstantVus { vus, .. }
            | Executor::SharedIterations { vus, .. }
            | Executor::PerVuIterations { vus, .. } => *vus,
            Executor::RampingVus { start_vus, stages, .. } => {
                stages.iter().map(|stage| stage.target).fold(*start_vus, u32::max)
            }
            _ => 0,
        }
    }

    /// From the workload's start until no more jobs arrive or begin.
    pub fn duration(&self) -> Span {
        match self {
            Executor::ConstantArrivalRate { duration, .. }
            | Executor::Burst { duration, .. }
            | Executor::ConstantVus { duration, .. } => *duration,
            Executor::RampingArrivalRate { stages, .. } => {
                stages.iter().fold(Span::ZERO, |sum, stage| sum + stage.duration)
            }
            Executor::RampingVus { stages, .. } => {
                stages.iter().fold(Span::ZERO, |sum, stage| sum + stage.duration)
            }
            Executor::SharedIterations { max_duration, .. }
            | Executor::PerVuIterations { max_duration, .. } => *max_duration,
            Executor::Trace(trace) => {
                let length = match trace.rows.as_ref() {
                    TraceRows::Unread => Span::ZERO,
                    TraceRows::Counts(counts) => Span::from_secs(counts.len() as u64),
                    TraceRows::Jobs(jobs) => jobs.last().map_or(Span::ZERO, |last| {
                        Span::from_secs(last.at.as_nanos() / crate::time::NANOS_PER_SECOND + 1)
                    }),
                };
                let left = length - trace.offset;
                trace.duration.map_or(left, |most| left.min(most))
            }
        }
    }

    /// How many stages it has.
    pub fn stages(&self) -> usize {
        match self {
            Executor::RampingArrivalRate { stages, .. } => stages.len(),
            Executor::RampingVus { stages, .. } => stages.len(),
            _ => 1,
        }
    }

    /// How many jobs the work is, if it has an end of its own that no clock sets: iterations, and one burst.
    pub fn work(&self) -> Option<u64> {
        match self {
            Executor::SharedIterations { iterations, .. } => Some(*iterations),
            Executor::PerVuIterations { vus, iterations, .. } => Some(u64::from(*vus) * iterations),
            Executor::Burst { count, every, duration, .. } => (every >= duration).then_some(*count),
            _ => None,
        }
    }

    /// Whether arrivals ignore completions.
    pub fn is_open(&self) -> bool {
        matches!(
            self,
            Executor::ConstantArrivalRate { .. }
                | Executor::RampingArrivalRate { .. }
                | Executor::Burst { .. }
                | Executor::Trace(_)
        )
    }
}

impl Workload {
    /// When it begins.
    pub fn start(&self) -> Time {
        Time::ZERO + self.start_time
    }

    /// When no more of its jobs arrive or begin.
    pub fn end(&self) -> Time {
        self.start() + self.executor.duration()
    }

    /// The window in which its jobs are measured: after warm-up until arrivals stop.
    pub fn window(&self) -> (Time, Time) {
        (self.start() + self.warm_up, self.end())
    }

    /// When each stage begins and ends, after warm-up; work that ends by itself has one stage without an end.
    pub fn measured_stages(&self) -> Vec<(Time, Time)> {
        let lengths: Vec<Span> = match &self.executor {
            Executor::RampingArrivalRate { stages, .. } => stages.iter().map(|s| s.duration).collect(),
            Executor::RampingVus { stages, .. } => stages.iter().map(|s| s.duration).collect(),
            executor if executor.work().is_some() => vec![Time::NEVER.since(self.start())],
            executor => vec![executor.duration()],
        };
        let mut begin = self.start();
        let stage = |length| {
            let from = begin;
            begin += length;
            (from.max(self.window().0), begin.max(self.window().0))
        };
        lengths.into_iter().map(stage).collect()
    }

    /// When unfinished jobs are given up.
    pub fn cutoff(&self) -> Time {
        self.end() + self.graceful_stop
    }

    /// The stage a closed job belongs to that should start at `intended`.
    pub fn stage_at(&self, intended: Time) -> u16 {
        let Executor::RampingVus { stages, .. } = &self.executor else { return 0 };
        let mut end = self.start();
        for (number, stage) in stages.iter().enumerate() {
            end += stage.duration;
            if intended < end {
                return number as u16;
            }
        }
        stages.len().saturating_sub(1) as u16
    }
}
