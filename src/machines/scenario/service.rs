//! Reads the service alone, in the words of a scenario.

use super::{Problems, Service, Set, overlay, tree};
use crate::language::{Item, Reader, Record};

impl Service {
    /// Reads YAML or JSON; `file` names it in messages.
    ///
    /// # Errors
    /// Every problem of the text, in its order.
    pub fn parse(text: &str, file: &str) -> Result<Service, Problems> {
        Service::parse_with(text, file, &[])
    }

    /// The same, with values laid over the text.
    ///
    /// # Errors
    /// As [`Service::parse`].
    pub fn parse_with(text: &str, file: &str, sets: &[Set]) -> Result<Service, Problems> {
        laid_over(text, file, sets)
    }
}

/// The mapping that a type declares, with values laid over the text.
///
/// # Errors
/// As [`Service::parse`].
pub fn laid_over<T: Record>(text: &str, file: &str, sets: &[Set]) -> Result<T, Problems> {
    let fail = |list| Problems::new(file, list, sets);
    let mut root = tree::parse(text, 0).map_err(|problem| fail(vec![*problem]))?;
    let mut reader = Reader::default();
    overlay::set(&mut root, sets, &mut reader.problems);
    match reader.record(&Item { node: &root, path: String::new() }) {
        Some(read) if reader.problems.is_empty() => Ok(read),
        _ => Err(fail(reader.problems)),
    }
}
