//! A worker: pulls cells, runs them, puts what came of them into the store, and acknowledges then.

use super::objects::RunObjects;
use super::queue::Queue;
use super::wire::{Hello, Note, Offer, Version, asked_name, bytes, short};
use super::{Error, Link, Way};
use crate::clock::{self, Stopwatch};
use crate::notice;
use crate::time::Span;
use async_nats::jetstream::message::AckKind;
use async_nats::jetstream::{Message, consumer::pull};
use futures_util::StreamExt as _;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// Where workers speak to the coordinator of a run.
pub(super) const NOTES: &str = "keystorm.notes";
/// Where workers say that they are there.
pub(super) const WORKERS: &str = "keystorm.workers";
/// Between two words that a worker is there.
const HELLO_EVERY: Span = Span::from_secs(3);
/// Between two words that a cell is being run.
const BEAT: Span = Span::from_secs(3);
/// After a loss.
const AGAIN: Span = Span::from_millis(500);
/// How long one asks for a cell before asking anew, and how often the server says that it is still there.
const ASKS_FOR: Duration = Duration::from_secs(30);
const SERVER_BEATS: Duration = Duration::from_secs(2);
/// A cell that this worker cannot run goes to another after so long.
const ELSEWHERE: Duration = Duration::from_secs(15);
/// How long one tries to put a result into a store that does not take it.
const PUTS_FOR: Span = Span::from_secs(60);
/// Deliveries after which somebody should know that a cell never comes to an end.
const OFTEN: i64 = 5;
/// Bytes of a question, and of a trace.
const MOST_QUESTION: usize = 64 << 20;
const MOST_TRACE: usize = 2 << 30;
/// Bytes of what is asked of one cell.
const MOST_ASKED: usize = 64 << 20;
/// Runs that are kept open at once.
const RUNS: usize = 4;

/// A cell's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its name, which tells the key and the sum of its bytes.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What runs cells.
pub trait Mill: Send + Sync + 'static {
    /// A run that was opened.
    type Run: Send + Sync + 'static;

    /// The names of the objects that a question needs beside itself.
    ///
    /// # Errors
    /// A sentence, for what is no question.
    fn traces(&self, question: &[u8]) -> Result<Vec<String>, String>;

    /// Opens the run of this hash.
    ///
    /// # Errors
    /// A sentence, for a question that is another run's, or that cannot be run here.
    fn open(&self, run: &str, question: &[u8], traces: &[(String, Vec<u8>)]) -> Result<Self::Run, String>;

    /// Whether each cell of the run has an object of its own that tells what is asked.
    fn is_asked_by_cell(&self, run: &Self::Run) -> bool;

    /// Runs a cell, of which `asked` tells what is asked where it has such an object; `None` if it was told to stop meanwhile.
    ///
    /// # Errors
    /// A sentence, for a key that is none of the run's.
    fn grind(&self, run: &Self::Run, key: &str, asked: &[u8]) -> Result<Option<Cell>, String>;
}

/// The name of the object that holds a run's question.
pub const QUESTION: &str = "question";

/// How a worker works.
#[derive(Clone, Debug)]
pub struct How {
    /// What it is called.
    pub name: String,
    /// Cells that it runs at once.
    pub threads: usize,
    /// After how long without a cell it ends; never if there is none.
    pub idle: Option<Span>,
}

struct Worker<M: Mill> {
    way: Way,
    how: How,
    mill: Arc<M>,
    link: Link,
    stop: watch::Receiver<bool>,
    /// Runs that are open, by their hashes; the one that was asked for last comes last.
    runs: tokio::sync::Mutex<Vec<(String, Arc<M::Run>)>>,
    busy: AtomicUsize,
    done: AtomicU64,
    last: Mutex<Stopwatch>,
    told: Mutex<BTreeSet<String>>,
}

/// What becomes of a message.
enum Fate {
    /// Its result is in the store.
    Done,
    /// It is none that anybody can run.
    Refused(String),
    /// Another may run it.
    Elsewhere(String, Offer),
    /// This worker stops.
    Stopped,
}

/// Runs cells until stopped, or idle for long; gives how many.
///
/// # Errors
/// [`Error::Usage`] and [`Error::Refused`] as [`Way::connect`].
pub async fn work<M: Mill>(way: &Way, how: How, mill: M, stop: watch::Receiver<bool>) -> Result<u64, Error> {
    let mut stopped = stop.clone();
    let name = format!("keystorm worker {}", how.name);
    let link = tokio::select! {
        link = way.connect(&name) => link?,
        _ = stopped.wait_for(|stop| *stop) => return Ok(0),
    };
    let worker = Worker {
        way: way.clone(),
        how,
        mill: Arc::new(mill),
        link,
        stop,
        runs: tokio::sync::Mutex::default(),
        busy: AtomicUsize::new(0),
        done: AtomicU64::new(0),
        last: Mutex::new(Stopwatch::start()),
        told: Mutex::default(),
    };
    let slots = (0..worker.how.threads.max(1)).map(|_| worker.slot());
    let ended = tokio::select! {
        ended = futures_util::future::try_join_all(slots) => ended.map(drop),
        () = worker.is_idle() => Ok(()),
    };
    // What was said last leaves before the connection ends; a bus that is away has nobody to hear it.
    let _ = clock::within(Span::from_secs(1), worker.link.client.flush()).await;
    ended.map(|()| worker.done.load(Ordering::Relaxed))
}

