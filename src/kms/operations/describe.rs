//! DescribeKey, ListKeys, GetPublicKey, GetKeyLastUsage; and what a key shows of itself.

use super::page::Page;
use super::{CallContext, Handled, Step};
use crate::api::{ECDH, KeySpec, KeyUsage, ML_KEM};
use crate::kms::keys::{
    ExpirationModel, Inventory, Key, KeyMaterial, KeyRef, KeyState, Moment, Origin, Realm, StoreKind, key_arn,
};
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;

serves! {
    DescribeKey: describe_key,
    GetKeyLastUsage: get_key_last_usage,
    GetPublicKey: get_public_key,
    ListKeys: list_keys,
}

/// Keys of a page if the call does not say (model of 2026-11-17).
const PAGE: usize = 100;

/// DescribeKey.
fn describe_key(ctx: &mut CallContext<'_>) -> Handled {
    let key = ctx.find("KeyId")?;
    ctx.authorize(&key, "kms:DescribeKey", &BTreeMap::new(), |_| ())?;
    Ok(Step::Done(Output::new().object("KeyMetadata", metadata(ctx.inventory, &key, ctx.now))))
}

/// ListKeys: those of the caller's account and Region. Keys shared through AWS RAM are not emulated: there are none.
fn list_keys(ctx: &mut CallContext<'_>) -> Handled {
    ctx.authorize_identity("kms:ListKeys", "*", |_| ())?;
    let page = Page::read(ctx.input(), PAGE)?;
    let owners = ctx.input().texts("ResourceOwners");
    let is_own = owners.is_empty() || owners.iter().any(|owner| owner == "SELF");
    let realm = ctx.own();
    let keys = ctx.inventory.keys(ctx.realm, page.after()).filter(|_| is_own);
    let show = |key: &&Key| {
        Output::new().text("KeyId", key.id.as_str()).text("KeyArn", &realm.key_arn(key.id.as_str()))
    };
    Ok(Step::Done(page.fill("Keys", keys, show, |key| key.id.to_string())))
}

/// GetPublicKey: the public half of an asymmetric key.
fn get_public_key(ctx: &mut CallContext<'_>) -> Handled {
    let key = ctx.find("KeyId")?;
    ctx.authorize(&key, "kms:GetPublicKey", &BTreeMap::new(), |_| ())?;
    let found = ctx.key(&key);
    let has_public = found.spec.has_public_key();
    // The state first, then no word of why (kms-recorded-behaviour, row 35).
    ctx.check_state(&key)?;
    if !has_public {
        return Err(ApiError::unsupported_operation("").without_message());
    }
    let found = ctx.key(&key);
    let public = found.materials.iter().rev().find_map(|material| material.public_key());
    let missing = || ApiError::kms_invalid_state(format!("{} is pending import.", ctx.inventory.arn(&key)));
    let output = Output::new()
        .text("KeyId", &ctx.inventory.arn(&key))
        .blob("PublicKey", public.ok_or_else(missing)?)
        .text("CustomerMasterKeySpec", found.spec.name())
        .text("KeySpec", found.spec.name())
        .text("KeyUsage", found.usage.name());
    Ok(Step::Done(algorithms(output, found)))
}

/// GetKeyLastUsage: the last cryptographic use that was seen.
fn get_key_last_usage(ctx: &mut CallContext<'_>) -> Handled {
    let key = ctx.find_bare("KeyId")?;
    ctx.check_own(&key)?;
    ctx.authorize(&key, "kms:GetKeyLastUsage", &BTreeMap::new(), |_| ())?;
    let found = ctx.key(&key);
    // An empty object stands for a key that was never used.
    let usage = Output::new().given(found.last_usage.as_ref(), |output, usage| {
        output
            .text("Operation", usage.operation.name())
            .time("Timestamp", usage.at.as_secs())
            .text("CloudTrailEventId", &usage.event_id.to_string())
            .text("KmsRequestId", &usage.request_id.to_string())
    });
    let output = Output::new()
        .text("KeyId", &ctx.inventory.arn(&key))
        .object("KeyLastUsage", usage)
        .time("TrackingStartDate", found.created.as_secs())
        .time("KeyCreationDate", found.created.as_secs());
    Ok(Step::Done(output))
}

/// A key's algorithms, by what it is for.
fn algorithms(output: Output, key: &Key) -> Output {
    match key.usage {
        KeyUsage::EncryptDecrypt => output
            .list("EncryptionAlgorithms", key.spec.encryption_algorithms().iter().map(|each| each.name())),
        KeyUsage::SignVerify => {
            output.list("SigningAlgorithms", key.spec.signing_algorithms().iter().map(|each| each.name()))
        }
        KeyUsage::KeyAgreement => output.list("KeyAgreementAlgorithms", [ECDH]),
        KeyUsage::EncapsulateDecapsulate => output.list("EncapsulationAlgorithms", [ML_KEM]),
        KeyUsage::GenerateVerifyMac => output,
    }
}

