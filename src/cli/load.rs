//! Loads a scenario file: the one place where its text, the environment and its traces come together.

use super::Error;
use crate::api::nearest;
use crate::scenario::{Options, Scenario, tree};
use crate::workload::{Executor, trace};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// A scenario ready to run.
#[derive(Debug)]
pub struct Loaded {
    /// The checked scenario.
    pub scenario: Scenario,
    /// The comment its file opens with.
    pub question: String,
}

/// Reads and checks the scenario at `path`; `sets` are `--set` options, `workloads.checkout.startRate=500/s`.
///
/// # Errors
/// [`Error::Usage`] for a `--set` without `=`, [`Error::Failed`] for a file that cannot be read, and
/// [`Error::Scenario`] with every problem of the scenario.
pub fn load(path: &Path, sets: &[String]) -> Result<Loaded, Error> {
    let dir = path.parent().unwrap_or(Path::new(""));
    load_text(&text(path)?, &path.display().to_string(), dir, sets)
}

/// Checks the scenario that `text` holds; messages call it `file`, and its traces lie in `dir`.
///
/// # Errors
/// As [`load`], but for the file itself.
pub fn load_text(text: &str, file: &str, dir: &Path, sets: &[String]) -> Result<Loaded, Error> {
    let sets: Vec<(String, String)> = sets.iter().map(|set| pair(set)).collect::<Result<_, _>>()?;
    #[allow(
        clippy::disallowed_methods,
        reason = "`${NAME}` in a scenario reads the environment, here and nowhere else"
    )]
    let env = |name: &str| std::env::var(name).ok();
    let checked = Scenario::parse(text, &Options { file, env: &env, sets: &sets })
        .map_err(|problems| Error::Scenario(problems.to_string()))?;
    let mut scenario = checked.scenario;
    load_traces(&mut scenario, dir)?;
    Ok(Loaded { scenario, question: checked.question })
}

/// Reads the trace of every workload that has one; paths are relative to the scenario.
fn load_traces(scenario: &mut Scenario, dir: &Path) -> Result<(), Error> {
    for workload in &mut scenario.workloads {
        let Executor::Trace(trace) = &mut workload.executor else { continue };
        let path = dir.join(&trace.file);
        let wrong = |reason: String| {
            Error::Scenario(format!("workloads.{}.file: {}: {reason}", workload.name, path.display()))
        };
        let bytes = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
        let rows = trace::read(&bytes, &trace.columns).map_err(|error| wrong(error.to_string()))?;
        trace.rows = Arc::new(rows);
    }
    Ok(())
}

/// Keeps the strategies called `names`, all if there are none.
///
/// # Errors
/// [`Error::Usage`] for a name that no strategy has.
pub fn keep_strategies(scenario: &mut Scenario, names: &[String]) -> Result<(), Error> {
    if names.is_empty() {
        return Ok(());
    }
    for name in names {
        let known = scenario.strategies.iter().map(|strategy| strategy.name.as_str());
        if !known.clone().any(|each| each == name) {
            let meant = nearest(name, known.clone())
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            let list = known.collect::<Vec<_>>().join(", ");
            return Err(Error::Usage(format!("--strategy {name}: the scenario has {list}{meant}")));
        }
    }
    let kept: Vec<bool> = scenario.strategies.iter().map(|strategy| names.contains(&strategy.name)).collect();
    let mut keep = kept.iter();
    scenario.strategies.retain(|_| *keep.next().unwrap_or(&true));
    for workload in &mut scenario.workloads {
        let mut keep = kept.iter();
        workload.strategies.retain(|_| *keep.next().unwrap_or(&true));
    }
    scenario.gate.retain(|name| names.contains(name));
    let speaks = |tag: Option<&String>| tag.is_none_or(|only| names.contains(only));
    scenario.thresholds.retain(|threshold| speaks(threshold.tags.get("strategy")));
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
