//! Who there is, sessions that were lent, and callers that have been seen.

use super::UNSPOILT;
use crate::api::partition::Partition;
use crate::kms::Caller;
use crate::kms::access::{Directory, Kind, Member, Policy, Principal, Session};
use crate::kms::crypto::{self, Secret};
use crate::kms::keys::Moment;
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

/// Credentials of a session, as AssumeRole gives them.
pub(crate) struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    pub(crate) token: String,
    pub(crate) until: Moment,
}

/// What a session token holds; nothing of a session is kept here.
#[derive(Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    /// The role's ARN, path included, which the session's own does not tell, and the role's id.
    role: String,
    role_id: String,
    session: String,
    tags: BTreeMap<String, String>,
    provider: Option<String>,
    issued: Moment,
    pub(crate) until: Moment,
}

/// A session that is to begin.
pub(crate) struct Loan<'a> {
    pub(crate) role: &'a Principal,
    pub(crate) session: &'a str,
    pub(crate) tags: &'a BTreeMap<String, String>,
    /// The identity provider that vouches for whom it is lent to.
    pub(crate) provider: Option<&'a str>,
    pub(crate) lasts: Span,
}

/// Who there is, sessions, and callers that have been seen.
pub(crate) struct Sessions {
    key: [u8; 32],
    registry: RwLock<Registry>,
}

/// Under one lock: who was seen was found in this directory.
struct Registry {
    directory: Arc<Directory>,
    seen: BTreeMap<String, Arc<Caller>>,
}

impl Sessions {
    pub(crate) fn new(key: [u8; 32], directory: Arc<Directory>) -> Sessions {
        Sessions { key, registry: RwLock::new(Registry { directory, seen: BTreeMap::new() }) }
    }

    /// Who there is now.
    pub(crate) fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.registry.read().expect(UNSPOILT).directory)
    }

    /// Adds principals; those that are there already are taken anew. Gives who there is now.
    ///
    /// # Errors
    /// A sentence for each name or access key that somebody else has; nothing is changed then.
    pub(crate) fn put(&self, added: Directory) -> Result<Arc<Directory>, Vec<String>> {
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
    pub(crate) fn lend(&self, loan: &Loan<'_>, now: Moment) -> Result<Credentials, crypto::Error> {
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

    /// What a token says that was lent here.
    pub(crate) fn open(&self, token: &str) -> Option<Token> {
        let sealed = STANDARD.decode_to_vec(token).ok()?;
        let opened = crypto::open(&self.key, PURPOSE, &sealed).ok()?;
        serde_json::from_slice(opened.as_bytes()).ok()
    }

    /// Who there is, and the caller behind an access key if it was seen among them.
    pub(crate) fn remembered(&self, access_key: &str) -> (Arc<Directory>, Option<Arc<Caller>>) {
        let registry = self.registry.read().expect(UNSPOILT);
        (Arc::clone(&registry.directory), registry.seen.get(access_key).cloned())
    }

    /// Remembers a caller that was found in `directory`, if that is still who there is.
    pub(crate) fn remember(&self, access_key: &str, caller: &Arc<Caller>, directory: &Arc<Directory>) {
        let mut registry = self.registry.write().expect(UNSPOILT);
        if registry.seen.len() < REMEMBERED && Arc::ptr_eq(&registry.directory, directory) {
            registry.seen.insert(access_key.into(), Arc::clone(caller));
        }
    }

    /// The caller that an unchecked access key stands for in a Region, in `account` if it names none: an account of another
    /// partition is another account.
    pub(crate) fn unchecked(&self, account: &str, access_key: &str, region: &str) -> Arc<Caller> {
        let partition = Partition::of(region).id;
        let name = match partition {
            "aws" => Cow::Borrowed(access_key),
            other => Cow::Owned(format!("{other} {access_key}")),
        };
        let (directory, known) = self.remembered(&name);
        if let Some(known) = known {
            return known;
        }
        let is_account = access_key.len() == 12 && access_key.bytes().all(|b| b.is_ascii_digit());
        let caller = match directory.by_access_key(access_key) {
            Some((member, _)) => member_caller(&directory, member, access_key),
            None => {
                let account = if is_account { access_key } else { account };
                let principal = Principal::root_in(partition, account);
                let standing = directory.standing_of(&principal);
                Caller { principal, policies: [].into(), access_key_id: access_key.into(), standing }
            }
        };
        let caller = Arc::new(caller);
        self.remember(&name, &caller, &directory);
        caller
    }
}

/// The caller that a member is with one of its access keys.
pub(crate) fn member_caller(directory: &Directory, member: &Member, access_key: &str) -> Caller {
    Caller {
        principal: member.principal.clone(),
        policies: Arc::clone(&member.policies),
        access_key_id: access_key.into(),
        standing: directory.standing_of(&member.principal),
    }
}

/// The caller behind a session; `None` if nothing is known of its role and only what is known exists.
pub(crate) fn session_of(directory: &Directory, token: &Token) -> Option<Arc<Caller>> {
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

/// The identity policies of a principal that nothing is known of: it has every permission, as nothing takes it away.
fn everything() -> Arc<[Policy]> {
    static ALL: LazyLock<Arc<[Policy]>> = LazyLock::new(|| {
        let all = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        [Policy::parse(all, Kind::Identity).expect("our own policy is one")].into()
    });
    Arc::clone(&ALL)
}
