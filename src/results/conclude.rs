//! The last step of a run: everything the trials left behind becomes a [`Run`].

use super::assumptions::assumptions;
use super::cautions::cautions;
use super::{Run, SCHEMA, Tool, evaluate, merged, strategy_run};
use crate::record::{Recorder, Trial};
use crate::scenario::{Scenario, Target};

/// The saved run of `scenario`, whose resolved form is `resolved`, and each strategy's merged recording.
pub fn conclude(
    scenario: &Scenario,
    question: &str,
    resolved: serde_json::Value,
    trials: &[Vec<Trial>],
    interrupted: bool,
) -> (Run, Vec<Option<Recorder>>) {
    let recordings: Vec<Option<Recorder>> = trials.iter().map(|trials| merged(trials)).collect();
    let mut run = Run {
        schema: SCHEMA.into(),
        tool: Tool { name: "keystorm".into(), version: env!("CARGO_PKG_VERSION").into() },
        name: scenario.name.clone(),
        question: question.into(),
        scenario_hash: hash(&resolved.to_string()),
        scenario: resolved,
        seed: scenario.seed,
        target: target(&scenario.target),
        region: scenario.region.clone(),
        interrupted,
        assumptions: assumptions(scenario),
        strategies: Vec::new(),
        thresholds: Vec::new(),
        gate: scenario.gate.clone(),
        cautions: Vec::new(),
        wall: None,
    };
    for (number, recording) in recordings.iter().enumerate() {
        run.thresholds.extend(evaluate(scenario, number, recording.as_ref()));
        let Some(recording) = recording else { continue };
        let strategy = strategy_run(scenario, number, &trials[number], recording);
        run.cautions.extend(cautions(scenario, number, &strategy));
        run.strategies.push(strategy);
    }
    (run, recordings)
}

fn target(target: &Target) -> String {
    match target {
        Target::Sim => "sim".into(),
        Target::Emulator => "emulator".into(),
        Target::Http(url) => url.clone(),
        Target::Aws => "aws".into(),
    }
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo), in hex: names a text; it does not protect it.
fn hash(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(super::hash("foobar"), "85944171f73967e8");
    }
}
