//! Why a log cannot be read.

/// Why a file is no CloudTrail log.
#[derive(Debug, thiserror::Error)]
pub enum CloudTrailError {
    /// The gzip stream is broken.
    #[error("the gzipped file cannot be inflated: {0}")]
    Inflate(#[source] std::io::Error),
    /// It cannot be read.
    #[error(transparent)]
    Read(std::io::Error),
    /// It is something else, with its name and the way out.
    #[error("not a CloudTrail log: {0}")]
    Shape(String),
    /// It ends inside a value.
    #[error("not a whole CloudTrail log: it ends in the middle of a record; fetch it again")]
    Cut,
    /// A value is too large for a record.
    #[error("not a CloudTrail log: a record is larger than 8 MiB")]
    Large,
    /// It is JSON no more.
    #[error("not a CloudTrail log: `{found}` stands where JSON has no place for it")]
    Broken {
        /// The byte.
        found: String,
    },
    /// What was read could not be put aside, or fetched again.
    #[error("the events that were read cannot be put aside: {0}")]
    Aside(#[source] std::io::Error),
}
