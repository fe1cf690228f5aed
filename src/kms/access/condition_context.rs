//! What conditions can ask of a call, and the one place where what every call has is told.

use super::principal::{Principal, PrincipalKind, Standing};
use crate::kms::keys::Moment;
use core::net::IpAddr; // an address as a value; no socket
use std::collections::BTreeMap;

/// Condition keys and their values; the names of keys are caseless.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConditionContext {
    by_key: BTreeMap<String, Values>,
    /// The most values that a key has of which one is meant; 0 if there is no such key.
    choices: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Values {
    of: Vec<String>,
    /// Several of which one is meant, and nobody can say which.
    is_either: bool,
}

/// The values of a key, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given<'a> {
    /// The key has these values.
    All(&'a [String]),
    /// The key has one of these values: a Deny must fear any, an Allow must fit all.
    Either(&'a [String]),
}

/// How a call comes: what conditions can ask of any call, whichever service it is for.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// Who calls; `None` for a call that nobody signs.
    pub caller: Option<(&'a Principal, &'a Standing)>,
    /// The Region it is for.
    pub region: &'a str,
    /// Where it comes from.
    pub source_ip: IpAddr,
    /// What the client says it is.
    pub user_agent: &'a str,
    /// When, on the admin clock.
    pub now: Moment,
    /// The account of what the call is about, and its organization.
    pub resource: (&'a str, Option<&'a str>),
}

impl ConditionContext {
    /// What every call tells of itself: the same for KMS, for the lockout check and for STS.
    ///
    /// Always over TLS, as AWS has nothing else. Nobody signs in with a second factor here.
    ///
    /// Source: IAM User Guide, global condition context keys, and "Where you can use policy variables" for which kind
    /// of principal has which (from memory, checked against public examples).
    pub fn of(call: &Circumstances<'_>) -> ConditionContext {
        let mut context = ConditionContext::default();
        if let Some((principal, standing)) = call.caller {
            context.tell_caller(principal, standing, call.region);
        }
        let endpoint = call.caller.and_then(|(_, standing)| standing.source_vpce.as_deref());
        let source = call.source_ip.to_canonical().to_string();
        match endpoint {
            // AWS has no aws:SourceIp for a call that comes through an endpoint of a VPC.
            Some(endpoint) => {
                context.one("aws:SourceVpce", endpoint);
                context.one("aws:VpcSourceIp", &source);
            }
            None => context.one("aws:SourceIp", &source),
        }
        context.flag("aws:SecureTransport", true);
        context.one("aws:RequestedRegion", call.region);
        if !call.user_agent.is_empty() {
            context.one("aws:UserAgent", call.user_agent);
        }
        context.one("aws:CurrentTime", &iso(call.now));
        context.one("aws:EpochTime", &call.now.as_millis().div_euclid(1_000).to_string());
        context.one("aws:ResourceAccount", call.resource.0);
        if let Some(organization) = call.resource.1 {
            context.one("aws:ResourceOrgID", organization);
        }
        context
    }

    fn tell_caller(&mut self, principal: &Principal, standing: &Standing, region: &str) {
        self.one("aws:PrincipalArn", principal.role.as_deref().unwrap_or(&principal.arn));
        self.one("aws:userid", &principal.id);
        self.one("aws:PrincipalType", principal_type(principal));
        self.flag("aws:PrincipalIsAWSService", principal.kind == PrincipalKind::Service);
        if !principal.account.is_empty() {
            self.one("aws:PrincipalAccount", &principal.account);
        }
        if let Some(name) = principal.user_name() {
            self.one("aws:username", name);
        }
        if let Some(organization) = &standing.organization {
            self.one("aws:PrincipalOrgID", organization);
        }
        for (name, value) in &standing.tags {
            self.one(&format!("aws:PrincipalTag/{name}"), value);
        }
        if let Some(session) = &standing.session {
            self.one("aws:TokenIssueTime", &iso(session.issued));
            self.flag("aws:MultiFactorAuthPresent", false);
            if let Some(provider) = &session.provider {
                self.one("aws:FederatedProvider", provider);
            }
        }
        let via = &standing.called_via;
        self.flag("aws:ViaAWSService", !via.is_empty());
        if let (Some(first), Some(last)) = (via.first(), via.last()) {
            self.many("aws:CalledVia", via);
            self.one("aws:CalledViaFirst", first);
            self.one("aws:CalledViaLast", last);
            // The service that makes the call in the caller's name (assumed to be the last of the chain).
            let service = last.strip_suffix(".amazonaws.com").unwrap_or(last);
            self.one("kms:ViaService", &format!("{service}.{region}.amazonaws.com"));
        }
    }