impl<M: Mill> Worker<M> {
    /// Says every few seconds that it is there; comes back when there was nothing to do for long.
    async fn is_idle(&self) {
        let hello = bytes(&Hello {
            of: Version::own(),
            worker: self.how.name.clone(),
            threads: u32::try_from(self.how.threads).unwrap_or(u32::MAX),
        });
        let mut since: Option<Stopwatch> = None;
        loop {
            if since.is_none_or(|since| since.elapsed() >= HELLO_EVERY) {
                // Whoever does not hear it hears the next one.
                let _ = self.link.client.publish(WORKERS, hello.clone().into()).await;
                since = Some(Stopwatch::start());
            }
            clock::sleep(AGAIN).await;
            let quiet_for = self.last.lock().expect("nobody panics holding it").elapsed();
            let is_free = self.busy.load(Ordering::Relaxed) == 0;
            if self.how.idle.is_some_and(|idle| is_free && quiet_for >= idle) {
                return;
            }
        }
    }

    /// Runs one cell after the other; what is lost is made again.
    async fn slot(&self) -> Result<(), Error> {
        loop {
            match self.session().await {
                Err(Error::Lost(why)) => self.say(&format!("the bus gives no cells now: {why}")),
                ended => return ended,
            }
            clock::sleep(AGAIN).await;
            if *self.stop.borrow() {
                return Ok(());
            }
        }
    }

