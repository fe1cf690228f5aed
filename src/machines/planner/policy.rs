//! The least that a run needs from IAM, as an identity policy.
//!
//! Sources (read 2026-11-24): IAM's Service Authorization Reference for KMS, STS, CloudWatch and Service Quotas; KMS
//! Developer Guide, condition keys kms:ResourceAliases, aws:ResourceTag and aws:RequestTag.

use super::partition::Partition;
use crate::api::{JobKind, Operation};
use crate::scenario::Scenario;
use crate::workload::Workload;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The tag of keys that were made for a run.
pub const TAG: &str = "keystorm";

/// The identity policy for running `scenario` from `account`; `provisions` if keys are made.
///
/// Keys by id or ARN are named as resources, keys by alias through `kms:ResourceAliases`, keys that are made through
/// their tag. KMS takes up to five minutes to see a new tag or alias in a policy, so that a first run that makes keys
/// may be refused; a key policy that names the caller helps.
pub fn identity_policy(scenario: &Scenario, account: &str, provisions: bool) -> Value {
    let scope =
        AccountScope { partition: Partition::of(&scenario.region).id, region: &scenario.region, account };
    let mut statements = Vec::new();
    let mut by_keys: BTreeMap<Keys, BTreeSet<String>> = BTreeMap::new();
    for workload in &scenario.workloads {
        for (keys, actions) in scope.uses(workload) {
            by_keys.entry(keys).or_default().extend(actions);
        }
    }
    for (keys, actions) in by_keys {
        statements.extend(scope.statement(&keys, &actions, provisions));
    }
    if provisions {
        statements.extend(scope.provisioning());
    }
    let mut looks =
        vec!["cloudwatch:GetMetricData", "servicequotas:ListServiceQuotas", "sts:GetCallerIdentity"];
    if scenario.live.caps.stop_on.is_some() {
        looks.insert(0, "cloudwatch:DescribeAlarms");
    }
    statements.push(json!({
        "Sid": "LookBeforeTheRun",
        "Effect": "Allow",
        "Action": looks,
        "Resource": "*",
    }));
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The policy of a key that is made for a run: it admits `caller`, an ARN as STS tells it, and nobody else; not even the
/// account's root user, through whom identity policies of the account would count, unless that is who calls.
///
/// A session's ARN leaves out the path of its role, which the roles of IAM Identity Center have. So a role is told by its
/// name, with any path: names of roles are unique in an account (IAM User Guide, IAM and AWS STS quotas). The caller may
/// change this policy later, as KMS demands of every key policy (CreateKey, BypassPolicyLockoutSafetyCheck; KMS API
/// Reference; both read 2026-11-29).
pub fn key_policy(caller: &str) -> String {
    let parts: Vec<&str> = caller.splitn(6, ':').collect();
    let (principal, condition) = match parts.as_slice() {
        ["arn", partition, "sts", _, account, resource] => {
            let name = resource.strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next());
            let arns = match name {
                Some(name) => vec![
                    format!("arn:{partition}:iam::{account}:role/{name}"),
                    format!("arn:{partition}:iam::{account}:role/*/{name}"),
                ],
                None => vec![caller.to_owned()],
            };
            let condition = json!({
                "ArnLike": { "aws:PrincipalArn": arns },
                "StringEquals": { "kms:CallerAccount": account },
            });
            ("*", Some(condition))
        }
        _ => (caller, None),
    };
    let mut statement = json!({
        "Sid": "WhoeverMadeIt",
        "Effect": "Allow",
        "Principal": { "AWS": principal },
        "Action": "kms:*",
        "Resource": "*",
    });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// Which keys a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Keys {
    /// None: the operation takes no key.
    None,
    /// By ARN.
    Arns(Vec<String>),
    /// By alias.
    Aliases(Vec<String>),
    /// Those that are made.
    Made,
}

/// Where keys are.
struct AccountScope<'a> {
    partition: &'static str,
    region: &'a str,
    account: &'a str,
}

