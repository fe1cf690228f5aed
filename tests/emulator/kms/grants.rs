//! Grants: what they allow and under which constraints, tokens, chains, and who ends them.

use super::support::{Emulator, OTHER, OWN, Setting, b64, code};
use keystorm::api::{KeySpec, KeyUsage};
use keystorm::kms::keys::Eventual;
use keystorm::kms::{Consistency, Limits};
use keystorm::time::Span;
use serde_json::{Value, json};

const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const BOB: &str = "arn:aws:iam::444455556666:role/bob";
const BOBS_SESSION: &str = "arn:aws:sts::444455556666:assumed-role/bob/1";

fn grant(key: &str, grantee: &str, operations: &[&str]) -> Value {
    json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": operations})
}

fn encrypt(key: &str, context: Value) -> Value {
    json!({"KeyId": key, "Plaintext": b64(b"x"), "EncryptionContext": context})
}

/// As the account's root again.
fn root(kms: &mut Emulator) -> &mut Emulator {
    kms.in_account(OWN)
}

#[test]
fn a_grant_allows_its_operations_to_its_grantee_in_any_account() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    for grantee in [ANN, BOB] {
        root(&mut kms).ok("CreateGrant", grant(&key, grantee, &["Encrypt"]));
    }
    for caller in [ANN, BOB, BOBS_SESSION] {
        kms.as_caller(caller, &[]).ok("Encrypt", encrypt(&key, json!({})));
        assert_eq!(
            kms.code("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"})),
            "AccessDeniedException"
        );
    }
    kms.as_caller("arn:aws:iam::111122223333:user/eve", &[]);
    assert_eq!(kms.code("Encrypt", encrypt(&key, json!({}))), "AccessDeniedException");
}

#[test]
fn constraints_on_the_context_hold() {
    for (constraints, allowed, refused) in [
        (
            json!({"EncryptionContextEquals": {"Team": "a"}}),
            vec![json!({"Team": "a"}), json!({"team": "a"})],
            vec![json!({}), json!({"Team": "A"}), json!({"Team": "a", "x": "y"})],
        ),
        (
            json!({"EncryptionContextSubset": {"Team": "a"}}),
            vec![json!({"Team": "a"}), json!({"TEAM": "a", "x": "y"})],
            vec![json!({}), json!({"Team": "b"}), json!({"x": "a"})],
        ),
        (
            json!({"SourceArn": "arn:aws:sqs:eu-west-1:111122223333:queue"}),
            vec![],
            vec![json!({}), json!({"Team": "a"})],
        ),
    ] {
        let mut kms = Emulator::new();
        let key = kms.symmetric();
        let mut wish = grant(&key, ANN, &["Encrypt", "DescribeKey", "RetireGrant"]);
        wish["Constraints"] = constraints.clone();
        kms.ok("CreateGrant", wish);
        kms.as_caller(ANN, &[]);
        for context in allowed {
            kms.ok("Encrypt", encrypt(&key, context));
        }
        for context in refused {
            let said = kms.call("Encrypt", encrypt(&key, context.clone()));
            assert_eq!(code(&said), "AccessDeniedException", "{constraints} {context}");
        }
        let shown = root(&mut kms).ok("ListGrants", json!({"KeyId": key}));
        assert_eq!(shown["Grants"][0]["Constraints"], constraints);
    }
}

#[test]
fn a_token_serves_until_everybody_has_heard_of_the_grant() {
    let consistency = Consistency { grant: Span::from_secs(3), ..Consistency::default() };
    let mut kms = Emulator::with(Setting { consistency, ..Setting::default() });
    let key = kms.symmetric();
    let made = kms.ok("CreateGrant", grant(&key, ANN, &["Encrypt"]));
    assert_eq!(kms.ok("ListGrants", json!({"KeyId": key}))["Grants"], json!([]));
    kms.as_caller(ANN, &[]);
    let plain = encrypt(&key, json!({}));
    let mut with_token = plain.clone();
    with_token["GrantTokens"] = json!([made["GrantToken"]]);
    assert_eq!(kms.code("Encrypt", plain.clone()), "AccessDeniedException");
    kms.ok("Encrypt", with_token.clone());
    kms.advance(Span::from_secs(3)).ok("Encrypt", plain.clone());

    root(&mut kms).ok("RevokeGrant", json!({"KeyId": key, "GrantId": made["GrantId"]}));
    kms.as_caller(ANN, &[]).ok("Encrypt", plain.clone());
    let again = json!({"KeyId": key, "GrantId": made["GrantId"]});
    assert_eq!(root(&mut kms).code("RevokeGrant", again), "NotFoundException");
    kms.advance(Span::from_secs(3)).as_caller(ANN, &[]);
    for call in [plain.clone(), with_token] {
        assert_eq!(kms.code("Encrypt", call), "AccessDeniedException");
    }
    let mut forged = plain;
    forged["GrantTokens"] = json!([b64(b"forged")]);
    assert_eq!(root(&mut kms).code("Encrypt", forged), "InvalidGrantTokenException");
}

