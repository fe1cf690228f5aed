//! Ciphertexts under a symmetric key: our own magic, AWS's layout and sizes.
//!
//! ```text
//!  5  magic     01 02 4b 00 78
//! 32  material  the id of the key material: Decrypt needs no key id
//!  1  tag       01
//! 16  salt      random; the message's own key is HMAC-SHA-256(material key, salt)
//!  4  length    of the rest, big-endian
//!  …  DER       PKCS#7 EncryptedData: AES-256-GCM, 12-byte nonce, tag length 16, content = plaintext + 27
//!                 27 = 1 version, 10 zero bytes of padding, then the 16-byte tag behind the ciphertext
//! ```
//!
//! Source of the layout: sizes computed from public samples (kms-facts §5, read 2026-11-23); what AWS puts into its 27
//! bytes is not known. A key of its own for each message means that random nonces cannot meet under one key. Everything
//! before the ciphertext, and the encryption context, is additional data, so any changed bit is noticed.

use super::{Error, Material, MaterialId, Secret, random_array};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::borrow::Cow;
use std::collections::BTreeMap;

const MAGIC: [u8; 5] = [0x01, 0x02, 0x4b, 0x00, 0x78];
const SALT: usize = 16;
const TAG: usize = 16;
/// Version byte and zero padding before the ciphertext proper.
const LEAD: [u8; 11] = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// Where the material id, the salt and the DER begin.
const ID_AT: usize = MAGIC.len();
const SALT_AT: usize = ID_AT + 32 + 1;
const LENGTH_AT: usize = SALT_AT + SALT;
const DER_AT: usize = LENGTH_AT + 4;
/// OID 1.2.840.113549.1.7.6, encryptedData.
const ENCRYPTED_DATA: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06];
/// OID 1.2.840.113549.1.7.1, data.
const DATA: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
/// OID 2.16.840.1.101.3.4.1.46, aes256-GCM.
const AES_GCM: [u8; 11] = [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2e];

/// What a ciphertext says without any key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The material it was made with.
    pub material_id: MaterialId,
}

impl Header {
    /// Reads the beginning of a ciphertext.
    ///
    /// # Errors
    /// [`Error::InvalidCiphertext`] if it is not one of ours.
    pub fn read(blob: &[u8]) -> Result<Header, Error> {
        let rest = blob.strip_prefix(&MAGIC).ok_or(Error::InvalidCiphertext)?;
        let id = rest.first_chunk::<32>().ok_or(Error::InvalidCiphertext)?;
        if rest.get(32) != Some(&1) {
            return Err(Error::InvalidCiphertext);
        }
        Ok(Header { material_id: MaterialId::from_bytes(*id) })
    }
}

/// Encrypts under the material called `id`, bound to the encryption context.
///
/// # Errors
/// [`Error::WrongAlgorithm`] if the material is not symmetric, [`Error::Random`].
pub fn encrypt(
    material: &Material,
    id: &MaterialId,
    context: &BTreeMap<String, String>,
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    let (salt, nonce) = (random_array::<SALT>()?, random_array::<NONCE_LEN>()?);
    let content = LEAD.len() + plaintext.len() + TAG;
    let mut blob = Vec::with_capacity(DER_AT + der_length(content));
    blob.extend_from_slice(&MAGIC);
    blob.extend_from_slice(id.as_bytes());
    blob.push(1);
    blob.extend_from_slice(&salt);
    blob.extend_from_slice(&(der_length(content) as u32).to_be_bytes());
    write_der(&mut blob, &nonce, content);
    let body_at = blob.len();
    blob.extend_from_slice(plaintext);
    let key = message_key(material, &salt)?;
    let (head, body) = blob.split_at_mut(body_at);
    let aad = additional(head, context);
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&aad), body)
        .map_err(|_| Error::Random)?;
    blob.extend_from_slice(tag.as_ref());
    Ok(blob)
}

