//! Reads what the service does: quotas, service times, faults.

use crate::api::Operation;
use crate::kms::{Fault, FaultKind, Latency, ServiceTime, Strikes};
use crate::quota::catalogue;
use crate::quota::{Enforcement, Quotas};
use crate::scenario::keys::{self, MAX_JOBS};
use crate::scenario::read::{Fields, Item, Reader};
use crate::time::Span;
use crate::units::{Rate, Ratio};
use std::collections::BTreeMap;

/// The Region's defaults, enforced in windows.
pub(super) fn default_quotas() -> Quotas {
    Quotas {
        overrides: BTreeMap::new(),
        enforcement: Enforcement::Window { phase: None },
        background: BTreeMap::new(),
        re_encrypt_cost: 1,
    }
}

/// Reads `quotas`.
pub(super) fn quotas(r: &mut Reader, item: &Item) -> Option<Quotas> {
    let fields = r.fields(item, &keys::QUOTAS)?;
    let mut quotas = default_quotas();
    for (entry, item) in fields.named() {
        if let Some(rate) = r.positive_rate(&item) {
            quotas.overrides.insert(entry.key.clone(), rate);
        }
    }
    quotas.enforcement = r.or(&fields, "enforcement", quotas.enforcement, enforcement);
    quotas.background = r.or(&fields, "background", BTreeMap::new(), |r, item| {
        let fields = r.fields(item, &keys::BACKGROUND)?;
        let rates = fields.named().filter_map(|(entry, item)| Some((entry.key.clone(), r.rate(&item)?)));
        Some(rates.collect())
    });
    quotas.re_encrypt_cost = r.or(&fields, "reEncryptCost", 1, |r, item| r.count(item, 2));
    Some(quotas)
}

fn enforcement(r: &mut Reader, item: &Item) -> Option<Enforcement> {
    let second = Span::from_secs(1);
    if !item.is_map() {
        return Some(match r.word(item, &["window", "sliding", "bucket", "lagging"])? {
            "sliding" => Enforcement::Sliding,
            "bucket" => Enforcement::Bucket { burst: second },
            "lagging" => Enforcement::Lagging { lag: second },
            _ => Enforcement::Window { phase: None },
        });
    }
    let fields = r.fields(item, &keys::ENFORCEMENT)?;
    match only_key(r, &fields, &["window", "bucket", "lagging"])? {
        ("bucket", item) => {
            let fields = r.fields(&item, &keys::BUCKET)?;
            let burst = r.or(&fields, "burst", second, Reader::time);
            let lag = r.or(&fields, "lag", Span::ZERO, Reader::span);
            Some(match lag.is_zero() {
                true => Enforcement::Bucket { burst },
                false => Enforcement::LateBucket { burst, lag },
            })
        }
        ("lagging", item) => {
            let fields = r.fields(&item, &keys::LAGGING)?;
            Some(Enforcement::Lagging { lag: r.or(&fields, "lag", second, Reader::span) })
        }
        (_, item) => {
            let fields = r.fields(&item, &keys::WINDOW)?;
            let phase = r.opt(&fields, "phase", |r, item| {
                let phase = r.span(item)?;
                if phase >= second {
                    r.wrong(item, "a window lasts one second, so its phase is less", "0s to 999ms");
                }
                Some(phase)
            });
            Some(Enforcement::Window { phase })
        }
    }
}

/// The one key of a mapping that chooses between several.
pub(super) fn only_key<'t>(
    r: &mut Reader,
    fields: &Fields<'t>,
    choices: &[&'static str],
) -> Option<(&'static str, Item<'t>)> {
    let mut found = choices.iter().filter_map(|name| fields.get(name).map(|item| (*name, item)));
    match (found.next(), found.next()) {
        (Some(choice), None) => Some(choice),
        (first, _) => {
            // An unknown key has been reported already.
            if first.is_some() || fields.is_whole() {
                r.wrong(&fields.item, "exactly one of these keys is needed", choices.join(", "));
            }
            None
        }
    }
}

/// What keystorm assumes until it is calibrated: p50 6 ms, p99 30 ms, refusals 3 ms.
pub(super) fn assumed_times() -> ServiceTime {
    ServiceTime {
        default: Latency { p50: Span::from_millis(6), p99: Span::from_millis(30) },
        throttled: Span::from_millis(3),
        operations: BTreeMap::new(),
        measured: None,
    }
}

