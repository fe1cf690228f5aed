//! The tree becomes a checked scenario. One file per part of the language; here, the whole.

mod cache;
mod live;
mod outer;
mod service;
mod sweep;
mod threshold;
mod trials;
mod workload;

pub use threshold::percentile_of;
pub(super) use threshold::{THRESHOLDS, written as threshold_written};

use super::live::REGION;
use super::workload::Defaults;
use super::{Scenario, Service, Strategy, Target, TargetWord, keys, plan};
use crate::client::Policy;
use crate::kms::{Faults, ServiceTime, Times};
use crate::language::clip;
use crate::language::tree::Node;
use crate::language::{Fields, Form, Item, LONGEST, Reader};
use crate::quota::Quotas;
use crate::workload::{FleetConfig, Workload};
use outer::Outer;

/// The most workloads, and the most strategies, of a scenario.
const MAX_NAMED: usize = 64;
/// What is said of several strategies names none.
const NO_NAMES: [&str; 3] = ["all", "both", "none"];
/// The most jobs that may be expected of one trial.
const MAX_OFFERED: f64 = 1e10;

/// Reads the whole scenario; what comes back counts only if `r` has no problem.
pub(super) fn scenario(r: &mut Reader, root: &Node, default_name: &str) -> Option<Scenario> {
    let item = Item { node: root, path: String::new() };
    let fields = r.fields(&item, &keys::SCENARIO)?;
    r.opt(&fields, "version", |r, item| r.whole(item, 1, 1));
    let target = r.or(&fields, "target", Target::Sim, target);
    let begun = r.mark();
    let outer = outer(r, &fields);
    let service_time = r.or(&fields, "serviceTime", ServiceTime::assumed(), |r, item| Times.read(r, item));
    let mark = r.mark();
    let workloads = r.need(&fields, "workloads", Vec::new(), |r, item| workloads(r, item, &outer));
    if r.is_clean(mark) {
        fits_in_time(r, &fields, &workloads, &service_time);
    }
    let tagged = threshold::Tagged {
        strategies: outer.strategies.iter().map(|(name, _, _)| *name).collect(),
        knows_strategies: outer.has_all_names,
        knows_workloads: r.is_clean(mark),
        workloads: &workloads,
    };
    let thresholds =
        r.or(&fields, "thresholds", Vec::new(), |r, item| threshold::thresholds(r, item, &tagged));
    let gate = r.or(&fields, "gate", None, |r, item| gate(r, item, &outer));
    let live = live::live(r, &fields);
    if r.is_clean(mark) {
        live::fits_target(r, &fields, &target, &live, &workloads);
    }
    if r.is_clean(begun) {
        cache::fits(r, &fields, &outer, &workloads);
        service::fits(r, &fields, &target, &service_time, &workloads);
    }
    let strategies = outer
        .strategies
        .iter()
        .map(|(name, _, policy)| Strategy { name: (*name).to_owned(), policy: policy.clone() });
    let strategies: Vec<Strategy> = strategies.collect();
    let (trials, until) = trials::trials(r, &fields, &target);
    Some(Scenario {
        name: r.or(&fields, "name", default_name.to_owned(), |r, item| {
            let name = r.string(item)?;
            r.is_name(item.node.shown, &item.path, &name).then_some(name)
        }),
        seed: r.or(&fields, "seed", 42, |r, item| r.whole(item, 0, u64::MAX)),
        trials,
        until,
        target,
        region: r.or(&fields, "region", "us-east-1".to_owned(), REGION.read),
        quotas: r.or(&fields, "quotas", Quotas::default(), Reader::record),
        service_time,
        faults: r.or(&fields, "faults", Vec::new(), |r, item| Faults { is_server: false }.read(r, item)),
        fleet: r.or(&fields, "fleet", FleetConfig::ONE, Reader::record),
        gate: gate.unwrap_or_else(|| strategies.iter().map(|strategy| strategy.name.clone()).collect()),
        workloads,
        strategies,
        thresholds,
        sweep: r.or(&fields, "sweep", Vec::new(), sweep::sweep),
        live,
    })
}

/// Reads the service by itself; what comes back counts only if `r` has no problem.
pub(super) fn service_alone(r: &mut Reader, root: &Node) -> Option<Service> {
    let fields = r.fields(&Item { node: root, path: String::new() }, &keys::SERVICE)?;
    let service_time = r.opt(&fields, "serviceTime", |r, item| Times.read(r, item));
    service::has_no_capacity(r, &fields, service_time.as_ref());
    Some(Service {
        quotas: r.or(&fields, "quotas", Quotas::default(), Reader::record),
        service_time,
        faults: r.or(&fields, "faults", Vec::new(), |r, item| Faults { is_server: true }.read(r, item)),
    })
}

fn target(r: &mut Reader, item: &Item) -> Option<Target> {
    let text = r.string(item)?;
    let target = Target::parse(&text);
    if target.is_none() {
        let known = TargetWord::WORDS.iter().copied();
        r.unknown(item.node.shown, &item.path, "this is no target", &text, known);
    }
    target
}

