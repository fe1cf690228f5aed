//! What a job is: its kind, payload, key, context, message and client, each from a draw of its own.

use super::pick::Picker;
use super::{FleetPlan, Payload, TraceJob, TraceRows, Workload};
use crate::api::{Job, JobKind, KeyUsage, LiveCall, Operation};
use crate::rng::{Draw, Purpose, Stream};
use crate::time::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Turns arrivals into jobs of one workload.
#[derive(Clone, Debug)]
pub struct Shaper {
    workload: u16,
    deadline: Option<Span>,
    kinds: Vec<(JobKind, u64)>,
    weight: u64,
    payload: Payload,
    /// log-scale deviation of a percentile payload.
    sigma: f64,
    keys: Picker,
    contexts: Picker,
    messages: Picker,
    streams: Streams,
    /// What all jobs have in common, where there is nothing to choose.
    only: Option<Job>,
}

#[derive(Clone, Copy, Debug)]
struct Streams {
    mix: Stream,
    payload: Stream,
    key: Stream,
    context: Stream,
    message: Stream,
    client: Stream,
}

/// Most ciphertexts that set-up makes for one workload of a live run.
const MOST_CIPHERTEXTS: u32 = 1_000;

/// Where the numbers of messages begin among the keys of draws: beyond those of jobs.
const MESSAGES: u64 = 1 << 63;

/// Standard normal deviate at the 99th percentile.
const Z99: f64 = 2.326_347_874_040_840_8;

impl Shaper {
    /// The shaper of workload number `lane`.
    pub fn new(workload: &Workload, lane: u16, seed: u64, trial: u32) -> Shaper {
        let stream = |purpose| Stream::new(seed, trial, purpose, u64::from(lane));
        let mut weight = 0;
        let cumulate = |&(kind, share): &(JobKind, u32)| {
            weight += u64::from(share);
            (kind, weight)
        };
        let kinds: Vec<_> = workload.jobs.iter().filter(|(_, share)| *share > 0).map(cumulate).collect();
        let sigma = match workload.payload {
            Payload::Percentiles { p50, p99 } => libm::log(p99.0 as f64 / p50.0.max(1) as f64) / Z99,
            _ => 0.0,
        };
        let mut shaper = Shaper {
            workload: lane,
            deadline: workload.deadline,
            kinds,
            weight,
            payload: workload.payload,
            sigma,
            keys: Picker::new(&super::Pick {
                count: workload.keys.count,
                popularity: workload.keys.popularity,
            }),
            contexts: Picker::new(&workload.contexts),
            messages: Picker::new(&workload.messages),
            streams: Streams {
                mix: stream(Purpose::Mix),
                payload: stream(Purpose::Payload),
                key: stream(Purpose::Key),
                context: stream(Purpose::Context),
                message: stream(Purpose::Message),
                client: stream(Purpose::Client),
            },
            only: None,
        };
        if shaper.has_no_choice() {
            shaper.only = Some(shaper.drawn(0, Time::ZERO, 0, 0));
        }
        shaper
    }

    /// Whether no job depends on a draw.
    fn has_no_choice(&self) -> bool {
        matches!(self.kinds[..], [(kind, _)] if kind != JobKind::DecryptMessage)
            && self.keys.is_single()
            && self.contexts.is_single()
            && matches!(self.payload, Payload::Fixed(_))
    }

    /// The job number `index`, due at `intended`, of an open workload's `client`; who else does it is its `unit`.
    #[inline(always)]
    pub fn job(&self, index: u64, intended: Time, stage: u16, client: u32) -> Job {
        match &self.only {
            Some(only) => {
                let deadline = self.deadline(intended);
                Job { index, intended, deadline, stage, client, unit: client, ..*only }
            }
            None => self.drawn(index, intended, stage, client),
        }
    }

    #[inline]
    fn deadline(&self, intended: Time) -> Time {
        self.deadline.map_or(Time::NEVER, |span| intended + span)
    }

    /// The same with everything drawn that can be.
    fn drawn(&self, index: u64, intended: Time, stage: u16, client: u32) -> Job {
        let pick = |picker: &Picker, stream: Stream, by: u64| {
            if picker.is_single() { 0 } else { picker.pick(stream.draw(by)) }
        };
        let kind = self.kind(index);
        let reads_message = matches!(kind, JobKind::DecryptMessage);
        let message =
            if reads_message { pick(&self.messages, self.streams.message, index) } else { u32::MAX };
        // An encrypted message has the key and the context it was encrypted with, whoever reads it.
        let by = if reads_message { MESSAGES + u64::from(message) } else { index };
        Job {
            workload: self.workload,
            stage,
            client,
            unit: client,
            index,
            kind,
            intended,
            deadline: self.deadline(intended),
            key: pick(&self.keys, self.streams.key, by),
            context: pick(&self.contexts, self.streams.context, by),
            message,
            bytes: self.bytes(index),
            known_size: true,
        }
    }

