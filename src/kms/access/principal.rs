//! Who makes a call, and whom policies name.

use crate::kms::keys::Moment;
use std::collections::BTreeMap;

/// What kind of principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// The account's root user.
    Root,
    /// An IAM user.
    User,
    /// A role, named as such.
    Role,
    /// A session of a role.
    Session,
    /// Whom an identity provider vouches for; named by the provider.
    Federated,
    /// An AWS service.
    Service,
}

/// One principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// As messages and logs show it; of a session `arn:aws:sts::…:assumed-role/…`.
    pub arn: String,
    /// Twelve digits; empty for a service.
    pub account: String,
    /// What it is.
    pub kind: PrincipalKind,
    /// The role of a session, as policies name it.
    pub role: Option<String>,
    /// `aws:userid`: `AIDA…`, or `AROA…:session`.
    pub id: String,
}

/// What is known of a principal beside who it is: what the principals file says, and its session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The organization of its account.
    pub organization: Option<String>,
    /// Its tags, those of its session over those of its role.
    pub tags: BTreeMap<String, String>,
    /// The endpoint of a VPC through which its calls come.
    pub source_vpce: Option<String>,
    /// The services that call in its name, the first one first: `cloudformation.amazonaws.com`.
    pub called_via: Vec<String>,
    /// Its session, if it is one.
    pub session: Option<Session>,
}

/// How a session came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// When it was lent.
    pub issued: Moment,
    /// The identity provider that vouched for it.
    pub provider: Option<String>,
}

impl Principal {
    /// The root user of an account, as its ARN is in the partition `aws`.
    pub fn root(account: &str) -> Principal {
        Principal::root_in("aws", account)
    }

    /// The root user of an account of a partition.
    pub fn root_in(partition: &str, account: &str) -> Principal {
        Principal {
            arn: format!("arn:{partition}:iam::{account}:root"),
            account: account.into(),
            kind: PrincipalKind::Root,
            role: None,
            id: account.into(),
        }
    }

    /// The session of this name of a role. Its ARN leaves out the role's path, so that only who has the role at hand can
    /// make it.
    pub fn session(role: &Principal, name: &str) -> Principal {
        let partition = role.arn.split(':').nth(1).unwrap_or("aws");
        let role_name = role.name();
        Principal {
            arn: format!("arn:{partition}:sts::{}:assumed-role/{role_name}/{name}", role.account),
            account: role.account.clone(),
            kind: PrincipalKind::Session,
            role: Some(role.arn.clone()),
            id: format!("{}:{name}", role.id),
        }
    }

    /// Whom a provider vouches for, in an account that knows the provider by this name.
    pub fn federated(provider: &str, account: &str, subject: &str) -> Principal {
        Principal {
            arn: provider.into(),
            account: account.into(),
            kind: PrincipalKind::Federated,
            role: None,
            id: subject.into(),
        }
    }

    /// The principal that an ARN names; `None` if it names none. A session is taken to be one of a role without a path,
    /// as its ARN does not tell.
    pub fn from_arn(arn: &str) -> Option<Principal> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, service, "", account, resource] = parts[..] else { return None };
        if !is_account(account) || !partition.starts_with("aws") {
            return None;
        }
        let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
        let kind = match (service, kind, name) {
            ("iam", "root", "") => return Some(Principal::root_in(partition, account)),
            ("iam", "user", name) if !name.is_empty() => PrincipalKind::User,
            ("iam", "role", name) if !name.is_empty() => PrincipalKind::Role,
            ("sts", "assumed-role", both) => {
                let (name, session) = both.split_once('/')?;
                if name.is_empty() || session.is_empty() || session.contains('/') {
                    return None;
                }
                let role = Principal::from_arn(&format!("arn:{partition}:iam::{account}:role/{name}"))?;
                return Some(Principal::session(&role, session));
            }
            ("sts", "federated-user", name) if !name.is_empty() => PrincipalKind::User,
            _ => return None,
        };
        Some(Principal {
            arn: arn.into(),
            account: account.into(),
            kind,
            role: None,
            id: stable_id(kind, arn),
        })
    }

    /// Whether a policy that names `arn` means this principal.
    pub fn is_named_by(&self, arn: &str) -> bool {
        self.arn == arn || self.role.as_deref() == Some(arn)
    }

    /// Whether `arn` is that of its account's root, by which grants and policies name the account.
    pub fn is_of_account(&self, arn: &str) -> bool {
        arn.split(':').nth(4) == Some(&self.account) && arn.ends_with(":root")
    }

    /// What its ARN says last: the name without the path.
    pub fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    /// The name of a user, for `${aws:username}`.
    pub fn user_name(&self) -> Option<&str> {
        let is_user = self.kind == PrincipalKind::User && self.arn.contains(":user/");
        is_user.then(|| self.name())
    }
}

/// An id in the form of IAM's, always the same for the same ARN.
fn stable_id(kind: PrincipalKind, arn: &str) -> String {
    let prefix = match kind {
        PrincipalKind::User => "AIDA",
        _ => "AROA",
    };
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, arn.as_bytes());
    let letters = hash
        .as_ref()
        .iter()
        .take(17)
        .map(|byte| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(byte & 31)]));
    prefix.chars().chain(letters).collect()
}

/// Whether a text is an account id.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// The account in an ARN, if there is one.
pub fn account_of_arn(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| is_account(account))
}
