//! `keystorm help`: a command's help, or a topic.

use super::{Cli, Common, Error, output, unbuilt};
use clap::CommandFactory;
use std::process::ExitCode;

/// Options of `help`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A command, or the topic `exit-codes`.
    #[arg(value_name = "COMMAND|TOPIC")]
    about: Option<String>,
}

const EXIT_CODES: &str = "\
Exit codes; the first that applies:

    2  the command line is wrong, or lacks a flag that says yes
  104  the scenario is invalid; every problem was printed
  105  interrupted; the results so far were written
  120  a cap was reached or a quota throttled; the results so far were written
    1  the command failed, the run was not permitted, or every attempt was refused for access
   99  a strategy of `gate` missed a threshold
  121  a run is worse than --fail-on allows
    0  done
";

/// Runs the command.
///
/// # Errors
/// [`Error::Usage`] for what is neither a command nor a topic.
pub fn run(args: Args, common: &Common) -> Result<ExitCode, Error> {
    common.prints_no_document("help is for people")?;
    let mut command = Cli::command();
    command.build();
    let text = match args.about.as_deref() {
        None => command.render_long_help().to_string(),
        Some("exit-codes") => EXIT_CODES.to_owned(),
        #[cfg(not(feature = "bus"))]
        Some("worker") => return Err(super::absent::command("worker", "bus")),
        Some(name) => match command.find_subcommand_mut(name) {
            Some(found) => found.render_long_help().to_string(),
            None => return Err(unknown(name, &command)),
        },
    };
    output::print(text)?;
    Ok(ExitCode::SUCCESS)
}

fn unknown(name: &str, command: &clap::Command) -> Error {
    if let Some(sentence) = unbuilt::command(name) {
        return Error::Usage(sentence);
    }
    let known = command.get_subcommands().map(clap::Command::get_name).chain(["exit-codes"]);
    let meant =
        crate::api::nearest(name, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Error::Usage(format!("there is no help on `{name}`{meant}"))
}