impl AccountScope<'_> {
    fn arn(&self, resource: &str) -> String {
        format!("arn:{}:kms:{}:{}:{resource}", self.partition, self.region, self.account)
    }

    /// What a workload does, by the keys it does it with.
    fn uses(&self, workload: &Workload) -> Vec<(Keys, BTreeSet<String>)> {
        let operations: BTreeSet<Operation> = workload.kinds().into_iter().map(JobKind::operation).collect();
        let (mut uses, mut actions, mut keyless) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for operation in operations {
            let Some(call) = operation.live() else { continue };
            let own = if call.takes_key() { &mut actions } else { &mut keyless };
            own.extend(operation.actions());
            own.extend(call.needs.into_iter().flat_map(Operation::actions));
        }
        if !keyless.is_empty() {
            uses.push((Keys::None, keyless));
        }
        if actions.is_empty() {
            return uses;
        }
        // Which type a key has is looked at before the run.
        actions.insert("kms:DescribeKey".to_owned());
        let is_alias = |id: &&String| id.contains(":alias/") || id.starts_with("alias/");
        let ids = &workload.keys.ids;
        let aliases: Vec<String> = ids.iter().filter(is_alias).map(|id| alias_name(id)).collect();
        let arns: Vec<String> = ids.iter().filter(|id| !is_alias(id)).map(|id| self.key_arn(id)).collect();
        if ids.is_empty() {
            actions.remove("kms:DescribeKey");
            uses.push((Keys::Made, actions));
            return uses;
        }
        uses.extend((!arns.is_empty()).then(|| (Keys::Arns(arns), actions.clone())));
        uses.extend((!aliases.is_empty()).then_some((Keys::Aliases(aliases), actions)));
        uses
    }

    fn key_arn(&self, id: &str) -> String {
        if id.starts_with("arn:") { id.to_owned() } else { self.arn(&format!("key/{id}")) }
    }

    /// The statement that lets these keys be used so; none for keys that are not made after all.
    fn statement(&self, keys: &Keys, actions: &BTreeSet<String>, provisions: bool) -> Option<Value> {
        let every = self.arn("key/*");
        let mut statement = json!({ "Effect": "Allow", "Action": actions });
        let (resource, condition) = match keys {
            Keys::None => (json!("*"), None),
            Keys::Arns(arns) => (json!(arns), None),
            Keys::Aliases(names) => {
                (json!(every), Some(json!({ "ForAnyValue:StringEquals": { "kms:ResourceAliases": names } })))
            }
            Keys::Made if !provisions => return None,
            Keys::Made => (json!(every), Some(is_tagged())),
        };
        statement["Resource"] = resource;
        if let Some(condition) = condition {
            statement["Condition"] = condition;
        }
        Some(statement)
    }

    /// Making keys, giving them up, and finding what a kill left behind.
    fn provisioning(&self) -> [Value; 3] {
        let every = self.arn("key/*");
        let tag = format!("aws:RequestTag/{TAG}");
        [
            json!({
                "Sid": "MakeKeys",
                "Effect": "Allow",
                "Action": ["kms:CreateKey", "kms:TagResource"],
                "Resource": "*",
                "Condition": { "Null": { tag: "false" } },
            }),
            json!({
                "Sid": "GiveThemUp",
                "Effect": "Allow",
                "Action": ["kms:DescribeKey", "kms:ScheduleKeyDeletion"],
                "Resource": every,
                "Condition": is_tagged(),
            }),
            json!({
                "Sid": "FindWhatWasLeft",
                "Effect": "Allow",
                "Action": ["kms:ListKeys", "kms:ListResourceTags"],
                "Resource": "*",
            }),
        ]
    }
}

/// The condition that a key was made for a run.
fn is_tagged() -> Value {
    let tag = format!("aws:ResourceTag/{TAG}");
    json!({ "Null": { tag: "false" } })
}

