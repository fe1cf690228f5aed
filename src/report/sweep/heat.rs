//! Heat maps: the first axis across, the second (or the strategies) down; a figure in each cell, and lines where something
//! tips over: solid where costs do, dashed where thresholds do.

use super::super::format::{factor, maybe_usd, percent, slug};
use super::{all_milliseconds, short};
use crate::results::{Beside, Sweep, SweepCell, Verdict};
use maud::{Markup, PreEscaped, html};

/// A picture of one figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// Names its file.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// Drawn.
    pub svg: String,
}

/// What a map shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// The share of jobs completed.
    Success,
    /// p99 of all offered jobs.
    Response,
    /// USD for a million completed jobs.
    Cost,
    /// Attempts for each call.
    Attempts,
}

impl Figure {
    /// All of them.
    pub const ALL: [Figure; 4] = [Figure::Cost, Figure::Response, Figure::Success, Figure::Attempts];

    /// What it is, in words.
    pub const fn title(self) -> &'static str {
        match self {
            Figure::Success => "jobs completed",
            Figure::Response => "p99 of all jobs offered",
            Figure::Cost => "USD for a million completed jobs",
            Figure::Attempts => "attempts for each call",
        }
    }

    const fn id(self) -> &'static str {
        match self {
            Figure::Success => "success",
            Figure::Response => "p99",
            Figure::Cost => "cost",
            Figure::Attempts => "attempts",
        }
    }

    /// The figure; `None` where there is none, or it has no end.
    fn value(self, cell: &SweepCell) -> Option<f64> {
        match self {
            Figure::Success => Some(cell.success),
            Figure::Response => cell.p99_of_all_ms,
            Figure::Cost => cell.cost_per_million_usd,
            Figure::Attempts => Some(cell.attempts_per_call),
        }
    }

    /// The figure as people read it.
    pub fn shown(self, cell: &SweepCell) -> String {
        match self {
            Figure::Success => percent(cell.success),
            Figure::Response => all_milliseconds(cell),
            Figure::Cost => maybe_usd(cell.cost_per_million_usd).trim_end_matches(" USD").to_owned(),
            Figure::Attempts => factor(cell.attempts_per_call),
        }
    }
}

/// The maps of a sweep: on one axis one of all strategies for each figure, else one for each strategy that the axes touch.
pub fn maps(sweep: &Sweep) -> Vec<Map> {
    let mut maps = Vec::new();
    let strategies: Vec<usize> = (0..sweep.strategies.len()).collect();
    for figure in Figure::ALL {
        match sweep.axes.as_slice() {
            [] => {}
            [_] => maps.push(of_strategies(sweep, figure, &strategies)),
            [_, _, rest @ ..] => {
                let slices: usize = rest.iter().map(|axis| axis.values.len()).product();
                for strategy in strategies.iter().filter(|strategy| sweep.is_touched(**strategy)) {
                    maps.extend((0..slices).map(|slice| of_two_axes(sweep, figure, *strategy, slice)));
                }
            }
        }
    }
    maps
}

fn of_strategies(sweep: &Sweep, figure: Figure, strategies: &[usize]) -> Map {
    let across = &sweep.axes[0];
    let rows: Vec<(String, Vec<&SweepCell>)> = strategies
        .iter()
        .map(|strategy| {
            let cells = (0..across.values.len()).map(|place| sweep.cell(*strategy, &[place])).collect();
            (sweep.strategies[*strategy].clone(), cells)
        })
        .collect();
    let title = format!("{} over {}", figure.title(), across.path);
    let svg = draw(&title, figure, (short(&across.path), &across.values), ("strategy", &rows), false);
    Map { id: format!("sweep-{}", figure.id()), title, svg }
}

