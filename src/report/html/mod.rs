//! `report.html`: one page that opens from disk, needs no network, and reads well on white, on black, on paper and
//! without a mouse.
//!
//! The order is the reader's: what follows from the run, the figures, how they came about, what was asked.

mod charts;
mod style;
mod table;

use super::{figures, format, tables, vantage, verdict};
use crate::results::Run;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use table::shown;

/// The page.
pub fn render(run: &Run) -> String {
    let sections = sections(run);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (run.name) " · " (run.tool.name) }
                style { (PreEscaped(style::sheet())) }
            }
            body {
                a.skip href="#verdict" { "Skip to the verdict" }
                (header(run))
                main {
                    (judgement(run))
                    (contents(run, &sections))
                    @for section in &sections {
                        section aria-labelledby=(section.id) {
                            h2 id=(section.id) { (section.title) }
                            (section.body)
                        }
                    }
                }
                (footer(run))
            }
        }
    };
    page.into_string()
}

/// A part of the page under a heading.
struct Section {
    id: &'static str,
    title: &'static str,
    body: Markup,
}

/// Every section that has something to show, in order.
fn sections(run: &Run) -> Vec<Section> {
    let all = [
        ("figures", "Key figures", key_figures(run)),
        ("beside", "Beside the answer", beside(run)),
        ("comparison", "Strategies compared", charts::comparison(run)),
        ("response", "Response time", charts::response(run)),
        ("timeline", "Over time", charts::timelines(run)),
        ("pools", "Quota pools", charts::pools(run)),
        ("vantage", "Where attempts went", where_from(run)),
        ("operations", "By operation", shown(&tables::operations(run))),
        ("parts", "By workload and stage", parts(run)),
        ("failures", "How jobs failed", shown(&tables::failures(run))),
        ("data-keys", "Data keys", shown(&tables::data_keys(run))),
        ("thresholds", "Thresholds", shown(&tables::thresholds(run))),
        ("cautions", "Cautions", cautions(run)),
        ("assumptions", "Assumptions", assumptions(run)),
        ("scenario", "Scenario", scenario(run)),
    ];
    let section = |(id, title, body)| Section { id, title, body };
    all.into_iter().map(section).filter(|section| !section.body.0.is_empty()).collect()
}

fn header(run: &Run) -> Markup {
    html! {
        header {
            h1 { (run.name) }
            @if !run.question.is_empty() { p.question { (run.question) } }
        }
    }
}

/// What the page is about and where on it, below the answer.
fn contents(run: &Run, sections: &[Section]) -> Markup {
    let trials = run.strategies.iter().map(|s| s.trials).max().unwrap_or(0);
    html! {
        ul.facts {
            li { "target " b { (run.target) } }
            li { "Region " b { (run.region) } }
            li { "seed " b { (run.seed) } }
            li { "trials " b { (trials) } }
            li { "strategies " b { (run.strategies.len()) } }
        }
        nav aria-label="Sections" { ul {
            @for section in sections { li { a href={ "#" (section.id) } { (section.title) } } }
        } }
    }
}

fn judgement(run: &Run) -> Markup {
    let judged = verdict::judge(run);
    html! {
        section.verdict.(table::tone(judged.tone).unwrap_or("plain")) aria-labelledby="verdict" {
            h2.unseen id="verdict" tabindex="-1" { "Verdict" }
            dl {
                @for (label, text) in judged.lines() {
                    div.(label.to_lowercase()) { dt { (label) } dd { (sentence(text)) } }
                }
            }
        }
    }
}

/// A sentence whose names and commands are set off.
fn sentence(text: &str) -> Markup {
    html! {
        @for (is_set_off, piece) in format::pieces(text) {
            @if is_set_off { code { (piece) } } @else { (piece) }
        }
    }
}

/// What the three lines leave out.
fn beside(run: &Run) -> Markup {
    let because = verdict::judge(run).because;
    html! {
        @if !because.is_empty() { ul { @for each in &because { li { (sentence(each)) } } } }
    }
}

fn key_figures(run: &Run) -> Markup {
    html! {
        @if let Some(sentence) = figures::older(run) { p.note { (sentence) } }
        @if let Some(sentence) = figures::trials_until(run) { p.note { (sentence) } }
        (shown(&tables::headline(run)))
        (shown(&tables::costs(run)))
        @if !run.strategies.is_empty() {
            p.note {
                "Rates count what happens inside the window; the other figures are of the jobs whose intended start lies in it. "
                "Throttled: share of attempts refused for an exhausted quota. Faults: service errors. Timeouts: attempts "
                "without an answer in time. p50 and p99 are of completed jobs. Units failed: share of VUs (closed load) or clients (open "
                "load) with at least one job that was not completed. Costs assume that refused attempts are free."
            }
        }
    }
}

