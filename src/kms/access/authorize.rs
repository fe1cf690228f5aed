//! The decision.

use super::condition::Effect;
use super::condition_context::ConditionContext;
use super::grant::{GrantOperation, GrantView};
use super::policy::{Asked, Policy, Reach};
use super::principal::{Principal, PrincipalKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The key that a call is about.
#[derive(Clone, Copy, Debug)]
pub struct KeyAccess<'a> {
    /// The account that has it.
    pub account: &'a str,
    /// Its policy.
    pub policy: &'a Policy,
    /// Its grants.
    pub grants: &'a [GrantView<'a>],
}

/// May this caller do this?
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who calls.
    pub caller: &'a Principal,
    /// Its identity policies.
    pub caller_policies: &'a [Policy],
    /// `kms:Encrypt`.
    pub action: &'a str,
    /// ARN of the key or alias, or `*`.
    pub resource: &'a str,
    /// The key, if the action has one.
    pub key: Option<KeyAccess<'a>>,
    /// What conditions can ask of the call.
    pub context: &'a ConditionContext,
    /// Its encryption context, for grants.
    pub encryption_context: &'a BTreeMap<String, String>,
}

/// What allowed a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// The key policy names the caller; the statement's Sid.
    KeyPolicy(Option<Arc<str>>),
    /// The caller's identity policies (or its being the account's root user).
    Identity,
    /// The grant with this id.
    Grant(String),
}

/// A call that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    caller: String,
    action: String,
    resource: String,
    reason: Reason,
}

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    KeyPolicyDenies,
    IdentityDenies,
    NoKeyPolicyAllows,
    NoIdentityAllows,
}

impl Denied {
    /// AWS's sentence: who, what, on which resource, why.
    pub fn message(&self) -> String {
        let Denied { caller, action, resource, reason } = self;
        let why = match reason {
            Reason::KeyPolicyDenies => "with an explicit deny in a resource-based policy".to_string(),
            Reason::IdentityDenies => "with an explicit deny in an identity-based policy".to_string(),
            Reason::NoKeyPolicyAllows => {
                format!("because no resource-based policy allows the {action} action")
            }
            Reason::NoIdentityAllows => {
                format!("because no identity-based policy allows the {action} action")
            }
        };
        format!("User: {caller} is not authorized to perform: {action} on resource: {resource} {why}")
    }
}

/// Decides.
///
/// # Errors
/// [`Denied`], with its reason.
pub fn authorize(question: &Question<'_>) -> Result<Allowed, Denied> {
    let Question { caller, action, resource, context, .. } = *question;
    let asked = Asked { caller, action, resource, context };
    let deny = |reason| Denied {
        caller: question.caller.arn.clone(),
        action: question.action.into(),
        resource: question.resource.into(),
        reason,
    };
    if question.caller_policies.iter().any(|policy| policy.reach(Effect::Deny, &asked).is_some()) {
        return Err(deny(Reason::IdentityDenies));
    }
    let is_root = question.caller.kind == PrincipalKind::Root;
    let identity =
        || is_root || question.caller_policies.iter().any(|p| p.reach(Effect::Allow, &asked).is_some());
    let Some(key) = &question.key else {
        return if identity() { Ok(Allowed::Identity) } else { Err(deny(Reason::NoIdentityAllows)) };
    };
    if key.policy.reach(Effect::Deny, &asked).is_some() {
        return Err(deny(Reason::KeyPolicyDenies));
    }
    let is_own = question.caller.account == key.account;
    let missing = match key.policy.reach(Effect::Allow, &asked) {
        Some((Reach::Direct, sid)) if is_own => return Ok(Allowed::KeyPolicy(sid.cloned())),
        Some(_) if identity() => return Ok(Allowed::Identity),
        Some(_) => Reason::NoIdentityAllows,
        None => Reason::NoKeyPolicyAllows,
    };
    // A grant comes last: who may create grants by one alone can pass on no more than it holds.
    granted(question, key, identity).map(|grant| Allowed::Grant(grant.into())).ok_or_else(|| deny(missing))
}

/// The grant that allows the call. One whose grantee is an account allows what the account's identity policies allow,
/// as a key policy that names the account does.
fn granted<'a>(question: &Question<'_>, key: &KeyAccess<'a>, identity: impl Fn() -> bool) -> Option<&'a str> {
    if key.grants.is_empty() {
        return None;
    }
    let operation = GrantOperation::of_action(question.action)?;
    let allows = |grant: &&GrantView<'_>| {
        let source = grant.constraints.source_arn.as_deref();
        grant.is_visible
            && grant.operations.contains(&operation)
            && (question.caller.is_named_by(grant.grantee)
                || (question.caller.is_of_account(grant.grantee) && identity()))
            && (!operation.takes_context() || grant.constraints.allow(question.encryption_context))
            && source.is_none_or(|source| question.context.single("aws:sourcearn", 0) == Some(source))
    };
    key.grants.iter().find(allows).map(|grant| grant.id)
}

/// Whether the caller could not change a key's policy again if it were `policy`. `context` are those of its next
/// PutKeyPolicy.
pub fn would_lock_out(
    policy: &Policy,
    key_account: &str,
    caller: (&Principal, &[Policy]),
    resource: &str,
    context: &ConditionContext,
) -> bool {
    let question = Question {
        caller: caller.0,
        caller_policies: caller.1,
        action: "kms:PutKeyPolicy",
        resource,
        key: Some(KeyAccess { account: key_account, policy, grants: &[] }),
        context,
        encryption_context: &BTreeMap::new(),
    };
    authorize(&question).is_err()
}
