//! Every operation on a key, allowed and denied by key policy, by identity policy and by grant.

use crate::support::{Emulator, OTHER, OWN, b64, code};
use keystorm::api::KeySpec;
use keystorm::kms::keys::KeyUsage;
use serde_json::{Value, json};

const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const BOB: &str = "arn:aws:iam::444455556666:role/bob";

/// Operations that use keys: what they are called with, which action they need, and whether a grant can give it.
///
/// `K` in a call stands for the key, `C` for a ciphertext of it, `S` for a signature, `M` for a code, `P` for a public
/// key, `E` for a capsule, `G` for a grant's id.
const TABLE: &[(&str, KeySpec, KeyUsage, &str, &[&str], bool)] = {
    use KeySpec::*;
    use KeyUsage::*;
    const SYM: (KeySpec, KeyUsage) = (SymmetricDefault, EncryptDecrypt);
    &[
        ("Encrypt", SYM.0, SYM.1, r#"{"KeyId": "K", "Plaintext": "eA=="}"#, &["Encrypt"], true),
        ("Decrypt", SYM.0, SYM.1, r#"{"CiphertextBlob": "C"}"#, &["Decrypt"], true),
        (
            "ReEncrypt",
            SYM.0,
            SYM.1,
            r#"{"CiphertextBlob": "C", "DestinationKeyId": "K"}"#,
            &["ReEncryptFrom", "ReEncryptTo"],
            true,
        ),
        (
            "GenerateDataKey",
            SYM.0,
            SYM.1,
            r#"{"KeyId": "K", "KeySpec": "AES_256"}"#,
            &["GenerateDataKey"],
            true,
        ),
        (
            "GenerateDataKeyWithoutPlaintext",
            SYM.0,
            SYM.1,
            r#"{"KeyId": "K", "KeySpec": "AES_256"}"#,
            &["GenerateDataKeyWithoutPlaintext"],
            true,
        ),
        (
            "GenerateDataKeyPair",
            SYM.0,
            SYM.1,
            r#"{"KeyId": "K", "KeyPairSpec": "ECC_NIST_P256"}"#,
            &["GenerateDataKeyPair"],
            true,
        ),
        (
            "GenerateDataKeyPairWithoutPlaintext",
            SYM.0,
            SYM.1,
            r#"{"KeyId": "K", "KeyPairSpec": "ECC_NIST_P256"}"#,
            &["GenerateDataKeyPairWithoutPlaintext"],
            true,
        ),
        (
            "Sign",
            EccNistP256,
            SignVerify,
            r#"{"KeyId": "K", "Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256"}"#,
            &["Sign"],
            true,
        ),
        (
            "Verify",
            EccNistP256,
            SignVerify,
            r#"{"KeyId": "K", "Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256", "Signature": "S"}"#,
            &["Verify"],
            true,
        ),
        (
            "GenerateMac",
            Hmac256,
            GenerateVerifyMac,
            r#"{"KeyId": "K", "Message": "eA==", "MacAlgorithm": "HMAC_SHA_256"}"#,
            &["GenerateMac"],
            true,
        ),
        (
            "VerifyMac",
            Hmac256,
            GenerateVerifyMac,
            r#"{"KeyId": "K", "Message": "eA==", "MacAlgorithm": "HMAC_SHA_256", "Mac": "M"}"#,
            &["VerifyMac"],
            true,
        ),
        (
            "DeriveSharedSecret",
            EccNistP256,
            KeyAgreement,
            r#"{"KeyId": "K", "KeyAgreementAlgorithm": "ECDH", "PublicKey": "P"}"#,
            &["DeriveSharedSecret"],
            true,
        ),
        (
            "Encapsulate",
            MlKem512,
            EncapsulateDecapsulate,
            r#"{"KeyId": "K", "EncapsulationAlgorithm": "ML_KEM"}"#,
            &["Encapsulate"],
            true,
        ),
        (
            "Decapsulate",
            MlKem512,
            EncapsulateDecapsulate,
            r#"{"KeyId": "K", "EncapsulationAlgorithm": "ML_KEM", "SharedSecretCiphertextBlob": "E"}"#,
            &["Decapsulate"],
            true,
        ),
        (
            "CreateGrant",
            SYM.0,
            SYM.1,
            r#"{"KeyId": "K", "GranteePrincipal": "444455556666", "Operations": ["CreateGrant"]}"#,
            &["CreateGrant"],
            true,
        ),
        ("ListGrants", SYM.0, SYM.1, r#"{"KeyId": "K"}"#, &["ListGrants"], false),
        ("RevokeGrant", SYM.0, SYM.1, r#"{"KeyId": "K", "GrantId": "G"}"#, &["RevokeGrant"], false),
    ]
};

/// An emulator with one key of the type a row asks for, and the row's call.
fn prepared(row: usize) -> (Emulator, String, Value) {
    let (_, spec, usage, call, ..) = TABLE[row];
    let mut kms = Emulator::new();
    let key = kms.key(spec, usage);
    let mut call = call.replace("\"K\"", &json!(key).to_string());
    for (sign, operation, made, member) in [
        ("C", "Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")}), "CiphertextBlob"),
        (
            "S",
            "Sign",
            json!({"KeyId": key, "Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256"}),
            "Signature",
        ),
        ("M", "GenerateMac", json!({"KeyId": key, "Message": "eA==", "MacAlgorithm": "HMAC_SHA_256"}), "Mac"),
        (
            "E",
            "Encapsulate",
            json!({"KeyId": key, "EncapsulationAlgorithm": "ML_KEM"}),
            "SharedSecretCiphertextBlob",
        ),
        (
            "G",
            "CreateGrant",
            json!({"KeyId": key, "GranteePrincipal": OTHER, "Operations": ["Encrypt"]}),
            "GrantId",
        ),
    ] {
        let sign = format!("\"{sign}\"");
        if call.contains(&sign) {
            call = call.replace(&sign, &kms.ok(operation, made)[member].to_string());
        }
    }
    if call.contains("\"P\"") {
        let material = kms.look(&key).materials[0].secret.clone().unwrap();
        call = call.replace("\"P\"", &json!(b64(material.public_key().unwrap())).to_string());
    }
    (kms, key, serde_json::from_str(&call).unwrap())
}

fn statement(effect: &str, principal: Option<&str>, actions: &[&str]) -> Value {
    let actions: Vec<String> = actions.iter().map(|action| format!("kms:{action}")).collect();
    let mut statement = json!({"Effect": effect, "Action": actions, "Resource": "*"});
    if let Some(principal) = principal {
        statement["Principal"] = json!({"AWS": principal});
    }
    statement
}

fn policy(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn root_of(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

/// Who calls, what the key policy says, what the identity policy says, and what comes of it.
struct Case<'a> {
    caller: &'a str,
    key_policy: Vec<Value>,
    identity: Vec<Value>,
    is_allowed: bool,
    why: &'a str,
}

#[test]
fn key_and_identity_policies_allow_and_deny_every_operation() {
    for (row, (operation, _, _, _, actions, _)) in TABLE.iter().enumerate() {
        let other: &[&str] = &["DisableKey"];
        let delegates = |account: &str| statement("Allow", Some(&root_of(account)), &["*"]);
        let names = |who: &str, effect: &str| statement(effect, Some(who), actions);
        let cases = [
            Case {
                caller: ANN,
                key_policy: vec![names(ANN, "Allow")],
                identity: vec![],
                is_allowed: true,
                why: "named",
            },
            Case {
                caller: ANN,
                key_policy: vec![statement("Allow", Some(ANN), other)],
                identity: vec![],
                is_allowed: false,
                why: "named for another action",
            },
            Case {
                caller: ANN,
                key_policy: vec![delegates(OWN)],
                identity: vec![statement("Allow", None, actions)],
                is_allowed: true,
                why: "delegated",
            },
            Case {
                caller: ANN,
                key_policy: vec![delegates(OWN)],
                identity: vec![],
                is_allowed: false,
                why: "delegated, but nobody allows",
            },
            Case {
                caller: ANN,
                key_policy: vec![names(BOB, "Allow")],
                identity: vec![statement("Allow", None, actions)],
                is_allowed: false,
                why: "not delegated",
            },
            Case {
                caller: ANN,
                key_policy: vec![names(ANN, "Allow"), names(ANN, "Deny")],
                identity: vec![],
                is_allowed: false,
                why: "the key policy denies",
            },
            Case {
                caller: ANN,
                key_policy: vec![names(ANN, "Allow")],
                identity: vec![statement("Deny", None, actions)],
                is_allowed: false,
                why: "the identity policy denies",
            },
            Case {
                caller: BOB,
                key_policy: vec![names(BOB, "Allow")],
                identity: vec![],
                is_allowed: false,
                why: "across accounts, only the key's side",
            },
            Case {
                caller: BOB,
                key_policy: vec![delegates(OWN)],
                identity: vec![statement("Allow", None, actions)],
                is_allowed: false,
                why: "across accounts, only the caller's side",
            },
            Case {
                caller: BOB,
                key_policy: vec![names(BOB, "Allow")],
                identity: vec![statement("Allow", None, actions)],
                is_allowed: true,
                why: "across accounts, both sides",
            },
            Case {
                caller: BOB,
                key_policy: vec![delegates(OTHER)],
                identity: vec![statement("Allow", None, actions)],
                is_allowed: true,
                why: "across accounts, the account named",
            },
        ];
        for case in cases {
            let (mut kms, key, call) = prepared(row);
            kms.set_policy(&key, &policy(&case.key_policy));
            let identity = policy(&case.identity);
            let policies: &[&str] = if case.identity.is_empty() { &[] } else { &[&identity] };
            let said = kms.as_caller(case.caller, policies).call(operation, call);
            let expected = if case.is_allowed { "ok" } else { "AccessDeniedException" };
            assert_eq!(code(&said), expected, "{operation}: {}: {said:?}", case.why);
        }
    }
}

#[test]
fn each_of_two_actions_is_needed_where_there_are_two() {
    for (row, (operation, _, _, _, actions, _)) in TABLE.iter().enumerate().filter(|(_, row)| row.4.len() > 1)
    {
        for action in *actions {
            let (mut kms, key, call) = prepared(row);
            kms.set_policy(&key, &policy(&[statement("Allow", Some(ANN), &[action])]));
            let (code, message) = kms.as_caller(ANN, &[]).call(operation, call).unwrap_err();
            assert_eq!(code, "AccessDeniedException", "{operation} by {action}");
            let missing = actions.iter().find(|other| *other != action).unwrap();
            let expected =
                format!("User: {ANN} is not authorized to perform: kms:{missing} on resource: {key} because");
            assert!(message.starts_with(&expected), "{message}");
        }
    }
}

#[test]
fn grants_allow_what_a_grant_can_and_nothing_else() {
    for (row, (operation, _, _, _, actions, by_grant)) in TABLE.iter().enumerate() {
        for grantee in [ANN, BOB] {
            let (mut kms, key, call) = prepared(row);
            let held = if *by_grant { actions.to_vec() } else { vec!["CreateGrant", "DescribeKey"] };
            kms.ok("CreateGrant", json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": held}));
            let said = kms.as_caller(grantee, &[]).call(operation, call.clone());
            assert_eq!(
                code(&said),
                if *by_grant { "ok" } else { "AccessDeniedException" },
                "{operation} {grantee}"
            );
            let (mut kms, key, call) = prepared(row);
            kms.ok(
                "CreateGrant",
                json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": ["DescribeKey"]}),
            );
            let said = kms.as_caller(grantee, &[]).call(operation, call.clone());
            assert_eq!(
                code(&said),
                "AccessDeniedException",
                "{operation} {grantee} by another operation's grant"
            );
            let (mut kms, key, call) = prepared(row);
            kms.ok("CreateGrant", json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": held}));
            kms.set_policy(&key, &policy(&[statement("Deny", Some(grantee), actions)]));
            let said = kms.as_caller(grantee, &[]).call(operation, call);
            assert_eq!(
                code(&said),
                "AccessDeniedException",
                "{operation} {grantee} denied by the key policy"
            );
        }
    }
}

#[test]
fn operations_without_a_key_need_an_identity_policy() {
    for (operation, call) in [
        ("GenerateRandom", json!({"NumberOfBytes": 1})),
        ("ListAliases", json!({})),
        ("ListRetirableGrants", json!({"RetiringPrincipal": ANN})),
        ("DescribeCustomKeyStores", json!({})),
    ] {
        let mut kms = Emulator::new();
        let allows = policy(&[statement("Allow", None, &[operation])]);
        let denies = policy(&[statement("Deny", None, &[operation])]);
        for (policies, expected) in [
            (vec![], "AccessDeniedException"),
            (vec![allows.as_str()], "ok"),
            (vec![allows.as_str(), denies.as_str()], "AccessDeniedException"),
        ] {
            let said = kms.as_caller(ANN, &policies).call(operation, call.clone());
            assert_eq!(code(&said), expected, "{operation} {policies:?}");
        }
    }
}

#[test]
fn conditions_see_what_a_call_asks_for_and_its_defaults() {
    for (operation, condition, value) in [
        ("Encrypt", "kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT"),
        ("Decrypt", "kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT"),
        ("ReEncrypt", "kms:ReEncryptOnSameKey", "true"),
        ("GenerateDataKey", "kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT"),
        ("GenerateDataKeyPair", "kms:DataKeyPairSpec", "ECC_NIST_P256"),
        ("GenerateDataKeyPairWithoutPlaintext", "kms:DataKeyPairSpec", "ECC_NIST_P256"),
        ("Sign", "kms:SigningAlgorithm", "ECDSA_SHA_256"),
        ("Sign", "kms:MessageType", "RAW"),
        ("Verify", "kms:MessageType", "RAW"),
        ("GenerateMac", "kms:MacAlgorithm", "HMAC_SHA_256"),
        ("VerifyMac", "kms:MacAlgorithm", "HMAC_SHA_256"),
        ("DeriveSharedSecret", "kms:KeyAgreementAlgorithm", "ECDH"),
        ("Encapsulate", "kms:KeySpec", "ML_KEM_512"),
        ("ListGrants", "kms:GrantIsForAWSResource", "false"),
        ("RevokeGrant", "kms:GrantIsForAWSResource", "false"),
        ("CreateGrant", "kms:GrantIsForAWSResource", "false"),
        ("CreateGrant", "kms:GranteePrincipal", "arn:aws:iam::444455556666:root"),
        ("CreateGrant", "kms:CallerAccount", OWN),
    ] {
        let row = TABLE.iter().position(|row| row.0 == operation).unwrap();
        for (asked, expected) in [(value, "ok"), ("something else", "AccessDeniedException")] {
            let (mut kms, key, call) = prepared(row);
            let mut allow = statement("Allow", Some(ANN), TABLE[row].4);
            allow["Condition"] = json!({"StringEquals": {condition: asked}});
            kms.set_policy(&key, &policy(&[allow]));
            let said = kms.as_caller(ANN, &[]).call(operation, call);
            assert_eq!(code(&said), expected, "{operation} {condition} {asked}");
        }
    }
}
