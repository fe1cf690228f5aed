//! Everything the emulator keeps, and what of it has changed.

use super::{Alias, AliasName, Eventual, Grant, Key, KeyId, Moment, Realm, Record, RecordKey, Store};
use crate::kms::access::Policy;
use crate::kms::crypto::MaterialId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};

/// A realm's number in its inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RealmId(u32);

impl RealmId {
    /// How many came before it.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A key of some realm.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyRef {
    /// Its realm.
    pub realm: RealmId,
    /// Its id.
    pub id: KeyId,
}

/// Something that must be kept: a record as it now is, or that it is gone.
#[derive(Clone, Debug)]
pub struct Change {
    /// Which record.
    pub key: RecordKey,
    /// Its content; `None` if it is gone.
    pub record: Option<Record>,
}

/// What one realm holds.
#[derive(Debug)]
struct Holdings {
    realm: Realm,
    keys: BTreeMap<KeyId, Key>,
    /// By key, then by grant id; only keys that have some.
    grants: BTreeMap<KeyId, BTreeMap<String, Grant>>,
    aliases: BTreeMap<AliasName, Alias>,
    /// By what was set last.
    aliases_of: BTreeMap<KeyId, BTreeSet<AliasName>>,
    stores: BTreeMap<String, Store>,
}

/// The grants of a key that has none.
static NO_GRANTS: BTreeMap<String, Grant> = BTreeMap::new();

/// Keys, aliases, grants and custom key stores of all realms.
///
/// What is changed through it is remembered until [`Inventory::take_changes`], if anybody keeps records.
#[derive(Debug, Default)]
pub struct Inventory {
    realms: Vec<Holdings>,
    numbers: BTreeMap<Realm, RealmId>,
    /// Which keys have a material: one in each realm that a multi-Region key lives in.
    materials: BTreeMap<MaterialId, Vec<KeyRef>>,
    /// When something happens to a key by itself, soonest first.
    agenda: BTreeSet<(Moment, KeyRef)>,
    dues: BTreeMap<KeyRef, Moment>,
    /// Policies in use, by their text: most keys have the same.
    policies: BTreeMap<Box<str>, Weak<Policy>>,
    changed: BTreeSet<RecordKey>,
    is_recording: bool,
}

/// Up to so many realms are looked through one by one.
const FEW_REALMS: usize = 16;

/// Policies that are looked through for those no longer in use when there are so many.
const POLICIES: usize = 1_024;

impl Inventory {
    /// An empty one; `is_recording` if changes are to be kept.
    pub fn new(is_recording: bool) -> Inventory {
        Inventory { is_recording, ..Inventory::default() }
    }

    /// The number of a realm, which begins to exist when it is first asked for.
    pub fn realm_id(&mut self, realm: &Realm) -> RealmId {
        if let Some(id) = self.numbers.get(realm) {
            return *id;
        }
        let id = RealmId(u32::try_from(self.realms.len()).expect("a realm takes more than a byte of memory"));
        self.realms.push(Holdings {
            realm: realm.clone(),
            keys: BTreeMap::new(),
            grants: BTreeMap::new(),
            aliases: BTreeMap::new(),
            aliases_of: BTreeMap::new(),
            stores: BTreeMap::new(),
        });
        self.numbers.insert(realm.clone(), id);
        id
    }

    /// The number of a realm; `None` if there are `most` already and it is none of them.
    pub fn new_realm(&mut self, realm: &Realm, most: usize) -> Option<RealmId> {
        let has_room = self.realms.len() < most || self.numbers.contains_key(realm);
        has_room.then(|| self.realm_id(realm))
    }

    /// The number of an account's realm in a Region, if anything has been asked of it.
    pub fn find_realm(&self, account: &str, region: &str) -> Option<RealmId> {
        if self.realms.len() > FEW_REALMS {
            return self.numbers.get(&Realm::new(account, region)).copied();
        }
        // A map would want a realm to be made first, and every call asks this.
        let is_it =
            |holdings: &Holdings| *holdings.realm.account == *account && *holdings.realm.region == *region;
        (0..).map(RealmId).zip(&self.realms).find(|(_, holdings)| is_it(holdings)).map(|(id, _)| id)
    }

