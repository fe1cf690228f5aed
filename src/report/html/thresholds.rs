//! Thresholds as a matrix: a row for each strategy, a column for each threshold.

use super::super::figures::{self, found, verdict_word};
use super::super::format::named;
use super::super::{paint::Tone, tables};
use super::table::{framed, shown, tone};
use super::{sentence, strategies};
use crate::results::{Run, ThresholdRun, Verdict};
use maud::{Markup, html};

/// Columns beyond which the matrix is harder to read than a list.
const COLUMNS: usize = 6;

/// The matrix, or the list where there are too many; nothing without thresholds.
pub fn section(run: &Run) -> Markup {
    let mut columns: Vec<(&str, &str)> = Vec::new();
    for threshold in &run.thresholds {
        let column = (threshold.name.as_str(), threshold.expression.as_str());
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    html! {
        @if columns.len() > COLUMNS { (shown(run, &tables::thresholds(run))) }
        @else if !columns.is_empty() { (matrix(run, &columns)) }
        @if !columns.is_empty() && !run.gate.is_empty() {
            p.note { (sentence::told(run, &gate(run), &[])) }
        }
    }
}

fn gate(run: &Run) -> String {
    let names: Vec<String> = run.gate.iter().map(|name| named(name)).collect();
    format!("{} {} the exit code.", names.join(", "), if names.len() == 1 { "decides" } else { "decide" })
}

fn matrix(run: &Run, columns: &[(&str, &str)]) -> Markup {
    let caption = "What had to hold, and whether it did";
    let table = html! {
        table {
            caption { (caption) }
            thead { tr {
                th scope="col" { "strategy" }
                @for (name, expression) in columns { th scope="col" { (name) " " code { (expression) } } }
            } }
            tbody {
                @for strategy in &run.strategies { tr {
                    th scope="row" { (strategies::name(run, &strategy.name)) }
                    @for column in columns {
                        @let of = figures::thresholds_of(run, &strategy.name)
                            .find(|t| (t.name.as_str(), t.expression.as_str()) == *column);
                        (field(of))
                    }
                } }
            }
        }
    };
    framed(caption, table)
}

fn field(threshold: Option<&ThresholdRun>) -> Markup {
    let Some(threshold) = threshold else { return html! { td { "–" } } };
    let mark = match threshold.verdict {
        Verdict::Met => "✓",
        Verdict::Missed => "✗",
        Verdict::CannotTell | Verdict::NoData => "?",
    };
    html! {
        td class=[tone(Tone::from(threshold.verdict))] {
            span.mark aria-hidden="true" { (mark) } (verdict_word(threshold.verdict)) " " span.found { (found(threshold)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_row_for_each_strategy_and_a_column_for_each_threshold() {
        let run = fixture::run();
        let page = section(&run).into_string();
        assert_eq!(page.matches("scope=\"row\"").count(), 3);
        assert_eq!(page.matches("scope=\"col\"").count(), 4, "{page}");
        assert_eq!(page.matches("<td").count(), 9, "a strategy that a threshold is not for has a dash");
        assert!(page.contains("✓</span>met") && page.contains("✗</span>missed") && page.contains("no data"));
        assert!(section(&fixture::empty()).0.is_empty());
    }

    #[test]
    fn too_many_for_a_matrix_are_a_list() {
        let mut run = fixture::run();
        let one = run.thresholds[0].clone();
        run.thresholds
            .extend((0..9).map(|n| ThresholdRun { expression: format!("p(99)<{n}ms"), ..one.clone() }));
        run.gate = vec!["cached".into()];
        let page = section(&run).into_string();
        assert!(page.contains("must hold") && page.contains("decides the exit code"), "{page}");
    }
}
