//! What a limiter says.

use crate::time::Time;

/// What a limiter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// Taken.
    Granted,
    /// Not now; nothing was taken.
    Refused {
        /// The first moment it would be granted if nobody else took anything.
        ready_at: Time,
    },
    /// Never under this limit: the cost is more than it ever holds.
    Impossible,
}
