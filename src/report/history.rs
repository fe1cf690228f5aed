//! Many live runs of one scenario on one page: from which run on a figure is another.

use super::charts;
use super::compare::{shown, word};
use super::format::{NONE, fixed, listed, named};
use super::page::{Block, Page};
use super::table::{Cell, Table};
use crate::results::compare::history::{History, Metric};

/// Charts of metrics that changed.
const MOST_CHARTS: usize = 12;
/// Runs left out that are named.
const MOST_LEFT_OUT: usize = 8;

/// What is told of a history, as a page.
pub fn page(history: &History) -> Page {
    let mut page = Page::new(format!("{}: {} live runs", history.name, history.runs.len()));
    page.put(Block::Said("ANSWER", answer(history)));
    page.tabulate(table(history));
    page.put(Block::List(notes(history)));
    let changed = history.metrics.iter().filter(|metric| metric.stretches.len() > 1);
    for metric in changed.take(MOST_CHARTS) {
        page.put(Block::Chart(Box::new(charts::history(history, metric))));
    }
    page
}

/// What changed last, of each metric that changed, latest first.
fn answer(history: &History) -> String {
    if history.fewest_beyond.is_none() {
        return format!(
            "cannot tell: among {} a change of one of {} figures could be chance, however large it is; more runs are needed.",
            super::format::counted(history.runs.len() as u64, "run"),
            history.metrics.len()
        );
    }
    let mut last: Vec<(&Metric, usize)> = history
        .metrics
        .iter()
        .filter_map(|metric| Some((metric, metric.stretches.len().checked_sub(1).filter(|at| *at > 0)?)))
        .collect();
    if last.is_empty() {
        return format!("none of {} figures changed by more than chance.", history.metrics.len());
    }
    last.sort_by_key(|(metric, at)| std::cmp::Reverse(metric.stretches[*at].first));
    let said = |(metric, at): &(&Metric, usize)| {
        let stretch = metric.stretches[*at];
        format!(
            "{} of {} is {} by {} from {} on",
            metric.figure.word(),
            named(&metric.strategy),
            stretch.verdict.map_or("other", word),
            by(metric, *at).trim_start_matches(['+', '-']),
            named(&history.runs[stretch.first].label),
        )
    };
    const MAX_SHIFTS: usize = 4;
    let mut all: Vec<String> = last.iter().take(MAX_SHIFTS).map(said).collect();
    if last.len() > MAX_SHIFTS {
        all.push(format!("{} more changed", last.len() - MAX_SHIFTS));
    }
    format!("{}.", listed(&all))
}

/// By how much a stretch differs from the one before.
fn by(metric: &Metric, at: usize) -> String {
    let Some(change) = metric.change(at).filter(|change| change.is_finite()) else { return NONE.into() };
    let unit = if metric.figure.is_share() { " pt" } else { " %" };
    let sign = if change > 0.0 { "+" } else { "" };
    format!(
        "{sign}{}{unit}",
        fixed(change * 100.0, if (change * 1000.0).round().abs() < 100.0 { 2 } else { 1 })
    )
}

/// A line for each metric, and one more for each further change of it.
fn table(history: &History) -> Table {
    let heads = ["figure", "before", "since", "difference", "<first run", "<began (UTC)", "<verdict"];
    let mut table = Table::new("Figures over all runs", &heads);
    for metric in &history.metrics {
        let Some(first) = metric.stretches.first() else { continue };
        let figure = |mean: f64| Cell::from(shown(metric.figure, mean));
        let head = || [Cell::from(format!("{} of {}", metric.figure.word(), metric.strategy))];
        for at in 1..metric.stretches.len() {
            let stretch = metric.stretches[at];
            let began = &history.runs[stretch.first];
            let verdict = stretch.verdict.map(|verdict| Cell::from(word(verdict)).in_tone(verdict.into()));
            table.row(head().into_iter().chain([
                figure(metric.stretches[at - 1].mean),
                figure(stretch.mean),
                by(metric, at).into(),
                began.label.clone().into(),
                minute(&began.started_at).into(),
                verdict.unwrap_or_else(|| NONE.into()),
            ]));
        }
        if metric.stretches.len() == 1 {
            let none = || Cell::from(NONE);
            let verdict = if history.fewest_beyond.is_some() { "no change" } else { "cannot tell" };
            table.row(head().into_iter().chain([
                none(),
                figure(first.mean),
                none(),
                none(),
                none(),
                verdict.into(),
            ]));
        }
    }
    table
}

