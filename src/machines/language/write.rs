//! Values as the resolved scenario has them.

use serde_yaml::{Mapping, Value};
use std::fmt::Display;

/// A mapping under construction, in the order of its keys.
#[derive(Debug, Default)]
pub struct Map(pub Mapping);

impl Map {
    /// Adds a key.
    pub fn put(mut self, key: &str, value: impl Into<Value>) -> Map {
        self.add(key, value);
        self
    }
    /// Adds a key to a mapping that somebody else builds.
    pub fn add(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(Value::from(key), value.into());
    }
    /// Adds a value as it prints: `500/s`, `30s`.
    pub fn show(self, key: &str, value: impl Display) -> Map {
        self.put(key, value.to_string())
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Value {
        Value::Mapping(map.0)
    }
}
