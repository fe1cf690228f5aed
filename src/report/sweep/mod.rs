//! A sweep for people: what tips over where, heat maps with the break-even line, the tables, and all of it as CSV.

mod files;
mod heat;
mod words;

pub use files::files;
pub use heat::{Figure, Map, maps};
pub use words::{headline, sentences};

use super::figures::verdict_word;
use super::format::{NONE, counted, factor, maybe_usd, milliseconds, number, percent, rate};
use super::look::Look;
use super::paint::Tone;
use super::table::{Cell, Table, escape_markdown};
use super::text::wrapped;
use crate::results::{Beside, Sweep, SweepCell};

/// Columns of a matrix that still fit a terminal.
const MOST_COLUMNS: usize = 9;

/// The summary as it is to look.
pub fn text(sweep: &Sweep, look: Look) -> String {
    let Look { width, paint, .. } = look;
    let wrapped = |text: &str, width: usize| wrapped(text, width, look);
    let mut out = format!("{}\n", paint.bold(&look.clip(&sweep.name, width)));
    for line in wrapped(&sweep.question, width - 2) {
        out += &format!("  {}\n", paint.tone(&line, Tone::Quiet));
    }
    out += "\n";
    for line in wrapped(&headline(sweep), width) {
        out += &format!("{}\n", paint.bold(&line));
    }
    for sentence in sentences(sweep) {
        for (index, line) in wrapped(&sentence, width - 4).into_iter().enumerate() {
            out += &format!("  {} {line}\n", if index == 0 { look.words("·") } else { " ".into() });
        }
    }
    for table in tables(sweep) {
        out += &format!("\n{}\n{}", paint.bold(&look.clip(&table.caption, width)), table.to_text(look));
    }
    let footer = format!("seed {} · scenario {}", sweep.seed, sweep.scenario_hash);
    out += &format!("\n{}\n", paint.tone(&look.words(&footer), Tone::Quiet));
    out
}

/// A page for a ticket.
pub fn markdown(sweep: &Sweep) -> String {
    let mut out = format!("# {}\n\n", escape_markdown(&sweep.name));
    if !sweep.question.is_empty() {
        out += &format!("> {}\n\n", escape_markdown(&sweep.question));
    }
    out += &format!("**{}**\n\n", escape_markdown(&headline(sweep)));
    for sentence in sentences(sweep) {
        out += &format!("- {}\n", escape_markdown(&sentence));
    }
    for table in tables(sweep) {
        out += &format!("\n## {}\n\n{}", escape_markdown(&table.caption), table.to_markdown());
    }
    out += "\n## Assumed\n\n";
    for sentence in &sweep.assumptions {
        out += &format!("- {}\n", escape_markdown(sentence));
    }
    let tool = &sweep.tool;
    out += &format!(
        "\n{} {} · seed {} · scenario {}\n",
        tool.name, tool.version, sweep.seed, sweep.scenario_hash
    );
    out
}

/// The front first, then a table for each strategy: on one axis every figure, on two a matrix for each figure.
pub fn tables(sweep: &Sweep) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    tables.extend(front(sweep));
    if sweep.axes.len() == 2 && sweep.axes[1].values.len() <= MOST_COLUMNS {
        for strategy in 0..sweep.strategies.len() {
            let figures = [Figure::Success, Figure::Response, Figure::Cost];
            let touched = if sweep.is_touched(strategy) { &figures[..] } else { &[] };
            tables.extend(touched.iter().map(|figure| matrix(sweep, strategy, *figure)));
        }
    }
    if tables.len() <= 1 || sweep.axes.len() == 1 {
        tables.extend((0..sweep.strategies.len()).map(|strategy| by_point(sweep, strategy)));
    } else {
        let still = (0..sweep.strategies.len()).filter(|strategy| !sweep.is_touched(*strategy));
        tables.extend(still.map(|strategy| by_point(sweep, strategy)));
    }
    tables
}

