//! Reads a workload: when it runs, what its jobs are, and which policies it runs under.

use super::{Outer, load, policy};
use crate::api::{JobKind, KeySpec, Operation};
use crate::client::Policy;
use crate::scenario::keys::{self, MILLION};
use crate::scenario::overlay::merge;
use crate::scenario::read::{Fields, Item, Reader};
use crate::scenario::tree::{Content, Node};
use crate::time::Span;
use crate::units::Bytes;
use crate::workload::{Executor, Keys, OnLimit, Pacing, Payload, Pick, Popularity, Workload};

/// Reads one workload.
pub(super) fn workload(r: &mut Reader, item: &Item, name: &str, outer: &Outer) -> Option<Workload> {
    let mark = r.mark();
    let fields = r.fields(item, &keys::WORKLOAD)?;
    // Stands in when the executor cannot be read; such a scenario is never handed out.
    let executor = load::executor(r, &fields).unwrap_or(Executor::Burst {
        count: 1,
        every: Span::from_secs(1),
        duration: Span::from_secs(1),
    });
    let max_in_flight = r.or(&fields, "maxInFlight", None, |r, item| {
        if item.is_word("none") { Some(None) } else { r.count(item, 1_000_000_000).map(Some) }
    });
    let on_limit = r.or(&fields, "onLimit", OnLimit::Queue, Reader::spelled);
    if let Some(item) = fields.get("onLimit").filter(|_| r.is_clean(mark) && max_in_flight.is_none()) {
        r.wrong(&item, "`onLimit` does nothing without `maxInFlight`", "with maxInFlight");
    }
    let pick =
        |r: &mut Reader, key| r.or(&fields, key, Pick { count: 1, popularity: Popularity::Uniform }, pick);
    let workload = Workload {
        name: name.to_owned(),
        executor,
        start_time: r.or(&fields, "startTime", Span::ZERO, Reader::span),
        warm_up: r.or(&fields, "warmUp", outer.warm_up, Reader::span),
        graceful_stop: r.or(&fields, "gracefulStop", outer.graceful_stop, Reader::span),
        deadline: r.or(&fields, "deadline", outer.deadline, Reader::time_or_none),
        max_in_flight,
        on_limit,
        jobs: r.need(&fields, "jobs", Vec::new(), jobs),
        payload: r.or(&fields, "payload", Payload::Fixed(Bytes(256)), payload),
        keys: r.or(&fields, "keys", DEFAULT_KEYS, key_set),
        contexts: pick(r, "contexts"),
        messages: pick(r, "messages"),
        strategies: overrides(r, &fields, outer),
    };
    if r.is_clean(mark) {
        fits_together(r, &fields, &workload);
    }
    Some(workload)
}

/// One symmetric key.
const DEFAULT_KEYS: Keys = Keys {
    count: 1,
    popularity: Popularity::Uniform,
    spec: KeySpec::SymmetricDefault,
    pair_spec: KeySpec::EccNistP256,
    store: None,
    ids: Vec::new(),
};

fn jobs(r: &mut Reader, item: &Item) -> Option<Vec<(JobKind, u32)>> {
    let fields = r.fields(item, &keys::JOBS)?;
    let mark = r.mark();
    let mut jobs = Vec::new();
    for (entry, item) in fields.named() {
        if let (Some(kind), Some(weight)) = (JobKind::from_name(&entry.key), r.whole(&item, 0, MILLION)) {
            jobs.push((kind, weight as u32));
        }
    }
    if r.is_clean(mark) && fields.is_whole() && jobs.iter().all(|(_, weight)| *weight == 0) {
        r.wrong(item, "the weights sum to zero", "at least one weight above 0, such as { Decrypt: 1 }");
    }
    Some(jobs)
}

