//! A share of a log on disk: the events of some of its files, in a file that is named by the sum of its bytes.
//!
//! ```text
//!  shard-2-of-8.<sum, 16 hex>.partial  =  { about: what it is a share of }\n  rows of 64 bytes, in the order of copies
//! ```
//! Events are kept, not sums of them: copies of an event may stand in files of several shares, and the trace needs each call.

use super::collect::Collector;
use super::counts::Counts;
use super::filter::Filter;
use super::row::{Names, SIZE, mark};
use super::sort::Run;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

/// Version of the files.
pub const SCHEMA: &str = "keystorm.partial/1";
/// Hex digits of the sum in a file's name.
const SUM_DIGITS: usize = 16;
/// How the names of such files end.
pub const ENDING: &str = ".partial";
/// Bytes of the longest first line: names of all callers and keys that are kept.
const MAX_ABOUT: u64 = 64 << 20;

/// All files of a log, whoever reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listing {
    /// How many.
    pub files: u64,
    /// Their sizes together, as they are stored.
    pub bytes: u64,
    /// Of their names and sizes, in any order.
    pub sum: u64,
}

impl Listing {
    /// Adds a file.
    pub fn add(&mut self, name: &str, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
        self.sum = self.sum.wrapping_add(mark(name, bytes));
    }
}

/// What an import asks, whoever does which share of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// Which events count.
    pub filter: Filter,
    /// The Region to replay; the busiest if nobody has said so.
    pub region: Option<String>,
    /// The account to replay, likewise.
    pub account: Option<String>,
}

/// What a partial is a share of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// [`SCHEMA`].
    pub schema: String,
    /// The keystorm that wrote it.
    pub version: String,
    /// Which share, from 1.
    pub shard: u32,
    /// How many there are.
    pub of: u32,
    /// What was asked.
    pub question: Question,
    /// What there was to read for all shares together.
    pub listing: Listing,
}

impl About {
    /// Of a share by this keystorm.
    pub fn new((shard, of): (u32, u32), question: Question, listing: Listing) -> About {
        let (schema, version) = (SCHEMA.into(), env!("CARGO_PKG_VERSION").into());
        About { schema, version, shard, of, question, listing }
    }

    /// How the name of its file begins.
    pub fn stem(&self) -> String {
        format!("shard-{}-of-{}.", self.shard, self.of)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    about: About,
    passed_over: u64,
    counts: Counts,
    names: Vec<String>,
}

/// A partial that is whole.
#[derive(Debug)]
pub struct Partial {
    path: PathBuf,
    about: About,
    passed_over: u64,
    counts: Counts,
    names: Names,
    run: Run,
}

/// Writes what goes through it, and sums it up.
struct Summing<W> {
    out: W,
    sum: Sha256,
}

impl<W: Write> Write for Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn digits(sum: Sha256) -> String {
    let mut text = String::new();
    for byte in sum.finalize().iter().take(SUM_DIGITS / 2) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

impl Partial {
    /// Keeps what `collector` has gathered in `folder`, and how many files were passed over; gives the file.
    ///
    /// # Errors
    /// What was put aside cannot be read back, or the folder cannot be written to.
    pub fn write(collector: Collector, passed_over: u64, about: About, folder: &Path) -> io::Result<PathBuf> {
        let (counts, names, mut sorter) = collector.into_share();
        fs::create_dir_all(folder)?;
        let draft = folder.join(format!(".{}part-{}", about.stem(), std::process::id()));
        let stem = about.stem();
        let written = (|| {
            let out = BufWriter::with_capacity(1 << 16, File::create(&draft)?);
            let mut out = Summing { out, sum: Sha256::new() };
            serde_json::to_writer(&mut out, &Head { about, passed_over, counts, names: names.to_lines() })?;
            out.write_all(b"\n")?;
            let mut rows = sorter.rows()?;
            while let Some(row) = rows.next()? {
                out.write_all(&row.to_bytes())?;
            }
            let file = out.out.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            let path = folder.join(format!("{stem}{}{ENDING}", digits(out.sum)));
            fs::rename(&draft, &path)?;
            Ok(path)
        })();
        if written.is_err() {
            // It says nothing; were it not there, all the better.
            let _ = fs::remove_file(&draft);
        }
        written
    }

    /// The partial at `path`, every byte of which was looked at.
    ///
    /// # Errors
    /// A sentence without subject: it cannot be read, is damaged, is none, or another keystorm's.
    pub fn open(path: &Path) -> Result<Partial, String> {
        let unreadable = |error: io::Error| format!("cannot be read: {error}");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let told = name.strip_suffix(ENDING).and_then(|stem| stem.rsplit_once('.')).map(|(_, sum)| sum);
        let mut sum = Summing { out: io::sink(), sum: Sha256::new() };
        let size = io::copy(&mut File::open(path).map_err(unreadable)?, &mut sum).map_err(unreadable)?;
        if told != Some(&*digits(sum.sum)) {
            return Err("this partial is damaged: its bytes are not those that its name tells".into());
        }
        let mut head = Vec::new();
        let input = BufReader::new(File::open(path).map_err(unreadable)?);
        input.take(MAX_ABOUT).read_until(b'\n', &mut head).map_err(unreadable)?;
        // What another version has written may have another form.
        let version = |what: &str| {
            let value: serde_json::Value = serde_json::from_slice(&head).ok()?;
            Some(value["about"][what].as_str()?.to_owned())
        };
        let (schema, by) = version("schema").zip(version("version")).ok_or("this is no partial")?;
        let own = env!("CARGO_PKG_VERSION");
        if schema != SCHEMA || by != own {
            return Err(format!(
                "this partial is of keystorm {by} ({schema}), and this is {own} ({SCHEMA}): import that share again"
            ));
        }
        let Head { about, passed_over, counts, names } =
            serde_json::from_slice(&head).map_err(|error| format!("this is no partial: {error}"))?;
        let from = head.len() as u64;
        if !(size - from).is_multiple_of(SIZE as u64) {
            return Err("this is no partial: it ends inside an event".into());
        }
        let run = Run::after(path.to_path_buf(), from);
        let names = Names::from_lines(&names);
        Ok(Partial { path: path.to_path_buf(), about, passed_over, counts, names, run })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is a share of.
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// Files that are no logs by their names, if whoever read it has looked for files.
    pub const fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// What all of them hold together; `folder` is for what does not fit.
    pub fn together(partials: Vec<Partial>, filter: Filter, folder: &Path) -> Collector {
        let mut all = Collector::in_folder(filter, folder, 0);
        for Partial { counts, names, run, .. } in partials {
            all.add_share((counts, names, run));
        }
        all
    }
}
