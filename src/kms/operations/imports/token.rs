//! Import tokens: each holds its wrapping key, sealed.

use crate::api::{WrappingAlgorithm, WrappingKeySpec};
use crate::kms::crypto::{self, Material, Secret, WrappingKey};
use crate::kms::keys::{KeyRef, Moment};
use crate::kms::operations::CallContext;
use crate::kms::operations::usage::internal;
use crate::kms::wire::ApiError;
use base64_simd::STANDARD;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What an import token is bound to beside its key.
const PURPOSE: &[u8] = b"keystorm import token";

/// What an import token holds.
#[derive(Serialize, Deserialize)]
pub(super) struct Token {
    /// ARN of the key it is for.
    pub(super) key: String,
    pub(super) algorithm: String,
    pub(super) spec: String,
    /// When it expires.
    pub(super) until: Moment,
    /// The wrapping key's private half, Base64.
    pub(super) wrapping: String,
}

impl Token {
    /// As it is given out.
    pub(super) fn sealed(&self, sealing: &[u8; 32]) -> Result<Vec<u8>, ApiError> {
        let text = Secret::new(serde_json::to_vec(self).map_err(|_| internal())?);
        crypto::seal(sealing, PURPOSE, text.as_bytes()).map_err(|_| internal())
    }
}

/// The material that the call brings.
pub(super) fn unwrapped(ctx: &CallContext<'_>, key: &KeyRef) -> Result<Arc<Material>, ApiError> {
    let input = ctx.input();
    let invalid = || ApiError::invalid_import_token("The import token is invalid or belongs to another key.");
    let sealed = input.blob("ImportToken").unwrap_or_default();
    let opened = crypto::open(ctx.token_key, PURPOSE, sealed).map_err(|_| invalid())?;
    let token: Token = serde_json::from_slice(opened.as_bytes()).map_err(|_| invalid())?;
    if token.key != ctx.inventory.arn(key) {
        return Err(invalid());
    }
    if token.until <= ctx.now {
        return Err(ApiError::expired_import_token(
            "The import token has expired: get new parameters for import.",
        ));
    }
    let spec = WrappingKeySpec::from_name(&token.spec).ok_or_else(invalid)?;
    let algorithm = WrappingAlgorithm::from_name(&token.algorithm).ok_or_else(invalid)?;
    let bytes = Secret::new(STANDARD.decode_to_vec(&token.wrapping).map_err(|_| invalid())?);
    let wrapping = WrappingKey::from_bytes(spec, bytes.as_bytes()).map_err(|_| invalid())?;
    let wrapped = input.blob("EncryptedKeyMaterial").unwrap_or_default();
    let bytes = wrapping.unwrap(algorithm, wrapped).map_err(|_| ApiError::invalid_ciphertext())?;
    Material::from_bytes(ctx.key(key).spec, bytes.as_bytes())
        .map(Arc::new)
        .map_err(|e| ApiError::incorrect_key_material(format!("{e}.")))
}
