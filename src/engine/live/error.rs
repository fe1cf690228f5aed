//! Why a live run cannot be made, with what helps.

use crate::api::{ErrorCode, Operation, Reply};
use crate::backend::Refusal;

/// The most keys that a run makes.
pub const MOST_KEYS: u32 = 1_000;

/// Why a live run cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A workload names no keys and none may be made.
    #[error(
        "workload `{0}` names no keys: name them (keys: {{ ids: […] }}), or let keys be made with --provision"
    )]
    NoKeys(String),
    /// Too many keys would have to be made.
    #[error(
        "workload `{0}` has {1} keys, and a live run makes at most {MOST_KEYS}: name them in keys.ids, or lower keys.count"
    )]
    ManyKeys(String, u32),
    /// The service said no while the run was prepared.
    #[error("set-up: {operation} was refused: {}: {}{}", refusal.code, refusal.message, remedy(refusal))]
    Refused {
        /// What was asked.
        operation: Operation,
        /// What it said.
        refusal: Refusal,
    },
    /// The first key that was made cannot be given up again.
    #[error(
        "set-up: this account does not let keys be scheduled for deletion: {}: {}; no other key was made, and key {key} is \
         left behind: give it up by hand, and name keys instead of --provision",
        refusal.code, refusal.message
    )]
    Stays {
        /// The key.
        key: String,
        /// What the service said.
        refusal: Refusal,
    },
    /// The run was ended while it was prepared.
    #[error("set-up was interrupted; nothing was measured")]
    Interrupted,
    /// A cap was reached while the run was prepared.
    #[error("set-up reached caps.{0}; nothing was measured")]
    Cap(&'static str),
    /// A thread, its runtime or its timer could not be made.
    #[error("cannot start a thread or its timer: {0}")]
    Thread(#[from] std::io::Error),
}

/// What helps against a refusal, behind its message.
fn remedy(refusal: &Refusal) -> &'static str {
    match refusal.reply {
        Reply::Failed(ErrorCode::ConnectionReset) => "; is anything listening there, and the endpoint right?",
        Reply::Failed(ErrorCode::AccessDenied) => {
            "; `keystorm run … --print-policy` prints what the run needs"
        }
        _ => "",
    }
}
