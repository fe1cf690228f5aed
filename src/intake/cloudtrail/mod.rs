//! CloudTrail logs: what they say about an account's KMS calls, and a scenario that replays them.
//!
//! ```text
//! bytes of a file ─▶ document ─▶ parts ─▶ envelope ─▶ Collector, one a thread ─┐  rows of 64 bytes; in files when they are many
//! bytes of a file ─▶ document ─▶ parts ─▶ envelope ─▶ Collector ───────────────┴▶ Events, each call once
//!                                                                          │ in order of time, second by second
//!                                                                          └▶ Log, and whoever writes traces
//! ```
//! What such logs hide: `eventTime` has a resolution of one second; a service that calls on the account's behalf
//! stands in `userIdentity.invokedBy`; files overlap, are unsorted, and hold the events of all services; the key may
//! stand only in `resources`; a throttled call carries `requestParameters: null`; a VPC endpoint tells of a call again.

mod collect;
mod counts;
mod document;
mod envelope;
mod error;
mod event;
mod events;
mod filter;
mod fit;
mod lenient;
mod log;
mod page;
mod part;
mod partial;
mod reconcile;
mod replay;
mod row;
mod scan;
mod shape;
mod sort;
mod spread;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod triage;
mod uses;

pub use collect::Collector;
pub use counts::FLAWS;
pub use error::CloudTrailError;
pub use events::Events;
pub use filter::Filter;
pub use fit::fitted;
pub use log::{Call, Curve, Log, Peak, Popular, Second, Share};
pub use page::{callers, lever, page};
pub use partial::{About, ENDING, Listing, Partial, Question, SCHEMA};
pub use reconcile::Reconciled;
pub use replay::{Replay, Traces, trace_name};
pub use spread::{Alone, Helpers, Job};
pub use triage::{Triage, pool};
pub use uses::{Use, Uses};
