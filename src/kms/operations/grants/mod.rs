//! Grants: CreateGrant, ListGrants, ListRetirableGrants, RetireGrant, RevokeGrant, and the tokens of grants.
//!
//! ```text
//! CreateGrant ─▶ visible after Consistency.grant, at once for calls that bring its token
//!     RetireGrant, RevokeGrant ─▶ ends after Consistency.grant
//! ```

mod create;
mod end;
mod list;
mod request;
mod token;

use super::CallContext;
use crate::kms::keys::{Grant, KeyRef, Moment};
use crate::kms::wire::ApiError;

/// Whether a grant still lives at `now`; a retired one lives on until everybody has heard of it.
fn is_alive(grant: &Grant, now: Moment) -> bool {
    grant.ends.is_none_or(|ends| now < ends)
}

/// Takes out the grants of a key that everybody knows to have ended.
fn forget_ended(ctx: &mut CallContext<'_>, key: &KeyRef) {
    let grants = ctx.inventory.grants(key).values();
    let ended: Vec<String> =
        grants.filter(|grant| !is_alive(grant, ctx.now)).map(|grant| grant.id.clone()).collect();
    for id in ended {
        ctx.inventory.remove_grant(key, &id);
    }
}

impl CallContext<'_> {
    /// A grant of a key by its id.
    ///
    /// # Errors
    /// InvalidGrantIdException, NotFoundException.
    fn find_grant(&self, key: &KeyRef, id: &str) -> Result<&Grant, ApiError> {
        if id.len() != 64 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ApiError::invalid_grant_id(format!("Grant ID {id} is not valid")));
        }
        let found = self.inventory.grants(key).get(id).filter(|grant| grant.ends.is_none());
        found.ok_or_else(|| ApiError::not_found(format!("Grant ID {id} not found")))
    }
}
