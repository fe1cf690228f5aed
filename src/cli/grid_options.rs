//! What `run` is asked for where it is made of cells, and what that comes to.

use super::grid;
#[cfg(feature = "bus")]
use super::run_folder::RunFolder;
#[cfg(feature = "bus")]
use crate::record::Trial;
use std::path::Path;
use std::process::ExitCode;

/// What `run` was asked for.
pub struct GridOptions<'a> {
    /// `--over`, in order.
    pub over: &'a [String],
    /// `--shard`.
    pub shard: Option<&'a str>,
    /// `--out`.
    pub out: Option<&'a Path>,
    /// `--force`.
    pub force: bool,
    /// Threads and progress.
    pub how: grid::How,
    /// `--bus`, and as whom one comes there.
    #[cfg(feature = "bus")]
    pub bus: Option<(&'a str, &'a super::bus::Access)>,
}

/// What it came to.
pub enum Came {
    /// Everything is said.
    Done(ExitCode),
    /// All trials of a run without axes, by strategy, and the folder for the run.
    #[cfg(feature = "bus")]
    Trials(Vec<Vec<Trial>>, RunFolder),
}