/// Where the attempts of a live run went, from where, and how the harness kept up; nothing for a simulated one.
fn where_from(run: &Run) -> Markup {
    html! {
        @if run.wall.is_some() {
            ul { @for each in vantage::sentences(run) { li { (sentence(&each)) } } }
            (shown(&vantage::generator(run)))
            (shown(&vantage::refusals(run)))
        }
    }
}

fn parts(run: &Run) -> Markup {
    html! {
        (shown(&tables::parts(run, "By workload, jobs of the window", |s| &s.workloads)))
        (shown(&tables::parts(run, "By stage, jobs of the window", |s| &s.stages)))
    }
}

fn cautions(run: &Run) -> Markup {
    html! {
        @if !run.cautions.is_empty() {
            ul.cautions {
                @for caution in &run.cautions {
                    li {
                        p { (sentence(&figures::whose(caution))) }
                        p { "→ " (sentence(&caution.remedy)) }
                    }
                }
            }
        }
    }
}

fn assumptions(run: &Run) -> Markup {
    html! {
        @if !run.assumptions.is_empty() {
            ul.assumed {
                @for each in &run.assumptions { li { span.tag { "assumed" } (sentence(each)) } }
            }
        }
    }
}

fn scenario(run: &Run) -> Markup {
    let yaml = serde_yaml::to_string(&run.scenario).unwrap_or_else(|_| format!("{:#}", run.scenario));
    html! {
        p.note { "Every default filled in. Saved as a file, it runs again with " code { (figures::reproduce(run)) } "." }
        details open {
            summary { "The resolved scenario" }
            pre tabindex="0" { code { (yaml) } }
        }
    }
}

fn footer(run: &Run) -> Markup {
    html! {
        footer {
            p {
                (run.tool.name) " " (run.tool.version) " · seed " (run.seed) " · scenario " code { (run.scenario_hash) }
                " · target " (run.target) " · Region " (run.region) " · " (run.schema)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_verdict_comes_first_and_the_scenario_last() {
        let page = render(&fixture::run());
        let order = [
            "id=\"verdict\"",
            "id=\"figures\"",
            "id=\"beside\"",
            "id=\"comparison\"",
            "id=\"response\"",
            "id=\"timeline\"",
            "id=\"pools\"",
            "id=\"operations\"",
            "id=\"parts\"",
            "id=\"failures\"",
            "id=\"data-keys\"",
            "id=\"thresholds\"",
            "id=\"cautions\"",
            "id=\"assumptions\"",
            "id=\"scenario\"",
            "<footer>",
        ];
        let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part} is missing"));
        assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])));
    }

    #[test]
    fn nothing_in_the_page_points_outside_it() {
        let page = render(&fixture::run());
        for part in ["src=", "href=\"http", "url(", "@import", "<script", "<link", "http:", "https:"] {
            assert!(!page.contains(part), "{part}");
        }
    }

    #[test]
    fn names_and_questions_are_shown_not_run() {
        let mut run = fixture::run();
        run.strategies[0].name = "<b>".into();
        run.name = "</title><script>".into();
        run.question = "\"><img>".into();
        run.cautions[0].symptom = "<i>".into();
        let page = render(&run);
        assert!(page.contains("&lt;b&gt;") && page.contains("&lt;i&gt;"));
        for part in ["<b>&", "<b></th>", "<script>", "<img>", "<i>"] {
            assert!(!page.contains(part), "{part}");
        }
    }

    #[test]
    fn every_strategy_figure_and_table_is_named() {
        let page = render(&fixture::run());
        for name in ["naive", "full-jitter", "cached"] {
            assert!(page.contains(&format!("<th scope=\"row\">{name}</th>")), "{name}");
        }
        let count = |part: &str| page.matches(part).count();
        assert_eq!(count("<table>"), count("<caption>"));
        assert_eq!(count("<svg "), count("role=\"img\""));
        assert!(!page.contains("<th>"), "every heading has its scope");
    }

    #[test]
    fn every_id_is_there_once_and_every_link_finds_its_place() {
        let page = render(&fixture::run());
        let mut ids: Vec<&str> =
            page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&target), "{target}");
        }
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }

    #[test]
    fn a_run_in_which_nothing_happened_is_still_a_page() {
        let page = render(&fixture::empty());
        assert!(page.contains("nothing to judge") && page.contains("idle") && !page.contains("<svg"));
    }
}
