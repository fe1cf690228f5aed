//! The command line: one file per command. Here: what is common to them, exit codes and errors for people.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::process::ExitCode;

#[cfg_attr(
    all(feature = "emulator", feature = "aws", feature = "bus"),
    allow(dead_code, reason = "with every command there, only the reading of buckets may be absent")
)]
mod absent;
#[cfg(feature = "aws")]
mod account;
mod backtest;
mod built;
#[cfg(feature = "bus")]
mod bus;
#[cfg(feature = "live")]
mod calibrate;
mod check;
#[cfg(feature = "aws")]
mod cleanup;
mod compare;
mod completions;
#[cfg(feature = "live")]
mod consent;
mod declared;
mod dossier;
mod explain;
mod fault_template;
mod finished;
mod grid;
mod gridded;
#[cfg(feature = "emulator")]
mod health;
mod help;
mod history;
mod idle;
mod import;
#[cfg(feature = "aws")]
mod increase;
mod interrupt;
#[cfg(feature = "live")]
mod live;
mod load;
#[cfg(feature = "emulator")]
mod loopback;
mod memory;
mod merge;
#[cfg(feature = "emulator")]
mod messages;
#[cfg(feature = "live")]
mod metrics_server;
mod new;
mod one_liner;
mod onset;
#[cfg(feature = "live")]
mod onset_live;
mod output;
mod plan;
mod progress;
mod question;
mod quotas;
mod report;
mod run;
mod run_folder;
#[cfg(feature = "aws")]
mod runtime;
mod saved;
mod scenario_file;
mod schema;
#[cfg(feature = "emulator")]
mod serve;
#[cfg(feature = "emulator")]
mod small_server;
mod stamp;
mod threads;
#[cfg(feature = "emulator")]
mod ui;
mod unbuilt;
mod words;

/// Why a command failed: shown as one line (scenario problems as a list), with the exit code it means.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for something that cannot be; exit 2.
    #[error("{0}")]
    Usage(String),
    /// The scenario is invalid; every problem, already rendered; exit 104.
    #[error("{0}")]
    Scenario(String),
    /// Something else went wrong; exit 1.
    #[error("{0}")]
    Failed(String),
    /// It was interrupted before there was anything to save, or can go on; exit 105.
    #[error("{0}")]
    Interrupted(String),
}

impl Error {
    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) => exit::USAGE,
            Error::Scenario(_) => exit::SCENARIO,
            Error::Failed(_) => exit::FAILED,
            Error::Interrupted(_) => exit::INTERRUPTED,
        }
    }
}

#[cfg(feature = "bus")]
impl From<crate::bus::Error> for Error {
    fn from(error: crate::bus::Error) -> Error {
        match error {
            crate::bus::Error::Usage(said) => Error::Usage(said),
            crate::bus::Error::Refused(said) | crate::bus::Error::Lost(said) => Error::Failed(said),
        }
    }
}

#[cfg(feature = "live")]
impl From<crate::runner::Error> for Error {
    fn from(error: crate::runner::Error) -> Error {
        match error {
            crate::runner::Error::Usage(said) => Error::Usage(said),
            crate::runner::Error::Failed(said) => Error::Failed(said),
            crate::runner::Error::Interrupted(said) => Error::Interrupted(said),
        }
    }
}

// What shares a load speaks of errors as commands do.
#[cfg(all(feature = "bus", feature = "live"))]
impl From<Error> for crate::runner::Error {
    fn from(error: Error) -> crate::runner::Error {
        match error {
            Error::Usage(said) | Error::Scenario(said) => crate::runner::Error::Usage(said),
            Error::Failed(said) => crate::runner::Error::Failed(said),
            Error::Interrupted(said) => crate::runner::Error::Interrupted(said),
        }
    }
}

#[cfg(feature = "aws")]
impl From<crate::aws::Error> for Error {
    fn from(error: crate::aws::Error) -> Error {
        crate::runner::Error::from(error).into()
    }
}

