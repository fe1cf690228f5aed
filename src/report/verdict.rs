//! The verdict in plain words: what a reader should take away who reads nothing else.

use super::figures::{self, Standing};
use super::format::{count, counted, fixed, milliseconds, named, number, percent, usd};
use super::order::{self, names};
use super::paint::Tone;
use super::vantage;
use crate::results::merit::{Criterion, Merit};
use crate::results::{NOT_RECOVERED, PoolRun, Run, StrategyRun, ThresholdRun, Verdict};

/// What a run says, first sentence first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// One sentence.
    pub headline: String,
    /// Why, a sentence each.
    pub because: Vec<String>,
    /// Whether it is good news.
    pub tone: Tone,
}

impl Judgement {
    /// Says `sentence` before everything else.
    fn preface(&mut self, sentence: String) {
        let headline = std::mem::replace(&mut self.headline, sentence);
        self.because.insert(0, headline);
    }
}

/// Judges a run: by its thresholds if it has any; without, nothing was asked, and it tells what is given for what.
pub fn judge(run: &Run) -> Judgement {
    let offered: u64 = run.strategies.iter().map(|s| s.jobs.offered).sum();
    let mut judgement = if offered == 0 {
        let headline = "No job was offered, so there is nothing to judge.".into();
        Judgement { headline, because: Vec::new(), tone: Tone::Unsure }
    } else if run.thresholds.is_empty() {
        by_figures(run)
    } else {
        by_thresholds(run)
    };
    if offered > 0 {
        judgement.because.extend(failing_parts(run));
        judgement.because.extend(unstable(run));
        judgement.because.extend(recovery_sentence(run));
        judgement.because.extend(quota_sentence(run));
    }
    judgement.because.extend(vantage::early(run));
    // What makes every figure doubtful is said before what the figures say.
    if run.interrupted {
        judgement.preface("The run was interrupted: this covers only what ran.".into());
        if judgement.tone == Tone::Good {
            judgement.tone = Tone::Unsure;
        }
    }
    if let Some(limit) = vantage::limit_sentence(run) {
        judgement.preface(limit);
        judgement.tone = Tone::Bad;
    }
    judgement
}

/// The judgement of a run that has thresholds.
fn by_thresholds(run: &Run) -> Judgement {
    let of = |wanted: fn(Standing) -> bool| -> Vec<usize> {
        let standing = |number: &usize| figures::standing(run, &run.strategies[*number].name);
        (0..run.strategies.len()).filter(|number| wanted(standing(number))).collect()
    };
    let winners = of(|standing| standing == Standing::Met);
    let unsure = of(|standing| matches!(standing, Standing::Unsure(_)));
    let merit = Merit::new(run);
    let mut headline = who_met(run, &winners, &unsure);
    let best = merit.best(&winners);
    if let Some(best) = best {
        headline += &format!("; {} is preferred", named(&run.strategies[best].name));
    }
    if let Some((pool, figures)) = over_quota(run) {
        let (share, limit) = (percent(figures.utilisation_peak), number(figures.limit_per_s));
        headline += &format!(", but pool {pool} stands at {share} of its {limit}/s");
    }
    let mut because = Vec::new();
    if winners.len() > 1 {
        because.extend(order::among(run, &merit, &winners));
    }
    because.extend(best.or(winners.first().copied()).map(|one| portrait(&run.strategies[one])));
    because.extend(run.strategies.iter().filter_map(|s| shortfall(run, s)));
    because.extend(run.strategies.iter().filter_map(|s| doubt(run, s)));
    Judgement { headline: headline + ".", because, tone: tone(run, &winners) }
}

