//! A worker of live loads: joins, runs its share when told, says every second what came, and stops when it hears nothing.

use super::SILENCE;
use super::wire::{
    CALLS, Invitation, Join, LostSeat, Order, Seat, State, Task, WorkerMessage, WorkerPhase, session_subject,
    worker_subject,
};
use crate::bus::objects::RunObjects;
use crate::bus::wire::{Version, bytes, short, sum};
use crate::bus::{Error, Link, QUESTION, Way, printable};
use crate::clock::{self, RunClock, Stopwatch};
use crate::engine::live::{LostShares, Share, ShareEvent, ShareOrders};
use crate::notice;
use crate::time::{Span, Time};
use async_nats::Subscriber;
use async_nats::connection::State as Connection;
use futures_util::StreamExt as _;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Between two looks at how long nothing was heard.
const LOOK_EVERY: Span = Span::from_millis(100);
/// How long one waits for somebody who is gone, and between two looks at whether there was nothing to do for long.
const PATIENCE: Span = Span::from_secs(5);
/// Bytes of a question, of a trace, and of what set-up has made.
const LARGEST_QUESTION: usize = 64 << 20;
const LARGEST_TRACE: usize = 2 << 30;
/// Different sentences that are told: whoever writes to the bus fills no memory and no terminal.
const MOST_TOLD: usize = 100;
/// Hex digits of a sum in the name of a log.
const SUM_DIGITS: usize = 32;

/// The name of the object that holds what set-up has made.
pub const FIXTURES: &str = "fixtures";

/// Who it is, and what it may load.
#[derive(Clone, Debug)]
pub struct LoadWorker {
    /// What it is called.
    pub name: String,
    /// Threads that send.
    pub threads: usize,
    /// Scheme, host and port of the only target that it loads, or its word.
    pub target: String,
    /// After how long without a load it ends; never if there is none.
    pub idle: Option<Span>,
}

/// A worker's part of a load.
pub struct Part {
    /// What is run, by the hash of everything that it follows from.
    pub run: String,
    /// The question.
    pub question: Vec<u8>,
    /// What it needs beside, by name.
    pub traces: Vec<(String, Vec<u8>)>,
    /// What set-up has made.
    pub fixtures: Vec<u8>,
    /// Whose clients, who says when, and who is told.
    pub share: Share,
    /// Hears of each trial that is over: its number, its log, and whether it ended early by what only its worker knows.
    pub sealed: Arc<dyn Fn(u32, Vec<u8>, bool) + Send + Sync>,
}

/// What runs a part.
pub trait Engine: Send + Sync + 'static {
    /// The names of the objects that a question needs beside itself.
    ///
    /// # Errors
    /// A sentence, for what is no question.
    fn traces(&self, question: &[u8]) -> Result<Vec<String>, String>;

    /// Runs a part to its end, on the calling thread.
    ///
    /// # Errors
    /// A sentence, for what cannot be run here.
    fn run(&self, part: Part) -> Result<(), String>;
}

/// The name under which a log is put into the store: its sum tells whether it came whole.
pub fn log_name(trial: u32, worker: u32, bytes: &[u8]) -> String {
    format!("log-{trial}-{worker}-{}", &sum(bytes)[..SUM_DIGITS])
}

/// Takes part in loads until stopped, or idle for long; gives in how many.
///
/// # Errors
/// [`Error::Usage`] and [`Error::Refused`] as [`Way::connect`].
pub async fn serve<E: Engine>(
    way: &Way,
    worker: LoadWorker,
    engine: E,
    stop: watch::Receiver<bool>,
) -> Result<u64, Error> {
    let mut stopped = stop.clone();
    let name = format!("keystorm worker {}", worker.name);
    let link = tokio::select! {
        link = way.connect(&name) => link?,
        _ = stopped.wait_for(|stop| *stop) => return Ok(0),
    };
    let lost = |error: async_nats::SubscribeError| Error::lost("nothing can be heard", error);
    let token: String =
        link.client.new_inbox().chars().filter(char::is_ascii_alphanumeric).take(60).collect();
    let mut calls = link.client.subscribe(CALLS).await.map_err(lost)?;
    let mut orders = link.client.subscribe(worker_subject(&token)).await.map_err(lost)?;
    let serving = Serving {
        way,
        link,
        worker,
        token,
        engine: Arc::new(engine),
        epoch: Stopwatch::start(),
        told: Mutex::default(),
    };
    let (mut done, mut last) = (0, Stopwatch::start());
    loop {
        if serving.worker.idle.is_some_and(|idle| last.elapsed() >= idle) {
            return Ok(done);
        }
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => return Ok(done),
            order = orders.next() => {
                let order = order.ok_or_else(ended)?;
                // One who was let go hears the last orders of that load still.
                if let Ok(order) = Order::read(&order.payload) && order.task == Task::Prepare {
                    done += u64::from(serving.take_part(order, &mut orders, stop.clone()).await?);
                    last = Stopwatch::start();
                }
            }
            call = calls.next() => serving.answer(&call.ok_or_else(ended)?.payload).await,
            () = clock::sleep(PATIENCE.min(serving.worker.idle.unwrap_or(PATIENCE))) => {}
        }
    }
}

