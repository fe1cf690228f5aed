//! ReplicateKey, UpdatePrimaryRegion.

use super::create::{bare, written_policy};
use super::describe::metadata;
use super::policies::checked_policy;
use super::tags::{checked_tags, read_tags};
use super::{Desk, Handled, Step};
use crate::kms::keys::{Key, KeyRef, MultiRegion, Origin, Realm, partition};
use crate::kms::wire::{ApiError, Item, Output};
use crate::quota::catalogue;
use std::collections::BTreeMap;

/// ReplicateKey: the same key, of the same material, in another Region. The replica is ready at once.
pub(super) fn replicate_key(desk: &mut Desk<'_>) -> Handled {
    let region = desk.required("ReplicaRegion");
    let key = desk.find_bare("KeyId")?;
    desk.check_own(&key)?;
    desk.authorize(&key, "kms:ReplicateKey", &BTreeMap::new(), |facts| {
        facts.one("kms:ReplicaRegion", region)
    })?;
    let (own, arn) = (desk.own(), desk.estate.arn(&key));
    let multi = multi_region(desk, &key)?;
    if multi.primary != *own.region {
        return Err(ApiError::unsupported_operation(format!(
            "{arn} is a replica key: replicate its primary key."
        )));
    }
    desk.check_state(&key)?;
    check_other(&own, region)?;
    let there = Realm::new(&own.account, region);
    let there_id = desk.estate.realm_id(&there);
    let replica_arn = there.key_arn(key.id.as_str());
    if desk.estate.key(there_id, key.id.as_str()).is_some() {
        return Err(ApiError::already_exists(format!("Key {replica_arn} already exists")));
    }
    if desk.estate.count_customer_keys(there_id) >= desk.limits.keys as usize {
        return Err(ApiError::limit_exceeded(format!(
            "The account has reached its quota of {} KMS keys in {region}.",
            desk.limits.keys
        )));
    }
    let tags = read_tags(desk, "Tags")?;
    checked_tags(desk, &tags, 0)?;
    let policy = match desk.input().text("Policy") {
        Some(text) => checked_policy(desk, text, &replica_arn)?,
        None => written_policy(&own.account, region),
    };
    let mut multi = multi;
    multi.replicas.push(region.into());
    multi.replicas.sort();
    let found = desk.key(&key);
    // Imported material is imported into each Region by itself.
    let materials = if found.origin == Origin::External { Vec::new() } else { found.materials.clone() };
    let replica = Key {
        description: desk.input().text("Description").unwrap_or_default().into(),
        tags,
        materials,
        rotation: None,
        multi_region: Some(multi.clone()),
        ..bare(key.id.clone(), found.spec, found.usage, found.origin, policy, desk.now)
    };
    update_family(desk, &key, &multi);
    let made = desk.estate.put(there_id, replica);
    let tags: Vec<Output> = desk.key(&made).tags.iter().map(tag).collect();
    let policy = desk.key(&made).policy.seen(desk.now).text().to_string();
    Ok(Step::Done(
        Output::new()
            .object("ReplicaKeyMetadata", metadata(desk.estate, &made, desk.now))
            .text("ReplicaPolicy", &policy)
            .list("ReplicaTags", tags.into_iter().map(Item::from)),
    ))
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
    let (own, arn) = (desk.own(), desk.estate.arn(&key));
    let mut multi = multi_region(desk, &key)?;
    if multi.primary != *own.region {
        return Err(ApiError::unsupported_operation(format!(
            "{arn} is a replica key: call its primary key's Region."
        )));
    }
    desk.check_state(&key)?;
    check_other(&own, region)?;
    let there =
        desk.estate.find_realm(&own.account, region).map(|realm| KeyRef { realm, id: key.id.clone() });
    let Some(there) = there.filter(|there| desk.estate.get(there).is_some()) else {
        let replica = Realm::new(&own.account, region).key_arn(key.id.as_str());
        return Err(ApiError::not_found(format!("Key '{replica}' does not exist")));
    };
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
    Ok(Step::Done(Output::new()))
}

/// Tells every key of the family who belongs to it.
fn update_family(desk: &mut Desk<'_>, key: &KeyRef, multi: &MultiRegion) {
    super::rotation::everywhere(desk.estate, key, |key| key.multi_region = Some(multi.clone()));
}

fn multi_region(desk: &Desk<'_>, key: &KeyRef) -> Result<MultiRegion, ApiError> {
    let none =
        || ApiError::unsupported_operation(format!("{} is not a multi-Region key.", desk.estate.arn(key)));
    desk.key(key).multi_region.clone().ok_or_else(none)
}

/// Refuses a Region that is the key's own, unknown, or in another partition.
fn check_other(own: &Realm, region: &str) -> Result<(), ApiError> {
    if region == &*own.region {
        return Err(ApiError::validation(format!("The Region {region} is already the key's own.")));
    }
    if !catalogue::is_region(region) || partition(region) != partition(&own.region) {
        return Err(ApiError::validation(format!("The Region {region} is not valid.")));
    }
    Ok(())
}
