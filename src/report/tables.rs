//! The tables of a run, drawn alike as text, Markdown and HTML.

use super::figures::{self, Standing};
use super::format::{
    NONE, bytes, count, factor, fixed, maybe_usd, measured, milliseconds, number, percent, rate, usd,
};
use super::paint::Tone;
use super::table::{Cell, Table};
use crate::results::{OperationRun, PartRun, Run, StrategyRun};

/// What the application saw of each strategy: rates and success of the window, percentiles of its completed jobs.
pub fn application(run: &Run) -> Table {
    let mut heads = vec!["strategy", "offered/s", "goodput/s", "success"];
    heads.extend(has_end(run).then_some("done after"));
    heads.extend(tells_units(run).then_some("units failed"));
    heads.extend(["p50", "p99", "?verdict"]);
    let mut table = Table::new("What the application saw (p50 and p99 of completed jobs)", &heads);
    for s in &run.strategies {
        let mut row: Vec<Cell> = vec![
            s.name.as_str().into(),
            rate(s.rates.offered_per_s).into(),
            rate(s.rates.goodput_per_s).into(),
            success(s),
        ];
        row.extend(has_end(run).then(|| done_after(s)));
        row.extend(tells_units(run).then(|| units_failed(s)));
        row.extend([
            measured(s.response_time_ms.p50, s.response_time_ms.count).into(),
            measured(s.response_time_ms.p99, s.response_time_ms.count).into(),
            verdict(run, s),
        ]);
        table.row(row);
    }
    table
}

/// What KMS saw of each strategy, of the window's jobs: throttles, faults and timeouts apart.
pub fn service(run: &Run) -> Table {
    let heads = [
        "strategy",
        "attempts/s",
        "?throttled",
        "?faults",
        "?timeouts",
        "?attempts/call",
        "?cache hit",
        "?USD/million",
    ];
    let mut table = Table::new("What KMS saw, in the window (USD for a million completed jobs)", &heads);
    for s in &run.strategies {
        table.row([
            s.name.as_str().into(),
            rate(s.rates.attempts_per_s).into(),
            throttled(s.ratios.throttle),
            of_window(s.in_window.map(|window| window.faults)),
            of_window(s.in_window.map(|window| window.timeouts)),
            factor(s.ratios.amplification).into(),
            cache_hit(s).into(),
            s.cost.per_million_completed_usd.map_or_else(|| NONE.into(), |usd| fixed(usd, 2)).into(),
        ]);
    }
    table
}

/// Every headline figure in one table.
pub fn headline(run: &Run) -> Table {
    let mut heads = vec!["strategy", "offered /s", "goodput /s", "success"];
    heads.extend(has_end(run).then_some("done after"));
    heads.extend(tells_units(run).then_some("units failed"));
    heads.extend([
        "?throttled",
        "?faults",
        "?timeouts",
        "?attempts per call",
        "completed p50",
        "completed p99",
        "?cache hit",
        "?USD per million completed",
        "?verdict",
    ]);
    let mut table = Table::new("Every strategy under the same load, in the window", &heads);
    for s in &run.strategies {
        let mut row: Vec<Cell> = vec![
            s.name.as_str().into(),
            rate(s.rates.offered_per_s).into(),
            rate(s.rates.goodput_per_s).into(),
            success(s),
        ];
        row.extend(has_end(run).then(|| done_after(s)));
        row.extend(tells_units(run).then(|| units_failed(s)));
        row.extend([
            throttled(s.ratios.throttle),
            of_window(s.in_window.map(|window| window.faults)),
            of_window(s.in_window.map(|window| window.timeouts)),
            factor(s.ratios.amplification).into(),
            measured(s.response_time_ms.p50, s.response_time_ms.count).into(),
            measured(s.response_time_ms.p99, s.response_time_ms.count).into(),
            cache_hit(s).into(),
            s.cost.per_million_completed_usd.map_or_else(|| NONE.into(), |usd| fixed(usd, 2)).into(),
            verdict(run, s),
        ]);
        table.row(row);
    }
    table
}

