//! What a scenario says about the service: how long it takes and what goes wrong.

use crate::api::{Operation, words};
use crate::time::Span;
use crate::units::{Rate, Ratio};
use std::collections::BTreeMap;
use std::fmt;

/// A lognormal service time by two percentiles; p99 at least p50.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// The median.
    pub p50: Span,
    /// One in a hundred takes longer.
    pub p99: Span,
}

/// How long answers take.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Lognormal by two percentiles.
    Lognormal(Latency),
    /// Always the same.
    Fixed(Span),
    /// Memoryless.
    Exponential {
        /// The mean.
        mean: Span,
    },
    /// Percentiles (0 to 100, rising) and their times, joined by straight lines; nothing lies beyond the outermost.
    Quantiles(Vec<(f64, Span)>),
    /// One of several, drawn for each answer; shares add up to one.
    Mixture(Vec<Part>),
}

/// A part of a mixture.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Which share of answers.
    pub share: Ratio,
    /// How long they take.
    pub of: Distribution,
}

impl From<Latency> for Distribution {
    fn from(latency: Latency) -> Distribution {
        Distribution::Lognormal(latency)
    }
}

impl Distribution {
    /// The median; of a mixture, that of its largest part.
    pub fn median(&self) -> Span {
        match self {
            Distribution::Lognormal(latency) => latency.p50,
            Distribution::Fixed(span) => *span,
            Distribution::Exponential { mean } => {
                Span::from_secs_f64(mean.as_secs_f64() * std::f64::consts::LN_2)
            }
            Distribution::Quantiles(points) => {
                let above = points.iter().find(|(percent, _)| *percent >= 50.0).or(points.last());
                above.map_or(Span::ZERO, |(_, span)| *span)
            }
            Distribution::Mixture(parts) => {
                let largest = parts.iter().max_by(|a, b| a.share.as_f64().total_cmp(&b.share.as_f64()));
                largest.map_or(Span::ZERO, |part| part.of.median())
            }
        }
    }

    /// Whether an answer can take no time at all.
    pub fn may_be_zero(&self) -> bool {
        match self {
            Distribution::Lognormal(_) | Distribution::Exponential { .. } => false,
            Distribution::Fixed(span) => span.is_zero(),
            Distribution::Quantiles(points) => points.first().is_none_or(|(_, span)| span.is_zero()),
            Distribution::Mixture(parts) => parts.iter().any(|part| part.of.may_be_zero()),
        }
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distribution::Lognormal(Latency { p50, p99 }) => {
                write!(f, "lognormal with p50 {p50} and p99 {p99}")
            }
            Distribution::Fixed(span) => write!(f, "always {span}"),
            Distribution::Exponential { mean } => write!(f, "exponential with mean {mean}"),
            Distribution::Quantiles(points) => {
                let shown: Vec<String> = points.iter().map(|(at, span)| format!("p{at} {span}")).collect();
                write!(f, "by quantiles {}", shown.join(", "))
            }
            Distribution::Mixture(parts) => {
                let shown: Vec<String> =
                    parts.iter().map(|part| format!("{} {}", part.share, part.of)).collect();
                write!(f, "mixed of {}", shown.join(" and "))
            }
        }
    }
}

/// How long the service takes to answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceTime {
    /// Answers that are not refusals.
    pub default: Distribution,
    /// Refusals; constant.
    pub throttled: Span,
    /// Operations that differ from the default.
    pub operations: BTreeMap<Operation, Distribution>,
    /// When, where and on how many answers they were measured; `None` if they are assumed.
    pub measured: Option<String>,
    /// How many answers it works on at a time; `None`: all, as KMS does. The simulator's only.
    pub capacity: Option<Capacity>,
}

/// The capacity of an endpoint that is not KMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Attempts at work at once.
    pub servers: u32,
    /// Attempts that may wait for a server; `None`: any number.
    pub queue: Option<u32>,
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
    /// Only these calls of a server, or all.
    pub aim: Option<Box<Aim>>,
    /// How many of the attempts that it could strike pass first.
    pub after: u64,
    /// Over which span its probability rises from 0, from its beginning on; `None`: it is there at once.
    pub ramp: Option<Span>,
    /// Key of its draws; `None`: the scenario's, and its place in the list.
    pub seed: Option<u64>,
}

impl Fault {
    /// One that strikes everything from the beginning on, without an end.
    pub const fn new(kind: FaultKind) -> Fault {
        Fault {
            at: Span::ZERO,
            lasts: None,
            kind,
            strikes: Strikes::Probability(Ratio::ONE),
            operation: None,
            aim: None,
            after: 0,
            ramp: None,
            seed: None,
        }
    }
}

/// The calls of a server that a fault is for; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aim {
    /// Who calls: an ARN, of a session its own or its role's, or an account; `*` stands for any letters.
    pub principal: Option<String>,
    /// The key that is named: an id, an ARN, or an alias.
    pub key: Option<String>,
    /// The Region that is called.
    pub region: Option<String>,
}

words! {
    /// The kinds of fault, as files name them.
    FaultWord {
        /// ThrottlingException though quota is left.
        Throttle = "throttle",
        /// Another error.
        Error = "error",
        /// A longer service time.
        Slow = "slow",
        /// No answer until the fault ends.
        Freeze = "freeze",
        /// A broken connection.
        Reset = "reset",
        /// An answer in small pieces.
        Trickle = "trickle",
        /// Half an answer.
        Truncate = "truncate",
        /// Another limit.
        Quota = "quota",
    }
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// Answers ThrottlingException though quota is left.
    Throttle,
    /// Answers KMSInternalException.
    Error,
    /// Answers another error.
    ErrorAs {
        /// Its code.
        code: String,
        /// Its HTTP status.
        status: u16,
    },
    /// Adds to the service time.
    Slow {
        /// How much.
        by: Span,
    },
    /// Answers nothing until the fault ends.
    Freeze,
    /// Breaks the connection.
    Reset,
    /// Sends the answer in small pieces.
    Trickle {
        /// How long after the first the last piece comes.
        by: Span,
    },
    /// Breaks the connection in the middle of the answer: what was asked has been done.
    Truncate,
    /// Sets a pool's limit for the duration; strikes and operation do not matter.
    Quota {
        /// Which pool, by name.
        pool: String,
        /// Its limit meanwhile.
        to: Rate,
    },
}

impl FaultKind {
    /// Its word in files.
    pub const fn word(&self) -> FaultWord {
        match self {
            FaultKind::Throttle => FaultWord::Throttle,
            FaultKind::Error | FaultKind::ErrorAs { .. } => FaultWord::Error,
            FaultKind::Slow { .. } => FaultWord::Slow,
            FaultKind::Freeze => FaultWord::Freeze,
            FaultKind::Reset => FaultWord::Reset,
            FaultKind::Trickle { .. } => FaultWord::Trickle,
            FaultKind::Truncate => FaultWord::Truncate,
            FaultKind::Quota { .. } => FaultWord::Quota,
        }
    }
}

/// Which attempts a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Strikes {
    /// Each, with this probability.
    Probability(Ratio),
    /// The next so many.
    Next(u64),
}
