//! The nouns everybody shares: operations, jobs, attempts, replies and outcomes. No behaviour lives here.
//!
//! ```text
//! Job ──(client)──▶ Attempt ──(service)──▶ Reply ──(client)──▶ Outcome
//! ```

mod job;
mod nearest;
mod operation;
mod order;
pub mod partition;
mod reply;

pub use job::{Attempt, ErrorCode, Failure, Job, JobKind, Outcome, Reply, Token};
pub use nearest::nearest;
pub use operation::{KeySpec, Operation};
pub use order::{Order, Word};
pub use reply::reply_of;