/// Who met every threshold and of whom it cannot be told; not yet a sentence's end.
fn who_met(run: &Run, winners: &[usize], unsure: &[usize]) -> String {
    let all = run.strategies.len();
    let met = match winners {
        [] if unsure.len() == all && all == 1 => {
            return format!("It cannot be told whether {} meets every threshold", names(run, unsure));
        }
        [] if all == 1 => format!("{} did not meet every threshold", named(&run.strategies[0].name)),
        [] if unsure.is_empty() => format!("No strategy of the {all} met every threshold"),
        [] => "No strategy is sure to meet every threshold".into(),
        [one] if all == 1 || !unsure.is_empty() => {
            format!("{} met every threshold", named(&run.strategies[*one].name))
        }
        [one] => format!("Only {} met every threshold", named(&run.strategies[*one].name)),
        many if many.len() == all && all == 2 => "Both strategies met every threshold".into(),
        many if many.len() == all => format!("All {all} strategies met every threshold"),
        many => format!("{} of {all} strategies met every threshold: {}", many.len(), names(run, many)),
    };
    match unsure {
        [] => met,
        some => format!("{met}; of {} it cannot be told", names(run, some)),
    }
}

/// Good news is that every strategy met its thresholds that decides the exit code, and that no quota was exceeded on the
/// way: a strategy that is only there for contrast may miss.
fn tone(run: &Run, winners: &[usize]) -> Tone {
    let met = |strategy: &StrategyRun| figures::standing(run, &strategy.name) == Standing::Met;
    if !gated(run).is_empty() && gated(run).into_iter().all(met) {
        return if over_quota(run).is_some() { Tone::Unsure } else { Tone::Good };
    }
    let is_missed =
        |strategy: &StrategyRun| matches!(figures::standing(run, &strategy.name), Standing::Missed(_));
    let all_missed = winners.is_empty() && run.strategies.iter().all(is_missed);
    let gate_missed = gated(run).len() < run.strategies.len() && gated(run).into_iter().any(is_missed);
    if all_missed || gate_missed { Tone::Bad } else { Tone::Unsure }
}

/// The strategies that decide the exit code; all of them if none is named.
fn gated(run: &Run) -> Vec<&StrategyRun> {
    run.strategies.iter().filter(|s| run.gate.is_empty() || run.gate.contains(&s.name)).collect()
}

/// The busiest pool that was asked for more than its quota by a strategy that met every threshold and decides the exit code.
fn over_quota(run: &Run) -> Option<(&str, &PoolRun)> {
    let met = |strategy: &&StrategyRun| figures::standing(run, &strategy.name) == Standing::Met;
    let pools = gated(run).into_iter().filter(met).filter_map(figures::busiest_pool);
    let over = pools.filter(|(_, pool)| pool.limit_per_s > 0.0 && pool.utilisation_peak > 1.0);
    over.max_by(|a, b| a.1.utilisation_peak.total_cmp(&b.1.utilisation_peak))
}

/// The judgement of a run without thresholds: nobody is preferred, since nothing was asked.
fn by_figures(run: &Run) -> Judgement {
    let mut because: Vec<String> =
        vec!["No thresholds were set, so nothing was asked of it and none is preferred.".to_owned()];
    let headline = match run.strategies.as_slice() {
        [only] => {
            because.push(portrait(only));
            alone(only)
        }
        _ => order::trade_off(run),
    };
    if run.strategies.len() > 1 && run.strategies.iter().all(|s| s.trials < 2) {
        because.push("It was one trial: chance may have made small differences.".into());
    }
    Judgement { headline, because, tone: Tone::Plain }
}

/// What the only strategy achieved.
fn alone(only: &StrategyRun) -> String {
    let response = Criterion::Response.value(only).map(|p99| format!(", p99 {}", milliseconds(p99)));
    let (share, jobs) = (percent(only.ratios.success), counted(only.jobs.in_window, "job"));
    format!("{} completed {share} of {jobs}{}.", named(&only.name), response.unwrap_or_default())
}

/// Of which workload how many jobs failed, where there are several and one has something to hide behind.
fn failing_parts(run: &Run) -> Vec<String> {
    let failing = run.strategies.iter().filter(|s| s.workloads.len() > 1).filter_map(|strategy| {
        let parts = strategy.workloads.iter().filter(|part| part.jobs.in_window > 0);
        let worst = parts.min_by(|a, b| a.ratios.success.total_cmp(&b.ratios.success))?;
        let failed = 1.0 - worst.ratios.success;
        let (share, name) = (percent(failed), named(&strategy.name));
        (failed >= 0.001).then(|| format!("Under {name} {share} of {} were not completed.", worst.name))
    });
    failing.take(5).collect()
}

