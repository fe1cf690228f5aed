//! `Recipient`: a plaintext for an enclave, encrypted to the public key in its attestation document.
//!
//! The attestation is NOT verified: neither its signature nor its measurements. An emulator has no Nitro root of trust
//! to ask, and what it protects is test data. The document's form is read strictly.

use crate::kms::crypto::{self, Secret};
use crate::kms::wire::{ApiError, Input, Output};

/// Who alone may read an answer's plaintext.
pub(super) struct Recipient {
    /// SPKI DER.
    public_key: Vec<u8>,
}

impl Recipient {
    /// The recipient that a call names, if it names one.
    ///
    /// # Errors
    /// ValidationException if it brings no attestation document with a public key.
    pub(super) fn read(input: &Input) -> Result<Option<Recipient>, ApiError> {
        let Some(given) = input.structure("Recipient") else { return Ok(None) };
        let document = given
            .blob("AttestationDocument")
            .ok_or_else(|| ApiError::validation("Recipient must include an attestation document."))?;
        let public_key = crypto::attested_public_key(document)
            .map_err(|_| ApiError::validation("The attestation document is malformed or has no public key."))?;
        Ok(Some(Recipient { public_key }))
    }

    /// Writes a plaintext: in clear as `member`, or for the recipient as CiphertextForRecipient.
    ///
    /// # Errors
    /// ValidationException if the recipient's public key cannot be used.
    pub(super) fn give(
        recipient: Option<&Recipient>,
        output: Output,
        member: &'static str,
        plaintext: &Secret,
    ) -> Result<Output, ApiError> {
        let Some(recipient) = recipient else { return Ok(output.blob(member, plaintext.as_bytes())) };
        let envelope = crypto::envelope_for(&recipient.public_key, plaintext.as_bytes())
            .map_err(|_| ApiError::validation("The public key of the attestation document cannot be used."))?;
        Ok(output.blob("CiphertextForRecipient", &envelope))
    }
}
