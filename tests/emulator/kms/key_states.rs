//! Every operation on a key in every state: the table of the Developer Guide, driven by real calls.
//!
//! Each cell gets a key that real calls have brought into the state, with whatever the operation needs made while the
//! key was still good. Where the page lets the answer depend on the key (imported material, custom key store), each
//! kind of key is asked.

use super::support::{Emulator, REGION, Said, Setting, b64};
use super::wrapping::{import_call, parameters};
use keystorm::api::KeySpec;
use keystorm::kms::Consistency;
use keystorm::kms::crypto::Material;
use keystorm::time::Span;
use serde_json::{Value, json};
use serde_yaml::Value as Yaml;

/// Where replicas are, and where one could be made.
const AWAY: &str = "us-east-1";
const THIRD: &str = "eu-central-1";
/// How long keys are Creating and Updating.
const MINUTE: Span = Span::from_secs(60);

/// Where a key's material comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum From {
    Kms,
    Import,
    Store,
}

/// A key in some state, and what was made with it before.
struct Stage {
    kms: Emulator,
    key: String,
    /// A key of the same type that is enabled.
    other: String,
    grant: Option<String>,
    /// A ciphertext, a signature or a code of the message `x`.
    made: Value,
    /// What imports the key's material again, if it was imported.
    import: Value,
    /// Region of the primary's replica.
    replica: &'static str,
}

