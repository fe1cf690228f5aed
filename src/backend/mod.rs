//! Where a live attempt can be sent, and what it is made of.
//!
//! ```text
//! Attempt ─▶ Fixtures ─▶ Dispatch ─▶ Backend ─┬─▶ emulated   in the process, no socket
//!            keys, ciphertexts        ├─▶ http       our own HTTP/1.1 client
//!                                     └─▶ aws::Sdk   the AWS SDK
//! ```
//!
//! A service that fails is data: a [`Refusal`]. Payloads are made here and mean nothing; what comes back is looked at
//! only where set-up needs it.

mod body;
mod dispatch;
mod emulated;
mod fixtures;
pub mod http;
mod observer;
mod refusal;

pub use body::json;
pub use dispatch::{Dispatch, KmsOutput, Mark};
pub use emulated::Emulated;
pub use fixtures::{Fixtures, KeyFixture, WorkloadFixtures};
pub use observer::AttemptObserver;
pub use refusal::Refusal;

use std::future::Future;

/// Where attempts are sent: one for each thread that sends, with state for each simulated client.
pub trait Backend: 'static {
    /// Makes what these clients need before their first attempt, so that no job waits for it.
    fn prepare(&self, _clients: impl Iterator<Item = u32>) {}

    /// Sends one attempt for `client` and waits for its answer; to be dropped when nobody waits any longer.
    ///
    /// `observer` is told when the attempt leaves, if that is later than this is called, and of retries that are made on
    /// the way without anybody being asked.
    ///
    /// # Errors
    /// What the service says no with, or that it does not answer.
    fn dispatch(
        &self,
        client: u32,
        dispatch: &Dispatch<'_>,
        observer: &AttemptObserver<'_>,
    ) -> impl Future<Output = Result<KmsOutput, Refusal>>;
}
