//! What the question is about, told before whoever answers it: where throttling begins, who recovers when, which pool bites.

use super::Line;
use super::line::{at, at_pool};
use super::view::View;
use crate::format::{listed, named, number, per_second, percent, whole_seconds};
use crate::results::NOT_RECOVERED;
use crate::results::standing::{busiest_pool, gated, is_over};

/// The load at which throttling begins is worth a word if it has risen by so much since it began.
const RISEN: f64 = 1.2;
/// Seconds by which the slowest and the fastest to recover differ at least to be worth a word.
const WORTH_S: f64 = 5.0;

/// What thresholds and faults ask about.
pub(super) fn lines(view: &View<'_>) -> Vec<Line> {
    let onset = if view.asks_for("throttled") { onset(view) } else { None };
    onset.into_iter().chain(recovery(view)).collect()
}

/// At which load the first attempt is refused, and when, where load rises; or that none is.
fn onset(view: &View<'_>) -> Option<Line> {
    let throttled = |number: usize, place: usize| {
        view.strategy(number).timeline.throttled.get(place).copied().unwrap_or(0)
    };
    let first = |number: usize| view.strategy(number).timeline.throttled.iter().position(|count| *count > 0);
    let all = 0..view.run.strategies.len();
    let Some(place) = all.clone().filter_map(first).min() else { return unthrottled(view) };
    let attempts = |number: usize| view.strategy(number).timeline.attempts.get(place).copied().unwrap_or(0);
    // Of those that are refused something the one that asks least: the others are retrying already.
    let number = all.filter(|number| throttled(*number, place) > 0).min_by_key(|number| attempts(*number))?;
    let strategy = view.strategy(number);
    let timeline = &strategy.timeline;
    let began = timeline.offered.iter().find(|count| **count > 0).copied().unwrap_or(0);
    if (timeline.offered.get(place).copied().unwrap_or(0) as f64) < RISEN * began as f64 {
        return None;
    }
    let (pool, figures) = strategy
        .pools
        .iter()
        .filter(|(_, pool)| pool.throttled > 0)
        .max_by(|a, b| a.1.utilisation_peak.total_cmp(&b.1.utilisation_peak))?;
    let asked = timeline.pools.get(pool)?.get(place).copied()?;
    let seconds = timeline.interval_s.max(1);
    let rate = asked as f64 / (seconds * u64::from(strategy.trials.max(1))) as f64;
    let text = format!(
        "Throttling begins at {}, {} of pool {}'s {}, in second {}.",
        per_second(rate),
        percent(rate / figures.limit_per_s),
        named(pool),
        per_second(figures.limit_per_s),
        number_of(place, seconds),
    );
    let line = Line::of(text).citing(at_pool(number, pool, "limit_per_s"), figures.limit_per_s);
    let line = line.citing(at(number, &format!("timeline/pools/{pool}/{place}")), asked as f64);
    let refused = throttled(number, place) as f64;
    Some(line.citing(at(number, &format!("timeline/throttled/{place}")), refused))
}

/// The number of a second, from one.
fn number_of(place: usize, interval_s: u64) -> String {
    number((place as u64 * interval_s + 1) as f64)
}

/// That no attempt was refused, and what the busiest second of any strategy asked.
fn unthrottled(view: &View<'_>) -> Option<Line> {
    let busiest = (0..view.run.strategies.len()).filter_map(|n| Some((n, busiest_pool(view.strategy(n))?)));
    let (n, (pool, figures)) =
        busiest.max_by(|a, b| a.1.1.utilisation_peak.total_cmp(&b.1.1.utilisation_peak))?;
    let text = format!(
        "No attempt is refused: the busiest second asks {} of {}.",
        per_second(figures.peak_1s as f64),
        per_second(figures.limit_per_s)
    );
    let line = Line::of(text).citing(at_pool(n, pool, "peak_1s"), figures.peak_1s as f64);
    Some(line.citing(at_pool(n, pool, "limit_per_s"), figures.limit_per_s))
}

