//! `--fault-template FILE`: an experiment of AWS Fault Injection Service as faults.

use super::Error;
use crate::notice;
use crate::scenario::Set;
use crate::scenario::fis::{self, Targets};
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

/// The longest template; AWS's own have a few kilobytes.
const LONGEST: u64 = 1 << 20;

/// The faults of templates, to be laid over a scenario or what a server is told. What of them nobody acts on is told.
///
/// # Errors
/// [`Error::Usage`] with everything in them that cannot be done.
pub(super) fn sets(paths: &[PathBuf], targets: Targets) -> Result<Vec<Set>, Error> {
    let mut sets = Vec::new();
    for path in paths {
        let given = format!("--fault-template {}", path.display());
        let wrong = |what: String| Error::Usage(format!("{given}: {what}"));
        let mut text = String::new();
        let file = File::open(path).map_err(|e| wrong(e.to_string()))?;
        file.take(LONGEST + 1).read_to_string(&mut text).map_err(|e| wrong(e.to_string()))?;
        if text.len() as u64 > LONGEST {
            return Err(wrong(format!("a template has at most {LONGEST} bytes")));
        }
        let experiment = fis::read(&text, targets).map_err(|problems| wrong(problems.join("\n  ")))?;
        for what in &experiment.told {
            notice::tell(format_args!("{given}: {what}"));
        }
        let faults = experiment.faults.iter();
        sets.extend(faults.map(|fault| Set::option(&["faults"], &fault.to_string(), &given).joining()));
    }
    Ok(sets)
}
