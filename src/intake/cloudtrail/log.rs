//! What a log says about an account's calls.

use crate::api::{KeySpec, Operation};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

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
    /// The second.
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
    const MAX_STEPS: usize = 240;

    /// Adds calls of the second `since` the log's first.
    pub(super) fn add(&mut self, since: u64, calls: u64) {
        while since / self.step >= Curve::MAX_STEPS as u64 {
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
