//! Signatures, message authentication codes, RSA encryption.

use super::material::{Form, Material};
use super::{Error, Secret};
use crate::api::{EncryptionAlgorithm, KeySpec, MacAlgorithm, SigningAlgorithm};
use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaEncoding, VerificationAlgorithm};
use ed25519_dalek::{SigningKey, VerifyingKey};

/// The hash whose digest can be signed instead of the message.
pub(super) fn hash_of(algorithm: SigningAlgorithm) -> Option<&'static digest::Algorithm> {
    use SigningAlgorithm::*;
    match algorithm {
        PssSha256 | Pkcs1Sha256 | EcdsaSha256 => Some(&digest::SHA256),
        PssSha384 | Pkcs1Sha384 | EcdsaSha384 => Some(&digest::SHA384),
        PssSha512 | Pkcs1Sha512 | EcdsaSha512 | Ed25519Ph => Some(&digest::SHA512),
        Sm2Dsa | MlDsa | Ed25519 => None,
    }
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageType {
    /// The message itself.
    Raw,
    /// Its digest under the algorithm's hash.
    Digest,
    /// ML-DSA's 64-byte message representative.
    ExternalMu,
}

impl MessageType {
    /// The one with AWS's name.
    pub fn from_name(name: &str) -> Option<MessageType> {
        match name {
            "RAW" => Some(MessageType::Raw),
            "DIGEST" => Some(MessageType::Digest),
            "EXTERNAL_MU" => Some(MessageType::ExternalMu),
            _ => None,
        }
    }
}

/// The signature of a message.
///
/// # Errors
/// [`Error::WrongAlgorithm`], [`Error::BadDigestLength`], [`Error::Random`].
pub fn sign(
    material: &Material,
    algorithm: SigningAlgorithm,
    message_type: MessageType,
    message: &[u8],
) -> Result<Vec<u8>, Error> {
    check(material.spec(), algorithm, message_type, message)?;
    let failed = |_| Error::Random;
    match material.form() {
        Form::Rsa { signs, .. } => {
            let encoding = rsa_encoding(algorithm)?;
            let mut made = vec![0; signs.public_modulus_len()];
            match message_type {
                MessageType::Digest => {
                    signs.sign_digest(encoding, &given_digest(algorithm, message)?, &mut made)
                }
                _ => signs.sign(encoding, &SystemRandom::new(), message, &mut made),
            }
            .map_err(failed)?;
            Ok(made)
        }
        Form::Ecdsa(key) => {
            let made = match message_type {
                MessageType::Digest => key.sign_digest(&given_digest(algorithm, message)?),
                _ => key.sign(&SystemRandom::new(), message),
            };
            Ok(made.map_err(failed)?.as_ref().to_vec())
        }
        Form::Ed25519 { key, .. } if algorithm == SigningAlgorithm::Ed25519 => {
            Ok(key.sign(message).as_ref().to_vec())
        }
        Form::Ed25519 { seed, .. } => {
            let seed: &[u8; 32] = seed.as_bytes().try_into().map_err(|_| Error::WrongAlgorithm)?;
            let made = SigningKey::from_bytes(seed).sign_prehashed(Given::of(message)?, None);
            Ok(made.map_err(|_| Error::Random)?.to_bytes().to_vec())
        }
        Form::MlDsa { seed, .. } if message_type == MessageType::ExternalMu => {
            super::ml_dsa::sign_mu(material.spec(), seed.as_bytes(), message)
        }
        Form::MlDsa { key, .. } => {
            let mut made = vec![0; key.algorithm().signature_len()];
            let length = key.sign(message, &mut made).map_err(failed)?;
            made.truncate(length);
            Ok(made)
        }
        _ => Err(Error::WrongAlgorithm),
    }
}

/// Whether a signature is that of a message.
///
/// # Errors
/// [`Error::WrongAlgorithm`], [`Error::BadDigestLength`].
pub fn verify(
    material: &Material,
    algorithm: SigningAlgorithm,
    message_type: MessageType,
    message: &[u8],
    given: &[u8],
) -> Result<bool, Error> {
    check(material.spec(), algorithm, message_type, message)?;
    let public = material.public_key().ok_or(Error::WrongAlgorithm)?;
    match (material.form(), message_type) {
        (Form::Ed25519 { seed, .. }, MessageType::Digest) => {
            let seed: &[u8; 32] = seed.as_bytes().try_into().map_err(|_| Error::WrongAlgorithm)?;
            let Ok(given) = ed25519_dalek::Signature::from_slice(given) else { return Ok(false) };
            let key: VerifyingKey = SigningKey::from_bytes(seed).verifying_key();
            Ok(key.verify_prehashed_strict(Given::of(message)?, None, &given).is_ok())
        }
        (Form::MlDsa { seed, .. }, MessageType::ExternalMu) => {
            super::ml_dsa::verify_mu(material.spec(), seed.as_bytes(), message, given)
        }
        (_, MessageType::Digest) => {
            let digest = given_digest(algorithm, message)?;
            let key = ParsedPublicKey::new(verification(material.spec(), algorithm)?, public);
            Ok(key.map_err(|_| Error::WrongAlgorithm)?.verify_digest_sig(&digest, given).is_ok())
        }
        _ => {
            let key = ParsedPublicKey::new(verification(material.spec(), algorithm)?, public);
            Ok(key.map_err(|_| Error::WrongAlgorithm)?.verify_sig(message, given).is_ok())
        }
    }
}

