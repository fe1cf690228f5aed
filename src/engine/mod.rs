//! Drives the machines. One core owns the queue of (moment, sequence); the simulator jumps to its head.
//!
//! ```text
//!            ┌──────────── queue: replies, wakes, VUs, restarts ◀──┐
//!  arrivals ─┴▶ Core::step ─▶ client::Fleet ─▶ kms::Admission ─────┘
//!                    └──────▶ record::Recorder
//! ```

mod core;
mod ear;
mod lane;
#[cfg(feature = "live")]
pub mod live;
mod outbox;
mod queue;
mod sim;
mod story;

pub use core::Core;
pub use outbox::Outbox;
pub use sim::{Control, run_trial, simulate};
pub use story::story;
