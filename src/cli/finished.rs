//! A run that has ended.

use super::saved;
use crate::record::Recorder;
use crate::results::Run;

/// A run that has ended, with whatever it came to.
pub(super) struct Finished {
    pub(super) run: Run,
    pub(super) histograms: saved::Histograms,
    pub(super) end: End,
    /// Each strategy's recording, all trials in one.
    #[cfg_attr(not(feature = "live"), allow(dead_code, reason = "calibrate measures live only"))]
    pub(super) recordings: Vec<Option<Recorder>>,
}

/// How a run ended, beside what it measured.
#[cfg_attr(not(feature = "live"), allow(dead_code, reason = "only live runs end so"))]
pub(super) enum End {
    /// As it should.
    Done,
    /// By a cap, or what else bounds it; the sentence says which.
    Cap(String),
    /// It measured nothing that was asked; the sentence says why.
    Failed(String),
}