/// `KeyMetadata` of a key at a moment.
pub(super) fn metadata(inventory: &Inventory, key: &KeyRef, now: Moment) -> Output {
    let found = inventory.get(key).expect("whoever describes a key has found it");
    let store = found.store.as_deref().and_then(|id| inventory.store(key.realm, id));
    metadata_in(inventory, key, now, found.state(now, store.is_none_or(|store| store.is_connected(now))))
}

/// `KeyMetadata` of a key at a moment, in the state that is to be shown.
pub(super) fn metadata_in(inventory: &Inventory, key: &KeyRef, now: Moment, state: KeyState) -> Output {
    let realm = inventory.realm(key.realm);
    let found = inventory.get(key).expect("whoever describes a key has found it");
    let store = found.store.as_deref().and_then(|id| inventory.store(key.realm, id));
    let output = Output::new()
        .text("AWSAccountId", &realm.account)
        .text("KeyId", found.id.as_str())
        .text("Arn", &realm.key_arn(found.id.as_str()))
        .time("CreationDate", found.created.as_secs())
        .flag("Enabled", state == KeyState::Enabled)
        .text("Description", &found.description)
        .text("KeyUsage", found.usage.name())
        .text("KeyState", state.name());
    let deletion = found.deletion.seen(now).as_ref();
    let valid_to = imported(found).filter_map(|material| material.valid_to).min();
    let output = output
        .given(deletion.and_then(|deletion| deletion.at), |output, at| {
            output.time("DeletionDate", at.as_secs())
        })
        .given(valid_to, |output, at| output.time("ValidTo", at.as_secs()))
        .text("Origin", found.origin.name())
        .given(found.store.as_deref(), |output, id| output.text("CustomKeyStoreId", id));
    let cluster = store.and_then(|store| match &store.kind {
        StoreKind::CloudHsm { cluster, .. } => Some(cluster.as_str()),
        StoreKind::External { .. } => None,
    });
    let model = match valid_to {
        Some(_) => Some(ExpirationModel::Expires),
        None => imported(found).find_map(|material| material.expiration),
    };
    let output = output
        .given(cluster, |output, id| output.text("CloudHsmClusterId", id))
        .given(model, |output, model| output.text("ExpirationModel", model.name()))
        .text("KeyManager", found.manager.name())
        .text("CustomerMasterKeySpec", found.spec.name())
        .text("KeySpec", found.spec.name());
    let output = algorithms(output, found).flag("MultiRegion", found.multi_region.is_some());
    let waiting = deletion.filter(|deletion| deletion.at.is_none()).map(|deletion| deletion.window_days);
    // Named after its secret is deleted too, and not before a replica is made (kms-recorded-behaviour, rows 14 and 15).
    let current = found.latest().filter(|_| has_material_id(found) && state != KeyState::Creating);
    output
        .given(multi_region(found, realm), |output, config| output.object("MultiRegionConfiguration", config))
        .given(waiting, |output, days| output.integer("PendingDeletionWindowInDays", i64::from(days)))
        .given(found.spec.mac_algorithm(), |output, mac| output.list("MacAlgorithms", [mac.name()]))
        .given(found.xks_key_id.as_deref(), |output, id| {
            output.object("XksKeyConfiguration", Output::new().text("Id", id))
        })
        .given(current, |output, material| output.text("CurrentKeyMaterialId", &material.id.to_string()))
}

/// The imported material that belongs to a key for good: not what still waits for a rotation.
fn imported(key: &Key) -> impl Iterator<Item = &KeyMaterial> {
    let is_there = |material: &&KeyMaterial| material.secret.is_some() && !material.is_pending_rotation;
    key.materials.iter().filter(is_there)
}

/// Whether the API names the material of a key: only of those that can have several versions.
///
/// Source: KMS API reference, `CurrentKeyMaterialId` (model of 2026-11-17).
pub(super) fn has_material_id(key: &Key) -> bool {
    key.spec == KeySpec::SymmetricDefault && matches!(key.origin, Origin::AwsKms | Origin::External)
}

fn multi_region(key: &Key, realm: &Realm) -> Option<Output> {
    let multi = key.multi_region.as_ref()?;
    let one = |region: &str| {
        let arn = key_arn(&realm.account, region, key.id.as_str());
        Output::new().text("Arn", &arn).text("Region", region)
    };
    let kind = if multi.primary == *realm.region { "PRIMARY" } else { "REPLICA" };
    let config = Output::new()
        .text("MultiRegionKeyType", kind)
        .object("PrimaryKey", one(&multi.primary))
        .list("ReplicaKeys", multi.replicas.iter().map(|region| one(region)));
    Some(config)
}
