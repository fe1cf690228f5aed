//! The catalogue's rows: AWS KMS request quotas as published, one row a quota, restated by hand from the sources. Quotas of
//! one operation stand in its own row, in `api::operations`.
//!
//! Source and date: [`super::catalogue::SOURCES`]. Values are requests a second, per account and Region unless a row
//! says otherwise. What no source says carries [`Basis::Assumed`]. A test compares every row with the fact sheet.

use super::entry::{Adjustable, Basis, Counts, Entry, Source};
use crate::api::{KeyFamily, Operation, OwnQuota};
use crate::units::Rate;
use Source::{DeveloperGuide as DG, GeneralReference as GR, ServiceModel as MODEL};

/// What most rows share; each row states the rest.
const ROW: Entry = Entry {
    pool: "",
    row: "",
    quota: None,
    code: None,
    default: Rate::ZERO,
    basis: Basis::Published,
    adjustable: Adjustable::Yes,
    counts: Counts::Pairs,
    applies_to: "",
    china: None,
    china_only: false,
    sources: &[GR, DG],
    note: "",
};

/// Regions and their symmetric quota, which alone differs from Region to Region (but for China's RSA key pairs).
pub(super) const REGIONS: [(&str, u64); 38] = [
    ("us-east-1", 100000),
    ("us-east-2", 20000),
    ("us-west-1", 10000),
    ("us-west-2", 100000),
    ("af-south-1", 10000),
    ("ap-east-1", 10000),
    ("ap-east-2", 10000),
    ("ap-south-1", 10000),
    ("ap-south-2", 10000),
    ("ap-northeast-1", 20000),
    ("ap-northeast-2", 10000),
    ("ap-northeast-3", 10000),
    ("ap-southeast-1", 20000),
    ("ap-southeast-2", 20000),
    ("ap-southeast-3", 10000),
    ("ap-southeast-4", 10000),
    ("ap-southeast-5", 10000),
    ("ap-southeast-6", 10000),
    ("ap-southeast-7", 10000),
    ("ca-central-1", 10000),
    ("ca-west-1", 10000),
    ("eu-central-1", 20000),
    ("eu-central-2", 10000),
    ("eu-north-1", 10000),
    ("eu-south-1", 10000),
    ("eu-south-2", 20000),
    ("eu-west-1", 100000),
    ("eu-west-2", 20000),
    ("eu-west-3", 10000),
    ("il-central-1", 10000),
    ("me-central-1", 10000),
    ("me-south-1", 10000),
    ("mx-central-1", 10000),
    ("sa-east-1", 10000),
    ("us-gov-east-1", 10000),
    ("us-gov-west-1", 10000),
    ("cn-north-1", 10000),
    ("cn-northwest-1", 10000),
];

