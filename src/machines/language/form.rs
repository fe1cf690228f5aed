//! How a value is written in a file: what may stand there, how it is read, how it is written again.

use super::item::Item;
use super::read::{Fields, Reader};
use super::table::{Shape, Table};
use super::walk::{Choice, Form, Record, Walk, record_value};
use super::write::Map;
use crate::api::Spelled;
use crate::time::Span;
use crate::units::{Bytes, Rate, Ratio};
use serde_yaml::Value;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::marker::PhantomData;

/// A value that is written as it prints.
#[derive(Clone, Copy)]
pub struct Shown<T> {
    /// What may stand there.
    pub shape: Shape,
    /// Reads it.
    pub read: fn(&mut Reader, &Item) -> Option<T>,
}

/// A duration of at most 30 days.
pub const SPAN: Shown<Span> = Shown { shape: Shape::Duration, read: Reader::span };
/// A duration above zero.
pub const TIME: Shown<Span> = Shown { shape: Shape::Duration, read: Reader::time };
/// A rate, which may be zero.
pub const RATE: Shown<Rate> = Shown { shape: Shape::Rate, read: Reader::rate };
/// A rate above zero.
pub const POSITIVE_RATE: Shown<Rate> = Shown { shape: Shape::Rate, read: Reader::positive_rate };
/// A ratio from 0 to 1.
pub const RATIO: Shown<Ratio> = Shown { shape: Shape::Ratio, read: Reader::ratio };
/// A size from 1 byte to 1 GiB.
pub const SIZE: Shown<Bytes> = Shown { shape: Shape::Size, read: Reader::size };
/// Text.
pub const TEXT: Shown<String> = Shown { shape: Shape::Text, read: Reader::string };

/// An account's id; without quotes it is a number, and means the same.
pub const ACCOUNT: Shown<String> = Shown {
    shape: Shape::Either(&[Shape::Text, Shape::Whole(0, 999_999_999_999)]),
    read: |r, item| {
        let id = item.text().map_or_else(|| r.string(item), |text| Some(text.to_owned()))?;
        if id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit()) {
            r.wrong(item, "this is no account id", "twelve digits");
        }
        Some(id)
    },
};

