//! What admin paths are told, and what they say.

use crate::scenario::Service;
use serde_json::{Map, Value};

/// What an admin path says: JSON or text, or status and sentence.
pub(super) type Said = Result<Value, (u16, String)>;

/// Reads a part of the scenario language.
pub(super) fn read(value: &Value) -> Result<Service, (u16, String)> {
    Service::parse(&value.to_string(), "body").map_err(|problems| (400, problems.to_string()))
}

/// Reads an object.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, (u16, String)> {
    let wrong = |e: &dyn std::fmt::Display| (400, format!("the body must be a JSON object: {e}"));
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(wrong(&"it is something else")),
        Err(e) => Err(wrong(&e)),
    }
}
