//! The words of an enum stand in one place: found on the source itself.
//!
//! `words!` and `choice!` declare a list of words. Texts that stand together in one pair of braces or brackets elsewhere, and
//! are most of such a list, are that list a second time. AWS's own names (`named!`) are compared with the model instead.

use crate::layers::{Piece, pieces, source_files, without_tests};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The macros that declare words.
const DECLARES: [&str; 2] = ["words", "choice"];

/// Lists that may stand twice, by file and type, and why.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("format.rs", "Metric", "prints figures of saved runs, and stands above the language"),
    ("report/describe.rs", "RetryKind", "reads saved runs, and must not see the client"),
];

/// A declared list: the type's name and its words.
type Declared = (String, BTreeSet<String>);

/// The declared lists among `found`, and what is left without them.
fn declared(found: &[Piece]) -> (Vec<Declared>, Vec<Piece>) {
    let (mut lists, mut rest, mut i) = (Vec::new(), Vec::new(), 0);
    while i < found.len() {
        let begins = matches!(&found[i..], [Piece::Name(name), Piece::Other('!'), Piece::Other('{'), ..]
            if DECLARES.contains(&name.as_str()));
        if !begins {
            rest.push(found[i].clone());
            i += 1;
            continue;
        }
        let from = i + 3;
        let mut depth = 1;
        i = from;
        while i < found.len() && depth > 0 {
            match found[i] {
                Piece::Other('{') => depth += 1,
                Piece::Other('}') => depth -= 1,
                _ => {}
            }
            i += 1;
        }
        let body = &found[from..i];
        // The last name before the first brace: attributes stand before it.
        let open = body.iter().position(|piece| *piece == Piece::Other('{')).unwrap_or(0);
        let name = body[..open].iter().rev().find_map(|piece| match piece {
            Piece::Name(name) => Some(name.clone()),
            _ => None,
        });
        let words = body.windows(3).filter_map(|three| match three {
            [Piece::Name(_), Piece::Other('='), Piece::Text(word)] => Some(word.clone()),
            _ => None,
        });
        lists.extend(name.map(|name| (name, words.collect())));
    }
    (lists, rest)
}

/// The texts that stand together: directly in one pair of braces or brackets, parentheses aside.
fn groups(found: &[Piece]) -> Vec<BTreeSet<String>> {
    let (mut open, mut all) = (vec![BTreeSet::new()], Vec::new());
    for piece in found {
        match piece {
            Piece::Other('{' | '[') => open.push(BTreeSet::new()),
            Piece::Other('}' | ']') => all.extend(open.pop()),
            Piece::Text(text) => drop(open.last_mut().map(|group| group.insert(text.clone()))),
            _ => {}
        }
    }
    all.extend(open);
    all
}

/// Whether `group` is `words` once more: all of them and nothing else, or most of a longer list.
fn repeats(group: &BTreeSet<String>, words: &BTreeSet<String>) -> bool {
    let common = group.intersection(words).count();
    let is_most = words.len() > 3 && common * 5 >= words.len() * 3;
    words.len() > 1 && (is_most || group == words)
}

/// What stands twice in `files`, by file and type.
fn repeated(files: &BTreeMap<String, Vec<Piece>>) -> BTreeSet<(String, String)> {
    let read: Vec<(&String, Vec<Declared>, Vec<Piece>)> = files
        .iter()
        .map(|(file, found)| {
            let (lists, rest) = declared(found);
            (file, lists, rest)
        })
        .collect();
    let lists: Vec<&Declared> = read.iter().flat_map(|(_, lists, _)| lists).collect();
    let mut twice = BTreeSet::new();
    for (file, _, rest) in &read {
        for group in groups(rest) {
            let found = lists.iter().filter(|(_, words)| repeats(&group, words));
            twice.extend(found.map(|(name, _)| ((*file).clone(), name.clone())));
        }
    }
    twice
}

#[test]
fn no_list_of_words_stands_twice() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths: Vec<PathBuf> = Vec::new();
    source_files(&root, &mut paths);
    let files = paths.iter().filter(|path| !path.to_string_lossy().ends_with("tests.rs")).map(|path| {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let (found, _) = without_tests(&pieces(&fs::read_to_string(path).unwrap()));
        (name, found)
    });
    let files: BTreeMap<String, Vec<Piece>> = files.collect();
    let count: usize = files.values().map(|found| declared(found).0.len()).sum();
    assert!(count >= 20, "only {count} lists of words were found");
    let allowed: BTreeSet<(String, String)> =
        ALLOWED.iter().map(|(file, name, _)| ((*file).into(), (*name).into())).collect();
    assert_eq!(repeated(&files), allowed, "left: what stands twice; right: what may");
}

#[test]
fn a_list_that_stands_twice_is_found() {
    let twice = |first: &str, second: &str| {
        let files = [("a.rs", first), ("b.rs", second)];
        let files = files.map(|(name, text)| (name.to_owned(), pieces(text)));
        repeated(&files.into_iter().collect()).into_iter().map(|(file, _)| file).collect::<Vec<_>>()
    };
    let declared =
        "words! { /// Docs.\n #[allow(x)] Way { A = \"sliding\", B = \"bucket\", C = \"lagging\", } }";
    for copy in [
        "const ALL: [&str; 3] = [\"sliding\", \"bucket\", \"lagging\"];",
        "fn f() { match x { A => \"sliding\", B => \"bucket\", _ => \"lagging\" } }",
        "fn f(x: &str) { match x { \"sliding\" => g(), \"bucket\" => h(), \"lagging\" => i() } }",
    ] {
        assert_eq!(twice(declared, copy), ["b.rs"], "{copy}");
    }
    for other in ["fn f() { g(\"sliding\") }", "const SOME: [&str; 2] = [\"sliding\", \"bucket\"];"] {
        assert_eq!(twice(declared, other), Vec::<String>::new(), "{other}");
    }
}
