//! DeriveSharedSecret, Encapsulate, Decapsulate.

use super::recipient::refuse_recipient;
use super::usage::refused;
use super::{Desk, Handled};
use crate::api::KeyUsage;
use crate::kms::crypto::{self, Material};
use crate::kms::keys::KeyRef;
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The one algorithm of key encapsulation.
const ML_KEM: &str = "ML_KEM";
/// The one algorithm of key agreement.
const ECDH: &str = "ECDH";

/// DeriveSharedSecret: Diffie–Hellman with a peer's public key.
pub(super) fn derive_shared_secret(desk: &mut Desk<'_>) -> Handled {
    let input = desk.input();
    let (key, material) = ready(desk, "kms:DeriveSharedSecret", KeyUsage::KeyAgreement)?;
    refuse_recipient(input)?;
    desk.note_use(&key, None);
    let (arn, origin) = (desk.estate.arn(&key), desk.key(&key).origin);
    let peer = input.blob("PublicKey").expect("validation requires it").to_vec();
    desk.compute(move || {
        let secret = crypto::derive_shared_secret(&material, &peer).map_err(|error| match error {
            // KMS says no more (kms-recorded-behaviour, row 25).
            crypto::Error::BadKey(_) => ApiError::validation("").without_message(),
            error => refused(error, ECDH, &material),
        })?;
        Ok(Output::new()
            .text("KeyId", &arn)
            .blob("SharedSecret", secret.as_bytes())
            .text("KeyAgreementAlgorithm", ECDH)
            .text("KeyOrigin", origin.name()))
    })
}

/// Encapsulate: a new shared secret, and its ciphertext for whoever has the key.
pub(super) fn encapsulate(desk: &mut Desk<'_>) -> Handled {
    let (key, material) = ready(desk, "kms:Encapsulate", KeyUsage::EncapsulateDecapsulate)?;
    desk.note_use(&key, None);
    let arn = desk.estate.arn(&key);
    desk.compute(move || {
        let (secret, blob) =
            crypto::encapsulate(&material).map_err(|error| refused(error, ML_KEM, &material))?;
        Ok(Output::new()
            .text("KeyId", &arn)
            .blob("SharedSecret", secret.as_bytes())
            .blob("SharedSecretCiphertextBlob", &blob)
            .text("EncapsulationAlgorithm", ML_KEM))
    })
}

/// Decapsulate: the shared secret of a ciphertext; of a false one of the right length, some other secret.
pub(super) fn decapsulate(desk: &mut Desk<'_>) -> Handled {
    let (key, material) = ready(desk, "kms:Decapsulate", KeyUsage::EncapsulateDecapsulate)?;
    desk.note_use(&key, None);
    let arn = desk.estate.arn(&key);
    let blob = desk.input().blob("SharedSecretCiphertextBlob").expect("validation requires it").to_vec();
    desk.compute(move || {
        let secret =
            crypto::decapsulate(&material, &blob).map_err(|error| refused(error, ML_KEM, &material))?;
        Ok(Output::new()
            .text("KeyId", &arn)
            .blob("SharedSecret", secret.as_bytes())
            .text("EncapsulationAlgorithm", ML_KEM))
    })
}

/// The key that a call names, allowed and in a good state.
fn ready(desk: &mut Desk<'_>, action: &str, usage: KeyUsage) -> Result<(KeyRef, Arc<Material>), ApiError> {
    let key = desk.find("KeyId")?;
    desk.authorize(&key, action, &BTreeMap::new(), |facts| {
        if usage == KeyUsage::KeyAgreement {
            facts.one("kms:KeyAgreementAlgorithm", ECDH);
        }
    })?;
    desk.usable(&key, usage)?;
    let (_, material) = desk.current(&key)?;
    Ok((key, material))
}
