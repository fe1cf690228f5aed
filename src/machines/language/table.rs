//! What a mapping of the language may hold: the one table that reader, JSON Schema and documentation share.

use crate::api::Spelled;

/// The keys a mapping may have.
#[derive(Debug)]
pub struct Table {
    /// Names it in the schema.
    pub name: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// What other keys may stand in it, by free name.
    pub others: Option<Others>,
}

/// Keys that are not fixed words.
#[derive(Clone, Copy, Debug)]
pub struct Others {
    /// Which names.
    pub names: Names,
    /// What stands under each.
    pub shape: &'static Shape,
}

/// A set of names.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// The names, where they are fixed; otherwise the author of the file chooses.
    pub list: Option<fn() -> Vec<&'static str>>,
    /// What they are, for a message: `KMS operations`.
    pub said: &'static str,
}

/// Names that the author of the file chooses.
pub const FREE_NAMES: Names = Names { list: None, said: "names of your choice" };

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As written.
    pub name: &'static str,
    /// What may stand under it.
    pub shape: Shape,
    /// What it says, with its default.
    pub about: &'static str,
    /// Its default as it is written, where that is a single value.
    pub default: Option<&'static str>,
    /// The executors, modes or kinds it goes with; empty for all.
    pub with: &'static [&'static str],
    /// Whether it must be given.
    pub required: bool,
    /// Whether it is in the language but not built yet.
    pub later: bool,
}

/// What may stand under a key.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
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

impl Shape {
    /// The mapping that may stand there, or in a list there.
    pub fn table(self) -> Option<&'static Table> {
        match self {
            Shape::Map(table) => Some(table),
            Shape::Record(table) => Some(table()),
            Shape::List(item) => item.table(),
            Shape::Either(shapes) => shapes.iter().find_map(|shape| shape.table()),
            _ => None,
        }
    }

    /// How a value with a unit, or of a pattern, is written.
    pub const fn example(self) -> Option<&'static str> {
        match self {
            Shape::Rate => Some("500/s"),
            Shape::Duration => Some("1m30s"),
            Shape::Ratio => Some("5%"),
            Shape::Size => Some("4KiB"),
            Shape::Pattern(_, example) => Some(example),
            _ => None,
        }
    }
}

impl Table {
    /// The key called `name`.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The key that `path` leads to, in dots; a name that is no key stands for every free one.
    pub fn at(&'static self, path: &str) -> Option<&'static Key> {
        let Some((first, rest)) = path.split_once('.') else { return self.key(path) };
        let shape = self.key(first).map(|key| key.shape).or(self.others.map(|others| *others.shape))?;
        shape.table()?.at(rest)
    }

    /// Its keys by name, as a sentence lists them; those that have a single value by default with it, in brackets.
    pub fn listed(&self) -> String {
        let each = self.keys.iter().filter(|key| !key.later).map(|key| match key.default {
            Some(default) => format!("{} ({default})", key.name),
            None => key.name.to_owned(),
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

impl Key {
    /// The first sentence of what it says, without its full stop; the default in brackets.
    pub fn sentence(&self) -> &'static str {
        let first = self.about.split_once(". ").map_or(self.about, |(first, _)| first);
        first.trim_end_matches('.')
    }
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
pub const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, about, default: None, with: &[], required: false, later: false }
}

/// A key that is in the language but not built yet.
pub const fn later(name: &'static str, about: &'static str) -> Key {
    Key { later: true, ..key(name, Shape::Anything, about) }
}

/// A table of fixed keys.
pub const fn table(name: &'static str, keys: &'static [Key]) -> Table {
    Table { name, keys, others: None }
}

/// A table in which one shape stands under every name.
pub const fn names_to(name: &'static str, names: Names, shape: &'static Shape) -> Table {
    Table { name, keys: &[], others: Some(Others { names, shape }) }
}

/// The largest number of VUs, clients and the like.
pub const MILLION: u64 = 1_000_000;
/// The most iterations or jobs named by one number.
pub const MAX_JOBS: u64 = 10_000_000_000;
