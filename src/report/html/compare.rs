//! Two runs on one page: the differences first, then both drawn over each other.

use super::super::charts::{self, Chart};
use super::super::compare::{broken, headline, notes, table};
use super::document::{SCRIPT_FREE, document};
use super::table::plain;
use crate::results::Run;
use crate::results::compare::{Comparison, Rule};
use maud::{Markup, PreEscaped, html};

/// The page; each comparison comes with the two runs that it compares.
pub fn render(compared: &[(&Comparison, &Run, &Run)], rules: &[Rule]) -> String {
    let title = compared.first().map_or_else(String::new, |(comparison, ..)| comparison.a.label.clone());
    let body = html! {
        header { h1 { "Beside " (title) } }
        main { @for (comparison, a, b) in compared { (one(comparison, a, b, rules)) } }
    };
    document(&format!("Beside {title} · keystorm"), SCRIPT_FREE, body)
}

fn one(comparison: &Comparison, a: &Run, b: &Run, rules: &[Rule]) -> Markup {
    let both = both(a, b);
    let broken = broken(comparison, rules);
    html! {
        section {
            div.verdict.(if broken.is_empty() { "plain" } else { "bad" }) {
                h2 { (headline(comparison)) }
                ul {
                    @for sentence in &broken { li { "✗ " (sentence) } }
                    @for note in notes(comparison) { li { (note) } }
                }
            }
            (plain(&table(comparison)))
            @if let Some(chart) = charts::response_curve(&both) { (figure(&chart)) }
            @if let Some(chart) = charts::comparison(&both) { (figure(&chart)) }
        }
    }
}

/// One run with the strategies of both, `A` and `B` before their names.
fn both(a: &Run, b: &Run) -> Run {
    let named = |side: &str, run: &Run| {
        let mut strategies = run.strategies.clone();
        strategies.iter_mut().for_each(|strategy| strategy.name = format!("{side} {}", strategy.name));
        strategies
    };
    let mut strategies = Vec::new();
    let mut others = named("B", b).into_iter();
    for strategy in named("A", a) {
        strategies.push(strategy);
        strategies.extend(others.next());
    }
    strategies.extend(others);
    Run { strategies, thresholds: Vec::new(), cautions: Vec::new(), ..a.clone() }
}

fn figure(chart: &Chart) -> Markup {
    html! {
        figure {
            figcaption { (chart.title) }
            div.scroll tabindex="0" { (PreEscaped(chart.inline())) }
        }
    }
}
