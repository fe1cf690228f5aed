//! Thresholds: k6's grammar plus units, `response_time{operation:Decrypt}: [ "p(99)<250ms" ]`.

mod expression;

pub use expression::percentile_of;

use super::outer::Own;
use crate::api::JobKind;
use crate::language::tree::Entry;
use crate::language::{
    FREE_NAMES, Flag, Form, Item, Map, Others, Problem, Reader, SPAN, Shape, Table, Walk, clip, key, mapping,
};
use crate::scenario::{Metric, Tag, Threshold, TimesOf};
use crate::time::Span;
use crate::workload::{Executor, Workload};
use expression::{Expression, Parsed, metric_meant};
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
