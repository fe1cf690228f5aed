//! Loads a scenario file: the one place where its text, the environment and its traces come together.

use super::Error;
use crate::scenario::{Options, Scenario, tree};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A scenario ready to run.
#[derive(Debug)]
pub struct Loaded {
    /// The checked scenario.
    pub scenario: Scenario,
    /// The comment its file opens with.
    pub question: String,
    /// The folder that paths in the scenario are relative to.
    pub dir: PathBuf,
}

/// Reads and checks the scenario at `path`; `sets` are `--set` options, `workloads.checkout.startRate=500/s`.
///
/// # Errors
/// [`Error::Usage`] for a `--set` without `=`, [`Error::Failed`] for a file that cannot be read, and
/// [`Error::Scenario`] with every problem of the scenario.
pub fn load(path: &Path, sets: &[String]) -> Result<Loaded, Error> {
    let text = text(path)?;
    let sets: Vec<(String, String)> = sets.iter().map(|set| pair(set)).collect::<Result<_, _>>()?;
    let file = path.display().to_string();
    let env = |name: &str| std::env::var(name).ok();
    let checked = Scenario::parse(&text, &Options { file: &file, env: &env, sets: &sets })
        .map_err(|problems| Error::Scenario(problems.to_string()))?;
    let dir = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut scenario = checked.scenario;
    load_traces(&mut scenario, &dir)?;
    Ok(Loaded { scenario, question: checked.question, dir })
}

/// Reads the trace of every workload that has one.
///
/// This is the one call site of the trace reader: `workload::trace::read(bytes, &trace.columns)` belongs here,
/// its rows into `trace.rows`. Until then rows stay [`crate::workload::TraceRows::Unread`].
fn load_traces(_scenario: &mut Scenario, _dir: &Path) -> Result<(), Error> {
    Ok(())
}

fn text(path: &Path) -> Result<String, Error> {
    let failed = |reason: String| Error::Failed(format!("cannot read {}: {reason}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    let mut bytes = Vec::new();
    // One byte more than allowed is enough to be refused as too large.
    let most = tree::MAX_BYTES as u64 + 1;
    file.take(most).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
    if bytes.len() > tree::MAX_BYTES {
        let message = format!("{}: the file is too large; at most {} bytes", path.display(), tree::MAX_BYTES);
        return Err(Error::Scenario(message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
        Error::Scenario(format!("{}:{line}:1: this is not UTF-8 text", path.display()))
    })
}

fn pair(set: &str) -> Result<(String, String), Error> {
    let wrong =
        || Error::Usage(format!("--set {set}: write it like --set workloads.checkout.startRate=500/s"));
    let (path, value) = set.split_once('=').ok_or_else(wrong)?;
    if path.trim().is_empty() { Err(wrong()) } else { Ok((path.trim().to_owned(), value.to_owned())) }
}
