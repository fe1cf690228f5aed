//! The emulated service as the simulator asks it: quota, faults and service time, and nothing else. Keys, cryptography, access and
//! the wire are in the crate `keystorm`, whose server takes the same pipeline.
//!
//! ```text
//! simulator ─▶ Admission ─▶ conditions, quota
//! ```

mod admission;
pub mod conditions;
mod config;
mod fault;
mod faults;
mod lognormal;
mod servers;
mod spans;
mod times;

pub use admission::{Admission, Answer};
pub use config::{Capacity, Distribution, Latency, Part, ServiceTime};
pub use fault::{Aim, Fault, FaultKind, FaultWord, Faults, Strikes};
pub use times::Times;