#[test]
fn the_same_name_and_content_is_the_same_grant_with_another_token() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let mut wish = grant(&key, ANN, &["Encrypt", "Decrypt"]);
    let nameless = kms.ok("CreateGrant", wish.clone());
    assert_ne!(nameless["GrantId"], kms.ok("CreateGrant", wish.clone())["GrantId"]);
    wish["Name"] = json!("once");
    let first = kms.ok("CreateGrant", wish.clone());
    wish["Operations"] = json!(["Decrypt", "Encrypt"]);
    let second = kms.ok("CreateGrant", wish.clone());
    assert_eq!(first["GrantId"], second["GrantId"]);
    assert_ne!(first["GrantToken"], second["GrantToken"]);
    wish["Operations"] = json!(["Decrypt"]);
    assert_ne!(first["GrantId"], kms.ok("CreateGrant", wish)["GrantId"]);
    assert_eq!(kms.ok("ListGrants", json!({"KeyId": key}))["Grants"].as_array().unwrap().len(), 4);
}

#[test]
fn who_creates_grants_by_a_grant_passes_on_no_more_than_it_holds() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let mut held = grant(&key, ANN, &["CreateGrant", "Encrypt", "Decrypt"]);
    held["Constraints"] = json!({"EncryptionContextSubset": {"team": "a"}});
    kms.ok("CreateGrant", held);
    kms.as_caller(ANN, &[]);
    let wish = |operations: &[&str], constraints: Value| {
        let mut wish = grant(&key, BOB, operations);
        wish["Constraints"] = constraints;
        wish
    };
    for (operations, constraints, expected) in [
        (&["Encrypt"][..], json!({"EncryptionContextSubset": {"team": "a"}}), "ok"),
        (&["Encrypt", "Decrypt"], json!({"EncryptionContextEquals": {"team": "a", "b": "c"}}), "ok"),
        (&["Encrypt"], Value::Null, "AccessDeniedException"),
        (&["Encrypt"], json!({"EncryptionContextSubset": {"team": "b"}}), "AccessDeniedException"),
        (&["GenerateDataKey"], json!({"EncryptionContextSubset": {"team": "a"}}), "AccessDeniedException"),
    ] {
        let said = kms.call("CreateGrant", wish(operations, constraints.clone()));
        assert_eq!(code(&said), expected, "{operations:?} {constraints}");
    }
    let all =
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}"#;
    kms.as_caller(ANN, &[all]).ok("CreateGrant", wish(&["GenerateDataKey"], Value::Null));
}

#[test]
fn a_grant_must_fit_the_type_of_its_key() {
    use KeySpec::*;
    use KeyUsage::*;
    let mut kms = Emulator::new();
    let data_keys = [
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
    ];
    let encrypts = ["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo"];
    for (spec, usage, own, has_public) in [
        (SymmetricDefault, EncryptDecrypt, [&encrypts[..], &data_keys].concat(), false),
        (Rsa2048, EncryptDecrypt, encrypts.to_vec(), true),
        (EccNistP256, SignVerify, vec!["Sign", "Verify"], true),
        (Hmac256, GenerateVerifyMac, vec!["GenerateMac", "VerifyMac"], false),
        (EccNistP256, KeyAgreement, vec!["DeriveSharedSecret"], true),
        (MlKem512, EncapsulateDecapsulate, vec!["Encapsulate", "Decapsulate"], true),
    ] {
        let key = kms.key(spec, usage);
        for operation in keystorm::kms::access::GrantOperation::ALL.iter().map(|each| each.name()) {
            let fits = own.contains(&operation)
                || ["CreateGrant", "RetireGrant", "DescribeKey"].contains(&operation)
                || (has_public && operation == "GetPublicKey");
            let said = kms.call("CreateGrant", grant(&key, ANN, &[operation]));
            assert_eq!(
                code(&said),
                if fits { "ok" } else { "ValidationException" },
                "{spec} {usage:?} {operation}"
            );
        }
        let mut wish = grant(&key, ANN, &["DescribeKey"]);
        wish["Constraints"] = json!({"EncryptionContextSubset": {"a": "b"}});
        let expected = if spec == SymmetricDefault { "ok" } else { "ValidationException" };
        assert_eq!(code(&kms.call("CreateGrant", wish)), expected);
    }
}

