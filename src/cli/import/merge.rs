//! The shares of an import, wherever they were read, become the import. Nothing is believed but the partials that are there.

use super::failed;
use super::readers::Gathered;
use super::results::ImportOutput;
use crate::cli::{Common, Error};
use crate::intake::cloudtrail::{About, ENDING, Partial};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is wanted of the merged import.
#[derive(Clone, Copy, Debug)]
pub struct Merging<'m> {
    /// Folders of shares, or folders that hold them.
    pub dirs: &'m [PathBuf],
    /// Folder that receives the import.
    pub out: Option<&'m Path>,
    /// File of the calls of each second.
    pub counts: Option<&'m Path>,
    /// What CloudWatch has counted of the same time.
    pub usage: Option<&'m Path>,
    /// Whether what is there is overwritten.
    pub force: bool,
}

/// Whether any of the folders has a share of an import.
///
/// # Errors
/// A folder that cannot be read.
pub fn is_import(dirs: &[PathBuf]) -> Result<bool, Error> {
    for dir in dirs {
        if !below(dir)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The partials in a folder; none where there is no such folder.
pub(super) fn partials_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |error: io::Error| failed(folder, error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(unreadable(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // What was being written when a process was killed is none.
        found.extend((name.ends_with(ENDING) && !name.starts_with('.')).then_some(path));
    }
    found.sort();
    Ok(found)
}

/// The partials of a folder, or of the folders in it.
fn below(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = partials_in(dir)?;
    if found.is_empty() && dir.is_dir() {
        let unreadable = |error: io::Error| failed(dir, error);
        for entry in fs::read_dir(dir).map_err(unreadable)? {
            found.extend(partials_in(&entry.map_err(unreadable)?.path())?);
        }
        found.sort();
    }
    Ok(found)
}

/// Adds the shares up.
///
/// # Errors
/// Partials that are missing, foreign, doubled, damaged or of another version, each by its name.
pub fn merge(merging: &Merging<'_>, common: &Common) -> Result<ExitCode, Error> {
    let Some(out) = merging.out else {
        return Err(Error::Usage("an import has no place of its own: say --out DIR".into()));
    };
    let mut paths = Vec::new();
    for dir in merging.dirs {
        let more = below(dir)?;
        if more.is_empty() {
            let why = "it has no share of an import, which `keystorm import cloudtrail … --shard I/N -o DIR` writes";
            return Err(failed(dir, why));
        }
        paths.extend(more);
    }
    let partials = whole(&paths)?;
    let about = partials[0].about().clone();
    let wanted = ImportOutput {
        output: out,
        region: about.question.region.as_deref(),
        account: about.question.account.as_deref(),
        counts: merging.counts,
        usage: merging.usage,
        force: merging.force,
    };
    wanted.check()?;
    // Whoever had a list has not looked for files.
    let passed_over = partials.iter().map(Partial::passed_over).max().unwrap_or(0);
    let collector = Partial::together(partials, about.question.filter.clone(), &wanted.aside());
    wanted.make(
        Gathered { collector, passed_over, resumed: 0, threads: crate::cli::threads::threads(None) },
        common,
    )
}

/// One partial of each share, or everything that is wrong.
fn whole(paths: &[PathBuf]) -> Result<Vec<Partial>, Error> {
    let mut wrong = Vec::new();
    let mut shares = BTreeMap::<u32, Vec<Partial>>::new();
    let mut first: Option<(PathBuf, About)> = None;
    for path in paths {
        let partial = match Partial::open(path) {
            Ok(partial) => partial,
            Err(why) => {
                wrong.push(format!("{}: {why}", path.display()));
                continue;
            }
        };
        let (known, wanted) = first.get_or_insert_with(|| (path.clone(), partial.about().clone()));
        match foreign(partial.about(), wanted) {
            Some(why) => wrong.push(format!("foreign: {}: {why} {}", path.display(), known.display())),
            None => shares.entry(partial.about().shard).or_default().push(partial),
        }
    }
    for (shard, twice) in shares.iter().filter(|(_, partials)| partials.len() > 1) {
        let all: Vec<String> = twice.iter().map(|partial| partial.path().display().to_string()).collect();
        wrong.push(format!("doubled: shard {shard}: {}", all.join(" and ")));
    }
    let of = first.map_or(0, |(_, about)| about.of);
    let missing: Vec<String> =
        (1..=of).filter(|shard| !shares.contains_key(shard)).map(|shard| format!("{shard}/{of}")).collect();
    if !missing.is_empty() {
        wrong.push(format!("missing: the shards {}; import them", missing.join(", ")));
    }
    if wrong.is_empty() {
        return Ok(shares.into_values().flatten().collect());
    }
    Err(Error::Failed(wrong.join("\n")))
}

/// Why a partial is none of the import that another one is of; ends where that one is named.
fn foreign(about: &About, wanted: &About) -> Option<&'static str> {
    if about.of != wanted.of {
        return Some("it is of another number of shards than");
    }
    if about.question != wanted.question {
        return Some("it was read with other filters, Region or account than");
    }
    (about.listing != wanted.listing)
        .then_some("its log had other files, which --list and --manifest keep from happening, than")
}
