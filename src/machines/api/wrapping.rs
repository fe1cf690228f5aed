//! How imported key material is wrapped, by AWS's names.
//!
//! Source: AWS KMS service model 2014-11-01 as of 2026-11-17.

use super::KeySpec;
use super::named::named;

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

impl WrappingKeySpec {
    /// The type of key that it is.
    pub const fn key_spec(self) -> KeySpec {
        match self {
            WrappingKeySpec::Rsa2048 => KeySpec::Rsa2048,
            WrappingKeySpec::Rsa3072 => KeySpec::Rsa3072,
            WrappingKeySpec::Rsa4096 => KeySpec::Rsa4096,
            WrappingKeySpec::Sm2 => KeySpec::Sm2,
        }
    }
}
