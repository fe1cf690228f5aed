//! What there is, told in pieces, so that no call waits behind it.
//!
//! Each piece is what there was when it was read: keys that are made or deleted meanwhile may be there or not.

use crate::emulator::runtime::{Locked, Runtime};
use crate::kms::keys::RealmId;
use serde_json::{Value, json};

/// Keys that are looked at under one lock.
const PIECE: usize = 256;

/// All of it, without any secret.
pub(super) fn of(emulator: &Runtime) -> Value {
    let (clock, realms) = {
        let locked = emulator.locked();
        let realms: Vec<RealmId> = locked.kms.inventory().realms().map(|(id, _)| id).collect();
        (clock(&locked), realms)
    };
    let (mut told, mut pools) = (Vec::new(), Vec::new());
    for id in realms {
        let mut keys = Vec::new();
        let mut after = None;
        loop {
            let (piece, last) = keys_of(&emulator.locked(), id, after.as_deref());
            keys.extend(piece);
            match last {
                Some(last) => after = Some(last),
                None => break,
            }
        }
        let locked = emulator.locked();
        // A reset in between leaves nothing to tell of.
        if locked.kms.inventory().realms().nth(id.index()).is_none() {
            continue;
        }
        told.push(realm_of(&locked, id, keys));
        pools.extend(pools_of(&locked, id));
    }
    json!({ "clock": clock, "realms": told, "pools": pools })
}

/// The clock, as its path shows it.
pub(super) fn clock(locked: &Locked) -> Value {
    let at = jiff::Timestamp::from_millisecond(locked.clock.date().as_millis()).unwrap_or_default();
    json!({ "now": at.to_string(), "since_start_ns": locked.now().as_nanos(), "frozen": locked.clock.is_frozen() })
}

/// The keys of a realm behind `after`, and the last of them if more may follow.
fn keys_of(locked: &Locked, id: RealmId, after: Option<&str>) -> (Vec<Value>, Option<String>) {
    let (inventory, now) = (locked.kms.inventory(), locked.clock.date());
    if inventory.realms().nth(id.index()).is_none() {
        return (Vec::new(), None);
    }
    let mut last = None;
    let keys: Vec<Value> = inventory
        .keys(id, after)
        .take(PIECE)
        .map(|key| {
            last = Some(key.id.to_string());
            let store = key.store.as_deref().and_then(|store| inventory.store(id, store));
            let state = key.state(now, store.is_none_or(|store| store.is_connected(now)));
            let aliases: Vec<&str> =
                inventory.aliases_of(id, key.id.as_str()).map(|alias| &*alias.name).collect();
            json!({
                "id": key.id.as_str(),
                "spec": key.spec.name(),
                "usage": key.usage.name(),
                "state": state.name(),
                "manager": key.manager.name(),
                "aliases": aliases,
            })
        })
        .collect();
    let last = last.filter(|_| keys.len() == PIECE);
    (keys, last)
}

fn realm_of(locked: &Locked, id: RealmId, keys: Vec<Value>) -> Value {
    let inventory = locked.kms.inventory();
    let realm = inventory.realm(id);
    json!({
        "account": &*realm.account,
        "region": &*realm.region,
        "keys": keys,
        "aliases": inventory.alias_count(id),
        "customKeyStores": inventory.stores(id).count(),
    })
}

fn pools_of(locked: &Locked, id: RealmId) -> Vec<Value> {
    let realm = locked.kms.inventory().realm(id).to_string();
    let told = locked.kms.admission().report_of(id).into_iter().map(|pool| {
        json!({
            "realm": realm,
            "pool": pool.pool.name(),
            "limit": pool.limit.to_string(),
            "asked": pool.attempts,
            "peak_1s": pool.peak_1s,
            "throttled": pool.throttled,
        })
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Operation;
    use crate::emulator::{Direct, Settings};
    use crate::kms::wire::{Decoded, Input};
    use crate::units::Rate;

    #[test]
    fn keys_are_told_in_pieces_and_none_twice() {
        let mut settings = Settings::default();
        settings.quotas.overrides.insert("CreateKey".into(), Rate::per_second(1_000_000));
        let direct = Direct::start(settings).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..2 * PIECE + 1 {
                let asked = Decoded::of(Input::new(Operation::CreateKey));
                assert!(direct.call(asked).await.is_some_and(|said| said.is_ok()));
            }
        });
        let emulator = direct.0;
        let (mut pieces, mut after) = (Vec::new(), None);
        loop {
            let (piece, last) = {
                let locked = emulator.locked();
                let id = locked.kms.inventory().realms().next().unwrap().0;
                keys_of(&locked, id, after.as_deref())
            };
            pieces.push(piece.len());
            after = last;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(pieces, [PIECE, PIECE, 1], "the lock is free between them");
        let all = of(&emulator);
        let ids: Vec<&str> = all["realms"][0]["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["id"].as_str().unwrap())
            .collect();
        assert!(ids.len() == 2 * PIECE + 1 && ids.is_sorted(), "{}", ids.len());
    }
}
