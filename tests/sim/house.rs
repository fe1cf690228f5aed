//! The rooms of the house stand in an order, the lower ones have no clock, no two files need each other, and no file and no
//! function is too long to read: checked on the source itself, as `syn` reads it.
//!
//! The order is the list in `src/lib.rs`. What counts is code: comments, texts and `#[cfg(test)]` items are left out.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Item, Signature, UseTree};

/// The last room that must be a machine: no clock, thread, lock, socket or file at or below it.
const LAST_PURE: &[&str] = &["planner", "results"];
/// What reads clocks, sleeps, spawns, locks, or touches the world outside.
const WORLD: &[&str] = &["fs", "net", "thread", "env", "process", "sync::mpsc"];
/// Names that are as bad wherever they come from. A name by itself is not: it may be somebody's own, and what is
/// not one's own must be imported, which is a path.
const BANNED: &[&str] = &["Mutex", "RwLock", "Condvar", "SystemTime", "Instant", "tokio"];
/// Rooms that a report must not see: it is drawn from results.
const UNSEEN_BY_REPORT: &[&str] = &["engine", "kms", "client"];
/// What panics when nobody reads a stream any more, and a panic changes the exit code.
const PRINTS: &[&str] = &["println", "print", "eprintln", "eprint", "dbg"];

/// The most lines of code in a file.
const FILE: usize = 400;
/// The most lines of code in a function.
const FUNCTION: usize = 60;
/// Files that are one table.
const TABLES: &[&str] = &["machines::api::operations::table"];

/// A path as it is written, `use` trees multiplied out.
type Written = Vec<String>;

/// What one file says.
#[derive(Debug, Default)]
struct Source {
    paths: Vec<Written>,
    /// What `pub use` gives under which name.
    reexports: Vec<(String, Written)>,
    /// Macros that print.
    prints: Vec<String>,
    /// Modules that are compiled for tests only, as names or as files.
    tests: Vec<Result<String, String>>,
    /// Functions with their first and last line.
    functions: Vec<(String, usize, usize)>,
    /// Lines of items for tests only.
    skipped: Vec<(usize, usize)>,
    lines: Vec<String>,
}

impl Source {
    fn read(text: &str) -> Source {
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let mut source =
            Source { lines: text.lines().map(|line| line.trim().into()).collect(), ..Source::default() };
        source.visit_file(&file);
        source
    }

    /// Lines of code from one line to another, both included and counted from 1.
    fn code(&self, from: usize, to: usize) -> usize {
        let is_code = |line: &&String| !line.is_empty() && !line.starts_with("//");
        self.lines[from - 1..to].iter().filter(is_code).count()
    }

    fn code_lines(&self) -> usize {
        let skipped: usize = self.skipped.iter().map(|(from, to)| self.code(*from, *to)).sum();
        self.code(1, self.lines.len()) - skipped
    }

    fn function(&mut self, signature: &Signature, block: &Block) {
        let lines = (signature.span().start().line, block.span().end().line);
        self.functions.push((signature.ident.to_string(), lines.0, lines.1));
    }

