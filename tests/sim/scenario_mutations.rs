//! Every key of every scenario, misspelled, removed, written twice, negated and given another type: the reader never
//! panics, and if the result is invalid, the first problem stands on the line of the change.

use keystorm::clock::Stopwatch;
use keystorm::scenario::tree::{Content, Entry, Node};
use keystorm::scenario::{Checked, Options, Problems, Scenario, templates, tree};
use keystorm::time::Span;

fn read(text: &str) -> Result<Checked, Problems> {
    Scenario::parse(text, &Options { file: "mutant.yaml", env: &|_| None, sets: &[] })
}

/// A file with the characters and the entries of its tree.
struct File {
    name: String,
    chars: Vec<char>,
    root: Node,
}

/// An entry, with what is around it.
struct Site<'f> {
    entry: &'f Entry,
    /// Line of the key the mapping stands under; 1 for the file.
    parent_line: u32,
    /// Last line of the mapping.
    parent_end: u32,
    /// Where the next entry begins, if there is one.
    next: Option<usize>,
    /// Whether the mapping is written with braces.
    is_flow: bool,
    /// Whether the author chose the key's name, so that other places may refer to it.
    is_name: bool,
    /// Whether other places may refer to it, so that its absence is told there.
    is_referred_to: bool,
}

impl File {
    fn all() -> Vec<File> {
        let mut files: Vec<(String, String)> =
            templates::ALL.iter().map(|each| (each.name.to_owned(), each.text.to_owned())).collect();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let text = std::fs::read_to_string(&path).expect("a readable scenario");
                files.push((path.display().to_string(), text));
            }
        }
        files.sort();
        let parsed = files.into_iter().map(|(name, text)| {
            read(&text).unwrap_or_else(|problems| panic!("{name}: {problems}"));
            let root = tree::of(&text).expect("YAML");
            File { name, chars: text.chars().collect(), root }
        });
        parsed.collect()
    }

    fn line(&self, index: usize) -> u32 {
        1 + self.chars[..index].iter().filter(|c| **c == '\n').count() as u32
    }

    fn slice(&self, from: usize, to: usize) -> String {
        self.chars[from..to].iter().collect()
    }

    /// The text with `from..to` replaced.
    fn with(&self, from: usize, to: usize, new: &str) -> String {
        self.slice(0, from) + new + &self.slice(to, self.chars.len())
    }

    fn sites(&self) -> Vec<Site<'_>> {
        let mut sites = Vec::new();
        self.visit(&self.root, 1, "", &mut sites);
        sites
    }

    fn visit<'f>(&'f self, node: &'f Node, line: u32, key: &str, sites: &mut Vec<Site<'f>>) {
        match &node.content {
            Content::Scalar(_) => {}
            Content::List(items) => {
                items.iter().for_each(|item| self.visit(item, item.location.line, "", sites));
            }
            // What an alias repeats stands where its anchor stands, and was visited there.
            Content::Map(entries)
                if entries.first().is_some_and(|first| {
                    sites.iter().any(|site| site.entry.location.start == first.location.start)
                }) => {}
            Content::Map(entries) => {
                for (index, entry) in entries.iter().enumerate() {
                    sites.push(Site {
                        entry,
                        parent_line: line,
                        parent_end: self.line(node.location.end),
                        next: entries.get(index + 1).map(|next| next.location.start),
                        is_flow: self.chars[node.location.start] == '{',
                        is_name: ["workloads", "strategies"].contains(&key),
                        is_referred_to: ["workloads", "strategies", "jobs"].contains(&key),
                    });
                    self.visit(&entry.value, entry.location.line, &entry.key, sites);
                }
            }
        }
    }
}