    /// Sets a key with one value.
    pub fn one(&mut self, key: &str, value: &str) {
        self.put(key, vec![value.to_string()]);
    }

    /// Sets a key with several values.
    pub fn many<S: AsRef<str>>(&mut self, key: &str, values: impl IntoIterator<Item = S>) {
        self.put(key, values.into_iter().map(|value| value.as_ref().to_string()).collect());
    }

    /// Sets a key that is true or false.
    pub fn flag(&mut self, key: &str, value: bool) {
        self.one(key, if value { "true" } else { "false" });
    }

    /// Gives a key one more value of which nobody can say whether it is meant: that of a pair whose name differs from
    /// another's in case only.
    pub fn alternative(&mut self, key: &str, value: &str) {
        let values =
            self.by_key.entry(key.to_ascii_lowercase()).or_insert(Values { of: vec![], is_either: true });
        values.of.push(value.to_string());
        self.choices = self.choices.max(values.of.len());
    }

    fn put(&mut self, key: &str, of: Vec<String>) {
        self.by_key.insert(key.to_ascii_lowercase(), Values { of, is_either: false });
    }

    /// The values of a key, by its lower-case name.
    pub(super) fn given(&self, key: &str) -> Option<Given<'_>> {
        let values = self.by_key.get(key).filter(|values| !values.of.is_empty())?;
        Some(if values.is_either { Given::Either(&values.of) } else { Given::All(&values.of) })
    }

    /// How many ways there are to read the call: more than one if a key has several values of which one is meant.
    pub(super) const fn choices(&self) -> usize {
        self.choices
    }

    /// The only value of a key, for variables; where one of several is meant, that of a choice.
    pub(super) fn single(&self, key: &str, choice: usize) -> Option<&str> {
        match self.given(&key.to_ascii_lowercase())? {
            Given::All([one]) => Some(one),
            Given::All(_) => None,
            Given::Either(values) => values.get(choice.min(values.len() - 1)).map(String::as_str),
        }
    }
}

/// Source: IAM User Guide, principal key values (from memory).
const fn principal_type(principal: &Principal) -> &'static str {
    match principal.kind {
        PrincipalKind::Root => "Account",
        PrincipalKind::User => "User",
        PrincipalKind::Role | PrincipalKind::Session => "AssumedRole",
        PrincipalKind::Federated => "FederatedUser",
        PrincipalKind::Service => "Service",
    }
}