    /// Paths among the tokens of a macro, which nobody has parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons) = (Written::new(), 0);
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.paths.extend((path.len() > 1).then_some(path));
                        path = Written::new();
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Punct(punct) => {
                    if punct.as_char() == '!' {
                        self.prints
                            .extend(path.last().filter(|name| PRINTS.contains(&name.as_str())).cloned());
                    }
                    self.paths.extend((path.len() > 1).then_some(path));
                    (path, colons) = (Written::new(), 0);
                }
                TokenTree::Group(group) => {
                    self.paths.extend((path.len() > 1).then_some(path));
                    (path, colons) = (Written::new(), 0);
                    self.tokens(group.stream());
                }
                TokenTree::Literal(_) => {}
            }
        }
        self.paths.extend((path.len() > 1).then_some(path));
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|each| {
        each.path().is_ident("cfg") && each.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

/// The attributes of an item, whatever it is.
fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The paths of a `use` tree below `prefix`, and the name that each is known by.
fn used(tree: &UseTree, mut prefix: Written, all: &mut Vec<(String, Written)>) {
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            used(&path.tree, prefix, all);
        }
        UseTree::Group(group) => group.items.iter().for_each(|item| used(item, prefix.clone(), all)),
        UseTree::Name(name) => {
            prefix.push(name.ident.to_string());
            let known = prefix.iter().rev().find(|name| *name != "self").cloned().unwrap_or_default();
            all.push((known, prefix));
        }
        UseTree::Rename(rename) => {
            prefix.push(rename.ident.to_string());
            all.push((rename.rename.to_string(), prefix));
        }
        UseTree::Glob(_) => {
            prefix.push("*".into());
            all.push(("*".into(), prefix));
        }
    }
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes(item)) {
            return visit::visit_item(self, item);
        }
        // Documentation is an attribute, and belongs to what it documents.
        self.skipped.push((item.span().start().line, item.span().end().line));
        if let Item::Mod(module) = item {
            let file = module.attrs.iter().find_map(|each| match &each.meta {
                syn::Meta::NameValue(pair) if pair.path.is_ident("path") => Some(pair.value.clone()),
                _ => None,
            });
            self.tests.push(match file {
                Some(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(file), .. })) => Err(file.value()),
                _ => Ok(module.ident.to_string()),
            });
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        match item {
            syn::ImplItem::Fn(function) if is_for_tests(&function.attrs) => {
                self.skipped.push((function.span().start().line, function.span().end().line));
            }
            item => visit::visit_impl_item(self, item),
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut all = Vec::new();
        used(&item.tree, Written::new(), &mut all);
        match item.vis {
            syn::Visibility::Inherited => self.paths.extend(all.into_iter().map(|(_, path)| path)),
            _ => self.reexports.extend(all),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let name = called.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        self.prints.extend(PRINTS.contains(&name.as_str()).then_some(name));
        self.tokens(called.tokens.clone());
        visit::visit_macro(self, called);
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }
}

/// Where a module stands: `["server", "admin"]` is `src/server/admin.rs`, `["machines", "quota", "config"]` is
/// `src/machines/quota/config.rs`, of another crate.
type Module = Vec<String>;

/// The folder of the crate whose rooms are machines, and what others call that crate.
const MACHINES: (&str, &str) = ("machines", "keystorm_machines");

/// A module as its own crate knows it.
fn within(module: &[String]) -> &[String] {
    match module.first() {
        Some(folder) if folder == MACHINES.0 => &module[1..],
        _ => module,
    }
}

/// All source files by their modules, those for tests only left out.
struct House(BTreeMap<Module, Source>);

/// The house, read once for all tests.
fn house() -> &'static House {
    static HOUSE: LazyLock<House> = LazyLock::new(House::read);
    &HOUSE
}

impl House {
    fn read() -> House {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        source_files(&root, &mut files);
        let read =
            |file: &PathBuf| (module_of(file, &root), Source::read(&fs::read_to_string(file).unwrap()));
        let mut all: BTreeMap<Module, Source> = files.iter().map(read).collect();
        let tests: Vec<Module> = all
            .iter()
            .flat_map(|(module, source)| source.tests.iter().map(|test| test_module(module, test)))
            .collect();
        all.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        House(all)
    }

