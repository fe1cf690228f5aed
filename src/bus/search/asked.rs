//! What is asked of the worker of one cell of a search: a trial of a scenario with one strategy, as a text that says all of it.
//!
//! ```text
//!  keystorm.asked/1
//!  trial: 3
//!  silent: []      workloads by which nothing arrives in this stretch of the schedule: no file may say so
//!  the scenario, in its own language; the rows of its traces are the search's
//! ```

use crate::bus::wire::{printable, sum};
use crate::scenario::{Live, Options, Scenario, Target};
use crate::time::Span;
use crate::units::Rate;
use crate::workload::{Executor, Trace, TraceRows};
use std::sync::Arc;

/// Version of the text: its first line.
const HEAD: &str = "keystorm.asked/1";

/// One trial of a scenario that has one strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct AskedCell {
    /// Without rows of traces until they are put there.
    pub scenario: Scenario,
    /// From 0.
    pub trial: u32,
}

impl AskedCell {
    /// Trial `trial` of strategy number `strategy`, with nothing that the trial does not follow from.
    pub fn of(scenario: &Scenario, strategy: usize, trial: u32) -> AskedCell {
        let own = scenario.strategies[strategy].clone();
        let mut alone = scenario.clone();
        for workload in &mut alone.workloads {
            workload.strategies = vec![workload.strategies[strategy].clone()];
            if let Executor::Trace(trace) = &mut workload.executor {
                trace.rows = Arc::new(TraceRows::Unread);
            }
        }
        let speaks = |tag: Option<&String>| tag.is_none_or(|only| *only == own.name);
        alone.thresholds.retain(|each| each.abort_on_fail && speaks(each.tags.get("strategy")));
        alone.strategies = vec![own];
        (alone.name, alone.trials, alone.until) = ("cell".into(), 1, None);
        (alone.target, alone.live) = (Target::Sim, Live::default());
        (alone.gate, alone.sweep) = (Vec::new(), Vec::new());
        AskedCell { scenario: alone, trial }
    }

    /// The text.
    ///
    /// # Errors
    /// A sentence, if what is read back from it is not the same: what a search makes of a scenario no file might say.
    pub fn text(&self) -> Result<String, String> {
        let text = self.written();
        match AskedCell::parse(&text) {
            Ok(again) if again == *self => Ok(text),
            Ok(_) => Err("it does not read as it was written".into()),
            Err(why) => Err(why),
        }
    }

    /// The text, whether or not it reads.
    fn written(&self) -> String {
        let (mut spoken, mut silent) = (self.scenario.clone(), Vec::new());
        for workload in &mut spoken.workloads {
            if stand_in(&mut workload.executor) {
                silent.push(workload.name.as_str());
            }
        }
        let list = serde_json::json!(silent);
        format!("{HEAD}\ntrial: {}\nsilent: {list}\n{}", self.trial, spoken.to_yaml())
    }

    /// Reads a text that somebody has written by [`AskedCell::text`].
    ///
    /// # Errors
    /// A sentence, for what is none, and for one that is written in any other way: a cell has one key.
    pub fn read(text: &str) -> Result<AskedCell, String> {
        let cell = AskedCell::parse(text)?;
        match cell.written() == text {
            true => Ok(cell),
            false => Err("this is not written as what is asked of a worker is".into()),
        }
    }

    /// What a text asks, however it is written.
    fn parse(text: &str) -> Result<AskedCell, String> {
        let none = || "this is nothing that is asked of a worker".to_owned();
        let rest =
            text.strip_prefix(HEAD).and_then(|rest| rest.strip_prefix("\ntrial: ")).ok_or_else(none)?;
        let (trial, yaml) = rest.split_once('\n').ok_or_else(none)?;
        let trial = trial.parse().map_err(|_| none())?;
        let (silent, yaml) =
            yaml.strip_prefix("silent: ").and_then(|rest| rest.split_once('\n')).ok_or_else(none)?;
        let silent: Vec<String> = serde_json::from_str(silent).map_err(|_| none())?;
        let options = Options { file: "a worker's cell", ..Options::default() };
        let checked = Scenario::parse(yaml, &options).map_err(|problems| printable(&problems.to_string()))?;
        let mut scenario = checked.scenario;
        for name in &silent {
            let found = scenario.workloads.iter_mut().find(|workload| workload.name == *name);
            silence(&mut found.ok_or_else(none)?.executor)?;
        }
        match (scenario.strategies.len(), &scenario.target) {
            (1, Target::Sim) => Ok(AskedCell { scenario, trial }),
            _ => Err("a worker's cell has one strategy and target sim".into()),
        }
    }

