//! DeriveSharedSecret, Encapsulate, Decapsulate.

use super::recipient::refuse_recipient;
use super::usage::refused;
use super::{CallContext, Handled};
use crate::api::{ECDH, KeyUsage, ML_KEM};
use crate::kms::crypto::{self, Material};
use crate::kms::keys::KeyRef;
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;
use std::sync::Arc;

serves! {
    Decapsulate: decapsulate,
    DeriveSharedSecret: derive_shared_secret,
    Encapsulate: encapsulate,
}

/// DeriveSharedSecret: Diffie–Hellman with a peer's public key.
fn derive_shared_secret(ctx: &mut CallContext<'_>) -> Handled {
    let input = ctx.input();
    let (key, material) = ready(ctx, "kms:DeriveSharedSecret", KeyUsage::KeyAgreement)?;
    refuse_recipient(input)?;
    ctx.note_use(&key, None);
    let (arn, origin) = (ctx.inventory.arn(&key), ctx.key(&key).origin);
    let peer = input.blob("PublicKey").expect("validation requires it").to_vec();
    ctx.compute(move || {
        let secret = crypto::derive_shared_secret(&material, &peer).map_err(|error| match error {
            // KMS says no more (kms-recorded-behaviour, row 25).
            crypto::Error::BadKey(_) => ApiError::validation("").without_message(),
            error => refused(error, ECDH, &material),
        })?;
        Ok(Output::new()
            .text("KeyId", &arn)
            .blob("SharedSecret", secret)
            .text("KeyAgreementAlgorithm", ECDH)
            .text("KeyOrigin", origin.name()))
    })
}

/// Encapsulate: a new shared secret, and its ciphertext for whoever has the key.
fn encapsulate(ctx: &mut CallContext<'_>) -> Handled {
    let (key, material) = ready(ctx, "kms:Encapsulate", KeyUsage::EncapsulateDecapsulate)?;
    ctx.note_use(&key, None);
    let arn = ctx.inventory.arn(&key);
    ctx.compute(move || {
        let (secret, blob) =
            crypto::encapsulate(&material).map_err(|error| refused(error, ML_KEM, &material))?;
        Ok(Output::new()
            .text("KeyId", &arn)
            .blob("SharedSecret", secret)
            .blob("SharedSecretCiphertextBlob", blob)
            .text("EncapsulationAlgorithm", ML_KEM))
    })
}

/// Decapsulate: the shared secret of a ciphertext; of a false one of the right length, some other secret.
fn decapsulate(ctx: &mut CallContext<'_>) -> Handled {
    let (key, material) = ready(ctx, "kms:Decapsulate", KeyUsage::EncapsulateDecapsulate)?;
    ctx.note_use(&key, None);
    let arn = ctx.inventory.arn(&key);
    let blob = ctx.input().blob("SharedSecretCiphertextBlob").expect("validation requires it").to_vec();
    ctx.compute(move || {
        let secret =
            crypto::decapsulate(&material, &blob).map_err(|error| refused(error, ML_KEM, &material))?;
        Ok(Output::new()
            .text("KeyId", &arn)
            .blob("SharedSecret", secret)
            .text("EncapsulationAlgorithm", ML_KEM))
    })
}

/// The key that a call names, allowed and in a good state.
fn ready(
    ctx: &mut CallContext<'_>,
    action: &str,
    usage: KeyUsage,
) -> Result<(KeyRef, Arc<Material>), ApiError> {
    let key = ctx.find("KeyId")?;
    ctx.authorize(&key, action, &BTreeMap::new(), |context| {
        if usage == KeyUsage::KeyAgreement {
            context.one("kms:KeyAgreementAlgorithm", ECDH);
        }
    })?;
    ctx.usable(&key, usage)?;
    let (_, material) = ctx.current(&key)?;
    Ok((key, material))
}
