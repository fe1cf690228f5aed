//! Shared secrets: ECDH and ML-KEM.

use super::material::{Form, curve};
use super::{Error, Material, Secret};
use crate::api::KeySpec;
use aws_lc_rs::agreement::{self, UnparsedPublicKey};
use aws_lc_rs::kem::{Ciphertext, EncapsulationKey};

/// What stands before the raw key in its SubjectPublicKeyInfo.
const ML_KEM_HEAD: usize = 22;

/// The secret that the key shares with the owner of `peer`, a public key in DER.
///
/// # Errors
/// [`Error::BadKey`] if `peer` is not on the key's curve, [`Error::WrongAlgorithm`].
pub fn derive_shared_secret(material: &Material, peer: &[u8]) -> Result<Secret, Error> {
    let algorithm = curve(material.spec()).ok_or(Error::WrongAlgorithm)?;
    let bad = || Error::BadKey(format!("the public key is not a key on the curve of {}", material.spec()));
    let peer = UnparsedPublicKey::new(algorithm, peer);
    agreement::agree(&material.agreement_key()?, peer, bad(), |secret| Ok(Secret::from(secret)))
}

/// A new shared secret and what lets the key's owner find it: (secret, ciphertext).
///
/// # Errors
/// [`Error::WrongAlgorithm`], [`Error::Random`].
pub fn encapsulate(material: &Material) -> Result<(Secret, Vec<u8>), Error> {
    let Form::MlKem(key) = material.form() else { return Err(Error::WrongAlgorithm) };
    let public = material.public_key().ok_or(Error::WrongAlgorithm)?;
    // A key that was read from bytes encapsulates only to its public half read by itself.
    let raw = public.get(ML_KEM_HEAD..).ok_or(Error::WrongAlgorithm)?;
    let public = EncapsulationKey::new(key.algorithm(), raw).map_err(|_| Error::Random)?;
    let (sent, secret) = public.encapsulate().map_err(|_| Error::Random)?;
    Ok((Secret::from(secret.as_ref()), sent.as_ref().to_vec()))
}

/// The shared secret of a ciphertext; a changed one gives another secret and no error (implicit rejection).
///
/// # Errors
/// [`Error::InvalidCiphertext`] if its length is not the key's, [`Error::WrongAlgorithm`].
pub fn decapsulate(material: &Material, sent: &[u8]) -> Result<Secret, Error> {
    let Form::MlKem(key) = material.form() else { return Err(Error::WrongAlgorithm) };
    let secret = key.decapsulate(Ciphertext::from(sent)).map_err(|_| Error::InvalidCiphertext)?;
    Ok(Secret::from(secret.as_ref()))
}

/// SubjectPublicKeyInfo of an ML-KEM key: OID 2.16.840.1.101.3.4.4.1 to 3 (RFC 9935).
///
/// The encapsulation key stands inside the decapsulation key (FIPS 203: dk = dk' ‖ ek ‖ H(ek) ‖ z); the library does not
/// find it there by itself.
pub(super) fn ml_kem_spki(spec: KeySpec, decapsulation_key: &[u8]) -> Option<Vec<u8>> {
    let (last, rank) = match spec {
        KeySpec::MlKem512 => (1, 2),
        KeySpec::MlKem768 => (2, 3),
        _ => (3, 4),
    };
    let raw = decapsulation_key.get(384 * rank..768 * rank + 32)?;
    let algorithm = [0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x04, last];
    let mut der = vec![0x30, 0x82];
    let bits = (raw.len() + 1) as u16;
    der.extend_from_slice(&(algorithm.len() as u16 + 4 + bits).to_be_bytes());
    der.extend_from_slice(&algorithm);
    der.extend_from_slice(&[0x03, 0x82]);
    der.extend_from_slice(&bits.to_be_bytes());
    der.push(0);
    der.extend_from_slice(raw);
    Some(der)
}
