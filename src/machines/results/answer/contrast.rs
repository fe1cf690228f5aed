//! What the strategies lose that are not chosen: by the first threshold that each of them missed.

use super::line::at;
use super::view::{View, metric_of};
use super::{Line, portrait, scene};
use crate::format::{self, count, listed, named, percent};
use crate::results::standing::found;
use crate::results::{ThresholdRun, Verdict};
use crate::scenario::{Metric, Tag};

/// So many are told of one by one.
const SHOWN: usize = 3;
/// Seconds by which the last completions of two strategies differ at least to be worth a word.
const WORTH_S: u64 = 5;

/// What those lose that missed a threshold, beside the one that is told of.
pub(super) fn others(view: &View<'_>) -> Vec<Line> {
    let losers = view.losers();
    let caches = |number: &usize| scene::caches(view.run, &view.strategy(*number).name);
    let by_cache = view.subject.is_some_and(|own| caches(&own)) && !losers.iter().any(caches);
    told(view, &losers, by_cache)
}

/// What each strategy lost, where nobody met every threshold.
pub(super) fn all(view: &View<'_>) -> Vec<Line> {
    told(view, &view.losers(), false)
}

fn told(view: &View<'_>, losers: &[usize], by_cache: bool) -> Vec<Line> {
    let missed: Vec<(usize, usize)> =
        losers.iter().filter_map(|number| Some((*number, first_missed(view, *number)?))).collect();
    if (by_cache || missed.len() > SHOWN)
        && let Some(line) = range(view, &missed, by_cache)
    {
        return vec![line];
    }
    let each = missed.iter().take(SHOWN).map(|(number, place)| {
        let name = named(&view.strategy(*number).name);
        Line::of(name + " ").then("", loss(view, *number, *place))
    });
    let each: Vec<Line> = each.collect();
    if each.is_empty() {
        return each;
    }
    let more = missed.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!("; {more} more miss too.") } else { ".".into() };
    vec![Line::joined(each, ", ").then("", Line::of(rest))]
}

/// The place of the first threshold that a strategy missed; one that failures have eaten tells less than another.
fn first_missed(view: &View<'_>, number: usize) -> Option<usize> {
    let name = &view.strategy(number).name;
    let missed = view
        .run
        .thresholds
        .iter()
        .enumerate()
        .filter(|(_, t)| t.strategy == *name && matches!(t.verdict, Verdict::Missed | Verdict::NoData));
    let places: Vec<usize> = missed.map(|(place, _)| place).collect();
    let has_value = |place: &&usize| view.run.thresholds[**place].value.is_some();
    places.iter().find(has_value).or(places.first()).copied()
}

/// One sentence for many that missed the same threshold; `None` if they did not.
fn range(view: &View<'_>, missed: &[(usize, usize)], by_cache: bool) -> Option<Line> {
    let threshold = |place: usize| &view.run.thresholds[place];
    let first = threshold(missed.first()?.1);
    let is_same = |(_, place): &(usize, usize)| {
        (&threshold(*place).name, &threshold(*place).expression) == (&first.name, &first.expression)
    };
    let values: Option<Vec<f64>> = missed.iter().map(|(_, place)| threshold(*place).value).collect();
    let values = values.filter(|_| missed.iter().all(is_same))?;
    let least = values.iter().copied().reduce(f64::min)?;
    let most = values.iter().copied().reduce(f64::max)?;
    let shown = |value: f64| format::threshold_value(&first.name, value);
    let value = match shown(least) == shown(most) {
        true => shown(least),
        false => format!("{} to {}", shown(least), shown(most)),
    };
    let text = match (by_cache, metric_of(&first.name)) {
        (true, "failed") => format!("Without a cache {value}{} fail.", whose(first, "of")),
        (true, "throttled") => {
            format!("Without a cache {value} of attempts are refused{}.", whose(first, "of"))
        }
        (true, _) if missed.len() == 1 => return None,
        _ => format!("The others {}.", lost(first, &value, true)),
    };
    let cited = missed.iter().zip(&values).filter(|(_, value)| **value == least || **value == most);
    Some(cited.fold(Line::of(text), |line, ((_, place), value)| {
        line.citing(format!("/thresholds/{place}/value"), *value)
    }))
}

/// What strategy `number` loses by the threshold at `place`.
pub(super) fn loss(view: &View<'_>, number: usize, place: usize) -> Line {
    let threshold = &view.run.thresholds[place];
    if metric_of(&threshold.name) == "cost"
        && let Some(bill) = portrait::bill(view, number)
    {
        return Line::of("costs ").then("", bill);
    }
    let line = match metric_of(&threshold.name) {
        "units_failed" => {
            let units = scene::units(view.run);
            Line::of(format!("fails for {} of its {units}{}", found(threshold), whose(threshold, "of")))
        }
        _ => Line::of(lost(threshold, &found(threshold), false)),
    };
    let line = threshold
        .value
        .into_iter()
        .fold(line, |line, value| line.citing(format!("/thresholds/{place}/value"), value));
    threshold
        .failed_share
        .into_iter()
        .fold(line, |line, share| line.citing(format!("/thresholds/{place}/failedShare"), share))
}