    /// Which realm a number stands for.
    pub fn realm(&self, id: RealmId) -> &Realm {
        &self.realms[id.0 as usize].realm
    }

    /// Every realm there is.
    pub fn realms(&self) -> impl Iterator<Item = (RealmId, &Realm)> {
        (0..).map(RealmId).zip(self.realms.iter().map(|holdings| &holdings.realm))
    }

    fn holdings(&self, realm: RealmId) -> &Holdings {
        &self.realms[realm.0 as usize]
    }

    fn holdings_mut(&mut self, realm: RealmId) -> &mut Holdings {
        &mut self.realms[realm.0 as usize]
    }

    fn touch(&mut self, key: impl FnOnce(&Inventory) -> RecordKey) {
        if self.is_recording {
            let key = key(self);
            self.changed.insert(key);
        }
    }

    /// A key of a realm by its id.
    pub fn key(&self, realm: RealmId, id: &str) -> Option<&Key> {
        self.holdings(realm).keys.get(id)
    }

    /// The key that a reference names, if it still exists.
    pub fn get(&self, key: &KeyRef) -> Option<&Key> {
        self.key(key.realm, key.id.as_str())
    }

    /// The key's ARN.
    pub fn arn(&self, key: &KeyRef) -> String {
        self.realm(key.realm).key_arn(key.id.as_str())
    }

    /// The ARN of a key that exists, made once for each.
    pub fn arn_of(&self, realm: RealmId, key: &Key) -> Arc<str> {
        Arc::clone(key.arn.get_or_init(|| self.realm(realm).key_arn(key.id.as_str()).into()))
    }

    /// The keys of a realm in the order of their ids, from `after` on (itself left out).
    pub fn keys(&self, realm: RealmId, after: Option<&str>) -> impl Iterator<Item = &Key> {
        use std::ops::Bound;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.holdings(realm).keys.range::<str, _>((from, Bound::Unbounded)).map(|(_, key)| key)
    }

    /// How many keys a realm has.
    pub fn key_count(&self, realm: RealmId) -> usize {
        self.holdings(realm).keys.len()
    }

    /// How many aliases a realm has.
    pub fn alias_count(&self, realm: RealmId) -> usize {
        self.holdings(realm).aliases.len()
    }

    /// Whether a realm has fewer than `limit` keys that count against its quota (those of AWS do not).
    pub fn has_room_for_key(&self, realm: RealmId, limit: usize) -> bool {
        let keys = &self.holdings(realm).keys;
        // Who is far from the limit does not pay for counting.
        keys.len() < limit
            || keys.len() - keys.values().filter(|key| key.manager == super::Manager::Aws).count() < limit
    }

    /// Puts a new key in; its record, the index of material ids and the agenda follow.
    pub fn put(&mut self, realm: RealmId, mut key: Key) -> KeyRef {
        key.policy = Eventual::new(self.shared(key.policy.latest()));
        let reference = KeyRef { realm, id: key.id.clone() };
        self.holdings_mut(realm).keys.insert(key.id.clone(), key);
        self.follow(&reference);
        reference
    }

    /// The one copy of a policy's text and what was read from it.
    fn shared(&mut self, policy: &Arc<Policy>) -> Arc<Policy> {
        if let Some(known) = self.policies.get(policy.text()).and_then(Weak::upgrade) {
            return known;
        }
        if self.policies.len() >= POLICIES && self.policies.len().is_power_of_two() {
            self.policies.retain(|_, policy| policy.strong_count() > 0);
        }
        self.policies.insert(policy.text().into(), Arc::downgrade(policy));
        Arc::clone(policy)
    }

    /// Changes a key; its record, the index of material ids and the agenda follow. `None` if it does not exist.
    pub fn change<T>(&mut self, key: &KeyRef, with: impl FnOnce(&mut Key) -> T) -> Option<T> {
        let answer = with(self.holdings_mut(key.realm).keys.get_mut(key.id.as_str())?);
        self.follow(key);
        Some(answer)
    }

