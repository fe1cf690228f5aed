//! The folder of a share: what run it is a share of, copies of the run's traces, and the cells that are there already.

use super::source::{SavedSource, Source};
use super::{Grid, Shard, Store};
use crate::cli::{Error, output, run_folder};
use crate::results::{DEFINITIONS, Tool};
use crate::scenario::Axis;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Version of `shard.json`.
const SCHEMA: &str = "keystorm.shard/1";
/// The file that tells what a folder is a share of.
pub const NAME: &str = "shard.json";
/// The folder of the copies of its traces.
pub const TRACES: &str = "traces";

/// A folder that keeps a share's cells.
#[derive(Debug)]
pub struct Share {
    /// Where it is.
    pub dir: PathBuf,
    /// Its cells.
    pub store: Store,
}

/// `shard.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved {
    schema: String,
    tool: Tool,
    definitions: u32,
    /// The scenario's name.
    name: String,
    /// [`Grid::id`] of the run.
    run: String,
    shard: Shard,
    /// How many cells the run has.
    cells: usize,
    over: Vec<SavedAxis>,
    source: SavedSource,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SavedAxis {
    path: String,
    values: Vec<String>,
}

/// A share that somebody has run, as `merge` finds it.
#[derive(Debug)]
pub struct Opened {
    /// Where it is.
    pub dir: PathBuf,
    /// Which share of the run.
    pub shard: Shard,
    /// [`Grid::id`] of the run.
    pub run: String,
    /// The scenario's name.
    pub name: String,
    saved: Saved,
}

/// Whether a text is a SHA-256 in hex.
fn is_sum(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl Saved {
    fn of(grid: &Grid, shard: Shard) -> Saved {
        let axis = |axis: &Axis| SavedAxis { path: axis.path.clone(), values: axis.values.clone() };
        Saved {
            schema: SCHEMA.into(),
            tool: Tool { name: "keystorm".into(), version: env!("CARGO_PKG_VERSION").into() },
            definitions: DEFINITIONS,
            name: grid.points[0].loaded.scenario.name.clone(),
            run: grid.id(),
            shard,
            cells: grid.cells().len(),
            over: grid.axes.iter().map(axis).collect(),
            source: grid.source.to_saved(grid.traces.clone()),
        }
    }

    fn read(file: &Path) -> Result<Saved, Error> {
        let failed = |why: String| Error::Failed(format!("{}: {why}", file.display()));
        let text = fs::read_to_string(file).map_err(|error| failed(format!("cannot be read: {error}")))?;
        let saved: Saved =
            serde_json::from_str(&text).map_err(|error| failed(format!("this is no share: {error}")))?;
        if saved.schema != SCHEMA {
            return Err(failed(format!("written as {:?}, but this keystorm reads {SCHEMA:?}", saved.schema)));
        }
        // They are names of files.
        if !saved.source.traces.values().all(|sum| is_sum(sum)) {
            return Err(failed("this is no share: a trace is not named by its sum".into()));
        }
        Ok(saved)
    }
}

impl Share {
    /// The folder for `shard` of the run: `out`, or a new one. One that holds the same share goes on where it was.
    ///
    /// # Errors
    /// [`Error::Usage`] for a folder that holds something else, [`Error::Failed`] for one that cannot be written.
    pub fn claim(out: Option<&Path>, grid: &Grid, shard: Shard, force: bool) -> Result<Share, Error> {
        let saved = Saved::of(grid, shard);
        let dir = match out {
            None => {
                let share = match shard {
                    Shard::WHOLE => String::new(),
                    Shard { index, of } => format!("-shard-{index}-of-{of}"),
                };
                run_folder::new_dir(&format!("{}{share}", saved.name), &crate::clock::stamp())?
            }
            Some(dir) => dir.to_path_buf(),
        };
        let share = Share { store: Store::new(&dir), dir };
        if share.is_there(&saved, force)? {
            share.store.clear_drafts()?;
            return Ok(share);
        }
        run_folder::prepare(&share.dir, force)?;
        share.begin(grid, &saved)?;
        Ok(share)
    }

    /// What others need to know of a run beside its traces: `shard.json` of all of it.
    ///
    /// # Errors
    /// Never in practice: it is written to memory.
    #[cfg(all(feature = "bus", feature = "live"))]
    pub fn question(grid: &Grid) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(&Saved::of(grid, Shard::WHOLE))
            .map_err(|error| Error::Failed(format!("cannot write {NAME}: {error}")))
    }

    /// Whether the folder holds this share already.
    fn is_there(&self, wanted: &Saved, force: bool) -> Result<bool, Error> {
        let file = self.dir.join(NAME);
        if force || !file.is_file() {
            return Ok(false);
        }
        let there = Saved::read(&file)?;
        let shown = self.dir.display();
        if there.run != wanted.run {
            return Err(Error::Usage(format!(
                "--out {shown}: the folder holds cells of another run ({}, keystorm {}); give another folder, or --force to \
                 replace them",
                there.name, there.tool.version
            )));
        }
        if there.shard != wanted.shard {
            return Err(Error::Usage(format!(
                "--out {shown}: the folder holds shard {} of this run, and not {}; give each share its own folder",
                there.shard, wanted.shard
            )));
        }
        Ok(true)
    }

    /// Copies the traces, then says what the folder is.
    fn begin(&self, grid: &Grid, saved: &Saved) -> Result<(), Error> {
        for (name, sum) in &grid.traces {
            let from = grid.source.trace(name);
            let bytes = fs::read(&from)
                .map_err(|error| Error::Failed(format!("cannot read {}: {error}", from.display())))?;
            output::write_file(&self.dir.join(TRACES).join(sum), bytes)?;
        }
        let mut json = serde_json::to_vec_pretty(saved)
            .map_err(|error| Error::Failed(format!("cannot write {NAME}: {error}")))?;
        json.push(b'\n');
        output::write_file(&self.dir.join(NAME), json)
    }
}

