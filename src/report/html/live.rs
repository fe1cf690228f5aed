//! The page of a run that is still going: the charts over time of the report, with numbers as they come.

use super::super::charts::Overlay;
use super::document::document;
use super::{SCRIPT, charts, numbers};
use maud::{PreEscaped, html};

/// What the live page may do: draw itself, and ask its own server.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'";

/// The page of the run `title` of these strategies, with what there is to draw so far.
pub fn live_page(title: &str, question: &str, strategies: &[String], overlays: &[Overlay]) -> String {
    let body = html! {
        header { h1 { (title) } @if !question.is_empty() { p.question { (question) } } }
        main {
            section.verdict aria-labelledby="live" {
                h2.unseen id="live" { "State" }
                p.state { output id="state" { "The run begins." } " " button type="button" id="stop" disabled { "Stop the run" } }
            }
            section aria-labelledby="over-time" {
                h2 id="over-time" { "Over time" }
                div.tools hidden {}
                div.grid { @for overlay in overlays { (charts::over_time(overlay)) } }
            }
        }
        script type="application/json" id="numbers" { (PreEscaped(live_numbers(strategies, overlays))) }
        script { (PreEscaped(SCRIPT)) }
        script { (PreEscaped(include_str!("live.js"))) }
    };
    document(&format!("{title} · live · keystorm"), POLICY, body)
}

/// The numbers of a live page, as JSON.
pub fn live_numbers(strategies: &[String], overlays: &[Overlay]) -> String {
    numbers::of(strategies, overlays, serde_json::Value::Array(Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{charts::overview, fixture};

    #[test]
    fn a_live_page_has_the_charts_of_the_report_and_a_way_to_stop() {
        let run = fixture::run();
        let names: Vec<String> = run.strategies.iter().map(|s| s.name.clone()).collect();
        let page = live_page("storm", "Does it hold?", &names, &overview(&run));
        for part in
            ["id=\"over-time-goodput\"", "id=\"over-time-backlog\"", "id=\"stop\"", "connect-src 'self'"]
        {
            assert!(page.contains(part), "{part}");
        }
        assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("src=\""));
    }
}
