//! `keystorm completions`: completions for a shell.

use super::{Cli, Common, Error, output};
use clap::CommandFactory;
use std::process::ExitCode;

/// Options of `completions`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// For which shell.
    shell: clap_complete::Shell,
}

/// Runs the command.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    common.prints_no_document("what is printed is a script")?;
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "keystorm", &mut script);
    output::print(script)?;
    Ok(ExitCode::SUCCESS)
}
