//! Spreads one file over several threads: whoever reads it cuts it into batches, others read those, and what comes out is
//! put together in the order of the file, so that it is what one thread would have read.

use super::counts::Counts;
use super::envelope::{Sink, entries};
use super::event::Entry;
use super::filter::Filter;
use super::part::{Batch, Part};
use super::row::{Names, Row};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// A piece of work for whoever has time. It ends by itself and waits for nothing.
pub type Job = Box<dyn FnOnce() + Send>;

/// Threads that may have time.
pub trait Helpers {
    /// Whether anybody has.
    fn are_free(&self) -> bool;
    /// Hands a job over; gives it back if everybody has enough to do.
    fn give(&self, job: Job) -> Option<Job>;
    /// Takes back a job that nobody has begun.
    fn take_back(&self) -> Option<Job>;
}

/// Nobody.
#[derive(Clone, Copy, Debug)]
pub struct Alone;

impl Helpers for Alone {
    fn are_free(&self) -> bool {
        false
    }

    fn give(&self, job: Job) -> Option<Job> {
        Some(job)
    }

    fn take_back(&self) -> Option<Job> {
        None
    }
}

/// Batches that may wait for one before them, so that a slow helper costs time and no memory.
const MAX_AHEAD: usize = 32;

/// What was read of a batch.
#[derive(Default)]
pub(super) struct BatchResult {
    pub(super) rows: Vec<Row>,
    pub(super) names: Names,
    pub(super) counts: Counts,
}

/// Puts entries where they belong.
pub(super) struct Reading<'r> {
    pub(super) filter: &'r Filter,
    /// The file's.
    pub(super) name: &'r str,
    pub(super) rows: &'r mut Vec<Row>,
    pub(super) names: &'r mut Names,
    pub(super) counts: &'r mut Counts,
}

impl Sink for Reading<'_> {
    fn entry(&mut self, entry: Entry<'_>) {
        self.counts.records += 1;
        match entry {
            Entry::Other => {}
            Entry::Insight => self.counts.insights += 1,
            Entry::Excluding { at } => self.counts.exclude(at),
            Entry::Flawed(reason) => self.counts.flaw(self.name, reason),
            Entry::Kms(event) if self.filter.takes(&event) => {
                self.rows.push(Row::of(&event, self.names));
            }
            Entry::Kms(_) => self.counts.filtered += 1,
        }
    }

    fn digest(&mut self) {
        self.counts.digests += 1;
    }
}

/// The batches of one file that are under way.
pub(super) struct Spread<'s> {
    helpers: &'s dyn Helpers,
    name: Arc<str>,
    filter: Arc<Filter>,
    batch: Batch,
    /// How many were sent, and how many have come back in order.
    sent: usize,
    due: usize,
    /// What came back before its turn.
    early: BTreeMap<usize, BatchResult>,
    answers: (Sender<Answer>, Receiver<Answer>),
}

/// What came out of a batch, by its number; nothing if whoever read it has panicked.
type Answer = (usize, Option<BatchResult>);

/// Answers in any case, so that nobody waits for ever.
struct Promise {
    number: usize,
    to: Sender<Answer>,
    result: Option<BatchResult>,
}

impl Promise {
    fn keep(mut self, result: BatchResult) {
        self.result = Some(result);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        // Nobody listens any more where the file has turned out to be no log.
        let _ = self.to.send((self.number, self.result.take()));
    }
}

impl<'s> Spread<'s> {
    pub(super) fn new(name: &str, filter: Arc<Filter>, helpers: &'s dyn Helpers) -> Spread<'s> {
        Spread {
            helpers,
            name: name.into(),
            filter,
            batch: Batch::default(),
            sent: 0,
            due: 0,
            early: BTreeMap::new(),
            answers: channel(),
        }
    }

    /// Whether nothing is under way and nobody has time, so that parts are best read where they are.
    pub(super) fn is_idle(&self) -> bool {
        self.sent == self.due && self.batch.is_empty() && !self.helpers.are_free()
    }

    /// Sets a part aside.
    pub(super) fn push(&mut self, part: &Part<'_>) {
        self.batch.push(part);
        if self.batch.is_full() {
            self.send();
        }
    }

    /// Hands over what was set aside, or reads it here.
    pub(super) fn send(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut self.batch);
        let (name, filter) = (Arc::clone(&self.name), Arc::clone(&self.filter));
        let promise = Promise { number: self.sent, to: self.answers.0.clone(), result: None };
        self.sent += 1;
        let job = Box::new(move || {
            let mut result = BatchResult::default();
            let BatchResult { rows, names, counts } = &mut result;
            let mut reading = Reading { filter: &filter, name: &name, rows, names, counts };
            batch.parts().for_each(|part| entries(&part, &mut reading));
            promise.keep(result);
        });
        if let Some(job) = self.helpers.give(job) {
            job();
        }
    }

