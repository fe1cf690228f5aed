//! What is laid over the tree before it is read: the environment, `--set` values, and a workload's overrides.

use super::Set;
use crate::language::tree::{self, Content, Entry, Location, Node};
use crate::language::{Problem, clip};
use std::collections::BTreeMap;

/// The most bytes a value may have once the environment is filled in.
const MAX_FILLED: usize = 4096;

/// Replaces `${NAME}` and `${NAME:-default}` in every scalar value; `$${` stays `${`.
///
/// A value that was filled in is read as if it stood without quotes, so that `"${N:-5}"` can be a number.
pub(crate) fn fill(node: &mut Node, env: &dyn Fn(&str) -> Option<String>, problems: &mut Vec<Problem>) {
    match &mut node.content {
        Content::List(items) => items.iter_mut().for_each(|item| fill(item, env, problems)),
        Content::Map(entries) => entries.iter_mut().for_each(|entry| fill(&mut entry.value, env, problems)),
        Content::Scalar(scalar) if scalar.text.contains("${") => match filled(&scalar.text, env) {
            Ok(text) => (scalar.text, scalar.plain) = (text, true),
            Err(message) => {
                problems
                    .push(Problem::new(node.shown, "", message).read(format!("`{}`", clip(&scalar.text))));
            }
        },
        Content::Scalar(_) => {}
    }
}

