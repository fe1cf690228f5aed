//! A table as text and as Markdown; HTML draws the same tables in its own file.

use super::format::{columns, pieces};
use super::look::Look;
use super::paint::Tone;

/// Rows under headings, and what they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What the table shows, in a few words.
    pub caption: String,
    /// One heading a column.
    pub columns: Vec<Column>,
    /// As many cells in each row as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

/// A heading and how its column is aligned.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What stands above it.
    pub head: String,
    /// Numbers align right, words left.
    pub numeric: bool,
    /// Whether it says nothing where every row says nothing in it.
    pub may_go: bool,
}

/// What stands in one field of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// The words or the figure.
    pub text: String,
    /// Whether it is good news.
    pub tone: Tone,
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell { text, tone: Tone::Plain }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::from(text.to_owned())
    }
}

impl Cell {
    /// The cell in another tone.
    pub fn in_tone(self, tone: Tone) -> Cell {
        Cell { tone, ..self }
    }
}

impl Table {
    /// An empty table whose first column holds words; a heading that begins with `<` is another column of words, one that
    /// begins with `?` a column that may go where it is all zero.
    pub fn new(caption: impl Into<String>, heads: &[&str]) -> Table {
        let column = |(index, head): (usize, &&str)| Column {
            head: head.trim_start_matches(['<', '?']).to_owned(),
            numeric: index > 0 && !head.starts_with('<'),
            may_go: head.starts_with('?'),
        };
        Table {
            caption: caption.into(),
            columns: heads.iter().enumerate().map(column).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
        debug_assert_eq!(self.rows.last().map(Vec::len), Some(self.columns.len()), "{}", self.caption);
    }

    /// The same without the columns that may go and say nothing.
    pub fn without_zeros(&self) -> Table {
        let says = |index: &usize| {
            let column = &self.columns[*index];
            !column.may_go
                || self.rows.iter().filter_map(|row| row.get(*index)).any(|cell| !is_nothing(&cell.text))
        };
        let kept: Vec<usize> = (0..self.columns.len()).filter(says).collect();
        let cells = |row: &Vec<Cell>| kept.iter().filter_map(|index| row.get(*index).cloned()).collect();
        Table {
            caption: self.caption.clone(),
            columns: kept.iter().map(|index| self.columns[*index].clone()).collect(),
            rows: self.rows.iter().map(cells).collect(),
        }
    }

    /// Lines that fit: headings, then rows, all indented by two. What is too wide stands in blocks below each other, each
    /// with the first column.
    pub fn to_text(&self, look: Look) -> String {
        let (widths, mut out) = (self.widths(look), String::new());
        for block in blocks(&self.fitted(widths, look.width), look.width) {
            let heads = self.columns.iter().map(|c| (c.head.as_str(), Tone::Quiet)).collect::<Vec<_>>();
            self.write_line(&mut out, &heads, &block, look);
            for row in &self.rows {
                let cells = row.iter().map(|c| (c.text.as_str(), c.tone)).collect::<Vec<_>>();
                self.write_line(&mut out, &cells, &block, look);
            }
        }
        out
    }

    /// One line of the cells of a block.
    fn write_line(&self, out: &mut String, cells: &[(&str, Tone)], block: &[(usize, usize)], look: Look) {
        let mut line = String::new();
        for (index, width) in block {
            let Some((text, tone)) = cells.get(*index) else { continue };
            let text = look.clip(text, *width);
            let space = " ".repeat(width.saturating_sub(columns(&text)));
            let painted = look.paint.tone(&text, *tone);
            let numeric = self.columns.get(*index).is_some_and(|c| c.numeric);
            let (before, after) = if numeric { (space.as_str(), "") } else { ("", space.as_str()) };
            line += &format!("  {before}{painted}{after}");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }

    /// How wide each column is when nothing is cut.
    fn widths(&self, look: Look) -> Vec<usize> {
        let wide = |text: &str| columns(&look.words(text));
        let longest = |index: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(index)).map(|cell| wide(&cell.text));
            cells.chain([wide(&self.columns[index].head)]).max().unwrap_or(0)
        };
        (0..self.columns.len()).map(longest).collect()
    }

