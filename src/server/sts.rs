//! STS on the same port: GetCallerIdentity, AssumeRole, AssumeRoleWithWebIdentity, which SDKs and tools ask first.
//!
//! The Query protocol: form fields in, XML out (STS API 2011-06-15). A web identity's token is read and its signature not
//! verified, as nobody's keys are at hand; whether the role trusts the provider it names is asked all the same.

use super::identity::{Credentials, policies_of};
use super::shared::Shared;
use crate::kms::access::{Facts, KeyAccess, Policy, Principal, PrincipalKind, Question, authorize};
use crate::kms::keys::Moment;
use crate::kms::wire::ApiError;
use crate::kms::{Caller, Uuid};
use crate::time::Span;
use std::collections::BTreeMap;

/// The namespace of every answer.
const SPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// An answer: status and XML.
pub(super) struct Xml {
    pub(super) status: u16,
    pub(super) text: String,
}

/// A refusal: status, code, sentence.
type Refused = (u16, &'static str, String);

/// How long credentials last if the call does not say, and the least and the most (STS API reference).
const LASTS: u64 = 3_600;
const LASTING: std::ops::RangeInclusive<u64> = 900..=43_200;

/// Whether the action is one that nobody signs.
pub(super) fn is_unsigned(form: &BTreeMap<String, String>) -> bool {
    form.get("Action").is_some_and(|action| action == "AssumeRoleWithWebIdentity")
}

/// Answers a form. `caller` is who signed it.
pub(super) fn answer(
    shared: &Shared,
    form: &BTreeMap<String, String>,
    caller: &Caller,
    request_id: Uuid,
) -> Xml {
    let action = form.get("Action").map(String::as_str).unwrap_or_default();
    let result = match action {
        "GetCallerIdentity" => Ok(caller_identity(caller)),
        "AssumeRole" => assume_role(shared, form, caller),
        "AssumeRoleWithWebIdentity" => assume_role_with_web_identity(shared, form),
        other => {
            Err((400, "InvalidAction", format!("Could not find operation {other} for version 2011-06-15")))
        }
    };
    match result {
        Ok(body) => {
            let text = format!(
                "<{action}Response xmlns=\"{SPACE}\"><{action}Result>{body}</{action}Result><ResponseMetadata>\
                 <RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
            );
            Xml { status: 200, text }
        }
        Err((status, code, message)) => error(status, code, &message, request_id),
    }
}

/// The form in which STS says what authentication refused. Its codes have no `Exception` and its status is 403.
pub(super) fn refusal(refused: &ApiError, request_id: Uuid) -> Xml {
    let code = match refused.code {
        "InvalidSignatureException" => "SignatureDoesNotMatch",
        "UnrecognizedClientException" => "InvalidClientTokenId",
        "ExpiredTokenException" => "ExpiredToken",
        other => other.strip_suffix("Exception").unwrap_or(other),
    };
    error(403, code, refused.message.as_deref().unwrap_or_default(), request_id)
}

fn error(status: u16, code: &str, message: &str, request_id: Uuid) -> Xml {
    let text = format!(
        "<ErrorResponse xmlns=\"{SPACE}\"><Error><Type>Sender</Type><Code>{code}</Code><Message>{}</Message></Error>\
         <RequestId>{request_id}</RequestId></ErrorResponse>",
        escaped(message)
    );
    Xml { status, text }
}

/// The form fields of a body or a query.
pub(super) fn form(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

/// `+` and `%xx`.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = hex.filter(|_| bytes[at] == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match byte {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn caller_identity(caller: &Caller) -> String {
    let Principal { arn, account, id, .. } = &caller.principal;
    format!("<Arn>{}</Arn><UserId>{id}</UserId><Account>{account}</Account>", escaped(arn))
}

fn assume_role(shared: &Shared, form: &BTreeMap<String, String>, caller: &Caller) -> Result<String, Refused> {
    let wish = Wish::read(form)?;
    let denied = || {
        let (who, role) = (&caller.principal.arn, &wish.role.arn);
        let what = format!("User: {who} is not authorized to perform: sts:AssumeRole on resource: {role}");
        (403, "AccessDenied", what)
    };
    let directory = &shared.settings.directory;
    let policies = match directory.by_arn(&caller.principal.arn) {
        Some(_) => caller.policies.clone(),
        None => policies_of(directory, &caller.principal),
    };
    let mut facts = Facts::default();
    facts.one("aws:PrincipalArn", &caller.principal.arn);
    facts.one("aws:PrincipalAccount", &caller.principal.account);
    if !may_assume(shared, &wish.role, &caller.principal, &policies, "sts:AssumeRole", &facts) {
        return Err(denied());
    }
    lend(shared, &wish)
}

fn assume_role_with_web_identity(
    shared: &Shared,
    form: &BTreeMap<String, String>,
) -> Result<String, Refused> {
    let wish = Wish::read(form)?;
    let invalid =
        || (400, "InvalidIdentityToken", "The web identity token that was passed is not a JWT".to_string());
    let token = form.get("WebIdentityToken").ok_or_else(invalid)?;
    let payload = token.split('.').nth(1).ok_or_else(invalid)?;
    let payload = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(payload).map_err(|_| invalid())?;
    let claims: serde_json::Value = serde_json::from_slice(&payload).map_err(|_| invalid())?;
    let claim =
        |name: &str| claims.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_string();
    let (subject, issuer, audience) = (claim("sub"), claim("iss"), claim("aud"));
    // As trust policies name it: the issuer without its scheme, or the provider's ARN in the role's account.
    let provider = issuer.split_once("://").map_or(issuer.as_str(), |(_, rest)| rest);
    let mut facts = Facts::default();
    facts.one(&format!("{provider}:sub"), &subject);
    facts.one(&format!("{provider}:aud"), &audience);
    let account = &wish.role.account;
    let names = [provider.to_string(), format!("arn:aws:iam::{account}:oidc-provider/{provider}")];
    let is_trusted = names.into_iter().any(|arn| {
        let kind = PrincipalKind::Service;
        let who = Principal { arn, account: account.clone(), kind, role: None, id: subject.clone() };
        may_assume(shared, &wish.role, &who, &[], "sts:AssumeRoleWithWebIdentity", &facts)
    });
    if !is_trusted {
        let what = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
        return Err((403, "AccessDenied", what.into()));
    }
    let body = lend(shared, &wish)?;
    Ok(format!(
        "{body}<SubjectFromWebIdentityToken>{}</SubjectFromWebIdentityToken><Provider>{}</Provider><Audience>{}</Audience>",
        escaped(&subject),
        escaped(&issuer),
        escaped(&audience)
    ))
}

/// What AssumeRole asks for.
struct Wish {
    role: Principal,
    session: String,
    lasts: Span,
}

impl Wish {
    fn read(form: &BTreeMap<String, String>) -> Result<Wish, Refused> {
        let invalid = |what: String| (400, "ValidationError", what);
        let role = form.get("RoleArn").and_then(|arn| Principal::from_arn(arn));
        let role = role.filter(|role| role.kind == PrincipalKind::Role);
        let role = role.ok_or_else(|| invalid("RoleArn must be the ARN of a role".into()))?;
        let session = form.get("RoleSessionName").cloned().unwrap_or_default();
        let is_good = |c: char| c.is_ascii_alphanumeric() || "_=,.@-".contains(c);
        if !(2..=64).contains(&session.len()) || !session.chars().all(is_good) {
            return Err(invalid("RoleSessionName must have 2 to 64 characters of [\\w+=,.@-]".into()));
        }
        if form.keys().any(|name| name == "Policy" || name.starts_with("PolicyArns.")) {
            return Err(invalid("Session policies are not emulated: leave Policy and PolicyArns out".into()));
        }
        let seconds = form.get("DurationSeconds").map_or(Ok(LASTS), |text| text.parse());
        let seconds = seconds.ok().filter(|seconds| LASTING.contains(seconds));
        let seconds = seconds.ok_or_else(|| invalid("DurationSeconds must be 900 to 43200".into()))?;
        Ok(Wish { role, session, lasts: Span::from_secs(seconds) })
    }

    /// The session's ARN.
    fn arn(&self) -> String {
        let partition = self.role.arn.split(':').nth(1).unwrap_or("aws");
        let name = self.role.arn.rsplit('/').next().unwrap_or_default();
        format!("arn:{partition}:sts::{}:assumed-role/{name}/{}", self.role.account, self.session)
    }
}

/// Whether the role's trust policy lets the caller assume it; a role that the principals file does not have trusts
/// whoever asks, if the file says nothing about its account.
fn may_assume(
    shared: &Shared,
    role: &Principal,
    caller: &Principal,
    caller_policies: &[Policy],
    action: &str,
    facts: &Facts,
) -> bool {
    let directory = &shared.settings.directory;
    let Some(member) = directory.by_arn(&role.arn) else { return directory.may_exist(&role.arn) };
    let Some(trust) = &member.trust else { return false };
    let question = Question {
        caller,
        caller_policies,
        action,
        resource: &role.arn,
        key: Some(KeyAccess { account: &role.account, policy: trust, grants: &[] }),
        facts,
        context: &BTreeMap::new(),
    };
    authorize(&question).is_ok()
}

fn lend(shared: &Shared, wish: &Wish) -> Result<String, Refused> {
    let now = shared.heart().clock.date();
    let arn = wish.arn();
    let failed = |_| (500, "InternalFailure", "The machine has no randomness".to_string());
    let Credentials { access_key_id, secret, token, until } =
        shared.sessions.lend(&arn, now, wish.lasts).map_err(failed)?;
    Ok(format!(
        "<AssumedRoleUser><AssumedRoleId>{}:{}</AssumedRoleId><Arn>{}</Arn></AssumedRoleUser><Credentials>\
         <AccessKeyId>{access_key_id}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
         <SessionToken>{token}</SessionToken><Expiration>{}</Expiration></Credentials>",
        wish.role.id,
        wish.session,
        escaped(&arn),
        iso(until)
    ))
}

fn iso(at: Moment) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