/// What a mutation is, its text, and the lines its first problem may stand on.
type Mutant = (&'static str, String, std::ops::RangeInclusive<u32>);

fn mutants(file: &File, site: &Site) -> Vec<Mutant> {
    let (key, value) = (site.entry.location, site.entry.value.location);
    let whole = file.line(file.chars.len());
    let here = |line: u32| if site.is_name { 1..=whole } else { line..=line };
    let is_quoted = file.chars[key.start] == '"';
    let mut mutants = Vec::new();

    let end = key.end - usize::from(is_quoted);
    mutants.push(("misspelled", file.with(end, end, "x"), here(key.line)));

    let until = site.next.unwrap_or(value.end);
    let around = if site.is_referred_to { 1..=whole } else { site.parent_line..=site.parent_end };
    mutants.push(("removed", file.with(key.start, until, ""), around));

    let text = file.slice(key.start, value.end);
    let again = if site.is_flow {
        format!(", {text}")
    } else {
        format!("\n{}{text}", " ".repeat(key.column as usize - 1))
    };
    let second = file.line(value.end) + u32::from(!site.is_flow);
    mutants.push(("twice", file.with(value.end, value.end, &again), second..=second));

    match &site.entry.value.content {
        Content::Scalar(_) => {
            mutants.push(("negated", file.with(value.start, value.start, "-"), here(key.line)));
            for other in ["[ 1 ]", "{ a: 1 }", "\"\"", "true"] {
                mutants.push(("of another type", file.with(value.start, value.end, other), here(key.line)));
            }
        }
        _ => {
            for other in ["7", "\"\"", "true"] {
                mutants.push(("of another type", file.with(value.start, value.end, other), here(key.line)));
            }
        }
    }
    mutants
}

#[test]
fn every_key_of_every_scenario_can_be_wrong_and_the_line_is_told() {
    let (mut count, mut invalid) = (0, 0);
    for file in File::all() {
        for site in file.sites() {
            for (what, text, lines) in mutants(&file, &site) {
                let began = Stopwatch::start();
                let result = read(&text);
                assert!(began.elapsed() < Span::from_secs(5), "{}: too slow", file.name);
                count += 1;
                let Err(problems) = result else { continue };
                invalid += 1;
                let first = problems.list.first().expect("a problem");
                assert!(
                    lines.contains(&first.line),
                    "{}: `{}` {what}: line {} is not in {lines:?}\n{problems}\n{text}",
                    file.name,
                    site.entry.key,
                    first.line,
                );
            }
        }
    }
    assert!(count > 1000 && invalid > count / 2, "{invalid} of {count}");
}

#[test]
fn every_key_misspelled_or_written_twice_is_refused() {
    for file in File::all() {
        for site in file.sites() {
            for (what, text, _) in mutants(&file, &site) {
                let is_free = site.is_name && what == "misspelled";
                if ["misspelled", "twice"].contains(&what) && !is_free {
                    assert!(
                        read(&text).is_err(),
                        "{}: `{}` {what} is taken for good",
                        file.name,
                        site.entry.key
                    );
                }
            }
        }
    }
}

#[test]
fn a_file_full_of_mistakes_is_refused_in_time() {
    const SMALL: &str = "workloads:\n  w: { executor: constant-arrival-rate, rate: 10/s, duration: 10s, jobs: { Decrypt: 1 } }\nstrategies:\n  s: {}\n";
    let began = Stopwatch::start();
    let many = |count: usize, each: &dyn Fn(usize) -> String| (0..count).map(each).collect::<String>();
    let patch = many(40_000, &|n| format!("a{n}: 1, "));
    let cases = [
        format!("{SMALL}{}", many(40_000, &|n| format!("k{n}: 1\n"))),
        format!("{SMALL}gate: [{}]\n", many(40_000, &|n| format!("g{n}, "))),
        format!("{SMALL}thresholds: {{{}}}\n", many(40_000, &|n| format!("t{n}: 1, "))),
        format!("{SMALL}{}", many(40_000, &|n| format!("  s{n}: {{}}\n"))),
        SMALL.replace("jobs:", &format!("strategies: {{all: {{{patch}}}}}, jobs:")),
    ];
    for text in cases {
        assert!(text.len() > tree::MAX_BYTES || read(&text).is_err());
    }
    assert!(began.elapsed() < Span::from_secs(60), "{:?}", began.elapsed());
}
