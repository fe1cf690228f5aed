//! What simulating needs and no more: scenarios, simulator, results, reports, imports, and the commands around them.

mod catalogue_facts;
mod cli_scenario;
mod client;
mod coverage;
#[path = "../support/facts.rs"]
mod facts;
mod facts_readme;
mod figures;
mod import;
mod layers;
mod limiter_episode;
mod limiter_laws;
mod limiter_oracles;
mod meant;
mod never_lost;
mod one_trial;
mod options;
mod overrides;
mod quotas_command;
mod readme;
mod real_input;
mod report_command;
mod run_command;
mod scenario_mutations;
mod scenarios;
mod service_times;
#[path = "../support/signal.rs"]
mod signal;
mod simulation;
mod support;
#[path = "../support/times.rs"]
mod times;
mod trials_until;
mod units_failed;
mod validation;
mod verdicts;
