//! The words in which it is said what a request may hold and what an answer has.
//!
//! Source: AWS KMS service model 2014-11-01 as of 2026-11-17. `tests/emulator/wire_facts.rs` compares every operation with the
//! fact sheet, both ways.

pub(super) mod pattern;
pub(super) mod values;

pub use pattern::Pattern;

/// One member of a request or of a structure in one.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// AWS's name, as it stands in the JSON.
    pub name: &'static str,
    /// Whether a request without it is refused.
    pub required: bool,
    /// What it must be.
    pub kind: Kind,
}

/// A member that must be given.
pub(super) const fn must(name: &'static str, kind: Kind) -> Member {
    Member { name, required: true, kind }
}

/// A member that may be left out.
pub(super) const fn may(name: &'static str, kind: Kind) -> Member {
    Member { name, required: false, kind }
}

/// What a value must be, with its constraints.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text of one of the listed values, or of bounded length and maybe a pattern.
    Text(Text),
    /// Bytes, Base64 on the wire. Never echoed or printed.
    Blob(Bounds),
    /// A whole number.
    Integer(Bounds),
    /// True or false.
    Flag,
    /// A point in time, in seconds since 1970.
    Time,
    /// A map from text to text: an encryption context.
    Context,
    /// Several of one kind: text or structures.
    List(Bounds, &'static Kind),
    /// Members of its own.
    Structure(&'static [Member]),
}

/// The least and the most: of a length or of a value, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The least; zero where the model names none.
    pub min: u64,
    /// The most; [`u64::MAX`] where the model names none.
    pub max: u64,
}

impl Bounds {
    /// Any length or value.
    pub const NONE: Bounds = Bounds { min: 0, max: u64::MAX };
}

/// The constraints of a text.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// Its length in characters.
    pub length: Bounds,
    /// What it looks like, if the model says.
    pub pattern: Option<&'static Pattern>,
    /// The only values it may have; empty where it may have any.
    pub values: &'static [&'static str],
    /// The values that a refusal lists: `values`, but where KMS was recorded to list others.
    pub listed: &'static [&'static str],
    /// Whether its value must not be shown.
    pub is_secret: bool,
}

pub(super) const fn text(min: u64, max: u64) -> Kind {
    Kind::Text(Text {
        length: Bounds { min, max },
        pattern: None,
        values: &[],
        listed: &[],
        is_secret: false,
    })
}

pub(super) const fn secret(min: u64, max: u64, pattern: Option<&'static Pattern>) -> Kind {
    Kind::Text(Text { length: Bounds { min, max }, pattern, values: &[], listed: &[], is_secret: true })
}

pub(super) const fn like(min: u64, max: u64, pattern: &'static Pattern) -> Kind {
    Kind::Text(Text {
        length: Bounds { min, max },
        pattern: Some(pattern),
        values: &[],
        listed: &[],
        is_secret: false,
    })
}

pub(super) const fn one_of(values: &'static [&'static str]) -> Kind {
    one_of_listed(values, values)
}

pub(super) const fn one_of_listed(values: &'static [&'static str], listed: &'static [&'static str]) -> Kind {
    Kind::Text(Text { length: Bounds::NONE, pattern: None, values, listed, is_secret: false })
}

/// Text without constraints: a key or value of an encryption context.
pub const ANY_TEXT: Kind = one_of(&[]);

pub(super) const fn blob(min: u64, max: u64) -> Kind {
    Kind::Blob(Bounds { min, max })
}

pub(super) const fn integer(min: u64, max: u64) -> Kind {
    Kind::Integer(Bounds { min, max })
}

/// True or false.
pub(super) const FLAG: Kind = Kind::Flag;

/// A member of an answer. The model says of none that it is always there.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// AWS's name, as it stands in the JSON.
    pub name: &'static str,
    /// What it is.
    pub part: Part,
}

/// What a member of an answer is.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// Text.
    Text,
    /// Bytes, Base64 on the wire.
    Blob,
    /// A whole number.
    Integer,
    /// True or false.
    Flag,
    /// Seconds since 1970, a number on the wire.
    Time,
    /// A map from text to text.
    Context,
    /// Several of one kind.
    List(&'static Part),
    /// Members of its own.
    Structure(&'static [Field]),
}

pub(super) const fn field(name: &'static str, part: Part) -> Field {
    Field { name, part }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Operation;

    #[test]
    fn a_list_holds_text_or_structures_and_names_differ() {
        for operation in Operation::ALL {
            let members = operation.request();
            for (at, member) in members.iter().enumerate() {
                if let Kind::List(_, of) = member.kind {
                    assert!(matches!(of, Kind::Text(_) | Kind::Structure(_)), "{operation} {}", member.name);
                }
                assert!(members[..at].iter().all(|other| other.name != member.name), "{operation}");
            }
        }
    }
}