fn payload(r: &mut Reader, item: &Item) -> Option<Payload> {
    if !item.is_map() {
        return r.size(item).map(Payload::Fixed);
    }
    let fields = r.fields(item, &keys::PAYLOAD)?;
    let is_range = fields.get("min").is_some() || fields.get("max").is_some();
    let is_lognormal = fields.get("p50").is_some() || fields.get("p99").is_some();
    if is_range == is_lognormal {
        if fields.is_whole() {
            r.wrong(item, "either min and max or p50 and p99 are needed", "{min, max} or {p50, p99}");
        }
        return None;
    }
    let mark = r.mark();
    let (low, high) = if is_range { ("min", "max") } else { ("p50", "p99") };
    let [least, most] = [low, high].map(|key| r.need(&fields, key, Bytes(1), Reader::size));
    if let Some(item) = fields.get(high).filter(|_| r.is_clean(mark) && most < least) {
        r.wrong(&item, format!("{high} is below {low}, {least}"), format!("a {high} of at least {low}"));
    }
    Some(match is_range {
        true => Payload::Range { min: least, max: most },
        false => Payload::Percentiles { p50: least, p99: most },
    })
}

fn key_set(r: &mut Reader, item: &Item) -> Option<Keys> {
    let fields = r.fields(item, &keys::KEYS)?;
    let spec = |r: &mut Reader, item: &Item| r.spelled(item);
    let pair_spec = r.or(&fields, "pairSpec", DEFAULT_KEYS.pair_spec, spec);
    if let Some(item) = fields.get("pairSpec").filter(|_| !pair_spec.is_pair_spec()) {
        r.wrong(&item, "KMS makes no data key pairs of this spec", "RSA_*, ECC_*, SM2 or ML_KEM_*");
    }
    let store = r.opt(&fields, "store", Reader::spelled);
    let ids = r.or(&fields, "ids", Vec::new(), |r, item| super::live::texts(r, item, Reader::string));
    let named = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let count = r.or(&fields, "count", named.max(1), |r, item| r.count(item, MILLION));
    if let Some(item) = fields.get("count").filter(|_| named > 0 && count != named) {
        r.wrong(&item, format!("`ids` names {named} keys"), "as many, or no count");
    }
    Some(Keys {
        count,
        popularity: r.or(&fields, "popularity", Popularity::Uniform, Reader::popularity),
        spec: r.or(&fields, "spec", DEFAULT_KEYS.spec, spec),
        pair_spec,
        ids,
        store,
    })
}

fn pick(r: &mut Reader, item: &Item) -> Option<Pick> {
    let fields = r.fields(item, &keys::PICK)?;
    Some(Pick {
        count: r.or(&fields, "count", 1, |r, item| r.count(item, 10 * MILLION)),
        popularity: r.or(&fields, "popularity", Popularity::Uniform, Reader::popularity),
    })
}

/// The policy under each strategy: `all`, then what the workload says for that strategy, merged into it.
fn overrides(r: &mut Reader, fields: &Fields, outer: &Outer) -> Vec<Policy> {
    let plain = || outer.strategies.iter().map(|(_, _, policy)| policy.clone()).collect();
    let Some(item) = fields.get("strategies") else { return plain() };
    let Some(fields) = r.fields(&item, &keys::OVERRIDES) else { return plain() };
    let all = fields.get("all");
    let mut patches: Vec<(&str, Item)> = Vec::new();
    for (entry, item) in fields.named() {
        let known = outer.strategies.iter().map(|(name, _, _)| *name);
        if known.clone().any(|name| name == entry.key) {
            patches.push((&entry.key, item));
        } else if outer.has_all_names {
            r.unknown(entry.location, &item.path, "there is no strategy of this name", &entry.key, known);
        }
    }
    let merged = outer.strategies.iter().map(|(name, node, plain)| {
        let own = patches.iter().find(|(patched, _)| patched == name).map(|(_, item)| item);
        let (Some(path), Some(base)) = (own.or(all.as_ref()).map(|item| item.path.clone()), *node) else {
            return plain.clone();
        };
        let node = [all.as_ref(), own]
            .into_iter()
            .flatten()
            .fold(base.clone(), |base, patch| merge(&base, patch.node));
        policy::policy(r, &Item { node: &node, path }).unwrap_or_else(|| plain.clone())
    });
    merged.collect()
}

