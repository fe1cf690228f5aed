//! The audit trail: what CloudTrail records of a call.
//!
//! Source: KMS Developer Guide, logging with CloudTrail (kms-facts §6, read 2026-11-23). No plaintext, ciphertext or
//! credential is in a record; an encryption context is, as it is in AWS's.

use super::access::PrincipalKind;
use super::keys::Moment;
use super::wire::ApiError;
use super::{Call, Trail};
use crate::api::Operation;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The record of a call that was answered at `at`.
pub fn record(call: &Call, trail: &Trail, account: &str, at: Moment, error: Option<&ApiError>) -> Value {
    let operation = call.decoded.input.operation();
    let time = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    let mut record = Map::new();
    let mut put = |name: &str, value: Value| drop(record.insert(name.into(), value));
    put("eventVersion", json!("1.11"));
    put("userIdentity", identity(call));
    put("eventTime", json!(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()));
    put("eventSource", json!("kms.amazonaws.com"));
    put("eventName", json!(operation.name()));
    put("awsRegion", json!(&*call.region));
    put("sourceIPAddress", json!(call.source_ip));
    put("userAgent", json!(call.user_agent));
    if let Some(error) = error {
        let code = error.code();
        let bare = code.strip_suffix("Exception").filter(|_| code.starts_with("AccessDenied"));
        put("errorCode", json!(bare.unwrap_or(code)));
        put("errorMessage", json!(error.message));
    }
    put("requestParameters", parameters(call));
    put("responseElements", Value::Null);
    if let Some(material) = &trail.material {
        let mut extra = Map::from_iter([("keyMaterialId".to_string(), json!(material.to_string()))]);
        if let Some(store) = &trail.store {
            extra.insert("customKeyStoreId".into(), json!(store));
        }
        put("additionalEventData", Value::Object(extra));
    }
    put("requestID", json!(call.request_id));
    put("eventID", json!(call.event_id));
    put("readOnly", json!(operation.is_read_only()));
    let mut keys: Vec<&(Arc<str>, Arc<str>)> = trail.keys.iter().collect();
    keys.dedup();
    if !keys.is_empty() {
        let resource = |(arn, account): &&(Arc<str>, Arc<str>)| json!({"accountId": &**account, "type": "AWS::KMS::Key", "ARN": &**arn});
        put("resources", Value::Array(keys.iter().map(resource).collect()));
    }
    put("eventType", json!("AwsApiCall"));
    put("managementEvent", json!(true));
    put("recipientAccountId", json!(account));
    put("eventCategory", json!("Management"));
    Value::Object(record)
}

fn identity(call: &Call) -> Value {
    let principal = &call.caller.principal;
    let kind = match principal.kind {
        PrincipalKind::Root => "Root",
        PrincipalKind::User => "IAMUser",
        PrincipalKind::Role | PrincipalKind::Session => "AssumedRole",
        PrincipalKind::Federated => "WebIdentityUser",
        PrincipalKind::Service => "AWSService",
    };
    json!({
        "type": kind,
        "principalId": principal.id,
        "arn": principal.arn,
        "accountId": principal.account,
        "accessKeyId": call.caller.access_key_id,
    })
}

/// The members that may be shown, in lower camel case; with the algorithm that a call without one means.
fn parameters(call: &Call) -> Value {
    let input = &call.decoded.input;
    let mut shown = input.shown();
    if matches!(input.operation(), Operation::Decrypt | Operation::Encrypt) {
        shown.entry("encryptionAlgorithm").or_insert_with(|| json!("SYMMETRIC_DEFAULT"));
    }
    if shown.is_empty() { Value::Null } else { Value::Object(shown) }
}
