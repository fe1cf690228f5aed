//! The live engine: the machines of the simulator on the real clock, against a service that answers for itself.
//!
//! ```text
//!  Setup ─▶ Fixtures ─┐
//!                  ▼                orders             Dispatch
//!  Core ◀─▶ drive, Dispatcher ───▶ Senders (a thread per core) ────▶ Backend
//!                  ▲─────events──────┘
//! ```
//!
//! Strategies run one after another, trial by trial, and take turns in coming first. Where attempts go is the caller's choice; see [`crate::backend`].

mod dispatcher;
mod drive;
mod error;
mod run;
mod senders;
mod setup;
mod share;
mod snapshot;
mod trial;

pub use error::Error;
pub use run::{Options, order, run};
pub use setup::{Provision, Setup};
pub use share::{LostShares, Share, ShareEvent, ShareOrders, objections_to_shares, shared_jobs, shared_rate};
pub use snapshot::{Control, LiveTimes, Snapshot};
pub use trial::{Ended, LiveTrial, Lost};