/// Decrypts what [`encrypt`] has made.
///
/// # Errors
/// [`Error::InvalidCiphertext`] if any bit of it or of the context differs, [`Error::WrongAlgorithm`].
pub fn decrypt(
    material: &Material,
    blob: &[u8],
    context: &BTreeMap<String, String>,
) -> Result<Secret, Error> {
    Header::read(blob)?;
    let salt = blob.get(SALT_AT..LENGTH_AT).ok_or(Error::InvalidCiphertext)?;
    let content = blob.len().checked_sub(DER_AT).and_then(content_of).ok_or(Error::InvalidCiphertext)?;
    let mut head = Vec::with_capacity(DER_AT + der_length(content) - content + LEAD.len());
    head.extend_from_slice(&blob[..LENGTH_AT]);
    head.extend_from_slice(&(der_length(content) as u32).to_be_bytes());
    let nonce_end = {
        // Written again with the nonce it has: what differs anywhere is not ours.
        let nonce_at = DER_AT + nonce_offset(content);
        let nonce = blob.get(nonce_at..nonce_at + NONCE_LEN).ok_or(Error::InvalidCiphertext)?;
        write_der(&mut head, nonce, content);
        nonce_at..nonce_at + NONCE_LEN
    };
    let body = blob.strip_prefix(head.as_slice()).ok_or(Error::InvalidCiphertext)?;
    let nonce = Nonce::try_assume_unique_for_key(&blob[nonce_end]).map_err(|_| Error::InvalidCiphertext)?;
    let key = message_key(material, salt)?;
    let aad = additional(&head, context);
    let mut body = body.to_vec();
    let opened =
        key.open_in_place(nonce, Aad::from(&aad), &mut body).map_err(|_| Error::InvalidCiphertext)?;
    let length = opened.len();
    body.truncate(length);
    Ok(Secret::new(body))
}

/// The key of one message.
fn message_key(material: &Material, salt: &[u8]) -> Result<LessSafeKey, Error> {
    let derived = material.derived(salt)?;
    let key = UnboundKey::new(&AES_256_GCM, derived.as_ref()).expect("HMAC-SHA-256 gives 32 bytes");
    Ok(LessSafeKey::new(key))
}

/// The head and the context, each pair with its lengths, in the order of the keys.
fn additional<'a>(head: &'a [u8], context: &BTreeMap<String, String>) -> Cow<'a, [u8]> {
    if context.is_empty() {
        return Cow::Borrowed(head);
    }
    let size = context.iter().map(|(key, value)| key.len() + value.len() + 8).sum::<usize>();
    let mut aad = Vec::with_capacity(head.len() + size);
    aad.extend_from_slice(head);
    for text in context.iter().flat_map(|(key, value)| [key, value]) {
        aad.extend_from_slice(&(text.len() as u32).to_be_bytes());
        aad.extend_from_slice(text.as_bytes());
    }
    Cow::Owned(aad)
}

/// How many bytes a DER length takes.
const fn length_bytes(length: usize) -> usize {
    match length {
        0..=0x7f => 1,
        0x80..=0xff => 2,
        _ => 3,
    }
}

/// The whole of a DER element with so long a content.
const fn element(length: usize) -> usize {
    1 + length_bytes(length) + length
}

/// GCM parameters: nonce and tag length; and the algorithm they belong to.
const PARAMETERS: usize = 2 + NONCE_LEN + 3;
const ALGORITHM: usize = AES_GCM.len() + 2 + PARAMETERS;

/// `EncryptedContentInfo`'s content, `EncryptedData`'s, and the outermost's.
const fn inner(content: usize) -> usize {
    DATA.len() + element(ALGORITHM) + element(content)
}
const fn middle(content: usize) -> usize {
    3 + element(inner(content))
}
const fn outer(content: usize) -> usize {
    ENCRYPTED_DATA.len() + element(element(middle(content)))
}
const fn der_length(content: usize) -> usize {
    element(outer(content))
}

/// Where the nonce begins in the DER of so long a content.
const fn nonce_offset(content: usize) -> usize {
    let heads = [outer(content), element(middle(content)), middle(content), inner(content)];
    let lengths =
        length_bytes(heads[0]) + length_bytes(heads[1]) + length_bytes(heads[2]) + length_bytes(heads[3]);
    4 + lengths + ENCRYPTED_DATA.len() + 3 + DATA.len() + 2 + AES_GCM.len() + 2 + 2
}

/// The content length of a DER of `length` bytes.
fn content_of(length: usize) -> Option<usize> {
    let least = LEAD.len() + TAG;
    let around = |content: usize| der_length(content) - content;
    // What lies around a content grows with it, by ten bytes in all: five lengths have one to three bytes each.
    let (from, to) = (length.checked_sub(around(length))?, length.checked_sub(around(0))?);
    (from.max(least)..=to).find(|content| der_length(*content) == length)
}

