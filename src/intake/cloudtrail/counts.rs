//! What is counted of files before their events are known.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How many flaws are kept for the reader; all are counted.
pub const FLAWS: usize = 10;

/// What is counted of files, whatever their events are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) files: u64,
    pub(super) records: u64,
    pub(super) skipped: u64,
    pub(super) flaws: BTreeSet<(String, u64, String)>,
    pub(super) digests: u64,
    pub(super) insights: u64,
    pub(super) filtered: u64,
    pub(super) exclusions: BTreeSet<String>,
}

impl Counts {
    /// Adds what somebody else has counted; `other`'s flaws are of other files.
    pub(super) fn merge(&mut self, other: Counts) {
        self.files += other.files;
        self.records += other.records;
        self.skipped += other.skipped;
        self.flaws.extend(other.flaws);
        shorten(&mut self.flaws);
        self.digests += other.digests;
        self.insights += other.insights;
        self.filtered += other.filtered;
        self.exclusions.extend(other.exclusions);
        shorten(&mut self.exclusions);
    }

    /// Adds what comes later in the same file, counted from one.
    pub(super) fn follow(&mut self, mut later: Counts) {
        let before = self.records;
        later.flaws =
            later.flaws.into_iter().map(|(name, record, why)| (name, before + record, why)).collect();
        self.merge(later);
    }

    /// Counts a record that cannot be read.
    pub(super) fn flaw(&mut self, name: &str, reason: &str) {
        self.skipped += 1;
        self.flaws.insert((name.into(), self.records, reason.into()));
        shorten(&mut self.flaws);
    }

    /// Keeps when somebody left KMS out of a trail.
    pub(super) fn exclude(&mut self, at: String) {
        self.exclusions.insert(at);
        shorten(&mut self.exclusions);
    }
}

/// Keeps the first: those do not depend on who has read which file, or when.
fn shorten<T: Ord>(set: &mut BTreeSet<T>) {
    while set.len() > FLAWS {
        set.pop_last();
    }
}
