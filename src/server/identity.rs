//! Who makes a call: from its access key, checked or not.

use super::shared::UNSPOILT;
use super::sigv4::{Authorization, Signed, text_of};
use super::{Auth, Settings};
use crate::clock::epoch_millis;
use crate::kms::Caller;
use crate::kms::access::{Directory, Kind, Policy, Principal};
use crate::kms::crypto::{self, Secret};
use crate::kms::keys::Moment;
use crate::kms::wire::ApiError;
use crate::time::Span;
use base64_simd::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

/// The token of a session's credentials.
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// What a session token is bound to.
const PURPOSE: &[u8] = b"keystorm session token";
/// Callers remembered at a time; more are made anew on each call.
const REMEMBERED: usize = 10_000;

/// The longest name of a Region; AWS's own have at most fifteen letters.
const REGION: usize = 64;

/// A caller and what its credential says.
pub(super) struct Known {
    pub(super) caller: Arc<Caller>,
    pub(super) region: Arc<str>,
}

/// Credentials of a session, as AssumeRole gives them.
pub(super) struct Credentials {
    pub(super) access_key_id: String,
    pub(super) secret: String,
    pub(super) token: String,
    pub(super) until: Moment,
}

/// Whether a text can be the name of a Region, known or not: it stands in ARNs, metrics and names of files.
pub fn is_region(text: &str) -> bool {
    (1..=REGION).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// What a session token holds; nothing of a session is kept here.
#[derive(Serialize, Deserialize)]
struct Token {
    access_key_id: String,
    secret: String,
    /// ARN of the session.
    arn: String,
    until: Moment,
}

/// Sessions, and callers that have been seen.
pub(super) struct Sessions {
    key: [u8; 32],
    seen: RwLock<BTreeMap<String, Arc<Caller>>>,
}

impl Sessions {
    pub(super) fn new(key: [u8; 32]) -> Sessions {
        Sessions { key, seen: RwLock::new(BTreeMap::new()) }
    }

    /// Credentials for the session with this ARN.
    ///
    /// # Errors
    /// The machine has no randomness.
    pub(super) fn lend(&self, arn: &str, now: Moment, lasts: Span) -> Result<Credentials, crypto::Error> {
        let letters: String = crypto::random_array::<16>()?
            .iter()
            .map(|byte| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(byte & 31)]))
            .collect();
        let token = Token {
            access_key_id: format!("ASIA{letters}"),
            secret: STANDARD.encode_to_string(crypto::random_array::<30>()?),
            arn: arn.into(),
            until: now + lasts,
        };
        let text = Secret::new(serde_json::to_vec(&token).map_err(|_| crypto::Error::Random)?);
        let sealed = STANDARD.encode_to_string(crypto::seal(&self.key, PURPOSE, text.as_bytes())?);
        Ok(Credentials {
            access_key_id: token.access_key_id,
            secret: token.secret,
            token: sealed,
            until: token.until,
        })
    }

    fn open(&self, token: &str) -> Option<Token> {
        let sealed = STANDARD.decode_to_vec(token).ok()?;
        let opened = crypto::open(&self.key, PURPOSE, &sealed).ok()?;
        serde_json::from_slice(opened.as_bytes()).ok()
    }

    fn remembered(&self, access_key: &str) -> Option<Arc<Caller>> {
        self.seen.read().expect(UNSPOILT).get(access_key).cloned()
    }

    fn remember(&self, access_key: &str, caller: &Arc<Caller>) {
        let mut seen = self.seen.write().expect(UNSPOILT);
        if seen.len() < REMEMBERED {
            seen.insert(access_key.into(), Arc::clone(caller));
        }
    }
}