#[test]
fn what_is_no_grant_is_refused() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let pairs: serde_json::Map<String, Value> = (0..9).map(|n| (format!("k{n}"), json!("v"))).collect();
    for (change, expected) in [
        (json!({"GranteePrincipal": null}), "ValidationException"),
        (json!({"GranteePrincipal": "arn:aws:s3:::x"}), "InvalidArnException"),
        (json!({"RetiringPrincipal": "nobody"}), "InvalidArnException"),
        (json!({"GranteeServicePrincipal": "s3.amazonaws.com"}), "ValidationException"),
        (
            json!({"RetiringPrincipal": ANN, "RetiringServicePrincipal": "s3.amazonaws.com"}),
            "ValidationException",
        ),
        (json!({"Operations": []}), "ValidationException"),
        (json!({"Operations": ["GetKeyPolicy"]}), "ValidationException"),
        (json!({"Constraints": {"EncryptionContextEquals": pairs}}), "ValidationException"),
        (json!({"Constraints": {"EncryptionContextSubset": {"a": "v".repeat(385)}}}), "ValidationException"),
        (json!({"Constraints": {"EncryptionContextSubset": {"a": "v".repeat(384)}}}), "ok"),
        (
            json!({"GranteePrincipal": null, "GranteeServicePrincipal": "s3.amazonaws.com"}),
            "ValidationException",
        ),
        (
            json!({"GranteePrincipal": null, "GranteeServicePrincipal": "s3.amazonaws.com",
                "RetiringServicePrincipal": "s3.amazonaws.com"}),
            "ValidationException",
        ),
        (
            json!({"GranteePrincipal": null, "GranteeServicePrincipal": "s3.amazonaws.com",
                "RetiringPrincipal": ANN, "Constraints": {"SourceArn": "arn:aws:sqs:eu-west-1:111122223333:queue"}}),
            "ok",
        ),
        (json!({"GranteePrincipal": OTHER}), "ok"),
        (json!({"KeyId": "alias/x"}), "InvalidArnException"),
    ] {
        let mut wish = grant(&key, ANN, &["Encrypt"]);
        for (member, value) in change.as_object().unwrap() {
            wish[member] = value.clone();
        }
        assert_eq!(code(&kms.call("CreateGrant", wish)), expected, "{change}");
    }
    kms.change(&key, |key| key.enabled = Eventual::new(false));
    assert_eq!(kms.code("CreateGrant", grant(&key, ANN, &["Encrypt"])), "DisabledException");
}

