//! A [`Page`] as HTML: the same style sheet as a run's report, and print breaks where the page has them.

use super::document::{SCRIPT_FREE, document};
use super::table::plain;
use crate::report::page::{Block, Page};
use maud::{Markup, PreEscaped, html};

/// The page.
pub fn page(page: &Page) -> String {
    let body = html! {
        header { h1 { (page.title) } }
        main { @for part in &page.blocks { (block(part)) } }
    };
    document(&page.title, SCRIPT_FREE, body)
}

fn block(part: &Block) -> Markup {
    html! {
        @match part {
            Block::Heading(text) => h2 { (text) },
            Block::Text(text) => p { (text) },
            Block::Said(word, text) => p { b { (word) } " " (text) },
            Block::List(items) => ul { @for item in items { li { (item) } } },
            Block::Table(table) => (plain(table)),
            Block::Chart(chart) => figure {
                figcaption { (chart.title) }
                div.scroll role="region" aria-label=(chart.title) tabindex="0" { (PreEscaped(chart.inline())) }
            },
            Block::Code(text) => pre { code { (text) } },
            Block::Break => hr style="break-after: page; border: 0; border-top: 1px solid var(--grid);";
        }
    }
}