/// The quotas that several operations share.
const SHARED: [Entry; 17] = [
    Entry {
        pool: "symmetric",
        row: "crypto_symmetric",
        quota: Some("Cryptographic operations (symmetric) request rate"),
        code: Some("L-6E3AF000"),
        default: Rate::per_second(10000),
        counts: Counts::UnderKeys(&[KeyFamily::Symmetric, KeyFamily::Hmac]),
        applies_to: "SYMMETRIC_DEFAULT and HMAC_* keys (and GenerateRandom, which names no key); also keys of these types in custom key stores",
        note: "eu-south-2: the General Reference says 20000/s, the Developer Guide's list omits it (so 10000/s); 20000/s is used. cn-*: from the China edition of the Developer Guide only.",
        ..ROW
    },
    Entry {
        pool: "rsa",
        row: "crypto_rsa",
        quota: Some("Cryptographic operations (RSA) request rate"),
        code: Some("L-2AC98190"),
        default: Rate::per_second(1000),
        counts: Counts::UnderKeys(&[KeyFamily::Rsa]),
        applies_to: "RSA_2048/3072/4096 keys",
        ..ROW
    },
    Entry {
        pool: "ecc",
        row: "crypto_ecc_sm2",
        quota: Some("Cryptographic operations (ECC & SM2) request rate"),
        code: Some("L-DC14942D"),
        default: Rate::per_second(1000),
        counts: Counts::UnderKeys(&[
            KeyFamily::NistCurve,
            KeyFamily::Secp256k1,
            KeyFamily::Edwards25519,
            KeyFamily::Sm2,
        ]),
        applies_to: "ECC_* keys (NIST, SECG, EDWARDS25519) and SM2 keys (China only)",
        note: "The General Reference omits ReEncrypt under SM2; the Developer Guide has it. SM2 exists in China Regions only.",
        ..ROW
    },
    Entry {
        pool: "ml-dsa",
        row: "crypto_ml_dsa",
        quota: Some("Cryptographic operations (ML-DSA) request rate"),
        code: Some("L-3C995F2B"),
        default: Rate::per_second(1000),
        counts: Counts::UnderKeys(&[KeyFamily::MlDsa]),
        applies_to: "ML_DSA_44/65/87 keys",
        ..ROW
    },
    Entry {
        pool: "ml-kem",
        row: "crypto_ml_kem",
        quota: None,
        code: None,
        default: Rate::per_second(1000),
        basis: Basis::Assumed,
        adjustable: Adjustable::Unknown,
        counts: Counts::UnderKeys(&[KeyFamily::MlKem]),
        applies_to: "ML_KEM_512/768/1024 keys",
        sources: &[MODEL],
        note: "No page read lists a quota for ML-KEM: 1000/s of its own is assumed by analogy with ML-DSA.",
        ..ROW
    },
    Entry {
        pool: "cloudhsm",
        row: "custom_key_store_cloudhsm",
        quota: Some("AWS CloudHSM key store request quota"),
        code: None,
        default: Rate::per_second(1800),
        adjustable: Adjustable::No,
        counts: Counts::InStores,
        applies_to: "keys in one custom key store, all calling accounts together",
        sources: &[DG],
        note: "Per custom key store, in addition to the caller's symmetric quota; not visible in Service Quotas. A busy cluster may refuse earlier.",
        ..ROW
    },
    Entry {
        pool: "external",
        row: "custom_key_store_external",
        quota: Some("External key store request quota"),
        code: None,
        default: Rate::per_second(1800),
        adjustable: Adjustable::Disputed,
        counts: Counts::InStores,
        applies_to: "keys in one custom key store, all calling accounts together",
        sources: &[DG],
        note: "Per custom key store, in addition to the caller's symmetric quota; not visible in Service Quotas. Sources disagree whether it is adjustable.",
        ..ROW
    },
    Entry {
        pool: "key-pair-ecc-nist-p256",
        row: "gdkp_ecc_nist_p256",
        quota: Some("GenerateDataKeyPair (ECC_NIST_P256) request rate"),
        code: Some("L-D2EEB5E0"),
        default: Rate::per_second(100),
        counts: Counts::Pairs,
        applies_to: "KeyPairSpec=ECC_NIST_P256",
        ..ROW
    },
    Entry {
        pool: "key-pair-ecc-nist-p384",
        row: "gdkp_ecc_nist_p384",
        quota: Some("GenerateDataKeyPair (ECC_NIST_P384) request rate"),
        code: Some("L-16B46EF0"),
        default: Rate::per_second(100),
        counts: Counts::Pairs,
        applies_to: "KeyPairSpec=ECC_NIST_P384",
        ..ROW
    },
    Entry {
        pool: "key-pair-ecc-nist-p521",
        row: "gdkp_ecc_nist_p521",
        quota: Some("GenerateDataKeyPair (ECC_NIST_P521) request rate"),
        code: Some("L-1D966DA0"),
        default: Rate::per_second(100),
        counts: Counts::Pairs,
        applies_to: "KeyPairSpec=ECC_NIST_P521",
        ..ROW
    },
    Entry {
        pool: "key-pair-ecc-secg-p256k1",
        row: "gdkp_ecc_secg_p256k1",
        quota: Some("GenerateDataKeyPair (ECC_SECG_P256K1) request rate"),
        code: Some("L-3B372FA9"),
        default: Rate::per_second(100),
        counts: Counts::Pairs,
        applies_to: "KeyPairSpec=ECC_SECG_P256K1",
        ..ROW
    },
    Entry {
        pool: "key-pair-ecc-nist-edwards25519",
        row: "gdkp_ecc_nist_edwards25519",
        quota: Some("GenerateDataKeyPair (ECC_NIST_EDWARDS25519) request rate"),
        code: Some("L-7851D255"),
        default: Rate::per_second(100),
        counts: Counts::Pairs,
        applies_to: "KeyPairSpec=ECC_NIST_EDWARDS25519",
        ..ROW
    },
    Entry {
        pool: "key-pair-rsa-2048",
        row: "gdkp_rsa_2048",
        quota: Some("GenerateDataKeyPair (RSA_2048) request rate"),
        code: Some("L-77042783"),
        default: Rate::per_second(20),
        counts: Counts::Pairs,
        applies_to: "KeyPairSpec=RSA_2048",
        china: Some(Rate::per_second(1)),
        note: "China: 1/s in one 2026 copy of the Developer Guide; the newest copy and the General Reference say 20/s in each Region.",
        ..ROW
    },
    Entry {
        pool: "key-pair-rsa-3072",
        row: "gdkp_rsa_3072",
        quota: Some("GenerateDataKeyPair (RSA_3072) request rate"),
        code: Some("L-AE57B391"),
        default: Rate::per_second(4),
        counts: Counts::Pairs,
        applies_to: "KeyPairSpec=RSA_3072",
        china: Some(Rate::new(1, 2)),
        note: "China: 1 per 2 s in one 2026 copy of the Developer Guide; the newest copy and the General Reference say 4/s in each Region.",
        ..ROW
    },
    Entry {
        pool: "key-pair-rsa-4096",
        row: "gdkp_rsa_4096",
        quota: Some("GenerateDataKeyPair (RSA_4096) request rate"),
        code: Some("L-FCE4492D"),
        default: Rate::per_second(1),
        counts: Counts::Pairs,
        applies_to: "KeyPairSpec=RSA_4096",
        china: Some(Rate::new(1, 10)),
        note: "China: 1 per 10 s in one 2026 copy of the Developer Guide; the newest copy and the General Reference say 1/s in each Region.",
        ..ROW
    },
    Entry {
        pool: "key-pair-sm2",
        row: "gdkp_sm2",
        quota: Some("GenerateDataKeyPair (SM2 — China Regions only) request rate"),
        code: None,
        default: Rate::per_second(25),
        counts: Counts::Pairs,
        applies_to: "KeyPairSpec=SM2",
        china_only: true,
        sources: &[DG],
        note: "Developer Guide only; no quota code is published.",
        ..ROW
    },
    Entry {
        pool: "key-pair-ml-kem",
        row: "gdkp_ml_kem",
        quota: None,
        code: None,
        default: Rate::per_second(100),
        basis: Basis::Assumed,
        adjustable: Adjustable::Unknown,
        counts: Counts::Pairs,
        applies_to: "KeyPairSpec=ML_KEM_512/768/1024",
        sources: &[MODEL],
        note: "No page read lists a quota for ML-KEM data key pairs: 100/s is assumed by analogy with the ECC pairs.",
        ..ROW
    },
];

