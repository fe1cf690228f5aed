//! How a file says how long the service takes.

use super::config::{Capacity, Distribution, Latency, Part as Share, ServiceTime};
use crate::api::Operation;
use crate::language::{
    FREE_NAMES, Fields, Form, Item, MILLION, Map, Names, Part, RATIO, Reader, Record, SPAN, Shape, TEXT,
    TIME, Table, Walk, count, key, list, mapping, names_to, table_of, whole,
};
use crate::time::{Span, decimal};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The most parts of a mixture.
const MAX_PARTS: usize = 100;

/// How long answers take, or 0 for no time at all.
pub struct Times;

impl Form for Times {
    type Value = ServiceTime;
    fn shape(&self) -> Shape {
        Shape::Either(&[Shape::Record(<ServiceTime as Record>::table), Shape::Whole(0, 0)])
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<ServiceTime> {
        if item.text().is_some_and(|text| text == "0" || Span::parse(text).is_ok_and(Span::is_zero)) {
            let default = Distribution::Fixed(Span::ZERO);
            return Some(ServiceTime { default, throttled: Span::ZERO, ..ServiceTime::assumed() });
        }
        r.record(item)
    }
    fn write(&self, value: &ServiceTime) -> serde_yaml::Value {
        crate::language::record_value(value)
    }
}

impl ServiceTime {
    /// What keystorm assumes until it is calibrated: p50 6 ms, p99 30 ms, refusals 3 ms.
    pub fn assumed() -> ServiceTime {
        ServiceTime {
            default: Latency { p50: Span::from_millis(6), p99: Span::from_millis(30) }.into(),
            throttled: Span::from_millis(3),
            operations: BTreeMap::new(),
            measured: None,
            capacity: None,
        }
    }
}

impl Part for ServiceTime {
    fn walk(walk: &mut Walk<'_, '_>, now: Option<&ServiceTime>) -> Option<ServiceTime> {
        let assumed = ServiceTime::assumed();
        let around = Around {
            p50: "Half of the answers take at most this (6ms; a fifth of p99 if only that is given).",
            p99: "99 % of the answers take at most this (30ms; five times p50 if only that is given).",
            has_mixture: true,
            assumed: Some(assumed.default.clone()),
        };
        let default = distribution(walk, now.map(|now| &now.default), &around);
        let throttled = walk.part(
            key("throttled", "How long a refusal takes ({}).", SPAN).or(assumed.throttled),
            now.map(|now| &now.throttled),
        );
        let operations = walk.part(
            key("operations", "Operations that differ.", ByOperation).or(BTreeMap::new()),
            now.map(|now| &now.operations),
        );
        let about = "When, where and on how many answers; `keystorm calibrate` writes it (assumed).";
        let measured = walk.part(key("measured", about, TEXT).optional(), now.map(|now| &now.measured));
        let capacity = capacity(walk, now.map(|now| &now.capacity));
        Some(ServiceTime {
            // What could not be read was told.
            default: default.or_else(|| walk.is_reading().then_some(assumed.default))?,
            throttled: throttled?,
            operations: operations?,
            measured: measured?,
            capacity: capacity?,
        })
    }
}

impl Record for ServiceTime {
    table_of!(ServiceTime as "serviceTime");
}

/// A queue waits for servers.
fn capacity(walk: &mut Walk<'_, '_>, now: Option<&Option<Capacity>>) -> Option<Option<Capacity>> {
    let now = now.copied().flatten();
    let about = "Sim, for an endpoint that is not KMS: attempts at work at once; others wait in order of arrival, and a \
                 client's timeout frees nothing (no limit).";
    let servers =
        walk.part(key("servers", about, count(MILLION)).optional(), Some(&now.map(|now| now.servers)));
    let about = "Sim, beside servers: attempts that may wait; one more is answered with a service error at once (no limit).";
    let queue = walk
        .part(key("queue", about, whole::<u32>(0, MILLION)).optional(), Some(&now.and_then(|now| now.queue)));
    walk.look(|r, fields| {
        if let Some(item) = fields.get("queue").filter(|_| fields.get("servers").is_none()) {
            r.wrong(&item, "a queue needs `servers` that it waits for", "servers: 1 or more beside it");
        }
    });
    let queue = queue?;
    Some(servers?.map(|servers| Capacity { servers, queue }))
}

/// Where a distribution stands.
struct Around {
    /// What its p50 means there.
    p50: &'static str,
    /// What its p99 means there.
    p99: &'static str,
    /// Whether it may be a mixture.
    has_mixture: bool,
    /// What it is where nothing is said; if there is nothing, its p50 is needed.
    assumed: Option<Distribution>,
}

/// A distribution by itself.
const ALONE: Around = Around {
    p50: "Half of the answers take at most this; lognormal.",
    p99: "99 % of the answers take at most this (five times p50).",
    has_mixture: true,
    assumed: None,
};
/// A part of a mixture.
const IN_MIXTURE: Around = Around { has_mixture: false, ..ALONE };

/// The ways to say a distribution beside p50 and p99; a part of a mixture has all but the last.
const FORMS: [&str; 4] = ["fixed", "exponential", "quantiles", "mixture"];

/// Exactly one of several keys says a distribution.
fn distribution(
    walk: &mut Walk<'_, '_>,
    now: Option<&Distribution>,
    around: &Around,
) -> Option<Distribution> {
    let forms = &FORMS[..if around.has_mixture { 4 } else { 3 }];
    let latency = if let Some(Distribution::Lognormal(latency)) = now { Some(*latency) } else { None };
    let chosen = forms.iter().copied().find(|form| walk.has(form));
    let lognormal = match chosen {
        None => lognormal(walk, latency, around),
        Some(form) => {
            let other = forms.iter().chain(&["p50", "p99"]).find(|other| **other != form && walk.has(other));
            if let Some(other) = other {
                walk.look(|r, fields| {
                    if let Some(item) = fields.get(form) {
                        r.wrong(
                            &item,
                            format!("`{form}` and `{other}` do not go together"),
                            "one of the two",
                        );
                    }
                });
                return None;
            }
            None
        }
    };
    let fixed = if let Some(Distribution::Fixed(span)) = now { Some(*span) } else { None };
    let about = "Every answer takes this, instead of p50 and p99.";
    let fixed = walk.part(key("fixed", about, SPAN).optional(), Some(&fixed));
    let mean = if let Some(Distribution::Exponential { mean }) = now { Some(*mean) } else { None };
    let about = "Exponential with this mean, instead of p50 and p99.";
    let mean = walk.part(key("exponential", about, TIME).optional(), Some(&mean));
    let points = if let Some(Distribution::Quantiles(points)) = now { Some(points.clone()) } else { None };
    let about =
        "Percentiles such as p0, p50, p99.9 and p100, joined by straight lines, instead of p50 and p99.";
    let points = walk.part(key("quantiles", about, Quantiles).optional(), Some(&points));
    let mut parts = Some(None);
    if around.has_mixture {
        let now = if let Some(Distribution::Mixture(parts)) = now { Some(parts.clone()) } else { None };
        let about = "Each answer takes one of these, instead of p50 and p99.";
        parts = walk.part(key("mixture", about, Mixture).optional(), Some(&now));
    }
    match chosen {
        Some("fixed") => fixed?.map(Distribution::Fixed),
        Some("exponential") => mean?.map(|mean| Distribution::Exponential { mean }),
        Some("quantiles") => points?.map(Distribution::Quantiles),
        Some(_) => parts?.map(Distribution::Mixture),
        None => lognormal,
    }
}

/// A lognormal by one or both of its percentiles; only the default's p99 may stand alone.
fn lognormal(walk: &mut Walk<'_, '_>, now: Option<Latency>, around: &Around) -> Option<Distribution> {
    let p50 = walk.part(key("p50", around.p50, TIME).optional(), Some(&now.map(|now| now.p50)));
    let p99 = walk.part(key("p99", around.p99, TIME).optional(), Some(&now.map(|now| now.p99)));
    let (p50, p99) = (p50?, p99?);
    let is_assumed = around.assumed.is_some();
    walk.look(|r, fields| {
        let is_given = |key: &str| fields.get(key).is_some();
        // A p99 that could not be read is told, and so is what goes with it.
        let needs_p50 = !is_given("p99") || p50.is_some() || p99.is_some();
        if !is_assumed && !is_given("p50") && needs_p50 {
            r.missing(fields, "p50");
        }
    });
    if !walk.has("p50") && !walk.has("p99") {
        return around.assumed.clone();
    }
    let latency = match (p50, p99) {
        (Some(p50), None) => Latency { p50, p99: p50.times(5) },
        (None, Some(p99)) => Latency { p50: Span::from_nanos(p99.as_nanos().div_ceil(5)), p99 },
        (Some(p50), Some(p99)) => Latency { p50, p99 },
        (None, None) => return None,
    };
    walk.look(|r, fields| {
        let told = ["p50", "p99"].iter().filter_map(|key| fields.get(key)).any(|item| r.is_told(&item));
        let lacks = !is_assumed && fields.get("p50").is_none();
        if let Some(item) = fields.get("p99").filter(|_| latency.p99 < latency.p50 && !told && !lacks) {
            r.wrong(&item, format!("p99 is below p50, {}", latency.p50), "a p99 of at least p50");
        }
    });
    Some(Distribution::Lognormal(latency))
}

/// Percentiles of a service time.
struct Quantiles;

/// What stands under `quantiles`.
static QUANTILES: Table = names_to("quantiles", FREE_NAMES, &Shape::Duration);

impl Form for Quantiles {
    type Value = Vec<(f64, Span)>;
    fn shape(&self) -> Shape {
        Shape::Map(&QUANTILES)
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Self::Value> {
        let mark = r.mark();
        let fields = r.fields(item, &QUANTILES)?;
        let mut points: Vec<(f64, Span)> = Vec::new();
        for (entry, item) in fields.named() {
            let percent = entry.key.strip_prefix('p').and_then(decimal);
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
            let allowed = "such as { p0: 2ms, p50: 6ms, p100: 80ms }";
            r.wrong(item, "these are not at least two quantiles that rise", allowed);
            return None;
        }
        Some(points)
    }
    fn write(&self, value: &Self::Value) -> serde_yaml::Value {
        value.iter().fold(Map::default(), |map, (at, span)| map.show(&format!("p{at}"), span)).into()
    }
}

/// Parts of a mixture.
struct Mixture;

impl Form for Mixture {
    type Value = Vec<Share>;
    fn shape(&self) -> Shape {
        Shape::List(&Shape::Record(<Share as Record>::table))
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Vec<Share>> {
        let mark = r.mark();
        let items = r.list(item)?;
        let parts: Vec<Share> = items.iter().take(MAX_PARTS).filter_map(|item| r.record(item)).collect();
        let sum: f64 = parts.iter().map(|part| part.share.as_f64()).sum();
        if r.is_clean(mark) && ((sum - 1.0).abs() > 1e-9 || items.len() > MAX_PARTS) {
            let sum = (sum * 1e8).round() / 1e6;
            let found = format!("the shares of {} parts add up to {sum}%", items.len());
            r.wrong(item, found, format!("at most {MAX_PARTS} parts, 100% in all"));
        }
        Some(parts)
    }
    fn write(&self, value: &Vec<Share>) -> serde_yaml::Value {
        list(crate::language::record()).write(value)
    }
}

impl Part for Share {
    fn walk(walk: &mut Walk<'_, '_>, now: Option<&Share>) -> Option<Share> {
        let of = distribution(walk, now.map(|now| &now.of), &IN_MIXTURE);
        let about = "Which share of answers; all shares add up to 100%.";
        let share = walk.part(key("share", about, RATIO).needed(), now.map(|now| &now.share));
        Some(Share { share: share?, of: of? })
    }
}

impl Record for Share {
    table_of!(Share as "part");
}

/// Distributions of single operations.
struct ByOperation;

/// What stands under `operations`.
static BY_OPERATION: Table =
    names_to("operationTimes", Names::of::<Operation>("KMS operations"), &Shape::Record(operation_table));

/// The keys of an operation's distribution.
fn operation_table() -> &'static Table {
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| Table::described("operationTime", |walk| distribution(walk, None, &ALONE)));
    &TABLE
}

impl Form for ByOperation {
    type Value = BTreeMap<Operation, Distribution>;
    fn shape(&self) -> Shape {
        Shape::Map(&BY_OPERATION)
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Self::Value> {
        let fields: Fields = r.fields(item, &BY_OPERATION)?;
        let form = mapping(operation_table, distribution, ALONE);
        let each = fields.named();
        let read = each.filter_map(|(entry, item)| {
            let own = form.read(r, &item);
            Some((Operation::from_name(&entry.key)?, own?))
        });
        Some(read.collect())
    }
    fn write(&self, value: &Self::Value) -> serde_yaml::Value {
        let form = mapping(operation_table, distribution, ALONE);
        value
            .iter()
            .fold(Map::default(), |map, (operation, own)| map.put(operation.name(), form.write(own)))
            .into()
    }
}
