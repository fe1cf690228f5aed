//! The traces of a search, as workers are handed them.

use crate::cli::grid::source::sum;
use crate::scenario::Scenario;
use crate::workload::Executor;
use std::collections::BTreeMap;
use std::path::Path;

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