/// What each strategy's requests would cost on AWS.
pub fn costs(run: &Run) -> Table {
    let heads = ["strategy", "trials", "attempts", "this run", "per million completed", "?per month"];
    let mut table =
        Table::new("What the whole run's requests would cost on AWS, all trials together", &heads);
    for s in &run.strategies {
        table.row([
            s.name.as_str().into(),
            count(u64::from(s.trials)).into(),
            count(s.attempts).into(),
            usd(s.cost.requests_usd).into(),
            maybe_usd(s.cost.per_million_completed_usd).into(),
            maybe_usd(s.cost.per_month_usd).into(),
        ]);
    }
    table
}

/// Whether any strategy's work ended by itself.
fn has_end(run: &Run) -> bool {
    run.strategies.iter().any(|s| s.done_after_s.is_some())
}

fn done_after(s: &StrategyRun) -> Cell {
    s.done_after_s.map_or_else(|| NONE.into(), |seconds| milliseconds(seconds * 1_000.0)).into()
}

/// Whether the share of VUs or clients that failed at something tells more than the share of jobs: where there are several,
/// and not simply all of those that go on for ever.
fn tells_units(run: &Run) -> bool {
    let tells = |s: &StrategyRun| {
        let units = s.units.filter(|units| units.active > u64::from(s.trials) && units.failed > 0);
        units.is_some_and(|units| units.failed < units.active || has_end(run))
    };
    run.strategies.iter().any(tells)
}

/// The share of VUs or clients with a job that was not completed.
fn units_failed(s: &StrategyRun) -> Cell {
    let Some((units, share)) = s.units.and_then(|units| Some((units, units.failed_share()?))) else {
        return NONE.into();
    };
    Cell::from(percent(share)).in_tone(if units.failed > 0 { Tone::Unsure } else { Tone::Plain })
}

/// Where every offered job went: the five counts add up, exactly.
pub fn jobs(run: &Run) -> Table {
    let heads = [
        "strategy",
        "offered",
        "completed",
        "?failed",
        "?shed",
        "?unfinished",
        "?from cache",
        "calls",
        "attempts",
    ];
    let mut table =
        Table::new("Jobs of the whole run: offered = completed + failed + shed + unfinished", &heads);
    for s in &run.strategies {
        let j = &s.jobs;
        let counts = [
            j.offered,
            j.completed,
            j.failed,
            j.shed,
            j.unfinished,
            j.served_from_cache,
            s.calls,
            s.attempts,
        ];
        table.row([Cell::from(s.name.as_str())].into_iter().chain(counts.map(|n| count(n).into())));
    }
    table
}

/// What the busiest second left of the quota.
fn headroom(utilisation: f64) -> String {
    if utilisation > 1.0 { "none".into() } else { percent(1.0 - utilisation) }
}

/// Each pool's peak against its quota.
pub fn pools(run: &Run) -> Table {
    let heads = ["pool", "<strategy", "quota", "peak in 1 s", "utilisation", "headroom", "?refused in all"];
    let mut table = Table::new("Busiest second of each quota pool, whole run", &heads);
    for pool in figures::pools(run) {
        for s in &run.strategies {
            let Some(p) = s.pools.get(pool) else { continue };
            let tone = match p.utilisation_peak {
                u if u > 1.0 => Tone::Bad,
                u if u > 0.8 => Tone::Unsure,
                _ => Tone::Plain,
            };
            table.row([
                pool.into(),
                s.name.as_str().into(),
                format!("{}/s", number(p.limit_per_s)).into(),
                count(p.peak_1s).into(),
                Cell::from(percent(p.utilisation_peak)).in_tone(tone),
                headroom(p.utilisation_peak).into(),
                trouble(p.throttled),
            ]);
        }
    }
    table
}

