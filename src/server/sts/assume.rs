//! AssumeRole and AssumeRoleWithWebIdentity: who may, and what they are lent.

use super::session_request::{SessionRequest, invalid};
use super::{Call, Element, Refused};
use crate::api::partition::Partition;
use crate::clock::epoch_millis;
use crate::emulator::runtime::Runtime;
use crate::emulator::sessions::{Credentials, Loan};
use crate::kms::Caller;
use crate::kms::access::{
    Circumstances, ConditionContext, Directory, KeyAccess, Kind, NotTaken, Policy, Principal, PrincipalKind,
    Question, WebIdentity, authorize,
};
use crate::kms::keys::Moment;
use crate::time::Span;
use std::collections::BTreeMap;

/// The longest session that a session may ask for, in seconds.
///
/// Source: IAM User Guide, role chaining (from memory).
const CHAINED: u64 = 3_600;

/// AssumeRole.
pub(super) fn role(emulator: &Runtime, call: &Call<'_>, caller: &Caller) -> Result<Vec<Element>, Refused> {
    let request = SessionRequest::read(call.form)?;
    let directory = emulator.sessions.directory();
    // Without checks everybody with an unknown access key is a root user, and roles are assumed all the same.
    if directory.is_complete() && caller.principal.kind == PrincipalKind::Root {
        return Err((403, "AccessDenied", "Roles may not be assumed by root accounts.".into()));
    }
    let context = condition_context(emulator, call, &directory, &request);
    // Nobody of one partition is anybody in another.
    let is_near = Partition::has(call.region, &request.role.arn);
    for action in actions("sts:AssumeRole", &request) {
        let asked = (&caller.principal, &caller.policies[..], action);
        if !is_near || !may_assume(&directory, &request.role, asked, &context) {
            let (who, role) = (&caller.principal.arn, &request.role.arn);
            let what = format!("User: {who} is not authorized to perform: {action} on resource: {role}");
            return Err((403, "AccessDenied", what));
        }
    }
    let is_chained = caller.principal.kind == PrincipalKind::Session;
    lend(emulator, &directory, &request, is_chained, None)
}

/// AssumeRoleWithWebIdentity.
pub(super) fn role_with_web_identity(emulator: &Runtime, call: &Call<'_>) -> Result<Vec<Element>, Refused> {
    let mut request = SessionRequest::read(call.form)?;
    for name in call.form.keys() {
        if name == "ProviderId" || name.starts_with("Tags.") || name == "ExternalId" {
            return Err(invalid(format!("{name} is not for the token of an OpenID Connect provider")));
        }
    }
    let token = call.form.get("WebIdentityToken").and_then(|token| WebIdentity::read(token));
    let token = token.ok_or_else(|| {
        (400, "InvalidIdentityToken", "The web identity token that was passed is not a JWT".to_string())
    })?;
    let directory = emulator.sessions.directory();
    let provider = checked(&directory, &request, &token)?;
    if token.has_transitive_tags {
        return Err(invalid("transitive_tag_keys of a token are not emulated: leave them out".into()));
    }
    request.take_tags(token.tags.clone())?;
    let mut context = condition_context(emulator, call, &directory, &request);
    let issuer = token.issuer_name();
    context.one(&format!("{issuer}:sub"), &token.subject);
    context.many(&format!("{issuer}:aud"), &token.audiences);
    if !token.methods.is_empty() {
        context.many(&format!("{issuer}:amr"), &token.methods);
    }
    if let Some(email) = &token.email {
        context.one(&format!("{issuer}:email"), email);
    }
    // A provider that is known is named by its ARN; without checks by its address too.
    let names = if directory.is_complete() { vec![provider.as_str()] } else { vec![issuer, &provider] };
    for action in actions("sts:AssumeRoleWithWebIdentity", &request) {
        let is_trusted = names.iter().any(|name| {
            let who = Principal::federated(name, &request.role.account, &token.subject);
            may_assume(&directory, &request.role, (&who, &[], action), &context)
        });
        if !is_trusted {
            return Err((403, "AccessDenied", format!("Not authorized to perform {action}")));
        }
    }
    let mut elements = lend(emulator, &directory, &request, false, Some(&provider))?;
    elements.extend([
        Element::text("SubjectFromWebIdentityToken", token.subject),
        Element::text("Provider", token.issuer),
        Element::text("Audience", token.audiences.into_iter().next().unwrap_or_default()),
    ]);
    Ok(elements)
}

