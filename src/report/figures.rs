//! Questions that every drawing asks of a run.

use super::format::{counted, percent};
pub use crate::results::standing::*;
use crate::results::{Caution, DEFINITIONS, PoolRun, Run, Stopped, StrategyRun, Timeline, Verdict};
use crate::units::Ratio;

/// The verdict in a word.
pub fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::Missed => "missed",
        Verdict::CannotTell => "cannot tell",
        Verdict::NoData => "no data",
    }
}

/// What a caution says, and of whom.
pub fn whose(caution: &Caution) -> String {
    match caution.strategy.as_str() {
        "" => caution.symptom.clone(),
        name => format!("{}: {}", super::format::named(name), caution.symptom),
    }
}

/// Every pool that any strategy touched, busiest first, each once.
pub fn pools(run: &Run) -> Vec<&str> {
    let mut pools: Vec<(&str, f64)> = Vec::new();
    for (name, pool) in run.strategies.iter().flat_map(|s| &s.pools) {
        match pools.iter_mut().find(|(known, _)| known == name) {
            Some((_, peak)) => *peak = peak.max(pool.utilisation_peak),
            None => pools.push((name, pool.utilisation_peak)),
        }
    }
    pools.sort_by(|a, b| b.1.total_cmp(&a.1));
    pools.into_iter().map(|(name, _)| name).collect()
}

/// Every series of a timeline that is not a pool's, under its name in `timeline.csv`.
pub fn series(timeline: &Timeline) -> [(&'static str, &[u64]); 9] {
    [
        ("offered", &timeline.offered),
        ("attempts", &timeline.attempts),
        ("throttled", &timeline.throttled),
        ("faults", &timeline.faults),
        ("timeouts", &timeline.timeouts),
        ("goodput", &timeline.goodput),
        ("failed", &timeline.failed),
        ("shed", &timeline.shed),
        ("in_flight", &timeline.in_flight),
    ]
}

/// How many intervals a timeline has: as many as its longest series.
pub fn intervals(timeline: &Timeline) -> usize {
    let pools = timeline.pools.values().map(Vec::len);
    series(timeline).iter().map(|(_, values)| values.len()).chain(pools).max().unwrap_or(0)
}

/// What a count of one interval has to be divided by to become a rate of one trial.
pub fn seconds_counted(strategy: &StrategyRun) -> f64 {
    (strategy.timeline.interval_s.max(1) * u64::from(strategy.trials.max(1))) as f64
}

/// Throttled attempts a second, inside the window.
pub fn throttled_per_s(strategy: &StrategyRun) -> Option<f64> {
    let rates = &strategy.rates;
    // Before definitions 2 the rate was not saved.
    rates.throttled_per_s.or_else(|| Some(rates.attempts_per_s? * strategy.ratios.throttle))
}

/// That the run's figures have other meanings than those of runs made now; `None` if they have the same.
pub fn older(run: &Run) -> Option<String> {
    (run.definitions < DEFINITIONS).then(|| {
        format!(
            "This run was saved under definitions {}, not {DEFINITIONS}: its rates count jobs by their intended start over a \
             window that ends with the last arrival, its percentiles hold failed jobs and refused attempts, its thresholds \
             leave out what did not end, and its cost is one trial's. Run it again before comparing it.",
            run.definitions
        )
    })
}

/// How many trials there are and why no more, where that was left to the intervals.
pub fn trials_until(run: &Run) -> Option<String> {
    let why = run.trials_until.as_ref()?;
    let trials = counted(u64::from(run.strategies.iter().map(|s| s.trials).max().unwrap_or(0)), "trial");
    let until = Ratio::from_f64(why.until)
        .map_or_else(|| percent(why.until), |until| until.to_string().replace('%', " %"));
    let figure = format!("{} of `{}`", why.figure, why.strategy);
    let half = why.half_width.map(|half| format!("within ±{}", percent(half)));
    let known = half.unwrap_or_else(|| "without an upper bound".into());
    Some(match why.stopped {
        Stopped::Narrow => format!(
            "{trials}, until every 95 % interval was within ±{until}; the widest, {figure}, is {known}."
        ),
        Stopped::Max => {
            format!("{trials}, the most allowed: {figure} is known {known}, not within ±{until}.")
        }
        Stopped::Interrupted => {
            format!("Interrupted after {trials}: {figure} is known {known}; ±{until} was asked for.")
        }
    })
}

/// The pool whose counter all attempts of a strategy, and nothing else, went to; `None` if there is no such pool.
pub fn only_pool(strategy: &StrategyRun) -> Option<(&str, &PoolRun)> {
    let mut pools = strategy.pools.iter();
    let (Some((name, pool)), None) = (pools.next(), pools.next()) else { return None };
    let sum = |values: &[u64]| values.iter().sum::<u64>();
    let asked = strategy.timeline.pools.get(name).map(|values| sum(values));
    (asked == Some(sum(&strategy.timeline.attempts))).then_some((name.as_str(), pool))
}

/// What runs this scenario again. The file is the resolved scenario, which holds seed, trials and every default.
pub fn reproduce(run: &Run) -> String {
    let mut command = format!("keystorm run {}.yaml --seed {}", super::format::slug(&run.name), run.seed);
    if !run.target.is_empty() && run.target != "sim" {
        command += &format!(" --target {}", run.target);
    }
    command
}
