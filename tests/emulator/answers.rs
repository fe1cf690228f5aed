//! A check that an answer holds nothing but what its operation declares.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keystorm::api::Operation;
use keystorm::api::shapes::Part;
use serde_json::Value;

/// The paths in an answer that the model does not have or has as something else; none in a good answer.
pub fn strangers(operation: Operation, answer: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(&Part::Structure(operation.answer()), answer, "", &mut found);
    found
}

fn compare(part: &Part, value: &Value, path: &str, found: &mut Vec<String>) {
    let fits = match (part, value) {
        (Part::Text, Value::String(_)) | (Part::Flag, Value::Bool(_)) | (Part::Time, Value::Number(_)) => {
            true
        }
        (Part::Blob, Value::String(text)) => STANDARD.decode(text).is_ok(),
        (Part::Integer, Value::Number(number)) => number.is_i64(),
        (Part::Context, Value::Object(map)) => map.values().all(Value::is_string),
        (Part::List(of), Value::Array(items)) => {
            let each = items.iter().enumerate();
            each.for_each(|(at, item)| compare(of, item, &format!("{path}[{at}]"), found));
            true
        }
        (Part::Structure(fields), Value::Object(map)) => {
            for (name, value) in map {
                let path = format!("{path}.{name}");
                match fields.iter().find(|field| field.name == name) {
                    Some(field) => compare(&field.part, value, &path, found),
                    None => found.push(path),
                }
            }
            true
        }
        _ => false,
    };
    if !fits {
        found.push(path.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_model_does_not_have_is_named_by_its_path() {
        let good = json!({"KeyMetadata": {"KeyId": "a", "CreationDate": 1.5, "Enabled": true,
            "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"], "PendingDeletionWindowInDays": 7}});
        assert_eq!(strangers(Operation::DescribeKey, &good), Vec::<String>::new());
        let bad =
            json!({"KeyMetadata": {"Keyid": "a", "CreationDate": "x", "MacAlgorithms": [1]}, "B": null});
        let found =
            [".B", ".KeyMetadata.CreationDate", ".KeyMetadata.Keyid", ".KeyMetadata.MacAlgorithms[0]"];
        assert_eq!(strangers(Operation::DescribeKey, &bad), found);
        let blob = json!({"CiphertextBlob": "?", "KeyId": "a"});
        assert_eq!(strangers(Operation::Encrypt, &blob), [".CiphertextBlob"]);
    }
}