    /// What comes next in the file, if it is there; waits for it where too much waits behind it.
    pub(super) fn ready(&mut self) -> Option<BatchResult> {
        if self.sent - self.due > MAX_AHEAD { self.wait() } else { self.next() }
    }

    /// What comes next in the file; nothing once all has come.
    pub(super) fn wait(&mut self) -> Option<BatchResult> {
        while self.due < self.sent {
            if let Some(result) = self.next() {
                return Some(result);
            }
            // Those who had time may have begun a file of their own meanwhile.
            match self.helpers.take_back() {
                Some(job) => job(),
                None => {
                    if let Ok(answer) = self.answers.1.recv() {
                        self.keep(answer);
                    }
                }
            }
        }
        None
    }

    fn keep(&mut self, (number, result): Answer) {
        let result = result.expect("whoever reads a batch tells of a panic by itself");
        self.early.insert(number, result);
    }

    fn next(&mut self) -> Option<BatchResult> {
        while let Ok(answer) = self.answers.1.try_recv() {
            self.keep(answer);
        }
        let result = self.early.remove(&self.due)?;
        self.due += 1;
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::super::collect::Collector;
    use super::super::log::{Call, Log};
    use super::*;
    use std::cell::RefCell;
    use std::io::Write as _;

    /// Helpers who begin late, and with what came last.
    #[derive(Default)]
    struct Late(RefCell<Vec<Job>>);

    impl Helpers for Late {
        fn are_free(&self) -> bool {
            true
        }

        fn give(&self, job: Job) -> Option<Job> {
            if self.0.borrow().len() >= 3 {
                return Some(job);
            }
            self.0.borrow_mut().push(job);
            None
        }

        fn take_back(&self) -> Option<Job> {
            self.0.borrow_mut().pop()
        }
    }

    fn event(n: u64) -> String {
        let second = n * 31 % 60;
        let time = if n % 997 == 500 { "no time".into() } else { format!("2026-01-01T00:00:{second:02}Z") };
        format!(
            r#"{{"eventSource":"kms.amazonaws.com","eventName":"Decrypt","eventType":"AwsApiCall","awsRegion":"eu-west-1","eventID":"e{n}","eventTime":"{time}","userIdentity":{{"userName":"u{}"}},"requestParameters":{{"keyId":"k{}"}},"padding":"{}"}}"#,
            n % 7,
            n % 90,
            "x".repeat(300)
        )
    }

    fn read(bytes: &[u8], helpers: &dyn Helpers, mut collector: Collector) -> (Log, Vec<Call>) {
        collector.read_with("one", bytes.len() as u64, bytes, helpers).unwrap();
        let mut calls = Vec::new();
        let mut events = collector.settle(1).unwrap();
        let log = events.log(None, None, &mut |second| {
            calls.extend_from_slice(second.calls);
            Ok(())
        });
        (log.unwrap(), calls)
    }

    #[test]
    fn what_several_have_read_of_one_file_is_what_one_has() {
        let all: Vec<String> = (0..8_000).map(event).collect();
        let broken = format!("{}\n{{\n{}", all[..4_000].join("\n"), all[4_000..].join("\n"));
        let list = format!(r#"{{"Records":[{}]}}"#, all.join(","));
        let mut gzipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzipped.write_all(list.as_bytes()).unwrap();
        let mut table = String::from("eventTime,eventSource,eventName,awsRegion,eventID,padding\n");
        for n in 0..20_000 {
            let padding = "y".repeat(90);
            table += &format!("2026-01-01T00:00:00Z,kms.amazonaws.com,Decrypt,eu-west-1,e{n},{padding}\n");
        }
        let lines: String = all.iter().map(|event| format!("EVENTS\tus\t{event}\n")).collect();
        let forms = [
            broken.into_bytes(),
            list.into_bytes(),
            gzipped.finish().unwrap(),
            table.into_bytes(),
            lines.into_bytes(),
        ];
        for bytes in forms {
            let alone = read(&bytes, &Alone, Collector::new(Filter::default()));
            assert!(alone.0.kms_events > 7_900, "{}", alone.0.kms_events);
            let spread = read(&bytes, &Late::default(), Collector::new(Filter::default()));
            assert_eq!(spread, alone);
            let folder = tempfile::tempdir().unwrap();
            let small = Collector::in_folder(Filter::default(), folder.path(), 0).with_room(500);
            assert_eq!(read(&bytes, &Late::default(), small), alone);
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_wherever_it_was_read() {
        let mut text: String = (0..5_000).map(|n| event(n) + ",").collect();
        text.insert(0, '[');
        let mut collector = Collector::new(Filter::default());
        let error = collector.read_with("one", 0, text.as_bytes(), &Late::default()).unwrap_err();
        assert!(error.to_string().contains("not a whole CloudTrail log"), "{error}");
        assert_eq!(collector.settle(1).unwrap().log(None, None, &mut |_| Ok(())).unwrap().kms_events, 0);
    }
}
