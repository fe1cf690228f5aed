//! Reads typed values off the tree and collects every problem on the way.
//!
//! A reading function gives `None` once it has reported a problem; reading goes on with a stand-in, because a
//! scenario with a problem is never handed out.

use super::item::Item;
use super::problem::{Problem, clip};
use super::table::{Key, Names, Table};
use super::tree::{Content, Entry, Location};
use crate::time::Span;
use crate::units::{Bytes, Rate, Ratio};

/// The longest duration a scenario may name.
pub const LONGEST: Span = Span::from_secs(30 * 86_400);
/// The longest name of a workload or strategy.
const MAX_NAME: usize = 64;

/// A mapping whose keys have been checked against its table.
#[derive(Clone, Debug)]
pub struct Fields<'t> {
    /// The mapping itself.
    pub item: Item<'t>,
    table: &'static Table,
    entries: Vec<&'t Entry>,
    meant: Vec<String>,
}

/// How many problems get a did-you-mean: looking for one is the costly part of a problem.
const MAX_SUGGESTED: usize = 200;

/// Collects problems.
#[derive(Debug, Default)]
pub struct Reader {
    /// What has been found so far, in the order of reading.
    pub problems: Vec<Problem>,
    /// Whether a key without a value is a key that is left out.
    pub(super) skips_nothing: bool,
}

impl<'t> Fields<'t> {
    /// What a mapping without keys would be in the place of `item`.
    pub fn none(item: &Item<'t>, table: &'static Table) -> Fields<'t> {
        Fields { item: item.clone(), table, entries: Vec::new(), meant: Vec::new() }
    }
    fn entry(&self, key: &str) -> Option<&'t Entry> {
        debug_assert!(self.table.keys.iter().any(|each| each.name == key), "{key} is not in the table");
        self.entries.iter().find(|entry| entry.key == key).copied()
    }
    /// What stands under `key`.
    pub fn get(&self, key: &str) -> Option<Item<'t>> {
        self.entry(key).map(|entry| self.item.child(key, &entry.value))
    }
    /// Whether every key that stands here was understood.
    pub fn is_whole(&self) -> bool {
        matches!(&self.item.node.content, Content::Map(all) if all.len() == self.entries.len())
    }
    /// The keys that are no fixed words of the table, in file order.
    pub fn named(&self) -> impl Iterator<Item = (&'t Entry, Item<'t>)> + '_ {
        let is_fixed = |name: &str| self.table.keys.iter().any(|key| key.name == name);
        let named = self.entries.iter().filter(move |entry| !is_fixed(&entry.key));
        named.map(|entry| (*entry, self.item.child(&entry.key, &entry.value)))
    }
    /// The fixed keys that stand here.
    fn known(&self) -> impl Iterator<Item = (&'t Entry, &'static Key)> + '_ {
        self.entries.iter().filter_map(|entry| {
            self.table.keys.iter().find(|key| key.name == entry.key).map(|key| (*entry, key))
        })
    }
}

