//! GetKeyPolicy, PutKeyPolicy, ListKeyPolicies.

use super::{CallContext, Handled, Step};
use crate::api::partition::Partition;
use crate::kms::access::{Existence, INVALID_PRINCIPALS, Kind, Policy, would_lock_out};
use crate::kms::keys::{Key, Manager, RealmId};
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;
use std::sync::Arc;

serves! {
    GetKeyPolicy: get_key_policy,
    ListKeyPolicies: list_key_policies,
    PutKeyPolicy: put_key_policy,
}

/// The only policy of a key; one that AWS RAM manages is not emulated.
const DEFAULT: &str = "default";

/// GetKeyPolicy.
fn get_key_policy(ctx: &mut CallContext<'_>) -> Handled {
    let key = ctx.find_bare("KeyId")?;
    ctx.check_own(&key)?;
    ctx.authorize(&key, "kms:GetKeyPolicy", &BTreeMap::new(), |context| {
        context.one("kms:PolicyName", DEFAULT)
    })?;
    check_name(ctx)?;
    let policy = ctx.key(&key).policy.seen(ctx.now);
    Ok(Step::Done(Output::new().text("Policy", policy.text()).text("PolicyName", DEFAULT)))
}

/// PutKeyPolicy.
fn put_key_policy(ctx: &mut CallContext<'_>) -> Handled {
    let key = ctx.find_bare("KeyId")?;
    ctx.check_own(&key)?;
    let bypass = ctx.input().flag("BypassPolicyLockoutSafetyCheck");
    ctx.authorize(&key, "kms:PutKeyPolicy", &BTreeMap::new(), |context| {
        context.flag("kms:BypassPolicyLockoutSafetyCheck", bypass);
        context.one("kms:PolicyName", DEFAULT);
    })?;
    check_name(ctx)?;
    let arn = ctx.inventory.arn(&key);
    if ctx.key(&key).manager == Manager::Aws {
        return Err(ApiError::access_denied(format!(
            "The key policy of the AWS managed key {arn} cannot be changed."
        )));
    }
    let policy = read_policy(ctx, ctx.required("Policy"))?;
    check_lockout(ctx, &policy, key.realm, ctx.key(&key))?;
    ctx.check_state(&key)?;
    let (now, delay) = (ctx.now, ctx.consistency.policy);
    ctx.inventory.change(&key, |key| key.policy.set(policy, now, delay));
    Ok(Step::Done(Output::new()))
}

/// ListKeyPolicies.
fn list_key_policies(ctx: &mut CallContext<'_>) -> Handled {
    let key = ctx.find_bare("KeyId")?;
    ctx.check_own(&key)?;
    ctx.authorize(&key, "kms:ListKeyPolicies", &BTreeMap::new(), |_| ())?;
    Ok(Step::Done(Output::new().list("PolicyNames", [DEFAULT]).flag("Truncated", false)))
}

fn check_name(ctx: &CallContext<'_>) -> Result<(), ApiError> {
    match ctx.input().text("PolicyName") {
        None | Some(DEFAULT) => Ok(()),
        Some(name) => Err(ApiError::not_found(format!("No such policy exists: {name}"))),
    }
}

/// A policy for a key: a document, not too large, with principals that exist. What in it can never act as it reads is
/// told to whoever runs the server.
///
/// # Errors
/// LimitExceededException, MalformedPolicyDocumentException.
pub(super) fn read_policy(ctx: &mut CallContext<'_>, text: &str) -> Result<Arc<Policy>, ApiError> {
    let limit = ctx.limits.policy_bytes as usize;
    if text.len() > limit {
        return Err(ApiError::limit_exceeded(format!("A key policy can have at most {limit} bytes.")));
    }
    let operation = ctx.operation();
    let policy = Policy::parse(text, Kind::Key).map_err(|problem| {
        let ours = || format!("The policy is malformed: {problem}.");
        if problem.in_aws_words().is_some() {
            ctx.trail.warnings.push(format!("{operation}: the key policy is refused: {problem}"));
        }
        ApiError::malformed_policy_document(problem.in_aws_words().map_or_else(ours, Into::into))
    })?;
    let region = &ctx.inventory.realm(ctx.realm).region;
    for arn in policy.principals() {
        if !Partition::has(region, arn) {
            ctx.trail.warnings.push(format!(
                "{operation}: the key policy is refused: {arn} is of another partition than {region}"
            ));
            return Err(ApiError::malformed_policy_document(INVALID_PRINCIPALS));
        }
        match ctx.directory.existence(arn) {
            Existence::Listed => {}
            Existence::Missing => {
                ctx.trail.warnings.push(format!(
                    "{operation}: the key policy is refused: {arn} is not in the principals file, which lists others of \
                     its account; PUT /_keystorm/principals adds it"
                ));
                return Err(ApiError::malformed_policy_document(INVALID_PRINCIPALS));
            }
            Existence::Unknown if ctx.directory.is_complete() => ctx.trail.warnings.push(format!(
                "{operation}: the key policy names {arn}, which no principals file has: nobody can call as it"
            )),
            Existence::Unknown => {}
        }
    }
    for key in policy.keys_never_set() {
        ctx.trail.warnings.push(format!(
            "{operation}: the key policy asks for the condition key {key}, which no call sets here: a Deny under it may \
             never hold"
        ));
    }
    Ok(Arc::new(policy))
}

/// Refuses a policy under which the caller's next PutKeyPolicy of the key would be refused, unless the call says that
/// this is meant.
///
/// # Errors
/// MalformedPolicyDocumentException.
pub(super) fn check_lockout(
    ctx: &CallContext<'_>,
    policy: &Policy,
    realm: RealmId,
    key: &Key,
) -> Result<(), ApiError> {
    if ctx.input().flag("BypassPolicyLockoutSafetyCheck") {
        return Ok(());
    }
    let caller = ctx.caller();
    let mut context = ctx.context_of_next_put_key_policy(realm, key);
    context.flag("kms:BypassPolicyLockoutSafetyCheck", false);
    context.one("kms:PolicyName", DEFAULT);
    let owner = ctx.inventory.realm(realm);
    let arn = owner.key_arn(key.id.as_str());
    if would_lock_out(policy, &owner.account, (&caller.principal, &caller.policies), &arn, &context) {
        return Err(ApiError::malformed_policy_document(
            "The new key policy will not allow you to update the key policy in the future.",
        ));
    }
    Ok(())
}
