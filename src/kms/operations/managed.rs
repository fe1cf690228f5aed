//! What every management operation on a key has in common: whose key it must be.

use super::Desk;
use crate::kms::keys::{KeyRef, Manager};
use crate::kms::wire::ApiError;
use std::collections::BTreeMap;

/// The key of a management operation: the caller's own, allowed, in a good state.
pub(super) fn managed(desk: &mut Desk<'_>, action: &str) -> Result<KeyRef, ApiError> {
    let key = desk.find_bare("KeyId")?;
    desk.check_own(&key)?;
    desk.authorize(&key, action, &BTreeMap::new(), |_| ())?;
    if desk.key(&key).manager == Manager::Aws {
        let (who, arn) = (&desk.caller().principal.arn, desk.estate.arn(&key));
        return Err(ApiError::access_denied(format!(
            "User: {who} is not authorized to perform: {action} on resource: {arn} because it is an AWS managed key"
        )));
    }
    Ok(key)
}
