//! What a file is by its first bytes, and for what cannot be read: its name, and the way out.

use memchr::{memchr, memmem};

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// JSON of any kind.
    Json,
    /// A header, and an event a line.
    Csv,
    /// Lines of the AWS CLI's `--output text`, or of `aws logs tail`: JSON among other fields.
    Text,
}

/// Files that begin with bytes of their own.
const MAGIC: [(&[u8], &str, &str); 10] = [
    (b"PAR1", "a Parquet file", "select its rows in Athena or DuckDB and export CSV or JSON"),
    (b"ORC", "an ORC file", "select its rows in Athena and export CSV or JSON"),
    (b"Obj\x01", "an Avro file", "convert it to JSON first"),
    (b"PK\x03\x04", "a zip archive", "unzip it and give the folder"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "inflate it first: zstd -d"),
    (b"BZh", "compressed with bzip2", "inflate it first: bzip2 -d"),
    (b"\xfd7zXZ", "compressed with xz", "inflate it first: xz -d"),
    (b"\xff\xfe", "text in UTF-16", "convert it to UTF-8: iconv -f UTF-16 -t UTF-8"),
    (b"\xfe\xff", "text in UTF-16", "convert it to UTF-8: iconv -f UTF-16 -t UTF-8"),
    (b"\xff\x06\x00\x00sNaPpY", "compressed with snappy", "inflate it first"),
];

/// What the file that begins with `head` is, or what it looks like and what to do.
pub(super) fn of(head: &[u8]) -> Result<Shape, String> {
    let told = |what: &str, remedy: &str| Err(format!("this is {what}, which is not read; {remedy}"));
    if let Some((_, what, remedy)) = MAGIC.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return told(what, remedy);
    }
    let text = head.trim_ascii_start();
    let Some(first) = text.first() else { return Err("there is nothing in it".into()) };
    let line = text[..memchr(b'\n', text).unwrap_or(text.len())].trim_ascii_end();
    // Nearly every log, and all of it one line: it is not looked at more than once, as there may be a million of them.
    if matches!(first, b'{' | b'[') && memmem::find(line, b"\t{").is_none() {
        return Ok(Shape::Json);
    }
    let line = String::from_utf8_lossy(line);
    let lower = line.to_ascii_lowercase();
    match first {
        b'"' if line.starts_with("\"{") && !lower.starts_with("\"{eventversion") => return Ok(Shape::Json),
        b'<' if lower.contains("<error>") || lower.starts_with("<?xml") => {
            return told("XML, such as an error of S3", "fetch the file itself: aws s3 cp");
        }
        b'<' => return told("HTML", "fetch the file itself: aws s3 cp"),
        b'-' | b'|' if line.starts_with("---") && line.len() > 20 || line.starts_with('|') => {
            return told("a table of the AWS CLI", "ask again with --output json");
        }
        b'-' if line.starts_with("- ") || line == "---" => return yaml(),
        _ => {}
    }
    if super::table::is_header(&line) {
        return Ok(Shape::Csv);
    }
    let is_text = line.contains("\t{") || line.starts_with("EVENTS\t") || line.starts_with("RESOURCES\t");
    if is_text || line.contains(" {\"eventVersion\"") || line.starts_with('{') {
        return Ok(Shape::Text);
    }
    if line.contains(',') && line.split(',').count() > 2 {
        return told(
            "a table without the columns of CloudTrail",
            "export eventTime, eventSource, eventName, awsRegion, eventID, userIdentity, requestParameters and resources \
             (docs/IMPORT.md has a query), its first line being their names",
        );
    }
    if ["Events:", "Records:", "events:", "eventVersion:"].iter().any(|name| line.starts_with(name)) {
        return yaml();
    }
    Err("it begins like nothing that CloudTrail's events come in; give delivery files, lookup-events or filter-log-events as \
         JSON, EventBridge events, or a CSV of Athena or Lake"
        .into())
}

fn yaml() -> Result<Shape, String> {
    Err("this is YAML, which is not read; ask again with --output json".into())
}