/// What only several keys together make impossible.
fn fits_together(r: &mut Reader, fields: &Fields, workload: &Workload) {
    let Keys { spec, store, .. } = workload.keys.clone();
    let keys = fields.get("keys");
    let within = |key: &str| keys.as_ref().and_then(|keys| Some(keys.child(key, keys.node.get(key)?)));
    if let Some(item) = within("store").filter(|_| spec != KeySpec::SymmetricDefault) {
        r.wrong(&item, format!("a custom key store holds no {spec} keys"), "spec SYMMETRIC_DEFAULT");
    }
    if never_rests(workload)
        && let Some(executor) = fields.get("executor")
    {
        let message =
            "a cache serves these jobs in no time, so a VU that does not rest would do them without end";
        r.wrong(&executor, message, "with thinkTime or pace");
    }
    let Some(jobs) = fields.get("jobs") else { return };
    let (largest, payload) = largest_payload(&workload.payload);
    for (kind, _) in workload.jobs.iter().filter(|(_, weight)| *weight > 0) {
        let Some(node) = jobs.node.get(kind.name()) else { continue };
        let job = jobs.child(kind.name(), node);
        let operation = kind.operation();
        if !spec.can_do(operation) {
            let message = format!("a {spec} key cannot do {operation}");
            let place = within("spec").or_else(|| keys.clone()).unwrap_or(job);
            r.wrong(&place, message, able(operation));
            continue;
        }
        let makes_pairs = [Operation::GenerateDataKeyPair, Operation::GenerateDataKeyPairWithoutPlaintext]
            .contains(&operation);
        if makes_pairs && store.is_some() {
            let message = format!("a key in a custom key store cannot do {operation}");
            r.wrong(&within("store").unwrap_or(job), message, "no store, or no such job");
            continue;
        }
        let is_envelope = !matches!(kind, JobKind::Call(_));
        if let Some(most) = operation.max_payload(spec).filter(|most| !is_envelope && largest > *most) {
            let place = fields.get("payload").map(|item| inner(&item, payload)).unwrap_or(job);
            let message = format!("the payload is above what {operation} takes under a {spec} key");
            r.wrong(&place, message, format!("at most {}", Bytes(most)));
        }
    }
}

/// Whether a VU can do jobs without any time passing, for as long as the workload lasts.
fn never_rests(workload: &Workload) -> bool {
    let rests_not = |pacing: &Pacing| *pacing == Pacing::ThinkTime(Span::ZERO);
    let is_endless = match &workload.executor {
        Executor::ConstantVus { pacing, .. } | Executor::RampingVus { pacing, .. } => rests_not(pacing),
        _ => false,
    };
    let is_cached = workload.strategies.iter().any(|policy| policy.cache.is_some());
    let is_envelope = |(kind, weight): &(JobKind, u32)| *weight > 0 && !matches!(kind, JobKind::Call(_));
    is_endless && is_cached && workload.jobs.iter().any(is_envelope)
}

/// The largest payload a workload asks for, and the key that says so, if any.
fn largest_payload(payload: &Payload) -> (u64, Option<&'static str>) {
    match payload {
        Payload::Fixed(size) => (size.0, None),
        Payload::Range { max, .. } => (max.0, Some("max")),
        Payload::Percentiles { p99, .. } => (p99.0, Some("p99")),
    }
}

fn inner<'t>(item: &Item<'t>, key: Option<&str>) -> Item<'t> {
    let node: Option<(&str, &'t Node)> = key.and_then(|key| match &item.node.content {
        Content::Map(_) => item.node.get(key).map(|node| (key, node)),
        _ => None,
    });
    node.map_or(item.clone(), |(key, node)| item.child(key, node))
}

/// The key specs that can do an operation, for a message.
fn able(operation: Operation) -> String {
    let specs = KeySpec::ALL.iter().filter(|spec| spec.can_do(operation)).map(|spec| spec.name());
    format!("keys of spec {}", specs.collect::<Vec<_>>().join(", "))
}
