//! Loads a scenario file: the one place where its text, the environment and its traces come together.

use super::{Error, scenario_file};
use crate::api::nearest;
use crate::scenario::{Options, Scenario, Set};
use crate::workload::{Executor, trace};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A scenario ready to run.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The checked scenario.
    pub scenario: Scenario,
    /// The comment its file opens with.
    pub question: String,
}

/// Reads and checks the scenario at `path`, `-` for standard input; `sets` are laid over it.
///
/// # Errors
/// [`Error::Usage`] for what is no scenario at all or for options that cannot be, [`Error::Failed`] for a file that
/// cannot be read, and [`Error::Scenario`] with every problem of the scenario.
pub fn load(path: &Path, sets: &[Set]) -> Result<Loaded, Error> {
    let text = scenario_file::text(path)?;
    if scenario_file::is_stdin(path) {
        return load_text(&text, "stdin", Path::new(""), sets);
    }
    load_text(&text, &path.display().to_string(), path.parent().unwrap_or(Path::new("")), sets)
}

/// Checks the scenario that `text` holds; messages call it `file`, and its traces lie in `dir`.
///
/// # Errors
/// As [`load`], but for the file itself.
pub fn load_text(text: &str, file: &str, dir: &Path, sets: &[Set]) -> Result<Loaded, Error> {
    load_in(text, file, sets, &environment, &|name| dir.join(name))
}

/// What `name` is in the environment of this process.
pub fn environment(name: &str) -> Option<String> {
    #[allow(
        clippy::disallowed_methods,
        reason = "what a scenario's `${NAME}` and a launcher's variables are, is asked here and nowhere else"
    )]
    let found = std::env::var(name).ok();
    found
}

/// As [`load_text`], in an environment, and with traces, that somebody else looks up.
///
/// # Errors
/// As [`load_text`].
pub fn load_in(
    text: &str,
    file: &str,
    sets: &[Set],
    env: &dyn Fn(&str) -> Option<String>,
    trace: &dyn Fn(&str) -> PathBuf,
) -> Result<Loaded, Error> {
    let checked = Scenario::parse(text, &Options { file, env, sets }).map_err(|problems| {
        match problems.are_of_options() {
            true => Error::Usage(problems.to_string()),
            false => Error::Scenario(problems.to_string()),
        }
    })?;
    let mut scenario = checked.scenario;
    load_traces(&mut scenario, trace)?;
    if let Some(problem) = scenario.idle_cache() {
        return Err(Error::Scenario(format!("{file}: {problem}")));
    }
    Ok(Loaded { scenario, question: checked.question })
}

/// Reads the trace of every workload that has one; paths are relative to the scenario.
fn load_traces(scenario: &mut Scenario, place: &dyn Fn(&str) -> PathBuf) -> Result<(), Error> {
    for workload in &mut scenario.workloads {
        let Executor::Trace(trace) = &mut workload.executor else { continue };
        let path = place(&trace.file);
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

/// The values of `--set` options.
///
/// # Errors
/// [`Error::Usage`] for one without `=`.
pub fn sets(sets: &[String]) -> Result<Vec<Set>, Error> {
    let read = |set: &String| {
        let wrong =
            || Error::Usage(format!("--set {set}: write it like --set workloads.checkout.startRate=500/s"));
        let (path, value) = set.split_once('=').ok_or_else(wrong)?;
        if path.trim().is_empty() { Err(wrong()) } else { Ok(Set::new(path.trim(), value)) }
    };
    sets.iter().map(read).collect()
}
