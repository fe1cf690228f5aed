//! Which parts of a long schedule decide about its quota: the seconds of its peaks, with what leads to them and what
//! follows.
//!
//! ```text
//!  demand      ╱▔▔▔▔▔▔╲            ╱▔╲
//!  ───────────╱        ╲──────────╱   ╲────  level: a share of the peak
//!          ├──[ judged  ]──┤    ├─[    ]──┤
//!          warm-up    recovery
//! ```
//!
//! A plateau is sampled: one stretch stands for others like it, and counts as often.

use crate::time::{Span, Time};

/// Seconds that demand is smoothed over.
const SMOOTH: usize = 5;
/// Seconds after a peak in which it may still be felt.
const RECOVERY: usize = 20;
/// Seconds of a stretch that stands for others.
const BLOCK: usize = 15;
/// How many of them stand for all.
const STRATA: usize = 4;

/// A part of the schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Where it begins, warm-up included.
    pub from: Time,
    /// Where it ends.
    pub to: Time,
    /// How much of its beginning is not judged.
    pub unmeasured: Span,
    /// How many stretches like it there are.
    pub weight: f64,
}

/// The share of the peak from which on a short peak is judged whole.
const PEAK: f64 = 0.85;

/// The stretches whose smoothed demand is at least `level` of the peak's; `lead` seconds come before each, unjudged.
pub fn stretches(demand: &[f64], level: f64, lead: usize) -> Vec<Stretch> {
    let smooth: Vec<f64> = (0..demand.len()).map(|at| mean(demand, at)).collect();
    let most = smooth.iter().copied().fold(0.0, f64::max);
    let peaks = runs(&smooth, level.max(PEAK) * most, lead, &[]);
    if length(&peaks) > BLOCK * STRATA {
        return sampled(&runs(&smooth, level * most, lead, &[]), demand, lead);
    }
    let followed = |(from, to): &(usize, usize)| (*from, (to + RECOVERY).min(demand.len()));
    let peaks: Vec<(usize, usize)> = peaks.iter().map(followed).collect();
    let rest = runs(&smooth, level * most, lead, &peaks);
    let whole = peaks.iter().map(|(from, to)| stretch(*from, *to, lead, 1.0));
    whole.chain(sampled(&rest, demand, lead)).collect()
}

/// Runs of seconds with at least so much demand, but for those that are taken already; near ones are one.
fn runs(smooth: &[f64], bound: f64, lead: usize, taken: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let is_free = |at: usize| !taken.iter().any(|(from, to)| (*from..*to).contains(&at));
    for at in (0..smooth.len()).filter(|at| smooth[*at] >= bound && is_free(*at)) {
        match runs.last_mut() {
            Some((_, end)) if at <= *end + lead.max(RECOVERY) && (*end..at).all(is_free) => *end = at + 1,
            _ => runs.push((at, at + 1)),
        }
    }
    runs
}

fn length(runs: &[(usize, usize)]) -> usize {
    runs.iter().map(|(from, to)| to - from).sum()
}

/// Demand around a second.
fn mean(demand: &[f64], at: usize) -> f64 {
    let (from, to) = (at.saturating_sub(SMOOTH / 2), (at + SMOOTH / 2 + 1).min(demand.len()));
    demand[from..to].iter().sum::<f64>() / (to - from) as f64
}

/// Blocks in the order of their demand, in equal parts: the middle one of each part stands for it.
fn sampled(runs: &[(usize, usize)], demand: &[f64], lead: usize) -> Vec<Stretch> {
    let mut blocks: Vec<(usize, usize)> = Vec::new();
    for (from, to) in runs {
        blocks.extend((*from..*to).step_by(BLOCK).map(|at| (at, (at + BLOCK).min(*to))));
    }
    let height = |(from, to): &(usize, usize)| demand[*from..*to].iter().sum::<f64>() / (to - from) as f64;
    blocks.sort_by(|a, b| height(b).total_cmp(&height(a)).then(a.cmp(b)));
    let strata = STRATA.min(blocks.len());
    (0..strata)
        .map(|part| {
            let (first, last) = (part * blocks.len() / strata, (part + 1) * blocks.len() / strata);
            let (from, to) = blocks[usize::midpoint(first, last - 1)];
            let seconds: usize = blocks[first..last].iter().map(|(from, to)| to - from).sum();
            stretch(from, to, lead, seconds as f64 / (to - from) as f64)
        })
        .collect()
}

fn stretch(from: usize, to: usize, lead: usize, weight: f64) -> Stretch {
    let begins = from.saturating_sub(lead);
    Stretch {
        from: Time::from_secs(begins as u64),
        to: Time::from_secs(to as u64),
        unmeasured: Span::from_secs((from - begins) as u64),
        weight,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_peak_is_judged_whole_with_its_recovery() {
        let mut demand = vec![100.0; 3_600];
        demand[1_000..1_030].fill(1_000.0);
        let found = stretches(&demand, 0.85, 2);
        let [one] = found[..] else { panic!("{found:?}") };
        assert_eq!((one.weight, one.unmeasured), (1.0, Span::from_secs(2)));
        assert!(one.from <= Time::from_secs(1_000) && one.to >= Time::from_secs(1_048), "{one:?}");
    }

    #[test]
    fn a_plateau_is_sampled_and_every_second_of_it_counted() {
        let demand: Vec<f64> = (0..3_600u32).map(|s| 1_000.0 + f64::from(s % 7)).collect();
        let found = stretches(&demand, 0.85, 2);
        assert_eq!(found.len(), 4);
        let judged = |s: &Stretch| s.to.since(s.from).as_secs_f64() - s.unmeasured.as_secs_f64();
        assert!((found.iter().map(|s| judged(s) * s.weight).sum::<f64>() - 3_600.0).abs() < 1e-6);
        assert!(found.iter().map(judged).sum::<f64>() <= 81.0);
    }

    #[test]
    fn parts_of_a_ramp_stand_for_what_is_like_them() {
        let demand: Vec<f64> = (0..1_000u32).map(f64::from).collect();
        let found = stretches(&demand, 0.8, 5);
        let mut heights: Vec<f64> = found.iter().map(|s| s.to.as_secs_f64()).collect();
        heights.sort_by(f64::total_cmp);
        assert!(heights[0] > 800.0 && heights[0] < 870.0 && heights[3] > 960.0, "{heights:?}");
    }
}
