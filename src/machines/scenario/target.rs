//! Where attempts go.

use crate::api::words;

/// Where attempts go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The simulator, in virtual time.
    Sim,
    /// The emulated KMS in this process, on the real clock.
    Emulator,
    /// An endpoint, by URL.
    Http(String),
    /// Real AWS.
    Aws,
}

words! {
    /// The targets that a word names; any other is a URL.
    TargetWord {
        /// The simulator.
        Sim = "sim",
        /// The emulated KMS.
        Emulator = "emulator",
        /// Real AWS.
        Aws = "aws",
    }
}

impl Target {
    /// The target that `text` names: a word or a URL.
    pub fn parse(text: &str) -> Option<Target> {
        match TargetWord::from_name(text) {
            Some(TargetWord::Sim) => Some(Target::Sim),
            Some(TargetWord::Emulator) => Some(Target::Emulator),
            Some(TargetWord::Aws) => Some(Target::Aws),
            None if text.starts_with("http://") || text.starts_with("https://") => {
                Some(Target::Http(text.trim_end_matches('/').to_owned()))
            }
            None => None,
        }
    }
}

impl std::fmt::Display for Target {
    /// As a scenario writes it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Target::Sim => TargetWord::Sim.fmt(f),
            Target::Emulator => TargetWord::Emulator.fmt(f),
            Target::Aws => TargetWord::Aws.fmt(f),
            Target::Http(url) => f.pad(url),
        }
    }
}
