//! Algorithms of wrapping by AWS's names, and the hash that an algorithm signs with.
//!
//! Source: KMS service model 2014-11-01 as of 2026-11-17.

use crate::api::{SigningAlgorithm, named};
use aws_lc_rs::digest;

named! {
    /// How imported material is wrapped.
    #[allow(missing_docs)]
    WrappingAlgorithm {
        Pkcs1 = "RSAES_PKCS1_V1_5",
        OaepSha1 = "RSAES_OAEP_SHA_1",
        OaepSha256 = "RSAES_OAEP_SHA_256",
        RsaAesSha1 = "RSA_AES_KEY_WRAP_SHA_1",
        RsaAesSha256 = "RSA_AES_KEY_WRAP_SHA_256",
        Sm2Pke = "SM2PKE",
    }
}

named! {
    /// The key that wraps imported material.
    #[allow(missing_docs)]
    WrappingKeySpec {
        Rsa2048 = "RSA_2048",
        Rsa3072 = "RSA_3072",
        Rsa4096 = "RSA_4096",
        Sm2 = "SM2",
    }
}

impl SigningAlgorithm {
    /// The hash whose digest can be signed instead of the message.
    pub(super) fn hash(self) -> Option<&'static digest::Algorithm> {
        use SigningAlgorithm::*;
        match self {
            PssSha256 | Pkcs1Sha256 | EcdsaSha256 => Some(&digest::SHA256),
            PssSha384 | Pkcs1Sha384 | EcdsaSha384 => Some(&digest::SHA384),
            PssSha512 | Pkcs1Sha512 | EcdsaSha512 | Ed25519Ph => Some(&digest::SHA512),
            Sm2Dsa | MlDsa | Ed25519 => None,
        }
    }
}
