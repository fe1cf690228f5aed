//! Counts a log's calls, second by second.

use super::log::{Call, Log, Peak, Popular, Second, Share};
use super::row::{Names, OWN, Row, THROTTLED, Who};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io;

/// Things told apart before memory is spared.
const MAX_THINGS: usize = 200_000;
/// Callers that have a curve of their own.
const MAX_CURVES: usize = 1_000;
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
        if self.of.len() >= MAX_THINGS {
            self.is_more = true;
            // Told apart by chance from here on: two are taken for one once in thousands.
            return Some(MAX_THINGS as u32 + (digest % (1 << 30)) as u32);
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
        // Calls that are alike often come together.
        let is_alike =
            |a: &Call, b: &Call| (a.spec, a.operation, a.caller) == (b.spec, b.operation, b.caller);
        for alike in self.calls.chunk_by(is_alike) {
            let (call, count) = (alike[0], alike.len() as u64);
            *self.log.mix.entry(call.spec).or_default().entry(call.operation).or_default() += count;
            let share = &mut self.shares[call.caller as usize];
            share.calls += count;
            *share.mix.entry(call.spec).or_default().entry(call.operation).or_default() += count;
            if (call.caller as usize) < MAX_CURVES {
                share.curve.add(since_first, count);
            }
            self.in_second[call.caller as usize] += count;
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
