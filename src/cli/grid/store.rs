//! Cells on disk: a file each, named by the cell's key and the sum of the file's bytes, written beside and renamed.
//!
//! ```text
//!  <key, 32 hex>.<sum, 16 hex>.cell  =  gzip of  { header: what it is a cell of }\n{ the trial }\n
//! ```

use crate::cli::{Error, output};
use crate::record::{Layout, SavedTrial, Trial};
use crate::results::DEFINITIONS;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::source::sum;

/// Version of the files.
pub const SCHEMA: &str = "keystorm.cell/1";

/// A folder of cells.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// [`SCHEMA`].
    pub schema: String,
    /// The keystorm that recorded it.
    pub version: String,
    /// What its figures mean.
    pub definitions: u32,
    /// The cell's key.
    pub key: String,
    /// What people call the cell.
    pub cell: String,
}

/// Hex digits of a key and of a sum in a file's name.
const KEY_DIGITS: usize = 32;
const SUM_DIGITS: usize = 16;
/// Bytes that no cell unpacks to: what others have packed fills no memory.
const MOST_TEXT: u64 = 4 << 30;

impl Store {
    /// The cells below `folder`.
    pub fn new(folder: &Path) -> Store {
        Store { folder: folder.join("cells") }
    }

    /// The files that are there, by their keys' first digits; a key may have several.
    ///
    /// # Errors
    /// [`Error::Failed`] for a folder that cannot be read.
    pub fn files(&self) -> Result<BTreeMap<String, Vec<PathBuf>>, Error> {
        let failed =
            |error: std::io::Error| Error::Failed(format!("cannot read {}: {error}", self.folder.display()));
        let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // What was being written when a process was killed is no cell.
            if let (Some(stem), false) = (name.strip_suffix(".cell"), name.starts_with('.')) {
                let key = stem.split('.').next().unwrap_or_default().to_owned();
                found.entry(key).or_default().push(path);
            }
        }
        found.values_mut().for_each(|paths| paths.sort());
        Ok(found)
    }

    /// Removes what was being written when a process was killed: a folder is one share's, and one process's at a time.
    ///
    /// # Errors
    /// [`Error::Failed`] for what cannot be removed.
    pub fn clear_drafts(&self) -> Result<(), Error> {
        let failed = |path: &Path, error: std::io::Error| {
            Error::Failed(format!("cannot remove what is left of {}: {error}", path.display()))
        };
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(&self.folder, error)),
        };
        for entry in entries {
            let path = entry.map_err(|error| failed(&self.folder, error))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with('.') && name.contains(".cell.part-") {
                fs::remove_file(&path).map_err(|error| failed(&path, error))?;
            }
        }
        Ok(())
    }

    /// Keeps a trial as the cell called `label` of this key.
    ///
    /// # Errors
    /// [`Error::Failed`] if it cannot be written.
    pub fn write(&self, key: &str, label: &str, trial: &Trial) -> Result<(), Error> {
        let (name, bytes) = file(key, label, trial)?;
        self.keep(&name, bytes)
    }

    /// Where the file of this name is.
    #[cfg(feature = "bus")]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Keeps a file that is known to be a cell's.
    ///
    /// # Errors
    /// [`Error::Failed`] if it cannot be written.
    pub fn keep(&self, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        output::write_file(&self.folder.join(name), bytes)
    }
}

/// The file, name and bytes, of the cell called `label` of this key.
///
/// # Errors
/// Never in practice: it is written to memory.
pub fn file(key: &str, label: &str, trial: &Trial) -> Result<(String, Vec<u8>), Error> {
    let header = Header {
        schema: SCHEMA.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        definitions: DEFINITIONS,
        key: key.into(),
        cell: label.into(),
    };
    let bytes =
        packed(&header, trial).map_err(|error| Error::Failed(format!("cannot keep a cell: {error}")))?;
    Ok((format!("{}.{}.cell", short(key), &sum(&bytes)[..SUM_DIGITS]), bytes))
}

/// The part of a key that stands in a file's name.
pub fn short(key: &str) -> &str {
    &key[..KEY_DIGITS.min(key.len())]
}

