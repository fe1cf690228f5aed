//! The part of a recording that tags select, and the figures thresholds and tables take from it.

use super::stats::share;
use crate::quota::price;
use crate::record::{AttemptCounts, JobCounts, Micros, Part, Recorder, micros};
use crate::scenario::Scenario;
use std::collections::BTreeMap;

/// Which part of a recording: `None` is all.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// This workload only.
    pub workload: Option<String>,
    /// This operation, or kind of job, only.
    pub operation: Option<String>,
    /// This stage only: its number, or `<workload>/<number>`.
    pub stage: Option<String>,
}

impl Selection {
    /// The selection that a threshold's tags make.
    pub fn from_tags(tags: &BTreeMap<String, String>) -> Selection {
        let tag = |name: &str| tags.get(name).cloned();
        Selection { workload: tag("workload"), operation: tag("operation"), stage: tag("stage") }
    }

    /// One stage of one workload.
    pub fn stage(workload: &str, stage: usize) -> Selection {
        Selection { workload: Some(workload.into()), stage: Some(stage.to_string()), operation: None }
    }

    /// One workload.
    pub fn workload(name: &str) -> Selection {
        Selection { workload: Some(name.into()), ..Selection::default() }
    }

    /// One operation.
    pub fn operation(name: &str) -> Selection {
        Selection { operation: Some(name.into()), ..Selection::default() }
    }

    fn has_stage(&self, part: &Part, stage: usize) -> bool {
        let Some(wanted) = &self.stage else { return true };
        *wanted == stage.to_string() || *wanted == format!("{}/{stage}", part.name)
    }

    /// The job cells of the selection.
    fn job_cells<'r>(&'r self, recorder: &'r Recorder) -> impl Iterator<Item = &'r crate::record::JobCell> {
        let layout = recorder.layout();
        (0u16..).zip(layout.parts()).filter(|(_, part)| self.has_workload(part)).flat_map(
            move |(number, part)| {
                let stages = (0..part.stages).filter(move |stage| self.has_stage(part, *stage));
                stages.flat_map(move |stage| {
                    let kinds = part.kinds.iter().filter(move |kind| self.has_operation(kind.name()));
                    kinds.map(move |kind| &recorder.job_cells()[layout.job_cell(number, stage as u16, *kind)])
                })
            },
        )
    }

    /// The attempt cells of the selection.
    fn attempt_cells<'r>(
        &'r self,
        recorder: &'r Recorder,
    ) -> impl Iterator<Item = &'r crate::record::AttemptCell> {
        let layout = recorder.layout();
        (0u16..).zip(layout.parts()).filter(|(_, part)| self.has_workload(part)).flat_map(
            move |(number, part)| {
                let stages = (0..part.stages).filter(move |stage| self.has_stage(part, *stage));
                stages.flat_map(move |stage| {
                    let operations = part.operations.iter().filter(move |op| self.has_operation(op.name()));
                    operations.map(move |op| {
                        &recorder.attempt_cells()[layout.attempt_cell(number, stage as u16, *op)]
                    })
                })
            },
        )
    }

    fn has_workload(&self, part: &Part) -> bool {
        self.workload.as_ref().is_none_or(|name| *name == part.name)
    }

    fn has_operation(&self, name: &str) -> bool {
        self.operation.as_ref().is_none_or(|wanted| wanted == name)
    }

    /// Jobs of the selection: all, and those in the window.
    pub fn jobs(&self, recorder: &Recorder) -> (JobCounts, JobCounts) {
        let mut sums = (JobCounts::default(), JobCounts::default());
        for cell in self.job_cells(recorder) {
            sums.0 += cell.total();
            sums.1 += cell.counts[1];
        }
        sums
    }

    /// Attempts of the selection: all, and those in the window.
    pub fn attempts(&self, recorder: &Recorder) -> (AttemptCounts, AttemptCounts) {
        let mut sums = (AttemptCounts::default(), AttemptCounts::default());
        for cell in self.attempt_cells(recorder) {
            sums.0 += cell.total();
            sums.1 += cell.counts[1];
        }
        sums
    }

    /// Response times of the selection, window only.
    pub fn response(&self, recorder: &Recorder) -> Micros {
        sum(self.job_cells(recorder).map(|cell| &cell.response))
    }

    /// Queue waits of the selection, window only.
    pub fn queue_wait(&self, recorder: &Recorder) -> Micros {
        sum(self.job_cells(recorder).map(|cell| &cell.queue_wait))
    }

    /// Service times of the selection, window only.
    pub fn service(&self, recorder: &Recorder) -> Micros {
        sum(self.attempt_cells(recorder).map(|cell| &cell.service))
    }

    /// Service times of attempts of the selection that were not refused for a quota, window only.
    pub fn answered(&self, recorder: &Recorder) -> Micros {
        let mut times = self.service(recorder);
        times.subtract(self.refused(recorder)).expect("refusals are part of all answers");
        times
    }

    /// Service times of attempts of the selection that were refused for a quota, window only.
    pub fn refused(&self, recorder: &Recorder) -> Micros {
        sum(self.attempt_cells(recorder).map(|cell| &cell.refused))
    }

    /// Length of the selection's window in seconds, cut where the recording ended.
    pub fn window_secs(&self, recorder: &Recorder) -> f64 {
        let windows =
            recorder.layout().parts().iter().filter(|part| self.has_workload(part)).map(|part| part.window);
        let (from, to) =
            windows.fold((u64::MAX, 0), |(from, to), (a, b)| (from.min(a.as_nanos()), to.max(b.as_nanos())));
        to.min(recorder.last().as_nanos().max(1)).saturating_sub(from) as f64 / 1e9
    }

    /// Jobs completed a second, per trial.
    pub fn goodput(&self, recorder: &Recorder) -> Option<f64> {
        let secs = self.window_secs(recorder) * f64::from(recorder.trials());
        (secs > 0.0).then(|| self.jobs(recorder).1.completed as f64 / secs)
    }

    /// What one trial's answered attempts cost in US dollars.
    pub fn cost_usd(&self, recorder: &Recorder, scenario: &Scenario) -> f64 {
        let mut micros = 0.0;
        for (part, workload) in recorder.layout().parts().iter().zip(&scenario.workloads) {
            for operation in &part.operations {
                let one = Selection {
                    workload: Some(part.name.clone()),
                    operation: Some(operation.name().into()),
                    stage: self.stage.clone(),
                };
                if self.has_workload(part) && self.has_operation(operation.name()) {
                    let keys = &workload.keys;
                    let price = price::micros_per_request(*operation, keys.spec, keys.pair_spec);
                    micros += one.attempts(recorder).0.ok as f64 * price;
                }
            }
        }
        micros / 1e6 / f64::from(recorder.trials().max(1))
    }
}

/// 1 − completed ÷ offered, so that shed and unfinished jobs cannot make a threshold pass.
pub fn failed_share(jobs: &JobCounts) -> f64 {
    share(jobs.offered - jobs.completed.min(jobs.offered), jobs.offered)
}

fn sum<'h>(histograms: impl Iterator<Item = &'h Micros>) -> Micros {
    histograms.fold(micros(), |mut total, each| {
        total.add(each).expect("a resizing histogram takes any other");
        total
    })
}