impl Reader {
    /// Reports a problem with a value.
    pub fn wrong(&mut self, item: &Item, message: impl Into<String>, allowed: impl Into<String>) {
        let problem = Problem::new(item.node.shown, &item.path, message);
        self.problems.push(problem.read(item.describe()).allowed(allowed));
    }
    /// Adds a problem with the one of `known` nearest to `read`.
    fn suggest<'a>(&mut self, problem: Problem, read: &str, known: impl Iterator<Item = &'a str>) {
        let most = if self.problems.len() < MAX_SUGGESTED { usize::MAX } else { 0 };
        self.problems.push(problem.nearest(read, known.take(most)));
    }
    /// Reports a name that refers to nothing.
    pub fn unknown<'a>(
        &mut self,
        location: Location,
        path: &str,
        message: &str,
        read: &str,
        known: impl Iterator<Item = &'a str> + Clone,
    ) {
        let listed: Vec<&str> = known.clone().take(20).collect();
        let problem = Problem::new(location, path, message).read(format!("`{}`", clip(read)));
        self.suggest(problem.allowed(clip_list(&listed)), read, known);
    }
    /// How many problems there are; with [`Reader::is_clean`], tells whether any was added since.
    pub fn mark(&self) -> usize {
        self.problems.len()
    }
    /// Whether no problem was added since `mark`.
    pub fn is_clean(&self, mark: usize) -> bool {
        self.problems.len() == mark
    }

    /// The keys of a mapping: unknown, repeated and unbuilt ones are problems and left out.
    pub fn fields<'t>(&mut self, item: &Item<'t>, table: &'static Table) -> Option<Fields<'t>> {
        let Content::Map(all) = &item.node.content else {
            self.wrong(item, "this is not a mapping", allowed_keys(table));
            return None;
        };
        let mut fields = Fields { item: item.clone(), table, entries: Vec::new(), meant: Vec::new() };
        let mut seen = std::collections::BTreeSet::new();
        for entry in all {
            if !seen.insert(entry.key.as_str()) {
                let path = item.child(&entry.key, &entry.value).path;
                self.problems.push(
                    Problem::new(entry.location, &path, format!("`{}` stands here twice", clip(&entry.key)))
                        .allowed("each key once"),
                );
            } else {
                self.key(entry, &mut fields);
            }
        }
        if self.skips_nothing {
            fields.entries.retain(|entry| !entry.value.is_nothing());
        }
        Some(fields)
    }

    /// The one key of a mapping that chooses between several.
    pub fn only_key<'t>(&mut self, fields: &Fields<'t>) -> Option<(&'static Key, Item<'t>)> {
        let choices = || fields.table.keys.iter();
        let mut found = choices().filter_map(|key| Some((key, fields.get(key.name)?)));
        match (found.next(), found.next()) {
            (Some(choice), None) => Some(choice),
            (first, _) => {
                // An unknown key has been reported already.
                if first.is_some() || fields.is_whole() {
                    let names: Vec<&str> = choices().map(|key| key.name).collect();
                    self.wrong(&fields.item, "exactly one of these keys is needed", names.join(", "));
                }
                None
            }
        }
    }

    /// Whether a problem was reported with a value or with anything in it.
    pub fn is_told_within(&self, item: &Item) -> bool {
        self.problems.iter().any(|problem| problem.path.starts_with(&item.path))
    }

    /// Whether a problem was reported with this very value.
    pub fn is_told(&self, item: &Item) -> bool {
        self.problems.iter().any(|problem| problem.path == item.path)
    }

    /// Keeps an entry whose key is known, or says why it is not.
    fn key<'t>(&mut self, entry: &'t Entry, fields: &mut Fields<'t>) {
        let name = clip(&entry.key);
        let path = fields.item.child(&entry.key, &entry.value).path;
        let problem = |message: String| Problem::new(entry.location, &path, message);
        if let Some(key) = fields.table.keys.iter().find(|key| key.name == entry.key) {
            match key.later {
                true => self
                    .problems
                    .push(problem(format!("`{name}` is not built yet")).allowed("leaving it out")),
                false => fields.entries.push(entry),
            }
            return;
        }
        let names = fields.table.others.as_ref().map(|others| others.names);
        let listed = names.and_then(Names::list);
        match (names, &listed) {
            (Some(_), Some(list)) if list.contains(&entry.key.as_str()) => fields.entries.push(entry),
            (Some(_), None) => fields.entries.push(entry),
            _ => {
                let fixed = fields.table.keys.iter().map(|key| key.name);
                let known = fixed.chain(listed.unwrap_or_default());
                let problem = problem(format!("`{name}` is not a key of this mapping"))
                    .allowed(allowed_keys(fields.table));
                self.suggest(problem, &entry.key, known);
                fields.meant.extend(self.problems.last().and_then(|problem| problem.suggestion.clone()));
            }
        }
    }

    /// Reports keys that do not go with the executor, mode or kind `choice` of the mapping.
    pub fn only_with(&mut self, fields: &Fields, word: &str, choice: &str) {
        for (entry, key) in fields.known() {
            if !key.with.is_empty() && !key.with.contains(&choice) {
                let path = fields.item.child(key.name, &entry.value).path;
                let message = format!("`{}` does not go with {word} `{choice}`", key.name);
                let goes = format!("with {word} {}", key.with.join(", "));
                self.problems.push(Problem::new(entry.location, &path, message).allowed(goes));
            }
        }
    }

    /// Reads `key` if it is there.
    pub fn opt<'t, T>(
        &mut self,
        fields: &Fields<'t>,
        key: &str,
        read: impl FnOnce(&mut Reader, &Item<'t>) -> Option<T>,
    ) -> Option<T> {
        fields.get(key).and_then(|item| read(self, &item))
    }
    /// Reads `key`, or gives `default`.
    pub fn or<'t, T>(
        &mut self,
        fields: &Fields<'t>,
        key: &str,
        default: T,
        read: impl FnOnce(&mut Reader, &Item<'t>) -> Option<T>,
    ) -> T {
        self.opt(fields, key, read).unwrap_or(default)
    }
    /// Reads `key`, which must be there; `stand_in` keeps reading going after a problem.
    pub fn need<'t, T>(
        &mut self,
        fields: &Fields<'t>,
        key: &str,
        stand_in: T,
        read: impl FnOnce(&mut Reader, &Item<'t>) -> Option<T>,
    ) -> T {
        self.must(fields, key);
        self.or(fields, key, stand_in, read)
    }
    /// Reports that `key` is missing, if it is and no other key was meant to be it.
    pub fn must(&mut self, fields: &Fields, key: &str) {
        if fields.entry(key).is_none() && !fields.meant.iter().any(|meant| meant == key) {
            self.missing(fields, key);
        }
    }
    /// Reports that `key` is missing.
    pub fn missing(&mut self, fields: &Fields, key: &str) {
        // A key that is there twice or not built was reported already.
        let Content::Map(all) = &fields.item.node.content else { return };
        let is_there = |entry: &Entry| entry.key == key && !(self.skips_nothing && entry.value.is_nothing());
        if !all.iter().any(is_there) {
            let about = fields.table.keys.iter().find(|each| each.name == key).map_or("", |key| key.about);
            let problem =
                Problem::new(fields.item.node.shown, &fields.item.path, format!("`{key}` is missing"));
            self.problems.push(problem.allowed(about.trim_end_matches('.')));
        }
    }

    /// The items of a list.
    pub fn list<'t>(&mut self, item: &Item<'t>) -> Option<Vec<Item<'t>>> {
        let Content::List(nodes) = &item.node.content else {
            self.wrong(item, "this is not a list", "a list: [ … ]");
            return None;
        };
        let items = nodes.iter().enumerate();
        Some(items.map(|(index, node)| Item { node, path: format!("{}[{index}]", item.path) }).collect())
    }

    /// A name for files and tags.
    pub fn is_name(&mut self, location: Location, path: &str, name: &str) -> bool {
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        let good = begins && name.chars().all(fits) && name.len() <= MAX_NAME;
        if !good {
            self.problems.push(
                Problem::new(location, path, "this is not a name").read(format!("`{}`", clip(name))).allowed(
                    format!("letters, digits, `-`, `_` and `.`, a letter or digit first, at most {MAX_NAME}"),
                ),
            );
        }
        good
    }

    /// Text that YAML reads as text.
    pub fn string(&mut self, item: &Item) -> Option<String> {
        self.string_of(item, 1, 1024)
    }
    /// Text of so many bytes.
    pub fn string_of(&mut self, item: &Item, least: usize, most: usize) -> Option<String> {
        if let Content::Scalar(scalar) = &item.node.content
            && let serde_yaml::Value::String(text) = scalar.typed()
            && (least..=most).contains(&text.len())
        {
            return Some(text);
        }
        self.wrong(item, "this is not text", format!("text of at most {most} bytes"));
        None
    }

    /// One of some words.
    pub fn word(&mut self, item: &Item, words: &[&'static str]) -> Option<&'static str> {
        let found = item.text().and_then(|text| words.iter().find(|word| **word == text));
        if found.is_none() {
            let text = item.text().unwrap_or_default();
            let problem =
                Problem::new(item.node.shown, &item.path, "this is not one of the values known here");
            let allowed =
                if words.len() > 20 { format!("one of {} names", words.len()) } else { words.join(", ") };
            self.suggest(problem.read(item.describe()).allowed(allowed), text, words.iter().copied());
        }
        found.copied()
    }

    /// true or false.
    pub fn bool(&mut self, item: &Item) -> Option<bool> {
        if let Content::Scalar(scalar) = &item.node.content
            && let serde_yaml::Value::Bool(value) = scalar.typed()
        {
            return Some(value);
        }
        self.wrong(item, "this is not a boolean", "true or false");
        None
    }

    /// A whole number from `least` to `most`.
    pub fn whole(&mut self, item: &Item, least: u64, most: u64) -> Option<u64> {
        let number = match &item.node.content {
            Content::Scalar(scalar) => match scalar.typed() {
                serde_yaml::Value::Number(number) => Some(number),
                _ => None,
            },
            _ => None,
        };
        let message = match number {
            None => "this is not a whole number",
            Some(number) => match number.as_u64() {
                Some(value) if (least..=most).contains(&value) => return Some(value),
                Some(value) if value < least => "this is too small",
                Some(_) => "this is too large",
                None if number.as_f64().is_some_and(|value| value < 0.0) => "this must not be negative",
                None => "this is not a whole number",
            },
        };
        self.wrong(item, message, format!("a whole number from {least} to {most}"));
        None
    }
    /// A count that fits 32 bits, from 1 to `most`.
    pub fn count(&mut self, item: &Item, most: u64) -> Option<u32> {
        self.whole(item, 1, most.min(u64::from(u32::MAX))).and_then(|value| u32::try_from(value).ok())
    }
    /// A number from `least` to `most`.
    pub fn number(&mut self, item: &Item, least: f64, most: f64) -> Option<f64> {
        if let Content::Scalar(scalar) = &item.node.content
            && let serde_yaml::Value::Number(number) = scalar.typed()
            && let Some(value) = number.as_f64()
            && (least..=most).contains(&value)
        {
            return Some(value);
        }
        self.wrong(item, "this is not a number that fits here", format!("a number from {least} to {most}"));
        None
    }

    /// A value with a unit; `kind` names it with its article, `like` shows how it is written.
    fn unit<T>(
        &mut self,
        item: &Item,
        (kind, like): (&str, &str),
        parse: fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let message = match item.text().map(|text| (text, parse(text))) {
            Some((_, Ok(value))) => return Some(value),
            Some((text, Err(_))) if text.strip_prefix('-').is_some_and(|rest| parse(rest).is_ok()) => {
                format!("{kind} must not be negative")
            }
            _ => format!("this is not {kind}"),
        };
        self.wrong(item, message, like);
        None
    }
    /// A duration of at most 30 days.
    pub fn span(&mut self, item: &Item) -> Option<Span> {
        let span = self.unit(item, ("a duration", "a duration like 250ms, 30s or 1m30s"), Span::parse)?;
        if span > LONGEST {
            self.wrong(item, "this is too long", "at most 30d");
            return None;
        }
        Some(span)
    }
    /// A duration above zero.
    pub fn time(&mut self, item: &Item) -> Option<Span> {
        let span = self.span(item)?;
        if span.is_zero() {
            self.wrong(item, "this must be above zero", "a duration above 0s, at most 30d");
            return None;
        }
        Some(span)
    }
    /// A rate, which may be zero.
    pub fn rate(&mut self, item: &Item) -> Option<Rate> {
        self.unit(
            item,
            ("a rate", "a rate like 500/s, 30000/min or 0.5/s, at most 1000000000/s"),
            Rate::parse,
        )
    }
    /// A rate above zero.
    pub fn positive_rate(&mut self, item: &Item) -> Option<Rate> {
        let rate = self.rate(item)?;
        if rate.is_zero() {
            self.wrong(item, "this must be above zero", "a rate above 0/s");
            return None;
        }
        Some(rate)
    }
    /// A ratio from 0 to 1.
    pub fn ratio(&mut self, item: &Item) -> Option<Ratio> {
        self.unit(item, ("a ratio", "a ratio like 5% or 0.05, from 0 to 1"), Ratio::parse)
    }
    /// A size from 1 byte to 1 GiB.
    pub fn size(&mut self, item: &Item) -> Option<Bytes> {
        let size = self.unit(item, ("a size", "a size like 256B or 4KiB"), Bytes::parse)?;
        if !(1..=1 << 30).contains(&size.0) {
            self.wrong(item, "this size does not fit here", "from 1B to 1GiB");
            return None;
        }
        Some(size)
    }
    /// A size or a number of bytes, from 0 to `most`.
    pub fn size_or_number(&mut self, item: &Item, most: u64) -> Option<u64> {
        if item.text().is_some_and(|text| text.bytes().all(|b| b.is_ascii_digit())) {
            return self.whole(item, 0, most);
        }
        let size = self.unit(item, ("a size", "a size like 4KiB, or a number of bytes"), Bytes::parse)?;
        if size.0 > most {
            self.wrong(item, "this size does not fit here", format!("from 0B to {most} bytes"));
            return None;
        }
        Some(size.0)
    }
    /// One of the things that have a name, such as operations.
    pub fn by_name<T: Copy>(&mut self, item: &Item, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
        let names: Vec<&'static str> = all.iter().map(|each| name(*each)).collect();
        let word = self.word(item, &names)?;
        names.iter().position(|name| *name == word).map(|index| all[index])
    }
}

/// Names, for a message.
fn clip_list(names: &[&str]) -> String {
    if names.is_empty() { "none here".into() } else { names.join(", ") }
}

/// The keys of a table, for a message.
fn allowed_keys(table: &Table) -> String {
    let mut keys: Vec<&str> = table.keys.iter().filter(|key| !key.later).map(|key| key.name).collect();
    if let Some(others) = &table.others {
        keys.push(others.names.said);
    }
    format!("keys: {}", keys.join(", "))
}
