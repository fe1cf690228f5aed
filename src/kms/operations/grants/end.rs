//! RetireGrant and RevokeGrant: the two ends of a grant.

use super::super::{Desk, Handled, Step};
use super::forget_ended;
use crate::kms::access::GrantOperation;
use crate::kms::keys::{Grant, KeyRef};
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;
use std::sync::Arc;

/// RevokeGrant: takes a grant back; whoever may, by the key's policy.
pub(in crate::kms::operations) fn revoke_grant(desk: &mut Desk<'_>) -> Handled {
    let key = desk.find_bare("KeyId")?;
    desk.authorize(&key, "kms:RevokeGrant", &BTreeMap::new(), |facts| {
        facts.one("kms:GrantIsForAWSResource", "false")
    })?;
    let grant = desk.find_grant(&key, desk.required("GrantId"))?.clone();
    desk.check_state(&key)?;
    desk.end_dry_run()?;
    end(desk, &key, grant);
    Ok(Step::Done(Output::new()))
}

/// RetireGrant: gives a grant up; who may is in the grant itself.
pub(in crate::kms::operations) fn retire_grant(desk: &mut Desk<'_>) -> Handled {
    let input = desk.input();
    let (key, id) = match (input.text("GrantToken"), input.text("KeyId"), input.text("GrantId")) {
        (Some(token), None, None) => desk.open_grant_token(token)?,
        (None, Some(_), Some(id)) => (desk.find_bare("KeyId")?, id.to_owned()),
        _ => return Err(ApiError::validation("Specify either GrantToken, or both KeyId and GrantId.")),
    };
    let grant = desk.find_grant(&key, &id)?.clone();
    let arn: Arc<str> = desk.estate.arn(&key).into();
    let account = desk.estate.realm(key.realm).account.clone();
    desk.trail.keys.push((Arc::clone(&arn), account));
    check_may_retire(desk, &arn, &grant)?;
    desk.check_state(&key)?;
    desk.end_dry_run()?;
    end(desk, &key, grant);
    Ok(Step::Done(Output::new()))
}

/// Who may retire a grant: its retiring principal; its grantee, if it holds RetireGrant; the account that made it. An
/// account is its root, and whom its identity policies allow. A key policy cannot allow it, an identity policy can deny.
///
/// Source: KMS Developer Guide, retiring and revoking grants (read 2026-11-23).
fn check_may_retire(desk: &Desk<'_>, arn: &str, grant: &Grant) -> Result<(), ApiError> {
    let caller = &desk.caller().principal;
    let partition = arn.split(':').nth(1).unwrap_or("aws");
    let issuer = format!("arn:{partition}:iam::{}:root", grant.issuing_account);
    let holder = Some(&grant.grantee).filter(|_| grant.operations.contains(&GrantOperation::RetireGrant));
    let entitled = [grant.retiring.as_ref(), holder, Some(&issuer)];
    let by_policy = desk.authorize_identity("kms:RetireGrant", arn, |_| ());
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
fn end(desk: &mut Desk<'_>, key: &KeyRef, mut grant: Grant) {
    forget_ended(desk, key);
    if desk.consistency.grant.is_zero() {
        desk.estate.remove_grant(key, &grant.id);
    } else {
        grant.ends = Some(desk.now + desk.consistency.grant);
        desk.estate.put_grant(key, grant);
    }
}
