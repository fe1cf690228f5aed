//! The wire's tables against the fact sheet they restate, and every constraint from both its sides.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keystorm::api::Operation;
use keystorm::api::shapes::{Bounds, Kind, Member, Part};
use keystorm::kms::wire::decode;

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The fact sheet.
fn facts() -> Value {
    serde_json::from_str(&crate::facts::text("kms-operations.json")).expect("the fact sheet is JSON")
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

/// The operations of the fact sheet with their rows.
fn rows(facts: &Value) -> Vec<(Operation, &Value)> {
    let rows = object(&facts["operations"]);
    rows.iter().map(|(name, row)| (Operation::from_name(name).unwrap(), row)).collect()
}

fn bounded(row: &mut Map<String, Value>, bounds: Bounds) {
    if bounds.max < u64::MAX {
        row.insert("min".into(), bounds.min.into());
        row.insert("max".into(), bounds.max.into());
    }
}

/// What the fact sheet would say of a kind of ours, without the shape's name.
fn row_of(kind: &Kind) -> Map<String, Value> {
    let mut row = Map::new();
    let name = match kind {
        Kind::Text(text) => {
            bounded(&mut row, text.length);
            // What names a key must be ASCII, as was recorded; no model says so.
            let pattern = text.pattern.filter(|pattern| pattern.text != "^\\p{ASCII}+$");
            pattern.map(|pattern| row.insert("pattern".into(), pattern.text.into()));
            if !text.values.is_empty() {
                row.insert("enum".into(), text.values.into());
            }
            "string"
        }
        Kind::Blob(bounds) => {
            bounded(&mut row, *bounds);
            "blob"
        }
        Kind::Integer(bounds) => {
            bounded(&mut row, *bounds);
            "integer"
        }
        Kind::Flag => "boolean",
        Kind::Time => "timestamp",
        Kind::Context => "map",
        Kind::List(bounds, of) => {
            bounded(&mut row, *bounds);
            let of = match of {
                // The sheet names the only structure in a list.
                Kind::Structure(members) if members[0].name == "TagKey" => "Tag".into(),
                of => Value::Object(row_of(of)),
            };
            row.insert("of".into(), of);
            "list"
        }
        Kind::Structure(members) => {
            let kinds =
                members.iter().map(|member| (member.name.to_string(), row_of(&member.kind)["type"].clone()));
            row.insert("members".into(), kinds.collect());
            "structure"
        }
    };
    row.insert("type".into(), name.into());
    row
}

/// A row with its enums in one order: KMS lists some in another than the model has (see `recorded.rs`).
fn unordered(mut row: Value) -> Value {
    if let Some(values) = row.get_mut("enum").and_then(Value::as_array_mut) {
        values.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    }
    if let Some(of) = row.get_mut("of").filter(|of| of.is_object()) {
        *of = unordered(of.take());
    }
    row
}

#[test]
fn every_request_has_the_members_and_constraints_of_the_sheet_and_no_others() {
    let facts = facts();
    assert_eq!(rows(&facts).len(), Operation::ALL.len());
    for (operation, row) in rows(&facts) {
        let sheet: BTreeMap<_, _> = object(&row["request"]).iter().collect();
        assert_eq!(operation.request().len(), sheet.len(), "{operation}");
        for member in operation.request() {
            let mut expected = object(sheet[&member.name.to_string()]).clone();
            expected.remove("shape");
            let mut ours = row_of(&member.kind);
            ours.insert("required".into(), member.required.into());
            let (ours, expected) = (unordered(ours.into()), unordered(expected.into()));
            assert_eq!(ours, expected, "{operation} {}", member.name);
        }
    }
}

#[test]
fn every_answer_has_the_members_of_the_sheet_and_no_others() {
    let facts = facts();
    let mut types = BTreeMap::new();
    for (_, row) in rows(&facts) {
        for member in object(&row["request"]).values() {
            types.insert(member["shape"].as_str().unwrap(), member["type"].as_str().unwrap());
        }
    }
    // Shapes that only answers have.
    types.extend([("KeyMetadata", "structure"), ("KeyLastUsageData", "structure")]);
    types.extend([("BackingKeyIdResponseType", "string"), ("KeyState", "string")]);
    for (operation, row) in rows(&facts) {
        let sheet = object(&row["response"]);
        assert_eq!(operation.answer().len(), sheet.len(), "{operation}");
        for field in operation.answer() {
            let shape = sheet[field.name].as_str().unwrap();
            let list = shape.ends_with("List").then_some("list");
            let expected =
                types.get(shape).copied().or(list).unwrap_or_else(|| panic!("{shape} is not known"));
            let ours = match field.part {
                Part::Text => "string",
                Part::Blob => "blob",
                Part::Integer => "integer",
                Part::Flag => "boolean",
                Part::Time => "timestamp",
                Part::Context => "map",
                Part::List(_) => "list",
                Part::Structure(_) => "structure",
            };
            assert_eq!(ours, expected, "{operation} {}", field.name);
        }
    }
}

/// Text of `length` characters that matches the pattern, if there is one and its fixed parts leave that room.
fn sample(pattern: Option<&str>, length: usize) -> String {
    let tail = |head: &str, tail: &str| match length.checked_sub(head.len() + tail.len()) {
        Some(fill @ 1..) => format!("{head}{}{tail}", "a".repeat(fill)),
        _ => "a".repeat(length),
    };
    match pattern.unwrap_or_default() {
        "cluster-[2-7a-zA-Z]{11,16}" => tail("cluster-", ""),
        "[0-9]{12}" => "7".repeat(length),
        "^([a-z]+-){2,3}\\d+$" => tail("", "-b-1"),
        "^([A-Za-z0-9\\-]+)\\.([A-Za-z0-9\\-]+)(\\.[A-Za-z0-9\\-]+)+$" => tail("b.c.", ""),
        "^https://[a-zA-Z0-9.-]+$" => tail("https://", ""),
        "^(/[a-zA-Z0-9\\/_-]+/kms/xks/v\\d{1,2})$|^(/kms/xks/v\\d{1,2})$" => tail("/", "/kms/xks/v1"),
        "^(com|eu)\\.amazonaws\\.vpce\\.([a-z]+-){2,3}\\d+\\.vpce-svc-[0-9a-z]+$" => {
            tail("com.amazonaws.vpce.b-c-1.vpce-svc-", "")
        }
        "^[A-Z2-7]+$" => "A".repeat(length),
        "^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$" => tail("arn:aws:s::123456789012:", ""),
        _ => "a".repeat(length),
    }
}

/// A length at which a sample matches its pattern, whatever the pattern's fixed parts.
fn comfortable(bounds: Bounds) -> usize {
    usize::try_from(bounds.max.min(60).max(bounds.min)).unwrap()
}

/// A value that breaks nothing.
fn good(kind: &Kind) -> Value {
    match kind {
        Kind::Text(text) if !text.values.is_empty() => text.values[0].into(),
        Kind::Text(text) => sample(text.pattern.map(|pattern| pattern.text), comfortable(text.length)).into(),
        Kind::Blob(bounds) => blob(bounds.min),
        Kind::Integer(bounds) => bounds.min.into(),
        Kind::Flag => true.into(),
        Kind::Time => json!(1.7e9),
        Kind::Context => json!({"a": "b"}),
        Kind::List(bounds, of) => vec![good(of); bounds.min.max(1) as usize].into(),
        Kind::Structure(members) => whole(members),
    }
}

/// All members, each with a good value.
fn whole(members: &[Member]) -> Value {
    members.iter().map(|member| (member.name.to_string(), good(&member.kind))).collect()
}

fn blob(length: u64) -> Value {
    STANDARD.encode(vec![7; length as usize]).into()
}

/// A value on each side of a constraint, and the words that only the second one earns.
struct Pair {
    inside: Value,
    outside: Value,
    words: String,
}

fn edges(bounds: Bounds, noun: &str, value: impl Fn(u64) -> Value, found: &mut Vec<Pair>) {
    if bounds.max == u64::MAX {
        return;
    }
    let words = format!("Member must have {noun} less than or equal to {}", bounds.max);
    found.push(Pair { inside: value(bounds.max), outside: value(bounds.max + 1), words });
    if bounds.min > 0 {
        let words = format!("Member must have {noun} greater than or equal to {}", bounds.min);
        found.push(Pair { inside: value(bounds.min), outside: value(bounds.min - 1), words });
    }
}

/// The pairs for the constraints of a kind itself; those of members of structures come by [`check`].
fn pairs(kind: &Kind) -> Vec<Pair> {
    let mut found = Vec::new();
    match kind {
        Kind::Text(text) => {
            let pattern = text.pattern.map(|pattern| pattern.text);
            edges(text.length, "length", |length| sample(pattern, length as usize).into(), &mut found);
            if let Some(pattern) = pattern {
                let inside = sample(Some(pattern), comfortable(text.length));
                // No pattern of the model takes this character.
                let outside = inside.replacen(|_| true, "\u{2028}", 1).into();
                let words = format!("Member must satisfy regular expression pattern: {pattern}");
                found.push(Pair { inside: inside.into(), outside, words });
            }
            if !text.values.is_empty() {
                let words = format!("Member must satisfy enum value set: [{}]", text.listed.join(", "));
                found.extend(text.values.iter().map(|value| {
                    let outside = format!("{value}X").into();
                    Pair { inside: (*value).into(), outside, words: words.clone() }
                }));
            }
        }
        Kind::Blob(bounds) => edges(*bounds, "length", blob, &mut found),
        Kind::Integer(bounds) => edges(*bounds, "value", Value::from, &mut found),
        Kind::List(bounds, of) => {
            edges(*bounds, "length", |length| vec![good(of); length as usize].into(), &mut found);
            let inner = pairs(of).into_iter();
            found.extend(inner.map(|Pair { inside, outside, words }| Pair {
                inside: vec![inside; bounds.min.max(1) as usize].into(),
                outside: vec![outside; bounds.min.max(1) as usize].into(),
                words,
            }));
        }
        Kind::Flag | Kind::Time | Kind::Context | Kind::Structure(_) => {}
    }
    found
}

fn said(operation: Operation, body: &Value) -> String {
    let decoded = decode(operation, &serde_json::to_vec(body).unwrap());
    let Some(problem) = decoded.problem else { return String::new() };
    assert_eq!((problem.code, problem.status), ("ValidationException", 400), "{operation} {problem}");
    problem.message.unwrap()
}

/// Checks the members at `path` of a good body of `operation` and gives the number of constraints seen.
fn check(operation: Operation, members: &[Member], path: &str, spelt: &str) -> usize {
    let body = whole(operation.request());
    let with = |member: &Member, value: Option<Value>| {
        let mut body = body.clone();
        let holder = body.pointer_mut(path).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => drop(holder.insert(member.name.to_string(), value)),
            None => drop(holder.remove(member.name)),
        }
        said(operation, &body)
    };
    let mut seen = 0;
    for member in members {
        let name = format!("{spelt}{}{}", member.name[..1].to_lowercase(), &member.name[1..]);
        let at = format!(" at '{name}' failed to satisfy constraint: ");
        // Of what is secret not even that it is null is shown.
        let shown = if ["Plaintext", "Message"].contains(&member.name) { "" } else { " null" };
        let missing = format!("Value{shown}{at}Member must not be null");
        assert_eq!(with(member, None).contains(&missing), member.required, "{operation} {name}");
        assert_eq!(with(member, Some(good(&member.kind))), "", "{operation} {name}");
        for Pair { inside, outside, words } in pairs(&member.kind) {
            let inside = with(member, Some(inside));
            assert!(!inside.contains(&words), "{operation} {name}: {words}: {inside}");
            let outside = with(member, Some(outside));
            assert!(
                outside.contains(&at) && outside.contains(&words),
                "{operation} {name}: {words}: {outside}"
            );
            seen += 1;
        }
        seen += usize::from(member.required);
        seen += match member.kind {
            Kind::Structure(inner) => {
                check(operation, inner, &format!("{path}/{}", member.name), &format!("{name}."))
            }
            Kind::List(_, Kind::Structure(inner)) => {
                check(operation, inner, &format!("{path}/{}/0", member.name), &format!("{name}.1.member."))
            }
            _ => 0,
        };
    }
    seen
}

