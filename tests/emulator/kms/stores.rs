//! Custom key stores: states, what must be unique, what each type needs.

use super::support::{Emulator, OWN, Setting, b64, code};
use keystorm::api::{KeySpec, KeyUsage};
use keystorm::kms::keys::Origin;
use keystorm::kms::{Consistency, Limits};
use keystorm::time::Span;
use serde_json::{Value, json};

fn cloud_hsm(name: &str, cluster: &str) -> Value {
    json!({"CustomKeyStoreName": name, "CloudHsmClusterId": cluster, "KeyStorePassword": "hush-hush",
        "TrustAnchorCertificate": "-----BEGIN CERTIFICATE-----"})
}

fn external(name: &str, path: &str) -> Value {
    json!({"CustomKeyStoreName": name, "CustomKeyStoreType": "EXTERNAL_KEY_STORE",
        "XksProxyUriEndpoint": "https://xks.example.com", "XksProxyUriPath": path,
        "XksProxyConnectivity": "PUBLIC_ENDPOINT",
        "XksProxyAuthenticationCredential": {"AccessKeyId": "ABCDE12345670EXAMPLE".replace(['1', '0'], "A"),
            "RawSecretAccessKey": "hush".repeat(11)}})
}

fn private(name: &str, host: &str, service: &str) -> Value {
    let mut call = external(name, "/kms/xks/v1");
    call["XksProxyUriEndpoint"] = json!(format!("https://{host}"));
    call["XksProxyConnectivity"] = json!("VPC_ENDPOINT_SERVICE");
    call["XksProxyVpcEndpointServiceName"] =
        json!(format!("com.amazonaws.vpce.eu-west-1.vpce-svc-{service}"));
    call
}

const CLUSTER: &str = "cluster-2b2b2b2b2b2";

fn id(answer: &Value) -> Value {
    json!({"CustomKeyStoreId": answer["CustomKeyStoreId"]})
}

#[test]
fn a_store_is_made_connected_used_and_deleted() {
    let mut kms = Emulator::new();
    let made = kms.ok("CreateCustomKeyStore", cloud_hsm("hsm", CLUSTER));
    let store = made["CustomKeyStoreId"].as_str().unwrap().to_string();
    assert!(store.starts_with("cks-") && store.len() == 21);
    let state = |kms: &mut Emulator| {
        let shown = kms.ok("DescribeCustomKeyStores", id(&made));
        shown["CustomKeyStores"][0]["ConnectionState"].as_str().unwrap().to_string()
    };
    assert_eq!(state(&mut kms), "DISCONNECTED");
    assert_eq!(kms.code("DisconnectCustomKeyStore", id(&made)), "CustomKeyStoreInvalidStateException");
    let random = json!({"NumberOfBytes": 8, "CustomKeyStoreId": store});
    assert_eq!(kms.code("GenerateRandom", random.clone()), "CustomKeyStoreInvalidStateException");
    kms.ok("ConnectCustomKeyStore", id(&made));
    assert_eq!(state(&mut kms), "CONNECTED");
    kms.ok("GenerateRandom", random);

    let key = kms.key_with(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt, |key| {
        key.store = Some(store.clone());
        key.origin = Origin::CloudHsm;
    });
    let encrypt = json!({"KeyId": key, "Plaintext": b64(b"x")});
    let blob = kms.ok("Encrypt", encrypt.clone())["CiphertextBlob"].clone();
    let pair = json!({"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"});
    assert_eq!(kms.code("GenerateDataKeyPair", pair), "UnsupportedOperationException");
    assert_eq!(kms.code("DeleteCustomKeyStore", id(&made)), "CustomKeyStoreHasCMKsException");
    kms.ok("DisconnectCustomKeyStore", id(&made));
    assert_eq!(kms.code("Encrypt", encrypt), "KMSInvalidStateException");
    kms.ok("ConnectCustomKeyStore", id(&made));
    kms.ok("Decrypt", json!({"CiphertextBlob": blob}));

    kms.remove(&key);
    assert_eq!(kms.code("DeleteCustomKeyStore", id(&made)), "CustomKeyStoreInvalidStateException");
    kms.ok("DisconnectCustomKeyStore", id(&made));
    kms.ok("DeleteCustomKeyStore", id(&made));
    for operation in ["ConnectCustomKeyStore", "DescribeCustomKeyStores", "UpdateCustomKeyStore"] {
        assert_eq!(kms.code(operation, id(&made)), "CustomKeyStoreNotFoundException");
    }
}

