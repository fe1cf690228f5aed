//! The threads that send: each has an async runtime of its own and a backend for the clients that are its own.
//!
//! ```text
//!  driver ──────────▶ its own thread, at once       clients 0, n, 2n, …
//!     ▲   ──orders──▶ thread 1                      clients 1, n+1, …
//!     └────events─────┘   …
//! ```
//!
//! The machines are many times cheaper than sending, so that one thread drives them for all: caps, thresholds and the
//! record are exact without a lock. What costs, sockets and signatures, is spread over all cores by client.

use crate::api::{Order, SenderEvent};
use crate::backend::{AttemptObserver, Backend, Fixtures, Refusal};
use crate::clock::{RunClock, within};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How many refusals of each code are told.
const TOLD: u32 = 3;
/// How many codes are told of.
const CODES: usize = 32;

/// The threads of one trial.
pub(super) struct Senders {
    /// Sends what is for clients of the driver's own thread.
    own: Box<dyn Fn(Order)>,
    /// Of the other threads.
    orders: Vec<UnboundedSender<Order>>,
    events: UnboundedReceiver<SenderEvent>,
    threads: Vec<JoinHandle<()>>,
    /// Attempts that were handed over and are neither reported nor given up.
    in_flight: Arc<AtomicUsize>,
    /// The distance of the numbers of clients that are served here.
    every: u32,
}

/// The clients that are served here: every so-many-th of all.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServedClients {
    pub(super) first: u32,
    pub(super) every: u32,
    /// How many clients there are, others' included.
    pub(super) of: u32,
}

impl ServedClients {
    /// Those that thread `number` of `threads` serves.
    fn of_thread(self, number: usize, threads: usize) -> impl Iterator<Item = u32> {
        (self.first..self.of).step_by(self.every as usize).skip(number).step_by(threads)
    }
}

impl Senders {
    /// Senders on `threads` threads, the caller's own included, which must run a [`tokio::task::LocalSet`], for these clients.
    /// Each thread makes its backend by `make` and has it prepare its clients; when all have, `begin` gives the clock. `None` if
    /// it gives none, so that nothing is begun.
    pub(super) async fn start<B: Backend>(
        (threads, clients): (usize, ServedClients),
        make: impl Fn() -> B + Clone + Send + 'static,
        fixtures: &Arc<Fixtures>,
        begin: impl AsyncFnOnce() -> Option<RunClock>,
    ) -> std::io::Result<Option<(Senders, RunClock)>> {
        let threads = threads.max(1);
        let (say, events) = unbounded_channel();
        let in_flight = Arc::new(AtomicUsize::new(0));
        let line = || (say.clone(), Arc::clone(&in_flight));
        let (mut orders, mut handles, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for number in 1..threads {
            let (order, taken) = unbounded_channel();
            let (ready, is_ready) = channel::<()>();
            let (start, started) = channel::<RunClock>();
            orders.push(order);
            waiting.push((is_ready, start));
            let (make, fixtures, say) = (make.clone(), Arc::clone(fixtures), line());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let body = move || {
                let local = tokio::task::LocalSet::new();
                local.block_on(&runtime, async move {
                    let backend = make();
                    backend.prepare(clients.of_thread(number, threads));
                    drop(ready);
                    // Without a clock the trial was never begun.
                    let Ok(clock) = started.recv() else { return };
                    work(Sender::new(backend, &fixtures, clock, say), taken).await;
                });
            };
            handles.push(std::thread::Builder::new().name(format!("sender-{number}")).spawn(body)?);
        }
        let backend = make();
        backend.prepare(clients.of_thread(0, threads));
        // A thread says that it is ready, or that it has panicked, by letting go.
        for (is_ready, _) in &waiting {
            let _ = is_ready.recv();
        }
        // The other threads end by themselves if nobody gives them a clock.
        let Some(clock) = begin().await else { return Ok(None) };
        for (_, start) in &waiting {
            // One that has panicked takes no clock; its panic is met at the end.
            let _ = start.send(clock);
        }
        let sender = Sender::new(backend, fixtures, clock, line());
        let own = Box::new(move |order| {
            tokio::task::spawn_local(Rc::clone(&sender).serve(order));
        });
        let senders = Senders { own, orders, events, threads: handles, in_flight, every: clients.every };
        Ok(Some((senders, clock)))
    }

    /// Hands an attempt to the thread of its client.
    pub(super) fn send(&self, order: Order) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        match (order.attempt.client / self.every) as usize % (self.orders.len() + 1) {
            0 => (self.own)(order),
            // A thread that has ended has panicked; its attempts stay unanswered and its panic is met at the end.
            other => drop(self.orders[other - 1].send(order)),
        }
    }