/// `fails 22.4 % of checkout`: what a value of the threshold's metric is, of one strategy or of `many`.
fn lost(threshold: &ThresholdRun, value: &str, many: bool) -> String {
    let verb = |one: &str, all: &str| if many { all.to_owned() } else { one.to_owned() };
    let (whose, whose_time) = (whose(threshold, "of"), whose(threshold, "for"));
    match Metric::from_name(metric_of(&threshold.name)) {
        Some(Metric::Failed) => format!("{} {value}{whose}", verb("fails", "fail")),
        Some(Metric::Throttled) => format!("{} {value} of attempts refused{whose}", verb("has", "have")),
        Some(Metric::Shed) => format!("{} {value}{whose}", verb("sheds", "shed")),
        Some(Metric::Goodput) => format!("{} {value}{whose}", verb("completes", "complete")),
        Some(Metric::Amplification) => {
            format!("{} {} attempts a call{whose}", verb("makes", "make"), value.replace('×', ""))
        }
        Some(Metric::Cost) => format!("{} {value} for a million completed jobs", verb("costs", "cost")),
        Some(Metric::ResponseTime) => {
            format!("{} a {} response time of {value}{whose_time}", verb("has", "have"), figure(threshold))
        }
        Some(Metric::ServiceTime) => {
            format!("{} a {} service time of {value}{whose_time}", verb("has", "have"), figure(threshold))
        }
        Some(Metric::QueueWait | Metric::UnitsFailed) | None => {
            format!("{} {} at {value}{whose}", verb("has", "have"), metric_of(&threshold.name))
        }
    }
}

/// `p99` of `p(99)<250ms`.
fn figure(threshold: &ThresholdRun) -> String {
    let figure = threshold.expression.split(['<', '>', '=', '!']).next().unwrap_or_default().trim();
    match figure {
        "med" => "median".into(),
        "avg" => "mean".into(),
        other => other.replace(['(', ')'], ""),
    }
}

/// ` of checkout`, where a threshold looks at a part.
fn whose(threshold: &ThresholdRun, joined_by: &str) -> String {
    let tags = threshold.name.split_once('{').map_or("", |(_, tags)| tags.trim_end_matches('}'));
    let parts = tags.split(',').filter_map(|tag| {
        let (key, value) = tag.split_once(':')?;
        match Tag::from_name(key.trim())? {
            Tag::Workload | Tag::Operation => Some(format!(" {joined_by} {}", named(value.trim()))),
            Tag::Stage => Some(format!(" in stage {}", value.trim())),
            Tag::Strategy | Tag::Outcome => None,
        }
    });
    parts.collect()
}

/// Whose cache serves next to nothing, and of how many different messages.
pub(super) fn idle_caches(view: &View<'_>) -> Vec<Line> {
    let told = (0..view.run.strategies.len()).filter_map(|number| {
        let strategy = view.strategy(number);
        let hit = strategy.ratios.cache_hit;
        scene::has_idle_cache(view.run, strategy).then(|| {
            let of = listed(&scene::distinct(view.run));
            let text =
                format!("The cache of {} serves {} of its jobs: {of}.", named(&strategy.name), percent(hit));
            Line::of(text).citing(at(number, "ratios/cacheHit"), hit)
        })
    });
    told.take(2).collect()
}

/// When the last job completes beside the others, where open work lasts longer or shorter under the one that is told of.
pub(super) fn last_completion(view: &View<'_>) -> Option<Line> {
    let subject = view.subject?;
    let ends_by_itself = |number: usize| view.strategy(number).done_after_s.is_some();
    let last = |number: usize| {
        let timeline = &view.strategy(number).timeline;
        let place = timeline.goodput.iter().rposition(|count| *count > 0)?;
        Some((place, (place as u64 + 1) * timeline.interval_s.max(1)))
    };
    let (own_place, own) = last(subject)?;
    let others =
        (0..view.run.strategies.len()).filter(|number| *number != subject && !ends_by_itself(*number));
    let differs = |(number, (place, s)): (usize, (usize, u64))| {
        (s.abs_diff(own) >= WORTH_S.max(own / 10)).then_some((number, place, s))
    };
    let other =
        others.filter_map(|number| differs((number, last(number)?))).max_by_key(|(_, _, s)| s.abs_diff(own));
    let (number, place, s) = other?;
    let text = format!(
        "The last job completes in second {} instead of {} under {}.",
        count(own),
        count(s),
        named(&view.strategy(number).name)
    );
    let cite = |line: Line, number: usize, place: usize| {
        let value = view.strategy(number).timeline.goodput[place] as f64;
        line.citing(at(number, &format!("timeline/goodput/{place}")), value)
    };
    Some(cite(cite(Line::of(text), subject, own_place), number, place))
}
