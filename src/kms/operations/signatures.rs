//! Sign and Verify.

use super::usage::refused;
use super::{CallContext, Handled};
use crate::api::{KeySpec, KeyUsage, SigningAlgorithm};
use crate::kms::crypto::{self, Material, MessageType};
use crate::kms::keys::KeyRef;
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;
use std::sync::Arc;

serves! {
    Sign: sign,
    Verify: verify,
}

/// A key that is ready to sign or to verify, and what.
struct Signer {
    key: KeyRef,
    arn: Arc<str>,
    material: Arc<Material>,
    algorithm: SigningAlgorithm,
    kind: MessageType,
    message: Vec<u8>,
}

/// Sign: a signature of a message or of its digest.
fn sign(ctx: &mut CallContext<'_>) -> Handled {
    let signer = Signer::read(ctx, "kms:Sign")?;
    ctx.note_use(&signer.key, None);
    ctx.compute(move || {
        let name = signer.algorithm.name();
        let signature = crypto::sign(&signer.material, signer.algorithm, signer.kind, &signer.message);
        let signature = signature.map_err(|error| refused(error, name, &signer.material))?;
        Ok(Output::new()
            .text("KeyId", &signer.arn)
            .blob("Signature", signature)
            .text("SigningAlgorithm", name))
    })
}

/// Verify: whether Sign made a signature; what it did not make is an error.
fn verify(ctx: &mut CallContext<'_>) -> Handled {
    let signer = Signer::read(ctx, "kms:Verify")?;
    ctx.note_use(&signer.key, None);
    let signature = ctx.input().blob("Signature").expect("validation requires it").to_vec();
    ctx.compute(move || {
        let name = signer.algorithm.name();
        let is_valid =
            crypto::verify(&signer.material, signer.algorithm, signer.kind, &signer.message, &signature);
        if !is_valid.map_err(|error| refused(error, name, &signer.material))? {
            return Err(ApiError::kms_invalid_signature("").without_message());
        }
        Ok(Output::new()
            .text("KeyId", &signer.arn)
            .flag("SignatureValid", true)
            .text("SigningAlgorithm", name))
    })
}

impl Signer {
    fn read(ctx: &mut CallContext<'_>, action: &str) -> Result<Signer, ApiError> {
        let input = ctx.input();
        let key = ctx.find("KeyId")?;
        let algorithm = ctx.required("SigningAlgorithm");
        let kind = input.text("MessageType").unwrap_or("RAW");
        let right = ctx.authorize(&key, action, &BTreeMap::new(), |context| {
            context.one("kms:SigningAlgorithm", algorithm);
            context.one("kms:MessageType", kind);
        })?;
        // In the order in which KMS asks (kms-recorded-behaviour, row 31).
        ctx.usable(&key, KeyUsage::SignVerify)?;
        let algorithm = SigningAlgorithm::from_name(algorithm)
            .filter(|algorithm| ctx.key(&key).spec.signing_algorithms().contains(algorithm))
            .ok_or_else(|| ctx.incompatible(&key, algorithm))?;
        let kind = kind_for(algorithm, ctx.key(&key).spec, kind)?;
        let (_, material) = ctx.current(&key)?;
        let message = input.blob("Message").expect("validation requires it").to_vec();
        Ok(Signer { arn: right.arn, key, material, algorithm, kind, message })
    }
}

/// What a message is, if the algorithm can sign such.
fn kind_for(algorithm: SigningAlgorithm, spec: KeySpec, kind: &str) -> Result<MessageType, ApiError> {
    use SigningAlgorithm::{Ed25519, Ed25519Ph, MlDsa};
    match (algorithm, kind) {
        (MlDsa, "EXTERNAL_MU") => Ok(MessageType::ExternalMu),
        // KMS names the spec here and the algorithm elsewhere (kms-recorded-behaviour, row 33).
        (MlDsa, "DIGEST") => {
            Err(ApiError::validation(format!("Message type {kind} is incompatible with key spec {spec}.")))
        }
        (Ed25519, "DIGEST") | (Ed25519Ph, "RAW") | (_, "EXTERNAL_MU") => {
            let name = algorithm.name();
            Err(ApiError::validation(format!("Message type {kind} is incompatible with algorithm {name}.")))
        }
        (_, "DIGEST") => Ok(MessageType::Digest),
        _ => Ok(MessageType::Raw),
    }
}