/// The minute of a moment in ISO 8601: `2026-11-16 02:00`.
fn minute(moment: &str) -> String {
    moment.get(..16).unwrap_or(moment).replace('T', " ")
}

/// How changes were told from chance, and which runs are not among these.
fn notes(history: &History) -> Vec<String> {
    let mut said = Vec::new();
    if let (Some(first), Some(last)) = (history.runs.first(), history.runs.last()) {
        said.push(format!("The first began at {}, the last at {}.", first.started_at, last.started_at));
    }
    said.push(
        "Changes are those of E-divisive; all figures together show none that is not there with 95 %, as long as one run \
         knows nothing of the one before it."
            .into(),
    );
    if let Some(fewest) = history.fewest_beyond {
        said.push(format!(
            "A change is found once {fewest} runs lie beyond it, or later where runs differ much; before that `keystorm \
             compare A B` sets two runs side by side."
        ));
    }
    let out = history.left_out.iter().take(MOST_LEFT_OUT);
    said.extend(out.map(|left| format!("Left out: {}, since {}.", named(&left.label), left.why)));
    if history.left_out.len() > MOST_LEFT_OUT {
        said.push(format!("Left out: {} more.", history.left_out.len() - MOST_LEFT_OUT));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::look::Look;
    use crate::results::compare::history::{Began, HISTORY_SCHEMA, LeftOut, Stretch};
    use crate::results::compare::{Figure, Outcome};

    fn history() -> History {
        let began = |at: usize| Began {
            label: format!("run-{at}"),
            started_at: format!("2026-11-{:02}T00:00:00Z", at + 1),
        };
        let values: Vec<Option<f64>> = (0..20).map(|at| Some(if at < 12 { 30.0 } else { 33.0 })).collect();
        let first = Stretch { first: 0, mean: 30.0, verdict: None };
        let changed = vec![first, Stretch { first: 12, mean: 33.0, verdict: Some(Outcome::Worse) }];
        let metric =
            |figure, stretches| Metric { strategy: "sdk".into(), figure, values: values.clone(), stretches };
        History {
            schema: HISTORY_SCHEMA.into(),
            name: "storm".into(),
            runs: (0..20).map(began).collect(),
            metrics: vec![metric(Figure::P50, vec![first]), metric(Figure::P99, changed)],
            fewest_beyond: Some(3),
            left_out: vec![LeftOut { label: "x".into(), why: "it was interrupted".into() }],
        }
    }

    #[test]
    fn every_metric_has_a_line_and_a_change_its_run_and_its_chart() {
        let page = page(&history());
        let text = page.to_text(Look::PLAIN);
        for part in [
            "storm: 20 live runs",
            "p99 of `sdk` is worse by 10.0 % from `run-12` on.",
            "Left out: `x`, since it was interrupted.",
            "once 3 runs lie beyond it",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
        let row =
            |figure: &str| text.lines().find(|line| line.trim().starts_with(&format!("{figure} of sdk ")));
        assert!(row("p50").is_some_and(|row| row.ends_with("no change")), "{text}");
        assert!(
            row("p99").is_some_and(
                |row| row.contains("+10.0 %  run-12     2026-11-13 00:00") && row.ends_with("worse")
            ),
            "{text}"
        );
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        let html = page.to_html();
        assert!(html.contains("<svg") && !html.contains("<script") && !html.contains("NaN"));
        assert_eq!(page.charts().len(), 1);
    }

    #[test]
    fn too_few_runs_tell_nothing_and_no_change_is_said_to_be_none() {
        let mut few = history();
        few.fewest_beyond = None;
        few.metrics[1].stretches.truncate(1);
        let text = page(&few).to_text(Look::PLAIN);
        assert!(text.contains("cannot tell: among 20 runs") && !text.contains("no change"), "{text}");
        few.fewest_beyond = Some(3);
        assert!(page(&few).to_text(Look::PLAIN).contains("none of 2 figures changed by more than chance"));
    }
}
