//! How a run ended, beside what it measured.

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Done,
    /// By a cap, or what else bounds it; the sentence says which.
    Cap(String),
    /// It measured nothing that was asked; the sentence says why.
    Failed(String),
}
