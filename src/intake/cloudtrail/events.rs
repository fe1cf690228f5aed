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
    rows: Sorter,
    keeps_own: bool,
    duplicates: u64,
    twins: u64,
    stopped: u64,
    /// Events that count by Region and account: a quota belongs to both.
    places: BTreeMap<(String, String), u64>,
}

impl Events {
    pub(super) fn of(
        counts: Counts,
        names: Names,
        (rows, runs): (Vec<Row>, Vec<Run>),
        folder: Option<PathBuf>,
        (keeps_own, room): (bool, usize),
    ) -> io::Result<Events> {
        let sorter = |order: Order| Sorter::new(order, folder.clone(), room);
        let mut all = sorter(Order::Copies).with(runs, rows);
        let mut events = Events {
            counts,
            names,
            rows: sorter(Order::Time),
            keeps_own,
            duplicates: 0,
            twins: 0,
            stopped: 0,
            places: BTreeMap::new(),
        };
        let mut twins = sorter(Order::Twins);
        let has_twins = events.without_copies(&mut all, &mut twins)?;
        let places = events.without_twins(&mut twins, has_twins)?;
        for (who, count) in places {
            let who = events.names.told(who);
            *events.places.entry((who.region, who.account)).or_default() += count;
        }
        Ok(events)
    }

    /// Hands on each event once; whether any of them is told of by a VPC endpoint.
    fn without_copies(&mut self, all: &mut Sorter, once: &mut Sorter) -> io::Result<bool> {
        let mut has_twins = false;
        let mut before: Option<Row> = None;
        let mut rows = all.rows()?;
        while let Some(row) = rows.next()? {
            let is_copy = |other: Row| {
                row.id != 0
                    && (other.id, other.region) == (row.id, row.region)
                    && other.at.div_euclid(3600) == row.at.div_euclid(3600)
            };
            if before.is_some_and(is_copy) {
                self.duplicates += 1;
                continue;
            }
            before = Some(row);
            has_twins |= row.has(NETWORK);
            once.push(row)?;
        }
        Ok(has_twins)
    }

    /// Keeps each call once, whoever else tells of it; how many count by who called where.
    fn without_twins(&mut self, twins: &mut Sorter, has_twins: bool) -> io::Result<BTreeMap<u64, u64>> {
        let mut places = BTreeMap::<u64, u64>::new();
        let mut before: Option<Row> = None;
        let mut calls = twins.rows()?;
        while let Some(row) = calls.next()? {
            if has_twins && row.has(NETWORK) {
                let is_twin = |other: Row| {
                    row.request != 0 && (other.request, other.region) == (row.request, row.region)
                };
                if row.has(STOPPED) {
                    self.stopped += 1;
                    continue;
                }
                if before.is_some_and(is_twin) {
                    self.twins += 1;
                    continue;
                }
            }
            before = Some(row);
            if self.keeps_own || !row.has(OWN) {
                *places.entry(row.who).or_default() += 1;
            }
            self.rows.push(row)?;
        }
        Ok(places)
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
        let flaw =
            |(name, record, reason): &(String, u64, String)| format!("{name}: record {record}: {reason}");
        let log = Log {
            files: counts.files,
            records: counts.records,
            duplicates: self.duplicates,
            twins: self.twins,
            stopped: self.stopped,
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
        let mut rows = self.rows.rows()?;
        while let Some(row) = rows.next()? {
            tally.add(row)?;
        }
        tally.finish()
    }
}