/// Who makes a call.
///
/// # Errors
/// AWS's codes, with `--auth verify` only; a Region that cannot be one is refused always.
pub(super) fn identify(
    settings: &Settings,
    sessions: &Sessions,
    call: &Signed<'_>,
    now: impl Fn() -> Moment,
) -> Result<Known, ApiError> {
    let header = text_of(call.headers, AUTHORIZATION);
    let token = text_of(call.headers, SECURITY_TOKEN);
    let read = header.and_then(Authorization::read);
    if let Some(read) = read.as_ref().filter(|read| !is_region(read.region)) {
        return Err(ApiError::invalid_signature(format!(
            "Credential should be scoped to a valid Region, not '{}'. ",
            read.region.chars().take(REGION).collect::<String>()
        )));
    }
    let region: Arc<str> = read.as_ref().map_or(settings.region.as_str(), |read| read.region).into();
    if settings.auth == Auth::Off {
        let access_key = read.as_ref().map_or("", |read| read.access_key);
        let caller = match token.and_then(|token| sessions.open(token)) {
            Some(token) => session(settings, &token),
            None => unchecked(settings, sessions, access_key),
        };
        return Ok(Known { caller, region });
    }
    let Some(header) = header else {
        return Err(if call.query.contains("X-Amz-Signature") {
            ApiError::incomplete_signature(
                "Presigned requests are not supported: sign with the Authorization header.",
            )
        } else {
            ApiError::missing_authentication_token("Missing Authentication Token")
        });
    };
    let read = read.ok_or_else(|| {
        ApiError::incomplete_signature(format!(
            "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters of \
             AWS4-HMAC-SHA256; it begins with '{}'.",
            header.split(' ').next().unwrap_or_default().chars().take(32).collect::<String>()
        ))
    })?;
    let caller = verified(settings, sessions, &read, token, call, now)?;
    Ok(Known { caller, region })
}

fn verified(
    settings: &Settings,
    sessions: &Sessions,
    read: &Authorization<'_>,
    token: Option<&str>,
    call: &Signed<'_>,
    now: impl Fn() -> Moment,
) -> Result<Arc<Caller>, ApiError> {
    let unknown = || ApiError::unrecognized_client("The security token included in the request is invalid.");
    // Signatures are dated by the client's wall clock, whatever the admin clock says.
    let wall = epoch_millis();
    let Some(token) = token else {
        let (member, key) = settings.directory.by_access_key(read.access_key).ok_or_else(unknown)?;
        read.verify(call, &key.secret, wall)?;
        if let Some(known) = sessions.remembered(read.access_key) {
            return Ok(known);
        }
        let caller = Arc::new(Caller {
            principal: member.principal.clone(),
            policies: Arc::clone(&member.policies),
            access_key_id: key.id.clone(),
        });
        sessions.remember(read.access_key, &caller);
        return Ok(caller);
    };
    let token =
        sessions.open(token).filter(|token| token.access_key_id == read.access_key).ok_or_else(unknown)?;
    if token.until <= now() {
        return Err(ApiError::expired_token("The security token included in the request is expired"));
    }
    read.verify(call, &Secret::from(token.secret.as_bytes()), wall)?;
    Ok(session(settings, &token))
}

/// The caller behind a session.
fn session(settings: &Settings, token: &Token) -> Arc<Caller> {
    let principal = Principal::from_arn(&token.arn).unwrap_or_else(|| Principal::root(&settings.account));
    let policies = policies_of(&settings.directory, &principal);
    Arc::new(Caller { principal, policies, access_key_id: token.access_key_id.clone() })
}

/// The caller that an unchecked access key stands for.
fn unchecked(settings: &Settings, sessions: &Sessions, access_key: &str) -> Arc<Caller> {
    if let Some(known) = sessions.remembered(access_key) {
        return known;
    }
    let is_account = access_key.len() == 12 && access_key.bytes().all(|b| b.is_ascii_digit());
    let caller = match settings.directory.by_access_key(access_key) {
        Some((member, _)) => Caller {
            principal: member.principal.clone(),
            policies: Arc::clone(&member.policies),
            access_key_id: access_key.into(),
        },
        None => Caller {
            principal: Principal::root(if is_account { access_key } else { &settings.account }),
            policies: [].into(),
            access_key_id: access_key.into(),
        },
    };
    let caller = Arc::new(caller);
    sessions.remember(access_key, &caller);
    caller
}

/// The identity policies of a principal: its own if the principals file has it; a principal that the file says nothing
/// about is taken to have every permission, as nothing takes it away.
pub(super) fn policies_of(directory: &Directory, principal: &Principal) -> Arc<[Policy]> {
    let member = principal
        .role
        .as_deref()
        .and_then(|role| directory.by_arn(role))
        .or_else(|| directory.by_arn(&principal.arn));
    if let Some(member) = member {
        return Arc::clone(&member.policies);
    }
    let all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let policy = Policy::parse(all, Kind::Identity).expect("our own policy is one");
    [policy].into()
}
