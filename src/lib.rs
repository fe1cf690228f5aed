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
//! `docs/ARCHITECTURE.md` tells the route of one call and the invariants.

pub mod api;
#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "live")]
pub mod backend;
#[cfg(feature = "bus")]
pub mod bus;
#[cfg(feature = "sim")]
pub mod cli;
pub mod client;
pub mod clock;
#[cfg(feature = "emulator")]
pub mod emulator;
pub mod engine;
#[cfg(test)]
#[path = "../tests/support/facts.rs"]
mod facts;
pub mod format;
pub mod guard;
#[cfg(feature = "sim")]
pub mod intake;
pub mod kms;
pub mod language;
pub mod notice;
pub mod planner;
pub mod quota;
pub mod record;
#[cfg(feature = "sim")]
pub mod report;
pub mod results;
pub mod rng;
#[cfg(feature = "live")]
pub mod runner;
pub mod scenario;
#[cfg(feature = "emulator")]
pub mod server;
pub mod time;
pub mod units;
pub mod workload;
