//! The forms of seed files.

/// How a seed file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Ours.
    Keystorm,
    /// local-kms's `seed.yaml`.
    LocalKms,
}
