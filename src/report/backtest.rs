//! Whether a limiter fitted to one log tells the throttled seconds of another, for people.

use super::format::{count, number, percent};
use super::look::Look;
use super::page::{Block, Page};
use super::table::Table;
use crate::planner::backtest::{Fit, Limit, Score, name};
use crate::quota::Enforcement;
use serde_json::{Value, json};

/// Above this probability a prediction is no better than chance.
const CHANCE: f64 = 0.05;

/// What one pool's two logs say.
#[derive(Clone, Debug)]
pub struct Tested {
    /// Name of the pool in the quota catalogue.
    pub pool: String,
    /// Seconds with calls, and throttled ones, of the first log.
    pub first: (u64, u64),
    /// The same of the second.
    pub second: (u64, u64),
    /// What the first tells of; `None` if it has no throttles.
    pub fit: Option<Fit>,
    /// How the fit tells the second; `None` without a fit or without calls.
    pub score: Option<Score>,
}

/// Two logs of an account in a Region.
#[derive(Clone, Debug)]
pub struct Backtest {
    /// The Region.
    pub region: String,
    /// Id of the account that was logged.
    pub account: String,
    /// The first log, as it was named.
    pub first: String,
    /// The second log, as it was named.
    pub second: String,
    /// One for each pool that either log calls.
    pub pools: Vec<Tested>,
}

/// `a bucket that holds 4 s, books 1 s late` and so on.
fn told(limit: &Limit) -> String {
    let kind = limit.enforcement.machine(limit.phase);
    format!("{}/s, {kind}", number(limit.rate.as_per_second()))
}

/// The limiter as `--set` takes it.
pub fn setting(enforcement: Enforcement) -> String {
    match enforcement.written() {
        Value::String(word) => word,
        mapping => mapping.to_string(),
    }
}

/// What the figures mean, in a sentence.
fn answer(tested: &Tested) -> String {
    let Some(fit) = &tested.fit else {
        return format!(
            "Cannot tell how {} is enforced: the first log has no throttled call of it. CloudTrail may leave such calls out; give \
             a log of a week with throttling.",
            tested.pool
        );
    };
    let Some(score) = tested.score else {
        return format!("Cannot tell: the second log has no calls of {}.", tested.pool);
    };
    let throttled = score.throttled();
    if throttled == 0.0 {
        let alarms = match score.false_alarms {
            0.0 => "and none is predicted".into(),
            alarms => format!("and {} are predicted", count(alarms as u64)),
        };
        return format!(
            "Cannot tell whether the fit holds: no second of the second log is throttled, {alarms}."
        );
    }
    let hits =
        format!("{} of {} throttled seconds are told", count(score.hits as u64), count(throttled as u64));
    let chance = score.by_chance();
    if chance < CHANCE {
        format!(
            "{} {hits}, with {}: better than a coin. The first log's throttles fit {}.",
            capital(&tested.pool),
            alarms(&score),
            told(&fit.limit)
        )
    } else {
        format!(
            "{} {hits}, with {}: that is no better than a coin ({} by chance alone), so the fit is no evidence.",
            capital(&tested.pool),
            alarms(&score),
            percent(chance)
        )
    }
}

fn alarms(score: &Score) -> String {
    match score.false_alarms as u64 {
        1 => "1 false alarm".into(),
        some => format!("{} false alarms", count(some)),
    }
}

fn capital(pool: &str) -> String {
    format!("{pool}:")
}

