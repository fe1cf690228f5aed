//! Which limiter a log's throttles tell of, and whether that limiter tells the throttled seconds of another log.
//!
//! ```text
//! first log:  seconds ─▶ near its throttles ─▶ every kind, parameters and rates: the fewest calls told wrongly ─▶ Fit
//! second log: seconds ─▶ replay under the fit ─▶ predicted ∧ recorded ─▶ Score, beside a coin that knows how often
//! ```
//!
//! A log tells the second of a call, not its moment: the calls of a second come evenly. A call is told wrongly where a
//! second admits more or fewer than were admitted.

use crate::quota::{Enforcement, EnforcementKind, Limiter, Take};
use crate::time::{NANOS_PER_SECOND, Span, Time};
use crate::units::Rate;
use serde::Serialize;
use std::collections::BTreeMap;

/// A limiter with all that it needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// Kind and parameters.
    pub enforcement: Enforcement,
    /// What it grants.
    pub rate: Rate,
    /// Where fixed windows begin.
    pub phase: Span,
}

/// A pool's calls in a second of a log; seconds without any are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Second {
    /// Which, since 1970.
    pub at: i64,
    /// Calls that a quota did not refuse.
    pub admitted: u64,
    /// Calls that it did.
    pub refused: u64,
}

/// Seconds before a throttled one that may have led to it: several of the longest burst and lag that are tried.
const BEFORE: i64 = 60;
/// Seconds after it, in which a kind shows how it recovers.
const AFTER: i64 = 6;
/// The busiest seconds are looked at too, throttled or not: a fit that refuses them is wrong.
const BUSIEST: usize = 50;
/// Takes that a candidate replays at most.
const TAKES: u64 = 40_000;
/// Throttled seconds that are no further apart belong to one stretch, in which the limit was reached.
const APART: i64 = 5;
/// Candidates whose rate is looked for more closely.
const CLOSER: usize = 12;

/// Replays seconds, which stand in order, and hands on how many calls each admits. Calls are taken `together` at a time.
pub fn replay(seconds: &[Second], limit: &Limit, together: u64, mut each: impl FnMut(&Second, u64)) {
    let Some(first) = seconds.first().map(|second| second.at) else { return };
    let mut limiter = Limiter::new(limit.enforcement, limit.rate, limit.phase);
    let together = together.max(1);
    for second in seconds {
        let calls = second.admitted + second.refused;
        let takes = calls.div_ceil(together);
        // A minute in, so that no window begins before the log.
        let begins = (60 + second.at.abs_diff(first)) * NANOS_PER_SECOND;
        let mut admitted = 0;
        for n in 0..takes {
            let cost = together.min(calls - n * together);
            let at = Time::from_nanos(begins + (2 * n + 1) * (NANOS_PER_SECOND / 2) / takes);
            if limiter.take(u32::try_from(cost).unwrap_or(u32::MAX), at) == Take::Granted {
                admitted += cost;
            }
        }
        each(second, admitted);
    }
}

/// Calls that a limiter tells wrongly: by how many each second's admitted calls are off, added up.
pub fn mistakes(seconds: &[Second], limit: &Limit, together: u64) -> u64 {
    let mut sum = 0;
    replay(seconds, limit, together, |second, admitted| sum += admitted.abs_diff(second.admitted));
    sum
}

/// Kinds of limiter with the parameters that are tried, simplest first.
pub fn kinds() -> Vec<(Enforcement, Span)> {
    let ms = Span::from_millis;
    let bursts = [500_u64, 1_000, 1_500, 2_000, 2_667, 3_333, 4_000, 5_000, 6_000, 8_000].map(ms);
    let lags = [250_u64, 500, 750, 1_000, 1_250, 1_500, 1_750, 2_000].map(ms);
    let windows = [0_u64, 250, 500, 750].map(ms);
    let window = windows.map(|phase| (Enforcement::Window { phase: Some(phase) }, phase));
    let bucket = bursts.map(|burst| (Enforcement::Bucket { burst }, Span::ZERO));
    let lagging = lags.map(|lag| (Enforcement::Lagging { lag }, Span::ZERO));
    let late = bursts
        .into_iter()
        .flat_map(|burst| lags.map(|lag| (Enforcement::LateBucket { burst, lag }, Span::ZERO)));
    let sliding = [(Enforcement::Sliding, Span::ZERO)];
    window.into_iter().chain(sliding).chain(bucket).chain(lagging).chain(late).collect()
}

