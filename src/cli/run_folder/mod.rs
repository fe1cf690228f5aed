//! The folder of a run: claimed before the first job, filled in one go when everything is known.
//!
//! ```text
//!  claim ── makes DIR, which nobody else has, and writes a probe ──▶ the run ──▶ fill
//!                                                                                 │ all files into a folder beside,
//!  DIR is empty, or holds a whole run ◀── renamed to DIR ◀── synced ◀─────────────┘
//! ```
//!
//! An older run that `--force` replaces stays until the new one is whole.

use super::{Error, output};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What a run's folder holds, by name.
const NAMES: [&str; 25] = [
    "run.json",
    "report.html",
    "report.md",
    "timeline.csv",
    "strategies.csv",
    "charts",
    "histograms",
    "sweep.json",
    "sweep.html",
    "sweep.md",
    "sweep.csv",
    "shard.json",
    "search.json",
    "cells",
    "traces",
    "onset.json",
    "onset.html",
    "onset.md",
    "plan.json",
    "plan.html",
    "plan.md",
    "dossier.html",
    "dossier.md",
    "dossier.txt",
    "figures.json",
];
/// The files that tell what a folder holds: they come last.
const LAST: [&str; 2] = ["run.json", "sweep.json"];
/// Bytes of a probe: more than fits beside a file's name.
const PROBE: usize = 16 * 1024;

/// A folder that is this run's own.
#[derive(Debug)]
pub struct RunFolder {
    dir: PathBuf,
    /// Whether it was made for this run, so that it goes again if the run comes to nothing.
    is_new: bool,
}

impl RunFolder {
    /// Claims `out`, or a new folder `reports/local/<name>-<time>`. With `force`, `out` may hold an older run.
    ///
    /// # Errors
    /// [`Error::Usage`] for a folder that is there already, [`Error::Failed`] for one that cannot be written.
    pub fn claim(out: Option<&Path>, name: &str, force: bool) -> Result<RunFolder, Error> {
        let folder = match out {
            Some(dir) => match make(dir) {
                Ok(()) => RunFolder { dir: dir.to_path_buf(), is_new: true },
                Err(error) if is_taken(dir, &error) => {
                    may_replace(dir, force)?;
                    RunFolder { dir: dir.to_path_buf(), is_new: false }
                }
                Err(error) => return Err(unwritable(dir, &error)),
            },
            None => RunFolder { dir: new_dir(name, &crate::clock::stamp())?, is_new: true },
        };
        folder.probe().map_err(|error| unwritable(&folder.dir, &error))?;
        Ok(folder)
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether anything can be written in it.
    fn probe(&self) -> io::Result<()> {
        let path = self.dir.join(format!(".probe-{}", std::process::id()));
        let result = write_synced(&path, &[0; PROBE]);
        let removed = fs::remove_file(&path);
        result.and(removed)
    }

    /// Puts the files there, all of them or none; whatever an older run has left goes.
    ///
    /// # Errors
    /// [`Error::Failed`] if they cannot be written; what was there before is still there.
    pub fn fill(mut self, files: &[(String, Vec<u8>)]) -> Result<(), Error> {
        // A folder that is a mount, or whose parent is not ours, cannot be replaced as a whole.
        let filled = self.replace(files).or_else(|_| self.refill(files));
        match filled {
            Ok(()) => {
                self.is_new = false;
                Ok(())
            }
            Err(error) => Err(Error::Failed(format!(
                "the run cannot be saved in {}: {error}; nothing of it was written",
                self.dir.display()
            ))),
        }
    }

    /// Another folder, whole and synced, takes its place.
    fn replace(&self, files: &[(String, Vec<u8>)]) -> io::Result<()> {
        let dir = fs::canonicalize(&self.dir)?;
        let part = output::beside(&dir, "part");
        let result = write_all(&part, files).and_then(|()| self.swap(&dir, &part));
        if result.is_err() {
            let _ = fs::remove_dir_all(&part);
        }
        result
    }

    fn swap(&self, dir: &Path, part: &Path) -> io::Result<()> {
        if self.is_new {
            // Renaming to an empty folder replaces it; where it does not, the folder goes first.
            fs::rename(part, dir).or_else(|_| fs::remove_dir(dir).and_then(|()| fs::rename(part, dir)))?;
        } else {
            is_run(dir).map_err(io::Error::other)?;
            let old = output::beside(dir, "old");
            fs::rename(dir, &old)?;
            if let Err(error) = fs::rename(part, dir) {
                fs::rename(&old, dir)?;
                return Err(error);
            }
            // The new run is whole; what is left of the old one harms nobody.
            let _ = fs::remove_dir_all(&old);
        }
        dir.parent().map_or(Ok(()), sync_dir)
    }

    /// The same inside the folder: the files are whole and synced before the first one moves, `run.json` moves last.
    fn refill(&self, files: &[(String, Vec<u8>)]) -> io::Result<()> {
        let part = self.dir.join(format!(".part-{}", std::process::id()));
        let result = write_all(&part, files).and_then(|()| {
            empty(&self.dir)?;
            let first = |(name, _): &(String, Vec<u8>)| name.split('/').next().unwrap_or_default().to_owned();
            let names: BTreeSet<String> = files.iter().map(first).collect();
            let (run, others): (Vec<_>, Vec<_>) =
                names.iter().partition(|name| LAST.contains(&name.as_str()));
            for name in others.into_iter().chain(run) {
                fs::rename(part.join(name), self.dir.join(name))?;
            }
            sync_dir(&self.dir)
        });
        let _ = fs::remove_dir_all(&part);
        result
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if self.is_new {
            // Only if it is empty: nobody's files are removed.
            let _ = fs::remove_dir(&self.dir);
        }
    }
}

/// Makes the folder, exclusively, and those around it.
fn make(dir: &Path) -> io::Result<()> {
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    fs::create_dir(dir)
}

/// Whether it is `dir` itself that is there already, and not a file where a folder around it should be.
fn is_taken(dir: &Path, error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AlreadyExists && fs::symlink_metadata(dir).is_ok()
}

/// Removes whatever a run has written in `dir`.
fn empty(dir: &Path) -> io::Result<()> {
    for name in NAMES {
        let path = dir.join(name);
        match fs::symlink_metadata(&path) {
            Ok(what) if what.is_dir() => fs::remove_dir_all(&path)?,
            Ok(_) => fs::remove_file(&path)?,
            Err(_) => {}
        }
    }
    Ok(())
}

/// Makes `dir` a folder without a run in it, for what is written bit by bit; with `force`, what an older run has left goes.
///
/// # Errors
/// As [`RunFolder::claim`].
pub fn prepare(dir: &Path, force: bool) -> Result<(), Error> {
    let made = match make(dir) {
        Err(error) if is_taken(dir, &error) && is_empty(dir) => Ok(()),
        Err(error) if is_taken(dir, &error) => {
            may_replace(dir, force)?;
            empty(dir)
        }
        made => made,
    };
    made.map_err(|error| unwritable(dir, &error))
}

fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none())
}

