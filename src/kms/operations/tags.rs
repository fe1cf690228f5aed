//! TagResource, UntagResource, ListResourceTags.

use super::page::Page;
use super::{CallContext, Handled, Step};
use crate::api::Operation;
use crate::kms::access::ConditionContext;
use crate::kms::keys::{KeyRef, Manager};
use crate::kms::wire::{ApiError, Input, Output};
use std::collections::BTreeMap;

serves! {
    ListResourceTags: list_resource_tags,
    TagResource: tag_resource,
    UntagResource: untag_resource,
}

/// Tags of a page if the call does not say, and at most.
const PAGE: usize = 50;

/// TagResource.
fn tag_resource(ctx: &mut CallContext<'_>) -> Handled {
    let input = ctx.input();
    let key = tagged(ctx, "kms:TagResource", |context| tell_tags(input, context))?;
    let tags = read_tags(ctx, "Tags")?;
    let kept = ctx.key(&key).tags.keys().filter(|name| !tags.contains_key(*name)).count();
    checked_tags(ctx, &tags, kept)?;
    ctx.inventory.change(&key, |key| key.tags.extend(tags));
    Ok(Step::Done(Output::new()))
}

/// UntagResource: names that are not there are no error.
fn untag_resource(ctx: &mut CallContext<'_>) -> Handled {
    let names = ctx.input().texts("TagKeys");
    let key = tagged(ctx, "kms:UntagResource", |context| context.many("aws:TagKeys", names))?;
    if names.iter().any(|name| is_reserved(name)) {
        return Err(reserved());
    }
    ctx.inventory.change(&key, |key| names.iter().for_each(|name| drop(key.tags.remove(name))));
    Ok(Step::Done(Output::new()))
}

/// ListResourceTags.
fn list_resource_tags(ctx: &mut CallContext<'_>) -> Handled {
    let key = ctx.find_bare("KeyId")?;
    ctx.check_own(&key)?;
    ctx.authorize(&key, "kms:ListResourceTags", &BTreeMap::new(), |_| ())?;
    let page = Page::read(ctx.input(), PAGE)?.at_most(PAGE);
    let after = page.after().unwrap_or_default();
    let tags = ctx.key(&key).tags.iter().filter(|(name, _)| name.as_str() > after || page.after().is_none());
    let show =
        |(name, value): &(&String, &String)| Output::new().text("TagKey", name).text("TagValue", value);
    Ok(Step::Done(page.fill("Tags", tags, show, |(name, _)| name.to_string())))
}

/// The customer's key whose tags are changed.
fn tagged(
    ctx: &mut CallContext<'_>,
    action: &str,
    tell: impl FnOnce(&mut ConditionContext),
) -> Result<KeyRef, ApiError> {
    let key = ctx.find_bare("KeyId")?;
    ctx.check_own(&key)?;
    ctx.authorize(&key, action, &BTreeMap::new(), tell)?;
    if ctx.key(&key).manager == Manager::Aws {
        return Err(ApiError::access_denied("Tagging an AWS managed key is not permitted."));
    }
    ctx.check_state(&key)?;
    Ok(key)
}

/// The tags of a member; a name that is given twice is refused.
pub(super) fn read_tags(
    ctx: &CallContext<'_>,
    member: &'static str,
) -> Result<BTreeMap<String, String>, ApiError> {
    let mut tags = BTreeMap::new();
    for tag in ctx.input().structures(member) {
        let (name, value) =
            (tag.text("TagKey").unwrap_or_default(), tag.text("TagValue").unwrap_or_default());
        if tags.insert(name.to_string(), value.to_string()).is_some() {
            return Err(ApiError::tag("Duplicate tag keys"));
        }
    }
    Ok(tags)
}

/// What conditions can ask about the tags of a call.
///
/// Source: KMS Developer Guide, aws:RequestTag and aws:TagKeys (read 2026-11-23).
pub(super) fn tell_tags(input: &Input, context: &mut ConditionContext) {
    let tags = input.structures("Tags");
    for tag in tags {
        let (name, value) =
            (tag.text("TagKey").unwrap_or_default(), tag.text("TagValue").unwrap_or_default());
        context.one(&format!("aws:RequestTag/{name}"), value);
    }
    if !tags.is_empty() {
        context.many("aws:TagKeys", tags.iter().filter_map(|tag| tag.text("TagKey")));
    }
}

/// Checks new tags beside `kept` others.
pub(super) fn checked_tags(
    ctx: &CallContext<'_>,
    tags: &BTreeMap<String, String>,
    kept: usize,
) -> Result<(), ApiError> {
    if tags.keys().any(|name| is_reserved(name)) {
        return Err(reserved());
    }
    // Texts and the code at CreateKey: kms-recorded-behaviour, rows 21 and 22.
    if tags.len() > ctx.limits.tags_per_key as usize && ctx.operation() == Operation::CreateKey {
        return Err(ApiError::tag("Too many tags"));
    }
    let limit = ctx.limits.tags_per_key;
    if tags.len() + kept > limit as usize {
        return Err(ApiError::limit_exceeded(format!("A key can have at most {limit} tags.")));
    }
    Ok(())
}

fn is_reserved(name: &str) -> bool {
    name.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"))
}

fn reserved() -> ApiError {
    ApiError::tag("Tags beginning with aws: are reserved")
}
