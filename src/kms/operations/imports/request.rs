//! What a call says about the material it brings.

use crate::kms::crypto::MaterialId;
use crate::kms::keys::{ExpirationModel, Moment};
use crate::kms::operations::CallContext;
use crate::kms::wire::ApiError;
use crate::time::Span;

/// The longest that imported material can be valid (API reference, 2026).
const LONGEST: Span = Span::from_secs(365 * 24 * 3600);
/// What a call says about the material it brings.
pub(super) struct ImportRequest {
    pub(super) expiration: ExpirationModel,
    pub(super) valid_to: Option<Moment>,
    /// `None` leaves it to whether the key has material.
    pub(super) is_new: Option<bool>,
    pub(super) named: Option<MaterialId>,
    pub(super) description: Option<String>,
}

/// Reads it.
pub(super) fn request(ctx: &CallContext<'_>) -> Result<ImportRequest, ApiError> {
    let input = ctx.input();
    let expiration = input.text("ExpirationModel").and_then(ExpirationModel::from_name);
    let expiration = expiration.unwrap_or(ExpirationModel::Expires);
    let valid_to = input.time("ValidTo");
    let valid_to = match (expiration, valid_to) {
        (ExpirationModel::Expires, None) => {
            return Err(ApiError::validation(
                "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES",
            ));
        }
        (ExpirationModel::DoesNotExpire, Some(_)) => {
            return Err(ApiError::validation(
                "A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE",
            ));
        }
        (ExpirationModel::DoesNotExpire, None) => None,
        (ExpirationModel::Expires, Some(secs)) => {
            let at = Moment::from_secs(secs).filter(|at| *at > ctx.now && *at <= ctx.now + LONGEST);
            Some(at.ok_or_else(|| {
                ApiError::validation("The ValidTo date must lie in the future, at most 365 days from now.")
            })?)
        }
    };
    let is_new = input.text("ImportType").map(|kind| kind == "NEW_KEY_MATERIAL");
    if is_new == Some(true) && input.is_given("KeyMaterialId") {
        return Err(ApiError::validation(
            "A KeyMaterialId cannot be given with the ImportType NEW_KEY_MATERIAL.",
        ));
    }
    Ok(ImportRequest {
        expiration,
        valid_to,
        is_new,
        named: input.text("KeyMaterialId").and_then(|id| id.parse().ok()),
        description: input.text("KeyMaterialDescription").map(Into::into),
    })
}
