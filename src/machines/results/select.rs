//! The part of a recording that tags select, and the figures thresholds and tables take from it.

use super::stats::share;
use crate::api::JobKind;
use crate::quota::price;
use crate::record::{
    AttemptCounts, AttemptEvents, JobCounts, JobEvents, Layout, Measured, Micros, Part, Recorder, Tally,
    UnitCounts, Window, micros,
};
use crate::scenario::{Scenario, Tag};
use crate::time::Time;
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
        let value = |tag: Tag| tags.get(tag.name()).cloned();
        Selection {
            workload: value(Tag::Workload),
            operation: value(Tag::Operation),
            stage: value(Tag::Stage),
        }
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

    /// Units of the selection's workload, or of all, that had a job in the window. Stage and operation tell no units apart.
    pub fn units(&self, recorder: &Recorder) -> UnitCounts {
        let number =
            recorder.layout().parts().iter().position(|part| self.workload.as_ref() == Some(&part.name));
        match (&self.workload, number) {
            (Some(_), None) => UnitCounts::default(),
            (_, number) => recorder.units(number),
        }
    }

    /// Response times of the selection's completed jobs, window only.
    pub fn response(&self, recorder: &Recorder) -> Micros {
        sum(self.job_cells(recorder).map(|cell| &cell.completed))
    }

    /// How long the selection's failed jobs took until they failed, window only.
    pub fn response_failed(&self, recorder: &Recorder) -> Micros {
        sum(self.job_cells(recorder).map(|cell| &cell.failed))
    }

    /// The same of all that ended, completed or failed, window only.
    pub fn response_ended(&self, recorder: &Recorder) -> Micros {
        sum(self.job_cells(recorder).flat_map(|cell| [&cell.completed, &cell.failed]))
    }

    /// Queue waits of the selection, window only.
    pub fn queue_wait(&self, recorder: &Recorder) -> Micros {
        sum(self.job_cells(recorder).map(|cell| &cell.queue_wait))
    }

    /// Service times of the selection's attempts that were answered and not refused for a quota, window only.
    pub fn service(&self, recorder: &Recorder) -> Micros {
        sum(self.attempt_cells(recorder).flat_map(|cell| [&cell.ok, &cell.failed]))
    }

    /// Service times of attempts that were answered Ok, window only.
    pub fn service_ok(&self, recorder: &Recorder) -> Micros {
        sum(self.attempt_cells(recorder).map(|cell| &cell.ok))
    }

    /// Service times of attempts whose answer was that the service failed, window only.
    pub fn service_failed(&self, recorder: &Recorder) -> Micros {
        sum(self.attempt_cells(recorder).map(|cell| &cell.failed))
    }

    /// Service times of attempts that were refused for a quota, window only.
    pub fn refused(&self, recorder: &Recorder) -> Micros {
        sum(self.attempt_cells(recorder).map(|cell| &cell.refused))
    }

    /// What happened inside the selection's windows, and how long they are.
    pub fn happened(&self, recorder: &Recorder) -> Happened {
        let (layout, measured) = (recorder.layout(), recorder.measured());
        let mut happened = Happened { seconds: self.seconds(layout, &measured), ..Happened::default() };
        for (number, part) in (0u16..).zip(layout.parts()).filter(|(_, part)| self.has_workload(part)) {
            for stage in (0..part.stages).filter(|stage| self.has_stage(part, *stage)) {
                for kind in part.kinds.iter().filter(|kind| self.has_operation(kind.name())) {
                    let cell = layout.job_cell(number, stage as u16, *kind);
                    let mut events = measured.jobs()[cell];
                    if part.work.is_none() {
                        // A job is offered when it should start, however late the harness was.
                        events.offered = recorder.job_cells()[cell].counts[1].offered;
                    }
                    happened.jobs += events;
                }
                for operation in part.operations.iter().filter(|op| self.has_operation(op.name())) {
                    happened.attempts +=
                        measured.attempts()[layout.attempt_cell(number, stage as u16, *operation)];
                }
            }
        }
        happened
    }

    /// Length of the selection's window in seconds, all trials together: from where the first of its workloads is
    /// measured to where the last is no longer.
    fn seconds(&self, layout: &Layout, measured: &Measured) -> f64 {
        let span = |windows: &Vec<Window>| {
            let mut whole: Option<(Time, Time)> = None;
            for (part, window) in
                layout.parts().iter().zip(windows).filter(|(part, _)| self.has_workload(part))
            {
                for stage in (0..part.stages).filter(|stage| self.has_stage(part, *stage)) {
                    let (from, to) = part.measured[stage];
                    let (from, to) = (from.max(window.from), to.min(window.to));
                    if from < to {
                        let (first, last) = whole.unwrap_or((from, to));
                        whole = Some((first.min(from), last.max(to)));
                    }
                }
            }
            whole.map_or(0.0, |(from, to)| to.since(from).as_secs_f64())
        };
        measured.windows().iter().map(span).sum()
    }

    /// Seconds from the start of the selection's work until its last job completed, the mean over trials; `None` unless
    /// all of it is work that ends by itself, and all its jobs were offered and ended.
    pub fn done_after(&self, recorder: &Recorder) -> Option<f64> {
        let parts = || recorder.layout().parts().iter().zip(0..).filter(|(part, _)| self.has_workload(part));
        let jobs = self.jobs(recorder).0;
        let work: u64 = parts().map(|(part, _)| part.work).sum::<Option<u64>>()?;
        if jobs.unfinished > 0 || jobs.offered != work * u64::from(recorder.trials()) {
            return None;
        }
        let start = parts().map(|(part, _)| part.start).min()?;
        let measured = recorder.measured();
        let of_trial = |windows: &Vec<Window>| -> Option<f64> {
            let done = parts().map(|(_, number): (_, usize)| windows[number].done);
            let last = done.collect::<Option<Vec<Time>>>()?.into_iter().max()?;
            Some(last.since(start).as_secs_f64())
        };
        let trials = measured.windows().iter().map(of_trial).collect::<Option<Vec<f64>>>()?;
        (!trials.is_empty()).then(|| trials.iter().sum::<f64>() / trials.len() as f64)
    }

    /// What the selection's answered attempts cost in US dollars, all trials together.
    pub fn cost_usd(&self, recorder: &Recorder, scenario: &Scenario) -> f64 {
        self.priced(recorder, scenario, |one| one.attempts(recorder).0.ok)
    }

    /// What those cost that were answered inside the window.
    pub fn window_cost_usd(&self, recorder: &Recorder, scenario: &Scenario) -> f64 {
        self.priced(recorder, scenario, |one| one.happened(recorder).attempts.ok)
    }

    /// US dollars for each million of the selection's completed jobs; `None` if none completed.
    pub fn usd_per_million(&self, recorder: &Recorder, scenario: &Scenario) -> Option<f64> {
        let completed = self.paid_for(recorder);
        (completed > 0).then(|| self.cost_usd(recorder, scenario) / completed as f64 * 1e6)
    }

    /// How many completed jobs the selection's attempts were made for.
    pub fn paid_for(&self, recorder: &Recorder) -> u64 {
        match &self.operation {
            // Calls of an operation are made by jobs of other names too: those of an envelope.
            Some(name) => {
                let kinds =
                    JobKind::all().filter(|kind| kind.name() == name || kind.operation().name() == name);
                let jobs = kinds.map(|kind| {
                    let one = Selection { operation: Some(kind.name().into()), ..self.clone() };
                    one.jobs(recorder).0.completed
                });
                jobs.sum()
            }
            None => self.jobs(recorder).0.completed,
        }
    }

    /// The price of as many attempts of each workload and operation as `count` says.
    fn priced(&self, recorder: &Recorder, scenario: &Scenario, count: impl Fn(&Selection) -> u64) -> f64 {
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
                    micros += count(&one) as f64 * price;
                }
            }
        }
        micros / 1e6
    }
}