    async fn session(&self) -> Result<(), Error> {
        let lost = |error: &dyn std::fmt::Display| Error::lost("nothing can be pulled", error);
        let consumer = Queue::at(&self.link).await?.consumer().await?;
        let asked: Result<pull::Stream, _> = consumer
            .stream()
            .max_messages_per_batch(1)
            .expires(ASKS_FOR)
            .heartbeat(SERVER_BEATS)
            .messages()
            .await;
        let mut messages = asked.map_err(|error| lost(&error))?;
        let mut stop = self.stop.clone();
        loop {
            let message = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
                message = messages.next() => message.ok_or_else(|| lost(&"the server has ended it"))?,
            };
            let message = message.map_err(|error| lost(&error))?;
            self.busy.fetch_add(1, Ordering::Relaxed);
            let served = self.serve(&message).await;
            *self.last.lock().expect("nobody panics holding it") = Stopwatch::start();
            self.busy.fetch_sub(1, Ordering::Relaxed);
            served?;
        }
    }

    /// Does what a message asks for, and answers it.
    async fn serve(&self, message: &Message) -> Result<(), Error> {
        let kind = match beating(message, self.fate(message)).await? {
            Fate::Done => {
                self.done.fetch_add(1, Ordering::Relaxed);
                AckKind::Ack
            }
            Fate::Stopped => AckKind::Nak(None),
            Fate::Refused(why) => {
                self.say(&format!("refused from the bus: a cell that is none: {why}"));
                AckKind::Term
            }
            Fate::Elsewhere(why, offer) => {
                self.say(&why);
                self.note(&offer.run, &Note::Trouble { worker: self.how.name.clone(), why }).await;
                AckKind::Nak(Some(ELSEWHERE))
            }
        };
        message.ack_with(kind).await.map_err(|error| Error::lost("nothing can be acknowledged", error))
    }

    async fn fate(&self, message: &Message) -> Result<Fate, Error> {
        let offer = match Offer::read(&message.payload) {
            Ok(offer) if offer.of == Version::own() => offer,
            Ok(offer) => return Ok(Fate::Refused(format!("it is keystorm {}'s", offer.of.token()))),
            Err(why) => return Ok(Fate::Refused(why)),
        };
        if let Ok(info) = message.info()
            && info.delivered == OFTEN
        {
            let why = format!(
                "cell {} was given out {OFTEN} times, and nobody has brought it back yet",
                short(&offer.key)
            );
            self.note(&offer.run, &Note::Trouble { worker: self.how.name.clone(), why }).await;
        }
        let Some(objects) = RunObjects::find(&self.link, &offer.run).await? else {
            return Ok(Fate::Refused("its run is over".into()));
        };
        let run = match self.run(&offer, &objects).await? {
            Ok(run) => run,
            Err(why) => return Ok(Fate::Elsewhere(why, offer)),
        };
        let asked = match self.mill.is_asked_by_cell(&run) {
            true => match objects.get(&asked_name(short(&offer.key)), MOST_ASKED).await {
                Ok(Some(found)) => found.bytes,
                // It was brought by another, or its coordinator has yet to lay it out again.
                Ok(None) => return Ok(Fate::Refused("nobody asks for it any more".into())),
                Err(Error::Refused(why)) => return Ok(Fate::Elsewhere(why, offer)),
                Err(error) => return Err(error),
            },
            false => Vec::new(),
        };
        let (mill, key) = (Arc::clone(&self.mill), offer.key.clone());
        match tokio::task::spawn_blocking(move || mill.grind(&run, &key, &asked)).await {
            Ok(Ok(Some(cell))) => self.bring(&offer, &cell).await,
            Ok(Ok(None)) => Ok(Fate::Stopped),
            Ok(Err(why)) => Ok(Fate::Refused(why)),
            Err(error) => Ok(Fate::Elsewhere(format!("cell {}: {error}", short(&offer.key)), offer)),
        }
    }

    /// Puts a cell into the store, and says so. A bus that is away is waited for, as long as the work is worth it.
    async fn bring(&self, offer: &Offer, cell: &Cell) -> Result<Fate, Error> {
        let since = Stopwatch::start();
        loop {
            let put = match RunObjects::find(&self.link, &offer.run).await {
                Ok(Some(objects)) => objects.put(&cell.name, &cell.bytes).await,
                // A server that has lost it is given it again by the coordinator, if that is still there.
                Ok(None) => Err(Error::Lost("the run's object store is not there".into())),
                Err(error) => Err(error),
            };
            match put {
                Ok(()) => break,
                Err(error) if since.elapsed() >= PUTS_FOR || *self.stop.borrow() => return Err(error),
                Err(error) => self.say(&format!("a result waits: {error}")),
            }
            clock::sleep(AGAIN).await;
        }
        self.note(&offer.run, &Note::Kept { name: cell.name.clone() }).await;
        Ok(Fate::Done)
    }

    /// The run of an offer, opened once; or why it cannot be run here.
    async fn run(&self, offer: &Offer, objects: &RunObjects) -> Result<Result<Arc<M::Run>, String>, Error> {
        let mut runs = self.runs.lock().await;
        if let Some(at) = runs.iter().position(|(run, _)| *run == offer.run) {
            let known = runs.remove(at);
            let run = Arc::clone(&known.1);
            runs.push(known);
            return Ok(Ok(run));
        }
        // What cannot be opened is not remembered: the question may have been somebody else's.
        let run = match self.open(&offer.run, objects).await? {
            Ok(run) => Arc::new(run),
            Err(why) => return Ok(Err(why)),
        };
        if runs.len() == RUNS {
            drop(runs.remove(0));
        }
        runs.push((offer.run.clone(), Arc::clone(&run)));
        Ok(Ok(run))
    }

    async fn open(&self, run: &str, objects: &RunObjects) -> Result<Result<M::Run, String>, Error> {
        let fetch = |name: String, most: usize| async move {
            match objects.get(&name, most).await? {
                Some(found) => Ok(found.bytes),
                None => Err(Error::Lost(format!("the run's {name} is not on the bus"))),
            }
        };
        let question = match fetch(QUESTION.into(), MOST_QUESTION).await {
            Ok(question) => question,
            Err(Error::Refused(why)) => return Ok(Err(why)),
            Err(error) => return Err(error),
        };
        let names = match self.mill.traces(&question) {
            Ok(names) => names,
            Err(why) => return Ok(Err(why)),
        };
        let mut traces = Vec::new();
        for name in names {
            match fetch(name.clone(), MOST_TRACE).await {
                Ok(trace) => traces.push((name, trace)),
                Err(Error::Refused(why)) => return Ok(Err(why)),
                Err(error) => return Err(error),
            }
        }
        let (mill, run) = (Arc::clone(&self.mill), run.to_owned());
        let opened = tokio::task::spawn_blocking(move || mill.open(&run, &question, &traces)).await;
        Ok(opened.unwrap_or_else(|error| Err(format!("its run cannot be opened: {error}"))))
    }

    async fn note(&self, run: &str, note: &Note) {
        // A hint: whoever does not hear it looks into the store.
        let _ = self.link.client.publish(format!("{NOTES}.{}", short(run)), bytes(note).into()).await;
    }

    /// Says a sentence once.
    fn say(&self, sentence: &str) {
        let sentence = super::printable(sentence);
        let mut told = self.told.lock().expect("nobody panics holding it");
        if told.len() < MOST_TOLD && told.insert(sentence.clone()) && !self.way.quiet {
            notice::tell(format_args!("keystorm: {sentence}"));
        }
    }
}

/// Different sentences that are told: whoever writes to the bus fills no memory and no terminal.
const MOST_TOLD: usize = 100;

/// What `work` comes to, with a word every few seconds that it is being done.
async fn beating<T>(message: &Message, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        if let Some(done) = clock::within(BEAT, work.as_mut()).await {
            return done;
        }
        // One that does not arrive is one of three.
        let _ = message.ack_with(AckKind::Progress).await;
    }
}
