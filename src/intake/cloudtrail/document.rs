//! The bytes of one file or stream, whatever they are wrapped in, become entries.
//!
//! ```text
//! bytes ─(gzip?)─▶ shape ─┬▶ JSON  scan ─▶ values ─▶ events, or envelopes around them
//!                         ├▶ CSV   table
//!                         └▶ text  lines with JSON among other fields
//! ```

use super::event::{Entry, Record};
use super::scan::{Piece, Scanner, Stop};
use super::shape::{self, Shape};
use super::{CloudTrailError, table};
use flate2::read::MultiGzDecoder;
use memchr::memmem;
use std::io::{BufRead, BufReader, Read};

/// How often something may be wrapped in something.
const DEPTH: u32 = 6;
/// The longest line of text.
const LINE: u64 = 8 << 20;

/// Takes what is found.
pub(super) trait Sink {
    /// One record.
    fn entry(&mut self, entry: Entry<'_>);
    /// A file that only tells of other files.
    fn digest(&mut self);
}

/// Reads a stream to its end.
///
/// # Errors
/// [`CloudTrailError`] if it is no log as a whole. A record that is no event is an [`Entry::Flawed`]; so is a broken
/// line among events that stand one per line.
pub(super) fn read(input: impl Read, sink: &mut dyn Sink) -> Result<(), CloudTrailError> {
    unpacked(Box::new(input), 0, sink)
}

fn unpacked(input: Box<dyn Read + '_>, depth: u32, sink: &mut dyn Sink) -> Result<(), CloudTrailError> {
    let mut scanner = Scanner::new(input);
    let is_gzip = scanner.head(2).map_err(|e| inflating(depth, e))?.starts_with(&[0x1f, 0x8b]);
    if is_gzip && depth < 3 {
        return unpacked(Box::new(MultiGzDecoder::new(scanner)), depth + 1, sink);
    }
    if scanner.head(3).map_err(|e| inflating(depth, e))?.starts_with(b"\xEF\xBB\xBF") {
        scanner.skip(3);
    }
    let shape = shape::of(scanner.head(64 << 10).map_err(|e| inflating(depth, e))?);
    match shape.map_err(CloudTrailError::Shape)? {
        Shape::Csv => table::read(scanner, sink).map_err(CloudTrailError::Shape),
        Shape::Text => lines(scanner, sink).map_err(|e| inflating(depth, e)),
        Shape::Json => json(&mut scanner, 0, sink).map_err(|stop| match stop {
            Stop::Io(error) => inflating(depth, error),
            Stop::Cut => CloudTrailError::Cut,
            Stop::Large => CloudTrailError::Large,
            Stop::Broken(byte) => {
                CloudTrailError::Broken { found: char::from(byte).escape_default().to_string() }
            }
        }),
    }
}

/// An error of reading: the file's own, or that of what it inflates to.
fn inflating(depth: u32, error: std::io::Error) -> CloudTrailError {
    if depth > 0 { CloudTrailError::Inflate(error) } else { CloudTrailError::Read(error) }
}

fn json<R: Read>(scanner: &mut Scanner<R>, depth: u32, sink: &mut dyn Sink) -> Result<(), Stop> {
    scanner.run(&mut |piece| match piece {
        Piece::Item { text, is_alone } => item(text, is_alone, depth, sink),
        Piece::BadLine => sink.entry(Entry::Flawed("its line is not JSON")),
        Piece::List => {}
    })
}

/// One value: an event, or what is around it.
fn item(text: &[u8], is_alone: bool, depth: u32, sink: &mut dyn Sink) {
    if depth > DEPTH {
        return sink.entry(Entry::Flawed("it is wrapped too often"));
    }
    match text.first() {
        Some(b'{') if is_of_another_service(text) => sink.entry(Entry::Other),
        Some(b'{') => object(text, is_alone, depth, sink),
        Some(b'[') => nested(text, depth + 1, sink),
        Some(b'"') => match serde_json::from_slice::<String>(text) {
            Ok(inner) => nested(inner.as_bytes(), depth + 1, sink),
            Err(_) => sink.entry(Entry::Flawed("it is a broken text")),
        },
        _ => sink.entry(Entry::Flawed("it has no eventSource")),
    }
}

/// Whether an object is an event, or holds one, and says nowhere that it is of KMS: most of a log is, and nothing more
/// has to be known of it.
fn is_of_another_service(text: &[u8]) -> bool {
    memmem::find(text, b"kms.amazonaws.com").is_none()
        && memmem::find(text, b"\"eventSource\"").is_some()
        && memmem::find(text, b"\"eventSource\\").is_none()
}

fn object(text: &[u8], is_alone: bool, depth: u32, sink: &mut dyn Sink) {
    let mut record: Record<'_> = match serde_json::from_slice(text) {
        Ok(record) => record,
        Err(_) if is_alone => return sink.entry(Entry::Flawed("its line is not JSON")),
        Err(_) => return sink.entry(Entry::Flawed("it is not JSON")),
    };
    if record.is_event() {
        return sink.entry(record.entry());
    }
    if let Some(event) = record.detail.take() {
        return sink.entry(event.entry());
    }
    if record.digest_s3_bucket.get().is_some() || record.digest_end_time.get().is_some() {
        return sink.digest();
    }
    if let Some(name) = record.field.get() {
        // A result of Logs Insights is a list of fields, of which one is the event.
        if let Some(message) = record.value.get().filter(|_| name == "@message") {
            nested(message.as_bytes(), depth + 1, sink);
        }
        return;
    }
    if let Some(data) = record.data.get() {
        return match base64(data) {
            Some(bytes) => again(&bytes, depth + 1, sink),
            None => sink.entry(Entry::Flawed("its Data is not Base64")),
        };
    }
    let texts = [&record.cloud_trail_event, &record.message, &record.notification, &record.body];
    let inner = texts.into_iter().find_map(|text| text.get()).map(ToOwned::to_owned);
    match inner {
        Some(text) if text.starts_with("CWL CONTROL MESSAGE") => {}
        Some(text) => nested(text.as_bytes(), depth + 1, sink),
        None if holds_list(text) => nested(text, depth + 1, sink),
        None => sink.entry(record.entry()),
    }
}

