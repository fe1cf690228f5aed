//! How a type says its part of the language: once, where it stands.
//!
//! A type walks through its keys, and whoever takes the walk makes of it what it is there for:
//!
//! ```text
//!                    ┌─ reading     a checked mapping becomes the value, every problem told
//! T::walk(walk, now) ┼─ writing     the value becomes a mapping, every default filled in
//!                    └─ describing  the keys become the table that schema, messages and docs are made of
//! ```
//!
//! [`record!`](super::record!) writes the walk of a plain struct, [`choice!`](super::choice!) that of an enum whose word
//! decides which keys there are. What needs a hand (a default that depends on another key, two keys that exclude each
//! other) is a walk written out, in the same three directions.

use super::item::Item;
use super::read::{Fields, Reader};
use super::table::{self, Key, Others, Shape, Table};
use super::write::Map;
use serde_yaml::Value;

/// A way to write values of one type.
pub trait Form {
    /// What it reads.
    type Value;

    /// What may stand there, for schema and documentation.
    fn shape(&self) -> Shape;

    /// Reads a value; `None` once a problem was reported.
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Self::Value>;

    /// The value as the resolved scenario has it.
    fn write(&self, value: &Self::Value) -> Value;

    /// Reads `text` as if it stood in a file by itself.
    ///
    /// # Errors
    /// The first problem, in words.
    fn alone(&self, text: &str) -> Result<Self::Value, String> {
        let node = super::tree::parse(text, 0).map_err(|problem| problem.message)?;
        let mut r = Reader::default();
        let read = self.read(&mut r, &Item { node: &node, path: String::new() });
        match r.problems.first() {
            Some(problem) => Err(problem.to_string()),
            None => read.ok_or_else(|| format!("`{text}` cannot be read")),
        }
    }

    /// The same form with a look at what was read: `look` gives it back, or reports a problem.
    fn checked(self, look: Look<Self::Value>) -> Checked<Self, Self::Value>
    where
        Self: Sized,
    {
        Checked { form: self, look }
    }
}

/// A look at a value that was read: gives it back, or `None` once a problem was reported.
pub type Look<T> = fn(&mut Reader, &Item, T) -> Option<T>;

/// A type with keys of the language.
pub trait Part: Sized {
    /// Walks through its keys. `now` is the value that is written; `None` otherwise. Gives the value that was read, or
    /// `None` where a problem was reported or nothing is read.
    fn walk(walk: &mut Walk<'_, '_>, now: Option<&Self>) -> Option<Self>;
}

/// A type that is a mapping of the language.
pub trait Record: Part {
    /// Its keys.
    fn table() -> &'static Table;

    /// Reports what stands in its place and is no mapping, if there is more to say of it than that; whether it did.
    fn misread(_r: &mut Reader, _item: &Item) -> bool {
        false
    }
}

/// An enum whose word decides which keys go with it.
pub trait Choice: Sized {
    /// Its words, in order.
    const WORDS: &'static [&'static str];

    /// The word of the value.
    fn word(&self) -> &'static str;

    /// Walks through the keys that go with `word`.
    fn walk_as(word: &str, walk: &mut Walk<'_, '_>, now: Option<&Self>) -> Option<Self>;
}

/// A way through the keys of a mapping.
pub enum Walk<'w, 't> {
    /// Reads the mapping.
    Read {
        /// Takes the problems.
        r: &'w mut Reader,
        /// The mapping.
        fields: &'w Fields<'t>,
    },
    /// Writes the mapping.
    Write(&'w mut Map),
    /// Says which keys there are.
    Describe(&'w mut Draft),
}

/// Keys that a walk has described so far.
#[derive(Debug, Default)]
pub struct Draft {
    keys: Vec<Drafted>,
    /// What stands under names that are no keys.
    pub others: Option<Others>,
    /// The word whose keys are described, in a choice.
    word: Option<&'static str>,
}

/// A key, and the words it goes with.
#[derive(Debug)]
struct Drafted {
    key: Key,
    with: Vec<&'static str>,
}

impl Draft {
    /// Adds a key; what is described again under another word goes with that one too.
    pub fn add(&mut self, key: Key) {
        let word = self.word;
        let Some(old) = self.keys.iter_mut().find(|old| old.key.name == key.name) else {
            // Which of the keys of a choice must be there depends on its word.
            let required = key.required && word.is_none() && key.with.is_empty();
            let with = key.with.iter().copied().chain(word).collect();
            return self.keys.push(Drafted { key: Key { required, ..key }, with });
        };
        old.with.extend(word);
        if old.key.about.is_empty() {
            old.key.about = key.about;
        }
        let (was, is) = (format!("{:?}", old.key.shape), format!("{:?}", key.shape));
        if was != is {
            old.key.shape = Shape::Either(vec![old.key.shape, key.shape].leak());
        }
    }

    fn table(self, name: &'static str) -> Table {
        let keys = self.keys.into_iter().map(|drafted| Key { with: drafted.with.leak(), ..drafted.key });
        Table { name, keys: keys.collect::<Vec<_>>().leak(), others: self.others }
    }
}

impl Table {
    /// The table of the keys that `walk` walks through. It is kept for good: a type asks once.
    pub fn described<T>(name: &'static str, walk: impl FnOnce(&mut Walk<'_, '_>) -> T) -> Table {
        let mut draft = Draft::default();
        walk(&mut Walk::Describe(&mut draft));
        draft.table(name)
    }
}

impl Table {
    /// The table of a choice that is written as a mapping of its word: what each word means, and the keys it has.
    pub fn nested<T: Choice>(name: &'static str, words: &[(&'static str, &'static str)]) -> Table {
        let keys = words.iter().map(|(word, about)| {
            let inner = Table::described(word, |walk| T::walk_as(word, walk, None));
            table::key(word, Shape::Map(Box::leak(Box::new(inner))), about)
        });
        table::table(name, keys.collect::<Vec<_>>().leak())
    }
}

impl<'t> Walk<'_, 't> {
    /// Walks through one declared key, or several.
    pub fn part<D: Declared>(&mut self, declared: D, now: Option<&D::Value>) -> Option<D::Value> {
        declared.walk(self, now)
    }

    /// Walks through the key that holds the word of a choice; gives the word that was read, `None` once a problem was
    /// reported, and no word where nothing is read.
    pub fn word_of<T: Choice>(
        &mut self,
        name: &'static str,
        about: &'static str,
        now: Option<&T>,
    ) -> Option<&'static str> {
        self.word(name, about, T::WORDS, now.map(T::word))
    }