    /// Brings what is derived from a key up to date.
    fn follow(&mut self, reference: &KeyRef) {
        let Some(key) = self.realms[reference.realm.0 as usize].keys.get(reference.id.as_str()) else {
            return;
        };
        for material in &key.materials {
            let owners = self.materials.entry(material.id).or_default();
            if !owners.contains(reference) {
                owners.push(reference.clone());
            }
        }
        let due = key.next_due();
        self.set_due(reference, due);
        self.touch(|inventory| {
            RecordKey::Key(inventory.realm(reference.realm).clone(), reference.id.to_string())
        });
    }

    fn set_due(&mut self, key: &KeyRef, due: Option<Moment>) {
        if self.dues.get(key).copied() == due {
            return;
        }
        if let Some(before) = self.dues.remove(key) {
            self.agenda.remove(&(before, key.clone()));
        }
        if let Some(due) = due {
            self.dues.insert(key.clone(), due);
            self.agenda.insert((due, key.clone()));
        }
    }

    /// The key to which something happens first, if that is not after `now`; it stays due until it is changed.
    pub fn due(&self, now: Moment) -> Option<(Moment, KeyRef)> {
        self.agenda.first().filter(|(at, _)| *at <= now).cloned()
    }

    /// Notes a use of a key; not worth a record of its own. Gives the key.
    pub fn note_usage(&mut self, key: &KeyRef, usage: super::LastUsage) -> Option<&Key> {
        let found = self.holdings_mut(key.realm).keys.get_mut(key.id.as_str())?;
        found.last_usage = Some(usage);
        Some(found)
    }

    /// Takes a key out, with its grants and its aliases.
    pub fn remove(&mut self, key: &KeyRef) -> Option<Key> {
        let removed = self.holdings_mut(key.realm).keys.remove(key.id.as_str())?;
        for material in &removed.materials {
            if let Some(owners) = self.materials.get_mut(&material.id) {
                owners.retain(|owner| owner != key);
                if owners.is_empty() {
                    self.materials.remove(&material.id);
                }
            }
        }
        self.set_due(key, None);
        let grants = self.holdings_mut(key.realm).grants.remove(key.id.as_str()).unwrap_or_default();
        for id in grants.into_keys() {
            self.touch(|inventory| {
                RecordKey::Grant(inventory.realm(key.realm).clone(), key.id.to_string(), id)
            });
        }
        let names: Vec<AliasName> =
            self.aliases_of(key.realm, key.id.as_str()).map(|alias| alias.name.clone()).collect();
        for name in names {
            self.remove_alias(key.realm, &name);
        }
        self.touch(|inventory| RecordKey::Key(inventory.realm(key.realm).clone(), key.id.to_string()));
        Some(removed)
    }

    /// The keys whose material a ciphertext names, in any realm.
    pub fn owners(&self, material: &MaterialId) -> &[KeyRef] {
        self.materials.get(material).map_or(&[], Vec::as_slice)
    }

    /// The key that a call in `realm` means by a ciphertext of that material: its own account's in its Region, or that
    /// of another account there. Several accounts have the same material only if a seed or a tag has given it to them.
    pub fn owner(&self, material: &MaterialId, realm: RealmId) -> Option<&KeyRef> {
        let owners = self.owners(material);
        let region = &self.realm(realm).region;
        let own = owners.iter().find(|owner| owner.realm == realm);
        own.or_else(|| owners.iter().find(|owner| self.realm(owner.realm).region == *region))
    }

    /// The grants of a key by their ids.
    pub fn grants(&self, key: &KeyRef) -> &BTreeMap<String, Grant> {
        self.holdings(key.realm).grants.get(key.id.as_str()).unwrap_or(&NO_GRANTS)
    }

    /// The grants of all accounts' keys in a Region.
    pub fn grants_of_region(&self, region: &str) -> impl Iterator<Item = (KeyRef, &Grant)> {
        let realms = self.realms().zip(&self.realms).filter(move |((_, realm), _)| &*realm.region == region);
        realms.flat_map(|((realm, _), holdings)| {
            holdings.grants.iter().flat_map(move |(id, grants)| {
                grants.values().map(move |grant| (KeyRef { realm, id: id.clone() }, grant))
            })
        })
    }