struct Serving<'s, E> {
    way: &'s Way,
    link: Link,
    worker: LoadWorker,
    token: String,
    engine: Arc<E>,
    /// The clock that this worker tells.
    epoch: Stopwatch,
    told: Mutex<BTreeSet<String>>,
}

/// A load that one takes part in.
struct Seated {
    session: String,
    seat: Seat,
    orders: watch::Sender<ShareOrders>,
    events: UnboundedReceiver<Event>,
    engine: JoinHandle<Result<(), String>>,
    putting: Option<JoinHandle<Result<(), Error>>>,
    sent: Arc<AtomicU64>,
    trial: u32,
    doing: WorkerPhase,
    /// The next trial, for which all is ready, until the coordinator has come to it.
    next: Option<u32>,
    /// The log of the trial, once it is over, and its name.
    log: Option<(String, Vec<u8>)>,
    is_early: bool,
    /// Whether this worker stops by itself: it was told to here, or hears nothing.
    stops_itself: bool,
    is_over: bool,
    /// Whether any trial was begun.
    has_begun: bool,
    heard: Stopwatch,
    /// Since when nothing is to be done but to hand over a log.
    alone: Option<Stopwatch>,
}

/// What the engine's threads tell.
enum Event {
    Share(ShareEvent),
    Sealed(u32, Vec<u8>, bool),
}

