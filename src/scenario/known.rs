//! What `quota` knows and scenarios need: Regions, pools, limits. The one place to change when that room changes.

use crate::api::{KeySpec, Operation};
use crate::units::Rate;
use crate::workload::{KeyStore, Keys};

/// Regions whose default quotas are known.
pub(crate) fn regions() -> impl Iterator<Item = &'static str> {
    [
        "us-east-1 us-east-2 us-west-1 us-west-2 af-south-1 ap-east-1 ap-east-2 ap-south-1 ap-south-2",
        "ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-southeast-1 ap-southeast-2 ap-southeast-3",
        "ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 eu-central-1",
        "eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1",
        "me-central-1 me-south-1 mx-central-1 sa-east-1 us-gov-east-1 us-gov-west-1 cn-north-1",
        "cn-northwest-1",
    ]
    .into_iter()
    .flat_map(str::split_whitespace)
}

/// Whether `name` is one of [`regions`].
pub(crate) fn is_region(name: &str) -> bool {
    regions().any(|each| each == name)
}

/// Every pool: the shared ones, data key pairs by spec, and one for each other operation.
pub(crate) fn pool_names() -> impl Iterator<Item = &'static str> {
    let shared = "symmetric rsa ecc ml-dsa ml-kem cloudhsm external key-pair-rsa-2048 key-pair-rsa-3072 \
        key-pair-rsa-4096 key-pair-ecc-nist-p256 key-pair-ecc-nist-p384 key-pair-ecc-nist-p521 \
        key-pair-ecc-secg-p256k1 key-pair-ecc-nist-edwards25519 key-pair-sm2 key-pair-ml-kem";
    let own = Operation::ALL.iter().filter(|operation| !is_cryptographic(**operation));
    shared.split_whitespace().chain(own.map(|operation| operation.name()))
}

/// Whether an operation draws from a pool it shares with others.
fn is_cryptographic(operation: Operation) -> bool {
    use Operation::*;
    matches!(
        operation,
        Decrypt
            | Encrypt
            | ReEncrypt
            | GenerateDataKey
            | GenerateDataKeyWithoutPlaintext
            | GenerateDataKeyPair
            | GenerateDataKeyPairWithoutPlaintext
            | GenerateMac
            | VerifyMac
            | GenerateRandom
            | Sign
            | Verify
            | DeriveSharedSecret
            | Encapsulate
            | Decapsulate
    )
}

/// The pools one call takes from, each with how much.
pub(crate) fn charges(operation: Operation, keys: &Keys, re_encrypt_cost: u32) -> Vec<(String, u32)> {
    use Operation::*;
    let cost = if operation == ReEncrypt { re_encrypt_cost } else { 1 };
    let main = match operation {
        GenerateDataKeyPair | GenerateDataKeyPairWithoutPlaintext => {
            let spec = keys.pair_spec.name().to_ascii_lowercase().replace('_', "-");
            let spec = if spec.starts_with("ml-kem") { "ml-kem" } else { &spec };
            return vec![(format!("key-pair-{spec}"), cost)];
        }
        GenerateRandom => "symmetric",
        _ if is_cryptographic(operation) => shared_pool(keys.spec),
        other => other.name(),
    };
    let store = keys.store.filter(|_| is_cryptographic(operation)).map(|store| match store {
        KeyStore::CloudHsm => "cloudhsm",
        KeyStore::External => "external",
    });
    [Some(main), store].into_iter().flatten().map(|pool| (pool.to_owned(), cost)).collect()
}

const fn shared_pool(spec: KeySpec) -> &'static str {
    use KeySpec::*;
    match spec {
        SymmetricDefault | Hmac224 | Hmac256 | Hmac384 | Hmac512 => "symmetric",
        Rsa2048 | Rsa3072 | Rsa4096 => "rsa",
        EccNistP256 | EccNistP384 | EccNistP521 | EccSecgP256k1 | EccNistEdwards25519 | Sm2 => "ecc",
        MlDsa44 | MlDsa65 | MlDsa87 => "ml-dsa",
        MlKem512 | MlKem768 | MlKem1024 => "ml-kem",
    }
}

/// The default limit of a pool in a Region; not known here until the catalogue is.
pub(crate) fn limit(_region: &str, _pool: &str) -> Option<Rate> {
    None
}
