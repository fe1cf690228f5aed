//! Policies, tags, descriptions, lists, and how late others see a change.

use super::support::{Emulator, OTHER, OWN, Setting, b64, code};
use keystorm::kms::{Consistency, Limits};
use keystorm::time::Span;
use serde_json::{Value, json};

fn made(kms: &mut Emulator) -> Value {
    kms.ok("CreateKey", json!({}))["KeyMetadata"]["Arn"].clone()
}

/// A policy with one statement that allows `actions` to `who`.
fn policy(who: &str, actions: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Sid": "one", "Effect": "Allow",
        "Principal": {"AWS": who}, "Action": actions, "Resource": "*"}]})
    .to_string()
}

#[test]
fn a_policy_is_kept_as_it_was_put_and_must_not_lock_the_caller_out() {
    let principals = format!("principals: [{{arn: 'arn:aws:iam::{OWN}:user/ann'}}]");
    let mut kms = Emulator::with(Setting { principals, ..Setting::default() });
    let key = made(&mut kms);
    let root = format!("arn:aws:iam::{OWN}:root");
    let ann = format!("arn:aws:iam::{OWN}:user/ann");
    let written = kms.ok("GetKeyPolicy", json!({"KeyId": key}));
    assert_eq!(written["PolicyName"], "default");
    assert!(written["Policy"].as_str().unwrap().contains("Enable IAM User Permissions"));
    let many = format!("{}{}", policy(&root, "kms:*"), " ".repeat(32_769 - policy(&root, "kms:*").len()));
    let deny = policy(&root, "kms:*").replace("Allow", "Deny");
    let bob = format!("arn:aws:iam::{OWN}:user/bob");
    for (text, bypass, wanted) in [
        (policy(&root, "kms:*"), false, "ok"),
        (policy(&root, "kms:Put*"), false, "ok"),
        (policy(&root, "kms:*"), false, "ok"),
        (policy(&root, "kms:Get*"), false, "MalformedPolicyDocumentException"),
        (policy(&ann, "kms:*"), false, "MalformedPolicyDocumentException"),
        (deny, false, "MalformedPolicyDocumentException"),
        (policy(&bob, "kms:*"), true, "MalformedPolicyDocumentException"),
        (policy(OTHER, "kms:*"), true, "ok"),
    ] {
        if wanted == "ok" {
            // Each good one is put over a policy that lets the caller put it.
            let call = json!({"KeyId": key, "Policy": policy(&root, "kms:*")});
            kms.ok("PutKeyPolicy", call);
        }
        let call = json!({"KeyId": key, "Policy": text, "BypassPolicyLockoutSafetyCheck": bypass});
        assert_eq!(code(&kms.call("PutKeyPolicy", call)), wanted, "{text}");
    }
    assert_eq!(kms.code("GetKeyPolicy", json!({"KeyId": key})), "AccessDeniedException", "handed over");

    let key = made(&mut kms);
    for (text, wanted) in [
        ("no document".into(), "MalformedPolicyDocumentException"),
        ("{}".into(), "MalformedPolicyDocumentException"),
        (policy("arn:aws:iam::1:root", "kms:*"), "MalformedPolicyDocumentException"),
        (many.clone(), "LimitExceededException"),
        (many[..32_768].to_string(), "ok"),
        (policy(&root, "kms:*"), "ok"),
    ] {
        let call = json!({"KeyId": key, "Policy": text});
        assert_eq!(code(&kms.call("PutKeyPolicy", call)), wanted, "{}", &text[..text.len().min(80)]);
        let made = kms.call("CreateKey", json!({"Policy": text}));
        assert_eq!(code(&made), wanted, "{}", &text[..text.len().min(80)]);
    }
    let kept = kms.ok("GetKeyPolicy", json!({"KeyId": key, "PolicyName": "default"}));
    assert_eq!(kept["Policy"], policy(&root, "kms:*"));
    let named = json!({"KeyId": key, "PolicyName": "mine"});
    assert_eq!(kms.code("GetKeyPolicy", named.clone()), "NotFoundException");
    assert_eq!(kms.ok("ListKeyPolicies", json!({"KeyId": key}))["PolicyNames"], json!(["default"]));
    let limits = Limits { policy_bytes: 50, ..Limits::default() };
    let mut kms = Emulator::with(Setting { limits, ..Setting::default() });
    assert_eq!(kms.code("CreateKey", json!({"Policy": policy(&root, "kms:*")})), "LimitExceededException");
}

#[test]
fn tags_are_at_most_50_without_doubles_or_the_prefix_of_aws() {
    let mut kms = Emulator::new();
    let key = made(&mut kms);
    let tag = |name: &str| json!({"TagKey": name, "TagValue": "v"});
    let many = |from: usize, to: usize| {
        Value::from((from..to).map(|n| tag(&format!("t{n:02}"))).collect::<Vec<_>>())
    };
    for (tags, wanted) in [
        (json!([tag("a"), tag("a")]), "TagException"),
        (json!([tag("aws:a")]), "TagException"),
        (json!([tag("AWS:a")]), "TagException"),
        (many(0, 50), "ok"),
        (many(10, 50), "ok"),
        (many(50, 51), "LimitExceededException"),
    ] {
        let made = kms.call("CreateKey", json!({"Tags": tags}));
        let call = json!({"KeyId": key, "Tags": tags});
        assert_eq!(code(&kms.call("TagResource", call)), wanted, "{tags}");
        let is_full = wanted == "LimitExceededException" && tags.as_array().unwrap().len() == 1;
        assert_eq!(code(&made), if is_full { "ok" } else { wanted }, "{tags}");
    }
    let over = kms.call("CreateKey", json!({"Tags": many(0, 51)}));
    assert_eq!(over, Err(("TagException".into(), "Too many tags".into())));
    let mut call = json!({"KeyId": key, "Limit": 20});
    let mut names = Vec::new();
    loop {
        let page = kms.ok("ListResourceTags", call.clone());
        names.extend(page["Tags"].as_array().unwrap().iter().map(|tag| tag["TagKey"].clone()));
        if page["Truncated"] == false {
            break;
        }
        call["Marker"] = page["NextMarker"].clone();
    }
    let wanted: Vec<String> = (0..50).map(|n| format!("t{n:02}")).collect();
    assert_eq!(names, wanted);
    let untag = |names: Value| json!({"KeyId": key, "TagKeys": names});
    assert_eq!(kms.code("UntagResource", untag(json!(["aws:a"]))), "TagException");
    kms.ok("UntagResource", untag(json!(["t00", "never there"])));
    let left = kms.ok("ListResourceTags", json!({"KeyId": key}))["Tags"].clone();
    assert_eq!(left.as_array().unwrap().len(), 49);
}

