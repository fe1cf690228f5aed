//! What one strategy does: how much work, at which part of its quota, what fails, and what it calls and costs.

use super::line::{at, at_pool};
use super::view::View;
use super::{Line, scene};
use crate::format::{self, count, counted, milliseconds, number, per_second, percent};
use crate::results::standing::busiest_pool;
use crate::results::{PartRun, StrategyRun};

/// A strategy and what it does: a sentence.
pub(super) fn named(view: &View<'_>, of: usize) -> Line {
    let own = &view.strategy(of).name;
    let cache = scene::cache_that_differs(view.run, own).map(|cache| format!(" ({cache})"));
    let name = format::named(own) + &cache.unwrap_or_default();
    let parts = [
        work(view, of),
        load(view, of),
        Some(failures(view, of)),
        units(view, of),
        time(view, of),
        calls(view, of),
    ];
    let parts = parts.into_iter().flatten().chain(money(view, of));
    Line::of(name + ": ").then("", Line::joined(parts, ", ")).then("", Line::of("."))
}

/// What ends by itself, and when: of one trial.
fn work(view: &View<'_>, of: usize) -> Option<Line> {
    let strategy = view.strategy(of);
    let done = strategy.done_after_s?;
    let trials = u64::from(strategy.trials.max(1));
    let (offered, completed) = (strategy.jobs.offered / trials, strategy.jobs.completed / trials);
    let share = match strategy.jobs.completed == strategy.jobs.offered {
        true => format!("all {}", counted(offered, "job")),
        false => format!("{} of {}", count(completed), counted(offered, "job")),
    };
    let line = Line::of(format!("{share} in {}", milliseconds(done * 1e3)));
    let line = line.citing(at(of, "jobs/offered"), strategy.jobs.offered as f64);
    let line = line.citing(at(of, "jobs/completed"), strategy.jobs.completed as f64);
    Some(line.citing(at(of, "doneAfter_s"), done))
}

/// The busiest second of the busiest pool, beside its quota.
fn load(view: &View<'_>, of: usize) -> Option<Line> {
    let strategy = view.strategy(of);
    let (name, pool) = busiest_pool(strategy)?;
    if pool.limit_per_s <= 0.0 || strategy.attempts == 0 {
        return None;
    }
    let mut text =
        format!("peaks at {} of {}", per_second(pool.peak_1s as f64), per_second(pool.limit_per_s));
    if strategy.pools.len() > 1 {
        text += &format!(" of pool {}", format::named(name));
    }
    if pool.utilisation_peak > 1.0 {
        text += &format!(" ({})", percent(pool.utilisation_peak));
    }
    let line = Line::of(text).citing(at_pool(of, name, "peak_1s"), pool.peak_1s as f64);
    let line = line.citing(at_pool(of, name, "limit_per_s"), pool.limit_per_s);
    Some(line.citing(at_pool(of, name, "utilisation_peak"), pool.utilisation_peak))
}

/// Which share of the jobs was not completed; of several workloads that of the one that fares worst.
fn failures(view: &View<'_>, of: usize) -> Line {
    let strategy = view.strategy(of);
    let parts = strategy.workloads.iter().enumerate().filter(|(_, part)| part.jobs.in_window > 0);
    let worst = parts.min_by(|a, b| a.1.ratios.success.total_cmp(&b.1.ratios.success));
    let (place, success, whose) = match worst {
        Some((n, part)) if strategy.workloads.len() > 1 && part.ratios.success < 1.0 => (
            format!("workloads/{n}/ratios/success"),
            part.ratios.success,
            format!(" of {}", format::named(&part.name)),
        ),
        _ => ("ratios/success".to_owned(), strategy.ratios.success, String::new()),
    };
    let text = match 1.0 - success {
        0.0 => "nothing fails".to_owned(),
        lost if strategy.jobs.shed + strategy.jobs.unfinished > 0 => {
            format!("{}{whose} are not completed", percent(lost))
        }
        lost => format!("{}{whose} fail", percent(lost)),
    };
    Line::of(text).citing(at(of, &place), success)
}

/// How many VUs or clients failed at something, where thresholds ask for that: of one trial.
fn units(view: &View<'_>, of: usize) -> Option<Line> {
    let strategy = view.strategy(of);
    let units = strategy.units.filter(|units| view.asks_for("units_failed") && units.active > 0)?;
    let each = |all: u64| number(all as f64 / f64::from(strategy.trials.max(1)));
    let noun = scene::units(view.run);
    let text = match units.failed {
        0 => format!("none of {} {noun} fails", each(units.active)),
        failed => format!("{} of {} {noun} fail", each(failed), each(units.active)),
    };
    let line = Line::of(text).citing(at(of, "units/active"), units.active as f64);
    Some(line.citing(at(of, "units/failed"), units.failed as f64))
}

/// p99, where thresholds ask for times.
fn time(view: &View<'_>, of: usize) -> Option<Line> {
    let trend = &view.strategy(of).response_time_ms;
    (view.asks_for("response_time") && trend.count > 0).then(|| {
        Line::of(format!("p99 {}", milliseconds(trend.p99))).citing(at(of, "responseTime_ms/p99"), trend.p99)
    })
}

/// How many KMS calls the jobs of each workload take, where thresholds ask what they cost and some strategy keeps data keys.
fn calls(view: &View<'_>, of: usize) -> Option<Line> {
    let run = view.run;
    let is_asked = view.asks_for("cost") && run.strategies.iter().any(|s| scene::caches(run, &s.name));
    let parts = view.strategy(of).workloads.iter().enumerate().filter(|(_, part)| part.jobs.offered > 0);
    let each: Vec<Line> =
        parts.map(|(place, part)| part_calls(view.strategy(of), of, (place, part))).collect();
    (is_asked && !each.is_empty()).then(|| Line::joined(each, ", "))
}

/// `producers` make 3,012 calls for 300,000 jobs.
fn part_calls(strategy: &StrategyRun, of: usize, (place, part): (usize, &PartRun)) -> Line {
    let trials = f64::from(strategy.trials.max(1));
    let each = |all: u64| number(all as f64 / trials);
    let who = match strategy.workloads.len() {
        1 => String::new(),
        _ => format!("{} ", format::named(&part.name)),
    };
    let noun = |all: u64, noun: &str| if each(all) == "1" { noun.to_owned() } else { format!("{noun}s") };
    let (calls, jobs) = (noun(part.calls, "KMS call"), noun(part.jobs.offered, "job"));
    let text = format!("{who}{} {calls} for {} {jobs}", each(part.calls), each(part.jobs.offered));
    let place = |field: &str| at(of, &format!("workloads/{place}/{field}"));
    let line = Line::of(text).citing(place("calls"), part.calls as f64);
    line.citing(place("jobs/offered"), part.jobs.offered as f64)
}

/// What it costs, where thresholds ask for that: a month of load that goes on, otherwise a million completed jobs.
fn money(view: &View<'_>, of: usize) -> Option<Line> {
    if !view.asks_for("cost") {
        return None;
    }
    bill(view, of)
}

/// A strategy's bill.
pub(super) fn bill(view: &View<'_>, of: usize) -> Option<Line> {
    let cost = &view.strategy(of).cost;
    if let Some(month) = cost.per_month_usd {
        let text = format!("{} a month", format::usd(month));
        return Some(Line::of(text).citing(at(of, "cost/per_month_usd"), month));
    }
    let million = cost.per_million_completed_usd?;
    let text = format!("{} for a million completed jobs", format::usd(million));
    Some(Line::of(text).citing(at(of, "cost/per_million_completed_usd"), million))
}
