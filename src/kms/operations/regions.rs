//! ReplicateKey, UpdatePrimaryRegion.

use super::create::{bare, check_room, written_policy};
use super::describe::metadata_in;
use super::policies::{check_lockout, read_policy};
use super::rotation::check_primary;
use super::tags::{checked_tags, read_tags, tell_tags};
use super::{CallContext, Handled, Step};
use crate::kms::access::ConditionContext;
use crate::kms::keys::{
    Key, KeyMaterial, KeyRef, KeyState, Moment, MultiRegion, Origin, Realm, RealmId, partition,
};
use crate::kms::wire::{ApiError, Item, Output};
use crate::quota::catalogue;
use std::collections::BTreeMap;
use std::sync::Arc;

serves! {
    ReplicateKey: replicate_key,
    UpdatePrimaryRegion: update_primary_region,
}

/// ReplicateKey: the same key, of the same material, in another Region. The replica is ready at once,
/// unless `Consistency::multi_region` says otherwise.
fn replicate_key(ctx: &mut CallContext<'_>) -> Handled {
    let region = ctx.required("ReplicaRegion");
    let key = ctx.find_bare("KeyId")?;
    ctx.check_own(&key)?;
    ctx.authorize(&key, "kms:ReplicateKey", &BTreeMap::new(), |context| {
        context.one("kms:ReplicaRegion", region)
    })?;
    authorize_there(ctx, &key, region)?;
    let own = ctx.own();
    let mut multi = multi_region(ctx, &key)?;
    ctx.check_state(&key)?;
    check_primary(ctx, &key)?;
    check_other(&own, region)?;
    let there_id = room_there(ctx, &key, &Realm::new(&own.account, region))?;
    let tags = read_tags(ctx, "Tags")?;
    checked_tags(ctx, &tags, 0)?;
    let policy = match ctx.input().text("Policy") {
        Some(text) => read_policy(ctx, text)?,
        None => written_policy(&own.account, region),
    };
    multi.replicas.push(region.into());
    multi.replicas.sort();
    let found = ctx.key(&key);
    let replica = Key {
        description: ctx.input().text("Description").unwrap_or_default().into(),
        tags,
        materials: materials_of_replica(found),
        creating_until: until(ctx),
        on_demand_rotations: found.on_demand_rotations,
        multi_region: Some(multi.clone()),
        ..bare(key.id.clone(), found.spec, found.usage, found.origin, Arc::clone(&policy), ctx.now)
    };
    if ctx.input().is_given("Policy") {
        check_lockout(ctx, &policy, there_id, &replica)?;
    }
    check_room(ctx, there_id)?;
    update_family(ctx, &key, &multi);
    let made = ctx.inventory.put(there_id, replica);
    Ok(Step::Done(replicated(ctx, &made)))
}

/// The realm in which a replica of the key is to live.
fn room_there(ctx: &mut CallContext<'_>, key: &KeyRef, there: &Realm) -> Result<RealmId, ApiError> {
    let Some(id) = ctx.inventory.new_realm(there, ctx.realms) else {
        return Err(ApiError::limit_exceeded(format!(
            "This emulator has no room for the account in one more Region, {}: --max-realms raises the {} it has.",
            there.region, ctx.realms
        )));
    };
    if ctx.inventory.key(id, key.id.as_str()).is_some() {
        let replica_arn = there.key_arn(key.id.as_str());
        return Err(ApiError::already_exists(format!("Key {replica_arn} already exists")));
    }
    Ok(id)
}

/// What is answered of a replica that is there now.
fn replicated(ctx: &CallContext<'_>, made: &KeyRef) -> Output {
    let tags: Vec<Output> = ctx.key(made).tags.iter().map(tag).collect();
    let policy = ctx.key(made).policy.seen(ctx.now).text().to_string();
    let output = Output::new()
        // The answer says what it says of every replica, however soon this one is ready (kms-recorded-behaviour, row 15).
        .object("ReplicaKeyMetadata", metadata_in(ctx.inventory, made, ctx.now, KeyState::Creating))
        .text("ReplicaPolicy", &policy);
    // Absent where there are none (kms-recorded-behaviour, row 15).
    let tags = (!tags.is_empty()).then_some(tags);
    output.given(tags, |output, tags| output.list("ReplicaTags", tags.into_iter().map(Item::from)))
}

/// The material a replica begins with: that of its primary, but what is imported is imported into each Region by
/// itself, all of it but what no key of the family has been rotated to.
fn materials_of_replica(primary: &Key) -> Vec<KeyMaterial> {
    let mut materials = primary.materials.clone();
    if primary.origin == Origin::External {
        materials.retain(|material| !material.is_pending_rotation);
        materials.iter_mut().for_each(KeyMaterial::forget);
    }
    materials
}