/// Whose backlog keeps growing.
fn unstable(run: &Run) -> Vec<String> {
    let growing = run.strategies.iter().filter_map(|s| Some((s, s.backlog_growth_per_s?)));
    let told = growing.map(|(strategy, growth)| {
        format!(
            "{} is UNSTABLE if the load lasts: its backlog grows by {} jobs a second.",
            named(&strategy.name),
            number(growth)
        )
    });
    told.collect()
}

/// How soon after the trigger each strategy was back, fastest first; `None` if nothing triggered anything.
fn recovery_sentence(run: &Run) -> Option<String> {
    let mut back: Vec<(&str, f64)> =
        run.strategies.iter().filter_map(|s| Some((s.name.as_str(), s.recovery_time_s?))).collect();
    back.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut list: Vec<String> = back
        .iter()
        .map(|(name, seconds)| format!("{} {}", named(name), figures::recovery(*seconds)))
        .collect();
    let never = run.cautions.iter().filter(|caution| caution.kind == NOT_RECOVERED);
    list.extend(never.map(|caution| format!("{} not while it was watched", named(&caution.strategy))));
    let told = match run.definitions {
        0 | 1 => "Seconds from the trigger's end until goodput was back at 95% of before",
        _ => "From the trigger's end until refusals, jobs in flight and p99 were back in the range of before",
    };
    (!list.is_empty()).then(|| format!("{told}: {}.", list.join(", ")))
}

/// What a strategy achieved at what amplification and cost.
fn portrait(strategy: &StrategyRun) -> String {
    let attempts = match strategy.ratios.amplification {
        0.0 => "made no KMS call".to_owned(),
        amplification => format!("made {} attempts a call", fixed(amplification, 2)),
    };
    let done = strategy.done_after_s.map(|s| format!(", was done after {}", milliseconds(s * 1_000.0)));
    let cost = strategy.cost.per_million_completed_usd.map(|million| {
        let month = strategy.cost.per_month_usd.map(|month| format!(", {} a month at this rate", usd(month)));
        format!(", and would cost {} for a million completed jobs{}", usd(million), month.unwrap_or_default())
    });
    format!(
        "{} completed {} of {}{}, {attempts}{}.",
        named(&strategy.name),
        percent(strategy.ratios.success),
        counted(strategy.jobs.in_window, "job"),
        done.unwrap_or_default(),
        cost.unwrap_or_default(),
    )
}

/// Which thresholds a strategy missed, and what the values were.
fn shortfall(run: &Run, strategy: &StrategyRun) -> Option<String> {
    let tell = |t: &ThresholdRun| match t.verdict {
        Verdict::Met | Verdict::CannotTell => None,
        Verdict::NoData => Some(format!("{} {} (no data)", t.name, t.expression)),
        Verdict::Missed => Some(format!("{} {} (was {})", t.name, t.expression, figures::found(t))),
    };
    let missed: Vec<String> = figures::thresholds_of(run, &strategy.name).filter_map(tell).collect();
    let shown = missed.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    let more = missed.len().saturating_sub(3);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!missed.is_empty()).then(|| format!("{} missed {shown}{rest}.", named(&strategy.name)))
}

/// Of which threshold it cannot be told whether a strategy met it, and what would settle it: the first.
fn doubt(run: &Run, strategy: &StrategyRun) -> Option<String> {
    let doubtful = |t: &&ThresholdRun| t.verdict == Verdict::CannotTell;
    let mut doubtful = figures::thresholds_of(run, &strategy.name).filter(doubtful);
    let first = doubtful.next()?;
    let more = doubtful.count();
    let rest = if more > 0 { format!(" So with {more} more.") } else { String::new() };
    let (name, remedy) = (named(&strategy.name), first.remedy.as_deref().unwrap_or_default());
    let value = figures::found(first);
    Some(format!("{name} cannot tell {} {} (was {value}). {remedy}{rest}", first.name, first.expression))
}

