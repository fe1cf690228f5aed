//! What a run says, in three lines of plain words: ANSWER, SURE, NEXT.
//!
//! ```text
//!  ANSWER  which strategy, which quota bites and by how much, what the others lose
//!  SURE    what that rests on, and whether it stays so under other limiter kinds
//!  NEXT    the next command, or what to change
//! ```
//!
//! Every number in a line is cited: where it stands in the saved run, and what it is there. So another program can
//! read what a sentence rests on, and a test can hold it to it.

mod contrast;
mod lead;
mod line;
mod next;
pub mod order;
mod portrait;
mod scene;
mod sure;
mod view;

use super::Run;
use serde::{Deserialize, Serialize};
use view::View;

/// The three lines.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Answer {
    /// Which strategy, which quota bites and by how much, what the others lose.
    pub answer: Line,
    /// What that rests on, and what it cannot tell.
    pub sure: Line,
    /// What to do next.
    pub next: Line,
}

/// One line, in sentences. What is set off by backticks is a name or a command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Line {
    /// The sentences.
    pub text: String,
    /// The figures that they rest on.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub figures: Vec<Cited>,
    /// The command that they name, if they name one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub command: Option<String>,
}

/// A figure of the saved run that a sentence rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cited {
    /// Where it stands: a JSON pointer (RFC 6901) into `run.json`.
    pub at: String,
    /// What it is there, in that figure's unit.
    pub value: f64,
}

/// Which commands there are beside those that always are: NEXT names no other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Built {
    /// `keystorm plan SCENARIO`.
    pub plan: bool,
    /// `keystorm onset SCENARIO`.
    pub onset: bool,
    /// `keystorm run SCENARIO --over PATH=FROM..TO:log`.
    pub over: bool,
}

/// The answer of a run.
pub fn compose(run: &Run, built: Built) -> Answer {
    let view = View::new(run);
    Answer { answer: answer(&view), sure: sure::line(&view), next: next::line(&view, built) }
}

/// The answer that a run holds, or what it would be: runs saved before hold none.
pub fn of(run: &Run) -> Answer {
    run.answer.clone().unwrap_or_else(|| compose(run, Built::default()))
}

/// That keystorm itself was the limit, as what makes every figure doubtful; `None` if it was not.
pub fn limit_sentence(run: &Run) -> Option<String> {
    let strategies = run.wall.iter().flat_map(|wall| &wall.strategies);
    let limited: Vec<&str> = strategies.filter(|s| s.generator.is_limited).map(|s| s.name.as_str()).collect();
    let who = match limited.as_slice() {
        [] => return None,
        all if all.len() == run.strategies.len() => String::new(),
        [one] => format!(" under {}", crate::format::named(one)),
        many => format!(" under {} strategies", many.len()),
    };
    Some(format!("keystorm itself was the limit{who}: figures describe the harness as much as the service."))
}

fn answer(view: &View<'_>) -> Line {
    let run = view.run;
    let interrupted =
        run.interrupted.then(|| "The run was interrupted: this covers only what ran.".to_owned());
    let doubts = interrupted.into_iter().chain(limit_sentence(run));
    let offered: u64 = run.strategies.iter().map(|s| s.jobs.offered).sum();
    let told = match (offered, run.thresholds.is_empty()) {
        (0, _) => vec![Line::of("No job was offered, so there is nothing to judge.")],
        (_, true) => by_figures(view),
        (_, false) => by_thresholds(view),
    };
    Line::sentences(doubts.map(Line::of).chain(told))
}

/// Nothing was asked: nobody is preferred, and what is given for what is told.
fn by_figures(view: &View<'_>) -> Vec<Line> {
    let told = match view.run.strategies.as_slice() {
        [_] => portrait::named(view, 0),
        _ => Line::of(order::trade_off(view.run)),
    };
    vec![told, Line::of("No thresholds were set, so none is preferred.")]
}

fn by_thresholds(view: &View<'_>) -> Vec<Line> {
    let mut told = lead::lines(view);
    told.push(who(view));
    told.extend(contrast::idle_caches(view));
    match view.subject {
        Some(_) => told.extend(contrast::others(view)),
        None => {
            told.extend(lead::bites(view));
            told.extend(contrast::all(view));
            told.extend(lead::idle_pools(view));
        }
    }
    told.extend(contrast::last_completion(view));
    told
}

/// Who met every threshold, and what whoever is to be chosen does.
fn who(view: &View<'_>) -> Line {
    let (run, all) = (view.run, view.run.strategies.len());
    let names = |of: &[usize]| order::names(run, of);
    let Some(subject) = view.subject else {
        return match all {
            1 => Line::of(format!("{} does not meet every threshold.", names(&[0]))),
            _ => Line::of("No strategy meets every threshold."),
        };
    };
    let portrait = portrait::named(view, subject);
    if view.winners.is_empty() {
        return match all {
            1 => Line::of("It cannot be told whether every threshold is met; ").then("", portrait),
            _ => Line::of(format!(
                "No strategy is sure to meet every threshold, {} may; ",
                names(&view.unsure)
            ))
            .then("", portrait),
        };
    }
    let met = match view.winners.as_slice() {
        [_] => return portrait,
        many if view.preferred.is_some() => {
            let own = names(&[subject]);
            format!("Of {} strategies that meet every threshold {own} is preferred; ", many.len())
        }
        many => {
            let who = match many.len() {
                0..=3 => names(many),
                n => format!("{n} of {all} strategies"),
            };
            let but = if view.is_tie() { ": a tie" } else { ", none is preferred" };
            format!("{who} meet every threshold{but}; ")
        }
    };
    Line::of(met).then("", portrait)
}
