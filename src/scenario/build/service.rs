//! Reads what the service does: quotas and service times.

use crate::api::Operation;
use crate::client::{Policy, RetryMode};
use crate::kms::{Capacity, Distribution, Latency, Part, ServiceTime};
use crate::language::{Fields, Item, MILLION, Reader};
use crate::scenario::Target;
use crate::scenario::keys;
use crate::time::Span;
use crate::units::Ratio;
use crate::workload::{Executor, Pacing, Workload};
use std::collections::BTreeMap;

/// What keystorm assumes until it is calibrated: p50 6 ms, p99 30 ms, refusals 3 ms.
pub(super) fn assumed_times() -> ServiceTime {
    ServiceTime {
        default: Latency { p50: Span::from_millis(6), p99: Span::from_millis(30) }.into(),
        throttled: Span::from_millis(3),
        operations: BTreeMap::new(),
        measured: None,
        capacity: None,
    }
}

/// Reads `serviceTime`.
pub(super) fn service_time(r: &mut Reader, item: &Item) -> Option<ServiceTime> {
    if item.text().is_some_and(|text| text == "0" || Span::parse(text).is_ok_and(Span::is_zero)) {
        let default = Distribution::Fixed(Span::ZERO);
        return Some(ServiceTime { default, throttled: Span::ZERO, ..assumed_times() });
    }
    let fields = r.fields(item, &keys::SERVICE_TIME)?;
    let assumed = assumed_times();
    let default = distribution(r, &fields, &FORMS, Some(&assumed.default)).unwrap_or(assumed.default);
    let throttled = r.or(&fields, "throttled", assumed.throttled, Reader::span);
    let operations = r.or(&fields, "operations", BTreeMap::new(), |r, item| {
        let fields = r.fields(item, &keys::BY_OPERATION)?;
        let mut operations = BTreeMap::new();
        for (entry, item) in fields.named() {
            let Some(fields) = r.fields(&item, &keys::LATENCY) else { continue };
            let own = distribution(r, &fields, &FORMS, None);
            if let (Some(operation), Some(own)) = (Operation::from_name(&entry.key), own) {
                operations.insert(operation, own);
            }
        }
        Some(operations)
    });
    let measured = r.opt(&fields, "measured", Reader::string);
    let servers = r.opt(&fields, "servers", |r, item| r.count(item, MILLION));
    let queue = r.opt(&fields, "queue", |r, item| r.whole(item, 0, MILLION));
    if let (None, Some(item)) = (servers, fields.get("queue"))
        && fields.get("servers").is_none()
    {
        r.wrong(&item, "a queue needs `servers` that it waits for", "servers: 1 or more beside it");
    }
    let queue = queue.and_then(|places| u32::try_from(places).ok());
    let capacity = servers.map(|servers| Capacity { servers, queue });
    Some(ServiceTime { default, throttled, operations, measured, capacity })
}

/// The ways to say a distribution beside p50 and p99; a part of a mixture has all but the last.
const FORMS: [&str; 4] = ["fixed", "exponential", "quantiles", "mixture"];