fn outer<'t>(r: &mut Reader, fields: &Fields<'t>) -> Outer<'t> {
    let usual = Defaults::default();
    let mut outer = Outer {
        defaults: Defaults {
            warm_up: r.or(fields, "warmUp", usual.warm_up, Reader::span),
            graceful_stop: r.or(fields, "gracefulStop", usual.graceful_stop, Reader::span),
            deadline: r.or(fields, "deadline", usual.deadline, Reader::time_or_none),
        },
        strategies: Vec::new(),
        has_all_names: false,
    };
    let read = r.need(fields, "strategies", None, |r, item| strategies(r, item).map(Some));
    if let Some((strategies, has_all_names)) = read {
        (outer.strategies, outer.has_all_names) = (strategies, has_all_names);
    }
    outer
}

type Named<'t> = (&'t str, Option<&'t Node>, Policy);

fn strategies<'t>(r: &mut Reader, item: &Item<'t>) -> Option<(Vec<Named<'t>>, bool)> {
    let fields = r.fields(item, &keys::STRATEGIES)?;
    let mut strategies = Vec::new();
    let mut has_all_names = fields.is_whole();
    let many = fields.named().count();
    for (entry, item) in fields.named().take(MAX_NAMED) {
        let name = entry.key.as_str();
        if NO_NAMES.contains(&name) {
            let message = format!("`{name}` is no name for a strategy");
            let problem = crate::language::Problem::new(entry.location, &item.path, message);
            let example = if name == "none" { "no-retry" } else { "patient" };
            r.problems.push(
                problem.allowed(format!(
                    "another name, such as `{example}`: {name} is what one says of several"
                )),
            );
            has_all_names = false;
        } else if r.is_name(entry.location, &item.path, name) {
            let policy = r.record(&item);
            strategies.push((name, policy.is_some().then_some(item.node), policy.unwrap_or(Policy::PLAIN)));
        } else {
            has_all_names = false;
        }
    }
    how_many(r, item, many, has_all_names, "strategies");
    Some((strategies, has_all_names && many <= MAX_NAMED))
}

fn how_many(r: &mut Reader, item: &Item, count: usize, is_known: bool, what: &str) {
    if (count == 0 && is_known) || count > MAX_NAMED {
        r.wrong(item, format!("there are {count} {what}"), format!("1 to {MAX_NAMED}"));
    }
}

fn workloads(r: &mut Reader, item: &Item, outer: &Outer) -> Option<Vec<Workload>> {
    let fields = r.fields(item, &keys::WORKLOADS)?;
    let (mut workloads, mark) = (Vec::new(), r.mark());
    let many = fields.named().count();
    for (entry, item) in fields.named().take(MAX_NAMED) {
        if r.is_name(entry.location, &item.path, &entry.key) {
            workloads.extend(workload::workload(r, &item, &entry.key, outer));
        }
    }
    let is_known = r.is_clean(mark) && fields.is_whole();
    how_many(r, item, many, is_known, "workloads");
    Some(workloads)
}

/// What only becomes too much when durations, rates and defaults come together.
fn fits_in_time(r: &mut Reader, fields: &Fields, workloads: &[Workload], service: &crate::kms::ServiceTime) {
    let Some(item) = fields.get("workloads") else { return };
    let mut offered = 0.0;
    for workload in workloads {
        let Some(node) = item.node.get(&workload.name) else { continue };
        let here = item.child(&workload.name, node);
        let lasts = plan::lasts(&workload.executor);
        if lasts.is_some_and(|lasts| workload.start_time + lasts > LONGEST) {
            r.wrong(&here, "the workload ends later than 30d after the start", "at most 30d");
        }
        if lasts.is_some_and(|lasts| workload.warm_up >= lasts) {
            let own = node.get("warmUp").map(|node| here.child("warmUp", node));
            let place = own.or_else(|| fields.get("warmUp")).unwrap_or_else(|| here.clone());
            let message = format!("nothing of `{}` is left after the warm-up", clip(&workload.name));
            r.wrong(&place, message, "less than the workload lasts");
        }
        // At most: clients that start late offer less.
        offered += plan::offered(workload, &FleetConfig::ONE, service).unwrap_or(0.0);
        if offered > MAX_OFFERED {
            r.wrong(&here, format!("about {offered:.0} jobs are expected in a trial"), "at most 10000000000");
            return;
        }
    }
}

/// The strategies that decide the exit code; `None` for all.
fn gate(r: &mut Reader, item: &Item, outer: &Outer) -> Option<Option<Vec<String>>> {
    if item.is_word("all") {
        return Some(None);
    }
    let mut gate: Vec<String> = Vec::new();
    let items = r.list(item)?;
    if items.len() > MAX_NAMED {
        r.wrong(item, "these are too many strategies", format!("at most {MAX_NAMED}"));
        return None;
    }
    for item in items {
        let Some(name) = r.string(&item) else { continue };
        let known = outer.strategies.iter().map(|(name, _, _)| *name);
        if outer.has_all_names && !known.clone().any(|each| each == name) {
            r.unknown(item.node.shown, &item.path, "there is no strategy of this name", &name, known);
        } else if gate.contains(&name) {
            r.wrong(&item, "this strategy stands here twice", "each strategy once");
        } else {
            gate.push(name);
        }
    }
    Some(Some(gate))
}
