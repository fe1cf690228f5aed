//! A part of a file, which can be read without the others; and many of them, set aside to be read by somebody else.

use super::table::Columns;
use csv::StringRecord;
use std::sync::Arc;

/// What a file is cut into.
#[derive(Debug)]
pub(super) enum Part<'p> {
    /// A JSON value.
    Value {
        /// Its text.
        text: &'p [u8],
        /// Whether it stands in no list.
        is_alone: bool,
    },
    /// A line among events on lines of their own is no JSON.
    BadLine,
    /// A line of text.
    Line(&'p [u8]),
    /// A row of a table.
    Row(&'p Arc<Columns>, &'p StringRecord),
}

/// Bytes of a batch: a few milliseconds of work, so that handing it over costs next to nothing.
const BATCH_BYTES: usize = 512 << 10;

/// Parts of one file, one after another.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// What the parts are, and where each ends in `bytes`.
    parts: Vec<(Kind, usize)>,
    rows: Option<(Arc<Columns>, Vec<StringRecord>)>,
    row_bytes: usize,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    InList,
    Alone,
    BadLine,
    Line,
}

impl Batch {
    /// Copies a part.
    pub(super) fn push(&mut self, part: &Part<'_>) {
        let (kind, text): (Kind, &[u8]) = match part {
            Part::Value { text, is_alone: false } => (Kind::InList, text),
            Part::Value { text, is_alone: true } => (Kind::Alone, text),
            Part::BadLine => (Kind::BadLine, &[]),
            Part::Line(text) => (Kind::Line, text),
            Part::Row(columns, row) => {
                let rows = self.rows.get_or_insert_with(|| (Arc::clone(columns), Vec::new()));
                rows.1.push((*row).clone());
                self.row_bytes += row.as_slice().len();
                return;
            }
        };
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(BATCH_BYTES + text.len());
        }
        self.bytes.extend_from_slice(text);
        self.parts.push((kind, self.bytes.len()));
    }

    /// Whether it is worth handing over.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() + self.row_bytes >= BATCH_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.rows.is_none()
    }

    /// Its parts in the order in which they came; a file has rows, or the others.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let mut begin = 0;
        let others = self.parts.iter().map(move |(kind, end)| {
            let text = &self.bytes[begin..*end];
            begin = *end;
            match kind {
                Kind::InList => Part::Value { text, is_alone: false },
                Kind::Alone => Part::Value { text, is_alone: true },
                Kind::BadLine => Part::BadLine,
                Kind::Line => Part::Line(text),
            }
        });
        let rows = self.rows.iter();
        others.chain(rows.flat_map(|(columns, rows)| rows.iter().map(move |row| Part::Row(columns, row))))
    }
}