/// Until when keys of a family are Creating or Updating, if not ready at once.
fn until(ctx: &CallContext<'_>) -> Option<Moment> {
    let delay = ctx.consistency.multi_region;
    (!delay.is_zero()).then(|| ctx.now + delay)
}

/// Refuses unless the caller may create a key (and tag it) in the replica's Region.
///
/// Source: KMS API reference, ReplicateKey, required permissions (model of 2026-11-17).
fn authorize_there(ctx: &CallContext<'_>, key: &KeyRef, region: &str) -> Result<(), ApiError> {
    let (found, input) = (ctx.key(key), ctx.input());
    let tell = |context: &mut ConditionContext| {
        context.one("aws:RequestedRegion", region);
        context.one("kms:KeySpec", found.spec.name());
        context.one("kms:KeyUsage", found.usage.name());
        context.one("kms:KeyOrigin", found.origin.name());
        context.flag("kms:MultiRegion", true);
        context.one("kms:MultiRegionKeyType", "REPLICA");
        tell_tags(input, context);
    };
    ctx.authorize_identity("kms:CreateKey", "*", tell)?;
    if input.is_given("Tags") {
        ctx.authorize_identity("kms:TagResource", "*", tell)?;
    }
    Ok(())
}

fn tag((name, value): (&String, &String)) -> Output {
    Output::new().text("TagKey", name).text("TagValue", value)
}

/// UpdatePrimaryRegion: primary and replica change places.
fn update_primary_region(ctx: &mut CallContext<'_>) -> Handled {
    let region = ctx.required("PrimaryRegion");
    let key = ctx.find_bare("KeyId")?;
    ctx.check_own(&key)?;
    ctx.authorize(&key, "kms:UpdatePrimaryRegion", &BTreeMap::new(), |context| {
        context.one("kms:PrimaryRegion", region)
    })?;
    let own = ctx.own();
    let mut multi = multi_region(ctx, &key)?;
    ctx.check_state(&key)?;
    check_primary(ctx, &key)?;
    check_other(&own, region)?;
    let there =
        ctx.inventory.find_realm(&own.account, region).map(|realm| KeyRef { realm, id: key.id.clone() });
    let Some(there) = there.filter(|there| ctx.inventory.get(there).is_some()) else {
        let replica = Realm::new(&own.account, region).key_arn(key.id.as_str());
        return Err(ApiError::not_found(format!("Key '{replica}' does not exist")));
    };
    ctx.authorize(&there, "kms:UpdatePrimaryRegion", &BTreeMap::new(), |context| {
        context.one("kms:PrimaryRegion", region)
    })?;
    let state = ctx.state(&there);
    if let Some(refused) = crate::kms::keys::refusal(ctx.operation(), state, &ctx.inventory.arn(&there)) {
        return Err(refused);
    }
    multi.replicas.retain(|replica| replica != region);
    multi.replicas.push(multi.primary);
    multi.replicas.sort();
    multi.primary = region.into();
    // Automatic rotation belongs to the primary.
    let rotation = ctx.inventory.change(&key, |key| key.rotation.take()).flatten();
    ctx.inventory.change(&there, |key| key.rotation = rotation);
    update_family(ctx, &key, &multi);
    let until = until(ctx);
    for each in [key, there] {
        ctx.inventory.change(&each, |key| key.updating_until = until);
    }
    Ok(Step::Done(Output::new()))
}

/// Tells every key of the family who belongs to it.
fn update_family(ctx: &mut CallContext<'_>, key: &KeyRef, multi: &MultiRegion) {
    super::rotation::everywhere(ctx.inventory, key, |key| key.multi_region = Some(multi.clone()));
}

fn multi_region(ctx: &CallContext<'_>, key: &KeyRef) -> Result<MultiRegion, ApiError> {
    let none =
        || ApiError::unsupported_operation(format!("{} is not a multi-region key.", ctx.inventory.arn(key)));
    ctx.key(key).multi_region.clone().ok_or_else(none)
}

/// Refuses a Region that is the key's own, unknown, or in another partition.
fn check_other(own: &Realm, region: &str) -> Result<(), ApiError> {
    // Texts: kms-recorded-behaviour, row 43; their code is assumed.
    if region == &*own.region {
        let what = format!("{region} cannot have a replica because it contains the primary.");
        return Err(ApiError::validation(what));
    }
    if partition(region) != partition(&own.region) {
        return Err(ApiError::validation(
            "The replica key Region must be in the same AWS partition as the primary key Region.",
        ));
    }
    if !catalogue::is_region(region) {
        return Err(ApiError::validation(format!("The Region {region} is not valid.")));
    }
    Ok(())
}
