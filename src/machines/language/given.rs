//! Files that are read and never written, which hold what nobody may see and documents of other languages.

use super::item::Item;
use super::location::Location;
use super::problem::{Problem, clip};
use super::read::Reader;
use super::table::Shape;
use super::tree::{Content, Node};
use super::walk::Form;
use serde_yaml::Value;

/// A value of a file that is read and never written.
#[derive(Clone, Copy)]
pub struct Given<T> {
    /// What may stand there.
    pub shape: Shape,
    /// Reads it.
    pub read: fn(&mut Reader, &Item) -> Option<T>,
}

impl<T> Form for Given<T> {
    type Value = T;
    fn shape(&self) -> Shape {
        self.shape
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<T> {
        (self.read)(r, item)
    }
    /// Nothing: files of keys and principals are never written, and no default of theirs is shown.
    fn write(&self, _value: &T) -> Value {
        Value::Null
    }
}

/// A value of which problems show nothing.
#[derive(Clone, Copy)]
pub struct Hidden<F> {
    form: F,
}

/// What `form` reads, of which problems show nothing.
pub const fn hidden<F: Form>(form: F) -> Hidden<F> {
    Hidden { form }
}

impl<F: Form> Form for Hidden<F> {
    type Value = F::Value;
    fn shape(&self) -> Shape {
        self.form.shape()
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<F::Value> {
        r.hidden(|r| self.form.read(r, item))
    }
    fn write(&self, value: &F::Value) -> Value {
        self.form.write(value)
    }
}

/// A value, and where it stands.
#[derive(Debug)]
pub struct At<T> {
    /// What was read.
    pub value: T,
    /// Where people look for it.
    pub location: Location,
    /// The path that leads to it.
    pub path: String,
}

/// A value that knows where it stands.
#[derive(Clone, Copy)]
pub struct Located<F> {
    form: F,
}

/// What `form` reads, and where.
pub const fn located<F: Form>(form: F) -> Located<F> {
    Located { form }
}

impl<F: Form> Form for Located<F> {
    type Value = At<F::Value>;
    fn shape(&self) -> Shape {
        self.form.shape()
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Self::Value> {
        let value = self.form.read(r, item)?;
        Some(At { value, location: item.node.shown, path: item.path.clone() })
    }
    fn write(&self, value: &Self::Value) -> Value {
        self.form.write(&value.value)
    }
}

impl<T> At<T> {
    /// A problem with it.
    pub fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(self.location, &self.path, message)
    }
}

impl Node {
    /// Whether it is text, and not a number, a boolean or nothing.
    pub fn is_text(&self) -> bool {
        matches!(&self.content, Content::Scalar(scalar) if scalar.typed().is_string())
    }
}

impl Reader {
    /// A reader to which a key without a value is one that is left out, as in files that programs write.
    pub fn skipping_nothing() -> Reader {
        Reader { problems: Vec::new(), skips_nothing: true }
    }

    /// Reports a problem with a value that says all by itself: what was read is not shown.
    pub fn says(&mut self, item: &Item, message: impl Into<String>) {
        self.problems.push(Problem::new(item.node.shown, &item.path, message));
    }

    /// Reads on, and shows nothing of what was read in problems.
    pub fn hidden<T>(&mut self, read: impl FnOnce(&mut Reader) -> T) -> T {
        let mark = self.mark();
        let value = read(self);
        for problem in &mut self.problems[mark..] {
            problem.read = None;
        }
        value
    }

    /// Anything that JSON can say: a document of another language within the file.
    pub fn json(&mut self, item: &Item) -> Option<serde_json::Value> {
        match &item.node.content {
            Content::Scalar(scalar) => match serde_json::to_value(scalar.typed()) {
                Ok(value) => Some(value),
                Err(_) => {
                    self.wrong(item, "JSON cannot say this", "a finite number");
                    None
                }
            },
            Content::List(_) => {
                let items = self.list(item)?;
                items.iter().map(|item| self.json(item)).collect()
            }
            Content::Map(entries) => {
                let mut object = serde_json::Map::new();
                for entry in entries {
                    let child = item.child(&entry.key, &entry.value);
                    let value = self.json(&child)?;
                    if object.insert(entry.key.clone(), value).is_some() {
                        let message = format!("`{}` stands here twice", clip(&entry.key));
                        let problem = Problem::new(entry.location, &child.path, message);
                        self.problems.push(problem.allowed("each key once"));
                        return None;
                    }
                }
                Some(object.into())
            }
        }
    }
}
