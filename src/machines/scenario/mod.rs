//! The question as a file: YAML text becomes a spanned tree, and that a checked [`Scenario`].
//!
//! Every problem of a file is reported at once, each with its path, its line, what was read and what is allowed.
//! The checked scenario holds every default; written out again it is the same language.
//!
//! ```text
//! text ─language─▶ nodes with lines ─overlay─▶ environment, --set ─▶ keys ─▶ Scenario ─▶ keys ─▶ text
//!                     keys: the scenario, declared, made of what each type declares ─┴─▶ schema
//! ```
//!
//! No file is opened and no environment read here: text and a lookup come in.

mod build;
pub mod fis;
mod keys;
mod live;
mod model;
mod overlay;
pub mod plan;
pub mod schema;
mod service;
pub mod sweep;
mod target;
pub mod templates;
#[cfg(test)]
mod tests;
mod workload;
mod write;

pub use crate::language::{Problem, Problems, Set, tree};
pub use build::percentile_of;
pub use keys::SEED;
pub use keys::Service;
pub use keys::table;
pub use live::{Allow, Caps, Live, LiveClient, Transport};
pub use model::*;
pub use plan::Plan;
pub use service::laid_over;
pub use sweep::Axis;
pub use target::{Target, TargetWord};

use crate::language::{Item, Reader, Walk};

/// What a scenario is read with besides its text.
pub struct Options<'a> {
    /// The file's name, for messages and as the default `name`.
    pub file: &'a str,
    /// Looks a name of the environment up.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// Values laid over the file, in order.
    pub sets: &'a [Set],
}

impl Default for Options<'_> {
    /// No environment and nothing laid over.
    fn default() -> Self {
        Options { file: "scenario.yaml", env: &|_| None, sets: &[] }
    }
}

/// A scenario without problems, and the question it opens with.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The scenario, every default filled in.
    pub scenario: Scenario,
    /// The comment the file opens with, up to its first blank line; empty if there is none.
    pub question: String,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// Every problem of the text, in its order.
    pub fn parse(text: &str, options: &Options) -> Result<Checked, Problems> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let fail = |list| Problems::new(options.file, list, options.sets);
        let mut root = tree::parse(text, 0).map_err(|problem| fail(vec![*problem]))?;
        let mut reader = Reader::default();
        overlay::fill(&mut root, options.env, &mut reader.problems);
        overlay::set(&mut root, options.sets, &mut reader.problems);
        if !reader.problems.is_empty() {
            // What was not filled in would be reported again as a wrong value.
            return Err(fail(reader.problems));
        }
        let item = Item { node: &root, path: String::new() };
        let read = reader.fields(&item, keys::table()).and_then(|fields| {
            keys::walk(&mut Walk::Read { r: &mut reader, fields: &fields }, None, &default_name(options.file))
        });
        match read {
            Some(scenario) if reader.problems.is_empty() => {
                Ok(Checked { scenario, question: question(text) })
            }
            _ => Err(fail(reader.problems)),
        }
    }
}

/// A name made of the file's: `scenarios/retry-storm.yaml` gives `retry-storm`.
fn default_name(file: &str) -> String {
    let last = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = last.strip_suffix(".yaml").or_else(|| last.strip_suffix(".yml")).unwrap_or(last);
    let fits = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let name: String =
        stem.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).chars().take(64).map(fits).collect();
    if name.is_empty() { "scenario".into() } else { name }
}

/// The comment a file opens with, up to the first blank line of it, as one line.
fn question(text: &str) -> String {
    let lines = text.lines().map(str::trim).skip_while(|line| line.is_empty());
    let comment =
        lines.map_while(|line| line.strip_prefix('#')).map(|line| line.trim_start_matches('#').trim());
    let spoken = comment.skip_while(|line| line.is_empty() || line.starts_with("yaml-language-server"));
    spoken.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
