//! What is kept of the inventory outside memory: one record for each key, alias, grant and store.
//!
//! A record holds key material: whoever writes it down encrypts it.

use super::{Alias, Grant, Key, Realm, Store};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKey {
    /// A key.
    Key(Realm, String),
    /// An alias, by its name.
    Alias(Realm, String),
    /// A grant, by its key and its id.
    Grant(Realm, String, String),
    /// A custom key store.
    Store(Realm, String),
}

/// A record's content.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Record {
    /// A key.
    Key(Box<Key>),
    /// An alias.
    Alias(Alias),
    /// A grant.
    Grant(Grant),
    /// A custom key store.
    Store(Store),
}

impl fmt::Display for RecordKey {
    /// `kind/account/region/name[/grant]`; ids and alias names hold no unit separator, which parts them here.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, realm, name, grant) = match self {
            RecordKey::Key(realm, id) => ("key", realm, id, None),
            RecordKey::Alias(realm, name) => ("alias", realm, name, None),
            RecordKey::Grant(realm, key, id) => ("grant", realm, key, Some(id)),
            RecordKey::Store(realm, id) => ("store", realm, id, None),
        };
        write!(f, "{kind}\u{1f}{}\u{1f}{}\u{1f}{name}", realm.account, realm.region)?;
        grant.map_or(Ok(()), |id| write!(f, "\u{1f}{id}"))
    }
}

impl RecordKey {
    /// Reads what `Display` writes.
    pub fn read(text: &str) -> Option<RecordKey> {
        let parts: Vec<&str> = text.split('\u{1f}').collect();
        let realm = Realm::new(parts.get(1)?, parts.get(2)?);
        match parts[..] {
            ["key", _, _, id] => Some(RecordKey::Key(realm, id.into())),
            ["alias", _, _, name] => Some(RecordKey::Alias(realm, name.into())),
            ["grant", _, _, key, id] => Some(RecordKey::Grant(realm, key.into(), id.into())),
            ["store", _, _, id] => Some(RecordKey::Store(realm, id.into())),
            _ => None,
        }
    }
}