/// The ARN of the provider that made a token, in the role's account. Where only what is listed exists, the provider must
/// be listed, and the token be its own and hold now, by the wall clock, as its provider knows no other.
fn checked(directory: &Directory, request: &SessionRequest, token: &WebIdentity) -> Result<String, Refused> {
    let partition = request.role.arn.split(':').nth(1).unwrap_or("aws");
    let arn = format!("arn:{partition}:iam::{}:oidc-provider/{}", request.role.account, token.issuer_name());
    if !directory.is_complete() {
        return Ok(arn);
    }
    let provider = directory.provider(&arn).ok_or_else(|| {
        let what = format!("No OpenIDConnect provider found in your account for {}", token.issuer);
        (400, "InvalidIdentityToken", what)
    })?;
    provider.check(token, epoch_millis()).map_err(|why| {
        let code = if matches!(why, NotTaken::Expired { .. }) {
            "ExpiredTokenException"
        } else {
            "InvalidIdentityToken"
        };
        (400, code, why.to_string())
    })?;
    Ok(arn)
}

/// What must be allowed: the call, and its tags.
fn actions<'a>(action: &'a str, request: &SessionRequest) -> impl Iterator<Item = &'a str> {
    let tags = (!request.tags.is_empty()).then_some("sts:TagSession");
    std::iter::once(action).chain(tags)
}

/// What conditions can ask of the call: the same as KMS's, and what it asks for.
fn condition_context(
    emulator: &Runtime,
    call: &Call<'_>,
    directory: &Directory,
    request: &SessionRequest,
) -> ConditionContext {
    let role = &request.role;
    let mut context = ConditionContext::of(&Circumstances {
        caller: call.caller.as_ref().map(|caller| (&caller.principal, &caller.standing)),
        region: call.region,
        source_ip: call.source_ip,
        user_agent: call.user_agent,
        now: emulator.locked().clock.date(),
        resource: (&role.account, directory.organization_of(&role.account)),
    });
    context.one("sts:RoleSessionName", &request.session);
    if let Some(id) = &request.external_id {
        context.one("sts:ExternalId", id);
    }
    for (name, value) in &request.tags {
        context.one(&format!("aws:RequestTag/{name}"), value);
    }
    if !request.tags.is_empty() {
        context.many("aws:TagKeys", request.tags.keys());
    }
    for (name, value) in directory.by_arn(&role.arn).iter().flat_map(|member| &member.standing.tags) {
        context.one(&format!("aws:ResourceTag/{name}"), value);
        context.one(&format!("iam:ResourceTag/{name}"), value);
    }
    context
}

/// Whether the role's trust policy and the caller's own policies let the caller do this with it. A role that nothing is
/// known of leaves it to the caller's own policies, unless only what is listed exists.
fn may_assume(
    directory: &Directory,
    role: &Principal,
    (caller, caller_policies, action): (&Principal, &[Policy], &str),
    context: &ConditionContext,
) -> bool {
    let assumed;
    let trust = match directory.by_arn(&role.arn) {
        Some(member) => match &member.trust {
            Some(trust) => trust,
            None => return false,
        },
        None if directory.is_complete() || !directory.may_exist(&role.arn) => return false,
        None if caller.kind == PrincipalKind::Federated => return true,
        None => {
            assumed = trust_in(&caller.account);
            &assumed
        }
    };
    let question = Question {
        caller,
        caller_policies,
        action,
        resource: &role.arn,
        key: Some(KeyAccess { account: &role.account, policy: trust, grants: &[] }),
        context,
        encryption_context: &BTreeMap::new(),
    };
    authorize(&question).is_ok()
}

/// A trust policy that leaves it to an account whom of its own it lets assume the role.
fn trust_in(account: &str) -> Policy {
    let text = format!(
        r#"{{"Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "{account}"}}, "Action": "sts:*"}}]}}"#
    );
    Policy::parse(&text, Kind::Trust).expect("our own policy is one")
}

/// Lends what is allowed, unless it is asked for too long.
fn lend(
    emulator: &Runtime,
    directory: &Directory,
    request: &SessionRequest,
    is_chained: bool,
    provider: Option<&str>,
) -> Result<Vec<Element>, Refused> {
    if is_chained && request.seconds > CHAINED {
        let what = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
        return Err(invalid(what.into()));
    }
    let lasts = Span::from_secs(request.seconds);
    if directory.by_arn(&request.role.arn).is_some_and(|member| lasts > member.max_session) {
        let what = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(invalid(what.into()));
    }
    let SessionRequest { role, session, tags, .. } = request;
    let now = emulator.locked().clock.date();
    let failed = |_| (500, "InternalFailure", "The machine has no randomness".to_string());
    let Credentials { access_key_id, secret, token, until } =
        emulator.sessions.lend(&Loan { role, session, tags, provider, lasts }, now).map_err(failed)?;
    let lent = Principal::session(role, session);
    let user = [Element::text("AssumedRoleId", lent.id), Element::text("Arn", lent.arn)];
    let credentials = [
        Element::text("AccessKeyId", access_key_id),
        Element::text("SecretAccessKey", secret),
        Element::text("SessionToken", token),
        Element::text("Expiration", iso(until)),
    ];
    Ok(vec![Element::of("AssumedRoleUser", user), Element::of("Credentials", credentials)])
}

fn iso(at: Moment) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
