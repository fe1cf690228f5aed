//! The summary on a terminal: figures first, the verdict last, where the eye stays.

use super::figures;
use super::format::{columns, counted, is_wide};
use super::look::Look;
use super::paint::{Paint, Tone};
use super::table::Table;
use super::{tables, vantage, verdict};
use crate::results::Run;

/// The whole summary with every detail, in a hundred columns. `colour` paints it for a terminal; the words are the same
/// without.
pub fn render(run: &Run, colour: bool) -> String {
    render_as(run, Look { paint: Paint { colour }, verbose: true, ..Look::PLAIN })
}

/// The summary as it is to look.
pub fn render_as(run: &Run, look: Look) -> String {
    let mut page = Page { out: String::new(), look };
    page.title(run);
    page.older(run);
    page.wrapped(2, ("·", Tone::Plain), &figures::trials_until(run).unwrap_or_default());
    page.section(&tables::application(run));
    page.section(&tables::service(run));
    match look.verbose {
        true => page.details(run),
        false => page.left_out(run),
    }
    page.footer(run);
    page.verdict(run);
    page.out
}

/// A summary in the making.
struct Page {
    out: String,
    look: Look,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// A text in lines behind `mark`, which stands before the first of them, all of them indented by `indent`.
    fn wrapped(&mut self, indent: usize, mark: (&str, Tone), text: &str) {
        let mark_text = self.look.words(mark.0).into_owned();
        let wide = columns(&mark_text);
        let room = self.look.width.saturating_sub(indent + wide + usize::from(wide > 0));
        let gap = if wide > 0 { " " } else { "" };
        for (index, line) in wrapped(&self.look.words(text), room, self.look).into_iter().enumerate() {
            let mark = match index {
                0 => self.look.paint.tone(&mark_text, mark.1),
                _ => " ".repeat(wide),
            };
            self.line(&format!("{}{mark}{gap}{line}", " ".repeat(indent)));
        }
    }

    fn bold(&mut self, text: &str) {
        for line in wrapped(&self.look.words(text), self.look.width, self.look) {
            let line = self.look.paint.bold(&line);
            self.line(&line);
        }
    }

    fn title(&mut self, run: &Run) {
        let name = self.look.clip(&run.name, self.look.width);
        let name = self.look.paint.bold(&name);
        self.line(&name);
        let (look, paint) = (self.look, self.look.paint);
        for text in wrapped(&look.words(&run.question), look.width - 2, look) {
            self.line(&format!("  {}", paint.tone(&text, Tone::Quiet)));
        }
    }

    fn section(&mut self, table: &Table) {
        if table.rows.is_empty() {
            return;
        }
        self.line("");
        self.bold(&table.caption);
        let table = table.without_zeros().to_text(self.look);
        self.out.push_str(&table);
    }

    /// That the figures have other meanings, if they have.
    fn older(&mut self, run: &Run) {
        self.wrapped(0, ("!", Tone::Unsure), &figures::older(run).unwrap_or_default());
    }

    /// All that stands between the two tables and the verdict for who asks for it.
    fn details(&mut self, run: &Run) {
        self.section(&tables::costs(run));
        self.section(&tables::pools(run));
        if run.wall.is_some() {
            self.section(&tables::waits(run));
            self.section(&vantage::generator(run));
            self.section(&vantage::workers(run));
            self.section(&vantage::refusals(run));
            self.sentences("Where attempts went", &vantage::sentences(run));
        }
        self.thresholds(run);
        self.cautions(run);
        self.sentences("Beside the answer", &verdict::judge(run).because);
        self.sentences("Assumed", &run.assumptions);
    }

    /// What stands under `-v`.
    fn left_out(&mut self, run: &Run) {
        let mut kinds: Vec<&str> = run.cautions.iter().map(|caution| caution.kind.as_str()).collect();
        kinds.dedup();
        let mut seen: Vec<&str> = Vec::new();
        for kind in kinds {
            if !seen.contains(&kind) {
                seen.push(kind);
            }
        }
        if !seen.is_empty() {
            self.line("");
            let cautions = counted(run.cautions.len() as u64, "caution");
            let text = format!("{cautions}: {} (-v tells them, and every other detail)", seen.join(", "));
            self.wrapped(0, ("!", Tone::Unsure), &text);
        }
    }

    fn sentences(&mut self, caption: &str, sentences: &[String]) {
        if sentences.is_empty() {
            return;
        }
        self.line("");
        self.bold(caption);
        for sentence in sentences {
            self.wrapped(2, ("·", Tone::Plain), sentence);
        }
    }