    /// Puts the rows of its traces there.
    ///
    /// # Errors
    /// As `rows`.
    pub fn fill(
        &mut self,
        mut rows: impl FnMut(&Trace) -> Result<Arc<TraceRows>, String>,
    ) -> Result<(), String> {
        for workload in &mut self.scenario.workloads {
            if let Executor::Trace(trace) = &mut workload.executor {
                trace.rows = rows(trace)?;
            }
        }
        Ok(())
    }

    /// What people call it.
    pub fn label(&self) -> String {
        format!("strategy {}, trial {}", self.scenario.strategies[0].name, self.trial + 1)
    }
}

/// Puts something that a file may say in the place of an executor by which nothing arrives; whether it was one.
fn stand_in(executor: &mut Executor) -> bool {
    let one = Rate::per_second(1);
    match executor {
        Executor::ConstantArrivalRate { rate, .. } if rate.is_zero() => *rate = one,
        Executor::RampingArrivalRate { start_rate, stages, .. }
            if start_rate.is_zero() && stages.iter().all(|stage| stage.target.is_zero()) =>
        {
            stages.iter_mut().for_each(|stage| stage.target = one);
        }
        Executor::Burst { duration, .. } if duration.is_zero() => *duration = Span::from_secs(1),
        _ => return false,
    }
    true
}

/// The executor that a stand-in was put for.
fn silence(executor: &mut Executor) -> Result<(), String> {
    match executor {
        Executor::ConstantArrivalRate { rate, .. } => *rate = Rate::ZERO,
        Executor::RampingArrivalRate { start_rate, stages, .. } => {
            *start_rate = Rate::ZERO;
            stages.iter_mut().for_each(|stage| stage.target = Rate::ZERO);
        }
        Executor::Burst { duration, .. } => *duration = Span::ZERO,
        _ => return Err("a workload is silent that brings no arrivals of its own".into()),
    }
    Ok(())
}

