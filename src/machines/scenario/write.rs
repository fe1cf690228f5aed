//! Writes a checked scenario in its own language, every default filled in: reading it again gives the same.

use super::{Scenario, keys};
use crate::language::{Map, Walk};
use serde_yaml::Value;

impl Scenario {
    /// The scenario in its own language, with every default filled in and everything in its order.
    pub fn to_yaml(&self) -> String {
        serde_yaml::to_string(&self.value()).expect("a mapping of texts and numbers is always YAML")
    }

    /// The same as JSON, for the saved run; mappings are in the order of their keys.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self.value()).expect("every key of a scenario is text")
    }

    fn value(&self) -> Value {
        let mut map = Map::default();
        keys::walk(&mut Walk::Write(&mut map), Some(self), &self.name);
        map.into()
    }
}
