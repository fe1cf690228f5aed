use super::*;
use proptest::prelude::*;

fn problem(operation: Operation, body: &str) -> Option<String> {
    decode(operation, body.as_bytes()).problem.map(|error| error.to_string())
}

fn message(operation: Operation, body: &str) -> String {
    problem(operation, body).unwrap_or_default()
}

#[test]
fn members_of_every_kind_are_read() {
    let body = r#"{"KeyId": "k", "NumberOfBytes": 32.9, "EncryptionContext": {"b": "2", "a": "1", "n": null},
        "GrantTokens": ["t", null, "u"], "DryRun": true, "Unknown": {"x": [1, {}]},
        "Recipient": {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": "AQI="}}"#;
    let Decoded { input, problem } = decode(Operation::GenerateDataKey, body.as_bytes());
    assert_eq!(problem, None);
    assert_eq!(input.operation(), Operation::GenerateDataKey);
    assert_eq!((input.text("KeyId"), input.integer("NumberOfBytes")), (Some("k"), Some(32)));
    assert_eq!(input.context("EncryptionContext"), &[("a", "1"), ("b", "2")].map(own).into());
    assert_eq!(input.texts("GrantTokens"), ["t", "u"]);
    assert!(input.flag("DryRun") && input.is_given("DryRun") && !input.is_given("KeySpec"));
    let recipient = input.structure("Recipient").unwrap();
    assert_eq!(recipient.blob("AttestationDocument"), Some(&[1, 2][..]));
    assert_eq!(input.text("KeySpec"), None);

    let body = br#"{"Tags": [{"TagKey": "a", "TagValue": ""}, {"TagKey": "b", "TagValue": "c"}]}"#;
    let Decoded { input, problem } = decode(Operation::CreateKey, body);
    assert_eq!(problem, None);
    let tags: Vec<_> = input.structures("Tags").iter().map(|tag| tag.text("TagKey").unwrap()).collect();
    assert_eq!(tags, ["a", "b"]);
    assert!(input.text("Policy").is_none() && !input.flag("MultiRegion") && !input.is_given("Policy"));
    let bare = decode(Operation::CreateGrant, b"{}").input;
    assert!(bare.texts("GrantTokens").is_empty() && bare.structure("Constraints").is_none());
}

fn own((key, value): (&str, &str)) -> (String, String) {
    (key.to_string(), value.to_string())
}

#[test]
fn times_are_numbers_or_text() {
    let time = |value: &str| {
        let body = format!(
            r#"{{"KeyId": "k", "ImportToken": "AA==", "EncryptedKeyMaterial": "AA==", "ValidTo": {value}}}"#
        );
        let decoded = decode(Operation::ImportKeyMaterial, body.as_bytes());
        (decoded.input.time("ValidTo"), decoded.problem.is_some())
    };
    assert_eq!(time("1700000000"), (Some(1.7e9), false));
    assert_eq!(time("1.7000000005E9"), (Some(1_700_000_000.5), false));
    assert_eq!(time("\"2023-11-14T22:13:20.5Z\""), (Some(1_700_000_000.5), false));
    assert_eq!(time("\"soon\""), (None, true));
    assert_eq!(time("true"), (None, true));
}

#[test]
fn an_empty_body_has_no_members_and_null_is_absent_and_the_last_of_two_counts() {
    assert_eq!(problem(Operation::ListKeys, ""), None);
    assert_eq!(problem(Operation::ListKeys, r#"{"Limit": null, "Marker": null}"#), None);
    let twice = decode(Operation::ListKeys, br#"{"Limit": 1, "Limit": 2}"#);
    assert_eq!(twice.input.integer("Limit"), Some(2));
    let taken_back = decode(Operation::ListKeys, br#"{"Limit": 1, "Limit": null}"#);
    assert_eq!(taken_back.input.integer("Limit"), None);
}

#[test]
fn what_is_no_request_is_refused_and_what_was_read_is_kept() {
    for body in [
        "{",
        "x",
        " ",
        r#"{"KeyId": "k"} x"#,
        r#"{"KeyId": "k", "#,
        "{\"KeyId\": \"k\", \"\u{1}",
        "\u{feff}{}",
    ] {
        let decoded = decode(Operation::Encrypt, body.as_bytes());
        assert_eq!(decoded.problem, Some(ApiError::malformed_body()), "{body}");
        assert_eq!(decoded.input.text("KeyId"), body.contains("KeyId").then_some("k"), "{body}");
    }
    assert_eq!(
        decode(Operation::Encrypt, b"{\"KeyId\": \"\xff\"}").problem,
        Some(ApiError::malformed_body())
    );
    for body in ["[]", "null", "1", "\"x\"", "true"] {
        assert!(message(Operation::Encrypt, body).starts_with("SerializationException"), "{body}");
    }
    let deep = format!("{{\"EncryptionContext\": {}", "[".repeat(1_000_000));
    assert_eq!(problem(Operation::Encrypt, &deep).as_deref(), Some("SerializationException"));
}

#[test]
fn a_wrong_type_is_named_and_the_rest_is_read() {
    for (body, expected) in [
        (r#""Plaintext": 1"#, "NUMBER_VALUE can not be converted to a Blob"),
        (r#""Plaintext": "A""#, "Invalid Base64 in a binary value"),
        (r#""Plaintext": "AB==""#, "Invalid Base64 in a binary value"),
        (r#""Plaintext": {"a": [1]}"#, "Start of structure or map found where not expected."),
        (r#""EncryptionAlgorithm": ["x"]"#, "Start of list found where not expected"),
        (r#""EncryptionAlgorithm": false"#, "FALSE_VALUE can not be converted to a String"),
        (r#""DryRun": "true""#, "STRING_VALUE can not be converted to a Boolean"),
        (r#""GrantTokens": "t""#, "Expected list or null"),
        (r#""GrantTokens": [1]"#, "NUMBER_VALUE can not be converted to a String"),
        (r#""EncryptionContext": 1"#, "Expected map or null"),
        (r#""EncryptionContext": {"a": 1}"#, "NUMBER_VALUE can not be converted to a String"),
    ] {
        let body = format!("{{{body}, \"KeyId\": \"k\"}}");
        let decoded = decode(Operation::Encrypt, body.as_bytes());
        assert_eq!(decoded.problem, Some(ApiError::serialization(expected)), "{body}");
        assert_eq!(decoded.input.text("KeyId"), Some("k"), "{body}");
    }
    let text = message(Operation::ListKeys, r#"{"Limit": "5"}"#);
    assert_eq!(text, "SerializationException: STRING_VALUE can not be converted to an Integer");
    let text = message(Operation::GenerateDataKey, r#"{"KeyId": "k", "Recipient": 5}"#);
    assert_eq!(text, "SerializationException: Expected structure or null");
}

#[test]
fn a_number_of_too_many_digits_counts_as_the_largest() {
    let body = format!("{{\"Limit\": {}}}", "2".repeat(100));
    let text = message(Operation::ListKeys, &body);
    assert!(text.contains("Value '9223372036854775807' at 'limit'"), "{text}");
}

#[test]
fn violations_are_listed_together_in_aws_words() {
    assert_eq!(
        message(Operation::Encrypt, "{}"),
        "ValidationException: 2 validation errors detected: \
         Value null at 'keyId' failed to satisfy constraint: Member must not be null; \
         Value at 'plaintext' failed to satisfy constraint: Member must not be null"
    );
    assert_eq!(
        message(Operation::GenerateDataKey, r#"{"KeyId": "", "KeySpec": "DES", "NumberOfBytes": 1025}"#),
        "ValidationException: 4 validation errors detected: \
         Value '' at 'keyId' failed to satisfy constraint: \
         Member must have length greater than or equal to 1; \
         Value '' at 'keyId' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: ^\\p{ASCII}+$; \
         Value '1025' at 'numberOfBytes' failed to satisfy constraint: \
         Member must have value less than or equal to 1024; \
         Value 'DES' at 'keySpec' failed to satisfy constraint: \
         Member must satisfy enum value set: [RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, \
         ECC_NIST_P521, ECC_SECG_P256K1, ECC_NIST_EDWARDS25519, SYMMETRIC_DEFAULT, HMAC_224, HMAC_256, HMAC_384, \
         HMAC_512, SM2, ML_DSA_44, ML_DSA_65, ML_DSA_87, ML_KEM_512, ML_KEM_768, ML_KEM_1024]"
    );
    assert_eq!(
        message(Operation::GenerateRandom, r#"{"NumberOfBytes": -99999999999999999999}"#),
        "ValidationException: 1 validation error detected: \
         Value '-9223372036854775808' at 'numberOfBytes' failed to satisfy constraint: \
         Member must have value greater than or equal to 1"
    );
    assert_eq!(
        message(Operation::CreateAlias, r#"{"AliasName": "a b", "TargetKeyId": "k"}"#),
        "ValidationException: 1 validation error detected: \
         Value 'a b' at 'aliasName' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"
    );
}

#[test]
fn members_of_lists_and_structures_are_named_by_their_path() {
    assert_eq!(
        message(
            Operation::TagResource,
            r#"{"KeyId": "k", "Tags": [{"TagKey": "a", "TagValue": "b"}, {"TagKey": ""}]}"#
        ),
        "ValidationException: 2 validation errors detected: \
         Value '' at 'tags.2.member.tagKey' failed to satisfy constraint: \
         Member must have length greater than or equal to 1; \
         Value null at 'tags.2.member.tagValue' failed to satisfy constraint: Member must not be null"
    );
    assert_eq!(
        message(Operation::UntagResource, r#"{"KeyId": "k", "TagKeys": ["a", ""]}"#),
        "ValidationException: 1 validation error detected: \
         Value '[a, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: \
         [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]"
    );
    let tokens = format!(r#"{{"KeyId": "k", "GrantTokens": [{}"t"]}}"#, r#""t","#.repeat(10));
    let text = message(Operation::DescribeKey, &tokens);
    assert!(text.ends_with(
        "at 'grantTokens' failed to satisfy constraint: Member must have length less than or equal to 10"
    ));
}

#[test]
fn secrets_are_neither_echoed_nor_printed() {
    let credential =
        r#""XksProxyAuthenticationCredential": {"AccessKeyId": "hush", "RawSecretAccessKey": "hush"}"#;
    let body = format!(r#"{{"CustomKeyStoreName": "n", "KeyStorePassword": "hush", {credential}}}"#);
    let decoded = decode(Operation::CreateCustomKeyStore, body.as_bytes());
    let text = decoded.problem.as_ref().unwrap().to_string();
    assert!(text.starts_with(
        "ValidationException: 4 validation errors detected: Value '[redacted]' at 'keyStorePassword'"
    ));
    assert!(text.contains("'xksProxyAuthenticationCredential.rawSecretAccessKey'"));
    assert!(!text.contains("hush") && !format!("{decoded:?}").contains("hush"));
    assert!(format!("{:?}", decoded.input).contains("CustomKeyStoreName: \"n\""));

    let decoded = decode(Operation::Encrypt, br#"{"KeyId": "k", "Plaintext": ""}"#);
    assert!(decoded.problem.unwrap().to_string().contains("Value at 'plaintext'"));
    let decoded = decode(Operation::Encrypt, br#"{"KeyId": "k", "Plaintext": "aHVzaA=="}"#);
    assert_eq!(decoded.input.blob("Plaintext"), Some(&b"hush"[..]));
    assert_eq!(format!("{:?}", decoded.input), "{KeyId: \"k\", Plaintext: [redacted]}");
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "has no such member Plaintxt")]
fn a_misspelt_member_is_a_bug() {
    decode(Operation::Encrypt, b"{}").input.blob("Plaintxt");
}

/// JSON of any shape, with names of the model among its own.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let name =
        prop::sample::select(vec!["KeyId", "Plaintext", "GrantTokens", "Tags", "TagKey", "Recipient", "x"]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,9}".prop_map(Into::into),
        "[A-Za-z0-9+/]{0,3}={0,2}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        let object = prop::collection::btree_map(name.clone(), inner.clone(), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Into::into),
            object.prop_map(|map| map.into_iter().map(|(name, value)| (name.to_string(), value)).collect()),
        ]
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    prop::sample::select(Operation::ALL)
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(operation in operation(), bytes in any::<Vec<u8>>()) {
        let decoded = decode(operation, &bytes);
        let may_be_good = bytes.is_empty() || bytes[0] == b'{' || bytes[0].is_ascii_whitespace();
        prop_assert!(may_be_good || decoded.problem.is_some());
    }

    #[test]
    fn no_json_makes_it_panic_however_it_is_spoilt(
        operation in operation(), json in json(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = serde_json::to_vec(&json).unwrap();
        let whole = decode(operation, &bytes);
        prop_assert!(json.is_object() || whole.problem.is_some());
        let read = json.get("KeyId").and_then(|id| id.as_str());
        if operation.request().iter().any(|member| member.name == "KeyId") {
            prop_assert_eq!(whole.input.text("KeyId"), read);
        }
        let at = at.index(bytes.len());
        bytes[at] = byte;
        decode(operation, &bytes);
        bytes.truncate(at);
        let broken_off = decode(operation, &bytes);
        prop_assert!(!json.is_object() || at == 0 || broken_off.problem == Some(ApiError::malformed_body()));
    }
}

proptest! {
    #[test]
    fn base64_is_what_another_hand_takes_it_for(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        letter in "[A-Za-z0-9+/=_\n -]",
        cut in 0_usize..3,
    ) {
        use base64::Engine as _;
        let theirs = base64::engine::general_purpose::STANDARD;
        let mut text = theirs.encode(&bytes);
        prop_assert_eq!(bytes_of(&text), Some(bytes));
        if !text.is_empty() {
            let at = at.index(text.len());
            text.replace_range(at..=at, &letter);
        }
        text.truncate(text.len().saturating_sub(cut));
        prop_assert_eq!(bytes_of(&text), theirs.decode(&text).ok(), "{}", text);
    }
}

/// Bodies that are nearly plain: what one reader takes the other must take for the same.
fn nearly_plain() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("KeyId"),
        Just("NumberOfBytes"),
        Just("KeySpec"),
        Just("CiphertextBlob"),
        Just("Plaintext"),
        Just("DryRun"),
        Just("EncryptionContext"),
        Just("Other"),
        Just("Key\\u0049d"),
        Just("\u{1}"),
    ];
    let value = prop_oneof![
        "\"[A-Za-z0-9+/=]{0,24}\"",
        "\"[ -~]{0,12}\"",
        "\"[\u{0}-\u{ff}]{0,6}\"",
        "-?[0-9]{1,20}",
        "[0-9]{1,3}[.eE][0-9]{1,2}",
        "(true|false|null|\\{\\}|\\[\\])",
    ];
    let space = "[ \n\r\t\u{b}]{0,2}";
    let member = (space, name, space, value, space)
        .prop_map(|(a, name, b, value, c)| format!("{a}\"{name}\"{b}:{c}{value}"));
    (prop::collection::vec(member, 0..4), space, "(,|\\}|x)?")
        .prop_map(|(members, space, end)| format!("{{{}{space}}}{space}{end}", members.join(",")))
}

proptest! {
    #[test]
    fn a_plain_body_is_read_as_any_other(
        body in nearly_plain(),
        operation in prop::sample::select(vec![
            Operation::Encrypt,
            Operation::Decrypt,
            Operation::GenerateDataKey,
            Operation::GenerateRandom,
        ]),
    ) {
        if let Some(input) = plain::read(operation, body.as_bytes()) {
            prop_assert_eq!((input, None), read_any(operation, body.as_bytes()), "{:?}", body);
        }
    }
}

#[test]
fn what_clients_send_is_plain() {
    for (operation, body) in [
        (Operation::Encrypt, r#"{"KeyId":"alias/a","Plaintext":"QUJD"}"#),
        (
            Operation::Decrypt,
            r#"{"CiphertextBlob": "QUJD", "KeyId": "arn:aws:kms:eu-west-1:111122223333:key/k"}"#,
        ),
        (Operation::GenerateDataKey, " {\n \"KeyId\" : \"k\" ,\n \"NumberOfBytes\" : 32\n} "),
        (Operation::ListKeys, "{}"),
    ] {
        let input = plain::read(operation, body.as_bytes());
        assert_eq!(input.map(|input| (input, None)), Some(read_any(operation, body.as_bytes())), "{body}");
    }
    for body in [
        "",
        "[]",
        "{",
        "{\"KeyId\":\"k\"",
        "{\"KeyId\":\"k\",}",
        "{\"KeyId\":null}",
        "{\"KeyId\":\"\\u0041\"}",
        "{}x",
    ] {
        assert!(plain::read(Operation::Decrypt, body.as_bytes()).is_none(), "{body}");
    }
}
