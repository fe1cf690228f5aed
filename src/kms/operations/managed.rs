//! What every management operation on a key has in common: whose key it must be.

use super::CallContext;
use crate::kms::keys::{KeyRef, Manager};
use crate::kms::wire::ApiError;
use std::collections::BTreeMap;

/// The key of a management operation: the caller's own, allowed, in a good state.
pub(super) fn managed(ctx: &mut CallContext<'_>, action: &str) -> Result<KeyRef, ApiError> {
    let key = ctx.find_bare("KeyId")?;
    ctx.check_own(&key)?;
    ctx.authorize(&key, action, &BTreeMap::new(), |_| ())?;
    if ctx.key(&key).manager == Manager::Aws {
        let (who, arn) = (&ctx.caller().principal.arn, ctx.inventory.arn(&key));
        return Err(ApiError::access_denied(format!(
            "User: {who} is not authorized to perform: {action} on resource: {arn} because it is an AWS managed key"
        )));
    }
    Ok(key)
}
