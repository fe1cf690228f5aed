//! What a scenario says about load: the fleet, executors, and what jobs look like.

use super::load::argument;
pub use super::load::*;
pub use super::processes::*;
use crate::api::{JobKind, KeySpec, words};
use crate::client::Policy;
use crate::language::{
    Fields, Form, Item, MILLION, Part, Reader, Record, SIZE, Shape, Shown, TEXT, Walk, count, key, list,
    record, record_value, table_of, words,
};
pub use crate::quota::KeyStore;
use crate::time::Span;
use crate::units::Bytes;
use std::fmt;

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

impl Part for Payload {
    /// Two sizes of either pair.
    fn walk(walk: &mut Walk<'_, '_>, now: Option<&Payload>) -> Option<Payload> {
        const KEYS: [(&str, &str); 4] = [
            ("min", "The smallest; with `max`, uniform."),
            ("max", "The largest."),
            ("p50", "The median; with `p99`, lognormal."),
            ("p99", "The 99th percentile."),
        ];
        let now = match now {
            Some(Payload::Range { min, max }) => [Some(*min), Some(*max), None, None],
            Some(Payload::Percentiles { p50, p99 }) => [None, None, Some(*p50), Some(*p99)],
            Some(Payload::Fixed(_)) | None => [None; 4],
        };
        let mut read = [None; 4];
        for (place, (name, about)) in KEYS.into_iter().enumerate() {
            read[place] = walk.part(key(name, about, SIZE).optional(), Some(&now[place])).flatten();
        }
        walk.look(|r, fields| {
            let given = KEYS.map(|(name, _)| fields.get(name).is_some());
            match (given[0] || given[1], given[2] || given[3]) {
                (true, false) => rises(r, fields, ("min", read[0]), ("max", read[1])),
                (false, true) => rises(r, fields, ("p50", read[2]), ("p99", read[3])),
                _ if fields.is_whole() => {
                    let message = "either min and max or p50 and p99 are needed";
                    r.wrong(&fields.item, message, "{min, max} or {p50, p99}");
                }
                _ => {}
            }
        });
        match read {
            [Some(min), Some(max), None, None] => Some(Payload::Range { min, max }),
            [None, None, Some(p50), Some(p99)] => Some(Payload::Percentiles { p50, p99 }),
            _ => None,
        }
    }
}

impl Record for Payload {
    table_of!(Payload as "payload");
}

/// Reports one of two sizes that is missing, or the upper below the lower.
fn rises(r: &mut Reader, fields: &Fields, low: (&str, Option<Bytes>), high: (&str, Option<Bytes>)) {
    [low.0, high.0].into_iter().for_each(|name| r.must(fields, name));
    if let (Some(least), Some(most)) = (low.1, high.1)
        && let Some(item) = fields.get(high.0).filter(|_| most < least)
    {
        let (low, high) = (low.0, high.0);
        r.wrong(&item, format!("{high} is below {low}, {least}"), format!("a {high} of at least {low}"));
    }
}

/// A size, or two of them.
pub(crate) struct Sizes;

impl Form for Sizes {
    type Value = Payload;
    fn shape(&self) -> Shape {
        Shape::Either(&[Shape::Size, Shape::Record(<Payload as Record>::table)])
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Payload> {
        if item.is_map() { r.record(item) } else { r.size(item).map(Payload::Fixed) }
    }
    fn write(&self, value: &Payload) -> serde_yaml::Value {
        match value {
            Payload::Fixed(size) => SIZE.write(size),
            spread => record_value(spread),
        }
    }
}

record! {
    /// The keys jobs use.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Keys as "keys" {
        /// How many.
        pub count: u32 = key("count", "How many ({}).", count(MILLION)).or(1),
        /// How often each is used.
        pub popularity: Popularity =
            key("popularity", "How often each is used ({}).", POPULARITY).or(Popularity::Uniform),
        /// Their type.
        pub spec: KeySpec = key("spec", "Type of the keys ({}).", words()).or(KeySpec::SymmetricDefault),
        /// `KeyPairSpec` of GenerateDataKeyPair jobs.
        pub pair_spec: KeySpec = key(
            "pairSpec",
            "KeyPairSpec of the jobs GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext: it decides their quota pool \
             (key-pair-rsa-2048, …) and their price; other jobs do not look at it ({}).",
            words().checked(pair_spec),
        )
        .or(KeySpec::EccNistP256),
        /// The custom key store the keys live in, if any.
        pub store: Option<KeyStore> =
            key("store", "The custom key store they live in (none).", words()).optional(),
        /// Live: which keys they are, by id, ARN or alias; empty if they are made for the run.
        pub ids: Vec<String> =
            key("ids", "Live: the keys to use, by id, ARN or alias (made for the run).", list(TEXT))
                .or(Vec::new())
                .quiet(),
    }
    then as_many_as_ids;
}

record! {
    /// How many of something, and how they are chosen.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Pick as "pick" {
        /// How many.
        pub count: u32 = key("count", "How many ({}).", count(10 * MILLION)).or(1),
        /// How often each is chosen.
        pub popularity: Popularity =
            key("popularity", "How often each is chosen ({}).", POPULARITY).or(Popularity::Uniform),
    }
}

/// Reports a spec that no data key pair has.
fn pair_spec(r: &mut Reader, item: &Item, spec: KeySpec) -> Option<KeySpec> {
    if !spec.is_pair_spec() {
        r.wrong(item, "KMS makes no data key pairs of this spec", "RSA_*, ECC_*, SM2 or ML_KEM_*");
    }
    Some(spec)
}

/// Keys that are named are as many as their names.
fn as_many_as_ids(r: &mut Reader, fields: &Fields, keys: &mut Keys) {
    let named = u32::try_from(keys.ids.len()).unwrap_or(u32::MAX);
    if named == 0 {
        return;
    }
    match fields.get("count").filter(|item| !r.is_told(item)) {
        Some(item) if keys.count != named => {
            r.wrong(&item, format!("`ids` names {named} keys"), "as many, or no count");
        }
        _ => keys.count = named,
    }
}

/// How often each of several things is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Popularity {
    /// All alike.
    Uniform,
    /// The k-th with weight k^-s.
    Zipf(f64),
}

/// How a file writes [`Popularity`].
pub(crate) const POPULARITY: Shown<Popularity> =
    Shown { shape: Shape::Pattern(r"^(uniform|zipf\([0-9]+(\.[0-9]+)?\))$", "zipf(1.0)"), read: popularity };

impl fmt::Display for Popularity {
    /// As a file writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Popularity::Uniform => f.write_str("uniform"),
            Popularity::Zipf(exponent) => write!(f, "zipf({exponent})"),
        }
    }
}

fn popularity(r: &mut Reader, item: &Item) -> Option<Popularity> {
    let text = item.text().unwrap_or_default();
    if text == "uniform" {
        return Some(Popularity::Uniform);
    }
    if let Some(exponent) = argument(text, "zipf").filter(|exponent| *exponent <= 10.0) {
        return Some(Popularity::Zipf(exponent));
    }
    r.wrong(item, "this is not a popularity", "uniform, or zipf(s) with s from 0 to 10");
    None
}
