//! CreateAlias, UpdateAlias, DeleteAlias, ListAliases.
//!
//! What is done to an alias must be allowed on the alias, by identity policies, and on the key it names.

use super::aws_keys::SERVICES;
use super::page::Page;
use super::{CallContext, Handled, Step};
use crate::api::KeyUsage;
use crate::kms::keys::{Alias, Eventual, Key, KeyRef};
use crate::kms::wire::{ApiError, Output};
use std::collections::BTreeMap;

serves! {
    CreateAlias: create_alias,
    DeleteAlias: delete_alias,
    ListAliases: list_aliases,
    UpdateAlias: update_alias,
}

/// The prefix of every alias.
const PREFIX: &str = "alias/";
/// The prefix of AWS's own.
const RESERVED: &str = "alias/aws/";

/// Aliases of a page if the call does not say, and at most.
///
/// Source: KMS API reference, ListAliases (model of 2026-11-17).
const PAGE: usize = 50;
const MAX_PAGE: usize = 100;

/// CreateAlias: a name for a key.
fn create_alias(ctx: &mut CallContext<'_>) -> Handled {
    let name = ctx.required("AliasName");
    check_name(name)?;
    let key = target(ctx, name, "kms:CreateAlias")?;
    if ctx.inventory.alias(ctx.realm, name).is_some() {
        let arn = ctx.inventory.realm(ctx.realm).alias_arn(name);
        return Err(ApiError::already_exists(format!("An alias with the name {arn} already exists")));
    }
    ctx.check_state(&key)?;
    check_room(ctx, &key)?;
    let mut target = Eventual::new(None);
    target.set(Some(key.id), ctx.now, ctx.consistency.alias);
    ctx.inventory
        .put_alias(ctx.realm, Alias { name: name.into(), target, created: ctx.now, updated: ctx.now });
    Ok(Step::Done(Output::new()))
}

/// UpdateAlias: moves a name to another key of the same type and usage.
fn update_alias(ctx: &mut CallContext<'_>) -> Handled {
    let name = ctx.required("AliasName");
    let (mut alias, old) = existing(ctx, name)?;
    let new = target(ctx, name, "kms:UpdateAlias")?;
    if let Some(old) = &old {
        ctx.authorize(old, "kms:UpdateAlias", &BTreeMap::new(), |_| ())?;
        if kind(ctx.key(old)) != kind(ctx.key(&new)) {
            return Err(ApiError::validation(format!(
                "Alias {name} cannot be moved to a key of another type or usage: {} has key spec {} and usage {}.",
                ctx.inventory.arn(&new),
                ctx.key(&new).spec,
                ctx.key(&new).usage.name()
            )));
        }
    }
    ctx.check_state(&new)?;
    if old.as_ref() != Some(&new) {
        check_room(ctx, &new)?;
    }
    alias.target.set(Some(new.id), ctx.now, ctx.consistency.alias);
    alias.updated = ctx.now;
    ctx.inventory.put_alias(ctx.realm, alias);
    Ok(Step::Done(Output::new()))
}

/// DeleteAlias: frees a name; the key stays.
fn delete_alias(ctx: &mut CallContext<'_>) -> Handled {
    let name = ctx.required("AliasName");
    let (alias, key) = existing(ctx, name)?;
    ctx.authorize_identity("kms:DeleteAlias", &ctx.inventory.realm(ctx.realm).alias_arn(name), |_| ())?;
    if let Some(key) = &key {
        ctx.authorize(key, "kms:DeleteAlias", &BTreeMap::new(), |_| ())?;
        ctx.check_state(key)?;
    }
    ctx.inventory.remove_alias(ctx.realm, &alias.name);
    Ok(Step::Done(Output::new()))
}

/// ListAliases: the names of an account in a Region, or of one key.
fn list_aliases(ctx: &mut CallContext<'_>) -> Handled {
    let input = ctx.input();
    ctx.authorize_identity("kms:ListAliases", "*", |_| ())?;
    let key = input.text("KeyId").map(|_| ctx.find_bare("KeyId")).transpose()?;
    if let Some(key) = &key {
        ctx.check_own(key)?;
    }
    let page = Page::read(input, PAGE)?.at_most(MAX_PAGE);
    if key.is_none() && ctx.assumed.predefined_aliases {
        return Ok(Step::Done(with_predefined(ctx, &page)));
    }
    let aliases = ctx.inventory.aliases(ctx.realm, page.after());
    let wanted = aliases.filter(|alias| match (&key, alias.target.seen(ctx.now)) {
        (Some(key), Some(target)) => key.id == *target,
        (None, Some(_)) => true,
        (_, None) => false,
    });
    let output = page.fill("Aliases", wanted, |alias| entry(ctx, alias), |alias| alias.name.to_string());
    Ok(Step::Done(output))
}

