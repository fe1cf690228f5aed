//! Which pools one attempt takes from.
//!
//! ```text
//! GenerateDataKeyPair*  ─▶ key-pair-<pair spec>
//! GenerateRandom        ─▶ symmetric            ┐
//! cryptographic, by key ─▶ symmetric rsa ecc …  ┴─▶ and the custom key store's pool, if the key lives in one
//! everything else       ─▶ the operation's own pool
//! ```
//!
//! Source: KMS Developer Guide, request quotas (read 2026-11-23). Best effort, documented there for other Regions:
//! ReplicateKey also takes two CreateKey in the replica's Region and UpdatePrimaryRegion one in the other Region;
//! one Region is simulated, so only this Region's share is taken.

use super::catalogue::PoolId;
use super::config::KeyStore;
use crate::api::{Attempt, KeyFamily, KeySpec, Operation, TakesFrom};

/// The pools one attempt takes from, each with its cost; at most three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charges {
    pools: [PoolId; 3],
    costs: [u32; 3],
    len: u8,
}

impl Charges {
    /// Nothing: always granted.
    pub const NONE: Charges = Charges { pools: [PoolId(0); 3], costs: [0; 3], len: 0 };

    /// `cost` from one pool.
    pub const fn one(pool: PoolId, cost: u32) -> Charges {
        Charges { pools: [pool; 3], costs: [cost, 0, 0], len: 1 }
    }

    /// These and `cost` from `pool` as well; a pool named twice pays both.
    ///
    /// # Panics
    /// When a fourth pool is added; no attempt takes from so many.
    pub fn and(mut self, pool: PoolId, cost: u32) -> Charges {
        let len = usize::from(self.len);
        if let Some(same) = self.pools[..len].iter().position(|each| *each == pool) {
            self.costs[same] += cost;
        } else {
            self.pools[len] = pool;
            self.costs[len] = cost;
            self.len += 1;
        }
        self
    }

    /// Each pool with its cost.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = (PoolId, u32)> + '_ {
        self.pools.iter().copied().zip(self.costs).take(usize::from(self.len))
    }

    /// The pool and the cost, if there is just one.
    #[inline]
    pub fn single(&self) -> Option<(PoolId, u32)> {
        (self.len == 1).then(|| (self.pools[0], self.costs[0]))
    }

    /// How many pools.
    #[inline]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether nothing is taken.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// The keys that attempts of one workload use: what decides their pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The keys' type.
    pub spec: KeySpec,
    /// `KeyPairSpec` of GenerateDataKeyPair.
    pub pair_spec: KeySpec,
    /// The custom key store they live in; all workloads with the same kind share one store.
    pub store: Option<KeyStore>,
}

/// What attempts take, worked out once for each workload and operation.
#[derive(Clone, Debug)]
pub struct ChargeTable(Vec<Charges>);

impl ChargeTable {
    /// The charges of workloads that use these keys.
    pub fn new(key_uses: &[KeyUse], re_encrypt_cost: u32) -> ChargeTable {
        let of = |keys: &KeyUse, operation| {
            route(operation, keys.spec, keys.pair_spec, keys.store, re_encrypt_cost)
        };
        let rows =
            key_uses.iter().flat_map(|keys| Operation::ALL.iter().map(move |operation| of(keys, *operation)));
        ChargeTable(rows.collect())
    }

    /// What an attempt takes.
    ///
    /// # Panics
    /// When its workload is not one of those that the table was made for.
    #[inline]
    pub fn of(&self, attempt: &Attempt) -> &Charges {
        &self.0[usize::from(attempt.workload) * Operation::ALL.len() + attempt.operation.index()]
    }
}

/// What one attempt of `operation` takes: by the key's type, the data key pair's spec and the key store.
///
/// `re_encrypt_cost` is what one ReEncrypt takes from each pool; AWS does not say (assumed 1).
/// A `pair_spec` that no data key pair can have takes nothing: KMS rejects the call before any quota.
pub fn route(
    operation: Operation,
    key_spec: KeySpec,
    pair_spec: KeySpec,
    store: Option<KeyStore>,
    re_encrypt_cost: u32,
) -> Charges {
    let cost = if operation == Operation::ReEncrypt { re_encrypt_cost } else { 1 };
    let main = match operation.takes_from() {
        TakesFrom::Pair => match pair_pool(pair_spec) {
            Some(pool) => pool,
            None => return Charges::NONE,
        },
        TakesFrom::Symmetric => PoolId::SYMMETRIC,
        TakesFrom::Key => key_pool(key_spec),
        TakesFrom::Own => {
            PoolId::from_name(operation.name()).expect("every other operation has a pool of its own name")
        }
    };
    let charges = Charges::one(main, cost);
    match store.map(store_pool) {
        Some(pool) if operation.is_in_stores() => charges.and(pool, cost),
        _ => charges,
    }
}

