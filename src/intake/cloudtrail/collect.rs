//! Gathers the events of many files, each event once.

use super::document::{FLAWS, File};
use super::event::Event;
use super::log::{Call, Log};
use std::collections::{BTreeMap, BTreeSet};

/// Gathers files and gives the [`Log`] of one Region, or of all.
///
/// Names are kept once, so that an event costs some eighty bytes however long its ARNs are.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    keeps_own: bool,
    /// Calls of keystorm's own by Region, where they are left out.
    own: BTreeMap<String, u64>,
    files: u64,
    records: u64,
    duplicates: u64,
    skipped: u64,
    flaws: Vec<String>,
    seen: BTreeSet<Box<str>>,
    names: Names,
    regions: BTreeMap<String, u64>,
    /// KMS events by Region and name that are no calls.
    not_calls: BTreeMap<(u32, String), u64>,
    calls: Vec<Call>,
}

/// Texts and the numbers that stand for them.
#[derive(Clone, Debug, Default)]
struct Names {
    numbers: BTreeMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
}

impl Names {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).expect("four billion names do not fit into memory");
        self.numbers.insert(text.into(), number);
        self.texts.push(text.into());
        number
    }
}

impl Collector {
    /// The same, which counts calls that a keystorm made like all others: otherwise a load test would be replayed as if it
    /// were the account's own load.
    pub fn keeping_own(self) -> Collector {
        Collector { keeps_own: true, ..self }
    }

    /// Adds what the file called `name` holds; `name` is for messages.
    pub fn record(&mut self, name: &str, file: File) {
        self.files += 1;
        self.records += file.records;
        self.skipped += file.skipped;
        let room = FLAWS - self.flaws.len();
        let flaws = file.flaws.iter().take(room);
        self.flaws.extend(flaws.map(|flaw| format!("{name}: record {}: {}", flaw.record, flaw.reason)));
        for event in file.events {
            self.record_event(&event);
        }
    }

    fn record_event(&mut self, event: &Event) {
        if let Some(id) = &event.id
            && !self.seen.insert(id.as_str().into())
        {
            self.duplicates += 1;
            return;
        }
        if event.is_own && !self.keeps_own {
            *self.own.entry(event.region.clone()).or_default() += 1;
            return;
        }
        *self.regions.entry(event.region.clone()).or_default() += 1;
        let region = self.names.number(&event.region);
        let Some(operation) = event.operation else {
            *self.not_calls.entry((region, event.name.clone())).or_default() += 1;
            return;
        };
        self.calls.push(Call {
            at: event.at,
            id: event.id.as_deref().map(Into::into),
            operation,
            spec: event.spec,
            region,
            account: self.names.number(&event.account),
            invoker: self.names.number(&event.invoker),
            error: event.error.as_deref().map(|code| self.names.number(code)),
            throttled: event.is_throttled(),
            key: event.key.as_deref().map(|key| self.names.number(key)),
            context: event.context.as_deref().map(|context| self.names.number(context)),
        });
    }

    /// KMS events by Region.
    pub fn regions(&self) -> &BTreeMap<String, u64> {
        &self.regions
    }

    /// The Region with the most KMS events.
    pub fn busiest_region(&self) -> Option<&str> {
        self.regions.iter().max_by_key(|(_, events)| **events).map(|(name, _)| name.as_str())
    }

    /// What all files say together, about one Region or about all of them.
    ///
    /// The order in which files were added does not show: calls are ordered by time and event, and keys and
    /// contexts numbered as they appear in that order.
    pub fn log(&self, region: Option<&str>) -> Log {
        let wanted = region.map(|name| self.names.numbers.get(name).copied());
        let is_wanted = |region: u32| wanted.is_none_or(|wanted| wanted == Some(region));
        let mut calls = self.calls.iter().filter(|call| is_wanted(call.region)).cloned().collect::<Vec<_>>();
        calls.sort();
        let mut log = Log {
            files: self.files,
            records: self.records,
            duplicates: self.duplicates,
            skipped: self.skipped,
            flaws: self.flaws.clone(),
            by_region: self.regions.clone(),
            region: region.map(Into::into),
            own: match region {
                Some(name) => self.own.get(name).copied().unwrap_or(0),
                None => self.own.values().sum(),
            },
            ..Log::default()
        };
        for ((_, name), count) in self.not_calls.iter().filter(|((region, _), _)| is_wanted(*region)) {
            *log.not_calls.entry(name.clone()).or_default() += count;
        }
        log.fill(calls, &self.names.texts);
        log
    }
}
