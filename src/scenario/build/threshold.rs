//! Reads thresholds: k6's grammar plus units, `response_time{operation:Decrypt}: [ "p(99)<250ms" ]`.

use super::outer::Own;
use crate::api::JobKind;
use crate::language::tree::Entry;
use crate::language::{
    FREE_NAMES, Flag, Form, Item, Map, Others, Problem, Reader, SPAN, Shape, Table, Walk, clip, key, mapping,
};
use crate::scenario::{Aggregate, Comparison, Metric, Tag, Threshold, TimesOf};
use crate::time::Span;
use crate::time::decimal;
use crate::units::{Money, Rate, Ratio};
use crate::workload::{Executor, Workload};
use serde_yaml::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The most metrics, and the most expressions of each, that thresholds may name.
const MAX_NAMES: usize = 256;

/// Thresholds by metric and tags.
pub(in crate::scenario) struct Thresholds<'a> {
    /// What tags may refer to.
    pub own: Own<'a>,
}

impl Form for Thresholds<'_> {
    type Value = Vec<Threshold>;
    fn shape(&self) -> Shape {
        Shape::Map(&THRESHOLDS)
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<Vec<Threshold>> {
        thresholds(r, item, self.own)
    }
    /// By name, names in the order of their first threshold.
    fn write(&self, value: &Vec<Threshold>) -> Value {
        let mut map = Map::default();
        for threshold in value {
            let mut items = match map.0.remove(threshold.name.as_str()) {
                Some(Value::Sequence(items)) => items,
                _ => Vec::new(),
            };
            items.push(written(threshold));
            map = map.put(&threshold.name, Value::Sequence(items));
        }
        map.into()
    }
}

fn thresholds(r: &mut Reader, item: &Item, own: Own<'_>) -> Option<Vec<Threshold>> {
    let fields = r.fields(item, &THRESHOLDS)?;
    let mut all = Vec::new();
    if fields.named().count() > MAX_NAMES {
        r.wrong(item, "these are too many thresholds", format!("at most {MAX_NAMES} metrics"));
        return None;
    }
    for (entry, item) in fields.named() {
        let head = metric(r, entry, &item.path, own);
        // A single threshold may stand without brackets.
        let items = match item.text().is_some() || item.is_map() {
            true => vec![item],
            false => r.list(&item).unwrap_or_default(),
        };
        let Some((metric, tags)) = head else { continue };
        if items.len() > MAX_NAMES {
            r.wrong(&items[0], "these are too many thresholds", format!("at most {MAX_NAMES} expressions"));
            continue;
        }
        for item in &items {
            let name = entry.key.as_str();
            all.extend(threshold(r, item, (name, metric, &tags)));
        }
    }
    Some(all)
}

/// Reads `metric{tag:value,tag:value}`.
fn metric(
    r: &mut Reader,
    entry: &Entry,
    path: &str,
    own: Own<'_>,
) -> Option<(Metric, BTreeMap<String, String>)> {
    let (name, rest) = entry.key.split_once('{').unwrap_or((&entry.key, "}"));
    let Some(metric) = Metric::from_name(name.trim()) else {
        if let Some(meant) = metric_meant(name.trim()) {
            let mut problem = Problem::new(entry.location, path, "this is no metric of a threshold");
            problem.suggestion = Some(meant);
            r.problems.push(problem.read(format!("`{}`", clip(name))));
            return None;
        }
        let names = Metric::WORDS.iter().copied();
        r.unknown(entry.location, path, "this is no metric of a threshold", name, names);
        return None;
    };
    let Some(inner) = rest.strip_suffix('}') else {
        let problem = Problem::new(entry.location, path, "the tags are not closed by `}`");
        r.problems.push(problem.allowed("response_time{operation:Decrypt}"));
        return None;
    };
    let mark = r.mark();
    let mut tags = BTreeMap::new();
    for tag in inner.split(',').filter(|tag| !tag.trim().is_empty()) {
        let (key, value) = tag.split_once(':').unwrap_or((tag, ""));
        let (key, value) = (key.trim(), value.trim());
        if Tag::from_name(key).is_none() {
            r.unknown(entry.location, path, "this is no tag of a threshold", key, Tag::WORDS.iter().copied());
        } else if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            r.problems.push(Problem::new(entry.location, path, format!("the tag `{key}` stands here twice")));
        }
    }
    if r.is_clean(mark) {
        selects(r, entry, path, &tags, own);
        outcome(r, entry, path, metric, &tags);
        whole_units(r, entry, path, metric, &tags);
    }
    r.is_clean(mark).then_some((metric, tags))
}

