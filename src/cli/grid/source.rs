//! A scenario's text with everything that is laid over it, so that it can be read again: with more laid over it, or by
//! another process.

use crate::cli::load::{self, Loaded};
use crate::cli::{Error, scenario_file};
use crate::scenario::{Set, Target};
use crate::workload::Executor;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A scenario before it is read.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its text.
    pub text: String,
    /// What messages call it.
    pub file: String,
    /// Values laid over it, in order.
    pub sets: Vec<Set>,
    /// The strategies that are run; all if there are none.
    pub strategies: Vec<String>,
    /// Where its traces and its environment are.
    pub lookup: SourceLookup,
    /// The words of its command that change figures, as the saved run has them.
    pub words: Vec<String>,
}

/// Where what a scenario refers to is looked up.
#[derive(Clone, Debug)]
pub enum SourceLookup {
    /// Traces in this folder, the environment of this process.
    Here(PathBuf),
    /// Another process's: what it found in its environment, and copies of its traces by the names that the scenario has.
    Kept { env: BTreeMap<String, String>, traces: BTreeMap<String, PathBuf> },
}

/// A source as a file keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedSource {
    text: String,
    file: String,
    sets: Vec<SavedSet>,
    strategies: Vec<String>,
    words: Vec<String>,
    env: BTreeMap<String, String>,
    /// SHA-256 of each trace by its name in the scenario; the copy is called so too.
    pub traces: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedSet {
    path: Vec<String>,
    value: String,
    joins: bool,
    given: String,
}

impl Source {
    /// The scenario in the file at `path`, `-` for standard input.
    ///
    /// # Errors
    /// As [`load::load`], as far as the file itself is concerned.
    pub fn read(path: &Path, sets: Vec<Set>, strategies: Vec<String>) -> Result<Source, Error> {
        let text = scenario_file::text(path)?;
        let (file, dir) = match scenario_file::is_stdin(path) {
            true => ("stdin".to_owned(), PathBuf::new()),
            false => (path.display().to_string(), path.parent().unwrap_or(Path::new("")).to_path_buf()),
        };
        Ok(Source { text, file, sets, strategies, lookup: SourceLookup::Here(dir), words: Vec::new() })
    }

    /// The scenario as it stands.
    ///
    /// # Errors
    /// As [`load::load_text`] and [`load::keep_strategies`].
    pub fn load(&self) -> Result<Loaded, Error> {
        self.with(&[])
    }

    /// The scenario with more laid over it.
    ///
    /// # Errors
    /// As [`Source::load`].
    pub fn with(&self, more: &[Set]) -> Result<Loaded, Error> {
        let sets: Vec<Set> = self.sets.iter().chain(more).cloned().collect();
        let mut loaded = match &self.lookup {
            SourceLookup::Here(dir) => load::load_text(&self.text, &self.file, dir, &sets)?,
            SourceLookup::Kept { env, traces } => {
                let copy = |name: &str| kept(traces, name);
                load::load_in(&self.text, &self.file, &sets, &|name| env.get(name).cloned(), &copy)?
            }
        };
        load::keep_strategies(&mut loaded.scenario, &self.strategies)?;
        Ok(loaded)
    }

    /// Where the trace is that the scenario calls `name`.
    pub fn trace(&self, name: &str) -> PathBuf {
        match &self.lookup {
            SourceLookup::Here(dir) => dir.join(name),
            SourceLookup::Kept { traces, .. } => kept(traces, name),
        }
    }

    /// The names in the environment that the text asks for, with what they are.
    fn environment(&self) -> BTreeMap<String, String> {
        let asked = RefCell::new(BTreeMap::new());
        let look = |name: &str| {
            let found = match &self.lookup {
                SourceLookup::Here(_) => load::environment(name),
                SourceLookup::Kept { env, .. } => env.get(name).cloned(),
            };
            asked.borrow_mut().extend(found.clone().map(|value| (name.to_owned(), value)));
            found
        };
        // Whether it can be read is asked elsewhere; traces are not opened.
        let options = crate::scenario::Options { file: &self.file, env: &look, sets: &self.sets };
        let _ = crate::scenario::Scenario::parse(&self.text, &options);
        asked.into_inner()
    }

