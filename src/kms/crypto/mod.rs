//! Cryptography of the emulated KMS: real algorithms on real keys. Pure but for the machine's randomness.
//!
//! aws-lc-rs does the work; what it lacks comes from elsewhere: Ed25519ph from `ed25519-dalek`, ML-DSA over an external
//! mu from `ml-dsa`. SM2 is [`Error::Unsupported`]: it exists in China Regions only.

mod agree;
mod envelope;
mod import;
mod material;
mod material_id;
mod ml_dsa;
mod ml_kem;
mod random;
mod seal;
mod secret;
mod sign;

pub use agree::{decapsulate, derive_shared_secret, encapsulate};
pub use envelope::{Header, decrypt, encrypt};
pub use import::WrappingKey;
pub use material::{Material, data_key_pair};
pub use material_id::MaterialId;
pub use random::{random, random_array};
pub use seal::{open, seal};
pub use secret::Secret;
pub use sign::{MessageType, generate_mac, rsa_decrypt, rsa_encrypt, sign, verify, verify_mac};

/// Why something cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not made by this key, or changed since, or under another encryption context.
    #[error("the ciphertext is invalid")]
    InvalidCiphertext,
    /// The key's type does not have the algorithm.
    #[error("the algorithm does not fit the key")]
    WrongAlgorithm,
    /// The plaintext is longer than the algorithm takes.
    #[error("at most {limit} bytes can be encrypted")]
    TooLong {
        /// In bytes.
        limit: usize,
    },
    /// A digest's length is not that of the algorithm's hash.
    #[error("the digest has {got} bytes and not {expected}")]
    BadDigestLength {
        /// In bytes.
        expected: usize,
        /// In bytes.
        got: usize,
    },
    /// Given key material is not what it should be; says how, without showing it.
    #[error("{0}")]
    BadKey(String),
    /// Not emulated.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// The machine has no randomness, or the library failed.
    #[error("the cryptographic library failed")]
    Random,
}

#[cfg(test)]
mod tests;
