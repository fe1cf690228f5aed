//! EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations.

use super::managed::managed;
use super::page::Page;
use super::{CallContext, Handled, Step};
use crate::api::{KeySpec, Operation};
use crate::kms::crypto::{Material, MaterialId};
use crate::kms::keys::{
    DAY, ExpirationModel, Inventory, Key, KeyMaterial, KeyRef, Moment, Origin, Rotation, Turn, TurnKind,
};
use crate::kms::wire::{ApiError, Output};
use crate::time::Span;
use std::collections::BTreeMap;
use std::sync::Arc;

serves! {
    DisableKeyRotation: disable_key_rotation,
    EnableKeyRotation: enable_key_rotation,
    GetKeyRotationStatus: get_key_rotation_status,
    ListKeyRotations: list_key_rotations,
    RotateKeyOnDemand: rotate_key_on_demand,
}

/// Days between two rotations if nothing else is said (API reference, 2026).
const PERIOD_DAYS: u32 = 365;
/// Before an automatic rotation so long, an on-demand one is refused (API reference, 2026).
const TOO_CLOSE: Span = Span::from_secs(20 * 60);
/// Rotations of a page if the call does not say.
const PAGE: usize = 100;

/// EnableKeyRotation.
fn enable_key_rotation(ctx: &mut CallContext<'_>) -> Handled {
    let given = ctx.input().integer("RotationPeriodInDays");
    let key = ctx.find_bare("KeyId")?;
    ctx.check_own(&key)?;
    ctx.authorize(&key, "kms:EnableKeyRotation", &BTreeMap::new(), |context| {
        context.one("kms:RotationPeriodInDays", &given.unwrap_or(i64::from(PERIOD_DAYS)).to_string());
    })?;
    check_origin(ctx, &key)?;
    ctx.check_state(&key)?;
    check_spec(ctx, &key)?;
    check_primary(ctx, &key)?;
    let now = ctx.now;
    ctx.inventory.change(&key, |key| {
        let before = key.rotation.map(|rotation| rotation.period_days);
        let period_days = given.and_then(|days| u32::try_from(days).ok()).or(before).unwrap_or(PERIOD_DAYS);
        if before != Some(period_days) {
            key.rotation = Some(Rotation { period_days, next: now + DAY.times(u64::from(period_days)) });
        }
    });
    Ok(Step::Done(Output::new()))
}

/// DisableKeyRotation.
fn disable_key_rotation(ctx: &mut CallContext<'_>) -> Handled {
    let key = managed(ctx, "kms:DisableKeyRotation")?;
    check_origin(ctx, &key)?;
    ctx.check_state(&key)?;
    if ctx.key(&key).spec != KeySpec::SymmetricDefault {
        // What never rotates is as it was asked to be (kms-recorded-behaviour, row 10).
        return Ok(Step::Done(Output::new()));
    }
    check_primary(ctx, &key)?;
    ctx.inventory.change(&key, |key| key.rotation = None);
    Ok(Step::Done(Output::new()))
}

/// GetKeyRotationStatus.
fn get_key_rotation_status(ctx: &mut CallContext<'_>) -> Handled {
    let key = ctx.find_bare("KeyId")?;
    ctx.authorize(&key, "kms:GetKeyRotationStatus", &BTreeMap::new(), |_| ())?;
    let is_imported = ctx.key(&key).origin == Origin::External && ctx.key(&key).current(ctx.now).is_some();
    if !is_imported {
        check_can_rotate(ctx, &key, false)?;
    }
    ctx.check_state(&key)?;
    // A replica shows what its primary has.
    let found =
        family(ctx.inventory, &key).find(|each| is_primary(ctx.inventory, each)).map(|each| ctx.key(&each));
    let found = found.unwrap_or_else(|| ctx.key(&key));
    let rotation = found.rotation.filter(|_| found.deletion.seen(ctx.now).is_none());
    let output =
        Output::new().flag("KeyRotationEnabled", rotation.is_some()).text("KeyId", &ctx.inventory.arn(&key));
    Ok(Step::Done(output.given(rotation, |output, rotation| {
        output
            .integer("RotationPeriodInDays", i64::from(rotation.period_days))
            .time("NextRotationDate", rotation.next.as_secs())
    })))
}