#[test]
fn connecting_takes_its_time_if_so_configured() {
    let consistency = Consistency { key_store: Span::from_secs(60), ..Consistency::default() };
    let mut kms = Emulator::with(Setting { consistency, ..Setting::default() });
    let made = kms.ok("CreateCustomKeyStore", cloud_hsm("hsm", CLUSTER));
    let mut seen = Vec::new();
    for operation in ["ConnectCustomKeyStore", "DisconnectCustomKeyStore"] {
        kms.ok(operation, id(&made));
        for _ in 0..2 {
            let shown = kms.ok("DescribeCustomKeyStores", json!({"CustomKeyStoreName": "hsm"}));
            seen.push(shown["CustomKeyStores"][0]["ConnectionState"].as_str().unwrap().to_string());
            if seen.last().unwrap() == "DISCONNECTING" {
                assert_eq!(
                    kms.code("ConnectCustomKeyStore", id(&made)),
                    "CustomKeyStoreInvalidStateException"
                );
            }
            kms.advance(Span::from_secs(60));
        }
    }
    assert_eq!(seen, ["CONNECTING", "CONNECTED", "DISCONNECTING", "DISCONNECTED"]);
}

#[test]
fn each_type_needs_its_members_and_refuses_the_others() {
    for (call, member, value) in [
        (cloud_hsm("a", CLUSTER), "CloudHsmClusterId", Value::Null),
        (cloud_hsm("a", CLUSTER), "KeyStorePassword", Value::Null),
        (cloud_hsm("a", CLUSTER), "TrustAnchorCertificate", Value::Null),
        (cloud_hsm("a", CLUSTER), "XksProxyConnectivity", json!("PUBLIC_ENDPOINT")),
        (external("a", "/kms/xks/v1"), "XksProxyUriEndpoint", Value::Null),
        (external("a", "/kms/xks/v1"), "XksProxyUriPath", Value::Null),
        (external("a", "/kms/xks/v1"), "XksProxyConnectivity", Value::Null),
        (external("a", "/kms/xks/v1"), "XksProxyConnectivity", json!("VPC_ENDPOINT_SERVICE")),
        (external("a", "/kms/xks/v1"), "XksProxyAuthenticationCredential", Value::Null),
        (external("a", "/kms/xks/v1"), "KeyStorePassword", json!("hush-hush")),
        (private("a", "p.example.com", "1a"), "XksProxyConnectivity", json!("PUBLIC_ENDPOINT")),
    ] {
        let mut kms = Emulator::new();
        let mut bad = call.clone();
        bad[member] = value;
        assert_eq!(kms.code("CreateCustomKeyStore", bad), "ValidationException", "{member}");
        kms.ok("CreateCustomKeyStore", call);
    }
}

#[test]
fn names_clusters_and_addresses_are_unique() {
    let mut kms = Emulator::new();
    for (call, expected) in [
        (cloud_hsm("a", CLUSTER), "ok"),
        (cloud_hsm("a", "cluster-33333333333"), "CustomKeyStoreNameInUseException"),
        (cloud_hsm("b", CLUSTER), "CloudHsmClusterInUseException"),
        (external("c", "/kms/xks/v1"), "ok"),
        (external("d", "/kms/xks/v1"), "XksProxyUriInUseException"),
        (external("d", "/d/kms/xks/v1"), "ok"),
        (private("e", "p.example.com", "1a"), "ok"),
        (private("f", "q.example.com", "1a"), "XksProxyVpcEndpointServiceInUseException"),
        (private("f", "q.example.com", "2b"), "ok"),
    ] {
        assert_eq!(code(&kms.call("CreateCustomKeyStore", call.clone())), expected, "{call}");
    }
    let mut shared = private("g", "p.example.com", "3c");
    shared["XksProxyUriPath"] = json!("/g/kms/xks/v1");
    assert_eq!(kms.code("CreateCustomKeyStore", shared), "XksProxyUriEndpointInUseException");
    kms.in_region("us-east-1").ok("CreateCustomKeyStore", cloud_hsm("a", CLUSTER));
}

