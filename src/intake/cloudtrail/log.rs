//! What a log says about an account's calls, counted second by second.

use super::row::{Names, OWN, Row, THROTTLED, Who};
use crate::api::{KeySpec, Operation};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

/// What a log says about the calls of one account in one Region, or of all.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Log {
    /// Files read.
    pub files: u64,
    /// Records read, of all services, flawed ones and copies included.
    pub records: u64,
    /// KMS events that another file or record had already told of.
    pub duplicates: u64,
    /// Calls that a VPC endpoint told of beside KMS itself: the twins, not counted.
    pub twins: u64,
    /// Calls that a VPC endpoint's policy refused, so that KMS never saw them: not counted.
    pub stopped: u64,
    /// Records that could not be read.
    pub skipped: u64,
    /// The first of them: file, number, reason.
    pub flaws: Vec<String>,
    /// Digest files, which hold no events.
    pub digests: u64,
    /// Summaries by CloudTrail Insights, which are no calls.
    pub insights: u64,
    /// KMS events that were filtered out.
    pub filtered: u64,
    /// When somebody changed a trail so that it leaves KMS events out.
    pub exclusions: Vec<String>,
    /// The only Region counted in what follows; all of them if `None`.
    pub region: Option<String>,
    /// The only account counted in what follows; all of them if `None`.
    pub account: Option<String>,
    /// KMS events of every Region, whichever is counted.
    pub by_region: BTreeMap<String, u64>,
    /// KMS events of every account in the Region; each has quotas of its own.
    pub by_account: BTreeMap<String, u64>,
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
    /// Those of them that are AWS services on the account's behalf.
    pub services: BTreeMap<String, u64>,
    /// Failed calls by error code.
    pub by_error: BTreeMap<String, u64>,
    /// Calls refused because a quota was exhausted; such calls may be missing from a log.
    pub throttled: u64,
    /// Distinct keys.
    pub keys: u64,
    /// Distinct encryption contexts.
    pub contexts: u64,
    /// The second with the most calls, the latest of several.
    pub peak_second: Option<Peak>,
    /// Calls of the minute of the clock that the peak second lies in.
    pub minute_of_peak: u64,
    /// The minute of the clock with the most calls, the latest of several.
    pub peak_minute: Option<Peak>,
    /// Calls of the second that 99.9 % of all seconds from the first call to the last do not exceed.
    pub p999_second: u64,
    /// Variance ÷ mean of the seconds within their minutes: 1 if calls come independently, 0 if evenly, more in bursts.
    pub dispersion: Option<f64>,
    /// Second of the first call.
    pub first: Option<Timestamp>,
    /// Second of the last call.
    pub last: Option<Timestamp>,
    /// Calls by kind of key and operation.
    #[serde(skip)]
    pub mix: BTreeMap<KeySpec, BTreeMap<Operation, u64>>,
    /// The callers with the most calls, most first.
    #[serde(skip)]
    pub callers: Vec<Share>,
    /// How often each key was used, most first.
    #[serde(skip)]
    pub key_use: Popular,
    /// How often each encryption context was, most first.
    #[serde(skip)]
    pub context_use: Popular,
}

/// The busiest stretch of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Peak {
    /// Calls in it.
    pub calls: u64,
    /// Where it begins.
    pub at: Timestamp,
}

/// One call of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// What was called.
    pub operation: Operation,
    /// The kind of key it needs.
    pub spec: KeySpec,
    /// Which key, numbered from 0 in order of appearance.
    pub key: Option<u32>,
    /// Which encryption context, numbered from 0 in order of appearance.
    pub context: Option<u32>,
    /// Who called, numbered from 0 in order of appearance.
    pub caller: u32,
    /// Whether a quota refused it.
    pub is_throttled: bool,
}

/// The calls of one second.
#[derive(Debug)]
pub struct Second<'l> {
    /// Which.
    pub at: Timestamp,
    /// Since the second of the log's first call.
    pub since_first: u64,
    /// In the order of their ids: the log tells no other.
    pub calls: &'l [Call],
    /// The callers' names by their numbers.
    pub callers: &'l [String],
}

