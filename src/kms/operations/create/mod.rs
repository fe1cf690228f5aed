//! CreateKey: what a key may be, and its making.

mod localstack;
mod origin;
mod spec;

use localstack::{take_id, take_material};
use origin::check_origin;
use spec::{check_region, spec_of, usage_of};

use super::describe::metadata;
use super::policies::{check_lockout, read_policy};
use super::tags::{checked_tags, read_tags, tell_tags};
use super::{CallContext, Handled, NewKey, Step};
use crate::api::{KeySpec, KeyUsage};
use crate::kms::access::{Kind, Policy, default_policy};
use crate::kms::crypto::{self, Material, MaterialId};
use crate::kms::keys::{
    Eventual, Inventory, Key, KeyId, KeyMaterial, Manager, Moment, MultiRegion, Origin, RealmId, partition,
};
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

serves! {
    CreateKey: create_key,
}

/// CreateKey.
fn create_key(ctx: &mut CallContext<'_>) -> Handled {
    let input = ctx.input();
    let spec = spec_of(ctx)?;
    let usage = usage_of(ctx, spec)?;
    let origin = input.text("Origin").and_then(Origin::from_name).unwrap_or(Origin::AwsKms);
    let is_multi_region = input.flag("MultiRegion");
    ctx.authorize_identity("kms:CreateKey", "*", |context| {
        context.one("kms:KeySpec", spec.name());
        context.one("kms:KeyUsage", usage.name());
        context.one("kms:KeyOrigin", origin.name());
        context.flag("kms:MultiRegion", is_multi_region);
        context.flag("kms:BypassPolicyLockoutSafetyCheck", input.flag("BypassPolicyLockoutSafetyCheck"));
        tell_tags(input, context);
    })?;
    if input.is_given("Tags") {
        ctx.authorize_identity("kms:TagResource", "*", |context| tell_tags(input, context))?;
    }
    check_region(ctx, spec)?;
    let store = check_origin(ctx, spec, origin, is_multi_region)?;
    let mut tags = read_tags(ctx, "Tags")?;
    let chosen = take_id(ctx, &mut tags)?;
    let is_chosen = chosen.is_some();
    let id = match chosen {
        Some(id) => id,
        None => KeyId::from_random(random()?, is_multi_region),
    };
    let given = take_material(spec, &mut tags)?;
    checked_tags(ctx, &tags, 0)?;
    let policy = match input.text("Policy") {
        Some(text) => read_policy(ctx, text)?,
        None => written_policy(&ctx.own().account, &ctx.own().region),
    };
    let key = Key {
        multi_region: is_multi_region
            .then(|| MultiRegion { primary: ctx.own().region.to_string(), replicas: Vec::new() }),
        description: input.text("Description").unwrap_or_default().into(),
        tags,
        store,
        xks_key_id: input.text("XksKeyId").map(Into::into),
        ..bare(id, spec, usage, origin, Arc::clone(&policy), ctx.now)
    };
    if input.is_given("Policy") {
        check_lockout(ctx, &policy, ctx.realm, &key)?;
    }
    check_room(ctx, ctx.realm)?;
    finish(ctx, NewKey { realm: ctx.realm, key }, given, is_chosen)
}

/// Puts a key in whose material is at hand, quick to make or not needed; leaves the others to be made.
fn finish(ctx: &mut CallContext<'_>, new: NewKey, given: Option<Material>, is_chosen: bool) -> Handled {
    let material = match given {
        None if new.key.origin == Origin::External => None,
        // Nobody may choose the same id while the material is made.
        None if is_quick(new.spec()) || is_chosen => {
            Some(Material::generate(new.spec()).map_err(|_| super::usage::internal())?)
        }
        None => return Ok(Step::Create(Box::new(new))),
        given => given,
    };
    Ok(Step::Done(create(ctx.inventory, new, material, ctx.now)))
}

/// Refuses one key too many in a realm.
///
/// # Errors
/// LimitExceededException.
pub(super) fn check_room(ctx: &CallContext<'_>, realm: RealmId) -> Result<(), ApiError> {
    let limit = ctx.limits.keys;
    if ctx.inventory.has_room_for_key(realm, limit as usize) {
        return Ok(());
    }
    let region = &ctx.inventory.realm(realm).region;
    Err(ApiError::limit_exceeded(format!(
        "The account has reached its quota of {limit} KMS keys in {region}."
    )))
}

/// A key with nothing but what every key has.
pub(in crate::kms) fn bare(
    id: KeyId,
    spec: KeySpec,
    usage: KeyUsage,
    origin: Origin,
    policy: Arc<Policy>,
    now: Moment,
) -> Key {
    Key {
        id,
        spec,
        usage,
        origin,
        manager: Manager::Customer,
        description: String::new(),
        policy: Eventual::new(policy),
        tags: BTreeMap::new(),
        created: now,
        enabled: Eventual::new(true),
        deletion: Eventual::new(None),
        creating_until: None,
        updating_until: None,
        materials: Vec::new(),
        rotation: None,
        on_demand_rotations: 0,
        multi_region: None,
        store: None,
        xks_key_id: None,
        last_usage: None,
        arn: OnceLock::new(),
    }
}

/// Puts a new key in, with its material if it has some already.
pub(in crate::kms) fn create(
    inventory: &mut Inventory,
    new: NewKey,
    material: Option<Material>,
    now: Moment,
) -> Output {
    let NewKey { realm, mut key } = new;
    if let Some(material) = material {
        let id = MaterialId::of(key.id.as_str(), material.to_bytes().as_bytes());
        key.materials.push(KeyMaterial::new(id, Arc::new(material), now));
    }
    let reference = inventory.put(realm, key);
    Output::new().object("KeyMetadata", metadata(inventory, &reference, now))
}

/// Whether material of a type is made in microseconds.
const fn is_quick(spec: KeySpec) -> bool {
    use KeySpec::{Hmac224, Hmac256, Hmac384, Hmac512, SymmetricDefault};
    matches!(spec, SymmetricDefault | Hmac224 | Hmac256 | Hmac384 | Hmac512)
}

/// The policy of a key made without one.
pub(in crate::kms) fn written_policy(account: &str, region: &str) -> Arc<Policy> {
    let text = default_policy(account, partition(region));
    Arc::new(Policy::parse(&text, Kind::Key).expect("our own policy is one"))
}

/// Random bytes for an id.
pub(super) fn random() -> Result<[u8; 16], ApiError> {
    crypto::random_array().map_err(|_| super::usage::internal())
}

/// The realm's key with a fitting id, made by AWS for a service; see `aws_keys`.
pub(super) fn aws_key(
    realm: RealmId,
    id: KeyId,
    policy: Arc<Policy>,
    description: String,
    now: Moment,
) -> NewKey {
    let key = Key {
        manager: Manager::Aws,
        description,
        ..bare(id, KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, Origin::AwsKms, policy, now)
    };
    NewKey { realm, key }
}