    /// Adds a grant to a key, or replaces it.
    pub fn put_grant(&mut self, key: &KeyRef, grant: Grant) {
        let id = grant.id.clone();
        self.holdings_mut(key.realm).grants.entry(key.id.clone()).or_default().insert(id.clone(), grant);
        self.touch(|inventory| RecordKey::Grant(inventory.realm(key.realm).clone(), key.id.to_string(), id));
    }

    /// Takes a grant from a key.
    pub fn remove_grant(&mut self, key: &KeyRef, id: &str) -> Option<Grant> {
        let removed = self.holdings_mut(key.realm).grants.get_mut(key.id.as_str())?.remove(id)?;
        self.touch(|inventory| {
            RecordKey::Grant(inventory.realm(key.realm).clone(), key.id.to_string(), id.into())
        });
        Some(removed)
    }

    /// An alias by its name, `alias/` included.
    pub fn alias(&self, realm: RealmId, name: &str) -> Option<&Alias> {
        self.holdings(realm).aliases.get(name)
    }

    /// The aliases of a realm in the order of their names, from `after` on (itself left out).
    pub fn aliases(&self, realm: RealmId, after: Option<&str>) -> impl Iterator<Item = &Alias> {
        use std::ops::Bound;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.holdings(realm).aliases.range::<str, _>((from, Bound::Unbounded)).map(|(_, alias)| alias)
    }

    /// The aliases that name a key (by what was set last), in the order of their names.
    pub fn aliases_of(&self, realm: RealmId, key: &str) -> impl Iterator<Item = &Alias> {
        let holdings = self.holdings(realm);
        let names = holdings.aliases_of.get(key).into_iter().flatten();
        names.filter_map(|name| holdings.aliases.get(name))
    }

    /// Adds an alias, or replaces it.
    pub fn put_alias(&mut self, realm: RealmId, alias: Alias) {
        let name = alias.name.clone();
        self.unlink(realm, &name);
        let holdings = self.holdings_mut(realm);
        if let Some(key) = alias.target.latest() {
            holdings.aliases_of.entry(key.clone()).or_default().insert(name.clone());
        }
        holdings.aliases.insert(name.clone(), alias);
        self.touch(|inventory| RecordKey::Alias(inventory.realm(realm).clone(), name.to_string()));
    }

    /// Takes an alias out.
    pub fn remove_alias(&mut self, realm: RealmId, name: &str) -> Option<Alias> {
        self.unlink(realm, name);
        let removed = self.holdings_mut(realm).aliases.remove(name)?;
        self.touch(|inventory| RecordKey::Alias(inventory.realm(realm).clone(), name.into()));
        Some(removed)
    }

    /// Takes an alias out of its key's list.
    fn unlink(&mut self, realm: RealmId, name: &str) {
        let holdings = self.holdings_mut(realm);
        let Some(key) = holdings.aliases.get(name).and_then(|alias| alias.target.latest().clone()) else {
            return;
        };
        if let Some(names) = holdings.aliases_of.get_mut(&key) {
            names.remove(name);
            if names.is_empty() {
                holdings.aliases_of.remove(&key);
            }
        }
    }

    /// A custom key store by its id.
    pub fn store(&self, realm: RealmId, id: &str) -> Option<&Store> {
        self.holdings(realm).stores.get(id)
    }

    /// The custom key stores of a realm in the order of their ids.
    pub fn stores(&self, realm: RealmId) -> impl Iterator<Item = &Store> {
        self.holdings(realm).stores.values()
    }

    /// Adds a custom key store, or replaces it.
    pub fn put_store(&mut self, realm: RealmId, store: Store) {
        let id = store.id.clone();
        self.holdings_mut(realm).stores.insert(id.clone(), store);
        self.touch(|inventory| RecordKey::Store(inventory.realm(realm).clone(), id));
    }