    /// Whether its rows stand in lines of their own, without blocks below each other.
    pub fn fits(&self, look: Look) -> bool {
        blocks(&self.fitted(self.widths(look), look.width), look.width).len() == 1
    }

    /// How wide each column is: columns of words give way first, the widest first, but the first column, which tells rows
    /// apart, keeps more than the others; and no line holds a figure that is cut as long as it fits beside the first column.
    fn fitted(&self, mut widths: Vec<usize>, width: usize) -> Vec<usize> {
        const WORDS: usize = 12;
        const FIRST: usize = 32;
        let others = widths.iter().skip(1).copied().max().unwrap_or(0);
        let first = FIRST.min(width.saturating_sub(others + 4)).max(WORDS);
        while widths.iter().map(|w| w + 2).sum::<usize>() > width {
            let least = |i: usize| if i == 0 { first } else { WORDS };
            let may_shrink = |i: &usize| !self.columns[*i].numeric && widths[*i] > least(*i);
            let Some(widest) = (0..widths.len()).filter(may_shrink).max_by_key(|i| (widths[*i], *i)) else {
                break;
            };
            widths[widest] -= 1;
        }
        let first = widths.first().copied().unwrap_or(0).min(width.saturating_sub(4));
        let most = width.saturating_sub(first + 4).max(1);
        let within = |(index, wide): (usize, usize)| if index == 0 { first } else { wide.min(most) };
        widths.into_iter().enumerate().map(within).collect()
    }

    /// A Markdown table.
    pub fn to_markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let rule = |c: &Column| if c.numeric { "---:".to_owned() } else { "---".to_owned() };
        let mut out = line(self.columns.iter().map(|c| escape_markdown(&c.head)).collect());
        out += &line(self.columns.iter().map(rule).collect());
        for row in &self.rows {
            out += &line(row.iter().map(|cell| escape_markdown(&cell.text)).collect());
        }
        out
    }
}

/// Columns with their widths, in blocks that are not wider than `width`; each begins with the first column.
fn blocks(widths: &[usize], width: usize) -> Vec<Vec<(usize, usize)>> {
    let mut all: Vec<Vec<(usize, usize)>> = Vec::new();
    let Some(first) = widths.first().copied() else { return all };
    let mut used = usize::MAX;
    for (index, wide) in widths.iter().copied().enumerate().skip(1) {
        if used.saturating_add(wide + 2) > width {
            all.push(vec![(0, first)]);
            used = first + 2;
        }
        used += wide + 2;
        all.last_mut().expect("there is one now").push((index, wide));
    }
    if all.is_empty() { vec![vec![(0, first)]] } else { all }
}

/// Whether a cell says that there is none of something: `0`, `0 %`, `0.00 USD`, `–`.
fn is_nothing(text: &str) -> bool {
    text == super::format::NONE
        || (text.starts_with('0') && !text.contains(['1', '2', '3', '4', '5', '6', '7', '8', '9']))
}

/// A sentence in Markdown: what is set off stands as code, the rest as it is.
pub fn markdown_sentence(text: &str) -> String {
    let each = pieces(text).into_iter().map(|(is_set_off, piece)| match is_set_off {
        true => format!("`{}`", piece.replace(|c: char| c.is_control(), " ")),
        false => escape_markdown(piece),
    });
    each.collect()
}

