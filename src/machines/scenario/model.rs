//! The checked scenario: what a file says, with every default filled in.

use super::live::Live;
use super::sweep::Axis;
use super::target::Target;
use crate::api::words;
use crate::client::Policy;
use crate::kms::{Fault, ServiceTime};
use crate::quota::Quotas;
use crate::time::Span;
use crate::units::Ratio;
use crate::workload::{FleetConfig, Workload};
use std::collections::BTreeMap;

/// A question: load, quotas and the strategies to compare.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Names the run and its folder.
    pub name: String,
    /// Key of every random draw.
    pub seed: u64,
    /// Where attempts go.
    pub target: Target,
    /// AWS Region whose published default quotas apply, such as `us-east-1`.
    pub region: String,
    /// Deviations from the Region's defaults.
    pub quotas: Quotas,
    /// How long the service takes; assumed until calibrated.
    pub service_time: ServiceTime,
    /// What goes wrong, in file order.
    pub faults: Vec<Fault>,
    /// The processes that make the calls.
    pub fleet: FleetConfig,
    /// Who works, in file order; at least one.
    pub workloads: Vec<Workload>,
    /// Ways to call KMS, in file order; at least one.
    pub strategies: Vec<Strategy>,
    /// Seeded repetitions, at least one; with `until` the most there may be.
    pub trials: u32,
    /// How narrow intervals have to be, half of each beside its middle, for no more trials to be added; simulated runs only.
    pub until: Option<Ratio>,
    /// What must hold.
    pub thresholds: Vec<Threshold>,
    /// Names of the strategies whose missed thresholds decide the exit code.
    pub gate: Vec<String>,
    /// What it is run over; nothing for a run of one point.
    pub sweep: Vec<Axis>,
    /// What only live runs look at.
    pub live: Live,
}

/// One way to call KMS.
#[derive(Clone, Debug, PartialEq)]
pub struct Strategy {
    /// Names it in files, tags and reports.
    pub name: String,
    /// How it calls KMS, before any workload's overrides.
    pub policy: Policy,
}

/// What must hold, for each strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// What it looks at.
    pub metric: Metric,
    /// Tags that select a part: strategy, workload, operation (a job of the mix or what it calls), stage (`0` or
    /// `checkout/0`), outcome (completed, failed or all, of times only).
    pub tags: BTreeMap<String, String>,
    /// As written: `response_time{operation:Decrypt}`.
    pub name: String,
    /// As written: `p(99)<250ms`.
    pub expression: String,
    /// Which figure of the metric.
    pub aggregate: Aggregate,
    /// How the figure is compared.
    pub comparison: Comparison,
    /// In the metric's base unit: milliseconds, ratio 0..1, jobs a second, factor, USD.
    pub bound: f64,
    /// Whether a miss ends the strategy's trial.
    pub abort_on_fail: bool,
    /// How long after the start a miss may end the trial at the earliest.
    pub delay_abort_eval: Span,
}

words! {
    /// What a threshold looks at.
    Metric {
        /// Intended start to completion; a trend, in which a job that was not completed is slower than any bound.
        ResponseTime = "response_time",
        /// Attempt sent to its reply, refusals left out; a trend, in which an attempt without a reply is slower than any
        /// bound.
        ServiceTime = "service_time",
        /// Time spent waiting over `maxInFlight`; a trend.
        QueueWait = "queue_wait",
        /// 1 - completed / offered; a rate.
        Failed = "failed",
        /// Throttled / attempts; a rate.
        Throttled = "throttled",
        /// Jobs not started because of a cap; a rate.
        Shed = "shed",
        /// VUs of closed workloads and clients of open ones with at least one job that was not completed, of those that had
        /// one; a rate.
        UnitsFailed = "units_failed",
        /// Jobs completed in time inside the window, a second; a value.
        Goodput = "goodput",
        /// Attempts / calls; a value.
        Amplification = "amplification",
        /// What a million completed jobs would cost on AWS; a value.
        Cost = "cost",
    }
}

words! {
    /// Which times a threshold's tag `outcome` chooses.
    TimesOf {
        /// Those of what was completed.
        Completed = "completed",
        /// Those of what failed.
        Failed = "failed",
        /// Those of all that ended.
        All = "all",
    }
}

words! {
    /// What the tags of a threshold select by.
    Tag {
        /// A strategy's name.
        Strategy = "strategy",
        /// A workload's name.
        Workload = "workload",
        /// A job of the mix, or what it calls.
        Operation = "operation",
        /// A stage: `0` or `checkout/0`.
        Stage = "stage",
        /// A [`TimesOf`].
        Outcome = "outcome",
    }
}

/// Which figure of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aggregate {
    /// The mean.
    Avg,
    /// The smallest.
    Min,
    /// The median.
    Med,
    /// The largest.
    Max,
    /// A percentile, 0..=100.
    Percentile(f64),
    /// The share.
    Rate,
    /// The value itself.
    Value,
}

/// How a figure is compared with its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Comparison {
    /// Whether `value` compares so with `bound`.
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Comparison::Less => value < bound,
            Comparison::LessOrEqual => value <= bound,
            Comparison::Greater => value > bound,
            Comparison::GreaterOrEqual => value >= bound,
            Comparison::Equal => value == bound,
            Comparison::NotEqual => value != bound,
        }
    }
}
