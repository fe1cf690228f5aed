//! Reads a recorded trace: CSV text, gzipped or not, becomes [`TraceRows`].
//!
//! ```text
//! bytes ─(gzip?)─▶ text ─(header, renames)─▶ time_s,count   ─▶ Counts: arrivals in each second from 0 on
//!                                          └▶ time_s,job,… ─▶ Jobs: one row each, in order of time
//! ```
//! Pure: whoever loads the file (`cli`) hands in its bytes. What arrives when is decided by the executor.

use super::config::{TraceJob, TraceRows};
use crate::api::JobKind;
use crate::api::nearest;
use crate::time::{Span, decimal};
use csv::ByteRecord;
use std::collections::BTreeMap;
use std::io::Read;

/// The most rows a trace may have.
pub const MAX_ROWS: usize = 50_000_000;
/// Seconds with a count end before this: 115 days. Each takes four bytes whether anything arrives in it or not.
pub const MAX_SECONDS: usize = 10_000_000;
/// The most bytes a gzipped trace may inflate to.
pub const MAX_BYTES: u64 = 1 << 30;
/// Rows of jobs begin before this: 31 years in, and less than any time since 1970 that is a mistake.
pub const MAX_TIME: Span = Span::from_secs(1_000_000_000);
/// The columns a trace may have, by their canonical names.
pub const COLUMNS: [&str; 8] = ["time_s", "count", "job", "key", "context", "bytes", "known_size", "message"];
/// The names of [`COLUMNS`] that a row per job reads, for error messages.
const SHAPES: &str = "`time_s,count` or `time_s,job[,key][,context][,bytes][,known_size][,message]`";

/// Why a trace cannot be read; says where, what was read and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// Not gzip after all, cut off, or larger than allowed.
    #[error("the gzipped file cannot be inflated: {0}")]
    Gzip(#[source] std::io::Error),
    /// It inflates to more than allowed.
    #[error("the gzipped file inflates to more than {} MiB; split it", limit >> 20)]
    TooLarge {
        /// The most bytes allowed.
        limit: u64,
    },
    /// A row has another number of fields than the header, or the text is broken.
    #[error("the trace is not valid CSV: {0}")]
    Csv(#[from] csv::Error),
    /// `columns` renames something that is no column of a trace.
    #[error("`columns` renames `{name}`, which is no column of a trace; {}columns are {}", did_you_mean(nearest), COLUMNS.join(", "))]
    UnknownColumn {
        /// As written.
        name: String,
        /// The closest column name, if one is close.
        nearest: Option<&'static str>,
    },
    /// A column that is needed, or was named in `columns`, is not in the file.
    #[error("the trace has no column `{name}`{}; its columns are {present}. Name it with columns: {{{canonical}: <name in the file>}}", if canonical == name { String::new() } else { format!(" (for `{canonical}`)") })]
    MissingColumn {
        /// Our name for it.
        canonical: String,
        /// The name looked for in the file.
        name: String,
        /// What the header has.
        present: String,
    },
    /// Neither shape: no column says what arrives.
    #[error(
        "the trace has neither a `count` nor a `job` column; its columns are {present}. A trace is {SHAPES}; rename with columns: {{time_s: <name>, count: <name>}}"
    )]
    NoShape {
        /// What the header has.
        present: String,
    },
    /// Both shapes at once.
    #[error(
        "the trace has both a `count` and a `job` column; a row is either a second or a job, so keep one of them ({SHAPES})"
    )]
    TwoShapes,
    /// The header names a column twice.
    #[error("the trace's header names column `{name}` twice; rename one of them")]
    Twice {
        /// The name in the file.
        name: String,
    },
    /// A field is not what its column holds.
    #[error("line {line}: {column} is `{read}`; {remedy}")]
    Field {
        /// Line of the file, from 1.
        line: u64,
        /// Our name of the column.
        column: &'static str,
        /// What stands there.
        read: String,
        /// What should stand there.
        remedy: String,
    },
    /// More rows than allowed.
    #[error("line {line}: the trace has more than {MAX_ROWS} rows; split it, or count arrivals per second")]
    TooManyRows {
        /// The first line that is too many.
        line: u64,
    },
    /// A header and nothing below it.
    #[error("the trace has no rows below its header")]
    Empty,
}

/// "did you mean …; " or nothing.
fn did_you_mean(nearest: &Option<&'static str>) -> String {
    nearest.map(|name| format!("did you mean `{name}`? ")).unwrap_or_default()
}