#[test]
fn a_value_just_inside_each_constraint_passes_and_one_just_outside_does_not() {
    let seen: usize =
        Operation::ALL.iter().map(|operation| check(*operation, operation.request(), "", "")).sum();
    assert!(seen > 650, "only {seen} constraints were tried");
}

/// What the fact sheet leaves out: the constraints inside structures, from the same service model.
#[test]
fn structures_have_the_constraints_of_the_model() {
    let structure = |operation: Operation, name| {
        let member = operation.request().iter().find(|member| member.name == name).unwrap();
        let members = match member.kind {
            Kind::Structure(members) | Kind::List(_, &Kind::Structure(members)) => members,
            _ => panic!("{name} is no structure"),
        };
        let row = |member: &Member| {
            let mut row = row_of(&member.kind);
            row.insert("required".into(), member.required.into());
            (member.name.to_string(), Value::Object(row))
        };
        members.iter().map(row).collect::<Value>()
    };
    let text = |required: bool, min: u32, max: u32| json!({"type": "string", "required": required, "min": min, "max": max});
    let like = |mut row: Value, pattern: &str| {
        row["pattern"] = pattern.into();
        row
    };
    assert_eq!(
        structure(Operation::CreateKey, "Tags"),
        json!({"TagKey": text(true, 1, 128), "TagValue": text(true, 0, 256)})
    );
    assert_eq!(
        structure(Operation::Decrypt, "Recipient"),
        json!({
            "KeyEncryptionAlgorithm": {"type": "string", "required": false, "enum": ["RSAES_OAEP_SHA_256"]},
            "AttestationDocument": {"type": "blob", "required": false, "min": 1, "max": 262_144},
        })
    );
    let arn = "^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$";
    assert_eq!(
        structure(Operation::CreateGrant, "Constraints"),
        json!({
            "EncryptionContextSubset": {"type": "map", "required": false},
            "EncryptionContextEquals": {"type": "map", "required": false},
            "SourceArn": like(text(false, 20, 512), arn),
        })
    );
    assert_eq!(
        structure(Operation::CreateCustomKeyStore, "XksProxyAuthenticationCredential"),
        json!({
            "AccessKeyId": like(text(true, 20, 30), "^[A-Z2-7]+$"),
            "RawSecretAccessKey": like(text(true, 43, 64), "^[a-zA-Z0-9\\/+=]+$"),
        })
    );
}
