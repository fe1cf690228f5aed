//! Partitions of AWS are told apart: nobody and nothing of one is anybody or anything in another.

use super::support::{Emulator, OTHER, OWN};
use serde_json::json;

#[test]
fn arns_of_another_partition_name_nothing() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let wrong = key.replace("arn:aws:", "arn:aws-cn:");
    assert_eq!(kms.code("DescribeKey", json!({"KeyId": wrong})), "InvalidArnException");
    let alias = format!("arn:aws-us-gov:kms:eu-west-1:{OWN}:alias/a");
    assert_eq!(kms.code("DescribeKey", json!({"KeyId": alias})), "InvalidArnException");
    let grant = |who: String| json!({"KeyId": key, "GranteePrincipal": who, "Operations": ["Encrypt"]});
    assert_eq!(
        kms.code("CreateGrant", grant(format!("arn:aws-cn:iam::{OTHER}:root"))),
        "InvalidArnException"
    );
    kms.ok("CreateGrant", grant(format!("arn:aws:iam::{OTHER}:root")));
}

#[test]
fn policies_name_nobody_of_another_partition() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    let policy = |arn: &str| {
        let all = json!({"Effect": "Allow", "Principal": {"AWS": OWN}, "Action": "kms:*", "Resource": "*"});
        let also =
            json!({"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "kms:Decrypt", "Resource": "*"});
        json!({"KeyId": key, "Policy": json!({"Version": "2012-10-17", "Statement": [all, also]}).to_string()})
    };
    for (arn, is_here) in [
        (format!("arn:aws:iam::{OTHER}:root"), true),
        (format!("arn:aws:iam::{OTHER}:role/app"), true),
        (format!("arn:aws-cn:iam::{OTHER}:root"), false),
        (format!("arn:aws-us-gov:iam::{OTHER}:role/app"), false),
    ] {
        let said = kms.call("PutKeyPolicy", policy(&arn));
        let text = "Policy contains a statement with one or more invalid principals.";
        let expected = if is_here {
            Ok(json!({}))
        } else {
            Err(("MalformedPolicyDocumentException".to_string(), text.to_string()))
        };
        match (said, expected) {
            (Ok(_), Ok(_)) => {}
            (said, expected) => assert_eq!(said, expected, "{arn}"),
        }
    }
}