/// The shortest window, in seconds, that has a rate.
const SHORTEST_S: f64 = 1.0;

/// What happened inside the measured windows of a selection, by when it happened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Happened {
    /// Jobs offered and completed.
    pub jobs: JobEvents,
    /// Attempts sent and answered.
    pub attempts: AttemptEvents,
    /// Length of the windows, all trials together.
    pub seconds: f64,
}

impl Happened {
    /// So many a second; `None` if the windows of `trials` trials are shorter than a second each.
    pub fn per_second(&self, count: u64, trials: u32) -> Option<f64> {
        (self.seconds >= SHORTEST_S * f64::from(trials.max(1))).then(|| count as f64 / self.seconds)
    }
}

/// 1 − completed ÷ all that came to an end, so that shed and unfinished jobs cannot make a threshold pass. Jobs of a trial
/// under way are judged when they end.
pub fn failed_share(jobs: &JobCounts) -> Option<f64> {
    let ended = jobs.ended();
    (ended > 0).then(|| share(ended - jobs.completed, ended))
}

fn sum<'t>(tallies: impl Iterator<Item = &'t Tally>) -> Micros {
    tallies.fold(micros(), |mut total, each| {
        total.add(each.to_histogram()).expect("a resizing histogram takes any other");
        total
    })
}
