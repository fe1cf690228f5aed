//! What KMS was recorded to say of keys whose material is imported or replicated: rows 7 and 13 to 15 of the sheet
//! kms-recorded-behaviour of 2026-11-29.

use super::support::{Emulator, REGION, b64, code};
use super::wrapping::import;
use serde_json::{Value, json};

const AWAY: &str = "us-east-1";

fn made(kms: &mut Emulator, more: Value) -> String {
    let mut call = more;
    call["Origin"] = json!("EXTERNAL");
    kms.ok("CreateKey", call)["KeyMetadata"]["Arn"].as_str().unwrap().to_string()
}

fn shown(kms: &mut Emulator, key: &str) -> Value {
    kms.ok("DescribeKey", json!({"KeyId": key}))["KeyMetadata"].clone()
}

#[test]
fn a_key_without_material_is_pending_import_and_no_more_is_said_row_7() {
    let mut kms = Emulator::new();
    let key = made(&mut kms, json!({}));
    let said = Err(("KMSInvalidStateException".to_string(), format!("{key} is pending import.")));
    let signs = made(&mut kms, json!({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}));
    for (operation, call) in [
        ("Encrypt", json!({"Plaintext": b64(b"x")})),
        ("GenerateDataKey", json!({"KeySpec": "AES_256"})),
        ("GenerateDataKeyWithoutPlaintext", json!({"NumberOfBytes": 8})),
        ("GenerateDataKeyPair", json!({"KeyPairSpec": "RSA_2048"})),
        ("GenerateDataKeyPairWithoutPlaintext", json!({"KeyPairSpec": "RSA_2048"})),
        ("EnableKey", json!({})),
        ("DisableKey", json!({})),
        ("RotateKeyOnDemand", json!({})),
        ("CreateGrant", json!({"GranteePrincipal": "444455556666", "Operations": ["Encrypt"]})),
    ] {
        let mut call = call;
        call["KeyId"] = json!(key);
        assert_eq!(kms.call(operation, call), said, "{operation}");
    }
    let message = format!("{signs} is pending import.");
    for (operation, call) in [
        ("GetPublicKey", json!({"KeyId": signs})),
        ("Sign", json!({"KeyId": signs, "Message": "eA==", "SigningAlgorithm": "RSASSA_PSS_SHA_256"})),
    ] {
        let said = kms.call(operation, call);
        assert_eq!(said, Err(("KMSInvalidStateException".into(), message.clone())), "{operation}");
    }
}

#[test]
fn new_material_is_refused_while_other_material_waits_row_13() {
    let mut kms = Emulator::new();
    let key = made(&mut kms, json!({}));
    let new = json!({"ImportType": "NEW_KEY_MATERIAL"});
    let first = import(&mut kms, &key, &[1; 32], &json!({})).unwrap();
    let waiting = import(&mut kms, &key, &[2; 32], &new).unwrap()["KeyMaterialId"].clone();
    let (code, message) = import(&mut kms, &key, &[3; 32], &new).unwrap_err();
    assert_eq!(code, "KMSInvalidStateException");
    let (before, after) = message.split_once("(id: ").map(|(a, b)| (a, b.split_once(')').unwrap())).unwrap();
    assert_eq!(before, "New key material ");
    assert!(after.0.len() == 64 && after.0 != waiting && after.0 != first["KeyMaterialId"], "{message}");
    let rest = format!(
        " cannot be imported into KMS key {key}, because another key material (id: {}) is pending rotation.",
        waiting.as_str().unwrap()
    );
    assert_eq!(after.1, rest);
    // What waits may be imported again, and when it has been rotated to, the next one may wait.
    let again = json!({"ImportType": "EXISTING_KEY_MATERIAL"});
    import(&mut kms, &key, &[2; 32], &again).unwrap();
    kms.ok("RotateKeyOnDemand", json!({"KeyId": key}));
    import(&mut kms, &key, &[3; 32], &new).unwrap();
}

#[test]
fn a_key_keeps_the_name_of_material_that_was_deleted_row_14() {
    let mut kms = Emulator::new();
    let key = made(&mut kms, json!({}));
    assert_eq!(shown(&mut kms, &key).get("CurrentKeyMaterialId"), None, "before the first import");
    let id = import(&mut kms, &key, &[1; 32], &json!({})).unwrap()["KeyMaterialId"].clone();
    assert_eq!(shown(&mut kms, &key)["ExpirationModel"], "KEY_MATERIAL_DOES_NOT_EXPIRE");
    kms.ok("DeleteImportedKeyMaterial", json!({"KeyId": key}));
    let gone = shown(&mut kms, &key);
    assert_eq!((&gone["KeyState"], &gone["CurrentKeyMaterialId"]), (&json!("PendingImport"), &id));
    assert_eq!(gone.get("ExpirationModel"), None);
}

#[test]
fn a_replica_is_creating_when_it_is_answered_row_15() {
    let mut kms = Emulator::new();
    let own = kms.ok("CreateKey", json!({"MultiRegion": true}))["KeyMetadata"]["Arn"].clone();
    let imported = made(&mut kms, json!({"MultiRegion": true}));
    import(&mut kms, &imported, &[1; 32], &json!({})).unwrap();
    for key in [own.as_str().unwrap(), &imported] {
        let made = kms.ok("ReplicateKey", json!({"KeyId": key, "ReplicaRegion": AWAY}));
        assert_eq!(made.get("ReplicaTags"), None);
        let replica = &made["ReplicaKeyMetadata"];
        assert_eq!((&replica["KeyState"], &replica["Enabled"]), (&json!("Creating"), &json!(false)));
        assert_eq!(replica.get("CurrentKeyMaterialId"), None);
    }
    let replica = own.as_str().unwrap().replace(REGION, AWAY);
    kms.in_region(AWAY);
    let shown = shown(&mut kms, &replica);
    assert_eq!(shown["KeyState"], "Enabled", "it is ready at once here");
    assert_eq!(shown["CurrentKeyMaterialId"].as_str().unwrap().len(), 64);
    assert_eq!(code(&kms.call("Encrypt", json!({"KeyId": replica, "Plaintext": "eA=="}))), "ok");
}
