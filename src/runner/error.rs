//! Why a run measured nothing.

use crate::engine::live;
use crate::guard::Objection;

/// Why a run measured nothing; every sentence names its remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for cannot be, or may not be.
    #[error("{0}")]
    Usage(String),
    /// Something else went wrong.
    #[error("{0}")]
    Failed(String),
    /// It was interrupted before there was anything to keep.
    #[error("{0}")]
    Interrupted(String),
}

impl From<live::Error> for Error {
    fn from(error: live::Error) -> Error {
        match error {
            live::Error::NoKeys(_) | live::Error::ManyKeys(..) => Error::Usage(error.to_string()),
            live::Error::Interrupted => Error::Interrupted(error.to_string()),
            other => Error::Failed(other.to_string()),
        }
    }
}

impl From<Objection> for Error {
    fn from(objection: Objection) -> Error {
        let said = objection.to_string();
        if objection.is_usage() { Error::Usage(said) } else { Error::Failed(said) }
    }
}

#[cfg(feature = "aws")]
impl From<crate::aws::Error> for Error {
    fn from(error: crate::aws::Error) -> Error {
        match error {
            crate::aws::Error::Guard(objection) => objection.into(),
            other => Error::Failed(other.to_string()),
        }
    }
}