/// How soon after the trigger each strategy is back, where that differs: the slowest first.
fn recovery(view: &View<'_>) -> Option<Line> {
    let all = 0..view.run.strategies.len();
    let mut back: Vec<(usize, f64)> =
        all.filter_map(|n| Some((n, view.strategy(n).recovery_time_s?))).collect();
    back.sort_by(|a, b| b.1.total_cmp(&a.1));
    let never = view.run.cautions.iter().filter(|caution| caution.kind == NOT_RECOVERED);
    let never: Vec<String> = never.map(|caution| named(&caution.strategy)).collect();
    let fastest = back.last().map(|(_, seconds)| *seconds);
    let slow: Vec<&(usize, f64)> =
        back.iter().filter(|(_, seconds)| seconds - fastest.unwrap_or(0.0) >= WORTH_S).collect();
    if slow.is_empty() && never.is_empty() {
        return None;
    }
    let mut told: Vec<String> = Vec::new();
    told.extend((!never.is_empty()).then(|| format!("{} not while it was watched", listed(&never))));
    told.extend(
        slow.iter()
            .map(|(n, seconds)| format!("{} {}", named(&view.strategy(*n).name), whole_seconds(*seconds))),
    );
    let rest: Vec<&(usize, f64)> = back.iter().skip(slow.len()).collect();
    if let Some((_, most)) = rest.first() {
        let who = match rest.as_slice() {
            [(n, _)] => named(&view.strategy(*n).name),
            _ => "the others".to_owned(),
        };
        told.push(format!("{who} within {}", whole_seconds(*most)));
    }
    let text = format!("Back as before after the trigger: {}.", told.join(", "));
    Some(
        back.iter()
            .fold(Line::of(text), |line, (n, seconds)| line.citing(at(*n, "recoveryTime_s"), *seconds)),
    )
}

/// Which pool stands over its quota and by how much, where nobody met what was asked: of those that decide the exit code.
pub(super) fn bites(view: &View<'_>) -> Option<Line> {
    let pools = gated(view.run).into_iter().filter_map(|n| Some((n, busiest_pool(view.strategy(n))?)));
    let over = pools.filter(|(_, (_, pool))| is_over(pool));
    let (n, (name, pool)) = over.max_by(|a, b| a.1.1.utilisation_peak.total_cmp(&b.1.1.utilisation_peak))?;
    let whose = match view.run.strategies.len() {
        1 => String::new(),
        _ => format!(" under {}", named(&view.strategy(n).name)),
    };
    let text = format!(
        "Pool {} bites: it stands at {} of its {}{whose}.",
        named(name),
        percent(pool.utilisation_peak),
        per_second(pool.limit_per_s)
    );
    let line = Line::of(text).citing(at_pool(n, name, "utilisation_peak"), pool.utilisation_peak);
    Some(line.citing(at_pool(n, name, "limit_per_s"), pool.limit_per_s))
}

/// How idle the pools are that stand beside one that bites.
pub(super) fn idle_pools(view: &View<'_>) -> Vec<Line> {
    let mut most: Vec<(&str, usize, f64)> = Vec::new();
    for (n, strategy) in view.run.strategies.iter().enumerate() {
        for (name, pool) in &strategy.pools {
            match most.iter_mut().find(|(known, ..)| known == name) {
                Some(known) if known.2 < pool.utilisation_peak => *known = (name, n, pool.utilisation_peak),
                Some(_) => {}
                None => most.push((name, n, pool.utilisation_peak)),
            }
        }
    }
    if most.iter().all(|(_, _, peak)| *peak <= 1.0) {
        return Vec::new();
    }
    let idle = most.into_iter().filter(|(_, _, peak)| *peak <= 1.0);
    let told = idle.map(|(name, n, peak)| {
        let text = format!("Pool {} stands at {} at most.", named(name), percent(peak));
        Line::of(text).citing(at_pool(n, name, "utilisation_peak"), peak)
    });
    told.take(2).collect()
}
