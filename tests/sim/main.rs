//! What simulating needs and no more: scenarios, simulator, results, reports, imports, and the commands around them.

mod answers;
mod backtest_command;
mod catalogue_facts;
mod cli_scenario;
mod compare;
mod compare_seeds;
mod cookbook;
mod coverage;
mod distributed;
mod explain;
#[path = "../support/facts.rs"]
mod facts;
mod facts_readme;
mod figures;
mod foreseen;
mod house;
mod import;
mod import_shards;
mod meant;
mod never_lost;
mod one_trial;
mod onset_command;
mod options;
mod overrides;
mod plan_command;
mod plan_oracles;
mod quotas_command;
mod readme;
mod real_input;
mod report_command;
mod run_command;
mod scale;
mod scenario_mutations;
mod scenarios;
mod seconds;
mod service_times;
mod shards;
mod shipped;
#[path = "../support/signal.rs"]
mod signal;
mod simulation;
#[path = "../support/scenario.rs"]
mod support;
#[path = "../support/times.rs"]
mod times;
mod trials_until;
mod units_failed;
mod validation;
mod verdicts;
mod words;
