//! What is written down of every call: the access log and the CloudTrail records.
//!
//! A thread of its own writes; calls only hand it lines. Lines are flushed each second, delivery files are written when
//! they are full or five minutes old, and everything at the end.

use super::{Error, Settings};
use crate::clock::Stopwatch;
use crate::kms::keys::Moment;
use crate::time::Span;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Records of one delivery file, at most.
const RECORDS: usize = 5_000;
/// The span of one delivery file, both by the admin clock and by the wall clock, so that neither a jump nor a lull
/// holds records back.
const DELIVERY: Span = Span::from_secs(5 * 60);
/// How long a line may wait to be written.
const LINGER: Span = Span::from_secs(1);

/// Something to write.
enum Entry {
    Line(String),
    /// A CloudTrail record, when it happened, its account and its Region.
    Record(Box<(Value, Moment, String, String)>),
    /// Write everything out and answer.
    Flush(Sender<()>),
}

/// Hands entries to the writer.
pub(super) struct Journal {
    to: Option<Sender<Entry>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    has_log: bool,
    has_trail: bool,
}

impl Journal {
    /// Opens what the settings name.
    ///
    /// # Errors
    /// A file or folder that cannot be written.
    pub(super) fn open(settings: &Settings) -> Result<Journal, Error> {
        let file = |path: &Path| {
            let made = File::options().create(true).append(true).open(path);
            made.map_err(|source| Error::File { path: path.into(), source })
        };
        let log: Option<Box<dyn Write + Send>> = match settings.log.as_deref() {
            None => None,
            Some(path) if path == Path::new("-") => Some(Box::new(io::stdout())),
            Some(path) => Some(Box::new(BufWriter::new(file(path)?))),
        };
        let trail = match settings.cloudtrail.as_deref() {
            None => None,
            Some(path) if path.extension().is_some_and(|e| e == "ndjson") => {
                Some(Trail::Lines(BufWriter::new(file(path)?)))
            }
            Some(path) => {
                std::fs::create_dir_all(path).map_err(|source| Error::File { path: path.into(), source })?;
                Some(Trail::Files { root: path.into(), open: BTreeMap::new(), written: 0 })
            }
        };
        let (has_log, has_trail) = (log.is_some(), trail.is_some());
        if !has_log && !has_trail {
            return Ok(Journal { to: None, writer: Mutex::new(None), has_log, has_trail });
        }
        let (to, from) = channel();
        let writer = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || write_all(&from, log, trail))
            .map_err(|e| Error::Start(e.to_string()))?;
        Ok(Journal { to: Some(to), writer: Mutex::new(Some(writer)), has_log, has_trail })
    }

    /// Whether there is an access log.
    pub(super) const fn has_log(&self) -> bool {
        self.has_log
    }

    /// Whether there is an audit trail.
    pub(super) const fn has_trail(&self) -> bool {
        self.has_trail
    }

    /// Writes a line of the access log. Lines come out in the order in which this is called.
    pub(super) fn line(&self, line: String) {
        self.send(Entry::Line(line));
    }

    /// Writes a CloudTrail record.
    pub(super) fn record(&self, record: Value, at: Moment, account: &str, region: &str) {
        self.send(Entry::Record(Box::new((record, at, account.into(), region.into()))));
    }

    fn send(&self, entry: Entry) {
        if let Some(to) = &self.to {
            // A writer that has ended has said why on stderr; calls go on.
            let _ = to.send(entry);
        }
    }

    /// Waits until everything so far is written.
    pub(super) fn flush(&self) {
        let (done, wait) = channel();
        self.send(Entry::Flush(done));
        if self.to.is_some() {
            let _ = wait.recv();
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.to = None;
        if let Ok(mut writer) = self.writer.lock()
            && let Some(writer) = writer.take()
        {
            let _ = writer.join();
        }
    }
}

/// Where CloudTrail records go.
enum Trail {
    Lines(BufWriter<File>),
    Files {
        root: PathBuf,
        /// By account and Region: the records of the file that is being filled.
        open: BTreeMap<(String, String), Delivery>,
        written: u64,
    },
}

