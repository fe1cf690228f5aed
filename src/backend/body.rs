//! A [`Dispatch`] as the JSON of awsJson1.1.

use super::dispatch::Dispatch;
use crate::api::{Fill, KeySpec, Operation};
use base64_simd::STANDARD;
use serde_json::{Map, Value, json};

/// The body of a call.
pub fn json(dispatch: &Dispatch<'_>) -> Vec<u8> {
    let mut body = Map::new();
    match dispatch.operation.live() {
        Some(call) => {
            let filled =
                call.members.iter().filter_map(|(name, fill)| Some((*name, filled(*fill, dispatch)?)));
            body.extend(filled.map(|(name, value)| (name.to_owned(), value)));
        }
        None => manage(&mut body, dispatch),
    }
    serde_json::to_vec(&body).expect("a mapping of texts and numbers is always JSON")
}

/// What fills a member; nothing where the member is left out.
fn filled(fill: Fill, dispatch: &Dispatch<'_>) -> Option<Value> {
    let is_symmetric = dispatch.spec == KeySpec::SymmetricDefault;
    let bytes = |bytes: &[u8]| Some(STANDARD.encode_to_string(bytes).into());
    match fill {
        Fill::Key => Some(dispatch.key.into()),
        Fill::KeyUnlessNamed => (!is_symmetric).then(|| dispatch.key.into()),
        Fill::PairSpec => Some(dispatch.pair_spec.name().into()),
        Fill::Payload => bytes(dispatch.payload),
        Fill::Made => bytes(dispatch.blob),
        Fill::Length => Some(dispatch.length.into()),
        Fill::Context => {
            dispatch.context.filter(|_| is_symmetric).map(|value| json!({ Dispatch::CONTEXT: value }))
        }
        Fill::Algorithm => dispatch.algorithm().map(Value::from),
        Fill::Word(word) => Some(word.into()),
    }
}

/// Making keys and giving them up, which set-up does and no job.
fn manage(body: &mut Map<String, Value>, dispatch: &Dispatch<'_>) {
    let mut put = |name: &str, value: Value| drop(body.insert(name.into(), value));
    if dispatch.operation == Operation::ScheduleKeyDeletion {
        put("KeyId", dispatch.key.into());
        return put("PendingWindowInDays", 7.into());
    }
    put("KeySpec", dispatch.spec.name().into());
    put("KeyUsage", dispatch.usage.name().into());
    put("Description", "Made by keystorm for a load test; to be deleted.".into());
    put("Tags", json!([{ "TagKey": Dispatch::TAG, "TagValue": dispatch.tag }]));
    if let Some(policy) = dispatch.policy {
        put("Policy", policy.into());
    }
}
