//! On how many threads a command works.

/// Threads to work on: as many as asked, else one for each core.
pub(in crate::cli) fn threads(asked: Option<usize>) -> usize {
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1)
}
