//! Tables of who may do what.

use super::*;
use crate::api::Operation;
use std::collections::BTreeMap;

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/k";

fn key_policy(statements: &str) -> Policy {
    Policy::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#), Kind::Key).unwrap()
}

fn identity(statements: &str) -> Vec<Policy> {
    vec![
        Policy::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#), Kind::Identity)
            .unwrap(),
    ]
}

fn ask(
    caller: &str,
    policies: &[Policy],
    action: &str,
    policy: &Policy,
    grants: &[GrantView<'_>],
) -> Result<Allowed, Denied> {
    let context = BTreeMap::from([("team".to_string(), "a".to_string())]);
    let mut facts = Facts::default();
    facts.one("kms:CallerAccount", account_of_arn(caller).unwrap());
    authorize(&Question {
        caller: &Principal::from_arn(caller).unwrap(),
        caller_policies: policies,
        action,
        resource: KEY,
        key: Some(KeyAccess { account: "111122223333", policy, grants }),
        facts: &facts,
        context: &context,
    })
}

const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const ROOT: &str = "arn:aws:iam::111122223333:root";
const FOREIGN: &str = "arn:aws:iam::444455556666:user/eve";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/app/s1";
const ALL: &str = r#"{"Effect":"Allow","Action":"kms:*","Resource":"*"}"#;

fn allow(principal: &str, action: &str) -> String {
    format!(
        r#"{{"Sid":"S","Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"{action}","Resource":"*"}}"#
    )
}

fn deny(principal: &str, action: &str) -> String {
    allow(principal, action).replace("\"Allow\"", "\"Deny\"")
}

#[test]
fn the_default_policy_leaves_it_to_the_account() {
    let policy = Policy::parse(&default_policy("111122223333", "aws"), Kind::Key).unwrap();
    assert!(!policy.has_conditions());
    assert!(ask(ROOT, &[], "kms:Encrypt", &policy, &[]).is_ok());
    assert_eq!(ask(ANN, &identity(ALL), "kms:Encrypt", &policy, &[]), Ok(Allowed::Identity));
    let refused = ask(ANN, &[], "kms:Encrypt", &policy, &[]).unwrap_err();
    assert_eq!(
        refused.message(),
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: kms:Encrypt on resource: \
         arn:aws:kms:eu-west-1:111122223333:key/k because no identity-based policy allows the kms:Encrypt action"
    );
    assert!(ask(FOREIGN, &identity(ALL), "kms:Encrypt", &policy, &[]).is_err());
}

#[test]
fn a_key_policy_that_names_nobody_else_shuts_everybody_out() {
    let policy = key_policy(&allow(ANN, "kms:Encrypt"));
    assert_eq!(ask(ANN, &[], "kms:Encrypt", &policy, &[]), Ok(Allowed::KeyPolicy(Some("S".into()))));
    assert!(
        ask(ROOT, &[], "kms:Encrypt", &policy, &[])
            .unwrap_err()
            .message()
            .contains("no resource-based policy")
    );
    assert!(ask("arn:aws:iam::111122223333:user/bob", &identity(ALL), "kms:Encrypt", &policy, &[]).is_err());
    assert!(would_lock_out(
        &policy,
        "111122223333",
        &Principal::from_arn(ANN).unwrap(),
        &[],
        KEY,
        &Facts::default()
    ));
    let kept = key_policy(&allow(ANN, "kms:Put*"));
    assert!(!would_lock_out(
        &kept,
        "111122223333",
        &Principal::from_arn(ANN).unwrap(),
        &[],
        KEY,
        &Facts::default()
    ));
}

#[test]
fn another_account_needs_both_sides() {
    let both = identity(ALL);
    for (policy, policies, is_allowed) in [
        (allow(FOREIGN, "kms:*"), both.as_slice(), true),
        (allow("444455556666", "kms:*"), &both, true),
        (allow("*", "kms:*"), &both, true),
        (allow(FOREIGN, "kms:*"), &[], false),
        (allow("444455556666", "kms:*"), &[], false),
        (allow(ANN, "kms:*"), &both, false),
    ] {
        assert_eq!(
            ask(FOREIGN, policies, "kms:Decrypt", &key_policy(&policy), &[]).is_ok(),
            is_allowed,
            "{policy}"
        );
    }
}

#[test]
fn deny_wins_wherever_it_stands() {
    let open = allow(ROOT, "kms:*");
    let denying = identity(&format!(r#"{ALL},{{"Effect":"Deny","Action":"kms:De*","Resource":"*"}}"#));
    assert!(ask(ANN, &denying, "kms:Encrypt", &key_policy(&open), &[]).is_ok());
    let message = ask(ANN, &denying, "kms:Decrypt", &key_policy(&open), &[]).unwrap_err().message();
    assert!(message.ends_with("with an explicit deny in an identity-based policy"), "{message}");
    let closed = key_policy(&format!("{open},{}", deny("*", "kms:decrypt")));
    let message = ask(ANN, &identity(ALL), "kms:Decrypt", &closed, &[]).unwrap_err().message();
    assert!(message.ends_with("with an explicit deny in a resource-based policy"), "{message}");
    let but = r#"{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/ann"},"Action":"*","Resource":"*"}"#;
    let only_ann = key_policy(&format!("{},{but}", allow("*", "kms:*")));
    assert!(ask(ANN, &[], "kms:Decrypt", &only_ann, &[]).is_ok());
    assert!(ask(SESSION, &[], "kms:Decrypt", &only_ann, &[]).is_err());
    let not_action = r#"{"Effect":"Allow","Principal":"*","NotAction":["kms:ScheduleKeyDeletion","kms:Put*"],"Resource":"*"}"#;
    let most = key_policy(not_action);
    assert!(ask(ANN, &[], "kms:Sign", &most, &[]).is_ok());
    assert!(ask(ANN, &[], "kms:PutKeyPolicy", &most, &[]).is_err());
}

#[test]
fn a_session_is_its_role() {
    let policy = key_policy(&allow("arn:aws:iam::111122223333:role/app", "kms:Encrypt"));
    assert!(ask(SESSION, &[], "kms:Encrypt", &policy, &[]).is_ok());
    assert!(
        ask("arn:aws:sts::111122223333:assumed-role/other/s1", &[], "kms:Encrypt", &policy, &[]).is_err()
    );
    assert!(ask(SESSION, &[], "kms:Encrypt", &key_policy(&allow(SESSION, "kms:Encrypt")), &[]).is_ok());
}

#[test]
fn grants_allow_by_themselves_and_never_against_a_deny() {
    let policy = key_policy(&allow(ROOT, "kms:PutKeyPolicy"));
    let subset = |value: &str| Constraints {
        context_subset: Some(BTreeMap::from([("Team".to_string(), value.to_string())])),
        ..Constraints::default()
    };
    let (fits, does_not) = (subset("a"), subset("b"));
    let grant = |constraints, is_visible| GrantView {
        id: "g",
        grantee: FOREIGN,
        operations: &[GrantOperation::Decrypt, GrantOperation::ReEncryptFrom],
        constraints,
        is_visible,
    };
    assert_eq!(
        ask(FOREIGN, &[], "kms:Decrypt", &policy, &[grant(&fits, true)]),
        Ok(Allowed::Grant("g".into()))
    );
    assert!(ask(FOREIGN, &[], "kms:Decrypt", &policy, &[grant(&fits, false)]).is_err());
    assert!(ask(FOREIGN, &[], "kms:Decrypt", &policy, &[grant(&does_not, true)]).is_err());
    assert!(ask(FOREIGN, &[], "kms:Encrypt", &policy, &[grant(&fits, true)]).is_err());
    assert!(ask(ANN, &[], "kms:Decrypt", &policy, &[grant(&fits, true)]).is_err());
    let denying = key_policy(&deny("*", "kms:Decrypt"));
    assert!(ask(FOREIGN, &[], "kms:Decrypt", &denying, &[grant(&fits, true)]).is_err());
}

#[test]
fn the_example_policies_allow_and_deny_what_they_say() {
    let sheet = crate::facts::text("example-key-policies.json");
    let file: serde_json::Value = serde_json::from_str(&sheet).unwrap();
    let policy = |name: &str| Policy::parse(&file[name].to_string(), Kind::Key).unwrap();
    let (administrators, users) = (policy("administrators"), policy("users"));
    let by_prefix = ["Create", "Enable", "Put", "Update", "Revoke", "Disable", "Delete"];
    let by_name = ["ScheduleKeyDeletion", "RotateKeyOnDemand"];
    let uses = [
        "Encrypt",
        "Decrypt",
        "ReEncrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "DescribeKey",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
    ];
    for operation in Operation::ALL {
        let name = operation.name();
        let action = format!("kms:{name}");
        let may = |user: &str, policy| {
            ask(&format!("arn:aws:iam::111122223333:user/{user}"), &[], &action, policy, &[]).is_ok()
        };
        let administers = by_prefix.iter().any(|p| name.starts_with(p)) || by_name.contains(&name);
        assert_eq!(may("admin", &administrators), administers, "{name}");
        assert_eq!(may("user1", &users), uses.contains(&name), "{name}");
        assert_eq!(may("user2", &users), uses.contains(&name), "{name}");
        assert!(!may("user1", &administrators) && !may("admin", &users) && !may("user3", &users));
    }
    for action in ["kms:ReEncryptFrom", "kms:ReEncryptTo"] {
        assert!(ask("arn:aws:iam::111122223333:user/user1", &[], action, &users, &[]).is_ok());
    }
}

#[test]
fn a_document_that_is_wrong_says_where() {
    for (text, said) in [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        (r#"{"Version":"2012-10-17"}"#, "`Statement` is missing"),
        (r#"{"Version":"2020-01-01","Statement":[]}"#, "2012-10-17"),
        (r#"{"Version":"2012-10-17","Statment":[]}"#, "did you mean `Statement`?"),
        (r#"{"Statement":[{"Effect":"Maybe"}]}"#, "Statement[0].Effect"),
        (r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#, "has no Principal"),
        (
            r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"ann"},"Action":"*"}]}"#,
            "`ann` is not a principal",
        ),
        (r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"Encrypt"}]}"#, "names no service"),
        (
            r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","NotAction":"*"}]}"#,
            "both Action and NotAction",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"StringEqual":{"a":"b"}}}]}"#,
            "not a condition operator",
        ),
    ] {
        let problem = Policy::parse(text, Kind::Key).unwrap_err().to_string();
        assert!(problem.contains(said), "{text}: {problem}");
    }
    let inert = key_policy(r#"{"Effect":"Allow","Principal":"*","Resource":"*"}"#);
    assert!(ask(ANN, &[], "kms:Encrypt", &inert, &[]).is_err(), "a statement without Action does nothing");
}

