//! Met, missed, or cannot tell: what a threshold's figure is worth.
//!
//! A percentile and a share say how many of what was looked at may not hold: `p(99)<250ms` lets one job in a hundred be
//! slower. So both are judged by the share of those that do not, its spread over trials and the number it rests on.
//! The interval is Student's t over trials; over batches where there is one trial (see `gauge`). Of a live trial of too few
//! batches it cannot be told, and a simulated one is judged by its number.

use super::gauge::{self, Batches};
use super::question::{Question, offenders, question};
use super::{Evidence, Stand, figure};
use crate::record::Recorder;
use crate::results::Verdict;
use crate::results::stats::{CONFIDENCE, at_least, fewest, interval, mean_and_error, share, t95};
use crate::results::times::Figure;
use crate::scenario::{Aggregate, Comparison, Metric, Scenario, Threshold};

/// More trials than this are no remedy.
const MOST_TRIALS: usize = 10_000;

/// The verdict on `threshold`, whose figure over all of `whole` is `figure`; with what would settle it if it cannot be told.
pub fn judge(
    threshold: &Threshold,
    found: Figure,
    whole: &Recorder,
    evidence: &Evidence<'_>,
    scenario: &Scenario,
) -> (Verdict, Option<String>) {
    let holds = threshold.comparison.holds(found.value, threshold.bound);
    let counted = if holds { Verdict::Met } else { Verdict::Missed };
    match question(threshold) {
        Question::Count => (counted, None),
        Question::Share(allowed) => {
            let all = offenders(threshold, whole);
            let needed = fewest(allowed);
            let is_sure_miss = !holds && at_least(all.count, all.of, allowed) <= 1.0 - CONFIDENCE;
            if all.of < needed {
                let remedy = too_few(threshold, all.of, needed, evidence.trials());
                return if is_sure_miss {
                    (Verdict::Missed, None)
                } else {
                    (Verdict::CannotTell, Some(remedy))
                };
            }
            match evidence {
                Evidence::Counts => (counted, None),
                Evidence::Batches(batches) if batches.len() < gauge::FEWEST && is_sure_miss => {
                    (Verdict::Missed, None)
                }
                Evidence::Batches(batches) => alone(threshold, counted, batches, allowed),
                Evidence::Trials(trials) => {
                    let shares = trials.iter().map(|trial| {
                        let each = offenders(threshold, trial);
                        (each.of > 0).then(|| share(each.count, each.of))
                    });
                    spread(counted, &shares.flatten().collect::<Vec<f64>>(), allowed, |mean| mean <= allowed)
                }
            }
        }
        // A failure that makes a mean infinite does so in however many trials.
        Question::Mean if found.value.is_infinite() => (counted, None),
        Question::Mean => match evidence {
            Evidence::Counts => (counted, None),
            Evidence::Batches(batches) => alone(threshold, counted, batches, threshold.bound),
            Evidence::Trials(trials) => {
                let values =
                    trials.iter().filter_map(|trial| Some(figure(threshold, trial, scenario)?.value));
                let holds = |mean| threshold.comparison.holds(mean, threshold.bound);
                spread(counted, &values.collect::<Vec<f64>>(), threshold.bound, holds)
            }
        },
    }
}

/// What `recorder` says of `threshold`, to be added to what other parts say.
pub fn stand(threshold: &Threshold, recorder: &Recorder, scenario: &Scenario) -> Stand {
    match question(threshold) {
        Question::Share(allowed) => {
            let found = offenders(threshold, recorder);
            // A percentile is the value of a rank, below which the share may lie exactly.
            let is_rank = matches!(threshold.aggregate, Aggregate::Percentile(_) | Aggregate::Med);
            let inclusive = is_rank
                || matches!(threshold.comparison, Comparison::LessOrEqual | Comparison::GreaterOrEqual);
            Stand::Share { count: found.count as f64, of: found.of as f64, allowed, inclusive }
        }
        Question::Mean | Question::Count => {
            let figure = figure(threshold, recorder, scenario);
            Stand::Whole(figure.is_none_or(|found| threshold.comparison.holds(found.value, threshold.bound)))
        }
    }
}