/// The bucket that books late, which files do not name by a word of its own.
const LATE_BUCKET: &str = "bucket with a lag";

/// The name of a kind, without its parameters.
pub fn name(enforcement: Enforcement) -> &'static str {
    match enforcement {
        Enforcement::LateBucket { .. } => LATE_BUCKET,
        other => other.kind().name(),
    }
}

/// The limiter that a log tells of.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The limiter that was fitted, and how it is written.
    pub limit: Limit,
    /// Calls that it tells wrongly, of [`Fit::calls`].
    pub mistakes: u64,
    /// Calls that it was fitted to: those near throttles, and in the busiest seconds.
    pub calls: u64,
    /// The fewest mistakes of each kind, by its name.
    pub others: BTreeMap<&'static str, u64>,
}

/// Fits a limiter to a log's throttles; `published` is tried too. `None` if the log has none.
pub fn fit(seconds: &[Second], published: Option<Rate>) -> Option<Fit> {
    let near = near(seconds);
    if near.iter().all(|second| second.refused == 0) {
        return None;
    }
    let calls: u64 = near.iter().map(|second| second.admitted + second.refused).sum();
    let sustained = sustained(&near);
    let together = calls.div_ceil(TAKES).min((sustained / 50.0) as u64).max(1);
    let mut rates = rates(sustained);
    rates.extend(published.map(Rate::as_per_second));
    rates.extend(near.iter().map(|second| second.admitted as f64).max_by(f64::total_cmp));
    let mut tried: Vec<(u64, Limit)> = Vec::new();
    for (enforcement, phase) in kinds() {
        let limit = |rate: &f64| Limit { enforcement, rate: tidy(enforcement, *rate), phase };
        let best = rates.iter().map(limit).map(|limit| (mistakes(&near, &limit, together), limit));
        tried.extend(best.min_by_key(|(mistakes, _)| *mistakes));
    }
    let mut order: Vec<usize> = (0..tried.len()).collect();
    order.sort_by_key(|place| tried[*place].0);
    for place in order.into_iter().take(CLOSER) {
        let (_, Limit { enforcement, rate, phase }) = tried[place];
        let closer = (-12..=12).map(|step| {
            let rate = tidy(enforcement, rate.as_per_second() * (1.0 + f64::from(step) / 100.0));
            let limit = Limit { enforcement, rate, phase };
            (mistakes(&near, &limit, together), limit)
        });
        tried.extend(closer.filter(|(mistakes, _)| *mistakes < tried[place].0).min_by_key(|(m, _)| *m));
    }
    let mut best = BTreeMap::<&'static str, (u64, Limit)>::new();
    for (mistakes, limit) in tried {
        let known = best.entry(name(limit.enforcement)).or_insert((mistakes, limit));
        if mistakes < known.0 {
            *known = (mistakes, limit);
        }
    }
    // Told call by call at last.
    best.values_mut().for_each(|(known, limit)| *known = mistakes(&near, limit, 1));
    let simplest = EnforcementKind::WORDS.iter().chain([&LATE_BUCKET]);
    let (mistakes, limit) = simplest.filter_map(|kind| best.get(kind)).min_by_key(|(m, _)| *m).copied()?;
    let others = best.iter().map(|(kind, (mistakes, _))| (*kind, *mistakes)).collect();
    Some(Fit { limit, mistakes, calls, others })
}

/// What passes a second while the limit is reached: over stretches of throttled seconds, and what lies between them.
fn sustained(seconds: &[Second]) -> f64 {
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    for second in seconds.iter().filter(|second| second.refused > 0) {
        match stretches.last_mut().filter(|(_, to)| second.at - *to <= APART) {
            Some((_, to)) => *to = second.at,
            None => stretches.push((second.at, second.at)),
        }
    }
    let admitted = |(from, to): &(i64, i64)| {
        let begins = seconds.partition_point(|second| second.at < *from);
        let inside = seconds[begins..].iter().take_while(|second| second.at <= *to);
        inside.map(|second| second.admitted).sum::<u64>()
    };
    let lasting: i64 = stretches.iter().map(|(from, to)| to - from + 1).sum();
    // Half a call, where all that is known was refused.
    (stretches.iter().map(admitted).sum::<u64>() as f64 / lasting.max(1) as f64).max(0.5)
}

