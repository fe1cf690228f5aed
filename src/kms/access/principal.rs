//! Who makes a call, and whom policies name.

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

impl Principal {
    /// The root user of an account.
    pub fn root(account: &str) -> Principal {
        Principal {
            arn: format!("arn:aws:iam::{account}:root"),
            account: account.into(),
            kind: PrincipalKind::Root,
            role: None,
            id: account.into(),
        }
    }

    /// The principal that an ARN names; `None` if it names none. `role` is the ARN of a session's role when it is known,
    /// which its own ARN does not tell (it leaves out the role's path).
    pub fn from_arn(arn: &str) -> Option<Principal> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, service, "", account, resource] = parts[..] else { return None };
        if !is_account(account) || !partition.starts_with("aws") {
            return None;
        }
        let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
        let role = |name: &str| Some(format!("arn:{partition}:iam::{account}:role/{name}"));
        let (kind, role) = match (service, kind, name) {
            ("iam", "root", "") => (PrincipalKind::Root, None),
            ("iam", "user", name) if !name.is_empty() => (PrincipalKind::User, None),
            ("iam", "role", name) if !name.is_empty() => (PrincipalKind::Role, None),
            ("sts", "assumed-role", both) => {
                let (name, session) =
                    both.split_once('/').filter(|(name, session)| !name.is_empty() && !session.is_empty())?;
                let _ = session;
                (PrincipalKind::Session, role(name))
            }
            ("sts", "federated-user", name) if !name.is_empty() => (PrincipalKind::User, None),
            _ => return None,
        };
        Some(Principal { arn: arn.into(), account: account.into(), kind, role, id: stable_id(kind, arn) })
    }

    /// Whether a policy that names `arn` means this principal.
    pub fn is_named_by(&self, arn: &str) -> bool {
        self.arn == arn || self.role.as_deref() == Some(arn)
    }

    /// The last part of a user's name, for `${aws:username}`.
    pub fn user_name(&self) -> Option<&str> {
        (self.kind == PrincipalKind::User).then(|| self.arn.rsplit('/').next()).flatten()
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
