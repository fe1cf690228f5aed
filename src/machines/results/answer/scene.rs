//! What the resolved scenario says of itself that sentences name: clients, distinct messages, caches, limits.

use crate::results::{Run, StrategyRun};
use serde_json::Value;

/// How many clients there are.
pub(super) fn clients(run: &Run) -> Option<u64> {
    run.scenario.pointer("/fleet/clients")?.as_u64()
}

/// What units are called: closed work has VUs, open work clients.
pub(super) fn units(run: &Run) -> &'static str {
    let is_closed = |workload: &Value| {
        let executor = workload.get("executor").and_then(Value::as_str).unwrap_or_default();
        executor.ends_with("vus") || executor.ends_with("iterations")
    };
    let closed = workloads(run).filter(|(_, workload)| is_closed(workload)).count();
    match workloads(run).count() - closed {
        0 => "VUs",
        _ if closed == 0 => "clients",
        _ => "VUs and clients",
    }
}

/// Whether a strategy keeps data keys, in some workload at least.
pub(super) fn caches(run: &Run, strategy: &str) -> bool {
    policies(run, strategy).any(|policy| policy.get("cache").is_some_and(Value::is_object))
}

/// Whether a strategy keeps data keys and next to none serves a second message.
pub(super) fn has_idle_cache(run: &Run, strategy: &StrategyRun) -> bool {
    strategy.ratios.cache_hit < 0.01 && strategy.jobs.completed > 100 && caches(run, &strategy.name)
}

/// The workload whose messages a cache can serve, and by what they differ: the first.
pub(super) fn differs_by(run: &Run) -> Option<(&str, &'static str)> {
    workloads(run).find_map(|(name, workload)| {
        let does = |job: &str| workload.pointer(&format!("/jobs/{job}")).is_some();
        match (does("EncryptMessage"), does("DecryptMessage")) {
            (true, _) => Some((name.as_str(), "contexts")),
            (_, true) => Some((name.as_str(), "messages")),
            _ => None,
        }
    })
}

/// What a strategy's cache keeps, where another strategy's keeps something else: `keeps 5,000 data keys for 5m`.
pub(super) fn cache_that_differs(run: &Run, strategy: &str) -> Option<String> {
    let of = |name: &str| {
        run.scenario.get("strategies")?.get(name)?.get("cache").filter(|cache| cache.is_object())
    };
    let own = of(strategy)?;
    let others = run.strategies.iter().filter_map(|other| of(&other.name));
    others.into_iter().find(|other| *other != own)?;
    let keys = crate::format::counted(own.get("capacity")?.as_u64()?, "data key");
    let age = own.get("maxAge")?.as_str()?;
    // Without a limit of its own a cache has the SDK's, which nobody reaches.
    let messages = own.get("maxMessages").and_then(Value::as_u64).filter(|most| *most < u64::from(u32::MAX));
    let each = messages.map(|most| format!(", {} each", crate::format::counted(most, "message")));
    Some(format!("keeps {keys} for {age}{}", each.unwrap_or_default()))
}

/// A strategy's policy, and what workloads make of it.
fn policies<'r>(run: &'r Run, strategy: &'r str) -> impl Iterator<Item = &'r Value> {
    let own = run.scenario.get("strategies").and_then(|all| all.get(strategy));
    let changed = workloads(run).filter_map(move |(_, w)| w.get("strategies")?.get(strategy));
    own.into_iter().chain(changed)
}

/// Each workload with its name.
fn workloads(run: &Run) -> impl Iterator<Item = (&String, &Value)> {
    run.scenario.get("workloads").and_then(Value::as_object).into_iter().flatten()
}

/// How many different contexts or messages each workload has that a cache can serve: `200 distinct messages`.
pub(super) fn distinct(run: &Run) -> Vec<String> {
    let mut told = Vec::new();
    for (name, workload) in workloads(run) {
        let does = |job: &str| workload.pointer(&format!("/jobs/{job}")).is_some();
        let count = |of: &str| workload.get(of)?.get("count")?.as_u64();
        let what = match (does("EncryptMessage"), does("DecryptMessage")) {
            (true, _) => count("contexts").map(|n| (n, "distinct context")),
            (_, true) => count("messages").map(|n| (n, "distinct message")),
            _ => None,
        };
        told.extend(what.map(|(n, what)| (name.as_str(), crate::format::counted(n, what))));
    }
    let first = told.first().map(|(_, text)| text.clone());
    match first {
        Some(text) if told.iter().all(|(_, each)| *each == text) => vec![text],
        _ => told.iter().map(|(name, text)| format!("{text} ({})", crate::format::named(name))).collect(),
    }
}

/// Whether the scenario itself sets a pool's limit.
pub(super) fn sets_quota(run: &Run, pool: &str) -> bool {
    run.scenario.get("quotas").is_some_and(|quotas| quotas.get(pool).is_some())
}
