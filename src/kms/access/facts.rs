//! What conditions can ask of a call.

use std::collections::BTreeMap;

/// Condition keys and their values; the names of keys are caseless.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<String, Vec<String>>);

impl Facts {
    /// Sets a key with one value.
    pub fn one(&mut self, key: &str, value: &str) {
        self.0.insert(key.to_ascii_lowercase(), vec![value.to_string()]);
    }

    /// Sets a key with several values.
    pub fn many<S: AsRef<str>>(&mut self, key: &str, values: impl IntoIterator<Item = S>) {
        let values = values.into_iter().map(|value| value.as_ref().to_string()).collect();
        self.0.insert(key.to_ascii_lowercase(), values);
    }

    /// Sets a key that is true or false.
    pub fn flag(&mut self, key: &str, value: bool) {
        self.one(key, if value { "true" } else { "false" });
    }

    /// The values of a key, by its lower-case name.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.0.get(key).map(Vec::as_slice)
    }

    /// The only value of a key.
    pub(super) fn single(&self, key: &str) -> Option<&str> {
        match self.get(&key.to_ascii_lowercase()) {
            Some([one]) => Some(one),
            _ => None,
        }
    }
}
