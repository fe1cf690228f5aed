//! What a cache needs to mean anything: a job that it can serve, and a number of distinct messages.

use crate::api::{JobKind, Operation};
use crate::language::{Fields, Item, Problem, Reader};
use crate::scenario::Scenario;
use crate::scenario::build::outer::Own;
use crate::scenario::build::strategies::Named;
use crate::workload::{Executor, TraceRows, Workload};

/// Reports caches that serve nothing, and workloads whose hits would follow from a number that nobody has given.
pub(in crate::scenario) fn caches(r: &mut Reader, fields: &Fields, own: Own<'_>) {
    let Own { workloads, strategies: known, .. } = own;
    let (Some(all), Some(strategies)) = (fields.get("workloads"), fields.get("strategies")) else { return };
    for (number, Named { name, node, policy }) in known.all.iter().enumerate() {
        let is_cached = |workload: &&Workload| workload.strategies[number].cache.is_some();
        let idles = !workloads.iter().filter(is_cached).any(may_serve);
        let cache =
            node.as_ref().and_then(|node| node.get("cache")).filter(|_| policy.cache.is_some() && idles);
        if let Some(node) = cache {
            let item = Item { node, path: format!("{}.{name}.cache", strategies.path) };
            problem(r, &item, IDLE, way_out(workloads));
        }
        let own = |workload: &&Workload| workload.strategies[number].cache != policy.cache;
        for workload in workloads.iter().filter(is_cached).filter(own).filter(|each| !may_serve(each)) {
            if let Some(item) = own_cache(&all, &workload.name, name) {
                let message = "this workload has no job that a cache can serve";
                problem(r, &item, message, way_out(std::slice::from_ref(workload)));
            }
        }
    }
    for workload in workloads.iter().filter(|workload| envelopes(workload).next().is_some()) {
        let Some(node) = all.node.get(&workload.name) else { continue };
        let is_given = node.get("messages").is_some() || node.get("contexts").is_some();
        if workload.strategies.iter().any(|policy| policy.cache.is_some()) && !is_given {
            let reads = envelopes(workload).any(|kind| kind == JobKind::DecryptMessage);
            let (key, what) = if reads { ("messages", "read") } else { ("contexts", "written under") };
            let message = format!(
                "`{key}` is missing: how much a cache serves follows from how many different ones are {what}"
            );
            let allowed = format!("{key}: {{ count: … }} as your application has it; 1 if all are alike");
            problem(r, &all.child(&workload.name, node), &message, allowed);
        }
    }
}

fn problem(r: &mut Reader, item: &Item, message: &str, allowed: String) {
    r.problems.push(Problem::new(item.node.shown, &item.path, message).allowed(allowed));
}

/// What is wrong with a cache that nothing reaches.
const IDLE: &str = "no workload under this strategy has a job that a cache can serve";

/// The cache that a workload lays over a strategy, by the strategy's name or for all.
fn own_cache<'t>(workloads: &Item<'t>, workload: &str, strategy: &str) -> Option<Item<'t>> {
    let overrides = workloads.node.get(workload)?.get("strategies")?;
    let named = |name: &str| {
        let node = overrides.get(name)?.get("cache")?;
        Some(Item { node, path: format!("{}.{workload}.strategies.{name}.cache", workloads.path) })
    };
    named(strategy).or_else(|| named("all"))
}

/// The envelope jobs of a workload's mix.
fn envelopes(workload: &Workload) -> impl Iterator<Item = JobKind> {
    let with_weight = workload.jobs.iter().filter(|(_, weight)| *weight > 0);
    with_weight.map(|(kind, _)| *kind).filter(|kind| is_envelope(*kind))
}

const fn is_envelope(kind: JobKind) -> bool {
    !matches!(kind, JobKind::Call(_))
}

/// Whether a cache can serve a job of this workload; a trace that is not read yet may bring one.
fn may_serve(workload: &Workload) -> bool {
    let from_trace = match &workload.executor {
        Executor::Trace(trace) => match trace.rows.as_ref() {
            TraceRows::Unread => true,
            TraceRows::Counts(_) => false,
            TraceRows::Jobs(rows) => rows.iter().filter_map(|row| row.kind).any(is_envelope),
        },
        _ => false,
    };
    from_trace || envelopes(workload).next().is_some()
}

/// Which jobs a cache could serve instead of those that are there.
fn way_out(workloads: &[Workload]) -> String {
    let pairs = [
        (Operation::Decrypt, "DecryptMessage instead of Decrypt"),
        (Operation::GenerateDataKey, "EncryptMessage instead of GenerateDataKey"),
    ];
    let has = |operation| {
        let mut jobs = workloads.iter().flat_map(|workload| &workload.jobs);
        jobs.any(|(kind, weight)| *weight > 0 && *kind == JobKind::Call(operation))
    };
    let meant: Vec<&str> =
        pairs.iter().filter(|(operation, _)| has(*operation)).map(|(_, instead)| *instead).collect();
    match meant.is_empty() {
        true => "jobs EncryptMessage or DecryptMessage, or cache: none".into(),
        false => format!("{}, or cache: none", meant.join(", ")),
    }
}

impl Scenario {
    /// What is wrong with a cache that nothing reaches, now that the traces are read; `None` if every cache serves
    /// something.
    pub fn idle_cache(&self) -> Option<String> {
        let idles = |number: usize| {
            let cached = self.workloads.iter().filter(|workload| workload.strategies[number].cache.is_some());
            let mut served = cached.map(may_serve).peekable();
            served.peek().is_some() && !served.any(|serves| serves)
        };
        let number = (0..self.strategies.len()).find(|number| idles(*number))?;
        let name = &self.strategies[number].name;
        Some(format!("strategies.{name}.cache: {IDLE}; allowed {}", way_out(&self.workloads)))
    }
}
