//! What the target makes impossible.

use crate::client::RetryMode;
use crate::language::tree::Content;
use crate::language::{Fields, Item, Reader};
use crate::scenario::{Live, LiveClient, Target};
use crate::workload::Workload;

/// What the target makes impossible.
pub(in crate::scenario) fn target(
    r: &mut Reader,
    fields: &Fields,
    target: &Target,
    live: &Live,
    workloads: &[Workload],
) {
    if *target == Target::Sim {
        return no_sdk_in_the_simulator(r, fields, workloads);
    }
    let is_foreign = matches!(target, Target::Http(_) | Target::Aws);
    if let Some(item) = fields.get("faults").filter(|item| is_foreign && item.is_list()) {
        r.wrong(&item, "keystorm cannot make another service fail", "no faults, or target emulator or sim");
    }
    if let Some(item) = fields.get("transport").filter(|_| is_foreign && live.transport.in_process) {
        r.wrong(&item, "only the emulator can be called without a socket", "target emulator");
    }
    if *target == Target::Aws && !cfg!(feature = "aws") {
        let item = fields.get("target").unwrap_or_else(|| fields.item.clone());
        r.wrong(&item, "this keystorm is built without the AWS SDK (feature `aws`)", "sim, emulator, a URL");
    }
    let Some(list) = fields.get("workloads") else { return };
    for workload in workloads {
        let Some(node) = list.node.get(&workload.name) else { continue };
        let here = list.child(&workload.name, node);
        for kind in workload.kinds().into_iter().filter(|kind| kind.operation().live().is_none()) {
            let jobs = node.get("jobs").map_or(here.clone(), |node| here.child("jobs", node));
            let message = format!("live runs do not make {} calls", kind.operation());
            r.wrong(&jobs, message, "target sim, or other jobs");
        }
        let usages = workload.key_usages();
        if usages.len() > 1 {
            let jobs = node.get("jobs").map_or(here.clone(), |node| here.child("jobs", node));
            let names: Vec<&str> = usages.iter().map(|usage| usage.name()).collect();
            let message =
                format!("these jobs need keys for {}, and a key is for one of them", names.join(" and "));
            r.wrong(&jobs, message, "a workload for each, or target sim");
        }
        if workload.keys.store.is_some() && workload.keys.ids.is_empty() {
            let keys = node.get("keys").map_or(here.clone(), |node| here.child("keys", node));
            r.wrong(&keys, "live runs make no keys in custom key stores", "ids of keys that are there");
        }
        if live.client == LiveClient::Raw || live.transport.in_process {
            let sdk = |policy: &crate::client::Policy| matches!(policy.retry.mode, RetryMode::AwsSdk(_));
            if workload.strategies.iter().any(sdk) {
                let strategies = fields.get("strategies").unwrap_or_else(|| here.clone());
                let place = sdk_mode(&strategies).unwrap_or(strategies);
                r.wrong(
                    &place,
                    "mode `aws-sdk` needs the SDK to send attempts",
                    "client aws-sdk, over a socket",
                );
            }
        }
    }
}

fn no_sdk_in_the_simulator(r: &mut Reader, fields: &Fields, workloads: &[Workload]) {
    let uses = |workload: &Workload| {
        workload.strategies.iter().any(|policy| matches!(policy.retry.mode, RetryMode::AwsSdk(_)))
    };
    if let Some(item) = fields.get("strategies").filter(|_| workloads.iter().any(uses)) {
        let message = "mode `aws-sdk` is the real SDK, which the simulator cannot run";
        let place = sdk_mode(&item).unwrap_or(item);
        r.wrong(&place, message, "aws-standard or aws-adaptive with a preset, or --target emulator");
    }
}

/// The first strategy's mode that is `aws-sdk`, where it is written.
fn sdk_mode<'t>(strategies: &Item<'t>) -> Option<Item<'t>> {
    let Content::Map(entries) = &strategies.node.content else { return None };
    entries.iter().find_map(|entry| {
        let strategy = strategies.child(&entry.key, &entry.value);
        let retry = strategy.child("retry", strategy.node.get("retry")?);
        let mode = retry.child("mode", retry.node.get("mode")?);
        mode.is_word("aws-sdk").then_some(mode)
    })
}
