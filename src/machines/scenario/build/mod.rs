//! Forms of the parts of a scenario that depend on each other, one file each, and what only several parts together make
//! impossible.

pub(super) mod fit;
mod outer;
mod strategies;
mod sweep;
mod threshold;
mod trials;
mod workload;

pub(super) use outer::Own;
pub(super) use strategies::{Gate, Strategies};
pub(super) use sweep::Sweep;
pub(super) use threshold::Thresholds;
pub use threshold::percentile_of;
pub(super) use trials::Trials;
pub(super) use workload::Workloads;