fn packed(header: &Header, trial: &Trial) -> std::io::Result<Vec<u8>> {
    // One piece: what packs clears its whole buffer at each write, and JSON is written by the figure.
    let mut text = serde_json::to_vec(header)?;
    text.push(b'\n');
    serde_json::to_writer(&mut text, &SavedTrial::of(trial))?;
    text.push(b'\n');
    // A cell is read once or twice: half the time of packing it is worth a twelfth of its bytes.
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(&text)?;
    out.finish()
}

/// A file's header and the rest of it.
///
/// # Errors
/// [`Error::Failed`], naming the file, if it cannot be read or is not what was written.
pub fn open(path: &Path) -> Result<(Header, String), Error> {
    let failed = |why: String| Error::Failed(format!("{}: {why}", path.display()));
    let bytes = fs::read(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
    unpack(path, &bytes)
}

/// The header and the rest of a file whose bytes are known; only its name is asked for at `path`.
///
/// # Errors
/// As [`open`].
pub fn unpack(path: &Path, bytes: &[u8]) -> Result<(Header, String), Error> {
    let failed = |why: String| Error::Failed(format!("{}: {why}", path.display()));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let told =
        name.strip_suffix(".cell").and_then(|stem| stem.split_once('.')).map(|(_, sum)| sum.to_owned());
    if told.as_deref() != Some(&sum(bytes)[..SUM_DIGITS]) {
        return Err(failed("this cell is damaged: its bytes are not those that its name tells".into()));
    }
    let mut text = String::new();
    GzDecoder::new(bytes)
        .take(MOST_TEXT)
        .read_to_string(&mut text)
        .map_err(|error| failed(format!("this is no cell: {error}")))?;
    if text.len() as u64 == MOST_TEXT {
        return Err(failed("this is no cell: none unpacks to so much".into()));
    }
    let (header, rest) = text.split_once('\n').ok_or_else(|| failed("this is no cell".into()))?;
    let header: Header =
        serde_json::from_str(header).map_err(|error| failed(format!("this is no cell: {error}")))?;
    if header.schema != SCHEMA {
        return Err(failed(format!(
            "this cell is written as {:?}, and this keystorm reads {SCHEMA:?}",
            header.schema
        )));
    }
    let rest = rest.to_owned();
    Ok((header, rest))
}

/// Refuses a cell that another keystorm has recorded.
///
/// # Errors
/// [`Error::Failed`], naming the file and both versions.
pub fn is_of_this_version(path: &Path, header: &Header) -> Result<(), Error> {
    let own = (env!("CARGO_PKG_VERSION"), DEFINITIONS);
    if (header.version.as_str(), header.definitions) == own {
        return Ok(());
    }
    Err(Error::Failed(format!(
        "{}: this cell ({}) is of keystorm {} with definitions {}, and this is {} with {}: run it again",
        path.display(),
        header.cell,
        header.version,
        header.definitions,
        own.0,
        own.1
    )))
}

/// The trial of key `key` in the file at `path`.
///
/// # Errors
/// As [`open`] and [`is_of_this_version`], and for a file of another cell.
pub fn read(path: &Path, key: &str, layout: &Arc<Layout>) -> Result<Trial, Error> {
    trial(path, key, layout, open(path)?)
}

/// The trial of key `key` in what a file was unpacked to.
///
/// # Errors
/// As [`read`], but for the file itself.
pub fn trial(
    path: &Path,
    key: &str,
    layout: &Arc<Layout>,
    (header, rest): (Header, String),
) -> Result<Trial, Error> {
    is_of_this_version(path, &header)?;
    let failed = |why: String| Error::Failed(format!("{}: {why}", path.display()));
    if header.key != key {
        return Err(failed(format!("this is another cell ({})", header.cell)));
    }
    let saved: SavedTrial =
        serde_json::from_str(&rest).map_err(|error| failed(format!("this cell is no trial: {error}")))?;
    saved.into_trial(layout).map_err(|why| failed(format!("this cell is of another scenario: {why}")))
}
