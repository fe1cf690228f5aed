//! What a run needs somebody's yes for, and whether it was given: by flags of this command, never by the environment.

use super::Error;
#[cfg(feature = "live")]
use crate::planner::{Denied, Objection, account_of_access_key};
#[cfg(feature = "live")]
use crate::runner::{self, SYSTEM_LIST, deny};
#[cfg(feature = "live")]
use std::path::PathBuf;

/// Flags that widen what may be done. They have no variable, and a variable that looks like theirs is told of.
pub(super) const FLAGS: &[&str] = &[
    "allow-throttling",
    "credentials",
    "no-usage-check",
    "provision",
    "request",
    "yes",
    "yes-real-aws",
    "yes-remote",
    #[cfg(feature = "bus")]
    "yes-remote-bus",
];

/// A sentence for each variable that is set in the hope of a consent.
pub(super) fn ignored() -> Vec<String> {
    let variable = |flag: &str| format!("KEYSTORM_{}", flag.to_ascii_uppercase().replace('-', "_"));
    let told = |flag: &&str| {
        let name = variable(flag);
        environment(&name)
            .map(|_| format!("{name} is set and ignored: only the flag --{flag} itself says so"))
    };
    FLAGS.iter().filter_map(told).collect()
}

/// Tells of every variable that is ignored.
pub(super) fn tell_ignored() {
    for sentence in ignored() {
        crate::notice::tell(format_args!("keystorm: {sentence}"));
    }
}

/// Why caps and permits of a scenario count for nothing far away, if they come from the environment.
#[cfg(feature = "live")]
pub(super) fn bounds_from_environment() -> Option<String> {
    let sets = environment("KEYSTORM_SET").unwrap_or_default();
    let is_bound = |set: &&str| {
        let root = set.split(['.', '=']).next().unwrap_or_default().trim();
        matches!(root, "caps" | "allow")
    };
    let set = sets.lines().find(is_bound)?;
    Some(format!(
        "KEYSTORM_SET has `{set}`: what bounds and permits a run against AWS, or far away, is not read from the \
         environment; say --set {set}"
    ))
}

/// The lists of accounts that nobody may touch: the system's, the user's, and one more that can only add to them.
///
/// # Errors
/// [`Error::Usage`] if one cannot be read, or holds what is no account id: then everything is denied.
#[cfg(feature = "live")]
pub(super) fn denied() -> Result<Denied, Error> {
    let home = || environment("HOME").filter(|home| !home.is_empty()).map(|home| format!("{home}/.config"));
    let own = environment("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()).or_else(home);
    let own = own.map(|folder| PathBuf::from(folder).join(OWN_LIST));
    let more = environment(MORE_LIST).map(PathBuf::from);
    let mut denied = Denied::default();
    for (list, must_be) in [(Some(PathBuf::from(SYSTEM_LIST)), false), (own, false), (more, true)] {
        if let Some(list) = list {
            deny(&mut denied, &list, must_be)?;
        }
    }
    Ok(denied)
}

/// The user's list, below `$XDG_CONFIG_HOME` or `~/.config`.
#[cfg(feature = "live")]
const OWN_LIST: &str = "keystorm/denied-accounts";
/// The variable that names one more list.
#[cfg(feature = "live")]
const MORE_LIST: &str = "KEYSTORM_DENIED_ACCOUNTS";

/// Whose credentials attempts carry where the target is not AWS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Nobody's: the same meaningless ones always.
    #[default]
    None,
    /// `test` and `test`, as emulators of AWS are used to.
    Test,
    /// Those in variables with this prefix.
    Environment(String),
    /// Those of the chain that AWS tools have; with every permit that target aws needs.
    Chain,
}

impl Credentials {
    /// Reads `none`, `test`, `env:PREFIX` or `chain`.
    ///
    /// # Errors
    /// A sentence, for what is none of them.
    pub fn parse(text: &str) -> Result<Credentials, String> {
        match text.split_once(':') {
            None if text == "none" => Ok(Credentials::None),
            None if text == "test" => Ok(Credentials::Test),
            None if text == "chain" => Ok(Credentials::Chain),
            Some(("env", "AWS")) => {
                Err("AWS_ACCESS_KEY_ID belongs to AWS's own chain: use `chain`, or another prefix".into())
            }
            Some(("env", prefix)) if is_name(prefix) => Ok(Credentials::Environment(prefix.into())),
            _ => Err("write none, test, env:PREFIX (for PREFIX_ACCESS_KEY_ID and PREFIX_SECRET_ACCESS_KEY), or chain".into()),
        }
    }

