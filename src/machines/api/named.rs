//! One way to say the words of an enum.

/// An enum whose variants have a word each, in files, on the wire and in reports.
pub trait Spelled: Copy + PartialEq + 'static {
    /// Every variant, in the order of declaration.
    const ALL: &'static [Self];

    /// The word of the variant.
    fn spelled(self) -> &'static str;
}

/// Declares an enum by its variants and their words, with `ALL`, `WORDS`, `name` and `from_name`.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vmeta])* $variant,)* }

        impl $name {
            /// Every one, in the order of declaration.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// Their words, in the same order.
            pub const WORDS: &[&str] = &[$($text),*];

            /// The word, as files and reports have it.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }

            /// The one whose word is `name`, exactly.
            pub fn from_name(name: &str) -> Option<$name> {
                match name {
                    $($text => Some($name::$variant),)*
                    _ => None,
                }
            }
        }

        impl $crate::api::Spelled for $name {
            const ALL: &'static [$name] = $name::ALL;

            fn spelled(self) -> &'static str {
                self.name()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

/// Declares an enum whose variants are AWS's names: as [`words!`], saved under those names, in order, with `index`.
#[macro_export]
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)* }) => {
        $crate::api::words! {
            $(#[$meta])*
            #[derive(PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
            #[repr(u8)]
            $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant = $text,)* }
        }

        impl $name {
            /// The position in [`Self::ALL`].
            #[inline]
            pub const fn index(self) -> usize {
                self as usize
            }
        }
    };
}

pub use {named, words};
