//! Reads who works: the fleet, and each workload with its executor.

use super::service::only_key;
use crate::scenario::keys::{self, MAX_JOBS, MILLION};
use crate::scenario::read::{Fields, Item, LONGEST, Reader};
use crate::time::Span;
use crate::units::Rate;
use crate::workload::{
    Arrivals, Executor, ExecutorKind, FleetConfig, FleetStart, Pacing, RateStage, Restart, Trace, TraceRows,
    VuStage,
};
use std::sync::Arc;

/// The most stages of a workload.
const MAX_STAGES: usize = 1000;
/// How long iterations may take unless the file says otherwise; as in k6.
const MAX_DURATION: Span = Span::from_secs(600);

/// One client, from the beginning to the end.
pub(super) const ONE_CLIENT: FleetConfig =
    FleetConfig { clients: 1, start: FleetStart::Together, restart: None };

/// Reads `fleet`.
pub(super) fn fleet(r: &mut Reader, item: &Item) -> Option<FleetConfig> {
    let mark = r.mark();
    let fields = r.fields(item, &keys::FLEET)?;
    let clients = r.or(&fields, "clients", 1, |r, item| r.count(item, MILLION));
    let most = if r.is_clean(mark) { u64::from(clients) } else { MILLION };
    let start = r.or(&fields, "start", FleetStart::Together, |r, item| fleet_start(r, item, most));
    let restart = r.opt(&fields, "restart", |r, item| {
        let fields = r.fields(item, &keys::RESTART)?;
        Some(Restart {
            at: r.need(&fields, "at", Span::ZERO, Reader::span),
            batch: r.or(&fields, "batch", clients, |r, item| r.count(item, most)),
            every: r.or(&fields, "every", Span::ZERO, Reader::span),
        })
    });
    Some(FleetConfig { clients, start, restart })
}

fn fleet_start(r: &mut Reader, item: &Item, most: u64) -> Option<FleetStart> {
    if !item.is_map() {
        return r.word(item, &["together"]).map(|_| FleetStart::Together);
    }
    let fields = r.fields(item, &keys::START)?;
    match only_key(r, &fields, &["over", "rolling"])? {
        ("over", item) => r.span(&item).map(FleetStart::Over),
        (_, item) => {
            let fields = r.fields(&item, &keys::ROLLING)?;
            Some(FleetStart::Rolling {
                batch: r.need(&fields, "batch", 1, |r, item| r.count(item, most)),
                every: r.need(&fields, "every", Span::ZERO, Reader::span),
            })
        }
    }
}

/// Reads the keys of a workload that belong to its executor.
pub(super) fn executor(r: &mut Reader, fields: &Fields) -> Option<Executor> {
    let kind = r.need(fields, "executor", None, |r, item| r.spelled::<ExecutorKind>(item).map(Some))?;
    r.only_with(fields, "executor", kind.name());
    let duration = |r: &mut Reader| r.need(fields, "duration", Span::ZERO, Reader::time);
    let vus = |r: &mut Reader| r.need(fields, "vus", 1, |r, item| r.count(item, MILLION));
    Some(match kind {
        ExecutorKind::ConstantArrivalRate => Executor::ConstantArrivalRate {
            rate: r.need(fields, "rate", Rate::ZERO, Reader::positive_rate),
            duration: duration(r),
            arrivals: arrivals(r, fields),
        },
        ExecutorKind::RampingArrivalRate => {
            let start_rate = r.or(fields, "startRate", Rate::ZERO, Reader::rate);
            let stages = r.need(fields, "stages", Vec::new(), |r, item| {
                stages(r, item, (Rate::ZERO, Reader::rate), |duration, target| RateStage { duration, target })
            });
            let idle = start_rate.is_zero() && stages.iter().all(|stage| stage.target.is_zero());
            some_target(r, fields, idle && !stages.is_empty());
            Executor::RampingArrivalRate { start_rate, stages, arrivals: arrivals(r, fields) }
        }
        ExecutorKind::Burst => Executor::Burst {
            count: r.need(fields, "count", 1, |r, item| r.whole(item, 1, MAX_JOBS)),
            every: r.need(fields, "every", Span::from_secs(1), Reader::time),
            duration: duration(r),
        },
        ExecutorKind::Trace => Executor::Trace(trace(r, fields)),
        ExecutorKind::ConstantVus => {
            Executor::ConstantVus { vus: vus(r), duration: duration(r), pacing: pacing(r, fields) }
        }
        ExecutorKind::RampingVus => {
            let start_vus = r.or(fields, "startVus", 1, vu_target);
            let stages = r.need(fields, "stages", Vec::new(), |r, item| {
                stages(r, item, (0, vu_target), |duration, target| VuStage { duration, target })
            });
            let idle = start_vus == 0 && stages.iter().all(|stage| stage.target == 0);
            some_target(r, fields, idle && !stages.is_empty());
            Executor::RampingVus { start_vus, stages, pacing: pacing(r, fields) }
        }
        ExecutorKind::SharedIterations | ExecutorKind::PerVuIterations => {
            let iterations = r.need(fields, "iterations", 1, |r, item| r.whole(item, 1, MAX_JOBS));
            let max_duration = r.or(fields, "maxDuration", MAX_DURATION, Reader::time);
            let (vus, pacing) = (vus(r), pacing(r, fields));
            match kind {
                ExecutorKind::SharedIterations => {
                    Executor::SharedIterations { vus, iterations, max_duration, pacing }
                }
                _ => Executor::PerVuIterations { vus, iterations, max_duration, pacing },
            }
        }
    })
}