/// Refuses what does not go together.
fn check(spec: KeySpec, algorithm: SigningAlgorithm, kind: MessageType, message: &[u8]) -> Result<(), Error> {
    if spec == KeySpec::Sm2 {
        return Err(Error::Unsupported("SM2"));
    }
    let fits = match kind {
        MessageType::Raw => algorithm != SigningAlgorithm::Ed25519Ph,
        MessageType::Digest => hash_of(algorithm).is_some(),
        MessageType::ExternalMu => algorithm == SigningAlgorithm::MlDsa,
    };
    if !spec.signing_algorithms().contains(&algorithm) || !fits {
        return Err(Error::WrongAlgorithm);
    }
    let expected = match kind {
        MessageType::Raw => return Ok(()),
        MessageType::Digest => hash_of(algorithm).map_or(0, |hash| hash.output_len()),
        MessageType::ExternalMu => 64,
    };
    if message.len() == expected {
        Ok(())
    } else {
        Err(Error::BadDigestLength { expected, got: message.len() })
    }
}

fn given_digest(algorithm: SigningAlgorithm, digest: &[u8]) -> Result<Digest, Error> {
    let hash = hash_of(algorithm).ok_or(Error::WrongAlgorithm)?;
    Digest::import_less_safe(digest, hash).map_err(|_| Error::WrongAlgorithm)
}

fn rsa_encoding(algorithm: SigningAlgorithm) -> Result<&'static dyn RsaEncoding, Error> {
    Ok(match algorithm {
        SigningAlgorithm::PssSha256 => &signature::RSA_PSS_SHA256,
        SigningAlgorithm::PssSha384 => &signature::RSA_PSS_SHA384,
        SigningAlgorithm::PssSha512 => &signature::RSA_PSS_SHA512,
        SigningAlgorithm::Pkcs1Sha256 => &signature::RSA_PKCS1_SHA256,
        SigningAlgorithm::Pkcs1Sha384 => &signature::RSA_PKCS1_SHA384,
        SigningAlgorithm::Pkcs1Sha512 => &signature::RSA_PKCS1_SHA512,
        _ => return Err(Error::WrongAlgorithm),
    })
}

fn verification(
    spec: KeySpec,
    algorithm: SigningAlgorithm,
) -> Result<&'static dyn VerificationAlgorithm, Error> {
    Ok(match (algorithm, spec) {
        (SigningAlgorithm::PssSha256, _) => &signature::RSA_PSS_2048_8192_SHA256,
        (SigningAlgorithm::PssSha384, _) => &signature::RSA_PSS_2048_8192_SHA384,
        (SigningAlgorithm::PssSha512, _) => &signature::RSA_PSS_2048_8192_SHA512,
        (SigningAlgorithm::Pkcs1Sha256, _) => &signature::RSA_PKCS1_2048_8192_SHA256,
        (SigningAlgorithm::Pkcs1Sha384, _) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (SigningAlgorithm::Pkcs1Sha512, _) => &signature::RSA_PKCS1_2048_8192_SHA512,
        (SigningAlgorithm::EcdsaSha256, KeySpec::EccSecgP256k1) => &signature::ECDSA_P256K1_SHA256_ASN1,
        (SigningAlgorithm::EcdsaSha256, _) => &signature::ECDSA_P256_SHA256_ASN1,
        (SigningAlgorithm::EcdsaSha384, _) => &signature::ECDSA_P384_SHA384_ASN1,
        (SigningAlgorithm::EcdsaSha512, _) => &signature::ECDSA_P521_SHA512_ASN1,
        (SigningAlgorithm::Ed25519, _) => &signature::ED25519,
        (SigningAlgorithm::MlDsa, KeySpec::MlDsa44) => &signature::ML_DSA_44,
        (SigningAlgorithm::MlDsa, KeySpec::MlDsa65) => &signature::ML_DSA_65,
        (SigningAlgorithm::MlDsa, KeySpec::MlDsa87) => &signature::ML_DSA_87,
        _ => return Err(Error::WrongAlgorithm),
    })
}

