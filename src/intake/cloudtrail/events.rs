//! All events of a log, each once, and the account and Region that they belong to.

use super::counts::{Counts, FLAWS};
use super::log::{Log, Second};
use super::row::{NETWORK, Names, OWN, Row, STOPPED};
use super::sort::{Order, Run, Sorter};
use super::tally::Tally;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

/// Events whose copies are out, in order of time.
#[derive(Debug)]
pub struct Events {
    counts: Counts,
    names: Names,
    /// One after another.
    stretches: Vec<Stretch>,
    keeps_own: bool,
    /// Events that count by Region and account: a quota belongs to both.
    places: BTreeMap<(String, String), u64>,
}

/// The events of some hours.
#[derive(Debug)]
struct Stretch {
    rows: Sorter,
    keeps_own: bool,
    duplicates: u64,
    twins: u64,
    stopped: u64,
    /// Events that count by who called where.
    callers: BTreeMap<u64, u64>,
}

impl Events {
    /// Up to `threads` at a time do what there is to do, each on hours of its own; what comes out is the same for any number.
    pub(super) fn of(
        (counts, names): (Counts, Names),
        (rows, runs): (Vec<Row>, Vec<Run>),
        folder: Option<PathBuf>,
        (keeps_own, room): (bool, usize),
        threads: usize,
    ) -> io::Result<Events> {
        let all = Sorter::new(Order::Copies, folder.clone(), room).with(runs, rows);
        let parts = all.cut(threads.max(1))?;
        // All of them together hold as much as one would.
        let room = (room / parts.len()).max(1);
        let settled = |number: usize, mut all: Sorter| {
            let sorter = |order: Order| Sorter::new(order, folder.clone(), room).numbered(number);
            let mut hour = Hour { rows: sorter(Order::Twins), has_twins: false };
            let mut stretch = Stretch::new(sorter(Order::Time), keeps_own);
            stretch.settle(&mut all, &mut hour).map(|()| stretch)
        };
        let parts = parts.into_iter().enumerate();
        let stretches: io::Result<Vec<Stretch>> = std::thread::scope(|scope| {
            let settled = &settled;
            let others: Vec<_> =
                parts.map(|(number, all)| scope.spawn(move || settled(number, all))).collect();
            let joined = |other: std::thread::ScopedJoinHandle<'_, io::Result<Stretch>>| {
                other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            others.into_iter().map(joined).collect()
        });
        let mut events = Events { counts, names, stretches: stretches?, keeps_own, places: BTreeMap::new() };
        for stretch in &events.stretches {
            for (who, count) in &stretch.callers {
                let who = events.names.told(*who);
                *events.places.entry((who.region, who.account)).or_default() += count;
            }
        }
        Ok(events)
    }

    /// Events by Region.
    pub fn regions(&self) -> BTreeMap<String, u64> {
        let mut regions = BTreeMap::new();
        for ((region, _), count) in &self.places {
            *regions.entry(region.clone()).or_default() += count;
        }
        regions
    }

    /// The Region and the account with the most events, of those that are not ruled out.
    pub fn busiest(&self, region: Option<&str>, account: Option<&str>) -> Option<(&str, &str)> {
        let is_wanted = |wanted: Option<&str>, name: &str| wanted.is_none_or(|wanted| wanted == name);
        let places = self.places.iter().filter(|((r, a), _)| is_wanted(region, r) && is_wanted(account, a));
        places.max_by_key(|(_, count)| **count).map(|((region, account), _)| (&**region, &**account))
    }

