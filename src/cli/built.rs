//! Which commands this keystorm has.

use super::Cli;
use crate::results::Built;
use clap::CommandFactory as _;

/// Which commands this keystorm has beside those that every one has.
pub fn built() -> Built {
    let cli = Cli::command();
    let has = |name: &str| cli.find_subcommand(name).is_some_and(|command| !command.is_hide_set());
    let runs = cli.find_subcommand("run");
    let over = runs.is_some_and(|run| run.get_arguments().any(|arg| arg.get_long() == Some("over")));
    Built { plan: has("plan"), onset: has("onset"), over }
}
