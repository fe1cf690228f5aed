//! CreateGrant.

use super::super::context::is_grantee;
use super::super::usage::internal;
use super::super::{CallContext, Handled, Step};
use super::request::GrantRequest;
use super::{forget_ended, is_alive};
use crate::kms::access::{Allowed, GrantOperation};
use crate::kms::crypto;
use crate::kms::keys::{Grant, KeyRef};
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;

serves! {
    CreateGrant: create_grant,
}

/// CreateGrant: lets a principal use a key; with the same name and content again, it is the same grant.
fn create_grant(ctx: &mut CallContext<'_>) -> Handled {
    let request = GrantRequest::read(ctx)?;
    let key = ctx.find_bare("KeyId")?;
    let right = ctx.authorize(&key, "kms:CreateGrant", &BTreeMap::new(), |context| request.tell(context))?;
    if let Allowed::Grant(_) = right.by {
        check_passing_on(ctx, &key, &request)?;
    }
    request.check_key(ctx.key(&key))?;
    ctx.check_state(&key)?;
    let same =
        ctx.inventory.grants(&key).values().find(|grant| grant.ends.is_none() && request.is_met_by(grant));
    let same = same.map(|grant| grant.id.clone());
    if same.is_none() {
        check_room(ctx, &key)?;
    }
    ctx.end_dry_run()?;
    let id = match same {
        Some(id) => id,
        None => put(ctx, &key, request)?,
    };
    let token = ctx.grant_token(&key, &id)?;
    Ok(Step::Done(Output::new().text("GrantToken", &token).text("GrantId", &id)))
}

/// Refuses what the grants by which the caller may create grants do not hold themselves.
fn check_passing_on(ctx: &CallContext<'_>, key: &KeyRef, request: &GrantRequest) -> Result<(), ApiError> {
    let presented = ctx.presented_grants()?;
    let caller = &ctx.caller().principal;
    let mut parents = ctx.inventory.grants(key).values().filter(|grant| {
        let is_visible = grant.visible <= ctx.now || presented.contains(&grant.id);
        is_visible
            && is_alive(grant, ctx.now)
            && grant.operations.contains(&GrantOperation::CreateGrant)
            && is_grantee(caller, &grant.grantee)
    });
    if parents.any(|parent| request.can_be_passed_on(parent)) {
        return Ok(());
    }
    Err(ApiError::access_denied(format!(
        "User: {} is not authorized to perform: kms:CreateGrant on resource: {} because a grant can pass on only \
         operations that it holds, under constraints that are equal or stricter",
        caller.arn,
        ctx.inventory.arn(key)
    )))
}

/// Refuses one grant too many on a key.
fn check_room(ctx: &CallContext<'_>, key: &KeyRef) -> Result<(), ApiError> {
    let limit = ctx.limits.grants_per_key as usize;
    if ctx.inventory.grants(key).values().filter(|grant| is_alive(grant, ctx.now)).count() < limit {
        return Ok(());
    }
    let arn = ctx.inventory.arn(key);
    Err(ApiError::limit_exceeded(format!("The key {arn} has reached its limit of {limit} grants.")))
}

fn put(ctx: &mut CallContext<'_>, key: &KeyRef, request: GrantRequest) -> Result<String, ApiError> {
    let random = crypto::random(32).map_err(|_| internal())?;
    let id = hex::encode(random.as_bytes());
    let grant = Grant {
        id: id.clone(),
        name: request.name,
        grantee: request.grantee,
        grantee_is_service: request.grantee_is_service,
        retiring: request.retiring,
        retiring_is_service: request.retiring_is_service,
        operations: request.operations,
        constraints: request.constraints,
        issuing_account: ctx.caller().principal.account.clone(),
        created: ctx.now,
        visible: ctx.now + ctx.consistency.grant,
        ends: None,
    };
    forget_ended(ctx, key);
    ctx.inventory.put_grant(key, grant);
    Ok(id)
}