/// `alias/name`, from that or from its ARN.
fn alias_name(id: &str) -> String {
    id.find("alias/").map_or(id, |at| &id[at..]).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Options, Scenario};

    fn scenario(keys: &str, jobs: &str) -> Scenario {
        let text = format!(
            "version: 1\ntarget: emulator\nregion: eu-west-1\nworkloads:\n  w: {{ executor: constant-arrival-rate, \
             rate: 1/s, duration: 1s, jobs: {jobs}, keys: {keys} }}\nstrategies: {{ s: {{ retry: {{ mode: none }} }} }}\n"
        );
        Scenario::parse(&text, &Options::default()).unwrap_or_else(|problems| panic!("{problems}")).scenario
    }

    /// Actions, resource and condition of each statement.
    fn told(policy: &Value) -> Vec<(String, String, String)> {
        let statements = policy["Statement"].as_array().unwrap();
        let text = |value: &Value| if value.is_null() { String::new() } else { value.to_string() };
        statements
            .iter()
            .map(|one| (text(&one["Action"]), text(&one["Resource"]), text(&one["Condition"])))
            .collect()
    }

    #[test]
    fn named_keys_are_resources_and_aliases_a_condition() {
        let scenario = scenario("{ ids: [abc, 'arn:aws:kms:eu-west-1:1:key/d', alias/e] }", "{ Decrypt: 1 }");
        let told = told(&identity_policy(&scenario, "111122223333", false));
        let actions = r#"["kms:Decrypt","kms:DescribeKey","kms:Encrypt"]"#;
        let arns = r#"["arn:aws:kms:eu-west-1:111122223333:key/abc","arn:aws:kms:eu-west-1:1:key/d"]"#;
        assert_eq!(told[0], (actions.into(), arns.into(), String::new()));
        let condition = r#"{"ForAnyValue:StringEquals":{"kms:ResourceAliases":["alias/e"]}}"#;
        let every = r#""arn:aws:kms:eu-west-1:111122223333:key/*""#;
        assert_eq!(told[1], (actions.into(), every.into(), condition.into()));
        assert_eq!(told.len(), 3);
        assert!(told[2].0.contains("cloudwatch:GetMetricData"));
    }

    #[test]
    fn an_alarm_is_looked_at_only_where_one_is_named() {
        let mut scenario = scenario("{ ids: [abc] }", "{ Encrypt: 1 }");
        assert!(!identity_policy(&scenario, "1", false).to_string().contains("DescribeAlarms"));
        scenario.live.caps.stop_on = Some("sick".into());
        assert!(identity_policy(&scenario, "1", false).to_string().contains("cloudwatch:DescribeAlarms"));
    }

    #[test]
    fn a_key_admits_whoever_made_it_and_nobody_else() {
        let policy =
            |caller: &str| serde_json::from_str::<Value>(&key_policy(caller)).unwrap()["Statement"].clone();
        let user = policy("arn:aws:iam::111122223333:user/team/ann");
        assert_eq!(user[0]["Principal"]["AWS"], "arn:aws:iam::111122223333:user/team/ann");
        assert!(user[0]["Condition"].is_null() && user.as_array().unwrap().len() == 1);
        let session = policy("arn:aws-cn:sts::111122223333:assumed-role/app/nightly");
        assert_eq!(session[0]["Principal"]["AWS"], "*");
        let condition = &session[0]["Condition"];
        assert_eq!(condition["StringEquals"]["kms:CallerAccount"], "111122223333");
        assert_eq!(
            condition["ArnLike"]["aws:PrincipalArn"],
            json!(["arn:aws-cn:iam::111122223333:role/app", "arn:aws-cn:iam::111122223333:role/*/app",])
        );
        let federated = "arn:aws:sts::111122223333:federated-user/eve";
        assert_eq!(policy(federated)[0]["Condition"]["ArnLike"]["aws:PrincipalArn"], json!([federated]));
    }

    #[test]
    fn keys_are_made_only_with_provision_and_random_needs_none() {
        let scenario = scenario("{ count: 2 }", "{ Encrypt: 1, GenerateRandom: 1 }");
        let without = identity_policy(&scenario, "1", false).to_string();
        assert!(!without.contains("kms:Encrypt") && !without.contains("CreateKey"), "{without}");
        assert!(without.contains("kms:GenerateRandom"));
        let with = told(&identity_policy(&scenario, "1", true));
        let condition = r#"{"Null":{"aws:ResourceTag/keystorm":"false"}}"#;
        assert!(with.iter().any(|(actions, _, c)| actions == r#"["kms:Encrypt"]"# && c == condition));
        assert!(with.iter().any(|(actions, ..)| actions.contains("kms:ScheduleKeyDeletion")));
    }
}
