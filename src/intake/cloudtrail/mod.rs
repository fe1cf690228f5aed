//! CloudTrail logs: what they say about an account's KMS calls, and a scenario that replays them.
//!
//! ```text
//! bytes of a file ─(gzip?)─▶ document::read ─▶ File { events, flaws } ─┐
//! bytes of a file ─────────▶ document::read ─▶ File { events, flaws } ─┴▶ Collector ─▶ Log ─▶ Replay
//!                             {"Records":[…]} or one event per line        each event once
//! ```
//! What such logs hide: `eventTime` has a resolution of one second; a service that calls on the account's behalf
//! stands in `userIdentity.invokedBy`; files overlap, are unsorted, and hold the events of all services; the key may
//! stand only in `resources`; a throttled call carries `requestParameters: null`.

mod collect;
mod document;
mod event;
mod log;
mod replay;
#[cfg(test)]
mod tests;

pub use collect::Collector;
pub use document::{FLAWS, File, Flaw, read};
pub use event::{Entry, Event};
pub use log::{Call, Log, Peak};
pub use replay::Replay;

/// The most bytes one file of a log may inflate to; delivery files stay far below.
pub const MAX_BYTES: u64 = 1 << 30;

/// Why a file is no CloudTrail log.
#[derive(Debug, thiserror::Error)]
pub enum CloudTrailError {
    /// The gzip stream is broken or too large.
    #[error(transparent)]
    Inflate(#[from] crate::workload::trace::TraceError),
    /// The text is neither a delivery file nor one event per line.
    #[error("not a CloudTrail log ({{\"Records\": […]}}, or one event per line): {0}")]
    Json(#[source] serde_json::Error),
}
