//! A gentle beginning: load on a real account starts at a tenth and grows to what was asked, before anything is measured.

use crate::scenario::Scenario;
use crate::time::Span;
use crate::units::Rate;
use crate::workload::{Executor, RateStage, VuStage, Workload};

/// How long the load grows at most.
pub const RAMP: Span = Span::from_secs(10);
/// The part of the workload's own time it grows for, one in so many.
const SHARE: u64 = 5;
/// The part of the load it begins with, one in so many.
const BEGINS_WITH: u64 = 10;

/// The scenario with a ramp in front of every workload of constant load, which is warm-up and not measured: its window is
/// as long as before. Other workloads say themselves how they begin (stages, bursts, traces, iterations).
pub fn ramped(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    let ramped: Vec<bool> = scenario.workloads.iter_mut().map(ramp).collect();
    // What was the only stage is now the second: thresholds that name it still mean it.
    for threshold in &mut scenario.thresholds {
        let Some(stage) = threshold.tags.get_mut("stage") else { continue };
        let named = scenario.workloads.iter().zip(&ramped).find(|(w, _)| *stage == format!("{}/0", w.name));
        match named {
            Some((workload, true)) => *stage = format!("{}/1", workload.name),
            None if stage == "0" && ramped.iter().all(|is| *is) => *stage = "1".into(),
            _ => {}
        }
    }
    scenario
}

/// Puts the ramp in front of a workload of constant load; whether it is one.
fn ramp(workload: &mut Workload) -> bool {
    let lasts = |duration: &Span| RAMP.min(Span::from_nanos(duration.as_nanos() / SHARE));
    let grows;
    let ramped = match &workload.executor {
        Executor::ConstantArrivalRate { rate, duration, arrivals } => {
            grows = lasts(duration);
            Executor::RampingArrivalRate {
                start_rate: Rate::new(rate.count(), rate.seconds().saturating_mul(BEGINS_WITH)),
                stages: vec![
                    RateStage { duration: grows, target: *rate },
                    RateStage { duration: *duration, target: *rate },
                ],
                arrivals: *arrivals,
            }
        }
        Executor::ConstantVus { vus, duration, pacing } => {
            grows = lasts(duration);
            Executor::RampingVus {
                start_vus: vus.div_ceil(BEGINS_WITH as u32),
                stages: vec![
                    VuStage { duration: grows, target: *vus },
                    VuStage { duration: *duration, target: *vus },
                ],
                pacing: *pacing,
            }
        }
        _ => return false,
    };
    workload.executor = ramped;
    workload.warm_up = workload.warm_up + grows;
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Options, Plan};

    #[test]
    fn constant_load_begins_at_a_tenth_and_is_measured_as_long_as_before() {
        let text = "workloads:
  even: { executor: constant-arrival-rate, rate: 50/s, duration: 30s, jobs: { Encrypt: 1 } }
  vus: { executor: constant-vus, vus: 25, thinkTime: 1s, duration: 30s, jobs: { Encrypt: 1 } }
  burst: { executor: burst, count: 5, every: 1s, duration: 30s, jobs: { Encrypt: 1 } }
strategies: { no-retry: { retry: { mode: none } } }";
        let plain = Scenario::parse(text, &Options::default()).expect("valid").scenario;
        let ramped = ramped(&plain);
        for (before, after) in plain.workloads.iter().zip(&ramped.workloads) {
            let window = |workload: &Workload| workload.window().1.since(workload.window().0);
            assert_eq!(window(before), window(after), "{}", before.name);
        }
        assert_eq!(ramped.workloads[2], plain.workloads[2]);
        let (rate, vus) = (&ramped.workloads[0].executor, &ramped.workloads[1].executor);
        assert!(
            matches!(rate, Executor::RampingArrivalRate { start_rate, .. } if start_rate.as_per_second() == 5.0)
        );
        assert!(matches!(vus, Executor::RampingVus { start_vus: 3, .. }));
        let grows = Plan::of(&ramped).jobs - Plan::of(&plain).jobs;
        assert!(grows > 165.0 * 0.99, "the ramp's own jobs are in the plan: {grows}");
    }
}
