//! `keystorm run`.

use super::{Common, Error};
use std::process::ExitCode;

/// Options of `run`.
#[derive(clap::Args, Debug)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args, _common: &Common) -> Result<ExitCode, Error> {
    Err(Error::Failed("run is not built yet".into()))
}