    /// The file in which what a path names is said; `None` if it is not of this crate.
    fn home(&self, from: &[String], path: &[String]) -> Option<Module> {
        let supers = path.iter().take_while(|name| *name == "super").count();
        let mut at: Module = match path.first()?.as_str() {
            "crate" => from[..from.len() - within(from).len()].to_vec(),
            name if name == MACHINES.1 => vec![MACHINES.0.into()],
            "super" => from.get(..from.len().checked_sub(supers)?)?.to_vec(),
            "self" => from.to_vec(),
            // A module of one's own.
            _ if self.0.contains_key(&[from, std::slice::from_ref(&path[0])].concat()) => from.to_vec(),
            _ => return None,
        };
        let rest = match path[0].as_str() {
            "crate" | "self" => &path[1..],
            name if name == MACHINES.1 => &path[1..],
            "super" => &path[supers..],
            _ => path,
        };
        // `crate::quota` is a room of the other crate, passed on whole.
        if path[0] == "crate"
            && rest.first().is_some_and(|room| !self.0.contains_key(std::slice::from_ref(room)))
        {
            at = vec![MACHINES.0.into()];
        }
        for (index, name) in rest.iter().enumerate() {
            let below = [&at[..], std::slice::from_ref(name)].concat();
            if self.0.contains_key(&below) {
                at = below;
                continue;
            }
            let reexported = self.0.get(&at)?.reexports.iter().find(|(known, _)| known == name);
            if let Some((_, path)) = reexported
                && let Some(home) = self.home(&at, path).filter(|home| *home != at || index + 1 < rest.len())
            {
                return Some(home);
            }
            break;
        }
        self.0.contains_key(&at).then_some(at)
    }

    /// The files that each file needs: those in which something is said that it uses. Passing on is not using, and a
    /// module needs what lies inside it, which may use what the module says.
    fn needs(&self) -> BTreeMap<&Module, BTreeSet<&Module>> {
        let need = |(module, source): (&'_ Module, &'_ Source)| -> BTreeSet<Module> {
            let homes = source.paths.iter().filter_map(|path| self.home(module, path));
            homes.filter(|home| !module.starts_with(home)).collect()
        };
        let key = |home: Module| self.0.get_key_value(&home).map(|(module, _)| module);
        self.0.iter().map(|pair| (pair.0, need(pair).into_iter().filter_map(key).collect())).collect()
    }
}

/// The circles among files: each a group of which every member needs every other, if by way of others.
fn circles<'a>(needs: &BTreeMap<&'a Module, BTreeSet<&'a Module>>) -> BTreeSet<Vec<&'a Module>> {
    let reach = |from: &'a Module| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(next) = open.pop() {
            open.extend(needs[next].iter().filter(|other| seen.insert(**other)));
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        needs.keys().map(|module| (*module, reach(module))).collect();
    let circle = |module: &&'a Module| -> Vec<&'a Module> {
        reached[*module].iter().filter(|other| reached[**other].contains(*module)).copied().collect()
    };
    needs.keys().map(circle).filter(|members| members.len() > 1).collect()
}

