//! What waits for the threads that read a log: files, and parts of large files that somebody else is reading.

use crate::intake::cloudtrail::{Helpers, Job};
use std::collections::VecDeque;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Files that wait at most, so that a log of any size costs no memory.
const MAX_FILES: usize = 256;
/// Parts that wait for each thread without a file, so that none is ever without one.
const PARTS_EACH: usize = 2;

/// What a file is read from.
pub enum Source {
    /// A path, and the size of what is there.
    File(PathBuf, u64),
    /// What comes of an object, by its URL and size.
    Object(String, u64, Box<dyn Read + Send>),
    /// What comes in on stdin.
    Stdin,
}

/// What to do next.
pub enum Task {
    /// Read a file.
    File(Source),
    /// Read a part of somebody else's.
    Part(Job),
}

/// Files and parts in the order in which they came.
pub struct Queue {
    threads: usize,
    waiting: Mutex<Waiting>,
    /// Something has come, or all has.
    filled: Condvar,
    /// There is room for files: half of them are gone. Room for one at a time would be a switch of threads for each.
    emptied: Condvar,
    /// Threads that read a file: [`Waiting::reading`], to be looked at in passing.
    reading: AtomicUsize,
}

#[derive(Default)]
struct Waiting {
    files: VecDeque<Source>,
    parts: VecDeque<Job>,
    reading: usize,
    /// Threads that wait for something to do.
    idle: usize,
    /// No more files come.
    is_whole: bool,
}

impl Queue {
    /// A queue for so many threads.
    pub fn new(threads: usize) -> Queue {
        Queue {
            threads,
            waiting: Mutex::default(),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            reading: AtomicUsize::new(0),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a file, once there is room.
    pub fn add(&self, file: Source) {
        let waiting = self.waiting();
        let full = |waiting: &mut Waiting| waiting.files.len() >= MAX_FILES;
        let mut waiting = self.emptied.wait_while(waiting, full).unwrap_or_else(PoisonError::into_inner);
        waiting.files.push_back(file);
        self.wake_one(waiting);
    }

    /// Wakes a thread that waits for something to do. Where none does, nothing is asked of the kernel: a log of small files is
    /// mostly handing them on.
    fn wake_one(&self, waiting: MutexGuard<'_, Waiting>) {
        let is_awaited = waiting.idle > 0;
        drop(waiting);
        if is_awaited {
            self.filled.notify_one();
        }
    }

    /// Says that no more files come.
    pub fn end(&self) {
        self.waiting().is_whole = true;
        self.filled.notify_all();
    }

    /// What comes next, as soon as there is something; nothing at the end. Whoever gets a file says [`Queue::done`] after it.
    pub fn next(&self) -> Option<Task> {
        let mut waiting = self.waiting();
        loop {
            if let Some(part) = waiting.parts.pop_front() {
                return Some(Task::Part(part));
            }
            if let Some(file) = waiting.files.pop_front() {
                waiting.reading += 1;
                self.reading.store(waiting.reading, Ordering::Relaxed);
                let has_room = waiting.files.len() == MAX_FILES / 2;
                drop(waiting);
                if has_room {
                    self.emptied.notify_one();
                }
                return Some(Task::File(file));
            }
            if waiting.is_whole && waiting.reading == 0 {
                return None;
            }
            waiting.idle += 1;
            waiting = self.filled.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            waiting.idle -= 1;
        }
    }

    /// A file was read to its end, and no more parts of it come.
    pub fn done(&self) {
        let mut waiting = self.waiting();
        waiting.reading -= 1;
        self.reading.store(waiting.reading, Ordering::Relaxed);
        let is_over = waiting.is_whole && waiting.reading == 0;
        drop(waiting);
        if is_over {
            self.filled.notify_all();
        }
    }
}

impl Helpers for Queue {
    fn are_free(&self) -> bool {
        self.reading.load(Ordering::Relaxed) < self.threads
    }

    fn give(&self, job: Job) -> Option<Job> {
        let mut waiting = self.waiting();
        if waiting.parts.len() >= PARTS_EACH * (self.threads - waiting.reading) {
            return Some(job);
        }
        waiting.parts.push_back(job);
        self.wake_one(waiting);
        None
    }

    fn take_back(&self) -> Option<Job> {
        self.waiting().parts.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_before_files_and_only_as_many_as_can_be_read_soon() {
        let queue = Queue::new(2);
        assert!(queue.are_free());
        queue.add(Source::Stdin);
        queue.add(Source::File("a".into(), 1));
        assert!(matches!(queue.next(), Some(Task::File(Source::Stdin))));
        assert!(queue.are_free(), "one of two reads");
        for _ in 0..PARTS_EACH {
            assert!(queue.give(Box::new(|| ())).is_none());
        }
        assert!(queue.give(Box::new(|| ())).is_some(), "no more than are read soon");
        assert!(matches!(queue.next(), Some(Task::Part(_))));
        assert!(queue.take_back().is_some());
        assert!(matches!(queue.next(), Some(Task::File(Source::File(..)))));
        assert!(!queue.are_free());
        assert!(queue.give(Box::new(|| ())).is_some(), "everybody has a file");
        queue.end();
        queue.done();
        queue.done();
        assert!(queue.next().is_none());
    }
}
