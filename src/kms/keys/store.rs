//! A custom key store: CloudHSM cluster or external key manager, simulated.

use super::Moment;
use serde::{Deserialize, Serialize};

/// What stands behind a custom key store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoreKind {
    /// A CloudHSM cluster.
    CloudHsm {
        /// Its id, `cluster-…`.
        cluster: String,
        /// The certificate given for it.
        trust_anchor: String,
    },
    /// A key manager outside AWS, reached through a proxy. Its credential is checked for form and not kept.
    External {
        /// `https://…`.
        uri_endpoint: String,
        /// `/…/kms/xks/v1`.
        uri_path: String,
        /// `PUBLIC_ENDPOINT` or `VPC_ENDPOINT_SERVICE`.
        connectivity: String,
        /// The VPC endpoint service, for the latter.
        vpc_service: Option<String>,
        /// Its owner, if given.
        vpc_owner: Option<String>,
        /// The access key id of the credential.
        access_key_id: String,
    },
}

/// Whether a store can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Connection {
    /// Usable.
    Connected,
    /// Will be connected at that moment.
    Connecting(Moment),
    /// Not usable; as made.
    Disconnected,
    /// Will be disconnected at that moment.
    Disconnecting(Moment),
}

/// One custom key store of an account in a Region.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Store {
    /// `cks-` and 17 hex digits.
    pub id: String,
    /// Unique in its account and Region.
    pub name: String,
    /// What stands behind it.
    pub kind: StoreKind,
    /// Whether it can be used.
    pub connection: Connection,
    /// When it was made.
    pub created: Moment,
}

impl Store {
    /// The state at `now` by AWS's name.
    pub fn state(&self, now: Moment) -> &'static str {
        match self.connection {
            Connection::Connected => "CONNECTED",
            Connection::Connecting(at) if now < at => "CONNECTING",
            Connection::Connecting(_) => "CONNECTED",
            Connection::Disconnecting(at) if now < at => "DISCONNECTING",
            Connection::Disconnected | Connection::Disconnecting(_) => "DISCONNECTED",
        }
    }

    /// Whether keys in it can be used at `now`.
    pub fn is_connected(&self, now: Moment) -> bool {
        self.state(now) == "CONNECTED"
    }
}
