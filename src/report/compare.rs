//! Runs side by side: one table of differences, as text, Markdown, HTML and JUnit.

use super::format::{NONE, clip, fixed, milliseconds, named, number, percent, usd};
use super::look::Look;
use super::paint::Tone;
use super::table::{Cell, Table, escape_markdown};
use super::text::wrapped;
use crate::results::compare::{Comparison, Difference, Figure, How, Outcome, Rule};
use std::fmt::Write as _;

/// Changed fields that are shown before the rest is counted.
const MOST_CHANGES: usize = 8;

impl From<Outcome> for Tone {
    fn from(outcome: Outcome) -> Tone {
        match outcome {
            Outcome::Better => Tone::Good,
            Outcome::Worse => Tone::Bad,
            Outcome::Same => Tone::Plain,
            Outcome::CannotTell => Tone::Unsure,
        }
    }
}

/// The verdict in a word or two.
pub const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Better => "better",
        Outcome::Worse => "worse",
        Outcome::Same => "same",
        Outcome::CannotTell => "cannot tell",
    }
}

/// A figure as people read it.
pub fn shown(figure: Figure, value: f64) -> String {
    match figure {
        Figure::Success | Figure::Throttled => percent(value),
        Figure::Goodput => format!("{}/s", number(value)),
        Figure::P50 | Figure::P99 => milliseconds(value),
        Figure::Attempts => format!("{}×", fixed(value, 2)),
        Figure::DoneAfter => format!("{} s", number(value)),
        Figure::Cost => usd(value),
    }
}

/// A difference beside `a`: in percent, of shares in points.
fn beside(difference: &Difference, value: Option<f64>) -> String {
    let relative = value.and_then(|value| difference.relative(value));
    let Some(relative) = relative.filter(|value| value.is_finite()) else { return NONE.into() };
    let unit = if difference.figure.is_share() { " pt" } else { " %" };
    let hundred = relative * 100.0;
    let decimals = if hundred.abs() < 10.0 { 2 } else { 1 };
    let sign = if hundred > 0.0 { "+" } else { "" };
    format!("{sign}{}{unit}", fixed(hundred, decimals))
}

/// Every difference, a row each.
pub fn table(comparison: &Comparison) -> Table {
    let heads = ["strategy", "<figure", "A", "B", "difference", "from", "to", "<verdict"];
    let name = |difference: &Difference| {
        vec![Cell::from(difference.strategy.clone()), difference.figure.word().into()]
    };
    table_of(comparison, &heads, name)
}

/// The same where it has to be cut into blocks: each of them begins with what its rows are about.
fn narrow_table(comparison: &Comparison) -> Table {
    let heads = ["figure", "A", "B", "difference", "from", "to", "<verdict"];
    let name = |difference: &Difference| {
        vec![Cell::from(format!("{} of {}", difference.figure.word(), difference.strategy))]
    };
    table_of(comparison, &heads, name)
}

fn table_of(comparison: &Comparison, heads: &[&str], name: impl Fn(&Difference) -> Vec<Cell>) -> Table {
    let mut table = Table::new("Differences, B beside A", heads);
    for difference in &comparison.differences {
        table.row(name(difference).into_iter().chain([
            shown(difference.figure, difference.a).into(),
            shown(difference.figure, difference.b).into(),
            beside(difference, Some(difference.difference)).into(),
            beside(difference, difference.low).into(),
            beside(difference, difference.high).into(),
            Cell::from(word(difference.verdict)).in_tone(difference.verdict.into()),
        ]));
    }
    table
}

/// What the whole comes to: what is better and what is worse, by strategy.
pub fn headline(comparison: &Comparison) -> String {
    let of = |wanted: Outcome| {
        let found = comparison.differences.iter().filter(|difference| difference.verdict == wanted);
        let each = found.map(|d| {
            format!("{} of {} ({})", d.figure.word(), named(&d.strategy), beside(d, Some(d.difference)))
        });
        each.collect::<Vec<String>>()
    };
    let (better, worse) = (of(Outcome::Better), of(Outcome::Worse));
    let told = match (better.is_empty(), worse.is_empty()) {
        (true, true) if comparison.differences.iter().all(|d| d.verdict == Outcome::Same) => {
            "nothing differs by what is worth a word".to_owned()
        }
        (true, true) => "no difference that chance could not have made".to_owned(),
        (false, true) => format!("better: {}", listed(&better)),
        (true, false) => format!("worse: {}", listed(&worse)),
        (false, false) => format!("worse: {}; better: {}", listed(&worse), listed(&better)),
    };
    format!("{} beside {}: {told}.", comparison.b.label, comparison.a.label)
}

fn listed(all: &[String]) -> String {
    const MAX_NAMED: usize = 4;
    match all.len() {
        0..=MAX_NAMED => all.join(", "),
        many => format!("{} and {} more", all[..MAX_NAMED].join(", "), many - MAX_NAMED),
    }
}

