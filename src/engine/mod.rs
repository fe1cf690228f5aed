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
mod limiters;
#[cfg(feature = "live")]
pub mod live;
mod outbox;
pub mod planning;
mod queue;
mod sim;
mod story;

pub use core::Core;
pub use limiters::under_other_limiters;
pub use outbox::Outbox;
pub use sim::{Control, STEP, are_enough, run_trial, side_by_side, simulate, simulate_one, trials_after};
pub use story::story;
