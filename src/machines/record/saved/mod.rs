//! A finished trial as a document, for whoever adds trials up that others have run: nothing is rounded or left out, so that
//! what is read back merges and reads exactly as what was written.
//!
//! Histograms are kept as HdrHistogram's own V2 encoding, in Base64.

use super::cells::{AttemptCell, JobCell};
use super::marks::Marks;
use super::timeline::Row;
use super::units::{UnitCounts, Units};
use super::{
    AttemptEvents, JobEvents, Layout, Measured, Micros, Occupancy, Reading, Recorder, Timeline, Trial,
    Window, packed,
};
use crate::client::DataKeyUse;
use crate::quota::{PoolId, PoolReport};
use crate::time::{Span, Time};
use crate::units::Rate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A [`Trial`] as it is saved.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedTrial {
    recorder: SavedRecorder,
    pools: Vec<SavedPool>,
    data_keys: SavedDataKeys,
    aborted_at: Option<Time>,
    readings: Vec<Reading>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedRecorder {
    jobs: Vec<JobCell>,
    attempts: Vec<AttemptCell>,
    timeline: SavedTimeline,
    job_events: Vec<JobEvents>,
    attempt_events: Vec<AttemptEvents>,
    windows: Vec<Vec<Window>>,
    #[serde(with = "packed")]
    lateness: Micros,
    occupancy: Occupancy,
    units: Vec<UnitCounts>,
    /// Of a share: its units one by one, by workload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    marks: Vec<Marks>,
    in_flight: u64,
    trials: u32,
    last: Time,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedTimeline {
    interval_s: u64,
    shift: u64,
    peak_attempts: u64,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedPool {
    pool: String,
    limit: Rate,
    attempts: u64,
    peak_1s: u64,
    throttled: u64,
    background: u64,
    background_throttled: u64,
    interval_s: u64,
    series: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedDataKeys {
    generated: u64,
    messages_max: u64,
    bytes_max: u64,
    age_max_ns: u64,
}

impl SavedTrial {
    /// What is to be kept of a finished trial. Every field is named, so that a new one is not forgotten.
    pub fn of(trial: &Trial) -> SavedTrial {
        let Trial { recorder, pools, data_keys, aborted_at, readings } = trial;
        SavedTrial {
            recorder: SavedRecorder::of(recorder),
            pools: pools.iter().map(SavedPool::of).collect(),
            data_keys: SavedDataKeys::of(*data_keys),
            aborted_at: *aborted_at,
            readings: readings.clone(),
        }
    }

    /// The trial again, with the cells of `layout`.
    ///
    /// # Errors
    /// A sentence if it was recorded with another layout, or names a pool that nobody knows.
    pub fn into_trial(self, layout: &Arc<Layout>) -> Result<Trial, String> {
        let saved = self.recorder;
        let found =
            [saved.jobs.len(), saved.attempts.len(), saved.job_events.len(), saved.attempt_events.len()];
        let (jobs, attempts) = (layout.job_cells(), layout.attempt_cells());
        if found != [jobs, attempts, jobs, attempts] {
            return Err(format!(
                "it has {} cells of jobs and {} of attempts, and the scenario has {jobs} and {attempts}",
                found[0], found[1]
            ));
        }
        let workloads = layout.parts().len();
        if saved.windows.iter().any(|windows| windows.len() != workloads)
            || saved.units.len() != workloads + 1
            || ![0, workloads].contains(&saved.marks.len())
        {
            return Err("it has other workloads than the scenario".into());
        }
        if !saved.timeline.interval_s.is_power_of_two() || saved.timeline.rows.len() > Timeline::MAX_ROWS {
            return Err("its timeline has no intervals that keystorm makes".into());
        }
        let mut recorder = Recorder::new(layout, Time::ZERO);
        recorder.jobs = saved.jobs;
        recorder.attempts = saved.attempts;
        recorder.timeline.interval_s = saved.timeline.interval_s;
        recorder.timeline.shift = saved.timeline.shift;
        recorder.timeline.peak_attempts = saved.timeline.peak_attempts;
        recorder.timeline.rows = saved.timeline.rows;
        recorder.measured.jobs = saved.job_events;
        recorder.measured.attempts = saved.attempt_events;
        recorder.measured.windows = saved.windows;
        recorder.lateness = saved.lateness;
        recorder.occupancy = saved.occupancy;
        recorder.units = Units::told(layout, saved.units, &saved.marks);
        recorder.in_flight = saved.in_flight;
        recorder.trials = saved.trials;
        recorder.last = saved.last;
        recorder.is_finished = true;
        Ok(Trial {
            recorder,
            pools: self.pools.into_iter().map(SavedPool::into_report).collect::<Result<_, _>>()?,
            data_keys: self.data_keys.into_use(),
            aborted_at: self.aborted_at,
            readings: self.readings,
        })
    }
}

impl SavedRecorder {
    /// What only a recording under way needs is left out by name.
    fn of(recorder: &Recorder) -> SavedRecorder {
        let Recorder {
            layout: _,
            jobs,
            attempts,
            timeline,
            measured,
            turn: _,
            lateness,
            occupancy,
            units,
            in_flight,
            trials,
            last,
            is_finished: _,
            has_end: _,
        } = recorder;
        let Timeline { interval_s, rows, shift, peak_attempts, current: _, second: _, ends: _, tail: _ } =
            timeline;
        let Measured { jobs: job_events, attempts: attempt_events, windows, places: _, edge: _, cut: _ } =
            measured;
        SavedRecorder {
            jobs: jobs.clone(),
            attempts: attempts.clone(),
            timeline: SavedTimeline {
                interval_s: *interval_s,
                shift: *shift,
                peak_attempts: *peak_attempts,
                rows: rows.clone(),
            },
            job_events: job_events.clone(),
            attempt_events: attempt_events.clone(),
            windows: windows.clone(),
            lateness: lateness.clone(),
            occupancy: *occupancy,
            units: units.counts().to_vec(),
            marks: units.marks(),
            in_flight: *in_flight,
            trials: *trials,
            last: *last,
        }
    }
}

impl SavedDataKeys {
    pub(super) const fn of(keys: DataKeyUse) -> SavedDataKeys {
        let DataKeyUse { generated, messages_max, bytes_max, age_max } = keys;
        SavedDataKeys { generated, messages_max, bytes_max, age_max_ns: age_max.as_nanos() }
    }

    pub(super) const fn into_use(self) -> DataKeyUse {
        DataKeyUse {
            generated: self.generated,
            messages_max: self.messages_max,
            bytes_max: self.bytes_max,
            age_max: Span::from_nanos(self.age_max_ns),
        }
    }
}

impl SavedPool {
    pub(super) fn of(report: &PoolReport) -> SavedPool {
        SavedPool {
            pool: report.pool.name().to_owned(),
            limit: report.limit,
            attempts: report.attempts,
            peak_1s: report.peak_1s,
            throttled: report.throttled,
            background: report.background,
            background_throttled: report.background_throttled,
            interval_s: report.interval_s,
            series: report.series.clone(),
        }
    }

    pub(super) fn into_report(self) -> Result<PoolReport, String> {
        let pool =
            PoolId::from_name(&self.pool).ok_or_else(|| format!("there is no pool `{}`", self.pool))?;
        Ok(PoolReport {
            pool,
            limit: self.limit,
            attempts: self.attempts,
            peak_1s: self.peak_1s,
            throttled: self.throttled,
            background: self.background,
            background_throttled: self.background_throttled,
            interval_s: self.interval_s,
            series: self.series,
        })
    }
}

#[cfg(test)]
mod tests;
