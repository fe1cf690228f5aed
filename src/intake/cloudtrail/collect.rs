//! Gathers the events of many files, in memory that does not grow with them; each thread has a collector of its own.
//!
//! With a folder, rows that do not fit are put aside there, each time with a list of the files that are thereby done: whoever
//! begins again with the same folder reads only the others.

use super::CloudTrailError;
use super::document::{self, Sink};
use super::event::Entry;
use super::events::Events;
use super::row::{Names, Row, digest};
use super::sort::{self, Order, ROOM};
use crate::intake::glob::matches;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How many flaws are kept for the reader; all are counted.
pub const FLAWS: usize = 10;
/// Files after which what was read is put aside, so that an interrupted import loses little.
const FILES_ASIDE: usize = 20_000;
/// Bytes after which it is, as they are on the disk.
const BYTES_ASIDE: u64 = 256 << 20;

/// Which events count, of those in the files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Not before this second since 1970.
    pub from: Option<i64>,
    /// Before this second since 1970.
    pub to: Option<i64>,
    /// Only on these keys: ARN, id or alias, with `*` and `?`.
    pub keys: Vec<String>,
    /// Only by these callers: as the summary names them, or the role's or user's name alone, with `*` and `?`.
    pub callers: Vec<String>,
    /// Whether calls that a keystorm made count: otherwise a load test would be replayed as if it were the account's own load.
    pub keeps_own: bool,
}

impl Filter {
    fn takes(&self, event: &super::event::Event<'_>) -> bool {
        let is_in_time =
            self.from.is_none_or(|from| event.at >= from) && self.to.is_none_or(|to| event.at < to);
        let named = |wanted: &[String], names: &[&str]| {
            wanted.is_empty() || wanted.iter().any(|each| names.iter().any(|name| matches(each, name)))
        };
        let key = event.key.as_deref().unwrap_or_default();
        let bare = key.rsplit_once(":key/").map_or(key, |(_, id)| id);
        let caller = event.invoker.split_once(' ').map_or(&*event.invoker, |(_, name)| name);
        is_in_time && named(&self.keys, &[key, bare]) && named(&self.callers, &[&event.invoker, caller])
    }
}

/// What is counted of files, whatever their events are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) files: u64,
    pub(super) records: u64,
    pub(super) skipped: u64,
    pub(super) flaws: BTreeSet<(String, u64, String)>,
    pub(super) digests: u64,
    pub(super) insights: u64,
    pub(super) filtered: u64,
    pub(super) exclusions: BTreeSet<String>,
}

impl Counts {
    fn merge(&mut self, other: Counts) {
        self.files += other.files;
        self.records += other.records;
        self.skipped += other.skipped;
        self.flaws.extend(other.flaws);
        while self.flaws.len() > FLAWS {
            self.flaws.pop_last();
        }
        self.digests += other.digests;
        self.insights += other.insights;
        self.filtered += other.filtered;
        self.exclusions.extend(other.exclusions);
        while self.exclusions.len() > FLAWS {
            self.exclusions.pop_last();
        }
    }
}

/// What was put aside at one time.
#[derive(Default, Serialize, Deserialize)]
struct Aside {
    /// What was asked, so that nothing is mixed.
    question: String,
    files: Vec<u64>,
    counts: Counts,
    names: Vec<String>,
    runs: Vec<String>,
}

/// Gathers files.
#[derive(Debug, Default)]
pub struct Collector {
    filter: Filter,
    counts: Counts,
    /// Counted where it was put aside already.
    put: Counts,
    names: Names,
    rows: Vec<Row>,
    folder: Option<PathBuf>,
    /// Tells this collector's files in the folder from those of others.
    number: usize,
    room: usize,
    runs: Vec<PathBuf>,
    /// Done, and not put aside yet: the files, their bytes.
    fresh: (Vec<u64>, u64),
    /// Put aside with rows of a file that is not done yet.
    partial: Vec<String>,
}

