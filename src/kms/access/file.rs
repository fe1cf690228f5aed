//! The principals file: who there is, with which access keys and policies.
//!
//! ```yaml
//! principals:
//!   - arn: arn:aws:iam::111122223333:user/ann
//!     accessKeys: [ { id: AKIAANNEXAMPLE000000, secret: … } ]
//!     policies:
//!       - { Version: "2012-10-17", Statement: [ { Effect: Allow, Action: "kms:Encrypt", Resource: "*" } ] }
//!     tags: { team: red }                             # aws:PrincipalTag/team
//!     sourceVpce: vpce-0123456789abcdef0              # aws:SourceVpce of its calls
//!     calledVia: [ cloudformation.amazonaws.com ]     # aws:CalledVia of its calls
//!   - arn: arn:aws:iam::111122223333:role/team/app
//!     maxSessionDuration: 43200                       # seconds; 3600 if it is left out
//!     trust: { Version: "2012-10-17", Statement: [ { Effect: Allow, Principal: { AWS: "111122223333" },
//!              Action: "sts:AssumeRole" } ] }
//! accounts:
//!   - { id: "111122223333", organization: o-exampleorg1 }
//! providers:
//!   - arn: arn:aws:iam::111122223333:oidc-provider/ci.example/jobs
//!     audiences: [ sts.amazonaws.com ]
//!     jwksFile: ci-keys.json                          # or `jwks:` with the set itself
//! ```
//!
//! A policy, and a key set, is written as YAML or as JSON text.

use super::directory::{AccessKey, Directory, Member, Provider};
use super::policy::{Kind, Policy};
use super::principal::{Principal, PrincipalKind, Standing, is_account};
use super::web_identity::KeySet;
use crate::api::nearest;
use crate::kms::crypto::Secret;
use crate::time::Span;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Seconds of the longest session of a role, and what it is if the file does not say.
///
/// Source: IAM API reference, CreateRole, MaxSessionDuration (from memory).
const SESSIONS: RangeInclusive<u64> = 3_600..=43_200;
const SESSION: u64 = 3_600;

/// What gives the text of a file that the principals file names.
pub type Files<'a> = &'a mut dyn FnMut(&str) -> Result<String, String>;

/// A place in the file, and where its problems go.
struct Reader<'a> {
    problems: Vec<String>,
    files: Files<'a>,
}

impl Directory {
    /// Reads a principals file that names no other file.
    ///
    /// # Errors
    /// Every problem, a sentence each with its path.
    pub fn parse(yaml: &str) -> Result<Directory, Vec<String>> {
        Directory::read(yaml, &mut |_| Err("no file can be named here: give the keys as `jwks`".into()))
    }

    /// Reads a principals file; `files` gives the text of files that it names.
    ///
    /// # Errors
    /// Every problem, a sentence each with its path.
    pub fn read(yaml: &str, files: Files<'_>) -> Result<Directory, Vec<String>> {
        let file: Value = serde_yaml::from_str(yaml).map_err(|e| vec![e.to_string()])?;
        let Value::Object(file) = file else {
            return Err(vec!["the file must be a mapping with `principals`".into()]);
        };
        let mut reader = Reader { problems: Vec::new(), files };
        let mut directory = Directory::default();
        reader.known(&file, "", &["principals", "accounts", "providers"]);
        if file.is_empty() {
            reader.problems.push("`principals` must be a list".into());
        }
        for (at, value) in reader.list(&file, "", "principals").iter().enumerate() {
            let place = format!("principals[{at}]");
            if let Some(member) = reader.member(value, &place) {
                directory.add(member, &place, &mut reader.problems);
            }
        }
        for (at, value) in reader.list(&file, "", "accounts").iter().enumerate() {
            if let Some((id, organization)) = reader.account(value, &format!("accounts[{at}]")) {
                directory.add_organization(&id, organization, &mut reader.problems);
            }
        }
        for (at, value) in reader.list(&file, "", "providers").iter().enumerate() {
            let place = format!("providers[{at}]");
            if let Some(provider) = reader.provider(value, &place) {
                directory.add_provider(provider, &place, &mut reader.problems);
            }
        }
        if reader.problems.is_empty() { Ok(directory) } else { Err(reader.problems) }
    }
}