/// What a cell's mark says: cheaper, thresholds met.
fn marked(cell: &SweepCell, text: String) -> Cell {
    let is_met = cell.thresholds == Some(crate::results::Verdict::Met);
    let tone = match (cell.thresholds, cell.cost) {
        (Some(verdict), _) => verdict.into(),
        (None, Some(Beside::Cheaper)) => Tone::Good,
        (None, Some(Beside::Dearer)) => Tone::Bad,
        _ => Tone::Plain,
    };
    let cheaper = if cell.cost == Some(Beside::Cheaper) { "↓" } else { "" };
    let met = if is_met { "✓" } else { "" };
    Cell::from(format!("{cheaper}{met}{text}")).in_tone(tone)
}

/// What the marks of [`marked`] mean, as far as they can occur.
fn legend(sweep: &Sweep) -> String {
    let cheaper = sweep.against.as_ref().map(|name| format!("↓ costs less than {name}"));
    let met = sweep
        .cells
        .iter()
        .any(|cell| cell.thresholds.is_some())
        .then(|| "✓ meets every threshold".to_owned());
    let parts: Vec<String> = cheaper.into_iter().chain(met).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// One figure of one strategy: the first axis down, the second across.
fn matrix(sweep: &Sweep, strategy: usize, figure: Figure) -> Table {
    let [down, across] = [&sweep.axes[0], &sweep.axes[1]];
    let corner = format!("{} \\ {}", short(&down.path), short(&across.path));
    let heads: Vec<&str> =
        [corner.as_str()].into_iter().chain(across.values.iter().map(String::as_str)).collect();
    let mut table =
        Table::new(format!("{}: {}{}", sweep.strategies[strategy], figure.title(), legend(sweep)), &heads);
    for (row, value) in down.values.iter().enumerate() {
        let cell = |column: usize| {
            let cell = sweep.cell(strategy, &[row, column]);
            marked(cell, figure.shown(cell))
        };
        table.row([Cell::from(value.clone())].into_iter().chain((0..across.values.len()).map(cell)));
    }
    table
}

/// Every figure of one strategy, a row for each point; one row if no axis touches it.
fn by_point(sweep: &Sweep, strategy: usize) -> Table {
    let is_touched = sweep.is_touched(strategy);
    let caption = match is_touched {
        true => format!("{}{}", sweep.strategies[strategy], legend(sweep)),
        false => format!("{}: the same at every point", sweep.strategies[strategy]),
    };
    let names: Vec<&str> = sweep.axes.iter().map(|axis| short(&axis.path)).collect();
    let point = names.join(", ");
    let heads = [
        &point,
        "goodput/s",
        "success",
        "p99 all",
        "attempts/call",
        "cache hit",
        "lag s",
        "USD/million",
        "<thresholds",
    ];
    let mut table = Table::new(caption, &heads);
    let all = sweep.cells.iter().skip(strategy).step_by(sweep.strategies.len().max(1));
    for cell in all.take(if is_touched { usize::MAX } else { 1 }) {
        let place = if is_touched { cell.point.join(", ") } else { "any".to_owned() };
        table.row([
            Cell::from(place),
            rate(cell.goodput_per_s).into(),
            percent(cell.success).into(),
            Figure::Response.shown(cell).into(),
            factor(cell.attempts_per_call).into(),
            if cell.caches { percent(cell.cache_hit).into() } else { NONE.into() },
            if cell.caches { number(cell.revocation_lag_s).into() } else { NONE.into() },
            marked(
                &SweepCell { thresholds: None, ..cell.clone() },
                maybe_usd_plain(cell.cost_per_million_usd),
            ),
            Cell::from(cell.thresholds.map_or(NONE, verdict_word))
                .in_tone(cell.thresholds.map_or(Tone::Plain, Tone::from)),
        ]);
    }
    table
}

fn maybe_usd_plain(value: Option<f64>) -> String {
    maybe_usd(value).trim_end_matches(" USD").to_owned()
}

/// The front of cache settings, all groups in one.
fn front(sweep: &Sweep) -> Option<Table> {
    let names: Vec<&str> = sweep.axes.iter().map(|axis| short(&axis.path)).collect();
    let point = names.join(", ");
    let mut table = Table::new(
        "Cache settings that nothing beats in cost, p99 and revocation lag at once",
        &["strategy", &format!("<{point}"), "USD/million", "p99 all", "lag s", "messages/key", "success"],
    );
    for cell in sweep.fronts.iter().flat_map(|front| &front.cells).map(|number| &sweep.cells[*number]) {
        let strategy = sweep.strategies.iter().position(|name| *name == cell.strategy);
        let is_touched = strategy.is_some_and(|strategy| sweep.is_touched(strategy));
        table.row([
            Cell::from(cell.strategy.clone()),
            if is_touched { cell.point.join(", ").into() } else { "any".into() },
            maybe_usd_plain(cell.cost_per_million_usd).into(),
            Figure::Response.shown(cell).into(),
            if cell.caches { number(cell.revocation_lag_s).into() } else { NONE.into() },
            if cell.caches { super::format::count(cell.messages_per_key).into() } else { NONE.into() },
            percent(cell.success).into(),
        ]);
    }
    (!table.rows.is_empty()).then_some(table)
}

/// The end of a path, which says what it is: `cache.maxAge`.
pub(super) fn short(path: &str) -> &str {
    let mut dots = path.rmatch_indices('.').map(|(at, _)| at);
    dots.nth(1).map_or(path, |at| &path[at + 1..])
}

/// One row for each strategy and point, unrounded.
pub fn csv(sweep: &Sweep) -> Vec<u8> {
    let mut head: Vec<String> = vec!["strategy".into()];
    head.extend(sweep.axes.iter().map(|axis| axis.path.clone()));
    let figures = [
        "trials",
        "offered",
        "success",
        "throttle",
        "goodput_per_s",
        "attempts_per_s",
        "attempts_per_call",
        "p50_ms",
        "p99_ms",
        "p99_of_all_ms",
        "cache_hit",
        "cost_per_million_usd",
        "revocation_lag_s",
        "messages_per_key",
        "thresholds",
        "cost_beside",
    ];
    head.extend(figures.map(str::to_owned));
    let maybe = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let word = |value: Option<serde_json::Value>| {
        value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let row = |cell: &SweepCell| {
        let mut row = vec![cell.strategy.clone()];
        row.extend(cell.point.iter().cloned());
        row.extend([
            cell.trials.to_string(),
            cell.offered.to_string(),
            cell.success.to_string(),
            cell.throttle.to_string(),
            maybe(cell.goodput_per_s),
            maybe(cell.attempts_per_s),
            cell.attempts_per_call.to_string(),
            maybe(cell.p50_ms),
            maybe(cell.p99_ms),
            maybe(cell.p99_of_all_ms),
            cell.cache_hit.to_string(),
            maybe(cell.cost_per_million_usd),
            cell.revocation_lag_s.to_string(),
            cell.messages_per_key.to_string(),
            word(cell.thresholds.and_then(|verdict| serde_json::to_value(verdict).ok())),
            word(cell.cost.and_then(|beside| serde_json::to_value(beside).ok())),
        ]);
        row
    };
    let rows: Vec<Vec<String>> = sweep.cells.iter().map(row).collect();
    super::csv::written(&head, &rows)
}

/// `12 points, 3 strategies, 5 trials each`.
fn size(sweep: &Sweep) -> String {
    let points = sweep.cells.len() / sweep.strategies.len().max(1);
    let trials = sweep.cells.first().map_or(0, |cell| cell.trials);
    let strategies = match sweep.strategies.len() {
        1 => "1 strategy".to_owned(),
        many => format!("{many} strategies"),
    };
    format!("{}, {strategies}, {} each", counted(points as u64, "point"), counted(u64::from(trials), "trial"))
}

/// Milliseconds, or that failures have eaten them.
fn all_milliseconds(cell: &SweepCell) -> String {
    cell.p99_of_all_ms.map_or_else(|| "∞".to_owned(), milliseconds)
}

#[cfg(test)]
mod tests;
