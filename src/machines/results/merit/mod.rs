//! Which strategy is better than which, and whether that is more than chance.
//!
//! Order of merit: thresholds met; the share of jobs completed by the workload that fares worst; time to finish, or p99 of
//! completed jobs where work has no end of its own; attempts per completed job; cost per completed job. The first in which
//! two strategies differ by a difference worth a word decides. All strategies meet the same jobs, so differences are taken
//! trial by trial: one counts if Student's t over trials says that it is not zero, for all pairs together (Holm 1979).

mod differences;

pub use differences::differences;

use super::stats::{interval, mean_and_error, student_within};
use super::{EndedEarly, Run, StrategyRun, StrategyWall, Verdict, WorkerWall};

/// How probable a difference may be by chance that counts. A tie in one figure gives chance another turn in the next: with a
/// fortieth each, chance makes a preference between equals in less than a twentieth of runs.
const CHANCE: f64 = 0.025;

/// The least difference of completed shares that is worth a word: a tenth of a point.
const WORTH_SHARE: f64 = 0.001;

/// The least difference of times, counts and costs that is worth a word, as a share of the smaller.
const WORTH_FACTOR: f64 = 0.01;

/// What strategies are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// The share of jobs completed by the workload that fares worst.
    Completed,
    /// Time to finish work that ends by itself.
    DoneAfter,
    /// p99 response time of completed jobs.
    Response,
    /// Attempts per completed job.
    Attempts,
    /// Cost per completed job.
    Cost,
}

impl Criterion {
    /// The criteria for `run`, first one first.
    pub fn of(run: &Run) -> [Criterion; 4] {
        let ends = run.strategies.iter().any(|strategy| strategy.done_after_s.is_some());
        let time = if ends { Criterion::DoneAfter } else { Criterion::Response };
        [Criterion::Completed, time, Criterion::Attempts, Criterion::Cost]
    }

    /// Its name among `trialValues`.
    const fn name(self) -> &'static str {
        match self {
            Criterion::Completed => "worstSuccess",
            Criterion::DoneAfter => "doneAfter_s",
            Criterion::Response => "responseTime_p99_ms",
            Criterion::Attempts => "attemptsPerCompleted",
            Criterion::Cost => "perMillionCompleted_usd",
        }
    }

    /// The figure over all trials; `None` where there is none.
    pub fn value(self, strategy: &StrategyRun) -> Option<f64> {
        match self {
            Criterion::Completed => {
                let offered = strategy.workloads.iter().filter(|part| part.jobs.in_window > 0);
                offered.map(|part| part.ratios.success).reduce(f64::min)
            }
            Criterion::DoneAfter => strategy.done_after_s,
            Criterion::Response => {
                let response = &strategy.response_time_ms;
                (response.count > 0).then_some(response.p99)
            }
            Criterion::Attempts => {
                let completed = (strategy.ratios.success * strategy.jobs.in_window as f64).round();
                let attempts = strategy.in_window?.attempts as f64;
                (completed > 0.0).then(|| attempts / completed)
            }
            Criterion::Cost => strategy.cost.per_million_completed_usd,
        }
    }

    /// By how much `a` is better than `b`; negative if it is worse.
    pub(super) fn lead(self, a: f64, b: f64) -> f64 {
        if self == Criterion::Completed { a - b } else { b - a }
    }

    /// Whether a lead of `lead` of figures about as large as `a` and `b` is worth a word.
    pub(super) fn is_worth(self, lead: f64, a: f64, b: f64) -> bool {
        let least = match self {
            Criterion::Completed => WORTH_SHARE,
            _ => WORTH_FACTOR * a.abs().min(b.abs()),
        };
        lead.abs() >= least && lead != 0.0
    }
}

/// Why one strategy is better than another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It met every threshold, and the other missed some.
    Thresholds,
    /// The first figure in which they differ.
    Figure(Criterion),
}

/// How one strategy compares with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versus {
    /// It is better.
    Better(Reason),
    /// It is worse.
    Worse(Reason),
    /// No difference is worth a word.
    Tie,
    /// There is a difference, but chance may have made it.
    Unsure,
}

impl Versus {
    const fn turned(self) -> Versus {
        match self {
            Versus::Better(reason) => Versus::Worse(reason),
            Versus::Worse(reason) => Versus::Better(reason),
            other => other,
        }
    }
}

/// How a strategy compares with the one that is top by a criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As good, itself included.
    Level,
    /// Not as good.
    Behind,
    /// Perhaps not as good.
    Unsure,
    /// It has no such figure.
    Without,
}

/// Every strategy against every other.
#[derive(Clone, Debug)]
pub struct Merit<'r> {
    run: &'r Run,
    /// For each criterion each pair's lead of the first, and the probability of a larger one by chance.
    leads: Vec<(Criterion, Vec<Lead>)>,
}

#[derive(Clone, Copy, Debug)]
struct Lead {
    pair: (usize, usize),
    mean: f64,
    chance: f64,
}

