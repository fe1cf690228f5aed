//! `report.html`: one page that opens from disk, needs no network, and reads well on white, on black, on paper, on a
//! phone and without a mouse.
//!
//! The order is the reader's: what follows from the run, what was compared, the figures, how they came about, and,
//! folded, all the rest. Every chart is a picture that the page's script (`page.js`) draws again from the numbers in the
//! page, to be touched; without the script, and on paper, the picture stands.

mod charts;
pub mod compare;
mod details;
mod document;
mod listing;
mod live;
mod numbers;
mod page;
mod pools;
mod sentence;
mod strategies;
mod style;
pub mod sweep;
mod table;
mod thresholds;

use super::charts::{Overlay, overview};
use super::{figures, tables, verdict};
use crate::results::Run;
use document::document;
pub use listing::{Listed, listing};
pub use live::{LiveTitle, live_numbers, live_page};
use maud::{Markup, PreEscaped, html};
pub use page::page;
use table::shown;

/// The page's script.
const SCRIPT: &str = include_str!("page.js");

/// What the page may do: nothing but draw itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// When, where and by which command a page was drawn: for those who want it on the page, whose bytes then are its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// By the wall clock, ISO 8601 in UTC.
    pub drawn_at: String,
    /// The machine's name.
    pub host: String,
    /// The command line.
    pub command: String,
}

/// The page: the same bytes for the same run.
pub fn render(run: &Run) -> String {
    stamped(run, None)
}

/// The page, with a stamp if there is one.
pub fn stamped(run: &Run, stamp: Option<&Stamp>) -> String {
    let overlays = overview(run);
    let mut drawn = overlays.clone();
    drawn.extend(super::charts::other_pools(run));
    let places = places(run, &overlays);
    let body = html! {
        a.skip href="#verdict" { "Skip to the verdict" }
        (header(run))
        main { (judgement(run, &places)) (dashboard(run, &overlays, &places)) }
        (footer(run, stamp))
        script type="application/json" id="numbers" { (PreEscaped(numbers::json(run, &drawn))) }
        script { (PreEscaped(SCRIPT)) }
    };
    document(&format!("{} · {}", run.name, run.tool.name), POLICY, body)
}

/// The ids that sentences may link to.
fn places(run: &Run, overlays: &[Overlay]) -> Vec<String> {
    let curve = (!super::charts::curves(run).is_empty()).then(|| "response-percentiles".to_owned());
    let thresholds = (!run.thresholds.is_empty()).then(|| "thresholds".to_owned());
    overlays.iter().map(|overlay| overlay.id.clone()).chain(curve).chain(thresholds).collect()
}

/// A part of the page under a heading; nothing without anything to show.
fn section(id: &str, title: &str, body: Markup) -> Markup {
    html! {
        @if !body.0.is_empty() {
            section aria-labelledby=(id) { h2 id=(id) { (title) } (body) }
        }
    }
}

fn dashboard(run: &Run, overlays: &[Overlay], places: &[String]) -> Markup {
    let details = details::all(run, places);
    html! {
        (section("strategies", "Strategies", strategies::section(run)))
        (section("figures", "Key figures", key_figures(run)))
        (section("over-time", "Over time", over_time(overlays)))
        div.grid {
            (section("percentiles", "Response time", charts::percentiles(run)))
            (section("kms", "What KMS saw", pools::section(run)))
        }
        (section("thresholds", "Thresholds", thresholds::section(run)))
        (section("details", "Details", details::section(&details)))
    }
}

fn header(run: &Run) -> Markup {
    let trials = run.strategies.iter().map(|s| s.trials).max().unwrap_or(0);
    let facts = [
        ("target", run.target.clone()),
        ("Region", run.region.clone()),
        ("seed", run.seed.to_string()),
        ("trials", trials.to_string()),
    ];
    html! {
        header {
            h1 { (run.name) }
            @if !run.question.is_empty() { p.question { (run.question) } }
            ul.facts {
                @for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) { li { (name) " " b { (value) } } }
                @if let Some(wall) = &run.wall {
                    li { "began " b { (wall.started_at) } }
                    li { "from " b { (wall.vantage.host) } }
                }
            }
        }
    }
}

fn judgement(run: &Run, places: &[String]) -> Markup {
    let judged = verdict::judge(run);
    html! {
        section.verdict.(table::tone(judged.tone).unwrap_or("plain")) aria-labelledby="verdict" {
            h2.unseen id="verdict" tabindex="-1" { "Verdict" }
            dl {
                @for (label, text) in judged.lines() {
                    div.(label.to_lowercase()) { dt { (label) } dd { (sentence::told(run, text, places)) } }
                }
            }
        }
    }
}