fn arrivals(r: &mut Reader, fields: &Fields) -> Arrivals {
    r.or(fields, "arrivals", Arrivals::Poisson, Reader::spacing)
}

/// A trace's counts are its bursts.
fn arrivals_of_trace(r: &mut Reader, fields: &Fields) -> Arrivals {
    let arrivals = arrivals(r, fields);
    if let (Arrivals::Bursty(_), Some(item)) = (arrivals, fields.get("arrivals")) {
        r.wrong(&item, "a trace has bursts of its own", "poisson or uniform; bursty goes with rates");
    }
    arrivals
}

fn pacing(r: &mut Reader, fields: &Fields) -> Pacing {
    match (fields.get("thinkTime"), fields.get("pace")) {
        (Some(_), Some(pace)) => {
            r.wrong(&pace, "`pace` and `thinkTime` do not go together", "either of the two");
            Pacing::ThinkTime(Span::ZERO)
        }
        (_, Some(pace)) => Pacing::Pace(r.positive_rate(&pace).unwrap_or(Rate::per_second(1))),
        _ => Pacing::ThinkTime(r.or(fields, "thinkTime", Span::ZERO, Reader::span)),
    }
}

/// Reads a value.
type Read<T> = fn(&mut Reader, &Item) -> Option<T>;

/// Reads stages; `target` reads a target, `nothing` stands in for one, `make` makes a stage.
fn stages<'t, T: Copy, S>(
    r: &mut Reader,
    item: &Item<'t>,
    (nothing, target): (T, Read<T>),
    make: fn(Span, T) -> S,
) -> Option<Vec<S>> {
    let items = r.list(item)?;
    if items.is_empty() || items.len() > MAX_STAGES {
        r.wrong(item, "this is no number of stages", format!("1 to {MAX_STAGES} stages"));
        return None;
    }
    let (mark, mut total) = (r.mark(), Span::ZERO);
    let mut stages = Vec::with_capacity(items.len());
    for item in &items {
        let Some(fields) = r.fields(item, &keys::STAGE) else { continue };
        let duration = r.need(&fields, "duration", Span::ZERO, Reader::span);
        let target = r.need(&fields, "target", nothing, |r, item| target(r, item));
        total = total + duration;
        stages.push(make(duration, target));
    }
    if r.is_clean(mark) && (total.is_zero() || total > LONGEST) {
        r.wrong(item, format!("the stages last {total} together"), "more than 0s, at most 30d");
    }
    Some(stages)
}

fn vu_target(r: &mut Reader, item: &Item) -> Option<u32> {
    r.whole(item, 0, MILLION).and_then(|count| u32::try_from(count).ok())
}

fn some_target(r: &mut Reader, fields: &Fields, idle: bool) {
    if let Some(item) = fields.get("stages").filter(|_| idle && fields.is_whole()) {
        r.wrong(&item, "nothing ever arrives: every target is zero", "a target above zero");
    }
}

fn trace(r: &mut Reader, fields: &Fields) -> Trace {
    let columns = r.or(fields, "columns", Default::default(), |r, item| {
        let fields = r.fields(item, &keys::COLUMNS)?;
        let names = keys::COLUMNS.keys.iter().filter_map(|key| {
            r.opt(&fields, key.name, Reader::string).map(|text| (key.name.to_owned(), text))
        });
        Some(names.collect())
    });
    Trace {
        file: r.need(fields, "file", String::new(), Reader::string),
        columns,
        scale: r.or(fields, "scale", 1.0, |r, item| r.number(item, 1e-6, 1e6)),
        offset: r.or(fields, "offset", Span::ZERO, Reader::span),
        duration: r.opt(fields, "duration", Reader::time),
        arrivals: arrivals_of_trace(r, fields),
        rows: Arc::new(TraceRows::Unread),
    }
}