/// RotateKeyOnDemand: new material at once, or the imported material that waits for it.
fn rotate_key_on_demand(ctx: &mut CallContext<'_>) -> Handled {
    let key = managed(ctx, "kms:RotateKeyOnDemand")?;
    if ctx.key(&key).origin != Origin::External {
        check_origin(ctx, &key)?;
    }
    ctx.check_state(&key)?;
    check_spec(ctx, &key)?;
    check_primary(ctx, &key)?;
    let (now, limit) = (ctx.now, ctx.limits.on_demand_rotations);
    let found = ctx.key(&key);
    if found.on_demand_rotations >= limit {
        return Err(ApiError::limit_exceeded(format!(
            "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be \
             performed for this key: {}",
            ctx.inventory.arn(&key)
        )));
    }
    if found.rotation.is_some_and(|rotation| now + TOO_CLOSE >= rotation.next) {
        return Err(ApiError::conflict(
            "An automatic rotation is in progress or due within the next 20 minutes.",
        ));
    }
    let turn = Turn { at: now, kind: TurnKind::OnDemand };
    if found.origin == Origin::External {
        let next = found.materials.iter().find(|material| material.is_pending_rotation);
        if !next.is_some_and(|next| everybody_has(ctx.inventory, &key, next.id, now)) {
            let arn = ctx.inventory.arn(&key);
            return Err(ApiError::kms_invalid_state(format!(
                "No available key material pending rotation for the key: {arn}."
            )));
        }
        everywhere(ctx.inventory, &key, |key| {
            if let Some(next) = key.materials.iter_mut().find(|material| material.is_pending_rotation) {
                next.is_pending_rotation = false;
                next.turn = Some(turn);
            }
        });
    } else {
        turn_over(ctx.inventory, &key, turn).map_err(|_| super::usage::internal())?;
    }
    everywhere(ctx.inventory, &key, |key| key.on_demand_rotations += 1);
    Ok(Step::Done(Output::new().text("KeyId", &ctx.inventory.arn(&key))))
}

/// ListKeyRotations.
fn list_key_rotations(ctx: &mut CallContext<'_>) -> Handled {
    let key = ctx.find_bare("KeyId")?;
    ctx.check_own(&key)?;
    ctx.authorize(&key, "kms:ListKeyRotations", &BTreeMap::new(), |_| ())?;
    check_can_rotate(ctx, &key, true)?;
    ctx.check_state(&key)?;
    let page = Page::read(ctx.input(), PAGE)?;
    let all = ctx.input().text("IncludeKeyMaterial") == Some("ALL_KEY_MATERIAL");
    let after = page.after().map_or(Ok(0), str::parse::<usize>);
    let after = after.map_err(|_| ApiError::invalid_marker("The marker is invalid."))?;
    let found = ctx.key(&key);
    let arn = ctx.inventory.arn(&key);
    let listed = found
        .materials
        .iter()
        .enumerate()
        .filter(|(_, m)| all || m.turn.is_some())
        .filter(|(at, _)| *at >= after);
    let current = found.materials.iter().rposition(|material| !material.is_pending_rotation);
    let show = |(at, material): &(usize, &KeyMaterial)| {
        let state = match material.is_pending_rotation {
            true if everybody_has(ctx.inventory, &key, material.id, ctx.now) => "PENDING_ROTATION",
            true => "PENDING_MULTI_REGION_IMPORT_AND_ROTATION",
            false if current == Some(*at) => "CURRENT",
            false => "NON_CURRENT",
        };
        rotation(&arn, found, material, state, ctx.now)
    };
    Ok(Step::Done(page.fill("Rotations", listed, show, |(at, _)| (at + 1).to_string())))
}

fn rotation(arn: &str, key: &Key, material: &KeyMaterial, state: &str, now: Moment) -> Output {
    let is_imported = key.origin == Origin::External;
    let import = if material.is_usable(now) { "IMPORTED" } else { "PENDING_IMPORT" };
    let model = material.expiration.filter(|_| is_imported).map(ExpirationModel::name);
    Output::new()
        .text("KeyId", arn)
        .text("KeyMaterialId", &material.id.to_string())
        .given(material.description.as_deref(), |output, text| output.text("KeyMaterialDescription", text))
        .given(is_imported.then_some(import), |output, state| output.text("ImportState", state))
        .text("KeyMaterialState", state)
        .given(model, |output, model| output.text("ExpirationModel", model))
        .given(material.valid_to, |output, at| output.time("ValidTo", at.as_secs()))
        .given(material.turn, |output, turn| {
            output.time("RotationDate", turn.at.as_secs()).text("RotationType", turn.kind.name())
        })
}

/// Refuses keys whose material KMS did not make: asked before their state.
///
/// Source of the order, and of the error without a message: kms-recorded-behaviour, rows 8 and 9 (2026-11-29).
fn check_origin(ctx: &CallContext<'_>, key: &KeyRef) -> Result<(), ApiError> {
    let origin = ctx.key(key).origin;
    if origin == Origin::AwsKms {
        return Ok(());
    }
    let (arn, origin) = (ctx.inventory.arn(key), origin.name());
    let what = format!("{arn} origin is {origin} which is not valid for this operation.");
    Err(ApiError::unsupported_operation(what))
}

