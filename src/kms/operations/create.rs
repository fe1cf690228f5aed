//! CreateKey: what a key may be, and its making.

use super::describe::metadata;
use super::policies::checked_policy;
use super::tags::{checked_tags, read_tags, tag_facts};
use super::{Desk, Handled, NewKey, Step};
use crate::api::KeySpec;
use crate::kms::access::{Kind, Policy, default_policy};
use crate::kms::crypto::{self, Material, MaterialId};
use crate::kms::keys::{
    Estate, Eventual, Key, KeyId, KeyMaterial, KeyUsage, Manager, Moment, MultiRegion, Origin, RealmId,
    StoreKind, partition,
};
use crate::kms::wire::{ApiError, Output};
use base64::Engine as _;
use std::collections::BTreeMap;
use std::sync::Arc;

/// LocalStack's tags that choose a key's id and its material, so that its users can switch.
const CUSTOM_ID: &str = "_custom_id_";
const CUSTOM_MATERIAL: &str = "_custom_key_material_";

/// CreateKey.
pub(super) fn create_key(desk: &mut Desk<'_>) -> Handled {
    let input = desk.input();
    let spec = spec_of(desk)?;
    let usage = usage_of(desk, spec)?;
    let origin = input.text("Origin").and_then(Origin::from_name).unwrap_or(Origin::AwsKms);
    let is_multi_region = input.flag("MultiRegion");
    desk.authorize_identity("kms:CreateKey", "*", |facts| {
        facts.one("kms:KeySpec", spec.name());
        facts.one("kms:KeyUsage", usage.name());
        facts.one("kms:KeyOrigin", origin.name());
        facts.flag("kms:MultiRegion", is_multi_region);
        facts.flag("kms:BypassPolicyLockoutSafetyCheck", input.flag("BypassPolicyLockoutSafetyCheck"));
        tag_facts(input, facts);
    })?;
    if input.is_given("Tags") {
        desk.authorize_identity("kms:TagResource", "*", |facts| tag_facts(input, facts))?;
    }
    check_region(desk, spec)?;
    let store = check_origin(desk, spec, origin, is_multi_region)?;
    let mut tags = read_tags(desk, "Tags")?;
    let chosen = tags.remove(CUSTOM_ID).map(|id| custom_id(desk, &id)).transpose()?;
    let is_chosen = chosen.is_some();
    let id = match chosen {
        Some(id) => id,
        None => KeyId::from_random(random()?, is_multi_region),
    };
    let custom = tags.remove(CUSTOM_MATERIAL).map(|text| custom_material(spec, &text)).transpose()?;
    checked_tags(desk, &tags, 0)?;
    let arn = desk.own().key_arn(id.as_str());
    let policy = match input.text("Policy") {
        Some(text) => checked_policy(desk, text, &arn)?,
        None => written_policy(&desk.own().account, &desk.own().region),
    };
    check_room(desk, desk.realm)?;
    let key = Key {
        multi_region: is_multi_region
            .then(|| MultiRegion { primary: desk.own().region.to_string(), replicas: Vec::new() }),
        description: input.text("Description").unwrap_or_default().into(),
        tags,
        store,
        xks_key_id: input.text("XksKeyId").map(Into::into),
        ..bare(id, spec, usage, origin, policy, desk.now)
    };
    let new = NewKey { realm: desk.realm, key };
    if origin == Origin::External && custom.is_none() {
        return Ok(Step::Done(create(desk.estate, new, None, desk.now)));
    }
    match custom {
        Some(material) => Ok(Step::Done(create(desk.estate, new, Some(material), desk.now))),
        // Nobody may choose the same id while the material is made.
        None if is_quick(spec) || is_chosen => {
            let material = Material::generate(spec).map_err(|_| super::usage::internal())?;
            Ok(Step::Done(create(desk.estate, new, Some(material), desk.now)))
        }
        None => Ok(Step::Create(Box::new(new))),
    }
}

