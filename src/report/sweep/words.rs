//! What a sweep says, in sentences.

use super::super::format::{milliseconds, named, number, usd};
use super::{short, size};
use crate::results::{Beside, BreakEven, Sweep, SweepCell, Tips, Verdict};

/// Sentences of one kind before the reader is sent to the tables.
const MAX_SENTENCES: usize = 6;

/// What was run.
pub fn headline(sweep: &Sweep) -> String {
    let axes: Vec<String> = sweep
        .axes
        .iter()
        .map(|axis| match axis.values.as_slice() {
            [first, .., last] => format!("{} from {first} to {last}", axis.path),
            values => format!("{} at {}", axis.path, values.join(", ")),
        })
        .collect();
    format!("{}: {}.", axes.join(" and "), size(sweep))
}

/// Where costs and thresholds tip over, and which cache settings nothing beats.
pub fn sentences(sweep: &Sweep) -> Vec<String> {
    let mut said = Vec::new();
    for (strategy, name) in sweep.strategies.iter().enumerate() {
        let cells: Vec<&SweepCell> =
            sweep.cells.iter().skip(strategy).step_by(sweep.strategies.len().max(1)).collect();
        said.extend(costs(sweep, name, &cells));
        said.extend(thresholds(sweep, name, &cells));
    }
    said.extend(front(sweep));
    said
}

fn tips<'s>(sweep: &'s Sweep, name: &str, what: Tips) -> Vec<&'s BreakEven> {
    sweep.break_even.iter().filter(|tip| tip.strategy == name && tip.what == what).collect()
}

fn costs(sweep: &Sweep, name: &str, cells: &[&SweepCell]) -> Vec<String> {
    let Some(against) = sweep.against.as_ref().filter(|against| *against != name) else { return Vec::new() };
    let standings: Vec<Beside> = cells.iter().filter_map(|cell| cell.cost).collect();
    let less = format!("{} costs less than {} by 1 % at least", named(name), named(against));
    let found = tips(sweep, name, Tips::Cost);
    if found.is_empty() {
        let all = |wanted: Beside| !standings.is_empty() && standings.iter().all(|each| *each == wanted);
        return match () {
            () if all(Beside::Cheaper) => vec![format!("{less} at every point.")],
            () if all(Beside::Same) => Vec::new(),
            () if all(Beside::Dearer) => {
                vec![format!("{} costs more than {} at every point.", named(name), named(against))]
            }
            // It differs along other axes than the first.
            () if standings.contains(&Beside::Cheaper) => {
                vec![format!("{less} at some points; the table marks them.")]
            }
            () => {
                vec![format!("{} is not known to cost less than {} anywhere.", named(name), named(against))]
            }
        };
    }
    cut(found.iter().map(|tip| format!("{less} {}.", side(sweep, tip))).collect())
}

fn thresholds(sweep: &Sweep, name: &str, cells: &[&SweepCell]) -> Vec<String> {
    let verdicts: Vec<Verdict> = cells.iter().filter_map(|cell| cell.thresholds).collect();
    if verdicts.is_empty() {
        return Vec::new();
    }
    let meets = format!("{} meets every threshold", named(name));
    let found = tips(sweep, name, Tips::Thresholds);
    if found.is_empty() {
        let met = verdicts.iter().filter(|verdict| **verdict == Verdict::Met).count();
        return match met {
            0 if verdicts.contains(&Verdict::CannotTell) => {
                vec![format!("{} is not known to meet every threshold at any point.", named(name))]
            }
            0 => vec![format!("{} misses a threshold at every point.", named(name))],
            met if met == verdicts.len() => vec![format!("{meets} at every point.")],
            met => vec![format!("{meets} at {met} of {} points; the table marks them.", verdicts.len())],
        };
    }
    cut(found.iter().map(|tip| format!("{meets} {}.", side(sweep, tip))).collect())
}

/// `up to messages.count=100 and not at 200 (the lines cross near 141), at cache.maxAge=10s`.
fn side(sweep: &Sweep, tip: &BreakEven) -> String {
    let first = short(&sweep.axes[0].path);
    let [before, after] = &tip.between;
    let mut words = match tip.holds_before {
        true => format!("up to {first}={before}, not at {after}"),
        false => format!("from {first}={after} on, not at {before}"),
    };
    if let Some(at) = tip.at {
        words += &format!(" (the costs cross near {})", number(at));
    }
    let others: Vec<String> = sweep
        .axes
        .iter()
        .zip(&tip.point)
        .skip(1)
        .map(|(axis, value)| format!("{}={value}", short(&axis.path)))
        .collect();
    if !others.is_empty() {
        words += &format!(", at {}", others.join(", "));
    }
    words
}

fn cut(mut sentences: Vec<String>) -> Vec<String> {
    let many = sentences.len();
    if many > MAX_SENTENCES {
        sentences.truncate(MAX_SENTENCES - 1);
        sentences.push(format!("And {} more of its kind, in sweep.json.", many - (MAX_SENTENCES - 1)));
    }
    sentences
}

/// The cheapest of each front, and what least lag costs.
fn front(sweep: &Sweep) -> Vec<String> {
    let mut said = Vec::new();
    for front in &sweep.fronts {
        let cells: Vec<&SweepCell> = front.cells.iter().map(|number| &sweep.cells[*number]).collect();
        let (Some(cheapest), Some(quickest)) =
            (cells.first(), cells.iter().min_by(|a, b| a.revocation_lag_s.total_cmp(&b.revocation_lag_s)))
        else {
            continue;
        };
        let of = |cell: &SweepCell| {
            format!(
                "{} at {} ({} a million, p99 {}, a disabled key works for {} s)",
                named(&cell.strategy),
                place(sweep, cell),
                cell.cost_per_million_usd.map_or_else(String::new, usd),
                cell.p99_of_all_ms.map_or_else(String::new, milliseconds),
                number(cell.revocation_lag_s)
            )
        };
        let at: Vec<String> = sweep
            .axes
            .iter()
            .zip(&front.point)
            .filter(|(_, value)| !value.is_empty())
            .map(|(axis, value)| format!("{}={value}", short(&axis.path)))
            .collect();
        let at = if at.is_empty() { String::new() } else { format!("At {}: ", at.join(", ")) };
        let alone = std::ptr::eq(*cheapest, *quickest);
        let begins = if at.is_empty() { "Cheapest" } else { "cheapest" };
        said.push(match alone {
            true => format!("{at}{begins} and with the least revocation lag is {}.", of(cheapest)),
            false => {
                format!("{at}{begins} is {}; the least revocation lag has {}.", of(cheapest), of(quickest))
            }
        });
    }
    cut(said)
}

fn place(sweep: &Sweep, cell: &SweepCell) -> String {
    let own = |(axis, value): (&crate::results::AxisRun, &String)| {
        axis.is_cache.then(|| format!("{}={value}", short(&axis.path)))
    };
    let strategy = sweep.strategies.iter().position(|name| *name == cell.strategy);
    let is_touched = strategy.is_some_and(|strategy| sweep.is_touched(strategy));
    let parts: Vec<String> =
        sweep.axes.iter().zip(&cell.point).filter_map(own).filter(|_| is_touched).collect();
    if parts.is_empty() { "any setting".into() } else { parts.join(", ") }
}
