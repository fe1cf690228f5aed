//! A run as its answer looks at it: who met what, and who is to be told of.

use crate::results::merit::{Merit, Versus};
use crate::results::standing::{Standing, gated, standing};
use crate::results::{Run, StrategyRun};

/// Who met what.
pub(super) struct View<'r> {
    pub(super) run: &'r Run,
    pub(super) merit: Merit<'r>,
    /// Those that met every threshold.
    pub(super) winners: Vec<usize>,
    /// Those of which it cannot be told.
    pub(super) unsure: Vec<usize>,
    /// The one of the winners that is better than every other by more than chance.
    pub(super) preferred: Option<usize>,
    /// The one that is told of: the preferred, or else the first that met every threshold, of those that decide the exit
    /// code if there is one; `None` if nobody did or may have.
    pub(super) subject: Option<usize>,
}

impl<'r> View<'r> {
    pub(super) fn new(run: &'r Run) -> View<'r> {
        let of = |wanted: fn(Standing) -> bool| -> Vec<usize> {
            let standing = |number: &usize| standing(run, &run.strategies[*number].name);
            (0..run.strategies.len()).filter(|number| wanted(standing(number))).collect()
        };
        let winners = of(|standing| standing == Standing::Met);
        let unsure = of(|standing| matches!(standing, Standing::Unsure(_)));
        let merit = Merit::new(run);
        let preferred = merit.best(&winners);
        let gate = gated(run);
        let first = |of: &[usize]| of.iter().find(|n| gate.contains(n)).or(of.first()).copied();
        let subject = preferred.or_else(|| first(&winners)).or_else(|| first(&unsure));
        View { run, merit, winners, unsure, preferred, subject }
    }

    pub(super) fn strategy(&self, number: usize) -> &'r StrategyRun {
        &self.run.strategies[number]
    }

    /// Those that missed a threshold.
    pub(super) fn losers(&self) -> Vec<usize> {
        let lost = |number: &usize| !self.winners.contains(number) && !self.unsure.contains(number);
        (0..self.run.strategies.len()).filter(lost).collect()
    }

    /// Whether those that met every threshold differ by less than is worth a word.
    pub(super) fn is_tie(&self) -> bool {
        let pairs = self.winners.iter().flat_map(|a| self.winners.iter().map(move |b| (*a, *b)));
        pairs.filter(|(a, b)| a < b).all(|(a, b)| self.merit.versus(a, b) == Versus::Tie)
    }

    /// Whether a threshold looks at `metric`.
    pub(super) fn asks_for(&self, metric: &str) -> bool {
        self.run.thresholds.iter().any(|t| metric_of(&t.name) == metric)
    }
}

/// `failed` of `failed{workload:checkout}`.
pub(super) fn metric_of(name: &str) -> &str {
    name.split('{').next().unwrap_or_default().trim()
}