/// How near the busiest pool came to its quota.
fn quota_sentence(run: &Run) -> Option<String> {
    let (strategy, name, pool) = figures::busiest_pool_of(run)?;
    (pool.limit_per_s > 0.0).then(|| {
        format!(
            "The busiest quota pool, {name}, peaked at {} of its {}/s under {} ({} in one second).",
            percent(pool.utilisation_peak),
            number(pool.limit_per_s),
            named(&strategy.name),
            count(pool.peak_1s),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn with_thresholds_it_names_who_met_them_and_what_the_others_missed() {
        let judged = judge(&fixture::run());
        assert!(judged.headline.starts_with("Only `cached` met every threshold"), "{}", judged.headline);
        assert_eq!(judged.tone, Tone::Unsure);
        let because = judged.because.join("\n");
        for part in [
            "`cached` completed",
            "attempts a call",
            "USD for a million completed jobs",
            "`naive` missed",
            "(was ",
            "busiest quota pool",
        ] {
            assert!(because.contains(part), "{part}: {because}");
        }
    }

    /// The fixture, gated by a strategy whose pool stays below its quota.
    fn gated() -> Run {
        let mut run = fixture::run();
        run.gate = vec!["cached".into()];
        for pool in run.strategies[2].pools.values_mut() {
            pool.utilisation_peak = 0.9;
        }
        run
    }

    #[test]
    fn a_gate_that_holds_is_good_news_whatever_the_others_do() {
        assert_eq!(judge(&gated()).tone, Tone::Good);
    }

    #[test]
    fn a_pool_over_its_quota_is_never_plain_good_news() {
        let mut run = gated();
        for pool in run.strategies[2].pools.values_mut() {
            (pool.utilisation_peak, pool.limit_per_s) = (3.09, 300.0);
        }
        let judged = judge(&run);
        assert_eq!(judged.tone, Tone::Unsure);
        assert!(judged.headline.ends_with(", but pool symmetric stands at 309% of its 300/s."), "{judged:?}");
    }

    #[test]
    fn an_interrupted_run_says_so_first() {
        let mut run = gated();
        run.interrupted = true;
        let judged = judge(&run);
        assert_eq!(judged.tone, Tone::Unsure);
        assert_eq!(judged.headline, "The run was interrupted: this covers only what ran.");
        assert!(judged.because[0].starts_with("Only `cached` met"), "{judged:?}");
    }

    #[test]
    fn of_whom_it_cannot_be_told_is_said_with_the_remedy() {
        let mut run = fixture::run();
        for threshold in &mut run.thresholds {
            threshold.verdict = Verdict::CannotTell;
            threshold.remedy = Some("About 12 trials would settle it.".into());
        }
        let judged = judge(&run);
        let headline = "No strategy is sure to meet every threshold; of `naive`, `full-jitter`, `cached` it cannot be told.";
        assert!(judged.headline == headline && judged.tone == Tone::Unsure, "{judged:?}");
        let told = judged.because.join("\n");
        assert!(told.contains("`cached` cannot tell response_time"), "{told}");
        assert!(told.contains("About 12 trials would settle it."), "{told}");
    }

    #[test]
    fn without_thresholds_nobody_is_preferred_and_the_trade_off_is_told() {
        let mut run = fixture::run();
        run.thresholds.clear();
        let judged = judge(&run);
        for part in ["`cached` completes most", "`cached` is fastest", "`cached` makes the fewest attempts"] {
            assert!(judged.headline.contains(part), "{part}: {}", judged.headline);
        }
        assert!(judged.because[0].contains("none is preferred"));
        for strategy in &mut run.strategies {
            *strategy = StrategyRun { name: strategy.name.clone(), ..fixture::run().strategies[0].clone() };
        }
        let headline = judge(&run).headline;
        assert!(headline.starts_with("All complete the same share") && headline.contains("all are as fast"));
    }

    #[test]
    fn nothing_offered_is_nothing_judged() {
        let mut run = fixture::run();
        run.strategies.clear();
        assert_eq!(judge(&run).headline, "No job was offered, so there is nothing to judge.");
    }
}