impl<'r> Merit<'r> {
    /// Compares the strategies of `run`.
    pub fn new(run: &'r Run) -> Merit<'r> {
        let leads = Criterion::of(run).map(|criterion| (criterion, leads(run, criterion)));
        Merit { run, leads: leads.into_iter().collect() }
    }

    /// Strategy number `a` against number `b`.
    pub fn versus(&self, a: usize, b: usize) -> Versus {
        if a > b {
            return self.versus(b, a).turned();
        }
        match self.by_merit(a, b) {
            Versus::Better(_) if self.is_unstable(a) => Versus::Unsure,
            Versus::Worse(_) if self.is_unstable(b) => Versus::Unsure,
            versus => versus,
        }
    }

    fn is_unstable(&self, strategy: usize) -> bool {
        self.run.strategies[strategy].backlog_growth_per_s.is_some()
    }

    fn by_merit(&self, a: usize, b: usize) -> Versus {
        match (self.meets(a), self.meets(b)) {
            (Some(met), Some(missed)) if met != missed && !may_compare(self.run) => return Versus::Unsure,
            (Some(true), Some(false)) => return Versus::Better(Reason::Thresholds),
            (Some(false), Some(true)) => return Versus::Worse(Reason::Thresholds),
            (None, Some(_)) | (Some(_), None) => return Versus::Unsure,
            _ => {}
        }
        for (criterion, leads) in &self.leads {
            match by_figure(self.run, *criterion, leads, (a, b)) {
                Versus::Tie => {}
                decided => return decided,
            }
        }
        Versus::Tie
    }

    /// Whether a strategy met every threshold there is for it; `None` if that cannot be told.
    fn meets(&self, strategy: usize) -> Option<bool> {
        let name = &self.run.strategies[strategy].name;
        let mut verdicts = self.run.thresholds.iter().filter(|t| t.strategy == *name).map(|t| t.verdict);
        if verdicts.clone().any(|verdict| verdict == Verdict::Missed) {
            return Some(false);
        }
        verdicts.all(|verdict| verdict == Verdict::Met).then_some(true)
    }

    /// The one of `among` that is better than every other of them; `None` if there is no such one, or nothing was asked.
    pub fn best(&self, among: &[usize]) -> Option<usize> {
        if self.run.thresholds.is_empty() {
            return None;
        }
        let is_best =
            |a: &usize| among.iter().all(|b| a == b || matches!(self.versus(*a, *b), Versus::Better(_)));
        among.iter().copied().filter(|_| among.len() > 1).find(is_best)
    }

    /// How every strategy stands beside the one that is top by `criterion`, and the top figure; `None` if none has one.
    pub fn beside_top(&self, criterion: Criterion) -> Option<(f64, Vec<Standing>)> {
        let values: Vec<Option<f64>> = self.run.strategies.iter().map(|s| criterion.value(s)).collect();
        let figures = values.iter().enumerate().filter_map(|(number, value)| Some((number, (*value)?)));
        let (top, best) = figures.reduce(|a, b| if criterion.lead(b.1, a.1) > 0.0 { b } else { a })?;
        let leads = self.leads.iter().find(|(each, _)| *each == criterion).map(|(_, leads)| leads)?;
        let standing = |(number, value): (usize, &Option<f64>)| match value {
            None => Standing::Without,
            Some(value)
                if number == top || !criterion.is_worth(criterion.lead(best, *value), best, *value) =>
            {
                Standing::Level
            }
            Some(_) if !may_compare(self.run) => Standing::Behind,
            Some(_) => match by_figure(self.run, criterion, leads, (top.min(number), top.max(number))) {
                Versus::Better(_) | Versus::Worse(_) => Standing::Behind,
                _ => Standing::Unsure,
            },
        };
        Some((best, values.iter().enumerate().map(standing).collect()))
    }
}

/// The fewest live trials in which taking turns evens out who met which weather.
const LIVE_TRIALS: u32 = 3;

/// Whether differences can be told from chance: all strategies have the same trials, two at least, met the same jobs in
/// them, and nothing was cut short. Live strategies run one after another and meet one another's weather: they take turns
/// in coming first, for which three trials are the fewest, and none may have been ended from outside.
pub fn may_compare(run: &Run) -> bool {
    let trials = run.strategies.first().map_or(0, |strategy| strategy.trials);
    let is_whole = run.wall.as_ref().is_none_or(|wall| {
        let cut = |strategy: &StrategyWall| {
            strategy.ended_early.as_ref().is_some_and(|why| *why != EndedEarly::Threshold)
        };
        let is_lost = |worker: &WorkerWall| worker.lost.is_some();
        trials >= LIVE_TRIALS && !wall.strategies.iter().any(cut) && !wall.workers.iter().any(is_lost)
    });
    trials > 1 && run.strategies.iter().all(|s| s.trials == trials) && !run.interrupted && is_whole
}

fn by_figure(run: &Run, criterion: Criterion, leads: &[Lead], (a, b): (usize, usize)) -> Versus {
    let (first, second) = (criterion.value(&run.strategies[a]), criterion.value(&run.strategies[b]));
    let (first, second) = match (first, second) {
        (Some(first), Some(second)) => (first, second),
        (None, None) => return Versus::Tie,
        _ => return Versus::Unsure,
    };
    let lead = criterion.lead(first, second);
    let paired = leads.iter().find(|lead| lead.pair == (a, b));
    let is_worth = |lead: f64| criterion.is_worth(lead, first, second);
    let Some(paired) = paired.filter(|_| may_compare(run)) else {
        return if is_worth(lead) { Versus::Unsure } else { Versus::Tie };
    };
    if !is_worth(lead) && !is_worth(paired.mean) {
        return Versus::Tie;
    }
    let is_sure = paired.chance <= CHANCE && is_worth(paired.mean) && lead * paired.mean > 0.0;
    match is_sure {
        true if lead > 0.0 => Versus::Better(Reason::Figure(criterion)),
        true => Versus::Worse(Reason::Figure(criterion)),
        false => Versus::Unsure,
    }
}

/// Each pair's mean lead, trial by trial, and how probable a larger one is by chance, for all pairs together.
fn leads(run: &Run, criterion: Criterion) -> Vec<Lead> {
    let values = |number: usize| run.strategies[number].trial_values.get(criterion.name());
    let mut leads = Vec::new();
    for a in 0..run.strategies.len() {
        for b in a + 1..run.strategies.len() {
            let (Some(first), Some(second)) = (values(a), values(b)) else { continue };
            if first.len() != second.len() {
                continue;
            }
            let each: Vec<f64> = first.iter().zip(second).map(|(a, b)| criterion.lead(*a, *b)).collect();
            let Some((mean, error)) = mean_and_error(&each) else { continue };
            let chance = match (mean == 0.0, error > 0.0) {
                (true, _) => 1.0,
                (_, true) => 1.0 - student_within(mean / error, each.len() - 1),
                _ => 0.0,
            };
            leads.push(Lead { pair: (a, b), mean, chance });
        }
    }
    holm(&mut leads);
    leads
}

/// How `own` values stand beside `others`, trial by trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sureness {
    /// Lower by a difference worth a word, and not by chance.
    Lower,
    /// Higher by a difference worth a word, and not by chance.
    Higher,
    /// No difference worth a word, surely.
    Same,
    /// Chance may have made the difference, or hidden one.
    Unsure,
}

