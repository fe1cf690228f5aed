//! What a scenario says about load: the fleet, executors, and what jobs look like.

use crate::api::{JobKind, KeySpec, words};
use crate::client::Policy;
pub use crate::quota::KeyStore;
use crate::time::Span;
use crate::units::{Bytes, Rate};
use std::collections::BTreeMap;

/// The processes that make the calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetConfig {
    /// How many; at least one.
    pub clients: u32,
    /// How they come up.
    pub start: FleetStart,
    /// When they restart, if they do.
    pub restart: Option<Restart>,
}

/// How the fleet comes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FleetStart {
    /// All at the beginning.
    Together,
    /// Evenly over this span, the first at once.
    Over(Span),
    /// In batches, the first at once.
    Rolling {
        /// How many at a time.
        batch: u32,
        /// Time between batches.
        every: Span,
    },
}

/// A rolling restart: clients lose cache, retry budget and limiter state, and their jobs in flight fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restart {
    /// When the first batch restarts.
    pub at: Span,
    /// How many at a time; the whole fleet by default.
    pub batch: u32,
    /// Time between batches.
    pub every: Span,
}

/// One stream of jobs.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Names it in tags and reports.
    pub name: String,
    /// How its jobs arrive.
    pub executor: Executor,
    /// When it begins.
    pub start_time: Span,
    /// Jobs that should start within this span after `start_time` count in totals but not in the window.
    pub warm_up: Span,
    /// How long after the last arrival jobs may still finish.
    pub graceful_stop: Span,
    /// How long after its intended start a job has failed.
    pub deadline: Option<Span>,
    /// How many of its jobs may be started and not finished; open executors only.
    pub max_in_flight: Option<u32>,
    /// What happens to a job over that; [`OnLimit::Queue`] where there is no limit.
    pub on_limit: OnLimit,
    /// Kinds of job and their weights, in file order; the sum is positive.
    pub jobs: Vec<(JobKind, u32)>,
    /// How large payloads are.
    pub payload: Payload,
    /// The keys jobs use.
    pub keys: Keys,
    /// Encryption contexts.
    pub contexts: Pick,
    /// The encrypted messages DecryptMessage reads.
    pub messages: Pick,
    /// The strategy this workload runs under each strategy of the scenario, in that order: overrides already merged.
    pub strategies: Vec<Policy>,
}

words! {
    /// The executors, open ones first.
    ExecutorKind {
        /// Open: a constant rate.
        ConstantArrivalRate = "constant-arrival-rate",
        /// Open: linear ramps between rates.
        RampingArrivalRate = "ramping-arrival-rate",
        /// Open: many jobs at once, again and again.
        Burst = "burst",
        /// Open: a recorded trace.
        Trace = "trace",
        /// Closed: a constant number of VUs.
        ConstantVus = "constant-vus",
        /// Closed: linear ramps of the number of VUs.
        RampingVus = "ramping-vus",
        /// Closed: VUs share a number of jobs.
        SharedIterations = "shared-iterations",
        /// Closed: each VU does a number of jobs.
        PerVuIterations = "per-vu-iterations",
    }
}

/// How jobs arrive.
#[derive(Clone, Debug, PartialEq)]
pub enum Executor {
    /// Open: a constant rate.
    ConstantArrivalRate {
        /// Arrivals.
        rate: Rate,
        /// How long jobs arrive.
        duration: Span,
        /// How they are spaced.
        arrivals: Arrivals,
    },
    /// Open: linear ramps between targets.
    RampingArrivalRate {
        /// Where the first ramp begins.
        start_rate: Rate,
        /// The ramps, one after another.
        stages: Vec<RateStage>,
        /// How they are spaced.
        arrivals: Arrivals,
    },
    /// Open: `count` jobs at the same instant, every `every`, for `duration`.
    Burst {
        /// Jobs of a burst.
        count: u64,
        /// Time between bursts.
        every: Span,
        /// How long jobs arrive.
        duration: Span,
    },
    /// Open: a recorded trace.
    Trace(Trace),
    /// Closed: a constant number of VUs.
    ConstantVus {
        /// Workers.
        vus: u32,
        /// How long jobs arrive.
        duration: Span,
        /// When a VU starts its next job.
        pacing: Pacing,
    },
    /// Closed: linear ramps of the number of VUs.
    RampingVus {
        /// Where the first ramp begins.
        start_vus: u32,
        /// The ramps, one after another.
        stages: Vec<VuStage>,
        /// When a VU starts its next job.
        pacing: Pacing,
    },
    /// Closed: VUs share a number of jobs.
    SharedIterations {
        /// Workers.
        vus: u32,
        /// Jobs: of all VUs together, or of each.
        iterations: u64,
        /// Stop after this even if iterations are left.
        max_duration: Span,
        /// When a VU starts its next job.
        pacing: Pacing,
    },
    /// Closed: each VU does a number of jobs.
    PerVuIterations {
        /// Workers.
        vus: u32,
        /// Jobs: of all VUs together, or of each.
        iterations: u64,
        /// Stop after this even if iterations are left.
        max_duration: Span,
        /// When a VU starts its next job.
        pacing: Pacing,
    },
}

