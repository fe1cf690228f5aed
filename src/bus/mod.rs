//! Cells of a run on NATS, for workers anywhere. What a cell is, others know: here it has a key, and its result a name.
//!
//! ```text
//!  coordinator ── offers ──▶ work queue KEYSTORM_CELLS ──▶ worker: pull, beat while it computes, put, say, acknowledge
//!      ▲  id = run, cell, attempt     (JetStream)             │
//!      │                                                      ▼
//!      └──── fetches what is there ◀──── object store keystorm-<run>: question, traces, cells
//! ```
//!
//! The bus may lose anything and the answer stays right; only time is lost. So no acknowledgement is trusted: the
//! coordinator looks at the queue first and at the store then, and offers anew what is in neither, under the next
//! attempt's number, since a server forgets no id of a message that was acknowledged a moment ago. Whatever it has fetched
//! is on its own disk. What a search wants turns out as it goes: each such cell has an object of its own beside the question, by
//! its key, and is gone with it. Both sides make again what a server has lost, and wait for one that is away.

mod error;
mod gather;
mod link;
#[cfg(feature = "live")]
pub mod live;
mod objects;
mod queue;
pub mod search;
mod tls;
mod wire;
mod worker;

pub use error::Error;
pub use gather::{Ended, Judged, More, Wanted, gather};
pub use link::{Auth, Link, Way};
pub use wire::{Hello, Note, Offer, Version, printable};
pub use worker::{Cell, How, Mill, QUESTION, work};