/// How often each of many things was used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Popular {
    /// Name, if it is known, and uses; the most used first.
    pub most: Vec<(String, u64)>,
    /// Uses of each, most first.
    pub uses: Vec<u64>,
    /// Different things seen; more than `uses` has if there were too many to tell apart.
    pub is_more: bool,
}

/// One caller's part of a log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Share {
    /// As [`Log::by_invoker`] has it.
    pub name: String,
    /// Whether it is an AWS service on the account's behalf.
    pub is_service: bool,
    /// Its calls.
    pub calls: u64,
    /// Its calls in the log's busiest second.
    pub at_peak: u64,
    /// By kind of key and operation.
    pub mix: BTreeMap<KeySpec, BTreeMap<Operation, u64>>,
    /// When they came.
    pub curve: Curve,
    /// The squares of its calls of each second, added up.
    pub squares: f64,
}

/// Calls over time, in steps that grow with the span so that there are never many.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Seconds of a step.
    pub step: u64,
    /// Calls of each step from the log's first second on.
    pub calls: Vec<u64>,
}

impl Default for Curve {
    fn default() -> Curve {
        Curve { step: 1, calls: Vec::new() }
    }
}

impl Curve {
    /// Steps after which two become one.
    const MOST: usize = 240;

    fn add(&mut self, since: u64, calls: u64) {
        while since / self.step >= Curve::MOST as u64 {
            self.step *= 2;
            self.calls = self.calls.chunks(2).map(|pair| pair.iter().sum()).collect();
        }
        let at = (since / self.step) as usize;
        if self.calls.len() <= at {
            self.calls.resize(at + 1, 0);
        }
        self.calls[at] += calls;
    }

    /// Both together.
    pub(super) fn plus(mut self, other: &Curve) -> Curve {
        for (at, calls) in (0..).zip(&other.calls) {
            self.add(at * other.step, *calls);
        }
        self
    }
}

impl Log {
    /// Calls, without what KMS did by itself.
    pub fn calls_counted(&self) -> u64 {
        self.by_operation.values().sum()
    }

    /// The peak second against the mean second of the minute it lies in: how much a per-minute metric hides.
    pub fn burst_factor(&self) -> Option<f64> {
        let peak = self.peak_second?;
        Some(peak.calls as f64 * 60.0 / self.minute_of_peak as f64)
    }

    /// Seconds from the first call to the last, both included.
    pub fn seconds(&self) -> u64 {
        let span = self.first.zip(self.last).map(|(first, last)| last.as_second() - first.as_second());
        span.and_then(|span| u64::try_from(span).ok()).map_or(0, |span| span + 1)
    }
}

/// Things told apart before memory is spared.
const MOST_THINGS: usize = 200_000;
/// Callers that have a curve of their own.
const MOST_CURVES: usize = 1_000;
/// The most used things that are named.
const NAMED: usize = 5;

/// Numbers things as they appear, and counts them.
#[derive(Default)]
struct Numbers {
    of: BTreeMap<u64, u32>,
    uses: Vec<u64>,
    digests: Vec<u64>,
    is_more: bool,
}

impl Numbers {
    fn number(&mut self, digest: u64) -> Option<u32> {
        if digest == 0 {
            return None;
        }
        if let Some(number) = self.of.get(&digest) {
            self.uses[*number as usize] += 1;
            return Some(*number);
        }
        if self.of.len() >= MOST_THINGS {
            self.is_more = true;
            // Told apart by chance from here on: two are taken for one once in thousands.
            return Some(MOST_THINGS as u32 + (digest % (1 << 30)) as u32);
        }
        let number = self.of.len() as u32;
        self.of.insert(digest, number);
        self.uses.push(1);
        self.digests.push(digest);
        Some(number)
    }

