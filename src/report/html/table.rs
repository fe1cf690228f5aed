//! Tables as HTML: captions, headings with their scope, and a frame that scrolls by keyboard.

use super::super::paint::Tone;
use super::super::table::{Cell, Table};
use maud::{Markup, html};

/// A table that is always shown; nothing if it has no rows.
pub fn shown(table: &Table) -> Markup {
    html! {
        @if !table.rows.is_empty() {
            div.scroll role="region" aria-label=(table.caption) tabindex="0" { (markup(table)) }
        }
    }
}

/// A table behind a line to open; nothing if it has no rows.
pub fn folded(summary: &str, table: &Table) -> Markup {
    html! {
        @if !table.rows.is_empty() {
            details { summary { (summary) } (shown(table)) }
        }
    }
}

fn markup(table: &Table) -> Markup {
    html! {
        table {
            caption { (table.caption) }
            thead { tr {
                @for column in &table.columns {
                    th scope="col" class=[column.numeric.then_some("n")] { (column.head) }
                }
            } }
            tbody {
                @for row in &table.rows { tr {
                    @for (index, cell) in row.iter().enumerate() {
                        @if index == 0 {
                            th scope="row" { (cell.text) }
                        } @else {
                            td class=[class(cell, table.columns.get(index).is_some_and(|c| c.numeric))] { (cell.text) }
                        }
                    }
                } }
            }
        }
    }
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
