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
use crate::kms::crypto::Secret;
use crate::language::tree::{self, Document};
use crate::language::{
    ACCOUNT, At, FREE_NAMES, Fields, Form as _, Given, Item, Problem, Problems, Reader, Shape, TEXT, Table,
    by_name, hidden, key, list, located, names_to, record, whole,
};
use crate::time::Span;

/// Seconds of the longest session of a role, and what it is if the file does not say.
///
/// Source: IAM API reference, CreateRole, MaxSessionDuration (from memory).
const SESSIONS: (u64, u64) = (3_600, 43_200);
const SESSION: u64 = 3_600;

/// The largest policy or key set, in bytes; what it may be besides is for its own reader to say.
const MAX_DOCUMENT: usize = 1 << 20;

/// What gives the text of a file that the principals file names.
pub type Files<'a> = &'a mut dyn FnMut(&str) -> Result<String, String>;

record! {
    /// The file.
    pub struct PrincipalsFile as "principals" {
        /// Users, roles and root users.
        pub principals: Option<Vec<At<Listed>>> =
            key("principals", "Who there is: users, roles and root users.", list(located(record()))).optional(),
        /// Accounts of organizations.
        pub accounts: Option<Vec<At<Account>>> =
            key("accounts", "Accounts that are in an organization.", list(located(record()))).optional(),
        /// OpenID Connect providers.
        pub providers: Option<Vec<At<Listing>>> =
            key("providers", "OpenID Connect providers.", list(located(record()))).optional(),
    }
    then says_something;
}

record! {
    /// A principal.
    pub struct Listed as "principal" {
        /// Who.
        pub arn: Principal = key("arn", "The ARN of a user, a role or an account's root.", ARN).needed(),
        /// What signs; a role has none.
        pub access_keys: Option<Vec<AccessKeyPair>> =
            key("accessKeys", "What it signs with (nothing).", hidden(list(record()))).optional(),
        /// What it may do.
        pub policies: Option<Vec<Policy>> = key("policies", "Its identity policies (none).", list(IDENTITY)).optional(),
        /// Who may assume it.
        pub trust: Option<Policy> = key("trust", "Who may assume it, of a role (nobody).", TRUST).optional(),
        /// `aws:PrincipalTag` of its calls.
        pub tags: Option<std::collections::BTreeMap<String, String>> =
            key("tags", "What aws:PrincipalTag is of its calls (none).", by_name(&TAGS, TAG)).optional(),
        /// `aws:SourceVpce` of its calls.
        pub source_vpce: Option<String> = key("sourceVpce", "What aws:SourceVpce is of its calls (none).", TEXT).optional(),
        /// `aws:CalledVia` of its calls.
        pub called_via: Option<Vec<String>> =
            key("calledVia", "What aws:CalledVia is of its calls (nothing).", list(TEXT)).optional(),
        /// In seconds.
        pub max_session_duration: Option<u64> = key(
            "maxSessionDuration",
            "Seconds of the longest session of a role (3600).",
            whole(SESSIONS.0, SESSIONS.1),
        )
        .optional(),
    }
    then fits_kind;
}

record! {
    /// An access key.
    pub struct AccessKeyPair as "accessKey" {
        /// `AKIA…`.
        pub id: String = key("id", "The access key's id.", TEXT).needed(),
        /// What signs.
        pub secret: Secret = key("secret", "The secret access key.", SECRET).needed(),
    }
}

record! {
    /// An account of an organization.
    pub struct Account as "account" {
        /// Twelve digits.
        pub id: String = key("id", "The account's id.", ACCOUNT).needed(),
        /// Its organization.
        pub organization: String = key("organization", "The organization's id, o-….", ORGANIZATION).needed(),
    }
}

record! {
    /// An OpenID Connect provider.
    pub struct Listing as "provider" {
        /// Its ARN, with the account and the issuer that it names.
        pub arn: ProviderArn = key("arn", "arn:aws:iam::ACCOUNT:oidc-provider/HOST.", PROVIDER).needed(),
        /// Whom its tokens are for.
        pub audiences: Vec<String> =
            key("audiences", "Whom its tokens are for, such as sts.amazonaws.com.", list(TEXT).checked(some)).needed(),
        /// The key set.
        pub jwks: Option<At<String>> = key("jwks", "The keys that sign its tokens.", located(KEYS)).optional(),
        /// The file with the key set.
        pub jwks_file: Option<At<String>> =
            key("jwksFile", "The file with the keys, beside this one.", located(TEXT)).optional(),
    }
    then has_keys;
}

