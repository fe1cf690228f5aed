//! Reads a scenario's text, and tells what somebody meant who names something else.

use super::Error;
use crate::api::nearest;
use crate::scenario::tree;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How a saved run begins, in its first bytes.
const SAVED_RUN: &str = "\"keystorm.run/";

/// Whether `path` means standard input.
pub fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// The text of the scenario at `path`; of standard input, for `-`.
///
/// # Errors
/// [`Error::Usage`] for a folder or a saved run, [`Error::Failed`] for what cannot be read, [`Error::Scenario`] for
/// what is too large or no text.
pub fn text(path: &Path) -> Result<String, Error> {
    let (bytes, shown) = if is_stdin(path) {
        let failed = |error: io::Error| Error::Failed(format!("cannot read standard input: {error}"));
        (read(io::stdin().lock()).map_err(failed)?, "stdin".to_owned())
    } else {
        if path.is_dir() {
            return Err(Error::Usage(of_folder(path)));
        }
        let failed = |error: io::Error| {
            let meant = if error.kind() == io::ErrorKind::NotFound { meant(path) } else { String::new() };
            Error::Failed(format!("cannot read {}: {error}{meant}", path.display()))
        };
        (File::open(path).and_then(read).map_err(failed)?, path.display().to_string())
    };
    let head = &bytes[..bytes.len().min(256)];
    if head.starts_with(b"{") && String::from_utf8_lossy(head).contains(SAVED_RUN) {
        return Err(Error::Usage(format!(
            "{shown} is a saved run, no scenario: `keystorm report {shown}` draws it again"
        )));
    }
    if bytes.len() > tree::MAX_BYTES {
        let message = format!("{shown}: the file is too large; at most {} bytes", tree::MAX_BYTES);
        return Err(Error::Scenario(message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
        Error::Scenario(format!("{shown}:{line}:1: this is not UTF-8 text"))
    })
}

fn read(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than allowed is enough to be refused as too large.
    from.take(tree::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What to say about a folder.
fn of_folder(path: &Path) -> String {
    let shown = path.display();
    if path.join("run.json").is_file() {
        return format!("{shown} is a saved run, no scenario: `keystorm report {shown}` draws it again");
    }
    let inside = path.join("scenario.yaml");
    match inside.is_file() {
        true => format!("{shown} is a folder; did you mean `{}`?", inside.display()),
        false => format!(
            "{shown} is a folder, and holds neither scenario.yaml nor a saved run, which `keystorm report` would draw"
        ),
    }
}

/// `; did you mean …` for a file that is not there: the same with another ending, or a name like it beside it.
fn meant(path: &Path) -> String {
    let endings = ["yaml", "yml"].map(|ending| path.with_extension(ending));
    // `quickstart-v1.2` has no ending that could be replaced.
    let added = ["yaml", "yml"].map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{ending}"));
        PathBuf::from(name)
    });
    let found = endings.into_iter().chain(added).find(|other| other.is_file()).or_else(|| near(path));
    found.map(|other| format!("; did you mean `{}`?", other.display())).unwrap_or_default()
}

/// The scenario in the same folder whose name is nearest.
fn near(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> =
        names.filter(|name| name.ends_with(".yaml") || name.ends_with(".yml")).collect();
    names.sort();
    let near = nearest(path.file_name()?.to_str()?, names.iter().map(String::as_str))?;
    Some(path.with_file_name(near))
}
