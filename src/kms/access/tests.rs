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
    let encryption_context = BTreeMap::from([("team".to_string(), "a".to_string())]);
    let mut context = ConditionContext::default();
    context.one("kms:CallerAccount", account_of_arn(caller).unwrap());
    authorize(&Question {
        caller: &Principal::from_arn(caller).unwrap(),
        caller_policies: policies,
        action,
        resource: KEY,
        key: Some(KeyAccess { account: "111122223333", policy, grants }),
        context: &context,
        encryption_context: &encryption_context,
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
    let ann = Principal::from_arn(ANN).unwrap();
    let locks_out = |policy: &Policy| {
        would_lock_out(policy, "111122223333", (&ann, &[]), KEY, &ConditionContext::default())
    };
    assert!(locks_out(&policy));
    assert!(!locks_out(&key_policy(&allow(ANN, "kms:Put*"))));
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
    let not_action = r#"{"Effect":"Allow","Principal":"*","NotAction":["kms:ScheduleKeyDeletion","kms:Put*"],"Resource":"*"}"#;
    let most = key_policy(not_action);
    assert!(ask(ANN, &[], "kms:Sign", &most, &[]).is_ok());
    assert!(ask(ANN, &[], "kms:PutKeyPolicy", &most, &[]).is_err());
}

/// A Deny for all but these.
fn only(named: &[&str]) -> Policy {
    let named = serde_json::json!(named);
    let but = format!(r#"{{"Effect":"Deny","NotPrincipal":{{"AWS":{named}}},"Action":"*","Resource":"*"}}"#);
    key_policy(&format!("{},{but}", allow("*", "kms:*")))
}

#[test]
fn not_principal_spares_whom_it_names_at_every_step() {
    const BOB: &str = "arn:aws:iam::111122223333:user/bob";
    const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
    const ROLE: &str = "arn:aws:iam::111122223333:role/app";
    for (named, caller, is_allowed) in [
        (&[BOB, ROOT][..], BOB, true),
        (&[BOB, ROOT], ALICE, false),
        (&[BOB, ROOT], ROOT, true),
        (&[BOB, ROOT], SESSION, false),
        (&[BOB, "111122223333"], BOB, true),
        (&[BOB], BOB, false),
        (&[ROOT], BOB, false),
        (&[ROOT], ROOT, true),
        (&[SESSION, ROLE, ROOT], SESSION, true),
        (&[SESSION, ROOT], SESSION, false),
        (&[ROLE, ROOT], SESSION, false),
        (&[SESSION, ROLE], SESSION, false),
        (&["*"], ALICE, true),
    ] {
        let said = ask(caller, &[], "kms:Decrypt", &only(named), &[]);
        assert_eq!(said.is_ok(), is_allowed, "{named:?} {caller}");
    }
}

#[test]
fn not_principal_beside_allow_and_in_a_trust_policy_is_malformed() {
    let statement = |effect: &str| {
        let text = format!(
            r#"{{"Statement":{{"Effect":"{effect}","NotPrincipal":{{"AWS":"{ANN}"}},"Action":"*","Resource":"*"}}}}"#
        );
        [Kind::Key, Kind::Trust].map(|kind| Policy::parse(&text, kind).map_err(|e| e.to_string()))
    };
    let [key, trust] = statement("Deny");
    assert!(key.is_ok());
    assert!(trust.unwrap_err().contains("has no NotPrincipal"));
    for refused in statement("Allow") {
        assert!(refused.unwrap_err().contains("NotPrincipal must not stand beside Allow"));
    }
    // What a data folder keeps was accepted once, and is still read, by whatever rules then held.
    let kept = format!(
        r#"{{"Statement":{{"Effect":"Allow","NotPrincipal":{{"AWS":"{ANN}"}},"Action":"*","Resource":"*"}}}}"#
    );
    let kept: Policy = serde_json::from_value(serde_json::Value::String(kept)).unwrap();
    assert!(ask("arn:aws:iam::111122223333:user/bob", &[], "kms:Decrypt", &kept, &[]).is_ok());
}

#[test]
fn a_member_that_is_there_twice_is_malformed() {
    let one = r#""Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*""#;
    for (text, name) in [
        (format!(r#"{{"Statement":{{{one},"Effect":"Allow"}}}}"#), "Effect"),
        (format!(r#"{{"Statement":[],"Statement":{{{one}}}}}"#), "Statement"),
        (
            format!(r#"{{"Statement":{{{one},"Condition":{{"Bool":{{"aws:x":"true","aws:x":"false"}}}}}}}}"#),
            "aws:x",
        ),
    ] {
        let why = Policy::parse(&text, Kind::Key).unwrap_err().to_string();
        assert!(why.contains(&format!("`{name}` is there twice")), "{why}");
        assert!(Policy::stored(&text, Kind::Key).is_ok(), "what is kept is still read");
    }
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
fn a_session_of_a_role_with_a_path_is_that_role() {
    let role = Principal::from_arn("arn:aws:iam::111122223333:role/team/x/app").unwrap();
    let session = Principal::session(&role, "s1");
    assert_eq!(session.arn, SESSION);
    assert_eq!(session.role.as_deref(), Some("arn:aws:iam::111122223333:role/team/x/app"));
    assert_eq!(session.id, format!("{}:s1", role.id));
    assert!(session.id.starts_with("AROA"));
    let (context, encryption_context) = (ConditionContext::default(), BTreeMap::new());
    let asks = |policy: &Policy, grants: &[GrantView<'_>]| {
        let key = Some(KeyAccess { account: "111122223333", policy, grants });
        let question = Question {
            caller: &session,
            caller_policies: &identity(ALL),
            action: "kms:Decrypt",
            resource: KEY,
            key,
            context: &context,
            encryption_context: &encryption_context,
        };
        authorize(&question).is_ok()
    };
    let denied = |who: &str| key_policy(&format!("{},{}", allow(ROOT, "kms:*"), deny(who, "kms:*")));
    assert!(!asks(&denied("arn:aws:iam::111122223333:role/team/x/app"), &[]));
    assert!(asks(&denied("arn:aws:iam::111122223333:role/app"), &[]), "another role, by its path");
    let nobody = key_policy(&allow("arn:aws:iam::111122223333:role/other", "kms:*"));
    assert!(!asks(&nobody, &[]));
    let constraints = Constraints::default();
    let granted = GrantView {
        id: "g",
        grantee: "arn:aws:iam::111122223333:role/team/x/app",
        operations: &[GrantOperation::Decrypt],
        constraints: &constraints,
        is_visible: true,
    };
    assert!(asks(&nobody, &[granted]));
}

#[test]
fn a_grant_to_an_account_leaves_it_to_the_accounts_policies() {
    let policy = key_policy(&allow(ROOT, "kms:PutKeyPolicy"));
    let constraints = Constraints::default();
    let grant = GrantView {
        id: "g",
        grantee: "arn:aws:iam::444455556666:root",
        operations: &[GrantOperation::Decrypt],
        constraints: &constraints,
        is_visible: true,
    };
    let asks = |caller, policies: &[Policy]| ask(caller, policies, "kms:Decrypt", &policy, &[grant]).is_ok();
    assert!(asks("arn:aws:iam::444455556666:root", &[]));
    assert!(asks(FOREIGN, &identity(ALL)));
    assert!(!asks(FOREIGN, &[]));
    assert!(!asks(ANN, &identity(ALL)), "another account");
    let denying = format!(r#"{ALL},{{"Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}}"#);
    assert!(!asks(FOREIGN, &identity(&denying)));
}

#[test]
fn variables_are_letters_in_policies_of_2008() {
    let context = {
        let mut context = ConditionContext::default();
        context.one("aws:username", "ann");
        context
    };
    let ask = |version: &str| {
        let text = format!(
            r#"{{"Version":"{version}","Statement":{{"Effect":"Allow","Action":"kms:*","Resource":"*:key/${{aws:username}}"}}}}"#
        );
        let policies = [Policy::parse(&text, Kind::Identity).unwrap()];
        ["x:key/ann", "x:key/${aws:username}"].map(|resource| {
            let question = Question {
                caller: &Principal::from_arn(ANN).unwrap(),
                caller_policies: &policies,
                action: "kms:Decrypt",
                resource,
                key: None,
                context: &context,
                encryption_context: &BTreeMap::new(),
            };
            authorize(&question).is_ok()
        })
    };
    assert_eq!(ask("2012-10-17"), [true, false]);
    assert_eq!(ask("2008-10-17"), [false, true]);
}

#[test]
fn a_key_that_no_call_sets_is_told_of() {
    let policy = |key: &str| {
        let condition = format!(r#"{{"StringEquals":{{"{key}":"x","kms:KeySpec":"x"}}}}"#);
        key_policy(&format!(
            r#"{{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{condition}}}"#
        ))
    };
    let never = |key: &str| policy(key).keys_never_set().into_iter().map(String::from).collect::<Vec<_>>();
    assert_eq!(never("aws:SourceVpc"), ["aws:sourcevpc"]);
    assert_eq!(never("kms:KeySpek"), ["kms:keyspek"]);
    for set in ["aws:SourceVpce", "aws:PrincipalTag/Team", "kms:EncryptionContext:a", "aws:CurrentTime"] {
        assert_eq!(never(set), [""; 0], "{set}");
    }
}

#[test]
fn facts_are_told_of_every_kind_of_caller() {
    use crate::kms::keys::Moment;
    let role = Principal::from_arn("arn:aws:iam::111122223333:role/team/app").unwrap();
    let session = Principal::session(&role, "s1");
    let (ann, root) = (Principal::from_arn(ANN).unwrap(), Principal::root("111122223333"));
    let issued = Moment::from_millis(1_800_000_000_000);
    let (plain, of_session) = (
        Standing {
            organization: Some("o-exampleorg1".into()),
            tags: BTreeMap::from([("Team".into(), "red".into())]),
            ..Standing::default()
        },
        Standing { session: Some(Session { issued, provider: None }), ..Standing::default() },
    );
    let via = Standing {
        source_vpce: Some("vpce-1".into()),
        called_via: vec!["athena.amazonaws.com".into(), "s3.amazonaws.com".into()],
        ..Standing::default()
    };
    let told = |caller: &Principal, standing: &Standing| {
        ConditionContext::of(&Circumstances {
            caller: Some((caller, standing)),
            region: "eu-west-1",
            source_ip: "::ffff:10.1.2.3".parse().unwrap(),
            user_agent: "test",
            now: Moment::from_millis(1_800_000_060_500),
            resource: ("444455556666", None),
        })
    };
    let single = |context: &ConditionContext, key: &str| context.single(key, 0).map(String::from);
    for (caller, standing, expected) in [
        (
            &ann,
            &plain,
            &[
                ("aws:PrincipalArn", Some(ANN)),
                ("aws:username", Some("ann")),
                ("aws:userid", Some(ann.id.as_str())),
                ("aws:PrincipalType", Some("User")),
                ("aws:PrincipalAccount", Some("111122223333")),
                ("aws:ResourceAccount", Some("444455556666")),
                ("aws:PrincipalIsAWSService", Some("false")),
                ("aws:ViaAWSService", Some("false")),
                ("aws:CurrentTime", Some("2027-01-15T08:01:00Z")),
                ("aws:EpochTime", Some("1800000060")),
                ("aws:SourceIp", Some("10.1.2.3")),
                ("aws:SecureTransport", Some("true")),
                ("aws:PrincipalOrgID", Some("o-exampleorg1")),
                ("aws:PrincipalTag/team", Some("red")),
                ("aws:TokenIssueTime", None),
                ("aws:MultiFactorAuthPresent", None),
            ][..],
        ),
        (
            &session,
            &of_session,
            &[
                ("aws:PrincipalArn", Some("arn:aws:iam::111122223333:role/team/app")),
                ("aws:userid", Some(session.id.as_str())),
                ("aws:PrincipalType", Some("AssumedRole")),
                ("aws:TokenIssueTime", Some("2027-01-15T08:00:00Z")),
                ("aws:MultiFactorAuthPresent", Some("false")),
                ("aws:username", None),
                ("aws:PrincipalOrgID", None),
            ],
        ),
        (
            &root,
            &via,
            &[
                ("aws:PrincipalType", Some("Account")),
                ("aws:userid", Some("111122223333")),
                ("aws:username", None),
                ("aws:SourceVpce", Some("vpce-1")),
                ("aws:VpcSourceIp", Some("10.1.2.3")),
                ("aws:SourceIp", None),
                ("aws:ViaAWSService", Some("true")),
                ("aws:CalledViaFirst", Some("athena.amazonaws.com")),
                ("aws:CalledViaLast", Some("s3.amazonaws.com")),
                ("kms:ViaService", Some("s3.eu-west-1.amazonaws.com")),
            ],
        ),
    ] {
        let context = told(caller, standing);
        for (key, value) in expected {
            assert_eq!(single(&context, key).as_deref(), *value, "{} {key}", caller.arn);
        }
    }
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
    assert_eq!(problems.list.len(), 4, "{problems}");
    let told: Vec<String> = problems.to_string().lines().map(str::to_owned).collect();
    assert!(told[0].starts_with("principals:3:10: principals[0].arn: "), "{problems}");
    assert!(
        told[1].starts_with("principals:5:5: principals[1].accesKeys")
            && told[1].contains("did you mean `accessKeys`?"),
        "{problems}"
    );
    for (member, said) in [
        ("{ arn: 'arn:aws:iam::111122223333:user/ann', trust: {} }", "principals[0].trust: only a role"),
        (
            "{ arn: 'arn:aws:iam::111122223333:role/a', maxSessionDuration: 60 }",
            "this is too small; read `60`; allowed a whole number from 3600 to 43200",
        ),
        (
            "{ arn: 'arn:aws:iam::111122223333:role/a', tags: [ a ] }",
            "principals[0].tags: this is not a mapping",
        ),
        (
            "{ arn: 'arn:aws:iam::111122223333:role/a', calledVia: s3 }",
            "principals[0].calledVia: this is not a list",
        ),
        (
            "{ arn: 'arn:aws:iam::111122223333:role/a', accessKeys: [{ id: a, secret: b }] }",
            "a role has none",
        ),
        ("{ arn: 'arn:aws:sts::111122223333:assumed-role/a/s1' }", "principals[0].arn: this is nobody's ARN"),
    ] {
        let problems = Directory::parse(&format!("principals: [ {member} ]")).unwrap_err();
        assert!(problems.to_string().contains(said), "{member}: {problems}");
    }
}

#[test]
fn a_problem_of_a_principals_file_shows_no_secret() {
    for keys in [
        "[ 'AKIAANN:hush' ]",
        "hush",
        "[ { id: AKIAANN, secret: [ hush ] } ]",
        "[ { id: AKIAANN, secret: { x: hush } } ]",
        "[ { id: AKIAANN, secret: 4837 } ]",
        "[ { id: AKIAANN, secret: hush, secret: hush } ]",
    ] {
        let text = format!("principals:\n- arn: {ANN}\n  accessKeys: {keys}\n");
        let told = Directory::parse(&text).unwrap_err().to_string();
        assert!(told.contains("principals:3:"), "{keys}: {told}");
        assert!(!told.contains("hush") && !told.contains("4837"), "{keys}: {told}");
    }
}

#[test]
fn names_are_unique_in_an_account_whatever_the_path() {
    let list = |arns: &[&str]| {
        let members: String = arns.iter().map(|arn| format!("  - arn: {arn}\n")).collect();
        Directory::parse(&format!("principals:\n{members}"))
    };
    let app = "arn:aws:iam::111122223333:role/team/x/app";
    for twin in ["arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:role/other/APP"] {
        let problems = list(&[app, twin]).unwrap_err();
        assert!(problems.list[0].message.contains("has the name of"), "{problems}");
        let mut directory = list(&[app]).unwrap();
        assert!(directory.put(list(&[twin]).unwrap()).is_err());
        assert!(directory.by_arn(app).is_some() && directory.by_arn(twin).is_none(), "nothing is changed");
    }
    let apart = ["arn:aws:iam::444455556666:role/app", "arn:aws:iam::111122223333:user/app"];
    assert!(list(&[app, apart[0], apart[1]]).is_ok());
    let listed = list(&[app]).unwrap();
    assert_eq!(listed.existence(SESSION), Existence::Listed, "a session's ARN has no path");
    assert_eq!(listed.existence("arn:aws:iam::111122223333:role/app"), Existence::Missing);
    assert_eq!(listed.existence(FOREIGN), Existence::Unknown);
    assert_eq!(listed.existence(ROOT), Existence::Listed);
}

#[test]
fn principals_that_are_put_take_the_place_of_their_former_selves() {
    let of = |key: &str| {
        Directory::parse(&format!(
            "principals: [ {{ arn: '{ANN}', accessKeys: [ {{ id: {key}, secret: hush }} ] }} ]\n\
             accounts: [ {{ id: '111122223333', organization: o-{key} }} ]"
        ))
        .unwrap()
    };
    let mut directory = of("first");
    directory.put(of("second")).unwrap();
    assert!(directory.by_access_key("first").is_none() && directory.by_access_key("second").is_some());
    assert_eq!(directory.organization_of("111122223333"), Some("o-second"));
    let others = Directory::parse(
        "principals: [ { arn: 'arn:aws:iam::111122223333:user/bob', accessKeys: [ { id: second, secret: x } ] } ]",
    );
    assert!(directory.put(others.unwrap()).unwrap_err()[0].contains("second is there twice"));
    assert!(directory.by_arn("arn:aws:iam::111122223333:user/bob").is_none());
}
