//! What conditions see, wherever they are asked: in a call, before a policy is put, in two spellings of one name.

use super::support::{Emulator, OTHER, OWN, Setting, b64, code};
use keystorm::kms::access::Standing;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

fn statement(effect: &str, who: &Value, actions: &str, condition: &Value) -> Value {
    json!({ "Effect": effect, "Principal": who, "Action": actions, "Resource": "*", "Condition": condition })
}

fn document(statements: &[Value]) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

/// Who calls, and how.
type Caller = fn(&mut Emulator);

fn callers() -> Vec<(&'static str, Caller)> {
    vec![
        ("root", |kms| {
            kms.in_account(OWN);
        }),
        ("ann", |kms| {
            kms.as_caller(ANN, &[ALL]);
        }),
        ("ann without policies", |kms| {
            kms.as_caller(ANN, &[]);
        }),
        ("ann denied at noon", |kms| {
            let denies = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
                {"Effect":"Deny","Action":"kms:PutKeyPolicy","Resource":"*","Condition":
                 {"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}}]}"#;
            kms.as_caller(ANN, &[denies]);
        }),
        ("a session", |kms| {
            kms.as_session("arn:aws:iam::111122223333:role/team/app", "s1", &[ALL]);
        }),
        ("ann, tagged", |kms| {
            let tags = BTreeMap::from([("team".to_string(), "red".to_string())]);
            let organization = Some("o-exampleorg1".to_string());
            kms.as_caller(ANN, &[ALL]).standing(Standing { tags, organization, ..Standing::default() });
        }),
        ("ann, far away", |kms| {
            kms.as_caller(ANN, &[ALL]).at_address("10.1.2.3");
        }),
    ]
}

/// Conditions of every kind, of which some hold for some callers.
fn conditions() -> Vec<Value> {
    vec![
        json!({}),
        json!({ "StringEquals": { "aws:username": "ann" } }),
        json!({ "StringEquals": { "aws:PrincipalType": "AssumedRole" } }),
        json!({ "StringLike": { "aws:userid": "AROA*:s1" } }),
        json!({ "ArnEquals": { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/team/app" } }),
        json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::*:user/*" } }),
        json!({ "StringEquals": { "aws:PrincipalTag/team": "red" } }),
        json!({ "StringEquals": { "aws:PrincipalOrgID": "o-exampleorg1" } }),
        json!({ "IpAddress": { "aws:SourceIp": "127.0.0.0/8" } }),
        json!({ "Bool": { "aws:SecureTransport": "true" } }),
        json!({ "Bool": { "aws:SecureTransport": "false" } }),
        json!({ "DateLessThan": { "aws:CurrentTime": "2020-01-01T00:00:00Z" } }),
        json!({ "NumericGreaterThan": { "aws:EpochTime": "1600000000" } }),
        json!({ "Bool": { "aws:ViaAWSService": "false" } }),
        json!({ "Bool": { "aws:PrincipalIsAWSService": "false" } }),
        json!({ "Bool": { "aws:MultiFactorAuthPresent": "false" } }),
        json!({ "Null": { "aws:TokenIssueTime": "True" } }),
        json!({ "StringEquals": { "aws:ResourceAccount": OWN } }),
        json!({ "StringEquals": { "kms:CallerAccount": OTHER } }),
        json!({ "StringEquals": { "kms:KeySpec": "SYMMETRIC_DEFAULT" } }),
        json!({ "StringEquals": { "kms:KeyUsage": "SIGN_VERIFY" } }),
        json!({ "StringEquals": { "kms:KeyOrigin": "AWS_KMS" } }),
        json!({ "Bool": { "kms:MultiRegion": "false" } }),
        json!({ "StringEquals": { "kms:PolicyName": "default" } }),
        json!({ "Bool": { "kms:BypassPolicyLockoutSafetyCheck": "false" } }),
        json!({ "Bool": { "kms:BypassPolicyLockoutSafetyCheck": "true" } }),
        json!({ "StringEquals": { "aws:ResourceTag/stage": "test" } }),
        json!({ "StringEquals": { "aws:RequestTag/stage": "test" } }),
        json!({ "StringEquals": { "aws:RequestedRegion": "eu-west-1" } }),
        json!({ "Null": { "kms:ResourceAliases": "true" } }),
        json!({ "StringEquals": { "aws:UserAgent": "test" } }),
        json!({ "StringNotEquals": { "aws:SourceVpc": "vpc-1" } }),
    ]
}

#[test]
fn create_key_locks_out_whoever_put_key_policy_would() {
    let tags = json!([{ "TagKey": "stage", "TagValue": "test" }]);
    let (mut both, mut refused, mut accepted) = (0, 0, 0);
    for (name, become_caller) in callers() {
        for condition in conditions() {
            for (effect, who) in [
                ("Allow", json!({ "AWS": ANN })),
                ("Allow", json!({ "AWS": OWN })),
                ("Allow", json!("*")),
                ("Deny", json!("*")),
            ] {
                let mut statements = vec![statement(effect, &who, "kms:PutKeyPolicy", &condition)];
                if effect == "Deny" {
                    statements.push(statement("Allow", &json!({ "AWS": OWN }), "kms:*", &json!({})));
                    statements.push(statement("Allow", &json!("*"), "kms:*", &json!({})));
                }
                let policy = document(&statements);
                // What is asked is whether the key's next policy can be put, whoever may make keys.
                let mut kms = Emulator::new();
                become_caller(&mut kms);
                let made = kms.call("CreateKey", json!({ "Policy": policy, "Tags": tags }));
                if code(&made) == "AccessDeniedException" {
                    continue;
                }
                let mut kms = Emulator::new();
                become_caller(&mut kms);
                let bypassing =
                    json!({ "Policy": policy, "Tags": tags, "BypassPolicyLockoutSafetyCheck": true });
                let key = kms.ok("CreateKey", bypassing)["KeyMetadata"]["Arn"].clone();
                let open = document(&[statement("Allow", &json!("*"), "kms:*", &json!({}))]);
                let put = kms.call("PutKeyPolicy", json!({ "KeyId": key, "Policy": open }));
                let may_put = code(&put) != "AccessDeniedException";
                assert_eq!(code(&made) == "ok", may_put, "{name} {policy}: {made:?} {put:?}");
                both += 1;
                if may_put { accepted += 1 } else { refused += 1 }
            }
        }
    }
    assert!(both > 400 && refused > 100 && accepted > 100, "{both} {refused} {accepted}");
}

#[test]
fn put_key_policy_locks_out_whoever_its_next_call_would_refuse() {
    for (name, become_caller) in callers() {
        for condition in conditions() {
            let mut kms = Emulator::new();
            let key = kms.symmetric();
            kms.ok(
                "TagResource",
                json!({ "KeyId": key, "Tags": [{ "TagKey": "stage", "TagValue": "test" }] }),
            );
            kms.ok("CreateAlias", json!({ "AliasName": "alias/a", "TargetKeyId": key }));
            let open = document(&[statement("Allow", &json!("*"), "kms:*", &json!({}))]);
            kms.set_policy(&key, &open);
            become_caller(&mut kms);
            let policy = document(&[statement("Allow", &json!("*"), "kms:PutKeyPolicy", &condition)]);
            let checked = kms.call("PutKeyPolicy", json!({ "KeyId": key, "Policy": policy }));
            if code(&checked) == "AccessDeniedException" {
                continue;
            }
            let bypassing = json!({ "KeyId": key, "Policy": policy, "BypassPolicyLockoutSafetyCheck": true });
            kms.set_policy(&key, &open);
            kms.ok("PutKeyPolicy", bypassing);
            let next = kms.call("PutKeyPolicy", json!({ "KeyId": key, "Policy": open }));
            let may_put = code(&next) != "AccessDeniedException";
            assert_eq!(code(&checked) == "ok", may_put, "{name} {policy}: {checked:?} {next:?}");
        }
    }
}

#[test]
fn contexts_that_differ_only_in_case_fool_no_policy() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let asks = |kms: &mut Emulator, effect: &str, value: &str| {
        let team = json!({ "StringEquals": { "kms:EncryptionContext:Team": value } });
        let mut statements = vec![statement(effect, &json!({ "AWS": ANN }), "kms:Encrypt", &team)];
        if effect == "Deny" {
            statements.push(statement("Allow", &json!({ "AWS": ANN }), "kms:Encrypt", &json!({})));
        }
        kms.set_policy(&key, &document(&statements));
        kms.as_caller(ANN, &[]);
        let context = json!({ "Team": "a", "team": "b" });
        let call = json!({ "KeyId": key, "Plaintext": b64(b"x"), "EncryptionContext": context });
        code(&kms.call("Encrypt", call)).to_string()
    };
    for value in ["a", "b"] {
        assert_eq!(asks(&mut kms, "Allow", value), "AccessDeniedException", "an Allow needs both: {value}");
        assert_eq!(asks(&mut kms, "Deny", value), "AccessDeniedException", "a Deny needs either: {value}");
    }
    assert_eq!(asks(&mut kms, "Deny", "c"), "ok");
}

#[test]
fn a_grant_to_an_account_leaves_it_to_the_account() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    kms.ok("CreateGrant", json!({ "KeyId": key, "GranteePrincipal": OTHER, "Operations": ["Encrypt"] }));
    let bob = "arn:aws:iam::444455556666:user/bob";
    let call = json!({ "KeyId": key, "Plaintext": b64(b"x") });
    for (policies, expected) in [(&[ALL][..], "ok"), (&[], "AccessDeniedException")] {
        assert_eq!(
            code(&kms.as_caller(bob, policies).call("Encrypt", call.clone())),
            expected,
            "{policies:?}"
        );
    }
    assert_eq!(code(&kms.in_account(OTHER).call("Encrypt", call)), "ok", "the account's root");
}

#[test]
fn what_in_a_policy_can_never_act_is_told_to_whoever_runs_the_server() {
    let principals = format!("principals: [{{arn: 'arn:aws:iam::{OWN}:user/ann'}}]");
    let mut kms = Emulator::with(Setting { principals, is_complete: true, ..Setting::default() });
    let key = kms.symmetric();
    let put = |kms: &mut Emulator, who: &str, condition: Value| {
        let root = statement("Allow", &json!({ "AWS": OWN }), "kms:*", &json!({}));
        let policy = document(&[root, statement("Deny", &json!({ "AWS": who }), "kms:Sign", &condition)]);
        let said = kms.call("PutKeyPolicy", json!({ "KeyId": key, "Policy": policy }));
        (said.map(|_| ()), kms.warnings.join("\n"))
    };
    assert_eq!(put(&mut kms, ANN, json!({})), (Ok(()), String::new()));
    let (said, warned) = put(&mut kms, ANN, json!({ "StringEquals": { "aws:SourceVpc": "vpc-1" } }));
    assert!(
        said.is_ok() && warned.contains("the condition key aws:sourcevpc, which no call sets here"),
        "{warned}"
    );
    let (said, warned) = put(&mut kms, "arn:aws:iam::444455556666:user/bob", json!({}));
    assert!(said.is_ok() && warned.contains("user/bob, which no principals file has"), "{warned}");
    for nobody in ["arn:aws:iam::111122223333:user/bob", "foo"] {
        let (said, warned) = put(&mut kms, nobody, json!({}));
        let aws = "Policy contains a statement with one or more invalid principals.";
        assert_eq!(said, Err(("MalformedPolicyDocumentException".into(), aws.into())));
        assert!(warned.contains(nobody), "{warned}");
    }
    let nameless = json!({ "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "kms:*", "Resource": "*" }] });
    let said = kms.call("PutKeyPolicy", json!({ "KeyId": key, "Policy": nameless.to_string() }));
    assert_eq!(said.unwrap_err().1, "Policy contains a statement with no principal.");
}
