//! Multi-Region families and the end of keys: replicas, change of the primary, deletion and what goes with it.

use super::support::{Emulator, OTHER, REGION, Setting, b64, code};
use keystorm::kms::Consistency;
use keystorm::time::Span;
use serde_json::{Value, json};

const AWAY: &str = "us-east-1";
const THIRD: &str = "ap-southeast-2";
const DAY: Span = Span::from_secs(86_400);
const START: u64 = 1_800_000_000;

fn made(kms: &mut Emulator, call: Value) -> String {
    kms.ok("CreateKey", call)["KeyMetadata"]["Arn"].as_str().unwrap().to_string()
}

fn shown(kms: &mut Emulator, key: &str) -> Value {
    let region = key.split(':').nth(3).unwrap();
    kms.in_region(region).ok("DescribeKey", json!({"KeyId": key}))["KeyMetadata"].clone()
}

fn family(kms: &mut Emulator, key: &str) -> (String, String, Vec<String>) {
    let config = shown(kms, key)["MultiRegionConfiguration"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let replicas = config["ReplicaKeys"].as_array().unwrap().iter().map(|key| text(&key["Region"])).collect();
    (text(&config["MultiRegionKeyType"]), text(&config["PrimaryKey"]["Region"]), replicas)
}

#[test]
fn a_replica_shares_id_and_material_and_nothing_else() {
    let mut kms = Emulator::new();
    let key = made(
        &mut kms,
        json!({"MultiRegion": true, "Description": "first",
        "Tags": [{"TagKey": "a", "TagValue": "b"}]}),
    );
    kms.ok("EnableKeyRotation", json!({"KeyId": key}));
    let blob = kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")}))["CiphertextBlob"].clone();
    let tags = json!([{"TagKey": "c", "TagValue": "d"}]);
    let call = json!({"KeyId": key, "ReplicaRegion": AWAY, "Description": "second", "Tags": tags});
    let answer = kms.ok("ReplicateKey", call.clone());
    let replica = key.replace(REGION, AWAY);
    assert_eq!(answer["ReplicaKeyMetadata"]["Arn"], replica);
    assert_eq!(answer["ReplicaKeyMetadata"]["Description"], "second");
    assert_eq!(answer["ReplicaTags"], tags);
    assert!(answer["ReplicaPolicy"].as_str().unwrap().contains("Enable IAM User Permissions"));
    assert_eq!(kms.code("ReplicateKey", call), "AlreadyExistsException");
    let other = |region: &str| json!({"KeyId": key, "ReplicaRegion": region});
    for (region, wanted) in [
        (REGION, "ValidationException"),
        ("mars-north-1", "ValidationException"),
        ("cn-north-1", "ValidationException"),
        (THIRD, "ok"),
    ] {
        assert_eq!(code(&kms.call("ReplicateKey", other(region))), wanted, "{region}");
    }
    let replicas = vec![THIRD.to_string(), AWAY.to_string()];
    assert_eq!(family(&mut kms, &key), ("PRIMARY".into(), REGION.into(), replicas.clone()));
    assert_eq!(family(&mut kms, &replica), ("REPLICA".into(), REGION.into(), replicas));
    assert_eq!(kms.ok("Decrypt", json!({"CiphertextBlob": blob}))["Plaintext"], b64(b"x"));
    assert_eq!(kms.ok("ListResourceTags", json!({"KeyId": replica}))["Tags"], tags);

    // Rotation is the primary's and happens to all.
    let status = kms.ok("GetKeyRotationStatus", json!({"KeyId": replica}));
    assert_eq!(status["KeyRotationEnabled"], true);
    for operation in ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"] {
        assert_eq!(kms.code(operation, json!({"KeyId": replica})), "UnsupportedOperationException");
    }
    let away = json!({"KeyId": replica, "ReplicaRegion": "eu-central-1"});
    assert_eq!(kms.code("ReplicateKey", away), "UnsupportedOperationException");
    kms.advance(DAY.times(365));
    kms.in_region(REGION).ok("RotateKeyOnDemand", json!({"KeyId": key}));
    let blob = kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"y")}))["CiphertextBlob"].clone();
    let here = kms.ok("ListKeyRotations", json!({"KeyId": key}))["Rotations"].clone();
    assert_eq!(here.as_array().unwrap().len(), 2);
    kms.in_region(AWAY);
    assert_eq!(kms.ok("Decrypt", json!({"CiphertextBlob": blob}))["Plaintext"], b64(b"y"));
    let there = kms.ok("ListKeyRotations", json!({"KeyId": replica}))["Rotations"].clone();
    assert_eq!(there[1]["KeyMaterialId"], here[1]["KeyMaterialId"]);
    let single = made(&mut kms, json!({}));
    let call = json!({"KeyId": single, "ReplicaRegion": REGION});
    assert_eq!(kms.code("ReplicateKey", call), "UnsupportedOperationException");
}