#[test]
fn lists_of_keys_come_in_pages_that_hold_each_once() {
    let mut kms = Emulator::new();
    let mut all: Vec<String> = (0..7).map(|_| made(&mut kms).as_str().unwrap().to_string()).collect();
    all.sort();
    kms.in_account(OTHER);
    made(&mut kms);
    kms.in_account(OWN);
    let (mut paged, mut sizes) = (Vec::new(), Vec::new());
    let mut call = json!({"Limit": 3});
    loop {
        let page = kms.ok("ListKeys", call.clone());
        let keys = page["Keys"].as_array().unwrap();
        sizes.push(keys.len());
        paged.extend(keys.iter().map(|key| key["KeyArn"].as_str().unwrap().to_string()));
        assert!(
            keys.iter().all(|key| key["KeyArn"].as_str().unwrap().ends_with(key["KeyId"].as_str().unwrap()))
        );
        if page["Truncated"] == false {
            assert_eq!(page.get("NextMarker"), None);
            break;
        }
        call["Marker"] = page["NextMarker"].clone();
    }
    assert_eq!((paged, sizes), (all, vec![3, 3, 1]));
    call["Marker"] = json!("bogus");
    assert_eq!(kms.code("ListKeys", call), "InvalidMarkerException");
    let shared = kms.ok("ListKeys", json!({"ResourceOwners": ["OTHER_ACCOUNTS_VIA_RAM"]}));
    assert_eq!(shared["Keys"], json!([]), "nobody shares keys here");
    let own = kms.ok("ListKeys", json!({"ResourceOwners": ["SELF", "OTHER_ACCOUNTS_VIA_RAM"]}));
    assert_eq!(own["Keys"].as_array().unwrap().len(), 7);
}

#[test]
fn keys_are_managed_by_id_or_arn_and_described_by_alias_too() {
    let mut kms = Emulator::new();
    let arn = made(&mut kms);
    let id = arn.as_str().unwrap().rsplit('/').next().unwrap().to_string();
    kms.ok("CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": id}));
    let alias = arn.as_str().unwrap().replace(&format!("key/{id}"), "alias/a");
    kms.ok("UpdateKeyDescription", json!({"KeyId": id, "Description": "new"}));
    for (named, management, lookup) in [
        (id.as_str(), "ok", "ok"),
        (arn.as_str().unwrap(), "ok", "ok"),
        ("alias/a", "InvalidArnException", "ok"),
        (alias.as_str(), "InvalidArnException", "ok"),
        ("alias/b", "InvalidArnException", "NotFoundException"),
        ("no-such-key", "NotFoundException", "NotFoundException"),
        ("arn:aws:s3:::bucket", "InvalidArnException", "InvalidArnException"),
    ] {
        let said = kms.call("DescribeKey", json!({"KeyId": named}));
        assert_eq!(code(&said), lookup, "{named}");
        if let Ok(answer) = said {
            assert_eq!(answer["KeyMetadata"]["Description"], "new");
        }
        for operation in
            ["EnableKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListResourceTags", "GetKeyLastUsage"]
        {
            assert_eq!(
                code(&kms.call(operation, json!({"KeyId": named}))),
                management,
                "{operation} {named}"
            );
        }
    }
}

#[test]
fn others_see_states_and_policies_as_late_as_configured() {
    let consistency =
        Consistency { key_state: Span::from_secs(2), policy: Span::from_secs(3), ..Consistency::default() };
    let mut kms = Emulator::with(Setting { consistency, ..Setting::default() });
    let key = made(&mut kms);
    let encrypt = json!({"KeyId": key, "Plaintext": b64(b"x")});
    kms.ok("DisableKey", json!({"KeyId": key}));
    kms.advance(Span::from_millis(1999)).ok("Encrypt", encrypt.clone());
    kms.advance(Span::from_millis(1));
    assert_eq!(kms.code("Encrypt", encrypt.clone()), "DisabledException");
    kms.ok("EnableKey", json!({"KeyId": key}));
    assert_eq!(kms.code("Encrypt", encrypt.clone()), "DisabledException");
    kms.advance(Span::from_secs(2)).ok("Encrypt", encrypt.clone());

    let root = format!("arn:aws:iam::{OWN}:root");
    kms.ok("PutKeyPolicy", json!({"KeyId": key, "Policy": policy(&root, "kms:Put*")}));
    kms.advance(Span::from_millis(2999)).ok("Encrypt", encrypt.clone());
    kms.advance(Span::from_millis(1));
    assert_eq!(kms.code("Encrypt", encrypt), "AccessDeniedException");
}
