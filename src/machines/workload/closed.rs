//! When closed jobs start: virtual users (VUs), each doing one job after another.

use super::{Executor, Pacing, VuStage};
use crate::time::{NANOS_PER_SECOND, Span, Time};
use std::collections::BTreeMap;

/// A VU's next job: its number within the workload and when it should start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextJob {
    /// The job's number: `vu << 32 | i`, or the shared iteration.
    pub index: u64,
    /// When it should start; may lie in the past when a paced VU is behind its schedule.
    pub intended: Time,
}

/// The VUs of one closed workload.
#[derive(Clone, Debug)]
pub struct Vus {
    start: Time,
    end: Time,
    pacing: Pacing,
    plan: Plan,
    /// Jobs begun by each VU.
    begun: Vec<u32>,
    /// When each VU's schedule began.
    since: Vec<Time>,
    /// Iterations handed out so far, of a shared number.
    shared: Option<Shared>,
    per_vu: Option<u64>,
}

#[derive(Clone, Debug)]
struct Shared {
    total: u64,
    next: u64,
    /// Which VU runs which iteration.
    running: BTreeMap<u64, u32>,
}

/// How many VUs are active when: linear pieces (from, to, length).
#[derive(Clone, Debug)]
struct Plan(Vec<(f64, f64, u64)>);

impl Plan {
    fn new(start: u32, stages: &[VuStage]) -> Plan {
        let mut level = f64::from(start);
        let piece = |stage: &VuStage| {
            let from = std::mem::replace(&mut level, f64::from(stage.target));
            (from, level, stage.duration.as_nanos())
        };
        Plan(stages.iter().map(piece).collect())
    }

    /// The first moment at or after `from` (nanoseconds since the workload's start) when VU `vu` is active.
    fn active_from(&self, vu: u32, from: u64) -> Option<u64> {
        let (mut begin, want) = (0u64, f64::from(vu));
        for &(low, high, length) in &self.0 {
            let end = begin + length;
            if from < end {
                let offset = from.saturating_sub(begin) as f64;
                let level = low + (high - low) * offset / length as f64;
                let crosses_later = high > want && low <= want;
                if level > want || (crosses_later && level >= want) {
                    return Some(from.max(begin));
                }
                if crosses_later {
                    return Some(begin + (length as f64 * (want - low) / (high - low)) as u64);
                }
            }
            begin = end;
        }
        None
    }
}

impl Vus {
    /// The VUs of `executor` starting at `start`, or `None` for an open executor.
    pub fn new(executor: &Executor, start: Time) -> Option<Vus> {
        let constant = |vus: u32, duration: Span| Plan::new(vus, &[VuStage { duration, target: vus }]);
        let (plan, vus, pacing, shared, per_vu) = match executor {
            Executor::ConstantVus { vus, duration, pacing } => {
                (constant(*vus, *duration), *vus, *pacing, None, None)
            }
            Executor::RampingVus { start_vus, stages, pacing } => {
                let most = stages.iter().map(|s| s.target).chain([*start_vus]).max().unwrap_or(0);
                (Plan::new(*start_vus, stages), most, *pacing, None, None)
            }
            Executor::SharedIterations { vus, iterations, max_duration, pacing } => {
                let shared = Shared { total: *iterations, next: 0, running: BTreeMap::new() };
                (constant(*vus, *max_duration), *vus, *pacing, Some(shared), None)
            }
            Executor::PerVuIterations { vus, iterations, max_duration, pacing } => {
                (constant(*vus, *max_duration), *vus, *pacing, None, Some(*iterations))
            }
            _ => return None,
        };
        let (begun, since) = (vec![0; vus as usize], vec![Time::NEVER; vus as usize]);
        Some(Vus { start, end: start + executor.duration(), pacing, plan, begun, since, shared, per_vu })
    }

    /// How many VUs there are at most.
    pub fn count(&self) -> u32 {
        self.begun.len() as u32
    }

    /// When VU `vu` first looks for work, not before `ready` (its client's start); `None` if it never does.
    pub fn first(&self, vu: u32, ready: Time) -> Option<Time> {
        self.active(vu, self.start.max(ready))
    }

