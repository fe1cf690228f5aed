//! ConnectCustomKeyStore, DisconnectCustomKeyStore, UpdateCustomKeyStore, DeleteCustomKeyStore.
//!
//! Source of which state allows what: KMS API reference, CustomKeyStoreInvalidStateException (model of 2026-11-17).

use super::super::{CallContext, Handled, Step};
use super::proxy;
use crate::kms::keys::{Connection, Store};
use crate::kms::wire::{ApiError, Output};

serves! {
    ConnectCustomKeyStore: connect_custom_key_store,
    DeleteCustomKeyStore: delete_custom_key_store,
    DisconnectCustomKeyStore: disconnect_custom_key_store,
    UpdateCustomKeyStore: update_custom_key_store,
}

/// ConnectCustomKeyStore: makes the keys of a store usable.
fn connect_custom_key_store(ctx: &mut CallContext<'_>) -> Handled {
    let mut store = named(ctx, "kms:ConnectCustomKeyStore")?;
    match store.state(ctx.now) {
        "DISCONNECTING" => return Err(ctx.wrong_store_state(&store)),
        "DISCONNECTED" => {
            let delay = ctx.consistency.key_store;
            let at = ctx.now + delay;
            store.connection =
                if delay.is_zero() { Connection::Connected } else { Connection::Connecting(at) };
            ctx.inventory.put_store(ctx.realm, store);
        }
        _ => {}
    }
    Ok(Step::Done(Output::new()))
}

/// DisconnectCustomKeyStore: makes the keys of a store unusable.
fn disconnect_custom_key_store(ctx: &mut CallContext<'_>) -> Handled {
    let mut store = named(ctx, "kms:DisconnectCustomKeyStore")?;
    if matches!(store.state(ctx.now), "DISCONNECTING" | "DISCONNECTED") {
        return Err(ctx.wrong_store_state(&store));
    }
    let delay = ctx.consistency.key_store;
    let at = ctx.now + delay;
    store.connection = if delay.is_zero() { Connection::Disconnected } else { Connection::Disconnecting(at) };
    ctx.inventory.put_store(ctx.realm, store);
    Ok(Step::Done(Output::new()))
}

/// UpdateCustomKeyStore: another name, or another way to what stands behind a store.
fn update_custom_key_store(ctx: &mut CallContext<'_>) -> Handled {
    let mut store = named(ctx, "kms:UpdateCustomKeyStore")?;
    let (kind, needs_rest) = proxy::updated(&store.kind, ctx.input())?;
    let is_ready = match store.state(ctx.now) {
        "DISCONNECTED" => true,
        "CONNECTED" => !needs_rest,
        _ => false,
    };
    if !is_ready {
        return Err(ctx.wrong_store_state(&store));
    }
    if let Some(name) = ctx.input().text("NewCustomKeyStoreName") {
        ctx.check_store_name(name, Some(&store.id))?;
        store.name = name.into();
    }
    ctx.check_store_kind(&kind, Some(&store.id))?;
    store.kind = kind;
    ctx.inventory.put_store(ctx.realm, store);
    Ok(Step::Done(Output::new()))
}

/// DeleteCustomKeyStore: takes out a store that holds no keys.
fn delete_custom_key_store(ctx: &mut CallContext<'_>) -> Handled {
    let store = named(ctx, "kms:DeleteCustomKeyStore")?;
    if ctx.inventory.keys(ctx.realm, None).any(|key| key.store.as_deref() == Some(&store.id)) {
        return Err(ApiError::custom_key_store_has_cmks(format!(
            "Custom key store {} contains keys.",
            store.id
        )));
    }
    if store.state(ctx.now) != "DISCONNECTED" {
        return Err(ctx.wrong_store_state(&store));
    }
    ctx.inventory.remove_store(ctx.realm, &store.id);
    Ok(Step::Done(Output::new()))
}

/// The store that a call names, if the caller may do `action`.
fn named(ctx: &CallContext<'_>, action: &str) -> Result<Store, ApiError> {
    ctx.authorize_identity(action, "*", |_| ())?;
    ctx.find_store(ctx.required("CustomKeyStoreId")).cloned()
}
