//! The saved run on disk, and its summary on stdout.

use super::{Common, Error, output};
use crate::record::{Micros, Recorder};
use crate::report;
use crate::results::{Run, Selection};
use crate::time::{Span, Time};
use std::iter;

/// Response-time histograms by file name: `<strategy>` and `<strategy>.<operation>`.
pub struct Histograms {
    named: Vec<(String, Micros)>,
    /// How long was recorded.
    length: Span,
}

impl Histograms {
    /// The histograms of each strategy, all and by operation.
    pub fn from_recordings(run: &Run, recordings: &[Option<Recorder>]) -> Histograms {
        let mut all = Vec::new();
        for (strategy, recorder) in run.strategies.iter().zip(recordings.iter().flatten()) {
            all.push((strategy.name.clone(), Selection::default().response(recorder)));
            for operation in strategy.by_operation.keys() {
                let histogram = Selection::operation(operation).response(recorder);
                if !histogram.is_empty() {
                    all.push((format!("{}.{operation}", strategy.name), histogram));
                }
            }
        }
        let length = recordings.iter().flatten().map(|recorder| recorder.last().since(Time::ZERO)).max();
        Histograms { named: all, length: length.unwrap_or_default() }
    }
}

/// The saved run and everything beside it, by name.
///
/// # Errors
/// Never in practice: every figure is finite.
pub fn files(run: &Run, histograms: &Histograms) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let of =
        |(name, histogram): &(String, Micros)| report::histogram_files(name, histogram, histograms.length);
    let drawn = report::files(run).into_iter().chain(histograms.named.iter().flat_map(of));
    Ok(iter::once(("run.json".to_owned(), to_json(run)?)).chain(drawn).collect())
}

/// `run.json`, ending in a newline.
///
/// # Errors
/// Never in practice: every figure is finite.
pub fn to_json(run: &Run) -> Result<Vec<u8>, Error> {
    let mut json =
        serde_json::to_vec_pretty(run).map_err(|e| Error::Failed(format!("cannot write run.json: {e}")))?;
    json.push(b'\n');
    Ok(json)
}

/// Shows the summary, or the whole run with `--json`.
///
/// # Errors
/// When stdout cannot be written.
pub fn show(run: &Run, common: &Common, verbose: bool) -> Result<(), Error> {
    let bytes = match common.json {
        true => to_json(run)?,
        false => report::text::render_as(run, output::look(verbose)).into_bytes(),
    };
    output::print(bytes)
}