#[test]
fn primary_and_replica_change_places_with_the_rotation() {
    let consistency = Consistency { multi_region: Span::from_secs(5), ..Consistency::default() };
    let mut kms = Emulator::with(Setting { consistency, ..Setting::default() });
    let key = made(&mut kms, json!({"MultiRegion": true}));
    let replica = key.replace(REGION, AWAY);
    kms.ok("EnableKeyRotation", json!({"KeyId": key, "RotationPeriodInDays": 90}));
    let made = kms.ok("ReplicateKey", json!({"KeyId": key, "ReplicaRegion": AWAY}));
    assert_eq!(made["ReplicaKeyMetadata"]["KeyState"], "Creating");
    let update = |key: &str, region: &str| json!({"KeyId": key, "PrimaryRegion": region});
    assert_eq!(kms.code("UpdatePrimaryRegion", update(&key, AWAY)), "KMSInvalidStateException");
    kms.advance(Span::from_secs(5));
    for (region, wanted) in
        [(REGION, "ValidationException"), (THIRD, "NotFoundException"), ("mars", "ValidationException")]
    {
        assert_eq!(kms.code("UpdatePrimaryRegion", update(&key, region)), wanted, "{region}");
    }
    kms.in_region(AWAY);
    let said = kms.code("UpdatePrimaryRegion", update(&replica, REGION));
    assert_eq!(said, "UnsupportedOperationException", "a replica is asked");
    kms.in_region(REGION).ok("UpdatePrimaryRegion", update(&key, AWAY));
    assert_eq!(shown(&mut kms, &key)["KeyState"], "Updating");
    assert_eq!(shown(&mut kms, &replica)["KeyState"], "Updating");
    kms.advance(Span::from_secs(5));
    assert_eq!(family(&mut kms, &replica), ("PRIMARY".into(), AWAY.into(), vec![REGION.into()]));
    assert_eq!(family(&mut kms, &key), ("REPLICA".into(), AWAY.into(), vec![REGION.into()]));
    assert_eq!(shown(&mut kms, &key)["KeyState"], "Enabled");
    assert_eq!(kms.code("DisableKeyRotation", json!({"KeyId": key})), "UnsupportedOperationException");
    kms.advance(DAY.times(90)).in_region(AWAY);
    let rotations = kms.ok("ListKeyRotations", json!({"KeyId": replica}))["Rotations"].clone();
    assert_eq!(rotations.as_array().unwrap().len(), 1, "once, not in each Region");
    kms.ok("DisableKeyRotation", json!({"KeyId": replica}));
}

#[test]
fn whoever_replicates_may_do_so_here_and_create_there() {
    let mut kms = Emulator::new();
    let key = made(&mut kms, json!({"MultiRegion": true}));
    let policy = |statement: Value| json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let allow = |action: &str, region: &str| {
        json!({"Effect": "Allow", "Action": action, "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": region}}})
    };
    let call = json!({"KeyId": key, "ReplicaRegion": AWAY});
    for (statement, wanted) in [
        (json!([allow("kms:ReplicateKey", REGION)]), "AccessDeniedException"),
        (json!([allow("kms:CreateKey", AWAY)]), "AccessDeniedException"),
        (json!([allow("kms:ReplicateKey", REGION), allow("kms:CreateKey", REGION)]), "AccessDeniedException"),
        (json!([allow("kms:ReplicateKey", REGION), allow("kms:CreateKey", AWAY)]), "ok"),
    ] {
        kms.as_caller("arn:aws:iam::111122223333:user/ann", &[&policy(statement.clone())]);
        assert_eq!(code(&kms.call("ReplicateKey", call.clone())), wanted, "{statement}");
    }
}

