//! `keystorm compare DIR`: many live runs of one scenario, and where their figures change.

use super::{Error, output, report};
use crate::report::history as drawn;
use crate::report::page::Block;
use crate::results::compare::history::{History, LeftOut, history};
use std::fs;
use std::path::{Path, PathBuf};

/// The folders of `directory` that hold a saved run, if it is no saved run itself.
pub fn folders(directory: &Path) -> Vec<PathBuf> {
    if !directory.is_dir() || ["run.json", "sweep.json"].iter().any(|file| directory.join(file).is_file()) {
        return Vec::new();
    }
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.join("run.json").is_file()).collect();
    found.sort();
    found
}

/// What a history is printed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Markdown,
    Html,
    Json,
}

/// Prints the history of the runs in `folders`, which are in `directory`.
///
/// # Errors
/// [`Error::Failed`] if none of them is live.
pub fn show(directory: &Path, folders: &[PathBuf], form: Form) -> Result<(), Error> {
    let (mut runs, mut left_out) = (Vec::new(), Vec::new());
    for folder in folders {
        let label = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match report::load(folder) {
            Ok(saved) => runs.push((label, saved.run)),
            Err(error) => left_out.push(LeftOut { label, why: format!("it cannot be read: {error}") }),
        }
    }
    let failed = |why: String| Error::Failed(format!("{}: {why}", directory.display()));
    let history: History = history(runs, left_out).map_err(failed)?;
    let mut page = drawn::page(&history);
    if form == Form::Markdown {
        // There is no folder whose charts it could lead to.
        page.blocks.retain(|block| !matches!(block, Block::Chart(_)));
    }
    output::print(match form {
        Form::Text => page.to_text(output::look(false)),
        Form::Markdown => page.to_markdown(),
        Form::Html => page.to_html(),
        Form::Json => json(&history)?,
    })
}

fn json(history: &History) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(history);
    text.map(|text| text + "\n").map_err(|error| Error::Failed(format!("cannot write the history: {error}")))
}