/// A new folder `reports/local/<name>-<time>`; whoever comes second in the same second gets a number.
pub fn new_dir(name: &str, stamp: &str) -> Result<PathBuf, Error> {
    let local = Path::new("reports/local");
    let mut number = 1;
    loop {
        let ending = if number == 1 { String::new() } else { format!("-{number}") };
        let dir = local.join(format!("{name}-{stamp}{ending}"));
        match make(&dir) {
            Ok(()) => return Ok(dir),
            Err(error) if is_taken(&dir, &error) => number += 1,
            Err(error) => return Err(unwritable(&dir, &error)),
        }
    }
}

/// Whether what stands at `dir` may be replaced.
fn may_replace(dir: &Path, force: bool) -> Result<(), Error> {
    let shown = dir.display();
    if !dir.is_dir() {
        return Err(Error::Usage(format!("--out {shown}: this is no folder; give another name")));
    }
    is_run(dir).map_err(|why| Error::Usage(format!("--out {shown}: {why}; give another folder")))?;
    if !force {
        return Err(Error::Usage(format!(
            "--out {shown}: the folder is there already; give another, or --force to replace the run in it"
        )));
    }
    Ok(())
}

/// Whether a folder holds nothing that a run has not written.
fn is_run(dir: &Path) -> Result<(), String> {
    let entries = fs::read_dir(dir).map_err(|error| error.to_string())?;
    for entry in entries {
        let name = entry.map_err(|error| error.to_string())?.file_name().to_string_lossy().into_owned();
        // What a killed run leaves, and what a desktop puts everywhere, is nobody's.
        let is_litter = [".part-", ".probe-", ".DS_Store"].iter().any(|litter| name.starts_with(litter));
        let is_known = is_litter || NAMES.contains(&name.as_str());
        if !is_known {
            return Err(format!("it holds `{name}`, which no run has written and --force would remove"));
        }
    }
    Ok(())
}

fn unwritable(dir: &Path, error: &io::Error) -> Error {
    Error::Failed(format!("the run could not be saved in {}: {error}; nothing was run", dir.display()))
}

/// Writes every file below a new folder, then brings all of it to the disk.
fn write_all(folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
    fs::create_dir(folder)?;
    let mut folders = BTreeSet::from([folder.to_path_buf()]);
    for (name, bytes) in files {
        let path = folder.join(name);
        if let Some(parent) = path.parent().filter(|parent| folders.insert(parent.to_path_buf())) {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, bytes).map_err(|error| named(name, &error))?;
    }
    // Written first and synced then: the disk does most of it in one go.
    for (name, _) in files {
        let file = File::options().write(true).open(folder.join(name));
        file.and_then(|file| file.sync_all()).map_err(|error| named(name, &error))?;
    }
    folders.iter().try_for_each(|folder| sync_dir(folder))
}

fn named(name: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{name}: {error}"))
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the names in a folder last, where the system can.
fn sync_dir(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        // Some file systems cannot sync a folder; the files themselves are on the disk.
        match File::open(dir)?.sync_all() {
            Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(error),
            _ => Ok(()),
        }
    }
    #[cfg(not(unix))]
    {
        let _ = dir;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
