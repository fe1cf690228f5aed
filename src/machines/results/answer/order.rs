//! The order of merit in words: who is better than whom and why, and what is given for what where nothing was asked.

use crate::format::{fixed, milliseconds, named, percent, usd};
use crate::results::merit::{Criterion, Merit, Reason, Standing, Versus, may_compare};
use crate::results::{Run, StrategyRun};

/// How those of `among` that met every threshold compare with each other, a sentence each.
pub fn among(run: &Run, merit: &Merit<'_>, among: &[usize]) -> Vec<String> {
    if let Some(best) = merit.best(among) {
        let others = among.iter().filter(|other| **other != best);
        return others.take(3).filter_map(|other| better(run, merit, best, *other)).collect();
    }
    let pairs = || among.iter().flat_map(|a| among.iter().map(move |b| (*a, *b))).filter(|(a, b)| a < b);
    if pairs().all(|(a, b)| merit.versus(a, b) == Versus::Tie) {
        return vec!["It is a tie: they differ by less than is worth a word.".into()];
    }
    let known = pairs().filter_map(|(a, b)| better(run, merit, a, b).or_else(|| better(run, merit, b, a)));
    let mut told: Vec<String> = known.take(3).collect();
    told.push(match may_compare(run) {
        true => "None of these is preferred: between some of them it is a tie, or cannot be told.".into(),
        false => "None of these is preferred: only trials that all ran to their end, two at least and simulated, tell a \
                  difference from chance."
            .into(),
    });
    told
}

/// That `a` is better than `b`, and by what; `None` if it is not.
fn better(run: &Run, merit: &Merit<'_>, a: usize, b: usize) -> Option<String> {
    let Versus::Better(Reason::Figure(criterion)) = merit.versus(a, b) else { return None };
    let (a, b) = (&run.strategies[a], &run.strategies[b]);
    let (first, second) = (criterion.value(a)?, criterion.value(b)?);
    Some(format!(
        "{} is better than {}: {} instead of {}.",
        named(&a.name),
        named(&b.name),
        figure(criterion, first),
        figure(criterion, second)
    ))
}

/// A figure with what it is.
fn figure(criterion: Criterion, value: f64) -> String {
    match criterion {
        Criterion::Completed => format!("{} completed", percent(value)),
        Criterion::DoneAfter => format!("done after {}", milliseconds(value * 1e3)),
        Criterion::Response => format!("p99 {}", milliseconds(value)),
        Criterion::Attempts => format!("{} attempts a completed job", fixed(value, 2)),
        Criterion::Cost => format!("{} for a million completed jobs", usd(value)),
    }
}

/// Who completes most, who is fastest, who makes the fewest attempts: a sentence.
pub fn trade_off(run: &Run) -> String {
    let merit = Merit::new(run);
    let [completed, time, attempts, _] = Criterion::of(run);
    let parts: Vec<String> =
        [completed, time, attempts].into_iter().filter_map(|criterion| top(run, &merit, criterion)).collect();
    if parts.is_empty() {
        return "No strategy did any work.".into();
    }
    let mut sentence = parts.join(" · ");
    if let Some(first) = sentence.get(..1).map(str::to_uppercase) {
        sentence.replace_range(..1, &first);
    }
    sentence + "."
}

/// Who is top by a criterion; `None` if nobody has such a figure.
fn top(run: &Run, merit: &Merit<'_>, criterion: Criterion) -> Option<String> {
    let (best, standings) = merit.beside_top(criterion)?;
    let of = |wanted: Standing| -> Vec<usize> {
        (0..standings.len()).filter(|number| standings[*number] == wanted).collect()
    };
    let (level, unsure) = (of(Standing::Level), of(Standing::Unsure));
    let [all, one, many] = words(criterion);
    let value = figure(criterion, best) + &price(run, criterion, &level);
    let told = match level.as_slice() {
        everyone if everyone.len() == standings.len() => format!("{all} ({value})"),
        [only] => format!("{} {one} ({value})", named(&run.strategies[*only].name)),
        some => format!("{} {many} ({value})", names(run, some)),
    };
    Some(match unsure.as_slice() {
        [] => told,
        some => format!("{told}, if not {}", names(run, some)),
    })
}

/// What those that are top by a criterion give for it: whoever gives up soon is fast.
fn price(run: &Run, criterion: Criterion, level: &[usize]) -> String {
    let of = || level.iter().map(|number| &run.strategies[*number]);
    let completed = of().filter_map(|strategy| Criterion::Completed.value(strategy)).fold(1.0, f64::min);
    let mut told = String::new();
    if criterion != Criterion::Completed && completed < 0.999 {
        let most = if level.len() > 1 { "up to " } else { "" };
        told += &format!(", {most}{} not completed", percent(1.0 - completed));
    }
    if of().any(|strategy| strategy.backlog_growth_per_s.is_some()) {
        told += ", UNSTABLE";
    }
    told
}

/// What is said of all alike, of the one that is top, and of several.
const fn words(criterion: Criterion) -> [&'static str; 3] {
    match criterion {
        Criterion::Completed => ["all complete the same share", "completes most", "complete most"],
        Criterion::DoneAfter | Criterion::Response => ["all are as fast", "is fastest", "are fastest"],
        Criterion::Attempts => {
            ["all make as many attempts", "makes the fewest attempts", "make the fewest attempts"]
        }
        Criterion::Cost => ["all cost the same", "costs least", "cost least"],
    }
}

/// Names in a row, at most five.
pub fn names(run: &Run, of: &[usize]) -> String {
    let strategies: Vec<&StrategyRun> = of.iter().map(|number| &run.strategies[*number]).collect();
    let names: Vec<String> = strategies.iter().take(5).map(|s| named(&s.name)).collect();
    let more = strategies.len().saturating_sub(5);
    if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
}
