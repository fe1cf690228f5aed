//! CreateCustomKeyStore.

use super::super::usage::internal;
use super::super::{Desk, Handled, Step};
use super::proxy;
use crate::kms::crypto;
use crate::kms::keys::{Connection, Store};
use crate::kms::wire::{ApiError, Output};

/// CreateCustomKeyStore: a store that is not connected yet.
pub(in crate::kms::operations) fn create_custom_key_store(desk: &mut Desk<'_>) -> Handled {
    desk.authorize_identity("kms:CreateCustomKeyStore", "*", |_| ())?;
    let kind = proxy::read(desk.input())?;
    let name = desk.required("CustomKeyStoreName");
    desk.check_store_name(name, None)?;
    desk.check_store_kind(&kind, None)?;
    let limit = desk.limits.custom_key_stores as usize;
    if desk.estate.stores(desk.realm).count() >= limit {
        return Err(ApiError::limit_exceeded(format!(
            "The account has reached its limit of {limit} custom key stores."
        )));
    }
    let random = crypto::random(9).map_err(|_| internal())?;
    let hex = hex::encode(random.as_bytes());
    let id = format!("cks-{}", &hex[..17]);
    let connection = Connection::Disconnected;
    let store = Store { id: id.clone(), name: name.into(), kind, connection, created: desk.now };
    desk.estate.put_store(desk.realm, store);
    Ok(Step::Done(Output::new().text("CustomKeyStoreId", &id)))
}
