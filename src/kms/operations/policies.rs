//! GetKeyPolicy, PutKeyPolicy, ListKeyPolicies.

use super::{Desk, Handled, Step};
use crate::kms::access::{Facts, Kind, Policy, would_lock_out};
use crate::kms::keys::Manager;
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The only policy of a key; one that AWS RAM manages is not emulated.
const DEFAULT: &str = "default";

/// GetKeyPolicy.
pub(super) fn get_key_policy(desk: &mut Desk<'_>) -> Handled {
    let key = desk.find_bare("KeyId")?;
    desk.check_own(&key)?;
    desk.authorize(&key, "kms:GetKeyPolicy", &BTreeMap::new(), |facts| facts.one("kms:PolicyName", DEFAULT))?;
    check_name(desk)?;
    let policy = desk.key(&key).policy.seen(desk.now);
    Ok(Step::Done(Output::new().text("Policy", policy.text()).text("PolicyName", DEFAULT)))
}

/// PutKeyPolicy.
pub(super) fn put_key_policy(desk: &mut Desk<'_>) -> Handled {
    let key = desk.find_bare("KeyId")?;
    desk.check_own(&key)?;
    let bypass = desk.input().flag("BypassPolicyLockoutSafetyCheck");
    desk.authorize(&key, "kms:PutKeyPolicy", &BTreeMap::new(), |facts| {
        facts.flag("kms:BypassPolicyLockoutSafetyCheck", bypass);
        facts.one("kms:PolicyName", DEFAULT);
    })?;
    check_name(desk)?;
    let arn = desk.estate.arn(&key);
    if desk.key(&key).manager == Manager::Aws {
        return Err(ApiError::access_denied(format!(
            "The key policy of the AWS managed key {arn} cannot be changed."
        )));
    }
    let policy = checked_policy(desk, desk.required("Policy"), &arn)?;
    desk.check_state(&key)?;
    let (now, delay) = (desk.now, desk.consistency.policy);
    desk.estate.change(&key, |key| key.policy.set(policy, now, delay));
    Ok(Step::Done(Output::new()))
}

/// ListKeyPolicies.
pub(super) fn list_key_policies(desk: &mut Desk<'_>) -> Handled {
    let key = desk.find_bare("KeyId")?;
    desk.check_own(&key)?;
    desk.authorize(&key, "kms:ListKeyPolicies", &BTreeMap::new(), |_| ())?;
    Ok(Step::Done(Output::new().list("PolicyNames", [DEFAULT]).flag("Truncated", false)))
}

fn check_name(desk: &Desk<'_>) -> Result<(), ApiError> {
    match desk.input().text("PolicyName") {
        None | Some(DEFAULT) => Ok(()),
        Some(name) => Err(ApiError::not_found(format!("No such policy exists: {name}"))),
    }
}

/// A policy for the key with this ARN: a document, not too large, with principals that exist, and not one that shuts the
/// caller out unless it asks to be.
///
/// # Errors
/// LimitExceededException, MalformedPolicyDocumentException.
pub(super) fn checked_policy(desk: &Desk<'_>, text: &str, arn: &str) -> Result<Arc<Policy>, ApiError> {
    let limit = desk.limits.policy_bytes as usize;
    if text.len() > limit {
        return Err(ApiError::limit_exceeded(format!("A key policy can have at most {limit} bytes.")));
    }
    let policy = Policy::parse(text, Kind::Key)
        .map_err(|e| ApiError::malformed_policy_document(format!("The policy is malformed: {e}.")))?;
    if let Some(principal) = policy.principals().find(|principal| !desk.directory.may_exist(principal)) {
        return Err(ApiError::malformed_policy_document(format!(
            "Policy contains a statement with one or more invalid principals: {principal} does not exist."
        )));
    }
    if desk.input().flag("BypassPolicyLockoutSafetyCheck") {
        return Ok(Arc::new(policy));
    }
    let caller = desk.caller();
    let account = desk.own().account;
    let mut facts = Facts::default();
    facts.one("kms:CallerAccount", &caller.principal.account);
    facts.one("aws:PrincipalArn", &caller.principal.arn);
    facts.flag("kms:BypassPolicyLockoutSafetyCheck", false);
    if would_lock_out(&policy, &account, &caller.principal, &caller.policies, arn, &facts) {
        return Err(ApiError::malformed_policy_document(
            "The new key policy will not allow you to update the key policy in the future.",
        ));
    }
    Ok(Arc::new(policy))
}