/// Refuses keys of which none rotates: asked after their state.
fn check_spec(ctx: &CallContext<'_>, key: &KeyRef) -> Result<(), ApiError> {
    let is_symmetric = ctx.key(key).spec == KeySpec::SymmetricDefault;
    if is_symmetric { Ok(()) } else { Err(ApiError::unsupported_operation("").without_message()) }
}

/// Refuses keys that cannot be rotated: only symmetric ones can, automatically those whose material KMS made.
fn check_can_rotate(ctx: &CallContext<'_>, key: &KeyRef, on_demand: bool) -> Result<(), ApiError> {
    let found = ctx.key(key);
    let arn = ctx.inventory.arn(key);
    let what = if found.spec != KeySpec::SymmetricDefault {
        format!("{arn} key spec is {} which is not valid for this operation.", found.spec)
    } else if found.origin == Origin::AwsKms || on_demand && found.origin == Origin::External {
        return Ok(());
    } else {
        format!("{arn} origin is {} which is not valid for this operation.", found.origin.name())
    };
    Err(ApiError::unsupported_operation(what))
}

/// Refuses a replica: what all keys of its family share is changed at the primary.
pub(super) fn check_primary(ctx: &CallContext<'_>, key: &KeyRef) -> Result<(), ApiError> {
    if is_primary(ctx.inventory, key) {
        return Ok(());
    }
    let (arn, operation) = (ctx.inventory.arn(key), ctx.operation());
    if operation == Operation::ReplicateKey {
        // Source: kms-recorded-behaviour, row 16.
        return Err(ApiError::unsupported_operation(format!("{arn} is not a multi-region primary key.")));
    }
    Err(ApiError::unsupported_operation(format!(
        "{arn} is a replica key, which is not valid for {operation}: call it on the primary key."
    )))
}

/// Whether a key is the primary of its family, or has none.
pub(super) fn is_primary(inventory: &Inventory, key: &KeyRef) -> bool {
    inventory.get(key).is_some_and(|found| found.is_primary(&inventory.realm(key.realm).region))
}

/// Whether every key of the family has usable material of that id.
fn everybody_has(inventory: &Inventory, key: &KeyRef, id: MaterialId, now: Moment) -> bool {
    family(inventory, key).all(|each| {
        let material = inventory.get(&each).and_then(|key| key.material(&id));
        material.is_some_and(|material| material.is_usable(now))
    })
}

/// Rotates an enabled key at once if its rotation came due while it could not be rotated.
pub(super) fn catch_up(inventory: &mut Inventory, key: &KeyRef, now: Moment) {
    let is_late =
        inventory.get(key).and_then(|key| key.rotation).is_some_and(|rotation| rotation.next <= now);
    if is_late {
        rotate_by_itself(inventory, key, now);
    }
}

/// The rotation that is due to a key at `at`.
pub(super) fn rotate_by_itself(inventory: &mut Inventory, key: &KeyRef, at: Moment) {
    // Without randomness nothing can be made; the next moment tries again.
    let turned = turn_over(inventory, key, Turn { at, kind: TurnKind::Automatic }).is_ok();
    inventory.change(key, |key| {
        if let Some(rotation) = &mut key.rotation {
            let wait = if turned { DAY.times(u64::from(rotation.period_days)) } else { Span::from_secs(60) };
            rotation.next = at + wait;
        }
    });
}

/// Gives a key new material, and its replicas the same.
fn turn_over(inventory: &mut Inventory, key: &KeyRef, turn: Turn) -> Result<(), crate::kms::crypto::Error> {
    let material = Arc::new(Material::generate(KeySpec::SymmetricDefault)?);
    let id = MaterialId::of(key.id.as_str(), material.to_bytes().as_bytes());
    let version = KeyMaterial { turn: Some(turn), ..KeyMaterial::new(id, material, turn.at) };
    everywhere(inventory, key, |key| key.materials.push(version.clone()));
    Ok(())
}

/// Changes a key, and the other keys of its multi-Region family.
pub(super) fn everywhere(inventory: &mut Inventory, key: &KeyRef, mut with: impl FnMut(&mut Key)) {
    let all: Vec<KeyRef> = family(inventory, key).collect();
    for each in all {
        inventory.change(&each, &mut with);
    }
}

/// A key and the others of its multi-Region family.
pub(super) fn family(inventory: &Inventory, key: &KeyRef) -> impl Iterator<Item = KeyRef> {
    let account = &inventory.realm(key.realm).account;
    let multi = inventory.get(key).and_then(|key| key.multi_region.as_ref());
    let regions = multi.into_iter().flat_map(|multi| multi.replicas.iter().chain([&multi.primary]));
    let others = regions.filter_map(move |region| {
        let other = KeyRef { realm: inventory.find_realm(account, region)?, id: key.id.clone() };
        (other != *key && inventory.get(&other).is_some()).then_some(other)
    });
    std::iter::once(key.clone()).chain(others)
}
