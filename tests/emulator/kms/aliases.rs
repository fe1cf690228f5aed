//! Aliases: names, what they name, and who may change that.

use super::support::{Emulator, OTHER, OWN, Setting, b64, code};
use keystorm::api::{KeySpec, KeyUsage};
use keystorm::kms::keys::{Deletion, Eventual};
use keystorm::kms::{Consistency, Limits};
use keystorm::time::Span;
use serde_json::{Value, json};

fn alias(name: &str, key: &str) -> Value {
    json!({"AliasName": name, "TargetKeyId": key})
}

fn encrypt(key: &str) -> Value {
    json!({"KeyId": key, "Plaintext": b64(b"x")})
}

#[test]
fn an_alias_names_a_key_until_it_is_moved_or_deleted() {
    let mut kms = Emulator::new();
    let (one, two) = (kms.symmetric(), kms.symmetric());
    kms.ok("CreateAlias", alias("alias/app", &one));
    let arn = format!("arn:aws:kms:eu-west-1:{OWN}:alias/app");
    for name in ["alias/app", &arn] {
        assert_eq!(kms.ok("Encrypt", encrypt(name))["KeyId"], json!(one));
    }
    let (code, message) = kms.call("CreateAlias", alias("alias/app", &two)).unwrap_err();
    assert_eq!(
        (code.as_str(), message),
        ("AlreadyExistsException", format!("An alias with the name {arn} already exists"))
    );
    kms.ok("UpdateAlias", alias("alias/app", &two));
    assert_eq!(kms.ok("Encrypt", encrypt("alias/app"))["KeyId"], json!(two));
    kms.ok("DeleteAlias", json!({"AliasName": "alias/app"}));
    let (code, message) = kms.call("Encrypt", encrypt("alias/app")).unwrap_err();
    assert_eq!((code.as_str(), message), ("NotFoundException", format!("Alias {arn} is not found.")));
    for call in ["UpdateAlias", "DeleteAlias"] {
        let body =
            if call == "UpdateAlias" { alias("alias/app", &one) } else { json!({"AliasName": "alias/app"}) };
        assert_eq!(kms.code(call, body), "NotFoundException");
    }
}

#[test]
fn names_must_be_names_of_customers() {
    let mut kms = Emulator::new();
    let key = kms.symmetric();
    for (name, expected) in [
        ("app", "ValidationException"),
        ("alias/", "ValidationException"),
        ("alias/a:b", "ValidationException"),
        ("alias/aws/s3", "InvalidAliasNameException"),
        ("alias/a b", "ValidationException"),
        ("alias/awsome", "ok"),
        ("alias/a/b_c-d", "ok"),
    ] {
        assert_eq!(code(&kms.call("CreateAlias", alias(name, &key))), expected, "{name}");
    }
}

#[test]
fn a_target_is_an_own_key_that_is_not_on_its_way_out() {
    let mut kms = Emulator::new();
    kms.in_account(OTHER);
    let foreign = kms.symmetric();
    kms.in_account(OWN);
    let (key, other) = (kms.symmetric(), kms.symmetric());
    assert_eq!(kms.code("CreateAlias", alias("alias/a", &foreign)), "AccessDeniedException");
    kms.ok("CreateAlias", alias("alias/a", &key));
    assert_eq!(kms.code("CreateAlias", alias("alias/b", "alias/a")), "ValidationException");
    kms.change(&other, |key| key.deletion = Eventual::new(Some(Deletion { window_days: 7, at: None })));
    for call in ["CreateAlias", "UpdateAlias"] {
        let name = if call == "CreateAlias" { "alias/c" } else { "alias/a" };
        assert_eq!(kms.code(call, alias(name, &other)), "KMSInvalidStateException", "{call}");
    }
    kms.change(&key, |key| key.enabled = Eventual::new(false));
    kms.ok("CreateAlias", alias("alias/disabled", &key));
}

#[test]
fn an_alias_moves_only_between_keys_of_one_kind() {
    let mut kms = Emulator::new();
    let symmetric = kms.symmetric();
    let (rsa, signer) = (
        kms.key(KeySpec::Rsa2048, KeyUsage::EncryptDecrypt),
        kms.key(KeySpec::Rsa2048, KeyUsage::SignVerify),
    );
    let (ecc, hmac) = (
        kms.key(KeySpec::EccNistP256, KeyUsage::SignVerify),
        kms.key(KeySpec::Hmac256, KeyUsage::GenerateVerifyMac),
    );
    for (from, to, expected) in [
        (&symmetric, &rsa, "ValidationException"),
        (&rsa, &signer, "ValidationException"),
        (&signer, &ecc, "ok"),
        (&ecc, &hmac, "ValidationException"),
        (&rsa, &rsa, "ok"),
    ] {
        kms.ok("CreateAlias", alias("alias/a", from));
        assert_eq!(code(&kms.call("UpdateAlias", alias("alias/a", to))), expected, "{from} {to}");
        kms.ok("DeleteAlias", json!({"AliasName": "alias/a"}));
    }
}

#[test]
fn a_key_has_50_aliases_and_no_more() {
    assert_eq!(Limits::default().aliases_per_key, 50);
    let mut kms = Emulator::new();
    let (key, other) = (kms.symmetric(), kms.symmetric());
    for n in 0..50 {
        kms.ok("CreateAlias", alias(&format!("alias/{n}"), &key));
    }
    assert_eq!(kms.code("CreateAlias", alias("alias/51", &key)), "LimitExceededException");
    kms.ok("CreateAlias", alias("alias/51", &other));
    assert_eq!(kms.code("UpdateAlias", alias("alias/51", &key)), "LimitExceededException");
    kms.ok("UpdateAlias", alias("alias/1", &key));
}

