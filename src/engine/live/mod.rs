//! The live engine: the machines of the simulator on the real clock, against a service that answers for itself.
//!
//! ```text
//!  Setup ─▶ Fixtures ─┐
//!                  ▼                orders             Dispatch
//!  Core ◀─▶ drive, Dispatcher ───▶ Senders (a thread per core) ────▶ Backend
//!                  ▲─────words───────┘
//! ```
//!
//! Strategies run one after another, trial by trial, and take turns in coming first. Where attempts go is the caller's choice; see [`crate::backend`].

mod dispatcher;
mod drive;
mod error;
mod run;
mod senders;
mod setup;
mod snapshot;

pub use drive::Ended;
pub use error::Error;
pub use run::{LiveTrial, Options, order, run};
pub use setup::{Provision, Setup};
pub use snapshot::{Control, Snapshot};
