//! Where it breaks, for people: one line a strategy, a table, pictures.

use super::charts;
use super::format::{NONE, columns, count, named, number, padded, percent};
use super::look::Look;
use super::page::{Block, Page, wrapped};
use super::table::Table;
use crate::planner::onset::{BEYOND, Bracket, FALL, Onset, StrategyOnset, ThresholdOnset};
use crate::scenario::Metric;
use crate::time::Span;

/// Whether a search ended before every edge was found.
fn is_open(s: &StrategyOnset) -> bool {
    !s.stopped_because.starts_with("Every")
}

/// What stands where there is no edge: none was met, or the search ended before it could be told.
fn nowhere(s: &StrategyOnset) -> String {
    if is_open(s) { "cannot tell yet".into() } else { NONE.into() }
}

/// The line of a strategy: `first throttle 1,000/s · failures > 0.1 % from 1,040/s · collapse –`.
pub fn line(s: &StrategyOnset) -> String {
    let at =
        |edge: Option<Bracket>| edge.map_or_else(|| nowhere(s), |edge| format!("{}/s", number(edge.high)));
    let mut parts = vec![format!("first throttle {}", at(s.first_throttle_per_s))];
    parts.extend(s.thresholds.iter().map(|threshold| match threshold.from_per_s {
        Some(edge) => format!("{} from {}/s", broken(threshold), number(edge.high)),
        None => format!("{} {}", broken(threshold), nowhere(s)),
    }));
    parts.push(format!("collapse {}", at(s.collapse_per_s)));
    parts.join(" · ")
}

/// What it means that a threshold does not hold: `p99 > 500 ms`.
pub fn broken(threshold: &ThresholdOnset) -> String {
    let (metric, tags) = match threshold.name.split_once('{') {
        Some((metric, tags)) => (metric.trim(), tags.trim_end_matches('}')),
        None => (threshold.name.trim(), ""),
    };
    let at = threshold.expression.find(['<', '>', '=', '!']).unwrap_or(threshold.expression.len());
    let (aggregate, rest) = threshold.expression.split_at(at);
    let sign = rest.find(|c| !matches!(c, '<' | '>' | '=' | '!')).unwrap_or(rest.len());
    let (comparison, bound) = rest.split_at(sign);
    let aggregate = aggregate.trim().replace("p(", "p").replace(')', "");
    let subject = match Metric::from_name(metric) {
        Some(Metric::Failed) => "failures".to_owned(),
        Some(Metric::Throttled) => "throttles".into(),
        Some(Metric::Shed) => "shed jobs".into(),
        Some(Metric::ResponseTime) => aggregate,
        Some(Metric::ServiceTime) => format!("service time {aggregate}"),
        Some(Metric::QueueWait) => format!("queue wait {aggregate}"),
        _ => metric.to_owned(),
    };
    let opposite = match comparison {
        "<" | "<=" => ">",
        ">" | ">=" => "<",
        "==" => "≠",
        _ => "=",
    };
    let own = |tag: &&str| !tag.trim_start().starts_with("strategy");
    let tags: Vec<&str> = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).filter(own).collect();
    let of = if tags.is_empty() { String::new() } else { format!(" of {}", tags.join(", ")) };
    format!("{subject}{of} {opposite} {}", spaced(bound.trim()))
}

/// `500ms` as `500 ms`.
fn spaced(bound: &str) -> String {
    let unit = bound.find(|c: char| c.is_ascii_alphabetic() || c == '%').unwrap_or(bound.len());
    let (value, unit) = bound.split_at(unit);
    if unit.is_empty() { value.to_owned() } else { format!("{} {unit}", value.trim()) }
}

/// Whether more than one kind of limiter was asked about.
fn has_kinds(onset: &Onset) -> bool {
    onset.strategies.iter().any(|s| s.enforcement != onset.strategies[0].enforcement)
}

