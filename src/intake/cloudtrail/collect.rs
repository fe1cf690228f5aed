//! Gathers the events of many files, in memory that does not grow with them; each thread has a collector of its own.
//!
//! With a folder, rows that do not fit are put aside there, each time with a list of the files that are thereby done: whoever
//! begins again with the same folder reads only the others.

use super::counts::Counts;
use super::document;
use super::envelope::entries;
use super::error::CloudTrailError;
use super::events::Events;
use super::filter::Filter;
use super::part::Part;
use super::row::{Names, Row, mark};
use super::sort::{self, Order, ROOM, Run, Sorter};
use super::spread::{Alone, BatchResult, Helpers, Reading, Spread};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files after which what was read is put aside, so that an interrupted import loses little.
const FILES_ASIDE: usize = 20_000;
/// Bytes after which it is, as they are on the disk.
const BYTES_ASIDE: u64 = 256 << 20;

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
    filter: Arc<Filter>,
    /// Which files are read, where it is a share of them: nothing is resumed with others.
    scope: String,
    counts: Counts,
    /// Counted where it was put aside already.
    put: Counts,
    names: Names,
    rows: Vec<Row>,
    folder: Option<PathBuf>,
    /// Tells this collector's files in the folder from those of others.
    number: usize,
    room: usize,
    runs: Vec<Run>,
    /// Done, and not put aside yet: the files, their bytes.
    fresh: (Vec<u64>, u64),
    /// Put aside with rows of a file that is not done yet.
    partial: Vec<String>,
}

impl Collector {
    /// One that holds all in memory.
    pub fn new(filter: Filter) -> Collector {
        Collector { filter: Arc::new(filter), room: usize::MAX, ..Collector::default() }
    }

    /// One that puts aside in `folder` what does not fit; `number` is another for each thread.
    pub fn in_folder(filter: Filter, folder: &Path, number: usize) -> Collector {
        Collector {
            filter: Arc::new(filter),
            folder: Some(folder.into()),
            number,
            room: ROOM,
            ..Collector::default()
        }
    }

    /// The same, which holds at most so many rows.
    pub fn with_room(self, rows: usize) -> Collector {
        Collector { room: rows, ..self }
    }

    /// The same for a share of the files, which `scope` names.
    pub fn within(self, scope: &str) -> Collector {
        Collector { scope: scope.into(), ..self }
    }

    /// What is asked, as text: an import can be resumed only with the same.
    pub fn question(&self) -> String {
        format!("2 {:?} {}", self.filter, self.scope)
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
            self.runs.extend(aside.runs.iter().map(|name| Run::whole(folder.join(name))));
            kept.insert(path.clone());
        }
        kept.extend(self.runs.iter().map(|run| run.path().to_path_buf()));
        for path in paths.iter().filter(|path| !kept.contains(*path)) {
            fs::remove_file(path).map_err(CloudTrailError::Aside)?;
        }
        Ok(Some(done))
    }

    /// What a file is called among those that are done: by its path and its size.
    pub fn mark(path: &str, bytes: u64) -> u64 {
        mark(path, bytes)
    }

    /// Adds what a file or a stream holds; `name` is for messages, `bytes` is its size where it is known.
    ///
    /// # Errors
    /// It is no log as a whole, or what was read cannot be put aside.
    pub fn read(&mut self, name: &str, bytes: u64, input: impl Read) -> Result<(), CloudTrailError> {
        self.read_with(name, bytes, input, &Alone)
    }

    /// The same; `helpers` read what they have time for, and what comes out is the same.
    ///
    /// # Errors
    /// As [`Collector::read`].
    pub fn read_with(
        &mut self,
        name: &str,
        bytes: u64,
        input: impl Read,
        helpers: &dyn Helpers,
    ) -> Result<(), CloudTrailError> {
        let mut file = File {
            from: self.rows.len(),
            name,
            counts: Counts::default(),
            trouble: None,
            spread: Spread::new(name, Arc::clone(&self.filter), helpers),
        };
        let read = document::cut(input, &mut |part| file.take(&part, self));
        file.finish(self);
        let File { from, counts, trouble, .. } = file;
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
        self.runs.push(Run::whole(path));
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

    /// All events, each once; what comes out is the same for any number of `threads`.
    ///
    /// # Errors
    /// What was put aside cannot be read back.
    pub fn settle(mut self, threads: usize) -> Result<Events, CloudTrailError> {
        self.counts.merge(std::mem::take(&mut self.put));
        let (rows, runs) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.runs));
        let (keeps_own, room) = (self.filter.keeps_own, self.room);
        Events::of((self.counts, self.names), (rows, runs), self.folder, (keeps_own, room), threads)
            .map_err(CloudTrailError::Aside)
    }

    /// What was gathered, to be kept for whoever adds up all shares.
    pub(super) fn into_share(mut self) -> (Counts, Names, Sorter) {
        self.counts.merge(std::mem::take(&mut self.put));
        let sorter = Sorter::new(Order::Copies, self.folder, self.room).with(self.runs, self.rows);
        (self.counts, self.names, sorter)
    }

    /// Adds what somebody else has gathered and kept.
    pub(super) fn add_share(&mut self, (counts, names, run): (Counts, Names, Run)) {
        self.counts.merge(counts);
        self.names.absorb(names);
        self.runs.push(run);
    }
}

/// A file that is being read.
struct File<'f> {
    name: &'f str,
    counts: Counts,
    /// Where its rows begin.
    from: usize,
    trouble: Option<io::Error>,
    spread: Spread<'f>,
}

impl File<'_> {
    /// Reads a part, or sets it aside for others.
    fn take(&mut self, part: &Part<'_>, collector: &mut Collector) {
        if self.spread.is_idle() {
            let filter = &*collector.filter;
            let (rows, names, counts) = (&mut collector.rows, &mut collector.names, &mut self.counts);
            entries(part, &mut Reading { filter, name: self.name, rows, names, counts });
            self.make_room(collector);
            return;
        }
        self.spread.push(part);
        while let Some(result) = self.spread.ready() {
            self.add(result, collector);
        }
    }

    /// Waits for what others read.
    fn finish(&mut self, collector: &mut Collector) {
        self.spread.send();
        while let Some(result) = self.spread.wait() {
            self.add(result, collector);
        }
    }

    /// Adds what comes next in the file.
    fn add(&mut self, result: BatchResult, collector: &mut Collector) {
        self.counts.follow(result.counts);
        let renamed = collector.names.adopt(result.names);
        collector.rows.extend(result.rows.into_iter().map(|row| match renamed.get(&row.who) {
            Some(who) => Row { who: *who, ..row },
            None => row,
        }));
        self.make_room(collector);
    }

    /// Rows that do not fit: those of the files before are put aside with their list, those of this one by themselves.
    fn make_room(&mut self, collector: &mut Collector) {
        if collector.rows.len() < collector.room || collector.folder.is_none() {
            return;
        }
        let made = (|| {
            let own = collector.rows.split_off(self.from);
            collector.put_aside()?;
            collector.rows = own;
            self.from = 0;
            if collector.rows.len() >= collector.room {
                let name = collector.write_run()?;
                collector.partial.push(name);
            }
            Ok(())
        })();
        self.trouble = self.trouble.take().or(made.err());
    }
}
