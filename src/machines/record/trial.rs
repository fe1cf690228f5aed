//! One finished trial.

use super::Recorder;
use crate::client::DataKeyUse;
use crate::quota::PoolReport;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// Everything one trial of one strategy leaves behind.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Jobs, attempts and their times.
    pub recorder: Recorder,
    /// Every pool that was touched.
    pub pools: Vec<PoolReport>,
    /// What data keys were exposed to.
    pub data_keys: DataKeyUse,
    /// When a threshold with `abortOnFail` ended it early.
    pub aborted_at: Option<Time>,
    /// What thresholds had counted by then, now and then while it ran: what a trial that is the only one is judged by.
    pub readings: Vec<Reading>,
}

/// What every threshold had counted at one moment of a trial, since its beginning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// When.
    pub at: Time,
    /// By threshold of the scenario: the two sums whose ratio its figure is, such as offenders and jobs.
    pub sums: Vec<(f64, f64)>,
}