/// Whether the tag `outcome` names one, of a metric that it changes.
fn outcome(r: &mut Reader, entry: &Entry, path: &str, metric: Metric, tags: &BTreeMap<String, String>) {
    let Some(value) = tags.get(Tag::Outcome.name()) else { return };
    if !matches!(metric, Metric::ResponseTime | Metric::ServiceTime) {
        let message = "the tag `outcome` chooses among times, which this metric has not by outcome";
        let problem = Problem::new(entry.location, path, message);
        r.problems.push(problem.allowed("response_time{outcome:completed}, service_time{outcome:completed}"));
    } else if TimesOf::from_name(value).is_none() {
        r.unknown(entry.location, path, "this is no outcome", value, TimesOf::WORDS.iter().copied());
    }
}

/// Whether the tags leave units whole: one VU or client works in all stages, on all operations.
fn whole_units(r: &mut Reader, entry: &Entry, path: &str, metric: Metric, tags: &BTreeMap<String, String>) {
    let part = [Tag::Operation, Tag::Stage].into_iter().find(|tag| tags.contains_key(tag.name()));
    if let (Metric::UnitsFailed, Some(tag)) = (metric, part) {
        let message = format!("the tag `{tag}` selects jobs, and a VU or a client has them all");
        let problem = Problem::new(entry.location, path, message);
        r.problems.push(problem.allowed("units_failed, units_failed{workload:…}, units_failed{strategy:…}"));
    }
}

/// Whether tags select something that exists.
fn selects(r: &mut Reader, entry: &Entry, path: &str, tags: &BTreeMap<String, String>, own: Own<'_>) {
    let mut unknown = |message: &str, read: &str, known: &[&str]| {
        r.unknown(entry.location, path, message, read, known.iter().copied());
    };
    let workloads: Vec<&str> = own.workloads.iter().map(|workload| workload.name.as_str()).collect();
    let strategies: Vec<&str> = own.strategies.names().collect();
    let chosen = tags.get(Tag::Workload.name());
    for (key, value) in tags {
        match Tag::from_name(key) {
            Some(Tag::Strategy) if own.strategies.has_all_names && !strategies.contains(&value.as_str()) => {
                unknown("there is no strategy of this name", value, &strategies);
            }
            _ if !own.knows_workloads => {}
            Some(Tag::Workload) if !workloads.contains(&value.as_str()) => {
                unknown("there is no workload of this name", value, &workloads);
            }
            Some(Tag::Operation) => {
                let operations = operations(own.workloads, chosen);
                if !operations.contains(&value.as_str()) {
                    unknown("no job of this name is in the mix", value, &operations);
                }
            }
            Some(Tag::Stage) if !has_stage(own.workloads, chosen, value) => {
                unknown("there is no stage of this number", value, &["0, 1, … or checkout/0"]);
            }
            _ => {}
        }
    }
}

/// What `operation` may select: jobs of the mix and what they call; anything if a trace may name jobs.
fn operations(workloads: &[Workload], chosen: Option<&String>) -> Vec<&'static str> {
    let here = || workloads.iter().filter(|workload| chosen.is_none_or(|name| *name == workload.name));
    if here().any(|workload| matches!(workload.executor, Executor::Trace(_))) {
        return JobKind::all().map(JobKind::name).collect();
    }
    let kinds = here().flat_map(|workload| &workload.jobs).filter(|(_, weight)| *weight > 0);
    let mut names: Vec<&str> = kinds.flat_map(|(kind, _)| [kind.name(), kind.operation().name()]).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether a stage exists: `0`, or `checkout/0`.
