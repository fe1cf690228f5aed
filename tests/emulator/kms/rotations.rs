//! Rotation over years of the admin clock: automatic, on demand, late, and of AWS managed keys.

use super::support::{Emulator, Setting, b64, code};
use keystorm::kms::Limits;
use keystorm::time::Span;
use serde_json::{Value, json};

const DAY: Span = Span::from_secs(86_400);
/// When the emulator's clock begins, in seconds since 1970.
const START: u64 = 1_800_000_000;

fn made(kms: &mut Emulator) -> Value {
    let shown = kms.ok("CreateKey", json!({}));
    json!({"KeyId": shown["KeyMetadata"]["KeyId"]})
}

fn rotations(kms: &mut Emulator, key: &Value) -> Vec<Value> {
    kms.ok("ListKeyRotations", key.clone())["Rotations"].as_array().unwrap().clone()
}

fn with(call: &Value, name: &str, value: Value) -> Value {
    let mut call = call.clone();
    call[name] = value;
    call
}

#[test]
fn ten_years_make_ten_versions_and_the_first_still_decrypts() {
    let mut kms = Emulator::new();
    let key = made(&mut kms);
    let status = |kms: &mut Emulator| kms.ok("GetKeyRotationStatus", key.clone());
    assert_eq!(status(&mut kms)["KeyRotationEnabled"], false);
    kms.ok("EnableKeyRotation", key.clone());
    assert_eq!(status(&mut kms)["RotationPeriodInDays"], 365);
    assert_eq!(status(&mut kms)["NextRotationDate"], START + 365 * 86_400);

    let encrypt = with(&key, "Plaintext", json!(b64(b"old")));
    let old = kms.ok("Encrypt", encrypt.clone())["CiphertextBlob"].clone();
    let first = kms.ok("DescribeKey", key.clone())["KeyMetadata"]["CurrentKeyMaterialId"].clone();
    kms.advance(Span::from_secs(365 * 86_400 - 1));
    assert_eq!(rotations(&mut kms, &key), Vec::<Value>::new(), "a second too early");
    kms.advance(Span::from_secs(1));
    assert_eq!(rotations(&mut kms, &key).len(), 1);
    kms.advance(DAY.times(365 * 9));
    let all = rotations(&mut kms, &key);
    let dates: Vec<u64> = all.iter().map(|each| each["RotationDate"].as_u64().unwrap()).collect();
    let yearly: Vec<u64> = (1..=10).map(|year| START + year * 365 * 86_400).collect();
    assert_eq!(dates, yearly, "each at its own date, however late anybody looks");
    assert!(all.iter().all(|each| each["RotationType"] == "AUTOMATIC"));
    let states: Vec<&str> = all.iter().map(|each| each["KeyMaterialState"].as_str().unwrap()).collect();
    assert_eq!((states[9], states[..9].iter().all(|state| *state == "NON_CURRENT")), ("CURRENT", true));
    assert_eq!(status(&mut kms)["NextRotationDate"], START + 11 * 365 * 86_400);

    let listed = with(&key, "IncludeKeyMaterial", json!("ALL_KEY_MATERIAL"));
    let listed = kms.ok("ListKeyRotations", listed)["Rotations"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 11);
    assert_eq!((&listed[0]["KeyMaterialId"], listed[0].get("RotationDate")), (&first, None));
    let current = kms.ok("DescribeKey", key.clone())["KeyMetadata"]["CurrentKeyMaterialId"].clone();
    assert_eq!(current, all[9]["KeyMaterialId"]);

    let read = kms.ok("Decrypt", json!({"CiphertextBlob": old}));
    assert_eq!((&read["Plaintext"], &read["KeyMaterialId"]), (&json!(b64(b"old")), &first));
    let new = kms.ok("Encrypt", encrypt)["CiphertextBlob"].clone();
    assert_eq!(kms.ok("Decrypt", json!({"CiphertextBlob": new}))["KeyMaterialId"], current);
}

#[test]
fn pages_of_rotations_hold_each_once() {
    let mut kms = Emulator::new();
    let key = made(&mut kms);
    kms.ok("EnableKeyRotation", with(&key, "RotationPeriodInDays", json!(90)));
    kms.advance(DAY.times(90 * 7));
    let whole = rotations(&mut kms, &key);
    let mut paged = Vec::new();
    let mut call = with(&key, "Limit", json!(3));
    loop {
        let page = kms.ok("ListKeyRotations", call.clone());
        paged.extend(page["Rotations"].as_array().unwrap().clone());
        if page["Truncated"] == false {
            break;
        }
        call["Marker"] = page["NextMarker"].clone();
    }
    assert_eq!((paged.len(), paged), (7, whole));
    call["Marker"] = json!("no marker of ours");
    assert_eq!(kms.code("ListKeyRotations", call), "InvalidMarkerException");
}

