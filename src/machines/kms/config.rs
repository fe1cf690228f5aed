//! What a scenario says about the service: how long it takes and what goes wrong.

use crate::api::Operation;
use crate::time::Span;
use crate::units::Ratio;
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