    /// The client an open job goes to: any that has started by then, all alike.
    #[inline]
    pub fn client(&self, index: u64, intended: Time, fleet: &FleetPlan) -> u32 {
        match fleet.started(intended) {
            0 | 1 => 0,
            started => self.streams.client.draw(index).below(u64::from(started)) as u32,
        }
    }

    /// Lays the columns of a trace's row over what the draws chose.
    pub fn overlay(job: &mut Job, row: &TraceJob) {
        if let Some(kind) = row.kind {
            job.kind = kind;
        }
        job.key = row.key.unwrap_or(job.key);
        job.context = row.context.unwrap_or(job.context);
        job.message = row.message.unwrap_or(job.message);
        job.bytes = row.bytes.unwrap_or(job.bytes);
        job.known_size = row.known_size;
    }

    #[inline]
    fn kind(&self, index: u64) -> JobKind {
        if let [(only, _)] = self.kinds[..] {
            return only;
        }
        let at = self.streams.mix.draw(index).below(self.weight.max(1));
        let found = self.kinds.iter().find(|(_, upto)| at < *upto).or(self.kinds.last());
        found.expect("a checked workload has a job with a weight").0
    }

    fn bytes(&self, index: u64) -> u32 {
        let draw = || self.streams.payload.draw(index);
        match self.payload {
            Payload::Fixed(bytes) => bytes.0 as u32,
            Payload::Range { min, max } => (min.0 + draw().below(max.0 - min.0 + 1)) as u32,
            Payload::Percentiles { p50, .. } => {
                let factor = libm::exp(self.sigma * normal(draw()));
                (p50.0 as f64 * factor).clamp(1.0, f64::from(u32::MAX)) as u32
            }
        }
    }
}

/// A standard normal deviate by Box and Muller, from the two halves of one draw.
fn normal(draw: Draw) -> f64 {
    let scale = 1.0 / 4_294_967_296.0;
    let radius = (draw.0 >> 32) as f64 * scale + 0.5 * scale;
    let angle = f64::from(draw.0 as u32) * scale;
    libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(std::f64::consts::TAU * angle)
}

impl Workload {
    /// Every kind of job the workload can bring, the mix's and the trace's, in order and each once.
    pub fn kinds(&self) -> Vec<JobKind> {
        let mut kinds: Vec<JobKind> = self.jobs.iter().map(|(kind, _)| *kind).collect();
        if let super::Executor::Trace(trace) = &self.executor
            && let TraceRows::Jobs(rows) = trace.rows.as_ref()
        {
            kinds.extend(rows.iter().filter_map(|row| row.kind));
        }
        kinds.sort();
        kinds.dedup();
        kinds
    }

    /// Whether any of its calls names a key.
    pub fn needs_keys(&self) -> bool {
        let names_none = |kind: &JobKind| kind.operation().live().is_some_and(|call| !call.takes_key());
        !self.kinds().iter().all(names_none)
    }

    /// The calls of set-up whose answers the jobs of a live run need, and how often each is made under each key: once, or
    /// once for each context.
    pub fn set_up_calls(&self) -> BTreeMap<Operation, u32> {
        let needed = self.kinds().into_iter().filter_map(|kind| kind.operation().live()?.needs);
        let has_context = |maker: Operation| maker.live().is_some_and(LiveCall::has_context);
        let often = |maker| if has_context(maker) { self.live_contexts() } else { 1 };
        needed.map(|maker| (maker, often(maker))).collect()
    }

    /// What the keys of a live run are for; several where its jobs need several.
    pub fn key_usages(&self) -> BTreeSet<KeyUsage> {
        self.kinds().into_iter().filter_map(|kind| kind.operation().usage()).collect()
    }

    /// How many encryption contexts the calls of a live run have: set-up makes a ciphertext for each of them under each
    /// key, so that with many keys contexts share them.
    pub fn live_contexts(&self) -> u32 {
        let room = (MOST_CIPHERTEXTS / self.keys.count.max(1)).max(1);
        self.contexts.count.clamp(1, room)
    }
}
