//! The words of an enum stand in one place: found on the source itself.
//!
//! `words!` and `choice!` declare a list of words. Texts that stand together in one pair of braces or brackets elsewhere, and
//! are most of such a list, are that list a second time. AWS's own names (`named!`) are compared with the model instead.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The macros that declare words.
const DECLARES: [&str; 2] = ["words", "choice"];

/// Lists that may stand twice, by file and type, and why.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("machines/format.rs", "Metric", "prints figures of saved runs, and stands above the language"),
    ("report/describe.rs", "RetryKind", "reads saved runs, and must not see the client"),
];

/// A declared list: the type's name and its words.
type Declared = (String, BTreeSet<String>);

/// What one file says.
#[derive(Default)]
struct Source {
    lists: Vec<Declared>,
    /// The texts that stand together: directly in one pair of braces or brackets, parentheses aside.
    groups: Vec<BTreeSet<String>>,
}

/// The text of a literal, if it is one.
fn text(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Literal(literal) => {
            syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|text| text.value())
        }
        _ => None,
    }
}

fn is_punct(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn is_name(token: &TokenTree, names: &[&str]) -> bool {
    matches!(token, TokenTree::Ident(name) if names.contains(&name.to_string().as_str()))
}

impl Source {
    fn read(text: &str) -> Source {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
        let (mut source, mut outermost) = (Source::default(), BTreeSet::new());
        source.tokens(tokens, &mut outermost);
        source.groups.push(outermost);
        source
    }

    /// Looks at what stands together with the texts in `here`.
    fn tokens(&mut self, tokens: TokenStream, here: &mut BTreeSet<String>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut i = 0;
        while i < tokens.len() {
            match &tokens[i..] {
                // Items for tests are left out: they end with a brace or a semicolon.
                [hash, TokenTree::Group(cfg), ..]
                    if is_punct(hash, '#') && cfg.stream().to_string().replace(' ', "") == "cfg(test)" =>
                {
                    let ends = |token: &TokenTree| {
                        is_punct(token, ';')
                            || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
                    };
                    i += 2 + tokens[i + 2..].iter().position(ends).unwrap_or(tokens.len());
                }
                [name, sign, TokenTree::Group(body), ..]
                    if is_name(name, &DECLARES) && is_punct(sign, '!') =>
                {
                    self.declaration(body.stream());
                    i += 2;
                }
                [TokenTree::Group(group), ..] if group.delimiter() == Delimiter::Parenthesis => {
                    self.tokens(group.stream(), here);
                }
                [TokenTree::Group(group), ..] => {
                    let mut inner = BTreeSet::new();
                    self.tokens(group.stream(), &mut inner);
                    self.groups.push(inner);
                }
                [token, ..] => here.extend(text(token)),
                [] => {}
            }
            i += 1;
        }
    }

    /// `Name { Variant = "word", … }`, whatever stands before and behind.
    fn declaration(&mut self, body: TokenStream) {
        let tokens: Vec<TokenTree> = body.into_iter().collect();
        let is_body = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        let Some(at) = tokens.iter().position(is_body) else { return };
        let (Some(TokenTree::Ident(name)), TokenTree::Group(variants)) = (tokens[..at].last(), &tokens[at])
        else {
            return;
        };
        let variants: Vec<TokenTree> = variants.stream().into_iter().collect();
        let words =
            variants.windows(3).filter(|three| is_punct(&three[1], '=')).filter_map(|three| text(&three[2]));
        self.lists.push((name.to_string(), words.collect()));
    }
}

/// Whether `group` is `words` once more: all of them and nothing else, or most of a longer list.
fn repeats(group: &BTreeSet<String>, words: &BTreeSet<String>) -> bool {
    let common = group.intersection(words).count();
    let is_most = words.len() > 3 && common * 5 >= words.len() * 3;
    words.len() > 1 && (is_most || group == words)
}

/// What stands twice in `files`, by file and type.
fn repeated(files: &BTreeMap<String, Source>) -> BTreeSet<(String, String)> {
    let lists: Vec<&Declared> = files.values().flat_map(|source| &source.lists).collect();
    let mut twice = BTreeSet::new();
    for (file, source) in files {
        for group in &source.groups {
            let found = lists.iter().filter(|(_, words)| repeats(group, words));
            twice.extend(found.map(|(name, _)| (file.clone(), name.clone())));
        }
    }
    twice
}

/// The files of a folder and of those below it.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn no_list_of_words_stands_twice() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files(&root, &mut paths);
    let is_code = |path: &&PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".rs") && !name.ends_with("tests.rs")
    };
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        (name, Source::read(&fs::read_to_string(path).unwrap()))
    };
    let sources: BTreeMap<String, Source> = paths.iter().filter(is_code).map(read).collect();
    let count: usize = sources.values().map(|source| source.lists.len()).sum();
    assert!(count >= 15, "only {count} lists of words were found");
    let allowed: BTreeSet<(String, String)> =
        ALLOWED.iter().map(|(file, name, _)| ((*file).into(), (*name).into())).collect();
    assert_eq!(repeated(&sources), allowed, "left: what stands twice; right: what may");
}

#[test]
fn a_list_that_stands_twice_is_found() {
    let twice = |first: &str, second: &str| {
        let files = [("a.rs", first), ("b.rs", second)];
        let files = files.map(|(name, text)| (name.to_owned(), Source::read(text)));
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
