//! Imported material: tokens, expiry, reimport, rotation to new material, in one Region and in several.

use super::support::{Emulator, REGION, b64, bytes, code};
use super::wrapping::{import, import_call, parameters};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded as _};
use keystorm::api::KeySpec;
use keystorm::kms::crypto::Material;
use keystorm::time::Span;
use serde_json::{Value, json};

const DAY: u64 = 86_400;
const START: u64 = 1_800_000_000;
const AWAY: &str = "us-east-1";

fn made(kms: &mut Emulator, more: Value) -> String {
    let mut call = more;
    call["Origin"] = json!("EXTERNAL");
    kms.ok("CreateKey", call)["KeyMetadata"]["Arn"].as_str().unwrap().to_string()
}

fn shown(kms: &mut Emulator, key: &str) -> Value {
    kms.ok("DescribeKey", json!({"KeyId": key}))["KeyMetadata"].clone()
}

fn states(kms: &mut Emulator, key: &str) -> Vec<(String, String)> {
    let call = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let listed = kms.ok("ListKeyRotations", call)["Rotations"].clone();
    let text = |each: &Value, name: &str| each[name].as_str().unwrap().to_string();
    let listed = listed.as_array().unwrap().iter();
    listed.map(|each| (text(each, "KeyMaterialState"), text(each, "ImportState"))).collect()
}

fn are(states: &[(String, String)], wanted: &[(&str, &str)]) {
    let states: Vec<(&str, &str)> = states.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(states, wanted);
}

