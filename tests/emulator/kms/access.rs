//! Every operation on a key, allowed and denied by key policy, by identity policy and by grant.

use super::support::{Emulator, OTHER, OWN, b64, code};
use keystorm::api::{KeySpec, KeyUsage};
use keystorm::kms::keys::{DAY, Deletion, Eventual, ExpirationModel, Origin};
use serde_json::{Value, json};

const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const BOB: &str = "arn:aws:iam::444455556666:role/bob";

/// What a call of an operation on a key needs.
struct Row {
    operation: &'static str,
    kind: Sort,
    /// `K` stands for the key, `C` for a ciphertext of it, `S` for a signature, `M` for a code, `P` for a public key,
    /// `E` for a capsule, `G` for a grant's id.
    call: &'static str,
    actions: &'static [&'static str],
    /// Whether a grant can give it.
    by_grant: bool,
    /// Whether callers of other accounts can have it.
    across: bool,
}

/// A key to try an operation on.
#[derive(Clone, Copy)]
enum Sort {
    Symmetric,
    Leaving,
    Imported,
    Signs,
    Macs,
    Agrees,
    Encapsulates,
}

/// All operations on a key but those of aliases (see there), of grants' holders (RetireGrant, see there), and those
/// that need more than one key or call: ImportKeyMaterial, ReplicateKey, UpdatePrimaryRegion.
#[rustfmt::skip]
const TABLE: &[Row] = {
    use Sort::*;
    &[
        Row { operation: "Encrypt", kind: Symmetric, call: r#"{"KeyId": "K", "Plaintext": "eA=="}"#, actions: &["Encrypt"], by_grant: true, across: true },
        Row { operation: "Decrypt", kind: Symmetric, call: r#"{"CiphertextBlob": "C"}"#, actions: &["Decrypt"], by_grant: true, across: true },
        Row { operation: "ReEncrypt", kind: Symmetric, call: r#"{"CiphertextBlob": "C", "DestinationKeyId": "K"}"#, actions: &["ReEncryptFrom", "ReEncryptTo"], by_grant: true, across: true },
        Row { operation: "GenerateDataKey", kind: Symmetric, call: r#"{"KeyId": "K", "KeySpec": "AES_256"}"#, actions: &["GenerateDataKey"], by_grant: true, across: true },
        Row { operation: "GenerateDataKeyWithoutPlaintext", kind: Symmetric, call: r#"{"KeyId": "K", "KeySpec": "AES_256"}"#, actions: &["GenerateDataKeyWithoutPlaintext"], by_grant: true, across: true },
        Row { operation: "GenerateDataKeyPair", kind: Symmetric, call: r#"{"KeyId": "K", "KeyPairSpec": "ECC_NIST_P256"}"#, actions: &["GenerateDataKeyPair"], by_grant: true, across: true },
        Row { operation: "GenerateDataKeyPairWithoutPlaintext", kind: Symmetric, call: r#"{"KeyId": "K", "KeyPairSpec": "ECC_NIST_P256"}"#, actions: &["GenerateDataKeyPairWithoutPlaintext"], by_grant: true, across: true },
        Row { operation: "Sign", kind: Signs, call: r#"{"KeyId": "K", "Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256"}"#, actions: &["Sign"], by_grant: true, across: true },
        Row { operation: "Verify", kind: Signs, call: r#"{"KeyId": "K", "Message": "eA==", "SigningAlgorithm": "ECDSA_SHA_256", "Signature": "S"}"#, actions: &["Verify"], by_grant: true, across: true },
        Row { operation: "GenerateMac", kind: Macs, call: r#"{"KeyId": "K", "Message": "eA==", "MacAlgorithm": "HMAC_SHA_256"}"#, actions: &["GenerateMac"], by_grant: true, across: true },
        Row { operation: "VerifyMac", kind: Macs, call: r#"{"KeyId": "K", "Message": "eA==", "MacAlgorithm": "HMAC_SHA_256", "Mac": "M"}"#, actions: &["VerifyMac"], by_grant: true, across: true },
        Row { operation: "DeriveSharedSecret", kind: Agrees, call: r#"{"KeyId": "K", "KeyAgreementAlgorithm": "ECDH", "PublicKey": "P"}"#, actions: &["DeriveSharedSecret"], by_grant: true, across: true },
        Row { operation: "Encapsulate", kind: Encapsulates, call: r#"{"KeyId": "K", "EncapsulationAlgorithm": "ML_KEM"}"#, actions: &["Encapsulate"], by_grant: true, across: true },
        Row { operation: "Decapsulate", kind: Encapsulates, call: r#"{"KeyId": "K", "EncapsulationAlgorithm": "ML_KEM", "SharedSecretCiphertextBlob": "E"}"#, actions: &["Decapsulate"], by_grant: true, across: true },
        Row { operation: "GetPublicKey", kind: Signs, call: r#"{"KeyId": "K"}"#, actions: &["GetPublicKey"], by_grant: true, across: true },
        Row { operation: "DescribeKey", kind: Symmetric, call: r#"{"KeyId": "K"}"#, actions: &["DescribeKey"], by_grant: true, across: true },
        Row { operation: "CreateGrant", kind: Symmetric, call: r#"{"KeyId": "K", "GranteePrincipal": "444455556666", "Operations": ["CreateGrant"]}"#, actions: &["CreateGrant"], by_grant: true, across: true },
        Row { operation: "ListGrants", kind: Symmetric, call: r#"{"KeyId": "K"}"#, actions: &["ListGrants"], by_grant: false, across: true },
        Row { operation: "RevokeGrant", kind: Symmetric, call: r#"{"KeyId": "K", "GrantId": "G"}"#, actions: &["RevokeGrant"], by_grant: false, across: true },
        Row { operation: "EnableKey", kind: Symmetric, call: r#"{"KeyId": "K"}"#, actions: &["EnableKey"], by_grant: false, across: false },
        Row { operation: "DisableKey", kind: Symmetric, call: r#"{"KeyId": "K"}"#, actions: &["DisableKey"], by_grant: false, across: false },
        Row { operation: "ScheduleKeyDeletion", kind: Symmetric, call: r#"{"KeyId": "K"}"#, actions: &["ScheduleKeyDeletion"], by_grant: false, across: false },
        Row { operation: "CancelKeyDeletion", kind: Leaving, call: r#"{"KeyId": "K"}"#, actions: &["CancelKeyDeletion"], by_grant: false, across: false },
        Row { operation: "UpdateKeyDescription", kind: Symmetric, call: r#"{"KeyId": "K", "Description": "x"}"#, actions: &["UpdateKeyDescription"], by_grant: false, across: false },
        Row { operation: "TagResource", kind: Symmetric, call: r#"{"KeyId": "K", "Tags": [{"TagKey": "a", "TagValue": "b"}]}"#, actions: &["TagResource"], by_grant: false, across: false },
        Row { operation: "UntagResource", kind: Symmetric, call: r#"{"KeyId": "K", "TagKeys": ["a"]}"#, actions: &["UntagResource"], by_grant: false, across: false },
        Row { operation: "ListResourceTags", kind: Symmetric, call: r#"{"KeyId": "K"}"#, actions: &["ListResourceTags"], by_grant: false, across: false },
        Row { operation: "GetKeyPolicy", kind: Symmetric, call: r#"{"KeyId": "K"}"#, actions: &["GetKeyPolicy"], by_grant: false, across: false },
        Row { operation: "PutKeyPolicy", kind: Symmetric, call: r#"{"KeyId": "K", "BypassPolicyLockoutSafetyCheck": true, "Policy": "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"kms:*\", \"Resource\": \"*\"}}"}"#, actions: &["PutKeyPolicy"], by_grant: false, across: false },
        Row { operation: "ListKeyPolicies", kind: Symmetric, call: r#"{"KeyId": "K"}"#, actions: &["ListKeyPolicies"], by_grant: false, across: false },
        Row { operation: "EnableKeyRotation", kind: Symmetric, call: r#"{"KeyId": "K"}"#, actions: &["EnableKeyRotation"], by_grant: false, across: false },
        Row { operation: "DisableKeyRotation", kind: Symmetric, call: r#"{"KeyId": "K"}"#, actions: &["DisableKeyRotation"], by_grant: false, across: false },
        Row { operation: "GetKeyRotationStatus", kind: Symmetric, call: r#"{"KeyId": "K"}"#, actions: &["GetKeyRotationStatus"], by_grant: false, across: true },
        Row { operation: "RotateKeyOnDemand", kind: Symmetric, call: r#"{"KeyId": "K"}"#, actions: &["RotateKeyOnDemand"], by_grant: false, across: false },
        Row { operation: "ListKeyRotations", kind: Symmetric, call: r#"{"KeyId": "K"}"#, actions: &["ListKeyRotations"], by_grant: false, across: false },
        Row { operation: "GetKeyLastUsage", kind: Symmetric, call: r#"{"KeyId": "K"}"#, actions: &["GetKeyLastUsage"], by_grant: false, across: false },
        Row { operation: "GetParametersForImport", kind: Imported, call: r#"{"KeyId": "K", "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}"#, actions: &["GetParametersForImport"], by_grant: false, across: false },
        Row { operation: "DeleteImportedKeyMaterial", kind: Imported, call: r#"{"KeyId": "K"}"#, actions: &["DeleteImportedKeyMaterial"], by_grant: false, across: false },
    ]
};

/// Puts a key of a sort into the caller's realm.
fn key_of(kms: &mut Emulator, sort: Sort) -> String {
    use KeySpec::{EccNistP256, Hmac256, MlKem512, SymmetricDefault};
    let (spec, usage) = match sort {
        Sort::Symmetric | Sort::Leaving | Sort::Imported => (SymmetricDefault, KeyUsage::EncryptDecrypt),
        Sort::Signs => (EccNistP256, KeyUsage::SignVerify),
        Sort::Macs => (Hmac256, KeyUsage::GenerateVerifyMac),
        Sort::Agrees => (EccNistP256, KeyUsage::KeyAgreement),
        Sort::Encapsulates => (MlKem512, KeyUsage::EncapsulateDecapsulate),
    };
    kms.key_with(spec, usage, |key| match sort {
        Sort::Leaving => {
            let at = Some(key.created + DAY.times(7));
            key.deletion = Eventual::new(Some(Deletion { window_days: 7, at }));
        }
        Sort::Imported => {
            key.origin = Origin::External;
            key.materials[0].expiration = Some(ExpirationModel::DoesNotExpire);
        }
        _ => {}
    })
}

/// An emulator with one key of the type a row asks for, and the row's call.
fn prepared(row: usize) -> (Emulator, String, Value) {
    let Row { kind, call, .. } = TABLE[row];
    let mut kms = Emulator::new();
    let key = key_of(&mut kms, kind);
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
    for (row, Row { operation, actions, across, .. }) in TABLE.iter().enumerate() {
        let other: &[&str] = &["AnotherAction"];
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
            let is_allowed = case.is_allowed && (case.caller == ANN || *across);
            let expected = if is_allowed { "ok" } else { "AccessDeniedException" };
            assert_eq!(code(&said), expected, "{operation}: {}: {said:?}", case.why);
        }
    }
}

#[test]
fn each_of_two_actions_is_needed_where_there_are_two() {
    for (row, Row { operation, actions, .. }) in
        TABLE.iter().enumerate().filter(|(_, row)| row.actions.len() > 1)
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

/// Whether its key can have grants at all: one on its way out cannot.
fn has_grants(row: &Row) -> bool {
    !matches!(row.kind, Sort::Leaving)
}

#[test]
fn grants_allow_what_a_grant_can_and_nothing_else() {
    for (row, Row { operation, actions, by_grant, .. }) in
        TABLE.iter().enumerate().filter(|(_, row)| has_grants(row))
    {
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
                json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": ["RetireGrant"]}),
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
        ("CreateKey", json!({})),
        ("ListKeys", json!({})),
        (
            "CreateCustomKeyStore",
            json!({"CustomKeyStoreName": "a", "CloudHsmClusterId": "cluster-2b2b2b2b2b2",
            "KeyStorePassword": "hush-hush", "TrustAnchorCertificate": "x"}),
        ),
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
        let row = TABLE.iter().position(|row| row.operation == operation).unwrap();
        for (asked, expected) in [(value, "ok"), ("something else", "AccessDeniedException")] {
            let (mut kms, key, call) = prepared(row);
            let mut allow = statement("Allow", Some(ANN), TABLE[row].actions);
            allow["Condition"] = json!({"StringEquals": {condition: asked}});
            kms.set_policy(&key, &policy(&[allow]));
            let said = kms.as_caller(ANN, &[]).call(operation, call);
            assert_eq!(code(&said), expected, "{operation} {condition} {asked}");
        }
    }
}

#[test]
fn conditions_see_the_alias_by_which_a_call_names_its_key() {
    let mut kms = Emulator::new();
    let (key, other) = (kms.symmetric(), kms.symmetric());
    for (name, key) in [("alias/a", &key), ("alias/b", &other)] {
        kms.ok("CreateAlias", json!({"AliasName": name, "TargetKeyId": key}));
    }
    let blob = kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")}))["CiphertextBlob"].clone();
    for (key, alias) in [(&key, "alias/a"), (&other, "alias/b")] {
        let mut allow = statement("Allow", Some(ANN), &["Encrypt", "ReEncrypt*"]);
        allow["Condition"] = json!({"StringEquals": {"kms:RequestAlias": alias}});
        kms.set_policy(key, &policy(&[allow]));
    }
    kms.as_caller(ANN, &[]);
    for (operation, call, expected) in [
        ("Encrypt", json!({"KeyId": "alias/a", "Plaintext": "eA=="}), "ok"),
        ("Encrypt", json!({"KeyId": key, "Plaintext": "eA=="}), "AccessDeniedException"),
        (
            "ReEncrypt",
            json!({"CiphertextBlob": blob, "SourceKeyId": "alias/a", "DestinationKeyId": "alias/b"}),
            "ok",
        ),
        (
            "ReEncrypt",
            json!({"CiphertextBlob": blob, "DestinationKeyId": "alias/b"}),
            "AccessDeniedException",
        ),
        (
            "ReEncrypt",
            json!({"CiphertextBlob": blob, "SourceKeyId": "alias/a", "DestinationKeyId": other}),
            "AccessDeniedException",
        ),
    ] {
        assert_eq!(code(&kms.call(operation, call.clone())), expected, "{operation} {call}");
    }
}
