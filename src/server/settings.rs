//! What a server is told when it starts.

use super::{Tls, Upstream};
use crate::emulator;
use crate::time::Span;
use std::net::SocketAddr;

/// Whether signatures are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Who calls is taken from the access key; nothing is checked.
    Off,
    /// Every call must be signed by an access key that is known.
    Verify,
}

/// Everything a run of the server needs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The emulated KMS behind it.
    pub emulator: emulator::Settings,
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where the admin paths are served instead, if not beside the others.
    pub admin_listen: Option<SocketAddr>,
    /// What opens the admin paths to others than loopback.
    pub admin_token: Option<String>,
    /// Names by which clients call it, beside its addresses, `localhost` and those of its certificate.
    pub host_names: Vec<String>,
    /// The service that answers what passes faults and quotas, instead of this one.
    pub upstream: Option<Upstream>,
    /// Whether signatures are checked.
    pub auth: Auth,
    /// TLS, if it is served.
    pub tls: Option<Tls>,
    /// HTTP/2 beside HTTP/1.1.
    pub http2: bool,
    /// Threads; 0 for one per core.
    pub threads: usize,
    /// Connections at a time.
    pub max_connections: usize,
    /// A connection that asks nothing for so long, and up to a quarter more, is closed; also the time for a whole body.
    pub idle_timeout: Span,
}

impl Settings {
    /// The same, with what is changed of the emulated KMS behind it.
    pub fn emulating(mut self, change: impl FnOnce(&mut emulator::Settings)) -> Settings {
        change(&mut self.emulator);
        self
    }
}

impl Default for Settings {
    /// As `keystorm serve` without options, but on a free port.
    fn default() -> Settings {
        Settings {
            emulator: emulator::Settings::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            admin_listen: None,
            admin_token: None,
            host_names: Vec::new(),
            upstream: None,
            auth: Auth::Off,
            tls: None,
            http2: false,
            threads: 0,
            max_connections: 16_384,
            idle_timeout: Span::from_secs(75),
        }
    }
}
