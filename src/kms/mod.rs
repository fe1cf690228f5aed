//! The emulated service, pure: an attempt goes in at `now`, an answer comes out with the time it is ready.
//!
//! So far admission: quota, faults and service time, which is all the simulator needs.

pub mod crypto;

mod admission;
mod conditions;
mod config;
mod faults;
mod lognormal;
pub mod wire;

pub use admission::{Admission, Answer, KeyUse};
pub use config::{Fault, FaultKind, Latency, ServiceTime, Strikes};
