//! Cuts the bytes of one file or stream into parts, each of which can be read by itself.
//!
//! ```text
//! bytes ─(gzip?)─▶ shape ─┬▶ JSON  scan ─▶ values
//!                         ├▶ CSV   table ─▶ rows
//!                         └▶ text  lines
//! ```

use super::error::CloudTrailError;
use super::part::Part;
use super::scan::{Piece, Scanner, Stop};
use super::shape::{self, Shape};
use super::table;
use flate2::read::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Read};

/// Bytes of the longest line of text.
const MAX_LINE: u64 = 8 << 20;
/// How often a stream may be gzipped: some deliveries are once too often.
const MAX_GZIPPED: u32 = 3;
/// Bytes that tell what a stream is.
const HEAD: usize = 64 << 10;

/// Reads a stream to its end, and hands on its parts in order.
///
/// # Errors
/// [`CloudTrailError`] if it is no log as a whole. A broken line among events that stand one per line is a
/// [`Part::BadLine`].
pub(super) fn cut(input: impl Read, found: &mut dyn FnMut(Part<'_>)) -> Result<(), CloudTrailError> {
    unpacked(Box::new(input), 0, found)
}

fn unpacked(
    input: Box<dyn Read + '_>,
    depth: u32,
    found: &mut dyn FnMut(Part<'_>),
) -> Result<(), CloudTrailError> {
    let mut scanner = Scanner::new(input);
    let is_gzip = scanner.head(2).map_err(|e| inflating(depth, e))?.starts_with(&[0x1f, 0x8b]);
    if is_gzip && depth < MAX_GZIPPED {
        return unpacked(Box::new(MultiGzDecoder::new(scanner)), depth + 1, found);
    }
    if scanner.head(3).map_err(|e| inflating(depth, e))?.starts_with(b"\xEF\xBB\xBF") {
        scanner.skip(3);
    }
    let shape = shape::of(scanner.head(HEAD).map_err(|e| inflating(depth, e))?);
    match shape.map_err(CloudTrailError::Shape)? {
        Shape::Csv => table::read(scanner, &mut |columns, row| found(Part::Row(columns, row)))
            .map_err(CloudTrailError::Shape),
        Shape::Text => lines(scanner, found).map_err(|e| inflating(depth, e)),
        Shape::Json => json(&mut scanner, found).map_err(|stop| match stop {
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
fn inflating(depth: u32, error: io::Error) -> CloudTrailError {
    if depth > 0 { CloudTrailError::Inflate(error) } else { CloudTrailError::Read(error) }
}

fn json<R: Read>(scanner: &mut Scanner<R>, found: &mut dyn FnMut(Part<'_>)) -> Result<(), Stop> {
    scanner.run(&mut |piece| {
        found(match piece {
            Piece::Item { text, is_alone } => Part::Value { text, is_alone },
            Piece::BadLine => Part::BadLine,
        });
    })
}

fn lines(input: impl Read, found: &mut dyn FnMut(Part<'_>)) -> io::Result<()> {
    let mut input = BufReader::with_capacity(1 << 17, input);
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut input).take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        found(Part::Line(&line));
    }
}
