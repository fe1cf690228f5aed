//! The page of a run that is still going: the charts over time of the report, with numbers as they come.

use super::super::charts::Overlay;
use super::document::document;
use super::{SCRIPT, Stamp, charts, numbers};
use maud::{PreEscaped, html};

/// What the live page may do: draw itself, and ask its own server.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'";

/// What a live page tells of its run beside the numbers.
#[derive(Clone, Debug)]
pub struct LiveTitle {
    /// The scenario's name.
    pub name: String,
    /// Its question; empty if it has none.
    pub question: String,
    /// Where attempts go: `emulator`, a URL or `aws`.
    pub target: String,
    /// The strategies' names, in order.
    pub strategies: Vec<String>,
    /// When the run began, on which machine, and by which command.
    pub began: Stamp,
}

/// The page of a run, with what there is to draw so far.
pub fn live_page(title: &LiveTitle, overlays: &[Overlay]) -> String {
    let LiveTitle { name, question, target, strategies, began } = title;
    let body = html! {
        header {
            h1 { (name) }
            @if !question.is_empty() { p.question { (question) } }
            ul.facts {
                li { "target " b { (target) } }
                li { "began " b { (began.drawn_at) } }
                li { "from " b { (began.host) } }
            }
        }
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
        footer { p { "keystorm " (env!("CARGO_PKG_VERSION")) " · by " code { (began.command) } } }
        script type="application/json" id="numbers" { (PreEscaped(live_numbers(strategies, overlays))) }
        script { (PreEscaped(SCRIPT)) }
        script { (PreEscaped(include_str!("live.js"))) }
    };
    document(&format!("{name} · live · keystorm"), POLICY, body)
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
        let began = Stamp {
            drawn_at: "2026-11-30T04:00:00Z".into(),
            host: "bench-1".into(),
            command: "keystorm run <storm>.yaml --web 127.0.0.1:0".into(),
        };
        let title = LiveTitle {
            name: "storm".into(),
            question: "Does it hold?".into(),
            target: "emulator".into(),
            strategies: names,
            began,
        };
        let page = live_page(&title, &overview(&run));
        for part in [
            "id=\"over-time-goodput\"",
            "id=\"over-time-backlog\"",
            "id=\"stop\"",
            "connect-src 'self'",
            "Does it hold?",
            "<b>emulator</b>",
            "<b>2026-11-30T04:00:00Z</b>",
            "<b>bench-1</b>",
            "<code>keystorm run &lt;storm&gt;.yaml --web 127.0.0.1:0</code>",
        ] {
            assert!(page.contains(part), "{part}");
        }
        assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("src=\""));
    }
}
