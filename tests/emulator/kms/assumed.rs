//! What KMS is not known to do for sure: nothing of it happens unless it is asked for.

use super::support::{Emulator, OTHER, Setting, code};
use keystorm::kms::Assumed;
use keystorm::time::Span;
use keystorm::units::Rate;
use serde_json::{Value, json};

fn assuming(assumed: Assumed) -> Emulator {
    Emulator::with(Setting { assumed, ..Setting::default() })
}

#[test]
fn state_changes_of_a_hot_key_are_throttled_though_quota_is_left() {
    let volley = |kms: &mut Emulator, key: &str, count: usize| -> Vec<String> {
        let operations = ["DisableKey", "EnableKey"].into_iter().cycle().take(count);
        operations.map(|operation| code(&kms.call(operation, json!({"KeyId": key}))).to_string()).collect()
    };
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    assert!(volley(&mut kms, &key, 50).iter().all(|code| code == "ok"), "not unless it is asked for");
    let mut kms = assuming(Assumed { hot_key: Some(Rate::per_second(3)), ..Assumed::default() });
    let (key, other) = (kms.symmetric(), kms.symmetric());
    assert_eq!(volley(&mut kms, &key, 5), ["ok", "ok", "ok", "ThrottlingException", "ThrottlingException"]);
    assert_eq!(volley(&mut kms, &other, 1), ["ok"], "another key");
    kms.ok("UpdateKeyDescription", json!({"KeyId": key, "Description": "x"}));
    kms.advance(Span::from_secs(1));
    assert_eq!(volley(&mut kms, &key, 2), ["ok", "ok"], "a second later");
}

#[test]
fn rows_44_to_46_are_options() {
    let ml_dsa = json!({"KeySpec": "ML_DSA_44", "KeyUsage": "SIGN_VERIFY", "Origin": "EXTERNAL"});
    let mut kms = Emulator::new();
    kms.ok("CreateKey", ml_dsa.clone());
    assert_eq!(kms.ok("ListAliases", json!({}))["Aliases"], json!([]));
    let mut kms = assuming(Assumed {
        no_ml_dsa_import: true,
        alias_cross_account: true,
        predefined_aliases: true,
        ..Assumed::default()
    });
    let text = "KeySpec ML_DSA_44 is not supported for Origin EXTERNAL";
    assert_eq!(
        kms.call("CreateKey", ml_dsa),
        Err(("UnsupportedOperationException".into(), text.into())),
        "row 44"
    );
    let key = kms.symmetric();
    kms.in_account(OTHER);
    let said = kms.call("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": key}));
    let text = "This operation cannot be called cross account";
    assert_eq!(said, Err(("AccessDeniedException".into(), text.into())), "row 45");

    let names = |listed: &Value| -> Vec<(String, bool)> {
        let all = listed["Aliases"].as_array().unwrap().iter();
        all.map(|each| (each["AliasName"].as_str().unwrap().to_string(), each.get("TargetKeyId").is_some()))
            .collect()
    };
    let own = kms.symmetric();
    kms.ok("CreateAlias", json!({"AliasName": "alias/aa", "TargetKeyId": own}));
    kms.ok("DescribeKey", json!({"KeyId": "alias/aws/ebs"}));
    let all = names(&kms.ok("ListAliases", json!({})));
    assert!(all.contains(&("alias/aa".into(), true)) && all.contains(&("alias/aws/s3".into(), false)));
    assert!(all.contains(&("alias/aws/ebs".into(), true)), "that one has a key by now");
    assert!(all.is_sorted(), "{all:?}");
    let first = kms.ok("ListAliases", json!({"Limit": 7}));
    let mut paged = names(&first);
    let mut marker = first["NextMarker"].clone();
    while !marker.is_null() {
        let next = kms.ok("ListAliases", json!({"Limit": 7, "Marker": marker}));
        paged.extend(names(&next));
        marker = next["NextMarker"].clone();
    }
    assert_eq!(paged, all, "row 46");
    assert_eq!(names(&kms.ok("ListAliases", json!({"KeyId": own}))), [("alias/aa".to_string(), true)]);
}