#[test]
fn the_period_lies_between_90_and_2560_days_and_can_be_changed() {
    let mut kms = Emulator::new();
    let key = made(&mut kms);
    for (days, wanted) in
        [(89, "ValidationException"), (90, "ok"), (2560, "ok"), (2561, "ValidationException")]
    {
        let call = with(&key, "RotationPeriodInDays", json!(days));
        assert_eq!(code(&kms.call("EnableKeyRotation", call)), wanted, "{days}");
    }
    kms.advance(DAY);
    kms.ok("EnableKeyRotation", with(&key, "RotationPeriodInDays", json!(100)));
    let status = kms.ok("GetKeyRotationStatus", key.clone());
    assert_eq!(status["NextRotationDate"], START + 101 * 86_400, "days after it was set");
    kms.ok("DisableKeyRotation", key.clone());
    kms.advance(DAY.times(1000));
    assert_eq!(rotations(&mut kms, &key).len(), 0);
    assert_eq!(kms.ok("GetKeyRotationStatus", key.clone()).get("NextRotationDate"), None);
}

#[test]
fn a_disabled_key_rotates_once_when_it_is_enabled_again() {
    let mut kms = Emulator::new();
    let key = made(&mut kms);
    kms.ok("EnableKeyRotation", key.clone());
    kms.advance(DAY.times(100)).ok("DisableKey", key.clone());
    kms.advance(DAY.times(365 * 3));
    assert_eq!(rotations(&mut kms, &key).len(), 0, "paused while disabled");
    kms.ok("EnableKey", key.clone());
    let all = rotations(&mut kms, &key);
    let enabled = START + (100 + 365 * 3) * 86_400;
    assert_eq!((all.len(), &all[0]["RotationDate"]), (1, &json!(enabled)));
    let next = kms.ok("GetKeyRotationStatus", key.clone())["NextRotationDate"].clone();
    assert_eq!(next, enabled + 365 * 86_400);

    // Nor does a key rotate that waits for its deletion; whoever cancels that must enable it first.
    kms.ok("ScheduleKeyDeletion", key.clone());
    assert_eq!(kms.ok("GetKeyRotationStatus", key.clone())["KeyRotationEnabled"], false);
    kms.ok("CancelKeyDeletion", key.clone());
    assert_eq!(kms.ok("GetKeyRotationStatus", key.clone())["KeyRotationEnabled"], true);
    kms.ok("EnableKey", key.clone());
    assert_eq!(rotations(&mut kms, &key).len(), 1, "it was not late");
}

#[test]
fn on_demand_rotations_are_25_and_leave_the_schedule_alone() {
    let mut kms = Emulator::new();
    let key = made(&mut kms);
    kms.ok("EnableKeyRotation", key.clone());
    let next = kms.ok("GetKeyRotationStatus", key.clone())["NextRotationDate"].clone();
    for _ in 0..25 {
        kms.advance(DAY).ok("RotateKeyOnDemand", key.clone());
    }
    assert_eq!(kms.code("RotateKeyOnDemand", key.clone()), "LimitExceededException");
    let all = rotations(&mut kms, &key);
    assert!(all.len() == 25 && all.iter().all(|each| each["RotationType"] == "ON_DEMAND"));
    assert_eq!(kms.ok("GetKeyRotationStatus", key.clone())["NextRotationDate"], next);
    kms.advance(DAY.times(340));
    assert_eq!(rotations(&mut kms, &key)[25]["RotationDate"], next);

    let limits = Limits { on_demand_rotations: 1, ..Limits::default() };
    let mut kms = Emulator::with(Setting { limits, ..Setting::default() });
    let key = made(&mut kms);
    kms.ok("RotateKeyOnDemand", key.clone());
    assert_eq!(kms.code("RotateKeyOnDemand", key), "LimitExceededException");
}

#[test]
fn within_twenty_minutes_of_an_automatic_rotation_none_is_made_on_demand() {
    let year = 365 * 86_400;
    for (before, wanted) in [(1201, "ok"), (1200, "ConflictException"), (1, "ConflictException"), (0, "ok")] {
        let mut kms = Emulator::new();
        let key = made(&mut kms);
        kms.ok("EnableKeyRotation", key.clone());
        kms.advance(Span::from_secs(year - before));
        assert_eq!(code(&kms.call("RotateKeyOnDemand", key)), wanted, "{before} s before");
    }
}