/// Whether an object that stands in a list has a list itself, as a subscription's payload has in an array.
fn holds_list(text: &[u8]) -> bool {
    [&b"\"logEvents\""[..], b"\"Records\"", b"\"Events\"", b"\"events\""]
        .iter()
        .any(|name| memmem::find(text, name).is_some())
}

/// A text inside another: JSON, or nothing that is known.
pub(super) fn nested(text: &[u8], depth: u32, sink: &mut dyn Sink) {
    if depth > DEPTH || !matches!(text.trim_ascii_start().first(), Some(b'{' | b'[' | b'"')) {
        return sink.entry(Entry::Flawed("its message is no event of CloudTrail"));
    }
    if json(&mut Scanner::new(text), depth, sink).is_err() {
        sink.entry(Entry::Flawed("its message is cut off"));
    }
}

/// Bytes inside a text, gzipped or not.
fn again(bytes: &[u8], depth: u32, sink: &mut dyn Sink) {
    let mut inflated = Vec::new();
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        if MultiGzDecoder::new(bytes).take(LINE).read_to_end(&mut inflated).is_err() {
            return sink.entry(Entry::Flawed("its Data cannot be inflated"));
        }
        &inflated[..]
    } else {
        bytes
    };
    nested(bytes, depth, sink);
}

/// The bytes that Base64 stands for.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

/// Lines of text: of each the fields that are JSON, between tabs or at its end.
fn lines(input: impl Read, sink: &mut dyn Sink) -> std::io::Result<()> {
    let mut input = BufReader::with_capacity(1 << 17, input);
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut input).take(LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let text = line.trim_ascii();
        let fields = text
            .split(|byte| *byte == b'\t')
            .filter(|field| field.starts_with(b"{") && field.ends_with(b"}"));
        let mut any = false;
        for field in fields {
            any = true;
            nested(field, 0, sink);
        }
        if any || text.is_empty() || is_beside(text) {
            continue;
        }
        // `aws logs tail` puts the time and the stream before the event.
        match memmem::find(text, b" {\"").filter(|_| text.ends_with(b"}")) {
            Some(at) => nested(&text[at + 1..], 0, sink),
            None => sink.entry(Entry::Flawed("its line holds no event")),
        }
    }
}

/// Whether a line of the CLI's text is about what an event touched, or where to go on.
fn is_beside(text: &[u8]) -> bool {
    ["RESOURCES", "NEXTTOKEN", "SEARCHEDLOGSTREAMS", "b/", "f/"]
        .iter()
        .any(|name| text.starts_with(name.as_bytes()))
}
