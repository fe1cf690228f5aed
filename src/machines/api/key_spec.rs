//! Types of keys, and all that follows from a type: its family, what it can be for, its algorithms, its sizes.
//!
//! Whoever wants to know something of a type asks here; what needs the cryptographic library (which curve, which
//! parameters) stands in `kms::crypto`, prices and pools in `quota`, both by [`KeySpec::family`].
//!
//! Source: AWS KMS service model 2014-11-01 as of 2026-11-17 (20 key specs); AWS KMS Developer Guide, "Key spec
//! reference" (read 2026-11-23).

use super::named::named;

named! {
    /// The type of a KMS key (`KeySpec`), which decides the quota its cryptographic operations draw from.
    #[allow(missing_docs)]
    KeySpec {
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        Rsa2048 = "RSA_2048",
        Rsa3072 = "RSA_3072",
        Rsa4096 = "RSA_4096",
        EccNistP256 = "ECC_NIST_P256",
        EccNistP384 = "ECC_NIST_P384",
        EccNistP521 = "ECC_NIST_P521",
        EccSecgP256k1 = "ECC_SECG_P256K1",
        EccNistEdwards25519 = "ECC_NIST_EDWARDS25519",
        Hmac224 = "HMAC_224",
        Hmac256 = "HMAC_256",
        Hmac384 = "HMAC_384",
        Hmac512 = "HMAC_512",
        MlDsa44 = "ML_DSA_44",
        MlDsa65 = "ML_DSA_65",
        MlDsa87 = "ML_DSA_87",
        MlKem512 = "ML_KEM_512",
        MlKem768 = "ML_KEM_768",
        MlKem1024 = "ML_KEM_1024",
        Sm2 = "SM2",
    }
}

named! {
    /// What a key may be used for (`KeyUsage`).
    KeyUsage {
        /// Encrypt, decrypt, data keys.
        EncryptDecrypt = "ENCRYPT_DECRYPT",
        /// Sign and verify.
        SignVerify = "SIGN_VERIFY",
        /// Message authentication codes.
        GenerateVerifyMac = "GENERATE_VERIFY_MAC",
        /// Derive shared secrets.
        KeyAgreement = "KEY_AGREEMENT",
        /// Encapsulate and decapsulate shared secrets.
        EncapsulateDecapsulate = "ENCAPSULATE_DECAPSULATE",
    }
}

named! {
    /// How a plaintext is encrypted.
    #[allow(missing_docs)]
    EncryptionAlgorithm {
        SymmetricDefault = "SYMMETRIC_DEFAULT",
        OaepSha1 = "RSAES_OAEP_SHA_1",
        OaepSha256 = "RSAES_OAEP_SHA_256",
        Sm2Pke = "SM2PKE",
    }
}

named! {
    /// How a message is signed.
    #[allow(missing_docs)]
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
    #[allow(missing_docs)]
    MacAlgorithm {
        Sha224 = "HMAC_SHA_224",
        Sha256 = "HMAC_SHA_256",
        Sha384 = "HMAC_SHA_384",
        Sha512 = "HMAC_SHA_512",
    }
}

/// The one algorithm of key agreement.
pub const ECDH: &str = "ECDH";
/// The one algorithm of key encapsulation.
pub const ML_KEM: &str = "ML_KEM";

/// Types that are used alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFamily {
    /// AES-256-GCM.
    Symmetric,
    /// RSA.
    Rsa,
    /// The curves P-256, P-384 and P-521.
    NistCurve,
    /// The curve secp256k1.
    Secp256k1,
    /// The curve edwards25519.
    Edwards25519,
    /// HMAC.
    Hmac,
    /// ML-DSA (FIPS 204).
    MlDsa,
    /// ML-KEM (FIPS 203).
    MlKem,
    /// SM2, in the China Regions.
    Sm2,
}

impl KeySpec {
    /// The family of the type.
    pub const fn family(self) -> KeyFamily {
        use KeySpec::*;
        match self {
            SymmetricDefault => KeyFamily::Symmetric,
            Rsa2048 | Rsa3072 | Rsa4096 => KeyFamily::Rsa,
            EccNistP256 | EccNistP384 | EccNistP521 => KeyFamily::NistCurve,
            EccSecgP256k1 => KeyFamily::Secp256k1,
            EccNistEdwards25519 => KeyFamily::Edwards25519,
            Hmac224 | Hmac256 | Hmac384 | Hmac512 => KeyFamily::Hmac,
            MlDsa44 | MlDsa65 | MlDsa87 => KeyFamily::MlDsa,
            MlKem512 | MlKem768 | MlKem1024 => KeyFamily::MlKem,
            Sm2 => KeyFamily::Sm2,
        }
    }

