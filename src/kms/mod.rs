//! The emulated service, pure: a call goes in at `now`, an answer comes out with the time it is ready.
//!
//! ```text
//! simulator ─▶ Admission ─┐                          quota, faults, service time: nothing else
//!                         ├─▶ conditions, quota
//! server ─▶ Kms ─▶ Gate ──┘
//!            └──▶ operations ─▶ access · keys · crypto      wire: bytes in, bytes out
//! ```

pub mod access;
pub mod crypto;
pub mod events;
pub mod keys;
pub mod wire;

mod admission;
mod conditions;
mod config;
mod emulator;
mod faults;
mod gate;
mod limits;
mod lognormal;
mod operations;
mod seed;

pub use admission::{Admission, Answer, KeyUse};
pub use config::{Fault, FaultKind, Latency, ServiceTime, Strikes};
pub use emulator::{Begun, Call, Caller, Config, Kms};
pub use gate::{Gate, Pass};
pub use limits::{Consistency, Limits};
pub use operations::{NewKey, Step, Trail};
pub use seed::Seed;
pub use uuid::Uuid;

/// A UUID (version 4, RFC 9562) of 16 random bytes.
pub const fn uuid(bytes: [u8; 16]) -> Uuid {
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