impl Opened {
    /// The sums of the traces of its run, which their copies are called by.
    #[cfg(feature = "bus")]
    pub fn traces(&self) -> Vec<String> {
        self.saved.source.traces.values().cloned().collect()
    }

    /// `dir` itself, or the shares that it holds where it is none.
    ///
    /// # Errors
    /// [`Error::Failed`] for a folder that cannot be read.
    pub fn within(dir: &Path) -> Result<Vec<PathBuf>, Error> {
        if dir.join(NAME).is_file() || !dir.is_dir() {
            return Ok(vec![dir.to_path_buf()]);
        }
        let failed = |error: std::io::Error| Error::Failed(format!("cannot read {}: {error}", dir.display()));
        let mut found = Vec::new();
        for entry in fs::read_dir(dir).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            found.extend(path.join(NAME).is_file().then_some(path));
        }
        found.sort();
        // A folder without any is refused by its own name.
        Ok(if found.is_empty() { vec![dir.to_path_buf()] } else { found })
    }

    /// The share in `dir`.
    ///
    /// # Errors
    /// [`Error::Failed`] for what is no share, or another keystorm's.
    pub fn read(dir: &Path) -> Result<Opened, Error> {
        let file = dir.join(NAME);
        if !file.is_file() {
            return Err(Error::Failed(format!(
                "{} is no share of a run: it has no {NAME}, which `keystorm run … --shard I/N -o DIR` writes",
                dir.display()
            )));
        }
        let saved = Saved::read(&file)?;
        let own = env!("CARGO_PKG_VERSION");
        if saved.tool.version != own || saved.definitions != DEFINITIONS {
            return Err(Error::Failed(format!(
                "{}: this share is of keystorm {} with definitions {}, and this is {own} with {DEFINITIONS}: run it again",
                dir.display(),
                saved.tool.version,
                saved.definitions
            )));
        }
        Ok(Opened {
            dir: dir.to_path_buf(),
            shard: saved.shard,
            run: saved.run.clone(),
            name: saved.name.clone(),
            saved,
        })
    }

    /// The run that it is a share of.
    ///
    /// # Errors
    /// As [`Grid::new`], and [`Error::Failed`] if what is read again is another run.
    pub fn grid(&self) -> Result<Grid, Error> {
        let wrong = |why: String| Error::Failed(format!("{}: {NAME}: {why}", self.dir.display()));
        let axis = |axis: &SavedAxis| Axis::of(&axis.path, axis.values.clone()).map_err(wrong);
        let axes = self.saved.over.iter().map(axis).collect::<Result<Vec<_>, _>>()?;
        self.named(Grid::new(self.source(), axes)?)
    }

    /// The live run that it tells of.
    ///
    /// # Errors
    /// As [`Grid::live`], and [`Error::Failed`] if what is read again is another run.
    #[cfg(all(feature = "bus", feature = "live"))]
    pub fn live(&self) -> Result<Grid, Error> {
        self.named(Grid::live(self.source())?)
    }

    fn source(&self) -> Source {
        self.saved.source.clone().into_source(&self.dir.join(TRACES))
    }

    /// The grid, if it is of the run that the folder names.
    fn named(&self, grid: Grid) -> Result<Grid, Error> {
        if grid.id() == self.run {
            return Ok(grid);
        }
        Err(Error::Failed(format!(
            "{}: {NAME} does not tell the run that it names: it was changed",
            self.dir.display()
        )))
    }
}