#[test]
fn only_symmetric_keys_of_kms_rotate() {
    let mut kms = Emulator::new();
    let operations = ["EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus", "RotateKeyOnDemand"];
    for (spec, usage) in [("HMAC_256", "GENERATE_VERIFY_MAC"), ("ECC_NIST_P256", "SIGN_VERIFY")] {
        let key =
            kms.ok("CreateKey", json!({"KeySpec": spec, "KeyUsage": usage}))["KeyMetadata"]["KeyId"].clone();
        for operation in operations.into_iter().chain(["ListKeyRotations"]) {
            let said = kms.call(operation, json!({"KeyId": key}));
            match operation {
                "DisableKeyRotation" => assert_eq!(code(&said), "ok", "{spec}: it does not rotate"),
                "EnableKeyRotation" | "RotateKeyOnDemand" => {
                    assert_eq!(said, Err(("UnsupportedOperationException".into(), String::new())), "{spec}");
                }
                _ => assert_eq!(code(&said), "UnsupportedOperationException", "{spec}"),
            }
        }
        kms.ok("DisableKey", json!({"KeyId": key}));
        for operation in ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"] {
            assert_eq!(
                kms.code(operation, json!({"KeyId": key})),
                "DisabledException",
                "the state comes first"
            );
        }
    }
}

#[test]
fn aws_managed_keys_appear_when_named_rotate_yearly_and_cannot_be_managed() {
    let mut kms = Emulator::new();
    assert_eq!(kms.ok("ListKeys", json!({}))["Keys"], json!([]));
    assert_eq!(kms.code("DescribeKey", json!({"KeyId": "alias/aws/nonsense"})), "NotFoundException");
    let shown = kms.ok("DescribeKey", json!({"KeyId": "alias/aws/s3"}))["KeyMetadata"].clone();
    assert_eq!((&shown["KeyManager"], &shown["KeyState"]), (&json!("AWS"), &json!("Enabled")));
    let again = kms.ok("DescribeKey", json!({"KeyId": "alias/aws/s3"}))["KeyMetadata"]["KeyId"].clone();
    assert_eq!(again, shown["KeyId"], "one for each service");
    let by_arn = shown["Arn"]
        .as_str()
        .unwrap()
        .replace(&format!("key/{}", shown["KeyId"].as_str().unwrap()), "alias/aws/ebs");
    let ebs = kms.ok("DescribeKey", json!({"KeyId": by_arn}))["KeyMetadata"]["KeyId"].clone();
    assert_ne!(ebs, shown["KeyId"]);
    kms.ok("GenerateDataKey", json!({"KeyId": "alias/aws/rds", "KeySpec": "AES_256"}));
    let blob =
        kms.ok("Encrypt", json!({"KeyId": "alias/aws/s3", "Plaintext": b64(b"x")}))["CiphertextBlob"].clone();
    assert_eq!(kms.ok("ListKeys", json!({}))["Keys"].as_array().unwrap().len(), 3);
    let aliases = kms.ok("ListAliases", json!({}))["Aliases"].clone();
    let names: Vec<&str> =
        aliases.as_array().unwrap().iter().map(|a| a["AliasName"].as_str().unwrap()).collect();
    assert_eq!(names, ["alias/aws/ebs", "alias/aws/rds", "alias/aws/s3"]);

    let key = json!({"KeyId": shown["KeyId"]});
    for (operation, more) in [
        ("PutKeyPolicy", json!({"Policy": kms.ok("GetKeyPolicy", key.clone())["Policy"]})),
        ("ScheduleKeyDeletion", json!({})),
        ("DisableKey", json!({})),
        ("DisableKeyRotation", json!({})),
        ("EnableKeyRotation", json!({})),
        ("RotateKeyOnDemand", json!({})),
        ("UpdateKeyDescription", json!({"Description": "mine"})),
        ("TagResource", json!({"Tags": [{"TagKey": "a", "TagValue": "b"}]})),
    ] {
        let mut call = more;
        call["KeyId"] = shown["KeyId"].clone();
        assert_eq!(kms.code(operation, call), "AccessDeniedException", "{operation}");
    }
    kms.advance(DAY.times(366));
    assert_eq!(kms.ok("GetKeyRotationStatus", key.clone())["KeyRotationEnabled"], true);
    assert_eq!(rotations(&mut kms, &key).len(), 1);
    assert_eq!(kms.ok("Decrypt", json!({"CiphertextBlob": blob}))["Plaintext"], b64(b"x"));
    // Every account and Region has its own.
    let elsewhere = kms.in_region("us-east-1").ok("DescribeKey", json!({"KeyId": "alias/aws/s3"}));
    assert_ne!(elsewhere["KeyMetadata"]["KeyId"], shown["KeyId"]);
}
