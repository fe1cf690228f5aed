//! The summary on a terminal: at most [`WIDTH`] columns, the verdict first.

use super::figures;
use super::format::{clip, count, counted};
use super::paint::{Paint, Tone};
use super::table::Table;
use super::{tables, vantage, verdict};
use crate::results::Run;

/// Columns that no line exceeds.
pub const WIDTH: usize = 100;

/// The whole summary. `colour` paints it for a terminal; the words are the same without.
pub fn render(run: &Run, colour: bool) -> String {
    let paint = Paint { colour };
    let mut out = String::new();
    title(&mut out, run, paint);
    judgement(&mut out, run, paint);
    older(&mut out, run, paint);
    trials_until(&mut out, run);
    section(&mut out, &tables::application(run), paint);
    section(&mut out, &tables::service(run), paint);
    section(&mut out, &tables::costs(run), paint);
    section(&mut out, &tables::pools(run), paint);
    if run.wall.is_some() {
        section(&mut out, &tables::waits(run), paint);
        section(&mut out, &vantage::generator(run), paint);
        section(&mut out, &vantage::refusals(run), paint);
        where_from(&mut out, run, paint);
    }
    thresholds(&mut out, run, paint);
    cautions(&mut out, run, paint);
    footer(&mut out, run, paint);
    out
}

fn title(out: &mut String, run: &Run, paint: Paint) {
    line(out, &paint.bold(&clip(&run.name, WIDTH)));
    for text in wrapped(&run.question, WIDTH - 2) {
        line(out, &format!("  {}", paint.tone(&text, Tone::Quiet)));
    }
    line(out, "");
}

fn judgement(out: &mut String, run: &Run, paint: Paint) {
    let judged = verdict::judge(run);
    let mark = match judged.tone {
        Tone::Good => "✓",
        Tone::Bad => "✗",
        _ => "●",
    };
    for (index, text) in wrapped(&judged.headline, WIDTH - 2).into_iter().enumerate() {
        let mark = if index == 0 { paint.tone(mark, judged.tone) } else { " ".into() };
        line(out, &format!("{mark} {}", paint.bold(&text)));
    }
    for sentence in &judged.because {
        for (index, text) in wrapped(sentence, WIDTH - 4).into_iter().enumerate() {
            line(out, &format!("  {} {text}", if index == 0 { "·" } else { " " }));
        }
    }
}

fn section(out: &mut String, table: &Table, paint: Paint) {
    if table.rows.is_empty() {
        return;
    }
    line(out, "");
    line(out, &paint.bold(&table.caption));
    out.push_str(&table.to_text(WIDTH, paint));
}

/// That the figures have other meanings, if they have.
fn older(out: &mut String, run: &Run, paint: Paint) {
    let sentence = figures::older(run).unwrap_or_default();
    for (index, text) in wrapped(&sentence, WIDTH - 2).into_iter().enumerate() {
        let mark = if index == 0 { paint.tone("!", Tone::Unsure) } else { " ".into() };
        line(out, &format!("{mark} {text}"));
    }
}

/// How many trials there are, and why, if that was left to the intervals.
fn trials_until(out: &mut String, run: &Run) {
    let sentence = figures::trials_until(run).unwrap_or_default();
    for (index, text) in wrapped(&sentence, WIDTH - 4).into_iter().enumerate() {
        line(out, &format!("  {} {text}", if index == 0 { "·" } else { " " }));
    }
}

/// Where attempts went, and from where.
fn where_from(out: &mut String, run: &Run, paint: Paint) {
    line(out, "");
    line(out, &paint.bold("Where attempts went"));
    for sentence in vantage::sentences(run) {
        for (index, text) in wrapped(&sentence, WIDTH - 4).into_iter().enumerate() {
            line(out, &format!("  {} {text}", if index == 0 { "·" } else { " " }));
        }
    }
}

/// Each threshold once, under it how every strategy fared.
fn thresholds(out: &mut String, run: &Run, paint: Paint) {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for t in &run.thresholds {
        if !seen.contains(&(&t.name, &t.expression)) {
            seen.push((&t.name, &t.expression));
        }
    }
    if seen.is_empty() {
        return;
    }
    line(out, "");
    line(out, &paint.bold("Thresholds"));
    for (name, expression) in seen {
        line(out, &clip(&format!("  {name} {expression}"), WIDTH));
        for t in run.thresholds.iter().filter(|t| t.name == name && t.expression == expression) {
            let value = figures::found(t);
            let word = figures::verdict_word(t.verdict);
            let mark = match Tone::from(t.verdict) {
                Tone::Good => "✓",
                Tone::Bad => "✗",
                _ => "?",
            };
            let verdict = paint.tone(&format!("{mark} {word:<11}"), t.verdict.into());
            line(out, &format!("    {verdict} {:>17}  {}", clip(&value, 17), clip(&t.strategy, 60)));
            for (index, text) in
                wrapped(t.remedy.as_deref().unwrap_or_default(), WIDTH - 8).into_iter().enumerate()
            {
                line(out, &format!("      {} {text}", if index == 0 { "→" } else { " " }));
            }
        }
    }
}

fn cautions(out: &mut String, run: &Run, paint: Paint) {
    if run.cautions.is_empty() {
        return;
    }
    line(out, "");
    line(out, &paint.bold("Cautions"));
    for (index, caution) in run.cautions.iter().enumerate() {
        if run.cautions[..index].iter().any(|earlier| earlier.kind == caution.kind) {
            continue;
        }
        // The same remedy once, after every strategy that it is for.
        for alike in run.cautions[index..].iter().filter(|later| later.kind == caution.kind) {
            let who = if alike.strategy.is_empty() { String::new() } else { format!("{}: ", alike.strategy) };
            for (index, text) in
                wrapped(&format!("{who}{}", alike.symptom), WIDTH - 4).into_iter().enumerate()
            {
                let mark = if index == 0 { paint.tone("!", Tone::Unsure) } else { " ".into() };
                line(out, &format!("  {mark} {text}"));
            }
        }
        for (index, text) in wrapped(&caution.remedy, WIDTH - 6).into_iter().enumerate() {
            line(out, &format!("    {} {text}", if index == 0 { "→" } else { " " }));
        }
    }
}

fn footer(out: &mut String, run: &Run, paint: Paint) {
    line(out, "");
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
        format!("{} jobs offered", count(run.strategies.iter().map(|s| s.jobs.offered).sum())),
        format!("scenario {}", run.scenario_hash),
        assumed,
    ];
    for text in wrapped(&parts.join(" · "), WIDTH) {
        line(out, &paint.tone(&text, Tone::Quiet));
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

/// `text` in lines of at most `width` characters, broken between words; a longer word is cut.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = clip(word, width);
        match lines.last_mut() {
            Some(last) if last.chars().count() + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::results::{Attempts, Verdict};

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
        run.strategies = many;
        run.thresholds[0].name = "x".repeat(200);
        for text in [render(&fixture::run(), false), render(&run, false), render(&fixture::empty(), false)] {
            for line in text.lines() {
                assert!(line.chars().count() <= WIDTH, "{} columns: {line}", line.chars().count());
                assert!(!line.contains("NaN") && !line.contains('\u{1b}'), "{line}");
            }
        }
    }

    #[test]
    fn the_verdict_comes_before_any_figure() {
        let text = render(&fixture::run(), false);
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} is missing in\n{text}"));
        let order = [
            "Only `cached` met",
            "What the application saw",
            "What KMS saw",
            "Busiest second",
            "Thresholds",
            "Cautions",
            "seed 7",
        ];
        assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{text}");
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
