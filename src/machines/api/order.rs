//! What goes to the threads that send, and what comes back from them.

use super::{Attempt, Reply};
use crate::time::Time;

/// One attempt to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// What is to be sent.
    pub attempt: Attempt,
    /// When it should have left: whatever passes from then on is the harness's own delay.
    pub due: Time,
    /// Whether its answer is waited for only so long: then it may be given up.
    pub is_timed: bool,
}

/// What a thread that sends reports.
#[derive(Clone, Debug)]
pub enum SenderEvent {
    /// An attempt was answered.
    Answered {
        /// As it was ordered.
        order: Order,
        /// Which try the answer is for: its own number, or more if the SDK has tried again by itself.
        number: u32,
        /// When it left.
        sent: Time,
        /// When the answer was there.
        at: Time,
        /// What it says.
        reply: Reply,
    },
    /// The SDK tries again by itself.
    Retried {
        /// As it was ordered.
        order: Order,
        /// The try that now leaves: 2 for the first retry.
        number: u32,
        /// What the try before met.
        met: Reply,
        /// When the try before left.
        sent: Time,
        /// When it was answered.
        at: Time,
    },
    /// A service said no; told for the first few of each code only.
    Refused {
        /// The error's code.
        code: String,
        /// What the service says about it.
        message: String,
    },
}
