//! What is written down of every call: the access log and the CloudTrail records.
//!
//! A thread of its own writes; calls only hand it lines. It is flushed each second and at the end.

use super::{Error, Settings};
use crate::kms::keys::Moment;
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
/// Minutes of one delivery file, by the admin clock.
const MINUTES: i64 = 5;

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
    records: Vec<Value>,
}

fn write_all(from: &Receiver<Entry>, mut log: Option<Box<dyn Write + Send>>, mut trail: Option<Trail>) {
    loop {
        let result = match from.recv_timeout(Duration::from_secs(1)) {
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
            Err(RecvTimeoutError::Timeout) => flush(&mut log, &mut trail, false),
            Err(RecvTimeoutError::Disconnected) => {
                if let Err(e) = flush(&mut log, &mut trail, true) {
                    eprintln!("the log cannot be written: {e}");
                }
                return;
            }
        };
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
        Some(files @ Trail::Files { .. }) if is_last => files.deliver_all(),
        _ => Ok(()),
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
                let delivery =
                    open.entry(place.clone()).or_insert_with(|| Delivery { since: at, records: Vec::new() });
                let is_old = at.as_millis() - delivery.since.as_millis() >= MINUTES * 60_000;
                if delivery.records.len() >= RECORDS || is_old && !delivery.records.is_empty() {
                    let full = std::mem::replace(delivery, Delivery { since: at, records: Vec::new() });
                    deliver(root, &place, full, written)?;
                }
                delivery.records.push(record);
                Ok(())
            }
        }
    }

    fn deliver_all(&mut self) -> io::Result<()> {
        let Trail::Files { root, open, written } = self else { return Ok(()) };
        for (place, delivery) in std::mem::take(open) {
            deliver(root, &place, delivery, written)?;
        }
        Ok(())
    }
}

/// Writes a delivery file where CloudTrail would put it.
fn deliver(
    root: &Path,
    (account, region): &(String, String),
    of: Delivery,
    written: &mut u64,
) -> io::Result<()> {
    let at = jiff::Timestamp::from_millisecond(of.since.as_millis()).unwrap_or_default();
    let folder =
        root.join(at.strftime(&format!("AWSLogs/{account}/CloudTrail/{region}/%Y/%m/%d")).to_string());
    std::fs::create_dir_all(&folder)?;
    *written += 1;
    let stamp = at.strftime("%Y%m%dT%H%MZ");
    let file =
        File::create(folder.join(format!("{account}_CloudTrail_{region}_{stamp}_{written:016}.json.gz")))?;
    let mut gzip = GzEncoder::new(BufWriter::new(file), Compression::default());
    serde_json::to_writer(&mut gzip, &serde_json::json!({ "Records": of.records }))?;
    gzip.finish()?.flush()
}