/// Refuses one key too many in a realm.
///
/// # Errors
/// LimitExceededException.
pub(super) fn check_room(desk: &Desk<'_>, realm: RealmId) -> Result<(), ApiError> {
    let limit = desk.limits.keys;
    if desk.estate.has_room_for_key(realm, limit as usize) {
        return Ok(());
    }
    let region = &desk.estate.realm(realm).region;
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
    }
}

/// Puts a new key in, with its material if it has some already.
pub(in crate::kms) fn create(
    estate: &mut Estate,
    new: NewKey,
    material: Option<Material>,
    now: Moment,
) -> Output {
    let NewKey { realm, mut key } = new;
    if let Some(material) = material {
        let id = MaterialId::of(key.id.as_str(), material.to_bytes().as_bytes());
        key.materials.push(KeyMaterial::new(id, Arc::new(material), now));
    }
    let reference = estate.put(realm, key);
    Output::new().object("KeyMetadata", metadata(estate, &reference, now))
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

/// `KeySpec`, or its old name `CustomerMasterKeySpec`; not both unless they agree.
fn spec_of(desk: &Desk<'_>) -> Result<KeySpec, ApiError> {
    let (new, old) = (desk.input().text("KeySpec"), desk.input().text("CustomerMasterKeySpec"));
    if let (Some(_), Some(_)) = (new, old) {
        return Err(ApiError::validation(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is \
             deprecated.",
        ));
    }
    Ok(new.or(old).and_then(KeySpec::from_name).unwrap_or(KeySpec::SymmetricDefault))
}

/// `KeyUsage`: which a type has several of must be said.
fn usage_of(desk: &Desk<'_>, spec: KeySpec) -> Result<KeyUsage, ApiError> {
    let all = usages(spec);
    let Some(name) = desk.input().text("KeyUsage") else {
        if all.contains(&KeyUsage::EncryptDecrypt) && all.len() == 1 {
            return Ok(KeyUsage::EncryptDecrypt);
        }
        return Err(ApiError::validation(format!(
            "You must specify a KeyUsage value for the key spec {spec}."
        )));
    };
    let usage = KeyUsage::from_name(name).filter(|usage| all.contains(usage));
    usage
        .ok_or_else(|| ApiError::validation(format!("KeyUsage {name} is not compatible with KeySpec {spec}")))
}

/// What a type can be for (model of 2026-11-17).
pub(in crate::kms) fn usages(spec: KeySpec) -> &'static [KeyUsage] {
    use KeySpec::*;
    use KeyUsage::*;
    match spec {
        SymmetricDefault => &[EncryptDecrypt],
        Rsa2048 | Rsa3072 | Rsa4096 => &[EncryptDecrypt, SignVerify],
        EccNistP256 | EccNistP384 | EccNistP521 => &[SignVerify, KeyAgreement],
        EccSecgP256k1 | EccNistEdwards25519 | MlDsa44 | MlDsa65 | MlDsa87 => &[SignVerify],
        Hmac224 | Hmac256 | Hmac384 | Hmac512 => &[GenerateVerifyMac],
        MlKem512 | MlKem768 | MlKem1024 => &[EncapsulateDecapsulate],
        Sm2 => &[EncryptDecrypt, SignVerify, KeyAgreement],
    }
}

/// SM2 exists in China Regions only, and its arithmetic is not emulated; ML-KEM does not exist there.
fn check_region(desk: &Desk<'_>, spec: KeySpec) -> Result<(), ApiError> {
    let region = desk.own().region;
    let is_china = region.starts_with("cn-");
    let is_ml_kem = matches!(spec, KeySpec::MlKem512 | KeySpec::MlKem768 | KeySpec::MlKem1024);
    if spec == KeySpec::Sm2 && is_china {
        return Err(ApiError::unsupported_operation("SM2 keys are not emulated."));
    }
    if spec == KeySpec::Sm2 || is_china && is_ml_kem {
        return Err(ApiError::unsupported_operation(format!(
            "The key spec {spec} is not supported in {region}."
        )));
    }
    Ok(())
}

