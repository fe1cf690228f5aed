//! When work arrives and what it is: arrivals (open, closed, trace), mix, payload, keys, fleet.

mod config;
pub mod trace;

pub use config::*;
