//! One call in the words of KMS, before any client has written it down.

use crate::api::{KeySpec, Operation};

/// What is asked of KMS.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// Which operation.
    pub operation: Operation,
    /// The key: id, ARN or alias; empty where the operation takes none.
    pub key: &'a str,
    /// The key's type, and of CreateKey the new key's.
    pub spec: KeySpec,
    /// Type of generated data key pairs.
    pub pair_spec: KeySpec,
    /// The value under [`Ask::CONTEXT`] in the encryption context; `None` for no context.
    pub context: Option<&'a str>,
    /// Plaintext or message; meaningless bytes.
    pub payload: &'a [u8],
    /// Ciphertext, signature or code that an earlier answer gave.
    pub blob: &'a [u8],
    /// How many bytes GenerateRandom gives.
    pub length: u32,
    /// Value of the tag [`Ask::TAG`] of a key that is created; the run's name.
    pub tag: &'a str,
    /// Policy of a key that is created; `None` for what the service gives it by itself.
    pub policy: Option<&'a str>,
    /// Whether the answer is read: [`Told`] is empty otherwise.
    pub is_read: bool,
    /// Two asks of one stock with the same mark are the same; `None` of one that does not come twice.
    pub mark: Option<Mark>,
}

/// What tells the asks of one [`Stock`](super::Stock) apart, so that what one was written down as serves the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    pub(super) workload: u16,
    pub(super) operation: Operation,
    pub(super) key: u32,
    pub(super) context: u32,
    pub(super) bytes: u32,
}

impl Ask<'_> {
    /// The one name in the encryption context of live runs.
    pub const CONTEXT: &'static str = "keystorm";
    /// The tag of keys that were made for a run.
    pub const TAG: &'static str = crate::planner::policy::TAG;
}

/// What set-up needs of an answer.
#[derive(Clone, Default)]
pub struct Told {
    /// Ciphertext, signature or code.
    pub blob: Vec<u8>,
    /// The key's ARN, where the answer names it.
    pub key: String,
    /// The key's type, where the answer names it.
    pub spec: Option<KeySpec>,
}

/// An algorithm that a key of this type signs with.
pub(crate) const fn signing_algorithm(spec: KeySpec) -> &'static str {
    match spec {
        KeySpec::EccNistP256 | KeySpec::EccSecgP256k1 => "ECDSA_SHA_256",
        KeySpec::EccNistP384 => "ECDSA_SHA_384",
        KeySpec::EccNistP521 => "ECDSA_SHA_512",
        KeySpec::EccNistEdwards25519 => "ED25519_SHA_512",
        KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => "ML_DSA_SHAKE_256",
        KeySpec::Sm2 => "SM2DSA",
        _ => "RSASSA_PSS_SHA_256",
    }
}

/// The algorithm that a key of this type makes codes with.
pub(crate) const fn mac_algorithm(spec: KeySpec) -> &'static str {
    match spec {
        KeySpec::Hmac224 => "HMAC_SHA_224",
        KeySpec::Hmac384 => "HMAC_SHA_384",
        KeySpec::Hmac512 => "HMAC_SHA_512",
        _ => "HMAC_SHA_256",
    }
}

/// The algorithm that a key of this type encrypts with.
pub(crate) const fn encryption_algorithm(spec: KeySpec) -> &'static str {
    match spec {
        KeySpec::SymmetricDefault => "SYMMETRIC_DEFAULT",
        KeySpec::Sm2 => "SM2PKE",
        _ => "RSAES_OAEP_SHA_256",
    }
}

/// What a new key of this type is for, given what a workload does with it.
pub(crate) const fn usage(spec: KeySpec, encrypts: bool) -> &'static str {
    match spec {
        KeySpec::SymmetricDefault => "ENCRYPT_DECRYPT",
        KeySpec::Hmac224 | KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512 => "GENERATE_VERIFY_MAC",
        KeySpec::MlKem512 | KeySpec::MlKem768 | KeySpec::MlKem1024 => "KEY_AGREEMENT",
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 | KeySpec::Sm2 if encrypts => {
            "ENCRYPT_DECRYPT"
        }
        _ => "SIGN_VERIFY",
    }
}
