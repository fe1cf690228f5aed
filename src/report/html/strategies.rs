//! The strategies: what each does, in words, beside the colour, dash and mark that it has everywhere on the page.

use super::super::charts::{Ink, dash, mark, variable};
use super::super::describe;
use crate::results::Run;
use maud::{Markup, html};

/// Every strategy with what it does.
pub fn section(run: &Run) -> Markup {
    html! {
        @if !run.strategies.is_empty() {
            ul.who {
                @for (place, strategy) in run.strategies.iter().enumerate() {
                    li {
                        (swatch(place)) b { (strategy.name) }
                        @let words = describe::strategy(run, &strategy.name);
                        @if !words.is_empty() { span { (words) } }
                    }
                }
            }
        }
    }
}

/// A strategy's name behind its swatch; the name alone if the run has no such strategy.
pub fn name(run: &Run, name: &str) -> Markup {
    let place = run.strategies.iter().position(|strategy| strategy.name == name);
    html! { @if let Some(place) = place { (swatch(place)) } (name) }
}

/// A stretch of a strategy's line.
pub fn swatch(place: usize) -> Markup {
    let ink = Ink::Series(place);
    let colour = format!("var(--{})", variable(ink));
    let dashed = Some(dash(ink)).filter(|dash| !dash.is_empty());
    html! {
        svg.key viewBox="0 0 26 12" aria-hidden="true" {
            path d="M0 6H26" stroke=(colour) stroke-width="2.5" stroke-dasharray=[dashed] {}
            polygon points=(corners(place)) transform="translate(13 6)" fill=(colour) {}
        }
    }
}

/// The corners of a strategy's mark, as SVG has them.
pub fn corners(place: usize) -> String {
    mark(place).iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ")
}
