//! YAML text as a tree whose every key and value knows its line and column. No meaning lives here.
//!
//! Aliases are expanded within a budget, so that no small file becomes a large tree.

pub use super::location::Location;
use super::problem::Problem;
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::collections::BTreeMap;

/// The largest scenario file, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// What a text is: how large it may be, and what is said of it.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    /// The most bytes.
    max_bytes: usize,
    /// The most nodes of its tree, those that aliases add included.
    max_nodes: usize,
    /// What should stand in it; a text without anything is a mapping without keys where this is nothing.
    wanted: Option<&'static str>,
    /// What it is, for messages.
    called: &'static str,
}

impl Document {
    /// A scenario, or a part of one.
    pub const SCENARIO: Document = Document {
        max_bytes: MAX_BYTES,
        max_nodes: 100_000,
        wanted: Some("a scenario; `keystorm new` prints one to start from"),
        called: "a scenario",
    };
    /// A file of keys or principals, which programs may write; it may have nothing in it.
    pub const INVENTORY: Document =
        Document { max_bytes: 16 << 20, max_nodes: 1_000_000, wanted: None, called: "this file" };

    /// The most bytes of text in its tree, those that aliases add included.
    const fn max_text(&self) -> usize {
        4 * self.max_bytes
    }
}

/// How deep mappings and lists may be nested.
const MAX_DEPTH: usize = 64;

/// A value.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands.
    pub location: Location,
    /// Where people look for it: its own place, or its key's if that is on another line.
    pub shown: Location,
    /// What it is.
    pub content: Content,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Content {
    /// Text that may be read as a number, a boolean or nothing.
    Scalar(Scalar),
    /// Values in order.
    List(Vec<Node>),
    /// Keys and values in order; a key may stand twice.
    Map(Vec<Entry>),
}

/// A scalar as written, without its quotes.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The text.
    pub text: String,
    /// Whether it stands without quotes, so that it may be a number, a boolean or nothing.
    pub plain: bool,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub location: Location,
    /// The value.
    pub value: Node,
}

impl Scalar {
    /// The value by the rules of YAML 1.2: `yes` is text, quoted scalars are text.
    pub fn typed(&self) -> serde_yaml::Value {
        use serde_yaml::Value;
        let starts = |c: char| c.is_ascii_digit() || "+-.~tTfFnN".contains(c);
        let candidate = self.text.is_empty() || (self.text.len() <= 64 && self.text.starts_with(starts));
        let typed = match self.plain && candidate {
            true => serde_yaml::from_str(&self.text).ok(),
            false => None,
        };
        match typed {
            Some(scalar @ (Value::Null | Value::Bool(_) | Value::Number(_))) => scalar,
            _ => Value::String(self.text.clone()),
        }
    }
}

impl Node {
    /// A mapping without keys.
    pub fn empty_map(location: Location) -> Node {
        Node { location, shown: location, content: Content::Map(Vec::new()) }
    }

    /// Whether it is nothing: `key:`, `key: null` or `key: ~`.
    pub fn is_nothing(&self) -> bool {
        matches!(&self.content, Content::Scalar(scalar) if scalar.typed().is_null())
    }

    /// The value of `key`, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.content {
            Content::Map(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value),
            _ => None,
        }
    }
    /// How many nodes, bytes of text and levels it has.
    fn size(&self) -> (usize, usize, usize) {
        let add = |sum: (usize, usize, usize), (node, text): (&Node, usize)| {
            let (nodes, bytes, depth) = node.size();
            (sum.0 + nodes, sum.1 + bytes + text, sum.2.max(depth + 1))
        };
        match &self.content {
            Content::Scalar(scalar) => (1, scalar.text.len(), 1),
            Content::List(items) => items.iter().map(|item| (item, 0)).fold((1, 0, 1), add),
            Content::Map(entries) => {
                entries.iter().map(|entry| (&entry.value, entry.key.len())).fold((1, 0, 1), add)
            }
        }
    }
}

/// The tree of a scenario's text, before anything is laid over it.
///
/// # Errors
/// The first thing that keeps it from being one YAML document within the limits.
pub fn of(text: &str) -> Result<Node, Box<Problem>> {
    parse(text, 0)
}

/// Reads one YAML document; `set` is the number of the `--set` it is the value of, 0 for a file.
///
/// # Errors
/// The first thing that keeps it from being one document within the limits.
pub fn parse(text: &str, set: u32) -> Result<Node, Box<Problem>> {
    document(text, set, Document::SCENARIO)
}