/// The verdict that trials with these `values` allow, if what was `counted` is all there is to say without them.
fn spread(
    counted: Verdict,
    values: &[f64],
    bound: f64,
    holds: impl Fn(f64) -> bool,
) -> (Verdict, Option<String>) {
    let (Some((mean, error)), Some([low, high])) = (mean_and_error(values), interval(values)) else {
        return (counted, None);
    };
    let agrees = holds(mean) == (counted == Verdict::Met);
    if error <= 0.0 || (agrees && (bound < low || bound > high)) {
        return (counted, None);
    }
    let k = values.len();
    let settles =
        |more: &usize| t95(more - 1) * error * (k as f64 / *more as f64).sqrt() < (mean - bound).abs();
    // Steps of a tenth: an estimate deserves no more.
    let estimates = std::iter::successors(Some(k + 1), |n| Some(n + (n / 10).max(1)));
    let enough = estimates.take_while(|n| *n <= MOST_TRIALS).find(settles);
    let would = match enough {
        Some(trials) => format!("about {trials} would settle it"),
        None => format!("more than {MOST_TRIALS} would be needed, so near the bound does it lie"),
    };
    (Verdict::CannotTell, Some(format!("The 95 % interval over {k} trials holds the bound: {would}.")))
}

/// The verdict that the batches of the only trial allow, if what was `counted` is all there is to say without them.
fn alone(
    threshold: &Threshold,
    counted: Verdict,
    batches: &Batches,
    bound: f64,
) -> (Verdict, Option<String>) {
    let is_enough = batches.len() >= gauge::FEWEST && threshold.metric != Metric::UnitsFailed;
    if !is_enough && !batches.is_live() {
        // Whoever asks the simulator for one trial, though more cost a moment, is answered by what was counted.
        return (counted, None);
    }
    if threshold.metric == Metric::UnitsFailed {
        let remedy = "It is one trial, in which each VU or client counts once: only more trials tell how sure that is.";
        return (Verdict::CannotTell, Some(remedy.into()));
    }
    let k = batches.len();
    let Some((ratio, error)) = batches.ratio_and_error().filter(|_| is_enough) else {
        let remedy = format!(
            "It is one trial of {}, and {} seconds with something in them are the fewest that tell how sure a figure is: a \
             longer run or more trials would.",
            count_of(k, "second"),
            gauge::FEWEST
        );
        return (Verdict::CannotTell, Some(remedy));
    };
    let off = (ratio - bound).abs();
    if error <= 0.0 || t95(k - 1) * error < off {
        return (counted, None);
    }
    // So many times as long: the error falls with the root of it.
    let times = (t95(k - 1) * error / off).powi(2).ceil();
    let would = match times <= MOST_TRIALS as f64 {
        true => format!("a run about {} times as long, or as many trials, would settle it", times.max(2.0)),
        false => {
            format!("more than {MOST_TRIALS} times as much would be needed, so near the bound does it lie")
        }
    };
    let each = batches.each();
    let told = format!(
        "The 95 % interval over {k} batches of {:.1} s of the one trial holds the bound: {would}.",
        each.as_secs_f64()
    );
    (Verdict::CannotTell, Some(told))
}

/// So many of something.
fn count_of(many: usize, one: &str) -> String {
    if many == 1 { format!("1 {one}") } else { format!("{many} {one}s") }
}

impl Evidence<'_> {
    /// How many trials it is.
    const fn trials(&self) -> usize {
        match self {
            Evidence::Trials(trials) => trials.len(),
            Evidence::Batches(_) | Evidence::Counts => 1,
        }
    }
}

/// That what was looked at is too little to be met, whatever it shows.
fn too_few(threshold: &Threshold, of: u64, needed: u64, trials: usize) -> String {
    let things = match threshold.metric {
        Metric::Throttled | Metric::ServiceTime => "attempts",
        Metric::UnitsFailed => "VUs or clients",
        _ => "jobs",
    };
    let trials = trials.max(1) as u64;
    let enough = (needed * trials).div_ceil(of.max(1));
    format!(
        "It rests on {of} {things}, and {needed} are the fewest that can meet it: about {enough} trials would."
    )
}
