//! What KMS was recorded to answer, row by row of the sheet kms-recorded-behaviour of 2026-11-29.

use super::support::{Emulator, Said, b64, code};
use keystorm::api::{KeySpec, KeyUsage};
use keystorm::kms::keys::{ExpirationModel, Origin};
use serde_json::{Value, json};

fn refused(code: &str, message: &str) -> Said {
    Err((code.into(), message.into()))
}

/// Calls, and what is said of each.
fn check(kms: &mut Emulator, calls: &[(&str, Value, Said)]) {
    for (operation, call, expected) in calls {
        assert_eq!(&kms.call(operation, call.clone()), expected, "{operation} {call}");
    }
}

#[test]
fn key_ids_and_aliases_rows_1_and_2() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let arn = |id: &str| format!("{}{id}", &key[..key.find("key/").unwrap() + 4]);
    let unknown = "12345678-1234-1234-1234-123456789012";
    check(
        &mut kms,
        &[
            ("DescribeKey", json!({"KeyId": "foo"}), refused("NotFoundException", "Invalid keyId 'foo'")),
            ("DescribeKey", json!({"KeyId": arn("foo")}), refused("NotFoundException", "Invalid keyId foo")),
            (
                "DescribeKey",
                json!({"KeyId": unknown}),
                refused("NotFoundException", &format!("Key '{}' does not exist", arn(unknown))),
            ),
        ],
    );
    kms.ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": key}));
    let whole = key.replace(&key[key.find("key/").unwrap()..], "alias/a");
    for alias in ["alias/a", "alias/nobody", &whole] {
        for (operation, more) in [
            ("ScheduleKeyDeletion", json!({})),
            ("CancelKeyDeletion", json!({})),
            ("EnableKey", json!({})),
            ("DisableKey", json!({})),
            ("TagResource", json!({"Tags": [{"TagKey": "a", "TagValue": "b"}]})),
            ("UntagResource", json!({"TagKeys": ["a"]})),
            ("ListResourceTags", json!({})),
            ("UpdateKeyDescription", json!({"Description": "x"})),
            ("GetKeyPolicy", json!({})),
            ("PutKeyPolicy", json!({"Policy": "{}"})),
            ("ListKeyPolicies", json!({})),
            ("EnableKeyRotation", json!({})),
            ("DisableKeyRotation", json!({})),
            ("GetKeyRotationStatus", json!({})),
            ("RotateKeyOnDemand", json!({})),
            ("CreateGrant", json!({"GranteePrincipal": "444455556666", "Operations": ["Encrypt"]})),
            ("ListGrants", json!({})),
            ("RevokeGrant", json!({"GrantId": "a".repeat(64)})),
            ("DeleteImportedKeyMaterial", json!({})),
        ] {
            let mut call = more;
            call["KeyId"] = json!(alias);
            let text = "Key Aliases are not supported for this operation.";
            assert_eq!(
                kms.call(operation, call),
                refused("InvalidArnException", text),
                "{operation} {alias}"
            );
        }
    }
}

#[test]
fn a_ciphertext_is_read_before_its_key_rows_3_4_and_37() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let blob = kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")}))["CiphertextBlob"].clone();
    let rsa = kms.key(KeySpec::Rsa2048, KeyUsage::EncryptDecrypt);
    let hmac = kms.key(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac);
    let signs = kms.key(KeySpec::EccNistP256, KeyUsage::SignVerify);
    let disabled = kms.symmetric();
    kms.ok("DisableKey", json!({"KeyId": disabled}));
    let pending = kms.key_with(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, |key| {
        key.origin = Origin::External;
        key.materials.clear();
    });
    let other = refused(
        "IncorrectKeyException",
        "The key ID in the request does not identify a CMK that can perform this operation.",
    );
    for key in [&rsa, &hmac, &signs, &disabled, &pending] {
        let call = json!({"KeyId": key, "CiphertextBlob": blob});
        assert_eq!(kms.call("Decrypt", call), other, "{key}");
        let call = json!({"SourceKeyId": key, "CiphertextBlob": blob, "DestinationKeyId": disabled});
        assert_eq!(kms.call("ReEncrypt", call), other, "{key}");
    }
    let raw = json!({"KeyId": rsa, "Plaintext": b64(b"x"), "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"});
    let raw = kms.ok("Encrypt", raw)["CiphertextBlob"].clone();
    check(
        &mut kms,
        &[
            (
                "Decrypt",
                json!({"KeyId": rsa, "CiphertextBlob": raw}),
                refused("InvalidCiphertextException", ""),
            ),
            (
                "Decrypt",
                json!({"CiphertextBlob": raw, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}),
                refused("ValidationException", "KeyId must not be null"),
            ),
        ],
    );
}