/// The distribution that a mapping says; if it says none, `assumed` or a problem.
fn distribution(
    r: &mut Reader,
    fields: &Fields,
    forms: &[&'static str],
    assumed: Option<&Distribution>,
) -> Option<Distribution> {
    let given = |name: &&&'static str| fields.get(name).is_some();
    let mut all = forms.iter().chain(&["p50", "p99"]).filter(given);
    let first = all.next().copied();
    match first {
        None if assumed.is_none() => {
            r.missing(fields, "p50");
            None
        }
        None => assumed.cloned(),
        Some("p50" | "p99") => lognormal(r, fields, assumed.is_some()).map(Distribution::Lognormal),
        Some(form) => {
            let item = fields.get(form)?;
            if let Some(other) = all.next() {
                r.wrong(&item, format!("`{form}` and `{other}` do not go together"), "one of the two");
                return None;
            }
            match form {
                "fixed" => r.span(&item).map(Distribution::Fixed),
                "exponential" => r.time(&item).map(|mean| Distribution::Exponential { mean }),
                "quantiles" => quantiles(r, &item),
                _ => mixture(r, &item),
            }
        }
    }
}

/// A lognormal by one or both of its percentiles; only the default's p99 may stand alone.
fn lognormal(r: &mut Reader, fields: &Fields, may_lack_p50: bool) -> Option<Latency> {
    let mark = r.mark();
    let p50 = r.opt(fields, "p50", Reader::time);
    let p99 = r.opt(fields, "p99", Reader::time);
    let latency = match (p50, p99) {
        (Some(p50), None) => Latency { p50, p99: p50.times(5) },
        (None, Some(p99)) => Latency { p50: Span::from_nanos(p99.as_nanos().div_ceil(5)), p99 },
        (Some(p50), Some(p99)) => Latency { p50, p99 },
        (None, None) => return None,
    };
    if p50.is_none() && !may_lack_p50 && fields.get("p50").is_none() {
        r.missing(fields, "p50");
    }
    if r.is_clean(mark)
        && latency.p99 < latency.p50
        && let Some(item) = fields.get("p99")
    {
        r.wrong(&item, format!("p99 is below p50, {}", latency.p50), "a p99 of at least p50");
    }
    Some(latency)
}

fn quantiles(r: &mut Reader, item: &Item) -> Option<Distribution> {
    let mark = r.mark();
    let fields = r.fields(item, &keys::QUANTILES)?;
    let mut points: Vec<(f64, Span)> = Vec::new();
    for (entry, item) in fields.named() {
        let percent = entry.key.strip_prefix('p').and_then(crate::time::decimal);
        let percent = percent.map(|(value, scale)| value as f64 / scale as f64).filter(|at| *at <= 100.0);
        match (percent, r.span(&item)) {
            (Some(percent), Some(span)) => points.push((percent, span)),
            (None, _) => {
                r.wrong(&item, format!("`{}` is no percentile", entry.key), "p0 to p100, such as p99.9")
            }
            (Some(_), None) => {}
        }
    }
    if !r.is_clean(mark) {
        return None;
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rises = points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
    if points.len() < 2 || !rises {
        r.wrong(
            item,
            "these are not at least two quantiles that rise",
            "such as { p0: 2ms, p50: 6ms, p100: 80ms }",
        );
        return None;
    }
    Some(Distribution::Quantiles(points))
}

/// The most parts of a mixture.
const MAX_PARTS: usize = 100;

fn mixture(r: &mut Reader, item: &Item) -> Option<Distribution> {
    let mark = r.mark();
    let items = r.list(item)?;
    let part = |r: &mut Reader, item: &Item| {
        let fields = r.fields(item, &keys::PART)?;
        let share = r.need(&fields, "share", Ratio::ZERO, Reader::ratio);
        Some(Part { share, of: distribution(r, &fields, &FORMS[..3], None)? })
    };
    let parts: Vec<Part> = items.iter().take(MAX_PARTS).filter_map(|item| part(r, item)).collect();
    let sum: f64 = parts.iter().map(|part| part.share.as_f64()).sum();
    if r.is_clean(mark) && ((sum - 1.0).abs() > 1e-9 || items.len() > MAX_PARTS) {
        let found = format!("the shares of {} parts add up to {}%", items.len(), (sum * 1e8).round() / 1e6);
        r.wrong(item, found, format!("at most {MAX_PARTS} parts, 100% in all"));
    }
    Some(Distribution::Mixture(parts))
}

/// Reports a capacity where attempts do not go through the simulator.
pub(super) fn has_no_capacity(r: &mut Reader, fields: &Fields, times: Option<&ServiceTime>) {
    let Some(item) = fields.get("serviceTime").filter(|_| times.is_some_and(|each| each.capacity.is_some()))
    else {
        return;
    };
    let own = item.node.get("servers").map(|node| item.child("servers", node));
    r.wrong(
        &own.unwrap_or(item),
        "only the simulator has endpoints of finite capacity",
        "target sim, or leaving it out",
    );
}

/// Reports times that do not go with the target, and loads under which simulated time would stand still.
pub(super) fn fits(
    r: &mut Reader,
    fields: &Fields,
    target: &Target,
    times: &ServiceTime,
    workloads: &[Workload],
) {
    if *target != Target::Sim {
        return has_no_capacity(r, fields, Some(times));
    }
    let answers = std::iter::once(&times.default).chain(times.operations.values());
    let is_instant = times.throttled.is_zero() || answers.into_iter().any(Distribution::may_be_zero);
    let Some(all) = fields.get("workloads").filter(|_| is_instant) else { return };
    for workload in workloads {
        let Some(node) = all.node.get(&workload.name) else { continue };
        let here = all.child(&workload.name, node);
        let pause = match &workload.executor {
            Executor::ConstantVus { pacing, .. } | Executor::RampingVus { pacing, .. } => Some(pacing),
            _ => None,
        };
        if matches!(pause, Some(Pacing::ThinkTime(span)) if span.is_zero()) {
            let message = "answers or refusals take no time and VUs do not pause, so time would stand still";
            r.wrong(&here, message, "a thinkTime or pace, or a serviceTime and throttled above 0s");
        }
        let is_endless = |policy: &Policy| {
            let at_once = match policy.retry.mode {
                RetryMode::Immediate => true,
                RetryMode::Fixed { delay } => delay.is_zero(),
                _ => false,
            };
            at_once && policy.retry.max_attempts.is_none()
        };
        if workload.strategies.iter().any(is_endless) {
            let message = "answers or refusals take no time and retries follow at once without end";
            r.wrong(&here, message, "a delay, maxAttempts, or a serviceTime and throttled above 0s");
        }
    }
}
