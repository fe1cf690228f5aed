//! What a key can be: its type, and what it is for.

use crate::api::{KeyFamily, KeySpec, KeyUsage};
use crate::kms::operations::CallContext;
use crate::kms::wire::ApiError;

/// `KeySpec`, or its old name `CustomerMasterKeySpec`; not both unless they agree.
pub(super) fn spec_of(ctx: &CallContext<'_>) -> Result<KeySpec, ApiError> {
    let (new, old) = (ctx.input().text("KeySpec"), ctx.input().text("CustomerMasterKeySpec"));
    if let (Some(_), Some(_)) = (new, old) {
        return Err(ApiError::validation(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is \
             deprecated.",
        ));
    }
    Ok(new.or(old).and_then(KeySpec::from_name).unwrap_or(KeySpec::SymmetricDefault))
}

/// `KeyUsage`: which a type has several of must be said.
pub(super) fn usage_of(ctx: &CallContext<'_>, spec: KeySpec) -> Result<KeyUsage, ApiError> {
    let all = spec.usages();
    let Some(name) = ctx.input().text("KeyUsage") else {
        if all.contains(&KeyUsage::EncryptDecrypt) && all.len() == 1 {
            return Ok(KeyUsage::EncryptDecrypt);
        }
        // Source: kms-recorded-behaviour, row 23.
        return Err(ApiError::validation(
            "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
        ));
    };
    let usage = KeyUsage::from_name(name).filter(|usage| all.contains(usage));
    usage
        .ok_or_else(|| ApiError::validation(format!("KeyUsage {name} is not compatible with KeySpec {spec}")))
}

/// SM2 exists in China Regions only, and its arithmetic is not emulated; ML-KEM does not exist there.
pub(super) fn check_region(ctx: &CallContext<'_>, spec: KeySpec) -> Result<(), ApiError> {
    let region = ctx.own().region;
    let is_china = region.starts_with("cn-");
    let is_ml_kem = spec.family() == KeyFamily::MlKem;
    if spec == KeySpec::Sm2 && is_china {
        return Err(ApiError::unsupported_operation("SM2 keys are not emulated."));
    }
    if spec == KeySpec::Sm2 || is_china && is_ml_kem {
        return Err(ApiError::unsupported_operation(format!(
            "KeySpec {spec} is not supported in this Region"
        )));
    }
    Ok(())
}
