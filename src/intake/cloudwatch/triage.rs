//! Which pool grew, and since when, by what CloudWatch counts a minute: what there is to say where no log is at hand.

use std::collections::BTreeMap;

/// How many windows before the last one are compared with it.
const BEFORE: i64 = 4;

/// A pool's calls.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The pool, or the series.
    pub name: String,
    /// Calls by the minute's number since 1970; minutes without calls are missing.
    pub minutes: BTreeMap<i64, f64>,
    /// The published default, where the pool is known.
    pub limit_per_s: Option<f64>,
}

/// The pool that grew most, and its rates.
struct Grown<'c> {
    pool: &'c Counted,
    now_per_s: f64,
    then_per_s: f64,
    /// Whether nothing before was looked at.
    is_alone: bool,
}

/// Five lines about the last `window` minutes up to `last`, against four times as many before them; what came before `first`
/// nobody has looked at.
pub fn triage(counted: &[Counted], window: i64, (first, last): (i64, i64)) -> Vec<String> {
    let window = window.clamp(1, 7 * 24 * 60);
    let begins = last - window + 1;
    let from = first.max(begins - window * BEFORE);
    // A pool without any calls has not grown, and has not shrunk either.
    let grown = counted.iter().filter(|each| !each.minutes.is_empty()).map(|pool| {
        let sum =
            |from: i64, to: i64| pool.minutes.range(from..to.max(from)).map(|(_, calls)| calls).sum::<f64>();
        Grown {
            pool,
            now_per_s: sum(begins, last + 1) / (window * 60) as f64,
            then_per_s: sum(from, begins) / ((begins - from).max(1) * 60) as f64,
            is_alone: begins <= from,
        }
    });
    let growth = |grown: &Grown| grown.now_per_s - grown.then_per_s;
    let Some(most) = grown.max_by(|a, b| growth(a).total_cmp(&growth(b))) else {
        return vec![format!(
            "WHO    nobody: CloudWatch has counted no calls in the last {}",
            told(last - first + 1)
        )];
    };
    let Grown { pool, then_per_s, is_alone, .. } = most;
    vec![
        "WHO    cannot tell from CloudWatch, which counts no callers; a log does: keystorm import cloudtrail --triage".into(),
        which(&most, window, (begins, last)),
        match since(&pool.minutes, then_per_s, (begins, last), is_alone) {
            Some(at) => format!("SINCE  {at}: the first minute that stays above twice the rate before"),
            None => "SINCE  cannot tell: no minute stays above twice the rate before".into(),
        },
        format!(
            "LEVER  {}; who calls a service such as S3 turns that service's own: Bucket Keys",
            match pool.name.contains("symmetric") {
                true => "a limiter below the quota in whoever grew, then a data-key cache",
                false => "a limiter below the quota in whoever grew",
            }
        ),
        "NEXT   CallCount may hold throttled calls or not, AWS does not say: look for ThrottlingException in the log or the callers"
            .into(),
    ]
}

/// Which pool grew, by how much, and what that is of its default.
fn which(grown: &Grown<'_>, window: i64, (begins, last): (i64, i64)) -> String {
    let (name, span) = (&grown.pool.name, told(window));
    let (now, then) = (number(grown.now_per_s), number(grown.then_per_s));
    let grew = if grown.is_alone {
        format!("{name} has {now}/s; whether it grew cannot be told, nothing before was looked at")
    } else if grown.now_per_s <= grown.then_per_s {
        format!("nothing grew: {name} has {now}/s over the last {span}, {then}/s before")
    } else {
        format!("{name} grew from {then}/s to {now}/s over the last {span}")
    };
    let minutes = grown.pool.minutes.range(begins..=last);
    let busiest = minutes.map(|(_, calls)| calls / 60.0).fold(0.0, f64::max);
    let against = grown.pool.limit_per_s.map_or(String::new(), |limit| {
        let share = busiest / limit * 100.0;
        let limit = number(limit);
        format!(", {share:.0} % of the default of {limit}/s (your own: keystorm quotas --applied)")
    });
    format!("POOL   {grew}; its busiest minute has {}/s{against}", number(busiest))
}

/// The first of the minutes, up to the end, all of which are above twice the rate before.
fn since(
    minutes: &BTreeMap<i64, f64>,
    then: f64,
    (begins, last): (i64, i64),
    is_alone: bool,
) -> Option<jiff::Timestamp> {
    let above = |at: &i64| minutes.get(at).is_some_and(|calls| calls / 60.0 > then * 2.0);
    let first = (begins..=last).rev().take_while(above).last().filter(|_| !is_alone)?;
    jiff::Timestamp::from_second(first * 60).ok()
}

/// A rate, with a decimal where it is small.
fn number(per_s: f64) -> String {
    if per_s < 100.0 { format!("{per_s:.1}") } else { format!("{per_s:.0}") }
}

/// `15 minutes`.
fn told(minutes: i64) -> String {
    match minutes {
        1 => "minute".into(),
        minutes if minutes % 60 == 0 && minutes > 60 => format!("{} hours", minutes / 60),
        minutes => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two hours of 600 calls a minute; `symmetric` has 6,000 in the last `minutes`.
    fn two(minutes: i64) -> [Counted; 2] {
        let each = |name: &str, more: i64| Counted {
            name: name.into(),
            minutes: (0..120).map(|at| (at, if at >= 120 - more { 6_000.0 } else { 600.0 })).collect(),
            limit_per_s: Some(1_000.0),
        };
        [each("rsa", 0), each("symmetric", minutes)]
    }

    #[test]
    fn the_pool_that_grew_is_named_with_its_minute_and_its_lever() {
        let lines = triage(&two(10), 15, (0, 119));
        assert_eq!(lines.len(), 5, "{lines:#?}");
        // Ten of fifteen minutes at 100/s, five at 10/s.
        assert!(
            lines[1].starts_with("POOL   symmetric grew from 10.0/s to 70.0/s over the last 15 minutes"),
            "{lines:#?}"
        );
        assert!(
            lines[1].contains("its busiest minute has 100/s, 10 % of the default of 1000/s"),
            "{lines:#?}"
        );
        assert!(lines[2].starts_with("SINCE  1970-01-01T01:50:00Z"), "{lines:#?}");
        assert!(lines[3].contains("data-key cache"), "{lines:#?}");
    }

    #[test]
    fn what_cannot_be_told_is_not_told() {
        assert!(triage(&two(0), 15, (0, 119))[1].contains("nothing grew"));
        // All calls became fewer, and of one pool there were none: it is not the one that grew most.
        let [mut fewer, mut none] = two(0);
        (110..120).for_each(|at| _ = fewer.minutes.insert(at, 60.0));
        none.minutes.clear();
        let lines = triage(&[fewer, none], 15, (0, 119));
        assert!(lines.len() == 5 && lines[1].contains("nothing grew: rsa"), "{lines:#?}");
        let alone = triage(&two(10), 120, (0, 119));
        assert!(alone[1].contains("cannot be told") && alone[2].contains("cannot tell"), "{alone:#?}");
        assert_eq!(triage(&[], 15, (0, 119)).len(), 1);
    }
}
