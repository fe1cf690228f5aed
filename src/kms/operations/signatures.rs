//! Sign and Verify.

use super::usage::refused;
use super::{Desk, Handled};
use crate::api::{KeySpec, KeyUsage, SigningAlgorithm};
use crate::kms::crypto::{self, Material, MessageType};
use crate::kms::keys::KeyRef;
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;
use std::sync::Arc;

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
pub(super) fn sign(desk: &mut Desk<'_>) -> Handled {
    let signer = Signer::read(desk, "kms:Sign")?;
    desk.note_use(&signer.key, None);
    desk.compute(move || {
        let name = signer.algorithm.name();
        let signature = crypto::sign(&signer.material, signer.algorithm, signer.kind, &signer.message);
        let signature = signature.map_err(|error| refused(error, name, &signer.material))?;
        Ok(Output::new()
            .text("KeyId", &signer.arn)
            .blob("Signature", &signature)
            .text("SigningAlgorithm", name))
    })
}

/// Verify: whether Sign made a signature; what it did not make is an error.
pub(super) fn verify(desk: &mut Desk<'_>) -> Handled {
    let signer = Signer::read(desk, "kms:Verify")?;
    desk.note_use(&signer.key, None);
    let signature = desk.input().blob("Signature").expect("validation requires it").to_vec();
    desk.compute(move || {
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
    fn read(desk: &mut Desk<'_>, action: &str) -> Result<Signer, ApiError> {
        let input = desk.input();
        let key = desk.find("KeyId")?;
        let algorithm = desk.required("SigningAlgorithm");
        let kind = input.text("MessageType").unwrap_or("RAW");
        let right = desk.authorize(&key, action, &BTreeMap::new(), |facts| {
            facts.one("kms:SigningAlgorithm", algorithm);
            facts.one("kms:MessageType", kind);
        })?;
        // In the order in which KMS asks (kms-recorded-behaviour, row 31).
        desk.usable(&key, KeyUsage::SignVerify)?;
        let algorithm = SigningAlgorithm::from_name(algorithm)
            .filter(|algorithm| desk.key(&key).spec.signing_algorithms().contains(algorithm))
            .ok_or_else(|| desk.incompatible(&key, algorithm))?;
        let kind = kind_for(algorithm, desk.key(&key).spec, kind)?;
        let (_, material) = desk.current(&key)?;
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