/// How chance was told from the rest, and what else a reader has to know.
pub fn notes(comparison: &Comparison) -> Vec<String> {
    let (a, b) = (&comparison.a, &comparison.b);
    let mut said = vec![match comparison.how {
        How::Paired => format!("Both met the same jobs (seed {}): compared trial by trial.", a.seed),
        How::Trials => format!("Seeds {} and {}: trials against trials, which met different jobs.", a.seed, b.seed),
        How::Intervals => "Compared interval by interval, by effective sample sizes: neither every difference of the weather \
                           nor of the machine is in an interval of one run."
            .to_owned(),
    }];
    said.push("The intervals hold for all rows together, 95 % sure; shares in points.".into());
    let missing = |names: &[String], label: &str| {
        (!names.is_empty()).then(|| {
            format!("Only in {label}: {}.", names.iter().map(|n| named(n)).collect::<Vec<_>>().join(", "))
        })
    };
    said.extend(missing(&comparison.only_a, &a.label));
    said.extend(missing(&comparison.only_b, &b.label));
    let changed = comparison.changed.iter().filter(|change| change.path != "seed");
    let all: Vec<String> =
        changed.map(|c| format!("{}: {} → {}", c.path, clip(&c.a, 60), clip(&c.b, 60))).collect();
    if !all.is_empty() {
        let rest = all.len().saturating_sub(MOST_CHANGES);
        let more = if rest > 0 { format!("; and {rest} more") } else { String::new() };
        said.push(format!("The scenario differs: {}{more}.", all[..all.len() - rest].join("; ")));
    }
    said
}

/// Which rules are broken, a sentence each.
pub fn broken(comparison: &Comparison, rules: &[Rule]) -> Vec<String> {
    let of = |rule: &Rule| {
        let each = rule.broken(comparison).map(|difference| {
            format!(
                "{}: {} of {} is worse by {} ({} beside {})",
                rule.text,
                difference.figure.word(),
                named(&difference.strategy),
                beside(difference, Some(difference.difference)).trim_start_matches(['+', '-']),
                shown(difference.figure, difference.b),
                shown(difference.figure, difference.a)
            )
        });
        each.collect::<Vec<String>>()
    };
    rules.iter().flat_map(of).collect()
}

/// For a terminal.
pub fn text(comparison: &Comparison, rules: &[Rule], look: Look) -> String {
    let Look { width, paint, .. } = look;
    let mut out = String::new();
    for line in wrapped(&headline(comparison), width, look) {
        let _ = writeln!(out, "{}", paint.bold(&line));
    }
    out += "\n";
    let whole = table(comparison);
    let drawn = if whole.fits(look) { whole } else { narrow_table(comparison) };
    out += &drawn.to_text(look);
    out += "\n";
    for note in notes(comparison) {
        for (index, line) in wrapped(&note, width - 4, look).into_iter().enumerate() {
            let _ = writeln!(out, "  {} {line}", if index == 0 { look.words("·") } else { " ".into() });
        }
    }
    for sentence in broken(comparison, rules) {
        let _ = writeln!(out, "{} {sentence}", paint.tone(&look.words("✗"), Tone::Bad));
    }
    out
}

/// For a pull request.
pub fn markdown(comparison: &Comparison, rules: &[Rule]) -> String {
    let mut out = format!("### {}\n\n", escape_markdown(&headline(comparison)));
    for sentence in broken(comparison, rules) {
        let _ = writeln!(out, "- ✗ {}", escape_markdown(&sentence));
    }
    if !broken(comparison, rules).is_empty() {
        out += "\n";
    }
    out += &table(comparison).to_markdown();
    out += "\n";
    for note in notes(comparison) {
        let _ = writeln!(out, "- {}", escape_markdown(&note));
    }
    out
}

/// For a CI server: a suite for each comparison, a case for each difference; those that break a rule have failed.
pub fn junit(comparisons: &[(Comparison, Vec<Rule>)]) -> String {
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"keystorm compare\">\n");
    for (comparison, rules) in comparisons {
        let name = format!("{} beside {}", comparison.b.label, comparison.a.label);
        let failed: Vec<&Difference> = rules.iter().flat_map(|rule| rule.broken(comparison)).collect();
        let is_failed = |difference: &Difference| failed.contains(&difference);
        let failures = comparison.differences.iter().filter(|difference| is_failed(difference)).count();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\">",
            xml(&name),
            comparison.differences.len()
        );
        for difference in &comparison.differences {
            let told = format!(
                "{} → {}, {} ({} to {}): {}",
                shown(difference.figure, difference.a),
                shown(difference.figure, difference.b),
                beside(difference, Some(difference.difference)),
                beside(difference, difference.low),
                beside(difference, difference.high),
                word(difference.verdict)
            );
            let _ = write!(
                out,
                "    <testcase classname=\"{}\" name=\"{}\">",
                xml(&difference.strategy),
                difference.figure.word()
            );
            let _ = match is_failed(difference) {
                true => write!(out, "<failure message=\"{}\"/>", xml(&told)),
                false => write!(out, "<system-out>{}</system-out>", xml(&told)),
            };
            out += "</testcase>\n";
        }
        out += "  </testsuite>\n";
    }
    out + "</testsuites>\n"
}

/// Text inside XML; what XML cannot hold is left out.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n')) {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            c => out.push(c),
        }
    }
    out
}
