//! CreateKey: which types, usages, origins, stores and tags go together, and what DescribeKey shows of them.

use super::support::{Emulator, OTHER, OWN, Setting, b64, code};
use keystorm::api::KeySpec;
use keystorm::kms::Limits;
use keystorm::kms::crypto::Material;
use serde_json::{Value, json};

const USAGES: [&str; 5] =
    ["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"];

/// Types, what they can be for (positions in `USAGES`), and whether their material can be imported.
///
/// Source: kms-facts §3 (model of 2026-11-17).
const TYPES: &[(&str, &[usize], bool)] = &[
    ("SYMMETRIC_DEFAULT", &[0], true),
    ("RSA_2048", &[0, 1], true),
    ("RSA_3072", &[0, 1], true),
    ("RSA_4096", &[0, 1], true),
    ("ECC_NIST_P256", &[1, 3], true),
    ("ECC_NIST_P384", &[1, 3], true),
    ("ECC_NIST_P521", &[1, 3], true),
    ("ECC_SECG_P256K1", &[1], true),
    ("ECC_NIST_EDWARDS25519", &[1], true),
    ("HMAC_224", &[2], true),
    ("HMAC_256", &[2], true),
    ("HMAC_384", &[2], true),
    ("HMAC_512", &[2], true),
    ("ML_DSA_44", &[1], true),
    ("ML_DSA_65", &[1], true),
    ("ML_DSA_87", &[1], true),
    ("ML_KEM_512", &[4], false),
    ("ML_KEM_768", &[4], false),
    ("ML_KEM_1024", &[4], false),
];

