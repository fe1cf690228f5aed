//! A page for people, written once and drawn as text, as Markdown and as HTML.

use super::charts::Chart;
use super::format::columns;
use super::html;
use super::look::Look;
use super::table::{Table, escape_markdown};
use super::text;

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// What stands on it, in order.
    pub blocks: Vec<Block>,
}

/// A part of a page.
#[derive(Clone, Debug)]
pub enum Block {
    /// A heading of a section.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A word in capitals and what it says: `ANSWER  …`.
    Said(&'static str, String),
    /// Sentences, each by itself.
    List(Vec<String>),
    /// Figures.
    Table(Table),
    /// A picture; text leaves it out.
    Chart(Box<Chart>),
    /// Lines to be copied as they are.
    Code(String),
    /// Where a printed page ends.
    Break,
}

impl Page {
    /// A page without anything on it.
    pub fn new(title: impl Into<String>) -> Page {
        Page { title: title.into(), blocks: Vec::new() }
    }

    /// Adds a part.
    pub fn put(&mut self, block: Block) {
        self.blocks.push(block);
    }

    /// Adds a table under a heading, unless it has no rows.
    pub fn tabulate(&mut self, table: Table) {
        if !table.rows.is_empty() {
            self.blocks.push(Block::Heading(table.caption.clone()));
            self.blocks.push(Block::Table(table));
        }
    }

    /// Lines of at most `look.width` characters, where words allow it.
    pub fn to_text(&self, look: Look) -> String {
        let paint = look.paint;
        let wrapped = |text: &str, head: &str| wrapped(text, head, look);
        let mut out = format!("{}\n\n", paint.bold(&look.words(&self.title)));
        for block in &self.blocks {
            match block {
                Block::Heading(text) => out += &format!("\n{}\n", paint.bold(&look.words(text))),
                Block::Text(text) => out += &wrapped(text, ""),
                Block::Said(word, text) => out += &wrapped(text, &format!("{word:<7} ")),
                Block::List(items) => items.iter().for_each(|item| out += &wrapped(item, "  - ")),
                Block::Table(table) => out += &table.to_text(look),
                Block::Code(text) => text.lines().for_each(|line| out += &format!("  {line}\n")),
                Block::Chart(_) | Block::Break => {}
            }
        }
        out
    }

    /// Markdown; charts are links to files beside it.
    pub fn to_markdown(&self) -> String {
        let mut out = format!("# {}\n\n", escape_markdown(&self.title));
        for block in &self.blocks {
            match block {
                Block::Heading(text) => out += &format!("## {}\n\n", escape_markdown(text)),
                Block::Text(text) => out += &format!("{}\n\n", escape_markdown(text)),
                Block::Said(word, text) => out += &format!("**{word}** {}\n\n", escape_markdown(text)),
                Block::List(items) => {
                    items.iter().for_each(|item| out += &format!("- {}\n", escape_markdown(item)));
                    out.push('\n');
                }
                Block::Table(table) => out += &format!("{}\n", table.to_markdown()),
                Block::Chart(chart) => {
                    out += &format!("![{}](charts/{}.svg)\n\n", escape_markdown(&chart.title), chart.id);
                }
                Block::Code(text) => out += &format!("```sh\n{}\n```\n\n", text.trim_end()),
                Block::Break => out += "---\n\n",
            }
        }
        out
    }

    /// One page of HTML that needs no network.
    pub fn to_html(&self) -> String {
        html::page(self)
    }

    /// Its charts as files.
    pub fn charts(&self) -> Vec<(String, Vec<u8>)> {
        let chart = |block: &Block| match block {
            Block::Chart(chart) => {
                Some((format!("charts/{}.svg", chart.id), chart.standalone().into_bytes()))
            }
            _ => None,
        };
        self.blocks.iter().filter_map(chart).collect()
    }
}

/// A paragraph broken between words; its first line begins with `head`, the others are indented as far.
pub fn wrapped(text: &str, head: &str, look: Look) -> String {
    let indent = columns(head);
    let lines = text::wrapped(text, look.width.saturating_sub(indent), look);
    let indented = lines.join(&format!("\n{}", " ".repeat(indent)));
    format!("{}{indented}\n", look.words(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_the_same_in_every_form() {
        let mut page = Page::new("A title");
        page.put(Block::Said("ANSWER", "Ask for 1,250/s & no more.".into()));
        page.put(Block::List(vec!["one thing".into(), "another".into()]));
        let mut table = Table::new("Figures", &["what", "value"]);
        table.row(["need".into(), "1,000".into()]);
        page.tabulate(table);
        page.put(Block::Code("aws kms help".into()));
        let text = page.to_text(Look::PLAIN);
        let (markdown, html) = (page.to_markdown(), page.to_html());
        for part in ["A title", "ANSWER", "one thing", "Figures", "1,000", "aws kms help"] {
            assert!(text.contains(part), "{part} is not in: {text}");
            assert!(markdown.contains(part) && html.contains(part), "{part}");
        }
        assert!(html.contains("1,250/s &amp; no more"));
        assert_eq!(wrapped("one two three", "- ", Look { width: 9, ..Look::PLAIN }), "- one two\n  three\n");
    }
}
