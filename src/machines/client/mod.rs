//! What an application does about refusal: retry, backoff, budget, limiter, data-key cache. Pure machines.
//!
//! A [`Fleet`] holds the state of every client process and every call in flight. It takes an [`Input`] at `now`
//! and returns [`Action`]s; it never sees the server's quotas.
//!
//! ```text
//!  Job ───▶ cache? ──hit──▶ Done
//!             │ miss
//!             ▼
//!          limiter ──▶ Send(attempt) ──▶ … ──▶ Reply ──▶ retry? ──no──▶ Done
//!             ▲                                            │ yes
//!             └───────────────── WakeAt ◀── backoff ◀──────┘
//! ```
//!
//! A call begins with its attempt number 1: whoever counts those counts calls.

mod adaptive;
mod aws;
mod backoff;
mod budget;
mod cache;
mod calls;
mod envelope;
mod exposure;
mod fleet;
mod legacy;
mod limiter;
mod policy;
mod process;
mod retry;
mod sdk;
mod tokens;
mod waiting;

pub use backoff::Backoff;
pub use exposure::DataKeyUse;
pub use fleet::Fleet;
pub use policy::*;
pub use waiting::Waiters;

use crate::api::{Attempt, Job, Outcome, Reply, Token};
use crate::time::Time;

/// What happens to a client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// A job starts.
    Job(Job),
    /// An attempt was answered.
    Reply(Token, Reply),
    /// A time asked for with [`Action::WakeAt`] has come.
    Wake(Token),
    /// This client's process restarts: it loses cache, retry quota and limiter, and its jobs in flight fail.
    Restart(u32),
}

/// What a client wants done next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Send this now.
    Send(Attempt),
    /// Come back at that time.
    WakeAt(Token, Time),
    /// No answer came in time; the reply, should it still come, will be ignored.
    TimedOut(Attempt),
    /// The job has ended.
    Done(Done),
}

/// The end of a job.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Done {
    /// The job.
    pub job: Job,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether a cached data key served it: no call was made.
    pub from_cache: bool,
}
