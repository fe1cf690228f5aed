//! What goes wrong on a bus.

/// Why something on the bus was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The command line, or a file it names, is at fault.
    #[error("{0}")]
    Usage(String),
    /// The server refuses, or is none that keystorm works with: waiting changes nothing.
    #[error("{0}")]
    Refused(String),
    /// The bus is away, or has lost something: it may come back.
    #[error("{0}")]
    Lost(String),
}

impl Error {
    /// That `what` did not come about now.
    pub(super) fn lost(what: &str, error: impl std::fmt::Display) -> Error {
        Error::Lost(format!("{what}: {error}"))
    }
}
