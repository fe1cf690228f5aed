//! ListGrants, ListRetirableGrants.

use super::super::page::Page;
use super::super::{CallContext, Handled, Step};
use super::is_alive;
use crate::kms::access::Constraints;
use crate::kms::keys::{Grant, KeyRef, partition};
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;
use std::ops::Bound;

serves! {
    ListGrants: list_grants,
    ListRetirableGrants: list_retirable_grants,
}

/// Grants of a page if the call does not say, and at most.
///
/// Source: KMS API reference, ListGrants (model of 2026-11-17).
const PAGE: usize = 50;
const MAX_PAGE: usize = 100;

/// ListGrants: the grants of a key.
fn list_grants(ctx: &mut CallContext<'_>) -> Handled {
    let input = ctx.input();
    let key = ctx.find_bare("KeyId")?;
    ctx.authorize(&key, "kms:ListGrants", &BTreeMap::new(), |context| {
        context.one("kms:GrantIsForAWSResource", "false")
    })?;
    let (grantee, service) = (input.text("GranteePrincipal"), input.text("GranteeServicePrincipal"));
    if grantee.is_some() && service.is_some() {
        return Err(ApiError::validation(
            "Specify either GranteePrincipal or GranteeServicePrincipal, but not both.",
        ));
    }
    if let Some(id) = input.text("GrantId") {
        ctx.find_grant(&key, id)?;
    }
    let wanted = |grant: &Grant| {
        input.text("GrantId").is_none_or(|id| grant.id == id)
            && grantee
                .or(service)
                .is_none_or(|who| grant.grantee == who && grant.grantee_is_service == service.is_some())
    };
    let page = Page::read(input, PAGE)?.at_most(MAX_PAGE);
    let from = page.after().map_or(Bound::Unbounded, Bound::Excluded);
    let grants = ctx.inventory.grants(&key).range::<str, _>((from, Bound::Unbounded)).map(|(_, grant)| grant);
    let grants = grants.filter(|grant| is_seen(ctx, grant) && wanted(grant));
    let output = page.fill("Grants", grants, |grant| entry(ctx, &key, grant), |grant| grant.id.clone());
    Ok(Step::Done(output))
}

/// ListRetirableGrants: the grants of a Region, of any account's keys, that one principal may retire.
fn list_retirable_grants(ctx: &mut CallContext<'_>) -> Handled {
    let input = ctx.input();
    let (who, is_service) = match (input.text("RetiringPrincipal"), input.text("RetiringServicePrincipal")) {
        (Some(arn), None) => (ctx.principal(arn)?, false),
        (None, Some(service)) => (service.into(), true),
        _ => {
            let either = "Specify either RetiringPrincipal or RetiringServicePrincipal, and not both.";
            return Err(ApiError::validation(either));
        }
    };
    ctx.authorize_identity("kms:ListRetirableGrants", if is_service { "*" } else { &who }, |_| ())?;
    let own = &ctx.caller().principal.account;
    if !is_service && who.split(':').nth(4) != Some(own) {
        return Err(ApiError::invalid_arn(format!(
            "The retiring principal {who} is not of the account {own}."
        )));
    }
    let page = Page::read(input, PAGE)?.at_most(MAX_PAGE);
    let mut found: Vec<(String, KeyRef, &Grant)> = Vec::new();
    for (key, grant) in ctx.inventory.grants_of_region(&ctx.inventory.realm(ctx.realm).region) {
        let is_retirable = grant.retiring.as_deref() == Some(&who) && grant.retiring_is_service == is_service;
        if is_retirable && is_seen(ctx, grant) {
            found.push((format!("{}/{}", ctx.inventory.arn(&key), grant.id), key, grant));
        }
    }
    found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let rest =
        found.into_iter().filter(|(place, ..)| page.after().is_none_or(|after| place.as_str() > after));
    let output =
        page.fill("Grants", rest, |(_, key, grant)| entry(ctx, key, grant), |(place, ..)| place.clone());
    Ok(Step::Done(output))
}

/// Whether lists show a grant: new ones late, ended ones no longer than they work.
fn is_seen(ctx: &CallContext<'_>, grant: &Grant) -> bool {
    grant.visible <= ctx.now && is_alive(grant, ctx.now)
}

fn entry(ctx: &CallContext<'_>, key: &KeyRef, grant: &Grant) -> Output {
    let partition = partition(&ctx.inventory.realm(key.realm).region);
    let output = Output::new().text("KeyId", &ctx.inventory.arn(key)).text("GrantId", &grant.id);
    let mut output = output
        .given(grant.name.as_deref(), |output, name| output.text("Name", name))
        .time("CreationDate", grant.created.as_secs());
    let grantee = if grant.grantee_is_service { "GranteeServicePrincipal" } else { "GranteePrincipal" };
    output = output.text(grantee, &grant.grantee);
    if let Some(retiring) = &grant.retiring {
        let member = if grant.retiring_is_service { "RetiringServicePrincipal" } else { "RetiringPrincipal" };
        output = output.text(member, retiring);
    }
    output = output
        .text("IssuingAccount", &format!("arn:{partition}:iam::{}:root", grant.issuing_account))
        .list("Operations", grant.operations.iter().map(|each| each.name()));
    output.given(shown(&grant.constraints), |output, constraints| output.object("Constraints", constraints))
}

/// The constraints of a grant, if it has some.
fn shown(constraints: &Constraints) -> Option<Output> {
    let Constraints { context_equals, context_subset, source_arn } = constraints;
    if context_equals.is_none() && context_subset.is_none() && source_arn.is_none() {
        return None;
    }
    let mut output = Output::new();
    for (member, pairs) in
        [("EncryptionContextSubset", context_subset), ("EncryptionContextEquals", context_equals)]
    {
        if let Some(pairs) = pairs {
            output = output.context(member, pairs);
        }
    }
    if let Some(source) = source_arn {
        output = output.text("SourceArn", source);
    }
    Some(output)
}