    /// What the events of one Region and one account say, or of all; each second with calls is handed to `each`, in order.
    ///
    /// The order in which files were read does not show: calls are in order of time and of their ids, and keys and contexts
    /// are numbered as they appear in that order.
    ///
    /// # Errors
    /// What was put aside cannot be read back, or what `each` fails with.
    pub fn log(
        &mut self,
        region: Option<&str>,
        account: Option<&str>,
        each: &mut dyn FnMut(&Second) -> io::Result<()>,
    ) -> io::Result<Log> {
        let of_region =
            self.places.iter().filter(|((name, _), _)| region.is_none_or(|region| region == name));
        let mut by_account = BTreeMap::new();
        for ((_, account), count) in of_region {
            *by_account.entry(account.clone()).or_default() += count;
        }
        let counts = &self.counts;
        let sum = |of: fn(&Stretch) -> u64| self.stretches.iter().map(of).sum();
        let flaw =
            |(name, record, reason): &(String, u64, String)| format!("{name}: record {record}: {reason}");
        let log = Log {
            files: counts.files,
            records: counts.records,
            duplicates: sum(|stretch| stretch.duplicates),
            twins: sum(|stretch| stretch.twins),
            stopped: sum(|stretch| stretch.stopped),
            skipped: counts.skipped,
            flaws: counts.flaws.iter().take(FLAWS).map(flaw).collect(),
            digests: counts.digests,
            insights: counts.insights,
            filtered: counts.filtered,
            exclusions: counts.exclusions.iter().cloned().collect(),
            region: region.map(Into::into),
            account: account.map(Into::into),
            by_region: self.regions(),
            by_account,
            ..Log::default()
        };
        let mut tally = Tally::of(log, &self.names, self.keeps_own, each);
        for stretch in &mut self.stretches {
            let mut rows = stretch.rows.rows()?;
            while let Some(row) = rows.next()? {
                tally.add(row)?;
            }
        }
        tally.finish()
    }
}

impl Stretch {
    fn new(rows: Sorter, keeps_own: bool) -> Stretch {
        Stretch { rows, keeps_own, duplicates: 0, twins: 0, stopped: 0, callers: BTreeMap::new() }
    }

    /// Takes each event of `all` once, hour by hour: copies and twins lie in one.
    fn settle(&mut self, all: &mut Sorter, hour: &mut Hour) -> io::Result<()> {
        let mut before: Option<Row> = None;
        let mut rows = all.rows()?;
        while let Some(row) = rows.next()? {
            let is_same_hour = before.is_none_or(|other| other.hour() == row.hour());
            let is_copy =
                |other: Row| row.id != 0 && (other.id, other.region) == (row.id, row.region) && is_same_hour;
            if before.is_some_and(is_copy) {
                self.duplicates += 1;
                continue;
            }
            if !is_same_hour {
                hour.end(&mut |row, before| self.take(row, before))?;
            }
            before = Some(row);
            hour.push(row)?;
        }
        hour.end(&mut |row, before| self.take(row, before))
    }

    /// Keeps a call once, whoever else tells of it; `before` is the one before it in an order of twins. Whether it is kept.
    fn take(&mut self, row: Row, before: Option<Row>) -> io::Result<bool> {
        if row.has(NETWORK) {
            let is_twin =
                |other: Row| row.request != 0 && (other.request, other.region) == (row.request, row.region);
            if row.has(STOPPED) {
                self.stopped += 1;
                return Ok(false);
            }
            if before.is_some_and(is_twin) {
                self.twins += 1;
                return Ok(false);
            }
        }
        if self.keeps_own || !row.has(OWN) {
            *self.callers.entry(row.who).or_default() += 1;
        }
        self.rows.push(row)?;
        Ok(true)
    }
}

/// The events of one hour, each once: in an order of twins if any of them may be one, as they came otherwise.
struct Hour {
    rows: Sorter,
    has_twins: bool,
}

impl Hour {
    fn push(&mut self, row: Row) -> io::Result<()> {
        self.has_twins |= row.has(NETWORK);
        self.rows.push(row)
    }

    /// Hands on all, each with the one before it that was kept, and begins anew; `take` says whether a row is kept.
    fn end(&mut self, take: &mut dyn FnMut(Row, Option<Row>) -> io::Result<bool>) -> io::Result<()> {
        match self.rows.held().filter(|_| !self.has_twins) {
            Some(rows) => {
                for row in rows {
                    take(*row, None)?;
                }
            }
            None => {
                let (mut before, mut rows) = (None, self.rows.rows()?);
                while let Some(row) = rows.next()? {
                    if take(row, before)? {
                        before = Some(row);
                    }
                }
            }
        }
        self.rows.clear();
        self.has_twins = false;
        Ok(())
    }
}
