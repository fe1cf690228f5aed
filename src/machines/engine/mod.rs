//! Drives the machines. One core owns the queue of (moment, sequence) and does not know who answers: the simulator jumps to the
//! queue's head and asks the emulated service, the live engine sleeps until it and sends to a backend.
//!
//! ```text
//!            ┌───────── queue: replies, wakes, VUs, restarts ◀─────────┐
//!  arrivals ─┴▶ Core ─▶ client::Fleet     attempts ─┬▶ sim: kms::Admission
//!                └────▶ record::Recorder            └▶ live: Dispatcher ─▶ Senders ─▶ Backend
//! ```

mod charges;
mod core;
mod dealing;
mod ear;
mod lane;
mod limiters;
pub mod planning;
mod queue;
mod sim;
mod story;
mod trial_runner;

pub use charges::charges;
pub use core::{Core, JobObserver};
pub use dealing::Dealing;
pub use lane::Lane;
pub use limiters::under_other_limiters;
pub use sim::{Control, STEP, are_enough, run_trial, side_by_side, simulate, simulate_one, trials_after};
pub use story::story;
pub use trial_runner::{Elsewhere, TrialRunner};
