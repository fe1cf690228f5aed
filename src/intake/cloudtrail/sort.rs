//! Puts any number of rows into an order in flat memory: what does not fit goes into sorted files, which are merged.

use super::row::{Row, SIZE};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Rows that are held at a time: 12 MiB.
pub(super) const ROOM: usize = 200_000;

/// An order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Copies of an event side by side, the best told first: by hour, Region, id.
    Copies,
    /// What tells of one call side by side, KMS's own record first: by hour, Region, request.
    Twins,
    /// By time; those of one second by their ids, since the log does not tell more.
    Time,
}

type Key = (i64, u32, u128, u8, Row);

impl Order {
    fn key(self, row: Row) -> Key {
        let hour = row.at.div_euclid(3600);
        match self {
            Order::Copies => (hour, row.region, row.id, row.flags & super::row::VAGUE, row),
            Order::Twins => (hour, row.region, row.request.into(), row.flags & super::row::NETWORK, row),
            Order::Time => (row.at, 0, row.id, 0, row),
        }
    }
}

/// Writes rows in order into a file of their own.
pub(super) fn write(path: &Path, order: Order, rows: &mut [Row]) -> io::Result<()> {
    rows.sort_unstable_by_key(|row| order.key(*row));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut out = BufWriter::with_capacity(1 << 16, File::create(path)?);
    for row in rows {
        out.write_all(&row.to_bytes())?;
    }
    out.flush()
}

/// Rows in order, in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The file.
    pub(super) path: PathBuf,
    /// Bytes before the first row.
    pub(super) from: u64,
}

impl Run {
    /// A file of nothing but rows.
    pub(super) fn whole(path: PathBuf) -> Run {
        Run { path, from: 0 }
    }

    fn open(&self) -> io::Result<BufReader<File>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.from))?;
        Ok(BufReader::with_capacity(1 << 14, file))
    }
}

/// Takes rows in any order, gives them back in one.
#[derive(Debug)]
pub(super) struct Sorter {
    order: Order,
    rows: Vec<Row>,
    room: usize,
    /// Where files may be put; without one, memory holds all.
    folder: Option<PathBuf>,
    runs: Vec<Run>,
}

impl Sorter {
    pub(super) fn new(order: Order, folder: Option<PathBuf>, room: usize) -> Sorter {
        Sorter { order, rows: Vec::new(), room, folder, runs: Vec::new() }
    }

    /// With files that hold rows in this order already, and rows in any.
    pub(super) fn with(mut self, runs: Vec<Run>, rows: Vec<Row>) -> Sorter {
        self.runs.extend(runs);
        self.rows.extend(rows);
        self
    }

    pub(super) fn push(&mut self, row: Row) -> io::Result<()> {
        self.rows.push(row);
        if self.rows.len() >= self.room
            && let Some(folder) = &self.folder
        {
            let path = folder.join(format!("{:?}-{}.rows", self.order, self.runs.len()).to_lowercase());
            write(&path, self.order, &mut self.rows)?;
            self.runs.push(Run::whole(path));
            self.rows.clear();
        }
        Ok(())
    }

    /// The rows in order. Can be gone through again.
    pub(super) fn rows(&mut self) -> io::Result<Merged<'_>> {
        let order = self.order;
        self.rows.sort_unstable_by_key(|row| order.key(*row));
        let mut sources = vec![Source::Memory(self.rows.iter())];
        for run in &self.runs {
            sources.push(Source::File(run.open()?));
        }
        let mut heads = BinaryHeap::new();
        for (at, source) in sources.iter_mut().enumerate() {
            if let Some(row) = source.next()? {
                heads.push(Reverse((order.key(row), at)));
            }
        }
        Ok(Merged { order, sources, heads })
    }
}

enum Source<'s> {
    Memory(std::slice::Iter<'s, Row>),
    File(BufReader<File>),
}

impl Source<'_> {
    fn next(&mut self) -> io::Result<Option<Row>> {
        match self {
            Source::Memory(rows) => Ok(rows.next().copied()),
            Source::File(file) => {
                let mut bytes = [0; SIZE];
                match file.read_exact(&mut bytes) {
                    Ok(()) => Ok(Some(Row::from_bytes(&bytes))),
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
                    Err(error) => Err(error),
                }
            }
        }
    }
}

/// Rows in order.
pub(super) struct Merged<'s> {
    order: Order,
    sources: Vec<Source<'s>>,
    heads: BinaryHeap<Reverse<(Key, usize)>>,
}

impl Merged<'_> {
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        let Some(Reverse(((.., row), at))) = self.heads.pop() else { return Ok(None) };
        if let Some(next) = self.sources[at].next()? {
            self.heads.push(Reverse((self.order.key(next), at)));
        }
        Ok(Some(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_memory_give_the_same_order() {
        let folder = tempfile::tempdir().unwrap();
        let row =
            |n: u64| Row { at: (n * 7 % 13) as i64, id: (n * 31 % 17).into(), key: n, ..Row::default() };
        for order in [Order::Copies, Order::Twins, Order::Time] {
            let mut small = Sorter::new(order, Some(folder.path().into()), 7);
            let mut large = Sorter::new(order, None, 7);
            for n in 0..100 {
                small.push(row(n)).unwrap();
                large.push(row(n)).unwrap();
            }
            assert_eq!(small.runs.len(), 14);
            let all = |sorter: &mut Sorter| {
                let mut rows = sorter.rows().unwrap();
                std::iter::from_fn(|| rows.next().unwrap()).collect::<Vec<_>>()
            };
            assert_eq!(all(&mut small), all(&mut large));
            assert_eq!(all(&mut small).len(), 100);
        }
    }
}
