//! `sweep.html`: one page that opens from disk and needs no network.

use super::super::sweep::{headline, maps, sentences, tables};
use super::document::{SCRIPT_FREE, document};
use super::table::{plain, plain_folded};
use crate::results::Sweep;
use maud::{PreEscaped, html};

/// The page of a sweep, as an HTML document.
pub fn render(sweep: &Sweep) -> String {
    let yaml = serde_yaml::to_string(&sweep.scenario).unwrap_or_else(|_| format!("{:#}", sweep.scenario));
    let tables = tables(sweep);
    let body = html! {
        header {
            h1 { (sweep.name) }
            @if !sweep.question.is_empty() { p.question { (sweep.question) } }
            ul.facts {
                li { "target " b { (sweep.target) } }
                li { "Region " b { (sweep.region) } }
                li { "seed " b { (sweep.seed) } }
            }
        }
        main {
            section.verdict.plain aria-labelledby="answer" {
                span.label { "Sweep" }
                h2 id="answer" { (headline(sweep)) }
                ul { @for sentence in sentences(sweep) { li { (sentence) } } }
            }
            section aria-labelledby="maps" {
                h2 id="maps" { "Heat maps" }
                @for map in maps(sweep) {
                    figure { figcaption { (map.title) } (PreEscaped(map.svg)) }
                }
            }
            section aria-labelledby="tables" {
                h2 id="tables" { "Figures" }
                @for (index, table) in tables.iter().enumerate() {
                    @if index == 0 { (plain(table)) } @else { (plain_folded(&table.caption, table)) }
                }
            }
            section aria-labelledby="assumptions" {
                h2 id="assumptions" { "Assumptions" }
                ul.assumed {
                    @for sentence in &sweep.assumptions { li { span.tag { "assumed" } (sentence) } }
                }
            }
            section aria-labelledby="scenario" {
                h2 id="scenario" { "Scenario at the first point" }
                details { summary { "The resolved scenario" } pre tabindex="0" { code { (yaml) } } }
            }
        }
        footer {
            p {
                (sweep.tool.name) " " (sweep.tool.version) " · seed " (sweep.seed) " · scenario "
                code { (sweep.scenario_hash) } " · " (sweep.schema)
            }
        }
    };
    document(&format!("{} · sweep · {}", sweep.name, sweep.tool.name), SCRIPT_FREE, body)
}
