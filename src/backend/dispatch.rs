//! One call in the words of KMS, before any client has written it down.

use crate::api::{KeySpec, KeyUsage, Operation};

/// What is asked of KMS.
#[derive(Clone, Copy)]
pub struct Dispatch<'a> {
    /// Which operation.
    pub operation: Operation,
    /// The key: id, ARN or alias; empty where the operation takes none.
    pub key: &'a str,
    /// The key's type, and of CreateKey the new key's.
    pub spec: KeySpec,
    /// Type of generated data key pairs.
    pub pair_spec: KeySpec,
    /// What a key that is created is for.
    pub usage: KeyUsage,
    /// The value under [`Dispatch::CONTEXT`] in the encryption context; `None` for no context.
    pub context: Option<&'a str>,
    /// Plaintext or message; meaningless bytes.
    pub payload: &'a [u8],
    /// What an earlier answer gave: a ciphertext, a signature, a code, a public key.
    pub blob: &'a [u8],
    /// How many bytes GenerateRandom gives.
    pub length: u32,
    /// Value of the tag [`Dispatch::TAG`] of a key that is created; the run's name.
    pub tag: &'a str,
    /// Policy of a key that is created; `None` for what the service gives it by itself.
    pub policy: Option<&'a str>,
    /// Whether the answer is read: [`KmsOutput`] is empty otherwise.
    pub is_read: bool,
    /// Two dispatches of the same fixtures with the same mark are the same; `None` of one that does not come twice.
    pub mark: Option<Mark>,
}

/// What tells the asks of one [`Fixtures`](super::Fixtures) apart, so that what one was written down as serves the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    pub(super) workload: u16,
    pub(super) operation: Operation,
    pub(super) key: u32,
    pub(super) context: u32,
    pub(super) bytes: u32,
}

impl Dispatch<'_> {
    /// The one name in the encryption context of live runs.
    pub const CONTEXT: &'static str = "keystorm";
    /// The tag of keys that were made for a run.
    pub const TAG: &'static str = crate::planner::policy::TAG;
}

/// What set-up needs of an answer.
#[derive(Clone, Default)]
pub struct KmsOutput {
    /// What other calls need of it: a ciphertext, a signature, a code, a public key.
    pub blob: Vec<u8>,
    /// The key's ARN, where the answer names it.
    pub key: String,
    /// The key's type, where the answer names it.
    pub spec: Option<KeySpec>,
}

impl Dispatch<'_> {
    /// The algorithm that the call names; `None` where it goes without saying.
    pub(crate) fn algorithm(&self) -> Option<&'static str> {
        self.operation.usage().and_then(|usage| self.spec.algorithm_for(usage))
    }
}