/// What stdout shows: a line a strategy, however long, and sentences as they are to look.
pub fn text(onset: &Onset, look: Look) -> String {
    let name = |s: &StrategyOnset| match has_kinds(onset) {
        true => format!("{} ({})", s.name, s.enforcement),
        false => s.name.clone(),
    };
    let width = onset.strategies.iter().map(|s| columns(&look.words(&name(s)))).max().unwrap_or(0);
    let mut out = String::new();
    for s in &onset.strategies {
        let name = padded(&look.words(&name(s)), width);
        out += &format!("{name}  {}\n", look.words(&line(s)));
    }
    out += &format!("\n{}", wrapped(&held(onset), "", look));
    for sentence in notes(onset) {
        out += &wrapped(&sentence, "", look);
    }
    out
}

/// How it was looked for.
fn held(onset: &Onset) -> String {
    let length = Span::from_secs_f64(onset.length_s);
    format!(
        "Each load was held for {length}; of {} at most, more than half must show it. Each figure is the lowest load at \
         which it was so, at most {} above one at which it was not. {NONE}: at no load that was tried.",
        super::format::counted(u64::from(onset.trials), "trial"),
        percent(onset.within),
    )
}

/// What else a reader has to know.
fn notes(onset: &Onset) -> Vec<String> {
    let mut notes = onset.left_out.clone();
    for s in &onset.strategies {
        if is_open(s) {
            notes.push(format!("{}: {}", named(&s.name), s.stopped_because));
        }
    }
    notes
}

/// The page.
pub fn page(onset: &Onset) -> Page {
    let mut page = Page::new(format!("Where {} breaks", onset.name));
    page.put(Block::List(
        onset.strategies.iter().map(|s| format!("{}: {}", named(&s.name), line(s))).collect(),
    ));
    page.put(Block::Text(held(onset)));
    page.put(Block::Text(format!(
        "Collapse: goodput a tenth ({}) below what a lower load got, looked for up to {BEYOND} times the first throttle.",
        percent(FALL)
    )));
    page.tabulate(edges(onset));
    for chart in charts::onset::all(onset) {
        page.put(Block::Chart(Box::new(chart)));
    }
    let notes = notes(onset);
    if !notes.is_empty() {
        page.put(Block::Heading("To know".into()));
        page.put(Block::List(notes));
    }
    page.put(Block::Text(format!(
        "keystorm {} · scenario {} · seed {} · {}",
        onset.tool.version, onset.scenario_hash, onset.seed, onset.region
    )));
    page
}

/// Both sides of every edge.
fn edges(onset: &Onset) -> Table {
    let mut table = Table::new(
        "Both sides of every edge, jobs a second",
        &["strategy", "<limiter", "<what", "not at", "from"],
    );
    for s in &onset.strategies {
        let goals = [("first throttle".to_owned(), s.first_throttle_per_s)]
            .into_iter()
            .chain(s.thresholds.iter().map(|t| (broken(t), t.from_per_s)))
            .chain([("collapse".to_owned(), s.collapse_per_s)]);
        for (what, edge) in goals {
            let low = match edge {
                Some(edge) => edge.low.map_or_else(|| NONE.into(), number),
                None => number(s.tried_up_to_per_s),
            };
            let high = edge.map_or_else(|| nowhere(s), |edge| number(edge.high));
            table.row([
                s.name.as_str().into(),
                s.enforcement.as_str().into(),
                what.into(),
                low.into(),
                high.into(),
            ]);
        }
    }
    table
}

/// What each search cost, in one sentence for stderr.
pub fn effort(onset: &Onset) -> String {
    let attempts: u64 = onset.strategies.iter().map(|s| s.attempts_simulated).sum();
    let how = if onset.sent_to.is_some() { "sent" } else { "simulated" };
    format!("{} attempts {how}", count(attempts))
}

/// Every file of the folder: the document itself is not among them.
pub fn files(onset: &Onset) -> Vec<(String, Vec<u8>)> {
    let page = page(onset);
    let mut files = vec![
        ("onset.md".to_owned(), page.to_markdown().into_bytes()),
        ("onset.html".to_owned(), page.to_html().into_bytes()),
    ];
    files.extend(page.charts());
    files
}
