//! Drives the machines. One core owns the queue of (moment, sequence); the simulator jumps to its head.
//!
//! ```text
//!            ┌──────────── queue: replies, wakes, VUs, restarts ◀──┐
//!  arrivals ─┴▶ Core::step ─▶ client::Fleet ─▶ kms::Admission ─────┘
//!                    └──────▶ record::Recorder
//! ```

mod core;
mod lane;
pub mod live;
mod queue;
mod sim;

pub use core::Core;
pub use sim::{Control, simulate};
