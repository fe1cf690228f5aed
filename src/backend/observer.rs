//! What is taken down of an attempt on its way.

use crate::api::{Order, Reply, SenderEvent};
use crate::clock::RunClock;
use crate::time::Time;
use std::cell::Cell;
use tokio::sync::mpsc::UnboundedSender;

/// Takes down what happens to one attempt on its way.
pub struct AttemptObserver<'w> {
    order: Option<Order>,
    events: Option<&'w UnboundedSender<SenderEvent>>,
    clock: RunClock,
    sent: Cell<Time>,
    number: Cell<u32>,
}

impl<'w> AttemptObserver<'w> {
    /// For an attempt of the measured run, which leaves now.
    pub fn new(
        order: Order,
        events: &'w UnboundedSender<SenderEvent>,
        clock: RunClock,
    ) -> AttemptObserver<'w> {
        let (sent, number) = (Cell::new(clock.now()), Cell::new(1));
        AttemptObserver { order: Some(order), events: Some(events), clock, sent, number }
    }

    /// For a call that nobody measures.
    pub fn nobody() -> AttemptObserver<'static> {
        let clock = RunClock::start();
        AttemptObserver {
            order: None,
            events: None,
            clock,
            sent: Cell::new(Time::ZERO),
            number: Cell::new(1),
        }
    }

    /// The run's clock, for who takes down moments where this cannot be reached.
    pub const fn clock(&self) -> RunClock {
        self.clock
    }

    /// The workload whose attempt this is; `None` for a call that nobody measures.
    pub fn workload(&self) -> Option<usize> {
        self.order.map(|order| usize::from(order.attempt.workload))
    }

    /// The attempt leaves only now: it has waited for a connection.
    pub fn sends(&self) {
        self.sends_at(self.clock.now());
    }

    /// The attempt has left at `at`.
    pub fn sends_at(&self, at: Time) {
        self.sent.set(at);
    }

    /// The SDK tries again: the try before met `reply` at `at`, and the next one has left at `leaves`.
    pub fn retries_at(&self, reply: Reply, at: Time, leaves: Time) {
        let number = self.number.get() + 1;
        if let (Some(order), Some(events)) = (self.order, self.events) {
            let event = SenderEvent::Retried { order, number, met: reply, sent: self.sent.get(), at };
            // If nobody listens any longer, the run is over.
            let _ = events.send(event);
        }
        self.number.set(number);
        self.sends_at(leaves);
    }

    /// When the last try left, and its number.
    pub fn last(&self) -> (Time, u32) {
        (self.sent.get(), self.number.get())
    }
}
