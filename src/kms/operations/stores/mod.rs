//! Custom key stores, simulated: CreateCustomKeyStore, DescribeCustomKeyStores, ConnectCustomKeyStore,
//! DisconnectCustomKeyStore, UpdateCustomKeyStore, DeleteCustomKeyStore.
//!
//! Nothing stands behind a store: no cluster or proxy is asked, passwords and secret keys are checked for their form
//! and dropped. What is real are the states, the names that must be unique, and what keys in a store can do.

mod change;
mod create;
mod describe;
mod proxy;

use super::CallContext;
use crate::kms::keys::{Store, StoreKind};
use crate::kms::wire::ApiError;

impl CallContext<'_> {
    /// A custom key store of the caller's account and Region.
    ///
    /// # Errors
    /// CustomKeyStoreNotFoundException.
    pub(super) fn find_store(&self, id: &str) -> Result<&Store, ApiError> {
        let missing =
            || ApiError::custom_key_store_not_found(format!("Custom key store {id} was not found."));
        self.inventory.store(self.realm, id).ok_or_else(missing)
    }

    /// The refusal of what a store's state does not allow.
    pub(super) fn wrong_store_state(&self, store: &Store) -> ApiError {
        let (id, state) = (&store.id, store.state(self.now));
        let operation = self.operation();
        ApiError::custom_key_store_invalid_state(format!(
            "The connection state {state} of custom key store {id} does not allow {operation}."
        ))
    }

    /// Refuses a name that another store (than `but`) has.
    fn check_store_name(&self, name: &str, but: Option<&str>) -> Result<(), ApiError> {
        let mut others = self.inventory.stores(self.realm).filter(|store| Some(store.id.as_str()) != but);
        if others.all(|store| store.name != name) {
            return Ok(());
        }
        Err(ApiError::custom_key_store_name_in_use(format!(
            "A custom key store with the name {name} already exists."
        )))
    }

    /// Refuses what another store (than `but`) has for itself: a cluster, the address of a proxy, a VPC service.
    ///
    /// Source: KMS API reference, CreateCustomKeyStore (model of 2026-11-17).
    fn check_store_kind(&self, kind: &StoreKind, but: Option<&str>) -> Result<(), ApiError> {
        let mut others = self.inventory.stores(self.realm).filter(|store| Some(store.id.as_str()) != but);
        others.try_for_each(|other| proxy::check_apart(kind, &other.kind))
    }
}
