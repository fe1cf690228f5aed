//! When work arrives and what it is: arrivals (open, closed, trace), mix, payload, keys, fleet.
//!
//! ```text
//! open:   ArrivalCursor ─▶ Arrival ─┐
//! closed: Vus ───────────▶ NextJob ─┴▶ Shaper ─▶ Job
//! ```

mod arrivals;
mod closed;
mod config;
mod executor;
mod fleet;
mod load;
mod pick;
mod processes;
mod shape;
pub mod trace;

pub use arrivals::{Arrival, ArrivalCursor};
pub use closed::{NextJob, Vus};
pub use config::*;
pub use fleet::FleetPlan;
pub use shape::Shaper;