#[test]
fn material_is_imported_expires_and_comes_back() {
    let mut kms = Emulator::new();
    let key = made(&mut kms, json!({}));
    let empty = shown(&mut kms, &key);
    assert_eq!((&empty["KeyState"], &empty["Enabled"]), (&json!("PendingImport"), &json!(false)));
    assert_eq!((empty.get("ExpirationModel"), empty.get("CurrentKeyMaterialId")), (None, None));
    let given = parameters(&mut kms, &key);
    assert_eq!(given["ParametersValidTo"], START + DAY);
    let expires = |at: u64| json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": at});
    for (more, wanted) in [
        (json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES"}), "ValidationException"),
        (json!({"ValidTo": START + DAY}), "ValidationException"),
        (expires(START), "ValidationException"),
        (expires(START + 365 * DAY + 1), "ValidationException"),
        (json!({"ImportType": "EXISTING_KEY_MATERIAL"}), "IncorrectKeyMaterialException"),
        (json!({"ImportType": "NEW_KEY_MATERIAL", "KeyMaterialId": "a".repeat(64)}), "ValidationException"),
        (json!({"KeyMaterialId": "a".repeat(64)}), "IncorrectKeyMaterialException"),
        (expires(START + 10 * DAY), "ok"),
    ] {
        let mut call = import_call(&given, &[1; 32]);
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(code(&kms.call("ImportKeyMaterial", call)), wanted, "{more}");
    }
    let full = shown(&mut kms, &key);
    assert_eq!((&full["KeyState"], &full["ValidTo"]), (&json!("Enabled"), &json!(START + 10 * DAY)));
    assert_eq!(full["ExpirationModel"], "KEY_MATERIAL_EXPIRES");
    let blob = kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")}))["CiphertextBlob"].clone();

    kms.advance(Span::from_secs(10 * DAY));
    let gone = shown(&mut kms, &key);
    assert_eq!(gone["KeyState"], "PendingImport");
    assert_eq!((gone.get("ValidTo"), gone.get("ExpirationModel")), (None, None));
    assert_eq!(kms.code("Decrypt", json!({"CiphertextBlob": blob})), "KMSInvalidStateException");
    are(&states(&mut kms, &key), &[("CURRENT", "PENDING_IMPORT")]);
    assert_eq!(code(&import(&mut kms, &key, &[2; 32], &json!({}))), "IncorrectKeyMaterialException");
    let again = import(&mut kms, &key, &[1; 32], &json!({})).unwrap();
    assert_eq!(again["KeyMaterialId"], full["CurrentKeyMaterialId"], "the same material has the same id");
    assert_eq!(kms.ok("Decrypt", json!({"CiphertextBlob": blob}))["Plaintext"], b64(b"x"));
    assert_eq!(shown(&mut kms, &key)["ExpirationModel"], "KEY_MATERIAL_DOES_NOT_EXPIRE");

    let deleted = kms.ok("DeleteImportedKeyMaterial", json!({"KeyId": key}));
    assert_eq!(deleted["KeyMaterialId"], full["CurrentKeyMaterialId"]);
    assert_eq!(shown(&mut kms, &key)["KeyState"], "PendingImport");
    kms.ok("DeleteImportedKeyMaterial", json!({"KeyId": key}));
}

#[test]
fn a_token_is_for_one_key_for_a_day_and_for_its_own_wrapping_key() {
    let mut kms = Emulator::new();
    let (key, other) = (made(&mut kms, json!({})), made(&mut kms, json!({})));
    let given = parameters(&mut kms, &key);
    let good = import_call(&given, &[1; 32]);
    let with = |name: &str, value: Value| {
        let mut call = good.clone();
        call[name] = value;
        call
    };
    let mut flipped = bytes(&given["ImportToken"]);
    flipped[40] ^= 1;
    let mut damaged = bytes(&good["EncryptedKeyMaterial"]);
    damaged[7] ^= 1;
    let second = parameters(&mut kms, &key);
    for (call, wanted) in [
        (with("KeyId", json!(other)), "InvalidImportTokenException"),
        (with("ImportToken", json!(b64(&flipped))), "InvalidImportTokenException"),
        (with("ImportToken", json!(b64(b"token"))), "InvalidImportTokenException"),
        (with("ImportToken", second["ImportToken"].clone()), "InvalidCiphertextException"),
        (with("EncryptedKeyMaterial", json!(b64(&damaged))), "InvalidCiphertextException"),
        (import_call(&given, &[1; 31]), "IncorrectKeyMaterialException"),
        (good.clone(), "ok"),
    ] {
        assert_eq!(code(&kms.call("ImportKeyMaterial", call)), wanted);
    }
    kms.advance(Span::from_secs(DAY - 1)).ok("ImportKeyMaterial", good.clone());
    kms.advance(Span::from_secs(1));
    assert_eq!(kms.code("ImportKeyMaterial", good), "ExpiredImportTokenException");
    for (algorithm, spec) in
        [("RSAES_PKCS1_V1_5", "RSA_2048"), ("SM2PKE", "SM2"), ("RSAES_OAEP_SHA_1", "SM2")]
    {
        let call = json!({"KeyId": key, "WrappingAlgorithm": algorithm, "WrappingKeySpec": spec});
        assert_eq!(kms.code("GetParametersForImport", call), "UnsupportedOperationException", "{algorithm}");
    }
}

#[test]
fn a_private_key_comes_under_an_aes_key_and_its_public_half_outlives_it() {
    let mut kms = Emulator::new();
    let key = made(&mut kms, json!({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}));
    assert_eq!(kms.code("GetPublicKey", json!({"KeyId": key})), "KMSInvalidStateException");
    let secret = Material::generate(KeySpec::Rsa2048).unwrap();
    let call =
        json!({"KeyId": key, "WrappingAlgorithm": "RSA_AES_KEY_WRAP_SHA_256", "WrappingKeySpec": "RSA_2048"});
    let given = kms.ok("GetParametersForImport", call);
    let mut call = import_call(&given, &[9; 32]);
    let mut wrapped = bytes(&call["EncryptedKeyMaterial"]);
    let plain = secret.to_bytes().as_bytes();
    let mut inner = vec![0; plain.len() + 16];
    let inner = AesKek::new(&AES_256, &[9; 32]).unwrap().wrap_with_padding(plain, &mut inner).unwrap();
    wrapped.extend_from_slice(inner);
    call["EncryptedKeyMaterial"] = json!(b64(&wrapped));
    assert_eq!(kms.ok("ImportKeyMaterial", call).get("KeyMaterialId"), None, "only symmetric keys name it");
    let public = kms.ok("GetPublicKey", json!({"KeyId": key}))["PublicKey"].clone();
    assert_eq!(bytes(&public), secret.public_key().unwrap());
    kms.ok("DeleteImportedKeyMaterial", json!({"KeyId": key}));
    assert_eq!(kms.ok("GetPublicKey", json!({"KeyId": key}))["PublicKey"], public);
}

#[test]
fn new_material_waits_for_its_rotation_and_all_of_it_is_needed() {
    let mut kms = Emulator::new();
    let key = made(&mut kms, json!({}));
    let new = json!({"ImportType": "NEW_KEY_MATERIAL"});
    import(&mut kms, &key, &[1; 32], &new).unwrap();
    assert_eq!(code(&import(&mut kms, &key, &[1; 32], &new)), "IncorrectKeyMaterialException");
    let blob = kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")}))["CiphertextBlob"].clone();
    assert_eq!(kms.code("RotateKeyOnDemand", json!({"KeyId": key})), "KMSInvalidStateException");
    import(&mut kms, &key, &[2; 32], &new).unwrap();
    let named = json!({"ImportType": "NEW_KEY_MATERIAL", "KeyMaterialDescription": "third"});
    let said = import(&mut kms, &key, &[3; 32], &named);
    assert_eq!(code(&said), "KMSInvalidStateException", "one waits already");
    let second = kms.ok("ListKeyRotations", json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"}))
        ["Rotations"][1]["KeyMaterialId"]
        .clone();
    kms.ok("DeleteImportedKeyMaterial", json!({"KeyId": key, "KeyMaterialId": second}));
    let third = import(&mut kms, &key, &[3; 32], &named).unwrap()["KeyMaterialId"].clone();
    let both = [("CURRENT", "IMPORTED"), ("PENDING_ROTATION", "IMPORTED")];
    are(&states(&mut kms, &key), &both);
    // What waits can be taken back; the key stays as it is.
    kms.ok("DeleteImportedKeyMaterial", json!({"KeyId": key, "KeyMaterialId": third}));
    are(&states(&mut kms, &key), &both[..1]);
    assert_eq!(shown(&mut kms, &key)["KeyState"], "Enabled");
    import(&mut kms, &key, &[3; 32], &named).unwrap();
    kms.ok("RotateKeyOnDemand", json!({"KeyId": key}));
    are(&states(&mut kms, &key), &[("NON_CURRENT", "IMPORTED"), ("CURRENT", "IMPORTED")]);
    let rotations = kms.ok("ListKeyRotations", json!({"KeyId": key}))["Rotations"].clone();
    assert_eq!(rotations[0]["KeyMaterialDescription"], "third");
    assert_eq!(shown(&mut kms, &key)["CurrentKeyMaterialId"], third);
    assert_eq!(kms.ok("Decrypt", json!({"CiphertextBlob": blob}))["Plaintext"], b64(b"x"));

    let first = json!({"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": START + DAY});
    import(&mut kms, &key, &[1; 32], &first).unwrap();
    assert_eq!(shown(&mut kms, &key)["ValidTo"], START + DAY, "the earliest of all");
    kms.advance(Span::from_secs(DAY));
    assert_eq!(shown(&mut kms, &key)["KeyState"], "PendingImport", "old material is missing");
    import(&mut kms, &key, &[1; 32], &json!({})).unwrap();
    assert_eq!(shown(&mut kms, &key)["KeyState"], "Enabled");
    let hmac = made(&mut kms, json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}));
    import(&mut kms, &hmac, &[1; 32], &json!({})).unwrap();
    assert_eq!(code(&import(&mut kms, &hmac, &[2; 32], &new)), "IncorrectKeyMaterialException");
}

