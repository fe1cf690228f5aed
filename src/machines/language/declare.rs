//! What is declared of a key: its name, its meaning, the form of its value, whether it must be given; and the macros that
//! declare a type together with its keys.

use super::item::Item;
use super::read::{Fields, Reader};
use super::table::{self, Key, Names, Others};
use super::tree::{Location, Node};
use super::walk::{Declared, Form, Part, Record, Walk};
use super::write::Map;
use serde_yaml::Value;
use std::collections::BTreeMap;

/// A key with its meaning and the form of its value; whether it must be given is still to be said.
#[derive(Clone, Copy)]
pub struct Named<F> {
    name: &'static str,
    about: &'static str,
    form: F,
    with: &'static [&'static str],
}

/// Declares a key. `about` says what it means, with the default in brackets; `{}` stands for the default as it is written.
/// Where a key goes with several words of a choice, `about` is said once and empty elsewhere.
pub const fn key<F: Form>(name: &'static str, about: &'static str, form: F) -> Named<F> {
    Named { name, about, form, with: &[] }
}

impl<F: Form> Named<F> {
    /// It goes with these words of a choice only.
    pub fn with(self, words: &'static [&'static str]) -> Named<F> {
        Named { with: words, ..self }
    }
    /// It must be given.
    pub fn needed(self) -> Needed<F> {
        Needed(self)
    }
    /// It may be left out, and is `default` then.
    pub fn or(self, default: F::Value) -> Or<F> {
        Or { named: self, default, is_quiet: false }
    }
    /// It may be left out, and is `None` then.
    pub fn optional(self) -> Optional<F> {
        Optional(self)
    }

    fn key(&self, about: &'static str) -> Key {
        table::key(self.name, self.form.shape(), about).with(self.with)
    }
    fn read(&self, r: &mut Reader, fields: &Fields) -> Option<F::Value> {
        r.opt(fields, self.name, |r, item| self.form.read(r, item))
    }
    fn write(&self, map: &mut Map, now: Option<&F::Value>) {
        if let Some(now) = now {
            map.add(self.name, self.form.write(now));
        }
    }
}

/// A key that must be given.
pub struct Needed<F>(Named<F>);

impl<F: Form> Declared for Needed<F> {
    type Value = F::Value;
    fn walk(self, walk: &mut Walk<'_, '_>, now: Option<&F::Value>) -> Option<F::Value> {
        match walk {
            Walk::Describe(draft) => draft.add(self.0.key(self.0.about).required()),
            Walk::Write(map) => self.0.write(map, now),
            Walk::Read { r, fields } => {
                return r.need(fields, self.0.name, None, |r, item| self.0.form.read(r, item).map(Some));
            }
        }
        None
    }
}

/// A key with a default.
pub struct Or<F: Form> {
    named: Named<F>,
    default: F::Value,
    is_quiet: bool,
}

impl<F: Form> Or<F> {
    /// Left out of the resolved scenario where it is the default.
    pub fn quiet(self) -> Or<F> {
        Or { is_quiet: true, ..self }
    }

    /// The default as it is written, where that is a single value.
    fn shown(&self) -> Option<&'static str> {
        let shown = match self.named.form.write(&self.default) {
            Value::String(text) => text,
            Value::Number(number) => match (number.as_u64(), number.as_f64()) {
                (Some(whole), _) => whole.to_string(),
                (None, number) => number?.to_string(),
            },
            Value::Bool(is) => is.to_string(),
            _ => return None,
        };
        Some(shown.leak())
    }

    /// The key, which says its default.
    fn key(&self) -> Key {
        let (about, default) = (self.named.about, self.shown());
        if !about.contains("{}") {
            return Key { default, ..self.named.key(about) };
        }
        let shown = default.expect("a default that is no single value is said by hand");
        Key { default, ..self.named.key(about.replace("{}", shown).leak()) }
    }
}