    /// What threads report, as it comes.
    pub(super) const fn events(&mut self) -> &mut UnboundedReceiver<SenderEvent> {
        &mut self.events
    }

    /// Whether nothing is under way; all that it met has then been reported.
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) == 0
    }

    /// Sends nothing more; what is under way is dropped.
    ///
    /// # Panics
    /// When a thread has panicked: with its panic.
    pub(super) fn end(self) {
        drop(self.orders);
        for thread in self.threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// Sends orders until none can come any more.
async fn work<B: Backend>(sender: Rc<Sender<B>>, mut orders: UnboundedReceiver<Order>) {
    while let Some(order) = orders.recv().await {
        tokio::task::spawn_local(Rc::clone(&sender).serve(order));
    }
}

/// What the attempts of one thread share.
struct Sender<B> {
    backend: B,
    fixtures: Arc<Fixtures>,
    clock: RunClock,
    events: UnboundedSender<SenderEvent>,
    in_flight: Arc<AtomicUsize>,
    told: RefCell<BTreeMap<String, u32>>,
}

/// Where a thread reports, and the count of what is under way.
type Line = (UnboundedSender<SenderEvent>, Arc<AtomicUsize>);

impl<B: Backend> Sender<B> {
    fn new(
        backend: B,
        fixtures: &Arc<Fixtures>,
        clock: RunClock,
        (events, in_flight): Line,
    ) -> Rc<Sender<B>> {
        let fixtures = Arc::clone(fixtures);
        Rc::new(Sender { backend, fixtures, clock, events, in_flight, told: RefCell::default() })
    }

    async fn serve(self: Rc<Sender<B>>, order: Order) {
        let observer = AttemptObserver::new(order, &self.events, self.clock);
        let dispatch = self.fixtures.dispatch(&order.attempt);
        // Pinned where it is made: handed on by value it would take its room in every layer it passes.
        let mut work = pin!(self.backend.dispatch(order.attempt.client, &dispatch, &observer));
        let result = match order.timeout {
            // The client machine has a timer of its own: by then nobody waits for the answer.
            Some(timeout) => match within(timeout, work.as_mut()).await {
                Some(result) => result,
                None => return self.finished(),
            },
            None => work.await,
        };
        let at = self.clock.now();
        let reply = match result {
            Ok(_) => crate::api::Reply::Ok,
            Err(refusal) => self.refused(refusal),
        };
        let (sent, number) = observer.last();
        // If nobody listens any longer, the trial is over.
        let _ = self.events.send(SenderEvent::Answered { order, number, sent, at, reply });
        self.finished();
    }

    /// Marks the attempt finished; whatever it met has been reported.
    fn finished(&self) {
        self.in_flight.fetch_sub(1, Ordering::Release);
    }

    /// Tells of the first refusals of each code.
    fn refused(&self, refusal: Refusal) -> crate::api::Reply {
        let mut told = self.told.borrow_mut();
        let room = told.len() < CODES;
        let count = match told.get_mut(&refusal.code) {
            Some(count) => count,
            None if room => told.entry(refusal.code.clone()).or_default(),
            None => return refusal.reply,
        };
        *count += 1;
        if *count <= TOLD {
            let _ = self.events.send(SenderEvent::Refused { code: refusal.code, message: refusal.message });
        }
        refusal.reply
    }
}