/// A SHA-512 that has been computed elsewhere: what Ed25519ph takes is a hash, not its digest.
#[derive(Clone)]
struct Given([u8; 64]);

impl Given {
    fn of(digest: &[u8]) -> Result<Given, Error> {
        let got = digest.len();
        digest.try_into().map(Given).map_err(|_| Error::BadDigestLength { expected: 64, got })
    }
}

impl Default for Given {
    fn default() -> Given {
        Given([0; 64])
    }
}

mod given {
    use super::Given;
    use ed25519_dalek::ed25519::signature::digest::{
        FixedOutput, HashMarker, Output, OutputSizeUser, Update, consts::U64,
    };

    impl OutputSizeUser for Given {
        type OutputSize = U64;
    }

    impl Update for Given {
        fn update(&mut self, _: &[u8]) {}
    }

    impl FixedOutput for Given {
        fn finalize_into(self, out: &mut Output<Self>) {
            out.copy_from_slice(&self.0);
        }
    }

    impl HashMarker for Given {}
}

/// The authentication code of a message.
///
/// # Errors
/// [`Error::WrongAlgorithm`].
pub fn generate_mac(material: &Material, algorithm: MacAlgorithm, message: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(hmac::sign(mac_key(material, algorithm)?, message).as_ref().to_vec())
}

/// Whether an authentication code is that of a message; in constant time.
///
/// # Errors
/// [`Error::WrongAlgorithm`].
pub fn verify_mac(
    material: &Material,
    algorithm: MacAlgorithm,
    message: &[u8],
    mac: &[u8],
) -> Result<bool, Error> {
    Ok(hmac::verify(mac_key(material, algorithm)?, message, mac).is_ok())
}

fn mac_key(material: &Material, algorithm: MacAlgorithm) -> Result<&hmac::Key, Error> {
    match material.form() {
        Form::Mac(key) if material.spec().mac_algorithm() == Some(algorithm) => Ok(key),
        _ => Err(Error::WrongAlgorithm),
    }
}

/// Encrypts under an RSA key's public half.
///
/// # Errors
/// [`Error::TooLong`], [`Error::WrongAlgorithm`].
pub fn rsa_encrypt(
    material: &Material,
    algorithm: EncryptionAlgorithm,
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    let public = material.public_key().ok_or(Error::WrongAlgorithm)?;
    rsa_encrypt_to(public, oaep(algorithm)?, plaintext)
}

/// Encrypts to a public key in DER.
///
/// # Errors
/// [`Error::TooLong`], [`Error::BadKey`].
pub(super) fn rsa_encrypt_to(
    public: &[u8],
    oaep: &'static OaepAlgorithm,
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    let not_rsa = |_| Error::BadKey("the public key is not an RSA key".into());
    let key = PublicEncryptingKey::from_der(public).map_err(not_rsa)?;
    let key = OaepPublicEncryptingKey::new(key).map_err(|_| Error::Random)?;
    let limit = key.max_plaintext_size(oaep);
    if plaintext.len() > limit {
        return Err(Error::TooLong { limit });
    }
    let mut sealed = vec![0; key.ciphertext_size()];
    let length = key.encrypt(oaep, plaintext, &mut sealed, None).map_err(|_| Error::Random)?.len();
    sealed.truncate(length);
    Ok(sealed)
}

/// Decrypts what was encrypted to an RSA key.
///
/// # Errors
/// [`Error::InvalidCiphertext`], [`Error::WrongAlgorithm`].
pub fn rsa_decrypt(
    material: &Material,
    algorithm: EncryptionAlgorithm,
    sealed: &[u8],
) -> Result<Secret, Error> {
    let Form::Rsa { decrypts, .. } = material.form() else { return Err(Error::WrongAlgorithm) };
    if material.spec().modulus_bytes() != Some(sealed.len()) {
        return Err(Error::InvalidCiphertext);
    }
    let mut opened = vec![0; decrypts.min_output_size()];
    let length = decrypts
        .decrypt(oaep(algorithm)?, sealed, &mut opened, None)
        .map_err(|_| Error::InvalidCiphertext)?
        .len();
    opened.truncate(length);
    Ok(Secret::new(opened))
}

fn oaep(algorithm: EncryptionAlgorithm) -> Result<&'static OaepAlgorithm, Error> {
    match algorithm {
        EncryptionAlgorithm::OaepSha1 => Ok(&OAEP_SHA1_MGF1SHA1),
        EncryptionAlgorithm::OaepSha256 => Ok(&OAEP_SHA256_MGF1SHA256),
        EncryptionAlgorithm::SymmetricDefault => Err(Error::WrongAlgorithm),
        EncryptionAlgorithm::Sm2Pke => Err(Error::Unsupported("SM2")),
    }
}