fn members(shown: &Value) -> Vec<&str> {
    shown.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn every_type_is_made_for_its_usages_and_no_other() {
    assert_eq!(TYPES.len() + 1, KeySpec::ALL.len(), "SM2 is not among them");
    let mut kms = Emulator::new();
    for (spec, good, is_importable) in TYPES {
        // Keys without material are made in no time, RSA keys included.
        let origin = if *is_importable { "EXTERNAL" } else { "AWS_KMS" };
        for (at, usage) in USAGES.iter().enumerate() {
            let said = kms.call("CreateKey", json!({"KeySpec": spec, "KeyUsage": usage, "Origin": origin}));
            let wanted = if good.contains(&at) { "ok" } else { "ValidationException" };
            assert_eq!(code(&said), wanted, "{spec} {usage}");
            let Ok(answer) = said else { continue };
            let shown = &answer["KeyMetadata"];
            assert_eq!((&shown["KeySpec"], &shown["KeyUsage"]), (&json!(spec), &json!(usage)));
            assert_eq!(shown["CustomerMasterKeySpec"], *spec);
            let lists = [
                "EncryptionAlgorithms",
                "SigningAlgorithms",
                "MacAlgorithms",
                "KeyAgreementAlgorithms",
                "EncapsulationAlgorithms",
            ];
            for (other, list) in lists.iter().enumerate() {
                let has_some = shown[*list].as_array().is_some_and(|list| !list.is_empty());
                assert_eq!(has_some, at == other, "{spec} {usage} {list}");
            }
        }
        let wanted = if *spec == "SYMMETRIC_DEFAULT" { "ok" } else { "ValidationException" };
        assert_eq!(code(&kms.call("CreateKey", json!({"KeySpec": spec}))), wanted, "{spec} for nothing");
        if !is_importable {
            let call = json!({"KeySpec": spec, "KeyUsage": USAGES[good[0]], "Origin": "EXTERNAL"});
            assert_eq!(kms.code("CreateKey", call), "UnsupportedOperationException", "{spec}");
        }
    }
    let sm2 = json!({"KeySpec": "SM2", "KeyUsage": "SIGN_VERIFY"});
    assert_eq!(kms.code("CreateKey", sm2.clone()), "UnsupportedOperationException");
    let old =
        kms.ok("CreateKey", json!({"CustomerMasterKeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}));
    assert_eq!(old["KeyMetadata"]["KeySpec"], "HMAC_256");
    let both = json!({"CustomerMasterKeySpec": "HMAC_256", "KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"});
    assert_eq!(kms.code("CreateKey", both), "ValidationException");
    kms.in_region("cn-north-1");
    assert_eq!(kms.code("CreateKey", sm2), "UnsupportedOperationException");
    let kem = json!({"KeySpec": "ML_KEM_768", "KeyUsage": "ENCAPSULATE_DECAPSULATE"});
    assert_eq!(kms.code("CreateKey", kem), "UnsupportedOperationException");
    let arn = kms.ok("CreateKey", json!({}))["KeyMetadata"]["Arn"].clone();
    assert!(arn.as_str().unwrap().starts_with("arn:aws-cn:kms:cn-north-1:"));
}

#[test]
fn origins_stores_and_external_keys_belong_together() {
    let mut kms = Emulator::new();
    let hsm = json!({"CustomKeyStoreName": "hsm", "CloudHsmClusterId": "cluster-2b2b2b2b2b2",
        "KeyStorePassword": "hush-hush", "TrustAnchorCertificate": "-----BEGIN CERTIFICATE-----"});
    let xks = json!({"CustomKeyStoreName": "xks", "CustomKeyStoreType": "EXTERNAL_KEY_STORE",
        "XksProxyUriEndpoint": "https://xks.example.com", "XksProxyUriPath": "/kms/xks/v1",
        "XksProxyConnectivity": "PUBLIC_ENDPOINT",
        "XksProxyAuthenticationCredential": {"AccessKeyId": "ABCDEAAAAAAEXAMPLEAA",
            "RawSecretAccessKey": "hush".repeat(11)}});
    let hsm = kms.ok("CreateCustomKeyStore", hsm)["CustomKeyStoreId"].clone();
    let xks = kms.ok("CreateCustomKeyStore", xks)["CustomKeyStoreId"].clone();
    let in_hsm = json!({"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": hsm});
    assert_eq!(kms.code("CreateKey", in_hsm.clone()), "CustomKeyStoreInvalidStateException");
    for store in [&hsm, &xks] {
        kms.ok("ConnectCustomKeyStore", json!({"CustomKeyStoreId": store}));
    }
    let in_xks = json!({"Origin": "EXTERNAL_KEY_STORE", "CustomKeyStoreId": xks, "XksKeyId": "outside"});
    let with = |call: &Value, name: &str, value: Value| {
        let mut call = call.clone();
        call[name] = value;
        call
    };
    let hmac = |call: &Value| {
        let call = with(call, "KeySpec", json!("HMAC_256"));
        with(&call, "KeyUsage", json!("GENERATE_VERIFY_MAC"))
    };
    for (call, wanted) in [
        (in_hsm.clone(), "ok"),
        (in_xks.clone(), "ok"),
        (in_xks.clone(), "XksKeyAlreadyInUseException"),
        (with(&in_xks, "XksKeyId", json!("another")), "ok"),
        (with(&in_xks, "XksKeyId", Value::Null), "ValidationException"),
        (with(&in_hsm, "XksKeyId", json!("outside")), "ValidationException"),
        (with(&in_hsm, "CustomKeyStoreId", xks.clone()), "ValidationException"),
        (with(&in_xks, "CustomKeyStoreId", hsm.clone()), "ValidationException"),
        (with(&in_hsm, "CustomKeyStoreId", Value::Null), "ValidationException"),
        (
            with(&in_hsm, "CustomKeyStoreId", json!("cks-00000000000000000")),
            "CustomKeyStoreNotFoundException",
        ),
        (with(&in_hsm, "Origin", json!("AWS_KMS")), "ValidationException"),
        (with(&in_hsm, "Origin", json!("EXTERNAL")), "ValidationException"),
        (with(&in_hsm, "MultiRegion", json!(true)), "UnsupportedOperationException"),
        (hmac(&in_hsm), "UnsupportedOperationException"),
        (json!({"XksKeyId": "outside"}), "ValidationException"),
    ] {
        assert_eq!(code(&kms.call("CreateKey", call.clone())), wanted, "{call}");
    }
    let stored = kms.ok("CreateKey", in_hsm)["KeyMetadata"].clone();
    assert_eq!(
        (&stored["CustomKeyStoreId"], &stored["CloudHsmClusterId"]),
        (&hsm, &json!("cluster-2b2b2b2b2b2"))
    );
    assert_eq!(stored.get("CurrentKeyMaterialId"), None);
    let outside = kms.ok("CreateKey", with(&in_xks, "XksKeyId", json!("third")))["KeyMetadata"].clone();
    assert_eq!(outside["XksKeyConfiguration"], json!({"Id": "third"}));
}

#[test]
fn a_key_shows_what_aws_shows_of_it() {
    let mut kms = Emulator::new();
    let shown = kms.ok("CreateKey", json!({"Description": "of mine"}))["KeyMetadata"].clone();
    let mut plain = vec![
        "AWSAccountId",
        "Arn",
        "CreationDate",
        "CurrentKeyMaterialId",
        "CustomerMasterKeySpec",
        "Description",
        "Enabled",
        "EncryptionAlgorithms",
        "KeyId",
        "KeyManager",
        "KeySpec",
        "KeyState",
        "KeyUsage",
        "MultiRegion",
        "Origin",
    ];
    assert_eq!(members(&shown), plain);
    assert_eq!(shown["AWSAccountId"], OWN);
    assert_eq!(shown["CreationDate"], 1_800_000_000);
    assert_eq!((&shown["KeyManager"], &shown["Origin"]), (&json!("CUSTOMER"), &json!("AWS_KMS")));
    assert_eq!((&shown["KeyState"], &shown["Enabled"]), (&json!("Enabled"), &json!(true)));
    assert_eq!(shown["CurrentKeyMaterialId"].as_str().unwrap().len(), 64);
    let id = shown["KeyId"].as_str().unwrap();
    assert_eq!((id.len(), &id[14..15]), (36, "4"));
    assert_eq!(shown, kms.ok("DescribeKey", json!({"KeyId": id}))["KeyMetadata"]);

    kms.ok("ScheduleKeyDeletion", json!({"KeyId": id}));
    let dying = kms.ok("DescribeKey", json!({"KeyId": id}))["KeyMetadata"].clone();
    plain.insert(5, "DeletionDate");
    assert_eq!(members(&dying), plain);
    assert_eq!(dying["DeletionDate"], 1_800_000_000 + 30 * 86_400);

    let multi = kms.ok("CreateKey", json!({"MultiRegion": true}))["KeyMetadata"].clone();
    assert!(multi["KeyId"].as_str().unwrap().starts_with("mrk-"));
    let family = json!({"MultiRegionKeyType": "PRIMARY", "ReplicaKeys": [],
        "PrimaryKey": {"Arn": multi["Arn"], "Region": "eu-west-1"}});
    assert_eq!(multi["MultiRegionConfiguration"], family);

    let usage = kms.ok("GetKeyLastUsage", json!({"KeyId": multi["KeyId"]}));
    assert_eq!(usage["KeyLastUsage"], json!({}));
    kms.ok("Encrypt", json!({"KeyId": multi["KeyId"], "Plaintext": b64(b"x")}));
    let usage = kms.ok("GetKeyLastUsage", json!({"KeyId": multi["KeyId"]}));
    assert_eq!(usage["KeyLastUsage"]["Operation"], "Encrypt");
    assert_eq!(kms.code("GetPublicKey", json!({"KeyId": multi["KeyId"]})), "UnsupportedOperationException");
}

#[test]
fn the_tags_of_localstack_choose_id_and_material() {
    let mut kms = Emulator::new();
    let tag = |name: &str, value: &str| json!({"TagKey": name, "TagValue": value});
    let material = b64(&[7; 32]);
    let tags = json!([tag("_custom_id_", "my-key"), tag("_custom_key_material_", &material), tag("a", "b")]);
    let shown = kms.ok("CreateKey", json!({"Tags": tags}))["KeyMetadata"].clone();
    assert_eq!(shown["KeyId"], "my-key");
    let kept = kms.ok("ListResourceTags", json!({"KeyId": "my-key"}));
    assert_eq!(kept["Tags"], json!([tag("a", "b")]));
    let blob =
        kms.ok("Encrypt", json!({"KeyId": "my-key", "Plaintext": b64(b"x")}))["CiphertextBlob"].clone();
    // The same id and material elsewhere read it: both have taken effect.
    kms.in_account(OTHER).ok("CreateKey", json!({"Tags": tags}));
    assert_eq!(kms.ok("Decrypt", json!({"CiphertextBlob": blob}))["Plaintext"], b64(b"x"));

    let pkcs8 = Material::generate(KeySpec::EccNistP256).unwrap();
    let pkcs8 = b64(pkcs8.to_bytes().as_bytes());
    for (spec, usage, tags, wanted) in [
        (
            "SYMMETRIC_DEFAULT",
            "ENCRYPT_DECRYPT",
            json!([tag("_custom_id_", "my-key")]),
            "ValidationException",
        ),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", json!([tag("_custom_id_", "a/b")]), "ValidationException"),
        (
            "SYMMETRIC_DEFAULT",
            "ENCRYPT_DECRYPT",
            json!([tag("_custom_key_material_", "eA==")]),
            "ValidationException",
        ),
        (
            "SYMMETRIC_DEFAULT",
            "ENCRYPT_DECRYPT",
            json!([tag("_custom_key_material_", "?")]),
            "ValidationException",
        ),
        ("ECC_NIST_P256", "SIGN_VERIFY", json!([tag("_custom_key_material_", &pkcs8)]), "ok"),
        (
            "ECC_NIST_P384",
            "SIGN_VERIFY",
            json!([tag("_custom_key_material_", &pkcs8)]),
            "ValidationException",
        ),
    ] {
        let said = kms.call("CreateKey", json!({"KeySpec": spec, "KeyUsage": usage, "Tags": tags}));
        assert_eq!(code(&said), wanted, "{spec} {tags}");
    }
}

#[test]
fn an_account_has_so_many_keys_in_a_region_and_those_of_aws_do_not_count() {
    let mut kms =
        Emulator::with(Setting { limits: Limits { keys: 2, ..Limits::default() }, ..Setting::default() });
    let multi = json!({"MultiRegion": true});
    let first = kms.ok("CreateKey", multi.clone())["KeyMetadata"]["KeyId"].clone();
    kms.ok("DescribeKey", json!({"KeyId": "alias/aws/s3"}));
    kms.ok("CreateKey", json!({}));
    assert_eq!(kms.code("CreateKey", json!({})), "LimitExceededException");
    kms.ok("DescribeKey", json!({"KeyId": "alias/aws/ebs"}));
    // Other Regions and other accounts have quotas of their own; a replica takes from that of its Region.
    kms.in_region("us-east-1").ok("CreateKey", json!({}));
    kms.ok("CreateKey", json!({}));
    kms.in_region("eu-west-1");
    let replicate = json!({"KeyId": first, "ReplicaRegion": "us-east-1"});
    assert_eq!(kms.code("ReplicateKey", replicate), "LimitExceededException");
    kms.in_account(OTHER).ok("CreateKey", json!({}));
    // Keys pending deletion still count, deleted ones do not.
    kms.in_account(OWN).ok("ScheduleKeyDeletion", json!({"KeyId": first, "PendingWindowInDays": 7}));
    assert_eq!(kms.code("CreateKey", json!({})), "LimitExceededException");
    kms.advance(keystorm::time::Span::from_secs(7 * 86_400)).ok("CreateKey", json!({}));
}

#[test]
fn making_a_key_and_tagging_it_are_two_permissions() {
    let mut kms = Emulator::new();
    let policy = |actions: Value| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})
            .to_string()
    };
    let tags = json!({"Tags": [{"TagKey": "a", "TagValue": "b"}], "BypassPolicyLockoutSafetyCheck": true});
    let ann = format!("arn:aws:iam::{OWN}:user/ann");
    for (actions, plain, tagged) in [
        (json!(["kms:List*"]), "AccessDeniedException", "AccessDeniedException"),
        (json!(["kms:CreateKey"]), "ok", "AccessDeniedException"),
        (json!(["kms:CreateKey", "kms:TagResource"]), "ok", "ok"),
    ] {
        kms.as_caller(&ann, &[&policy(actions.clone())]);
        assert_eq!(code(&kms.call("CreateKey", json!({}))), plain, "{actions}");
        assert_eq!(code(&kms.call("CreateKey", tags.clone())), tagged, "{actions}");
    }
}