/// What is told of a backtest, as a page.
pub fn page(backtest: &Backtest) -> Page {
    let mut page = Page::new(format!("Backtest of account {} in {}", backtest.account, backtest.region));
    for tested in &backtest.pools {
        page.put(Block::Said("ANSWER", answer(tested)));
    }
    let mut scores = Table::new(
        format!("Throttled seconds of {}", backtest.second),
        &["pool", "<told by", "hits", "misses", "false alarms", "success"],
    );
    for tested in &backtest.pools {
        let Some(score) = tested.score.filter(|score| score.throttled() > 0.0) else { continue };
        for (by, of) in [("the fit", score), ("a coin", score.coin())] {
            let figures = [of.hits, of.misses, of.false_alarms].map(|figure| number(figure).into());
            let cells = [tested.pool.as_str().into(), by.into()].into_iter().chain(figures);
            scores.row(cells.chain([percent(of.success()).into()]));
        }
    }
    page.tabulate(scores);
    page.tabulate(fits(backtest));
    page.put(Block::Heading("What this rests on".into()));
    page.put(Block::List(notes(backtest)));
    page
}

/// What each kind of limiter makes of the first log.
fn fits(backtest: &Backtest) -> Table {
    let mut table = Table::new(
        format!("Calls of {} told wrongly, by kind of limiter", backtest.first),
        &["pool", "<kind", "calls", "told wrongly"],
    );
    for tested in &backtest.pools {
        let Some(fit) = &tested.fit else { continue };
        let mut kinds: Vec<_> = fit.others.iter().collect();
        kinds.sort_by_key(|(_, mistakes)| **mistakes);
        for (kind, mistakes) in kinds {
            let share = *mistakes as f64 / fit.calls.max(1) as f64;
            table.row([
                tested.pool.as_str().into(),
                (*kind).into(),
                count(*mistakes).into(),
                percent(share).into(),
            ]);
        }
    }
    table
}

fn notes(backtest: &Backtest) -> Vec<String> {
    let seconds = |log: &str, (seconds, throttled): (u64, u64)| {
        format!("{log}: {} seconds with calls, {} of them throttled", count(seconds), count(throttled))
    };
    let mut notes: Vec<String> = backtest
        .pools
        .iter()
        .map(|tested| {
            format!(
                "{}: {}; {}.",
                tested.pool,
                seconds(&backtest.first, tested.first),
                seconds(&backtest.second, tested.second)
            )
        })
        .collect();
    notes.push("A coin knows how often seconds are throttled, and not which. Success is hits ÷ (hits + misses + false alarms).".into());
    notes.push(
        "A log tells the second of a call only: the calls of a second are taken to come evenly.".into(),
    );
    notes.push("AWS does not document whether CloudTrail logs every throttled call; those left out count against the fit.".into());
    let fits = backtest.pools.iter().filter_map(|tested| tested.fit.as_ref());
    notes.extend(fits.map(|fit| {
        format!(
            "To plan under it: keystorm plan SCENARIO --set 'quotas.enforcement={}'.",
            setting(fit.limit.enforcement)
        )
    }));
    notes
}

/// As lines of text.
pub fn text(backtest: &Backtest, look: Look) -> String {
    page(backtest).to_text(look)
}

/// The same as one JSON document.
pub fn document(backtest: &Backtest) -> Value {
    let side = |(seconds, throttled): (u64, u64)| json!({ "seconds": seconds, "throttled": throttled });
    let pools = backtest.pools.iter().map(|tested| {
        let fit = tested.fit.as_ref().map(|fit| {
            json!({
                "kind": name(fit.limit.enforcement),
                "enforcement": setting(fit.limit.enforcement),
                "rate_per_s": fit.limit.rate.as_per_second(),
                "calls": fit.calls,
                "told_wrongly": fit.mistakes,
                "told_wrongly_by_kind": fit.others,
            })
        });
        let score = tested.score.filter(|score| score.throttled() > 0.0);
        json!({
            "pool": tested.pool,
            "first": side(tested.first),
            "second": side(tested.second),
            "fit": fit,
            "score": tested.score,
            "coin": score.map(|score| score.coin()),
            "by_chance": score.map(|score| score.by_chance()),
            "answer": answer(tested),
        })
    });
    json!({
        "region": backtest.region,
        "account": backtest.account,
        "first": backtest.first,
        "second": backtest.second,
        "pools": pools.collect::<Vec<_>>(),
    })
}
