//! Sealing: AES-256-GCM with a random nonce, for what leaves the machine and comes back (tokens, records).

use super::{Error, Secret, random_array};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// `plaintext` under `key`, bound to `aad`: nonce, ciphertext, tag.
///
/// # Errors
/// [`Error::Random`] if the machine has no randomness.
pub fn seal(key: &[u8; 32], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Error> {
    let nonce = random_array::<NONCE_LEN>()?;
    let mut sealed = Vec::with_capacity(NONCE_LEN + plaintext.len() + AES_256_GCM.tag_len());
    sealed.extend_from_slice(&nonce);
    let mut body = plaintext.to_vec();
    prepared(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut body)
        .map_err(|_| Error::Random)?;
    sealed.append(&mut body);
    Ok(sealed)
}

/// What [`seal`] has sealed.
///
/// # Errors
/// [`Error::InvalidCiphertext`] if anything of it, the key or `aad` is not the same.
pub fn open(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Result<Secret, Error> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(Error::InvalidCiphertext)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Error::InvalidCiphertext)?;
    let mut body = body.to_vec();
    let opened = prepared(key).open_in_place(nonce, Aad::from(aad), &mut body);
    let length = opened.map_err(|_| Error::InvalidCiphertext)?.len();
    body.truncate(length);
    Ok(Secret::new(body))
}

fn prepared(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("the key has the algorithm's length"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_data_only() {
        let sealed = seal(&[1; 32], b"name", b"content").unwrap();
        assert_eq!(open(&[1; 32], b"name", &sealed).unwrap().as_bytes(), b"content");
        assert!(open(&[2; 32], b"name", &sealed).is_err());
        assert!(open(&[1; 32], b"eman", &sealed).is_err());
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&[1; 32], b"name", &bad).is_err(), "bit {bit}");
        }
        assert!(open(&[1; 32], b"name", &sealed[..11]).is_err());
    }
}
