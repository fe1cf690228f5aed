//! What a mapping of the language may hold: the one table that reader, JSON Schema and documentation share.

use crate::api::Spelled;

/// The keys a mapping may have.
#[derive(Debug)]
pub(crate) struct Table {
    /// Names it in the schema.
    pub name: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// What other keys may stand in it, by free name.
    pub others: Option<Others>,
}

/// Keys that are not fixed words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Others {
    /// Which names.
    pub names: Names,
    /// What stands under each.
    pub shape: &'static Shape,
}

/// A set of names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    /// The names, where they are fixed; otherwise the author of the file chooses.
    pub list: Option<fn() -> Vec<&'static str>>,
    /// What they are, for a message: `KMS operations`.
    pub said: &'static str,
}

/// Names that the author of the file chooses.
pub(crate) const FREE_NAMES: Names = Names { list: None, said: "names of your choice" };

/// One key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// As written.
    pub name: &'static str,
    /// What may stand under it.
    pub shape: Shape,
    /// What it says, with its default.
    pub about: &'static str,
    /// The executors, modes or kinds it goes with; empty for all.
    pub with: &'static [&'static str],
    /// Whether it must be given.
    pub required: bool,
    /// Whether it is in the language but not built yet.
    pub later: bool,
}

/// What may stand under a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Text.
    Text,
    /// One of these words.
    Words(&'static [&'static str]),
    /// One of a set of names.
    Named(Names),
    /// A whole number, from and to.
    Whole(u64, u64),
    /// A number.
    Number,
    /// true or false.
    Bool,
    /// `500/s`.
    Rate,
    /// `250ms`.
    Duration,
    /// `5%` or `0.05`.
    Ratio,
    /// `256B`.
    Size,
    /// Text of this pattern, with an example.
    Pattern(&'static str, &'static str),
    /// A mapping.
    Map(&'static Table),
    /// A mapping that a type declares.
    Record(fn() -> &'static Table),
    /// A list.
    List(&'static Shape),
    /// Any of these.
    Either(&'static [Shape]),
    /// Anything: a part of the language that is not built yet.
    Anything,
}

impl Names {
    /// The words of an enum; `said` is what they are, for a message.
    pub const fn of<T: Spelled>(said: &'static str) -> Names {
        Names { list: Some(|| T::ALL.iter().map(|each| each.spelled()).collect()), said }
    }
    /// The names, where they are fixed.
    pub fn list(self) -> Option<Vec<&'static str>> {
        self.list.map(|list| list())
    }
}

impl Key {
    /// The same key, which must be given.
    pub const fn required(mut self) -> Key {
        self.required = true;
        self
    }
    /// The same key, which goes with these executors, modes or kinds only.
    pub const fn with(mut self, with: &'static [&'static str]) -> Key {
        self.with = with;
        self
    }
}

/// A key that may be left out.
pub(crate) const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, about, with: &[], required: false, later: false }
}

/// A key that is in the language but not built yet.
pub(crate) const fn later(name: &'static str, about: &'static str) -> Key {
    Key { later: true, ..key(name, Shape::Anything, about) }
}

/// A table of fixed keys.
pub(crate) const fn table(name: &'static str, keys: &'static [Key]) -> Table {
    Table { name, keys, others: None }
}

/// A table in which one shape stands under every name.
pub(crate) const fn names_to(name: &'static str, names: Names, shape: &'static Shape) -> Table {
    Table { name, keys: &[], others: Some(Others { names, shape }) }
}

/// The largest number of VUs, clients and the like.
pub(crate) const MILLION: u64 = 1_000_000;
/// The most iterations or jobs named by one number.
pub(crate) const MAX_JOBS: u64 = 10_000_000_000;