/// The key of what `text` asks, in the search `run`.
pub fn key(run: &str, text: &[u8]) -> String {
    sum([run.as_bytes(), b"\n", text].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::variant;
    use crate::quota::Enforcement;
    use crate::time::Time;
    use crate::workload::{Arrivals, RateStage};
    use proptest::prelude::*;

    const TEXT: &str = "name: both
fleet: { clients: 3 }
workloads:
  ramp: { executor: ramping-arrival-rate, startRate: 3/s, stages: [ { duration: 10s, target: 100/s }, { duration: 20s, target: 50/s } ], jobs: { Decrypt: 1 } }
  burst: { executor: burst, count: 5, every: 4s, duration: 30s, warmUp: 2s, jobs: { EncryptMessage: 1 }, contexts: { count: 2 } }
  trace: { executor: trace, file: jobs.csv, jobs: { Decrypt: 1 } }
strategies:
  plain: { retry: { mode: aws-standard } }
  cached: { cache: { maxAge: 3s } }
trials: 4
thresholds: { failed: [ { threshold: \"rate<1%\", abortOnFail: true }, \"rate<2%\" ], 'goodput{strategy:plain}': [ \"value>1/s\" ] }
";

    fn scenario() -> Scenario {
        Scenario::parse(TEXT, &Options::default()).expect("valid").scenario
    }

    #[test]
    fn what_a_search_makes_of_a_scenario_reads_as_it_was_written() {
        let base = scenario();
        let (third, late) = (Span::from_millis(333), Time::from_secs(7));
        // Bursts begin every four seconds: none in this stretch; and nothing arrives by a ramp that stays where it is.
        let calm = variant::sliced(
            &base,
            Time::from_nanos(4_100_000_000),
            Time::from_nanos(7_900_000_000),
            Span::ZERO,
        );
        let mut still = base.clone();
        still.workloads[0].executor = Executor::RampingArrivalRate {
            start_rate: Rate::ZERO,
            stages: vec![RateStage { duration: third, target: Rate::ZERO }],
            arrivals: Arrivals::Uniform,
        };
        let made = [
            calm,
            still,
            variant::sliced(&base, Time::from_secs(31), Time::from_secs(40), Span::ZERO),
            variant::steady(&base, 123.457, Span::from_millis(3_750)),
            variant::scaled(&base, 1.1 * 1.37),
            variant::unlimited(&base),
            variant::with_only_quota(&base, "symmetric", 1_234),
            variant::enforced(&base, Enforcement::Window { phase: Some(third) }),
            variant::enforced(&base, Enforcement::LateBucket { burst: third, lag: third }),
            variant::sliced(&variant::scaled(&base, 1.7), late, Time::from_secs(19), Span::from_secs(2)),
        ];
        for (number, made) in made.iter().enumerate() {
            for strategy in 0..2 {
                let cell = AskedCell::of(made, strategy, 2);
                let text = cell.text().unwrap_or_else(|why| panic!("{number}: {why}"));
                assert_eq!(AskedCell::read(&text), Ok(cell), "{number}");
            }
        }
    }

    #[test]
    fn it_has_what_the_trial_follows_from_and_no_more() {
        let cell = AskedCell::of(&scenario(), 1, 0);
        assert_eq!(cell.scenario.thresholds.len(), 1, "what aborts changes a trial");
        assert_eq!(cell.label(), "strategy cached, trial 1");
        let mut renamed = scenario();
        (renamed.name, renamed.trials) = ("other".into(), 9);
        assert_eq!(AskedCell::of(&renamed, 1, 0), cell);
        let text = cell.text().expect("it reads");
        assert_ne!(key("a", text.as_bytes()), key("b", text.as_bytes()));
    }

    #[test]
    fn what_is_none_is_refused_in_words() {
        let two = format!("{HEAD}\ntrial: 0\nsilent: []\n{TEXT}");
        let ours = AskedCell::of(&scenario(), 1, 0).text().expect("it reads");
        let loose = ours.replace("silent: []", "silent: [ ]");
        for (text, part) in [
            ("", "nothing that is asked"),
            ("keystorm.asked/1\ntrial: -1\n", "nothing that is asked"),
            ("keystorm.asked/1\ntrial: 0\nsilent: []\n{}", "a worker's cell"),
            ("keystorm.asked/1\ntrial: 0\nsilent: [3]\n{}", "nothing that is asked"),
            (two.as_str(), "one strategy"),
            (loose.as_str(), "not written as"),
            ("keystorm.asked/1\ntrial: 0\nsilent: []\n\"\\e[2J\": 1", "[2J"),
        ] {
            let said = AskedCell::read(text).expect_err(text);
            assert!(said.contains(part) && !said.chars().any(char::is_control), "{said:?}");
        }
    }

    #[test]
    fn the_seeds_of_the_fuzz_target_are_ours_still() {
        for (name, silent) in [("asked", 0), ("silent", 1)] {
            let path = format!("{}/fuzz/seeds/search/{name}", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(&path).expect("a seed");
            let cell = AskedCell::read(&text).unwrap_or_else(|why| panic!("write {path} anew: {why}"));
            let is_silent = |workload: &&crate::workload::Workload| stand_in(&mut workload.executor.clone());
            assert_eq!((cell.trial, cell.scenario.workloads.iter().filter(is_silent).count()), (3, silent));
        }
    }

    /// A text that reads is written back the same; any other is refused in a sentence that a terminal can show.
    fn holds(text: &str) -> Result<(), TestCaseError> {
        match AskedCell::read(text) {
            Ok(cell) => prop_assert_eq!(cell.text(), Ok(text.to_owned())),
            Err(why) => prop_assert!(!why.is_empty() && !why.chars().any(char::is_control), "{:?}", why),
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn a_changed_text_is_one_or_a_sentence(at in any::<prop::sample::Index>(), put in any::<char>(), cut in 0usize..40) {
            let calm = variant::sliced(&scenario(), Time::from_nanos(4_100_000_000), Time::from_nanos(7_900_000_000), Span::ZERO);
            let text: Vec<char> = AskedCell::of(&calm, 1, 2).text().expect("it reads").chars().collect();
            let at = at.index(text.len());
            let changed = |cut: usize, put: &str| -> String {
                let rest = text.iter().skip(at + cut);
                text[..at].iter().copied().chain(put.chars()).chain(rest.copied()).collect()
            };
            holds(&changed(1, &put.to_string()))?;
            holds(&changed(cut, ""))?;
            // One sign of ours for another is what reads most often.
            holds(&changed(1, &text[(at * 7) % text.len()].to_string()))?;
        }

        #[test]
        fn any_text_is_one_or_a_sentence(rest in "[ -~\n]{0,200}") {
            holds(&rest)?;
            holds(&format!("{HEAD}\ntrial: 1\nsilent: []\n{rest}"))?;
        }
    }
}