fn key_figures(run: &Run) -> Markup {
    html! {
        @if let Some(sentence) = figures::older(run) { p.note { (sentence) } }
        @if let Some(sentence) = figures::trials_until(run) { p.note { (sentence) } }
        (shown(run, &tables::headline(run).without_zeros()))
        @if !run.strategies.is_empty() {
            details.meaning {
                summary { "What these figures mean" }
                p.note {
                    "Rates count what happens inside the window; the other figures are of the jobs whose intended start lies in it. "
                    "Throttled: share of attempts refused for an exhausted quota. Faults: service errors. Timeouts: attempts "
                    "without an answer in time. p50 and p99 are of completed jobs. Costs assume that refused attempts are free."
                }
            }
        }
    }
}

fn over_time(overlays: &[Overlay]) -> Markup {
    html! {
        @if !overlays.is_empty() {
            div.tools hidden {}
            div.grid { @for overlay in overlays { (charts::over_time(overlay)) } }
        }
    }
}

fn footer(run: &Run, stamp: Option<&Stamp>) -> Markup {
    html! {
        footer {
            p {
                (run.tool.name) " " (run.tool.version) " · seed " (run.seed) " · scenario " code { (run.scenario_hash) }
                " · target " (run.target) " · Region " (run.region) " · " (run.schema)
            }
            p { "Again: " code { (figures::reproduce(run)) } }
            @if let Some(wall) = run.wall.as_ref().filter(|wall| !wall.command.is_empty()) {
                p { "Began " (wall.started_at) " on " (wall.vantage.host) " by " code { (wall.command) } }
            }
            @if let Some(stamp) = stamp {
                p { "Drawn " (stamp.drawn_at) " on " (stamp.host) " by " code { (stamp.command) } }
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
            "id=\"strategies\"",
            "id=\"figures\"",
            "id=\"over-time-goodput\"",
            "id=\"over-time-p99\"",
            "id=\"over-time-pool-symmetric\"",
            "id=\"over-time-backlog\"",
            "id=\"response-percentiles\"",
            "id=\"kms\"",
            "id=\"thresholds\"",
            "id=\"details\"",
            "id=\"beside\"",
            "id=\"cautions\"",
            "id=\"each\"",
            "id=\"operations\"",
            "id=\"parts\"",
            "id=\"data-keys\"",
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
        for part in [
            "src=",
            "href=\"http",
            "url(",
            "@import",
            "<link",
            "http:",
            "https:",
            "fetch",
            "XMLHttp",
            "WebSocket",
        ] {
            assert!(!page.contains(part), "{part}");
        }
        assert_eq!(page.matches("<script").count(), 2, "the numbers and the page's own");
        assert!(page.contains("default-src 'none'"));
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
        assert_eq!(page.matches("<script").count(), 2);
        for part in ["<b><b>", "<b></th>", "</title><script>", "<img>", "<i>"] {
            assert!(!page.contains(part), "{part}");
        }
    }

    #[test]
    fn every_strategy_figure_and_table_is_named() {
        let whole = render(&fixture::run());
        let page = whole.split("<script").next().expect("a page before its script");
        for name in ["naive", "full-jitter", "cached"] {
            assert!(page.contains(&format!("</svg>{name}</th>")), "{name}");
        }
        let count = |part: &str| page.matches(part).count();
        assert_eq!(count("<table"), count("<caption>"));
        assert_eq!(count("<svg id="), count("role=\"img\""));
        assert_eq!(count("<svg "), count("role=\"img\"") + count("aria-hidden=\"true\"><path"));
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
        assert!(page.contains("nothing to judge") && page.contains("idle") && !page.contains("<figure"));
    }

    #[test]
    fn a_strategy_is_told_in_words_near_the_top() {
        let page = render(&fixture::run());
        let words = "keeps data keys 5 min, at most 1,000 messages each; never tries again";
        let at = page.find(words).unwrap_or_else(|| panic!("{page}"));
        assert!(at < page.find("id=\"figures\"").expect("key figures"));
    }

    #[test]
    fn only_a_stamped_page_tells_when_where_and_how_it_was_drawn() {
        let stamp = Stamp {
            drawn_at: "2026-11-30T04:00:00Z".into(),
            host: "bench-1".into(),
            command: "keystorm report runs/1 --stamp".into(),
        };
        let (plain, page) = (render(&fixture::run()), stamped(&fixture::run(), Some(&stamp)));
        for part in [&stamp.drawn_at, &stamp.host, &stamp.command] {
            assert!(page.contains(part.as_str()) && !plain.contains(part.as_str()), "{part}");
        }
        for part in ["keystorm 0.1.0", "seed 7", "9f2c51d07be3a846", "keystorm run retry-storm.yaml --seed 7"]
        {
            assert!(plain.contains(part), "{part}");
        }
    }

    #[test]
    fn the_verdict_stands_beside_the_name() {
        let page = render(&fixture::run());
        let table = page.split("id=\"figures\"").nth(1).expect("key figures");
        let heads: Vec<&str> =
            table.split("<th scope=\"col\"").skip(1).filter_map(|t| t.split(['>', '<']).nth(1)).collect();
        assert_eq!(heads[..2], ["strategy", "verdict"]);
    }
}
