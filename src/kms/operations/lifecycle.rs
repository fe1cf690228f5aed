//! EnableKey, DisableKey, ScheduleKeyDeletion, CancelKeyDeletion, UpdateKeyDescription; and what happens to keys by
//! themselves when their time has come.

use super::managed::managed;
use super::{CallContext, Handled, Step, rotation};
use crate::kms::keys::{DAY, Deletion, Inventory, KeyRef, Manager, Moment};
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;

serves! {
    CancelKeyDeletion: cancel_key_deletion,
    DisableKey: disable_key,
    EnableKey: enable_key,
    ScheduleKeyDeletion: schedule_key_deletion,
    UpdateKeyDescription: update_key_description,
}

/// Days of waiting if the call does not say, and the least and the most of them (API reference, 2026; the model alone
/// would allow 1 to 365).
const WINDOW: i64 = 30;
const WINDOWS: std::ops::RangeInclusive<i64> = 7..=30;

/// EnableKey; a rotation that came due meanwhile happens at once.
fn enable_key(ctx: &mut CallContext<'_>) -> Handled {
    set_enabled(ctx, "kms:EnableKey", true)
}

/// DisableKey.
fn disable_key(ctx: &mut CallContext<'_>) -> Handled {
    set_enabled(ctx, "kms:DisableKey", false)
}

fn set_enabled(ctx: &mut CallContext<'_>, action: &str, enabled: bool) -> Handled {
    let key = managed(ctx, action)?;
    ctx.check_state(&key)?;
    let (now, delay) = (ctx.now, ctx.consistency.key_state);
    ctx.inventory.change(&key, |key| key.enabled.set(enabled, now, delay));
    if enabled {
        rotation::catch_up(ctx.inventory, &key, now);
    }
    Ok(Step::Done(Output::new()))
}

/// UpdateKeyDescription.
fn update_key_description(ctx: &mut CallContext<'_>) -> Handled {
    let key = managed(ctx, "kms:UpdateKeyDescription")?;
    ctx.check_state(&key)?;
    let description = ctx.required("Description").to_string();
    ctx.inventory.change(&key, |key| key.description = description);
    Ok(Step::Done(Output::new()))
}

/// ScheduleKeyDeletion: a multi-Region primary waits for its replicas first.
fn schedule_key_deletion(ctx: &mut CallContext<'_>) -> Handled {
    let days = ctx.input().integer("PendingWindowInDays").unwrap_or(WINDOW);
    let key = ctx.find_bare("KeyId")?;
    ctx.check_own(&key)?;
    ctx.authorize(&key, "kms:ScheduleKeyDeletion", &BTreeMap::new(), |context| {
        context.one("kms:ScheduleKeyDeletionPendingWindowInDays", &days.to_string());
    })?;
    if ctx.key(&key).manager == Manager::Aws {
        let arn = ctx.inventory.arn(&key);
        return Err(ApiError::access_denied(format!("The AWS managed key {arn} cannot be deleted.")));
    }
    if !WINDOWS.contains(&days) {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: Member \
             must have value between 7 and 30"
        )));
    }
    ctx.check_state(&key)?;
    let window_days = u32::try_from(days).expect("the window was checked");
    let waits = has_replicas(ctx, &key);
    let at = (!waits).then(|| ctx.now + DAY.times(u64::from(window_days)));
    let (now, delay) = (ctx.now, ctx.consistency.key_state);
    ctx.inventory.change(&key, |key| key.deletion.set(Some(Deletion { window_days, at }), now, delay));
    let output = Output::new()
        .text("KeyId", &ctx.inventory.arn(&key))
        .given(at, |output, at| output.time("DeletionDate", at.as_secs()))
        .text("KeyState", if waits { "PendingReplicaDeletion" } else { "PendingDeletion" });
    Ok(Step::Done(output.integer("PendingWindowInDays", days)))
}

/// Whether a key is a primary with replicas.
fn has_replicas(ctx: &CallContext<'_>, key: &KeyRef) -> bool {
    let region = &ctx.inventory.realm(key.realm).region;
    ctx.key(key)
        .multi_region
        .as_ref()
        .is_some_and(|multi| multi.primary == **region && !multi.replicas.is_empty())
}

/// CancelKeyDeletion: the key comes back disabled (from memory).
fn cancel_key_deletion(ctx: &mut CallContext<'_>) -> Handled {
    let key = managed(ctx, "kms:CancelKeyDeletion")?;
    ctx.check_state(&key)?;
    let (now, delay) = (ctx.now, ctx.consistency.key_state);
    ctx.inventory.change(&key, |key| {
        key.deletion.set(None, now, delay);
        key.enabled.set(false, now, delay);
    });
    Ok(Step::Done(Output::new().text("KeyId", &ctx.inventory.arn(&key))))
}

/// Lets happen what is due to a key at `at`: its deletion, the expiry of imported material, a rotation.
pub(in crate::kms) fn happen(inventory: &mut Inventory, key: &KeyRef, at: Moment) {
    let Some(found) = inventory.get(key) else { return };
    if found.deletion.latest().is_some() {
        delete(inventory, key, at);
        return;
    }
    let is_rotation = found.rotation.is_some_and(|rotation| rotation.next <= at);
    if is_rotation {
        rotation::rotate_by_itself(inventory, key, at);
    }
    inventory.change(key, |key| {
        for material in key.materials.iter_mut().filter(|m| m.valid_to.is_some_and(|until| until <= at)) {
            material.forget();
        }
    });
}

/// Takes a key out; a primary whose last replica this was begins its own waiting.
fn delete(inventory: &mut Inventory, key: &KeyRef, at: Moment) {
    let realm = inventory.realm(key.realm).clone();
    let Some(gone) = inventory.remove(key) else { return };
    let Some(multi) = gone.multi_region.filter(|multi| multi.primary != *realm.region) else { return };
    for region in multi.replicas.iter().chain([&multi.primary]) {
        let Some(other) = inventory.find_realm(&realm.account, region) else { continue };
        let other = KeyRef { realm: other, id: key.id.clone() };
        let is_primary = *region == multi.primary;
        inventory.change(&other, |left| {
            let Some(config) = &mut left.multi_region else { return };
            config.replicas.retain(|replica| *replica != *realm.region);
            if let Some(deletion) = left.deletion.latest().filter(|d| d.at.is_none() && is_primary)
                && config.replicas.is_empty()
            {
                let starts =
                    Deletion { at: Some(at + DAY.times(u64::from(deletion.window_days))), ..deletion };
                left.deletion = crate::kms::keys::Eventual::new(Some(starts));
            }
        });
    }
}
