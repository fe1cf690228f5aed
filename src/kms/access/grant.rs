//! Grants, as authorization sees them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use crate::api::GrantOperation;

/// Under which encryption contexts a grant works.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraints {
    /// Exactly these pairs.
    pub context_equals: Option<BTreeMap<String, String>>,
    /// At least these pairs.
    pub context_subset: Option<BTreeMap<String, String>>,
    /// Only on behalf of this resource.
    pub source_arn: Option<String>,
}

impl Constraints {
    /// Whether a call with that encryption context is allowed. Names of pairs are caseless, values are not.
    pub fn allow(&self, context: &BTreeMap<String, String>) -> bool {
        let equals = self.context_equals.as_ref();
        let subset = self.context_subset.as_ref();
        equals.is_none_or(|asked| asked.len() == context.len() && is_within(asked, context))
            && subset.is_none_or(|asked| is_within(asked, context))
    }

    /// Whether whatever these allow, `parent` allows too: what a grant made under a grant must be.
    pub fn is_at_least_as_strict_as(&self, parent: &Constraints) -> bool {
        let own = self.context_equals.as_ref().or(self.context_subset.as_ref());
        let equals = parent.context_equals.as_ref().is_none_or(|asked| {
            self.context_equals.as_ref().is_some_and(|own| own.len() == asked.len() && is_within(asked, own))
        });
        let subset =
            parent.context_subset.as_ref().is_none_or(|asked| own.is_some_and(|own| is_within(asked, own)));
        let source = parent.source_arn.is_none() || parent.source_arn == self.source_arn;
        equals && subset && source
    }

    /// Whether they ask for anything.
    pub const fn is_empty(&self) -> bool {
        self.context_equals.is_none() && self.context_subset.is_none() && self.source_arn.is_none()
    }
}

/// Whether each of `asked` is in `given`.
fn is_within(asked: &BTreeMap<String, String>, given: &BTreeMap<String, String>) -> bool {
    asked.iter().all(|(name, value)| {
        given.get(name).is_some_and(|other| other == value)
            || given.iter().any(|(other, found)| other.eq_ignore_ascii_case(name) && found == value)
    })
}

/// One grant, as authorization sees it.
#[derive(Clone, Copy, Debug)]
pub struct GrantView<'a> {
    /// Its id.
    pub id: &'a str,
    /// ARN of who may use it.
    pub grantee: &'a str,
    /// What it allows.
    pub operations: &'a [GrantOperation],
    /// Under which conditions.
    pub constraints: &'a Constraints,
    /// Whether it works already: its time has come, or the call presents its token.
    pub is_visible: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    fn equals(of: &[(&str, &str)]) -> Constraints {
        Constraints { context_equals: Some(pairs(of)), ..Constraints::default() }
    }

    fn subset(of: &[(&str, &str)]) -> Constraints {
        Constraints { context_subset: Some(pairs(of)), ..Constraints::default() }
    }

    #[test]
    fn constraints_allow_what_they_say() {
        let given = pairs(&[("Team", "a"), ("stage", "b")]);
        assert!(Constraints::default().allow(&given));
        assert!(subset(&[("team", "a")]).allow(&given));
        assert!(!subset(&[("team", "A")]).allow(&given));
        assert!(equals(&[("team", "a"), ("stage", "b")]).allow(&given));
        assert!(!equals(&[("team", "a")]).allow(&given));
        assert!(!subset(&[("team", "a")]).allow(&pairs(&[])));
    }

    #[test]
    fn a_grant_under_a_grant_must_be_as_strict() {
        let both = [("a", "1"), ("b", "2")];
        for (child, parent, expected) in [
            (Constraints::default(), Constraints::default(), true),
            (Constraints::default(), subset(&both[..1]), false),
            (subset(&both), subset(&both[..1]), true),
            (subset(&both[..1]), subset(&both), false),
            (equals(&both), subset(&both[..1]), true),
            (subset(&both), equals(&both), false),
            (equals(&both), equals(&both), true),
            (equals(&both[..1]), Constraints::default(), true),
        ] {
            assert_eq!(child.is_at_least_as_strict_as(&parent), expected, "{child:?} {parent:?}");
        }
    }
}
