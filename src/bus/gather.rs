//! The coordinator: offers the cells that are missing, and gathers those that are there, until none is missing.

use super::objects::RunObjects;
use super::queue::Queue;
use super::wire::{Hello, Note, Offer, Version, asked_name, key_in, printable, short};
use super::worker::{NOTES, WORKERS};
use super::{Error, Link, Way};
use crate::clock::{self, Stopwatch};
use crate::notice;
use crate::time::Span;
use async_nats::Subscriber;
use futures_util::StreamExt as _;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::{mpsc, watch};

/// How often queue and store are looked at.
const LOOK_EVERY: Span = Span::from_secs(2);
/// Between two attempts to begin again.
const AGAIN: Span = Span::from_millis(500);
/// When it is said that no worker is there.
const LONELY: Span = Span::from_secs(10);
/// Cells of one run that are queued at once: what a server holds in memory is bounded.
const MOST_QUEUED: usize = 10_000;
/// Bytes of the largest cell that is fetched.
const MOST_BYTES: usize = 512 << 20;

/// What is gathered.
pub struct Wanted<'w> {
    /// The run.
    pub run: &'w str,
    /// The keys of all its cells that are not there.
    pub keys: Vec<String>,
    /// What workers need beside the keys, by the names of its objects.
    pub material: Vec<String>,
    /// Reads such an object.
    pub read: &'w (dyn Fn(&str) -> std::io::Result<Vec<u8>> + Sync),
}

/// A cell that turns out to be wanted while others are gathered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct More {
    /// Its key.
    pub key: String,
    /// What is asked of whoever runs it: the object of `asked_name`, beside the run's question.
    pub asked: Vec<u8>,
}

/// What became of a file that the bus gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It is a cell of the run, and is kept.
    Kept,
    /// It is none, for this reason.
    Refused(String),
    /// It cannot be kept here: everything ends.
    Failed(String),
}

/// How gathering ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With every cell.
    Whole,
    /// Because it was told to stop.
    Stopped,
}

/// A cell that is missing, and the last attempt under which it was offered.
struct Missing {
    key: String,
    attempt: u32,
    /// What its worker needs beside the run's question.
    asked: Option<Vec<u8>>,
}

struct Gathering<'g> {
    way: &'g Way,
    wanted: &'g Wanted<'g>,
    /// By the key's first digits.
    missing: BTreeMap<String, Missing>,
    /// Who wants more of them; none once nobody will.
    more: Option<mpsc::UnboundedReceiver<More>>,
    keep: &'g mut dyn FnMut(&str, &[u8]) -> Judged,
    stop: watch::Receiver<bool>,
    /// Whether a worker of this version was heard of.
    has_worker: bool,
    /// Those of another that were told of.
    foreign: BTreeSet<String>,
    begun: Stopwatch,
    is_lonely_told: bool,
    told: BTreeSet<String>,
}

/// Gathers what is wanted, and what comes by `more` until that is closed; each file goes to `keep` by its name, which judges
/// it.
///
/// # Errors
/// [`Error::Usage`] and [`Error::Refused`] as [`Way::connect`]; [`Error::Refused`] for a file that cannot be kept here.
pub async fn gather(
    way: &Way,
    wanted: &Wanted<'_>,
    more: Option<mpsc::UnboundedReceiver<More>>,
    keep: &mut dyn FnMut(&str, &[u8]) -> Judged,
    stop: watch::Receiver<bool>,
) -> Result<Ended, Error> {
    let mut stopped = stop.clone();
    let link = tokio::select! {
        link = way.connect("keystorm coordinator") => link?,
        _ = stopped.wait_for(|stop| *stop) => return Ok(Ended::Stopped),
    };
    let missing =
        |key: &String| (short(key).to_owned(), Missing { key: key.clone(), attempt: 0, asked: None });
    let mut gathering = Gathering {
        way,
        wanted,
        missing: wanted.keys.iter().map(missing).collect(),
        more,
        keep,
        stop,
        has_worker: false,
        foreign: BTreeSet::new(),
        begun: Stopwatch::start(),
        is_lonely_told: false,
        told: BTreeSet::new(),
    };
    loop {
        match gathering.session(&link).await {
            Err(Error::Lost(why)) => gathering.say(&format!("the bus does not do it now: {why}")),
            ended => return ended,
        }
        clock::sleep(AGAIN).await;
    }
}