#[test]
fn retiring_is_for_whom_the_grant_names_and_revoking_for_whom_the_policy_allows() {
    let carl = "arn:aws:iam::111122223333:user/carl";
    let policy = |effect: &str, action: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "{effect}", "Action": "{action}", "Resource": "*"}}}}"#
        )
    };
    let may_retire = policy("Allow", "kms:RetireGrant");
    let denies = policy("Deny", "kms:RetireGrant");
    let may_revoke = policy("Allow", "kms:RevokeGrant");
    for (caller, policies, operations, operation, expected) in [
        (carl, vec![], &["Encrypt"][..], "RetireGrant", "ok"),
        (carl, vec![denies.as_str()], &["Encrypt"], "RetireGrant", "AccessDeniedException"),
        (BOBS_SESSION, vec![], &["Encrypt"], "RetireGrant", "AccessDeniedException"),
        (BOBS_SESSION, vec![], &["Encrypt", "RetireGrant"], "RetireGrant", "ok"),
        (ANN, vec![], &["Encrypt"], "RetireGrant", "AccessDeniedException"),
        (ANN, vec![may_retire.as_str()], &["Encrypt"], "RetireGrant", "ok"),
        (ANN, vec![may_retire.as_str()], &["Encrypt"], "RevokeGrant", "AccessDeniedException"),
        (ANN, vec![may_revoke.as_str()], &["Encrypt"], "RevokeGrant", "ok"),
        (ANN, vec![may_revoke.as_str()], &["Encrypt"], "RetireGrant", "AccessDeniedException"),
        (BOB, vec![may_revoke.as_str()], &["Encrypt"], "RevokeGrant", "AccessDeniedException"),
        (BOB, vec![may_retire.as_str()], &["Encrypt"], "RetireGrant", "AccessDeniedException"),
        ("arn:aws:iam::111122223333:root", vec![], &["Encrypt"], "RetireGrant", "ok"),
        ("arn:aws:iam::444455556666:root", vec![], &["Encrypt"], "RetireGrant", "AccessDeniedException"),
    ] {
        let mut kms = Emulator::new();
        let key = kms.symmetric();
        let mut wish = grant(&key, BOB, operations);
        wish["RetiringPrincipal"] = json!(carl);
        let made = kms.ok("CreateGrant", wish);
        kms.as_caller(caller, &policies);
        let said = kms.call(operation, json!({"KeyId": key, "GrantId": made["GrantId"]}));
        assert_eq!(code(&said), expected, "{caller} {policies:?} {operation}");
        let left = root(&mut kms).ok("ListGrants", json!({"KeyId": key}))["Grants"].as_array().unwrap().len();
        assert_eq!(left, usize::from(expected != "ok"));
    }
}

#[test]
fn a_grant_is_retired_by_token_or_by_key_and_id() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let made = kms.ok("CreateGrant", grant(&key, BOB, &["Encrypt"]));
    for (call, expected) in [
        (json!({}), "ValidationException"),
        (json!({"KeyId": key}), "ValidationException"),
        (json!({"GrantToken": made["GrantToken"], "KeyId": key}), "ValidationException"),
        (json!({"GrantToken": "x"}), "InvalidGrantTokenException"),
        (json!({"KeyId": key, "GrantId": "x"}), "InvalidGrantIdException"),
        (json!({"KeyId": key, "GrantId": "0".repeat(64)}), "NotFoundException"),
        (json!({"GrantToken": made["GrantToken"]}), "ok"),
        (json!({"GrantToken": made["GrantToken"]}), "NotFoundException"),
    ] {
        assert_eq!(code(&kms.call("RetireGrant", call.clone())), expected, "{call}");
    }
}

#[test]
fn lists_show_grants_page_by_page_and_by_who_may_use_or_retire_them() {
    let mut kms = Emulator::new();
    let keys = [kms.symmetric(), kms.symmetric()];
    for key in &keys {
        for _ in 0..3 {
            let mut wish = grant(key, BOB, &["Encrypt"]);
            wish["RetiringPrincipal"] = json!(ANN);
            wish["Name"] = Value::Null;
            kms.ok("CreateGrant", wish);
        }
        kms.ok("CreateGrant", grant(key, ANN, &["Decrypt"]));
    }
    let paged = |kms: &mut Emulator, operation: &str, call: Value| {
        let (mut ids, mut call) = (Vec::new(), call);
        loop {
            let page = kms.ok(operation, call.clone());
            let grants = page["Grants"].as_array().unwrap();
            assert!(grants.len() <= 2);
            ids.extend(grants.iter().map(|grant| grant["GrantId"].as_str().unwrap().to_string()));
            if page["Truncated"] == json!(false) {
                return ids;
            }
            call["Marker"] = page["NextMarker"].clone();
        }
    };
    let mut of_key = paged(&mut kms, "ListGrants", json!({"KeyId": keys[0], "Limit": 2}));
    assert_eq!(of_key.len(), 4);
    of_key.dedup();
    assert_eq!(of_key.len(), 4);
    assert_eq!(
        paged(&mut kms, "ListGrants", json!({"KeyId": keys[0], "Limit": 2, "GranteePrincipal": BOB})).len(),
        3
    );
    let one = kms.ok("ListGrants", json!({"KeyId": keys[0], "GrantId": of_key[1]}));
    assert_eq!(one["Grants"].as_array().unwrap().len(), 1);
    assert_eq!(one["Grants"][0]["IssuingAccount"], "arn:aws:iam::111122223333:root");
    assert_eq!(one["Grants"][0]["KeyId"], json!(keys[0]));
    assert_eq!(
        paged(&mut kms, "ListRetirableGrants", json!({"RetiringPrincipal": ANN, "Limit": 2})).len(),
        6
    );
    let stranger = json!({"RetiringPrincipal": BOB});
    assert_eq!(kms.code("ListRetirableGrants", stranger), "InvalidArnException");
    assert_eq!(kms.code("ListGrants", json!({"KeyId": keys[0], "Marker": "x"})), "InvalidMarkerException");
}

