//! The workloads by name: when each runs, what its jobs are, and which policies it runs under.

use super::strategies::{MAX_NAMED, Named, Strategies, how_many};
use crate::api::{JobKind, KeySpec, Operation};
use crate::client::Policy;
use crate::language::tree::{Content, Node};
use crate::language::{FREE_NAMES, Fields, Form, Item, Map, Others, Reader, Shape, Table, Walk, record_map};
use crate::scenario::overlay::merge;
use crate::scenario::workload::{self as declared, Defaults};
use crate::time::Span;
use crate::units::Bytes;
use crate::workload::{Executor, Keys, Pacing, Payload, Workload};
use serde_yaml::Value;

/// A workload under each name.
pub(in crate::scenario) struct Workloads<'a> {
    /// What holds where a workload says nothing.
    pub defaults: &'a Defaults,
    /// What they run under.
    pub strategies: &'a Strategies,
}

static WORKLOADS: Table = Table {
    name: "workloads",
    keys: &[],
    others: Some(Others { names: FREE_NAMES, shape: &Shape::Record(declared::table) }),
};

impl Form for Workloads<'_> {
    type Value = Vec<Workload>;
    fn shape(&self) -> Shape {
        Shape::Map(&WORKLOADS)
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Vec<Workload>> {
        let fields = r.fields(item, &WORKLOADS)?;
        let (mut workloads, mark) = (Vec::new(), r.mark());
        let many = fields.named().count();
        for (entry, item) in fields.named().take(MAX_NAMED) {
            if r.is_name(entry.location, &item.path, &entry.key) {
                workloads.extend(self.workload(r, &item, &entry.key));
            }
        }
        let is_known = r.is_clean(mark) && fields.is_whole();
        how_many(r, item, many, is_known, "workloads");
        Some(workloads)
    }
    fn write(&self, value: &Vec<Workload>) -> Value {
        value.iter().fold(Map::default(), |map, each| map.put(&each.name, self.written(each))).into()
    }
}

impl Workloads<'_> {
    /// A workload with the policies that differ from its strategies'.
    fn written(&self, workload: &Workload) -> Map {
        let pairs = self.strategies.all.iter().zip(&workload.strategies);
        let changed: Vec<_> = pairs.filter(|(strategy, own)| strategy.policy != **own).collect();
        let map = declared::written(workload);
        if changed.is_empty() {
            return map;
        }
        let overrides = changed.into_iter();
        map.put(
            "strategies",
            overrides.fold(Map::default(), |map, (strategy, own)| map.put(&strategy.name, record_map(own))),
        )
    }

    /// Reads one workload.
    fn workload(&self, r: &mut Reader, item: &Item, name: &str) -> Option<Workload> {
        let mark = r.mark();
        let fields = r.fields(item, declared::table())?;
        let read = declared::walk(&mut Walk::Read { r, fields: &fields }, None, self.defaults);
        let strategies = overrides(r, &fields, self.strategies);
        let workload = Workload { name: name.to_owned(), strategies, ..read? };
        if let Some(item) =
            fields.get("onLimit").filter(|_| r.is_clean(mark) && workload.max_in_flight.is_none())
        {
            r.wrong(&item, "`onLimit` does nothing without `maxInFlight`", "with maxInFlight");
        }
        let brings_nothing = match &workload.executor {
            Executor::RampingArrivalRate { start_rate, stages, .. } => {
                start_rate.is_zero() && stages.iter().all(|stage| stage.target.is_zero())
            }
            Executor::RampingVus { start_vus, stages, .. } => {
                *start_vus == 0 && stages.iter().all(|stage| stage.target == 0)
            }
            _ => false,
        };
        let stages = fields.get("stages").filter(|item| brings_nothing && !r.is_told_within(item));
        if let Some(item) = stages.filter(|_| fields.is_whole()) {
            r.wrong(&item, "nothing ever arrives: every target is zero", "a target above zero");
        }
        if r.is_clean(mark) {
            fits_together(r, &fields, &workload);
        }
        Some(workload)
    }
}

/// The policy under each strategy: `all`, then what the workload says for that strategy, merged into it.
fn overrides(r: &mut Reader, fields: &Fields, strategies: &Strategies) -> Vec<Policy> {
    let plain = || strategies.all.iter().map(|each| each.policy.clone()).collect();
    let Some(item) = fields.get("strategies") else { return plain() };
    let Some(fields) = r.fields(&item, &declared::OVERRIDES) else { return plain() };
    let all = fields.get("all");
    let mut patches: Vec<(&str, Item)> = Vec::new();
    for (entry, item) in fields.named() {
        let known = strategies.names();
        if known.clone().any(|name| name == entry.key) {
            patches.push((&entry.key, item));
        } else if strategies.has_all_names {
            r.unknown(entry.location, &item.path, "there is no strategy of this name", &entry.key, known);
        }
    }
    let merged = strategies.all.iter().map(|Named { name, node, policy: plain }| {
        let own = patches.iter().find(|(patched, _)| patched == name).map(|(_, item)| item);
        let (Some(path), Some(base)) = (own.or(all.as_ref()).map(|item| item.path.clone()), node) else {
            return plain.clone();
        };
        let node = [all.as_ref(), own]
            .into_iter()
            .flatten()
            .fold(base.clone(), |base, patch| merge(&base, patch.node));
        r.record(&Item { node: &node, path }).unwrap_or_else(|| plain.clone())
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
