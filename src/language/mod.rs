//! The language that files are written in: YAML text becomes a tree that knows its lines, mappings are declared by the types
//! they become, and every problem is told at once.
//!
//! ```text
//! text ─tree─▶ nodes with lines ─read─▶ values, or every problem
//!                                  ▲
//!         record!, choice!, words! ┴─▶ tables of keys ─▶ messages, JSON Schema, docs;   values ─write─▶ YAML
//! ```
//!
//! What the words mean stands with the types: `client::policy`, `quota::config`, `workload::config`, `scenario`.

mod declare;
mod form;
#[cfg(feature = "emulator")]
mod given;
mod item;
mod location;
mod problem;
pub(crate) mod read;
mod set;
mod table;
#[cfg(test)]
mod tests;
pub mod tree;
mod walk;
mod write;

pub(crate) use declare::*;
pub(crate) use form::*;
#[cfg(feature = "emulator")]
pub(crate) use given::*;
pub(crate) use item::Item;
pub(crate) use problem::clip;
pub use problem::{Problem, Problems};
pub(crate) use read::{Fields, LONGEST, Reader};
pub use set::Set;
pub(crate) use table::{
    FREE_NAMES, Key, MAX_JOBS, MILLION, Names, Others, Shape, Table, key as table_key, names_to,
    table as fixed_table,
};
pub(crate) use walk::*;
pub(crate) use write::Map;
