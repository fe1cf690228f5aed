//! Who there is: users and roles with their access keys and policies, accounts, identity providers.

use super::policy::Policy;
use super::principal::{Principal, PrincipalKind, Standing};
use super::web_identity::{KeySet, NotTaken, WebIdentity};
use crate::api::partition::Partition;
use crate::kms::crypto::Secret;
use crate::time::Span;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An access key.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// `AKIA…`.
    pub id: String,
    /// What signs.
    pub secret: Secret,
}

/// One principal of the file.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who.
    pub principal: Principal,
    /// Its identity policies.
    pub policies: Arc<[Policy]>,
    /// Who may assume it, of a role.
    pub trust: Option<Policy>,
    /// Its access keys.
    pub access_keys: Vec<AccessKey>,
    /// How it stands; its organization is that of its account.
    pub standing: Standing,
    /// The longest session of a role.
    pub max_session: Span,
}

/// An OpenID Connect provider, whose tokens roles can trust.
#[derive(Clone, Debug)]
pub struct Provider {
    /// `arn:aws:iam::111122223333:oidc-provider/ci.example/jobs`.
    pub arn: String,
    /// The account that knows it.
    pub account: String,
    /// What its tokens say of whom they are from, without `https://`: `ci.example/jobs`.
    pub issuer: String,
    /// Whom its tokens may be for.
    pub audiences: Vec<String>,
    /// What its tokens are checked with.
    pub keys: KeySet,
}

impl Provider {
    /// Refuses unless the provider made this token, for one of its audiences, and it holds at `now`, in milliseconds
    /// since 1970 on the wall clock.
    ///
    /// # Errors
    /// [`NotTaken`]. The signature is looked at first, so that nobody learns anything of what they cannot sign.
    pub fn check(&self, token: &WebIdentity, now: i64) -> Result<(), NotTaken> {
        token.check((&self.issuer, &self.keys), &self.audiences, now)
    }
}

/// Whether there is a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existence {
    /// It is listed.
    Listed,
    /// Nothing is known of it: its account is not listed.
    Unknown,
    /// Its account is listed, and it is not.
    Missing,
}

/// Every principal that is known.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    by_arn: BTreeMap<String, Arc<Member>>,
    by_access_key: BTreeMap<String, Arc<Member>>,
    /// The ARN by account of a partition, kind and name in lower case: a path tells no two apart.
    by_name: BTreeMap<(String, &'static str, String), String>,
    /// By ARN.
    providers: BTreeMap<String, Arc<Provider>>,
    /// By account.
    organizations: BTreeMap<String, String>,
    is_complete: bool,
}

