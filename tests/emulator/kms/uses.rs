//! Operations that use keys: every algorithm of every key type, and what is refused.

use super::support::{Emulator, OTHER, OWN, b64, bytes, code, material};
use keystorm::api::{KeySpec, KeyUsage, MacAlgorithm, SigningAlgorithm};
use keystorm::kms::keys::{Eventual, Moment};
use serde_json::{Value, json};

const ENCRYPT: KeyUsage = KeyUsage::EncryptDecrypt;
const SIGN: KeyUsage = KeyUsage::SignVerify;
const MAC: KeyUsage = KeyUsage::GenerateVerifyMac;
const AGREE: KeyUsage = KeyUsage::KeyAgreement;
const ENCAPSULATE: KeyUsage = KeyUsage::EncapsulateDecapsulate;

#[test]
fn what_a_symmetric_key_encrypts_it_decrypts_with_the_same_context_only() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let id = key.rsplit('/').next().unwrap();
    let sealed =
        kms.ok("Encrypt", json!({"KeyId": id, "Plaintext": b64(&[9; 16]), "EncryptionContext": {"a": "1"}}));
    assert_eq!(sealed["KeyId"], json!(key));
    assert_eq!(sealed["EncryptionAlgorithm"], "SYMMETRIC_DEFAULT");
    let blob = &sealed["CiphertextBlob"];
    assert_eq!(bytes(blob).len(), 168);

    let opened = kms.ok("Decrypt", json!({"CiphertextBlob": blob, "EncryptionContext": {"a": "1"}}));
    assert_eq!(bytes(&opened["Plaintext"]), [9; 16]);
    assert_eq!((&opened["KeyId"], opened["KeyMaterialId"].as_str().unwrap().len()), (&json!(key), 64));
    kms.ok("Decrypt", json!({"CiphertextBlob": blob, "EncryptionContext": {"a": "1"}, "KeyId": id}));

    for context in [json!({}), json!({"a": "2"}), json!({"A": "1"}), json!({"a": "1", "b": "2"})] {
        let said = kms.call("Decrypt", json!({"CiphertextBlob": blob, "EncryptionContext": context}));
        assert_eq!(said, Err(("InvalidCiphertextException".into(), String::new())), "{context}");
    }
    let other = kms.symmetric();
    let said =
        kms.call("Decrypt", json!({"CiphertextBlob": blob, "EncryptionContext": {"a": "1"}, "KeyId": other}));
    let text = "The key ID in the request does not identify a CMK that can perform this operation.";
    assert_eq!(said, Err(("IncorrectKeyException".into(), text.into())));
}

#[test]
fn a_ciphertext_of_nobodys_key_says_no_more_than_that() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let sealed = kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")}));
    let blob = sealed["CiphertextBlob"].clone();
    kms.in_region("eu-west-3");
    assert_eq!(
        kms.code("Decrypt", json!({"CiphertextBlob": blob})),
        "AccessDeniedException",
        "another Region"
    );
    kms.in_region("eu-west-1").remove(&key);
    let (code, message) = kms.call("Decrypt", json!({"CiphertextBlob": blob})).unwrap_err();
    assert_eq!(code, "AccessDeniedException");
    assert!(message.starts_with("The ciphertext refers to a customer master key that does not exist"));
    assert_eq!(
        kms.code("Decrypt", json!({"CiphertextBlob": b64(b"not ours")})),
        "InvalidCiphertextException"
    );
}

#[test]
fn every_flipped_bit_of_a_ciphertext_is_noticed() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let blob = bytes(&kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")}))["CiphertextBlob"]);
    for bit in (0..blob.len() * 8).step_by(7) {
        let mut bad = blob.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let said = kms.call("Decrypt", json!({"CiphertextBlob": b64(&bad), "KeyId": key}));
        assert_eq!(code(&said), "InvalidCiphertextException", "bit {bit}");
    }
}

