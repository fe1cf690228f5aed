//! The machines of keystorm: quotas, the emulated service's admission, retry policies, limiters, caches, workloads and the
//! statistics of what comes of them, and the simulator that drives them in virtual time.
//!
//! They have no clock: they take `now`, an input and random draws, and return what they want done next. Nothing here reads the
//! time, sleeps, locks, spawns or touches a file or socket, but for the simulator's threads.
//!
//! The crate `keystorm` has these rooms under the same names, and all that meets the world; the order of rooms stands there. They
//! are a crate of their own because they are built for speed even where the rest is built soon (`docs/BUILD.md`).

pub mod api;
pub mod client;
pub mod engine;
#[cfg(test)]
#[path = "../../tests/support/facts.rs"]
mod facts;
pub mod format;
pub mod kms;
pub mod language;
pub mod planner;
pub mod quota;
pub mod record;
pub mod results;
pub mod rng;
pub mod scenario;
pub mod time;
pub mod units;
pub mod workload;