#[test]
fn usage_state_algorithm_and_message_are_asked_in_this_order_rows_31_to_35() {
    let mut kms = Emulator::new();
    let signs = kms.key(KeySpec::Rsa2048, KeyUsage::SignVerify);
    let macs = kms.key(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac);
    let rsa = kms.key(KeySpec::Rsa2048, KeyUsage::EncryptDecrypt);
    let pqc = kms.key(KeySpec::MlDsa44, KeyUsage::SignVerify);
    let sign = |key: &str, algorithm: &str, kind: &str| json!({"KeyId": key, "Message": b64(&[7; 32]), "MessageType": kind, "SigningAlgorithm": algorithm});
    let mac = json!({"KeyId": macs, "Message": "eA==", "MacAlgorithm": "HMAC_SHA_512"});
    let encrypt = json!({"KeyId": rsa, "Plaintext": "eA=="});
    let data_key = json!({"KeyId": rsa, "KeySpec": "AES_256"});
    check(
        &mut kms,
        &[
            (
                "Sign",
                sign(&pqc, "ML_DSA_SHAKE_256", "DIGEST"),
                refused(
                    "ValidationException",
                    "Message type DIGEST is incompatible with key spec ML_DSA_44.",
                ),
            ),
            (
                "GenerateDataKey",
                data_key.clone(),
                refused("InvalidKeyUsageException", "You cannot generate a data key with an asymmetric CMK"),
            ),
            ("GetPublicKey", json!({"KeyId": macs}), refused("UnsupportedOperationException", "")),
        ],
    );
    for (operation, call) in [
        ("Sign", sign(&signs, "ECDSA_SHA_256", "RAW")),
        ("GenerateMac", mac.clone()),
        ("Encrypt", encrypt.clone()),
    ] {
        let said = kms.call(operation, call);
        assert!(code(&said) == "InvalidKeyUsageException", "{operation}: {said:?}");
    }
    for key in [&signs, &macs, &rsa] {
        kms.ok("DisableKey", json!({"KeyId": key}));
    }
    for (operation, call) in [
        ("Sign", sign(&signs, "ECDSA_SHA_256", "RAW")),
        ("Sign", sign(&signs, "RSASSA_PSS_SHA_512", "DIGEST")),
        ("GenerateMac", mac),
        ("Encrypt", encrypt),
        ("GenerateDataKey", data_key),
    ] {
        assert_eq!(kms.code(operation, call), "DisabledException", "{operation}: the state first");
    }
    let wrong = json!({"KeyId": macs, "Plaintext": "eA=="});
    assert_eq!(kms.code("Encrypt", wrong), "InvalidKeyUsageException", "the usage before");
    kms.ok("ScheduleKeyDeletion", json!({"KeyId": macs}));
    let public = kms.code("GetPublicKey", json!({"KeyId": macs}));
    assert_eq!(public, "KMSInvalidStateException", "the state before the spec");
}

#[test]
fn rotations_rows_8_to_12() {
    let mut kms = Emulator::new();
    let imported = kms.key_with(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, |key| {
        key.origin = Origin::External;
        key.materials[0].expiration = Some(ExpirationModel::DoesNotExpire);
    });
    let none = format!("No available key material pending rotation for the key: {imported}.");
    let said = kms.call("RotateKeyOnDemand", json!({"KeyId": imported}));
    assert_eq!(said, refused("KMSInvalidStateException", &none));
    kms.ok("DisableKey", json!({"KeyId": imported}));
    for operation in ["EnableKeyRotation", "DisableKeyRotation"] {
        let said = kms.code(operation, json!({"KeyId": imported}));
        assert_eq!(said, "UnsupportedOperationException", "the origin before the state");
    }
    assert_eq!(kms.code("RotateKeyOnDemand", json!({"KeyId": imported})), "DisabledException");
    let key = kms.symmetric();
    kms.change(&key, |key| key.on_demand_rotations = 25);
    let limit = format!(
        "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be \
         performed for this key: {key}"
    );
    let said = kms.call("RotateKeyOnDemand", json!({"KeyId": key}));
    assert_eq!(said, refused("LimitExceededException", &limit));
}

