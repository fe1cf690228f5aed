//! `keystorm schema`.

use super::{Common, Error};
use std::process::ExitCode;

/// Options of `schema`.
#[derive(clap::Args, Debug)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: Args, _common: &Common) -> Result<ExitCode, Error> {
    Err(Error::Failed("schema is not built yet".into()))
}
