//! RetireGrant and RevokeGrant: the two ends of a grant.

use super::super::{CallContext, Handled, Step};
use super::forget_ended;
use crate::kms::access::GrantOperation;
use crate::kms::keys::{Grant, KeyRef};
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;
use std::sync::Arc;

serves! {
    RetireGrant: retire_grant,
    RevokeGrant: revoke_grant,
}

/// RevokeGrant: takes a grant back; whoever may, by the key's policy.
fn revoke_grant(ctx: &mut CallContext<'_>) -> Handled {
    let key = ctx.find_bare("KeyId")?;
    ctx.authorize(&key, "kms:RevokeGrant", &BTreeMap::new(), |context| {
        context.one("kms:GrantIsForAWSResource", "false")
    })?;
    let grant = ctx.find_grant(&key, ctx.required("GrantId"))?.clone();
    ctx.check_state(&key)?;
    ctx.end_dry_run()?;
    end(ctx, &key, grant);
    Ok(Step::Done(Output::new()))
}

/// RetireGrant: gives a grant up; who may is in the grant itself.
fn retire_grant(ctx: &mut CallContext<'_>) -> Handled {
    let input = ctx.input();
    let (key, id) = match (input.text("GrantToken"), input.text("KeyId"), input.text("GrantId")) {
        (Some(token), None, None) => ctx.open_grant_token(token)?,
        (None, Some(_), Some(id)) => (ctx.find_bare("KeyId")?, id.to_owned()),
        _ => return Err(ApiError::validation("Specify either GrantToken, or both KeyId and GrantId.")),
    };
    let grant = ctx.find_grant(&key, &id)?.clone();
    let arn: Arc<str> = ctx.inventory.arn(&key).into();
    let account = ctx.inventory.realm(key.realm).account.clone();
    ctx.trail.keys.push((Arc::clone(&arn), account));
    check_may_retire(ctx, &arn, &grant)?;
    ctx.check_state(&key)?;
    ctx.end_dry_run()?;
    end(ctx, &key, grant);
    Ok(Step::Done(Output::new()))
}

/// Who may retire a grant: its retiring principal; its grantee, if it holds RetireGrant; the account that made it. An
/// account is its root, and whom its identity policies allow. A key policy cannot allow it, an identity policy can deny.
///
/// Source: KMS Developer Guide, retiring and revoking grants (read 2026-11-23).
fn check_may_retire(ctx: &CallContext<'_>, arn: &str, grant: &Grant) -> Result<(), ApiError> {
    let caller = &ctx.caller().principal;
    let partition = arn.split(':').nth(1).unwrap_or("aws");
    let issuer = format!("arn:{partition}:iam::{}:root", grant.issuing_account);
    let holder = Some(&grant.grantee).filter(|_| grant.operations.contains(&GrantOperation::RetireGrant));
    let entitled = [grant.retiring.as_ref(), holder, Some(&issuer)];
    let by_policy = ctx.authorize_identity("kms:RetireGrant", arn, |_| ());
    let is_denied = by_policy.as_ref().is_err_and(is_explicit);
    let is_entitled = entitled
        .into_iter()
        .flatten()
        .any(|who| caller.is_named_by(who) || (caller.is_of_account(who) && by_policy.is_ok()));
    match by_policy {
        _ if is_entitled && !is_denied => Ok(()),
        Err(denied) => Err(denied),
        Ok(()) => Err(ApiError::access_denied(format!(
            "User: {} is not authorized to perform: kms:RetireGrant on resource: {arn} because the grant names \
             others to retire it",
            caller.arn
        ))),
    }
}

/// Whether a refusal is a policy's Deny.
fn is_explicit(refusal: &ApiError) -> bool {
    refusal.message.as_deref().is_some_and(|text| text.contains("explicit deny"))
}

/// Ends a grant at once, or when everybody has heard of it.
fn end(ctx: &mut CallContext<'_>, key: &KeyRef, mut grant: Grant) {
    forget_ended(ctx, key);
    if ctx.consistency.grant.is_zero() {
        ctx.inventory.remove_grant(key, &grant.id);
    } else {
        grant.ends = Some(ctx.now + ctx.consistency.grant);
        ctx.inventory.put_grant(key, grant);
    }
}
