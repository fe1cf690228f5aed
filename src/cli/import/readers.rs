//! Reads the files of a log on all cores: one thread finds them, each of the others reads what comes next: a file, or a part
//! of a large one.

use super::failed;
use super::input::Input;
use super::queue::{Queue, Source, Task};
use super::walk::Found;
use crate::cli::progress::{bar, left};
use crate::cli::{Error, interrupt};
use crate::clock::Stopwatch;
use crate::intake::cloudtrail::{Collector, Filter};
use crate::notice;
use indicatif::ProgressBar;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
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
    /// How many threads do what is left to do.
    pub threads: usize,
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

    /// Counts what an earlier import has read; whether to go on.
    fn was_read(&self, bytes: u64) -> bool {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.resumed.fetch_add(1, Ordering::Relaxed);
        !self.is_over()
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// What is read, and how.
#[derive(Clone, Copy)]
pub struct Reading<'r> {
    /// Which files.
    pub input: Input<'r>,
    /// Which of their events.
    pub filter: &'r Filter,
    /// Threads that read.
    pub threads: usize,
    /// Whether progress is left untold.
    pub quiet: bool,
}

impl Reading<'_> {
    /// A collector of this reading for a thread.
    fn collector(&self, aside: &Path, number: usize) -> Collector {
        let collector = Collector::in_folder(self.filter.clone(), aside, number);
        match self.input.share {
            Some(share) => collector.within(&share.scope()),
            None => collector,
        }
    }
}

/// Reads all files; `aside` is where what does not fit goes.
///
/// # Errors
/// A file that is no log, by its name; an interruption, with what resumes it.
pub fn gather(reading: &Reading<'_>, aside: &Path) -> Result<Gathered, Error> {
    let Reading { input, threads, quiet, .. } = *reading;
    let mut first = reading.collector(aside, 0);
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
    let queue = Queue::new(threads);
    let (ended, watched) = channel::<()>();
    let collectors = std::thread::scope(|scope| {
        let (board, done, queue) = (&*board, &done, &queue);
        if !quiet {
            // Objects are not looked for twice, and a share knows its size.
            match input.share {
                Some(share) => board.total.store(share.bytes(), Ordering::Relaxed),
                None if input.has_objects() => {}
                None => _ = scope.spawn(move || count(&input, board)),
            }
            scope.spawn(move || watch(board, &watched));
        }
        scope.spawn(move || {
            find(&input, queue, done, board);
            queue.end();
        });
        let others = (1..threads).map(|number| reading.collector(aside, number));
        let readers: Vec<_> = std::iter::once(first)
            .chain(others)
            .map(|collector| scope.spawn(move || work(collector, queue, board)))
            .collect();
        let collectors: Vec<_> = readers.into_iter().map(|thread| thread.join()).collect();
        drop(ended);
        collectors
    });
    if let Some(error) = board.trouble.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let collector = together(collectors)?;
    if board.is_over() {
        return Err(Error::Interrupted(format!(
            "interrupted after {} files; the same command goes on from there",
            of(&board.files) + of(&board.resumed)
        )));
    }
    let (passed_over, resumed) = (of(&board.passed_over), of(&board.resumed));
    Ok(Gathered { collector, passed_over, resumed, threads })
}

/// What all threads have gathered.
fn together(threads: Vec<std::thread::Result<Collector>>) -> Result<Collector, Error> {
    let mut all: Option<Collector> = None;
    for thread in threads {
        let collector = thread.map_err(|_| Error::Failed("a thread that read files has panicked".into()))?;
        match &mut all {
            None => all = Some(collector),
            Some(all) => all.absorb(collector),
        }
    }
    Ok(all.unwrap_or_default())
}

/// Finds what there is to read, and begins to fetch objects.
fn find(input: &Input<'_>, queue: &Queue, done: &BTreeSet<u64>, board: &Board) {
    let mut trouble = None;
    let walked = input.walk(&mut |found| {
        let source = match found {
            Found::PassedOver => {
                board.passed_over.fetch_add(1, Ordering::Relaxed);
                return !board.is_over();
            }
            Found::Stdin => Source::Stdin,
            Found::File(path, bytes) => match done.contains(&Collector::mark(&path.to_string_lossy(), bytes))
            {
                true => return board.was_read(bytes),
                false => Source::File(path, bytes),
            },
            Found::Object(name, bytes) => match done.contains(&Collector::mark(&name, bytes)) {
                true => return board.was_read(bytes),
                false => match input.fetch(&name) {
                    Ok(object) => Source::Object(name, bytes, object),
                    Err(error) => {
                        trouble = Some(error);
                        return false;
                    }
                },
            },
        };
        queue.add(source);
        !board.is_over()
    });
    if let Err(error) = trouble.map_or(walked, Err) {
        board.fail(error);
    }
}

/// Says that a file was read, however it ended.
struct Done<'q>(&'q Queue);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.done();
    }
}

/// Reads what comes next until nothing does.
fn work(mut collector: Collector, queue: &Queue, board: &Board) -> Collector {
    while let Some(task) = queue.next() {
        match task {
            Task::Part(part) => part(),
            Task::File(source) => {
                let _done = Done(queue);
                // The one that finds files must not wait for ever.
                if !board.is_over() {
                    read(&mut collector, source, queue, board);
                }
            }
        }
    }
    if board.is_over()
        && let Err(error) = collector.put_aside()
    {
        board.fail(Error::Failed(format!("what was read cannot be put aside: {error}")));
    }
    collector
}

/// Reads a file or an object to its end.
fn read(collector: &mut Collector, source: Source, queue: &Queue, board: &Board) {
    let mut read = |name: &str, bytes: u64, input: Box<dyn Read + '_>| {
        let read = collector.read_with(name, bytes, Watched { input, board }, queue);
        read.map_err(|error| Error::Failed(format!("{name}: {error}")))
    };
    let read = match source {
        Source::Stdin => read("stdin", 0, Box::new(io::stdin().lock())),
        Source::Object(name, bytes, object) => read(&name, bytes, object),
        Source::File(path, bytes) => {
            let name = path.display().to_string();
            let opened = File::open(&path).map_err(|error| failed(&path, error));
            opened.and_then(|file| read(&name, bytes, Box::new(file)))
        }
    };
    match read {
        Ok(()) => _ = board.files.fetch_add(1, Ordering::Relaxed),
        // Somebody has stopped it, and was told why.
        Err(_) if board.is_over() => {}
        Err(error) => board.fail(error),
    }
}

/// Input whose bytes are counted, and which ends when all shall.
struct Watched<'b, R> {
    input: R,
    board: &'b Board,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.board.is_over() {
            return Err(io::Error::other("the import was stopped"));
        }
        let read = self.input.read(out)?;
        self.board.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Counts what there is to read, so that what is left can be told.
fn count(input: &Input<'_>, board: &Board) {
    let mut total = 0;
    // Whatever is wrong is told by the one who hands the files on.
    let counted = input.walk(&mut |found| {
        if let Found::File(_, bytes) | Found::Object(_, bytes) = found {
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