    /// Takes a custom key store out.
    pub fn remove_store(&mut self, realm: RealmId, id: &str) -> Option<Store> {
        let removed = self.holdings_mut(realm).stores.remove(id)?;
        self.touch(|inventory| RecordKey::Store(inventory.realm(realm).clone(), id.into()));
        Some(removed)
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        let mut changed = std::mem::take(&mut self.changed);
        if self.is_recording {
            changed.extend(self.records().map(|(name, _)| name));
        }
        *self = Inventory { changed, ..Inventory::new(self.is_recording) };
    }

    /// What has changed since this was last asked, in the order of the records' names.
    pub fn take_changes(&mut self) -> Vec<Change> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().map(|key| Change { record: self.record(&key), key }).collect()
    }

    /// A record as it now is.
    fn record(&self, key: &RecordKey) -> Option<Record> {
        let realm = |realm: &Realm| self.numbers.get(realm).copied();
        match key {
            RecordKey::Key(at, id) => self.key(realm(at)?, id).map(|key| Record::Key(Box::new(key.clone()))),
            RecordKey::Alias(at, name) => self.alias(realm(at)?, name).cloned().map(Record::Alias),
            RecordKey::Grant(at, key, id) => {
                let key = KeyRef { realm: realm(at)?, id: key.as_str().into() };
                self.grants(&key).get(id).cloned().map(Record::Grant)
            }
            RecordKey::Store(at, id) => self.store(realm(at)?, id).cloned().map(Record::Store),
        }
    }

    /// Every record, as it is to be kept.
    pub fn records(&self) -> impl Iterator<Item = (RecordKey, Record)> {
        self.realms.iter().flat_map(|holdings| {
            let realm = &holdings.realm;
            let keys = holdings.keys.values().map(move |key| {
                (RecordKey::Key(realm.clone(), key.id.to_string()), Record::Key(Box::new(key.clone())))
            });
            let grants = holdings.grants.iter().flat_map(move |(key, grants)| {
                grants.values().map(move |grant| {
                    let name = RecordKey::Grant(realm.clone(), key.to_string(), grant.id.clone());
                    (name, Record::Grant(grant.clone()))
                })
            });
            let aliases = holdings.aliases.values().map(move |alias| {
                (RecordKey::Alias(realm.clone(), alias.name.to_string()), Record::Alias(alias.clone()))
            });
            let stores = holdings.stores.values().map(move |store| {
                (RecordKey::Store(realm.clone(), store.id.clone()), Record::Store(store.clone()))
            });
            keys.chain(grants).chain(aliases).chain(stores)
        })
    }

    /// Puts a kept record back; grants must come after their keys.
    ///
    /// # Errors
    /// A sentence, if a grant's key is missing or name and content do not belong together.
    pub fn restore(&mut self, name: &RecordKey, record: Record) -> Result<(), String> {
        let was_recording = std::mem::replace(&mut self.is_recording, false);
        let answer = self.restore_unrecorded(name, record);
        self.is_recording = was_recording;
        answer
    }

    fn restore_unrecorded(&mut self, name: &RecordKey, record: Record) -> Result<(), String> {
        match (name, record) {
            (RecordKey::Key(realm, _), Record::Key(key)) => {
                let realm = self.realm_id(realm);
                self.put(realm, *key);
            }
            (RecordKey::Alias(realm, _), Record::Alias(alias)) => {
                let realm = self.realm_id(realm);
                self.put_alias(realm, alias);
            }
            (RecordKey::Store(realm, _), Record::Store(store)) => {
                let realm = self.realm_id(realm);
                self.put_store(realm, store);
            }
            (RecordKey::Grant(realm, key, _), Record::Grant(grant)) => {
                let key = KeyRef { realm: self.realm_id(realm), id: key.as_str().into() };
                if self.get(&key).is_none() {
                    return Err(format!(
                        "the grant {} belongs to the key {}, which is missing",
                        grant.id, key.id
                    ));
                }
                self.put_grant(&key, grant);
            }
            _ => return Err(format!("the record {name:?} holds something else")),
        }
        Ok(())
    }
}