/// Every threshold of every strategy.
pub fn thresholds(run: &Run) -> Table {
    let mut table = Table::new(
        "What had to hold, and whether it did",
        &["threshold", "<must hold", "<strategy", "value", "<verdict"],
    );
    for t in &run.thresholds {
        table.row([
            t.name.as_str().into(),
            t.expression.as_str().into(),
            t.strategy.as_str().into(),
            figures::found(t).into(),
            Cell::from(figures::verdict_word(t.verdict)).in_tone(t.verdict.into()),
        ]);
    }
    table
}

/// Response-time percentiles of completed jobs beside how many they are and what share of all.
pub fn response_times(run: &Run) -> Table {
    let heads = ["strategy", "success", "completed", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"];
    let mut table = Table::new("Response time of completed jobs: intended start to completion", &heads);
    for s in &run.strategies {
        let t = &s.response_time_ms;
        let values = [t.mean, t.p50, t.p90, t.p95, t.p99, t.p99_9, t.max];
        let cells = values.map(|v| measured(v, t.count).into());
        table.row([s.name.as_str().into(), success(s), count(t.count).into()].into_iter().chain(cells));
    }
    table
}

/// The parts of the time a job takes that can be told apart.
pub fn waits(run: &Run) -> Table {
    let heads = [
        "strategy",
        "service p50",
        "service p99",
        "answers",
        "queue wait p99",
        "lateness p99",
        "lateness max",
    ];
    let mut table = Table::new(
        "Service time (attempt sent to its answer, refusals left out), queue wait and lateness",
        &heads,
    );
    for s in &run.strategies {
        let (service, queue, late) = (&s.service_time_ms, &s.queue_wait_ms, &s.lateness_ms);
        table.row([
            s.name.as_str().into(),
            measured(service.p50, service.count).into(),
            measured(service.p99, service.count).into(),
            count(service.count).into(),
            measured(queue.p99, queue.count).into(),
            measured(late.p99, late.count).into(),
            measured(late.max, late.count).into(),
        ]);
    }
    table
}

/// Figures by KMS operation.
pub fn operations(run: &Run) -> Table {
    let heads = [
        "strategy",
        "<operation",
        "calls",
        "attempts",
        "?refused in all",
        "?faults",
        "?timeouts",
        "completed p50",
        "completed p99",
        "service p99",
    ];
    let mut table = Table::new(
        "Calls of each KMS operation in the whole run, and what came back; times of the window",
        &heads,
    );
    for s in &run.strategies {
        for (name, o) in &s.by_operation {
            table.row(operation(&s.name, name, o));
        }
    }
    table
}

fn operation(strategy: &str, name: &str, o: &OperationRun) -> [Cell; 10] {
    [
        strategy.into(),
        name.into(),
        count(o.calls).into(),
        count(o.attempts).into(),
        trouble(o.throttled),
        trouble(o.faults),
        trouble(o.timeouts),
        measured(o.response_time_ms.p50, o.response_time_ms.count).into(),
        measured(o.response_time_ms.p99, o.response_time_ms.count).into(),
        measured(o.service_time_ms.p99, o.service_time_ms.count).into(),
    ]
}

/// Figures by workload or by stage.
pub fn parts(run: &Run, caption: &str, of: impl Fn(&StrategyRun) -> &[PartRun]) -> Table {
    let head = if caption.contains("stage") { "<stage" } else { "<workload" };
    let heads = [
        "strategy",
        head,
        "offered",
        "success",
        "?throttled",
        "?faults",
        "?timeouts",
        "?attempts/call",
        "p50",
        "p99",
    ];
    let mut table = Table::new(caption, &heads);
    for s in &run.strategies {
        for part in of(s) {
            let share = if part.jobs.in_window == 0 { NONE.into() } else { percent(part.ratios.success) };
            table.row([
                s.name.as_str().into(),
                part.name.as_str().into(),
                count(part.jobs.in_window).into(),
                share.into(),
                throttled(part.ratios.throttle),
                of_window(part.in_window.map(|window| window.faults)),
                of_window(part.in_window.map(|window| window.timeouts)),
                factor(part.ratios.amplification).into(),
                measured(part.response_time_ms.p50, part.response_time_ms.count).into(),
                measured(part.response_time_ms.p99, part.response_time_ms.count).into(),
            ]);
        }
    }
    table
}

/// What data keys were exposed to; no rows if no strategy made any.
pub fn data_keys(run: &Run) -> Table {
    let heads = [
        "strategy",
        "generated",
        "most messages under one",
        "most bytes under one",
        "oldest in use",
        "?cache hit",
    ];
    let mut table = Table::new("What each strategy exposed its data keys to", &heads);
    for s in run.strategies.iter().filter(|s| s.data_keys.generated > 0) {
        table.row([
            s.name.as_str().into(),
            count(s.data_keys.generated).into(),
            count(s.data_keys.messages_max).into(),
            bytes(s.data_keys.bytes_max).into(),
            milliseconds(s.data_keys.age_max_s * 1_000.0).into(),
            cache_hit(s).into(),
        ]);
    }
    table
}

/// How the jobs that failed failed; no rows if none did.
pub fn failures(run: &Run) -> Table {
    let mut table =
        Table::new("Failed jobs of the whole run, by how", &["strategy", "<how", "jobs", "share of offered"]);
    for s in &run.strategies {
        for (how, jobs) in s.failures.iter().filter(|(_, jobs)| **jobs > 0) {
            let share = *jobs as f64 / s.jobs.offered.max(1) as f64;
            table.row([
                s.name.as_str().into(),
                if how == "throttled" { "refused for a quota".into() } else { how.as_str().into() },
                count(*jobs).into(),
                percent(share).into(),
            ]);
        }
    }
    table
}

/// Spread over trials of the headline figures; no rows below two trials.
pub fn trials(run: &Run) -> Table {
    let heads = ["strategy", "<figure", "trials", "lowest", "highest", "95 % from", "95 % to"];
    let mut table = Table::new("Spread over trials", &heads);
    for s in &run.strategies {
        for (figure, [from, to]) in &s.intervals {
            let values = s.trial_values.get(figure).map_or(&[][..], Vec::as_slice);
            let low = values.iter().copied().reduce(f64::min).map_or_else(|| NONE.into(), number);
            let high = values.iter().copied().reduce(f64::max).map_or_else(|| NONE.into(), number);
            let cells = [count(values.len() as u64), low, high, precise(*from), precise(*to)];
            let names = [Cell::from(s.name.as_str()), Cell::from(figure.as_str())];
            table.row(names.into_iter().chain(cells.map(Cell::from)));
        }
    }
    table
}

/// A bound with enough digits to tell it from its other bound.
fn precise(value: f64) -> String {
    fixed(value, if value.abs() >= 100.0 { 1 } else { 3 })
}

fn verdict(run: &Run, strategy: &StrategyRun) -> Cell {
    let standing = figures::standing(run, &strategy.name);
    let tone = match standing {
        Standing::Met => Tone::Good,
        Standing::Unsure(_) => Tone::Unsure,
        Standing::Missed(_) => Tone::Bad,
        Standing::NoThresholds => Tone::Plain,
    };
    Cell::from(standing.words()).in_tone(tone)
}

fn success(strategy: &StrategyRun) -> Cell {
    if strategy.jobs.in_window == 0 { NONE.into() } else { percent(strategy.ratios.success).into() }
}

/// A throttled share, marked from one in a hundred on.
fn throttled(share: f64) -> Cell {
    Cell::from(percent(share)).in_tone(if share >= 0.01 { Tone::Unsure } else { Tone::Plain })
}

/// A count of something unwanted in the window; before definitions 2 only the whole run was counted.
fn of_window(value: Option<u64>) -> Cell {
    value.map_or_else(|| NONE.into(), trouble)
}

/// A count of something unwanted.
fn trouble(value: u64) -> Cell {
    Cell::from(count(value)).in_tone(if value > 0 { Tone::Unsure } else { Tone::Plain })
}

fn cache_hit(strategy: &StrategyRun) -> String {
    if strategy.data_keys.generated == 0 && strategy.ratios.cache_hit == 0.0 {
        return NONE.into();
    }
    percent(strategy.ratios.cache_hit)
}
