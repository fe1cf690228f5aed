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

use crate::api::{Attempt, Order, SenderEvent, Token};
use crate::backend::{AttemptObserver, Backend, Fixtures, Refusal};
use crate::clock::RunClock;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

/// How many refusals of each code are told.
const TOLD: u32 = 3;
/// How many codes are told of.
const CODES: usize = 32;

/// The threads of one trial.
pub(super) struct Senders {
    /// Does what is for clients of the driver's own thread.
    own: Box<dyn Fn(Errand)>,
    /// Of the other threads.
    errands: Vec<UnboundedSender<Errand>>,
    events: UnboundedReceiver<SenderEvent>,
    threads: Vec<JoinHandle<()>>,
    /// Attempts that were handed over and are neither reported nor given up.
    in_flight: Arc<AtomicUsize>,
    /// The distance of the numbers of clients that are served here.
    every: u32,
}

/// What a thread is told.
enum Errand {
    Send(Order),
    /// Nobody waits any longer for the answer to this attempt.
    GiveUp(Token),
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
        let (mut errands, mut handles, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for number in 1..threads {
            let (errand, taken) = unbounded_channel();
            let (ready, is_ready) = channel::<()>();
            let (start, started) = channel::<RunClock>();
            errands.push(errand);
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
        let own = Box::new(move |errand| sender.take(errand));
        let senders = Senders { own, errands, events, threads: handles, in_flight, every: clients.every };
        Ok(Some((senders, clock)))
    }

    /// Hands an attempt to the thread of its client.
    pub(super) fn send(&self, order: Order) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.tell(order.attempt.client, Errand::Send(order));
    }

    /// Drops what is left of an attempt for whose answer nobody waits any longer: how long one waits is said by the machines.
    pub(super) fn give_up(&self, attempt: &Attempt) {
        self.tell(attempt.client, Errand::GiveUp(attempt.token));
    }

    fn tell(&self, client: u32, errand: Errand) {
        match (client / self.every) as usize % (self.errands.len() + 1) {
            0 => (self.own)(errand),
            // A thread that has ended has panicked; its attempts stay unanswered and its panic is met at the end.
            other => drop(self.errands[other - 1].send(errand)),
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
        drop(self.errands);
        for thread in self.threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// Does errands until none can come any more.
async fn work<B: Backend>(sender: Rc<Sender<B>>, mut errands: UnboundedReceiver<Errand>) {
    while let Some(errand) = errands.recv().await {
        sender.take(errand);
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
    /// Attempts under way that may be given up.
    timed: RefCell<BTreeMap<Token, AbortHandle>>,
}

/// An attempt under way, until it is answered or dropped.
struct UnderWay<'s>(&'s AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        // Whatever it met has been reported before.
        self.0.fetch_sub(1, Ordering::Release);
    }
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
        let (told, timed) = Default::default();
        Rc::new(Sender { backend, fixtures, clock, events, in_flight, told, timed })
    }

    fn take(self: &Rc<Sender<B>>, errand: Errand) {
        match errand {
            Errand::Send(order) => {
                let task = tokio::task::spawn_local(Rc::clone(self).serve(order));
                if order.is_timed {
                    self.timed.borrow_mut().insert(order.attempt.token, task.abort_handle());
                }
            }
            Errand::GiveUp(token) => {
                if let Some(task) = self.timed.borrow_mut().remove(&token) {
                    task.abort();
                }
            }
        }
    }

    async fn serve(self: Rc<Sender<B>>, order: Order) {
        let _under_way = UnderWay(&self.in_flight);
        let observer = AttemptObserver::new(order, &self.events, self.clock);
        let dispatch = self.fixtures.dispatch(&order.attempt);
        let result = self.backend.dispatch(order.attempt.client, &dispatch, &observer).await;
        let at = self.clock.now();
        let reply = match result {
            Ok(_) => crate::api::Reply::Ok,
            Err(refusal) => self.refused(refusal),
        };
        let (sent, number) = observer.last();
        // If nobody listens any longer, the trial is over.
        let _ = self.events.send(SenderEvent::Answered { order, number, sent, at, reply });
        if order.is_timed {
            self.timed.borrow_mut().remove(&order.attempt.token);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Operation, Reply};
    use crate::backend::{Dispatch, KeyFixture, KmsOutput, WorkloadFixtures};
    use crate::time::Time;
    use std::cell::Cell;

    /// Answers attempts of even clients at once and others never.
    struct Half {
        dropped: Rc<Cell<u32>>,
    }

    struct Guard(Rc<Cell<u32>>);

    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    impl Backend for Half {
        async fn dispatch(
            &self,
            client: u32,
            _dispatch: &Dispatch<'_>,
            _observer: &AttemptObserver<'_>,
        ) -> Result<KmsOutput, Refusal> {
            if !client.is_multiple_of(2) {
                let _guard = Guard(Rc::clone(&self.dropped));
                std::future::pending::<()>().await;
            }
            Ok(KmsOutput::default())
        }
    }

    fn order(client: u32) -> Order {
        let attempt = Attempt {
            token: Token(u64::from(client)),
            workload: 0,
            stage: 0,
            client,
            job: 0,
            number: 1,
            operation: Operation::Encrypt,
            key: 0,
            context: 0,
            bytes: 1,
            intended: Time::ZERO,
        };
        Order { attempt, due: Time::ZERO, is_timed: true }
    }

    #[tokio::test]
    async fn an_attempt_that_is_given_up_is_dropped_and_nobody_hears_of_it() {
        let mut fixtures = Fixtures::default();
        fixtures.workloads.push(WorkloadFixtures {
            spec: crate::api::KeySpec::SymmetricDefault,
            pair_spec: crate::api::KeySpec::Rsa2048,
            keys: vec![KeyFixture::default()],
            contexts: vec![String::new()],
            bytes: 1,
        });
        let dropped = Rc::new(Cell::new(0));
        let (say, mut events) = unbounded_channel();
        let in_flight = Arc::new(AtomicUsize::new(2));
        let backend = Half { dropped: Rc::clone(&dropped) };
        let line = (say, Arc::clone(&in_flight));
        let sender = Sender::new(backend, &Arc::new(fixtures), RunClock::start(), line);
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                sender.take(Errand::Send(order(0)));
                sender.take(Errand::Send(order(1)));
                let Some(SenderEvent::Answered { order, reply, .. }) = events.recv().await else {
                    panic!("the first is answered");
                };
                assert_eq!((order.attempt.client, reply), (0, Reply::Ok));
                while in_flight.load(Ordering::Acquire) > 1 {
                    tokio::task::yield_now().await;
                }
                // One that was answered already is not there to be given up.
                sender.take(Errand::GiveUp(Token(0)));
                sender.take(Errand::GiveUp(Token(1)));
                while in_flight.load(Ordering::Acquire) > 0 {
                    tokio::task::yield_now().await;
                }
            })
            .await;
        assert_eq!(dropped.get(), 1, "what was left of it is gone");
        assert!(events.try_recv().is_err() && sender.timed.borrow().is_empty());
    }
}