/// The type and usage of key that an operation is for; multi-Region for those that ask for it.
fn kind(operation: &str) -> (&'static str, &'static str, bool) {
    match operation {
        "Sign" | "Verify" | "GetPublicKey" => ("ECC_NIST_P256", "SIGN_VERIFY", false),
        "DeriveSharedSecret" => ("ECC_NIST_P256", "KEY_AGREEMENT", false),
        "GenerateMac" | "VerifyMac" => ("HMAC_256", "GENERATE_VERIFY_MAC", false),
        "ReplicateKey" | "UpdatePrimaryRegion" => ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", true),
        _ => ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", false),
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_string()
}

/// Makes a key; with material, and a connected store, if it needs them.
fn made_key(kms: &mut Emulator, (spec, usage): (&str, &str), from: From, is_multi: bool) -> String {
    let mut call = json!({"KeySpec": spec, "KeyUsage": usage, "MultiRegion": is_multi});
    match from {
        From::Kms => (),
        From::Import => call["Origin"] = json!("EXTERNAL"),
        From::Store => {
            let store = json!({"CustomKeyStoreName": "hsm", "CloudHsmClusterId": "cluster-2b2b2b2b2b2",
                "KeyStorePassword": "hush-hush", "TrustAnchorCertificate": "-----BEGIN CERTIFICATE-----"});
            call["CustomKeyStoreId"] = kms.ok("CreateCustomKeyStore", store)["CustomKeyStoreId"].clone();
            kms.ok("ConnectCustomKeyStore", json!({"CustomKeyStoreId": call["CustomKeyStoreId"]}));
            call["Origin"] = json!("AWS_CLOUDHSM");
        }
    }
    text(&kms.ok("CreateKey", call)["KeyMetadata"]["Arn"])
}

/// Gives a key its imported material; answers the call that does it again.
fn imported(kms: &mut Emulator, key: &str, material: &[u8]) -> Value {
    let call = import_call(&parameters(kms, key), material);
    kms.ok("ImportKeyMaterial", call.clone());
    call
}

/// A ciphertext, a signature or a code.
fn made_with(kms: &mut Emulator, key: &str, usage: &str) -> Value {
    let (operation, call) = match usage {
        "ENCRYPT_DECRYPT" => ("Encrypt", json!({"KeyId": key, "Plaintext": b64(b"x")})),
        "SIGN_VERIFY" => {
            ("Sign", json!({"KeyId": key, "Message": b64(b"x"), "SigningAlgorithm": "ECDSA_SHA_256"}))
        }
        "GENERATE_VERIFY_MAC" => {
            ("GenerateMac", json!({"KeyId": key, "Message": b64(b"x"), "MacAlgorithm": "HMAC_SHA_256"}))
        }
        _ => return Value::Null,
    };
    let answer = kms.ok(operation, call);
    ["CiphertextBlob", "Signature", "Mac"]
        .iter()
        .find_map(|name| answer.get(*name))
        .expect("one of them")
        .clone()
}

/// Brings a key into a state.
fn stage(operation: &str, from: From, state: &str) -> Stage {
    let consistency = Consistency { multi_region: MINUTE, ..Consistency::default() };
    let mut kms = Emulator::with(Setting { consistency, ..Setting::default() });
    let (mut spec, mut usage, mut is_multi) = kind(operation);
    if from == From::Store {
        (spec, usage, is_multi) = ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", false);
    }
    let is_family = is_multi || ["Creating", "Updating", "PendingReplicaDeletion"].contains(&state);
    let secret = Material::generate(KeySpec::from_name(spec).unwrap()).unwrap();
    let secret = secret.to_bytes().as_bytes();
    let home = made_key(&mut kms, (spec, usage), from, is_family);
    let mut import = Value::Null;
    if from == From::Import {
        import = imported(&mut kms, &home, secret);
    }
    let mut made = made_with(&mut kms, &home, usage);
    let mut key = home.clone();
    let mut replica = AWAY;
    // A primary that has replicas cannot be pending deletion.
    if is_family && state != "PendingDeletion" {
        kms.ok("ReplicateKey", json!({"KeyId": home, "ReplicaRegion": AWAY}));
        if state != "Creating" {
            kms.advance(MINUTE);
        }
        if ["Creating", "Updating"].contains(&state) {
            kms.in_region(AWAY);
            key = home.replace(REGION, AWAY);
            replica = REGION;
        }
        if state == "Updating" && from == From::Import {
            import = imported(&mut kms, &key, secret);
        }
    }
    let other = made_key(&mut kms, (spec, usage), From::Kms, false);
    kms.ok("CreateAlias", json!({"AliasName": "alias/subject", "TargetKeyId": key}));
    kms.ok("CreateAlias", json!({"AliasName": "alias/other", "TargetKeyId": other}));
    // A key that is being created cannot have grants.
    let grant = (state != "Creating").then(|| {
        let call = json!({"KeyId": key, "GranteePrincipal": "444455556666", "Operations": ["DescribeKey"]});
        text(&kms.ok("CreateGrant", call)["GrantId"])
    });
    match state {
        "Enabled" | "Creating" => (),
        "Disabled" => drop(kms.ok("DisableKey", json!({"KeyId": key}))),
        "PendingDeletion" | "PendingReplicaDeletion" => {
            kms.ok("ScheduleKeyDeletion", json!({"KeyId": key}));
        }
        "PendingImport" => drop(kms.ok("DeleteImportedKeyMaterial", json!({"KeyId": key}))),
        "Unavailable" => {
            let shown = kms.ok("DescribeKey", json!({"KeyId": key}));
            let store = shown["KeyMetadata"]["CustomKeyStoreId"].clone();
            kms.ok("DisconnectCustomKeyStore", json!({"CustomKeyStoreId": store}));
        }
        "Updating" => {
            made = made_with(&mut kms, &key, usage);
            kms.in_region(REGION).ok("UpdatePrimaryRegion", json!({"KeyId": home, "PrimaryRegion": AWAY}));
            kms.in_region(AWAY);
        }
        _ => panic!("no such state: {state}"),
    }
    let shown = kms.ok("DescribeKey", json!({"KeyId": key}));
    assert_eq!(shown["KeyMetadata"]["KeyState"], state, "{operation} {from:?}");
    assert_eq!(shown["KeyMetadata"]["Enabled"], state == "Enabled");
    Stage { kms, key, other, grant, made, import, replica }
}

/// The calls of an operation that name the key.
fn calls(operation: &str, stage: &mut Stage) -> Vec<Value> {
    let (key, other, made) = (stage.key.clone(), stage.other.clone(), stage.made.clone());
    let mut call = json!({"KeyId": key});
    let more = match operation {
        "CreateAlias" => return vec![json!({"AliasName": "alias/new", "TargetKeyId": key})],
        "DeleteAlias" => return vec![json!({"AliasName": "alias/subject"})],
        "UpdateAlias" => return vec![json!({"AliasName": "alias/other", "TargetKeyId": key})],
        "Decrypt" => {
            return vec![json!({"CiphertextBlob": made}), json!({"CiphertextBlob": made, "KeyId": key})];
        }
        "ReEncrypt" => {
            let foreign = stage.kms.ok("Encrypt", json!({"KeyId": other, "Plaintext": b64(b"x")}));
            return vec![
                json!({"CiphertextBlob": made, "DestinationKeyId": other}),
                json!({"CiphertextBlob": foreign["CiphertextBlob"], "DestinationKeyId": key}),
            ];
        }
        "ImportKeyMaterial" if stage.import.is_null() => json!({"ImportToken": "eA==",
            "EncryptedKeyMaterial": "eA==", "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}),
        // Of a replica's own token; the primary's is good enough to be refused.
        "ImportKeyMaterial" => {
            let mut call = stage.import.clone();
            call["KeyId"] = json!(key);
            return vec![call];
        }
        "CreateGrant" => json!({"GranteePrincipal": "444455556666", "Operations": ["CreateGrant"]}),
        "RetireGrant" | "RevokeGrant" => json!({"GrantId": stage.grant.clone().unwrap_or("ab".repeat(32))}),
        "Encrypt" => json!({"Plaintext": "eA=="}),
        "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => json!({"KeySpec": "AES_256"}),
        "GenerateDataKeyPair" | "GenerateDataKeyPairWithoutPlaintext" => {
            json!({"KeyPairSpec": "ECC_NIST_P256"})
        }
        "Sign" => json!({"Message": b64(b"x"), "SigningAlgorithm": "ECDSA_SHA_256"}),
        "Verify" => json!({"Message": b64(b"x"), "SigningAlgorithm": "ECDSA_SHA_256", "Signature": made}),
        "GenerateMac" => json!({"Message": b64(b"x"), "MacAlgorithm": "HMAC_SHA_256"}),
        "VerifyMac" => json!({"Message": b64(b"x"), "MacAlgorithm": "HMAC_SHA_256", "Mac": made}),
        "DeriveSharedSecret" => {
            let pair = stage.kms.call("GetPublicKey", json!({"KeyId": other}));
            let public = pair.map_or(json!("eA=="), |pair| pair["PublicKey"].clone());
            json!({"KeyAgreementAlgorithm": "ECDH", "PublicKey": public})
        }
        "GetParametersForImport" => {
            json!({"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"})
        }
        "PutKeyPolicy" => json!({"Policy": stage.kms.ok("GetKeyPolicy", call.clone())["Policy"]}),
        "TagResource" => json!({"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
        "UntagResource" => json!({"TagKeys": ["a"]}),
        "UpdateKeyDescription" => json!({"Description": "of a key"}),
        "ReplicateKey" => json!({"ReplicaRegion": THIRD}),
        "UpdatePrimaryRegion" => json!({"PrimaryRegion": stage.replica}),
        _ => json!({}),
    };
    call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    vec![call]
}

/// What a cell wants of a kind of key: nothing, or a code and maybe a message.
type Expected = Option<(String, Option<String>)>;

/// A note's error.
fn noted(notes: &Yaml, note: &str, state: &str) -> Expected {
    let found = &notes[note];
    let code = found["error"].as_str().unwrap_or_else(|| panic!("note {note} has an error")).to_string();
    // The page writes the messages of both states in one; a key that is in neither is said to be in neither.
    let both = "pending deletion (or pending replica deletion)";
    let one = match state {
        "PendingReplicaDeletion" => "pending replica deletion",
        "PendingDeletion" => "pending deletion",
        _ => both,
    };
    let mut message = found["message"].as_str().map(|message| message.replace(both, one));
    if state == "PendingReplicaDeletion" && note == "10" {
        message = message.map(|message| message.replace("pending deletion", one));
    }
    // Recorded shorter than the page has it (row 7 of the sheet kms-recorded-behaviour).
    message = message.map(|text| match text.split_once(" because no key material") {
        Some((before, _)) => format!("{before}."),
        None => text,
    });
    Some((code, message))
}

/// Which keys a cell is asked with, and what it wants of each.
fn cases(operation: &str, state: &str, cell: &str, notes: &Yaml) -> Vec<(From, Expected)> {
    let is_import = ["GetParametersForImport", "ImportKeyMaterial", "DeleteImportedKeyMaterial"];
    let ordinary = match state {
        "PendingImport" => From::Import,
        "Unavailable" => From::Store,
        _ if is_import.contains(&operation) => From::Import,
        _ => From::Kms,
    };
    let note = |note: &str| noted(notes, note, state);
    // A key in a custom key store is of a single Region.
    let stored = |expected| {
        let can_be = !["Creating", "Updating", "PendingReplicaDeletion"].contains(&state);
        can_be.then_some((From::Store, expected))
    };
    match cell {
        "ok" | "ok(12)" => vec![(ordinary, None)],
        "ok(9)" | "?9" => vec![(From::Import, None), (From::Kms, note("9"))],
        "X8|9" => vec![(From::Import, note("8")), (From::Kms, note("9"))],
        "X9" if state == "Unavailable" => vec![(From::Store, note("9"))],
        "X9" => vec![(From::Kms, note("9"))],
        "X7" => vec![(From::Store, note("7"))],
        "?7" => [(ordinary, None)].into_iter().chain(stored(note("7"))).collect(),
        "X1|7" => [(ordinary, note("X1"))].into_iter().chain(stored(note("7"))).collect(),
        "X3|7" => [(ordinary, note("X3"))].into_iter().chain(stored(note("7"))).collect(),
        "X2|X3" => vec![(ordinary, note("X3"))],
        "X4(13)" => vec![(ordinary, note("X4"))],
        "?10" => vec![(ordinary, note("10"))],
        note_of if note_of.starts_with('X') => vec![(ordinary, note(note_of))],
        _ => panic!("{operation} in {state}: what is {cell}?"),
    }
}

/// What is wrong about an answer, if anything.
fn wrong(said: &Said, expected: &Expected, key: &str, is_grant_missing: bool) -> Option<String> {
    let wrong = || Some(format!("{expected:?}, but says {said:?}"));
    match (said, expected) {
        (Ok(_), None) => None,
        // Without a grant there is none to retire; the state is no obstacle to looking for it.
        (Err((code, _)), None) if is_grant_missing && code == "NotFoundException" => None,
        (Err((code, message)), Some((wanted, sentence))) => {
            let sentence = sentence.as_ref().map(|sentence| sentence.replace("<key ARN>", key));
            let is_right = code == wanted && sentence.is_none_or(|sentence| *message == sentence);
            if is_right { None } else { wrong() }
        }
        _ => wrong(),
    }
}

/// The fact sheet, whose `table` is the Developer Guide's.
fn facts() -> Yaml {
    serde_yaml::from_str(&crate::facts::text("kms-key-states.yaml")).expect("the fact sheet is YAML")
}

/// Asks one column of the table; gives how many calls were made, and every wrong answer.
fn ask(facts: &Yaml, column: &str, state: &str) -> (usize, Vec<String>) {
    let (mut asked, mut problems) = (0, Vec::new());
    let table = facts["table"].as_mapping().expect("rows");
    assert_eq!(table.len(), 43);
    for (operation, row) in table {
        let operation = operation.as_str().expect("an operation");
        let cell = row[column].as_str().expect("a cell");
        if cell == "NA" {
            continue;
        }
        for (from, expected) in cases(operation, state, cell, &facts["notes"]) {
            let count = calls(operation, &mut stage(operation, from, state)).len();
            for at in 0..count {
                // Each call meets a key of its own: a call that succeeds may change it.
                let mut stage = stage(operation, from, state);
                let call = calls(operation, &mut stage).remove(at);
                let said = stage.kms.call(operation, call);
                let is_grant_missing = stage.grant.is_none() && operation.ends_with("eGrant");
                asked += 1;
                let found = wrong(&said, &expected, &stage.key, is_grant_missing);
                problems.extend(found.map(|what| format!("{operation}, {state} ({cell}), {from:?}: {what}")));
            }
        }
    }
    (asked, problems)
}

fn check(column: &str, state: &str, at_least: usize) {
    let facts = facts();
    let (asked, problems) = ask(&facts, column, state);
    assert!(asked >= at_least, "only {asked} calls were made");
    assert!(problems.is_empty(), "{} of {asked}:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn every_operation_on_an_enabled_key() {
    check("Enabled", "Enabled", 43);
}

#[test]
fn every_operation_on_a_disabled_key() {
    check("Disabled", "Disabled", 43);
}

#[test]
fn every_operation_on_a_key_pending_deletion() {
    check("PendingDeletion", "PendingDeletion", 43);
}

#[test]
fn every_operation_on_a_primary_that_waits_for_its_replicas_deletion() {
    check("PendingDeletion", "PendingReplicaDeletion", 43);
}

#[test]
fn every_operation_on_a_key_pending_import() {
    check("PendingImport", "PendingImport", 43);
}

#[test]
fn every_operation_on_an_unavailable_key() {
    check("Unavailable", "Unavailable", 34);
}

#[test]
fn every_operation_on_a_key_being_created() {
    check("Creating", "Creating", 43);
}

#[test]
fn every_operation_on_a_key_being_updated() {
    check("Updating", "Updating", 43);
}

/// What the table calls not applicable: a key in a custom key store is symmetric and of a single Region.
#[test]
fn what_does_not_apply_to_a_custom_key_store_is_refused_as_such() {
    let facts = facts();
    let table = facts["table"].as_mapping().expect("rows");
    let rows = table.iter().filter(|(_, row)| row["Unavailable"].as_str() == Some("NA"));
    let operations: Vec<&str> = rows.filter_map(|(operation, _)| operation.as_str()).collect();
    assert_eq!(operations.len(), 9);
    for operation in operations {
        let wanted = match operation {
            "DeriveSharedSecret" | "GenerateMac" | "Sign" | "Verify" | "VerifyMac" => {
                "InvalidKeyUsageException"
            }
            // The state comes first, as it was recorded.
            "GetPublicKey" => "KMSInvalidStateException",
            _ => "UnsupportedOperationException",
        };
        let mut stage = stage(operation, From::Store, "Unavailable");
        if ["Verify", "VerifyMac"].contains(&operation) {
            stage.made = json!("eA==");
        }
        let call = calls(operation, &mut stage).remove(0);
        assert_eq!(stage.kms.code(operation, call), wanted, "{operation}");
    }
}

/// Notes 10, 12 and 13 of the page.
#[test]
fn states_hold_behind_an_unavailable_store_and_aliases_leave_a_dying_key() {
    let mut dying = stage("UpdateAlias", From::Kms, "PendingDeletion");
    dying.kms.ok("UpdateAlias", json!({"AliasName": "alias/subject", "TargetKeyId": dying.other}));

    let mut stage = stage("DisableKey", From::Store, "Unavailable");
    let key = json!({"KeyId": stage.key});
    let state = |kms: &mut Emulator| text(&kms.ok("DescribeKey", key.clone())["KeyMetadata"]["KeyState"]);
    let store = stage.kms.ok("DescribeKey", key.clone())["KeyMetadata"]["CustomKeyStoreId"].clone();
    let store = json!({"CustomKeyStoreId": store});
    stage.kms.ok("DisableKey", key.clone());
    assert_eq!(state(&mut stage.kms), "Unavailable");
    stage.kms.ok("ConnectCustomKeyStore", store.clone());
    assert_eq!(state(&mut stage.kms), "Disabled");
    stage.kms.ok("DisconnectCustomKeyStore", store);
    stage.kms.ok("ScheduleKeyDeletion", key.clone());
    assert_eq!(state(&mut stage.kms), "PendingDeletion");
    stage.kms.ok("CancelKeyDeletion", key.clone());
    assert_eq!(state(&mut stage.kms), "Unavailable");
}