impl<E: Engine> Serving<'_, E> {
    /// Answers a call that this worker may follow.
    async fn answer(&self, call: &[u8]) {
        let call = match Invitation::read(call) {
            Ok(call) => call,
            Err(why) => return self.say(&format!("refused from the bus: a call that is none: {why}")),
        };
        // A coordinator of another version is told of this one; another's target is not this worker's business.
        if call.target == self.worker.target {
            let join = Join {
                of: Version::own(),
                worker: self.token.clone(),
                name: self.worker.name.clone(),
                threads: u32::try_from(self.worker.threads).unwrap_or(u32::MAX),
            };
            self.publish(&call.session, &WorkerMessage::Join(join)).await;
        }
    }

    /// Takes part in the load of `order`; gives whether it has begun.
    async fn take_part(
        &self,
        order: Order,
        orders: &mut Subscriber,
        mut stop: watch::Receiver<bool>,
    ) -> Result<bool, Error> {
        let mut seated = self.sit(&order);
        self.say(&format!(
            "load {}: worker {} of {}",
            short(&order.session),
            order.seat.index + 1,
            order.seat.of
        ));
        self.follow(&mut seated, &order).await;
        loop {
            let is_stopped = seated.orders.borrow().stop;
            tokio::select! {
                biased;
                Some(event) = seated.events.recv() => self.told(&mut seated, event).await,
                order = orders.next() => {
                    let order = order.ok_or_else(ended)?;
                    match Order::read(&order.payload) {
                        Ok(order) if order.session == seated.session => {
                            seated.heard = Stopwatch::start();
                            if order.task == Task::Leave {
                                break;
                            }
                            self.follow(&mut seated, &order).await;
                        }
                        // Another's load, while this one lasts.
                        Ok(_) => {}
                        Err(why) => self.say(&format!("refused from the bus: an order that is none: {why}")),
                    }
                }
                ended = &mut seated.engine, if !seated.is_over => {
                    seated.over(ended);
                    if let WorkerPhase::Refused { why } = &seated.doing {
                        self.say(&format!("load {}: this worker takes no part: {why}", short(&seated.session)));
                    }
                }
                _ = stop.wait_for(|stop| *stop), if !is_stopped => {
                    seated.stops_itself = true;
                    seated.orders.send_modify(|orders| orders.stop = true);
                }
                () = clock::sleep(LOOK_EVERY) => {}
            }
            self.after_put(&mut seated).await;
            if self.is_alone(&mut seated, *stop.borrow()) {
                break;
            }
        }
        seated.orders.send_modify(|orders| orders.halt = true);
        if !seated.is_over {
            let ended = (&mut seated.engine).await;
            seated.over(ended);
        }
        Ok(seated.has_begun)
    }

    /// Begins to make ready, on a thread of its own.
    fn sit(&self, order: &Order) -> Seated {
        let (tell, events) = unbounded_channel();
        let (orders, told) = watch::channel(ShareOrders { lease: order.lease, ..ShareOrders::default() });
        let sent = Arc::new(AtomicU64::new(0));
        let (say, seal) = (tell.clone(), tell);
        let share = Share {
            index: order.seat.index,
            of: order.seat.of,
            orders: told,
            // Whoever has left hears nothing more.
            tell: Arc::new(move |event| drop(say.send(Event::Share(event)))),
            sent: Arc::clone(&sent),
        };
        let sealed =
            Arc::new(move |trial, bytes, is_early| drop(seal.send(Event::Sealed(trial, bytes, is_early))));
        let (link, engine) = (self.link.clone(), Arc::clone(&self.engine));
        let (run, session) = (order.run.clone(), order.session.clone());
        let running = tokio::spawn(async move {
            let (question, traces, fixtures) = fetch(&link, &session, &*engine).await?;
            let part = Part { run, question, traces, fixtures, share, sealed };
            let done = tokio::task::spawn_blocking(move || engine.run(part)).await;
            done.unwrap_or_else(|error| Err(format!("its load cannot be run: {error}")))
        });
        Seated {
            session: order.session.clone(),
            seat: order.seat,
            orders,
            events,
            engine: running,
            putting: None,
            sent,
            trial: 0,
            doing: WorkerPhase::Preparing,
            next: None,
            log: None,
            is_early: false,
            stops_itself: false,
            is_over: false,
            has_begun: false,
            heard: Stopwatch::start(),
            alone: None,
        }
    }

    /// Does what an order says, and answers it.
    async fn follow(&self, seated: &mut Seated, order: &Order) {
        let clock_ns = self.epoch.elapsed().as_nanos();
        if seated.next == Some(order.trial) {
            (seated.trial, seated.doing, seated.log, seated.next) =
                (order.trial, WorkerPhase::Ready, None, None);
        }
        let start = match order.task {
            Task::Run { at_ns } if order.trial >= seated.trial => {
                seated.has_begun = true;
                if seated.doing == WorkerPhase::Ready && order.trial == seated.trial {
                    seated.doing = WorkerPhase::Running;
                }
                Some((order.trial, RunClock::from_epoch(self.epoch, Span::from_nanos(at_ns))))
            }
            _ => None,
        };
        seated.orders.send_if_modified(|orders| {
            let before = orders.clone();
            // The moment is told again and again; it is the first that counts.
            if start.is_some() && orders.start.map(|(trial, _)| trial) != start.map(|(trial, _)| trial) {
                orders.start = start;
            }
            if order.task == Task::End {
                orders.end = Some(order.trial);
            }
            orders.stop |= order.task == Task::Stop;
            (orders.lease, orders.anew) = (order.lease, order.anew);
            let from = |lost: &LostSeat| (lost.index, Time::from_nanos(lost.from_ns));
            orders.lost = LostShares { trial: order.trial, shares: order.lost.iter().map(from).collect() };
            before.is_other(orders)
        });
        if order.wants_log && seated.putting.is_none() {
            self.put(seated);
        }
        let state = State {
            worker: self.token.clone(),
            trial: seated.trial,
            doing: seated.doing.clone(),
            echo_ns: order.clock_ns,
            clock_ns,
            sent: seated.sent.load(Ordering::Relaxed),
        };
        self.publish(&order.session, &WorkerMessage::State(state)).await;
    }

    async fn told(&self, seated: &mut Seated, event: Event) {
        match event {
            Event::Share(ShareEvent::Ready(trial)) => seated.next = Some(trial),
            // Whoever runs the part seals it.
            Event::Share(ShareEvent::Ended(..)) => {}
            Event::Share(ShareEvent::Piece(trial, piece)) => {
                let piece = WorkerMessage::Piece { worker: self.token.clone(), trial, piece };
                self.publish(&seated.session, &piece).await;
            }
            Event::Sealed(trial, bytes, is_early) => {
                seated.log = Some((log_name(trial, seated.seat.index, &bytes), bytes));
                seated.is_early = is_early || seated.stops_itself;
                self.put(seated);
            }
        }
    }

    /// Puts the log into the store, beside everything else.
    fn put(&self, seated: &mut Seated) {
        let Some((name, bytes)) = seated.log.clone() else { return };
        let (link, session) = (self.link.clone(), seated.session.clone());
        seated.putting = Some(tokio::spawn(async move {
            // A server that has lost the store is given another.
            RunObjects::make(&link, &session).await?.put(&name, &bytes).await
        }));
    }

    /// What came of putting the log into the store. One that was not taken is put there again.
    async fn after_put(&self, seated: &mut Seated) {
        let Some(putting) = seated.putting.take_if(|putting| putting.is_finished()) else { return };
        let why = match (putting.await, &seated.log) {
            (Ok(Ok(())), Some((log, _))) => {
                seated.doing = WorkerPhase::Sealed { log: log.clone(), is_early: seated.is_early };
                return;
            }
            (Ok(Ok(())), None) => return,
            (Ok(Err(error)), _) => error.to_string(),
            (Err(error), _) => error.to_string(),
        };
        self.say(&format!("the log waits: {why}"));
        self.put(seated);
    }

    /// Whether nothing can be done here any more. Who hears nothing sends nothing more, whoever is gone.
    fn is_alone(&self, seated: &mut Seated, is_stopped: bool) -> bool {
        let silent = seated.heard.elapsed();
        if silent >= SILENCE && !seated.orders.borrow().halt {
            self.say(&format!(
                "load {}: nothing was heard of the coordinator for {SILENCE}: it is stopped",
                short(&seated.session)
            ));
            seated.stops_itself = true;
            seated.orders.send_modify(|orders| orders.halt = true);
        }
        // Without a bus the log waits; on a bus without a coordinator nobody comes for it.
        let is_on_bus = self.link.client.connection_state() == Connection::Connected;
        let is_left = seated.is_over && (is_stopped || (silent >= SILENCE && is_on_bus));
        seated.alone = match (is_left, seated.alone) {
            (true, since) => since.or_else(|| Some(Stopwatch::start())),
            (false, _) => None,
        };
        seated.alone.is_some_and(|since| since.elapsed() >= PATIENCE)
    }

    async fn publish(&self, session: &str, message: &WorkerMessage) {
        // What is lost is said again, or told anew.
        if let Err(error) = self.link.client.publish(session_subject(session), bytes(message).into()).await {
            self.say(&format!("the bus does not take what this worker says: {error}"));
        }
    }

    /// Says a sentence once.
    fn say(&self, sentence: &str) {
        let sentence = printable(sentence);
        let mut told = self.told.lock().expect("nobody panics holding it");
        if told.len() < MOST_TOLD && told.insert(sentence.clone()) && !self.way.quiet {
            notice::tell(format_args!("keystorm: {sentence}"));
        }
    }
}

