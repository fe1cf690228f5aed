//! `keystorm report`.

use super::{Common, Error};
use std::process::ExitCode;

/// Options of `report`.
#[derive(clap::Args, Debug)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args, _common: &Common) -> Result<ExitCode, Error> {
    Err(Error::Failed("report is not built yet".into()))
}