#[test]
fn old_versions_of_material_decrypt_and_the_newest_encrypts() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let old = kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"old")}));
    let next = material(KeySpec::SymmetricDefault, &key, Moment::from_millis(1));
    let next_id = next.id.to_string();
    kms.change(&key, |key| key.materials.push(next));
    let opened = kms.ok("Decrypt", json!({"CiphertextBlob": old["CiphertextBlob"]}));
    assert_eq!(bytes(&opened["Plaintext"]), b"old");
    assert_ne!(opened["KeyMaterialId"], json!(next_id));
    let made = kms.ok("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"}));
    assert_eq!(made["KeyMaterialId"], json!(next_id));
}

#[test]
fn a_replica_decrypts_what_its_primary_encrypted() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let blob = kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")}))["CiphertextBlob"].clone();
    let materials = kms.look(&key).materials.clone();
    kms.in_region("us-east-1");
    let replica = kms.key_with(KeySpec::SymmetricDefault, ENCRYPT, |key| key.materials = materials);
    assert_eq!(kms.ok("Decrypt", json!({"CiphertextBlob": blob}))["KeyId"], json!(replica));
}

#[test]
fn rsa_encrypts_up_to_its_limit_and_needs_its_algorithm_and_its_key() {
    let mut kms = Emulator::new();
    for (spec, limits) in
        [(KeySpec::Rsa2048, [214, 190]), (KeySpec::Rsa3072, [342, 318]), (KeySpec::Rsa4096, [470, 446])]
    {
        let key = kms.key(spec, ENCRYPT);
        for (algorithm, limit) in spec.encryption_algorithms().iter().zip(limits) {
            let name = algorithm.name();
            let call = |length: usize| json!({"KeyId": key, "Plaintext": b64(&vec![1; length]), "EncryptionAlgorithm": name});
            let sealed = kms.ok("Encrypt", call(limit));
            assert_eq!(kms.code("Encrypt", call(limit + 1)), "ValidationException", "{spec} {name}");
            let blob = &sealed["CiphertextBlob"];
            let decrypt = json!({"CiphertextBlob": blob, "KeyId": key, "EncryptionAlgorithm": name});
            let opened = kms.ok("Decrypt", decrypt);
            assert_eq!(bytes(&opened["Plaintext"]), vec![1; limit]);
            assert!(opened.get("KeyMaterialId").is_none());
            let nameless = json!({"CiphertextBlob": blob, "EncryptionAlgorithm": name});
            assert_eq!(kms.code("Decrypt", nameless), "ValidationException");
        }
        assert_eq!(
            kms.code("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")})),
            "InvalidKeyUsageException"
        );
        let with_context = json!({"KeyId": key, "Plaintext": b64(b"x"), "EncryptionContext": {"a": "1"},
            "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"});
        assert_eq!(kms.code("Encrypt", with_context), "ValidationException");
        assert_eq!(
            kms.code("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"})),
            "InvalidKeyUsageException"
        );
    }
}

