//! One live load by several workers, each of whom has every N-th client.
//!
//! ```text
//!  coordinator ── Call ──▶ everybody            whoever is free and may load that target answers: Join
//!       │  ◀── Join ──┘
//!       ├── Order, four times a second ──▶ worker i of N      what is to be done now, as it stands; never a change of it
//!       │  ◀── State, an answer to each ──┘                   what it does, by its own clock
//!       │  ◀── Piece, every second ───────┘                   what came to its recording
//!       └──── fetches sealed logs ◀── object store ◀── worker, at the end of each trial
//! ```
//!
//! Messages are plain ones of NATS, which may be lost: orders and states are said again and again, whole, and a piece that is
//! missing makes the coordinator ask for everything. What counts in the end are the sealed logs. An order tells the
//! coordinator's clock and a state the worker's, so that the offset between them is known to half the quickest answer;
//! the load begins at one moment, told to each by its own clock.
//!
//! A worker that is lost is told nothing more, so that it stops; its clients may be dealt to the others, from one moment on that
//! all are told beforehand.
//!
//! Silence ends the load: a worker that has not heard an order for `SILENCE` sends nothing more, whoever is gone.

mod coordinator;
mod logs;
mod members;
mod plan;
mod wire;
mod worker;

pub use coordinator::coordinate;
pub use members::Member;
pub use plan::{Assembly, LoadPlan, Loss, OnLoss, Outcome, StopReason};
pub use wire::{Invitation, Join, Order, State, WorkerMessage};
pub use worker::{Engine, FIXTURES, LoadWorker, Part, log_name, serve};

use crate::time::Span;

/// Between two orders to a worker.
const ORDER_EVERY: Span = Span::from_millis(250);
/// Without an order for so long a worker stops: with the orders' own distance less than three seconds after a loss.
const SILENCE: Span = Span::from_millis(2_500);
/// Without a state for so long a worker is lost.
const LOST_AFTER: Span = Span::from_secs(3);
/// From when a worker is lost until others serve its clients: it has stopped by then, even if it was only not heard.
const DEALT_AFTER: Span = Span::from_secs(3);
