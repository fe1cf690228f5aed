//! What an account may have and how late others see a change: what an emulated KMS is told beside a scenario's words.

use crate::language::{SPAN, Whole, key, plain, record, whole};
use crate::time::Span;

/// How many there may be of a thing.
const MANY: Whole<u32> = whole(0, u32::MAX as u64);

record! {
    /// Resource quotas, each overridable: how many of a thing an account may have. Exceeding one is LimitExceededException.
    ///
    /// Source: KMS Developer Guide, resource quotas, and the API model of 2026-11-17 (read 2026-11-23).
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Limits as "limits" {
        /// Customer managed keys of an account in a Region (L-C2F1777E).
        pub keys: u32 = key("keys", "Customer managed keys of an account in a Region ({}).", MANY).or(100_000),
        /// Aliases of one key (L-340F62FB).
        pub aliases_per_key: u32 = key("aliasesPerKey", "Aliases of one key ({}).", MANY).or(50),
        /// Grants of one key (L-D594A657).
        pub grants_per_key: u32 = key("grantsPerKey", "Grants of one key ({}).", MANY).or(50_000),
        /// Custom key stores of an account in a Region (L-F33DCFEB).
        pub custom_key_stores: u32 =
            key("customKeyStores", "Custom key stores of an account in a Region ({}).", MANY).or(10),
        /// On-demand rotations in a key's lifetime.
        pub on_demand_rotations: u32 =
            key("onDemandRotations", "On-demand rotations in a key's lifetime ({}).", MANY).or(25),
        /// Bytes of a key policy.
        pub policy_bytes: u32 = key("policyBytes", "Bytes of a key policy ({}).", MANY).or(32_768),
        /// Tags of one key (from memory; the page size of ListResourceTags agrees).
        pub tags_per_key: u32 = key("tagsPerKey", "Tags of one key ({}).", MANY).or(50),
    }
}

record! {
    /// How long a change stays unseen by others: AWS's eventual consistency. Zero: seen at once.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Consistency as "consistency" {
        /// New grants, without their token, and retired or revoked ones.
        pub grant: Span = key("grant", "Grants that are new, retired or revoked ({}).", SPAN).or(Span::ZERO),
        /// Enabling, disabling, scheduling and cancelling deletion.
        pub key_state: Span = key("keyState", "States of keys ({}).", SPAN).or(Span::ZERO),
        /// Key policies.
        pub policy: Span = key("policy", "Key policies ({}).", SPAN).or(Span::ZERO),
        /// Aliases that are made or moved.
        pub alias: Span = key("alias", "Aliases that are made or moved ({}).", SPAN).or(Span::ZERO),
        /// Connecting and disconnecting custom key stores.
        pub key_store: Span =
            key("keyStore", "How long connecting a custom key store takes, and disconnecting it ({}).", SPAN)
                .or(Span::ZERO),
        /// How long a replica is Creating, and both keys are Updating after a change of the primary Region.
        pub multi_region: Span =
            key("multiRegion", "How long a replica is Creating, and keys are Updating ({}).", SPAN).or(Span::ZERO),
    }
}

impl Default for Limits {
    /// As AWS publishes them.
    fn default() -> Limits {
        plain()
    }
}

impl Default for Consistency {
    /// Everything is seen at once.
    fn default() -> Consistency {
        plain()
    }
}