#[test]
fn re_encrypt_moves_between_keys_and_types_of_keys() {
    let mut kms = Emulator::new();
    let (from, to, rsa) = (kms.symmetric(), kms.symmetric(), kms.key(KeySpec::Rsa2048, ENCRYPT));
    let sealed =
        kms.ok("Encrypt", json!({"KeyId": from, "Plaintext": b64(b"x"), "EncryptionContext": {"a": "1"}}));
    let call = json!({"CiphertextBlob": sealed["CiphertextBlob"], "SourceEncryptionContext": {"a": "1"},
        "DestinationKeyId": to, "DestinationEncryptionContext": {"b": "2"}});
    let moved = kms.ok("ReEncrypt", call.clone());
    assert_eq!((&moved["SourceKeyId"], &moved["KeyId"]), (&json!(from), &json!(to)));
    assert_ne!(moved["SourceKeyMaterialId"], moved["DestinationKeyMaterialId"]);
    let back = kms
        .ok("Decrypt", json!({"CiphertextBlob": moved["CiphertextBlob"], "EncryptionContext": {"b": "2"}}));
    assert_eq!(bytes(&back["Plaintext"]), b"x");

    let mut wrong = call.clone();
    wrong["SourceKeyId"] = json!(to);
    assert_eq!(kms.code("ReEncrypt", wrong), "IncorrectKeyException");
    let to_rsa = json!({"CiphertextBlob": moved["CiphertextBlob"], "SourceEncryptionContext": {"b": "2"},
        "DestinationKeyId": rsa, "DestinationEncryptionAlgorithm": "RSAES_OAEP_SHA_1"});
    let moved = kms.ok("ReEncrypt", to_rsa);
    assert_eq!(moved["DestinationEncryptionAlgorithm"], "RSAES_OAEP_SHA_1");
    assert!(moved.get("DestinationKeyMaterialId").is_none());
    let from_rsa = json!({"CiphertextBlob": moved["CiphertextBlob"], "SourceKeyId": rsa,
        "SourceEncryptionAlgorithm": "RSAES_OAEP_SHA_1", "DestinationKeyId": from});
    let blob = kms.ok("ReEncrypt", from_rsa)["CiphertextBlob"].clone();
    assert_eq!(bytes(&kms.ok("Decrypt", json!({"CiphertextBlob": blob}))["Plaintext"]), b"x");
}

#[test]
fn data_keys_have_the_length_asked_for_and_decrypt() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    for (asked, length) in [
        (json!({"KeySpec": "AES_128"}), 16),
        (json!({"KeySpec": "AES_256"}), 32),
        (json!({"NumberOfBytes": 1}), 1),
        (json!({"NumberOfBytes": 1024}), 1024),
    ] {
        let mut call = asked;
        call["KeyId"] = json!(key);
        let made = kms.ok("GenerateDataKey", call.clone());
        assert_eq!(bytes(&made["Plaintext"]).len(), length);
        let opened = kms.ok("Decrypt", json!({"CiphertextBlob": made["CiphertextBlob"]}));
        assert_eq!(opened["Plaintext"], made["Plaintext"]);
        let hidden = kms.ok("GenerateDataKeyWithoutPlaintext", call);
        assert!(hidden.get("Plaintext").is_none());
        let opened = kms.ok("Decrypt", json!({"CiphertextBlob": hidden["CiphertextBlob"]}));
        assert_eq!(bytes(&opened["Plaintext"]).len(), length);
    }
    for bad in [json!({"KeyId": key}), json!({"KeyId": key, "KeySpec": "AES_256", "NumberOfBytes": 32})] {
        assert_eq!(kms.code("GenerateDataKey", bad.clone()), "ValidationException", "{bad}");
    }
}

#[test]
fn data_key_pairs_come_in_every_type_but_sm2() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    for spec in [
        "RSA_2048",
        "ECC_NIST_P256",
        "ECC_NIST_P384",
        "ECC_NIST_P521",
        "ECC_SECG_P256K1",
        "ECC_NIST_EDWARDS25519",
        "ML_KEM_512",
        "ML_KEM_768",
        "ML_KEM_1024",
    ] {
        let call = json!({"KeyId": key, "KeyPairSpec": spec, "EncryptionContext": {"a": "1"}});
        let made = kms.ok("GenerateDataKeyPair", call.clone());
        assert_eq!((&made["KeyPairSpec"], &made["KeyId"]), (&json!(spec), &json!(key)));
        assert!(!bytes(&made["PublicKey"]).is_empty());
        let blob = &made["PrivateKeyCiphertextBlob"];
        let opened = kms.ok("Decrypt", json!({"CiphertextBlob": blob, "EncryptionContext": {"a": "1"}}));
        assert_eq!(opened["Plaintext"], made["PrivateKeyPlaintext"]);
        let hidden = kms.ok("GenerateDataKeyPairWithoutPlaintext", call);
        assert!(hidden.get("PrivateKeyPlaintext").is_none() && hidden.get("PublicKey").is_some());
    }
    let sm2 = json!({"KeyId": key, "KeyPairSpec": "SM2"});
    assert_eq!(kms.code("GenerateDataKeyPair", sm2), "UnsupportedOperationException");
}