    /// What a key of the type can be for; it is for one of them.
    pub const fn usages(self) -> &'static [KeyUsage] {
        use KeyUsage::*;
        match self.family() {
            KeyFamily::Symmetric => &[EncryptDecrypt],
            KeyFamily::Rsa => &[EncryptDecrypt, SignVerify],
            KeyFamily::NistCurve => &[SignVerify, KeyAgreement],
            KeyFamily::Secp256k1 | KeyFamily::Edwards25519 | KeyFamily::MlDsa => &[SignVerify],
            KeyFamily::Hmac => &[GenerateVerifyMac],
            KeyFamily::MlKem => &[EncapsulateDecapsulate],
            KeyFamily::Sm2 => &[EncryptDecrypt, SignVerify, KeyAgreement],
        }
    }

    /// What a new key is to be for: what is `wanted` where the type can be for it, else signing where it can sign, else
    /// the first it can be for.
    pub fn usage_for(self, wanted: KeyUsage) -> KeyUsage {
        let all = self.usages();
        let first_of = |usage: &KeyUsage| all.contains(usage);
        [wanted, KeyUsage::SignVerify].into_iter().find(first_of).unwrap_or(all[0])
    }

    /// How a key of the type encrypts, in AWS's order; empty if it does not.
    pub const fn encryption_algorithms(self) -> &'static [EncryptionAlgorithm] {
        use EncryptionAlgorithm::*;
        match self.family() {
            KeyFamily::Symmetric => &[SymmetricDefault],
            KeyFamily::Rsa => &[OaepSha1, OaepSha256],
            KeyFamily::Sm2 => &[Sm2Pke],
            _ => &[],
        }
    }

    /// How a key of the type signs, in AWS's order; empty if it does not.
    pub const fn signing_algorithms(self) -> &'static [SigningAlgorithm] {
        use SigningAlgorithm::*;
        match self {
            KeySpec::EccNistP384 => &[EcdsaSha384],
            KeySpec::EccNistP521 => &[EcdsaSha512],
            _ => match self.family() {
                KeyFamily::Rsa => &[Pkcs1Sha256, Pkcs1Sha384, Pkcs1Sha512, PssSha256, PssSha384, PssSha512],
                KeyFamily::NistCurve | KeyFamily::Secp256k1 => &[EcdsaSha256],
                KeyFamily::Edwards25519 => &[Ed25519, Ed25519Ph],
                KeyFamily::MlDsa => &[MlDsa],
                KeyFamily::Sm2 => &[Sm2Dsa],
                _ => &[],
            },
        }
    }

    /// How a key of the type makes codes, if it does.
    pub const fn mac_algorithm(self) -> Option<MacAlgorithm> {
        match self {
            KeySpec::Hmac224 => Some(MacAlgorithm::Sha224),
            KeySpec::Hmac256 => Some(MacAlgorithm::Sha256),
            KeySpec::Hmac384 => Some(MacAlgorithm::Sha384),
            KeySpec::Hmac512 => Some(MacAlgorithm::Sha512),
            _ => None,
        }
    }

    /// The algorithm to encrypt with where there is a choice: not the one with SHA-1.
    pub fn best_encryption_algorithm(self) -> Option<EncryptionAlgorithm> {
        self.encryption_algorithms().last().copied()
    }

    /// The algorithm to sign with where there is a choice: of RSA's, PSS with SHA-256.
    pub fn best_signing_algorithm(self) -> Option<SigningAlgorithm> {
        let all = self.signing_algorithms();
        all.iter().find(|each| **each == SigningAlgorithm::PssSha256).or(all.first()).copied()
    }

    /// Whether a key of the type has a public half.
    pub const fn has_public_key(self) -> bool {
        !matches!(self.family(), KeyFamily::Symmetric | KeyFamily::Hmac)
    }

    /// Whether KMS makes data key pairs of the type.
    pub const fn is_pair_spec(self) -> bool {
        self.has_public_key() && !matches!(self.family(), KeyFamily::MlDsa)
    }

    /// Bytes of the material where it is raw bytes: a symmetric key, or ML-DSA's seed.
    pub const fn raw_bytes(self) -> Option<usize> {
        match self {
            KeySpec::Hmac224 => Some(28),
            KeySpec::Hmac384 => Some(48),
            KeySpec::Hmac512 => Some(64),
            _ => match self.family() {
                KeyFamily::Symmetric | KeyFamily::Hmac | KeyFamily::MlDsa => Some(32),
                _ => None,
            },
        }
    }

    /// Bytes of an RSA key's modulus, and so of its ciphertexts and signatures.
    pub const fn modulus_bytes(self) -> Option<usize> {
        match self {
            KeySpec::Rsa2048 => Some(256),
            KeySpec::Rsa3072 => Some(384),
            KeySpec::Rsa4096 => Some(512),
            _ => None,
        }
    }

    /// The most bytes that a key of the type encrypts, in the form that takes most.
    ///
    /// Source: KMS API reference, Encrypt (2026).
    pub(super) const fn max_plaintext(self) -> u64 {
        // OAEP with SHA-1 takes 42 bytes of the modulus.
        match (self.modulus_bytes(), self.family()) {
            (Some(bytes), _) => bytes as u64 - 42,
            (None, KeyFamily::Sm2) => 1024,
            (None, _) => 4096,
        }
    }

    /// The first type that has an algorithm of that name, exactly.
    pub fn with_algorithm(name: &str) -> Option<KeySpec> {
        let has = |spec: &KeySpec| {
            spec.encryption_algorithms().iter().any(|each| each.name() == name)
                || spec.signing_algorithms().iter().any(|each| each.name() == name)
                || spec.mac_algorithm().is_some_and(|each| each.name() == name)
                || (name == ECDH && spec.usages().contains(&KeyUsage::KeyAgreement))
                || (name == ML_KEM && spec.family() == KeyFamily::MlKem)
        };
        KeySpec::ALL.iter().copied().find(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usage_of_a_type_has_its_algorithm_and_no_other_has() {
        for spec in KeySpec::ALL {
            let is_for = |usage| spec.usages().contains(&usage);
            assert_eq!(
                is_for(KeyUsage::EncryptDecrypt),
                spec.best_encryption_algorithm().is_some(),
                "{spec}"
            );
            assert_eq!(is_for(KeyUsage::SignVerify), spec.best_signing_algorithm().is_some(), "{spec}");
            assert_eq!(is_for(KeyUsage::GenerateVerifyMac), spec.mac_algorithm().is_some(), "{spec}");
        }
    }

    #[test]
    fn new_keys_are_for_what_is_wanted_if_they_can() {
        use KeyUsage::*;
        for (spec, wanted, given) in [
            (KeySpec::Rsa2048, EncryptDecrypt, EncryptDecrypt),
            (KeySpec::Rsa2048, KeyAgreement, SignVerify),
            (KeySpec::EccNistP256, KeyAgreement, KeyAgreement),
            (KeySpec::EccNistP256, EncryptDecrypt, SignVerify),
            (KeySpec::SymmetricDefault, SignVerify, EncryptDecrypt),
            (KeySpec::Hmac512, SignVerify, GenerateVerifyMac),
            (KeySpec::MlKem1024, SignVerify, EncapsulateDecapsulate),
        ] {
            assert_eq!(spec.usage_for(wanted), given, "{spec} {wanted}");
        }
    }

    #[test]
    fn sizes_and_algorithms_are_aws_s() {
        let most = KeySpec::max_plaintext;
        assert_eq!([KeySpec::Rsa2048, KeySpec::Rsa3072, KeySpec::Rsa4096].map(most), [214, 342, 470]);
        assert_eq!([KeySpec::Sm2, KeySpec::SymmetricDefault].map(most), [1024, 4096]);
        for (name, spec) in [
            ("RSAES_OAEP_SHA_256", Some(KeySpec::Rsa2048)),
            ("RSASSA_PSS_SHA_512", Some(KeySpec::Rsa2048)),
            ("ECDSA_SHA_384", Some(KeySpec::EccNistP384)),
            ("ED25519_PH_SHA_512", Some(KeySpec::EccNistEdwards25519)),
            ("ML_DSA_SHAKE_256", Some(KeySpec::MlDsa44)),
            ("ML_KEM", Some(KeySpec::MlKem512)),
            ("ECDH", Some(KeySpec::EccNistP256)),
            ("HMAC_SHA_224", Some(KeySpec::Hmac224)),
            ("SM2PKE", Some(KeySpec::Sm2)),
            ("SYMMETRIC_DEFAULT", Some(KeySpec::SymmetricDefault)),
            ("ROT13", None),
        ] {
            assert_eq!(KeySpec::with_algorithm(name), spec, "{name}");
        }
        assert_eq!(KeySpec::Rsa4096.best_signing_algorithm(), Some(SigningAlgorithm::PssSha256));
        assert_eq!(KeySpec::Rsa4096.best_encryption_algorithm(), Some(EncryptionAlgorithm::OaepSha256));
    }
}
