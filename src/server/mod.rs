//! The emulated KMS behind a socket: an endpoint that any AWS SDK takes for KMS.
//!
//! ```text
//! socket ─ listener ─▶ http ─┬─▶ calls    X-Amz-Target: who? (identity, sigv4) ─▶ Kms ─▶ compute ─▶ wait ─▶ answer
//!          TLS, limits       ├─▶ sts      GetCallerIdentity, AssumeRole…
//!          hosts, drain      └─▶ admin    /_keystorm/: quotas, faults, clock, principals, state, metrics
//!             └─▶ plain ───────▶ calls    a POST of HTTP/1.1 with nothing special about it, signatures not checked
//! ```
//!
//! [`Kms`](crate::kms::Kms) is one machine under one lock; the admin clock is read inside the lock, so that its `now`
//! never goes back. Long arithmetic and every wait happen outside.

mod admin;
mod admin_body;
mod answer;
mod body;
mod calls;
mod connections;
mod embedded;
mod faults;
mod heads;
mod hosts;
mod http;
mod identity;
mod listener;
mod plain;
mod rewound;
mod service;
mod settings;
pub mod sigv4;
mod state;
mod sts;
mod tls;
mod upstream;
mod xml;

pub use embedded::{Answered, Broken, Emulator, EmulatorBuilder};
pub use listener::{Running, Signals};
pub use service::Service;
pub use settings::{Auth, Settings};
#[cfg(feature = "sim")]
pub(crate) use sts::form;
pub use tls::Tls;
pub use upstream::{Upstream, UpstreamCredentials, UpstreamError};

use crate::emulator;
use crate::time::Span;

/// Why the server cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {source}; choose another with --listen, port 0 picks a free one")]
    Bind {
        /// As asked for.
        address: std::net::SocketAddr,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A file cannot be used.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The certificate cannot be made.
    #[error("cannot make a TLS certificate: {0}")]
    Certificate(String),
    /// The emulator cannot start.
    #[error(transparent)]
    Emulator(#[from] emulator::Error),
    /// The machine has no threads left.
    #[error("cannot start: {0}")]
    Start(String),
}

/// How long open calls may take to finish once the server is told to stop.
pub const DRAIN: Span = Span::from_secs(10);
