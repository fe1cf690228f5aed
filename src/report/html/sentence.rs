//! Sentences of the page: strategies in their colours, and links to the chart that shows what is told.

use super::super::format::pieces;
use super::strategies;
use crate::results::Run;
use maud::{Markup, html};

/// Words that a chart shows, and the chart's id or the beginning of it. The first of a sentence counts for each chart.
const SHOWN: [(&str, &str); 12] = [
    ("goodput", "over-time-goodput"),
    ("completed", "over-time-goodput"),
    ("p99", "over-time-p99"),
    ("response time", "response-percentiles"),
    ("response times", "response-percentiles"),
    ("quota", "over-time-pool"),
    ("quotas", "over-time-pool"),
    ("pool", "over-time-pool"),
    ("attempts", "over-time-pool"),
    ("backlog", "over-time-backlog"),
    ("in flight", "over-time-backlog"),
    ("thresholds", "thresholds"),
];

/// A sentence whose strategies and commands stand between backticks. `places` are the ids that the page has.
pub fn told(run: &Run, sentence: &str, places: &[String]) -> Markup {
    let mut linked: Vec<&str> = Vec::new();
    html! {
        @for (is_set_off, part) in pieces(sentence) {
            @if is_set_off && run.strategies.iter().any(|strategy| strategy.name == part) {
                b.name { (strategies::name(run, part)) }
            } @else if is_set_off {
                code { (part) }
            } @else {
                @for (word, place) in linked_words(part, places, &mut linked) {
                    @if let Some(place) = place { a href={ "#" (place) } { (word) } } @else { (word) }
                }
            }
        }
    }
}

/// A sentence of no single run: what is set off stands as code.
pub fn set_off(sentence: &str) -> Markup {
    html! {
        @for (is_set_off, part) in pieces(sentence) {
            @if is_set_off { code { (part) } } @else { (part) }
        }
    }
}

/// A text cut into words that link somewhere and what stands between them.
fn linked_words<'t, 'p>(
    text: &'t str,
    places: &'p [String],
    linked: &mut Vec<&'p str>,
) -> Vec<(&'t str, Option<&'p str>)> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((at, length, place)) = next(rest, places, linked) {
        parts.push((&rest[..at], None));
        parts.push((&rest[at..at + length], Some(place)));
        linked.push(place);
        rest = &rest[at + length..];
    }
    parts.push((rest, None));
    parts
}

/// The first word that links to a place that no word linked to before.
fn next<'p>(text: &str, places: &'p [String], linked: &[&str]) -> Option<(usize, usize, &'p str)> {
    let found = SHOWN.iter().filter_map(|(word, stem)| {
        let place = places.iter().find(|place| place.starts_with(stem))?;
        let at = whole_word(text, word).filter(|_| !linked.contains(&place.as_str()))?;
        Some((at, word.len(), place.as_str()))
    });
    // Of two that begin together the longer one.
    found.min_by_key(|(at, length, _)| (*at, usize::MAX - length))
}

/// Where a word stands by itself.
fn whole_word(text: &str, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back().is_some_and(is_part);
        let after = text[at + word.len()..].chars().next().is_some_and(is_part);
        !before && !after
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_sentence_links_each_chart_once_and_names_strategies_in_their_colours() {
        let places = ["over-time-p99", "over-time-pool-symmetric", "response-percentiles"].map(String::from);
        let sentence = "`cached`: p99 of 12 ms at 90% of the quota, not p99.9; the pool's attempts < p99";
        let page = told(&fixture::run(), sentence, &places).into_string();
        assert!(page.contains("<b class=\"name\"><svg") && page.contains("cached</b>"), "{page}");
        assert!(page.contains("<a href=\"#over-time-p99\">p99</a> of 12 ms"), "{page}");
        assert!(page.contains("<a href=\"#over-time-pool-symmetric\">quota</a>"), "{page}");
        assert_eq!(page.matches("<a ").count(), 2, "{page}");
        assert!(page.contains("attempts &lt; p99"), "{page}");
    }

    #[test]
    fn nothing_links_to_what_is_not_there() {
        let page = told(&fixture::run(), "goodput and backlog and `unknown`", &[]).into_string();
        assert_eq!(page, "goodput and backlog and <code>unknown</code>");
    }
}