fn filled(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("${") {
        let (before, after) = rest.split_at(at);
        if let Some(kept) = before.strip_suffix('$') {
            out.push_str(kept);
            out.push_str("${");
            rest = &after[2..];
            continue;
        }
        out.push_str(before);
        let end = after.find('}').ok_or("`${` is not closed by `}`; write `$${` for the text `${`")?;
        let inner = &after[2..end];
        let (name, default) = inner.split_once(":-").map_or((inner, None), |(n, d)| (n, Some(d)));
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(format!("`${{{}}}` names no environment variable", clip(inner)));
        }
        let value = env(name).filter(|value| default.is_none() || !value.is_empty());
        match value.as_deref().or(default) {
            Some(value) => out.push_str(value),
            None => return Err(format!("the environment has no `{name}`; give a default: `${{{name}:-…}}`")),
        }
        if out.len() > MAX_FILLED {
            return Err(format!(
                "the value has more than {MAX_FILLED} bytes once the environment is filled in"
            ));
        }
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Puts the values of `--set` and its like into the tree, in order.
pub(crate) fn set(root: &mut Node, sets: &[Set], problems: &mut Vec<Problem>) {
    for (index, set) in sets.iter().enumerate() {
        let location = Location { set: index as u32 + 1, ..Location::default() };
        let result = match tree::parse(&set.value, location.set) {
            Ok(node) => put(root, set, node, location),
            Err(problem) => Err(problem.message.clone()),
        };
        if let Err(message) = result {
            let path = set.path.join(".");
            problems.push(Problem::new(location, &path, message).read(format!("`{}`", clip(&set.value))));
        }
    }
}

/// Puts `value` where `set` says, making mappings on the way where nothing stands.
fn put(mut node: &mut Node, set: &Set, value: Node, location: Location) -> Result<(), String> {
    let steps: Vec<&str> = set.path.iter().map(String::as_str).collect();
    let mut at = 0;
    if steps.len() > 32 || steps.iter().any(|step| step.is_empty()) {
        return Err("this is not a path; write it like workloads.checkout.startRate=500/s".into());
    }
    while at < steps.len() {
        let here = clip(&steps[..at].join("."));
        node = match &mut node.content {
            Content::Scalar(_) => return Err(format!("`{here}` is a single value and has no keys")),
            Content::List(items) => {
                let count = items.len();
                let index: Option<usize> = steps[at].parse().ok();
                at += 1;
                index.and_then(|index| items.get_mut(index)).ok_or_else(|| {
                    format!("`{here}` is a list of {count}; name an item by its number from 0")
                })?
            }
            Content::Map(entries) => {
                // A name may contain dots itself: the longest key that stands there wins.
                let known = |to: &usize| entries.iter().any(|entry| entry.key == steps[at..*to].join("."));
                let to = (at + 1..=steps.len()).rev().find(known).unwrap_or(at + 1);
                let key = steps[at..to].join(".");
                at = to;
                let found = entries.iter().position(|entry| entry.key == key);
                let index = found.unwrap_or_else(|| {
                    entries.push(Entry { key, location, value: Node::empty_map(location) });
                    entries.len() - 1
                });
                &mut entries[index].value
            }
        };
    }
    if set.joins {
        join(node, value, location)
    } else {
        *node = value
    }
    Ok(())
}

/// Adds `value` to the list at `node`; what stands there alone becomes the first of a list.
fn join(node: &mut Node, value: Node, location: Location) {
    if let Content::List(items) = &mut node.content {
        return items.push(value);
    }
    let is_nothing = matches!(&node.content, Content::Map(entries) if entries.is_empty());
    let old = std::mem::replace(node, Node { location, shown: location, content: Content::List(Vec::new()) });
    if let Content::List(items) = &mut node.content {
        items.extend((!is_nothing).then_some(old));
        items.push(value);
    }
}

/// `patch` merged into `base` key by key; a `mode` in the patch, or a value that is no mapping, replaces the whole.
///
/// A key that stands twice in the patch stands twice in the result, so that whoever reads it can say so.
pub(crate) fn merge(base: &Node, patch: &Node) -> Node {
    let (Content::Map(old), Content::Map(new)) = (&base.content, &patch.content) else {
        return patch.clone();
    };
    if patch.get("mode").is_some() {
        return patch.clone();
    }
    let mut entries = old.clone();
    let mut at: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, entry) in old.iter().enumerate() {
        at.entry(&entry.key).or_insert(index);
    }
    for entry in new {
        // Merged into once: a second of the same key in the patch is added as it stands.
        match at.remove(entry.key.as_str()) {
            Some(index) => {
                entries[index] = Entry { value: merge(&old[index].value, &entry.value), ..entry.clone() };
            }
            None => entries.push(entry.clone()),
        }
    }
    Node { location: patch.location, shown: patch.shown, content: Content::Map(entries) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(name: &str) -> Option<String> {
        [("RATE", "500/s"), ("EMPTY", "")]
            .iter()
            .find(|(each, _)| *each == name)
            .map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_environment_fills_values_and_defaults_stand_in() {
        for (text, expected) in [
            ("${RATE}", Ok("500/s")),
            ("a-${RATE:-1}-b", Ok("a-500/s-b")),
            ("${NONE:-7}", Ok("7")),
            ("${EMPTY:-7}", Ok("7")),
            ("${EMPTY}", Ok("")),
            ("$${RATE}", Ok("${RATE}")),
            ("${NONE}", Err("no `NONE`")),
            ("${RATE", Err("not closed")),
            ("${a b}", Err("names no environment variable")),
        ] {
            match (filled(text, &env), expected) {
                (Ok(read), Ok(expected)) => assert_eq!(read, expected, "{text}"),
                (Err(message), Err(fragment)) => assert!(message.contains(fragment), "{message}"),
                (result, _) => panic!("{text}: {result:?}"),
            }
        }
    }

    #[test]
    fn set_replaces_creates_and_says_what_it_cannot_reach() {
        let mut root = tree::parse("a: {b.c: 1, l: [1, 2]}\nq: 3\n", 0).expect("YAML");
        let sets =
            [("a.b.c", "9"), ("x.y", "8"), ("a.l.1", "7"), ("q.r", "1"), ("a.l.5", "1"), ("a..b", "1")];
        let sets = sets.map(|(path, value)| Set::new(path, value));
        let mut problems = Vec::new();
        set(&mut root, &sets, &mut problems);
        let text = |node: Option<&Node>| match node.map(|node| &node.content) {
            Some(Content::Scalar(scalar)) => scalar.text.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(text(root.get("a").and_then(|a| a.get("b.c"))), "9");
        assert_eq!(text(root.get("x").and_then(|x| x.get("y"))), "8");
        assert_eq!(problems.len(), 3);
        assert!(problems[0].message.contains("single value"));
    }

    #[test]
    fn a_value_that_joins_stands_behind_what_was_there_and_its_key_may_have_dots() {
        let mut root = tree::parse("t: {failed: a, shed: [b], cost: {threshold: c}}\n", 0).expect("YAML");
        let keys = ["failed", "shed", "cost", "response_time{workload:v1.2}"];
        let sets = keys.map(|key| Set::option(&["t", key], "d", "--threshold").joining());
        let mut problems = Vec::new();
        set(&mut root, &sets, &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        let lengths =
            keys.map(|key| match root.get("t").and_then(|t| t.get(key)).map(|node| &node.content) {
                Some(Content::List(items)) => items.len(),
                other => panic!("{key}: {other:?}"),
            });
        assert_eq!(lengths, [2, 2, 2, 1]);
    }

    #[test]
    fn overrides_merge_key_by_key_and_a_mode_replaces_the_rule() {
        let base = tree::parse("retry: {mode: fixed, delay: 1s}\ncache: {maxAge: 5m}\n", 0).expect("YAML");
        let patch = tree::parse("retry: {mode: none}\ncache: {capacity: 5}\ntimeout: 1s\n", 0).expect("YAML");
        let merged = merge(&base, &patch);
        assert!(merged.get("retry").is_some_and(|retry| retry.get("delay").is_none()));
        let cache = merged.get("cache").expect("a cache");
        assert!(cache.get("maxAge").is_some() && cache.get("capacity").is_some());
        assert!(merged.get("timeout").is_some());
    }
}