#[test]
fn a_connected_store_changes_its_name_and_little_else() {
    let mut kms = Emulator::new();
    let hsm = kms.ok("CreateCustomKeyStore", cloud_hsm("hsm", CLUSTER));
    let proxy = kms.ok("CreateCustomKeyStore", external("proxy", "/kms/xks/v1"));
    let mut updates = Vec::new();
    for (store, member, value, needs_rest) in [
        (&hsm, "NewCustomKeyStoreName", json!("hsm 2"), false),
        (&hsm, "KeyStorePassword", json!("hush-hush"), true),
        (&hsm, "CloudHsmClusterId", json!("cluster-44444444444"), true),
        (&proxy, "NewCustomKeyStoreName", json!("proxy 2"), false),
        (&proxy, "XksProxyUriPath", json!("/2/kms/xks/v1"), false),
        (&proxy, "XksProxyUriEndpoint", json!("https://other.example.com"), true),
    ] {
        let mut call = id(store);
        call[member] = value;
        updates.push((call, needs_rest));
    }
    for store in [&hsm, &proxy] {
        kms.ok("ConnectCustomKeyStore", id(store));
    }
    for (call, needs_rest) in &updates {
        let expected = if *needs_rest { "CustomKeyStoreInvalidStateException" } else { "ok" };
        assert_eq!(code(&kms.call("UpdateCustomKeyStore", call.clone())), expected, "{call}");
    }
    for store in [&hsm, &proxy] {
        kms.ok("DisconnectCustomKeyStore", id(store));
    }
    for (call, _) in updates {
        kms.ok("UpdateCustomKeyStore", call);
    }
    let shown = kms.ok("DescribeCustomKeyStores", id(&proxy))["CustomKeyStores"][0].clone();
    assert_eq!(
        (&shown["CustomKeyStoreName"], &shown["CustomKeyStoreType"]),
        (&json!("proxy 2"), &json!("EXTERNAL_KEY_STORE"))
    );
    assert_eq!(shown["XksProxyConfiguration"]["UriEndpoint"], "https://other.example.com");
    assert_eq!(shown["XksProxyConfiguration"]["UriPath"], "/2/kms/xks/v1");
    assert!(!shown.to_string().contains("hush"));
    let shown = kms.ok("DescribeCustomKeyStores", id(&hsm))["CustomKeyStores"][0].clone();
    assert_eq!(shown["CloudHsmClusterId"], "cluster-44444444444");
    assert!(!shown.to_string().contains("hush"));
    let mut taken = id(&hsm);
    taken["NewCustomKeyStoreName"] = json!("proxy 2");
    assert_eq!(kms.code("UpdateCustomKeyStore", taken), "CustomKeyStoreNameInUseException");
    let mut foreign = id(&hsm);
    foreign["XksProxyUriPath"] = json!("/3/kms/xks/v1");
    assert_eq!(kms.code("UpdateCustomKeyStore", foreign), "ValidationException");
}

#[test]
fn stores_are_counted_and_shown_page_by_page_and_need_permission() {
    let mut kms = Emulator::new();
    assert_eq!(Limits::default().custom_key_stores, 10);
    for n in 0..10 {
        kms.ok("CreateCustomKeyStore", external(&n.to_string(), &format!("/{n}{n}/kms/xks/v1")));
    }
    assert_eq!(kms.code("CreateCustomKeyStore", external("x", "/x/kms/xks/v1")), "LimitExceededException");
    let first = kms.ok("DescribeCustomKeyStores", json!({"Limit": 7}));
    let second = kms.ok("DescribeCustomKeyStores", json!({"Limit": 7, "Marker": first["NextMarker"]}));
    let count = |page: &Value| page["CustomKeyStores"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&second), &second["Truncated"]), (7, 3, &json!(false)));
    let both = json!({"CustomKeyStoreId": "cks-1", "CustomKeyStoreName": "1"});
    assert_eq!(kms.code("DescribeCustomKeyStores", both), "ValidationException");
    kms.as_caller(&format!("arn:aws:iam::{OWN}:user/ann"), &[]);
    for operation in ["DescribeCustomKeyStores", "GenerateRandom", "ListAliases"] {
        assert_eq!(kms.code(operation, json!({})), "AccessDeniedException", "{operation}");
    }
}
