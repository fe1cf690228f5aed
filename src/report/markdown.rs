//! `report.md`: one page to paste into a ticket.

use super::format::counted;
use super::table::{Table, escape_markdown, markdown_sentence};
use super::{charts, figures, tables, vantage, verdict};
use crate::results::Run;

/// Assumptions shown before the reader is sent to the full report.
const SHOWN: usize = 8;

/// The page: what fits a ticket. All the rest is in `report.html`.
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
    if let Some(chart) = charts::comparison(run) {
        out += &format!("\n![{}](charts/{}.svg)\n", escape_markdown(&chart.title), chart.id);
    }
    bullets(&mut out, "Where attempts went", vantage::sentences(run));
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
    let cautions = match run.cautions.len() {
        0 => String::new(),
        some => format!(" It has {} too.", counted(some as u64, "caution")),
    };
    format!(
        "\n## Where this comes from\n\n\
         {} {}, target {}, Region {}, seed {}, scenario {}. Thresholds, pools, costs and the scenario stand in report.html.{cautions}\n\n\
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
    fn a_ticket_gets_the_answer_one_table_one_chart_assumptions_and_provenance() {
        let page = render(&fixture::run());
        let parts = [
            "# retry-storm",
            "- **ANSWER** `cached`: ",
            "- **SURE** ",
            "- **NEXT** `keystorm ",
            "## Figures",
            "](charts/strategies.svg)",
            "## Assumed",
            "Region eu-central-1, seed 7",
            "It has 2 cautions too.",
            "keystorm run retry-storm.yaml --seed 7",
        ];
        let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part} is missing in\n{page}"));
        assert!(parts.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{page}");
        assert_eq!(page.matches("| --- |").count(), 1, "one table: {page}");
        assert!(page.lines().count() <= 40, "{} lines", page.lines().count());
        let files = crate::report::files(&fixture::run());
        assert!(files.iter().any(|(name, _)| name == "charts/strategies.svg"), "the chart lies beside it");
    }

    #[test]
    fn names_cannot_break_out_of_their_cell() {
        let mut run = fixture::run();
        run.strategies[0].name = "<b>|`x".into();
        assert!(render(&run).contains("| \\<b\\>\\|\\`x |"));
    }
}