impl Reader<'_> {
    fn known(&mut self, object: &Map<String, Value>, place: &str, names: &[&str]) {
        for name in object.keys().filter(|name| !names.contains(&name.as_str())) {
            let hint = nearest(name, names.iter().copied());
            let hint = hint.map_or_else(
                || format!("known are {}", names.join(", ")),
                |n| format!("did you mean `{n}`?"),
            );
            self.problems.push(format!("{}: unknown key; {hint}", under(place, name)));
        }
    }

    fn wrong<T>(&mut self, place: &str, what: impl std::fmt::Display) -> Option<T> {
        self.problems.push(format!("{place}: {what}"));
        None
    }

    fn object<'v>(&mut self, value: &'v Value, place: &str) -> Option<&'v Map<String, Value>> {
        value.as_object().or_else(|| self.wrong(place, "must be a mapping"))
    }

    fn list(&mut self, object: &Map<String, Value>, place: &str, name: &str) -> Vec<Value> {
        match object.get(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(all)) => all.clone(),
            Some(_) => self.wrong(&under(place, name), "must be a list").unwrap_or_default(),
        }
    }

    /// A text that is there and not empty, if the key is there.
    fn text(&mut self, object: &Map<String, Value>, place: &str, name: &str) -> Option<String> {
        match object.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(_) => self.wrong(&under(place, name), "must be a text"),
        }
    }

    fn texts(&mut self, object: &Map<String, Value>, place: &str, name: &str) -> Vec<String> {
        let all = self.list(object, place, name);
        let texts: Option<Vec<String>> = all.iter().map(|each| each.as_str().map(Into::into)).collect();
        texts.unwrap_or_else(|| self.wrong(&under(place, name), "must hold texts").unwrap_or_default())
    }

    fn member(&mut self, value: &Value, place: &str) -> Option<Member> {
        let object = self.object(value, place)?;
        let names = [
            "arn",
            "accessKeys",
            "policies",
            "trust",
            "tags",
            "sourceVpce",
            "calledVia",
            "maxSessionDuration",
        ];
        self.known(object, place, &names);
        let principal = object.get("arn").and_then(Value::as_str).and_then(Principal::from_arn);
        let can_be = |principal: &Principal| principal.kind != PrincipalKind::Session;
        let Some(principal) = principal.filter(can_be) else {
            return self
                .wrong(&under(place, "arn"), "must be the ARN of a user, a role or an account's root");
        };
        let mut policies = Vec::new();
        for (at, value) in self.list(object, place, "policies").iter().enumerate() {
            policies.extend(self.policy(value, Kind::Identity, &format!("{place}.policies[{at}]")));
        }
        let mut access_keys = Vec::new();
        for (at, value) in self.list(object, place, "accessKeys").iter().enumerate() {
            access_keys.extend(self.access_key(value, &format!("{place}.accessKeys[{at}]")));
        }
        if !access_keys.is_empty() && principal.kind == PrincipalKind::Role {
            self.problems.push(format!("{place}.accessKeys: a role has none, it is assumed"));
        }
        let trust = object.get("trust");
        let trust = trust.and_then(|value| self.policy(value, Kind::Trust, &under(place, "trust")));
        for name in ["trust", "maxSessionDuration"] {
            if object.contains_key(name) && principal.kind != PrincipalKind::Role {
                self.problems.push(format!("{place}.{name}: only a role can be assumed"));
            }
        }
        let standing = Standing {
            tags: self.tags(object, place),
            source_vpce: self.text(object, place, "sourceVpce"),
            called_via: self.texts(object, place, "calledVia"),
            ..Standing::default()
        };
        let max_session = self.max_session(object, place);
        Some(Member { principal, policies: policies.into(), trust, access_keys, standing, max_session })
    }

    fn max_session(&mut self, object: &Map<String, Value>, place: &str) -> Span {
        let given = object.get("maxSessionDuration").map(|value| value.as_u64().unwrap_or(0));
        let seconds = given.unwrap_or(SESSION);
        if !SESSIONS.contains(&seconds) {
            let (least, most) = (SESSIONS.start(), SESSIONS.end());
            let what = format!("must be {least} to {most} seconds");
            self.problems.push(format!("{}: {what}", under(place, "maxSessionDuration")));
        }
        Span::from_secs(seconds)
    }

    fn tags(&mut self, object: &Map<String, Value>, place: &str) -> BTreeMap<String, String> {
        let place = under(place, "tags");
        let mut tags = BTreeMap::new();
        let Some(given) = object.get("tags").filter(|value| !value.is_null()) else { return tags };
        let Some(given) = self.object(given, &place) else { return tags };
        for (name, value) in given {
            match value.as_str() {
                Some(value) => drop(tags.insert(name.clone(), value.into())),
                None => drop::<Option<()>>(self.wrong(&format!("{place}.{name}"), "must be a text")),
            }
        }
        tags
    }

    fn policy(&mut self, value: &Value, kind: Kind, place: &str) -> Option<Policy> {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Policy::parse(&text, kind).map_err(|e| self.wrong::<()>(place, e)).ok()
    }

    fn access_key(&mut self, value: &Value, place: &str) -> Option<AccessKey> {
        let object = self.object(value, place)?;
        self.known(object, place, &["id", "secret"]);
        match (self.text(object, place, "id"), self.text(object, place, "secret")) {
            (Some(id), Some(secret)) => Some(AccessKey { id, secret: Secret::from(secret.as_bytes()) }),
            _ => self.wrong(place, "must have `id` and `secret`"),
        }
    }

    fn account(&mut self, value: &Value, place: &str) -> Option<(String, String)> {
        let object = self.object(value, place)?;
        self.known(object, place, &["id", "organization"]);
        let id = object.get("id").map(|id| id.as_str().map_or_else(|| id.to_string(), Into::into));
        let organization = self.text(object, place, "organization");
        match (id.filter(|id| is_account(id)), organization) {
            (Some(id), Some(organization)) if organization.starts_with("o-") => Some((id, organization)),
            _ => self.wrong(place, "must have an `id` of twelve digits in quotes and an `organization`, o-…"),
        }
    }

    fn provider(&mut self, value: &Value, place: &str) -> Option<Provider> {
        let object = self.object(value, place)?;
        self.known(object, place, &["arn", "audiences", "jwks", "jwksFile"]);
        let arn = self.text(object, place, "arn").unwrap_or_default();
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let named = match parts[..] {
            ["arn", _, "iam", "", account, name] if is_account(account) => {
                name.strip_prefix("oidc-provider/").filter(|issuer| !issuer.is_empty()).map(|i| (account, i))
            }
            _ => None,
        };
        let audiences = self.texts(object, place, "audiences");
        if audiences.is_empty() {
            self.problems
                .push(format!("{place}.audiences: must name whom its tokens are for, as sts.amazonaws.com"));
        }
        let keys = self.keys(object, place)?;
        let Some((account, issuer)) = named else {
            let what =
                "must be the ARN of an OpenID Connect provider, arn:aws:iam::ACCOUNT:oidc-provider/HOST";
            return self.wrong(&under(place, "arn"), what);
        };
        Some(Provider { account: account.into(), issuer: issuer.into(), arn: arn.clone(), audiences, keys })
    }

    fn keys(&mut self, object: &Map<String, Value>, place: &str) -> Option<KeySet> {
        let (at, text) = match (object.get("jwks"), self.text(object, place, "jwksFile")) {
            (Some(Value::String(text)), None) => (under(place, "jwks"), text.clone()),
            (Some(set), None) => (under(place, "jwks"), set.to_string()),
            (None, Some(path)) => {
                let at = under(place, "jwksFile");
                match (self.files)(&path) {
                    Ok(text) => (at, text),
                    Err(why) => return self.wrong(&at, format!("{path}: {why}")),
                }
            }
            _ => return self.wrong(place, "must have its keys: either `jwks` or `jwksFile`"),
        };
        KeySet::parse(&text).map_err(|e| self.wrong::<()>(&at, e)).ok()
    }
}

fn under(place: &str, name: &str) -> String {
    if place.is_empty() { name.into() } else { format!("{place}.{name}") }
}