/// How many operations have a quota of their own.
const OWN: usize = {
    let (mut many, mut at) = (0, 0);
    while at < Operation::ALL.len() {
        if Operation::ALL[at].own_quota().is_some() {
            many += 1;
        }
        at += 1;
    }
    many
};

/// Every quota: the shared ones, then those of one operation, as its row has it. A pool's id is its position.
pub(super) static ENTRIES: [Entry; SHARED.len() + OWN] = {
    let mut all = [ROW; SHARED.len() + OWN];
    let (mut many, mut at) = (0, 0);
    while many < SHARED.len() {
        all[many] = SHARED[many];
        many += 1;
    }
    while at < Operation::ALL.len() {
        if let Some(quota) = Operation::ALL[at].own_quota() {
            all[many] = own(Operation::ALL[at], quota);
            many += 1;
        }
        at += 1;
    }
    all
};

/// The quota of one operation.
const fn own(operation: Operation, quota: OwnQuota) -> Entry {
    Entry {
        pool: operation.name(),
        quota: Some(operation.own_quota_name()),
        code: quota.code,
        default: Rate::per_second(quota.per_second),
        adjustable: if quota.is_disputed { Adjustable::Disputed } else { Adjustable::Yes },
        counts: Counts::Alone(operation),
        sources: if quota.is_in_guide_only { &[DG] } else { &[GR, DG] },
        note: quota.note,
        ..ROW
    }
}
