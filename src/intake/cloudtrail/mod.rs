//! CloudTrail logs: what they say about an account's KMS calls, and a scenario that replays them.
//!
//! ```text
//! bytes of a file ─▶ document ─▶ entries ─▶ Collector, one a thread ─┐  rows of 80 bytes; in files when they are many
//! bytes of a file ─▶ document ─▶ entries ─▶ Collector ───────────────┴▶ Events, each call once
//!                                                                          │ in order of time, second by second
//!                                                                          └▶ Log, and whoever writes traces
//! ```
//! What such logs hide: `eventTime` has a resolution of one second; a service that calls on the account's behalf
//! stands in `userIdentity.invokedBy`; files overlap, are unsorted, and hold the events of all services; the key may
//! stand only in `resources`; a throttled call carries `requestParameters: null`; a VPC endpoint tells of a call again.

mod collect;
mod document;
mod event;
mod events;
mod fit;
mod log;
mod page;
mod reconcile;
mod replay;
mod row;
mod scan;
mod shape;
mod sort;
mod table;
#[cfg(test)]
mod tests;
mod triage;
mod uses;

pub use collect::{Collector, FLAWS, Filter};
pub use events::Events;
pub use fit::fitted;
pub use log::{Call, Curve, Log, Peak, Popular, Second, Share};
pub use page::{callers, lever, page};
pub use reconcile::Reconciled;
pub use replay::{Replay, Traces, trace_name};
pub use triage::{Triage, pool};
pub use uses::{Use, Uses};

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