fn has_stage(workloads: &[Workload], chosen: Option<&String>, value: &str) -> bool {
    let (owner, number) = match value.rsplit_once('/') {
        Some((owner, number)) => (Some(owner), number),
        None => (None, value),
    };
    let Ok(number) = number.parse::<usize>() else { return false };
    workloads.iter().any(|workload| {
        let is_meant = chosen.is_none_or(|name| *name == workload.name);
        let count = match &workload.executor {
            Executor::RampingArrivalRate { stages, .. } => stages.len(),
            Executor::RampingVus { stages, .. } => stages.len(),
            _ => 1,
        };
        is_meant && owner.is_none_or(|owner| owner == workload.name) && number < count
    })
}

type Head<'a> = (&'a str, Metric, &'a BTreeMap<String, String>);

/// A threshold by itself.
const THRESHOLD: Shape = Shape::Record(threshold_table);
/// What stands under `thresholds`.
static THRESHOLDS: Table = Table {
    name: "thresholds",
    keys: &[],
    others: Some(Others {
        names: FREE_NAMES,
        shape: &Shape::Either(&[
            Shape::List(&Shape::Either(&[Shape::Text, THRESHOLD])),
            Shape::Text,
            THRESHOLD,
        ]),
    }),
};

/// What must hold, as written and as read; whether a miss ends the trial, and from when on.
type Judged = ((String, Parsed), bool, Span);

/// An expression that was read.
type Parsed = (Aggregate, Comparison, f64);

/// The keys of a threshold that can end a trial.
fn judged(walk: &mut Walk<'_, '_>, now: Option<&Judged>, metric: &Metric) -> Option<Judged> {
    let about = "What must hold, such as rate<2%.";
    let read =
        walk.part(key("threshold", about, Expression { metric: *metric }).needed(), now.map(|now| &now.0));
    let about = "Whether a miss ends the strategy's trial ({}).";
    let abort = walk.part(key("abortOnFail", about, Flag).or(false), now.map(|now| &now.1));
    let about = "How long to wait before it may ({}).";
    let delay = walk.part(key("delayAbortEval", about, SPAN).or(Span::ZERO), now.map(|now| &now.2));
    Some((read?, abort?, delay?))
}

/// What stands under a metric that is no text.
fn threshold_table() -> &'static Table {
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| Table::described("threshold", |walk| judged(walk, None, &Metric::Failed)));
    &TABLE
}

/// A threshold as the resolved scenario has it, beside its name.
fn written(threshold: &Threshold) -> Value {
    let Threshold { metric, aggregate, comparison, bound, .. } = *threshold;
    let read = (threshold.expression.clone(), (aggregate, comparison, bound));
    let judged_so = (read, threshold.abort_on_fail, threshold.delay_abort_eval);
    mapping(threshold_table, judged, metric).write(&judged_so)
}

/// `p(99)<250ms`, of a metric.
struct Expression {
    metric: Metric,
}

impl Form for Expression {
    type Value = (String, Parsed);
    fn shape(&self) -> Shape {
        Shape::Text
    }
    fn read(&self, r: &mut Reader, item: &Item) -> Option<(String, Parsed)> {
        let text = r.string(item)?;
        match parse(self.metric, &text) {
            Ok(parsed) => Some((text, parsed)),
            Err(wrong) => {
                let mut problem = Problem::new(item.node.shown, &item.path, wrong.message);
                problem.suggestion = wrong.meant;
                r.problems.push(problem.read(item.describe()).allowed(grammar(self.metric)));
                None
            }
        }
    }
    fn write(&self, value: &(String, Parsed)) -> Value {
        value.0.as_str().into()
    }
}