#[test]
fn a_key_has_so_many_grants_and_no_more() {
    let limits = Limits { grants_per_key: 2, ..Limits::default() };
    let mut kms = Emulator::with(Setting { limits, ..Setting::default() });
    let key = kms.symmetric();
    let mut wish = grant(&key, ANN, &["Encrypt"]);
    let first = kms.ok("CreateGrant", wish.clone());
    wish["Name"] = json!("n");
    kms.ok("CreateGrant", wish.clone());
    kms.ok("CreateGrant", wish);
    assert_eq!(kms.code("CreateGrant", grant(&key, BOB, &["Encrypt"])), "LimitExceededException");
    kms.ok("RevokeGrant", json!({"KeyId": key, "GrantId": first["GrantId"]}));
    kms.ok("CreateGrant", grant(&key, BOB, &["Encrypt"]));
}

#[test]
fn a_grant_that_ends_late_counts_until_it_has_ended() {
    let limits = Limits { grants_per_key: 1, ..Limits::default() };
    let consistency = Consistency { grant: Span::from_secs(3), ..Consistency::default() };
    let mut kms = Emulator::with(Setting { limits, consistency, ..Setting::default() });
    let key = kms.symmetric();
    let mut wish = grant(&key, ANN, &["Encrypt"]);
    wish["Name"] = json!("n");
    let first = kms.ok("CreateGrant", wish.clone());
    kms.ok("RetireGrant", json!({"GrantToken": first["GrantToken"]}));
    assert_eq!(kms.code("CreateGrant", wish.clone()), "LimitExceededException");
    let second = kms.advance(Span::from_secs(3)).ok("CreateGrant", wish);
    assert_ne!(first["GrantId"], second["GrantId"], "a retired grant is not made again by its name");
    kms.advance(Span::from_secs(3));
    assert_eq!(kms.ok("ListGrants", json!({"KeyId": key}))["Grants"].as_array().unwrap().len(), 1);
}

#[test]
fn conditions_can_ask_what_a_grant_would_allow() {
    let policy = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:CreateGrant",
        "Resource": "*", "Condition": {
            "ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "Decrypt"]},
            "StringEquals": {"kms:GranteePrincipal": "arn:aws:iam::444455556666:role/bob",
                "kms:GrantConstraintType": "EncryptionContextSubset", "kms:EncryptionContext:team": "a"}}}}"#;
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    kms.as_caller(ANN, &[policy]);
    for (grantee, operations, constraints, expected) in [
        (BOB, &["Encrypt"][..], json!({"EncryptionContextSubset": {"team": "a"}}), "ok"),
        (ANN, &["Encrypt"], json!({"EncryptionContextSubset": {"team": "a"}}), "AccessDeniedException"),
        (
            BOB,
            &["Encrypt", "DescribeKey"],
            json!({"EncryptionContextSubset": {"team": "a"}}),
            "AccessDeniedException",
        ),
        (BOB, &["Encrypt"], json!({"EncryptionContextEquals": {"team": "a"}}), "AccessDeniedException"),
        (BOB, &["Encrypt"], json!({"EncryptionContextSubset": {"team": "b"}}), "AccessDeniedException"),
        (BOB, &["Encrypt"], Value::Null, "AccessDeniedException"),
    ] {
        let mut wish = grant(&key, grantee, operations);
        wish["Constraints"] = constraints.clone();
        assert_eq!(code(&kms.call("CreateGrant", wish)), expected, "{grantee} {operations:?} {constraints}");
    }
}
