//! The dated catalogue: which request quotas AWS publishes, what they are in each Region, and who says so.
//!
//! The rows are in `table`; this file gives them names and questions. Nothing here limits anything: see `pools`.

pub use super::entry::{Adjustable, Basis, Counts, Entry, Source};
use super::table::{ENTRIES, REGIONS};
use crate::api::Operation;
use crate::language::Names;
use crate::units::Rate;
use std::fmt;

/// The names of the pools, as keys of a file.
pub(crate) const POOL_NAMES: Names =
    Names { list: Some(|| pool_names().collect()), said: "names of quota pools" };
/// The Regions with known quotas, as words of a file.
pub(crate) const REGION_NAMES: Names = Names { list: Some(|| regions().collect()), said: "AWS Regions" };

/// The day the sources were read.
pub const DATE: &str = "2026-11-23";

/// One quota of the account: the counter several operations may share. An index into the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolId(pub(super) u8);

impl PoolId {
    /// Symmetric and HMAC keys, and GenerateRandom.
    pub const SYMMETRIC: PoolId = PoolId(0);
    /// RSA keys.
    pub const RSA: PoolId = PoolId(1);
    /// Elliptic-curve and SM2 keys.
    pub const ECC: PoolId = PoolId(2);
    /// ML-DSA keys.
    pub const ML_DSA: PoolId = PoolId(3);
    /// ML-KEM keys; value assumed.
    pub const ML_KEM: PoolId = PoolId(4);
    /// A CloudHSM key store.
    pub const CLOUDHSM: PoolId = PoolId(5);
    /// An external key store.
    pub const EXTERNAL: PoolId = PoolId(6);

    /// The name in YAML and reports: `symmetric`, `key-pair-rsa-2048`, `DescribeKey`.
    pub fn name(self) -> &'static str {
        entry(self).pool
    }

    /// The pool called `name`, exactly.
    pub fn from_name(name: &str) -> Option<PoolId> {
        all().find(|id| id.name() == name)
    }

    /// The position in the catalogue.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for PoolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Every source with its title and address; read on [`DATE`].
pub const SOURCES: [(Source, &str, &str); 3] = [
    (
        Source::GeneralReference,
        "AWS General Reference, KMS endpoints and quotas",
        "https://docs.aws.amazon.com/general/latest/gr/kms.html",
    ),
    (
        Source::DeveloperGuide,
        "AWS KMS Developer Guide, request quotas",
        "https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html",
    ),
    (Source::ServiceModel, "AWS KMS service model 2014-11-01 as of 2026-11-17", "botocore 1.44.5"),
];

/// The `Resource` under which CloudWatch's `AWS/Usage` counts the calls that a pool's quota is about; `None` where no source
/// names one.
///
/// Source: public alarms on these metrics and the usage metrics of the operations' own quotas (read 2026-11-23).
pub fn usage_resource(pool: PoolId) -> Option<&'static str> {
    match pool {
        PoolId::SYMMETRIC => Some("CryptographicOperationsSymmetric"),
        PoolId::RSA => Some("CryptographicOperationsRsa"),
        other => match entry(other).counts {
            Counts::Alone(operation) => Some(operation.name()),
            _ => None,
        },
    }
}

/// The Regions whose quotas are known, in AWS's order.
pub fn regions() -> impl Iterator<Item = &'static str> {
    REGIONS.iter().map(|(name, _)| *name)
}

/// Whether the catalogue knows the Region.
pub fn is_region(name: &str) -> bool {
    regions().any(|each| each == name)
}

/// Every pool, in the order of the catalogue.
pub fn all() -> impl Iterator<Item = PoolId> {
    (0..ENTRIES.len() as u8).map(PoolId)
}

/// The names of every pool, in the order of the catalogue.
pub fn pool_names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|entry| entry.pool)
}

/// What is published about a pool.
pub fn entry(pool: PoolId) -> &'static Entry {
    &ENTRIES[pool.index()]
}

/// The operations that a pool counts, in the order of the API.
pub fn operations(pool: PoolId) -> impl Iterator<Item = Operation> {
    let counts = entry(pool).counts;
    Operation::ALL.iter().copied().filter(move |operation| counts.has(*operation))
}