    /// What another process needs to read the same; `traces` are those of every point.
    pub fn to_saved(&self, traces: BTreeMap<String, String>) -> SavedSource {
        let set = |set: &Set| SavedSet {
            path: set.path.clone(),
            value: set.value.clone(),
            joins: set.joins,
            given: set.given.clone(),
        };
        SavedSource {
            text: self.text.clone(),
            file: self.file.clone(),
            sets: self.sets.iter().map(set).collect(),
            strategies: self.strategies.clone(),
            words: self.words.clone(),
            env: self.environment(),
            traces,
        }
    }
}

impl SavedSource {
    /// The source again; `folder` has the copies of its traces.
    pub fn into_source(self, folder: &Path) -> Source {
        let set =
            |set: SavedSet| Set { path: set.path, value: set.value, joins: set.joins, given: set.given };
        let copy = |(name, sum): (String, String)| (name, folder.join(sum));
        let lookup =
            SourceLookup::Kept { env: self.env, traces: self.traces.into_iter().map(copy).collect() };
        Source {
            text: self.text,
            file: self.file,
            sets: self.sets.into_iter().map(set).collect(),
            strategies: self.strategies,
            lookup,
            words: self.words,
        }
    }
}

/// The copy of a trace. One that is not among the copies is no file of this machine: whoever made the copies may name any.
fn kept(traces: &BTreeMap<String, PathBuf>, name: &str) -> PathBuf {
    traces.get(name).cloned().unwrap_or_default()
}

/// SHA-256 in hex.
pub fn sum(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes.as_ref()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The sums of the traces of `loaded` by their names; those in `known` are not read again.
///
/// # Errors
/// [`Error::Failed`] for a trace that cannot be read any more.
pub fn trace_sums(
    source: &Source,
    loaded: &Loaded,
    known: &mut BTreeMap<String, String>,
) -> Result<Vec<String>, Error> {
    let mut sums = Vec::new();
    for workload in &loaded.scenario.workloads {
        let Executor::Trace(trace) = &workload.executor else { continue };
        if !known.contains_key(&trace.file) {
            let path = source.trace(&trace.file);
            let bytes = std::fs::read(&path)
                .map_err(|error| Error::Failed(format!("cannot read {}: {error}", path.display())))?;
            known.insert(trace.file.clone(), sum(bytes));
        }
        sums.extend(known.get(&trace.file).cloned());
    }
    Ok(sums)
}

/// Refuses a scenario that is not simulated; `what` is what is wanted of it.
///
/// # Errors
/// [`Error::Usage`] for a live target.
pub fn is_simulated(loaded: &Loaded, what: &str) -> Result<(), Error> {
    if loaded.scenario.until.is_some() {
        return Err(Error::Usage(format!(
            "{what} needs a number of trials that is known beforehand: --trials N instead of `trials: {{ until: … }}`"
        )));
    }
    if loaded.scenario.target == Target::Sim {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{what} needs target sim: a cell of it is the same wherever and whenever it is run, which no live run is"
    )))
}

/// Refuses a scenario whose number of trials is not known beforehand.
///
/// # Errors
/// [`Error::Usage`] with the way out.
pub fn has_fixed_trials(resolved: &serde_json::Value) -> Result<(), Error> {
    match resolved.get("trials").is_some_and(serde_json::Value::is_u64) {
        true => Ok(()),
        false => Err(Error::Usage(
            "shards and sweeps need a fixed number of trials: `trials.until` chooses as it goes, which no share can know; \
             write --trials N"
                .into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_that_are_chosen_as_it_goes_are_refused() {
        assert!(has_fixed_trials(&serde_json::json!({ "trials": 5 })).is_ok());
        let until = serde_json::json!({ "trials": { "until": "1%", "max": 200 } });
        let said = has_fixed_trials(&until).expect_err("not known beforehand").to_string();
        assert!(said.contains("--trials N"), "{said}");
    }

    #[test]
    fn sums_are_sha_256() {
        assert_eq!(sum("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
