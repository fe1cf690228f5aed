//! Parse, run, one error line, exit code.

use clap::Parser;
use keystorm::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    match Cli::parse().execute() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("keystorm: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
