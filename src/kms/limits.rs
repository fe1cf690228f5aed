//! Resource quotas: how many of a thing an account may have. Exceeding one is LimitExceededException.
//!
//! Source: KMS Developer Guide, resource quotas, and the API model of 2026-11-17 (read 2026-11-23).

use crate::time::Span;
use serde::{Deserialize, Serialize};

/// Resource quotas, each overridable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Limits {
    /// Customer managed keys of an account in a Region (L-C2F1777E).
    pub keys: u32,
    /// Aliases of one key (L-340F62FB).
    pub aliases_per_key: u32,
    /// Grants of one key (L-D594A657).
    pub grants_per_key: u32,
    /// Custom key stores of an account in a Region (L-F33DCFEB).
    pub custom_key_stores: u32,
    /// On-demand rotations in a key's lifetime.
    pub on_demand_rotations: u32,
    /// Bytes of a key policy.
    pub policy_bytes: u32,
    /// Tags of one key (from memory; the page size of ListResourceTags agrees).
    pub tags_per_key: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            keys: 100_000,
            aliases_per_key: 50,
            grants_per_key: 50_000,
            custom_key_stores: 10,
            on_demand_rotations: 25,
            policy_bytes: 32_768,
            tags_per_key: 50,
        }
    }
}

/// How long a change stays unseen by others: AWS's eventual consistency. Zero: seen at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Consistency {
    /// New grants, without their token, and retired or revoked ones.
    pub grant: Span,
    /// Enabling, disabling, scheduling and cancelling deletion.
    pub key_state: Span,
    /// Key policies.
    pub policy: Span,
    /// Aliases that are made or moved.
    pub alias: Span,
    /// Connecting and disconnecting custom key stores.
    pub key_store: Span,
    /// How long a replica is Creating, and both keys are Updating after a change of the primary Region.
    pub multi_region: Span,
}