    /// Each threshold once, under it how every strategy fared.
    fn thresholds(&mut self, run: &Run) {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for t in &run.thresholds {
            if !seen.contains(&(&t.name, &t.expression)) {
                seen.push((&t.name, &t.expression));
            }
        }
        if seen.is_empty() {
            return;
        }
        self.line("");
        self.bold("Thresholds");
        let look = self.look;
        for (name, expression) in seen {
            self.line(&look.clip(&format!("  {name} {expression}"), look.width));
            for t in run.thresholds.iter().filter(|t| t.name == name && t.expression == expression) {
                let value = look.clip(&figures::found(t), 17);
                let word = figures::verdict_word(t.verdict);
                let mark = match Tone::from(t.verdict) {
                    Tone::Good => "✓",
                    Tone::Bad => "✗",
                    _ => "?",
                };
                let verdict = format!("{} {word:<11}", look.words(mark));
                let verdict = look.paint.tone(&verdict, t.verdict.into());
                self.line(&format!("    {verdict} {value:>17}  {}", look.clip(&t.strategy, look.width - 38)));
                self.wrapped(6, ("→", Tone::Plain), t.remedy.as_deref().unwrap_or_default());
            }
        }
    }

    fn cautions(&mut self, run: &Run) {
        if run.cautions.is_empty() {
            return;
        }
        self.line("");
        self.bold("Cautions");
        for (index, caution) in run.cautions.iter().enumerate() {
            if run.cautions[..index].iter().any(|earlier| earlier.kind == caution.kind) {
                continue;
            }
            // The same remedy once, after every strategy that it is for.
            for alike in run.cautions[index..].iter().filter(|later| later.kind == caution.kind) {
                self.wrapped(2, ("!", Tone::Unsure), &figures::whose(alike));
            }
            self.wrapped(4, ("→", Tone::Plain), &caution.remedy);
        }
    }

    fn footer(&mut self, run: &Run) {
        self.line("");
        let assumed = match run.assumptions.len() as u64 {
            0 => "nothing assumed".to_owned(),
            n => format!("{} (listed in the report)", counted(n, "assumption")),
        };
        let trials = run.strategies.iter().map(|s| s.trials).max().unwrap_or(0);
        let parts = [
            format!("{} {}", run.tool.name, run.tool.version),
            format!("target {}", run.target),
            format!("Region {}", run.region),
            format!("seed {}", run.seed),
            format!("{} per strategy", counted(u64::from(trials), "trial")),
            format!("{} offered", counted(run.strategies.iter().map(|s| s.jobs.offered).sum(), "job")),
            format!("scenario {}", run.scenario_hash),
            assumed,
        ];
        let (look, paint) = (self.look, self.look.paint);
        for text in wrapped(&look.words(&parts.join(" · ")), look.width, look) {
            self.line(&paint.tone(&text, Tone::Quiet));
        }
    }

    /// The three lines, below everything else.
    fn verdict(&mut self, run: &Run) {
        self.line("");
        let judged = verdict::judge(run);
        for (label, text) in judged.lines() {
            let tone = if label == "ANSWER" { judged.tone } else { Tone::Quiet };
            self.wrapped(0, (&format!("{label:<6}"), tone), text);
        }
    }
}

/// `text` in lines of at most `width` columns, broken between words. A longer word stands whole, so that a command can be
/// copied, and a unit stays with its number; between wide characters, which are written without spaces, any place does.
pub(super) fn wrapped(text: &str, width: usize, look: Look) -> Vec<String> {
    const UNITS: [&str; 7] = ["%", "s", "ms", "USD", "KiB", "MiB", "GiB"];
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let bare = word.trim_end_matches(['.', ',', ';', ':', ')']);
        match words.last_mut() {
            Some(last) if UNITS.contains(&bare) && last.ends_with(|c: char| c.is_ascii_digit()) => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        let mut gap = " ";
        for piece in pieces(&look.words(&word)) {
            match lines.last_mut() {
                Some(last) if columns(last) + gap.len() + columns(piece) <= width => {
                    last.push_str(gap);
                    last.push_str(piece);
                }
                _ => lines.push(piece.to_owned()),
            }
            gap = "";
        }
    }
    lines
}

