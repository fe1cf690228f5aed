//! Importing material: the key that wraps it, and unwrapping.

use super::{Error, Material, Secret, rsa_decrypt};
use crate::api::EncryptionAlgorithm;
use crate::api::{WrappingAlgorithm, WrappingKeySpec};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded as _};

/// The RSA key of one GetParametersForImport.
pub struct WrappingKey(Material);

impl WrappingKey {
    /// A new one.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for SM2, [`Error::Random`].
    pub fn generate(spec: WrappingKeySpec) -> Result<WrappingKey, Error> {
        Material::generate(spec.key_spec()).map(WrappingKey)
    }

    /// Reads [`WrappingKey::to_bytes`].
    ///
    /// # Errors
    /// [`Error::BadKey`].
    pub fn from_bytes(spec: WrappingKeySpec, bytes: &[u8]) -> Result<WrappingKey, Error> {
        Material::from_bytes(spec.key_spec(), bytes).map(WrappingKey)
    }

    /// Its private half; secret.
    pub const fn to_bytes(&self) -> &Secret {
        self.0.to_bytes()
    }

    /// Its public half: SubjectPublicKeyInfo in DER.
    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().expect("an RSA key has a public half")
    }

    /// What was wrapped to it.
    ///
    /// # Errors
    /// [`Error::InvalidCiphertext`] if it does not open, [`Error::Unsupported`] for algorithms KMS has given up (PKCS#1
    /// v1.5, since October 2023) or that exist in China only.
    pub fn unwrap(&self, algorithm: WrappingAlgorithm, wrapped: &[u8]) -> Result<Secret, Error> {
        let open = |with, part: &[u8]| rsa_decrypt(&self.0, with, part);
        match algorithm {
            WrappingAlgorithm::OaepSha1 => open(EncryptionAlgorithm::OaepSha1, wrapped),
            WrappingAlgorithm::OaepSha256 => open(EncryptionAlgorithm::OaepSha256, wrapped),
            WrappingAlgorithm::RsaAesSha1 => self.unwrap_twice(EncryptionAlgorithm::OaepSha1, wrapped),
            WrappingAlgorithm::RsaAesSha256 => self.unwrap_twice(EncryptionAlgorithm::OaepSha256, wrapped),
            WrappingAlgorithm::Pkcs1 => Err(Error::Unsupported("RSAES_PKCS1_V1_5")),
            WrappingAlgorithm::Sm2Pke => Err(Error::Unsupported("SM2PKE")),
        }
    }

    /// An AES key under RSA, then the material under the AES key (RFC 5649).
    fn unwrap_twice(&self, outer: EncryptionAlgorithm, wrapped: &[u8]) -> Result<Secret, Error> {
        let modulus = self.0.spec().modulus_bytes().ok_or(Error::WrongAlgorithm)?;
        let (first, second) = wrapped.split_at_checked(modulus).ok_or(Error::InvalidCiphertext)?;
        let aes = rsa_decrypt(&self.0, outer, first)?;
        let kek = AesKek::new(&AES_256, aes.as_bytes()).map_err(|_| Error::InvalidCiphertext)?;
        let mut opened = vec![0; second.len()];
        let length =
            kek.unwrap_with_padding(second, &mut opened).map_err(|_| Error::InvalidCiphertext)?.len();
        opened.truncate(length);
        Ok(Secret::new(opened))
    }
}
