//! One finished trial.

use super::Recorder;
use crate::client::DataKeyUse;
use crate::quota::PoolReport;
use crate::time::Time;

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
}