/// Reads a trace from the bytes of its file; `columns` maps our names to those in the file.
///
/// Seconds of a `count` trace may come in any order, twice (they add) or not at all (nothing arrives). Rows of jobs
/// are put in order of time; rows of one moment keep their order.
///
/// # Errors
/// [`TraceError`], with the line of the file where there is one.
pub fn read(bytes: &[u8], columns: &BTreeMap<String, String>) -> Result<TraceRows, TraceError> {
    let inflated = inflate(bytes, MAX_BYTES)?;
    let text = inflated.as_deref().unwrap_or(bytes);
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let header = Header::read(reader.byte_headers()?, columns)?;
    if header.at("count").is_some() {
        read_counts(&mut reader, &header).map(TraceRows::Counts)
    } else {
        read_jobs(&mut reader, &header).map(TraceRows::Jobs)
    }
}

/// The inflated bytes if `bytes` are gzip (by their first two), else `None`.
///
/// # Errors
/// [`TraceError::Gzip`] if they are broken, [`TraceError::TooLarge`] if they inflate to more than `limit`.
pub fn inflate(bytes: &[u8], limit: u64) -> Result<Option<Vec<u8>>, TraceError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(None);
    }
    let mut inflated = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(limit.saturating_add(1));
    reader.read_to_end(&mut inflated).map_err(TraceError::Gzip)?;
    if inflated.len() as u64 > limit { Err(TraceError::TooLarge { limit }) } else { Ok(Some(inflated)) }
}

