//! What a log says about an account's calls.

use crate::api::{KeySpec, Operation};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a log says about the calls of an account in one Region, or in all.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Log {
    /// Files read.
    pub files: u64,
    /// Records read, of all services, flawed ones and copies included.
    pub records: u64,
    /// KMS events that another file or record had already told of.
    pub duplicates: u64,
    /// Records that could not be read.
    pub skipped: u64,
    /// The first of them: file, number, reason.
    pub flaws: Vec<String>,
    /// The only Region counted in what follows; all of them if `None`.
    pub region: Option<String>,
    /// KMS events of every Region, whichever is counted.
    pub by_region: BTreeMap<String, u64>,
    /// Events of keystorm's own calls, by their user agent, that are left out.
    pub own: u64,
    /// KMS events: calls, and what KMS did by itself.
    pub kms_events: u64,
    /// Calls by operation.
    pub by_operation: BTreeMap<String, u64>,
    /// KMS events that are no calls (key rotated, key deleted), by name.
    pub not_calls: BTreeMap<String, u64>,
    /// Calls by who called: an AWS service, a role, a user.
    pub by_invoker: BTreeMap<String, u64>,
    /// Failed calls by error code.
    pub by_error: BTreeMap<String, u64>,
    /// Calls refused because a quota was exhausted; such calls may be missing from a log.
    pub throttled: u64,
    /// Distinct keys, by ARN.
    pub keys: u64,
    /// Distinct encryption contexts.
    pub contexts: u64,
    /// Distinct accounts that called; quotas count for each by itself.
    pub accounts: u64,
    /// Calls in each second that has any, by operation.
    #[serde(skip)]
    pub per_second: BTreeMap<Timestamp, BTreeMap<String, u64>>,
    /// The second with the most calls, the latest of several.
    pub peak_second: Option<Peak>,
    /// The minute of the clock with the most calls, the latest of several.
    pub peak_minute: Option<Peak>,
    /// Second of the first call.
    pub first: Option<Timestamp>,
    /// Second of the last call.
    pub last: Option<Timestamp>,
    /// The calls in order of time.
    #[serde(skip)]
    pub calls: Vec<Call>,
}

/// The busiest stretch of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Peak {
    /// Calls in it.
    pub calls: u64,
    /// Where it begins.
    pub at: Timestamp,
}

/// One call of a log. Names are numbers, each known to the log's collector only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// When, to the second.
    pub at: Timestamp,
    /// The event's identity; orders calls of one second, whose true order the log does not tell.
    pub id: Option<Box<str>>,
    /// What was called.
    pub operation: Operation,
    /// The kind of key it needs.
    pub spec: KeySpec,
    /// In which Region.
    pub region: u32,
    /// By which account.
    pub account: u32,
    /// By whom.
    pub invoker: u32,
    /// The error code, if it failed.
    pub error: Option<u32>,
    /// Whether a quota refused it.
    pub throttled: bool,
    /// Which key; in a [`Log`] counted from 0 in order of appearance.
    pub key: Option<u32>,
    /// Which encryption context; in a [`Log`] counted from 0 in order of appearance.
    pub context: Option<u32>,
}

/// The minute of the clock that `second` lies in.
fn minute(second: Timestamp) -> Timestamp {
    let start = second.as_second().div_euclid(60) * 60;
    Timestamp::from_second(start).unwrap_or(second)
}

fn peak(counts: impl Iterator<Item = (Timestamp, u64)>) -> Option<Peak> {
    counts.map(|(at, calls)| Peak { calls, at }).max()
}

impl Log {
    /// Calls, without what KMS did by itself.
    pub fn calls_counted(&self) -> u64 {
        self.by_operation.values().sum()
    }

    /// Calls in each minute that has any.
    pub fn per_minute(&self) -> BTreeMap<Timestamp, u64> {
        let mut minutes = BTreeMap::new();
        for (second, operations) in &self.per_second {
            *minutes.entry(minute(*second)).or_default() += operations.values().sum::<u64>();
        }
        minutes
    }

    /// The peak second against the mean second of the minute it lies in: how much a per-minute metric hides.
    pub fn burst_factor(&self) -> Option<f64> {
        let peak = self.peak_second?;
        let around = *self.per_minute().get(&minute(peak.at))?;
        Some(peak.calls as f64 * 60.0 / around as f64)
    }

    /// Counts `calls`, which are in order of time; `names` are what their numbers stand for.
    pub(super) fn fill(&mut self, mut calls: Vec<Call>, names: &[Box<str>]) {
        let name = |number: u32| names[number as usize].to_string();
        let (mut keys, mut contexts) = (BTreeMap::new(), BTreeMap::new());
        let mut accounts = BTreeSet::new();
        for call in &mut calls {
            let operation = call.operation.name().to_owned();
            *self.per_second.entry(call.at).or_default().entry(operation.clone()).or_default() += 1;
            *self.by_operation.entry(operation).or_default() += 1;
            *self.by_invoker.entry(name(call.invoker)).or_default() += 1;
            if let Some(code) = call.error {
                *self.by_error.entry(name(code)).or_default() += 1;
            }
            self.throttled += u64::from(call.throttled);
            accounts.insert(call.account);
            call.key = call.key.map(|key| renumber(&mut keys, key));
            call.context = call.context.map(|context| renumber(&mut contexts, context));
        }
        self.keys = keys.len() as u64;
        self.contexts = contexts.len() as u64;
        self.accounts = accounts.len() as u64;
        self.kms_events = calls.len() as u64 + self.not_calls.values().sum::<u64>();
        let seconds = self.per_second.iter().map(|(at, operations)| (*at, operations.values().sum()));
        self.peak_second = peak(seconds);
        self.peak_minute = peak(self.per_minute().into_iter());
        self.first = calls.first().map(|call| call.at);
        self.last = calls.last().map(|call| call.at);
        self.calls = calls;
    }
}

/// The number given to `name`, the next free one if it is new.
fn renumber(numbers: &mut BTreeMap<u32, u32>, name: u32) -> u32 {
    let next = numbers.len() as u32;
    *numbers.entry(name).or_insert(next)
}
