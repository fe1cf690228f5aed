//! The live engine: the machines of the simulator on the real clock, against a service that answers for itself.
//!
//! ```text
//!  Setup ─▶ Stock ─┐
//!                  ▼                orders             Ask
//!  Core ◀─▶ drive, Dispatcher ───▶ Crew (a thread per core) ────▶ Backend
//!                  ▲─────words───────┘
//! ```
//!
//! Strategies run one after another, trial by trial, and take turns in coming first. Where attempts go is the caller's choice; see [`crate::backend`].

mod crew;
mod dispatcher;
mod drive;
mod error;
mod glance;
mod run;
mod setup;

pub use drive::Ended;
pub use error::Error;
pub use glance::{Control, Glance};
pub use run::{LiveTrial, Options, order, run};
pub use setup::{MOST_KEYS, Provision, Setup};
