//! The question as a file: YAML text becomes a spanned tree, and that a checked [`Scenario`].
//!
//! Every problem of a file is reported at once, each with its path, its line, what was read and what is allowed.
//! The checked scenario holds every default; written out again it is the same language.

mod model;

pub use model::*;