    fn popular(&self, names: &Names) -> Popular {
        let mut order: Vec<(u64, u64)> =
            self.uses.iter().copied().zip(self.digests.iter().copied()).collect();
        order.sort_by_key(|(uses, _)| std::cmp::Reverse(*uses));
        let named = order
            .iter()
            .take(NAMED)
            .filter_map(|(uses, digest)| Some((names.told_key(*digest)?.to_owned(), *uses)));
        Popular {
            most: named.collect(),
            uses: order.iter().map(|(uses, _)| *uses).collect(),
            is_more: self.is_more,
        }
    }
}

/// Counts rows that come in order of time.
pub(super) struct Tally<'t> {
    log: Log,
    names: &'t Names,
    keeps_own: bool,
    each: &'t mut dyn FnMut(&Second) -> io::Result<()>,
    /// What a caller's number of a row means here: its number among the callers that count.
    whos: BTreeMap<u64, Option<(u32, Who)>>,
    callers: BTreeMap<String, u32>,
    caller_names: Vec<String>,
    shares: Vec<Share>,
    /// Calls of the second by caller, while they are counted.
    in_second: Vec<u64>,
    /// Calls of the busiest second by caller.
    at_peak: BTreeMap<u32, u64>,
    keys: Numbers,
    contexts: Numbers,
    now: i64,
    calls: Vec<Call>,
    minute: Minute,
    /// How many seconds had so many calls.
    seconds: BTreeMap<u64, u64>,
    spread: (f64, f64),
}

/// The minute that is being counted.
#[derive(Default)]
struct Minute {
    number: i64,
    calls: u64,
    squares: f64,
}

