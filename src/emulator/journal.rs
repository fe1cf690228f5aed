//! What is written down of every call: the access log and the CloudTrail records.
//!
//! A thread of its own writes; calls only hand it entries, once there is room for them. Lines are flushed each second,
//! delivery files are written when they are full or five minutes old, and everything at the end.

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
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Records of one delivery file, at most.
const RECORDS: usize = 5_000;
/// The span of one delivery file, both by the admin clock and by the wall clock, so that neither a jump nor a lull
/// holds records back.
const DELIVERY: Span = Span::from_secs(5 * 60);
/// How long a line may wait to be written.
const LINGER: Span = Span::from_secs(1);
/// Entries that may wait to be written. Calls wait while there are so many: a slow disk makes a slow server, and not one
/// that fills its memory.
const BACKLOG: usize = 10_000;

/// Room for one entry, until it is written.
pub(crate) struct Room(
    #[expect(dead_code, reason = "it is given back when it is dropped")] OwnedSemaphorePermit,
);

/// Something to write.
enum Entry {
    Line(String, Room),
    /// A CloudTrail record, when it happened, its account and its Region.
    Record(Box<(Value, Moment, String, String)>, Room),
    /// Write everything out and answer.
    Flush(Sender<()>),
}

/// Hands entries to the writer.
pub(crate) struct Journal {
    to: Option<Sender<Entry>>,
    room: Arc<Semaphore>,
    writer: Mutex<Option<JoinHandle<()>>>,
    has_log: bool,
    has_trail: bool,
}

impl Journal {
    /// Opens what the settings name.
    ///
    /// # Errors
    /// A file or folder that cannot be written.
    pub(crate) fn open(settings: &Settings) -> Result<Journal, Error> {
        let file = |path: &Path| {
            // Who calls what is nobody else's to read.
            let made = File::options().create(true).append(true).mode(0o600).open(path);
            made.map_err(|source| Error::File { path: path.into(), source })
        };
        let log: Option<Log> = match settings.log.as_deref() {
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
                own_folder(path).map_err(|source| Error::File { path: path.into(), source })?;
                Some(Trail::Files { root: path.into(), open: BTreeMap::new(), written: 0 })
            }
        };
        Journal::begin(log, trail).map_err(|e| Error::Start(e.to_string()))
    }

    fn begin(log: Option<Log>, trail: Option<Trail>) -> io::Result<Journal> {
        let (has_log, has_trail) = (log.is_some(), trail.is_some());
        let room = Arc::new(Semaphore::new(BACKLOG));
        if !has_log && !has_trail {
            return Ok(Journal { to: None, room, writer: Mutex::new(None), has_log, has_trail });
        }
        let (to, from) = channel();
        let writer =
            std::thread::Builder::new().name("journal".into()).spawn(move || write_all(&from, log, trail))?;
        Ok(Journal { to: Some(to), room, writer: Mutex::new(Some(writer)), has_log, has_trail })
    }

    /// Waits until there is room for a line of the access log; `None` if there is no such log.
    pub(crate) async fn room_for_line(&self) -> Option<Room> {
        if self.has_log { Some(self.room().await) } else { None }
    }

    /// Waits until there is room for a record of the audit trail; `None` if there is none.
    pub(crate) async fn room_for_record(&self) -> Option<Room> {
        if self.has_trail { Some(self.room().await) } else { None }
    }

    async fn room(&self) -> Room {
        Room(Arc::clone(&self.room).acquire_owned().await.expect("nobody closes it"))
    }

    /// Writes a line of the access log. Lines come out in the order in which this is called.
    pub(crate) fn line(&self, line: String, room: Room) {
        self.send(Entry::Line(line, room));
    }

    /// Writes a CloudTrail record.
    pub(crate) fn record(&self, record: Value, at: Moment, (account, region): (&str, &str), room: Room) {
        self.send(Entry::Record(Box::new((record, at, account.into(), region.into())), room));
    }

    fn send(&self, entry: Entry) {
        if let Some(to) = &self.to {
            // A writer that has ended has said why on stderr; calls go on.
            let _ = to.send(entry);
        }
    }

    /// Waits until everything so far is written.
    pub(crate) fn flush(&self) {
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

/// Where the access log goes.
type Log = Box<dyn Write + Send>;

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

fn write_all(from: &Receiver<Entry>, mut log: Option<Log>, mut trail: Option<Trail>) {
    let mut flushed = Stopwatch::start();
    loop {
        let result = match from.recv_timeout(Duration::from_nanos(LINGER.as_nanos())) {
            Ok(Entry::Line(line, _room)) => log.as_mut().map_or(Ok(()), |log| log.write_all(line.as_bytes())),
            Ok(Entry::Record(entry, _room)) => {
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
                    tracing::error!("the log cannot be written: {e}");
                }
                return;
            }
        };
        let is_due = flushed.has_passed(LINGER);
        let result = result.and_then(|()| if is_due { flush(&mut log, &mut trail, false) } else { Ok(()) });
        if let Err(e) = result {
            tracing::error!("the log cannot be written, nothing more is logged: {e}");
            return;
        }
    }
}

fn flush(log: &mut Option<Log>, trail: &mut Option<Trail>, is_last: bool) -> io::Result<()> {
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

/// Makes a folder that its owner alone may use, unless it is there.
fn own_folder(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
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
    own_folder(&folder)?;
    let stamp = at.strftime("%Y%m%dT%H%MZ");
    let file = loop {
        *written += 1;
        let name = format!("{account}_CloudTrail_{region}_{stamp}_{written:016}.json.gz");
        match File::options().write(true).create_new(true).mode(0o600).open(folder.join(name)) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            made => break made?,
        }
    };
    let mut gzip = GzEncoder::new(BufWriter::new(file), Compression::default());
    serde_json::to_writer(&mut gzip, &serde_json::json!({ "Records": of.records }))?;
    gzip.finish()?.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// A disk that takes a write for each word that comes, and hands on what it has written.
    struct Disk {
        go_on: Receiver<()>,
        written: Sender<Vec<u8>>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.go_on.recv().map_err(io::Error::other)?;
            self.written.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_logs_waits_for_a_slow_disk_and_nothing_is_lost() {
        let ((go_on, told), (written, read)) = (channel(), channel());
        let journal = Journal::begin(Some(Box::new(Disk { go_on: told, written })), None).unwrap();
        let mut context = Context::from_waker(Waker::noop());
        for n in 0..BACKLOG {
            let Poll::Ready(Some(room)) = pin!(journal.room_for_line()).poll(&mut context) else {
                panic!("no room for line {n}");
            };
            journal.line(format!("{n}\n"), room);
        }
        let trail = pin!(journal.room_for_record()).poll(&mut context);
        assert!(matches!(trail, Poll::Ready(None)), "there is no trail to wait for");
        {
            let mut waiting = pin!(journal.room_for_line());
            assert!(waiting.as_mut().poll(&mut context).is_pending(), "the backlog has no bound");
            go_on.send(()).unwrap();
            read.recv().unwrap();
            // The disk has the line; its room is given back a moment later.
            while waiting.as_mut().poll(&mut context).is_pending() {}
        }
        (1..BACKLOG).for_each(|_| go_on.send(()).unwrap());
        drop(journal);
        assert_eq!(read.iter().count(), BACKLOG - 1);
    }
}
