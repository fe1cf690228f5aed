//! One key: what it is, its material, its policy, its rotation.

use super::{Eventual, KeyId, KeyState, Moment};
use crate::api::{KeySpec, KeyUsage, Operation, named};
use crate::kms::access::Policy;
use crate::kms::crypto::{Material, MaterialId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

named! {
    /// Where a key's material comes from.
    Origin {
        /// KMS made it.
        AwsKms = "AWS_KMS",
        /// Imported.
        External = "EXTERNAL",
        /// Made in a CloudHSM key store.
        CloudHsm = "AWS_CLOUDHSM",
        /// Lives in an external key store.
        ExternalKeyStore = "EXTERNAL_KEY_STORE",
    }
}

named! {
    /// Who manages a key.
    Manager {
        /// The account's own.
        Customer = "CUSTOMER",
        /// AWS's for a service, `alias/aws/…`.
        Aws = "AWS",
    }
}

named! {
    /// Whether imported material expires.
    ExpirationModel {
        /// At `ValidTo`.
        Expires = "KEY_MATERIAL_EXPIRES",
        /// Never.
        DoesNotExpire = "KEY_MATERIAL_DOES_NOT_EXPIRE",
    }
}

named! {
    /// What made a key's material current.
    TurnKind {
        /// The yearly (or `RotationPeriodInDays`) rotation.
        Automatic = "AUTOMATIC",
        /// RotateKeyOnDemand.
        OnDemand = "ON_DEMAND",
    }
}

/// One version of a key's material; versions stay so that old ciphertexts decrypt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyMaterial {
    /// What ciphertexts name.
    pub id: MaterialId,
    /// The secret; `None` when imported material was deleted or has expired.
    pub secret: Option<Arc<Material>>,
    /// The public half of asymmetric material whose secret is gone.
    #[serde(default)]
    pub public: Option<Vec<u8>>,
    /// When it was made or imported.
    pub created: Moment,
    /// Whether imported material expires.
    pub expiration: Option<ExpirationModel>,
    /// When imported material expires.
    pub valid_to: Option<Moment>,
    /// Description given at import.
    pub description: Option<String>,
    /// Imported, but not yet rotated to.
    pub is_pending_rotation: bool,
    /// What made it current; `None` for the first.
    pub turn: Option<Turn>,
}

/// When and why material became current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// When it became current.
    pub at: Moment,
    /// What made it current.
    pub kind: TurnKind,
}

/// Automatic rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Days between two rotations.
    pub period_days: u32,
    /// When the next is due.
    pub next: Moment,
}

/// A key that waits for its deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// Days of waiting.
    pub window_days: u32,
    /// When it is gone; `None` for a multi-Region primary that waits for its replicas first.
    pub at: Option<Moment>,
}

/// What makes a key a multi-Region key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MultiRegion {
    /// Region of the primary.
    pub primary: String,
    /// Regions of the replicas, in order.
    pub replicas: Vec<String>,
}

/// The last cryptographic use of a key, as GetKeyLastUsage tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUsage {
    /// Which operation.
    pub operation: Operation,
    /// When.
    pub at: Moment,
    /// The event's id in CloudTrail.
    pub event_id: Uuid,
    /// The reply's `x-amzn-RequestId`.
    pub request_id: Uuid,
}

/// One KMS key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// Its type.
    pub spec: KeySpec,
    /// What it is for.
    pub usage: KeyUsage,
    /// Where its material comes from.
    pub origin: Origin,
    /// Who manages it.
    pub manager: Manager,
    /// Free text.
    pub description: String,
    /// Who may use it.
    pub policy: Eventual<Arc<Policy>>,
    /// Key to value.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created: Moment,
    /// Whether it is enabled, if nothing worse is the case.
    pub enabled: Eventual<bool>,
    /// Whether it waits for deletion.
    pub deletion: Eventual<Option<Deletion>>,
    /// It is being created (a replica) until then.
    pub creating_until: Option<Moment>,
    /// Its primary Region is being changed until then.
    pub updating_until: Option<Moment>,
    /// Versions of its material, oldest first; the current one is the last that is not pending rotation.
    pub materials: Vec<KeyMaterial>,
    /// Automatic rotation, if on.
    pub rotation: Option<Rotation>,
    /// On-demand rotations so far.
    pub on_demand_rotations: u32,
    /// Multi-Region, if it is.
    pub multi_region: Option<MultiRegion>,
    /// The custom key store it lives in.
    pub store: Option<String>,
    /// `XksKeyId` of a key in an external key store.
    pub xks_key_id: Option<String>,
    /// The last cryptographic use.
    pub last_usage: Option<LastUsage>,
    /// Its ARN, once it has been asked for: every call names it.
    #[serde(skip)]
    pub arn: OnceLock<Arc<str>>,
}

