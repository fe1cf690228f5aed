//! What an answer rests on, and what it cannot tell.

use super::line::at;
use super::view::View;
use super::{Line, scene};
use crate::format::{counted, listed, named, number};
use crate::results::standing::{found, gated, thresholds_of};
use crate::results::{Agreement, LimiterKinds, Verdict};

/// The line.
pub(super) fn line(view: &View<'_>) -> Line {
    let all = doubts(view).into_iter().chain(unstable(view)).chain([rests_on(view)]);
    Line::sentences(all)
}

/// Of which threshold it cannot be told, and what would settle it: the first of each strategy that decides the exit code.
fn doubts(view: &View<'_>) -> Vec<Line> {
    let told = gated(view.run).into_iter().filter_map(|n| {
        let name = &view.strategy(n).name;
        let doubtful = |t: &&crate::results::ThresholdRun| t.verdict == Verdict::CannotTell;
        let mut doubtful = thresholds_of(view.run, name).filter(doubtful);
        let first = doubtful.next()?;
        let more = doubtful.count();
        let rest = if more > 0 { format!(" So with {more} more.") } else { String::new() };
        let remedy = first.remedy.as_deref().unwrap_or_default();
        Some(Line::of(format!(
            "Cannot tell of {} whether {} {} holds (it was {}). {remedy}{rest}",
            named(name),
            first.name,
            first.expression,
            found(first)
        )))
    });
    told.take(2).collect()
}

/// Whose backlog keeps growing: of the one that is told of, or of all if there is none.
fn unstable(view: &View<'_>) -> Vec<Line> {
    let growing = (0..view.run.strategies.len()).filter(|n| view.subject.is_none_or(|subject| subject == *n));
    let told = growing.filter_map(|n| {
        let growth = view.strategy(n).backlog_growth_per_s?;
        let name = named(&view.strategy(n).name);
        let text =
            format!("UNSTABLE if the load lasts: the backlog of {name} grows by {}/s.", number(growth));
        Some(Line::of(text).citing(at(n, "backlogGrowth_per_s"), growth))
    });
    told.take(3).collect()
}

/// How many clients, messages and trials, of which seed, under which limiter kinds.
fn rests_on(view: &View<'_>) -> Line {
    let run = view.run;
    let mut parts: Vec<String> = scene::clients(run).map(|n| counted(n, "client")).into_iter().collect();
    if run.strategies.iter().any(|s| scene::caches(run, &s.name)) {
        parts.extend(scene::distinct(run));
    }
    let trials = run.strategies.iter().map(|s| s.trials).max().unwrap_or(0);
    parts.push(format!("{} of seed {}", counted(u64::from(trials), "trial"), run.seed));
    Line::of(format!("Rests on {}; {}.", listed(&parts), limiters(view)))
}

/// Whether the answer is the same whatever way the quotas are enforced in.
fn limiters(view: &View<'_>) -> String {
    if view.run.target != "sim" {
        return "cannot tell under other limiter kinds, since it ran on the real clock".into();
    }
    let Some(kinds) = &view.run.limiter_kinds else {
        return "not tried under other limiter kinds".into();
    };
    if let Some(why) = &kinds.left_out {
        return format!("cannot tell under other limiter kinds: {why}");
    }
    let of = |wanted: Agreement| -> Vec<String> {
        let kinds = kinds.kinds.iter().filter(|kind| kind.agreement == wanted);
        kinds.map(|kind| kind.name.clone()).collect()
    };
    let (other, unsure) = (of(Agreement::Other), of(Agreement::CannotTell));
    let mut told = Vec::new();
    told.extend((!other.is_empty()).then(|| another(kinds, &other)));
    told.extend((!unsure.is_empty()).then(|| format!("cannot tell under {}", listed(&unsure))));
    match told.is_empty() {
        true => "the same under all limiter kinds".into(),
        false => told.join("; "),
    }
}

/// That the answer is another under some kinds, and what it is under the first of them.
fn another(kinds: &LimiterKinds, other: &[String]) -> String {
    let first = kinds.kinds.iter().find(|kind| kind.agreement == Agreement::Other);
    let met = first.map_or(&[][..], |kind| kind.met.as_slice());
    let names: Vec<String> = met.iter().map(|name| named(name)).collect();
    let who = match names.as_slice() {
        [] => "nobody meets every threshold".to_owned(),
        [one] => format!("{one} alone meets every threshold"),
        many => format!("{} meet every threshold", listed(many)),
    };
    let there = if other.len() > 1 { format!("under {}", other[0]) } else { "there".into() };
    format!("another answer under {}: {there} {who}", listed(other))
}