#[test]
fn aliases_are_listed_page_by_page_and_by_key() {
    let mut kms = Emulator::new();
    let (one, two) = (kms.symmetric(), kms.symmetric());
    for (name, key) in [("alias/c", &one), ("alias/a", &one), ("alias/b", &two)] {
        kms.ok("CreateAlias", alias(name, key));
    }
    let names = |page: &Value| -> Vec<String> {
        let entries = page["Aliases"].as_array().unwrap().iter();
        entries.map(|entry| entry["AliasName"].as_str().unwrap().to_string()).collect()
    };
    let first = kms.ok("ListAliases", json!({"Limit": 2}));
    assert_eq!(
        (names(&first), &first["Truncated"]),
        (vec!["alias/a".into(), "alias/b".into()], &json!(true))
    );
    let second = kms.ok("ListAliases", json!({"Limit": 2, "Marker": first["NextMarker"]}));
    assert_eq!((names(&second), &second["Truncated"]), (vec!["alias/c".into()], &json!(false)));
    let of_key = kms.ok("ListAliases", json!({"KeyId": one}));
    assert_eq!(names(&of_key), ["alias/a", "alias/c"]);
    let entry = &of_key["Aliases"][0];
    assert_eq!(entry["TargetKeyId"], json!(one.rsplit('/').next().unwrap()));
    assert_eq!(entry["AliasArn"], json!(format!("arn:aws:kms:eu-west-1:{OWN}:alias/a")));
    assert!(entry["CreationDate"].is_number() && entry["LastUpdatedDate"].is_number());
    assert_eq!(names(&kms.in_region("us-east-1").ok("ListAliases", json!({}))), [""; 0]);
}

#[test]
fn what_is_done_to_an_alias_must_be_allowed_on_it_and_on_its_keys() {
    let ann = "arn:aws:iam::111122223333:user/ann";
    let statement = |resources: &[&str]| {
        let statement = json!({"Effect": "Allow", "Action": "kms:*Alias", "Resource": resources});
        json!({"Version": "2012-10-17", "Statement": statement}).to_string()
    };
    let mut kms = Emulator::new();
    let (one, two) = (kms.symmetric(), kms.symmetric());
    let name = format!("arn:aws:kms:eu-west-1:{OWN}:alias/a");
    for (operation, resources, expected) in [
        ("CreateAlias", vec![one.as_str()], "AccessDeniedException"),
        ("CreateAlias", vec![&name], "AccessDeniedException"),
        ("CreateAlias", vec![&name, &one], "ok"),
        ("UpdateAlias", vec![&name, &one], "AccessDeniedException"),
        ("UpdateAlias", vec![&name, &two], "AccessDeniedException"),
        ("UpdateAlias", vec![&one, &two], "AccessDeniedException"),
        ("UpdateAlias", vec![&name, &one, &two], "ok"),
        ("DeleteAlias", vec![&name, &one], "AccessDeniedException"),
        ("DeleteAlias", vec![&two], "AccessDeniedException"),
        ("DeleteAlias", vec![&name, &two], "ok"),
    ] {
        let target = if operation == "CreateAlias" { &one } else { &two };
        let call = if operation == "DeleteAlias" {
            json!({"AliasName": "alias/a"})
        } else {
            alias("alias/a", target)
        };
        let said = kms.as_caller(ann, &[&statement(&resources)]).call(operation, call);
        assert_eq!(code(&said), expected, "{operation} {resources:?}");
    }
}

#[test]
fn a_moved_alias_is_seen_late_if_so_configured() {
    let consistency = Consistency { alias: Span::from_secs(2), ..Consistency::default() };
    let mut kms = Emulator::with(Setting { consistency, ..Setting::default() });
    let (one, two) = (kms.symmetric(), kms.symmetric());
    kms.ok("CreateAlias", alias("alias/a", &one));
    assert_eq!(kms.code("Encrypt", encrypt("alias/a")), "NotFoundException");
    kms.advance(Span::from_secs(2));
    kms.ok("UpdateAlias", alias("alias/a", &two));
    assert_eq!(kms.ok("Encrypt", encrypt("alias/a"))["KeyId"], json!(one));
    kms.advance(Span::from_secs(2));
    assert_eq!(kms.ok("Encrypt", encrypt("alias/a"))["KeyId"], json!(two));
}

#[test]
fn a_key_of_aws_appears_with_its_alias_and_its_alias_is_nobodys_to_change() {
    let mut kms = Emulator::new();
    let own = kms.symmetric();
    let made = kms.ok("GenerateDataKey", json!({"KeyId": "alias/aws/s3", "KeySpec": "AES_256"}));
    let opened = kms.ok("Decrypt", json!({"CiphertextBlob": made["CiphertextBlob"]}));
    assert_eq!((&opened["KeyId"], &opened["Plaintext"]), (&made["KeyId"], &made["Plaintext"]));
    assert_eq!(kms.ok("ListAliases", json!({}))["Aliases"][0]["AliasName"], "alias/aws/s3");
    let key = made["KeyId"].as_str().unwrap();
    for (operation, call, expected) in [
        ("UpdateAlias", alias("alias/aws/s3", &own), "ValidationException"),
        ("DeleteAlias", json!({"AliasName": "alias/aws/s3"}), "ValidationException"),
        ("CreateAlias", alias("alias/mine", key), "AccessDeniedException"),
    ] {
        assert_eq!(code(&kms.call(operation, call)), expected, "{operation}");
    }
}