/// The shared pool of cryptographic operations under a key.
pub fn key_pool(spec: KeySpec) -> PoolId {
    match spec.family() {
        KeyFamily::Symmetric | KeyFamily::Hmac => PoolId::SYMMETRIC,
        KeyFamily::Rsa => PoolId::RSA,
        KeyFamily::NistCurve | KeyFamily::Secp256k1 | KeyFamily::Edwards25519 | KeyFamily::Sm2 => PoolId::ECC,
        KeyFamily::MlDsa => PoolId::ML_DSA,
        KeyFamily::MlKem => PoolId::ML_KEM,
    }
}

/// The pool of data key pairs of a spec; `None` if there are no such pairs.
pub fn pair_pool(spec: KeySpec) -> Option<PoolId> {
    let name = match spec.family() {
        KeyFamily::MlKem => "key-pair-ml-kem".into(),
        _ => format!("key-pair-{}", spec.name().to_ascii_lowercase().replace('_', "-")),
    };
    PoolId::from_name(&name)
}

/// The pool of a custom key store.
const fn store_pool(store: KeyStore) -> PoolId {
    match store {
        KeyStore::CloudHsm => PoolId::CLOUDHSM,
        KeyStore::External => PoolId::EXTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeySpec::*;
    use Operation::*;

    fn named(charges: Charges) -> Vec<(&'static str, u32)> {
        charges.iter().map(|(pool, cost)| (pool.name(), cost)).collect()
    }

    #[test]
    fn attempts_take_from_the_pools_aws_names() {
        let hsm = Some(KeyStore::CloudHsm);
        let external = Some(KeyStore::External);
        type Row = (Operation, KeySpec, KeySpec, Option<KeyStore>, &'static [(&'static str, u32)]);
        let rows: &[Row] = &[
            (Decrypt, SymmetricDefault, Rsa2048, None, &[("symmetric", 1)]),
            (Decrypt, Rsa4096, Rsa2048, None, &[("rsa", 1)]),
            (Sign, EccNistEdwards25519, Rsa2048, None, &[("ecc", 1)]),
            (Encrypt, Sm2, Rsa2048, None, &[("ecc", 1)]),
            (Sign, MlDsa65, Rsa2048, None, &[("ml-dsa", 1)]),
            (Decapsulate, MlKem768, Rsa2048, None, &[("ml-kem", 1)]),
            (GenerateMac, Hmac256, Rsa2048, None, &[("symmetric", 1)]),
            (GenerateDataKey, SymmetricDefault, Rsa2048, hsm, &[("symmetric", 1), ("cloudhsm", 1)]),
            (GenerateRandom, Rsa2048, Rsa2048, external, &[("symmetric", 1), ("external", 1)]),
            (GenerateDataKeyPair, SymmetricDefault, Rsa3072, None, &[("key-pair-rsa-3072", 1)]),
            (GenerateDataKeyPair, SymmetricDefault, Sm2, None, &[("key-pair-sm2", 1)]),
            (GenerateDataKeyPair, SymmetricDefault, MlKem512, None, &[("key-pair-ml-kem", 1)]),
            (GenerateDataKeyPair, SymmetricDefault, Hmac224, None, &[]),
            (ReEncrypt, SymmetricDefault, Rsa2048, hsm, &[("symmetric", 2), ("cloudhsm", 2)]),
            (DescribeKey, Rsa2048, Rsa2048, hsm, &[("DescribeKey", 1)]),
            (ReplicateKey, Rsa2048, Rsa2048, None, &[("ReplicateKey", 1)]),
        ];
        for (operation, key, pair, store, expected) in rows {
            assert_eq!(named(route(*operation, *key, *pair, *store, 2)), *expected, "{operation} {key}");
        }
    }

    #[test]
    fn every_operation_takes_from_a_pool_that_counts_it() {
        for operation in Operation::ALL {
            let charges = route(*operation, SymmetricDefault, EccSecgP256k1, None, 1);
            assert_eq!(charges.len(), 1, "{operation}");
        }
        for spec in KeySpec::ALL {
            assert!(!route(Decrypt, *spec, *spec, None, 1).is_empty());
        }
    }
}
