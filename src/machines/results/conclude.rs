//! The last step of a run: everything the trials left behind becomes a [`Run`].

use super::answer::{self, Built};
use super::assumptions::assumptions;
use super::cautions::{GENERATOR_LIMITED, cautions, of_workers};
use super::merit::differences;
use super::stats::round;
use super::{
    DEFINITIONS, EndedEarly, Run, SCHEMA, SetUp, Stopped, StrategyWall, Tool, TrialWall, TrialsUntil,
    Vantage, Wall, WorkerWall, evaluate, merged, strategy_run, widest,
};
use crate::record::{Recorder, Trial};
use crate::scenario::Scenario;
use crate::time::Span;
use sha2::{Digest as _, Sha256};

/// What only a live run can tell of itself, beside its recordings.
#[derive(Clone, Debug, Default)]
pub struct LiveFacts {
    /// The id that the user agent of its calls carries.
    pub run_id: String,
    /// The command line that began it, as a shell reads it again.
    pub command: String,
    /// When it began: ISO 8601 in UTC.
    pub started_at: String,
    /// How long all of it took.
    pub elapsed: Span,
    /// From where attempts went, and where to.
    pub vantage: Vantage,
    /// What was done before anything was measured.
    pub set_up: SetUp,
    /// As many trials of each strategy as there are recordings.
    pub trials: Vec<Vec<TrialWall>>,
    /// Who shared its clients; none where one process ran it all.
    pub workers: Vec<WorkerWall>,
}

/// The saved run of a live `scenario`: as [`conclude`], with what the wall clock and the generator have to say.
pub fn conclude_live(
    scenario: &Scenario,
    question: &str,
    resolved: serde_json::Value,
    trials: &[Vec<Trial>],
    facts: LiveFacts,
) -> (Run, Vec<Option<Recorder>>) {
    let is_interrupted = |trial: &TrialWall| trial.ended_early == Some(EndedEarly::Interrupted);
    let interrupted = facts.trials.iter().flatten().any(is_interrupted);
    conclude_with(scenario, question, resolved, trials, interrupted, Some(facts))
}

/// The saved run of `scenario`, whose resolved form is `resolved`, and each strategy's merged recording.
pub fn conclude(
    scenario: &Scenario,
    question: &str,
    resolved: serde_json::Value,
    trials: &[Vec<Trial>],
    interrupted: bool,
) -> (Run, Vec<Option<Recorder>>) {
    conclude_with(scenario, question, resolved, trials, interrupted, None)
}

/// A run of which nothing is known yet but what was asked.
fn blank(scenario: &Scenario, question: &str, resolved: serde_json::Value) -> Run {
    Run {
        schema: SCHEMA.into(),
        definitions: DEFINITIONS,
        tool: Tool { name: "keystorm".into(), version: env!("CARGO_PKG_VERSION").into() },
        name: scenario.name.clone(),
        question: question.into(),
        command: Vec::new(),
        answer: None,
        scenario_hash: hash(&resolved.to_string()),
        scenario: resolved,
        seed: scenario.seed,
        target: scenario.target.to_string(),
        region: scenario.region.clone(),
        interrupted: false,
        assumptions: assumptions(scenario),
        strategies: Vec::new(),
        thresholds: Vec::new(),
        gate: scenario.gate.clone(),
        cautions: Vec::new(),
        differences: Vec::new(),
        limiter_kinds: None,
        trials_until: None,
        wall: None,
    }
}

fn conclude_with(
    scenario: &Scenario,
    question: &str,
    resolved: serde_json::Value,
    trials: &[Vec<Trial>],
    interrupted: bool,
    facts: Option<LiveFacts>,
) -> (Run, Vec<Option<Recorder>>) {
    let recordings: Vec<Option<Recorder>> = trials.iter().map(|trials| merged(trials)).collect();
    let mut run = Run {
        interrupted,
        trials_until: trials_until(scenario, trials, interrupted),
        ..blank(scenario, question, resolved)
    };
    let mut walls = Vec::new();
    for (number, recording) in recordings.iter().enumerate() {
        run.thresholds.extend(evaluate(scenario, number, recording.as_ref(), &trials[number]));
        let Some(recording) = recording else { continue };
        let mut strategy = strategy_run(scenario, number, &trials[number], recording);
        if interrupted {
            // What was cut short is no month of anything.
            strategy.cost.per_month_usd = None;
        }
        let told = facts.as_ref().map(|facts| {
            let trials = facts.trials.get(number).map_or(&[][..], Vec::as_slice);
            StrategyWall::from_trials(&strategy.name, trials, recording)
        });
        run.cautions.extend(cautions(
            scenario,
            number,
            &strategy,
            (recording, &trials[number]),
            told.as_ref(),
        ));
        run.strategies.push(strategy);
        walls.extend(told);
    }
    run.cautions.extend(facts.iter().flat_map(|facts| of_workers(&facts.workers)));
    // What makes all other figures doubtful comes first, whichever strategy it befell.
    run.cautions.sort_by_key(|caution| caution.kind != GENERATOR_LIMITED);
    run.wall = facts.map(|facts| Wall {
        run_id: facts.run_id,
        command: facts.command,
        started_at: facts.started_at,
        elapsed_s: round(facts.elapsed.as_secs_f64()),
        vantage: facts.vantage,
        set_up: facts.set_up,
        strategies: walls,
        workers: facts.workers,
    });
    run.differences = differences(&run);
    run.answer = Some(answer::compose(&run, Built::default()));
    (run, recordings)
}

/// Why there are so many trials, if that was left to the intervals.
fn trials_until(scenario: &Scenario, trials: &[Vec<Trial>], interrupted: bool) -> Option<TrialsUntil> {
    let (until, widest) = (scenario.until?.as_f64(), widest(scenario, trials)?);
    let stopped = match widest.half_width <= until {
        _ if interrupted => Stopped::Interrupted,
        true => Stopped::Narrow,
        false => Stopped::Max,
    };
    Some(TrialsUntil {
        until,
        max: scenario.trials,
        stopped,
        half_width: Some(round(widest.half_width)).filter(|half| half.is_finite()),
        strategy: widest.strategy,
        figure: widest.figure,
    })
}

/// The first 64 bits of SHA-256, in hex: names a text.
pub fn hash(text: &str) -> String {
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_begins_as_sha_256_does() {
        // FIPS 180-2, appendix B.1: the digest of "abc".
        assert_eq!(super::hash("abc"), "ba7816bf8f01cfea");
    }
}
