//! CreateCustomKeyStore.

use super::super::usage::internal;
use super::super::{CallContext, Handled, Step};
use super::proxy;
use crate::kms::crypto;
use crate::kms::keys::{Connection, Store};
use crate::kms::wire::{ApiError, Output};

serves! {
    CreateCustomKeyStore: create_custom_key_store,
}

/// CreateCustomKeyStore: a store that is not connected yet.
fn create_custom_key_store(ctx: &mut CallContext<'_>) -> Handled {
    ctx.authorize_identity("kms:CreateCustomKeyStore", "*", |_| ())?;
    let kind = proxy::read(ctx.input())?;
    let name = ctx.required("CustomKeyStoreName");
    ctx.check_store_name(name, None)?;
    ctx.check_store_kind(&kind, None)?;
    let limit = ctx.limits.custom_key_stores as usize;
    if ctx.inventory.stores(ctx.realm).count() >= limit {
        return Err(ApiError::limit_exceeded(format!(
            "The account has reached its limit of {limit} custom key stores."
        )));
    }
    let random = crypto::random(9).map_err(|_| internal())?;
    let hex = hex::encode(random.as_bytes());
    let id = format!("cks-{}", &hex[..17]);
    let connection = Connection::Disconnected;
    let store = Store { id: id.clone(), name: name.into(), kind, connection, created: ctx.now };
    ctx.inventory.put_store(ctx.realm, store);
    Ok(Step::Done(Output::new().text("CustomKeyStoreId", &id)))
}
