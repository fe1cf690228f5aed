//! A value of a file with the path that leads to it.

use super::problem::clip;
use super::tree::{Content, Node};

/// A value with its path.
#[derive(Clone, Debug)]
pub struct Item<'t> {
    /// The value.
    pub node: &'t Node,
    /// The keys that lead to it, with dots between them.
    pub path: String,
}

impl<'t> Item<'t> {
    /// What stands under `key` of this value.
    pub fn child(&self, key: &str, node: &'t Node) -> Item<'t> {
        let key = clip(key);
        Item { node, path: if self.path.is_empty() { key } else { format!("{}.{key}", self.path) } }
    }
    /// The text of a scalar that is neither nothing nor a boolean.
    pub fn text(&self) -> Option<&'t str> {
        match &self.node.content {
            Content::Scalar(scalar) => match scalar.typed() {
                serde_yaml::Value::Null | serde_yaml::Value::Bool(_) => None,
                _ => Some(&scalar.text),
            },
            _ => None,
        }
    }
    /// Whether this is the word `word`.
    pub fn is_word(&self, word: &str) -> bool {
        self.text() == Some(word)
    }
    /// Whether this is a mapping.
    pub fn is_map(&self) -> bool {
        matches!(self.node.content, Content::Map(_))
    }
    /// Whether this is a list with something in it.
    pub fn is_list(&self) -> bool {
        matches!(&self.node.content, Content::List(items) if !items.is_empty())
    }
    /// The value as a message shows it.
    pub fn describe(&self) -> String {
        match &self.node.content {
            Content::Scalar(scalar) if scalar.plain && scalar.text.is_empty() => "nothing".into(),
            Content::Scalar(scalar) if scalar.plain => format!("`{}`", clip(&scalar.text)),
            Content::Scalar(scalar) => format!("the text \"{}\"", clip(&scalar.text)),
            Content::List(items) => format!("a list of {}", items.len()),
            Content::Map(entries) => format!("a mapping of {}", entries.len()),
        }
    }
}