impl<F: Form<Value: PartialEq>> Declared for Or<F> {
    type Value = F::Value;
    fn walk(self, walk: &mut Walk<'_, '_>, now: Option<&F::Value>) -> Option<F::Value> {
        match walk {
            Walk::Describe(draft) => draft.add(self.key()),
            Walk::Write(map) => {
                self.named.write(map, now.filter(|now| !self.is_quiet || **now != self.default));
            }
            Walk::Read { r, fields } => return Some(self.named.read(r, fields).unwrap_or(self.default)),
        }
        None
    }
}

/// A key that may be left out.
pub struct Optional<F>(Named<F>);

impl<F: Form> Declared for Optional<F> {
    type Value = Option<F::Value>;
    fn walk(self, walk: &mut Walk<'_, '_>, now: Option<&Self::Value>) -> Option<Self::Value> {
        match walk {
            Walk::Describe(draft) => draft.add(self.0.key(self.0.about)),
            Walk::Write(map) => self.0.write(map, now.and_then(Option::as_ref)),
            Walk::Read { r, fields } => return Some(self.0.read(r, fields)),
        }
        None
    }
}

/// A field that the language does not have.
pub struct Unsaid<T>(T);

/// Declares a field that the language does not have, with the value it has in a scenario.
pub const fn unsaid<T>(value: T) -> Unsaid<T> {
    Unsaid(value)
}

impl<T> Declared for Unsaid<T> {
    type Value = T;
    fn walk(self, walk: &mut Walk<'_, '_>, _now: Option<&T>) -> Option<T> {
        matches!(walk, Walk::Read { .. }).then_some(self.0)
    }
}

/// Keys of a type's own beside those of the mapping it is part of.
pub struct Beside<T> {
    then: fn(T) -> T,
}

/// Declares that the keys of `T` stand beside the others.
pub const fn beside<T: Part>() -> Beside<T> {
    Beside { then: |value| value }
}

impl<T: Part> Beside<T> {
    /// The same, with what `then` makes of what was read.
    pub fn then(self, then: fn(T) -> T) -> Beside<T> {
        Beside { then }
    }
}

impl<T: Part> Declared for Beside<T> {
    type Value = T;
    fn walk(self, walk: &mut Walk<'_, '_>, now: Option<&T>) -> Option<T> {
        T::walk(walk, now).map(self.then)
    }
}

/// A value under each name that is no key.
pub struct EachName<F> {
    names: Names,
    form: F,
}

/// Declares that `form` may stand under each of `names`.
pub const fn each_name<F: Form>(names: Names, form: F) -> EachName<F> {
    EachName { names, form }
}

impl<F: Form> Declared for EachName<F> {
    type Value = BTreeMap<String, F::Value>;
    fn walk(self, walk: &mut Walk<'_, '_>, now: Option<&Self::Value>) -> Option<Self::Value> {
        match walk {
            Walk::Describe(draft) => {
                let shape = Box::leak(Box::new(self.form.shape()));
                draft.others = Some(Others { names: self.names, shape });
            }
            Walk::Write(map) => {
                now.into_iter().flatten().for_each(|(name, each)| map.add(name, self.form.write(each)));
            }
            Walk::Read { r, fields } => {
                let each = fields.named();
                let read =
                    each.filter_map(|(entry, item)| Some((entry.key.clone(), self.form.read(r, &item)?)));
                return Some(read.collect());
            }
        }
        None
    }
}

/// The value of a mapping without keys, of a type whose every key has a default.
pub fn plain<T: Record>() -> T {
    let node = Node::empty_map(Location::default());
    let item = Item { node: &node, path: String::new() };
    Reader::default().record(&item).expect("every key has a default")
}

/// Keys that are in the language but not built yet.
pub fn later(walk: &mut Walk<'_, '_>, keys: &[(&'static str, &'static str)]) {
    if let Walk::Describe(draft) = walk {
        keys.iter().for_each(|(name, about)| draft.add(table::later(name, about)));
    }
}