/// Text that Markdown shows as it is.
pub fn escape_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '|' | '<' | '>' | '`' | '*' | '[' | ']' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::paint::Paint;

    fn table() -> Table {
        let mut table = Table::new("Two rows", &["strategy", "goodput/s", "<verdict"]);
        table.row(["naive".into(), "1,234".into(), Cell::from("missed").in_tone(Tone::Bad)]);
        table.row(["a very long name that goes on and on".into(), "5".into(), "met".into()]);
        table
    }

    fn look(width: usize, colour: bool) -> Look {
        Look { width, paint: Paint { colour }, ..Look::PLAIN }
    }

    #[test]
    fn words_give_way_so_that_figures_stay_whole() {
        let text = table().to_text(look(40, false));
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
        assert!(text.contains("1,234") && text.contains('…') && text.contains("missed"), "{text}");
    }

    #[test]
    fn what_tells_rows_apart_stays_as_long_as_there_is_room_for_it() {
        let mut pools = Table::new("Pools", &["pool", "limit", "<code", "<source"]);
        for pool in ["key-pair-ecc-nist-p256", "key-pair-ecc-nist-p384"] {
            pools.row([pool, "100/s", "L-D2EEB5E0", "published, and so on"].map(Cell::from));
        }
        let text = pools.to_text(look(50, false));
        assert!(text.contains("nist-p256") && text.contains("nist-p384"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 50), "{text}");
    }

    #[test]
    fn what_is_too_wide_stands_in_blocks_each_with_its_first_column() {
        let mut wide = Table::new("Wide", &["strategy", "one-figure", "two-figure", "three-figure"]);
        wide.row(["naive".into(), "1,111".into(), "2,222".into(), "3,333".into()]);
        let text = wide.to_text(look(36, false));
        assert!(text.lines().all(|line| line.chars().count() <= 36), "{text}");
        assert_eq!(text.matches("naive").count(), 2, "{text}");
        assert!(["1,111", "2,222", "3,333"].iter().all(|figure| text.contains(figure)), "{text}");
    }

    #[test]
    fn columns_that_are_all_zero_go_and_others_stay() {
        let mut table = Table::new("T", &["strategy", "?faults", "?throttled", "success", "?cache hit"]);
        table.row(["a".into(), "0".into(), "0 %".into(), "0 %".into(), "–".into()]);
        table.row(["b".into(), "0".into(), "0.10 %".into(), "0 %".into(), "–".into()]);
        let heads: Vec<String> = table.without_zeros().columns.into_iter().map(|c| c.head).collect();
        assert_eq!(heads, ["strategy", "throttled", "success"]);
    }

    #[test]
    fn sentences_set_off_names_in_markdown_and_leave_no_stray_backtick() {
        assert_eq!(markdown_sentence("`a|b` beats <c>."), "`a|b` beats \\<c\\>.");
        assert_eq!(markdown_sentence("5` wide"), "5\\` wide");
    }

    #[test]
    fn markdown_shows_every_character_as_it_is() {
        assert_eq!(escape_markdown("a|b <c>\n`d`"), "a\\|b \\<c\\> \\`d\\`");
        assert!(
            table().to_markdown().starts_with("| strategy | goodput/s | verdict |\n| --- | ---: | --- |\n")
        );
    }

    #[test]
    fn names_in_wide_characters_align_and_fit() {
        let mut wide = Table::new("Wide", &["strategy", "<verdict", "goodput/s"]);
        wide.row(["再試行なし".into(), "met".into(), "1,234".into()]);
        wide.row(["e\u{301}te\u{301}".into(), "missed".into(), "5".into()]);
        let text = wide.to_text(look(60, false));
        let ends: Vec<usize> = text.lines().map(columns).collect();
        assert!(ends.iter().all(|end| *end == ends[0]), "figures end in one column:\n{text}");
        let narrow = wide.to_text(look(24, false));
        assert!(narrow.lines().all(|line| columns(line) <= 24) && narrow.contains("1,234"), "{narrow}");
    }

    #[test]
    fn colour_changes_no_width() {
        let plain = table().to_text(look(60, false));
        let painted = table().to_text(look(60, true));
        assert!(!plain.contains('\u{1b}') && painted.contains('\u{1b}'));
        assert_eq!(plain.lines().count(), painted.lines().count());
    }
}