#[test]
fn every_signing_algorithm_of_every_key_type_verifies_and_no_other() {
    let mut kms = Emulator::new();
    for spec in
        KeySpec::ALL.iter().filter(|spec| !spec.signing_algorithms().is_empty() && **spec != KeySpec::Sm2)
    {
        let key = kms.key(*spec, SIGN);
        for algorithm in SigningAlgorithm::ALL {
            let kinds: &[(&str, usize)] = match algorithm.name() {
                "ED25519_SHA_512" => &[("RAW", 100)],
                "ED25519_PH_SHA_512" => &[("DIGEST", 64)],
                "ML_DSA_SHAKE_256" => &[("RAW", 100), ("EXTERNAL_MU", 64)],
                name if name.ends_with("256") => &[("RAW", 100), ("DIGEST", 32)],
                name if name.ends_with("384") => &[("RAW", 100), ("DIGEST", 48)],
                _ => &[("RAW", 100), ("DIGEST", 64)],
            };
            for (kind, length) in kinds {
                let mut call = json!({"KeyId": key, "Message": b64(&vec![5; *length]), "MessageType": kind,
                    "SigningAlgorithm": algorithm.name()});
                if !spec.signing_algorithms().contains(algorithm) {
                    assert_eq!(kms.code("Sign", call), "InvalidKeyUsageException", "{spec} {algorithm:?}");
                    continue;
                }
                let signed = kms.ok("Sign", call.clone());
                assert_eq!(signed["SigningAlgorithm"], json!(algorithm.name()));
                call["Signature"] = signed["Signature"].clone();
                assert_eq!(kms.ok("Verify", call.clone())["SignatureValid"], json!(true));
                call["Message"] = json!(b64(&vec![6; *length]));
                assert_eq!(
                    kms.code("Verify", call),
                    "KMSInvalidSignatureException",
                    "{spec} {algorithm:?} {kind}"
                );
            }
        }
    }
}

#[test]
fn a_message_type_must_fit_the_algorithm_and_a_digest_its_hash() {
    let mut kms = Emulator::new();
    let (edwards, ml_dsa) = (kms.key(KeySpec::EccNistEdwards25519, SIGN), kms.key(KeySpec::MlDsa44, SIGN));
    let (ecc, rsa) = (kms.key(KeySpec::EccNistP256, SIGN), kms.key(KeySpec::Rsa2048, SIGN));
    for (key, algorithm, kind, length) in [
        (&edwards, "ED25519_SHA_512", "DIGEST", 64),
        (&edwards, "ED25519_PH_SHA_512", "RAW", 64),
        (&edwards, "ED25519_PH_SHA_512", "DIGEST", 63),
        (&ml_dsa, "ML_DSA_SHAKE_256", "DIGEST", 64),
        (&ml_dsa, "ML_DSA_SHAKE_256", "EXTERNAL_MU", 63),
        (&ecc, "ECDSA_SHA_256", "DIGEST", 31),
        (&ecc, "ECDSA_SHA_256", "EXTERNAL_MU", 64),
        (&rsa, "RSASSA_PSS_SHA_512", "DIGEST", 32),
    ] {
        let call = json!({"KeyId": key, "Message": b64(&vec![1; length]), "MessageType": kind, "SigningAlgorithm": algorithm});
        assert_eq!(kms.code("Sign", call), "ValidationException", "{algorithm} {kind} {length}");
    }
}

