//! Two runs on one page: the differences first, then both drawn over each other.

use super::super::charts::{self as drawn, overview};
use super::super::compare::{broken, headline, notes, table};
use super::document::document;
use super::sentence::set_off;
use super::table::plain;
use super::{POLICY, SCRIPT, charts, numbers, over_time};
use crate::results::compare::{Comparison, Outcome, Rule, Side};
use crate::results::{Run, StrategyRun};
use maud::{Markup, PreEscaped, html};

/// The page; each comparison comes with the two runs that it compares. The charts of the first can be touched, those of
/// others are pictures.
pub fn render(compared: &[(&Comparison, &Run, &Run)], rules: &[Rule]) -> String {
    let title = compared.first().map_or_else(String::new, |(comparison, ..)| comparison.a.label.clone());
    let all: Vec<(&Comparison, Run)> =
        compared.iter().map(|(comparison, a, b)| (*comparison, both(comparison, a, b))).collect();
    let body = html! {
        header { h1 { "Beside " (title) } }
        main {
            @for (place, (comparison, both)) in all.iter().enumerate() {
                (one(comparison, both, rules, place == 0))
            }
        }
        @if let Some((_, both)) = all.first() {
            script type="application/json" id="numbers" { (PreEscaped(numbers::json(both, &overview(both)))) }
            script { (PreEscaped(SCRIPT)) }
        }
    };
    document(&format!("Beside {title} · keystorm"), POLICY, body)
}

fn one(comparison: &Comparison, both: &Run, rules: &[Rule], is_touched: bool) -> Markup {
    let broken = broken(comparison, rules);
    html! {
        section {
            div.verdict.(if broken.is_empty() { "plain" } else { "bad" }) {
                h2 { (set_off(&headline(comparison))) }
                ul {
                    @for sentence in &broken { li { "✗ " (set_off(sentence)) } }
                    @for note in notes(comparison) { li { (set_off(&note)) } }
                }
            }
            ul.facts.sides {
                @for (letter, side) in [("A", &comparison.a), ("B", &comparison.b)] { li { b { (letter) } " " (told(side)) } }
            }
            (plain(&table(comparison)))
            @if let Some(note) = drawn_only(comparison, both) { p.note { (set_off(&note)) } }
            @if is_touched {
                h2 { "Over time" }
                (over_time(&overview(both)))
                h2 { "Response time and rates" }
                div.grid { (charts::percentiles(both)) (charts::rates(both)) }
            } @else {
                div.grid {
                    @for overlay in overview(both) { (charts::picture(&overlay.chart(), &overlay.note)) }
                    @if let Some(chart) = drawn::response_curve(both) { (charts::picture(&chart, "")) }
                    (charts::rates(both))
                }
            }
        }
    }
}

/// A run, by what it is known by.
fn told(side: &Side) -> String {
    format!(
        "{}: {}, seed {}, target {}, scenario {}",
        side.label, side.name, side.seed, side.target, side.scenario_hash
    )
}

/// The most strategies whose lines are drawn: with those of both runs each has a colour of its own.
const MOST_DRAWN: usize = 4;

/// The strategies of which lines are drawn: all of them, or those that differ in the most figures.
fn differing(comparison: &Comparison, a: &Run, b: &Run) -> Vec<String> {
    let mut names: Vec<String> = a.strategies.iter().map(|strategy| strategy.name.clone()).collect();
    if a.strategies.len() + b.strategies.len() <= 2 * MOST_DRAWN || a.strategies.len() == 1 {
        return names;
    }
    let is_claim = |outcome| matches!(outcome, Outcome::Better | Outcome::Worse);
    let claims = |name: &String| {
        let own = comparison.differences.iter().filter(|difference| difference.strategy == *name);
        own.filter(|difference| is_claim(difference.verdict)).count()
    };
    names.sort_by_key(|name| std::cmp::Reverse(claims(name)));
    names.truncate(MOST_DRAWN);
    names
}

/// That not all strategies are drawn, if so.
fn drawn_only(comparison: &Comparison, both: &Run) -> Option<String> {
    let strategies = comparison.differences.iter().map(|difference| difference.strategy.as_str());
    let strategies: std::collections::BTreeSet<&str> = strategies.collect();
    let is_drawn = |name: &&str| both.strategies.iter().any(|drawn| drawn.name[2..] == **name);
    let left_out = strategies.iter().filter(|name| !is_drawn(name)).count();
    (left_out > 0)
        .then(|| format!("The charts show the {MOST_DRAWN} strategies that differ in the most figures."))
}

/// One run with the strategies of both, `A` and `B` before their names.
fn both(comparison: &Comparison, a: &Run, b: &Run) -> Run {
    let drawn = differing(comparison, a, b);
    let is_drawn = |name: &String| a.strategies.len() == 1 || drawn.contains(name);
    let named = |side: &str, run: &Run| {
        let kept = run.strategies.iter().filter(|strategy| is_drawn(&strategy.name)).cloned();
        let mut strategies: Vec<StrategyRun> = kept.collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::results::compare::compare;

    /// The fixture's run with three more strategies.
    fn six() -> Run {
        let mut run = fixture::run();
        let more = run.strategies.clone();
        run.strategies.extend(more.into_iter().map(|mut strategy| {
            strategy.name += "-again";
            strategy
        }));
        run
    }

    #[test]
    fn what_differs_is_drawn_and_names_are_shown_as_code() {
        let run = six();
        let comparison = compare(("a", &run), ("b", &run)).expect("alike");
        let page = render(&[(&comparison, &run, &run)], &[]);
        assert!(page.contains("The charts show the 4 strategies"), "{page}");
        assert_eq!(both(&comparison, &run, &run).strategies.len(), 8);
        let few = fixture::run();
        let comparison = compare(("a", &few), ("b", &few)).expect("alike");
        let page = render(&[(&comparison, &few, &few)], &[]);
        assert!(
            !page.contains("The charts show the") && page.contains("A cached") && page.contains("B naive")
        );
        let head = page.split("</h2>").next().expect("a headline");
        assert!(!head.contains('`'), "{head}");
    }
}