/// The ARN of a provider, the account and the issuer in it.
#[derive(Debug)]
pub struct ProviderArn {
    arn: String,
    account: String,
    issuer: String,
}

static TAGS: Table = names_to("principalTags", FREE_NAMES, &Shape::Text);

/// Any text of YAML or JSON that is a document by itself.
const DOCUMENT: Shape = Shape::Anything;

const ARN: Given<Principal> = Given {
    shape: Shape::Text,
    read: |r, item| {
        let principal = Principal::from_arn(&r.string(item)?);
        let principal = principal.filter(|principal| principal.kind != PrincipalKind::Session);
        if principal.is_none() {
            r.wrong(item, "this is nobody's ARN", "the ARN of a user, a role or an account's root");
        }
        principal
    },
};

const SECRET: Given<Secret> =
    Given { shape: Shape::Text, read: |r, item| r.string(item).map(|text| Secret::from(text.as_bytes())) };

const IDENTITY: Given<Policy> = Given { shape: DOCUMENT, read: |r, item| policy(r, item, Kind::Identity) };
const TRUST: Given<Policy> = Given { shape: DOCUMENT, read: |r, item| policy(r, item, Kind::Trust) };

/// The value of a tag, which may be nothing.
const TAG: Given<String> = Given { shape: Shape::Text, read: |r, item| r.string_of(item, 0, 1024) };

const ORGANIZATION: Given<String> = Given {
    shape: Shape::Text,
    read: |r, item| {
        let id = r.string(item).filter(|id| id.starts_with("o-"));
        if id.is_none() && !r.is_told(item) {
            r.wrong(item, "this is no organization's id", "o-…");
        }
        id
    },
};

const PROVIDER: Given<ProviderArn> = Given {
    shape: Shape::Text,
    read: |r, item| {
        let arn = r.string(item)?;
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let named = match parts[..] {
            ["arn", _, "iam", "", account, name] if is_account(account) => {
                name.strip_prefix("oidc-provider/").filter(|issuer| !issuer.is_empty()).map(|i| (account, i))
            }
            _ => None,
        };
        let named = named.map(|(account, issuer)| (account.to_owned(), issuer.to_owned()));
        if named.is_none() {
            let allowed = "arn:aws:iam::ACCOUNT:oidc-provider/HOST";
            r.wrong(item, "this is not the ARN of an OpenID Connect provider", allowed);
        }
        named.map(|(account, issuer)| ProviderArn { arn, account, issuer })
    },
};

const KEYS: Given<String> = Given { shape: DOCUMENT, read: document };

/// A list with something in it.
fn some(r: &mut Reader, item: &Item, all: Vec<String>) -> Option<Vec<String>> {
    if all.is_empty() && !r.is_told_within(item) {
        r.wrong(item, "this is for nobody", "at least one, such as sts.amazonaws.com");
    }
    Some(all)
}

/// A document of another language: its own text, or the JSON of what stands here.
pub(crate) fn document(r: &mut Reader, item: &Item) -> Option<String> {
    if item.node.is_text() {
        return r.string_of(item, 1, MAX_DOCUMENT);
    }
    r.json(item).map(|value| value.to_string())
}

/// A policy.
pub(crate) fn policy(r: &mut Reader, item: &Item, kind: Kind) -> Option<Policy> {
    let text = document(r, item)?;
    Policy::parse(&text, kind).map_err(|problem| r.says(item, problem.to_string())).ok()
}

fn says_something(r: &mut Reader, fields: &Fields<'_>, file: &mut PrincipalsFile) {
    if file.principals.is_none() && file.accounts.is_none() && file.providers.is_none() && r.is_clean(0) {
        r.missing(fields, "principals");
    }
}