#[test]
fn a_primary_outlives_its_replicas_and_then_waits_its_own_days() {
    let mut kms = Emulator::new();
    let key = made(&mut kms, json!({"MultiRegion": true}));
    let replica = key.replace(REGION, AWAY);
    kms.ok("ReplicateKey", json!({"KeyId": key, "ReplicaRegion": AWAY}));
    let said = kms.ok("ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 10}));
    assert_eq!((&said["KeyState"], said.get("DeletionDate")), (&json!("PendingReplicaDeletion"), None));
    assert_eq!(said["PendingWindowInDays"], 10);
    assert_eq!(shown(&mut kms, &key)["PendingDeletionWindowInDays"], 10);
    kms.advance(DAY.times(100));
    assert_eq!(shown(&mut kms, &key)["KeyState"], "PendingReplicaDeletion");
    kms.in_region(AWAY).ok("ScheduleKeyDeletion", json!({"KeyId": replica, "PendingWindowInDays": 7}));
    kms.advance(DAY.times(8));
    assert_eq!(kms.code("DescribeKey", json!({"KeyId": replica})), "NotFoundException");
    let left = shown(&mut kms, &key);
    assert_eq!(left["KeyState"], "PendingDeletion");
    let gone = START + (100 + 7) * 86_400;
    assert_eq!(left["DeletionDate"], gone + 10 * 86_400, "counted from the replica's end");
    assert_eq!(left["MultiRegionConfiguration"]["ReplicaKeys"], json!([]));
    kms.advance(DAY.times(9)).in_region(REGION);
    assert_eq!(kms.code("DescribeKey", json!({"KeyId": key})), "NotFoundException");
}

#[test]
fn deletion_waits_can_be_cancelled_and_takes_aliases_and_grants_along() {
    let mut kms = Emulator::new();
    let key = made(&mut kms, json!({}));
    for (days, wanted) in [(6, "ValidationException"), (31, "ValidationException"), (7, "ok")] {
        let call = json!({"KeyId": key, "PendingWindowInDays": days});
        assert_eq!(code(&kms.call("ScheduleKeyDeletion", call)), wanted, "{days}");
    }
    kms.ok("CancelKeyDeletion", json!({"KeyId": key}));
    assert_eq!(shown(&mut kms, &key)["KeyState"], "Disabled");
    kms.advance(DAY.times(30)).ok("EnableKey", json!({"KeyId": key}));
    let blob = kms.ok("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")}))["CiphertextBlob"].clone();
    kms.ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": key}));
    let grant = json!({"KeyId": key, "GranteePrincipal": OTHER, "Operations": ["Decrypt"],
        "RetiringPrincipal": format!("arn:aws:iam::{OTHER}:root")});
    kms.ok("CreateGrant", grant);
    let said = kms.ok("ScheduleKeyDeletion", json!({"KeyId": key}));
    assert_eq!(said["DeletionDate"], START + 60 * 86_400);
    assert_eq!(said["KeyState"], "PendingDeletion");
    let retirable = json!({"RetiringPrincipal": format!("arn:aws:iam::{OTHER}:root")});
    kms.advance(Span::from_secs(30 * 86_400 - 1)).in_account(OTHER);
    assert_eq!(kms.ok("ListRetirableGrants", retirable.clone())["Grants"].as_array().unwrap().len(), 1);
    kms.in_account("111122223333");
    assert_eq!(shown(&mut kms, &key)["KeyState"], "PendingDeletion");
    kms.advance(Span::from_secs(1));
    assert_eq!(kms.code("DescribeKey", json!({"KeyId": key})), "NotFoundException");
    assert_eq!(kms.code("DescribeKey", json!({"KeyId": "alias/a"})), "NotFoundException");
    assert_eq!(kms.code("Decrypt", json!({"CiphertextBlob": blob})), "AccessDeniedException");
    assert_eq!(kms.ok("ListAliases", json!({}))["Aliases"], json!([]));
    assert_eq!(kms.ok("ListKeys", json!({}))["Keys"], json!([]));
    kms.in_account(OTHER);
    assert_eq!(kms.ok("ListRetirableGrants", retirable)["Grants"], json!([]));
    // The alias is free again.
    kms.in_account("111122223333");
    let next = made(&mut kms, json!({}));
    kms.ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": next}));
}