/// Rates that are tried first: around what passes, and the round numbers there, for quotas are round.
fn rates(sustained: f64) -> Vec<f64> {
    let coarse = (-9..=9).map(|step| libm::exp2(f64::from(step) / 12.0));
    let fine = [-4.0, -2.0, 2.0, 4.0].map(|percent| 1.0 + percent / 100.0);
    let around: Vec<f64> = coarse.chain(fine).map(|factor| sustained * factor).collect();
    let round = |rate: &f64| {
        let digit = libm::pow(10.0, libm::log10(*rate).floor() - 1.0);
        (rate / digit / 5.0).round() * 5.0 * digit
    };
    let mut all: Vec<f64> =
        around.iter().map(round).filter(|rate| *rate > 0.0).chain(around.clone()).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    all
}

/// A rate as people write it; whole where a second's window counts, which holds whole calls.
fn tidy(enforcement: Enforcement, per_s: f64) -> Rate {
    let is_whole = matches!(
        enforcement,
        Enforcement::Window { .. } | Enforcement::Sliding | Enforcement::Lagging { .. }
    );
    let whole = per_s >= 50.0 || is_whole;
    match whole {
        true => Rate::per_second((per_s.round() as u64).max(1)),
        false => Rate::new(((per_s * 10.0).round() as u64).max(1), 10),
    }
}

/// The seconds from which a limiter's kind can be told.
fn near(seconds: &[Second]) -> Vec<Second> {
    let mut busiest: Vec<&Second> = seconds.iter().collect();
    busiest.sort_by_key(|second| std::cmp::Reverse(second.admitted + second.refused));
    let busiest = busiest.into_iter().take(BUSIEST).map(|second| second.at);
    let throttled = seconds.iter().filter(|second| second.refused > 0).map(|second| second.at);
    let mut marks: Vec<i64> = throttled.chain(busiest).collect();
    marks.sort_unstable();
    let is_near = |second: &&Second| {
        let from = marks.partition_point(|mark| *mark < second.at - AFTER);
        marks.get(from).is_some_and(|mark| *mark <= second.at + BEFORE)
    };
    // As many as can be replayed a hundred times over; the first of them, since any may do.
    let mut left = TAKES * 50;
    let room = |second: &&Second| {
        left = left.saturating_sub(second.admitted + second.refused);
        left > 0
    };
    seconds.iter().filter(is_near).take_while(room).copied().collect()
}

/// How a prediction of throttled seconds did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    /// Throttled seconds that were predicted.
    pub hits: f64,
    /// Throttled seconds that were not.
    pub misses: f64,
    /// Predicted seconds that were not throttled.
    pub false_alarms: f64,
    /// All seconds with calls.
    pub seconds: f64,
}

impl Score {
    /// Of a limiter's prediction.
    pub fn of(seconds: &[Second], limit: &Limit) -> Score {
        let mut score = Score { seconds: seconds.len() as f64, ..Score::default() };
        replay(seconds, limit, 1, |second, admitted| {
            let predicted = admitted < second.admitted + second.refused;
            match (predicted, second.refused > 0) {
                (true, true) => score.hits += 1.0,
                (false, true) => score.misses += 1.0,
                (true, false) => score.false_alarms += 1.0,
                (false, false) => {}
            }
        });
        score
    }

    /// Throttled seconds there are.
    pub fn throttled(&self) -> f64 {
        self.hits + self.misses
    }

    /// What a coin gets on average that knows how often seconds are throttled, and not which.
    pub fn coin(&self) -> Score {
        let rate = if self.seconds > 0.0 { self.throttled() / self.seconds } else { 0.0 };
        Score {
            hits: self.throttled() * rate,
            misses: self.throttled() * (1.0 - rate),
            false_alarms: (self.seconds - self.throttled()) * rate,
            seconds: self.seconds,
        }
    }

    /// Hits among all that was throttled or predicted: the critical success index of forecasts; 0 where there is nothing.
    pub fn success(&self) -> f64 {
        let all = self.throttled() + self.false_alarms;
        if all > 0.0 { self.hits / all } else { 0.0 }
    }

