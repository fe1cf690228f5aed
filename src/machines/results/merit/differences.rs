//! Every difference between two strategies, for the saved run.

use super::{CHANCE, Criterion, Lead, Merit, by_figure, may_compare};
use super::{Run, Versus};
use crate::results::Difference;
use crate::results::stats::{interval, round};

/// For each pair of strategies and each figure of the order of merit, in that order: how they differ, trial by trial. Empty
/// where strategies did not meet the same jobs in at least two trials.
pub fn differences(run: &Run) -> Vec<Difference> {
    if !may_compare(run) {
        return Vec::new();
    }
    let merit = Merit::new(run);
    let each = merit.leads.iter().flat_map(|(criterion, leads)| {
        leads.iter().filter_map(|lead| difference(run, *criterion, leads, lead))
    });
    each.collect()
}

fn difference(run: &Run, criterion: Criterion, leads: &[Lead], lead: &Lead) -> Option<Difference> {
    let (a, b) = (&run.strategies[lead.pair.0], &run.strategies[lead.pair.1]);
    let (first, second) = (a.trial_values.get(criterion.name())?, b.trial_values.get(criterion.name())?);
    let each: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
    let versus = by_figure(run, criterion, leads, lead.pair);
    let is_stated = matches!(versus, Versus::Better(_) | Versus::Worse(_));
    debug_assert!(!is_stated || lead.chance <= CHANCE);
    Some(Difference {
        figure: criterion.name().into(),
        first: a.name.clone(),
        second: b.name.clone(),
        mean: round(each.iter().sum::<f64>() / each.len().max(1) as f64),
        interval: interval(&each).map(|bounds| bounds.map(round)),
        chance: round(lead.chance),
        is_stated,
    })
}
