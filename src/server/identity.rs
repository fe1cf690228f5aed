//! Who makes a call: from its access key, checked or not.

use super::heads::Heads;
use super::sigv4::{Authorization, Service, Signed};
use super::{Auth, Settings, UNSPOILT};
use crate::api::partition::{MAX_REGION, Partition, is_region_name};
use crate::clock::epoch_millis;
use crate::kms::Caller;
use crate::kms::access::{Directory, Kind, Member, Policy, Principal, Session};
use crate::kms::crypto::{self, Secret};
use crate::kms::keys::Moment;
use crate::kms::wire::ApiError;
use crate::quota::catalogue;
use crate::time::Span;
use base64_simd::STANDARD;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, RwLock};

/// What a session token is bound to.
const PURPOSE: &[u8] = b"keystorm session token";
/// Callers remembered at a time; more are made anew on each call.
const REMEMBERED: usize = 10_000;

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

/// What a session token holds; nothing of a session is kept here.
#[derive(Serialize, Deserialize)]
struct Token {
    access_key_id: String,
    secret: String,
    /// The role's ARN, path included, which the session's own does not tell, and the role's id.
    role: String,
    role_id: String,
    session: String,
    tags: BTreeMap<String, String>,
    provider: Option<String>,
    issued: Moment,
    until: Moment,
}

/// A session that is to begin.
pub(super) struct Loan<'a> {
    pub(super) role: &'a Principal,
    pub(super) session: &'a str,
    pub(super) tags: &'a BTreeMap<String, String>,
    /// The identity provider that vouches for whom it is lent to.
    pub(super) provider: Option<&'a str>,
    pub(super) lasts: Span,
}

/// Who there is, sessions, and callers that have been seen.
pub(super) struct Sessions {
    key: [u8; 32],
    registry: RwLock<Registry>,
}

/// Under one lock: who was seen was found in this directory.
struct Registry {
    directory: Arc<Directory>,
    seen: BTreeMap<String, Arc<Caller>>,
}

impl Sessions {
    pub(super) fn new(key: [u8; 32], directory: Arc<Directory>) -> Sessions {
        Sessions { key, registry: RwLock::new(Registry { directory, seen: BTreeMap::new() }) }
    }

    /// Who there is now.
    pub(super) fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.registry.read().expect(UNSPOILT).directory)
    }

    /// Adds principals; those that are there already are taken anew. Gives who there is now.
    ///
    /// # Errors
    /// A sentence for each name or access key that somebody else has; nothing is changed then.
    pub(super) fn put(&self, added: Directory) -> Result<Arc<Directory>, Vec<String>> {
        let mut registry = self.registry.write().expect(UNSPOILT);
        let mut directory = Directory::clone(&registry.directory);
        directory.put(added)?;
        *registry = Registry { directory: Arc::new(directory), seen: BTreeMap::new() };
        Ok(Arc::clone(&registry.directory))
    }

    /// Credentials for a session.
    ///
    /// # Errors
    /// The machine has no randomness.
    pub(super) fn lend(&self, loan: &Loan<'_>, now: Moment) -> Result<Credentials, crypto::Error> {
        let letters: String = crypto::random_array::<16>()?
            .iter()
            .map(|byte| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(byte & 31)]))
            .collect();
        let token = Token {
            access_key_id: format!("ASIA{letters}"),
            secret: STANDARD.encode_to_string(crypto::random_array::<30>()?),
            role: loan.role.arn.clone(),
            role_id: loan.role.id.clone(),
            session: loan.session.into(),
            tags: loan.tags.clone(),
            provider: loan.provider.map(Into::into),
            issued: now,
            until: now + loan.lasts,
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

    /// Who there is, and the caller behind an access key if it was seen among them.
    fn remembered(&self, access_key: &str) -> (Arc<Directory>, Option<Arc<Caller>>) {
        let registry = self.registry.read().expect(UNSPOILT);
        (Arc::clone(&registry.directory), registry.seen.get(access_key).cloned())
    }

    /// Remembers a caller that was found in `directory`, if that is still who there is.
    fn remember(&self, access_key: &str, caller: &Arc<Caller>, directory: &Arc<Directory>) {
        let mut registry = self.registry.write().expect(UNSPOILT);
        if registry.seen.len() < REMEMBERED && Arc::ptr_eq(&registry.directory, directory) {
            registry.seen.insert(access_key.into(), Arc::clone(caller));
        }
    }
}

