//! Finds the files of a log: named ones, those below folders, those that a pattern means, and stdin.

use super::failed;
use crate::cli::Error;
use crate::intake::glob::matches_path;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of a log.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// By its path and size.
    File(PathBuf, u64),
    /// By its URL and size.
    Object(String, u64),
    /// What comes in on stdin.
    Stdin,
    /// In a folder, but no log by its name.
    PassedOver,
}

/// Hands every file to `found`, which says whether to go on; folders are gone through as they come, so that their size costs
/// no memory.
///
/// # Errors
/// What was named is not there, or a folder cannot be read.
pub fn walk(paths: &[PathBuf], found: &mut dyn FnMut(Found) -> bool) -> Result<(), Error> {
    for path in paths {
        let goes_on = if path.as_os_str() == "-" {
            found(Found::Stdin)
        } else if let Some((root, pattern)) = pattern(path) {
            let mut any = false;
            let goes_on = below(&root, &mut |file, bytes| {
                let is_meant = matches_path(&pattern, &file.to_string_lossy());
                any |= is_meant;
                !is_meant || found(Found::File(file.into(), bytes))
            })?;
            if !any {
                return Err(Error::Usage(format!("{}: no file is meant by this pattern", path.display())));
            }
            goes_on
        } else {
            let what = fs::metadata(path).map_err(|error| failed(path, error))?;
            if what.is_dir() {
                below(path, &mut |file, bytes| {
                    found(if is_log(&file.to_string_lossy()) {
                        Found::File(file.into(), bytes)
                    } else {
                        Found::PassedOver
                    })
                })?
            } else {
                found(Found::File(path.clone(), what.len()))
            }
        };
        if !goes_on {
            break;
        }
    }
    Ok(())
}

/// A path with stars that no shell has filled in: the folder to look in, and the whole.
fn pattern(path: &Path) -> Option<(PathBuf, String)> {
    let text = path.to_str().filter(|text| text.contains(['*', '?']) && !path.exists())?;
    let star = text.find(['*', '?'])?;
    let root = text[..star].rsplit_once('/').map_or("", |(root, _)| if root.is_empty() { "/" } else { root });
    match root {
        "" => Some((".".into(), format!("./{text}"))),
        root => Some((root.into(), text.into())),
    }
}

/// Hands every file below a folder to `found`, with its size.
fn below(folder: &Path, found: &mut dyn FnMut(&Path, u64) -> bool) -> Result<bool, Error> {
    let entries = fs::read_dir(folder).map_err(|error| failed(folder, error))?;
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| failed(folder, error))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(|error| failed(&path, error))?;
        if kind.is_dir() {
            folders.push(path);
            continue;
        }
        let what = fs::metadata(&path).map_err(|error| failed(&path, error))?;
        // A link to a folder might lead in a circle.
        if !what.is_dir() && !found(&path, what.len()) {
            return Ok(false);
        }
    }
    // Days stand in the order of their names.
    folders.sort();
    for folder in folders {
        if !below(&folder, found)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a file's name is that of a log. Digests, which CloudTrail delivers beside logs, hold no events.
pub fn is_log(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let is_known = [".json", ".ndjson", ".jsonl", ".csv"].iter().any(|ending| name.ends_with(ending));
    is_known && !name.contains("_cloudtrail-digest_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_looked_for_from_its_first_star_on() {
        let of = |text: &str| pattern(Path::new(text));
        assert_eq!(of("/a/b/*/c"), Some(("/a/b".into(), "/a/b/*/c".into())));
        assert_eq!(of("/*.gz"), Some(("/".into(), "/*.gz".into())));
        assert_eq!(of("*.gz"), Some((".".into(), "./*.gz".into())));
        assert_eq!(of("plain.gz"), None);
    }
}
