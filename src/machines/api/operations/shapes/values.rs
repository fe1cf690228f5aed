//! The values that a text may have where the model lists them.
//!
//! Source: AWS KMS service model 2014-11-01 as of 2026-11-17; where KMS was recorded to list them in another order, in that
//! order (kms-recorded-behaviour, rows 26 to 30, 2026-11-29; that younger values come last, ML_KEM specs and the two
//! youngest usages, is a guess). GenerateDataKey lists `KEY_SPEC` and takes `DATA_KEY_SPEC`.

use crate::api::{ECDH, KeyUsage, ML_KEM, WrappingAlgorithm, WrappingKeySpec};

pub const CUSTOM_KEY_STORE: &[&str] = &["AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"];
pub const XKS_PROXY_CONNECTIVITY: &[&str] = &["PUBLIC_ENDPOINT", "VPC_ENDPOINT_SERVICE"];
pub const KEY_USAGE: &[&str] = KeyUsage::WORDS;
pub const OLD_KEY_SPEC: &[&str] = &[
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "SYMMETRIC_DEFAULT",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "SM2",
];
pub const KEY_SPEC: &[&str] = &[
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "ECC_NIST_EDWARDS25519",
    "SYMMETRIC_DEFAULT",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "SM2",
    "ML_DSA_44",
    "ML_DSA_65",
    "ML_DSA_87",
    "ML_KEM_512",
    "ML_KEM_768",
    "ML_KEM_1024",
];
pub const ORIGIN: &[&str] = &["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"];
pub const ENCAPSULATION_ALGORITHM_SPEC: &[&str] = &[ML_KEM];
pub const ENCRYPTION_ALGORITHM_SPEC: &[&str] =
    &["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE", "SYMMETRIC_DEFAULT"];
pub const KEY_ENCRYPTION_MECHANISM: &[&str] = &["RSAES_OAEP_SHA_256"];
pub const DRY_RUN_MODIFIER: &[&str] = &["IGNORE_CIPHERTEXT"];
pub const KEY_AGREEMENT_ALGORITHM_SPEC: &[&str] = &[ECDH];
pub const DATA_KEY_SPEC: &[&str] = &["AES_256", "AES_128"];
pub const DATA_KEY_PAIR_SPEC: &[&str] = &[
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "SM2",
    "ECC_NIST_EDWARDS25519",
    "ML_KEM_512",
    "ML_KEM_768",
    "ML_KEM_1024",
];
pub const MAC_ALGORITHM_SPEC: &[&str] = &["HMAC_SHA_384", "HMAC_SHA_256", "HMAC_SHA_224", "HMAC_SHA_512"];
pub const WRAPPING_ALGORITHM: &[&str] = WrappingAlgorithm::WORDS;
pub const WRAPPING_KEY_SPEC: &[&str] = WrappingKeySpec::WORDS;
pub const EXPIRATION_MODEL: &[&str] = &["KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"];
pub const IMPORT: &[&str] = &["NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"];
pub const INCLUDE_KEY_MATERIAL: &[&str] = &["ALL_KEY_MATERIAL", "ROTATIONS_ONLY"];
pub const RESOURCE_OWNER: &[&str] = &["SELF", "OTHER_ACCOUNTS_VIA_RAM"];
pub const MESSAGE: &[&str] = &["RAW", "DIGEST", "EXTERNAL_MU"];
pub const SIGNING_ALGORITHM_SPEC: &[&str] = &[
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "ECDSA_SHA_256",
    "ECDSA_SHA_384",
    "ECDSA_SHA_512",
    "ED25519_SHA_512",
    "ED25519_PH_SHA_512",
    "SM2DSA",
    "ML_DSA_SHAKE_256",
];
