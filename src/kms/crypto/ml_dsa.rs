//! ML-DSA over an external mu, which aws-lc-rs does not offer; and the seed in a key's PKCS#8 form.
//!
//! mu = SHAKE256(SHAKE256(public key) ‖ 0 ‖ 0 ‖ message): FIPS 204, pure mode, empty context.

use super::Error;
use crate::api::KeySpec;
use ml_dsa::{ExpandedSigningKey, MlDsa44, MlDsa65, MlDsa87, MlDsaParams, Signature};

/// Signs a 64-byte mu.
pub(super) fn sign_mu(spec: KeySpec, seed: &[u8], mu: &[u8]) -> Result<Vec<u8>, Error> {
    match spec {
        KeySpec::MlDsa44 => sign_with::<MlDsa44>(seed, mu),
        KeySpec::MlDsa65 => sign_with::<MlDsa65>(seed, mu),
        KeySpec::MlDsa87 => sign_with::<MlDsa87>(seed, mu),
        _ => Err(Error::WrongAlgorithm),
    }
}

/// Whether a signature is that of a 64-byte mu.
pub(super) fn verify_mu(spec: KeySpec, seed: &[u8], mu: &[u8], given: &[u8]) -> Result<bool, Error> {
    match spec {
        KeySpec::MlDsa44 => verify_with::<MlDsa44>(seed, mu, given),
        KeySpec::MlDsa65 => verify_with::<MlDsa65>(seed, mu, given),
        KeySpec::MlDsa87 => verify_with::<MlDsa87>(seed, mu, given),
        _ => Err(Error::WrongAlgorithm),
    }
}

fn key<P: MlDsaParams>(seed: &[u8]) -> Result<ExpandedSigningKey<P>, Error> {
    let seed: [u8; 32] = seed.try_into().map_err(|_| Error::WrongAlgorithm)?;
    Ok(ExpandedSigningKey::from_seed(&seed.into()))
}

fn length(mu: &[u8]) -> Result<[u8; 64], Error> {
    mu.try_into().map_err(|_| Error::BadDigestLength { expected: 64, got: mu.len() })
}

fn sign_with<P: MlDsaParams>(seed: &[u8], mu: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(key::<P>(seed)?.sign_mu_deterministic(&length(mu)?.into()).encode().to_vec())
}

fn verify_with<P: MlDsaParams>(seed: &[u8], mu: &[u8], given: &[u8]) -> Result<bool, Error> {
    let mu = length(mu)?;
    let Some(signature) = given.try_into().ok().and_then(|given| Signature::<P>::decode(given)) else {
        return Ok(false);
    };
    Ok(key::<P>(seed)?.verifying_key().verify_mu(&mu.into(), &signature))
}

/// The seed in given material: the 32 bytes themselves, or PKCS#8 in its seed form (RFC 9881: `[0]` of 32 bytes, alone
/// or beside the expanded key).
pub(super) fn seed_of(spec: KeySpec, bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() == 32 {
        return Some(bytes.to_vec());
    }
    // OID 2.16.840.1.101.3.4.3.17, .18, .19
    let last = match spec {
        KeySpec::MlDsa44 => 17,
        KeySpec::MlDsa65 => 18,
        KeySpec::MlDsa87 => 19,
        _ => return None,
    };
    let oid = [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, last];
    let behind = bytes.windows(oid.len()).position(|window| window == oid)? + oid.len();
    let rest = bytes.get(behind..)?.strip_prefix(&[0x04])?;
    let (_, inner) = read_length(rest)?;
    let bare = inner.strip_prefix(&[0x80, 0x20]);
    let seed = bare.or_else(|| read_length(inner.strip_prefix(&[0x30])?)?.1.strip_prefix(&[0x04, 0x20]))?;
    seed.get(..32).map(<[u8]>::to_vec)
}

/// A DER length and what follows it.
fn read_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match *bytes.first()? {
        short @ 0..=0x7f => Some((usize::from(short), &bytes[1..])),
        0x81 => Some((usize::from(*bytes.get(1)?), &bytes[2..])),
        0x82 => Some((usize::from(u16::from_be_bytes([*bytes.get(1)?, *bytes.get(2)?])), &bytes[3..])),
        _ => None,
    }
}

/// The mu of a message.
#[cfg(test)]
pub(super) fn mu_of(spec: KeySpec, seed: &[u8], message: &[u8]) -> Vec<u8> {
    fn with<P: MlDsaParams>(seed: &[u8], message: &[u8]) -> Vec<u8> {
        let verifying = key::<P>(seed).unwrap().verifying_key();
        let mu = verifying.compute_mu(
            |hash| {
                ml_dsa::signature::digest::Update::update(hash, message);
                Ok(())
            },
            &[],
        );
        mu.unwrap().to_vec()
    }
    match spec {
        KeySpec::MlDsa44 => with::<MlDsa44>(seed, message),
        KeySpec::MlDsa65 => with::<MlDsa65>(seed, message),
        _ => with::<MlDsa87>(seed, message),
    }
}
