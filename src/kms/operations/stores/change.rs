//! ConnectCustomKeyStore, DisconnectCustomKeyStore, UpdateCustomKeyStore, DeleteCustomKeyStore.
//!
//! Source of which state allows what: KMS API reference, CustomKeyStoreInvalidStateException (model of 2026-11-17).

use super::super::{Desk, Handled, Step};
use super::proxy;
use crate::kms::keys::{Connection, Store};
use crate::kms::wire::{ApiError, Output};

/// ConnectCustomKeyStore: makes the keys of a store usable.
pub(in crate::kms::operations) fn connect_custom_key_store(desk: &mut Desk<'_>) -> Handled {
    let mut store = named(desk, "kms:ConnectCustomKeyStore")?;
    match store.state(desk.now) {
        "DISCONNECTING" => return Err(desk.wrong_store_state(&store)),
        "DISCONNECTED" => {
            let delay = desk.consistency.key_store;
            let at = desk.now + delay;
            store.connection =
                if delay.is_zero() { Connection::Connected } else { Connection::Connecting(at) };
            desk.estate.put_store(desk.realm, store);
        }
        _ => {}
    }
    Ok(Step::Done(Output::new()))
}

/// DisconnectCustomKeyStore: makes the keys of a store unusable.
pub(in crate::kms::operations) fn disconnect_custom_key_store(desk: &mut Desk<'_>) -> Handled {
    let mut store = named(desk, "kms:DisconnectCustomKeyStore")?;
    if matches!(store.state(desk.now), "DISCONNECTING" | "DISCONNECTED") {
        return Err(desk.wrong_store_state(&store));
    }
    let delay = desk.consistency.key_store;
    let at = desk.now + delay;
    store.connection = if delay.is_zero() { Connection::Disconnected } else { Connection::Disconnecting(at) };
    desk.estate.put_store(desk.realm, store);
    Ok(Step::Done(Output::new()))
}

/// UpdateCustomKeyStore: another name, or another way to what stands behind a store.
pub(in crate::kms::operations) fn update_custom_key_store(desk: &mut Desk<'_>) -> Handled {
    let mut store = named(desk, "kms:UpdateCustomKeyStore")?;
    let (kind, needs_rest) = proxy::updated(&store.kind, desk.input())?;
    let is_ready = match store.state(desk.now) {
        "DISCONNECTED" => true,
        "CONNECTED" => !needs_rest,
        _ => false,
    };
    if !is_ready {
        return Err(desk.wrong_store_state(&store));
    }
    if let Some(name) = desk.input().text("NewCustomKeyStoreName") {
        desk.check_store_name(name, Some(&store.id))?;
        store.name = name.into();
    }
    desk.check_store_kind(&kind, Some(&store.id))?;
    store.kind = kind;
    desk.estate.put_store(desk.realm, store);
    Ok(Step::Done(Output::new()))
}

/// DeleteCustomKeyStore: takes out a store that holds no keys.
pub(in crate::kms::operations) fn delete_custom_key_store(desk: &mut Desk<'_>) -> Handled {
    let store = named(desk, "kms:DeleteCustomKeyStore")?;
    if desk.estate.keys(desk.realm, None).any(|key| key.store.as_deref() == Some(&store.id)) {
        return Err(ApiError::custom_key_store_has_cmks(format!(
            "Custom key store {} contains keys.",
            store.id
        )));
    }
    if store.state(desk.now) != "DISCONNECTED" {
        return Err(desk.wrong_store_state(&store));
    }
    desk.estate.remove_store(desk.realm, &store.id);
    Ok(Step::Done(Output::new()))
}

/// The store that a call names, if the caller may do `action`.
fn named(desk: &Desk<'_>, action: &str) -> Result<Store, ApiError> {
    desk.authorize_identity(action, "*", |_| ())?;
    desk.find_store(desk.required("CustomKeyStoreId")).cloned()
}
