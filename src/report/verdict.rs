//! The verdict in plain words: what a reader should take away who reads nothing else.

use super::figures::{self, Standing};
use super::format::{count, counted, fixed, milliseconds, number, percent, usd};
use super::paint::Tone;
use super::vantage;
use crate::results::{NOT_RECOVERED, Run, StrategyRun, Verdict};

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

/// Judges a run: by its thresholds if it has any, else by goodput, then amplification, then cost.
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
        judgement.because.extend(recovery_sentence(run));
        judgement.because.extend(quota_sentence(run));
    }
    judgement.because.extend(vantage::early(run));
    if run.interrupted {
        judgement.because.push("The run was interrupted; these figures cover only what ran.".into());
        if judgement.tone == Tone::Good {
            judgement.tone = Tone::Unsure;
        }
    }
    // What makes every figure doubtful is said before what the figures say.
    if let Some(limit) = vantage::limit_sentence(run) {
        let headline = std::mem::replace(&mut judgement.headline, limit);
        judgement.because.insert(0, headline);
        judgement.tone = Tone::Bad;
    }
    judgement
}

/// The judgement of a run that has thresholds.
fn by_thresholds(run: &Run) -> Judgement {
    let met = |s: &&StrategyRun| figures::standing(run, &s.name) == Standing::Met;
    let winners: Vec<&StrategyRun> = run.strategies.iter().filter(met).collect();
    let all = run.strategies.len();
    let headline = match winners.as_slice() {
        [] if all == 1 => format!("{} did not meet every threshold.", run.strategies[0].name),
        [] => format!("None of the {all} strategies met every threshold."),
        [_] if all == 1 => format!("{} met every threshold.", run.strategies[0].name),
        [one] => format!("Only {} met every threshold.", one.name),
        many if many.len() == all => {
            format!(
                "{} met every threshold.",
                if all == 2 { "Both strategies".into() } else { format!("All {all} strategies") }
            )
        }
        many => {
            format!("{} of {all} strategies met every threshold: {}.", many.len(), list(many))
        }
    };
    let mut because = Vec::new();
    if let Some(best) = cheapest(&winners) {
        if winners.len() > 1 {
            because.push(format!("Of these, {} costs least for the fewest attempts.", best.name));
        }
        because.push(portrait(best));
    }
    because.extend(run.strategies.iter().filter_map(|s| shortfall(run, s)));
    let tone = match winners.len() {
        0 => Tone::Bad,
        n if n == all => Tone::Good,
        _ => Tone::Unsure,
    };
    // A strategy that is only there for contrast may miss: the gate decides.
    let gated =
        !run.gate.is_empty() && run.gate.iter().all(|name| figures::standing(run, name) == Standing::Met);
    Judgement { headline, because, tone: if gated { Tone::Good } else { tone } }
}

/// The judgement of a run without thresholds: the highest goodput, and among equals the fewest attempts.
fn by_figures(run: &Run) -> Judgement {
    let top = run.strategies.iter().map(goodput).fold(0.0, f64::max);
    let level: Vec<&StrategyRun> = run.strategies.iter().filter(|s| goodput(s) >= 0.99 * top).collect();
    let mut because = vec!["No thresholds were set, so nothing was asked of it.".to_owned()];
    if run.strategies.iter().all(|s| s.rates.goodput_per_s.is_none()) {
        let headline = "The run was too short for rates: its window is below a second.".into();
        because.extend(run.strategies.iter().map(portrait));
        return Judgement { headline, because, tone: Tone::Plain };
    }
    let headline = match (cheapest(&level), level.len()) {
        (None, _) => "No strategy did any work.".into(),
        (Some(only), _) if run.strategies.len() == 1 => {
            format!("{} reached a goodput of {}/s.", only.name, number(goodput(only)))
        }
        (Some(best), 1) => {
            format!("{} has the highest goodput, {}/s.", best.name, number(goodput(best)))
        }
        (Some(best), n) => format!(
            "{} reaches the highest goodput, {}/s, with the fewest attempts; {} within 1% of it.",
            best.name,
            number(goodput(best)),
            if n == 2 { "one other strategy is".into() } else { format!("{} others are", n - 1) },
        ),
    };
    if let Some(best) = cheapest(&level) {
        because.push(portrait(best));
        because.extend(doubt(run, best));
    }
    Judgement { headline, because, tone: Tone::Plain }
}

/// Goodput; nothing where the window is too short for rates.
fn goodput(strategy: &StrategyRun) -> f64 {
    strategy.rates.goodput_per_s.unwrap_or(0.0)
}

/// How soon after the trigger each strategy was back, fastest first; `None` if nothing triggered anything.
fn recovery_sentence(run: &Run) -> Option<String> {
    let mut back: Vec<(&str, f64)> =
        run.strategies.iter().filter_map(|s| Some((s.name.as_str(), s.recovery_time_s?))).collect();
    back.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut list: Vec<String> =
        back.iter().map(|(name, seconds)| format!("{name}: {}", figures::recovery(*seconds))).collect();
    let never = run.cautions.iter().filter(|caution| caution.kind == NOT_RECOVERED);
    list.extend(never.map(|caution| format!("{}: not while it was watched", caution.strategy)));
    let told = match run.definitions {
        0 | 1 => "Seconds from the trigger's end until goodput was back at 95% of before",
        _ => "From the trigger's end until refusals, jobs in flight and p99 were back in the range of before",
    };
    (!list.is_empty()).then(|| format!("{told}: {}.", list.join(", ")))
}

