//! A scenario from text, and its run.
#![allow(dead_code, reason = "each test binary uses what it needs")]

use keystorm_machines::engine::{Control, simulate};
use keystorm_machines::results::{Run, StrategyRun, conclude};
use keystorm_machines::scenario::{Options, Scenario};

/// The scenario that `text` describes.
pub fn scenario(text: &str) -> Scenario {
    match Scenario::parse(text, &Options::default()) {
        Ok(checked) => checked.scenario,
        Err(problems) => panic!("{problems}"),
    }
}

/// Its run on `threads` threads.
pub fn run(scenario: &Scenario, threads: usize) -> Run {
    let trials = simulate(scenario, threads, &Control::default());
    conclude(scenario, "", scenario.to_value(), &trials, false).0
}

/// The results of the strategy called `name`.
pub fn strategy<'r>(run: &'r Run, name: &str) -> &'r StrategyRun {
    run.strategies.iter().find(|strategy| strategy.name == name).expect("the scenario has this strategy")
}