fn iso(at: Moment) -> String {
    let at = jiff::Timestamp::from_second(at.as_millis().div_euclid(1_000)).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Every condition key that some call sets, in lower case; one that ends with `/` or `:` begins such keys.
const SET: &[&str] = &[
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:currenttime",
    "aws:epochtime",
    "aws:federatedprovider",
    "aws:multifactorauthpresent",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalorgid",
    "aws:principaltag/",
    "aws:principaltype",
    "aws:requestedregion",
    "aws:requesttag/",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:resourcetag/",
    "aws:securetransport",
    "aws:sourceip",
    "aws:sourcevpce",
    "aws:tagkeys",
    "aws:tokenissuetime",
    "aws:useragent",
    "aws:userid",
    "aws:username",
    "aws:viaawsservice",
    "aws:vpcsourceip",
    "iam:resourcetag/",
    "kms:bypasspolicylockoutsafetycheck",
    "kms:calleraccount",
    "kms:customermasterkeyspec",
    "kms:customermasterkeyusage",
    "kms:datakeypairspec",
    "kms:encryptionalgorithm",
    "kms:encryptioncontext:",
    "kms:encryptioncontextkeys",
    "kms:expirationmodel",
    "kms:grantconstraintsourcearn",
    "kms:grantconstrainttype",
    "kms:granteeprincipal",
    "kms:granteeserviceprincipal",
    "kms:grantisforawsresource",
    "kms:grantoperations",
    "kms:keyagreementalgorithm",
    "kms:keyorigin",
    "kms:keyspec",
    "kms:keyusage",
    "kms:macalgorithm",
    "kms:messagetype",
    "kms:multiregion",
    "kms:multiregionkeytype",
    "kms:policyname",
    "kms:primaryregion",
    "kms:reencryptonsamekey",
    "kms:replicaregion",
    "kms:requestalias",
    "kms:resourcealiases",
    "kms:retiringprincipal",
    "kms:retiringserviceprincipal",
    "kms:rotationperiodindays",
    "kms:schedulekeydeletionpendingwindowindays",
    "kms:signingalgorithm",
    "kms:validto",
    "kms:viaservice",
    "kms:wrappingalgorithm",
    "kms:wrappingkeyspec",
    "sts:externalid",
    "sts:rolesessionname",
];

/// Whether some call sets this condition key, given in lower case. A key of an identity provider, as
/// `ci.example/jobs:sub`, is set where its tokens are.
pub(super) fn is_ever_set(key: &str) -> bool {
    let is_of_provider = |key: &str| {
        let claim = key.rsplit_once(':').filter(|(host, _)| host.contains('.'));
        claim.is_some_and(|(_, claim)| ["sub", "aud", "amr", "email"].contains(&claim))
    };
    let is = |set: &&str| match set.ends_with(['/', ':']) {
        true => key.len() > set.len() && key.starts_with(*set),
        false => *set == key,
    };
    SET.iter().any(is) || is_of_provider(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every text in the sources that begins with the name of a service and sets a key.
    fn told_by_the_sources() -> BTreeSet<String> {
        let mut told = BTreeSet::new();
        let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.ends_with("tests.rs") {
                    // Policies of tests ask for keys, and set none.
                } else if ["kms", "server", "emulator"]
                    .iter()
                    .any(|room| path.components().any(|c| c.as_os_str() == *room))
                {
                    let source = std::fs::read_to_string(&path).unwrap();
                    let code = source.split("#[cfg(test)]").next().unwrap();
                    for text in code.split('"').skip(1).step_by(2) {
                        let name = text.split('{').next().unwrap();
                        let key = name.to_ascii_lowercase();
                        let starts = ["aws:", "kms:", "sts:", "iam:"]
                            .iter()
                            .any(|s| key.len() > 4 && key.starts_with(s));
                        if starts && key != name && !key.contains("::") && !key.contains('*') {
                            told.insert(key);
                        }
                    }
                }
            }
        }
        told
    }

    #[test]
    fn the_list_of_keys_that_are_set_is_what_the_sources_set() {
        let told = told_by_the_sources();
        for key in SET.iter().filter(|key| !matches!(**key, "aws:userid" | "aws:username")) {
            assert!(told.contains(*key), "nothing sets {key}");
        }
        for key in told {
            let is_action = crate::api::Operation::ALL
                .iter()
                .map(|operation| operation.name())
                .chain([
                    "ReEncryptFrom",
                    "ReEncryptTo",
                    "AssumeRole",
                    "AssumeRoleWithWebIdentity",
                    "TagSession",
                ])
                .any(|name| key[4..].eq_ignore_ascii_case(name));
            assert!(is_action || SET.contains(&key.as_str()), "{key} is set and not listed");
        }
    }

    #[test]
    fn what_nothing_sets_is_told_apart() {
        for (key, is_set) in [
            ("aws:principaltag/team", true),
            ("aws:principaltag/", false),
            ("kms:encryptioncontext:tenant", true),
            ("ci.example/jobs:sub", true),
            ("aws:sourcevpc", false),
            ("aws:multifactorauthage", false),
            ("kms:keyspek", false),
            ("ci.example/jobs:mood", false),
        ] {
            assert_eq!(is_ever_set(key), is_set, "{key}");
        }
    }
}
