//! What a scenario says about quotas.

use crate::api::words;
use crate::time::Span;
use crate::units::Rate;
use std::collections::BTreeMap;

/// The account's quotas, as far as the file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Quotas {
    /// Limits that replace the Region's default, by pool name (see [`crate::quota`]).
    pub overrides: BTreeMap<String, Rate>,
    /// How limits are enforced.
    pub enforcement: Enforcement,
    /// What the rest of the account takes from each pool, by pool name.
    pub background: BTreeMap<String, Rate>,
    /// What one ReEncrypt takes from each distinct pool; AWS does not say: assumed 1.
    pub re_encrypt_cost: u32,
}

words! {
    /// The kinds of enforcement, as files name them.
    EnforcementKind {
        /// Fixed windows.
        Window = "window",
        /// Any trailing second.
        Sliding = "sliding",
        /// A token bucket, which may book late.
        Bucket = "bucket",
        /// A counter that sees late.
        Lagging = "lagging",
    }
}

/// How a limit is enforced; see scenario.md §3 and [`crate::quota`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// Fixed one-second windows.
    Window {
        /// Pins where windows begin, modulo one second; otherwise each trial draws it.
        phase: Option<Span>,
    },
    /// At most the limit in any trailing second.
    Sliding,
    /// A token bucket.
    Bucket {
        /// How much of the limit the full bucket holds; at least one token.
        burst: Span,
    },
    /// A token bucket that books what it grants some time later, and so may go into debt.
    LateBucket {
        /// How much of the limit the full bucket holds; at least one token.
        burst: Span,
        /// How much later; above zero, or it is [`Enforcement::Bucket`].
        lag: Span,
    },
    /// Refuses on what it saw some time ago.
    Lagging {
        /// How long ago.
        lag: Span,
    },
}

impl Enforcement {
    /// Its kind, as files name it.
    pub const fn kind(&self) -> EnforcementKind {
        match self {
            Enforcement::Window { .. } => EnforcementKind::Window,
            Enforcement::Sliding => EnforcementKind::Sliding,
            Enforcement::Bucket { .. } | Enforcement::LateBucket { .. } => EnforcementKind::Bucket,
            Enforcement::Lagging { .. } => EnforcementKind::Lagging,
        }
    }
}

words! {
    /// A custom key store: adds its own request quota.
    KeyStore {
        /// Backed by a CloudHSM cluster.
        CloudHsm = "cloudhsm",
        /// Backed by a key manager outside AWS.
        External = "external",
    }
}
