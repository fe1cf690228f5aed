//! Why what CloudWatch has counted cannot be used.

/// Why something is no answer of CloudWatch that can be used.
#[derive(Debug, thiserror::Error)]
pub enum CloudWatchError {
    /// It is JSON, but not that of CloudWatch; or no JSON and no table.
    #[error("not an answer of CloudWatch: {0}")]
    Shape(String),
    /// What it holds cannot be used, and what to ask for.
    #[error("{0}")]
    Unfit(String),
}