impl Key {
    /// The material new ciphertexts are made with; `None` before the first import, or after its deletion or expiry.
    pub fn current(&self, now: Moment) -> Option<&KeyMaterial> {
        self.latest().filter(|current| current.is_usable(now))
    }

    /// The material that is the key's own, whether or not its secret is there; `None` before the first import.
    pub fn latest(&self) -> Option<&KeyMaterial> {
        self.materials.iter().rev().find(|material| !material.is_pending_rotation)
    }

    /// The version that a ciphertext names.
    pub fn material(&self, id: &MaterialId) -> Option<&KeyMaterial> {
        self.materials.iter().find(|material| material.id == *id)
    }

    /// The state that calls see at `now`; `store_connected` is that of its custom key store, true if it has none.
    pub fn state(&self, now: Moment, store_connected: bool) -> KeyState {
        if let Some(deletion) = self.deletion.seen(now) {
            return if deletion.at.is_some() {
                KeyState::PendingDeletion
            } else {
                KeyState::PendingReplicaDeletion
            };
        }
        if self.creating_until.is_some_and(|until| now < until) {
            return KeyState::Creating;
        }
        if self.origin == Origin::External && !self.has_all_material(now) {
            return KeyState::PendingImport;
        }
        if !store_connected {
            return KeyState::Unavailable;
        }
        if self.updating_until.is_some_and(|until| now < until) {
            return KeyState::Updating;
        }
        if *self.enabled.seen(now) { KeyState::Enabled } else { KeyState::Disabled }
    }

    /// Whether every version that was ever current can be used.
    fn has_all_material(&self, now: Moment) -> bool {
        let mut rotated = self.materials.iter().filter(|material| !material.is_pending_rotation).peekable();
        rotated.peek().is_some() && rotated.all(|material| material.is_usable(now))
    }

    /// When something happens to it by itself: its deletion, the expiry of material, a rotation.
    pub fn next_due(&self) -> Option<Moment> {
        if let Some(deletion) = self.deletion.latest() {
            return deletion.at;
        }
        let expiries = self.materials.iter().filter(|m| m.secret.is_some()).filter_map(|m| m.valid_to);
        let turn = self.rotation.filter(|_| *self.enabled.latest()).map(|rotation| rotation.next);
        expiries.chain(turn).min()
    }

    /// Whether it is the primary (or has no replicas and is no replica itself), seen from `region`.
    pub fn is_primary(&self, region: &str) -> bool {
        self.multi_region.as_ref().is_none_or(|multi| multi.primary == region)
    }
}

impl KeyMaterial {
    /// Material that KMS has just made.
    pub const fn new(id: MaterialId, secret: Arc<Material>, created: Moment) -> KeyMaterial {
        KeyMaterial {
            id,
            secret: Some(secret),
            public: None,
            created,
            expiration: None,
            valid_to: None,
            description: None,
            is_pending_rotation: false,
            turn: None,
        }
    }

    /// Lets the secret go: it was deleted or has expired. The public half stays.
    pub fn forget(&mut self) {
        if let Some(secret) = self.secret.take() {
            self.public = secret.public_key().map(Into::into);
        }
        self.expiration = None;
        self.valid_to = None;
    }

    /// The public half of asymmetric material, also when its secret is gone.
    pub fn public_key(&self) -> Option<&[u8]> {
        let secret = self.secret.as_ref().and_then(|secret| secret.public_key());
        secret.or(self.public.as_deref())
    }

    /// Whether it is there and has not expired.
    pub fn is_usable(&self, now: Moment) -> bool {
        self.secret.is_some() && self.valid_to.is_none_or(|until| now < until)
    }
}
