//! Parts of a file become entries, whatever is around them: lists of events, messages in queues, texts in texts.

use super::event::{Entry, Record};
use super::part::Part;
use super::scan::{Piece, Scanner};
use flate2::read::MultiGzDecoder;
use memchr::memmem::{self, Finder};
use std::io::Read;
use std::sync::LazyLock;

/// How often something may be wrapped in something.
const MAX_DEPTH: u32 = 6;
/// Bytes that what stands in a text as Base64 may inflate to.
const MAX_INFLATED: u64 = 8 << 20;

/// Takes what is found.
pub(super) trait Sink {
    /// One record.
    fn entry(&mut self, entry: Entry<'_>);
    /// A file that only tells of other files.
    fn digest(&mut self);
}

/// Hands on the entries of a part. A record that is no event is an [`Entry::Flawed`].
pub(super) fn entries(part: &Part<'_>, sink: &mut dyn Sink) {
    match part {
        Part::Value { text, is_alone } => item(text, *is_alone, 0, sink),
        Part::BadLine => sink.entry(BAD_LINE),
        Part::Line(text) => line(text, sink),
        Part::Row(columns, row) => match columns.whole(row) {
            Some(text) => nested(text.as_bytes(), 0, sink),
            None => sink.entry(columns.record(row).entry()),
        },
    }
}

const BAD_LINE: Entry<'static> = Entry::Flawed("its line is not JSON");

/// One value: an event, or what is around it.
fn item(text: &[u8], is_alone: bool, depth: u32, sink: &mut dyn Sink) {
    if depth > MAX_DEPTH {
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
    // A search is prepared once, not for each of millions of records.
    static KMS: LazyLock<Finder> = LazyLock::new(|| Finder::new("kms.amazonaws.com"));
    static SOURCE: LazyLock<Finder> = LazyLock::new(|| Finder::new("\"eventSource\""));
    static ESCAPED: LazyLock<Finder> = LazyLock::new(|| Finder::new("\"eventSource\\"));
    KMS.find(text).is_none() && SOURCE.find(text).is_some() && ESCAPED.find(text).is_none()
}

fn object(text: &[u8], is_alone: bool, depth: u32, sink: &mut dyn Sink) {
    let mut record: Record<'_> = match serde_json::from_slice(text) {
        Ok(record) => record,
        Err(_) if is_alone => return sink.entry(BAD_LINE),
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
        return match base64_simd::forgiving_decode_to_vec(data.as_bytes()) {
            Ok(bytes) => again(&bytes, depth + 1, sink),
            Err(_) => sink.entry(Entry::Flawed("its Data is not Base64")),
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
fn nested(text: &[u8], depth: u32, sink: &mut dyn Sink) {
    if depth > MAX_DEPTH || !matches!(text.trim_ascii_start().first(), Some(b'{' | b'[' | b'"')) {
        return sink.entry(Entry::Flawed("its message is no event of CloudTrail"));
    }
    let scanned = Scanner::new(text).run(&mut |piece| match piece {
        Piece::Item { text, is_alone } => item(text, is_alone, depth, sink),
        Piece::BadLine => sink.entry(BAD_LINE),
    });
    if scanned.is_err() {
        sink.entry(Entry::Flawed("its message is cut off"));
    }
}

/// Bytes inside a text, gzipped or not.
fn again(bytes: &[u8], depth: u32, sink: &mut dyn Sink) {
    let mut inflated = Vec::new();
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        if MultiGzDecoder::new(bytes).take(MAX_INFLATED).read_to_end(&mut inflated).is_err() {
            return sink.entry(Entry::Flawed("its Data cannot be inflated"));
        }
        &inflated[..]
    } else {
        bytes
    };
    nested(bytes, depth, sink);
}

/// A line of text: of it the fields that are JSON, between tabs or at its end.
fn line(line: &[u8], sink: &mut dyn Sink) {
    let text = line.trim_ascii();
    let fields =
        text.split(|byte| *byte == b'\t').filter(|field| field.starts_with(b"{") && field.ends_with(b"}"));
    let mut any = false;
    for field in fields {
        any = true;
        nested(field, 0, sink);
    }
    if any || text.is_empty() || is_beside(text) {
        return;
    }
    // `aws logs tail` puts the time and the stream before the event.
    match memmem::find(text, b" {\"").filter(|_| text.ends_with(b"}")) {
        Some(at) => nested(&text[at + 1..], 0, sink),
        None => sink.entry(Entry::Flawed("its line holds no event")),
    }
}

/// Whether a line of the CLI's text is about what an event touched, or where to go on.
fn is_beside(text: &[u8]) -> bool {
    ["RESOURCES", "NEXTTOKEN", "SEARCHEDLOGSTREAMS", "b/", "f/"]
        .iter()
        .any(|name| text.starts_with(name.as_bytes()))
}