/// What a role alone has, and what a role has not.
fn fits_kind(r: &mut Reader, fields: &Fields<'_>, listed: &mut Listed) {
    let is_role = listed.arn.kind == PrincipalKind::Role;
    for (name, of_roles) in [("accessKeys", false), ("trust", true), ("maxSessionDuration", true)] {
        let Some(item) = fields.get(name).filter(|_| is_role != of_roles) else { continue };
        match name {
            "accessKeys" if listed.access_keys.as_ref().is_none_or(Vec::is_empty) => {}
            "accessKeys" => r.says(&item, "a role has none, it is assumed"),
            _ => r.says(&item, "only a role can be assumed"),
        }
    }
}

fn has_keys(r: &mut Reader, fields: &Fields<'_>, listing: &mut Listing) {
    if listing.jwks.is_some() == listing.jwks_file.is_some() && !r.is_told_within(&fields.item) {
        r.says(&fields.item, "must have its keys: either `jwks` or `jwksFile`");
    }
}

impl Directory {
    /// Reads a principals file that names no other file.
    ///
    /// # Errors
    /// Every problem, with its path and line.
    pub fn parse(yaml: &str) -> Result<Directory, Problems> {
        let mut none = |_: &str| Err("no file can be named here: give the keys as `jwks`".into());
        Directory::read(yaml, "principals", &mut none)
    }

    /// Reads a principals file, which messages call `name`; `files` gives the text of files that it names.
    ///
    /// # Errors
    /// Every problem, with its path and line.
    pub fn read(yaml: &str, name: &str, files: Files<'_>) -> Result<Directory, Problems> {
        let fail = |list: Vec<Problem>| Problems::new(name, list, &[]);
        let root = tree::document(yaml, 0, Document::INVENTORY).map_err(|problem| fail(vec![*problem]))?;
        let mut r = Reader::skipping_nothing();
        let read: Option<PrincipalsFile> = r.record(&Item { node: &root, path: String::new() });
        let mut directory = Directory::default();
        if let Some(PrincipalsFile { principals, accounts, providers }) = read {
            for At { value, location, path } in principals.unwrap_or_default() {
                let told = directory.add(member(value));
                r.problems.extend(told.into_iter().map(|what| Problem::new(location, &path, what)));
            }
            for At { value: Account { id, organization }, location, path } in accounts.unwrap_or_default() {
                let told = directory.add_organization(&id, organization);
                r.problems.extend(told.map(|what| Problem::new(location, &path, what)));
            }
            for At { value, location, path } in providers.unwrap_or_default() {
                let Some(provider) = provider(&mut r, value, files) else { continue };
                let told = directory.add_provider(provider);
                r.problems.extend(told.map(|what| Problem::new(location, &path, what)));
            }
        }
        if r.problems.is_empty() { Ok(directory) } else { Err(fail(r.problems)) }
    }
}

fn member(listed: Listed) -> Member {
    let pair = |AccessKeyPair { id, secret }| AccessKey { id, secret };
    Member {
        principal: listed.arn,
        policies: listed.policies.unwrap_or_default().into(),
        trust: listed.trust,
        access_keys: listed.access_keys.unwrap_or_default().into_iter().map(pair).collect(),
        standing: Standing {
            tags: listed.tags.unwrap_or_default(),
            source_vpce: listed.source_vpce,
            called_via: listed.called_via.unwrap_or_default(),
            ..Standing::default()
        },
        max_session: Span::from_secs(listed.max_session_duration.unwrap_or(SESSION)),
    }
}

/// The provider with its keys, wherever they are.
fn provider(r: &mut Reader, listing: Listing, files: Files<'_>) -> Option<Provider> {
    let set = match (listing.jwks, listing.jwks_file) {
        (Some(set), None) => set,
        (None, Some(named)) => match files(&named.value) {
            Ok(value) => At { value, ..named },
            Err(why) => {
                r.problems.push(named.problem(format!("{}: {why}", named.value)));
                return None;
            }
        },
        _ => return None,
    };
    let keys = KeySet::parse(&set.value).map_err(|why| r.problems.push(set.problem(why.to_string()))).ok()?;
    let ProviderArn { arn, account, issuer } = listing.arn;
    Some(Provider { arn, account, issuer, audiences: listing.audiences, keys })
}
