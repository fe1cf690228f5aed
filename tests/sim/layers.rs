//! The rooms of the house stand in an order, and the lower ones have no clock: checked on the source itself.
//!
//! The order is the list in `src/lib.rs`. What counts is code: comments, texts and `#[cfg(test)]` items are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The last room that must be a machine: no clock, thread, lock, socket or file at or below it.
const LAST_PURE: &[&str] = &["planner", "results"];
/// What reads clocks, sleeps, spawns, locks, or touches the world outside.
const WORLD: &[&str] = &["fs", "net", "thread", "env", "process", "sync::mpsc"];
/// Names that are as bad wherever they come from. A name by itself is not: it may be somebody's own, and what is
/// not one's own must be imported, which is a path.
const BANNED: &[&str] = &["Mutex", "RwLock", "Condvar", "SystemTime", "Instant", "tokio"];
/// Rooms that a report must not see: it is drawn from results.
const UNSEEN_BY_REPORT: &[&str] = &["engine", "kms", "client"];

/// A name, `::`, a text, or one character of anything else.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Name(String),
    Path,
    Text(String),
    Other(char),
}

/// Where a module in a file of its own stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ModuleFile {
    Below(String),
    Beside(String),
}

impl ModuleFile {
    fn seen_from(self, module: &[String]) -> Vec<String> {
        let (from, name) = match self {
            ModuleFile::Below(name) => (module, name),
            ModuleFile::Beside(name) => (&module[..module.len() - 1], name),
        };
        from.iter().cloned().chain(name.split('/').map(Into::into)).collect()
    }
}

/// The pieces of `source`, without comments, raw texts and characters.
pub(super) fn pieces(source: &str) -> Vec<Piece> {
    let text = source.chars().collect::<Vec<_>>();
    let (mut found, mut i) = (Vec::new(), 0);
    let starts = |i: usize, with: &str| with.chars().enumerate().all(|(k, c)| text.get(i + k) == Some(&c));
    while i < text.len() {
        if starts(i, "//") {
            i = (i..text.len()).find(|k| text[*k] == '\n').unwrap_or(text.len());
        } else if starts(i, "/*") {
            let mut depth = 0;
            loop {
                if starts(i, "/*") {
                    (depth, i) = (depth + 1, i + 2);
                } else if starts(i, "*/") {
                    (depth, i) = (depth - 1, i + 2);
                } else {
                    i += 1;
                }
                if depth == 0 || i >= text.len() {
                    break;
                }
            }
        } else if let Some(hashes) = raw_text(&text[i..]) {
            let end = format!("\"{}", "#".repeat(hashes));
            let open = i + (i..).position(|k| text[k] == '"').unwrap() + 1;
            i = (open..text.len()).find(|k| starts(*k, &end)).map_or(text.len(), |k| k + end.len());
        } else if text[i] == '"' {
            i += 1;
            let from = i;
            while i < text.len() && text[i] != '"' {
                i += if text[i] == '\\' { 2 } else { 1 };
            }
            found.push(Piece::Text(text[from..i.min(text.len())].iter().collect()));
            i += 1;
        } else if text[i] == '\'' && (text.get(i + 2) == Some(&'\'') || text.get(i + 1) == Some(&'\\')) {
            let from = i + if text[i + 1] == '\\' { 3 } else { 2 };
            i = (from..text.len()).find(|k| text[*k] == '\'').map_or(text.len(), |k| k + 1);
        } else if starts(i, "::") {
            found.push(Piece::Path);
            i += 2;
        } else if text[i].is_alphabetic() || text[i] == '_' {
            let end = (i..text.len())
                .find(|k| !text[*k].is_alphanumeric() && text[*k] != '_')
                .unwrap_or(text.len());
            found.push(Piece::Name(text[i..end].iter().collect()));
            i = end;
        } else {
            if !text[i].is_whitespace() {
                found.push(Piece::Other(text[i]));
            }
            i += 1;
        }
    }
    found
}

/// The number of hashes if a raw text begins here.
fn raw_text(text: &[char]) -> Option<usize> {
    let rest = text.strip_prefix(&['b', 'r']).or_else(|| text.strip_prefix(&['r']))?;
    let hashes = rest.iter().take_while(|c| **c == '#').count();
    (rest.get(hashes) == Some(&'"')).then_some(hashes)
}