#[test]
fn families_rows_15_16_and_43() {
    let mut kms = Emulator::new();
    let primary = kms.ok("CreateKey", json!({"MultiRegion": true}))["KeyMetadata"]["Arn"].clone();
    let single = kms.symmetric();
    let made = kms.ok("ReplicateKey", json!({"KeyId": primary, "ReplicaRegion": "eu-west-2"}));
    assert_eq!(made.get("ReplicaTags"), None);
    let replicate = |key: &Value, region: &str| json!({"KeyId": key, "ReplicaRegion": region});
    let partition = "The replica key Region must be in the same AWS partition as the primary key Region.";
    check(
        &mut kms,
        &[
            (
                "ReplicateKey",
                replicate(&primary, "eu-west-1"),
                refused(
                    "ValidationException",
                    "eu-west-1 cannot have a replica because it contains the primary.",
                ),
            ),
            ("ReplicateKey", replicate(&primary, "cn-north-1"), refused("ValidationException", partition)),
            (
                "ReplicateKey",
                replicate(&json!(single), "eu-west-2"),
                refused("UnsupportedOperationException", &format!("{single} is not a multi-region key.")),
            ),
        ],
    );
    let replica = made["ReplicaKeyMetadata"]["Arn"].clone();
    let said = kms.in_region("eu-west-2").call("ReplicateKey", replicate(&replica, "eu-west-3"));
    let text = format!("{} is not a multi-region primary key.", replica.as_str().unwrap());
    assert_eq!(said, refused("UnsupportedOperationException", &text));
}

#[test]
fn names_tags_and_texts_rows_17_to_25_and_42() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let alias = |name: &str, key: &str| json!({"AliasName": name, "TargetKeyId": key});
    let tags = |tags: Value| json!({"Tags": tags});
    let prefix = "Alias must start with the prefix \"alias/\". Please see \
                  https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";
    let usage = "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.";
    let agrees = kms.key(KeySpec::EccNistP256, KeyUsage::KeyAgreement);
    check(
        &mut kms,
        &[
            ("CreateAlias", alias("app", &key), refused("ValidationException", prefix)),
            (
                "CreateAlias",
                alias("alias/a:b", &key),
                refused("ValidationException", "alias/a:b contains invalid characters for an alias"),
            ),
            (
                "CreateAlias",
                alias("alias/a", "alias/b"),
                refused("ValidationException", "Aliases must refer to keys. Not aliases"),
            ),
            (
                "CreateKey",
                tags(json!([{"TagKey": "a", "TagValue": "b"}, {"TagKey": "a", "TagValue": "c"}])),
                refused("TagException", "Duplicate tag keys"),
            ),
            (
                "CreateKey",
                tags(json!([{"TagKey": "aws:a", "TagValue": "b"}])),
                refused("TagException", "Tags beginning with aws: are reserved"),
            ),
            ("CreateKey", json!({"KeySpec": "RSA_2048"}), refused("ValidationException", usage)),
            (
                "CreateKey",
                json!({"KeySpec": "SM2", "KeyUsage": "SIGN_VERIFY"}),
                refused("UnsupportedOperationException", "KeySpec SM2 is not supported in this Region"),
            ),
            ("GenerateRandom", json!({}), refused("ValidationException", "NumberOfBytes is required.")),
            (
                "DeriveSharedSecret",
                json!({"KeyId": agrees, "KeyAgreementAlgorithm": "ECDH", "PublicKey": "eA=="}),
                refused("ValidationException", ""),
            ),
        ],
    );
}

#[test]
fn enums_are_listed_as_kms_lists_them_rows_26_to_29() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    for (operation, call, listed) in [
        (
            "GenerateMac",
            json!({"KeyId": key, "Message": "eA==", "MacAlgorithm": "x"}),
            "[HMAC_SHA_384, HMAC_SHA_256, HMAC_SHA_224, HMAC_SHA_512]",
        ),
        (
            "Sign",
            json!({"KeyId": key, "Message": "eA==", "SigningAlgorithm": "x"}),
            "ECDSA_SHA_512, ED25519_SHA_512, ED25519_PH_SHA_512, SM2DSA, ML_DSA_SHAKE_256]",
        ),
        (
            "Encrypt",
            json!({"KeyId": key, "Plaintext": "eA==", "EncryptionAlgorithm": "x"}),
            "[RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, SM2PKE, SYMMETRIC_DEFAULT]",
        ),
        (
            "CreateKey",
            json!({"KeySpec": "x"}),
            "[RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, ECC_SECG_P256K1, \
             ECC_NIST_EDWARDS25519, SYMMETRIC_DEFAULT, HMAC_224, HMAC_256, HMAC_384, HMAC_512, SM2, ML_DSA_44, \
             ML_DSA_65, ML_DSA_87,",
        ),
    ] {
        let (code, message) = kms.call(operation, call).unwrap_err();
        assert!(code == "ValidationException" && message.contains(listed), "{operation}: {message}");
    }
}
