//! The text of one file: delivery files, or one event per line.

use super::event::{Entry, Event};
use super::{CloudTrailError, MAX_BYTES};
use crate::workload::trace::inflate;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// What one file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// Records of all services, flawed ones included.
    pub records: u64,
    /// Events of KMS, in the file's order.
    pub events: Vec<Event>,
    /// Records that could not be read.
    pub skipped: u64,
    /// The first [`FLAWS`] of them.
    pub flaws: Vec<Flaw>,
}

/// How many flaws are kept for the reader; all are counted.
pub const FLAWS: usize = 10;

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Flaw {
    /// Its number in the file, from 1.
    pub record: u64,
    /// Why, as half a sentence.
    pub reason: String,
}

/// Reads the bytes of one file, gzipped or not.
///
/// Each record is dropped as soon as it is read, so the file is in memory once and its KMS events beside it.
///
/// # Errors
/// [`CloudTrailError`] if the file as a whole is no log. A record that is no event is a [`Flaw`]; so is a broken
/// line among events that stand one per line.
pub fn read(bytes: &[u8]) -> Result<File, CloudTrailError> {
    let inflated = inflate(bytes, MAX_BYTES)?;
    let mut text = inflated.as_deref().unwrap_or(bytes);
    text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut file = File::default();
    let (mut any, mut by_line) = (false, false);
    loop {
        let mut documents = serde_json::Deserializer::from_slice(text).into_iter::<Document>();
        let broken = loop {
            match documents.next() {
                None if any => return Ok(file),
                None => return Err(empty()),
                Some(Ok(Document::Records(records))) => {
                    any = true;
                    file.append(records);
                }
                Some(Ok(Document::Event(entry))) => {
                    (any, by_line) = (true, true);
                    file.push(entry);
                }
                Some(Err(error)) if !by_line => return Err(CloudTrailError::Json(error)),
                Some(Err(error)) => break error,
            }
        };
        file.flaw(format!("its line is not JSON: {broken}"));
        let rest = text[documents.byte_offset()..].trim_ascii_start();
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { return Ok(file) };
        text = &rest[end..];
    }
}

fn empty() -> CloudTrailError {
    CloudTrailError::Json(serde_json::Error::custom("there is nothing in it"))
}

impl File {
    fn push(&mut self, entry: Entry) {
        match entry {
            Entry::Flawed(reason) => self.flaw(reason.into()),
            Entry::Other => self.records += 1,
            Entry::Kms(event) => {
                self.records += 1;
                self.events.push(event);
            }
        }
    }

    fn flaw(&mut self, reason: String) {
        self.records += 1;
        self.skipped += 1;
        if self.flaws.len() < FLAWS {
            self.flaws.push(Flaw { record: self.records, reason });
        }
    }

    /// Adds what a further document of the same file holds.
    fn append(&mut self, more: File) {
        let before = self.records;
        self.records += more.records;
        self.events.extend(more.events);
        self.skipped += more.skipped;
        self.flaws.extend(more.flaws.into_iter().map(|flaw| Flaw { record: before + flaw.record, ..flaw }));
        self.flaws.truncate(FLAWS);
    }
}

/// One JSON object of a file.
enum Document {
    /// `{"Records": […]}`.
    Records(File),
    /// Anything else should be an event by itself.
    Event(Entry),
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Document, D::Error> {
        deserializer.deserialize_map(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with Records, or an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut records = None;
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == "Records" {
                let more = map.next_value::<Records>()?.0;
                records.get_or_insert_with(File::default).append(more);
            } else {
                fields.insert(name, map.next_value()?);
            }
        }
        Ok(match records {
            Some(records) => Document::Records(records),
            None => Document::Event(Entry::of(&Value::Object(fields))),
        })
    }
}

/// The array of records, read one at a time.
struct Records(File);

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Records, D::Error> {
        deserializer.deserialize_seq(RecordsVisitor)
    }
}

struct RecordsVisitor;

impl<'de> Visitor<'de> for RecordsVisitor {
    type Value = Records;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<Records, A::Error> {
        let mut file = File::default();
        while let Some(record) = records.next_element::<Value>()? {
            file.push(Entry::of(&record));
        }
        Ok(Records(file))
    }
}