/// All aliases, and those of AWS's services that have no key yet: name and ARN only.
///
/// Source: KMS API reference, ListAliases, which "might" list them (kms-recorded-behaviour, row 46).
fn with_predefined(ctx: &CallContext<'_>, page: &Page) -> Output {
    let own = ctx.inventory.aliases(ctx.realm, page.after());
    let own = own.filter(|alias| alias.target.seen(ctx.now).is_some());
    let mut all: BTreeMap<String, Option<&Alias>> =
        own.map(|alias| (alias.name.to_string(), Some(alias))).collect();
    for name in SERVICES.iter().map(|service| format!("{RESERVED}{service}")) {
        if page.after().is_none_or(|after| *name > *after) {
            all.entry(name).or_insert(None);
        }
    }
    let show = |(name, alias): &(&String, &Option<&Alias>)| match alias {
        Some(alias) => entry(ctx, alias),
        None => {
            let arn = ctx.inventory.realm(ctx.realm).alias_arn(name);
            Output::new().text("AliasName", name).text("AliasArn", &arn)
        }
    };
    page.fill("Aliases", all.iter(), show, |(name, _)| (*name).clone())
}

fn entry(ctx: &CallContext<'_>, alias: &Alias) -> Output {
    let arn = ctx.inventory.realm(ctx.realm).alias_arn(&alias.name);
    let output = Output::new().text("AliasName", &alias.name).text("AliasArn", &arn);
    let target = alias.target.seen(ctx.now).as_ref();
    let output = output.given(target, |output, target| output.text("TargetKeyId", target.as_str()));
    output.time("CreationDate", alias.created.as_secs()).time("LastUpdatedDate", alias.updated.as_secs())
}

/// Refuses a name that no customer's alias can have.
fn check_name(name: &str) -> Result<(), ApiError> {
    let is_char = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-');
    // Codes and texts: kms-recorded-behaviour, rows 17, 18 and 20; the code of the last is open, and the model's here.
    let Some(rest) = name.strip_prefix(PREFIX) else {
        return Err(ApiError::validation(
            "Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        ));
    };
    if rest.is_empty() || !rest.bytes().all(is_char) {
        return Err(ApiError::validation(format!("{name} contains invalid characters for an alias")));
    }
    if rest.starts_with("aws/") {
        return Err(ApiError::invalid_alias_name(format!(
            "The alias name for a customer managed CMK cannot begin with {RESERVED}."
        )));
    }
    Ok(())
}

/// The customer's alias of that name, and the key it was given last.
fn existing(ctx: &CallContext<'_>, name: &str) -> Result<(Alias, Option<KeyRef>), ApiError> {
    if name.starts_with(RESERVED) {
        return Err(ApiError::validation(format!("Aliases that begin with {RESERVED} are managed by AWS")));
    }
    let missing = || {
        let arn = ctx.inventory.realm(ctx.realm).alias_arn(name);
        ApiError::not_found(format!("Alias {arn} is not found."))
    };
    let alias = ctx.inventory.alias(ctx.realm, name).ok_or_else(missing)?.clone();
    let key = alias.target.latest().clone().map(|id| KeyRef { realm: ctx.realm, id });
    Ok((alias, key))
}

/// The key that an alias is to name, if the caller may do `action` with both.
fn target(ctx: &mut CallContext<'_>, name: &str, action: &str) -> Result<KeyRef, ApiError> {
    let key = ctx.find_bare("TargetKeyId")?;
    if key.realm != ctx.realm && ctx.assumed.alias_cross_account {
        return Err(ApiError::access_denied("This operation cannot be called cross account"));
    }
    ctx.check_own(&key)?;
    ctx.authorize_identity(action, &ctx.inventory.realm(ctx.realm).alias_arn(name), |_| ())?;
    ctx.authorize(&key, action, &BTreeMap::new(), |_| ())?;
    Ok(key)
}

/// Refuses one alias too many on a key.
fn check_room(ctx: &CallContext<'_>, key: &KeyRef) -> Result<(), ApiError> {
    let limit = ctx.limits.aliases_per_key as usize;
    if ctx.inventory.aliases_of(key.realm, key.id.as_str()).count() < limit {
        return Ok(());
    }
    let arn = ctx.inventory.arn(key);
    Err(ApiError::limit_exceeded(format!("The key {arn} has reached its limit of {limit} aliases.")))
}

/// What two keys of one alias have in common: symmetric, asymmetric or HMAC, and what they are for.
fn kind(key: &Key) -> (bool, KeyUsage) {
    (key.spec == crate::api::KeySpec::SymmetricDefault, key.usage)
}
