//! Reads what only live runs look at, and says what a live run cannot do.

use crate::client::RetryMode;
use crate::scenario::keys::{self, MAX_JOBS, MILLION};
use crate::scenario::read::{Fields, Item, Reader};
use crate::scenario::tree::Content;
use crate::scenario::{Allow, Caps, Live, LiveClient, Target, Transport};
use crate::units::Money;
use crate::workload::Workload;

/// Reads `client`, `transport`, `caps` and `allow`.
pub(super) fn live(r: &mut Reader, fields: &Fields) -> Live {
    Live {
        client: r.or(fields, "client", LiveClient::DEFAULT, client),
        transport: r.or(fields, "transport", Transport::default(), transport),
        caps: r.or(fields, "caps", Caps::default(), caps),
        allow: r.or(fields, "allow", Allow::default(), allow),
    }
}

fn client(r: &mut Reader, item: &Item) -> Option<LiveClient> {
    let client = r.spelled(item)?;
    if client == LiveClient::AwsSdk && !cfg!(feature = "aws") {
        r.wrong(item, "this keystorm is built without the AWS SDK (feature `aws`)", LiveClient::Raw.name());
        return None;
    }
    Some(client)
}

fn transport(r: &mut Reader, item: &Item) -> Option<Transport> {
    if !item.is_map() {
        r.word(item, &["in-process"])?;
        return Some(Transport { in_process: true, ..Transport::default() });
    }
    let plain = Transport::default();
    let fields = r.fields(item, &keys::TRANSPORT)?;
    Some(Transport {
        in_process: false,
        connections: r.or(&fields, "connections", None, |r, item| {
            if item.is_word("none") { Some(None) } else { r.count(item, MILLION).map(Some) }
        }),
        connect_timeout: r.or(&fields, "connectTimeout", plain.connect_timeout, Reader::time),
        idle_timeout: r.or(&fields, "idleTimeout", plain.idle_timeout, Reader::time),
        ca: r.opt(&fields, "ca", Reader::string),
    })
}

fn caps(r: &mut Reader, item: &Item) -> Option<Caps> {
    let fields = r.fields(item, &keys::CAPS)?;
    Some(Caps {
        attempts: r.opt(&fields, "attempts", |r, item| r.whole(item, 1, MAX_JOBS)),
        rate: r.opt(&fields, "rate", Reader::positive_rate),
        duration: r.opt(&fields, "duration", Reader::time),
        cost: r.opt(&fields, "cost", |r, item| {
            let text = r.string(item)?;
            Money::parse(&text).map_err(|message| r.wrong(item, message, "such as 1.20 USD")).ok()
        }),
        max_quota_share: r.or(&fields, "maxQuotaShare", Caps::default().max_quota_share, Reader::ratio),
        stop_on: r.opt(&fields, "stopOn", alarm),
    })
}

/// The name or ARN of an alarm; names have 1 to 255 characters (CloudWatch API, AlarmName, read 2026-11-29).
fn alarm(r: &mut Reader, item: &Item) -> Option<String> {
    let text = r.string(item)?;
    // An ARN has some sixty characters before the name.
    if !(1..=320).contains(&text.chars().count()) {
        r.wrong(item, "this is no alarm", "the name of an alarm, or its ARN");
    }
    Some(text)
}

fn allow(r: &mut Reader, item: &Item) -> Option<Allow> {
    let fields = r.fields(item, &keys::ALLOW)?;
    let account = |r: &mut Reader, item: &Item| {
        // Without quotes it is a number, and means the same.
        let id = item.text().map_or_else(|| r.string(item), |text| Some(text.to_owned()))?;
        if id.len() != 12 || !id.bytes().all(|b| b.is_ascii_digit()) {
            r.wrong(item, "this is no account id", "twelve digits");
        }
        Some(id)
    };
    Some(Allow {
        accounts: r.or(&fields, "accounts", Vec::new(), |r, item| texts(r, item, account)),
        regions: r.or(&fields, "regions", Vec::new(), |r, item| texts(r, item, super::region)),
        keys: r.or(&fields, "keys", Vec::new(), |r, item| texts(r, item, Reader::string)),
    })
}

/// A list of texts, each read by `read`.
pub(super) fn texts(
    r: &mut Reader,
    item: &Item,
    read: impl Fn(&mut Reader, &Item) -> Option<String>,
) -> Option<Vec<String>> {
    Some(r.list(item)?.iter().filter_map(|item| read(r, item)).collect())
}

/// What the target makes impossible.
pub(super) fn fits_target(
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
        for kind in workload.kinds().into_iter().filter(|kind| !kind.operation().runs_live()) {
            let jobs = node.get("jobs").map_or(here.clone(), |node| here.child("jobs", node));
            let message = format!("live runs do not make {} calls", kind.operation());
            r.wrong(&jobs, message, "target sim, or other jobs");
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
