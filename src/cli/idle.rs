//! Options that would do nothing where they stand: they are refused by name, never ignored.
//!
//! What the environment says holds for every command of a session, so only the command line is judged.

#[cfg(feature = "live")]
use super::live::args::LiveArgs;
use super::{Common, Error};
#[cfg(feature = "live")]
use crate::scenario::Target;
#[cfg(feature = "live")]
use clap::Args as _;

/// Options of live runs that mean something against the emulated KMS of this process, which has no account.
#[cfg(feature = "live")]
const WITH_EMULATOR: [&str; 6] = ["client", "provision", "no_tui", "metrics", "otlp", "web"];

/// Options that mean something where attempts leave this process.
#[cfg(feature = "live")]
const WITH_URL: [&str; 2] = ["credentials", "yes_remote"];

/// Refuses the options of live runs that `target` gives no meaning to.
///
/// # Errors
/// [`Error::Usage`], naming each and where it goes.
#[cfg(feature = "live")]
pub fn check(target: &Target, common: &Common) -> Result<(), Error> {
    let asks_policy = common.is_given("print_policy");
    let live = LiveArgs::augment_args(clap::Command::new("live"));
    let given = live.get_arguments().filter(|option| common.is_given(option.get_id().as_str()));
    let sentences: Vec<String> = given
        .filter_map(|option| {
            let id = option.get_id().as_str();
            let goes = match target {
                // A receiver of figures may be far away.
                Target::Emulator if id == "yes_remote" && common.is_given("otlp") => return None,
                // The policy is asked for a live run, whatever the target of this one is.
                _ if id == "print_policy" || asks_policy => return None,
                Target::Sim => "the simulator sends nothing; it goes with --target emulator, a URL or aws",
                Target::Emulator if WITH_URL.contains(&id) => {
                    "the emulator in this process is reached without it; it goes with --target URL"
                }
                Target::Emulator if !WITH_EMULATOR.contains(&id) => {
                    "the emulator in this process is no account; it goes with --target aws"
                }
                _ => return None,
            };
            Some(format!("--{} does nothing here: {goes}", option.get_long().unwrap_or(id)))
        })
        .collect();
    if sentences.is_empty() { Ok(()) } else { Err(Error::Usage(sentences.join("\n"))) }
}

impl Common {
    /// Whether an option, by its name in the code, stands on the command line.
    pub(super) fn is_given(&self, id: &str) -> bool {
        self.given.iter().any(|each| each == id)
    }

    /// Refuses `--json` where there is no document to print.
    ///
    /// # Errors
    /// [`Error::Usage`].
    pub(super) fn prints_no_document(&self, what: &str) -> Result<(), Error> {
        match self.json && self.is_given("json") {
            true => Err(Error::Usage(format!("--json does nothing here: {what}"))),
            false => Ok(()),
        }
    }
}