/// The same for any document.
///
/// # Errors
/// As [`parse`].
pub fn document(text: &str, set: u32, document: Document) -> Result<Node, Box<Problem>> {
    let start =
        Location { line: u32::from(set == 0), column: u32::from(set == 0), set, ..Location::default() };
    if text.len() > document.max_bytes {
        return Err(Box::new(
            Problem::new(start, "", "the file is too large")
                .read(format!("{} bytes", text.len()))
                .allowed(format!("at most {} bytes", document.max_bytes)),
        ));
    }
    let mut builder = Builder {
        events: Parser::new_from_str(text),
        document,
        set,
        nodes: 0,
        text: 0,
        anchors: BTreeMap::new(),
        here: start,
    };
    let mut root = None;
    loop {
        let (event, location) = builder.next()?;
        match event {
            Event::StreamEnd => break,
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            _ if root.is_some() => {
                return Err(Box::new(
                    Problem::new(location, "", "a second document begins here")
                        .allowed("one document in a file"),
                ));
            }
            event => root = Some(builder.node(event, location, 1)?),
        }
    }
    let is_nothing = |node: &Node| match (&node.content, document.wanted) {
        (_, None) => node.is_nothing(),
        (Content::Scalar(scalar), Some(_)) => scalar.plain && scalar.text.is_empty(),
        _ => false,
    };
    match (root.filter(|node| set > 0 || !is_nothing(node)), document.wanted) {
        (Some(root), _) => Ok(root),
        (None, None) => Ok(Node::empty_map(start)),
        (None, Some(wanted)) => Err(Box::new(Problem::new(start, "", "the file is empty").allowed(wanted))),
    }
}

/// Turns events into nodes and keeps the budget.
struct Builder<'t> {
    document: Document,
    events: Parser<'t, saphyr_parser::StrInput<'t>>,
    set: u32,
    nodes: usize,
    text: usize,
    anchors: BTreeMap<usize, Node>,
    here: Location,
}