    /// VU `vu`'s next job; `wake` is when it looks for work. `None` when its work is done.
    pub fn begin(&mut self, vu: u32, wake: Time) -> Option<NextJob> {
        let slot = vu as usize;
        if wake >= self.end || self.per_vu.is_some_and(|most| u64::from(self.begun[slot]) >= most) {
            return None;
        }
        if self.since[slot].is_never() {
            self.since[slot] = wake;
        }
        let intended = match self.pacing {
            Pacing::ThinkTime(_) => wake,
            Pacing::Pace(_) => self.scheduled(vu),
        };
        let index = match &mut self.shared {
            Some(shared) if shared.next == shared.total => return None,
            Some(shared) => {
                shared.running.insert(shared.next, vu);
                shared.next += 1;
                shared.next - 1
            }
            None => u64::from(vu) << 32 | u64::from(self.begun[slot]),
        };
        self.begun[slot] += 1;
        Some(NextJob { index, intended })
    }

    /// The job `index` ended at `now`: which VU it was, and when that VU looks for work again, if ever.
    pub fn ended(&mut self, index: u64, now: Time) -> (u32, Option<Time>) {
        let vu = match &mut self.shared {
            Some(shared) => shared.running.remove(&index).unwrap_or_default(),
            None => (index >> 32) as u32,
        };
        let wake = match self.pacing {
            Pacing::ThinkTime(think) => now + think,
            Pacing::Pace(_) => self.scheduled(vu).max(now),
        };
        (vu, self.active(vu, wake).filter(|at| *at < self.end))
    }

    /// The moment VU `vu`'s next job is due on its schedule.
    fn scheduled(&self, vu: u32) -> Time {
        let Pacing::Pace(rate) = self.pacing else { return Time::NEVER };
        let jobs = u128::from(self.begun[vu as usize]);
        let nanos = jobs * u128::from(rate.seconds()) * u128::from(NANOS_PER_SECOND)
            / u128::from(rate.count().max(1));
        self.since[vu as usize] + Span::from_nanos(nanos as u64)
    }

    fn active(&self, vu: u32, from: Time) -> Option<Time> {
        let offset = self.plan.active_from(vu, from.since(self.start).as_nanos())?;
        Some(self.start + Span::from_nanos(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Rate;

    #[test]
    fn ramping_vus_come_and_go_with_the_level() {
        let stages = [
            VuStage { duration: Span::from_secs(10), target: 10 },
            VuStage { duration: Span::from_secs(10), target: 0 },
            VuStage { duration: Span::from_secs(10), target: 10 },
        ];
        let plan = Plan::new(0, &stages);
        let s = NANOS_PER_SECOND;
        assert_eq!(plan.active_from(0, 0), Some(0));
        assert_eq!(plan.active_from(4, 0), Some(4 * s));
        assert_eq!(plan.active_from(4, 15 * s), Some(15 * s));
        assert_eq!(plan.active_from(4, 17 * s), Some(24 * s));
        assert_eq!(plan.active_from(10, 0), None);
        assert_eq!(plan.active_from(0, 31 * s), None);
    }

    #[test]
    fn think_time_follows_completion_and_pace_follows_the_schedule() {
        let closed = |pacing| {
            let executor = Executor::ConstantVus { vus: 1, duration: Span::from_secs(10), pacing };
            Vus::new(&executor, Time::from_secs(5)).expect("closed")
        };
        let mut thinking = closed(Pacing::ThinkTime(Span::from_secs(1)));
        let first = thinking.begin(0, thinking.first(0, Time::ZERO).expect("starts")).expect("a job");
        assert_eq!(first, NextJob { index: 0, intended: Time::from_secs(5) });
        assert_eq!(thinking.ended(0, Time::from_secs(8)), (0, Some(Time::from_secs(9))));
        assert_eq!(thinking.ended(0, Time::from_secs(14)), (0, None));

        let mut paced = closed(Pacing::Pace(Rate::per_second(1)));
        paced.begin(0, Time::from_secs(5)).expect("a job");
        let (_, wake) = paced.ended(0, Time::from_secs(8));
        assert_eq!(wake, Some(Time::from_secs(8)), "behind schedule: at once");
        let late = paced.begin(0, Time::from_secs(8)).expect("a job");
        assert_eq!(late, NextJob { index: 1, intended: Time::from_secs(6) });
    }

    #[test]
    fn shared_iterations_are_handed_out_once() {
        let pacing = Pacing::ThinkTime(Span::ZERO);
        let executor =
            Executor::SharedIterations { vus: 2, iterations: 3, max_duration: Span::from_secs(60), pacing };
        let mut vus = Vus::new(&executor, Time::ZERO).expect("closed");
        let indices: Vec<u64> = [0, 1, 1].map(|vu| vus.begin(vu, Time::ZERO).expect("a job").index).into();
        assert_eq!(indices, [0, 1, 2]);
        assert_eq!(vus.begin(0, Time::ZERO), None);
        assert_eq!(vus.ended(2, Time::ZERO).0, 1);
    }
}