fn threshold(r: &mut Reader, item: &Item, (name, metric, tags): Head) -> Option<Threshold> {
    let ((expression, (aggregate, comparison, bound)), abort_on_fail, delay_abort_eval) = match item.is_map()
    {
        true => mapping(threshold_table, judged, metric).read(r, item)?,
        false => (Expression { metric }.read(r, item)?, false, Span::ZERO),
    };
    Some(Threshold {
        metric,
        tags: tags.clone(),
        name: name.to_owned(),
        expression,
        aggregate,
        comparison,
        bound,
        abort_on_fail,
        delay_abort_eval,
    })
}

/// Why an expression is refused.
#[derive(Clone, Debug, PartialEq)]
struct Wrong {
    message: String,
    /// The whole expression that was probably meant.
    meant: Option<String>,
}

impl From<String> for Wrong {
    fn from(message: String) -> Wrong {
        Wrong { message, meant: None }
    }
}

/// Reads `p(99)<250ms`.
fn parse(metric: Metric, text: &str) -> Result<(Aggregate, Comparison, f64), Wrong> {
    const SIGNS: [(&str, Comparison); 7] = [
        ("<=", Comparison::LessOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("===", Comparison::Equal),
        ("==", Comparison::Equal),
        ("!=", Comparison::NotEqual),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];
    let at = text.find(['<', '>', '=', '!']).ok_or_else(|| "this threshold compares nothing".to_owned())?;
    let (left, right) = text.split_at(at);
    let sign = SIGNS.iter().find(|(sign, _)| right.starts_with(sign));
    let no_sign = || "this is no comparison; write <, <=, >, >=, == or !=".to_owned();
    let (sign, comparison) = sign.ok_or_else(no_sign)?;
    let (left, right) = (left.trim(), right[sign.len()..].trim());
    let aggregate = aggregate(metric, left).map_err(|message| {
        let meant = aggregate_meant(metric, left);
        let is_good = |meant: &String| parse(metric, meant).is_ok();
        Wrong { message, meant: meant.map(|meant| format!("{meant}{sign}{right}")).filter(is_good) }
    })?;
    // Whoever writes `rate<1` means a hundredth: of all, less than all is almost always less.
    if kind(metric) == Kind::Rate && decimal(right).is_some_and(|(value, scale)| value >= scale) {
        let message = format!("`{}` without % is a ratio, and 1 is all of them", clip(right));
        return Err(Wrong { message, meant: Some(format!("{left}{sign}{right}%")) });
    }
    let bound = bound(metric, right)?;
    says_something(metric, *comparison, bound)?;
    Ok((aggregate, *comparison, bound))
}

/// Refuses what holds whatever happens, and what can never hold: no figure is negative, and no share is above 1.
fn says_something(metric: Metric, comparison: Comparison, bound: f64) -> Result<(), String> {
    use Comparison::{Greater, GreaterOrEqual, Less, LessOrEqual};
    let is_top = kind(metric) == Kind::Rate && bound >= 1.0;
    match comparison {
        GreaterOrEqual if bound <= 0.0 => Err("this holds whatever happens".into()),
        LessOrEqual if is_top => Err("this holds whatever happens".into()),
        Less if bound <= 0.0 => Err("this can never hold".into()),
        Greater if is_top => Err("this can never hold".into()),
        _ => Ok(()),
    }
}

/// What other tools call a metric, and percentiles that stand where a metric should.
fn metric_meant(name: &str) -> Option<String> {
    if let Some(percentile) = percentile_of(name) {
        return Some(format!("response_time: {percentile}"));
    }
    let meant = match name {
        "latency" | "duration" | "http_req_duration" => "response_time",
        "error" | "errors" | "error_rate" | "failures" | "http_req_failed" | "success" => "failed",
        "dropped" | "dropped_iterations" => "shed",
        "vus_failed" | "clients_failed" | "pods_failed" | "failed_units" => "units_failed",
        "throughput" | "rps" | "http_reqs" => "goodput",
        _ => return None,
    };
    Some(meant.into())
}

/// `p(99)<250ms` for `p99<250ms`: percentiles as other tools write them.
pub fn percentile_of(text: &str) -> Option<String> {
    let rest = text.trim().strip_prefix(['p', 'P'])?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (number, rest) = rest.split_at(end);
    decimal(number).map(|_| format!("p({number}){rest}"))
}

/// The aggregate that goes with the metric where another word was written.
fn aggregate_meant(metric: Metric, text: &str) -> Option<String> {
    let meant = match (kind(metric), text) {
        (Kind::Trend, "median") => "med",
        (Kind::Trend, "mean" | "average") => "avg",
        (Kind::Trend, "maximum") => "max",
        (Kind::Trend, "minimum") => "min",
        (Kind::Trend, _) => return percentile_of(text),
        (Kind::Rate, _) => "rate",
        (Kind::Value, _) => "value",
    };
    Some(meant.into())
}

fn aggregate(metric: Metric, text: &str) -> Result<Aggregate, String> {
    let found = match text {
        "avg" => Some(Aggregate::Avg),
        "min" => Some(Aggregate::Min),
        "med" => Some(Aggregate::Med),
        "max" => Some(Aggregate::Max),
        "rate" => Some(Aggregate::Rate),
        "value" => Some(Aggregate::Value),
        "" if kind(metric) == Kind::Value => Some(Aggregate::Value),
        _ => percentile(text),
    };
    let fits = |aggregate: &Aggregate| match kind(metric) {
        Kind::Trend => !matches!(aggregate, Aggregate::Rate | Aggregate::Value),
        Kind::Rate => *aggregate == Aggregate::Rate,
        Kind::Value => *aggregate == Aggregate::Value,
    };
    found.filter(fits).ok_or_else(|| format!("this metric has no `{}`", clip(text)))
}

fn percentile(text: &str) -> Option<Aggregate> {
    let inner = text.strip_prefix("p(")?.strip_suffix(')')?;
    let (value, scale) = decimal(inner.trim())?;
    let percent = value as f64 / scale as f64;
    (percent <= 100.0).then_some(Aggregate::Percentile(percent))
}

fn bound(metric: Metric, text: &str) -> Result<f64, String> {
    let plain = || decimal(text).map(|(value, scale)| value as f64 / scale as f64);
    let read = match metric {
        // Without a unit, milliseconds, as in k6.
        Metric::ResponseTime | Metric::ServiceTime | Metric::QueueWait => {
            plain().or_else(|| Span::parse(text).ok().map(Span::as_millis_f64))
        }
        Metric::Failed | Metric::Throttled | Metric::Shed | Metric::UnitsFailed => {
            Ratio::parse(text).ok().map(Ratio::as_f64)
        }
        Metric::Goodput => plain().or_else(|| Rate::parse(text).ok().map(Rate::as_per_second)),
        Metric::Amplification => plain(),
        Metric::Cost => plain().or_else(|| Money::parse(text).ok().map(Money::as_usd)),
    };
    read.ok_or_else(|| format!("`{}` is no bound for this metric", clip(text)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Trend,
    Rate,
    Value,
}

const fn kind(metric: Metric) -> Kind {
    match metric {
        Metric::ResponseTime | Metric::ServiceTime | Metric::QueueWait => Kind::Trend,
        Metric::Failed | Metric::Throttled | Metric::Shed | Metric::UnitsFailed => Kind::Rate,
        Metric::Goodput | Metric::Amplification | Metric::Cost => Kind::Value,
    }
}

/// What may be written for a metric, for a message.
fn grammar(metric: Metric) -> &'static str {
    match (kind(metric), metric) {
        (Kind::Trend, _) => "avg, min, med, max or p(N), a comparison and a duration: p(99)<250ms",
        (Kind::Rate, _) => "rate, a comparison and a ratio: rate<0.1%",
        (_, Metric::Goodput) => "a comparison and a rate: value>100/s",
        (_, Metric::Cost) => "a comparison and an amount for a million completed jobs: value<5 USD",
        _ => "a comparison and a number: value<=2",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_read_with_and_without_units() {
        use Comparison::*;
        for (metric, text, expected) in [
            (Metric::ResponseTime, "p(99)<250ms", (Aggregate::Percentile(99.0), Less, 250.0)),
            (Metric::ResponseTime, "p(99.9) <= 1s", (Aggregate::Percentile(99.9), LessOrEqual, 1000.0)),
            (Metric::ServiceTime, "med<20", (Aggregate::Med, Less, 20.0)),
            (Metric::Failed, "rate<0.1%", (Aggregate::Rate, Less, 0.001)),
            (Metric::Shed, "rate==0", (Aggregate::Rate, Equal, 0.0)),
            (Metric::UnitsFailed, "rate<1%", (Aggregate::Rate, Less, 0.01)),
            (Metric::Goodput, ">=100/s", (Aggregate::Value, GreaterOrEqual, 100.0)),
            (Metric::Amplification, "value<=1.5", (Aggregate::Value, LessOrEqual, 1.5)),
            (Metric::Cost, "value<1.20 USD", (Aggregate::Value, Less, 1.2)),
        ] {
            assert_eq!(parse(metric, text), Ok(expected), "{text}");
        }
        for (metric, text) in [
            (Metric::ResponseTime, "rate<1ms"),
            (Metric::ResponseTime, "p(101)<1ms"),
            (Metric::ResponseTime, "p(99)"),
            (Metric::Failed, "rate<101%"),
            (Metric::Failed, "avg<1%"),
            (Metric::Failed, "<1%"),
            (Metric::Goodput, "value>>1"),
            (Metric::Cost, "value<-1 USD"),
        ] {
            assert!(parse(metric, text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_almost_right_is_told_with_what_was_meant() {
        for (metric, text, meant) in [
            (Metric::Failed, "rate<1", "rate<1%"),
            (Metric::Throttled, "rate <= 5", "rate<=5%"),
            (Metric::Shed, "rate<100", "rate<100%"),
            (Metric::Failed, "rate>1.0", "rate>1.0%"),
            (Metric::Failed, "p(99)<1%", "rate<1%"),
            (Metric::Failed, "<1%", "rate<1%"),
            (Metric::ResponseTime, "p99<250ms", "p(99)<250ms"),
            (Metric::ServiceTime, "p99.9 < 1s", "p(99.9)<1s"),
            (Metric::ResponseTime, "median<1s", "med<1s"),
            (Metric::Goodput, "rate>100/s", "value>100/s"),
        ] {
            let wrong = parse(metric, text).expect_err(text);
            assert_eq!(wrong.meant.as_deref(), Some(meant), "{text}: {}", wrong.message);
        }
        assert!(parse(Metric::Failed, "rate<100%").is_ok(), "written out, all is all");
        assert!(parse(Metric::Failed, "rate<0.99").is_ok());
    }

    #[test]
    fn what_says_nothing_is_refused() {
        for (metric, text) in [
            (Metric::Failed, "rate<=100%"),
            (Metric::Failed, "rate>=0"),
            (Metric::Goodput, "value>=0/s"),
            (Metric::ResponseTime, "p(99)>=0ms"),
        ] {
            let wrong = parse(metric, text).expect_err(text);
            assert_eq!(wrong.message, "this holds whatever happens", "{text}");
        }
        for (metric, text) in
            [(Metric::Failed, "rate<0"), (Metric::Failed, "rate>100%"), (Metric::Cost, "value<0 USD")]
        {
            assert_eq!(parse(metric, text).expect_err(text).message, "this can never hold", "{text}");
        }
        for text in ["rate<=0", "rate==0", "rate>0"] {
            assert!(parse(Metric::Shed, text).is_ok(), "{text}");
        }
    }
}
