//! Shared secrets: ECDH and ML-KEM.

use super::material::{Form, curve};
use super::{Error, Material, Secret};
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
