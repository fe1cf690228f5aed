//! What KMS was recorded to say of what is wrong with a request: rows 5, 6, 29, 30, 36 and 38 of the sheet
//! kms-recorded-behaviour of 2026-11-29.

use super::support::{Emulator, b64};
use keystorm::api::{KeySpec, KeyUsage};
use serde_json::{Value, json};

fn refused(kms: &mut Emulator, operation: &str, call: Value, message: &str) {
    let said = kms.call(operation, call.clone());
    assert_eq!(said, Err(("ValidationException".into(), message.into())), "{operation} {call}");
}

/// A call of each operation that takes bytes, its bytes, how it names them, and the longest it takes.
fn with_bytes(key: &str) -> [(&'static str, Value, &'static str, &'static str, usize); 5] {
    let pss = "RSASSA_PSS_SHA_256";
    [
        ("Encrypt", json!({"KeyId": key, "Plaintext": "eA=="}), "Plaintext", "plaintext", 4_096),
        (
            "Sign",
            json!({"KeyId": key, "SigningAlgorithm": pss, "Message": "eA=="}),
            "Message",
            "message",
            4_096,
        ),
        (
            "Verify",
            json!({"KeyId": key, "SigningAlgorithm": pss, "Message": "eA==", "Signature": "eA=="}),
            "Signature",
            "signature",
            6_144,
        ),
        (
            "VerifyMac",
            json!({"KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": "eA==", "Mac": "eA=="}),
            "Mac",
            "mac",
            6_144,
        ),
        ("Decrypt", json!({"CiphertextBlob": "eA=="}), "CiphertextBlob", "ciphertextBlob", 6_144),
    ]
}

#[test]
fn bytes_of_a_wrong_length_are_refused_without_any_value_row_5() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    for (operation, call, member, place, most) in with_bytes(&key) {
        let mut sized = |length: usize, rule: &str| {
            let mut call = call.clone();
            call[member] = json!(b64(&vec![7; length]));
            let message = format!(
                "1 validation error detected: Value at '{place}' failed to satisfy constraint: {rule}"
            );
            refused(&mut kms, operation, call, &message);
        };
        sized(0, "Member must have length greater than or equal to 1");
        sized(most + 1, &format!("Member must have length less than or equal to {most}"));
    }
}

#[test]
fn missing_bytes_are_null_but_for_those_that_are_secret_row_6() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    for (operation, mut call, member, place, _) in with_bytes(&key) {
        call.as_object_mut().unwrap().remove(member);
        let shown = if ["Plaintext", "Message"].contains(&member) { "" } else { " null" };
        let message = format!(
            "1 validation error detected: Value{shown} at '{place}' failed to satisfy constraint: Member must not be null"
        );
        if operation == "Decrypt" {
            // The model does not require it, since dry runs may leave it out.
            assert_eq!(kms.code(operation, json!({"KeyId": key})), "ValidationException");
        }
        refused(&mut kms, operation, call, &message);
    }
}

#[test]
fn generate_data_key_lists_every_key_spec_row_29() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let listed = "[RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, ECC_SECG_P256K1, \
                  ECC_NIST_EDWARDS25519, SYMMETRIC_DEFAULT, HMAC_224, HMAC_256, HMAC_384, HMAC_512, SM2, ML_DSA_44, \
                  ML_DSA_65, ML_DSA_87, ML_KEM_512, ML_KEM_768, ML_KEM_1024]";
    for operation in ["GenerateDataKey", "GenerateDataKeyWithoutPlaintext"] {
        for spec in ["RSA_2048", "AES-256"] {
            let message = format!(
                "1 validation error detected: Value '{spec}' at 'keySpec' failed to satisfy constraint: Member must \
                 satisfy enum value set: {listed}"
            );
            refused(&mut kms, operation, json!({"KeyId": key, "KeySpec": spec}), &message);
        }
        for spec in ["AES_256", "AES_128"] {
            kms.ok(operation, json!({"KeyId": key, "KeySpec": spec}));
        }
    }
}

#[test]
fn usages_are_listed_in_the_order_of_2023_row_30() {
    let mut kms = Emulator::new();
    let message = "1 validation error detected: Value 'x' at 'keyUsage' failed to satisfy constraint: Member must \
                   satisfy enum value set: [ENCRYPT_DECRYPT, SIGN_VERIFY, GENERATE_VERIFY_MAC, KEY_AGREEMENT, \
                   ENCAPSULATE_DECAPSULATE]";
    refused(&mut kms, "CreateKey", json!({"KeyUsage": "x"}), message);
}

#[test]
fn asymmetric_keys_take_no_encryption_context_row_36() {
    let mut kms = Emulator::new();
    let rsa = kms.key(KeySpec::Rsa2048, KeyUsage::EncryptDecrypt);
    let with = |member: &str, value: String| {
        json!({"KeyId": rsa, member: value, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256",
               "EncryptionContext": {"a": "b"}})
    };
    for (operation, call, doing) in [
        ("Encrypt", with("Plaintext", b64(b"x")), "encrypting"),
        ("Decrypt", with("CiphertextBlob", b64(&[7; 256])), "decrypting"),
    ] {
        let message = format!("EncryptionContext is not supported when {doing} with asymmetric CMKs.");
        refused(&mut kms, operation, call, &message);
    }
    let symmetric = kms.symmetric();
    let blob =
        kms.ok("Encrypt", json!({"KeyId": symmetric, "Plaintext": b64(b"x")}))["CiphertextBlob"].clone();
    let call = json!({"CiphertextBlob": blob, "DestinationKeyId": rsa,
        "DestinationEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "DestinationEncryptionContext": {"a": "b"}});
    let message = "EncryptionContext is not supported when encrypting with asymmetric CMKs.";
    refused(&mut kms, "ReEncrypt", call, message);
    let raw = json!({"KeyId": rsa, "Plaintext": b64(b"x"), "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"});
    let raw = kms.ok("Encrypt", raw)["CiphertextBlob"].clone();
    let call = json!({"CiphertextBlob": raw, "SourceKeyId": rsa, "SourceEncryptionAlgorithm": "RSAES_OAEP_SHA_256",
        "SourceEncryptionContext": {"a": "b"}, "DestinationKeyId": symmetric});
    let message = "EncryptionContext is not supported when decrypting with asymmetric CMKs.";
    refused(&mut kms, "ReEncrypt", call, message);
}

#[test]
fn what_names_a_key_is_ascii_and_something_row_38() {
    let mut kms = Emulator::new();
    let rule = r"Member must satisfy regular expression pattern: ^\p{ASCII}+$";
    let at = |value: &str| format!("Value '{value}' at 'keyId' failed to satisfy constraint: ");
    let empty = format!(
        "2 validation errors detected: {}Member must have length greater than or equal to 1; {}{rule}",
        at(""),
        at("")
    );
    refused(&mut kms, "DescribeKey", json!({"KeyId": ""}), &empty);
    let kana = format!("1 validation error detected: {}{rule}", at("キー"));
    refused(&mut kms, "DescribeKey", json!({"KeyId": "キー"}), &kana);
}
