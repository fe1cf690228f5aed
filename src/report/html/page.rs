//! A [`Page`] as HTML: the same style sheet as a run's report, and print breaks where the page has them.

use super::document::{SCRIPT_FREE, document};
use super::sentence::set_off;
use super::table::{plain, under_its_heading};
use crate::report::page::{Block, Page};
use maud::{Markup, PreEscaped, html};

/// A page as an HTML document.
pub fn page(page: &Page) -> String {
    let body = html! {
        header { h1 { (page.title) } }
        main { @for part in parts(&page.blocks) { (part) } }
    };
    document(&page.title, SCRIPT_FREE, body)
}

/// The parts, those in a row that are said under a word in one box.
fn parts(blocks: &[Block]) -> Vec<Markup> {
    let is_said = |block: &Block| matches!(block, Block::Said(..));
    let rows = blocks.chunk_by(|one, next| is_said(one) && is_said(next));
    let mut heading = None;
    let mut drawn = Vec::new();
    for row in rows {
        drawn.push(if is_said(&row[0]) { said(row) } else { block(&row[0], heading) });
        heading = match &row[0] {
            Block::Heading(text) => Some(text.as_str()),
            _ => None,
        };
    }
    drawn
}

fn said(row: &[Block]) -> Markup {
    html! {
        div.verdict.plain { dl {
            @for part in row {
                @if let Block::Said(word, text) = part {
                    div.answer[*word == "ANSWER"] { dt { (word) } dd { (set_off(text)) } }
                }
            }
        } }
    }
}

/// A part behind a `heading`, if it is behind one.
fn block(part: &Block, heading: Option<&str>) -> Markup {
    html! {
        @match part {
            Block::Heading(text) => h2 { (text) },
            Block::Text(text) => p { (set_off(text)) },
            Block::Said(word, text) => p { b { (word) } " " (set_off(text)) },
            Block::List(items) => ul { @for item in items { li { (set_off(item)) } } },
            Block::Table(table) => {
                @if heading == Some(table.caption.as_str()) { (under_its_heading(table)) } @else { (plain(table)) }
            }
            Block::Chart(chart) => figure {
                figcaption { b { (chart.title) } }
                div.scroll role="region" aria-label=(chart.title) tabindex="0" { (PreEscaped(chart.inline())) }
            },
            Block::Code(text) => pre { code { (text) } },
            Block::Break => hr style="break-after: page; border: 0; border-top: 1px solid var(--grid);";
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::Table;

    #[test]
    fn what_is_said_stands_in_one_box_and_a_caption_is_seen_once() {
        let mut one = Page::new("Title");
        one.put(Block::Said("ANSWER", "run `cached`, not `<b>`".into()));
        one.put(Block::Said("SURE", "it is".into()));
        let mut table = Table::new("Figures", &["what", "value"]);
        table.row(["need".into(), "1".into()]);
        one.tabulate(table.clone());
        one.put(Block::Table(table));
        let html = page(&one);
        assert_eq!(html.matches("<dl>").count(), 1);
        assert!(html.contains("run <code>cached</code>, not <code>&lt;b&gt;</code>"), "{html}");
        assert_eq!(html.matches("<caption>").count(), 1, "behind no heading it is seen");
        assert_eq!(html.matches("<caption class=\"unseen\">").count(), 1);
    }
}