impl Executor {
    /// Its kind, as files name it.
    pub const fn kind(&self) -> ExecutorKind {
        match self {
            Executor::ConstantArrivalRate { .. } => ExecutorKind::ConstantArrivalRate,
            Executor::RampingArrivalRate { .. } => ExecutorKind::RampingArrivalRate,
            Executor::Burst { .. } => ExecutorKind::Burst,
            Executor::Trace(_) => ExecutorKind::Trace,
            Executor::ConstantVus { .. } => ExecutorKind::ConstantVus,
            Executor::RampingVus { .. } => ExecutorKind::RampingVus,
            Executor::SharedIterations { .. } => ExecutorKind::SharedIterations,
            Executor::PerVuIterations { .. } => ExecutorKind::PerVuIterations,
        }
    }
}

/// How open arrivals are spaced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// At random, independent of each other.
    Poisson,
    /// Evenly.
    Uniform,
    /// In bursts of a second: at random under a rate that each second multiplies by a gamma draw of mean 1, so that the counts
    /// of seconds have this variance ÷ mean (a negative binomial distribution); above 1, which is Poisson.
    Bursty(f64),
}

/// A ramp to `target` that takes `duration`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateStage {
    /// How long the ramp takes.
    pub duration: Span,
    /// The rate at its end.
    pub target: Rate,
}

/// A ramp to `target` VUs that takes `duration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VuStage {
    /// How long the ramp takes.
    pub duration: Span,
    /// How many VUs at its end.
    pub target: u32,
}

/// When a VU starts its next job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pacing {
    /// So long after the last one ended.
    ThinkTime(Span),
    /// On a schedule, so many a second per VU.
    Pace(Rate),
}

/// A recorded trace; `rows` is filled by whoever loads the file (`cli`), not by the parser.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// As written in the scenario, relative to it.
    pub file: String,
    /// Canonical column name -> name in the file.
    pub columns: BTreeMap<String, String>,
    /// Multiplies counts; a row per job is repeated (the fraction by a draw).
    pub scale: f64,
    /// Start this far into the trace.
    pub offset: Span,
    /// Stop after so much of it; all by default.
    pub duration: Option<Span>,
    /// How the arrivals of a second are spaced.
    pub arrivals: Arrivals,
    /// The loaded rows.
    pub rows: std::sync::Arc<TraceRows>,
}

/// The rows of a trace, in order of time.
#[derive(Clone, Debug, PartialEq)]
pub enum TraceRows {
    /// Not loaded yet.
    Unread,
    /// Jobs arriving in each second from 0 on.
    Counts(Vec<u32>),
    /// One row per job, in order of time.
    Jobs(Vec<TraceJob>),
}

/// One job of a trace; `None` means that the workload's own draw decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TraceJob {
    /// Since the trace's first second.
    pub at: Span,
    /// What the job asks for.
    pub kind: Option<JobKind>,
    /// The key: dense numbers given to the distinct texts of the column, in order of appearance.
    pub key: Option<u32>,
    /// The encryption context; numbered like keys.
    pub context: Option<u32>,
    /// The encrypted message; numbered like keys.
    pub message: Option<u32>,
    /// Payload in bytes.
    pub bytes: Option<u32>,
    /// Whether the payload's size is known beforehand.
    pub known_size: bool,
}

words! {
    /// What happens to a job that arrives when `maxInFlight` is reached.
    OnLimit {
        /// It waits.
        Queue = "queue",
        /// It is dropped and counted.
        Shed = "shed",
    }
}

/// How large payloads are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// All alike.
    Fixed(Bytes),
    /// Uniform, both ends included.
    Range {
        /// The smallest.
        min: Bytes,
        /// The largest.
        max: Bytes,
    },
    /// Lognormal by two percentiles, at least 1 byte.
    Percentiles {
        /// The median.
        p50: Bytes,
        /// The 99th percentile.
        p99: Bytes,
    },
}

/// The keys jobs use.
#[derive(Clone, Debug, PartialEq)]
pub struct Keys {
    /// How many.
    pub count: u32,
    /// How often each is used.
    pub popularity: Popularity,
    /// Their type.
    pub spec: KeySpec,
    /// `KeyPairSpec` of GenerateDataKeyPair jobs.
    pub pair_spec: KeySpec,
    /// The custom key store the keys live in, if any.
    pub store: Option<KeyStore>,
    /// Live: which keys they are, by id, ARN or alias; empty if they are made for the run.
    pub ids: Vec<String>,
}

/// How many of something, and how they are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pick {
    /// How many.
    pub count: u32,
    /// How often each is chosen.
    pub popularity: Popularity,
}

/// How often each of several things is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Popularity {
    /// All alike.
    Uniform,
    /// The k-th with weight k^-s.
    Zipf(f64),
}
