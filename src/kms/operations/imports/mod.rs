//! GetParametersForImport, ImportKeyMaterial, DeleteImportedKeyMaterial.
//!
//! An import token holds the wrapping key, sealed: nothing of it is kept here.

mod request;
mod token;

use request::{ImportRequest, request};
use token::{Token, unwrapped};

use super::managed::managed;
use super::rotation::{everywhere, family, is_primary};
use super::usage::internal;
use super::{CallContext, Handled, Step};
use crate::api::KeySpec;
use crate::api::WrappingKeySpec;
use crate::kms::crypto::{Material, MaterialId, WrappingKey};
use crate::kms::keys::{Key, KeyMaterial, KeyRef, Moment, Origin};
use crate::kms::wire::{ApiError, Output};
use crate::time::Span;
use base64_simd::STANDARD;
use std::collections::BTreeMap;
use std::sync::Arc;

serves! {
    DeleteImportedKeyMaterial: delete_imported_key_material,
    GetParametersForImport: get_parameters_for_import,
    ImportKeyMaterial: import_key_material,
}

/// How long a wrapping key and its token are valid (API reference, 2026).
const VALID: Span = Span::from_secs(24 * 3600);

/// GetParametersForImport.
fn get_parameters_for_import(ctx: &mut CallContext<'_>) -> Handled {
    let (algorithm, spec) = (ctx.required("WrappingAlgorithm"), ctx.required("WrappingKeySpec"));
    let key = ctx.find_bare("KeyId")?;
    ctx.check_own(&key)?;
    ctx.authorize(&key, "kms:GetParametersForImport", &BTreeMap::new(), |context| {
        context.one("kms:WrappingAlgorithm", algorithm);
        context.one("kms:WrappingKeySpec", spec);
    })?;
    check_importable(ctx, &key)?;
    ctx.check_state(&key)?;
    let unsupported = |what: &str| ApiError::unsupported_operation(format!("{what} is not supported."));
    if matches!(algorithm, "RSAES_PKCS1_V1_5" | "SM2PKE") {
        return Err(unsupported(algorithm));
    }
    let wrapping_spec = WrappingKeySpec::from_name(spec).filter(|spec| *spec != WrappingKeySpec::Sm2);
    let wrapping_spec = wrapping_spec.ok_or_else(|| unsupported(spec))?;
    let (until, arn, sealing) = (ctx.now + VALID, ctx.inventory.arn(&key), *ctx.token_key);
    let (algorithm, spec) = (algorithm.to_string(), spec.to_string());
    Ok(Step::Compute(Box::new(move || {
        let wrapping = WrappingKey::generate(wrapping_spec).map_err(|_| internal())?;
        let private = STANDARD.encode_to_string(wrapping.to_bytes().as_bytes());
        let token = Token { key: arn.clone(), algorithm, spec, until, wrapping: private };
        let token = token.sealed(&sealing)?;
        Ok(Output::new()
            .text("KeyId", &arn)
            .blob("ImportToken", token)
            .blob("PublicKey", wrapping.public_key())
            .time("ParametersValidTo", until.as_secs()))
    })))
}

/// ImportKeyMaterial.
fn import_key_material(ctx: &mut CallContext<'_>) -> Handled {
    let request = request(ctx)?;
    let key = ctx.find_bare("KeyId")?;
    ctx.check_own(&key)?;
    ctx.authorize(&key, "kms:ImportKeyMaterial", &BTreeMap::new(), |context| {
        context.one("kms:ExpirationModel", request.expiration.name());
        if let Some(at) = request.valid_to {
            context.one("kms:ValidTo", &at.as_secs().to_string());
        }
    })?;
    check_importable(ctx, &key)?;
    ctx.check_state(&key)?;
    let material = unwrapped(ctx, &key)?;
    let id = MaterialId::of(key.id.as_str(), material.to_bytes().as_bytes());
    check_expected(ctx, &key, id, &request)?;
    check_nothing_waits(ctx, &key, id)?;
    let now = ctx.now;
    ctx.inventory.change(&key, |key| place(key, id, &material, &request, now));
    let shows_id = super::describe::has_material_id(ctx.key(&key));
    let output = Output::new().text("KeyId", &ctx.inventory.arn(&key));
    Ok(Step::Done(
        output.given(shows_id.then(|| id.to_string()), |output, id| output.text("KeyMaterialId", &id)),
    ))
}