/// Slice number `slice` of the axes behind the second.
fn of_two_axes(sweep: &Sweep, figure: Figure, strategy: usize, slice: usize) -> Map {
    let [across, down] = [&sweep.axes[0], &sweep.axes[1]];
    let (mut rest, mut places) = (slice, Vec::new());
    for axis in sweep.axes[2..].iter().rev() {
        places.insert(0, rest % axis.values.len());
        rest /= axis.values.len();
    }
    let at: Vec<String> = sweep.axes[2..]
        .iter()
        .zip(&places)
        .map(|(axis, place)| format!("{}={}", short(&axis.path), axis.values[*place]))
        .collect();
    let at = if at.is_empty() { String::new() } else { format!(", at {}", at.join(", ")) };
    let rows: Vec<(String, Vec<&SweepCell>)> = (0..down.values.len())
        .map(|row| {
            let cell = |column: usize| {
                let place: Vec<usize> = [column, row].into_iter().chain(places.iter().copied()).collect();
                sweep.cell(strategy, &place)
            };
            (down.values[row].clone(), (0..across.values.len()).map(cell).collect())
        })
        .collect();
    let name = &sweep.strategies[strategy];
    let title = format!("{name}: {}{at}", figure.title());
    let number = if sweep.axes.len() > 2 { format!("-{slice}") } else { String::new() };
    let svg = draw(&title, figure, (short(&across.path), &across.values), (short(&down.path), &rows), true);
    Map { id: format!("sweep-{}-{}{number}", figure.id(), slug(name)), title, svg }
}

const CELL: (usize, usize) = (76, 30);
const TOP: usize = 14;
const BELOW: usize = 62;
/// About the width of a letter.
const LETTER: usize = 8;

/// Whether a cell is cheaper, and whether it meets its thresholds.
fn sides(cell: &SweepCell) -> (Option<bool>, Option<bool>) {
    (cell.cost.map(|cost| cost == Beside::Cheaper), cell.thresholds.map(|verdict| verdict == Verdict::Met))
}

/// Draws rows of cells; `across` and `down` name the axes. Lines between rows are drawn where rows are in order.
fn draw(
    title: &str,
    figure: Figure,
    (across, columns): (&str, &[String]),
    (down, rows): (&str, &[(String, Vec<&SweepCell>)]),
    in_order: bool,
) -> String {
    let left = LETTER * (2 + rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0));
    let axes = format!("{across} →, {down} ↓");
    let legend = "solid line: costs tip over · dashed: thresholds";
    let words = LETTER * axes.chars().count().max(legend.chars().count());
    let (width, height) = (left + words.max(columns.len() * CELL.0) + 12, TOP + rows.len() * CELL.1 + BELOW);
    let values: Vec<f64> =
        rows.iter().flat_map(|(_, cells)| cells).filter_map(|cell| figure.value(cell)).collect();
    let drawn: Markup = html! {
        @for (row, (name, cells)) in rows.iter().enumerate() {
            text x=(left - 8) y=(TOP + row * CELL.1 + 20) text-anchor="end" font-size="12" fill="currentColor" { (name) }
            @for (column, cell) in cells.iter().enumerate() {
                (tile(figure, cell, &values, (left + column * CELL.0, TOP + row * CELL.1)))
            }
        }
        (PreEscaped(lines(rows, left, in_order)))
        @for (column, value) in columns.iter().enumerate() {
            text x=(left + column * CELL.0 + CELL.0 / 2) y=(TOP + rows.len() * CELL.1 + 16) text-anchor="middle"
                font-size="12" fill="currentColor" { (value) }
        }
        text x=(left) y=(TOP + rows.len() * CELL.1 + 36) font-size="12" fill="currentColor" { (axes) }
        text x=(left) y=(TOP + rows.len() * CELL.1 + 53) font-size="12" fill="currentColor" { (legend) }
    };
    let svg = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {width} {height}")) role="img" aria-label=(title)
            font-family="system-ui, sans-serif" style=(format!("min-width:0;max-width:{width}px")) {
            (drawn)
        }
    };
    svg.into_string()
}