impl<T: Display> Form for Shown<T> {
    type Value = T;
    fn shape(&self) -> Shape {
        self.shape
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<T> {
        (self.read)(r, item)
    }
    fn write(&self, value: &T) -> Value {
        value.to_string().into()
    }
}

/// true or false.
#[derive(Clone, Copy)]
pub struct Flag;

impl Form for Flag {
    type Value = bool;
    fn shape(&self) -> Shape {
        Shape::Bool
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<bool> {
        r.bool(item)
    }
    fn write(&self, value: &bool) -> Value {
        (*value).into()
    }
}

/// A whole number.
#[derive(Clone, Copy)]
pub struct Whole<T> {
    least: u64,
    most: u64,
    of: PhantomData<T>,
}

/// A whole number from `least` to `most`, which `T` holds.
pub const fn whole<T>(least: u64, most: u64) -> Whole<T> {
    Whole { least, most, of: PhantomData }
}

/// A count from 1 to `most`.
pub const fn count(most: u64) -> Whole<u32> {
    whole(1, most)
}

impl<T: Copy + TryFrom<u64> + Into<u64>> Form for Whole<T> {
    type Value = T;
    fn shape(&self) -> Shape {
        Shape::Whole(self.least, self.most)
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<T> {
        r.whole(item, self.least, self.most).and_then(|value| T::try_from(value).ok())
    }
    fn write(&self, value: &T) -> Value {
        let value: u64 = (*value).into();
        value.into()
    }
}

/// A number.
#[derive(Clone, Copy)]
pub struct Number {
    least: f64,
    most: f64,
}

/// A number from `least` to `most`.
pub const fn number(least: f64, most: f64) -> Number {
    Number { least, most }
}

impl Form for Number {
    type Value = f64;
    fn shape(&self) -> Shape {
        Shape::Number
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<f64> {
        r.number(item, self.least, self.most)
    }
    fn write(&self, value: &f64) -> Value {
        (*value).into()
    }
}

/// One of some words.
#[derive(Clone, Copy)]
pub struct Words<T: 'static> {
    all: &'static [T],
}

/// One of the words of `T`.
pub const fn words<T: Spelled>() -> Words<T> {
    Words { all: T::ALL }
}

/// One of these words.
pub const fn one_of<T: Spelled>(all: &'static [T]) -> Words<T> {
    Words { all }
}

impl<T: Spelled> Form for Words<T> {
    type Value = T;
    fn shape(&self) -> Shape {
        Shape::Words(self.all.iter().map(|each| each.spelled()).collect::<Vec<_>>().leak())
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<T> {
        r.by_name(item, self.all, T::spelled)
    }
    fn write(&self, value: &T) -> Value {
        value.spelled().into()
    }
}

/// A value, or the word `none`.
#[derive(Clone, Copy)]
pub struct OrNone<F> {
    form: F,
}

/// What `form` reads, or the word `none`.
pub const fn or_none<F: Form>(form: F) -> OrNone<F> {
    OrNone { form }
}

impl<F: Form> Form for OrNone<F> {
    type Value = Option<F::Value>;
    fn shape(&self) -> Shape {
        Shape::Either(vec![self.form.shape(), Shape::Words(&["none"])].leak())
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Self::Value> {
        if item.is_word("none") { Some(None) } else { self.form.read(r, item).map(Some) }
    }
    fn write(&self, value: &Self::Value) -> Value {
        value.as_ref().map_or_else(|| "none".into(), |value| self.form.write(value))
    }
}

/// A list.
#[derive(Clone, Copy)]
pub struct List<F> {
    form: F,
}

/// A list of what `form` reads.
pub const fn list<F: Form>(form: F) -> List<F> {
    List { form }
}

impl<F: Form> Form for List<F> {
    type Value = Vec<F::Value>;
    fn shape(&self) -> Shape {
        Shape::List(Box::leak(Box::new(self.form.shape())))
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Self::Value> {
        Some(r.list(item)?.iter().filter_map(|item| self.form.read(r, item)).collect())
    }
    fn write(&self, value: &Self::Value) -> Value {
        Value::Sequence(value.iter().map(|each| self.form.write(each)).collect())
    }
}

/// A size, or a number of bytes.
#[derive(Clone, Copy)]
pub struct SizeOrNumber {
    most: u64,
}

/// A size, or a number of bytes, from 0 to `most`.
pub const fn size_or_number(most: u64) -> SizeOrNumber {
    SizeOrNumber { most }
}

impl Form for SizeOrNumber {
    type Value = u64;
    fn shape(&self) -> Shape {
        Shape::Either(vec![Shape::Size, Shape::Whole(0, self.most)].leak())
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<u64> {
        r.size_or_number(item, self.most)
    }
    fn write(&self, value: &u64) -> Value {
        (*value).into()
    }
}

/// A mapping that a type declares.
#[derive(Clone, Copy)]
pub struct OfRecord<T> {
    of: PhantomData<T>,
}

/// The mapping that `T` declares.
pub const fn record<T: Record>() -> OfRecord<T> {
    OfRecord { of: PhantomData }
}

impl<T: Record> Form for OfRecord<T> {
    type Value = T;
    fn shape(&self) -> Shape {
        Shape::Record(T::table)
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<T> {
        r.record(item)
    }
    fn write(&self, value: &T) -> Value {
        record_value(value)
    }
}

/// A mapping whose walk needs to know something of what is around it.
pub struct Mapping<T, C> {
    table: fn() -> &'static Table,
    walk: fn(&mut Walk<'_, '_>, Option<&T>, &C) -> Option<T>,
    around: C,
}

/// The mapping that `walk` declares within `around`, and `table` describes.
pub const fn mapping<T, C>(
    table: fn() -> &'static Table,
    walk: fn(&mut Walk<'_, '_>, Option<&T>, &C) -> Option<T>,
    around: C,
) -> Mapping<T, C> {
    Mapping { table, walk, around }
}

impl<T, C> Form for Mapping<T, C> {
    type Value = T;
    fn shape(&self) -> Shape {
        Shape::Record(self.table)
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<T> {
        let fields = &r.fields(item, (self.table)())?;
        (self.walk)(&mut Walk::Read { r, fields }, None, &self.around)
    }
    fn write(&self, value: &T) -> Value {
        let mut map = Map::default();
        (self.walk)(&mut Walk::Write(&mut map), Some(value), &self.around);
        map.into()
    }
}

/// A choice that is a word alone, or a mapping of its word to the keys that go with it.
pub trait Nested: Choice {
    /// Its words that can have keys, each with its mapping.
    fn table() -> &'static Table;
}

/// A word alone, or a mapping of it to its keys.
#[derive(Clone, Copy)]
pub struct OfNested<T> {
    of: PhantomData<T>,
}

/// A word of `T`, or a mapping of it to its keys.
pub const fn nested<T: Nested>() -> OfNested<T> {
    OfNested { of: PhantomData }
}

impl<T: Nested> Form for OfNested<T> {
    type Value = T;
    fn shape(&self) -> Shape {
        Shape::Either(vec![Shape::Words(T::WORDS), Shape::Map(T::table())].leak())
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<T> {
        if !item.is_map() {
            let word = r.word(item, T::WORDS)?;
            let own = T::table().keys.iter().find(|key| key.name == word).map(|key| key.shape);
            let table = if let Some(Shape::Map(own)) = own { own } else { T::table() };
            let fields = &Fields::none(item, table);
            return T::walk_as(word, &mut Walk::Read { r, fields }, None);
        }
        let fields = r.fields(item, T::table())?;
        let (key, item) = r.only_key(&fields)?;
        let Shape::Map(table) = key.shape else { unreachable!("`{}` has keys of its own", key.name) };
        let fields = &r.fields(&item, table)?;
        T::walk_as(key.name, &mut Walk::Read { r, fields }, None)
    }
    fn write(&self, value: &T) -> Value {
        let mut map = Map::default();
        T::walk_as(value.word(), &mut Walk::Write(&mut map), Some(value));
        match map.0.is_empty() {
            true => value.word().into(),
            false => Map::default().put(value.word(), map).into(),
        }
    }
}

/// One value under each of several names.
#[derive(Clone, Copy)]
pub struct ByName<F> {
    table: &'static Table,
    form: F,
}

/// What `form` reads under each name that `table` allows.
pub const fn by_name<F: Form>(table: &'static Table, form: F) -> ByName<F> {
    ByName { table, form }
}

impl<F: Form> Form for ByName<F> {
    type Value = BTreeMap<String, F::Value>;
    fn shape(&self) -> Shape {
        Shape::Map(self.table)
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Self::Value> {
        let fields = r.fields(item, self.table)?;
        let fixed = self.table.keys.iter().filter_map(|key| Some((key.name, fields.get(key.name)?)));
        let named = fields.named().map(|(entry, item)| (entry.key.as_str(), item));
        let each = fixed.chain(named);
        let read = each.filter_map(|(name, item)| Some((name.to_owned(), self.form.read(r, &item)?)));
        Some(read.collect())
    }
    fn write(&self, value: &Self::Value) -> Value {
        value.iter().fold(Map::default(), |map, (name, each)| map.put(name, self.form.write(each))).into()
    }
}
