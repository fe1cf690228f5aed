//! A table as text and as Markdown; HTML draws the same tables in its own file.

use super::format::clip;
use super::paint::{Paint, Tone};

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
    /// The heading.
    pub head: String,
    /// Numbers align right, words left.
    pub numeric: bool,
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
    /// An empty table whose first column holds words; a heading that begins with `<` is another column of words.
    pub fn new(caption: impl Into<String>, heads: &[&str]) -> Table {
        let column = |(index, head): (usize, &&str)| Column {
            head: head.trim_start_matches('<').to_owned(),
            numeric: index > 0 && !head.starts_with('<'),
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

    /// Lines of at most `width` characters: headings, then rows, all indented by two.
    pub fn to_text(&self, width: usize, paint: Paint) -> String {
        let widths = self.fitted(width);
        let mut out = String::new();
        let heads = self.columns.iter().map(|c| (c.head.as_str(), Tone::Quiet)).collect::<Vec<_>>();
        self.write_line(&mut out, &heads, &widths, paint);
        for row in &self.rows {
            let cells = row.iter().map(|c| (c.text.as_str(), c.tone)).collect::<Vec<_>>();
            self.write_line(&mut out, &cells, &widths, paint);
        }
        out
    }

    /// One line of cells.
    fn write_line(&self, out: &mut String, cells: &[(&str, Tone)], widths: &[usize], paint: Paint) {
        let mut line = String::new();
        for (index, ((text, tone), width)) in cells.iter().zip(widths).enumerate() {
            let text = clip(text, *width);
            let space = " ".repeat(width - text.chars().count());
            let painted = paint.tone(&text, *tone);
            let numeric = self.columns.get(index).is_some_and(|c| c.numeric);
            let (before, after) = if numeric { (space.as_str(), "") } else { ("", space.as_str()) };
            line += &format!("  {before}{painted}{after}");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }

    /// How wide each column is when all fit in `width`: columns of words give way first, the widest first.
    fn fitted(&self, width: usize) -> Vec<usize> {
        let longest = |index: usize| {
            let cells =
                self.rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.text.chars().count());
            cells.chain([self.columns[index].head.chars().count()]).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = (0..self.columns.len()).map(longest).collect();
        while widths.iter().map(|w| w + 2).sum::<usize>() > width {
            let words = |i: &usize| !self.columns[*i].numeric && widths[*i] > 8;
            let widest = (0..widths.len())
                .filter(words)
                .max_by_key(|i| (widths[*i], *i))
                .or_else(|| (0..widths.len()).max_by_key(|i| (widths[*i], *i)));
            match widest {
                Some(index) if widths[index] > 1 => widths[index] -= 1,
                _ => break,
            }
        }
        widths
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

    fn table() -> Table {
        let mut table = Table::new("Two rows", &["strategy", "goodput/s", "<verdict"]);
        table.row(["naive".into(), "1,234".into(), Cell::from("missed").in_tone(Tone::Bad)]);
        table.row(["a very long name that goes on and on".into(), "5".into(), "met".into()]);
        table
    }

    #[test]
    fn words_give_way_so_that_figures_stay_whole() {
        let text = table().to_text(40, Paint::PLAIN);
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
        assert!(text.contains("1,234") && text.contains('…') && text.contains("missed"), "{text}");
    }

    #[test]
    fn markdown_shows_every_character_as_it_is() {
        assert_eq!(escape_markdown("a|b <c>\n`d`"), "a\\|b \\<c\\> \\`d\\`");
        assert!(
            table().to_markdown().starts_with("| strategy | goodput/s | verdict |\n| --- | ---: | --- |\n")
        );
    }

    #[test]
    fn colour_changes_no_width() {
        let plain = table().to_text(60, Paint::PLAIN);
        let painted = table().to_text(60, Paint { colour: true });
        assert!(!plain.contains('\u{1b}') && painted.contains('\u{1b}'));
        assert_eq!(plain.lines().count(), painted.lines().count());
    }
}