impl Gathering<'_> {
    /// Makes what is not there, and goes on until all cells are, or until something is lost.
    async fn session(&mut self, link: &Link) -> Result<Ended, Error> {
        if *self.stop.borrow() {
            return Ok(Ended::Stopped);
        }
        // The last cell was kept before something was lost: nobody is waited for.
        if self.is_whole() {
            return Ok(Ended::Whole);
        }
        let mut notes = subscribe(link, &format!("{NOTES}.{}", short(self.wanted.run))).await?;
        let mut workers = subscribe(link, WORKERS).await?;
        let queue = Queue::at(link).await?;
        // So that cells that are offered now wait for workers of this version.
        queue.consumer().await?;
        let objects = RunObjects::make(link, self.wanted.run).await?;
        self.lay_out(&objects).await?;
        self.look(&queue, &objects).await?;
        let (mut stop, mut looked) = (self.stop.clone(), Stopwatch::start());
        while !self.is_whole() {
            let left = LOOK_EVERY - looked.elapsed().min(LOOK_EVERY);
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {
                    queue.clear(self.wanted.run).await?;
                    return Ok(Ended::Stopped);
                }
                note = notes.next() => self.note(&note.ok_or_else(ended)?.payload, &objects).await?,
                hello = workers.next() => self.hello(&hello.ok_or_else(ended)?.payload),
                more = next_of(&mut self.more) => self.want(more, &queue, &objects).await?,
                () = clock::sleep(left) => {}
            }
            if looked.has_passed(LOOK_EVERY) {
                self.look(&queue, &objects).await?;
                looked = Stopwatch::start();
                self.tell_if_lonely();
            }
        }
        if let Err(error) = self.tidy(&queue, &objects).await {
            self.say(&format!("what is left of the run stays on the bus for a day: {error}"));
        }
        Ok(Ended::Whole)
    }

    /// Takes everything of the run from the bus.
    async fn tidy(&self, queue: &Queue, objects: &RunObjects) -> Result<(), Error> {
        queue.clear(self.wanted.run).await?;
        objects.clear().await
    }

    /// Puts what workers need into the store.
    async fn lay_out(&self, objects: &RunObjects) -> Result<(), Error> {
        for name in &self.wanted.material {
            let bytes = (self.wanted.read)(name)
                .map_err(|error| Error::Refused(format!("{name} cannot be read any more: {error}")))?;
            if !objects.has(name, bytes.len()).await? {
                objects.put(name, &bytes).await?;
            }
        }
        for (key, missing) in &self.missing {
            if let Some(asked) = &missing.asked
                && !objects.has(&asked_name(key), asked.len()).await?
            {
                objects.put(&asked_name(key), asked).await?;
            }
        }
        Ok(())
    }

    /// Whether nothing is missing, and nobody will want more.
    fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.more.is_none()
    }

    /// Lays a further cell out, and offers it.
    async fn want(&mut self, more: Option<More>, queue: &Queue, objects: &RunObjects) -> Result<(), Error> {
        let Some(More { key, asked }) = more else {
            self.more = None;
            return Ok(());
        };
        let (short, name) = (short(&key).to_owned(), asked_name(short(&key)));
        // Known before it is laid out: what is lost meanwhile is laid out by the next session.
        let bytes = asked.clone();
        self.missing.insert(short.clone(), Missing { key, attempt: 0, asked: Some(asked) });
        objects.put(&name, &bytes).await?;
        self.offer(&BTreeSet::from([short]), queue).await
    }

    /// Fetches what is in the store, and offers what is neither there nor queued. The queue is looked at first: a cell that
    /// has left it was put into the store before.
    async fn look(&mut self, queue: &Queue, objects: &RunObjects) -> Result<(), Error> {
        let queued = queue.left(self.wanted.run).await?;
        for name in objects.names().await? {
            self.fetch(&name, objects).await?;
        }
        let room = MOST_QUEUED.saturating_sub(queued.len());
        let gone = self.missing.keys().filter(|short| !queued.contains(*short)).take(room);
        let gone = gone.cloned().collect();
        self.offer(&gone, queue).await
    }

    /// Offers missing cells under their next attempt.
    async fn offer(&mut self, gone: &BTreeSet<String>, queue: &Queue) -> Result<(), Error> {
        let of = Version::own();
        let mut offers: Vec<Offer> = Vec::new();
        for short in gone {
            let Some(missing) = self.missing.get_mut(short) else { continue };
            missing.attempt += 1;
            let (run, key) = (self.wanted.run.to_owned(), missing.key.clone());
            offers.push(Offer { of: of.clone(), run, key, attempt: missing.attempt });
        }
        // What the server has had already under this attempt was acknowledged, and lost then, or offered by a coordinator
        // that is no more.
        while !offers.is_empty() {
            offers = queue.offer(offers).await?;
            for offer in &mut offers {
                offer.attempt += 1;
                if let Some(missing) = self.missing.get_mut(short(&offer.key)) {
                    missing.attempt = offer.attempt;
                }
            }
        }
        Ok(())
    }

    /// Fetches a cell, if it is missing, and has it judged.
    async fn fetch(&mut self, name: &str, objects: &RunObjects) -> Result<(), Error> {
        let Some(key) = key_in(name) else { return Ok(()) };
        if !self.missing.contains_key(key) {
            return objects.remove(name, None).await;
        }
        let found = match objects.get(name, MOST_BYTES).await {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(()),
            Err(Error::Refused(why)) => {
                self.say(&printable(&why));
                return objects.remove(name, None).await;
            }
            Err(error) => return Err(error),
        };
        match (self.keep)(name, &found.bytes) {
            Judged::Kept => {
                let kept = self.missing.remove(key);
                if kept.is_some_and(|cell| cell.asked.is_some()) {
                    objects.remove(&asked_name(key), None).await?;
                }
            }
            Judged::Refused(why) => self.say(&format!("refused from the bus: {}", printable(&why))),
            Judged::Failed(why) => return Err(Error::Refused(why)),
        }
        objects.remove(name, Some(&found)).await
    }

    async fn note(&mut self, bytes: &[u8], objects: &RunObjects) -> Result<(), Error> {
        match Note::read(bytes) {
            Ok(Note::Kept { name }) => self.fetch(&name, objects).await,
            Ok(Note::Trouble { worker, why }) => {
                self.say(&format!("worker {}: {}", printable(&worker), printable(&why)));
                Ok(())
            }
            Err(why) => {
                self.say(&format!("refused from the bus: a note that is none: {why}"));
                Ok(())
            }
        }
    }

    fn hello(&mut self, bytes: &[u8]) {
        match Hello::read(bytes) {
            Ok(hello) if hello.of == Version::own() => self.has_worker = true,
            Ok(hello) => {
                let (worker, own) = (printable(&hello.worker), Version::own());
                if self.foreign.len() < MOST_TOLD && self.foreign.insert(worker.clone()) {
                    self.say(&format!(
                        "worker {worker} is of keystorm {} with definitions {}, and runs no cell of {} with {}",
                        printable(&hello.of.version),
                        hello.of.definitions,
                        own.version,
                        own.definitions
                    ));
                }
            }
            Err(why) => self.say(&format!("refused from the bus: a worker's word that is none: {why}")),
        }
    }

    fn tell_if_lonely(&mut self) {
        if !self.has_worker && !self.is_lonely_told && self.begun.elapsed() >= LONELY {
            self.is_lonely_told = true;
            self.say("no worker of this version is on the bus: `keystorm worker --bus URL` is one");
        }
    }

    /// Says a sentence once.
    fn say(&mut self, sentence: &str) {
        let is_new = self.told.len() < MOST_TOLD && self.told.insert(sentence.to_owned());
        if is_new && !self.way.quiet {
            notice::tell(format_args!("keystorm: {sentence}"));
        }
    }
}

/// Different sentences, and foreign workers, that are told: whoever writes to the bus fills no memory and no terminal.
const MOST_TOLD: usize = 100;

/// What is wanted next, `None` once nobody will want more; never where nobody does.
async fn next_of(more: &mut Option<mpsc::UnboundedReceiver<More>>) -> Option<More> {
    match more {
        Some(more) => more.recv().await,
        None => std::future::pending().await,
    }
}

async fn subscribe(link: &Link, subject: &str) -> Result<Subscriber, Error> {
    let subscribed = link.client.subscribe(subject.to_owned()).await;
    subscribed.map_err(|error| Error::lost("nothing can be heard", error))
}

fn ended() -> Error {
    Error::Lost("the connection has ended".into())
}