impl From<crate::guard::Objection> for Error {
    fn from(objection: crate::guard::Objection) -> Error {
        let said = objection.to_string();
        if objection.is_usage() { Error::Usage(said) } else { Error::Failed(said) }
    }
}

/// Exit codes; the first that applies wins: usage, scenario, interrupted, cap, failed, threshold, regression.
pub mod exit {
    /// Done, and every gated threshold held.
    pub const OK: u8 = 0;
    /// The run failed.
    pub const FAILED: u8 = 1;
    /// The command line was wrong.
    pub const USAGE: u8 = 2;
    /// A gated strategy missed a threshold.
    pub const THRESHOLD: u8 = 99;
    /// The scenario is invalid.
    pub const SCENARIO: u8 = 104;
    /// Interrupted; results were still written.
    pub const INTERRUPTED: u8 = 105;
    /// A cap was reached; results were still written.
    pub const CAP: u8 = 120;
    /// A run is worse than --fail-on allows.
    pub const REGRESSION: u8 = 121;
}

/// What every command understands.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Say nothing but results and errors.
    #[arg(short, long, global = true, env = "KEYSTORM_QUIET")]
    pub quiet: bool,
    /// Print one JSON document on stdout instead of text.
    #[arg(long, global = true, env = "KEYSTORM_JSON")]
    pub json: bool,
    /// The options that stand on the command line, by their names in the code.
    #[arg(skip)]
    given: Vec<String>,
}

/// Load testing and quota simulation for AWS KMS.
#[derive(Parser, Debug)]
#[command(
    name = "keystorm",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "Exit codes: keystorm help exit-codes"
)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run every strategy of a scenario on the same load and compare them.
    Run(Box<run::Args>),
    /// Validate a scenario; print its plan and every default.
    Check(check::Args),
    /// Measure how long a service takes, for a scenario's `serviceTime`.
    #[cfg(feature = "live")]
    Calibrate(Box<calibrate::Args>),
    #[cfg(not(feature = "live"))]
    #[command(hide = true, disable_help_flag = true)]
    Calibrate(absent::Args),
    /// Serve an emulated KMS, with request quotas, for any SDK.
    #[cfg(feature = "emulator")]
    Serve(Box<serve::Args>),
    #[cfg(not(feature = "emulator"))]
    #[command(hide = true, disable_help_flag = true)]
    Serve(absent::Args),
    /// Schedule keys for deletion that a killed run left behind in an AWS account.
    #[cfg(feature = "aws")]
    Cleanup(cleanup::Args),
    #[cfg(not(feature = "aws"))]
    #[command(hide = true, disable_help_flag = true)]
    Cleanup(absent::Args),
    /// Add the shares of a run up to the run, or those of an import.
    Merge(merge::Args),
    /// Run cells of whoever coordinates a run on the same bus.
    ///
    /// It serves every run of its own version, one cell per thread, until Ctrl-C or --idle. What it needs comes over the
    /// bus: the scenario, its traces, and nothing of this machine.
    #[cfg(feature = "bus")]
    Worker(bus::WorkerArgs),
    #[cfg(not(feature = "bus"))]
    #[command(hide = true, disable_help_flag = true)]
    Worker(absent::Args),
    /// Find the load at which each strategy breaks: first throttle, thresholds, collapse.
    ///
    /// Every load is simulated, whatever the scenario's target, unless --live sends it: to the emulator or a service nearby,
    /// never to AWS.
    Onset(Box<onset::Args>),
    /// Find the quota to ask for, and why.
    Plan(Box<plan::Args>),
    /// Write the evidence for a quota increase, from a plan or a saved run.
    Dossier(dossier::Args),
    /// Set saved runs side by side: better, worse, or cannot tell.
    Compare(compare::Args),
    /// Tell the phases of a saved run and what began them, or one job's story.
    Explain(explain::Args),
    /// Redraw a saved run.
    Report(report::Args),
    /// Show the saved runs of a folder in a browser.
    #[cfg(feature = "emulator")]
    Ui(ui::Args),
    #[cfg(not(feature = "emulator"))]
    #[command(hide = true, disable_help_flag = true)]
    Ui(absent::Args),
    /// Make a scenario and a trace from real data.
    Import(import::Args),
    /// Print AWS's default request quotas of a Region.
    Quotas(quotas::Args),
    /// Print the JSON Schema of scenarios or saved runs.
    Schema(schema::Args),
    /// Print a commented scenario to start from.
    New(new::Args),
    /// Print shell completions.
    Completions(completions::Args),
    /// Explain a command, or the exit codes.
    Help(help::Args),
}

