//! `keystorm import`: real data becomes traces, scenarios and a page on what was found.

#[cfg(feature = "s3")]
mod bucket;
mod cloudtrail;
mod cloudwatch;
#[cfg(feature = "aws")]
mod from_aws;
mod input;
mod merge;
mod queue;
mod readers;
mod results;
mod share;
mod through;
mod told;
mod walk;

pub use input::Input;
pub use merge::{Merging, is_import, merge};
pub use through::{Wanted, go_through};

use super::{Common, Error};
use std::path::Path;
use std::process::ExitCode;

/// Options of `import`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    source: Source,
}

#[derive(clap::Subcommand, Debug)]
enum Source {
    /// Replay the KMS calls of CloudTrail logs.
    Cloudtrail(Box<cloudtrail::Args>),
    /// Load from what CloudWatch counts a minute, with the peaks inside the minutes as an interval.
    Cloudwatch(Box<cloudwatch::Args>),
}

/// Runs the command.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    match args.source {
        Source::Cloudtrail(args) => cloudtrail::run(&args, common),
        Source::Cloudwatch(args) => cloudwatch::run(&args, common),
    }
}

fn failed(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::Failed(format!("{}: {error}", path.display()))
}

/// Refuses to write over what is there, unless that is wanted.
fn check_free(folder: &Path, names: &[&str], is_forced: bool) -> Result<(), Error> {
    let taken = names.iter().map(|name| folder.join(name)).find(|path| path.exists() && !is_forced);
    taken.map_or(Ok(()), |path| {
        let path = path.display();
        Err(Error::Usage(format!("{path} is there already; give another folder, or --force")))
    })
}
