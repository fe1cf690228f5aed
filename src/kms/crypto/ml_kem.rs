//! The public half of ML-KEM keys, which the library does not write.

use crate::api::KeySpec;

/// SubjectPublicKeyInfo of an ML-KEM key: OID 2.16.840.1.101.3.4.4.1 to 3 (RFC 9935).
///
/// The encapsulation key stands inside the decapsulation key (FIPS 203: dk = dk' ‖ ek ‖ H(ek) ‖ z); the library does not
/// find it there by itself.
pub(super) fn spki(spec: KeySpec, decapsulation_key: &[u8]) -> Option<Vec<u8>> {
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
