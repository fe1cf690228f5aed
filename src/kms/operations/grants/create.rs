//! CreateGrant.

use super::super::desk::is_grantee;
use super::super::usage::internal;
use super::super::{Desk, Handled, Step};
use super::wish::Wish;
use super::{forget_ended, is_alive};
use crate::kms::access::{Allowed, GrantOperation};
use crate::kms::crypto;
use crate::kms::keys::{Grant, KeyRef};
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;

/// CreateGrant: lets a principal use a key; with the same name and content again, it is the same grant.
pub(in crate::kms::operations) fn create_grant(desk: &mut Desk<'_>) -> Handled {
    let wish = Wish::read(desk)?;
    let key = desk.find_bare("KeyId")?;
    let right = desk.authorize(&key, "kms:CreateGrant", &BTreeMap::new(), |facts| wish.tell(facts))?;
    if let Allowed::Grant(_) = right.by {
        check_passing_on(desk, &key, &wish)?;
    }
    wish.check_key(desk.key(&key))?;
    desk.check_state(&key)?;
    let same = desk.estate.grants(&key).values().find(|grant| grant.ends.is_none() && wish.is_met_by(grant));
    let same = same.map(|grant| grant.id.clone());
    if same.is_none() {
        check_room(desk, &key)?;
    }
    desk.end_dry_run()?;
    let id = match same {
        Some(id) => id,
        None => put(desk, &key, wish)?,
    };
    let token = desk.grant_token(&key, &id)?;
    Ok(Step::Done(Output::new().text("GrantToken", &token).text("GrantId", &id)))
}

/// Refuses what the grants by which the caller may create grants do not hold themselves.
fn check_passing_on(desk: &Desk<'_>, key: &KeyRef, wish: &Wish) -> Result<(), ApiError> {
    let presented = desk.presented_grants()?;
    let caller = &desk.caller().principal;
    let mut parents = desk.estate.grants(key).values().filter(|grant| {
        let is_visible = grant.visible <= desk.now || presented.contains(&grant.id);
        is_visible
            && is_alive(grant, desk.now)
            && grant.operations.contains(&GrantOperation::CreateGrant)
            && is_grantee(caller, &grant.grantee)
    });
    if parents.any(|parent| wish.can_be_passed_on(parent)) {
        return Ok(());
    }
    Err(ApiError::access_denied(format!(
        "User: {} is not authorized to perform: kms:CreateGrant on resource: {} because a grant can pass on only \
         operations that it holds, under constraints that are equal or stricter",
        caller.arn,
        desk.estate.arn(key)
    )))
}

/// Refuses one grant too many on a key.
fn check_room(desk: &Desk<'_>, key: &KeyRef) -> Result<(), ApiError> {
    let limit = desk.limits.grants_per_key as usize;
    if desk.estate.grants(key).values().filter(|grant| is_alive(grant, desk.now)).count() < limit {
        return Ok(());
    }
    let arn = desk.estate.arn(key);
    Err(ApiError::limit_exceeded(format!("The key {arn} has reached its limit of {limit} grants.")))
}

fn put(desk: &mut Desk<'_>, key: &KeyRef, wish: Wish) -> Result<String, ApiError> {
    let random = crypto::random(32).map_err(|_| internal())?;
    let id = hex::encode(random.as_bytes());
    let grant = Grant {
        id: id.clone(),
        name: wish.name,
        grantee: wish.grantee,
        grantee_is_service: wish.grantee_is_service,
        retiring: wish.retiring,
        retiring_is_service: wish.retiring_is_service,
        operations: wish.operations,
        constraints: wish.constraints,
        issuing_account: desk.caller().principal.account.clone(),
        created: desk.now,
        visible: desk.now + desk.consistency.grant,
        ends: None,
    };
    forget_ended(desk, key);
    desk.estate.put_grant(key, grant);
    Ok(id)
}