#[test]
fn every_hmac_key_has_its_one_algorithm() {
    let mut kms = Emulator::new();
    for spec in [KeySpec::Hmac224, KeySpec::Hmac256, KeySpec::Hmac384, KeySpec::Hmac512] {
        let key = kms.key(spec, MAC);
        for algorithm in MacAlgorithm::ALL {
            let mut call = json!({"KeyId": key, "Message": b64(b"m"), "MacAlgorithm": algorithm.name()});
            if spec.mac_algorithm() != Some(*algorithm) {
                assert_eq!(kms.code("GenerateMac", call), "InvalidKeyUsageException");
                continue;
            }
            call["Mac"] = kms.ok("GenerateMac", call.clone())["Mac"].clone();
            assert_eq!(kms.ok("VerifyMac", call.clone())["MacValid"], json!(true));
            call["Message"] = json!(b64(b"n"));
            assert_eq!(kms.code("VerifyMac", call), "KMSInvalidMacException");
        }
    }
}

#[test]
fn two_keys_derive_the_same_secret_and_a_capsule_opens() {
    let mut kms = Emulator::new();
    let public = |kms: &Emulator, arn: &str| {
        let material = kms.look(arn).materials[0].secret.clone().unwrap();
        b64(material.public_key().unwrap())
    };
    for spec in [KeySpec::EccNistP256, KeySpec::EccNistP384, KeySpec::EccNistP521] {
        let (one, two) = (kms.key(spec, AGREE), kms.key(spec, AGREE));
        let call = |key: &str, peer: String| json!({"KeyId": key, "PublicKey": peer, "KeyAgreementAlgorithm": "ECDH"});
        let (peer_of_one, peer_of_two) = (public(&kms, &two), public(&kms, &one));
        let first = kms.ok("DeriveSharedSecret", call(&one, peer_of_one));
        let second = kms.ok("DeriveSharedSecret", call(&two, peer_of_two));
        assert_eq!(first["SharedSecret"], second["SharedSecret"]);
        assert_eq!(first["KeyOrigin"], "AWS_KMS");
        assert_eq!(kms.code("DeriveSharedSecret", call(&one, b64(b"no key"))), "ValidationException");
    }
    for spec in [KeySpec::MlKem512, KeySpec::MlKem768, KeySpec::MlKem1024] {
        let key = kms.key(spec, ENCAPSULATE);
        let capsule = kms.ok("Encapsulate", json!({"KeyId": key, "EncapsulationAlgorithm": "ML_KEM"}));
        let blob = &capsule["SharedSecretCiphertextBlob"];
        let call = |blob: &Value| json!({"KeyId": key, "EncapsulationAlgorithm": "ML_KEM", "SharedSecretCiphertextBlob": blob});
        assert_eq!(kms.ok("Decapsulate", call(blob))["SharedSecret"], capsule["SharedSecret"]);
        let mut other = bytes(blob);
        other[0] ^= 1;
        let secret = kms.ok("Decapsulate", call(&json!(b64(&other))))["SharedSecret"].clone();
        assert!(bytes(&secret).len() == 32 && secret != capsule["SharedSecret"]);
        assert_eq!(kms.code("Decapsulate", call(&json!(b64(&other[1..])))), "InvalidCiphertextException");
    }
}

#[test]
fn random_bytes_are_as_many_as_asked_for() {
    let mut kms = Emulator::new();
    let first = kms.ok("GenerateRandom", json!({"NumberOfBytes": 1024}));
    assert_eq!(bytes(&first["Plaintext"]).len(), 1024);
    assert_ne!(first, kms.ok("GenerateRandom", json!({"NumberOfBytes": 1024})));
    assert_eq!(kms.code("GenerateRandom", json!({})), "ValidationException");
    let with_store = json!({"NumberOfBytes": 1, "CustomKeyStoreId": "cks-0"});
    assert_eq!(kms.code("GenerateRandom", with_store), "CustomKeyStoreNotFoundException");
}