/// Where each of [`COLUMNS`] stands in the file.
struct Header(BTreeMap<&'static str, usize>);

impl Header {
    fn read(names: &ByteRecord, renames: &BTreeMap<String, String>) -> Result<Header, TraceError> {
        for name in renames.keys() {
            if !COLUMNS.contains(&name.as_str()) {
                let nearest = nearest(name, COLUMNS);
                return Err(TraceError::UnknownColumn { name: name.clone(), nearest });
            }
        }
        let present = names.iter().map(text).collect::<Vec<_>>();
        let mut found = BTreeMap::new();
        for canonical in COLUMNS {
            let name = renames.get(canonical).map_or(canonical, String::as_str);
            let mut places = present.iter().enumerate().filter(|(_, column)| *column == name);
            match (places.next(), places.next()) {
                (Some((place, _)), None) => _ = found.insert(canonical, place),
                (Some(_), Some(_)) => return Err(TraceError::Twice { name: name.into() }),
                (None, _) if renames.contains_key(canonical) || canonical == "time_s" => {
                    let present = present.join(", ");
                    return Err(TraceError::MissingColumn {
                        canonical: canonical.into(),
                        name: name.into(),
                        present,
                    });
                }
                (None, _) => {}
            }
        }
        match (found.contains_key("count"), found.contains_key("job")) {
            (false, false) => Err(TraceError::NoShape { present: present.join(", ") }),
            (true, true) => Err(TraceError::TwoShapes),
            _ => Ok(Header(found)),
        }
    }

    fn at(&self, column: &'static str) -> Option<usize> {
        self.0.get(column).copied()
    }

    /// The field of `column` in `row`; `None` if the file lacks the column or the field is empty.
    fn field<'r>(&self, row: &'r ByteRecord, column: &'static str) -> Option<&'r [u8]> {
        row.get(self.at(column)?).filter(|field| !field.is_empty())
    }

    /// The field of `column`, read by `parse`; empty where `None` would be an answer is handled by the caller.
    fn parse<T>(
        &self,
        row: &ByteRecord,
        column: &'static str,
        remedy: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, TraceError> {
        let Some(field) = self.field(row, column) else { return Ok(None) };
        let value = std::str::from_utf8(field).ok().and_then(parse);
        value.map(Some).ok_or_else(|| wrong(row, column, &text(field), remedy))
    }

    /// Like [`Header::parse`], but an empty field is wrong too.
    fn require<T>(
        &self,
        row: &ByteRecord,
        column: &'static str,
        remedy: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, TraceError> {
        self.parse(row, column, remedy, parse)?.ok_or_else(|| wrong(row, column, "", remedy))
    }
}

/// The text of a field, for messages: at most 60 characters of it.
fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(field).chars().take(60).collect()
}

fn line(row: &ByteRecord) -> u64 {
    row.position().map_or(0, csv::Position::line)
}

fn wrong(row: &ByteRecord, column: &'static str, read: &str, remedy: &str) -> TraceError {
    TraceError::Field { line: line(row), column, read: read.into(), remedy: remedy.into() }
}

/// Calls `each` with every row and says whether there was one.
fn for_each_row(
    reader: &mut csv::Reader<&[u8]>,
    mut each: impl FnMut(&ByteRecord) -> Result<(), TraceError>,
) -> Result<(), TraceError> {
    let mut row = ByteRecord::new();
    let mut rows = 0;
    while reader.read_byte_record(&mut row)? {
        rows += 1;
        if rows > MAX_ROWS {
            return Err(TraceError::TooManyRows { line: line(&row) });
        }
        each(&row)?;
    }
    if rows == 0 { Err(TraceError::Empty) } else { Ok(()) }
}

/// A whole number; `12.0` is one too, since tools that hold columns in floating point write it so.
fn whole(text: &str) -> Option<u64> {
    match decimal(text) {
        Some((value, scale)) if value % scale == 0 => Some(value / scale),
        _ => None,
    }
}

fn read_counts(reader: &mut csv::Reader<&[u8]>, header: &Header) -> Result<Vec<u32>, TraceError> {
    const SECOND: &str = "it must be a whole number of seconds since the trace began, from 0 to 9999999 \
        (for a date or a time since 1970, subtract the first one)";
    const COUNT: &str = "it must be a whole number of arrivals in that second, from 0 to 4294967295";
    let mut counts = Vec::<u32>::new();
    for_each_row(reader, |row| {
        let index = |text: &str| usize::try_from(whole(text)?).ok().filter(|second| *second < MAX_SECONDS);
        let second = header.require(row, "time_s", SECOND, index)?;
        let count = header.require(row, "count", COUNT, |text| u32::try_from(whole(text)?).ok())?;
        if counts.len() <= second {
            counts.resize(second + 1, 0);
        }
        let added = counts[second].checked_add(count);
        counts[second] = added.ok_or_else(|| wrong(row, "count", &count.to_string(), COUNT))?;
        Ok(())
    })?;
    Ok(counts)
}

fn read_jobs(reader: &mut csv::Reader<&[u8]>, header: &Header) -> Result<Vec<TraceJob>, TraceError> {
    const TIME: &str = "it must be seconds since the trace began, such as 12 or 12.25, below 1000000000 \
        (for a date or a time since 1970, subtract the first one)";
    let mut jobs = Vec::new();
    let mut names = [const { BTreeMap::new() }; 3];
    for_each_row(reader, |row| {
        let mut number = |which: usize, column| {
            let field = header.field(row, column);
            field.map(|name| dense(&mut names[which], name, row, column)).transpose()
        };
        jobs.push(TraceJob {
            key: number(0, "key")?,
            context: number(1, "context")?,
            message: number(2, "message")?,
            at: header.require(row, "time_s", TIME, moment)?,
            kind: kind(header, row)?,
            bytes: header.parse(row, "bytes", "it must be a whole number of bytes below 4 GiB", |text| {
                u32::try_from(whole(text)?).ok()
            })?,
            known_size: header.parse(row, "known_size", "it must be true or false", flag)?.unwrap_or(true),
        });
        Ok(())
    })?;
    if !jobs.is_sorted_by_key(|job| job.at) {
        jobs.sort_by_key(|job| job.at);
    }
    Ok(jobs)
}

/// The number of `name`: the next free one if it is new.
fn dense(
    names: &mut BTreeMap<Box<[u8]>, u32>,
    name: &[u8],
    row: &ByteRecord,
    column: &'static str,
) -> Result<u32, TraceError> {
    if let Some(number) = names.get(name) {
        return Ok(*number);
    }
    // `u32::MAX` means "none" in a job, so it is never given.
    let number = u32::try_from(names.len()).ok().filter(|number| *number < u32::MAX);
    let number = number.ok_or_else(|| wrong(row, column, &text(name), "there are too many distinct ones"))?;
    names.insert(name.into(), number);
    Ok(number)
}

/// Seconds with a fraction, exactly; numbers such as `1e-3` go through floating point.
fn moment(text: &str) -> Option<Span> {
    let span = match decimal(text) {
        Some((value, scale)) => {
            let nanos = u128::from(value) * 1_000_000_000 / u128::from(scale);
            Span::from_nanos(u64::try_from(nanos).ok()?)
        }
        None => {
            let secs = text.parse::<f64>().ok()?;
            Span::from_secs_f64((0.0..1e9).contains(&secs).then_some(secs)?)
        }
    };
    (span < MAX_TIME).then_some(span)
}

/// The kind of job; an empty field leaves it to the workload's own mix.
fn kind(header: &Header, row: &ByteRecord) -> Result<Option<JobKind>, TraceError> {
    let Some(field) = header.field(row, "job") else { return Ok(None) };
    let name = text(field);
    if let Some(kind) = JobKind::from_name(&name) {
        return Ok(Some(kind));
    }
    let remedy = match nearest(&name, JobKind::all().map(JobKind::name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "it must be a KMS operation such as Decrypt, or EncryptMessage or DecryptMessage".into(),
    };
    Err(wrong(row, "job", &name, &remedy))
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