/// A delivery file in the making.
struct Delivery {
    since: Moment,
    watch: Stopwatch,
    records: Vec<Value>,
}

impl Delivery {
    fn begin(since: Moment) -> Delivery {
        Delivery { since, watch: Stopwatch::start(), records: Vec::new() }
    }
}

fn write_all(from: &Receiver<Entry>, mut log: Option<Box<dyn Write + Send>>, mut trail: Option<Trail>) {
    let mut flushed = Stopwatch::start();
    loop {
        let result = match from.recv_timeout(Duration::from_nanos(LINGER.as_nanos())) {
            Ok(Entry::Line(line)) => log.as_mut().map_or(Ok(()), |log| log.write_all(line.as_bytes())),
            Ok(Entry::Record(entry)) => {
                let (record, at, account, region) = *entry;
                trail.as_mut().map_or(Ok(()), |trail| trail.write(record, at, (account, region)))
            }
            Ok(Entry::Flush(done)) => {
                let flushed = flush(&mut log, &mut trail, true);
                let _ = done.send(());
                flushed
            }
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => {
                if let Err(e) = flush(&mut log, &mut trail, true) {
                    eprintln!("the log cannot be written: {e}");
                }
                return;
            }
        };
        let is_due = flushed.has_passed(LINGER);
        let result = result.and_then(|()| if is_due { flush(&mut log, &mut trail, false) } else { Ok(()) });
        if let Err(e) = result {
            eprintln!("the log cannot be written, nothing more is logged: {e}");
            return;
        }
    }
}

fn flush(
    log: &mut Option<Box<dyn Write + Send>>,
    trail: &mut Option<Trail>,
    is_last: bool,
) -> io::Result<()> {
    if let Some(log) = log {
        log.flush()?;
    }
    match trail {
        Some(Trail::Lines(file)) => file.flush(),
        Some(files @ Trail::Files { .. }) => files.deliver(is_last),
        None => Ok(()),
    }
}

impl Trail {
    fn write(&mut self, record: Value, at: Moment, place: (String, String)) -> io::Result<()> {
        match self {
            Trail::Lines(file) => {
                serde_json::to_writer(&mut *file, &record)?;
                file.write_all(b"\n")
            }
            Trail::Files { root, open, written } => {
                let delivery = open.entry(place.clone()).or_insert_with(|| Delivery::begin(at));
                if delivery.records.len() >= RECORDS || at.since(delivery.since) >= DELIVERY {
                    let full = std::mem::replace(delivery, Delivery::begin(at));
                    deliver(root, &place, full, written)?;
                }
                delivery.records.push(record);
                Ok(())
            }
        }
    }

    /// Writes the files that are old enough, or all of them.
    fn deliver(&mut self, all: bool) -> io::Result<()> {
        let Trail::Files { root, open, written } = self else { return Ok(()) };
        let due = |_: &(String, String), delivery: &mut Delivery| all || delivery.watch.elapsed() >= DELIVERY;
        for (place, delivery) in open.extract_if(.., due) {
            deliver(root, &place, delivery, written)?;
        }
        Ok(())
    }
}

/// Writes a delivery file where CloudTrail would put it. What an earlier run left there stays.
fn deliver(
    root: &Path,
    (account, region): &(String, String),
    of: Delivery,
    written: &mut u64,
) -> io::Result<()> {
    let at = jiff::Timestamp::from_millisecond(of.since.as_millis()).map_err(io::Error::other)?;
    let folder = root.join(format!("AWSLogs/{account}/CloudTrail/{region}/{}", at.strftime("%Y/%m/%d")));
    std::fs::create_dir_all(&folder)?;
    let stamp = at.strftime("%Y%m%dT%H%MZ");
    let file = loop {
        *written += 1;
        let name = format!("{account}_CloudTrail_{region}_{stamp}_{written:016}.json.gz");
        match File::create_new(folder.join(name)) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            made => break made?,
        }
    };
    let mut gzip = GzEncoder::new(BufWriter::new(file), Compression::default());
    serde_json::to_writer(&mut gzip, &serde_json::json!({ "Records": of.records }))?;
    gzip.finish()?.flush()
}
