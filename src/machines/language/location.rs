//! Where in a text something stands.

/// Where something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Location {
    /// Line from 1; 0 when it stands in no file.
    pub line: u32,
    /// Column from 1, in characters; 0 when it stands in no file.
    pub column: u32,
    /// Index of its first character.
    pub start: usize,
    /// Index after its last character.
    pub end: usize,
    /// The number from 1 of the `--set` it came from; 0 for the file.
    pub set: u32,
}
