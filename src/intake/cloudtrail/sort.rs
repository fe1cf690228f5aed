//! Puts any number of rows into an order in flat memory: what does not fit goes into sorted files, which are merged.

use super::row::{Row, SIZE};
use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Take, Write};
use std::path::{Path, PathBuf};

/// Rows that are held at a time: 12 MiB.
pub(super) const ROOM: usize = 200_000;

/// Rows of each part that are looked at to make parts equal.
const LOOKS: usize = 64;

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

impl Order {
    fn compare(self, a: &Row, b: &Row) -> Ordering {
        let by_hour = || a.hour().cmp(&b.hour()).then(a.region.cmp(&b.region));
        let by_flag = |flag: u8| (a.flags & flag).cmp(&(b.flags & flag));
        let order = match self {
            Order::Copies => by_hour().then(a.id.cmp(&b.id)).then_with(|| by_flag(super::row::VAGUE)),
            Order::Twins => {
                by_hour().then(a.request.cmp(&b.request)).then_with(|| by_flag(super::row::NETWORK))
            }
            Order::Time => a.at.cmp(&b.at).then(a.id.cmp(&b.id)),
        };
        order.then_with(|| a.cmp(b))
    }
}

/// Writes rows in order into a file of their own.
pub(super) fn write(path: &Path, order: Order, rows: &mut [Row]) -> io::Result<()> {
    rows.sort_unstable_by(|a, b| order.compare(a, b));
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
    path: PathBuf,
    /// Bytes before the first row.
    from: u64,
    /// Bytes before what is none of its rows any more; `None` if all that follow are.
    to: Option<u64>,
}

impl Run {
    /// A file of nothing but rows.
    pub(super) fn whole(path: PathBuf) -> Run {
        Run::after(path, 0)
    }

    /// A file of rows but for so many bytes before them.
    pub(super) fn after(path: PathBuf, from: u64) -> Run {
        Run { path, from, to: None }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn open(&self) -> io::Result<BufReader<Take<File>>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.from))?;
        let length = self.to.map_or(u64::MAX, |to| to - self.from);
        Ok(BufReader::with_capacity(1 << 14, file.take(length)))
    }

    /// The file, and the bytes between which its rows lie.
    fn bounds(&self) -> io::Result<(File, u64, u64)> {
        let file = File::open(&self.path)?;
        let end = self.to.map_or_else(|| file.metadata().map(|data| data.len()), Ok)?;
        Ok((file, self.from, end))
    }

    /// Where it is cut by `hours`, each of which begins another part; rows are in an order by hour.
    fn cut(&self, hours: &[i64]) -> io::Result<Vec<Run>> {
        let (mut file, mut from, end) = self.bounds()?;
        let mut parts = Vec::with_capacity(hours.len() + 1);
        for hour in hours {
            let to = self.from + before(&mut file, self.from, end, *hour)? * SIZE as u64;
            parts.push(Run { path: self.path.clone(), from, to: Some(to) });
            from = to;
        }
        parts.push(Run { path: self.path.clone(), from, to: Some(end) });
        Ok(parts)
    }
}