/// Whether the Region has the quota at all: SM2 exists in China Regions only.
pub fn has(region: &str, pool: PoolId) -> bool {
    !entry(pool).china_only || is_china(region)
}

/// A pool's default limit in a Region; zero where the Region does not have it.
///
/// A Region the catalogue does not know gets the default of most Regions.
pub fn limit(region: &str, pool: PoolId) -> Rate {
    let row = entry(pool);
    if !has(region, pool) {
        return Rate::ZERO;
    }
    if pool == PoolId::SYMMETRIC {
        let known = REGIONS.iter().find(|(name, _)| *name == region);
        return known.map_or(row.default, |(_, per_second)| Rate::per_second(*per_second));
    }
    row.china.filter(|_| is_china(region)).unwrap_or(row.default)
}

/// How sure a pool's limit in a Region is.
pub fn basis(region: &str, pool: PoolId) -> Basis {
    let row = entry(pool);
    let disputed =
        (pool == PoolId::SYMMETRIC && region == "eu-south-2") || (row.china.is_some() && is_china(region));
    if disputed {
        Basis::Disputed
    } else if is_region(region) {
        row.basis
    } else {
        Basis::Assumed
    }
}

/// What to know about a pool in a Region: conflicts between sources and what is unknown; empty if nothing.
pub fn note(region: &str, pool: PoolId) -> &'static str {
    let row = entry(pool);
    let elsewhere = match pool {
        PoolId::SYMMETRIC => region != "eu-south-2" && !is_china(region),
        _ => row.china.is_some() && !is_china(region),
    };
    if elsewhere { "" } else { row.note }
}

/// Whether the Region belongs to the China partition.
fn is_china(region: &str) -> bool {
    region.starts_with("cn-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pool_names_are_distinct_and_read_back() {
        for pool in all() {
            assert_eq!(PoolId::from_name(pool.name()), Some(pool));
        }
        assert_eq!(PoolId::from_name("Decrypt"), None, "Decrypt has no quota of its own");
        for (pool, name) in [
            (PoolId::SYMMETRIC, "symmetric"),
            (PoolId::RSA, "rsa"),
            (PoolId::ECC, "ecc"),
            (PoolId::ML_DSA, "ml-dsa"),
            (PoolId::ML_KEM, "ml-kem"),
            (PoolId::CLOUDHSM, "cloudhsm"),
            (PoolId::EXTERNAL, "external"),
        ] {
            assert_eq!(pool.name(), name);
        }
    }

    #[test]
    fn regions_differ_where_aws_says_so() {
        let at = |region, pool| limit(region, PoolId::from_name(pool).unwrap()).to_string();
        assert_eq!(at("us-east-1", "symmetric"), "100000/s");
        assert_eq!(at("sa-east-1", "symmetric"), "10000/s");
        assert_eq!(at("xx-nowhere-9", "symmetric"), "10000/s");
        assert_eq!(at("us-east-1", "key-pair-rsa-3072"), "4/s");
        assert_eq!(at("cn-north-1", "key-pair-rsa-3072"), "0.5/s");
        assert_eq!(at("cn-north-1", "key-pair-rsa-4096"), "0.1/s");
        assert_eq!(at("cn-north-1", "key-pair-sm2"), "25/s");
        assert_eq!(at("us-east-1", "key-pair-sm2"), "0/s");
        assert_eq!(regions().count(), 38);
    }

    #[test]
    fn what_no_source_settles_is_called_assumed() {
        let assumed = |region: &str| -> Vec<&str> {
            all().filter(|p| basis(region, *p) != Basis::Published).map(PoolId::name).collect()
        };
        assert_eq!(assumed("us-east-1"), ["ml-kem", "key-pair-ml-kem"]);
        assert_eq!(assumed("eu-south-2"), ["symmetric", "ml-kem", "key-pair-ml-kem"]);
        assert_eq!(assumed("cn-north-1").len(), 5);
        assert_eq!(assumed("xx-nowhere-9").len(), ENTRIES.len());
    }
}
