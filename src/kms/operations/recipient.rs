//! `Recipient`: a plaintext for an enclave, encrypted to the public key in its attestation document.
//!
//! Not emulated: a call that asks for it is refused in words, rather than given a plaintext it did not ask for.

use crate::kms::wire::{ApiError, Input};

/// Refuses a call whose plaintext is for an enclave.
///
/// # Errors
/// UnsupportedOperationException.
pub(super) fn refuse_recipient(input: &Input) -> Result<(), ApiError> {
    if !input.has("Recipient") || input.structure("Recipient").is_none() {
        return Ok(());
    }
    Err(ApiError::unsupported_operation("Recipient (attestation of an enclave) is not emulated by keystorm."))
}
