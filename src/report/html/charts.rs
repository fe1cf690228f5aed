//! Charts in the page, each above the table that holds its figures.

use super::super::charts::{self, Chart};
use super::super::format::{NONE, number, percent, whole_seconds};
use super::super::table::{Cell, Table};
use super::super::{figures, tables};
use super::table::{folded, shown};
use crate::results::{Run, StrategyRun};
use maud::{Markup, PreEscaped, html};

/// Rows of a table of a timeline; every interval is in `timeline.csv`.
const ROWS: usize = 30;

/// Strategies side by side.
pub fn comparison(run: &Run) -> Markup {
    html! {
        @if let Some(chart) = charts::comparison(run) { (figure(&chart)) }
        (folded("Where every job went, as a table", &tables::jobs(run)))
        (folded("Spread over trials, as a table", &tables::trials(run)))
    }
}

/// Percentiles, histograms, and what response times are made of.
pub fn response(run: &Run) -> Markup {
    html! {
        p.note {
            "From the intended start of a job to its completion, waits and retries included; completed jobs of the window only, "
            "beside the share that they are. In thresholds on response time every other job is slower than any bound."
        }
        @if let Some(chart) = charts::response_curve(run) { (figure(&chart)) }
        (shown(&tables::response_times(run)))
        @if run.wall.is_some() {
            (shown(&tables::waits(run)))
        } @else {
            (folded("Service time, queue wait and lateness, as a table", &tables::waits(run)))
        }
        @for chart in charts::response_histograms(run) { (figure(&chart)) }
    }
}

/// A timeline of each strategy with its table.
pub fn timelines(run: &Run) -> Markup {
    let with_timeline = run.strategies.iter().filter(|s| figures::intervals(&s.timeline) > 0);
    html! {
        @for strategy in &run.strategies {
            @if let Some(seconds) = strategy.recovery_time_s {
                p.note {
                    code { (strategy.name) } " recovered " (whole_seconds(seconds)) " after the last trigger had ended: refusals, jobs in flight "
                    "and p99 were back in the 95 % range of before for five seconds."
                }
            }
        }
        @for (chart, strategy) in charts::timelines(run).iter().zip(with_timeline) {
            (figure(chart))
            (folded(&format!("{} over time, as a table", strategy.name), &timeline_table(strategy)))
        }
    }
}

/// Utilisation of each pool, and the peaks.
pub fn pools(run: &Run) -> Markup {
    html! {
        (shown(&tables::pools(run)))
        @for chart in charts::pools(run) { (figure(&chart)) }
    }
}

fn figure(chart: &Chart) -> Markup {
    html! {
        figure {
            figcaption { (chart.title) }
            div.scroll tabindex="0" { (PreEscaped(chart.inline())) }
        }
    }
}

/// A timeline in at most [`ROWS`] rows: rates over each row's span, throttles, faults and timeouts apart.
fn timeline_table(strategy: &StrategyRun) -> Table {
    let t = &strategy.timeline;
    let intervals = figures::intervals(t);
    let size = intervals.div_ceil(ROWS).max(1);
    let caption =
        format!("Mean rates a second over {} s each", number((size as u64 * t.interval_s.max(1)) as f64));
    let pool = figures::busiest_pool(strategy).filter(|(_, pool)| pool.limit_per_s > 0.0);
    let utilisation = pool.map_or_else(|| "utilisation".into(), |(name, _)| format!("utilisation of {name}"));
    let heads = [
        "from",
        "offered/s",
        "attempts/s",
        "throttled/s",
        "faults/s",
        "timeouts/s",
        "goodput/s",
        &utilisation,
    ];
    let mut table = Table::new(caption, &heads);
    for start in (0..intervals).step_by(size) {
        let range = start..(start + size).min(intervals);
        let seconds = range.len() as f64 * figures::seconds_counted(strategy);
        let rate = |values: &[u64]| {
            let inside = values.iter().skip(range.start).take(range.len());
            inside.sum::<u64>() as f64 / seconds
        };
        let series = [&t.offered, &t.attempts, &t.throttled, &t.faults, &t.timeouts, &t.goodput];
        let used = pool.and_then(|(name, pool)| Some(rate(t.pools.get(name)?) / pool.limit_per_s));
        let from = Cell::from(format!("{} s", number((start as u64 * t.interval_s.max(1)) as f64)));
        let rates = series.map(|values| Cell::from(number(rate(values))));
        table.row([from].into_iter().chain(rates).chain([used.map_or_else(|| NONE.into(), percent).into()]));
    }
    table
}
