//! keystorm answers three questions about AWS KMS before production does: how much KMS do we need, which retry
//! and caching strategy should we run, and what quota do we ask AWS for, and why.
//!
//! The machines have no clock: quotas, the emulated service, retry policies, limiters and caches take `now`, an
//! input and random draws, and return what they want done next. The simulator drives them in virtual time.
//!
//! Rooms, bottom of the building first; each may import only those above it in this list (`tests/sim/house.rs`):
//! `time`, `rng`, `units`, `format`, `api`, `language`, `quota`, `kms`, `client`, `workload`, `scenario`, `record`,
//! `results`, `planner`, `clock`, `notice`, `guard`, `emulator`, `server`, `backend`, `aws`, `engine`, `runner`, `intake`,
//! `report`, `bus`, `cli`.
//!
//! Rooms up to and including `planner`, of `kms` what the simulator asks, and the core of `engine` are the crate
//! `keystorm_machines`, in `src/machines`.
//!
//! `docs/ARCHITECTURE.md` tells the route of one call and the invariants.

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "live")]
pub mod backend;
#[cfg(feature = "bus")]
pub mod bus;
#[cfg(feature = "sim")]
pub mod cli;
pub mod clock;
#[cfg(feature = "emulator")]
pub mod emulator;
pub mod engine;
#[cfg(test)]
#[path = "../tests/support/facts.rs"]
mod facts;
pub mod guard;
#[cfg(feature = "sim")]
pub mod intake;
pub mod kms;
pub mod notice;
#[cfg(feature = "sim")]
pub mod report;
#[cfg(feature = "live")]
pub mod runner;
#[cfg(feature = "emulator")]
pub mod server;

pub use keystorm_machines::{
    api, client, format, language, planner, quota, record, results, rng, scenario, time, units, workload,
};