#[test]
fn a_principals_file_is_read_with_all_its_problems() {
    let good = "
principals:
  - arn: arn:aws:iam::111122223333:user/ann
    accessKeys: [ { id: AKIAANN, secret: hush } ]
    policies: [ { Version: '2012-10-17', Statement: [ { Effect: Allow, Action: 'kms:*', Resource: '*' } ] } ]
  - arn: arn:aws:iam::111122223333:role/app
    trust: { Version: '2012-10-17', Statement: { Effect: Allow, Principal: '*', Action: 'sts:AssumeRole', Resource: '*' } }
";
    let directory = Directory::parse(good).unwrap();
    let (member, key) = directory.by_access_key("AKIAANN").unwrap();
    assert_eq!((member.principal.arn.as_str(), key.secret.as_bytes()), (ANN, b"hush".as_slice()));
    assert!(!format!("{directory:?}").contains("hush"));
    assert!(directory.may_exist(SESSION) && directory.may_exist(FOREIGN) && directory.may_exist(ANN));
    assert!(!directory.may_exist("arn:aws:iam::111122223333:user/bob"));
    let bad = "
principals:
  - arn: ann
  - arn: arn:aws:iam::111122223333:user/ann
    accesKeys: []
    accessKeys: [ { id: A } ]
    policies: [ { Statement: [] } ]
";
    let problems = Directory::parse(bad).unwrap_err();
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(
        problems[1].contains("principals[1].accesKeys") && problems[1].contains("did you mean `accessKeys`?")
    );
}
