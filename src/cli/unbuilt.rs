//! Words that people know from the plan of this program, or from other ones, and that are not built: each is refused
//! with a sentence and the way out.

use super::Cli;
use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Commands, and what does a part of it today.
const COMMANDS: [(&str, &str); 3] = [
    ("sweep", "`keystorm run SCENARIO --over PATH=VALUES` runs a scenario over a grid"),
    ("simulate", "`keystorm run SCENARIO` simulates unless --target says otherwise"),
    ("validate", "`keystorm check SCENARIO` validates"),
];

/// Options, and what does a part of it today.
const OPTIONS: [(&str, &str); 1] =
    [("--live", "`keystorm onset SCENARIO` searches in the simulator, and never on AWS")];

/// The sentence about a command or a topic that is not built; `None` for one that is, or that nobody has planned.
pub fn command(name: &str) -> Option<String> {
    let is_built = Cli::command().get_subcommands().any(|command| command.get_name() == name);
    let (_, instead) = COMMANDS.iter().find(|(word, _)| *word == name && !is_built)?;
    Some(format!("`{name}` is not built; {instead}"))
}

/// The sentence about what clap does not know, where it is known to us.
pub fn sentence(error: &clap::Error) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => command(text(ContextKind::InvalidSubcommand)?),
        ErrorKind::UnknownArgument => {
            let given = text(ContextKind::InvalidArg)?;
            let option = given.split('=').next().unwrap_or(given);
            #[cfg(not(feature = "bus"))]
            if option == "--bus" {
                return Some(super::absent::missing("--bus", "bus").to_string());
            }
            let (word, instead) = OPTIONS.iter().find(|(word, _)| *word == option)?;
            Some(format!("{word} is not built; {instead}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> String {
        let error = Cli::command().try_get_matches_from(line.split(' ')).expect_err(line);
        sentence(&error).unwrap_or_else(|| panic!("{line}: {error}"))
    }

    #[test]
    fn every_word_that_is_not_built_has_its_sentence() {
        let built: Vec<String> =
            Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        for (word, instead) in COMMANDS {
            if built.iter().any(|name| name == word) {
                continue;
            }
            assert_eq!(said(&format!("keystorm {word} x")), format!("`{word}` is not built; {instead}"));
        }
        assert!(said("keystorm onset a.yaml --live").contains("never on AWS"));
        #[cfg(not(feature = "bus"))]
        assert!(
            said("keystorm run a.yaml --bus=nats://x").contains("`cargo build --release --features bus`")
        );
    }

    #[test]
    fn a_slip_of_the_pen_is_left_to_the_parser() {
        let error = Cli::command().try_get_matches_from(["keystorm", "runn"]).expect_err("no such command");
        assert_eq!(sentence(&error), None);
    }
}