/// Reads `serviceTime`.
pub(super) fn service_time(r: &mut Reader, item: &Item) -> Option<ServiceTime> {
    let fields = r.fields(item, &keys::SERVICE_TIME)?;
    let assumed = assumed_times();
    let p50 = r.opt(&fields, "p50", Reader::time);
    let p99 = r.opt(&fields, "p99", Reader::time);
    let default = match (p50, p99) {
        (None, None) => assumed.default,
        (Some(p50), None) => Latency { p50, p99: p50.times(5) },
        (None, Some(p99)) => Latency { p50: Span::from_nanos(p99.as_nanos().div_ceil(5)), p99 },
        (Some(p50), Some(p99)) => Latency { p50, p99 },
    };
    in_order(r, &fields, default);
    let throttled = r.or(&fields, "throttled", assumed.throttled, Reader::span);
    let operations = r.or(&fields, "operations", BTreeMap::new(), |r, item| {
        let fields = r.fields(item, &keys::BY_OPERATION)?;
        let mut operations = BTreeMap::new();
        for (entry, item) in fields.named() {
            if let (Some(operation), Some(latency)) = (Operation::from_name(&entry.key), latency(r, &item)) {
                operations.insert(operation, latency);
            }
        }
        Some(operations)
    });
    let measured = r.opt(&fields, "measured", Reader::string);
    Some(ServiceTime { default, throttled, operations, measured })
}

fn latency(r: &mut Reader, item: &Item) -> Option<Latency> {
    let mark = r.mark();
    let fields = r.fields(item, &keys::LATENCY)?;
    let p50 = r.need(&fields, "p50", Span::from_millis(6), Reader::time);
    let p99 = r.or(&fields, "p99", p50.times(5), Reader::time);
    if r.is_clean(mark) {
        in_order(r, &fields, Latency { p50, p99 });
    }
    Some(Latency { p50, p99 })
}

fn in_order(r: &mut Reader, fields: &Fields, latency: Latency) {
    if latency.p99 < latency.p50
        && let Some(item) = fields.get("p99")
    {
        r.wrong(&item, format!("p99 is below p50, {}", latency.p50), "a p99 of at least p50");
    }
}

/// Reads one fault.
pub(super) fn fault(r: &mut Reader, item: &Item) -> Option<Fault> {
    let fields = r.fields(item, &keys::FAULT)?;
    let at = r.or(&fields, "at", Span::ZERO, Reader::span);
    let lasts = r.opt(&fields, "for", Reader::time);
    let operation = r.opt(&fields, "operation", |r, item| r.by_name(item, Operation::ALL, Operation::name));
    let word = r.need(&fields, "kind", "", |r, item| r.word(item, &keys::FAULT_KINDS));
    if word.is_empty() {
        return None;
    }
    r.only_with(&fields, "kind", word);
    let kind = match word {
        "throttle" => FaultKind::Throttle,
        "error" => FaultKind::Error,
        "slow" => FaultKind::Slow { by: r.need(&fields, "by", Span::ZERO, Reader::time) },
        "freeze" => FaultKind::Freeze,
        "reset" => FaultKind::Reset,
        _ => FaultKind::Quota {
            pool: r.need(&fields, "pool", String::new(), |r, item| {
                let names: Vec<&'static str> = catalogue::pool_names().collect();
                r.word(item, &names).map(str::to_owned)
            }),
            to: r.need(&fields, "to", Rate::ZERO, Reader::rate),
        },
    };
    let strikes = match (fields.get("next"), fields.get("probability")) {
        (Some(next), Some(_)) => {
            r.wrong(&next, "`next` and `probability` do not go together", "either of the two");
            return None;
        }
        (Some(next), None) => Strikes::Next(r.whole(&next, 1, MAX_JOBS)?),
        (None, _) => Strikes::Probability(r.or(&fields, "probability", Ratio::ONE, Reader::ratio)),
    };
    let needs_end = !matches!(strikes, Strikes::Next(_)) && fields.get("for").is_none();
    if needs_end && fields.is_whole() {
        r.missing(&fields, "for");
    }
    Some(Fault { at, lasts, kind, strikes, operation })
}