    /// The same for a choice that is walked by hand.
    pub fn word(
        &mut self,
        name: &'static str,
        about: &'static str,
        words: &'static [&'static str],
        now: Option<&'static str>,
    ) -> Option<&'static str> {
        match self {
            Walk::Describe(draft) => {
                draft.add(table::key(name, Shape::Words(words), about).required());
                Some("")
            }
            Walk::Write(map) => {
                map.add(name, now?);
                Some("")
            }
            Walk::Read { r, fields } => {
                let word = r.need(fields, name, None, |r, item| r.word(item, words).map(Some))?;
                r.only_with(fields, name, word);
                Some(word)
            }
        }
    }

    /// Walks through the keys that go with the word of a choice; `word` is what [`Walk::word_of`] gave.
    pub fn choice<T: Choice>(&mut self, word: &str, now: Option<&T>) -> Option<T> {
        match self {
            Walk::Describe(_) => {
                for word in T::WORDS {
                    self.describes(Some(word));
                    T::walk_as(word, self, None);
                }
                self.describes(None);
                None
            }
            Walk::Write(_) => T::walk_as(now?.word(), self, now),
            Walk::Read { .. } => T::walk_as(word, self, None),
        }
    }

    fn describes(&mut self, word: Option<&'static str>) {
        if let Walk::Describe(draft) = self {
            draft.word = word;
        }
    }

    /// Whether a mapping is read.
    pub const fn is_reading(&self) -> bool {
        matches!(self, Walk::Read { .. })
    }

    /// Whether the mapping that is read has a key.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Walk::Read { fields, .. } => fields.get(name).is_some(),
            Walk::Write(_) | Walk::Describe(_) => false,
        }
    }

    /// Whether what was read of a key is what the file says: it was understood, and so was every key of the mapping.
    pub fn knows(&self, name: &str) -> bool {
        match self {
            Walk::Read { r, fields } => {
                fields.is_whole() && fields.get(name).is_none_or(|item| !r.is_told(&item))
            }
            Walk::Write(_) | Walk::Describe(_) => true,
        }
    }

    /// Walks on, and tells whether no problem was reported on the way.
    pub fn clean<T>(&mut self, on: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let mark = match self {
            Walk::Read { r, .. } => r.mark(),
            Walk::Write(_) | Walk::Describe(_) => 0,
        };
        let made = on(self);
        let is_clean = match self {
            Walk::Read { r, .. } => r.is_clean(mark),
            Walk::Write(_) | Walk::Describe(_) => true,
        };
        (made, is_clean)
    }

    /// Says that there is a key which whoever has the rest reads and writes.
    pub fn says(&mut self, key: Key) {
        if let Walk::Describe(draft) = self {
            draft.add(key);
        }
    }

    /// Looks at what was read, with the mapping it was read from.
    pub fn look(&mut self, look: impl FnOnce(&mut Reader, &Fields<'t>)) {
        if let Walk::Read { r, fields } = self {
            look(r, fields);
        }
    }
}

/// What is declared of one field of a type: a key, several keys, or none.
pub trait Declared {
    /// The field's type.
    type Value;

    /// Walks through its keys, as [`Part::walk`] does.
    fn walk(self, walk: &mut Walk<'_, '_>, now: Option<&Self::Value>) -> Option<Self::Value>;
}

impl Reader {
    /// The value of a type that declares its mapping.
    pub fn record<T: Record>(&mut self, item: &Item) -> Option<T> {
        if T::misread(self, item) {
            return None;
        }
        let fields = &self.fields(item, T::table())?;
        T::walk(&mut Walk::Read { r: self, fields }, None)
    }
}

/// The mapping that says `record`, every default filled in.
pub fn record_value<T: Record>(record: &T) -> Value {
    record_map(record).into()
}

/// The same, to add to.
pub fn record_map<T: Record>(record: &T) -> Map {
    let mut map = Map::default();
    T::walk(&mut Walk::Write(&mut map), Some(record));
    map
}

/// A form with a look at what was read.
#[derive(Clone, Copy)]
pub struct Checked<F, T> {
    form: F,
    look: Look<T>,
}

impl<F: Form> Form for Checked<F, F::Value> {
    type Value = F::Value;
    fn shape(&self) -> Shape {
        self.form.shape()
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<F::Value> {
        let value = self.form.read(r, item)?;
        (self.look)(r, item, value)
    }
    fn write(&self, value: &F::Value) -> Value {
        self.form.write(value)
    }
}