impl Directory {
    /// Adds what another one has.
    ///
    /// # Errors
    /// A sentence for each ARN, name or access key that both have.
    pub fn merge(&mut self, other: Directory) -> Result<(), Vec<String>> {
        let mut problems = Vec::new();
        for member in other.by_arn.into_values() {
            problems.extend(self.add(Arc::unwrap_or_clone(member)));
        }
        for provider in other.providers.into_values() {
            problems.extend(self.add_provider(Arc::unwrap_or_clone(provider)));
        }
        for (account, organization) in other.organizations {
            problems.extend(self.add_organization(&account, organization));
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Adds what another one has; what both have is taken from the other one.
    ///
    /// # Errors
    /// A sentence for each name or access key that is another principal's; nothing is changed then.
    pub fn put(&mut self, other: Directory) -> Result<(), Vec<String>> {
        let mut changed = self.clone();
        for arn in other.by_arn.keys() {
            changed.remove(arn);
        }
        changed.providers.retain(|arn, _| !other.providers.contains_key(arn));
        changed.organizations.retain(|account, _| !other.organizations.contains_key(account));
        changed.merge(other)?;
        *self = changed;
        Ok(())
    }

    fn remove(&mut self, arn: &str) {
        let Some(member) = self.by_arn.remove(arn) else { return };
        member.access_keys.iter().for_each(|key| drop(self.by_access_key.remove(&key.id)));
        self.by_name.remove(&name_of(&member.principal));
    }

    /// Takes nothing that is not in it to exist: whoever is to act must be listed.
    pub const fn complete(&mut self) {
        self.is_complete = true;
    }

    /// Whether only what is in it exists.
    pub const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Adds an access key of the root user of an account, which is in the partition of `region`.
    ///
    /// # Errors
    /// A sentence, if somebody has that access key.
    pub fn add_root_key(&mut self, account: &str, region: &str, key: AccessKey) -> Result<(), Vec<String>> {
        let principal = Principal::root_in(Partition::of(region).id, account);
        let mut member = self.by_arn.get(&principal.arn).map_or_else(
            || Member {
                principal: principal.clone(),
                policies: [].into(),
                trust: None,
                access_keys: Vec::new(),
                standing: Standing::default(),
                max_session: Span::ZERO,
            },
            |member| Member::clone(member),
        );
        member.access_keys.push(key);
        self.remove(&principal.arn);
        let problems = self.add(member);
        match problems.is_empty() {
            true => Ok(()),
            false => Err(problems.iter().map(|problem| format!("--access-key: {problem}")).collect()),
        }
    }

    /// Adds a member; gives what of it somebody has already.
    pub(super) fn add(&mut self, member: Member) -> Vec<String> {
        let mut problems = Vec::new();
        let member = Arc::new(member);
        for key in &member.access_keys {
            if self.by_access_key.insert(key.id.clone(), member.clone()).is_some() {
                problems.push(format!("the access key {} is there twice", key.id));
            }
        }
        let arn = member.principal.arn.clone();
        let name = name_of(&member.principal);
        if self.by_arn.insert(arn.clone(), member).is_some() {
            problems.push(format!("{arn} is there twice"));
        } else if let Some(other) = self.by_name.insert(name, arn.clone()) {
            problems.push(format!(
                "{arn} has the name of {other}: names are unique in an account, whatever the path and the case"
            ));
        }
        problems
    }

    /// Adds a provider; gives what is wrong with that.
    pub(super) fn add_provider(&mut self, provider: Provider) -> Option<String> {
        let arn = provider.arn.clone();
        let before = self.providers.insert(arn.clone(), Arc::new(provider));
        before.map(|_| format!("{arn} is there twice"))
    }

    /// Says in which organization an account is; gives what is wrong with that.
    pub(super) fn add_organization(&mut self, account: &str, organization: String) -> Option<String> {
        let before = self.organizations.insert(account.into(), organization.clone())?;
        let differs = before != organization;
        differs.then(|| format!("the account {account} is in both {before} and {organization}"))
    }

    /// Whose access key this is.
    pub fn by_access_key(&self, id: &str) -> Option<(&Arc<Member>, &AccessKey)> {
        let member = self.by_access_key.get(id)?;
        let key = member.access_keys.iter().find(|key| key.id == id)?;
        Some((member, key))
    }

    /// The principal with this ARN.
    pub fn by_arn(&self, arn: &str) -> Option<&Arc<Member>> {
        self.by_arn.get(arn)
    }

    /// Who is behind a principal: itself, or the role of a session.
    pub fn behind(&self, principal: &Principal) -> Option<&Arc<Member>> {
        self.by_arn(principal.role.as_deref().unwrap_or(&principal.arn))
    }

    /// The identity provider with this ARN.
    pub fn provider(&self, arn: &str) -> Option<&Arc<Provider>> {
        self.providers.get(arn)
    }

    /// The organization of an account.
    pub fn organization_of(&self, account: &str) -> Option<&str> {
        self.organizations.get(account).map(String::as_str)
    }

    /// How a principal stands, apart from its session.
    pub fn standing_of(&self, principal: &Principal) -> Standing {
        let standing =
            self.behind(principal).map_or_else(Standing::default, |member| member.standing.clone());
        Standing { organization: self.organization_of(&principal.account).map(Into::into), ..standing }
    }

    /// Whether there is a principal with this ARN, as far as this knows. Of a session its role counts, which its ARN
    /// names without its path.
    pub fn existence(&self, arn: &str) -> Existence {
        let Some(principal) = Principal::from_arn(arn) else { return Existence::Missing };
        let is_listed = match principal.kind {
            PrincipalKind::Session => {
                let role = principal.role.as_deref().and_then(Principal::from_arn);
                role.is_some_and(|role| self.by_name.contains_key(&name_of(&role)))
            }
            // Every account has its root.
            PrincipalKind::Root => true,
            _ => self.by_arn.contains_key(arn),
        };
        let has_account = || {
            let mut names = self.by_name.keys();
            let own = account_of(&principal);
            names.any(|(account, kind, _)| *account == own && *kind != "root")
        };
        match is_listed {
            true => Existence::Listed,
            false if has_account() => Existence::Missing,
            false => Existence::Unknown,
        }
    }

    /// Whether a policy may name `arn`: it is listed, or its account is not.
    pub fn may_exist(&self, arn: &str) -> bool {
        self.existence(arn) != Existence::Missing
    }

    /// Whether it has any access key, so that signatures can be checked.
    pub fn has_access_keys(&self) -> bool {
        !self.by_access_key.is_empty()
    }

    /// The ARNs of all principals, then of all providers.
    pub fn arns(&self) -> (impl Iterator<Item = &str>, impl Iterator<Item = &str>) {
        (self.by_arn.keys().map(String::as_str), self.providers.keys().map(String::as_str))
    }

    /// The condition keys that its policies ask for and no call ever sets, each with who has the policy.
    pub fn keys_never_set(&self) -> Vec<(&str, &str)> {
        self.by_arn
            .iter()
            .flat_map(|(arn, member)| {
                let policies = member.policies.iter().chain(&member.trust);
                policies.flat_map(|policy| policy.keys_never_set()).map(move |key| (arn.as_str(), key))
            })
            .collect()
    }
}

/// The account, the kind and the name of a principal.
fn name_of(principal: &Principal) -> (String, &'static str, String) {
    let kind = match principal.kind {
        PrincipalKind::Root => "root",
        PrincipalKind::User => "user",
        _ => "role",
    };
    (account_of(principal), kind, principal.name().to_ascii_lowercase())
}

/// The account of a principal: the same number is another account in each partition.
fn account_of(principal: &Principal) -> String {
    format!("{}:{}", Partition::named_in(&principal.arn).unwrap_or("aws"), principal.account)
}
