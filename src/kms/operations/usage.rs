//! What every use of a key has in common: what the key is for, its current material, dry runs, the note of its use.

use super::Handled;
use super::context::{CallContext, Step};
use crate::api::KeyUsage;
use crate::kms::crypto::{self, Material, MaterialId};
use crate::kms::keys::{Key, KeyMaterial, KeyRef, LastUsage};
use crate::kms::wire::{ApiError, Output};
use std::sync::Arc;

impl CallContext<'_> {
    /// The key, if it is for `usage` and its state allows the operation: KMS asks in this order.
    ///
    /// # Errors
    /// InvalidKeyUsageException; DisabledException, KMSInvalidStateException.
    pub(super) fn usable(&self, key: &KeyRef, usage: KeyUsage) -> Result<&Key, ApiError> {
        let found = self.key(key);
        if found.usage != usage {
            let (arn, operation) = (self.inventory.arn_of(key.realm, found), self.operation());
            return Err(ApiError::invalid_key_usage(format!(
                "{arn} key usage is {} which is not valid for {operation}.",
                found.usage
            )));
        }
        self.check_state_of(key.realm, found)?;
        Ok(found)
    }

    /// The refusal of an algorithm that a key cannot do.
    pub(super) fn incompatible(&self, key: &KeyRef, algorithm: &str) -> ApiError {
        let spec = self.key(key).spec;
        ApiError::invalid_key_usage(format!("Algorithm {algorithm} is incompatible with key spec {spec}."))
    }

    /// The material with which a key in a good state does new work.
    ///
    /// # Errors
    /// KMSInternalException; a key whose state has been checked has material.
    pub(super) fn current(&self, key: &KeyRef) -> Result<(MaterialId, Arc<Material>), ApiError> {
        self.key(key).current(self.now).and_then(opened).ok_or_else(internal)
    }

    /// Whether the call only asks if it would succeed.
    pub(super) fn is_dry_run(&self) -> bool {
        self.input().flag("DryRun")
    }

    /// Ends a dry run that nothing can refuse any more.
    ///
    /// # Errors
    /// DryRunOperationException.
    pub(super) fn end_dry_run(&self) -> Result<(), ApiError> {
        if self.is_dry_run() { Err(ApiError::dry_run_operation()) } else { Ok(()) }
    }

    /// Leaves the arithmetic of a call to be done; in a dry run only whether it can be done is answered.
    pub(super) fn compute(
        &self,
        arithmetic: impl FnOnce() -> Result<Output, ApiError> + Send + 'static,
    ) -> Handled {
        if self.is_dry_run() {
            return Ok(Step::Compute(Box::new(|| {
                Err(arithmetic().map_or_else(|e| e, |_| ApiError::dry_run_operation()))
            })));
        }
        Ok(Step::Compute(Box::new(arithmetic)))
    }

    /// Notes that a key is used: for GetKeyLastUsage, unless this is a dry run, and for the audit trail.
    pub(super) fn note_use(&mut self, key: &KeyRef, material: Option<MaterialId>) {
        self.trail.material = material;
        let usage = LastUsage {
            operation: self.operation(),
            at: self.now,
            event_id: self.call.event_id,
            request_id: self.call.request_id,
        };
        let found =
            if self.is_dry_run() { self.inventory.get(key) } else { self.inventory.note_usage(key, usage) };
        self.trail.store = found.and_then(|key| key.store.clone());
    }
}

/// The failure of what cannot fail but for the machine, as having no randomness.
pub(super) fn internal() -> ApiError {
    ApiError::kms_internal("An internal error occurred.")
}

/// A version of a key's material, if its secret is there.
pub(super) fn opened(material: &KeyMaterial) -> Option<(MaterialId, Arc<Material>)> {
    material.secret.clone().map(|secret| (material.id, secret))
}

/// What KMS says when the arithmetic of `algorithm` refuses its input.
pub(super) fn refused(error: crypto::Error, algorithm: &str, material: &Material) -> ApiError {
    use crypto::Error;
    let spec = material.spec();
    match error {
        Error::InvalidCiphertext => ApiError::invalid_ciphertext(),
        Error::WrongAlgorithm => ApiError::invalid_key_usage(format!(
            "Algorithm {algorithm} is incompatible with key spec {spec}."
        )),
        Error::TooLong { limit } => ApiError::validation(format!(
            "Algorithm {algorithm} and key spec {spec} cannot encrypt data larger than {limit} bytes."
        )),
        Error::BadDigestLength { .. } => {
            ApiError::validation(format!("Digest is invalid length for algorithm {algorithm}."))
        }
        Error::BadKey(why) => ApiError::validation(why),
        Error::Unsupported(what) => {
            ApiError::unsupported_operation(format!("{what} is not supported in this Region."))
        }
        Error::Random => internal(),
    }
}
