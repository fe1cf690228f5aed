//! Keys that are there from the start.

use super::access::Policy;
use super::crypto::{Material, MaterialId};
use super::keys::{
    Alias, DAY, Deletion, Eventual, ExpirationModel, Key, KeyId, KeyMaterial, KeyRef, Moment, MultiRegion,
    Origin, Realm, Rotation,
};
use super::{Kms, operations};
use crate::api::{KeySpec, KeyUsage};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One key of a seed file.
#[derive(Debug)]
pub struct Seed {
    /// Where it is.
    pub realm: Realm,
    /// Its id; made up if there is none.
    pub id: Option<String>,
    /// Its type.
    pub spec: KeySpec,
    /// What it is for, by AWS's name; if its type has but one use, it can be left out.
    pub usage: Option<String>,
    /// Where its material comes from.
    pub origin: Origin,
    /// Free text.
    pub description: String,
    /// Its material, oldest version first. If there is none, KMS makes some; what is imported waits for its import.
    pub materials: Vec<Material>,
    /// When imported material expires; never if not said.
    pub valid_to: Option<Moment>,
    /// When it was made; when it is planted if not said.
    pub created: Option<Moment>,
    /// When it is to be gone, of a key that is pending deletion.
    pub deletion: Option<Moment>,
    /// Its policy; the default one if there is none.
    pub policy: Option<Arc<Policy>>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether it is enabled.
    pub is_enabled: bool,
    /// Its automatic rotation.
    pub rotation: Option<Rotation>,
    /// Whether it is a multi-Region primary.
    pub is_multi_region: bool,
    /// Its aliases, `alias/` included.
    pub aliases: Vec<String>,
}

impl Kms {
    /// Puts a seeded key in, unless its id exists already.
    ///
    /// # Errors
    /// A sentence, if it cannot be.
    pub fn plant(&mut self, mut seed: Seed, now: Moment) -> Result<(), String> {
        let inventory = self.inventory_mut();
        let realm = inventory.realm_id(&seed.realm);
        let id: KeyId = match &seed.id {
            Some(id) => id.as_str().into(),
            None => KeyId::from_random(
                super::crypto::random_array().map_err(|e| e.to_string())?,
                seed.is_multi_region,
            ),
        };
        let has_alias = |name: &String| inventory.alias(realm, name).is_some();
        let is_known_by_alias =
            seed.id.is_none() && !seed.aliases.is_empty() && seed.aliases.iter().all(has_alias);
        if inventory.key(realm, id.as_str()).is_some() || is_known_by_alias {
            return Ok(());
        }
        let aliases = std::mem::take(&mut seed.aliases);
        let key = seeded(id, seed, now)?;
        let KeyRef { id, .. } = inventory.put(realm, key);
        for name in aliases {
            if inventory.alias(realm, &name).is_some() {
                return Err(format!("the alias {name} exists already"));
            }
            let target = Eventual::new(Some(id.clone()));
            inventory
                .put_alias(realm, Alias { name: name.as_str().into(), target, created: now, updated: now });
        }
        Ok(())
    }
}

/// The key that a seed describes.
fn seeded(id: KeyId, seed: Seed, now: Moment) -> Result<Key, String> {
    let usage = usage_of(&id, &seed)?;
    let mut materials = seed.materials;
    let is_imported = seed.origin == Origin::External;
    if materials.is_empty() && !is_imported {
        materials.push(Material::generate(seed.spec).map_err(|e| format!("the key {id}: {e}"))?);
    }
    let policy =
        seed.policy.unwrap_or_else(|| operations::written_policy(&seed.realm.account, &seed.realm.region));
    let created = seed.created.unwrap_or(now);
    let expiration = match seed.valid_to {
        Some(_) => ExpirationModel::Expires,
        None => ExpirationModel::DoesNotExpire,
    };
    let version = |material: Material| {
        let name = MaterialId::of(id.as_str(), material.to_bytes().as_bytes());
        KeyMaterial {
            expiration: is_imported.then_some(expiration),
            valid_to: seed.valid_to.filter(|_| is_imported),
            ..KeyMaterial::new(name, Arc::new(material), created)
        }
    };
    // Whole days that are left, begun ones included: the window the key was scheduled with is not told.
    let window = |at: Moment| Deletion {
        window_days: u32::try_from(at.since(now).as_nanos().div_ceil(DAY.as_nanos())).unwrap_or(u32::MAX),
        at: Some(at),
    };
    Ok(Key {
        description: seed.description,
        tags: seed.tags,
        enabled: Eventual::new(seed.is_enabled),
        deletion: Eventual::new(seed.deletion.map(window)),
        rotation: seed.rotation.filter(|_| seed.spec == KeySpec::SymmetricDefault && !is_imported),
        multi_region: seed
            .is_multi_region
            .then(|| MultiRegion { primary: seed.realm.region.to_string(), replicas: Vec::new() }),
        materials: materials.into_iter().map(version).collect(),
        ..operations::bare(id, seed.spec, usage, seed.origin, policy, created)
    })
}

/// What a seeded key is for: what the seed says, or the only thing it can be for.
fn usage_of(id: &KeyId, seed: &Seed) -> Result<KeyUsage, String> {
    let usages = seed.spec.usages();
    let usage = match seed.usage.as_deref() {
        Some(name) => KeyUsage::from_name(name).filter(|usage| usages.contains(usage)),
        None => (usages.len() == 1).then(|| usages[0]),
    };
    usage.ok_or_else(|| {
        let names: Vec<&str> = usages.iter().map(|usage| usage.name()).collect();
        format!("the key {id} of type {} needs a usage: {}", seed.spec, names.join(" or "))
    })
}
