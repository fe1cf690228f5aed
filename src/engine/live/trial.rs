//! A live trial that is over.

use crate::record::Trial;
use crate::time::{Span, Time};
use std::collections::BTreeMap;

/// One trial, and what only a live one has.
#[derive(Clone, Debug)]
pub struct LiveTrial {
    /// What was recorded.
    pub trial: Trial,
    /// How it ended.
    pub ended: Ended,
    /// How long it took.
    pub elapsed: Span,
    /// The largest share of its time that the driver's thread was computing.
    pub busy: f64,
}

/// How a trial ended, beside what was recorded.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// When a threshold with `abortOnFail` ended it.
    pub aborted_at: Option<Time>,
    /// The cap that ended it.
    pub cap: Option<&'static str>,
    /// Whether it was ended from outside.
    pub interrupted: bool,
    /// Whether a throttled answer ended it.
    pub throttled: bool,
    /// Who was lost of those that ran shares of it, if that ended it.
    pub lost: Option<Lost>,
    /// What the service said no with: the first message of each code.
    pub refusals: BTreeMap<String, String>,
}

/// Who was lost of those that run a trial together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// A worker, by its name.
    Worker(String),
    /// The bus over which they hear of one another.
    Bus,
}