/// How many of the rows from byte `from` to byte `end` lie before an hour.
fn before(file: &mut File, from: u64, end: u64, hour: i64) -> io::Result<u64> {
    let (mut low, mut high) = (0, end.saturating_sub(from) / SIZE as u64);
    while low < high {
        let middle = low + (high - low) / 2;
        match hour_at(file, from, middle)? < hour {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    Ok(low)
}

/// The hour of a row, by its place among those from byte `from` on.
fn hour_at(file: &mut File, from: u64, place: u64) -> io::Result<i64> {
    file.seek(SeekFrom::Start(from + place * SIZE as u64))?;
    let mut bytes = [0; SIZE];
    file.read_exact(&mut bytes)?;
    Ok(Row::from_bytes(&bytes).hour())
}

/// Takes rows in any order, gives them back in one.
#[derive(Debug)]
pub(super) struct Sorter {
    order: Order,
    rows: Vec<Row>,
    room: usize,
    /// Where files may be put; without one, memory holds all.
    folder: Option<PathBuf>,
    /// Tells its files in the folder from those of others with the same order.
    number: usize,
    runs: Vec<Run>,
}

impl Sorter {
    pub(super) fn new(order: Order, folder: Option<PathBuf>, room: usize) -> Sorter {
        Sorter { order, rows: Vec::new(), room, folder, number: 0, runs: Vec::new() }
    }

    /// The same, whose files bear another number.
    pub(super) fn numbered(self, number: usize) -> Sorter {
        Sorter { number, ..self }
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
            let name = format!("{:?}-{}-{}.rows", self.order, self.number, self.runs.len());
            let path = folder.join(name.to_lowercase());
            write(&path, self.order, &mut self.rows)?;
            self.runs.push(Run::whole(path));
            self.rows.clear();
        }
        Ok(())
    }

    /// The rows in any order, if memory holds all.
    pub(super) fn held(&self) -> Option<&[Row]> {
        self.runs.is_empty().then_some(&self.rows)
    }

    /// Forgets all rows.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.runs.clear();
    }

    /// The same rows in at most so many parts of about the same size, no hour in two of them. Only for an order by hour.
    pub(super) fn cut(mut self, parts: usize) -> io::Result<Vec<Sorter>> {
        let order = self.order;
        self.rows.sort_unstable_by(|a, b| order.compare(a, b));
        let hours = self.edges(parts)?;
        let mut cut: Vec<Sorter> =
            (0..=hours.len()).map(|_| Sorter::new(order, self.folder.clone(), self.room)).collect();
        for run in &self.runs {
            cut.iter_mut().zip(run.cut(&hours)?).for_each(|(part, run)| part.runs.push(run));
        }
        for (part, hour) in cut.iter_mut().skip(1).zip(&hours).rev() {
            part.rows = self.rows.split_off(self.rows.partition_point(|row| row.hour() < *hour));
        }
        cut[0].rows = self.rows;
        Ok(cut)
    }

    /// The hours at which about equal parts begin, but for the first, by a few rows of each; rows in memory are in order.
    fn edges(&self, parts: usize) -> io::Result<Vec<i64>> {
        let mut files: Vec<(File, u64, u64)> =
            self.runs.iter().map(Run::bounds).collect::<io::Result<_>>()?;
        let rows_of = |from: u64, end: u64| end.saturating_sub(from) / SIZE as u64;
        let all =
            files.iter().map(|(_, from, end)| rows_of(*from, *end)).sum::<u64>() + self.rows.len() as u64;
        let step = (all as usize / (parts * LOOKS)).max(1);
        let mut hours: Vec<i64> = self.rows.iter().step_by(step).map(Row::hour).collect();
        for (file, from, end) in &mut files {
            for place in (0..rows_of(*from, *end)).step_by(step) {
                hours.push(hour_at(file, *from, place)?);
            }
        }
        hours.sort_unstable();
        let first = hours.first().copied();
        let mut edges: Vec<i64> =
            (1..parts).filter_map(|part| hours.get(part * hours.len() / parts).copied()).collect();
        edges.retain(|hour| Some(*hour) > first);
        edges.dedup();
        Ok(edges)
    }

    /// The rows in order. Can be gone through again.
    pub(super) fn rows(&mut self) -> io::Result<Merged<'_>> {
        let order = self.order;
        self.rows.sort_unstable_by(|a, b| order.compare(a, b));
        let mut sources = vec![Source::Memory(self.rows.iter())];
        for run in &self.runs {
            sources.push(Source::File(run.open()?));
        }
        let mut merged = Merged { order, sources, heads: Vec::new(), heap: Vec::new() };
        for at in 0..merged.sources.len() {
            let head = merged.sources[at].next()?;
            merged.heads.push(head.unwrap_or_default());
            merged.heap.extend(head.map(|_| at));
        }
        (0..merged.heap.len() / 2).rev().for_each(|place| merged.sink(place));
        Ok(merged)
    }
}

enum Source<'s> {
    Memory(std::slice::Iter<'s, Row>),
    File(BufReader<Take<File>>),
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
    /// Each source's next row, if it is in the heap.
    heads: Vec<Row>,
    /// Numbers of sources, the one with the least head first: a binary heap whose rows need not move.
    heap: Vec<usize>,
}

impl Merged<'_> {
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        let Some(&least) = self.heap.first() else { return Ok(None) };
        let row = self.heads[least];
        match self.sources[least].next()? {
            Some(next) => self.heads[least] = next,
            None => drop(self.heap.swap_remove(0)),
        }
        self.sink(0);
        Ok(Some(row))
    }

    /// Lets the source at a place of the heap sink until none below it has a lesser head.
    fn sink(&mut self, mut place: usize) {
        let is_less = |a: usize, b: usize| self.order.compare(&self.heads[a], &self.heads[b]).is_lt();
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let Some(&of_left) = self.heap.get(left) else { return };
            let below = match self.heap.get(right) {
                Some(&of_right) if is_less(of_right, of_left) => right,
                _ => left,
            };
            if !is_less(self.heap[below], self.heap[place]) {
                return;
            }
            self.heap.swap(place, below);
            place = below;
        }
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

    #[test]
    fn parts_are_about_equal_and_no_hour_is_in_two() {
        let folder = tempfile::tempdir().unwrap();
        let mut whole = Sorter::new(Order::Copies, Some(folder.path().into()), 7);
        // Hours of 1, 2, 3, … rows.
        let hours: Vec<i64> = (0..20).flat_map(|hour| std::iter::repeat_n(hour, hour as usize + 1)).collect();
        for (n, hour) in hours.iter().enumerate() {
            let row = Row {
                at: 3600 * (hour - 5) + n as i64 * 17 % 3600,
                id: n as u128 * 31 % 211,
                ..Row::default()
            };
            whole.push(row).unwrap();
        }
        let all = |sorter: &mut Sorter| {
            let mut rows = sorter.rows().unwrap();
            std::iter::from_fn(|| rows.next().unwrap()).collect::<Vec<_>>()
        };
        let expected = all(&mut whole);
        let mut parts = whole.cut(3).unwrap();
        let each: Vec<Vec<Row>> = parts.iter_mut().map(all).collect();
        assert_eq!(each.concat(), expected);
        let lengths: Vec<usize> = each.iter().map(Vec::len).collect();
        assert!(lengths.len() == 3 && lengths.iter().all(|length| (50..=90).contains(length)), "{lengths:?}");
        for pair in each.windows(2) {
            assert!(pair[0].last().unwrap().hour() < pair[1][0].hour());
        }
        // One hour cannot be cut, and nothing cannot either.
        let mut hour = Sorter::new(Order::Copies, None, 7);
        (0..9).for_each(|n| hour.push(Row { id: n, ..Row::default() }).unwrap());
        assert_eq!(hour.cut(4).unwrap().len(), 1);
        assert_eq!(Sorter::new(Order::Copies, None, 7).cut(4).unwrap().len(), 1);
    }
}