/// A word, cut wherever a line may end in it: between wide characters, but not before a mark that ends a phrase.
fn pieces(word: &str) -> Vec<&str> {
    const ENDS: [char; 10] = ['、', '。', '，', '．', '！', '？', '：', '」', '）', '』'];
    let (mut pieces, mut from) = (Vec::new(), 0);
    for ((_, before), (at, after)) in word.char_indices().zip(word.char_indices().skip(1)) {
        if is_wide(before) && is_wide(after) && !ENDS.contains(&after) {
            pieces.push(&word[from..at]);
            from = at;
        }
    }
    pieces.push(&word[from..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::results::{Attempts, Verdict};

    #[test]
    fn a_command_stands_whole_however_narrow_the_terminal_is() {
        let path = format!("/{}/a.yaml`", "folder".repeat(30));
        let lines = wrapped(&format!("`keystorm run {path} goes on"), 60, Look::PLAIN);
        assert_eq!(lines, ["`keystorm run".to_owned(), path, "goes on".to_owned()]);
    }

    #[test]
    fn no_line_is_wider_than_a_hundred_columns_even_with_many_strategies_of_long_names() {
        let mut run = fixture::run();
        let mut many = Vec::new();
        for index in 0..12 {
            let mut strategy = run.strategies[index % 3].clone();
            strategy.name =
                format!("a-strategy-whose-name-nobody-could-call-short-and-which-goes-on-{index}");
            strategy.cost.per_month_usd = Some(123_456_789.0);
            let many_of = Attempts { faults: 1_234_567_890, timeouts: 1_234_567_890, ..Attempts::default() };
            strategy.in_window = Some(many_of);
            strategy.rates.attempts_per_s = Some(1_234_567.0);
            many.push(strategy);
        }
        many[1].name = "再試行なしの戦略".repeat(4);
        run.strategies = many;
        run.thresholds[0].name = "x".repeat(200);
        for text in [render(&fixture::run(), false), render(&run, false), render(&fixture::empty(), false)] {
            for line in text.lines() {
                assert!(columns(line) <= 100, "{} columns: {line}", columns(line));
                assert!(!line.contains("NaN") && !line.contains('\u{1b}'), "{line}");
            }
        }
    }

    #[test]
    fn the_verdict_comes_last_and_details_only_where_they_are_asked_for() {
        let short = render_as(&fixture::run(), Look::PLAIN);
        let long = render(&fixture::run(), false);
        let order = [
            "What the application saw",
            "What KMS saw",
            "Busiest second",
            "Thresholds",
            "Cautions",
            "seed 7",
            "\nANSWER `cached`: ",
            "\nSURE   ",
            "\nNEXT   ",
        ];
        let at = |part: &str| long.find(part).unwrap_or_else(|| panic!("{part} is missing in\n{long}"));
        assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{long}");
        for detail in ["Busiest second", "Thresholds", "Cautions"] {
            assert!(!short.contains(detail), "{short}");
        }
        assert!(short.contains("2 cautions: retry-storm, cache-exposure (-v tells them"), "{short}");
        assert!(
            short.lines().all(|line| line.starts_with('!') || long.lines().any(|each| each == line)),
            "{short}"
        );
        assert!(
            short.lines().rev().find(|line| !line.starts_with(' ')).is_some_and(|l| l.starts_with("NEXT   "))
        );
    }

    #[test]
    fn it_fits_terminals_from_sixty_columns_and_cuts_no_figure() {
        for width in [60, 70, 80, 120, 160] {
            for verbose in [false, true] {
                let text = render_as(&fixture::run(), Look { width, verbose, ..Look::PLAIN });
                for line in text.lines() {
                    assert!(columns(line) <= width, "{} columns: {line}", columns(line));
                }
                let wide = tables::application(&fixture::run());
                for cell in wide.rows.iter().flatten() {
                    assert!(text.contains(&cell.text), "{width}: {} is cut in\n{text}", cell.text);
                }
            }
        }
    }

    #[test]
    fn in_ascii_every_character_is() {
        let mut run = fixture::run();
        run.strategies[0].name = "é–naïve".into();
        for width in [60, 100] {
            let text = render_as(&run, Look { width, ascii: true, verbose: true, ..Look::PLAIN });
            assert!(text.is_ascii(), "{text}");
            assert!(text.lines().all(|line| line.len() <= width), "{text}");
        }
    }

    #[test]
    fn a_number_and_its_unit_are_not_parted() {
        let lines = wrapped("so many as 22.4 % fail within 2.02 s here", 15, Look::PLAIN);
        assert_eq!(lines, ["so many as", "22.4 % fail", "within 2.02 s", "here"]);
    }

    #[test]
    fn what_is_written_without_spaces_is_broken_between_wide_characters() {
        let text = "`retry` の再試行は、いつ止まりますか。";
        let lines = wrapped(text, 16, Look::PLAIN);
        assert_eq!(lines, ["`retry` の再試行", "は、いつ止まりま", "すか。"]);
        assert_eq!(wrapped("再試行。", 6, Look::PLAIN), ["再試", "行。"], "no line begins with a mark");
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
    }

    #[test]
    fn what_cannot_be_told_has_its_remedy_beside_it() {
        let mut run = fixture::run();
        run.thresholds[0].verdict = Verdict::CannotTell;
        run.thresholds[0].remedy = Some("About 12 trials would settle it.".into());
        let text = render(&run, false);
        let rest = text.split("? cannot tell").nth(1).expect("the row");
        assert!(
            rest.lines().nth(1).is_some_and(|line| line.trim() == "→ About 12 trials would settle it."),
            "{text}"
        );
    }

    #[test]
    fn colour_is_only_paint() {
        let painted = render(&fixture::run(), true);
        assert!(painted.contains("\u{1b}[32m"));
        let mut plain = painted;
        for code in ["0", "1", "2", "31", "32", "33"] {
            plain = plain.replace(&format!("\u{1b}[{code}m"), "");
        }
        assert_eq!(plain, render(&fixture::run(), false));
    }
}