/// Keys of every usage, and one good call of each operation that can be tried dry.
fn good_calls(kms: &mut Emulator) -> Vec<(&'static str, Value)> {
    let key = kms.symmetric();
    let (signs, macs) = (kms.key(KeySpec::EccNistP256, SIGN), kms.key(KeySpec::Hmac256, MAC));
    let (agrees, kem) = (kms.key(KeySpec::EccNistP256, AGREE), kms.key(KeySpec::MlKem512, ENCAPSULATE));
    let blob = kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")}))["CiphertextBlob"].clone();
    let sign = json!({"KeyId": signs, "Message": b64(b"m"), "SigningAlgorithm": "ECDSA_SHA_256"});
    let mac = json!({"KeyId": macs, "Message": b64(b"m"), "MacAlgorithm": "HMAC_SHA_256"});
    let (mut verify, mut verify_mac) = (sign.clone(), mac.clone());
    verify["Signature"] = kms.ok("Sign", sign.clone())["Signature"].clone();
    verify_mac["Mac"] = kms.ok("GenerateMac", mac.clone())["Mac"].clone();
    let peer = kms.look(&agrees).materials[0].secret.as_ref().unwrap().public_key().unwrap().to_vec();
    let encapsulate = json!({"KeyId": kem, "EncapsulationAlgorithm": "ML_KEM"});
    let mut decapsulate = encapsulate.clone();
    decapsulate["SharedSecretCiphertextBlob"] =
        kms.ok("Encapsulate", encapsulate.clone())["SharedSecretCiphertextBlob"].clone();
    let grant = json!({"KeyId": key, "GranteePrincipal": format!("arn:aws:iam::{OTHER}:root"), "Operations": ["Encrypt"]});
    let [retired, revoked] = [kms.ok("CreateGrant", grant.clone()), kms.ok("CreateGrant", grant.clone())];
    vec![
        ("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")})),
        ("Decrypt", json!({"CiphertextBlob": blob})),
        ("ReEncrypt", json!({"CiphertextBlob": blob, "DestinationKeyId": key})),
        ("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"})),
        ("GenerateDataKeyWithoutPlaintext", json!({"KeyId": key, "KeySpec": "AES_256"})),
        ("GenerateDataKeyPair", json!({"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"})),
        ("GenerateDataKeyPairWithoutPlaintext", json!({"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"})),
        ("Sign", sign),
        ("Verify", verify),
        ("GenerateMac", mac),
        ("VerifyMac", verify_mac),
        (
            "DeriveSharedSecret",
            json!({"KeyId": agrees, "KeyAgreementAlgorithm": "ECDH", "PublicKey": b64(&peer)}),
        ),
        ("Encapsulate", encapsulate),
        ("Decapsulate", decapsulate),
        ("CreateGrant", grant),
        ("RetireGrant", json!({"GrantToken": retired["GrantToken"]})),
        ("RevokeGrant", json!({"KeyId": key, "GrantId": revoked["GrantId"]})),
    ]
}

#[test]
fn a_dry_run_of_each_of_17_operations_changes_nothing_and_never_succeeds() {
    let mut kms = Emulator::new();
    let calls = good_calls(&mut kms);
    assert_eq!(calls.len(), 17);
    for (operation, call) in &calls {
        let mut dry = call.clone();
        dry["DryRun"] = json!(true);
        let text = "The request would have succeeded, but the DryRun option is set.".to_string();
        let said = kms.call(operation, dry.clone());
        assert_eq!(said, Err(("DryRunOperationException".into(), text)), "{operation}");
        kms.in_account("777788889999");
        let said = kms.call(operation, dry);
        assert_eq!(code(&said), "AccessDeniedException", "{operation} by a stranger");
        kms.in_account(OWN);
    }
    for (operation, call) in &calls {
        kms.ok(operation, call.clone());
    }
}