/// `found` without the items that `#[cfg(test)]` marks, and where the modules in files of their own stand that are
/// so marked: below the module itself, or at a `#[path]` beside it.
pub(super) fn without_tests(found: &[Piece]) -> (Vec<Piece>, BTreeSet<ModuleFile>) {
    let mark = pieces("#[cfg(test)]");
    let (mut kept, mut modules, mut i) = (Vec::new(), BTreeSet::new(), 0);
    while i < found.len() {
        if !found[i..].starts_with(&mark) {
            kept.push(found[i].clone());
            i += 1;
            continue;
        }
        i += mark.len();
        let from = i;
        // The item ends at the first `;`, or at the brace that closes its first one.
        let mut depth = 0;
        while i < found.len() {
            match found[i] {
                Piece::Other('{') => depth += 1,
                Piece::Other('}') => depth -= 1,
                _ => {}
            }
            i += 1;
            let ends = matches!(found[i - 1], Piece::Other(';')) || matches!(found[i - 1], Piece::Other('}'));
            if depth == 0 && ends {
                break;
            }
        }
        let item = &found[from..i];
        if let [.., Piece::Name(word), Piece::Name(name), Piece::Other(';')] = item
            && word == "mod"
        {
            let path = item.windows(3).find_map(|three| match three {
                [Piece::Name(path), Piece::Other('='), Piece::Text(file)] if path == "path" => Some(file),
                _ => None,
            });
            modules.insert(match path {
                Some(file) => ModuleFile::Beside(file.trim_end_matches(".rs").replace("/mod", "")),
                None => ModuleFile::Below(name.clone()),
            });
        }
    }
    (kept, modules)
}

/// Every path written in `found`; the braces of a `use` are multiplied out.
fn paths(found: &[Piece]) -> Vec<Vec<String>> {
    let (mut all, mut i) = (Vec::new(), 0);
    while i < found.len() {
        i = tree(found, i, &[], &mut all).max(i + 1);
    }
    all
}

/// Reads one path or tree of paths at `i`, below `prefix`; gives the place behind it.
fn tree(found: &[Piece], mut i: usize, prefix: &[String], all: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    loop {
        match found.get(i) {
            Some(Piece::Name(name)) => path.push(name.clone()),
            Some(Piece::Other('*')) if path.len() > prefix.len() || !prefix.is_empty() => {
                path.push("*".into())
            }
            Some(Piece::Other('{')) if !path.is_empty() => {
                i += 1;
                while i < found.len() && found[i] != Piece::Other('}') {
                    i = tree(found, i, &path, all).max(i + 1);
                }
                return i + 1;
            }
            _ => break,
        }
        i += 1;
        // A brace after a name opens a block; only after `::` does it open a tree.
        if found.get(i) != Some(&Piece::Path) {
            break;
        }
        i += 1;
    }
    if path.len() > prefix.len() {
        all.push(path);
    }
    i
}

/// The rooms that a file refers to; `module` is where it stands: `["quota", "config"]` is `src/quota/config.rs`.
fn rooms_used(source: &[Piece], module: &[String]) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for path in paths(source) {
        let supers = path.iter().take_while(|name| *name == "super").count();
        match path.first().map(String::as_str) {
            Some("crate") => rooms.extend(path.get(1).cloned()),
            Some("super") if supers >= module.len() => rooms.extend(path.get(supers).cloned()),
            _ => {}
        }
    }
    rooms
}