impl Seated {
    /// The engine has ended.
    fn over(&mut self, ended: Result<Result<(), String>, tokio::task::JoinError>) {
        self.is_over = true;
        let why = match ended {
            Ok(Ok(())) => None,
            Ok(Err(why)) => Some(why),
            Err(error) => Some(format!("its load cannot be run: {error}")),
        };
        if let Some(why) = why {
            self.doing = WorkerPhase::Refused { why };
        } else if matches!(self.doing, WorkerPhase::Preparing | WorkerPhase::Ready) {
            self.doing = WorkerPhase::Idle;
        }
    }
}

/// What a part needs, from the store of the session.
async fn fetch<E: Engine>(
    link: &Link,
    session: &str,
    engine: &E,
) -> Result<(Vec<u8>, Vec<(String, Vec<u8>)>, Vec<u8>), String> {
    let objects = RunObjects::find(link, session).await.map_err(|error| error.to_string())?;
    let objects = objects.ok_or("the load's object store is not on the bus")?;
    let get = async |name: &str, most: usize| match objects.get(name, most).await {
        Ok(Some(found)) => Ok(found.bytes),
        Ok(None) => Err(format!("the load's {name} is not on the bus")),
        Err(error) => Err(error.to_string()),
    };
    let question = get(QUESTION, LARGEST_QUESTION).await?;
    let mut traces = Vec::new();
    for name in engine.traces(&question)? {
        let bytes = get(&name, LARGEST_TRACE).await?;
        traces.push((name, bytes));
    }
    Ok((question, traces, get(FIXTURES, LARGEST_QUESTION).await?))
}

fn ended() -> Error {
    Error::Lost("the connection has ended".into())
}
