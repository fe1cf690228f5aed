//! Where a key's material can come from, and what lives in a custom key store.

use crate::api::{KeyFamily, KeySpec};
use crate::kms::keys::{Key, Origin, StoreKind};
use crate::kms::operations::CallContext;
use crate::kms::wire::ApiError;

/// Checks what an origin asks for; gives the custom key store.
pub(super) fn check_origin(
    ctx: &CallContext<'_>,
    spec: KeySpec,
    origin: Origin,
    is_multi_region: bool,
) -> Result<Option<String>, ApiError> {
    let store = ctx.input().text("CustomKeyStoreId");
    let is_custom = matches!(origin, Origin::CloudHsm | Origin::ExternalKeyStore);
    if !is_custom {
        return check_without_store(ctx, spec, origin).map(|()| None);
    }
    if spec != KeySpec::SymmetricDefault || is_multi_region {
        return Err(ApiError::unsupported_operation(
            "A custom key store holds only symmetric encryption keys of a single Region.",
        ));
    }
    let Some(id) = store else {
        return Err(ApiError::validation(format!(
            "The Origin {} requires a CustomKeyStoreId.",
            origin.name()
        )));
    };
    let missing = || ApiError::custom_key_store_not_found(format!("Custom key store {id} does not exist."));
    let found = ctx.inventory.store(ctx.realm, id).ok_or_else(missing)?;
    let is_external = matches!(found.kind, StoreKind::External { .. });
    if is_external != (origin == Origin::ExternalKeyStore) {
        return Err(ApiError::validation(format!(
            "The Origin {} does not fit the type of the custom key store {id}.",
            origin.name()
        )));
    }
    if !found.is_connected(ctx.now) {
        return Err(ApiError::custom_key_store_invalid_state(format!(
            "Custom key store {id} is {} and must be CONNECTED.",
            found.state(ctx.now)
        )));
    }
    check_xks(ctx, id, is_external)?;
    Ok(Some(id.into()))
}

/// Refuses what a key outside of custom key stores cannot have or be.
fn check_without_store(ctx: &CallContext<'_>, spec: KeySpec, origin: Origin) -> Result<(), ApiError> {
    let input = ctx.input();
    if input.text("CustomKeyStoreId").is_some() {
        return Err(ApiError::validation(format!(
            "The Origin {} is not compatible with a CustomKeyStoreId; use AWS_CLOUDHSM or EXTERNAL_KEY_STORE.",
            origin.name()
        )));
    }
    if input.is_given("XksKeyId") {
        return Err(ApiError::validation("XksKeyId is valid only with the Origin EXTERNAL_KEY_STORE."));
    }
    let family = spec.family();
    if origin == Origin::External && family == KeyFamily::MlKem {
        return Err(ApiError::unsupported_operation(format!("Key material for {spec} cannot be imported.")));
    }
    if origin == Origin::External && family == KeyFamily::MlDsa && ctx.assumed.no_ml_dsa_import {
        return Err(ApiError::unsupported_operation(format!(
            "KeySpec {spec} is not supported for Origin EXTERNAL"
        )));
    }
    Ok(())
}

/// `XksKeyId`: required in an external key store, and one key's only.
fn check_xks(ctx: &CallContext<'_>, store: &str, is_external: bool) -> Result<(), ApiError> {
    match ctx.input().text("XksKeyId") {
        None if is_external => {
            Err(ApiError::validation("The Origin EXTERNAL_KEY_STORE requires an XksKeyId."))
        }
        Some(_) if !is_external => {
            Err(ApiError::validation("XksKeyId is valid only with the Origin EXTERNAL_KEY_STORE."))
        }
        Some(id) => {
            let uses =
                |key: &Key| key.store.as_deref() == Some(store) && key.xks_key_id.as_deref() == Some(id);
            if ctx.inventory.keys(ctx.realm, None).any(uses) {
                return Err(ApiError::xks_key_already_in_use(format!(
                    "The external key {id} is already in use."
                )));
            }
            Ok(())
        }
        None => Ok(()),
    }
}