#[test]
fn a_dry_run_tells_what_would_fail_and_can_leave_the_ciphertext_out() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let blob = kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")}))["CiphertextBlob"].clone();
    let wrong = json!({"CiphertextBlob": blob, "EncryptionContext": {"a": "1"}, "DryRun": true});
    assert_eq!(kms.code("Decrypt", wrong.clone()), "InvalidCiphertextException");
    let mut ignoring = wrong;
    ignoring["DryRunModifiers"] = json!(["IGNORE_CIPHERTEXT"]);
    assert_eq!(kms.code("Decrypt", ignoring.clone()), "ValidationException", "it must name the key");
    ignoring["KeyId"] = json!(key);
    assert_eq!(kms.code("Decrypt", ignoring.clone()), "DryRunOperationException");
    ignoring.as_object_mut().unwrap().remove("CiphertextBlob");
    assert_eq!(kms.code("Decrypt", ignoring.clone()), "DryRunOperationException");
    ignoring["DryRun"] = json!(false);
    assert_eq!(kms.code("Decrypt", ignoring), "ValidationException");
    assert_eq!(kms.code("Decrypt", json!({"KeyId": key})), "ValidationException", "no ciphertext");
    kms.change(&key, |key| key.enabled = Eventual::new(false));
    let dry = json!({"KeyId": key, "Plaintext": b64(b"x"), "DryRun": true});
    assert_eq!(kms.code("Encrypt", dry), "DisabledException");
}

#[test]
fn a_key_does_only_what_it_is_for() {
    let mut kms = Emulator::new();
    for (operation, mut call) in good_calls(&mut kms) {
        if matches!(operation, "Decrypt" | "CreateGrant" | "RetireGrant" | "RevokeGrant") {
            continue;
        }
        let (spec, usage) = if operation == "Sign" || operation == "Verify" {
            (KeySpec::Rsa2048, ENCRYPT)
        } else {
            (KeySpec::EccNistP256, SIGN)
        };
        let key = kms.key(spec, usage);
        call[if operation == "ReEncrypt" { "DestinationKeyId" } else { "KeyId" }] = json!(key);
        let (code, message) = kms.call(operation, call).unwrap_err();
        assert_eq!(code, "InvalidKeyUsageException", "{operation}");
        assert_eq!(
            message,
            format!("{key} key usage is {} which is not valid for {operation}.", usage.name())
        );
    }
}

#[test]
fn a_use_is_noted_and_a_dry_run_or_a_refusal_is_not() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let call = json!({"KeyId": key, "Plaintext": b64(b"x")});
    let mut dry = call.clone();
    dry["DryRun"] = json!(true);
    kms.code("Encrypt", dry);
    let document = json!({"AttestationDocument": b64(b"d"), "KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256"});
    let refused = json!({"KeyId": key, "KeySpec": "AES_256", "Recipient": document});
    assert_eq!(kms.code("GenerateDataKey", refused), "UnsupportedOperationException");
    assert_eq!(kms.look(&key).last_usage, None);
    kms.ok("Encrypt", call);
    let usage = kms.look(&key).last_usage.clone().unwrap();
    assert_eq!((usage.operation.name(), usage.event_id), ("Encrypt", keystorm::kms::uuid([2; 16])));
}

#[test]
fn an_encryption_context_with_an_empty_value_is_refused() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    for (operation, call) in [
        ("Encrypt", json!({"KeyId": key, "Plaintext": "eA==", "EncryptionContext": {"a": "b", "c": ""}})),
        ("GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": {"a": ""}})),
        (
            "CreateGrant",
            json!({"KeyId": key, "GranteePrincipal": crate::kms::support::OTHER, "Operations": ["Encrypt"],
            "Constraints": {"EncryptionContextSubset": {"a": ""}}}),
        ),
    ] {
        let said = kms.call(operation, call);
        assert_eq!(
            said,
            Err(("ValidationException".into(), "Invalid EncryptionContext".into())),
            "{operation}"
        );
    }
}