/// Gives a [`Record`](crate::language::Record) its table, made of its own walk.
#[macro_export]
macro_rules! table_of {
    ($type:ident as $name:literal) => {
        fn table() -> &'static $crate::language::Table {
            static TABLE: std::sync::LazyLock<$crate::language::Table> = std::sync::LazyLock::new(|| {
                $crate::language::Table::described($name, |walk| {
                    <$type as $crate::language::Part>::walk(walk, None)
                })
            });
            &TABLE
        }
    };
}

/// Declares a struct together with its keys, which stand beside others in a mapping: `field: Type = declaration`.
///
/// `later` lists keys that are not built yet; `then` names a function that looks at what was read and fills in what depends
/// on other keys.
#[macro_export]
macro_rules! part {
    (
        $(#[$meta:meta])*
        pub struct $type:ident {
            $($(#[$doc:meta])* pub $field:ident : $of:ty = $declared:expr,)*
        }
        $(later { $($later:literal : $about:literal,)* })?
        $(then $then:path;)?
    ) => {
        $(#[$meta])*
        pub struct $type { $($(#[$doc])* pub $field: $of,)* }

        impl $crate::language::Part for $type {
            fn walk(walk: &mut $crate::language::Walk<'_, '_>, now: Option<&$type>) -> Option<$type> {
                $(let $field = walk.part($declared, now.map(|now| &now.$field));)*
                $($crate::language::later(walk, &[$(($later, $about),)*]);)?
                #[allow(unused_mut, reason = "only what follows changes it")]
                let mut read = $type { $($field: $field?,)* };
                $(walk.look(|r, fields| $then(r, fields, &mut read));)?
                Some(read)
            }
        }
    };
}

/// Declares a struct together with its mapping: as [`part!`], with the name of the mapping in the schema.
#[macro_export]
macro_rules! record {
    ($(#[$meta:meta])* pub struct $type:ident as $name:literal $($rest:tt)*) => {
        $crate::language::part! { $(#[$meta])* pub struct $type $($rest)* }

        impl $crate::language::Record for $type {
            $crate::language::table_of!($type as $name);
        }
    };
}

/// Declares an enum whose word decides which keys go with it: `Variant = "word" { field: Type = declaration, … }`, or
/// `Variant = "word" (Type = declaration)`. The words are an enum of their own, named after `as`.
#[macro_export]
macro_rules! choice {
    (
        $(#[$meta:meta])*
        pub enum $type:ident as $kind:ident {
            $(
                $(#[$vdoc:meta])*
                $variant:ident = $word:literal
                $({ $($(#[$doc:meta])* $field:ident : $of:ty = $declared:expr,)* })?
                $(($inner:ty = $whole:expr))?
            ,)*
        }
    ) => {
        $(#[$meta])*
        pub enum $type {
            $($(#[$vdoc])* $variant $({ $($(#[$doc])* $field: $of,)* })? $(($inner))?,)*
        }

        $crate::api::words! {
            #[doc = concat!("The variants of [`", stringify!($type), "`] by their words.")]
            $kind { $($(#[$vdoc])* $variant = $word,)* }
        }

        impl $type {
            /// The variant, without what it holds.
            pub const fn kind(&self) -> $kind {
                match self { $($type::$variant { .. } => $kind::$variant,)* }
            }
        }

        impl $crate::language::Choice for $type {
            const WORDS: &'static [&'static str] = $kind::WORDS;

            fn word(&self) -> &'static str {
                self.kind().name()
            }

            fn walk_as(
                word: &str,
                walk: &mut $crate::language::Walk<'_, '_>,
                now: Option<&$type>,
            ) -> Option<$type> {
                match word {
                    $($word => {
                        $($(
                            let $field = walk.part($declared, match now {
                                Some($type::$variant { $field, .. }) => Some($field),
                                _ => None,
                            });
                        )*)?
                        $(
                            let inner: Option<$inner> = walk.part($whole, match now {
                                Some($type::$variant(inner)) => Some(inner),
                                _ => None,
                            });
                        )?
                        Some($type::$variant $({ $($field: $field?,)* })? $(({
                            let inner: $inner = inner?;
                            inner
                        }))?)
                    })*
                    _ => None,
                }
            }
        }
    };
}

pub use {choice, part, record, table_of};
