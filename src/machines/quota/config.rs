//! What a scenario says about quotas; and how a file says it.

use super::catalogue::POOL_NAMES;
use super::enforcement::Enforcement;
use crate::api::words;
use crate::language::{
    POSITIVE_RATE, RATE, Shape, Table, by_name, count, each_name, key, names_to, nested, plain, record,
};
use crate::units::Rate;
use std::collections::BTreeMap;

record! {
    /// The account's quotas, as far as the file says.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Quotas as "quotas" {
        /// Limits that replace the Region's default, by pool name (see [`crate::quota`]).
        pub overrides: BTreeMap<String, Rate> = each_name(POOL_NAMES, POSITIVE_RATE),
        /// How limits are enforced.
        pub enforcement: Enforcement = key(
            "enforcement",
            "How limits are enforced ({}). AWS publishes limits a second and no algorithm. window: each second by \
             itself, as the Developer Guide's wording reads. sliding: any trailing second. bucket: a token bucket, which \
             other AWS APIs document. lagging: on counts that are a while old. bucket with a lag: it books what it grants \
             late. None of KMS's own throttling is recorded in public; against the one recorded episode of AWS, of Systems \
             Manager (267 calls, 102 refused), it makes 25 to 38 mistakes, bucket 43 to 48, lagging 44 to 54, window 83 to 87. \
             Try a result under several.",
            nested(),
        )
        .or(Enforcement::Window { phase: None }),
        /// What the rest of the account takes from each pool, by pool name.
        pub background: BTreeMap<String, Rate> = key(
            "background",
            "What the rest of the account takes from each pool (nothing).",
            by_name(&BACKGROUND, RATE),
        )
        .or(BTreeMap::new()),
        /// What one ReEncrypt takes from each distinct pool; AWS does not say: assumed 1.
        pub re_encrypt_cost: u32 =
            key("reEncryptCost", "What one ReEncrypt takes from each pool ({}, assumed).", count(2)).or(1),
    }
}

impl Default for Quotas {
    /// The Region's defaults, enforced in windows.
    fn default() -> Quotas {
        plain()
    }
}

/// What stands under `background`.
static BACKGROUND: Table = names_to("background", POOL_NAMES, &Shape::Rate);

words! {
    /// A custom key store: adds its own request quota.
    KeyStore {
        /// Backed by a CloudHSM cluster.
        CloudHsm = "cloudhsm",
        /// Backed by a key manager outside AWS.
        External = "external",
    }
}
