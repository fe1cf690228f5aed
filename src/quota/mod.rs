//! The account's request quotas: the dated catalogue, the pools it defines, and the limiter kinds. Pure.
//!
//! What a service answers beyond "granted or refused" lives in `kms`.

mod config;

pub use config::{Enforcement, Quotas};