impl<'t> Tally<'t> {
    pub(super) fn of(
        log: Log,
        names: &'t Names,
        keeps_own: bool,
        each: &'t mut dyn FnMut(&Second) -> io::Result<()>,
    ) -> Tally<'t> {
        Tally {
            log,
            names,
            keeps_own,
            each,
            whos: BTreeMap::new(),
            callers: BTreeMap::new(),
            caller_names: Vec::new(),
            shares: Vec::new(),
            in_second: Vec::new(),
            at_peak: BTreeMap::new(),
            keys: Numbers::default(),
            contexts: Numbers::default(),
            now: i64::MIN,
            calls: Vec::new(),
            minute: Minute::default(),
            seconds: BTreeMap::new(),
            spread: (0.0, 0.0),
        }
    }

    pub(super) fn add(&mut self, row: Row) -> io::Result<()> {
        let (log, names, callers) = (&self.log, self.names, &mut self.callers);
        let (shares, caller_names) = (&mut self.shares, &mut self.caller_names);
        let known = self.whos.entry(row.who).or_insert_with(|| {
            let who = names.told(row.who);
            let is_wanted =
                |wanted: &Option<String>, name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
            if !is_wanted(&log.region, &who.region) || !is_wanted(&log.account, &who.account) {
                return None;
            }
            let next = callers.len() as u32;
            let number = *callers.entry(who.invoker.clone()).or_insert(next);
            if number == next {
                shares.push(Share {
                    name: who.invoker.clone(),
                    is_service: who.is_service,
                    ..Share::default()
                });
                caller_names.push(who.invoker.clone());
            }
            Some((number, who))
        });
        let Some((caller, who)) = known else { return Ok(()) };
        if row.has(OWN) && !self.keeps_own {
            self.log.own += 1;
            return Ok(());
        }
        self.log.kms_events += 1;
        let Some(operation) = row.operation() else {
            *self.log.not_calls.entry(who.name.clone().unwrap_or_default()).or_default() += 1;
            return Ok(());
        };
        if let Some(code) = &who.error {
            *self.log.by_error.entry(code.clone()).or_default() += 1;
        }
        let caller = *caller;
        if row.at != self.now {
            self.end_second()?;
            self.now = row.at;
        }
        self.log.throttled += u64::from(row.has(THROTTLED));
        self.calls.push(Call {
            operation,
            spec: row.spec(),
            key: self.keys.number(row.key),
            context: self.contexts.number(row.context),
            caller,
            is_throttled: row.has(THROTTLED),
        });
        Ok(())
    }

    fn end_second(&mut self) -> io::Result<()> {
        if self.calls.is_empty() {
            return Ok(());
        }
        let at = Timestamp::from_second(self.now).unwrap_or_default();
        let first = *self.log.first.get_or_insert(at);
        let since_first = u64::try_from(self.now - first.as_second()).unwrap_or(0);
        let second = Second { at, since_first, calls: &self.calls, callers: &self.caller_names };
        (self.each)(&second)?;
        let calls = self.calls.len() as u64;
        self.in_second.resize(self.shares.len(), 0);
        for call in &self.calls {
            *self.log.mix.entry(call.spec).or_default().entry(call.operation).or_default() += 1;
            let share = &mut self.shares[call.caller as usize];
            share.calls += 1;
            *share.mix.entry(call.spec).or_default().entry(call.operation).or_default() += 1;
            if (call.caller as usize) < MOST_CURVES {
                share.curve.add(since_first, 1);
            }
            self.in_second[call.caller as usize] += 1;
        }
        for call in &self.calls {
            let own = std::mem::take(&mut self.in_second[call.caller as usize]);
            self.shares[call.caller as usize].squares += (own * own) as f64;
        }
        self.log.last = Some(at);
        *self.seconds.entry(calls).or_default() += 1;
        if self.now.div_euclid(60) != self.minute.number {
            self.end_minute();
            self.minute.number = self.now.div_euclid(60);
        }
        self.minute.calls += calls;
        self.minute.squares += (calls * calls) as f64;
        if self.log.peak_second.is_none_or(|peak| calls >= peak.calls) {
            self.log.peak_second = Some(Peak { calls, at });
            self.log.minute_of_peak = 0;
            self.at_peak.clear();
            self.calls.iter().for_each(|call| *self.at_peak.entry(call.caller).or_default() += 1);
        }
        self.calls.clear();
        Ok(())
    }

    fn end_minute(&mut self) {
        let Minute { number, calls, squares } = std::mem::take(&mut self.minute);
        if calls == 0 {
            return;
        }
        let at = Timestamp::from_second(number * 60).unwrap_or_default();
        if self.log.peak_minute.is_none_or(|peak| calls >= peak.calls) {
            self.log.peak_minute = Some(Peak { calls, at });
        }
        let is_around = |peak: Peak| peak.at.as_second().div_euclid(60) == number;
        if self.log.minute_of_peak == 0 && self.log.peak_second.is_some_and(is_around) {
            self.log.minute_of_peak = calls;
        }
        // The variance of the sixty seconds around their own mean, without its bias.
        let mean = calls as f64 / 60.0;
        self.spread.0 += (squares - 60.0 * mean * mean) / 59.0;
        self.spread.1 += mean;
    }

    pub(super) fn finish(mut self) -> io::Result<Log> {
        self.end_second()?;
        self.end_minute();
        for (caller, calls) in &self.at_peak {
            self.shares[*caller as usize].at_peak = *calls;
        }
        let mut log = self.log;
        log.dispersion = (self.spread.1 > 0.0).then(|| self.spread.0 / self.spread.1);
        let span = log.seconds();
        let mut above = span / 1000;
        log.p999_second = 0;
        for (calls, seconds) in self.seconds.iter().rev() {
            if above < *seconds {
                log.p999_second = *calls;
                break;
            }
            above -= seconds;
        }
        for mix in log.mix.values() {
            for (operation, calls) in mix {
                *log.by_operation.entry(operation.name().to_owned()).or_default() += calls;
            }
        }
        for share in self.shares.iter().filter(|share| share.calls > 0) {
            log.by_invoker.insert(share.name.clone(), share.calls);
            if share.is_service {
                log.services.insert(share.name.clone(), share.calls);
            }
        }
        log.callers = self.shares.into_iter().filter(|share| share.calls > 0).collect();
        log.callers.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.name.cmp(&b.name)));
        (log.keys, log.contexts) = (self.keys.of.len() as u64, self.contexts.of.len() as u64);
        (log.key_use, log.context_use) = (self.keys.popular(self.names), self.contexts.popular(self.names));
        Ok(log)
    }
}
