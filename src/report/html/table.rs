//! Tables as HTML: captions, headings with their scope, strategies in their colours, and a frame that scrolls by keyboard.
//! The page's script makes them sortable.

use super::super::paint::Tone;
use super::super::table::{Cell, Column, Table};
use super::strategies;
use crate::results::Run;
use maud::{Markup, html};

/// A table that is always shown; nothing if it has no rows.
pub fn shown(run: &Run, table: &Table) -> Markup {
    drawn(Some(run), table)
}

/// A table of no single run, in which strategies have no colours; nothing if it has no rows.
pub fn plain(table: &Table) -> Markup {
    drawn(None, table)
}

/// The same below a heading that says what its caption does.
pub fn under_its_heading(table: &Table) -> Markup {
    html! { @if !table.rows.is_empty() { (framed(&table.caption, markup(None, table, true))) } }
}

fn drawn(run: Option<&Run>, table: &Table) -> Markup {
    html! { @if !table.rows.is_empty() { (framed(&table.caption, markup(run, table, false))) } }
}

/// A table behind a line to open; nothing if it has no rows.
pub fn folded(run: &Run, summary: &str, table: &Table) -> Markup {
    html! {
        @if !table.rows.is_empty() {
            details { summary { (summary) } (shown(run, table)) }
        }
    }
}

/// The same of no single run.
pub fn plain_folded(summary: &str, table: &Table) -> Markup {
    html! { @if !table.rows.is_empty() { details { summary { (summary) } (plain(table)) } } }
}

/// A frame that scrolls sideways where a table is wider than the screen.
pub fn framed(label: &str, table: Markup) -> Markup {
    html! { div.scroll role="region" aria-label=(label) tabindex="0" { (table) } }
}

fn markup(run: Option<&Run>, table: &Table, is_unseen: bool) -> Markup {
    let order = order(table);
    html! {
        table {
            caption class=[is_unseen.then_some("unseen")] { (table.caption) }
            thead { tr {
                @for column in order.iter().filter_map(|index| table.columns.get(*index)) {
                    th scope="col" class=[is_figure(column).then_some("n")] { (column.head) }
                }
            } }
            tbody {
                @for row in &table.rows { tr {
                    @for (index, cell) in order.iter().filter_map(|index| Some((*index, row.get(*index)?))) {
                        (field(run, table, index, cell))
                    }
                } }
            }
        }
    }
}

/// Columns as they stand on the page: whoever looks at a phone sees the verdict beside the name.
fn order(table: &Table) -> Vec<usize> {
    let mut order: Vec<usize> = (0..table.columns.len()).collect();
    if table.columns.first().is_some_and(|column| column.head == "strategy")
        && let Some(verdict) = table.columns.iter().position(|column| column.head == "verdict")
    {
        order.remove(verdict);
        order.insert(1, verdict);
    }
    order
}

fn field(run: Option<&Run>, table: &Table, index: usize, cell: &Cell) -> Markup {
    let column = table.columns.get(index);
    let of = run.filter(|_| column.is_some_and(|column| column.head == "strategy"));
    let words =
        html! { @if let Some(run) = of { (strategies::name(run, &cell.text)) } @else { (cell.text) } };
    html! {
        @if index == 0 {
            th scope="row" { (words) }
        } @else {
            td class=[class(cell, column.is_some_and(is_figure))] { (words) }
        }
    }
}

/// Figures stand under their last digit, words under their first letter.
fn is_figure(column: &Column) -> bool {
    column.numeric && column.head != "verdict"
}

fn class(cell: &Cell, numeric: bool) -> Option<String> {
    let classes: Vec<&str> = numeric.then_some("n").into_iter().chain(tone(cell.tone)).collect();
    (!classes.is_empty()).then(|| classes.join(" "))
}

/// The class of a tone.
pub fn tone(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain | Tone::Quiet => None,
        Tone::Good => Some("good"),
        Tone::Bad => Some("bad"),
        Tone::Unsure => Some("unsure"),
    }
}
