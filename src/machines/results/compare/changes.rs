//! What differs between two resolved scenarios.

use super::Change;

/// The most fields that are named.
const MOST_CHANGES: usize = 40;

/// The fields of two scenarios that differ.
pub(super) fn between(path: &str, a: &serde_json::Value, b: &serde_json::Value, found: &mut Vec<Change>) {
    use serde_json::Value;
    if a == b || found.len() >= MOST_CHANGES {
        return;
    }
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (a, b) {
        (Value::Object(one), Value::Object(other)) => {
            let mut keys: Vec<&String> = one.keys().chain(other.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let null = Value::Null;
                let (a, b) = (one.get(key).unwrap_or(&null), other.get(key).unwrap_or(&null));
                between(&below(key), a, b, found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (a, b)) in one.iter().zip(other).enumerate() {
                between(&below(&index.to_string()), a, b, found);
            }
        }
        _ => found.push(Change { path: path.to_owned(), a: shown(a), b: shown(b) }),
    }
}

fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "–".into(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