/// What is wrong with one file, a sentence each; `order` is the list of rooms, lowest first.
fn complaints(source: &str, module: &[String], order: &[String]) -> Vec<String> {
    let (source, _) = without_tests(&pieces(source));
    let mut found = Vec::new();
    let room = &module[0];
    let place = |name: &str| order.iter().position(|each| each == name);
    let Some(own) = place(room) else {
        return vec![format!("room `{room}` is missing from the list in src/lib.rs")];
    };
    for used in rooms_used(&source, module).iter().filter(|used| *used != room) {
        match place(used) {
            Some(other) if other < own => {}
            Some(_) => found.push(format!("`{room}` imports `{used}`, which stands above it")),
            None => found.push(format!("`{room}` imports `crate::{used}`, which is no room")),
        }
        if room == "report" && UNSEEN_BY_REPORT.contains(&used.as_str()) {
            found.push(format!("`report` sees `{used}`; it may know results only"));
        }
    }
    let last_pure = LAST_PURE.iter().find_map(|name| place(name)).expect("the list has `results`");
    if own <= last_pure {
        for path in paths(&source) {
            let text = path.join("::");
            let world = WORLD.iter().any(|part| {
                let whole = format!("std::{part}");
                text == whole || text.starts_with(&format!("{whole}::"))
            });
            let named = path.len() > 1 && path[0] != "Self";
            let banned = named && path.iter().any(|name| BANNED.contains(&name.as_str()));
            let banned = banned || text == "std::time::*" || text == "std::sync::*";
            if world || banned {
                found.push(format!("`{room}` is a machine and may not use `{text}`"));
            }
        }
    }
    found
}

/// The rooms in the order that the crate's documentation lists them.
fn order(lib: &str) -> Vec<String> {
    let docs = lib.lines().filter_map(|line| line.strip_prefix("//!"));
    let list = docs.skip_while(|line| !line.contains("Rooms, bottom of the building first")).skip(1);
    let list = list.take_while(|line| !line.trim().is_empty()).collect::<String>();
    list.split('`').skip(1).step_by(2).map(Into::into).collect()
}

pub(super) fn source_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            source_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Where a file stands among the modules.
fn module_of(file: &Path, root: &Path) -> Vec<String> {
    let path = file.strip_prefix(root).unwrap().with_extension("");
    let mut names = path.iter().map(|name| name.to_string_lossy().into_owned()).collect::<Vec<_>>();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    names
}

#[test]
fn each_room_imports_only_rooms_below_it_and_machines_have_no_clock() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let order = order(&fs::read_to_string(root.join("lib.rs")).unwrap());
    assert!(order.len() >= 16 && order[0] == "time", "the list in src/lib.rs was not found: {order:?}");
    let mut files = Vec::new();
    source_files(&root, &mut files);
    let modules: BTreeMap<Vec<String>, String> =
        files.iter().map(|file| (module_of(file, &root), fs::read_to_string(file).unwrap())).collect();
    let mut tests = BTreeSet::new();
    for (module, source) in &modules {
        let (_, names) = without_tests(&pieces(source));
        tests.extend(names.into_iter().map(|place| place.seen_from(module)));
    }
    let mut wrong = Vec::new();
    for (module, source) in &modules {
        let is_test = tests.iter().any(|test| module.starts_with(test));
        if is_test || matches!(module[0].as_str(), "lib" | "main") {
            continue;
        }
        let found = complaints(source, module, &order);
        wrong.extend(found.into_iter().map(|complaint| format!("{}: {complaint}", module.join("::"))));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// What panics when nobody reads a stream any more, and a panic changes the exit code.
const PRINTS: &[&str] = &["println", "print", "eprintln", "eprint", "dbg"];

/// The macros among `found` that print.
fn prints(found: &[Piece]) -> Vec<String> {
    let (found, _) = without_tests(found);
    let macros = found.windows(2).filter_map(|two| match two {
        [Piece::Name(name), Piece::Other('!')] if PRINTS.contains(&name.as_str()) => Some(format!("{name}!")),
        _ => None,
    });
    macros.collect()
}

#[test]
fn nothing_prints_by_a_macro_that_panics_when_nobody_listens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&root, &mut files);
    let is_test = |file: &Path| file.to_string_lossy().ends_with("tests.rs");
    for file in files.iter().filter(|file| !is_test(file)) {
        let found = prints(&pieces(&fs::read_to_string(file).unwrap()));
        assert_eq!(found, Vec::<String>::new(), "{}: use crate::notice or cli::output", file.display());
    }
    let said = prints(&pieces("fn f() { std::println!(\"x\"); eprint!(\"y\") } // print!(1)"));
    assert_eq!(said, ["println!", "eprint!"], "the checker finds them");
    assert!(prints(&pieces("#[cfg(test)] mod tests { fn f() { println!() } } fn print() {}")).is_empty());
}

