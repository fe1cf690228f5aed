//! Algorithms by AWS's names, and which of them a key has.
//!
//! Source: KMS service model 2014-11-01 as of 2026-11-17.

use crate::api::KeySpec;
use aws_lc_rs::digest;

/// Declares an enum with AWS's names.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[allow(missing_docs)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($variant,)* }

        impl $name {
            /// Every one, in AWS's order.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// AWS's name.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }

            /// The one with AWS's name `name`, exactly.
            pub fn from_name(name: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|each| each.name() == name)
            }
        }
    };
}

named! {
    /// How a plaintext is encrypted.
    EncryptionAlgorithm {
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        OaepSha1 = "RSAES_OAEP_SHA_1",
        OaepSha256 = "RSAES_OAEP_SHA_256",
        Sm2Pke = "SM2PKE",
    }
}

named! {
    /// How a message is signed.
    SigningAlgorithm {
        PssSha256 = "RSASSA_PSS_SHA_256",
        PssSha384 = "RSASSA_PSS_SHA_384",
        PssSha512 = "RSASSA_PSS_SHA_512",
        Pkcs1Sha256 = "RSASSA_PKCS1_V1_5_SHA_256",
        Pkcs1Sha384 = "RSASSA_PKCS1_V1_5_SHA_384",
        Pkcs1Sha512 = "RSASSA_PKCS1_V1_5_SHA_512",
        EcdsaSha256 = "ECDSA_SHA_256",
        EcdsaSha384 = "ECDSA_SHA_384",
        EcdsaSha512 = "ECDSA_SHA_512",
        Sm2Dsa = "SM2DSA",
        MlDsa = "ML_DSA_SHAKE_256",
        Ed25519 = "ED25519_SHA_512",
        Ed25519Ph = "ED25519_PH_SHA_512",
    }
}

named! {
    /// How a message authentication code is made.
    MacAlgorithm {
        Sha224 = "HMAC_SHA_224",
        Sha256 = "HMAC_SHA_256",
        Sha384 = "HMAC_SHA_384",
        Sha512 = "HMAC_SHA_512",
    }
}

named! {
    /// How imported material is wrapped.
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
    WrappingKeySpec {
        Rsa2048 = "RSA_2048",
        Rsa3072 = "RSA_3072",
        Rsa4096 = "RSA_4096",
        Sm2 = "SM2",
    }
}

impl EncryptionAlgorithm {
    /// Those of a key type that encrypts.
    pub const fn of(spec: KeySpec) -> &'static [EncryptionAlgorithm] {
        match spec {
            KeySpec::SymmetricDefault => &[EncryptionAlgorithm::SymmetricDefault],
            KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => {
                &[EncryptionAlgorithm::OaepSha1, EncryptionAlgorithm::OaepSha256]
            }
            KeySpec::Sm2 => &[EncryptionAlgorithm::Sm2Pke],
            _ => &[],
        }
    }
}

impl SigningAlgorithm {
    /// Those of a key type that signs.
    pub const fn of(spec: KeySpec) -> &'static [SigningAlgorithm] {
        use SigningAlgorithm::*;
        match spec {
            KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => {
                &[Pkcs1Sha256, Pkcs1Sha384, Pkcs1Sha512, PssSha256, PssSha384, PssSha512]
            }
            KeySpec::EccNistP256 | KeySpec::EccSecgP256k1 => &[EcdsaSha256],
            KeySpec::EccNistP384 => &[EcdsaSha384],
            KeySpec::EccNistP521 => &[EcdsaSha512],
            KeySpec::EccNistEdwards25519 => &[Ed25519, Ed25519Ph],
            KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => &[MlDsa],
            KeySpec::Sm2 => &[Sm2Dsa],
            _ => &[],
        }
    }

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

impl MacAlgorithm {
    /// That of a key type.
    pub const fn of(spec: KeySpec) -> Option<MacAlgorithm> {
        match spec {
            KeySpec::Hmac224 => Some(MacAlgorithm::Sha224),
            KeySpec::Hmac256 => Some(MacAlgorithm::Sha256),
            KeySpec::Hmac384 => Some(MacAlgorithm::Sha384),
            KeySpec::Hmac512 => Some(MacAlgorithm::Sha512),
            _ => None,
        }
    }
}