impl Cli {
    /// What this process was started with. Where help is asked for, or nothing can be made of it, it says so and ends.
    ///
    /// # Errors
    /// [`Error::Usage`] for words that are not built.
    pub fn read() -> Result<Cli, Error> {
        let read = Cli::command().try_get_matches().and_then(|matches| {
            let mut cli =
                Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut Cli::command()))?;
            cli.common.given = given(&matches);
            Ok(cli)
        });
        read.map_err(|error| match unbuilt::sentence(&error) {
            Some(sentence) => Error::Usage(sentence),
            None => error.exit(),
        })
    }

    /// Does what the command line asks for.
    ///
    /// # Errors
    /// [`Error`], to be shown and turned into the exit code it names.
    pub fn execute(self) -> Result<ExitCode, Error> {
        let common = &self.common;
        // `serve` is asked how much of it, and in what form.
        #[cfg(feature = "emulator")]
        if !matches!(self.command, Command::Serve(_)) {
            messages::begin(messages::LogLevel::default(), messages::LogFormat::default());
        }
        match self.command {
            Command::Run(args) => run::run(*args, common),
            Command::Check(args) => check::run(args, common),
            #[cfg(feature = "live")]
            Command::Calibrate(args) => calibrate::run(*args, common),
            #[cfg(not(feature = "live"))]
            Command::Calibrate(_) => Err(absent::command("calibrate", "live")),
            #[cfg(feature = "emulator")]
            Command::Serve(args) => serve::run(*args, common),
            #[cfg(not(feature = "emulator"))]
            Command::Serve(_) => Err(absent::command("serve", "emulator")),
            #[cfg(feature = "aws")]
            Command::Cleanup(args) => cleanup::run(args, common),
            #[cfg(not(feature = "aws"))]
            Command::Cleanup(_) => Err(absent::command("cleanup", "aws")),
            Command::Merge(args) => merge::run(args, common),
            #[cfg(feature = "bus")]
            Command::Worker(args) => bus::worker(args, common),
            #[cfg(not(feature = "bus"))]
            Command::Worker(_) => Err(absent::command("worker", "bus")),
            Command::Onset(args) => onset::run(*args, common),
            Command::Plan(args) => plan::run(*args, common),
            Command::Dossier(args) => dossier::run(args, common),
            Command::Compare(args) => compare::run(args, common),
            Command::Explain(args) => explain::run(args, common),
            Command::Report(args) => report::run(args, common),
            #[cfg(feature = "emulator")]
            Command::Ui(args) => ui::run(args, common),
            #[cfg(not(feature = "emulator"))]
            Command::Ui(_) => Err(absent::command("ui", "emulator")),
            Command::Import(args) => import::run(args, common),
            Command::Quotas(args) => quotas::run(args, common),
            Command::Schema(args) => schema::run(args, common),
            Command::New(args) => new::run(args, common),
            Command::Completions(args) => completions::run(args, common),
            Command::Help(args) => help::run(args, common),
        }
    }
}

/// The options that stand on the command line, those of the subcommand too.
fn given(matches: &ArgMatches) -> Vec<String> {
    let on_line = |id: &&clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
    let own = matches.ids().filter(on_line).map(|id| id.as_str().to_owned());
    let below = matches.subcommand().map(|(_, below)| given(below)).unwrap_or_default();
    own.chain(below).collect()
}
