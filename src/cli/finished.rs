//! A run that has ended.

use super::saved;
use crate::notice;
use crate::record::Recorder;
use crate::results::{End, Run};

/// A run that has ended, with whatever it came to.
pub(super) struct Finished {
    pub(super) run: Run,
    pub(super) histograms: saved::Histograms,
    pub(super) end: End,
    /// Each strategy's recording, all trials in one.
    #[cfg_attr(not(feature = "live"), allow(dead_code, reason = "calibrate measures live only"))]
    pub(super) recordings: Vec<Option<Recorder>>,
}

/// Tells why a run ended before its time, and that its results are there, if they are.
pub(super) fn tell_end(why: &str, is_written: bool) {
    let kept = if is_written { "; results so far were written" } else { "" };
    notice::tell(format_args!("keystorm: {why}{kept}"));
}

#[cfg(feature = "live")]
impl From<crate::runner::Measured> for Finished {
    fn from(measured: crate::runner::Measured) -> Finished {
        let crate::runner::Measured { run, recordings, end } = measured;
        let histograms = saved::Histograms::from_recordings(&run, &recordings);
        Finished { run, histograms, end, recordings }
    }
}
