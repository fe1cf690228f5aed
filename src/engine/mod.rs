//! Drives the machines. The simulator, and the core that both engines share, are machines themselves; the live engine is here.

#[cfg(feature = "live")]
pub mod live;

pub use keystorm_machines::engine::*;
