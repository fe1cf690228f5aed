//! The nouns everybody shares: operations, jobs, attempts, replies and outcomes. No behaviour lives here.
//!
//! ```text
//! Job ──(client)──▶ Attempt ──(service)──▶ Reply ──(client)──▶ Outcome
//! ```

mod job;
mod key_spec;
mod named;
mod nearest;
mod operations;
mod order;
pub mod partition;
mod reply;
mod wrapping;

pub use job::{Attempt, ErrorCode, Failure, Job, JobKind, Outcome, Reply, Token};
pub use named::Spelled;
pub use named::{named, words};
pub use nearest::nearest;

pub use key_spec::{
    ECDH, EncryptionAlgorithm, KeyFamily, KeySpec, KeyUsage, ML_KEM, MacAlgorithm, SigningAlgorithm,
};
pub use operations::{
    Fill, GrantOperation, InState, LiveCall, Operation, OwnQuota, PricedBy, TakesFrom, each, shapes,
};
pub use order::{Order, SenderEvent};
pub use reply::reply_of;
pub use wrapping::{WrappingAlgorithm, WrappingKeySpec};