/// Refuses material that is not what the call says it is, or that the key cannot have beside what it has.
///
/// Source: KMS API reference, ImportKeyMaterial, `ImportType` and `KeyMaterialId` (model of 2026-11-17).
fn check_expected(
    ctx: &CallContext<'_>,
    key: &KeyRef,
    id: MaterialId,
    request: &ImportRequest,
) -> Result<(), ApiError> {
    let found = ctx.key(key);
    let is_known = found.material(&id).is_some();
    let is_new = request.is_new.unwrap_or(found.materials.is_empty());
    // A replica takes what its primary has, and nothing else.
    let mut others = family(ctx.inventory, key).filter(|each| each != key && is_primary(ctx.inventory, each));
    let primary = others.next().map(|primary| ctx.key(&primary));
    let is_expected = match primary {
        Some(primary) => !is_new && primary.material(&id).is_some(),
        None => is_known != is_new,
    };
    let has_room = is_known || found.materials.is_empty() || found.spec == KeySpec::SymmetricDefault;
    if is_expected && has_room && request.named.is_none_or(|named| named == id) {
        return Ok(());
    }
    Err(ApiError::incorrect_key_material(if request.named.is_some_and(|named| named != id) {
        "The key material does not have the given KeyMaterialId."
    } else if primary.is_some() {
        "A replica key takes only key material that was imported into its primary key, as EXISTING_KEY_MATERIAL."
    } else if is_known {
        "The key material is already associated with the key and is not NEW_KEY_MATERIAL."
    } else {
        "The key material must be the same key material that was imported before."
    }))
}

/// Refuses new material while other material waits for a rotation: at most one of a family does.
///
/// Source: kms-recorded-behaviour, row 13 (2026-11-29).
fn check_nothing_waits(ctx: &CallContext<'_>, key: &KeyRef, id: MaterialId) -> Result<(), ApiError> {
    let found = ctx.key(key);
    let mut waiting = found.materials.iter().filter(|material| material.is_pending_rotation);
    match waiting.next().filter(|_| found.material(&id).is_none()) {
        None => Ok(()),
        Some(old) => Err(ApiError::kms_invalid_state(format!(
            "New key material (id: {id}) cannot be imported into KMS key {}, because another key material (id: {}) is \
             pending rotation.",
            ctx.inventory.arn(key),
            old.id
        ))),
    }
}

/// Puts material in: again where it was, or as the first, or to be rotated to.
fn place(key: &mut Key, id: MaterialId, secret: &Arc<Material>, request: &ImportRequest, now: Moment) {
    let is_first = key.materials.is_empty();
    let found = key.materials.iter().position(|material| material.id == id);
    let at = found.unwrap_or_else(|| {
        key.materials.push(KeyMaterial {
            is_pending_rotation: !is_first,
            ..KeyMaterial::new(id, Arc::clone(secret), now)
        });
        key.materials.len() - 1
    });
    let material = &mut key.materials[at];
    material.secret = Some(Arc::clone(secret));
    material.expiration = Some(request.expiration);
    material.valid_to = request.valid_to;
    if request.description.is_some() {
        material.description.clone_from(&request.description);
    }
}

/// DeleteImportedKeyMaterial: the named version, or the current one; deleting what is gone is no error.
fn delete_imported_key_material(ctx: &mut CallContext<'_>) -> Handled {
    let key = managed(ctx, "kms:DeleteImportedKeyMaterial")?;
    check_importable(ctx, &key)?;
    ctx.check_state(&key)?;
    let named = ctx.input().text("KeyMaterialId").and_then(|id| id.parse::<MaterialId>().ok());
    let found = ctx.key(&key);
    let current = found.latest().map(|material| material.id);
    if let Some(missing) = named.filter(|id| found.material(id).is_none()) {
        return Err(ApiError::not_found(format!("The key has no key material with the id {missing}.")));
    }
    let id = named.or(current);
    let is_waiting = |material: &KeyMaterial| material.is_pending_rotation && Some(material.id) == id;
    if is_primary(ctx.inventory, &key) {
        // What waits for a rotation belongs to nobody yet: it goes, from the replicas too.
        everywhere(ctx.inventory, &key, |key| key.materials.retain(|material| !is_waiting(material)));
    }
    ctx.inventory.change(&key, |key| {
        let gone = key.materials.iter_mut().filter(|material| Some(material.id) == id);
        gone.for_each(KeyMaterial::forget);
    });
    let id = id.filter(|_| super::describe::has_material_id(ctx.key(&key)));
    let output = Output::new().text("KeyId", &ctx.inventory.arn(&key));
    Ok(Step::Done(output.given(id, |output, id| output.text("KeyMaterialId", &id.to_string()))))
}

fn check_importable(ctx: &CallContext<'_>, key: &KeyRef) -> Result<(), ApiError> {
    let found = ctx.key(key);
    if found.origin == Origin::External {
        return Ok(());
    }
    Err(ApiError::unsupported_operation(format!(
        "{} origin is {} which is not valid for this operation.",
        ctx.inventory.arn(key),
        found.origin.name()
    )))
}
