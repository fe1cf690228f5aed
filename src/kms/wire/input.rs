//! The decoded members of a request, or of a structure in one.

use crate::api::Operation;
use crate::api::shapes::{Kind, Member};
use std::collections::BTreeMap;
use std::fmt;

static EMPTY: BTreeMap<String, String> = BTreeMap::new();

/// What a request gives, by AWS's names.
///
/// A getter answers nothing for a member that was not given or could not be read. Asking for a member that the
/// operation does not have, or for another kind than it is, is a bug and panics in debug builds.
#[derive(Clone, PartialEq)]
pub struct Input {
    operation: Operation,
    names: Names,
    values: Vec<Option<Given>>,
}

/// The table the values stand in the order of.
#[derive(Clone, Copy)]
struct Names(&'static [Member]);

impl PartialEq for Names {
    fn eq(&self, other: &Names) -> bool {
        self.0.iter().map(|member| member.name).eq(other.0.iter().map(|member| member.name))
    }
}

/// One value.
#[derive(Clone, PartialEq)]
pub(super) enum Given {
    Text(String),
    Blob(Vec<u8>),
    Integer(i64),
    Flag(bool),
    Time(f64),
    Context(BTreeMap<String, String>),
    Texts(Vec<String>),
    Structures(Vec<Input>),
    Structure(Input),
}

impl Input {
    /// Nothing given, of these members.
    pub(super) fn empty(operation: Operation, members: &'static [Member]) -> Input {
        Input { operation, names: Names(members), values: members.iter().map(|_| None).collect() }
    }

    /// A call of an operation that gives nothing yet: for callers in the same process, who write no JSON.
    pub fn new(operation: Operation) -> Input {
        Input::empty(operation, operation.request())
    }

    fn give(mut self, name: &str, given: Given) -> Input {
        let index = self.names.0.iter().position(|member| member.name == name);
        self.set(index.unwrap_or_else(|| panic!("{} has no member {name}", self.operation)), Some(given));
        self
    }

    /// Gives a text.
    ///
    /// # Panics
    /// If the operation has no such member; so do all of this kind.
    pub fn with_text(self, name: &str, text: impl Into<String>) -> Input {
        self.give(name, Given::Text(text.into()))
    }

    /// Gives bytes.
    pub fn with_blob(self, name: &str, bytes: impl Into<Vec<u8>>) -> Input {
        self.give(name, Given::Blob(bytes.into()))
    }

    /// Gives a whole number.
    pub fn with_integer(self, name: &str, number: i64) -> Input {
        self.give(name, Given::Integer(number))
    }

    /// Gives an encryption context.
    pub fn with_context(self, name: &str, context: BTreeMap<String, String>) -> Input {
        self.give(name, Given::Context(context))
    }

    /// Gives a list with one structure of texts.
    pub fn with_structure_of(self, name: &str, texts: &[(&str, &str)]) -> Input {
        let member = self.names.0.iter().find(|member| member.name == name);
        let Some(Kind::List(_, Kind::Structure(members))) = member.map(|member| &member.kind) else {
            panic!("{} has no list of structures {name}", self.operation)
        };
        let empty = Input::empty(self.operation, members);
        let one = texts.iter().fold(empty, |one, (name, text)| one.with_text(name, *text));
        self.give(name, Given::Structures(vec![one]))
    }

    /// The operation that is called.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    pub(super) fn members(&self) -> &'static [Member] {
        self.names.0
    }

    pub(super) fn at(&self, index: usize) -> Option<&Given> {
        self.values[index].as_ref()
    }

    /// What was given.
    pub(super) fn given(&self) -> impl Iterator<Item = &Given> {
        self.values.iter().flatten()
    }

    pub(super) fn set(&mut self, index: usize, value: Option<Given>) {
        self.values[index] = value;
    }

    fn value(&self, name: &str, is_kind: impl Fn(&Kind) -> bool) -> Option<&Given> {
        let index = self.names.0.iter().position(|member| member.name == name);
        let known = index.is_some_and(|index| is_kind(&self.names.0[index].kind));
        debug_assert!(known, "{} has no such member {name}", self.operation);
        index.and_then(|index| self.at(index))
    }

    /// A member that the operation may not have.
    pub(super) fn optional(&self, name: &str) -> Option<&Given> {
        self.names.0.iter().position(|member| member.name == name).and_then(|index| self.at(index))
    }

    /// Whether the member was given, and not as null.
    pub fn is_given(&self, name: &str) -> bool {
        self.value(name, |_| true).is_some()
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.value(name, |kind| matches!(kind, Kind::Text(_))) {
            Some(Given::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Bytes, decoded.
    pub fn blob(&self, name: &str) -> Option<&[u8]> {
        match self.value(name, |kind| matches!(kind, Kind::Blob(_))) {
            Some(Given::Blob(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.value(name, |kind| matches!(kind, Kind::Integer(_))) {
            Some(Given::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// True only if given as true.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.value(name, |kind| matches!(kind, Kind::Flag)), Some(Given::Flag(true)))
    }

    /// Seconds since 1970.
    pub fn time(&self, name: &str) -> Option<f64> {
        match self.value(name, |kind| matches!(kind, Kind::Time)) {
            Some(Given::Time(seconds)) => Some(*seconds),
            _ => None,
        }
    }

    /// An encryption context; empty if not given.
    pub fn context(&self, name: &str) -> &BTreeMap<String, String> {
        match self.value(name, |kind| matches!(kind, Kind::Context)) {
            Some(Given::Context(context)) => context,
            _ => &EMPTY,
        }
    }

    /// A list of texts; empty if not given.
    pub fn texts(&self, name: &str) -> &[String] {
        match self.value(name, |kind| matches!(kind, Kind::List(_, Kind::Text(_)))) {
            Some(Given::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// A list of structures; empty if not given.
    pub fn structures(&self, name: &str) -> &[Input] {
        match self.value(name, |kind| matches!(kind, Kind::List(_, Kind::Structure(_)))) {
            Some(Given::Structures(inputs)) => inputs,
            _ => &[],
        }
    }

    /// A structure.
    pub fn structure(&self, name: &str) -> Option<&Input> {
        match self.value(name, |kind| matches!(kind, Kind::Structure(_))) {
            Some(Given::Structure(input)) => Some(input),
            _ => None,
        }
    }
}

/// Names and values; `[redacted]` for bytes and secrets.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (member, value) in self.names.0.iter().zip(&self.values) {
            if let Some(value) = value {
                map.entry(&format_args!("{}", member.name), &Shown(&member.kind, value));
            }
        }
        map.finish()
    }
}

/// A value as it may be printed.
struct Shown<'a>(&'a Kind, &'a Given);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (Kind::Text(text), _) if text.is_secret => f.write_str("[redacted]"),
            (_, Given::Blob(_)) => f.write_str("[redacted]"),
            (_, Given::Text(text)) => text.fmt(f),
            (_, Given::Integer(number)) => number.fmt(f),
            (_, Given::Flag(flag)) => flag.fmt(f),
            (_, Given::Time(seconds)) => seconds.fmt(f),
            (_, Given::Context(context)) => context.fmt(f),
            (_, Given::Texts(texts)) => texts.fmt(f),
            (_, Given::Structures(inputs)) => inputs.fmt(f),
            (_, Given::Structure(input)) => input.fmt(f),
        }
    }
}
