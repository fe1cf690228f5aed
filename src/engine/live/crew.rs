//! The threads that send: each has an async runtime of its own and a backend for the clients that are its own.
//!
//! ```text
//!  driver ──orders──▶ thread 0 (the driver's own)   clients 0, n, 2n, …
//!     ▲   ──orders──▶ thread 1                      clients 1, n+1, …
//!     └────words──────┘   …
//! ```
//!
//! The machines are many times cheaper than sending, so that one thread drives them for all: caps, thresholds and the
//! record are exact without a lock. What costs, sockets and signatures, is spread over all cores by client.

use crate::backend::{Backend, Order, Refusal, Stock, Tell, Word};
use crate::clock::{RunClock, within};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How many refusals of each code are told.
const TOLD: u32 = 3;
/// How many codes are told of.
const CODES: usize = 32;

/// The threads of one trial.
pub(super) struct Crew {
    orders: Vec<UnboundedSender<Order>>,
    words: UnboundedReceiver<Word>,
    threads: Vec<JoinHandle<()>>,
    /// Attempts that were handed over and are neither reported nor given up.
    flying: Arc<AtomicUsize>,
}

impl Crew {
    /// A crew of `threads`, the caller's own included, which must run a [`tokio::task::LocalSet`]. Each thread makes its
    /// backend by `make`.
    pub(super) fn start<B: Backend>(
        threads: usize,
        make: impl Fn() -> B + Clone + Send + 'static,
        stock: &Arc<Stock>,
        clock: RunClock,
    ) -> std::io::Result<Crew> {
        let (say, words) = unbounded_channel();
        let (first, taken) = unbounded_channel();
        let mut orders = vec![first];
        let flying = Arc::new(AtomicUsize::new(0));
        let post = Post { stock: Arc::clone(stock), clock, words: say, flying: Arc::clone(&flying) };
        tokio::task::spawn_local(work(make(), post.clone(), taken));
        let mut handles = Vec::new();
        for number in 1..threads.max(1) {
            let (order, taken) = unbounded_channel();
            orders.push(order);
            let (make, post) = (make.clone(), post.clone());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let body = move || {
                let local = tokio::task::LocalSet::new();
                local.block_on(&runtime, work(make(), post, taken));
            };
            handles.push(std::thread::Builder::new().name(format!("sender-{number}")).spawn(body)?);
        }
        Ok(Crew { orders, words, threads: handles, flying })
    }

    /// Hands an attempt to the thread of its client.
    pub(super) fn send(&self, order: Order) {
        self.flying.fetch_add(1, Ordering::Relaxed);
        let thread = order.attempt.client as usize % self.orders.len();
        // A thread that has ended has panicked; its attempts stay unanswered and its panic is met at the end.
        let _ = self.orders[thread].send(order);
    }

    /// What threads report, as it comes.
    pub(super) const fn words(&mut self) -> &mut UnboundedReceiver<Word> {
        &mut self.words
    }

    /// Whether nothing is under way; all that it met has then been reported.
    pub(super) fn is_idle(&self) -> bool {
        self.flying.load(Ordering::Acquire) == 0
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

/// What every thread has.
#[derive(Clone)]
struct Post {
    stock: Arc<Stock>,
    clock: RunClock,
    words: UnboundedSender<Word>,
    flying: Arc<AtomicUsize>,
}

/// Sends orders until none can come any more.
async fn work<B: Backend>(backend: B, post: Post, mut orders: UnboundedReceiver<Order>) {
    let Post { stock, clock, words, flying } = post;
    let shared = Rc::new(Sender { backend, stock, clock, words, told: RefCell::default() });
    while let Some(order) = orders.recv().await {
        let (shared, flying) = (Rc::clone(&shared), Arc::clone(&flying));
        tokio::task::spawn_local(async move {
            shared.serve(order).await;
            flying.fetch_sub(1, Ordering::Release);
        });
    }
}

/// What the attempts of one thread share.
struct Sender<B> {
    backend: B,
    stock: Arc<Stock>,
    clock: RunClock,
    words: UnboundedSender<Word>,
    told: RefCell<BTreeMap<String, u32>>,
}

impl<B: Backend> Sender<B> {
    async fn serve(self: Rc<Sender<B>>, order: Order) {
        let tell = Tell::new(order, &self.words, self.clock);
        let ask = self.stock.ask(&order.attempt);
        let work = self.backend.ask(order.attempt.client, &ask, &tell);
        let result = match order.timeout {
            // The client machine has a timer of its own: by then nobody waits for the answer.
            Some(timeout) => match within(timeout, work).await {
                Some(result) => result,
                None => return,
            },
            None => work.await,
        };
        let at = self.clock.now();
        let reply = match result {
            Ok(_) => crate::api::Reply::Ok,
            Err(refusal) => self.refused(refusal),
        };
        let (sent, number) = tell.last();
        // If nobody listens any longer, the trial is over.
        let _ = self.words.send(Word::Answered { order, number, sent, at, reply });
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
            let _ = self.words.send(Word::Refused { code: refusal.code, message: refusal.message });
        }
        refusal.reply
    }
}
