//! Fetching the sealed logs of workers.

use crate::bus::objects::RunObjects;
use crate::bus::{Error, Link};

/// Bytes of the largest log that is fetched.
const LARGEST_LOG: usize = 512 << 20;

/// A log that was fetched, or not.
pub(super) struct Fetched {
    /// Whose.
    pub worker: usize,
    /// Of which trial.
    pub trial: u32,
    /// Under which name.
    pub name: String,
    /// Its bytes; none if it is not there.
    pub bytes: Result<Option<Vec<u8>>, Error>,
}

/// Fetches the log of this worker, trial and name from the store of a session, which is made if a server has lost it.
pub(super) async fn fetch(
    (worker, trial, name): (usize, u32, String),
    link: Link,
    session: String,
) -> Fetched {
    let bytes = match RunObjects::make(&link, &session).await {
        Ok(objects) => objects.get(&name, LARGEST_LOG).await.map(|found| found.map(|found| found.bytes)),
        Err(error) => Err(error),
    };
    Fetched { worker, trial, name, bytes }
}
