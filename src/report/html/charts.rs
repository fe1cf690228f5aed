//! Charts in the page: the picture, which is all that paper and a page without its script have, in the frame that the
//! script draws in.

use super::super::charts::{self, Chart, Overlay};
use super::super::figures;
use super::super::format::{NONE, milliseconds, number, percent, whole_seconds};
use super::super::table::{Cell, Table};
use super::table::folded;
use crate::results::{Run, StrategyRun};
use maud::{Markup, PreEscaped, html};

/// Rows of a table of a timeline; every interval is in `timeline.csv`.
const ROWS: usize = 30;

/// A figure of all strategies over time.
pub fn over_time(overlay: &Overlay) -> Markup {
    figure(&overlay.chart(), &overlay.note, Some("time"))
}

/// Percentiles of all strategies.
pub fn percentiles(run: &Run) -> Markup {
    html! {
        @if let Some(chart) = charts::response_curve(run) {
            (figure(&chart, "completed jobs, waits and retries included", Some("curves")))
        }
    }
}

/// Goodput, attempts and throttled attempts of all strategies.
pub fn rates(run: &Run) -> Markup {
    html! { @if let Some(chart) = charts::comparison(run) { (figure(&chart, "", None)) } }
}

/// A chart that stays a picture.
pub fn picture(chart: &Chart, note: &str) -> Markup {
    figure(chart, note, None)
}

/// What happened under each strategy: its course and its response times side by side, and the course as a table.
pub fn by_strategy(run: &Run) -> Markup {
    let (timelines, histograms) = (charts::timelines(run), charts::response_histograms(run));
    let of = |charts: &[Chart], kind: &str, strategy: &StrategyRun| {
        let id = format!("{kind}-{}", super::super::format::slug(&strategy.name));
        charts.iter().find(|chart| chart.id == id).cloned()
    };
    html! {
        @for strategy in &run.strategies {
            @let charts = [of(&timelines, "timeline", strategy), of(&histograms, "response-histogram", strategy)];
            @if charts.iter().any(Option::is_some) {
                div.pair { @for chart in charts.iter().flatten() { (figure(chart, "", None)) } }
                @if let Some(seconds) = strategy.recovery_time_s {
                    p.note {
                        (strategy.name) " recovered " (whole_seconds(seconds)) " after the last trigger had ended: "
                        "refusals, jobs in flight and p99 were back in the 95 % range of before for five seconds."
                    }
                }
                (folded(run, &format!("{} over time, as a table", strategy.name), &timeline_table(strategy)))
            }
        }
    }
}

/// A chart in its frame; `script` is what the page's script knows it as.
fn figure(chart: &Chart, note: &str, script: Option<&str>) -> Markup {
    html! {
        figure data-draw=[script] data-of=(chart.id) {
            figcaption { b { (chart.title) } @if !note.is_empty() { " " small { (note) } } }
            div.still tabindex="0" role="region" aria-label=(chart.title) { (PreEscaped(chart.inline())) }
        }
    }
}

/// A timeline in at most [`ROWS`] rows: rates over each row's span, throttles, faults and timeouts apart.
fn timeline_table(strategy: &StrategyRun) -> Table {
    let t = &strategy.timeline;
    let intervals = figures::intervals(t);
    let size = intervals.div_ceil(ROWS).max(1);
    let caption = format!(
        "Mean rates a second over {} s each; p99 of the slowest second",
        number((size as u64 * t.interval_s.max(1)) as f64)
    );
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
        "p99",
        "backlog",
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
        let slowest = t.response_p99_ms.iter().skip(range.start).take(range.len()).flatten().copied();
        let p99 = slowest.reduce(f64::max).map_or_else(|| NONE.into(), milliseconds);
        let backlog =
            t.in_flight.get(range.end - 1).map(|jobs| *jobs as f64 / f64::from(strategy.trials.max(1)));
        let used = pool.and_then(|(name, pool)| Some(rate(t.pools.get(name)?) / pool.limit_per_s));
        let from = Cell::from(format!("{} s", number((start as u64 * t.interval_s.max(1)) as f64)));
        let rates = series.map(|values| Cell::from(number(rate(values))));
        let ends =
            [p99, backlog.map_or_else(|| NONE.into(), number), used.map_or_else(|| NONE.into(), percent)];
        table.row([from].into_iter().chain(rates).chain(ends.map(Cell::from)));
    }
    table
}
