//! The constraints of the model on what was read, and AWS's sentence about those that fail.

use super::ApiError;
use super::input::{Given, Input};
use crate::api::shapes::{Bounds, Kind, Text};
use std::fmt::Write;

/// One exception that lists every violation, if there is any.
pub(super) fn violations(input: &Input) -> Option<ApiError> {
    let mut found = Vec::new();
    structure(input, "", &mut found);
    if found.is_empty() {
        return has_empty_context(input).then(|| ApiError::validation("Invalid EncryptionContext"));
    }
    let count = match found.len() {
        1 => "1 validation error".to_string(),
        count => format!("{count} validation errors"),
    };
    Some(ApiError::validation(format!("{count} detected: {}", found.join("; "))))
}

/// Whether an encryption context has a pair without a value, which KMS refuses (kms-recorded-behaviour, 2026-11-29; the
/// words of it are assumed).
fn has_empty_context(input: &Input) -> bool {
    input.given().any(|given| match given {
        Given::Context(pairs) => pairs.values().any(String::is_empty),
        Given::Structure(inner) => has_empty_context(inner),
        _ => false,
    })
}

fn structure(input: &Input, path: &str, found: &mut Vec<String>) {
    for (index, member) in input.members().iter().enumerate() {
        match input.at(index) {
            Some(value) if holds(&member.kind, value) => {}
            Some(value) => report(&member.kind, value, &place(path, member.name), found),
            None if member.required => {
                // Of what is secret not even that it is null is shown (kms-recorded-behaviour, row 6).
                let shown = if matches!(member.name, "Plaintext" | "Message") { "" } else { "null" };
                found.push(sentence(shown, &place(path, member.name), "Member must not be null"));
            }
            None => {}
        }
    }
}

/// Whether a value is surely good, so that most requests build no path: structures are looked into by `report`.
fn holds(kind: &Kind, value: &Given) -> bool {
    match (kind, value) {
        (Kind::Text(text), Given::Text(value)) => fits(text, value),
        (Kind::Blob(length), Given::Blob(bytes)) => contains(length, bytes.len() as u64),
        (Kind::Integer(range), Given::Integer(number)) => {
            u64::try_from(*number).is_ok_and(|n| contains(range, n))
        }
        (Kind::Flag | Kind::Time | Kind::Context, _) => true,
        _ => false,
    }
}

fn contains(bounds: &Bounds, value: u64) -> bool {
    (bounds.min..=bounds.max).contains(&value)
}

/// Whether a text has as many characters as it may. They are counted only if the number of its bytes leaves it open: a
/// character has one to four.
fn has_length(bounds: &Bounds, text: &str) -> bool {
    let bytes = text.len() as u64;
    (bytes.div_ceil(4) >= bounds.min && bytes <= bounds.max) || contains(bounds, characters(text))
}

fn characters(text: &str) -> u64 {
    text.chars().count() as u64
}

fn fits(text: &Text, value: &str) -> bool {
    has_length(&text.length, value)
        && text.pattern.is_none_or(|pattern| (pattern.matches)(value))
        && (text.values.is_empty() || text.values.contains(&value))
}

/// Adds a sentence for each constraint that the value at `place` breaks.
fn report(kind: &Kind, value: &Given, place: &str, found: &mut Vec<String>) {
    match (kind, value) {
        (Kind::Text(text), Given::Text(value)) => {
            let shown = quoted(if text.is_secret { "[redacted]" } else { value });
            length(&text.length, characters(value), &shown, place, found);
            if let Some(pattern) = text.pattern.filter(|pattern| !(pattern.matches)(value)) {
                found.push(sentence(&shown, place, &must_match(pattern.text)));
            }
            if !text.values.is_empty() && !text.values.contains(&value.as_str()) {
                found.push(sentence(&shown, place, &must_be_one_of(text.listed)));
            }
        }
        (Kind::Blob(bounds), Given::Blob(bytes)) => {
            // No value at all (kms-recorded-behaviour, row 5).
            length(bounds, bytes.len() as u64, "", place, found);
        }
        (Kind::Integer(range), Given::Integer(number)) => {
            let above = u64::try_from(*number).is_ok_and(|number| number > range.max);
            let rule = if above {
                format!("Member must have value less than or equal to {}", range.max)
            } else {
                format!("Member must have value greater than or equal to {}", range.min)
            };
            found.push(sentence(&quoted(&number.to_string()), place, &rule));
        }
        (Kind::List(bounds, Kind::Text(text)), Given::Texts(texts)) => {
            let shown = quoted(&format!("[{}]", texts.join(", ")));
            length(bounds, texts.len() as u64, &shown, place, found);
            if texts.iter().any(|value| !fits(text, value)) {
                let rule = format!("Member must satisfy constraint: [{}]", rules(text).join(", "));
                found.push(sentence(&shown, place, &rule));
            }
        }
        (Kind::List(bounds, _), Given::Structures(inputs)) => {
            let shown = quoted(&format!("[{} items]", inputs.len()));
            length(bounds, inputs.len() as u64, &shown, place, found);
            for (at, input) in inputs.iter().enumerate() {
                structure(input, &format!("{place}.{}.member", at + 1), found);
            }
        }
        (Kind::Structure(_), Given::Structure(input)) => structure(input, place, found),
        _ => {}
    }
}

/// All that a text must satisfy, as AWS lists it for the elements of a list.
fn rules(text: &Text) -> Vec<String> {
    let mut rules = Vec::new();
    if text.length.max < u64::MAX {
        rules.push(at_most(text.length.max));
        rules.push(at_least(text.length.min));
    }
    rules.extend(text.pattern.map(|pattern| must_match(pattern.text)));
    if !text.values.is_empty() {
        rules.push(must_be_one_of(text.listed));
    }
    rules
}

fn length(bounds: &Bounds, length: u64, shown: &str, place: &str, found: &mut Vec<String>) {
    if length > bounds.max {
        found.push(sentence(shown, place, &at_most(bounds.max)));
    } else if length < bounds.min {
        found.push(sentence(shown, place, &at_least(bounds.min)));
    }
}

fn at_most(max: u64) -> String {
    format!("Member must have length less than or equal to {max}")
}

fn at_least(min: u64) -> String {
    format!("Member must have length greater than or equal to {min}")
}

fn must_match(pattern: &str) -> String {
    format!("Member must satisfy regular expression pattern: {pattern}")
}

fn must_be_one_of(values: &[&str]) -> String {
    format!("Member must satisfy enum value set: [{}]", values.join(", "))
}

fn quoted(value: &str) -> String {
    format!("'{value}'")
}

fn sentence(shown: &str, place: &str, rule: &str) -> String {
    let space = if shown.is_empty() { "" } else { " " };
    format!("Value{space}{shown} at '{place}' failed to satisfy constraint: {rule}")
}

/// The member's path as AWS spells it: a small first letter, as in `tags.1.member.tagKey`.
fn place(path: &str, name: &str) -> String {
    let mut place = path.to_string();
    if !place.is_empty() {
        place.push('.');
    }
    let (first, rest) = name.split_at(1);
    write!(place, "{}{rest}", first.to_ascii_lowercase()).expect("writing to memory does not fail");
    place
}