fn source_files(folder: &Path, found: &mut Vec<PathBuf>) {
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
fn module_of(file: &Path, root: &Path) -> Module {
    let path = file.strip_prefix(root).unwrap().with_extension("");
    let mut names = path.iter().map(|name| name.to_string_lossy().into_owned()).collect::<Vec<_>>();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    names
}

/// Where a module for tests stands that `module` declares, by its name or with the path of its file.
fn test_module(module: &[String], test: &Result<String, String>) -> Module {
    let (from, name) = match test {
        Ok(name) => (module, name.clone()),
        Err(file) => {
            (&module[..module.len().saturating_sub(1)], file.trim_end_matches(".rs").replace("/mod", ""))
        }
    };
    from.iter().cloned().chain(name.split('/').map(Into::into)).collect()
}

/// The rooms that a file refers to.
fn rooms_used(source: &Source, module: &[String]) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for path in source.paths.iter().chain(source.reexports.iter().map(|(_, path)| path)) {
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
fn complaints(source: &Source, module: &[String], order: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let module = within(module);
    let room = &module[0];
    let place = |name: &str| order.iter().position(|each| each == name);
    let Some(own) = place(room) else {
        return vec![format!("room `{room}` is missing from the list in src/lib.rs")];
    };
    for used in rooms_used(source, module).iter().filter(|used| *used != room) {
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
    let all = source.paths.iter().chain(source.reexports.iter().map(|(_, path)| path));
    for path in all.filter(|_| own <= last_pure) {
        let text = path.join("::");
        let world = WORLD.iter().any(|part| {
            let whole = format!("std::{part}");
            text == whole || text.starts_with(&format!("{whole}::"))
        });
        let named = path.len() > 1 && path[0] != "Self";
        let banned = named && path.iter().any(|name| BANNED.contains(&name.as_str()));
        if world || banned || text == "std::time::*" || text == "std::sync::*" {
            found.push(format!("`{room}` is a machine and may not use `{text}`"));
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

/// The root of this crate, or of the one whose rooms are machines.
fn lib(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file)).unwrap()
}

#[test]
fn each_room_imports_only_rooms_below_it_and_machines_have_no_clock() {
    let order = order(&lib("lib.rs"));
    assert!(order.len() >= 16 && order[0] == "time", "the list in src/lib.rs was not found: {order:?}");
    let mut wrong = Vec::new();
    for (module, source) in
        house().0.iter().filter(|(module, _)| !matches!(within(module)[0].as_str(), "lib" | "main"))
    {
        let found = complaints(source, module, &order);
        wrong.extend(found.into_iter().map(|complaint| format!("{}: {complaint}", module.join("::"))));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn no_two_files_need_each_other() {
    let house = house();
    let named =
        |circle: &Vec<&Module>| circle.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(", ");
    let found: Vec<String> = circles(&house.needs()).iter().map(named).collect();
    assert!(found.is_empty(), "files that need each other:\n{}\n", found.join("\n"));
}

#[test]
fn files_and_functions_are_short_enough_to_read() {
    let mut wrong = Vec::new();
    for (module, source) in &house().0 {
        let name = module.join("::");
        let lines = source.code_lines();
        if lines > FILE && !TABLES.contains(&name.as_str()) {
            wrong.push(format!("{name} has {lines} lines of code"));
        }
        for (function, from, to) in &source.functions {
            let lines = source.code(*from, *to);
            if lines > FUNCTION {
                wrong.push(format!("{name}::{function} has {lines} lines of code"));
            }
        }
    }
    assert!(wrong.is_empty(), "more than {FILE} or {FUNCTION} lines:\n{}\n", wrong.join("\n"));
}

#[test]
fn nothing_prints_by_a_macro_that_panics_when_nobody_listens() {
    for (module, source) in &house().0 {
        assert_eq!(
            source.prints,
            Vec::<String>::new(),
            "{}: use crate::notice or cli::output",
            module.join("::")
        );
    }
    let said = Source::read("fn f() { std::println!(\"x\"); g!(eprint!(\"y\")) } // print!(1)").prints;
    assert_eq!(said, ["println", "eprint"], "the checker finds them");
    let allowed = Source::read("#[cfg(test)] mod tests { fn f() { println!() } } fn print() {}");
    assert!(allowed.prints.is_empty());
}

#[test]
fn every_module_of_the_crate_is_in_the_list() {
    let libs = [lib("lib.rs"), lib("machines/lib.rs")];
    let lines = libs.iter().flat_map(|lib| lib.lines());
    let declared = lines.filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let declared = declared.map(Into::into).collect::<BTreeSet<String>>();
    assert_eq!(declared, order(&libs[0]).into_iter().collect());
}

/// What the checker says about a file of `module`, in a house of five rooms.
fn said(module: &str, source: &str) -> Vec<String> {
    let order = ["time", "kms", "results", "engine", "report"].map(String::from);
    let module = module.split("::").map(String::from).collect::<Vec<_>>();
    complaints(&Source::read(source), &module, &order)
}

#[test]
fn the_checker_finds_what_it_is_there_to_find() {
    for (module, source) in [
        ("time", "use crate::kms::Key;"),
        ("kms::config", "use crate::{time::Time, results::{Run, Trial}};"),
        ("kms::config", "fn f() { let x = crate::engine::run(); }"),
        ("kms::config", "fn f() { g!(1, crate::engine::run()); }"),
        ("kms::config", "fn f(x: Vec<crate::engine::Run>) {}"),
        ("kms::config", "pub use super::super::results::Run;"),
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
        ("results", "fn f() { let now = SystemTime::now(); }"),
        ("kms", "#[cfg(test)] mod tests { } use crate::engine;"),
        ("kms", "fn f() { let raw = r#\"a \" b\"#; crate::engine::run(raw) }"),
    ] {
        assert!(!said(module, source).is_empty(), "not found in {module}: {source}");
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
        (
            "kms",
            "const A: &str = \"use crate::engine; \\\" std::fs\"; const B: &str = r#\"Mutex \" Instant\"#;",
        ),
        ("kms", "#[cfg(test)] mod tests { use crate::engine; fn f() { std::fs::read(); } }"),
        ("kms", "#[cfg(test)] use std::fs;"),
        ("kms", "impl Clock for Own { type Instant = Moment; fn now(&self) -> Self::Instant {} }"),
        ("engine", "use std::time::Instant; use std::thread; use crate::{kms, results::Run};"),
        ("report", "use crate::results::Run; use std::fs;"),
    ] {
        assert_eq!(said(module, source), Vec::<String>::new(), "in {module}: {source}");
    }
}

/// A house of these files.
fn built(files: &[(&str, &str)]) -> House {
    let module = |name: &str| name.split("::").map(String::from).collect::<Module>();
    House(files.iter().map(|(name, text)| (module(name), Source::read(text))).collect())
}

#[test]
fn circles_are_found_through_others_and_through_what_is_passed_on() {
    let house = built(&[
        (
            "a",
            "mod one; mod two; mod three; pub use one::One; pub use two::Two; struct Of; fn f(one: One) {}",
        ),
        ("a::one", "use super::{Two, Of}; struct One(Two);"),
        ("a::two", "struct Two; fn f() { super::three::g() }"),
        ("a::three", "fn g(one: crate::a::One) {}"),
        ("a::four", "use super::one::One;"),
    ]);
    let found = circles(&house.needs());
    let names = |circle: &Vec<&Module>| circle.iter().map(|module| module.join("::")).collect::<Vec<_>>();
    assert_eq!(found.iter().map(names).collect::<Vec<_>>(), [["a::one", "a::three", "a::two"]]);
    let straight =
        built(&[("a", "pub use one::One;"), ("a::one", "struct One;"), ("b", "use crate::a::One;")]);
    assert!(circles(&straight.needs()).is_empty());
}

#[test]
fn only_code_outside_tests_is_counted() {
    let source = Source::read(
        "/// Says.\nfn f() {\n    // why\n\n    1;\n}\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\n",
    );
    assert_eq!(source.code_lines(), 3);
    assert_eq!(source.functions, [("f".to_owned(), 2, 6)]);
    assert_eq!(source.code(2, 6), 3);
}

#[test]
fn modules_of_tests_are_found_wherever_their_files_are() {
    let module = ["client", "fleet"].map(String::from);
    for (source, expected) in [
        ("#[cfg(test)]\nmod tests;", ["client", "fleet", "tests"].as_slice()),
        ("#[cfg(test)]\n#[path = \"fleet_tests.rs\"]\nmod tests;", &["client", "fleet_tests"]),
        ("#[cfg(test)]\n#[path = \"fleet/laws.rs\"]\nmod tests;", &["client", "fleet", "laws"]),
    ] {
        let places: Vec<Module> =
            Source::read(source).tests.iter().map(|test| test_module(&module, test)).collect();
        assert_eq!(places, [expected]);
    }
}
