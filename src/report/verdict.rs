//! The verdict in plain words: what a reader should take away who reads nothing else.

use super::figures::{self, Standing};
use super::format::{count, named, number, percent, whole_seconds};
use super::paint::Tone;
use super::vantage;
use crate::results::answer::{self, Answer, order};
use crate::results::merit::Merit;
use crate::results::{NOT_RECOVERED, Run, StrategyRun, ThresholdRun, Verdict};

/// What a run says.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// In three lines.
    pub answer: Answer,
    /// Why, a sentence each: details that the lines leave out.
    pub because: Vec<String>,
    /// Whether it is good news.
    pub tone: Tone,
}

impl Judgement {
    /// The three lines with what they are called.
    pub fn lines(&self) -> [(&'static str, &str); 3] {
        let Answer { answer, sure, next } = &self.answer;
        [("ANSWER", &answer.text), ("SURE", &sure.text), ("NEXT", &next.text)]
    }
}

/// Judges a run: by its thresholds if it has any; without, nothing was asked, and it tells what is given for what.
pub fn judge(run: &Run) -> Judgement {
    Judgement { answer: answer::of(run), because: because(run), tone: tone(run) }
}

fn because(run: &Run) -> Vec<String> {
    let met = |number: &usize| figures::standing(run, &run.strategies[*number].name) == Standing::Met;
    let winners: Vec<usize> = (0..run.strategies.len()).filter(met).collect();
    let mut told = Vec::new();
    if winners.len() > 1 {
        told.extend(order::among(run, &Merit::new(run), &winners));
    }
    if run.strategies.len() > 1 && run.strategies.iter().all(|s| s.trials < 2) {
        told.push("It was one trial: chance may have made small differences.".into());
    }
    told.extend(run.strategies.iter().filter_map(|s| shortfall(run, s)));
    told.extend(run.strategies.iter().filter_map(|s| doubt(run, s)));
    told.extend(failing_parts(run));
    told.extend(unstable(run));
    told.extend(recovery_sentence(run));
    told.extend(quota_sentence(run));
    told.extend(vantage::early(run));
    told
}

/// Good news is that every strategy met its thresholds that decides the exit code, and that no quota was exceeded on the
/// way: a strategy that is only there for contrast may miss.
fn tone(run: &Run) -> Tone {
    if answer::limit_sentence(run).is_some() {
        return Tone::Bad;
    }
    let of = |number: &usize| figures::standing(run, &run.strategies[*number].name);
    let is_missed = |number: &usize| matches!(of(number), Standing::Missed(_));
    let gate = figures::gated(run);
    let offered: u64 = run.strategies.iter().map(|s| s.jobs.offered).sum();
    match run.thresholds.is_empty() {
        _ if offered == 0 || run.interrupted => Tone::Unsure,
        true => Tone::Plain,
        false if !gate.is_empty() && gate.iter().all(|number| of(number) == Standing::Met) => {
            let pools = gate.iter().filter_map(|number| figures::busiest_pool(&run.strategies[*number]));
            if pools.into_iter().any(|(_, pool)| figures::is_over(pool)) { Tone::Unsure } else { Tone::Good }
        }
        false => {
            let all_missed = (0..run.strategies.len()).all(|number| is_missed(&number));
            let gate_missed = gate.len() < run.strategies.len() && gate.iter().any(is_missed);
            if all_missed || gate_missed { Tone::Bad } else { Tone::Unsure }
        }
    }
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
    let mut list: Vec<String> =
        back.iter().map(|(name, seconds)| format!("{} {}", named(name), whole_seconds(*seconds))).collect();
    let never = run.cautions.iter().filter(|caution| caution.kind == NOT_RECOVERED);
    list.extend(never.map(|caution| format!("{} not while it was watched", named(&caution.strategy))));
    let told = match run.definitions {
        0 | 1 => "Seconds from the trigger's end until goodput was back at 95 % of before",
        _ => "From the trigger's end until refusals, jobs in flight and p99 were back in the range of before",
    };
    (!list.is_empty()).then(|| format!("{told}: {}.", list.join(", ")))
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
        let [(_, answer), ..] = judged.lines();
        assert!(answer.starts_with("`cached`: peaks at "), "{answer}");
        assert_eq!(judged.tone, Tone::Unsure);
        let because = judged.because.join("\n");
        for part in ["`naive` missed", "(was ", "busiest quota pool"] {
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
            (pool.utilisation_peak, pool.limit_per_s, pool.peak_1s) = (3.09, 300.0, 927);
        }
        let judged = judge(&run);
        assert_eq!(judged.tone, Tone::Unsure);
        assert!(judged.answer.answer.text.contains("peaks at 927/s of 300/s (309 %)"), "{judged:?}");
    }

    #[test]
    fn an_interrupted_run_says_so_first() {
        let mut run = gated();
        run.interrupted = true;
        let judged = judge(&run);
        assert_eq!(judged.tone, Tone::Unsure);
        let text = &judged.answer.answer.text;
        assert!(text.starts_with("The run was interrupted: this covers only what ran. `cached`: "), "{text}");
        assert!(judged.answer.next.text.contains("runs it to its end"), "{judged:?}");
    }

    #[test]
    fn of_whom_it_cannot_be_told_is_said_with_the_remedy() {
        let mut run = fixture::run();
        for threshold in &mut run.thresholds {
            threshold.verdict = Verdict::CannotTell;
            threshold.remedy = Some("The 95 % interval holds the bound: about 12 would settle it.".into());
        }
        let judged = judge(&run);
        assert_eq!(judged.tone, Tone::Unsure);
        let Answer { answer, sure, next } = judged.answer;
        assert!(answer.text.starts_with("No strategy is sure to meet every threshold"), "{answer:?}");
        assert!(sure.text.contains("about 12 would settle it"), "{sure:?}");
        assert_eq!(next.command.as_deref(), Some("keystorm run … --trials 12"));
    }

    #[test]
    fn without_thresholds_nobody_is_preferred() {
        let mut run = fixture::run();
        run.thresholds.clear();
        let judged = judge(&run);
        let text = &judged.answer.answer.text;
        assert!(text.contains("none is preferred") && text.contains("complete"), "{text}");
        assert_eq!(judged.tone, Tone::Plain);
    }
}
