//! `keystorm schema`: the JSON Schema of what keystorm reads and writes.

use super::{Common, Error, output};
use std::process::ExitCode;

/// Options of `schema`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Of which file.
    #[arg(value_enum, default_value_t = Of::Scenario)]
    of: Of,
}

/// A file with a schema.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Of {
    /// The scenario, as people write it.
    Scenario,
    /// The saved run, run.json.
    Run,
    /// The saved sweep, sweep.json.
    Sweep,
    /// What `compare --json` prints.
    Comparison,
}

/// Runs the command.
pub fn run(args: Args, _common: &Common) -> Result<ExitCode, Error> {
    let schema = match args.of {
        Of::Scenario => crate::scenario::schema::scenario(),
        Of::Run => schemars::schema_for!(crate::results::Run).to_value(),
        Of::Sweep => schemars::schema_for!(crate::results::Sweep).to_value(),
        Of::Comparison => schemars::schema_for!(crate::results::compare::Comparison).to_value(),
    };
    output::print(format!("{schema:#}\n"))?;
    Ok(ExitCode::SUCCESS)
}