impl Collector {
    /// One that holds all in memory.
    pub fn new(filter: Filter) -> Collector {
        Collector { filter, room: usize::MAX, ..Collector::default() }
    }

    /// One that puts aside in `folder` what does not fit; `number` is another for each thread.
    pub fn in_folder(filter: Filter, folder: &Path, number: usize) -> Collector {
        Collector { filter, folder: Some(folder.into()), number, room: ROOM, ..Collector::default() }
    }

    /// The same, which holds at most so many rows.
    pub fn with_room(self, rows: usize) -> Collector {
        Collector { room: rows, ..self }
    }

    /// What is asked, as text: an import can be resumed only with the same.
    pub fn question(&self) -> String {
        format!("1 {:?}", self.filter)
    }

    /// Takes over what an interrupted import has put aside in the folder, and gives a set of the files that are done. Files
    /// that were half read are forgotten.
    ///
    /// # Errors
    /// The folder cannot be read, or belongs to another question; the answer is then `None`.
    pub fn resume(&mut self) -> Result<Option<BTreeSet<u64>>, CloudTrailError> {
        let Some(folder) = self.folder.clone() else { return Ok(Some(BTreeSet::new())) };
        let mut done = BTreeSet::new();
        let mut kept = BTreeSet::new();
        let Ok(entries) = fs::read_dir(&folder) else { return Ok(Some(done)) };
        let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
        let paths = paths.map_err(CloudTrailError::Aside)?;
        for path in paths.iter().filter(|path| path.extension().is_some_and(|end| end == "json")) {
            let text = fs::read(path).map_err(CloudTrailError::Aside)?;
            let Ok(aside) = serde_json::from_slice::<Aside>(&text) else { return Ok(None) };
            if aside.question != self.question() {
                return Ok(None);
            }
            done.extend(aside.files);
            self.put.merge(aside.counts);
            self.names.absorb(Names::from_lines(&aside.names));
            self.runs.extend(aside.runs.iter().map(|name| folder.join(name)));
            kept.insert(path.clone());
        }
        kept.extend(self.runs.iter().cloned());
        for path in paths.iter().filter(|path| !kept.contains(*path)) {
            fs::remove_file(path).map_err(CloudTrailError::Aside)?;
        }
        Ok(Some(done))
    }

    /// What a file is called among those that are done: by its path and its size.
    pub fn mark(path: &str, bytes: u64) -> u64 {
        digest(&format!("{path}\n{bytes}"))
    }

    /// Adds what a file or a stream holds; `name` is for messages, `bytes` is its size where it is known.
    ///
    /// # Errors
    /// It is no log as a whole, or what was read cannot be put aside.
    pub fn read(&mut self, name: &str, bytes: u64, input: impl Read) -> Result<(), CloudTrailError> {
        let before = self.rows.len();
        let mut file =
            Reading { from: before, collector: self, name, counts: Counts::default(), trouble: None };
        let read = document::read(input, &mut file);
        let (counts, trouble, from) = (file.counts, file.trouble, file.from);
        let read = trouble.map_or(read, |error| Err(CloudTrailError::Aside(error)));
        if let Err(error) = read {
            // Whoever goes on reads the file again: nothing of it may be kept.
            self.rows.truncate(from);
            self.partial.clear();
            return Err(error);
        }
        self.counts.merge(Counts { files: 1, ..counts });
        self.fresh.0.push(Collector::mark(name, bytes));
        self.fresh.1 += bytes;
        let is_full = self.rows.len() >= self.room;
        if self.folder.is_some()
            && (is_full || self.fresh.0.len() >= FILES_ASIDE || self.fresh.1 >= BYTES_ASIDE)
        {
            self.put_aside().map_err(CloudTrailError::Aside)?;
        }
        Ok(())
    }

