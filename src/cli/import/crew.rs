//! Reads the files of a log on all cores: one thread finds them, each of the others reads what comes next.

use super::failed;
use super::walk::{Found, walk};
use crate::cli::progress::{bar, left};
use crate::cli::{Error, interrupt};
use crate::clock::Stopwatch;
use crate::intake::cloudtrail::{Collector, Filter};
use crate::notice;
use indicatif::ProgressBar;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often a line is said where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// What was read.
pub struct Gathered {
    /// Its events.
    pub collector: Collector,
    /// Files in folders that are no logs by their names.
    pub passed_over: u64,
    /// Files that an earlier import, which was interrupted, has read.
    pub resumed: u64,
}

/// What all threads see.
#[derive(Default)]
struct Board {
    stop: Arc<AtomicBool>,
    files: AtomicU64,
    bytes: AtomicU64,
    passed_over: AtomicU64,
    resumed: AtomicU64,
    /// Bytes there are, once they are counted.
    total: AtomicU64,
    trouble: Mutex<Option<Error>>,
}

impl Board {
    fn fail(&self, error: Error) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.stop.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Reads all files below `paths`; `aside` is where what does not fit goes.
///
/// # Errors
/// A file that is no log, by its name; an interruption, with what resumes it.
pub fn gather(
    paths: &[PathBuf],
    filter: &Filter,
    aside: &Path,
    threads: usize,
    quiet: bool,
) -> Result<Gathered, Error> {
    let mut first = Collector::in_folder(filter.clone(), aside, 0);
    let done = first.resume().map_err(|error| failed(aside, error))?.ok_or_else(|| {
        let aside = aside.display();
        Error::Usage(format!(
            "{aside} holds what an import with other filters has read; --force throws it away"
        ))
    })?;
    let board = Arc::new(Board::default());
    let stopper = Arc::clone(&board.stop);
    // Another handler may stand already where this is called from a program of somebody else.
    let _ = ctrlc::set_handler(move || interrupt::interrupt(&stopper));
    let (sender, receiver) = sync_channel::<Found>(256);
    let receiver = Mutex::new(receiver);
    let (ended, watched) = channel::<()>();
    let collectors = std::thread::scope(|scope| {
        let (board, done, receiver) = (&*board, &done, &receiver);
        if !quiet {
            scope.spawn(move || count(paths, board));
            scope.spawn(move || watch(board, &watched));
        }
        scope.spawn(move || {
            let walked = walk(paths, &mut |found| sender.send(found).is_ok() && !board.is_over());
            walked.unwrap_or_else(|error| board.fail(error));
        });
        let others = (1..threads).map(|number| Collector::in_folder(filter.clone(), aside, number));
        let crew: Vec<_> = std::iter::once(first)
            .chain(others)
            .map(|collector| scope.spawn(move || work(collector, receiver, done, board)))
            .collect();
        let collectors: Vec<_> = crew.into_iter().map(|thread| thread.join()).collect();
        drop(ended);
        collectors
    });
    if let Some(error) = board.trouble.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    let mut all: Option<Collector> = None;
    for collector in collectors {
        let collector =
            collector.map_err(|_| Error::Failed("a thread that read files has panicked".into()))?;
        match &mut all {
            None => all = Some(collector),
            Some(all) => all.absorb(collector),
        }
    }
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    if board.is_over() {
        return Err(Error::Interrupted(format!(
            "interrupted after {} files; the same command goes on from there",
            of(&board.files) + of(&board.resumed)
        )));
    }
    Ok(Gathered {
        collector: all.unwrap_or_default(),
        passed_over: of(&board.passed_over),
        resumed: of(&board.resumed),
    })
}

/// Reads what comes next until nothing does.
fn work(
    mut collector: Collector,
    receiver: &Mutex<Receiver<Found>>,
    done: &BTreeSet<u64>,
    board: &Board,
) -> Collector {
    loop {
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(found) = next else { break };
        if board.is_over() {
            // The one that finds files must not wait for ever.
            continue;
        }
        let read = match found {
            Found::PassedOver => {
                board.passed_over.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            Found::Stdin => collector
                .read("stdin", 0, io::stdin().lock())
                .map_err(|error| Error::Failed(format!("stdin: {error}"))),
            Found::File(path, bytes) => {
                let name = path.display().to_string();
                board.bytes.fetch_add(bytes, Ordering::Relaxed);
                if done.contains(&Collector::mark(&name, bytes)) {
                    board.resumed.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                let opened = File::open(&path).map_err(|error| failed(&path, error));
                opened
                    .and_then(|file| collector.read(&name, bytes, file).map_err(|error| failed(&path, error)))
            }
        };
        match read {
            Ok(()) => _ = board.files.fetch_add(1, Ordering::Relaxed),
            Err(error) => board.fail(error),
        }
    }
    if board.is_over()
        && let Err(error) = collector.put_aside()
    {
        board.fail(Error::Failed(format!("what was read cannot be put aside: {error}")));
    }
    collector
}

/// Counts what there is to read, so that what is left can be told.
fn count(paths: &[PathBuf], board: &Board) {
    let mut total = 0;
    // Whatever is wrong is told by the one who hands the files on.
    let counted = walk(paths, &mut |found| {
        if let Found::File(_, bytes) = found {
            total += bytes;
        }
        !board.is_over()
    });
    if counted.is_ok() {
        board.total.store(total, Ordering::Relaxed);
    }
}

/// Shows how far it is.
fn watch(board: &Board, ended: &Receiver<()>) {
    let watch = Stopwatch::start();
    let is_terminal = io::stderr().is_terminal();
    let (bar, every) =
        if is_terminal { (bar(), Duration::from_millis(100)) } else { (ProgressBar::hidden(), EVERY) };
    while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (files, bytes, total) =
            (of(&board.files) + of(&board.resumed), of(&board.bytes), of(&board.total));
        let share = if total == 0 { 0.0 } else { (bytes as f64 / total as f64).min(1.0) };
        let far =
            format!("{files} files, {:.0} MB{}", bytes as f64 / 1e6, left(watch.elapsed(), share, false));
        bar.set_position((share * 1000.0) as u64);
        bar.set_message(far.clone());
        if !is_terminal {
            notice::tell(far);
        }
    }
    bar.finish_and_clear();
}
