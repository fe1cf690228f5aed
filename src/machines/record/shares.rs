//! One trial that several processes have run, each the jobs of its own clients: added up, their recordings are the one that
//! a single process would have made.
//!
//! That differs from adding up trials: the window is the same one, and the busiest second is that of the sum.

use super::{Measured, Recorder, Timeline, Trial};
use crate::client::DataKeyUse;
use crate::quota::{PoolId, PoolReport};
use std::collections::BTreeMap;

/// The longest trial in seconds whose shares add up exactly: beyond, seconds are no longer kept one by one, and the busiest
/// second of the sum cannot be told.
pub const LONGEST_SHARED_S: u64 = Timeline::MAX_ROWS as u64;

impl Trial {
    /// The trial whose shares these are, all finished; `None` if there are none. When a threshold ended it, and what
    /// thresholds had counted by then, is known to whoever looked at all shares: both are those of the first.
    pub fn of_shares(shares: impl IntoIterator<Item = Trial>) -> Option<Trial> {
        let mut shares = shares.into_iter();
        let mut whole = shares.next()?;
        for share in shares {
            whole.recorder.join(&share.recorder);
            whole.pools = joined_pools(whole.pools, share.pools);
            whole.data_keys = joined_data_keys(whole.data_keys, share.data_keys);
        }
        let Recorder { units, layout, .. } = &mut whole.recorder;
        units.finish(layout);
        Some(whole)
    }
}

impl Recorder {
    /// Adds what happened to other clients in the same trial; both are finished.
    pub fn join(&mut self, other: &Recorder) {
        self.jobs.iter_mut().zip(&other.jobs).for_each(|(mine, theirs)| mine.merge(theirs));
        self.attempts.iter_mut().zip(&other.attempts).for_each(|(mine, theirs)| mine.merge(theirs));
        self.timeline.join(&other.timeline);
        self.measured.join(&other.measured);
        self.lateness.add(&other.lateness).expect("a resizing histogram takes any other");
        self.occupancy.merge(&other.occupancy);
        self.units.join(&other.units);
        self.in_flight += other.in_flight;
        self.last = self.last.max(other.last);
    }
}

impl Timeline {
    /// Adds the timeline of other clients in the same trial. The 99th percentile of a second is then the greatest of the
    /// shares', which that of all jobs does not exceed; jobs in flight at its end are right to one job for each share, since the
    /// job whose end closes a second is not among them.
    fn join(&mut self, other: &Timeline) {
        self.merge(other);
        if self.interval_s == 1 {
            self.peak_attempts = self.rows.iter().map(|row| row.attempts).max().unwrap_or(0);
        }
    }
}

impl Measured {
    fn join(&mut self, other: &Measured) {
        self.jobs.iter_mut().zip(&other.jobs).for_each(|(mine, theirs)| *mine += *theirs);
        self.attempts.iter_mut().zip(&other.attempts).for_each(|(mine, theirs)| *mine += *theirs);
        let windows = self.windows.iter_mut().flatten().zip(other.windows.iter().flatten());
        for (mine, theirs) in windows {
            mine.from = mine.from.min(theirs.from);
            mine.to = mine.to.max(theirs.to);
            mine.done = mine.done.max(theirs.done);
        }
    }
}

/// What each pool met of all, in the order of the catalogue.
fn joined_pools(mine: Vec<PoolReport>, theirs: Vec<PoolReport>) -> Vec<PoolReport> {
    let mut pools: BTreeMap<PoolId, PoolReport> =
        mine.into_iter().map(|report| (report.pool, report)).collect();
    for report in theirs {
        match pools.get_mut(&report.pool) {
            Some(known) => join_pool(known, &report),
            None => drop(pools.insert(report.pool, report)),
        }
    }
    pools.into_values().collect()
}

fn join_pool(mine: &mut PoolReport, theirs: &PoolReport) {
    mine.attempts += theirs.attempts;
    mine.throttled += theirs.throttled;
    mine.background += theirs.background;
    mine.background_throttled += theirs.background_throttled;
    if mine.series.len() < theirs.series.len() {
        mine.series.resize(theirs.series.len(), 0);
    }
    mine.series
        .iter_mut()
        .zip(&theirs.series)
        .for_each(|(mine, theirs)| *mine = mine.saturating_add(*theirs));
    mine.peak_1s = match mine.interval_s {
        1 => mine.series.iter().copied().map(u64::from).max().unwrap_or(0),
        _ => mine.peak_1s.max(theirs.peak_1s),
    };
}

fn joined_data_keys(mine: DataKeyUse, theirs: DataKeyUse) -> DataKeyUse {
    DataKeyUse {
        generated: mine.generated + theirs.generated,
        messages_max: mine.messages_max.max(theirs.messages_max),
        bytes_max: mine.bytes_max.max(theirs.bytes_max),
        age_max: mine.age_max.max(theirs.age_max),
    }
}