    /// How likely as many alarms, put anywhere, hit as often or more often: Fisher's exact test, one-sided.
    pub fn by_chance(&self) -> f64 {
        let (all, throttled) = (self.seconds, self.throttled());
        let alarms = self.hits + self.false_alarms;
        let ln_choose =
            |n: f64, k: f64| libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
        let whole = ln_choose(all, alarms);
        let least = self.hits.max(alarms + throttled - all);
        let most = throttled.min(alarms);
        let steps = (most - least).max(-1.0) as i64;
        let term = |step: i64| {
            let hits = least + step as f64;
            libm::exp(ln_choose(throttled, hits) + ln_choose(all - throttled, alarms - hits) - whole)
        };
        (0..=steps).map(term).sum::<f64>().min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four minutes of calls that rise and fall about `rate`, as `limit` answers them; `turn` shifts when.
    fn log(limit: &Limit, turn: i64) -> Vec<Second> {
        let rate = limit.rate.as_per_second();
        let mut seconds: Vec<Second> = (0..240)
            .map(|at| {
                let wave = libm::sin((at + turn) as f64 / 17.0) + libm::sin((at + 3 * turn) as f64 / 5.0);
                let calls = rate * (0.8 + 0.45 * wave);
                Second { at: 1_700_000_000 + at, admitted: calls.max(1.0) as u64, refused: 0 }
            })
            .collect();
        let mut admitted = Vec::new();
        replay(&seconds, limit, 1, |_, of| admitted.push(of));
        for (second, admitted) in seconds.iter_mut().zip(admitted) {
            (second.refused, second.admitted) = (second.admitted - admitted, admitted);
        }
        seconds
    }

    #[test]
    fn a_limiter_is_found_again_and_tells_another_log() {
        let ms = Span::from_millis;
        let window = ms(500);
        for (enforcement, phase, rate) in [
            (Enforcement::Window { phase: Some(window) }, window, 100),
            (Enforcement::Sliding, Span::ZERO, 120),
            (Enforcement::Bucket { burst: ms(4_000) }, Span::ZERO, 100),
            (Enforcement::LateBucket { burst: ms(2_000), lag: ms(1_000) }, Span::ZERO, 200),
            (Enforcement::Lagging { lag: ms(1_500) }, Span::ZERO, 150),
        ] {
            let limit = Limit { enforcement, phase, rate: Rate::per_second(rate) };
            let (first, second) = (log(&limit, 0), log(&limit, 250));
            let fit = fit(&first, None).expect("it has throttles");
            // The kind that made it makes next to no mistakes.
            let share = fit.others[name(enforcement)] as f64 / fit.calls as f64;
            assert!(share < 0.02, "{enforcement:?}: {share} {fit:?}");
            let got = fit.limit.rate.as_per_second() / rate as f64;
            assert!((0.97..1.03).contains(&got), "{enforcement:?}: {fit:?}");
            let score = Score::of(&second, &fit.limit);
            assert!(score.throttled() > 20.0 && score.success() > 0.85, "{enforcement:?}: {score:?} {fit:?}");
            assert!(score.success() > 2.0 * score.coin().success() && score.by_chance() < 1e-6, "{score:?}");
        }
    }

    #[test]
    fn a_wrong_kind_makes_more_mistakes_than_the_right_one() {
        let late = Enforcement::LateBucket { burst: Span::from_secs(4), lag: Span::from_secs(1) };
        let limit = Limit { enforcement: late, phase: Span::ZERO, rate: Rate::per_second(100) };
        let fit = fit(&log(&limit, 0), None).expect("it has throttles");
        assert_eq!(name(fit.limit.enforcement), "bucket with a lag", "{fit:?}");
        assert!(fit.others["window"] > 5 * fit.mistakes.max(10), "{fit:?}");
    }

    #[test]
    fn without_throttles_nothing_can_be_told() {
        let calm: Vec<Second> = (0..100).map(|at| Second { at, admitted: 5, refused: 0 }).collect();
        assert_eq!(fit(&calm, Some(Rate::per_second(10))), None);
        assert_eq!(fit(&[], None), None);
    }

    #[test]
    fn a_coin_gets_what_chance_gives() {
        let score = Score { hits: 8.0, misses: 2.0, false_alarms: 1.0, seconds: 100.0 };
        let coin = score.coin();
        assert_eq!((coin.hits, coin.misses, coin.false_alarms), (1.0, 9.0, 9.0));
        // Nine alarms among 100 seconds of which 10 are throttled: P(8 or 9 hits), counted by hand.
        let choose = |n: u64, k: u64| (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64);
        let exact = (choose(10, 8) * choose(90, 1) + choose(10, 9)) / choose(100, 9);
        assert!((score.by_chance() / exact - 1.0).abs() < 1e-6, "{} {exact}", score.by_chance());
        let blind = Score { hits: 0.0, misses: 10.0, false_alarms: 9.0, seconds: 100.0 };
        assert!((blind.by_chance() - 1.0).abs() < 1e-9, "{}", blind.by_chance());
    }
}
