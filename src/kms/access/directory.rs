//! The principals file: who there is, with which access keys and identity policies.
//!
//! ```yaml
//! principals:
//!   - arn: arn:aws:iam::111122223333:user/ann
//!     accessKeys: [ { id: AKIAANNEXAMPLE000000, secret: … } ]
//!     policies:
//!       - { Version: "2012-10-17", Statement: [ { Effect: Allow, Action: "kms:Encrypt", Resource: "*" } ] }
//!   - arn: arn:aws:iam::111122223333:role/app
//!     trust: { Version: "2012-10-17", Statement: [ { Effect: Allow, Principal: { AWS: "111122223333" },
//!              Action: "sts:AssumeRole" } ] }
//!     policies: []
//! ```
//!
//! A policy is written as YAML or as JSON text. An account that the file does not mention may have any principal.

use super::policy::{Kind, Policy};
use super::principal::{Principal, PrincipalKind};
use crate::api::nearest;
use crate::kms::crypto::Secret;
use serde_json::{Map, Value};
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
}

/// Every principal that is known.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    by_arn: BTreeMap<String, Arc<Member>>,
    by_access_key: BTreeMap<String, Arc<Member>>,
}

impl Directory {
    /// Reads a principals file.
    ///
    /// # Errors
    /// Every problem, a sentence each with its path.
    pub fn parse(yaml: &str) -> Result<Directory, Vec<String>> {
        let file: Value = serde_yaml::from_str(yaml).map_err(|e| vec![e.to_string()])?;
        let mut problems = Vec::new();
        let mut directory = Directory::default();
        let Value::Object(file) = file else {
            return Err(vec!["the file must be a mapping with `principals`".into()]);
        };
        check_names(&file, "", &["principals"], &mut problems);
        match file.get("principals") {
            Some(Value::Array(all)) => {
                for (at, value) in all.iter().enumerate() {
                    if let Some(member) = member(value, &format!("principals[{at}]"), &mut problems) {
                        directory.add(member, &format!("principals[{at}]"), &mut problems);
                    }
                }
            }
            _ => problems.push("`principals` must be a list".into()),
        }
        if problems.is_empty() { Ok(directory) } else { Err(problems) }
    }

    /// Adds what another one has.
    ///
    /// # Errors
    /// A sentence for each ARN or access key that both have.
    pub fn merge(&mut self, other: Directory) -> Result<(), Vec<String>> {
        let mut problems = Vec::new();
        for member in other.by_arn.into_values() {
            self.add(Arc::unwrap_or_clone(member), "", &mut problems);
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Adds an access key of an account's root user.
    pub fn add_root_key(&mut self, account: &str, key: AccessKey) {
        let principal = Principal::root(account);
        let id = key.id.clone();
        let mut member = self.by_arn.get(&principal.arn).map_or_else(
            || Member {
                principal: principal.clone(),
                policies: [].into(),
                trust: None,
                access_keys: Vec::new(),
            },
            |member| Member::clone(member),
        );
        member.access_keys.push(key);
        let member = Arc::new(member);
        self.by_arn.insert(principal.arn, member.clone());
        self.by_access_key.insert(id, member);
    }

    fn add(&mut self, member: Member, place: &str, problems: &mut Vec<String>) {
        let member = Arc::new(member);
        for key in &member.access_keys {
            if self.by_access_key.insert(key.id.clone(), member.clone()).is_some() {
                problems.push(format!("{place}: the access key {} is there twice", key.id));
            }
        }
        if self.by_arn.insert(member.principal.arn.clone(), member.clone()).is_some() {
            problems.push(format!("{place}: {} is there twice", member.principal.arn));
        }
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

    /// Whether a policy may name `arn`: it is in the file, or its account is not.
    pub fn may_exist(&self, arn: &str) -> bool {
        let Some(principal) = Principal::from_arn(arn) else { return false };
        let is_known = |arn: &str| self.by_arn.contains_key(arn);
        is_known(arn)
            || principal.role.as_deref().is_some_and(is_known)
            || !self.by_arn.values().any(|member| {
                member.principal.account == principal.account && member.principal.kind != PrincipalKind::Root
            })
    }

    /// Whether it has any access key, so that signatures can be checked.
    pub fn has_access_keys(&self) -> bool {
        !self.by_access_key.is_empty()
    }
}

fn check_names(object: &Map<String, Value>, place: &str, names: &[&str], problems: &mut Vec<String>) {
    for name in object.keys().filter(|name| !names.contains(&name.as_str())) {
        let hint = nearest(name, names.iter().copied());
        let hint = hint
            .map_or_else(|| format!("known are {}", names.join(", ")), |n| format!("did you mean `{n}`?"));
        let at = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        problems.push(format!("{at}: unknown key; {hint}"));
    }
}

fn member(value: &Value, place: &str, problems: &mut Vec<String>) -> Option<Member> {
    let Value::Object(object) = value else {
        problems.push(format!("{place}: must be a mapping"));
        return None;
    };
    check_names(object, place, &["arn", "accessKeys", "policies", "trust"], problems);
    let Some(principal) = object.get("arn").and_then(Value::as_str).and_then(Principal::from_arn) else {
        problems.push(format!("{place}.arn: must be the ARN of a user, a role or an account's root"));
        return None;
    };
    let list = |name: &str, problems: &mut Vec<String>| match object.get(name) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(all)) => all.clone(),
        Some(_) => {
            problems.push(format!("{place}.{name}: must be a list"));
            Vec::new()
        }
    };
    let mut policies = Vec::new();
    for (at, value) in list("policies", problems).iter().enumerate() {
        policies.extend(policy(value, Kind::Identity, &format!("{place}.policies[{at}]"), problems));
    }
    let mut access_keys = Vec::new();
    for (at, value) in list("accessKeys", problems).iter().enumerate() {
        access_keys.extend(access_key(value, &format!("{place}.accessKeys[{at}]"), problems));
    }
    let trust =
        object.get("trust").and_then(|value| policy(value, Kind::Trust, &format!("{place}.trust"), problems));
    if trust.is_some() && principal.kind != PrincipalKind::Role {
        problems.push(format!("{place}.trust: only a role can be assumed"));
    }
    Some(Member { principal, policies: policies.into(), trust, access_keys })
}

fn policy(value: &Value, kind: Kind, place: &str, problems: &mut Vec<String>) -> Option<Policy> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Policy::parse(&text, kind).map_err(|e| problems.push(format!("{place}: {e}"))).ok()
}

fn access_key(value: &Value, place: &str, problems: &mut Vec<String>) -> Option<AccessKey> {
    let object = value.as_object().cloned().unwrap_or_default();
    check_names(&object, place, &["id", "secret"], problems);
    let text = |name: &str| object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    match (text("id"), text("secret")) {
        (Some(id), Some(secret)) => {
            Some(AccessKey { id: id.into(), secret: Secret::from(secret.as_bytes()) })
        }
        _ => {
            problems.push(format!("{place}: must have `id` and `secret`"));
            None
        }
    }
}
