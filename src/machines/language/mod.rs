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
mod given;
mod item;
mod location;
mod problem;
pub mod read;
mod set;
mod table;
#[cfg(test)]
mod tests;
pub mod tree;
mod walk;
mod write;

pub use declare::*;
pub use form::*;
pub use given::*;
pub use item::Item;
pub use problem::clip;
pub use problem::{Problem, Problems};
pub use read::{Fields, LONGEST, Reader};
pub use set::Set;
pub use table::{
    FREE_NAMES, Key, MAX_JOBS, MILLION, Names, Others, Shape, Table, key as table_key, names_to,
    table as fixed_table,
};
pub use walk::*;
pub use write::Map;