    /// The credentials themselves.
    ///
    /// # Errors
    /// [`Error::Usage`] for a variable that is not set, and for keys of an account that nobody may touch.
    #[cfg(feature = "live")]
    pub(super) fn resolved(&self) -> Result<runner::Credentials, Error> {
        let keys = |id, secret, token| runner::Credentials::Keys { id, secret, token };
        match self {
            Credentials::None => Ok(runner::Credentials::Nobody),
            Credentials::Chain => Ok(runner::Credentials::Chain),
            Credentials::Test => Ok(keys("test".into(), "test".into(), None)),
            Credentials::Environment(prefix) => {
                let one = |what: &str| {
                    let name = format!("{prefix}_{what}");
                    let missing = || Error::Usage(format!("--credentials env:{prefix}: {name} is not set"));
                    environment(&name).filter(|value| !value.is_empty()).ok_or_else(missing)
                };
                let (id, token) = (one("ACCESS_KEY_ID")?, one("SESSION_TOKEN").ok());
                // Somebody's real keys may be under any name.
                let account = account_of_access_key(&id).unwrap_or_default();
                if let Some(file) = denied()?.by(&account) {
                    let denied = Objection::Denied { account: account.clone(), file: file.into() };
                    return Err(Error::Usage(format!("--credentials env:{prefix}: {denied}")));
                }
                Ok(keys(id, one("SECRET_ACCESS_KEY")?, token))
            }
        }
    }
}

/// Whether a text can begin the name of a variable.
fn is_name(text: &str) -> bool {
    let is_good = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    !text.is_empty() && text.bytes().all(is_good) && !text.as_bytes()[0].is_ascii_digit()
}

#[allow(clippy::disallowed_methods, reason = "cli reads the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    /// Every option of every command, with the variable that stands for it.
    fn options(command: &clap::Command, into: &mut Vec<(String, Option<String>)>) {
        for option in command.get_arguments() {
            let Some(long) = option.get_long() else { continue };
            let variable = option.get_env().map(|name| name.to_string_lossy().into_owned());
            into.push((long.to_owned(), variable));
        }
        command.get_subcommands().for_each(|each| options(each, into));
    }

    #[test]
    fn every_option_has_a_variable_but_those_that_widen_what_may_be_done() {
        let mut found = Vec::new();
        options(&Cli::command(), &mut found);
        assert!(found.len() > 80, "{}", found.len());
        let without: BTreeSet<&str> =
            found.iter().filter(|(_, variable)| variable.is_none()).map(|(long, _)| long.as_str()).collect();
        for flag in FLAGS {
            assert!(found.iter().any(|(long, _)| long == flag), "there is no --{flag}");
            assert!(without.contains(flag), "--{flag} can be said by the environment");
        }
        // What asks for a text and does nothing else needs none.
        let is_other = |long: &&str| !FLAGS.contains(long) && !matches!(*long, "help" | "list" | "version");
        let others: Vec<&str> = without.into_iter().filter(is_other).collect();
        assert_eq!(others, Vec::<&str>::new());
    }

    #[test]
    fn credentials_are_read_by_name_and_those_of_aws_only_as_such() {
        for (text, read) in [
            ("none", Credentials::None),
            ("test", Credentials::Test),
            ("chain", Credentials::Chain),
            ("env:ANN", Credentials::Environment("ANN".into())),
            ("env:MY_EMULATOR2", Credentials::Environment("MY_EMULATOR2".into())),
        ] {
            assert_eq!(Credentials::parse(text), Ok(read));
        }
        for text in ["", "Chain", "env:", "env:AWS", "env:2A", "env:a b", "file:x", "AKIA:secret"] {
            assert!(Credentials::parse(text).is_err(), "{text}");
        }
    }
}