/// Compares two strategies' figures, trial by trial; `None` without two pairs at least.
pub fn paired(own: &[f64], others: &[f64]) -> Option<Sureness> {
    if own.len() != others.len() {
        return None;
    }
    let each: Vec<f64> = own.iter().zip(others).map(|(own, other)| own - other).collect();
    let (mean, _) = mean_and_error(&each)?;
    let [low, high] = interval(&each)?;
    let least = |values: &[f64]| values.iter().sum::<f64>().abs() / values.len() as f64;
    let worth = WORTH_FACTOR * least(own).min(least(others));
    Some(match (low, high) {
        (_, high) if high < 0.0 && mean <= -worth => Sureness::Lower,
        (low, _) if low > 0.0 && mean >= worth => Sureness::Higher,
        (low, high) if low > -worth && high < worth || low == 0.0 && high == 0.0 => Sureness::Same,
        _ => Sureness::Unsure,
    })
}

/// Holm's step-down: the smallest probability counts as many times as there are pairs, the next once less, and so on.
fn holm(leads: &mut [Lead]) {
    let many = leads.len();
    let mut order: Vec<usize> = (0..many).collect();
    order.sort_by(|a, b| leads[*a].chance.total_cmp(&leads[*b].chance));
    let mut largest = 0.0f64;
    for (step, number) in order.into_iter().enumerate() {
        largest = largest.max(leads[number].chance * (many - step) as f64).min(1.0);
        leads[number].chance = largest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holm_steps_down() {
        let lead = |chance| Lead { pair: (0, 1), mean: 1.0, chance };
        let mut leads = [0.04, 0.01, 0.03].map(lead);
        holm(&mut leads);
        let chances = leads.map(|lead| (lead.chance * 100.0).round());
        assert_eq!(chances, [6.0, 3.0, 6.0]);
    }

    #[test]
    fn a_difference_must_be_worth_a_word() {
        let share = Criterion::Completed;
        assert!(!share.is_worth(0.0009, 0.99, 0.9891) && share.is_worth(0.0011, 0.99, 0.9889));
        let time = Criterion::Response;
        assert!(!time.is_worth(0.9, 100.0, 100.9) && time.is_worth(1.1, 100.0, 101.1));
        assert!(!time.is_worth(0.0, 0.0, 0.0));
        assert!(share.lead(0.9, 0.8) > 0.0 && time.lead(10.0, 20.0) > 0.0);
    }
}