/// Checks what an origin asks for; gives the custom key store.
fn check_origin(
    desk: &Desk<'_>,
    spec: KeySpec,
    origin: Origin,
    is_multi_region: bool,
) -> Result<Option<String>, ApiError> {
    let input = desk.input();
    let store = input.text("CustomKeyStoreId");
    let is_custom = matches!(origin, Origin::CloudHsm | Origin::ExternalKeyStore);
    if !is_custom {
        if store.is_some() {
            return Err(ApiError::validation(format!(
                "The Origin {} is not compatible with a CustomKeyStoreId; use AWS_CLOUDHSM or EXTERNAL_KEY_STORE.",
                origin.name()
            )));
        }
        if input.is_given("XksKeyId") {
            return Err(ApiError::validation("XksKeyId is valid only with the Origin EXTERNAL_KEY_STORE."));
        }
        let is_ml_kem = matches!(spec, KeySpec::MlKem512 | KeySpec::MlKem768 | KeySpec::MlKem1024);
        if origin == Origin::External && is_ml_kem {
            return Err(ApiError::unsupported_operation(format!(
                "Key material for {spec} cannot be imported."
            )));
        }
        return Ok(None);
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
    let found = desk.estate.store(desk.realm, id).ok_or_else(missing)?;
    let is_external = matches!(found.kind, StoreKind::External { .. });
    if is_external != (origin == Origin::ExternalKeyStore) {
        return Err(ApiError::validation(format!(
            "The Origin {} does not fit the type of the custom key store {id}.",
            origin.name()
        )));
    }
    if !found.is_connected(desk.now) {
        return Err(ApiError::custom_key_store_invalid_state(format!(
            "Custom key store {id} is {} and must be CONNECTED.",
            found.state(desk.now)
        )));
    }
    check_xks(desk, id, is_external)?;
    Ok(Some(id.into()))
}

/// `XksKeyId`: required in an external key store, and one key's only.
fn check_xks(desk: &Desk<'_>, store: &str, is_external: bool) -> Result<(), ApiError> {
    match desk.input().text("XksKeyId") {
        None if is_external => {
            Err(ApiError::validation("The Origin EXTERNAL_KEY_STORE requires an XksKeyId."))
        }
        Some(_) if !is_external => {
            Err(ApiError::validation("XksKeyId is valid only with the Origin EXTERNAL_KEY_STORE."))
        }
        Some(id) => {
            let uses =
                |key: &Key| key.store.as_deref() == Some(store) && key.xks_key_id.as_deref() == Some(id);
            if desk.estate.keys(desk.realm, None).any(uses) {
                return Err(ApiError::xks_key_already_in_use(format!(
                    "The external key {id} is already in use."
                )));
            }
            Ok(())
        }
        None => Ok(()),
    }
}

/// The id that LocalStack's tag asks for.
fn custom_id(desk: &Desk<'_>, id: &str) -> Result<KeyId, ApiError> {
    let is_good = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if id.is_empty() || id.len() > 128 || !id.bytes().all(is_good) {
        return Err(ApiError::validation(format!(
            "The tag {CUSTOM_ID} must hold 1 to 128 letters, digits, - or _."
        )));
    }
    if desk.estate.key(desk.realm, id).is_some() {
        return Err(ApiError::validation(format!("Key {} already exists", desk.own().key_arn(id))));
    }
    Ok(id.into())
}

/// The material that LocalStack's tag brings.
fn custom_material(spec: KeySpec, text: &str) -> Result<Material, ApiError> {
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .map_err(|_| ApiError::validation(format!("The tag {CUSTOM_MATERIAL} must hold Base64.")))?;
    Material::from_bytes(spec, &bytes)
        .map_err(|e| ApiError::validation(format!("The tag {CUSTOM_MATERIAL}: {e}.")))
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
