//! `docs/VALIDATION.md` does not rot: every command in its table names what is there, and every figure has its date.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The cells of every row of the page's first table, the one of all checks.
fn rows() -> Vec<Vec<String>> {
    let page = text("docs/VALIDATION.md");
    let table = page.lines().skip_while(|line| !line.starts_with("| compared |"));
    let rows = table.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_string()).collect()).collect()
}

fn source_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match entry.extension() {
            _ if entry.is_dir() => source_files(&entry, found),
            Some(ending) if ending == "rs" => found.push(entry),
            _ => {}
        }
    }
}

/// A path of modules without what only says that there are tests: `client::fleet::tests::x` is `client::fleet::x`.
fn plain(path: &str) -> String {
    let names = path.split("::").filter(|name| !["tests", "mod", "main"].contains(name));
    names.map(|name| name.trim_end_matches("_tests")).collect::<Vec<_>>().join("::")
}

/// The paths of all tests in the files of a folder.
fn tests(folder: &str) -> BTreeSet<String> {
    let folder = root().join(folder);
    let mut files = Vec::new();
    source_files(&folder, &mut files);
    let mut found = BTreeSet::new();
    for file in files {
        let module = file.strip_prefix(&folder).unwrap().with_extension("");
        let module: Vec<_> = module.iter().map(|name| name.to_string_lossy()).collect();
        let source = fs::read_to_string(&file).unwrap();
        for after in source.split("#[test]").skip(1) {
            let name = after.split_once("fn ").and_then(|(_, rest)| rest.split('(').next()).expect("a test");
            found.insert(plain(&format!("{}::{name}", module.join("::"))));
        }
    }
    found
}

/// What is wrong with a command, if anything.
fn wrong(command: &str) -> Option<String> {
    // `KEYSTORM_TIMES=10` before a command says how often; the rest is the command.
    let is_setting = |word: &&str| word.starts_with("KEYSTORM_TIMES=");
    let words: Vec<&str> = command.split_whitespace().skip_while(is_setting).collect();
    let found = |folder: &str, filter: &str| {
        let is_there = tests(folder).iter().any(|path| path.contains(&plain(filter)));
        (!is_there).then(|| format!("no test of {folder}/ is called `{filter}`"))
    };
    match words.as_slice() {
        ["cargo", "test", "--locked", "--lib", filter, ..] => found("src", filter),
        ["cargo", "test", "--locked", "--test", binary, filter, ..] => {
            found(&format!("tests/{binary}"), filter)
        }
        ["cargo", "test", "--locked", "--features", feature, "--test", binary, filter, ..] => {
            let is_there = text("Cargo.toml").contains(&format!("\n{feature} = ["));
            let missing = (!is_there).then(|| format!("no feature {feature}"));
            missing.or_else(|| found(&format!("tests/{binary}"), filter))
        }
        ["cargo", "bench", "--bench", name, ..] => {
            let is_there = text("Cargo.toml").contains(&format!("[[bench]]\nname = \"{name}\"\n"));
            (!is_there).then(|| format!("no bench {name}"))
        }
        [".ci/full", part, ..] => {
            (!text(".ci/full").contains(&format!("\n{part}() {{"))).then(|| format!("no part {part}"))
        }
        [program] => (!root().join(program).exists()).then(|| format!("{program} is not there")),
        _ => Some("this test does not know such a command".into()),
    }
}

#[test]
fn every_command_of_the_table_names_what_is_there() {
    let rows = rows();
    assert!(rows.len() > 30, "the table was not found");
    for row in rows {
        assert_eq!(row.len(), 6, "{row:?}");
        let command = row[4].strip_prefix('`').and_then(|cell| cell.strip_suffix('`'));
        let command = command.unwrap_or_else(|| panic!("{}: its command is not one in backquotes", row[0]));
        assert_eq!(wrong(command), None, "{}: `{command}`", row[0]);
    }
}

#[test]
fn every_figure_has_its_date_and_what_was_not_run_says_so() {
    for row in rows() {
        let (value, date) = (&row[3], &row[5]);
        let is_dated = date.len() == 10 && date.starts_with("20") && date.matches('-').count() == 2;
        assert_eq!(value == "not run yet", date == "–", "{row:?}");
        assert!(is_dated || date == "–", "{row:?}");
    }
}

#[test]
fn a_command_that_names_nothing_is_noticed() {
    for (command, is_right) in [
        ("cargo test --locked --test sim validation::a_command_that_names_nothing", true),
        ("cargo test --locked --lib clock::tests", true),
        ("KEYSTORM_TIMES=10 cargo test --locked --lib clock::tests", true),
        ("cargo test --locked --lib clock::nothing", false),
        ("cargo test --locked --test sim clockwork::nothing", false),
        ("cargo test --locked --features s3 --test clients s3::", true),
        ("cargo test --locked --features nothing --test clients s3::", false),
        ("cargo test --locked --features s3 --test clients nothing::", false),
        ("cargo bench --bench simulator", true),
        ("cargo bench --bench nothing", false),
        (".ci/full fuzz", true),
        (".ci/full nothing", false),
        (".ci/run", true),
        (".ci/nothing", false),
    ] {
        assert_eq!(wrong(command).is_none(), is_right, "{command}: {:?}", wrong(command));
    }
}