#[test]
fn a_family_rotates_when_every_region_has_the_material() {
    let mut kms = Emulator::new();
    let key = made(&mut kms, json!({"MultiRegion": true}));
    let replica = key.replace(REGION, AWAY);
    let new = json!({"ImportType": "NEW_KEY_MATERIAL"});
    let old = json!({"ImportType": "EXISTING_KEY_MATERIAL"});
    import(&mut kms, &key, &[1; 32], &json!({})).unwrap();
    let blob = kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")}))["CiphertextBlob"].clone();
    kms.ok("ReplicateKey", json!({"KeyId": key, "ReplicaRegion": AWAY}));
    kms.in_region(AWAY);
    assert_eq!(shown(&mut kms, &replica)["KeyState"], "PendingImport");
    for (material, more) in [([2; 32], &old), ([2; 32], &new), ([1; 32], &new), ([2; 32], &json!({}))] {
        let said = import(&mut kms, &replica, &material, more);
        assert_eq!(code(&said), "IncorrectKeyMaterialException", "{} {more}", material[0]);
    }
    import(&mut kms, &replica, &[1; 32], &old).unwrap();
    assert_eq!(kms.ok("Decrypt", json!({"CiphertextBlob": blob}))["Plaintext"], b64(b"x"));

    kms.in_region(REGION);
    import(&mut kms, &key, &[2; 32], &new).unwrap();
    let waiting = ("PENDING_MULTI_REGION_IMPORT_AND_ROTATION", "IMPORTED");
    are(&states(&mut kms, &key), &[("CURRENT", "IMPORTED"), waiting]);
    assert_eq!(kms.code("RotateKeyOnDemand", json!({"KeyId": key})), "KMSInvalidStateException");
    kms.in_region(AWAY);
    import(&mut kms, &replica, &[2; 32], &old).unwrap();
    assert_eq!(kms.code("RotateKeyOnDemand", json!({"KeyId": replica})), "UnsupportedOperationException");
    kms.in_region(REGION);
    are(&states(&mut kms, &key), &[("CURRENT", "IMPORTED"), ("PENDING_ROTATION", "IMPORTED")]);
    kms.ok("RotateKeyOnDemand", json!({"KeyId": key}));
    let rotated = kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"y")}))["CiphertextBlob"].clone();
    kms.in_region(AWAY);
    are(&states(&mut kms, &replica), &[("NON_CURRENT", "IMPORTED"), ("CURRENT", "IMPORTED")]);
    assert_eq!(kms.ok("Decrypt", json!({"CiphertextBlob": rotated}))["Plaintext"], b64(b"y"));
    // What a replica loses, its primary keeps.
    kms.ok("DeleteImportedKeyMaterial", json!({"KeyId": replica}));
    assert_eq!(shown(&mut kms, &replica)["KeyState"], "PendingImport");
    kms.in_region(REGION);
    assert_eq!(shown(&mut kms, &key)["KeyState"], "Enabled");
}
