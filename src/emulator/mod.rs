//! The emulated KMS as it lives in a process: its clock, its lock, what it keeps, what it writes down, and how a call goes
//! through it. No socket and no HTTP is known here.
//!
//! ```text
//! call ─▶ Kms under one lock: admission, operation ─▶ kept? ─▶ arithmetic ─▶ waits until its answer is due ─▶ answer
//!          clock read inside                          store                                metrics, log, trail
//! ```
//!
//! [`Kms`](crate::kms::Kms) is one machine under one lock; the admin clock is read inside the lock, so that its `now`
//! never goes back. Long arithmetic and every wait happen outside.

pub(crate) mod calls;
mod clock;
mod direct;
pub mod exposition;
mod journal;
mod metrics;
pub(crate) mod runtime;
mod scrape;
pub mod seed;
pub(crate) mod sessions;
mod settings;
pub mod store;

pub use direct::{Direct, ServiceSettings};
pub(crate) use metrics::End;
pub(crate) use scrape::scrape;
pub use settings::Settings;

/// Why the emulator cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be used.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The settings contradict each other.
    #[error("{0}")]
    Settings(String),
    /// The machine has no randomness left.
    #[error("cannot start: {0}")]
    Start(String),
}

/// Why the locks here are never poisoned.
pub(crate) const UNSPOILT: &str = "nothing panics under this lock";
