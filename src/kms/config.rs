//! What a scenario says about the service: how long it takes and what goes wrong.

use crate::api::Operation;
use crate::time::Span;
use crate::units::{Rate, Ratio};
use std::collections::BTreeMap;

/// A lognormal service time by two percentiles; p99 at least p50.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// The median.
    pub p50: Span,
    /// One in a hundred takes longer.
    pub p99: Span,
}

/// How long the service takes to answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceTime {
    /// Answers that are not refusals.
    pub default: Latency,
    /// Refusals; constant.
    pub throttled: Span,
    /// Operations that differ from the default.
    pub operations: BTreeMap<Operation, Latency>,
    /// When, where and on how many answers they were measured; `None` if they are assumed.
    pub measured: Option<String>,
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// When it begins.
    pub at: Span,
    /// How long it lasts; `None` with [`Strikes::Next`] means until used up.
    pub lasts: Option<Span>,
    /// What it does.
    pub kind: FaultKind,
    /// Which attempts it strikes.
    pub strikes: Strikes,
    /// Only this operation, or all.
    pub operation: Option<Operation>,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// Answers ThrottlingException though quota is left.
    Throttle,
    /// Answers KMSInternalException.
    Error,
    /// Adds to the service time.
    Slow {
        /// How much.
        by: Span,
    },
    /// Answers nothing until the fault ends.
    Freeze,
    /// Breaks the connection.
    Reset,
    /// Sets a pool's limit for the duration; strikes and operation do not matter.
    Quota {
        /// Which pool, by name.
        pool: String,
        /// Its limit meanwhile.
        to: Rate,
    },
}

/// Which attempts a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Strikes {
    /// Each, with this probability.
    Probability(Ratio),
    /// The next so many.
    Next(u64),
}