fn write_head(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    match length_bytes(length) {
        1 => out.push(length as u8),
        2 => out.extend_from_slice(&[0x81, length as u8]),
        _ => {
            out.push(0x82);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
    }
}

/// Everything of the DER before the ciphertext proper.
fn write_der(out: &mut Vec<u8>, nonce: &[u8], content: usize) {
    write_head(out, 0x30, outer(content));
    out.extend_from_slice(&ENCRYPTED_DATA);
    write_head(out, 0xa0, element(middle(content)));
    write_head(out, 0x30, middle(content));
    out.extend_from_slice(&[0x02, 0x01, 0x00]);
    write_head(out, 0x30, inner(content));
    out.extend_from_slice(&DATA);
    write_head(out, 0x30, ALGORITHM);
    out.extend_from_slice(&AES_GCM);
    write_head(out, 0x30, PARAMETERS);
    write_head(out, 0x04, NONCE_LEN);
    out.extend_from_slice(nonce);
    out.extend_from_slice(&[0x02, 0x01, 0x10]);
    write_head(out, 0x80, content);
    out.extend_from_slice(&LEAD);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::KeySpec;

    fn context(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }

    const ID: MaterialId = MaterialId::from_bytes([7; 32]);

    #[test]
    fn sizes_are_those_of_aws() {
        let key = Material::generate(KeySpec::SymmetricDefault).unwrap();
        for (plain, size) in
            [(1, 153), (16, 168), (32, 184), (64, 220), (512, 674), (1024, 1186), (4096, 4258)]
        {
            let blob = encrypt(&key, &ID, &BTreeMap::new(), &vec![9; plain]).unwrap();
            assert_eq!(blob.len(), size, "{plain}");
            assert_eq!(decrypt(&key, &blob, &BTreeMap::new()).unwrap().as_bytes(), vec![9; plain]);
            assert_eq!(Header::read(&blob).unwrap().material_id, ID);
        }
    }

    #[test]
    fn every_length_comes_back() {
        let key = Material::generate(KeySpec::SymmetricDefault).unwrap();
        for plain in 0..=700 {
            let text = vec![plain as u8; plain];
            let blob = encrypt(&key, &ID, &BTreeMap::new(), &text).unwrap();
            assert_eq!(decrypt(&key, &blob, &BTreeMap::new()).unwrap().as_bytes(), text, "{plain}");
        }
    }

    #[test]
    fn a_length_is_that_of_one_content_or_of_none() {
        let least = LEAD.len() + TAG;
        for length in 0..70_000 {
            let searched = (length.max(100) - 100..=length)
                .find(|content| *content >= least && der_length(*content) == length);
            assert_eq!(content_of(length), searched, "{length}");
        }
    }

    #[test]
    fn any_changed_bit_is_noticed() {
        let key = Material::generate(KeySpec::SymmetricDefault).unwrap();
        let bound = context(&[("a", "1")]);
        let blob = encrypt(&key, &ID, &bound, &[5; 32]).unwrap();
        for bit in 0..blob.len() * 8 {
            let mut bad = blob.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decrypt(&key, &bad, &bound).unwrap_err(), Error::InvalidCiphertext, "bit {bit}");
        }
        for length in 0..blob.len() {
            assert!(decrypt(&key, &blob[..length], &bound).is_err(), "cut at {length}");
        }
        let longer = [blob.as_slice(), &[0]].concat();
        assert!(decrypt(&key, &longer, &bound).is_err());
    }

    #[test]
    fn the_context_must_be_the_same_and_is_not_ambiguous() {
        let key = Material::generate(KeySpec::SymmetricDefault).unwrap();
        let blob = encrypt(&key, &ID, &context(&[("ab", "c"), ("d", "")]), b"x").unwrap();
        assert!(decrypt(&key, &blob, &context(&[("d", ""), ("ab", "c")])).is_ok());
        for other in [
            &[("ab", "c")][..],
            &[("a", "bc"), ("d", "")],
            &[("ab", "cd"), ("", "")],
            &[("AB", "c"), ("d", "")],
        ] {
            assert!(decrypt(&key, &blob, &context(other)).is_err(), "{other:?}");
        }
        let another = Material::generate(KeySpec::SymmetricDefault).unwrap();
        assert!(decrypt(&another, &blob, &context(&[("ab", "c"), ("d", "")])).is_err());
    }
}