impl<'t> Builder<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Location), Box<Problem>> {
        let in_file =
            |number: usize| if self.set > 0 { 0 } else { u32::try_from(number).unwrap_or(u32::MAX) };
        match self.events.next_event() {
            None => Ok((Event::StreamEnd, self.here)),
            Some(Ok((event, span))) => {
                self.here = Location {
                    line: in_file(span.start.line()),
                    column: in_file(span.start.col() + 1),
                    start: span.start.index(),
                    end: span.end.index(),
                    set: self.set,
                };
                Ok((event, self.here))
            }
            Some(Err(error)) => {
                let mark = error.marker();
                let (line, column) = (in_file(mark.line()), in_file(mark.col() + 1));
                let location = Location { line, column, ..self.here };
                Err(Box::new(Problem::new(location, "", format!("this is not YAML: {}", error.info()))))
            }
        }
    }

    /// Counts what is about to be added.
    fn spend(&mut self, location: Location, nodes: usize, text: usize) -> Result<(), Box<Problem>> {
        (self.nodes, self.text) = (self.nodes + nodes, self.text + text);
        let (max_nodes, max_text) = (self.document.max_nodes, self.document.max_text());
        if self.nodes > max_nodes || self.text > max_text {
            return Err(Box::new(
                Problem::new(location, "", "the file is too large once its aliases are expanded")
                    .allowed(format!("at most {max_nodes} values and {max_text} bytes of text")),
            ));
        }
        Ok(())
    }

    fn deep(location: Location) -> Box<Problem> {
        Box::new(
            Problem::new(location, "", "this is nested too deep")
                .allowed(format!("at most {MAX_DEPTH} levels")),
        )
    }

    fn node(&mut self, event: Event<'t>, location: Location, depth: usize) -> Result<Node, Box<Problem>> {
        if depth > MAX_DEPTH {
            return Err(Self::deep(location));
        }
        let (content, anchor, end) = match event {
            Event::Alias(id) => return self.alias(id, location, depth),
            Event::Scalar(text, style, anchor, tag) => {
                self.plain_tag(tag.is_some(), location)?;
                self.spend(location, 1, text.len())?;
                let plain = style == ScalarStyle::Plain;
                (Content::Scalar(Scalar { text: text.into_owned(), plain }), anchor, location.end)
            }
            Event::SequenceStart(anchor, tag) => {
                self.plain_tag(tag.is_some(), location)?;
                self.spend(location, 1, 0)?;
                let (items, end) = self.list(location, depth)?;
                (Content::List(items), anchor, end)
            }
            Event::MappingStart(anchor, tag) => {
                self.plain_tag(tag.is_some(), location)?;
                self.spend(location, 1, 0)?;
                let (entries, end) = self.map(location, depth)?;
                (Content::Map(entries), anchor, end)
            }
            _ => return Err(Box::new(Problem::new(location, "", "this is not YAML: a value is missing"))),
        };
        let location = Location { end, ..location };
        let node = Node { location, shown: location, content };
        if anchor > 0 {
            let (nodes, text, _) = node.size();
            self.spend(location, nodes, text)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn plain_tag(&self, is_tagged: bool, location: Location) -> Result<(), Box<Problem>> {
        match is_tagged {
            true => {
                let message = format!("{} has no YAML tags such as `!!str`", self.document.called);
                Err(Box::new(Problem::new(location, "", message)))
            }
            false => Ok(()),
        }
    }

    fn alias(&mut self, id: usize, location: Location, depth: usize) -> Result<Node, Box<Problem>> {
        let Some(node) = self.anchors.get(&id) else {
            return Err(Box::new(Problem::new(
                location,
                "",
                "this alias refers to a value that contains it",
            )));
        };
        let (nodes, text, levels) = node.size();
        if depth + levels - 1 > MAX_DEPTH {
            return Err(Self::deep(location));
        }
        let mut node = node.clone();
        self.spend(location, nodes, text)?;
        (node.location, node.shown) = (location, location);
        Ok(node)
    }

    /// The items of a list and where it ends. A block's end is its last item's, a flow's its bracket.
    fn list(&mut self, begin: Location, depth: usize) -> Result<(Vec<Node>, usize), Box<Problem>> {
        let (mut items, mut end) = (Vec::new(), begin.end);
        loop {
            let (event, location) = self.next()?;
            if event == Event::SequenceEnd {
                let closed = location.end > location.start;
                return Ok((items, if closed { location.end } else { end }));
            }
            let item = self.node(event, location, depth + 1)?;
            end = item.location.end;
            items.push(item);
        }
    }

    fn map(&mut self, begin: Location, depth: usize) -> Result<(Vec<Entry>, usize), Box<Problem>> {
        let (mut entries, mut end) = (Vec::new(), begin.end);
        loop {
            let (event, location) = self.next()?;
            let key = match event {
                Event::MappingEnd => {
                    let closed = location.end > location.start;
                    return Ok((entries, if closed { location.end } else { end }));
                }
                Event::Scalar(text, _, _, None) => text.into_owned(),
                _ => {
                    return Err(Box::new(Problem::new(location, "", "a key is text here, and nothing else")));
                }
            };
            self.spend(location, 1, key.len())?;
            let (event, at) = self.next()?;
            let mut value = self.node(event, at, depth + 1)?;
            if value.location.line != location.line {
                value.shown = location;
            }
            end = value.location.end;
            entries.push(Entry { key, location, value });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_know_their_lines_and_columns() {
        let root = parse("a: 1\nb:\n  - {x: two, y: [3]}\n", 0).expect("YAML");
        let Content::Map(entries) = &root.content else { panic!("a mapping") };
        assert_eq!((entries[1].location.line, entries[1].location.column), (2, 1));
        assert_eq!((entries[1].value.location.line, entries[1].value.shown.line), (3, 2));
        let Content::List(items) = &entries[1].value.content else { panic!("a list") };
        let x = items[0].get("x").expect("x");
        assert_eq!((x.location.line, x.location.column), (3, 9));
    }

    #[test]
    fn plain_scalars_follow_yaml_1_2_and_quoted_ones_are_text() {
        use serde_yaml::Value;
        let typed = |text: &str, plain| Scalar { text: text.into(), plain }.typed();
        assert_eq!(typed("yes", true), Value::String("yes".into()));
        assert_eq!(typed("true", true), Value::Bool(true));
        assert_eq!(typed("5", true), Value::Number(5.into()));
        assert_eq!(typed("5", false), Value::String("5".into()));
        assert_eq!(typed("", true), Value::Null);
        assert_eq!(typed("500/s", true), Value::String("500/s".into()));
    }

    #[test]
    fn what_is_not_one_document_within_the_limits_is_refused_with_its_line() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let items = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        let (deep, abyss) = ("[".repeat(100), "[".repeat(100_000));
        let cases: [(&str, u32, &str); 10] = [
            ("", 1, "empty"),
            ("# only a comment\n", 1, "empty"),
            ("a: 1\n---\nb: 2\n", 3, "second document"),
            (&bomb, 5, "too large"),
            (&deep, 1, "nested too deep"),
            (&abyss, 1, "recursion limit"),
            ("a: &x [*x]\n", 1, "contains it"),
            ("a: [1\nb: 2\n", 2, "not YAML"),
            ("a: !!str 5\n", 1, "tags"),
            ("? [a]\n: 1\n", 1, "a key is text"),
        ];
        for (text, line, fragment) in cases {
            let problem = parse(text, 0).expect_err(fragment);
            assert!(problem.message.contains(fragment), "{}", problem.message);
            assert_eq!(problem.line, line, "{fragment}");
        }
    }
}
