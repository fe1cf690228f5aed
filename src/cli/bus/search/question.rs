//! The question of a search: what all of its cells share, which is the keystorm that asks and its traces.

use crate::cli::grid::source::sum;
use crate::results::DEFINITIONS;
use crate::scenario::Scenario;
use crate::workload::Executor;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Version of the document.
const SCHEMA: &str = "keystorm.search/1";

/// `search.json`, and the question on the bus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchQuestion {
    schema: String,
    /// The keystorm that asks.
    version: String,
    definitions: u32,
    /// The command.
    search: String,
    /// SHA-256 of everything else that the search follows from.
    asked: String,
    /// SHA-256 of each trace by its name in the scenario.
    pub traces: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Schema {
    schema: String,
}

impl SearchQuestion {
    /// The question of `search`, which follows from `asked` and from these traces.
    pub fn new(search: &str, asked: &str, traces: BTreeMap<String, String>) -> SearchQuestion {
        SearchQuestion {
            schema: SCHEMA.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            definitions: DEFINITIONS,
            search: search.into(),
            asked: sum(asked),
            traces,
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and whole numbers are JSON")
    }

    /// The search that it is the question of, by its hash.
    pub fn run(bytes: &[u8]) -> String {
        sum(bytes)
    }

    /// Reads one; `None` for what is the question of something else.
    ///
    /// # Errors
    /// A sentence, for what only looks like one.
    pub fn read(bytes: &[u8]) -> Result<Option<SearchQuestion>, String> {
        match serde_json::from_slice::<Schema>(bytes) {
            Ok(Schema { schema }) if schema == SCHEMA => {}
            _ => return Ok(None),
        }
        let question: SearchQuestion =
            serde_json::from_slice(bytes).map_err(|error| format!("this is no search: {error}"))?;
        let own = env!("CARGO_PKG_VERSION");
        if question.version != own || question.definitions != DEFINITIONS {
            return Err(format!(
                "this search is of keystorm {} with definitions {}, and this is {own} with {DEFINITIONS}",
                question.version, question.definitions
            ));
        }
        let is_sum = |text: &String| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        match question.traces.values().all(is_sum) {
            true => Ok(Some(question)),
            false => Err("this is no search: a trace is not named by its sum".into()),
        }
    }
}

/// The traces of a search.
#[derive(Debug, Default)]
pub struct Traces {
    /// Their sums by their names.
    pub sums: BTreeMap<String, String>,
    /// Their bytes by their sums.
    pub bytes: BTreeMap<String, Vec<u8>>,
}

/// The traces of a scenario that lie in `dir`.
///
/// # Errors
/// A sentence, for one that cannot be read any more.
pub fn traces(scenario: &Scenario, dir: &Path) -> Result<Traces, String> {
    let mut found = Traces::default();
    for workload in &scenario.workloads {
        let Executor::Trace(trace) = &workload.executor else { continue };
        if found.sums.contains_key(&trace.file) {
            continue;
        }
        let path = dir.join(&trace.file);
        let read =
            std::fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        found.sums.insert(trace.file.clone(), sum(&read));
        found.bytes.insert(sum(&read), read);
    }
    Ok(found)
}