#[test]
fn every_module_of_the_crate_is_in_the_list() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let declared = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let declared = declared.map(Into::into).collect::<BTreeSet<String>>();
    assert_eq!(declared, order(&lib).into_iter().collect());
}

/// What the checker says about a file of `module`, in a house of five rooms.
fn said(module: &str, source: &str) -> Vec<String> {
    let order = ["time", "kms", "results", "engine", "report"].map(String::from);
    let module = module.split("::").map(String::from).collect::<Vec<_>>();
    complaints(source, &module, &order)
}

#[test]
fn the_checker_finds_what_it_is_there_to_find() {
    for (module, source) in [
        ("time", "use crate::kms::Key;"),
        ("kms::config", "use crate::{time::Time, results::{Run, Trial}};"),
        ("kms::config", "fn f() { let x = crate::engine::run(); }"),
        ("kms::config", "use super::super::results::Run;"),
        ("kms", "use super::results;"),
        ("kms", "use crate::*;"),
        ("kms", "use crate::attic::Box;"),
        ("attic", "fn f() {}"),
        ("report", "use crate::kms::Key;"),
        ("report", "use crate::{time::Time, engine};"),
        ("kms", "use std::fs;"),
        ("kms", "use std::{fmt, thread::{self, JoinHandle}};"),
        ("kms", "fn f() { std::env::var(\"X\"); }"),
        ("kms", "use std::sync::{Arc, Mutex};"),
        ("kms", "use std::time::Instant;"),
        ("kms", "use std::time::*;"),
        ("kms", "use tokio::spawn;"),
        ("results", "let now = SystemTime::now();"),
        ("kms", "#[cfg(test)] mod tests { } use crate::engine;"),
        ("kms", "let quote = '\"'; use crate::engine; let other = '\"';"),
        ("kms", "fn f<'a>(x: &'a str) { crate::engine::run('a') }"),
        ("kms", "let raw = r#\"a \" b\"#; use crate::engine;"),
    ] {
        assert!(!said(module, source).is_empty(), "not found in {module}: {source}");
    }
}

#[test]
fn modules_of_tests_are_found_wherever_their_files_are() {
    let module = ["client", "fleet"].map(String::from);
    for (source, expected) in [
        ("#[cfg(test)]\nmod tests;", ["client", "fleet", "tests"].as_slice()),
        ("#[cfg(test)]\n#[path = \"fleet_tests.rs\"]\nmod tests;", &["client", "fleet_tests"]),
        ("#[cfg(test)]\n#[path = \"fleet/laws.rs\"]\nmod tests;", &["client", "fleet", "laws"]),
    ] {
        let (_, places) = without_tests(&pieces(source));
        let places = places.into_iter().map(|place| place.seen_from(&module)).collect::<Vec<_>>();
        assert_eq!(places, [expected]);
    }
}

#[test]
fn the_checker_lets_pass_what_is_allowed() {
    for (module, source) in [
        ("kms", "use crate::time::Time; use crate::kms::Key; use std::sync::Arc;"),
        ("kms::config", "use super::Key; use super::super::time::Time;"),
        (
            "kms",
            "// crate::engine, std::fs\n/* Mutex /* nested */ Instant */ /// [`crate::results`]\nfn f() {}",
        ),
        ("kms", "let text = \"use crate::engine; \\\" std::fs\"; let raw = r#\"Mutex \" Instant\"#;"),
        ("kms", "#[cfg(test)] mod tests { use crate::engine; fn f() { std::fs::read(); } }"),
        ("kms", "#[cfg(test)] use std::fs;"),
        ("kms", "impl Clock for Own { type Instant = Moment; fn now(&self) -> Self::Instant {} }"),
        ("engine", "use std::time::Instant; use std::thread; use crate::{kms, results::Run};"),
        ("report", "use crate::results::Run; use std::fs;"),
    ] {
        assert_eq!(said(module, source), Vec::<String>::new(), "in {module}: {source}");
    }
}
