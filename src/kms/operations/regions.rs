//! ReplicateKey, UpdatePrimaryRegion.

use super::create::{bare, check_room, written_policy};
use super::describe::metadata_in;
use super::policies::{check_lockout, read_policy};
use super::rotation::check_primary;
use super::tags::{checked_tags, read_tags, tag_facts};
use super::{Desk, Handled, Step};
use crate::kms::access::Facts;
use crate::kms::keys::{
    Key, KeyMaterial, KeyRef, KeyState, Moment, MultiRegion, Origin, Realm, RealmId, partition,
};
use crate::kms::wire::{ApiError, Item, Output};
use crate::quota::catalogue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// ReplicateKey: the same key, of the same material, in another Region. The replica is ready at once,
/// unless `Consistency::multi_region` says otherwise.
pub(super) fn replicate_key(desk: &mut Desk<'_>) -> Handled {
    let region = desk.required("ReplicaRegion");
    let key = desk.find_bare("KeyId")?;
    desk.check_own(&key)?;
    desk.authorize(&key, "kms:ReplicateKey", &BTreeMap::new(), |facts| {
        facts.one("kms:ReplicaRegion", region)
    })?;
    authorize_there(desk, &key, region)?;
    let own = desk.own();
    let mut multi = multi_region(desk, &key)?;
    desk.check_state(&key)?;
    check_primary(desk, &key)?;
    check_other(&own, region)?;
    let there_id = room_there(desk, &key, &Realm::new(&own.account, region))?;
    let tags = read_tags(desk, "Tags")?;
    checked_tags(desk, &tags, 0)?;
    let policy = match desk.input().text("Policy") {
        Some(text) => read_policy(desk, text)?,
        None => written_policy(&own.account, region),
    };
    multi.replicas.push(region.into());
    multi.replicas.sort();
    let found = desk.key(&key);
    let replica = Key {
        description: desk.input().text("Description").unwrap_or_default().into(),
        tags,
        materials: materials_of_replica(found),
        creating_until: until(desk),
        on_demand_rotations: found.on_demand_rotations,
        multi_region: Some(multi.clone()),
        ..bare(key.id.clone(), found.spec, found.usage, found.origin, Arc::clone(&policy), desk.now)
    };
    if desk.input().is_given("Policy") {
        check_lockout(desk, &policy, there_id, &replica)?;
    }
    check_room(desk, there_id)?;
    update_family(desk, &key, &multi);
    let made = desk.estate.put(there_id, replica);
    Ok(Step::Done(replicated(desk, &made)))
}

/// The realm in which a replica of the key is to live.
fn room_there(desk: &mut Desk<'_>, key: &KeyRef, there: &Realm) -> Result<RealmId, ApiError> {
    let Some(id) = desk.estate.new_realm(there, desk.realms) else {
        return Err(ApiError::limit_exceeded(format!(
            "This emulator has no room for the account in one more Region, {}: --max-realms raises the {} it has.",
            there.region, desk.realms
        )));
    };
    if desk.estate.key(id, key.id.as_str()).is_some() {
        let replica_arn = there.key_arn(key.id.as_str());
        return Err(ApiError::already_exists(format!("Key {replica_arn} already exists")));
    }
    Ok(id)
}

/// What is answered of a replica that is there now.
fn replicated(desk: &Desk<'_>, made: &KeyRef) -> Output {
    let tags: Vec<Output> = desk.key(made).tags.iter().map(tag).collect();
    let policy = desk.key(made).policy.seen(desk.now).text().to_string();
    let output = Output::new()
        // The answer says what it says of every replica, however soon this one is ready (kms-recorded-behaviour, row 15).
        .object("ReplicaKeyMetadata", metadata_in(desk.estate, made, desk.now, KeyState::Creating))
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
fn until(desk: &Desk<'_>) -> Option<Moment> {
    let delay = desk.consistency.multi_region;
    (!delay.is_zero()).then(|| desk.now + delay)
}

/// Refuses unless the caller may create a key (and tag it) in the replica's Region.
///
/// Source: KMS API reference, ReplicateKey, required permissions (model of 2026-11-17).
fn authorize_there(desk: &Desk<'_>, key: &KeyRef, region: &str) -> Result<(), ApiError> {
    let (found, input) = (desk.key(key), desk.input());
    let facts = |facts: &mut Facts| {
        facts.one("aws:RequestedRegion", region);
        facts.one("kms:KeySpec", found.spec.name());
        facts.one("kms:KeyUsage", found.usage.name());
        facts.one("kms:KeyOrigin", found.origin.name());
        facts.flag("kms:MultiRegion", true);
        facts.one("kms:MultiRegionKeyType", "REPLICA");
        tag_facts(input, facts);
    };
    desk.authorize_identity("kms:CreateKey", "*", facts)?;
    if input.is_given("Tags") {
        desk.authorize_identity("kms:TagResource", "*", facts)?;
    }
    Ok(())
}

fn tag((name, value): (&String, &String)) -> Output {
    Output::new().text("TagKey", name).text("TagValue", value)
}

/// UpdatePrimaryRegion: primary and replica change places.
pub(super) fn update_primary_region(desk: &mut Desk<'_>) -> Handled {
    let region = desk.required("PrimaryRegion");
    let key = desk.find_bare("KeyId")?;
    desk.check_own(&key)?;
    desk.authorize(&key, "kms:UpdatePrimaryRegion", &BTreeMap::new(), |facts| {
        facts.one("kms:PrimaryRegion", region)
    })?;
    let own = desk.own();
    let mut multi = multi_region(desk, &key)?;
    desk.check_state(&key)?;
    check_primary(desk, &key)?;
    check_other(&own, region)?;
    let there =
        desk.estate.find_realm(&own.account, region).map(|realm| KeyRef { realm, id: key.id.clone() });
    let Some(there) = there.filter(|there| desk.estate.get(there).is_some()) else {
        let replica = Realm::new(&own.account, region).key_arn(key.id.as_str());
        return Err(ApiError::not_found(format!("Key '{replica}' does not exist")));
    };
    desk.authorize(&there, "kms:UpdatePrimaryRegion", &BTreeMap::new(), |facts| {
        facts.one("kms:PrimaryRegion", region)
    })?;
    let state = desk.state(&there);
    if let Some(refused) = crate::kms::keys::refusal(desk.operation(), state, &desk.estate.arn(&there)) {
        return Err(refused);
    }
    multi.replicas.retain(|replica| replica != region);
    multi.replicas.push(multi.primary);
    multi.replicas.sort();
    multi.primary = region.into();
    // Automatic rotation belongs to the primary.
    let rotation = desk.estate.change(&key, |key| key.rotation.take()).flatten();
    desk.estate.change(&there, |key| key.rotation = rotation);
    update_family(desk, &key, &multi);
    let until = until(desk);
    for each in [key, there] {
        desk.estate.change(&each, |key| key.updating_until = until);
    }
    Ok(Step::Done(Output::new()))
}

/// Tells every key of the family who belongs to it.
fn update_family(desk: &mut Desk<'_>, key: &KeyRef, multi: &MultiRegion) {
    super::rotation::everywhere(desk.estate, key, |key| key.multi_region = Some(multi.clone()));
}

fn multi_region(desk: &Desk<'_>, key: &KeyRef) -> Result<MultiRegion, ApiError> {
    let none =
        || ApiError::unsupported_operation(format!("{} is not a multi-region key.", desk.estate.arn(key)));
    desk.key(key).multi_region.clone().ok_or_else(none)
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