/// The strategy that costs least, then needs the fewest attempts a call; the first of equals.
fn cheapest<'a>(of: &[&'a StrategyRun]) -> Option<&'a StrategyRun> {
    let key =
        |s: &StrategyRun| (s.cost.per_million_completed_usd.unwrap_or(f64::INFINITY), s.ratios.amplification);
    of.iter().copied().min_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    })
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
        strategy.name,
        percent(strategy.ratios.success),
        counted(strategy.jobs.in_window, "job"),
        done.unwrap_or_default(),
        cost.unwrap_or_default(),
    )
}

/// Which thresholds a strategy missed, and what the values were.
fn shortfall(run: &Run, strategy: &StrategyRun) -> Option<String> {
    let missed: Vec<String> = figures::thresholds_of(run, &strategy.name)
        .filter(|t| t.verdict != Verdict::Met)
        .map(|t| match t.verdict {
            Verdict::NoData => format!("{} {} (no data)", t.name, t.expression),
            _ => format!("{} {} (was {})", t.name, t.expression, figures::found(t)),
        })
        .collect();
    let shown = missed.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    let more = missed.len().saturating_sub(3);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!missed.is_empty()).then(|| format!("{} missed {shown}{rest}.", strategy.name))
}

/// A word of doubt if another strategy's goodput cannot be told from the best one's.
fn doubt(run: &Run, best: &StrategyRun) -> Option<String> {
    let [low, _] = best.intervals.get("goodput_per_s")?;
    let overlaps = |s: &&StrategyRun| s.intervals.get("goodput_per_s").is_some_and(|[_, high]| high >= low);
    let near: Vec<&StrategyRun> =
        run.strategies.iter().filter(|s| s.name != best.name).filter(overlaps).collect();
    (!near.is_empty()).then(|| {
        format!(
            "Over {} trials its goodput cannot be told from that of {}: the 95% intervals overlap.",
            best.trials,
            list(&near)
        )
    })
}

/// How near the busiest pool came to its quota.
fn quota_sentence(run: &Run) -> Option<String> {
    let (strategy, name, pool) = figures::busiest_pool_of(run)?;
    (pool.limit_per_s > 0.0).then(|| {
        format!(
            "The busiest quota pool, {name}, peaked at {} of its {}/s under {} ({} in one second).",
            percent(pool.utilisation_peak),
            number(pool.limit_per_s),
            strategy.name,
            count(pool.peak_1s),
        )
    })
}

/// Names in a row, at most five.
fn list(strategies: &[&StrategyRun]) -> String {
    let names: Vec<&str> = strategies.iter().take(5).map(|s| s.name.as_str()).collect();
    let more = strategies.len().saturating_sub(5);
    if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn with_thresholds_it_names_who_met_them_and_what_the_others_missed() {
        let judged = judge(&fixture::run());
        assert_eq!(judged.headline, "Only cached met every threshold.");
        assert_eq!(judged.tone, Tone::Unsure);
        let because = judged.because.join("\n");
        for part in [
            "cached completed",
            "attempts a call",
            "USD for a million completed jobs",
            "naive missed",
            "(was ",
            "busiest quota pool",
        ] {
            assert!(because.contains(part), "{part}: {because}");
        }
    }

    #[test]
    fn a_gate_that_holds_is_good_news_whatever_the_others_do() {
        let mut run = fixture::run();
        run.gate = vec!["cached".into()];
        assert_eq!(judge(&run).tone, Tone::Good);
        run.interrupted = true;
        assert_eq!(judge(&run).tone, Tone::Unsure);
    }

    #[test]
    fn without_thresholds_the_fewest_attempts_decide_among_equals() {
        let mut run = fixture::run();
        run.thresholds.clear();
        for strategy in &mut run.strategies {
            strategy.rates.goodput_per_s = Some(800.0);
            strategy.cost.per_million_completed_usd = Some(10.0);
        }
        let judged = judge(&run);
        assert!(
            judged.headline.starts_with("cached reaches the highest goodput, 800/s"),
            "{}",
            judged.headline
        );
        assert!(judged.because[0].contains("No thresholds"));
    }

    #[test]
    fn a_difference_within_the_intervals_is_called_no_difference() {
        let mut run = fixture::run();
        run.thresholds.clear();
        for strategy in &mut run.strategies {
            strategy.intervals.insert("goodput_per_s".into(), [700.0, 900.0]);
        }
        assert!(judge(&run).because.iter().any(|s| s.contains("cannot be told from")));
    }

    #[test]
    fn nothing_offered_is_nothing_judged() {
        let mut run = fixture::run();
        run.strategies.clear();
        assert_eq!(judge(&run).headline, "No job was offered, so there is nothing to judge.");
    }
}