/// Who makes a call of a service.
///
/// # Errors
/// AWS's codes, with `--auth verify` only; a Region that cannot be one is refused always.
pub(super) fn identify(
    settings: &Settings,
    sessions: &Sessions,
    (call, heads, service): (&Signed<'_>, &Heads<'_>, Service),
    now: impl Fn() -> Moment,
) -> Result<Known, ApiError> {
    let (header, token) = (heads.authorization(), heads.security_token());
    let read = header.and_then(Authorization::read);
    // Without checks any name can be that of a Region, as tests make some up.
    let is_known = |region: &str| {
        is_region_name(region)
            && (settings.auth == Auth::Off || region == settings.region || catalogue::is_region(region))
    };
    if let Some(read) = read.as_ref().filter(|read| !is_known(read.region)) {
        return Err(ApiError::invalid_signature(format!(
            "Credential should be scoped to a valid Region, not '{}'. ",
            read.region.chars().take(MAX_REGION).collect::<String>()
        )));
    }
    let region: Arc<str> = read.as_ref().map_or(settings.region.as_str(), |read| read.region).into();
    if settings.auth == Auth::Off {
        let access_key = read.as_ref().map_or("", |read| read.access_key);
        let session = token.and_then(|token| sessions.open(token));
        let session = session.and_then(|token| session_of(&sessions.directory(), &token));
        let caller = session.unwrap_or_else(|| unchecked(settings, sessions, access_key, &region));
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
    let caller = verified(sessions, &read, token, (call, service), now)?;
    if !Partition::has(&region, &caller.principal.arn) {
        // Credentials of one partition are unknown in every other.
        return Err(unknown());
    }
    Ok(Known { caller, region })
}

/// The refusal of credentials that nobody has.
fn unknown() -> ApiError {
    ApiError::unrecognized_client("The security token included in the request is invalid.")
}

fn verified(
    sessions: &Sessions,
    read: &Authorization<'_>,
    token: Option<&str>,
    (call, service): (&Signed<'_>, Service),
    now: impl Fn() -> Moment,
) -> Result<Arc<Caller>, ApiError> {
    // Signatures are dated by the client's wall clock, whatever the admin clock says.
    let wall = epoch_millis();
    let (directory, known) = sessions.remembered(read.access_key);
    let Some(token) = token else {
        let (member, key) = directory.by_access_key(read.access_key).ok_or_else(unknown)?;
        read.verify(call, &key.secret, service, wall)?;
        if let Some(known) = known {
            return Ok(known);
        }
        let caller = Arc::new(member_caller(&directory, member, &key.id));
        sessions.remember(read.access_key, &caller, &directory);
        return Ok(caller);
    };
    let token =
        sessions.open(token).filter(|token| token.access_key_id == read.access_key).ok_or_else(unknown)?;
    if token.until <= now() {
        return Err(ApiError::expired_token("The security token included in the request is expired"));
    }
    read.verify(call, &Secret::from(token.secret.as_bytes()), service, wall)?;
    session_of(&directory, &token).ok_or_else(unknown)
}

fn member_caller(directory: &Directory, member: &Member, access_key: &str) -> Caller {
    Caller {
        principal: member.principal.clone(),
        policies: Arc::clone(&member.policies),
        access_key_id: access_key.into(),
        standing: directory.standing_of(&member.principal),
    }
}

/// The caller behind a session; `None` if nothing is known of its role and only what is known exists.
fn session_of(directory: &Directory, token: &Token) -> Option<Arc<Caller>> {
    let role = Principal { id: token.role_id.clone(), ..Principal::from_arn(&token.role)? };
    let principal = Principal::session(&role, &token.session);
    let policies = match directory.behind(&principal) {
        Some(member) => Arc::clone(&member.policies),
        None if directory.is_complete() => return None,
        None => everything(),
    };
    let mut standing = directory.standing_of(&principal);
    standing.tags.retain(|name, _| !token.tags.keys().any(|other| other.eq_ignore_ascii_case(name)));
    standing.tags.extend(token.tags.clone());
    standing.session = Some(Session { issued: token.issued, provider: token.provider.clone() });
    Some(Arc::new(Caller { principal, policies, access_key_id: token.access_key_id.clone(), standing }))
}

/// The caller that an unchecked access key stands for in a Region: an account of another partition is another account.
fn unchecked(settings: &Settings, sessions: &Sessions, access_key: &str, region: &str) -> Arc<Caller> {
    let partition = Partition::of(region).id;
    let name = match partition {
        "aws" => Cow::Borrowed(access_key),
        other => Cow::Owned(format!("{other} {access_key}")),
    };
    let (directory, known) = sessions.remembered(&name);
    if let Some(known) = known {
        return known;
    }
    let is_account = access_key.len() == 12 && access_key.bytes().all(|b| b.is_ascii_digit());
    let caller = match directory.by_access_key(access_key) {
        Some((member, _)) => member_caller(&directory, member, access_key),
        None => {
            let account = if is_account { access_key } else { &settings.account };
            let principal = Principal::root_in(partition, account);
            let standing = directory.standing_of(&principal);
            Caller { principal, policies: [].into(), access_key_id: access_key.into(), standing }
        }
    };
    let caller = Arc::new(caller);
    sessions.remember(&name, &caller, &directory);
    caller
}

/// The identity policies of a principal that nothing is known of: it has every permission, as nothing takes it away.
fn everything() -> Arc<[Policy]> {
    static ALL: LazyLock<Arc<[Policy]>> = LazyLock::new(|| {
        let all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        [Policy::parse(all, Kind::Identity).expect("our own policy is one")].into()
    });
    Arc::clone(&ALL)
}
