//! `report.md`: one page to paste into a ticket.

use super::table::{Table, escape_markdown, markdown_sentence};
use super::{figures, tables, vantage, verdict};
use crate::results::Run;

/// Cautions and assumptions shown before the reader is sent to the full report.
const SHOWN: usize = 8;

/// The page.
pub fn render(run: &Run) -> String {
    let judged = verdict::judge(run);
    let mut out = format!("# {}\n\n", escape_markdown(&run.name));
    if !run.question.is_empty() {
        out += &format!("> {}\n\n", escape_markdown(&run.question));
    }
    for (label, text) in judged.lines() {
        out += &format!("- **{label}** {}\n", markdown_sentence(text));
    }
    if let Some(sentence) = figures::older(run) {
        out += &format!("\n{}\n", escape_markdown(&sentence));
    }
    if let Some(sentence) = figures::trials_until(run) {
        out += &format!("\n{}\n", escape_markdown(&sentence));
    }
    section(&mut out, "Figures in the window", &tables::headline(run));
    section(&mut out, "Cost of the whole run", &tables::costs(run));
    section(&mut out, "Thresholds", &tables::thresholds(run));
    section(&mut out, "Peak against quota, whole run", &tables::pools(run));
    if run.wall.is_some() {
        section(&mut out, "Service time and lateness", &tables::waits(run));
        section(&mut out, "The harness", &vantage::generator(run));
        section(&mut out, "Refusals", &vantage::refusals(run));
        bullets(&mut out, "Where attempts went", vantage::sentences(run));
    }
    let cautions = run.cautions.iter().map(|c| format!("{} → {}", figures::whose(c), c.remedy));
    bullets(&mut out, "Cautions", cautions.collect());
    bullets(&mut out, "Assumed", run.assumptions.clone());
    out += &provenance(run);
    out
}

fn section(out: &mut String, title: &str, table: &Table) {
    if !table.rows.is_empty() {
        *out += &format!("\n## {title}\n\n{}", table.without_zeros().to_markdown());
    }
}

fn bullets(out: &mut String, title: &str, sentences: Vec<String>) {
    if sentences.is_empty() {
        return;
    }
    *out += &format!("\n## {title}\n\n");
    for sentence in sentences.iter().take(SHOWN) {
        *out += &format!("- {}\n", markdown_sentence(sentence));
    }
    if sentences.len() > SHOWN {
        *out += &format!("- and {} more, in report.html\n", sentences.len() - SHOWN);
    }
}

fn provenance(run: &Run) -> String {
    format!(
        "\n## Where this comes from\n\n\
         {} {}, target {}, Region {}, seed {}, scenario {}.\n\
         With the resolved scenario (the last section of report.html) saved as a file:\n\n\
         ```\n{}\n```\n",
        escape_markdown(&run.tool.name),
        escape_markdown(&run.tool.version),
        escape_markdown(&run.target),
        escape_markdown(&run.region),
        run.seed,
        escape_markdown(&run.scenario_hash),
        figures::reproduce(run).replace(['`', '\n', '\r'], " "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_ticket_gets_verdict_figures_quota_assumptions_and_provenance_in_one_page() {
        let page = render(&fixture::run());
        let parts = [
            "# retry-storm",
            "- **ANSWER** `cached`: ",
            "- **SURE** ",
            "- **NEXT** `keystorm ",
            "## Figures",
            "## Thresholds",
            "## Peak against quota",
            "## Cautions",
            "## Assumed",
            "seed 7, scenario ",
            "keystorm run retry-storm.yaml --seed 7",
        ];
        let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part} is missing in\n{page}"));
        assert!(parts.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{page}");
        assert!(page.lines().count() <= 70, "{} lines", page.lines().count());
    }

    #[test]
    fn names_cannot_break_out_of_their_cell() {
        let mut run = fixture::run();
        run.strategies[0].name = "<b>|`x".into();
        assert!(render(&run).contains("| \\<b\\>\\|\\`x |"));
    }
}