    /// Puts aside what is done, so that it need not be read again. Does nothing without a folder.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn put_aside(&mut self) -> io::Result<()> {
        let Some(folder) = self.folder.clone().filter(|_| !self.fresh.0.is_empty()) else { return Ok(()) };
        let mut runs = std::mem::take(&mut self.partial);
        if !self.rows.is_empty() {
            runs.push(self.write_run()?);
        }
        let aside = Aside {
            question: self.question(),
            files: std::mem::take(&mut self.fresh.0),
            counts: std::mem::take(&mut self.counts),
            names: self.names.take_fresh(),
            runs,
        };
        self.fresh.1 = 0;
        fs::create_dir_all(&folder)?;
        let path = folder.join(self.free(&folder, "json"));
        // Whole or not there.
        let draft = path.with_extension("draft");
        fs::write(&draft, serde_json::to_vec(&aside)?)?;
        fs::rename(&draft, &path)?;
        self.put.merge(aside.counts);
        Ok(())
    }

    /// Writes the rows into a file; gives its name.
    fn write_run(&mut self) -> io::Result<String> {
        let folder = self.folder.clone().unwrap_or_default();
        fs::create_dir_all(&folder)?;
        let name = self.free(&folder, "rows");
        let path = folder.join(&name);
        sort::write(&path, Order::Copies, &mut self.rows)?;
        self.rows.clear();
        self.runs.push(path);
        Ok(name)
    }

    /// A name of this collector's that no interrupted import has used.
    fn free(&self, folder: &Path, ending: &str) -> String {
        let names = (0_u64..).map(|count| format!("{}-{count}.{ending}", self.number));
        let mut free = names.filter(|name| !folder.join(name).exists());
        free.next().expect("there are more numbers than files")
    }

    /// Takes over what another has gathered.
    pub fn absorb(&mut self, other: Collector) {
        self.counts.merge(other.counts);
        self.counts.merge(other.put);
        self.names.absorb(other.names);
        self.rows.extend(other.rows);
        self.runs.extend(other.runs);
    }

    /// All events, each once.
    ///
    /// # Errors
    /// What was put aside cannot be read back.
    pub fn settle(mut self) -> Result<Events, CloudTrailError> {
        self.counts.merge(std::mem::take(&mut self.put));
        let (rows, runs) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.runs));
        Events::of(self.counts, self.names, (rows, runs), self.folder, (self.filter.keeps_own, self.room))
            .map_err(CloudTrailError::Aside)
    }
}

/// A file that is being read.
struct Reading<'c> {
    collector: &'c mut Collector,
    name: &'c str,
    counts: Counts,
    /// Where its rows begin.
    from: usize,
    trouble: Option<io::Error>,
}

impl Reading<'_> {
    /// Rows that do not fit: those of the files before are put aside with their list, those of this one by themselves.
    fn make_room(&mut self) -> io::Result<()> {
        let own = self.collector.rows.split_off(self.from);
        self.collector.put_aside()?;
        self.collector.rows = own;
        self.from = 0;
        if self.collector.rows.len() >= self.collector.room {
            let name = self.collector.write_run()?;
            self.collector.partial.push(name);
        }
        Ok(())
    }
}

impl Sink for Reading<'_> {
    fn entry(&mut self, entry: Entry<'_>) {
        self.counts.records += 1;
        match entry {
            Entry::Other => {}
            Entry::Insight => self.counts.insights += 1,
            Entry::Excluding { at } => {
                if self.counts.exclusions.len() < FLAWS {
                    self.counts.exclusions.insert(at);
                }
            }
            Entry::Flawed(reason) => {
                self.counts.skipped += 1;
                if self.counts.flaws.len() < FLAWS {
                    self.counts.flaws.insert((self.name.into(), self.counts.records, reason.into()));
                }
            }
            Entry::Kms(event) if self.collector.filter.takes(&event) => {
                let row = Row::of(&event, &mut self.collector.names);
                self.collector.rows.push(row);
                if self.collector.rows.len() >= self.collector.room && self.collector.folder.is_some() {
                    let made = self.make_room();
                    self.trouble = self.trouble.take().or(made.err());
                }
            }
            Entry::Kms(_) => self.counts.filtered += 1,
        }
    }

    fn digest(&mut self) {
        self.counts.digests += 1;
    }
}