fn tile(figure: Figure, cell: &SweepCell, all: &[f64], (x, y): (usize, usize)) -> Markup {
    let shade = figure.value(cell).map(|value| place(value, all));
    // One hue from light to dark, so that it reads the same whatever colours the eye tells apart; what has no end is white.
    let (fill, ink) = match shade {
        None => ("#FFFFFF".to_owned(), "#B3261E"),
        Some(shade) => (hue(shade), if shade > 0.55 { "#FFFFFF" } else { "#1F2328" }),
    };
    html! {
        rect x=(x) y=(y) width=(CELL.0) height=(CELL.1) fill=(fill) stroke="#FFFFFF" stroke-width="1" {}
        text x=(x + CELL.0 / 2) y=(y + 20) text-anchor="middle" font-size="12" fill=(ink) { (figure.shown(cell)) }
    }
}

/// Where a value stands among all, from 0 to 1; by its logarithm where they differ by more than tenfold.
fn place(value: f64, all: &[f64]) -> f64 {
    let (low, high) =
        all.iter().fold((f64::INFINITY, 0.0f64), |(low, high), value| (low.min(*value), high.max(*value)));
    let scale = |value: f64| match low > 0.0 && high > 10.0 * low {
        true => libm::log10(value),
        false => value,
    };
    let (from, to) = (scale(low), scale(high));
    if to > from { ((scale(value) - from) / (to - from)).clamp(0.0, 1.0) } else { 0.0 }
}

/// From a pale to a deep blue.
fn hue(shade: f64) -> String {
    let mix = |from: f64, to: f64| (from + (to - from) * shade).round() as u8;
    format!("#{:02X}{:02X}{:02X}", mix(232.0, 8.0), mix(241.0, 64.0), mix(250.0, 129.0))
}

/// Lines between neighbours of which one is on one side and one on the other.
fn lines(rows: &[(String, Vec<&SweepCell>)], left: usize, in_order: bool) -> String {
    let mut out = String::new();
    let mut line = |(x, y): (usize, usize), (to_x, to_y): (usize, usize), dashes: &str| {
        out += &format!("<line x1=\"{x}\" y1=\"{y}\" x2=\"{to_x}\" y2=\"{to_y}\" {dashes}/>");
    };
    let differ = |a: Option<bool>, b: Option<bool>| matches!((a, b), (Some(a), Some(b)) if a != b);
    for (row, (_, cells)) in rows.iter().enumerate() {
        let y = TOP + row * CELL.1;
        for (column, cell) in cells.iter().enumerate() {
            let x = left + column * CELL.0;
            let right = cells.get(column + 1).map(|next| ((x + CELL.0, y), (x + CELL.0, y + CELL.1), *next));
            let below = rows
                .get(row + 1)
                .filter(|_| in_order)
                .map(|(_, next)| ((x, y + CELL.1), (x + CELL.0, y + CELL.1), next[column]));
            for (from, to, next) in [right, below].into_iter().flatten() {
                let ((cheap, met), (then_cheap, then_met)) = (sides(cell), sides(next));
                if differ(cheap, then_cheap) {
                    line(from, to, " stroke=\"#D55E00\" stroke-width=\"4\" data-tips=\"cost\"");
                }
                if differ(met, then_met) {
                    line(
                        from,
                        to,
                        " stroke=\"#1F2328\" stroke-width=\"2\" stroke-dasharray=\"5 4\" data-tips=\"thresholds\"",
                    );
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_follow_the_figures_and_never_leave_their_range() {
        let all = [1.0, 10.0, 1_000.0];
        assert_eq!([place(1.0, &all), place(1_000.0, &all)], [0.0, 1.0]);
        assert!((place(10.0, &all) - 1.0 / 3.0).abs() < 1e-9, "by the logarithm");
        assert_eq!(place(5.0, &[0.0, 10.0]), 0.5);
        assert_eq!(place(3.0, &[3.0, 3.0]), 0.0);
        assert_eq!([hue(0.0).as_str(), hue(1.0).as_str()], ["#E8F1FA", "#084081"]);
    }
}
