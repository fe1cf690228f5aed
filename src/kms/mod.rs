//! The emulated service, pure: a call goes in at `now`, an answer comes out with the time it is ready.
//!
//! ```text
//! simulator ─▶ Admission ─┐                          quota, faults, service time: nothing else
//!                         ├─▶ conditions, quota
//! server ─▶ Kms ─▶ RealmAdmission ──┘
//!            └──▶ operations ─▶ access · keys · crypto      wire: bytes in, bytes out
//! ```

#[cfg(feature = "emulator")]
pub mod access;
#[cfg(feature = "emulator")]
pub mod crypto;
#[cfg(feature = "emulator")]
pub mod events;
#[cfg(feature = "emulator")]
pub mod keys;
#[cfg(feature = "emulator")]
pub mod wire;

#[cfg(feature = "emulator")]
mod assumed;
#[cfg(feature = "emulator")]
mod call;
#[cfg(feature = "emulator")]
mod emulator;
#[cfg(feature = "emulator")]
mod limits;
#[cfg(feature = "emulator")]
mod operations;
#[cfg(feature = "emulator")]
mod realm_admission;
#[cfg(feature = "emulator")]
mod seed;

pub use keystorm_machines::kms::*;

#[cfg(feature = "emulator")]
pub use assumed::Assumed;
#[cfg(feature = "emulator")]
pub use call::{Call, Caller};
#[cfg(feature = "emulator")]
pub use emulator::{Begun, Config, Kms};
#[cfg(feature = "emulator")]
pub use limits::{Consistency, Limits};
#[cfg(feature = "emulator")]
pub use operations::{NewKey, Step, Trail};
#[cfg(feature = "emulator")]
pub use realm_admission::{Delivery, Pass, RealmAdmission};
#[cfg(feature = "emulator")]
pub use seed::Seed;
#[cfg(feature = "emulator")]
pub use uuid::Uuid;

/// A UUID (version 4, RFC 9562) of 16 random bytes.
#[cfg(feature = "emulator")]
pub const fn uuid(bytes: [u8; 16]) -> Uuid {
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
