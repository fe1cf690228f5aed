//! `keystorm quotas`.

use super::{Common, Error};
use std::process::ExitCode;

/// Options of `quotas`.
#[derive(clap::Args, Debug)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args, _common: &Common) -> Result<ExitCode, Error> {
    Err(Error::Failed("quotas is not built yet".into()))
}
